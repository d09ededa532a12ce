"""`check --template` of a design that is not seen as a whole."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stj_audit.cli import cli
from tests.declared.reading import a_table

GOOD = a_table(
    BillingMode="PAY_PER_REQUEST",
    DeletionProtectionEnabled=True,
    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
)
LOOP = {"Fn::ForEach::Loop": ["Name", {"Ref": "Open"}, {"Table${Name}": a_table()}]}


def check(folder: Path, resources: dict[str, Any], *more: str, region: str = "eu-north-1") -> Result:
    path = folder / "template.json"
    path.write_text(json.dumps({"Parameters": {"Open": {"Type": "CommaDelimitedList"}}, "Resources": resources}))
    words = ["check", "--template", str(path), "--region", region, "--no-config", "--no-step-summary", *more]
    return CliRunner().invoke(cli, words)


@pytest.mark.parametrize("resources", [LOOP, {"T": GOOD, **LOOP}, {"T": GOOD, "Fn::Transform": {"Name": "AWS::Include"}}])
def test_tables_that_nobody_looked_at_do_not_pass(tmp_path: Path, resources: dict[str, Any]) -> None:
    assert check(tmp_path, {"T": GOOD}).exit_code == 0
    result = check(tmp_path, resources, "-q")

    assert result.exit_code == 4
    assert f"{list(resources)[-1]}: not known before deployment" in " ".join(result.stdout.split())


@pytest.mark.parametrize(("resources", "region", "warned"), [(LOOP, "eu-north-1", False), ({"T": GOOD}, "xx-north-9", True)])
def test_a_region_without_prices_is_told_and_no_other(tmp_path: Path, resources: dict[str, Any], region: str, warned: bool) -> None:
    result = check(tmp_path, resources, "-f", "json", region=region)

    assert (f"no prices are known for {region}" in result.stderr) is warned
    assert (f"no prices are known for {region}" in result.stdout) is warned


@pytest.mark.parametrize("kind", ["AWS::CloudFormation::StackSet", "AWS::CloudFormation::Stack", "My::Own::Table::MODULE"])
def test_what_is_unseen_is_told_in_every_format_and_is_no_pass_with_strict(tmp_path: Path, kind: str) -> None:
    resources = {"T": GOOD, "Inner": {"Type": kind}}

    for name in ("table", "json", "html", "markdown", "sarif", "comment"):
        result = check(tmp_path, resources, "-f", name, "-q")
        assert result.exit_code == 0
        assert "not looked at: " in " ".join(result.stdout.split()), name
    strict = check(tmp_path, resources, "-f", "json", "-q", "--strict")
    assert strict.exit_code == 4
    assert any(one.startswith("not looked at: ") for one in json.loads(strict.stdout)["gate"]["reasons"])
