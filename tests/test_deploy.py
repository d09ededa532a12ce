"""What is in deploy/ is what AWS takes, and allows what is needed and no more."""

import json
import shlex
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from stj_audit.cli import cli
from stj_audit.cost.prices import bundled_sheet

DEPLOY = Path(__file__).parent.parent / "deploy"
README = (DEPLOY.parent / "README.md").read_text(encoding="utf-8")
TEMPLATES = sorted(DEPLOY.glob("*/template.yaml"))
PUBLIC_ACTIONS = {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole"}
LOG_ACTIONS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}

FAKE_AWS = """#!/bin/sh
case "$1" in
cloudformation) echo an-output ;;
*) for word in "$@"; do printf '%s\\0' "$word"; done ;;
esac
"""


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: what they stand for is kept as it is written."""


def _short_form(loader: Loader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else None


Loader.add_multi_constructor("!", _short_form)


def loaded(template: Path) -> dict[str, Any]:
    return dict(yaml.load(template.read_text(encoding="utf-8"), Loader))


def statements(inside: Any) -> list[dict[str, Any]]:
    """All IAM statements anywhere in a template."""
    if isinstance(inside, dict):
        own = [inside] if "Effect" in inside else []
        return own + [one for value in inside.values() for one in statements(value)]
    return [one for value in inside for one in statements(value)] if isinstance(inside, list) else []


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_there_are_two() -> None:
    assert [template.parent.name for template in TEMPLATES] == ["emr-serverless", "glue"]


@pytest.mark.process
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parent.name)
def test_cloudformation_takes_the_template(template: Path) -> None:
    lint = Path(sys.executable).parent / "cfn-lint"
    checked = subprocess.run([lint, template], capture_output=True, encoding="utf-8", check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parent.name)
def test_the_role_reads_the_export_and_writes_its_report(template: Path) -> None:
    allowed = statements(loaded(template))
    assert all(statement["Effect"] == "Allow" for statement in allowed)
    actions = {action for statement in allowed for action in as_list(statement["Action"])}
    assert actions == PUBLIC_ACTIONS | (LOG_ACTIONS if template.parent.name == "glue" else set())
    for statement in allowed:
        resources = as_list(statement.get("Resource", []))
        assert "*" not in resources
        assert not any(resource.endswith(":::${ExportBucket}/*") for resource in resources)
        if "s3:PutObject" in as_list(statement["Action"]):
            assert as_list(statement["Action"]) == ["s3:PutObject"]
            assert resources == ["arn:${AWS::Partition}:s3:::${ArtifactBucket}/${ArtifactPrefix}/reports/*"]
        if "s3:ListBucket" in as_list(statement["Action"]):
            assert statement["Condition"]["StringLike"]["s3:prefix"] == ["${ExportPrefix}/*"]


def parsed(command: str) -> dict[str, Any]:
    """The options of a command line `items ...`; raises what click says against it."""
    first, *words = shlex.split(command)
    assert first == "items"
    return cli.commands["items"].make_context("items", words).params


def test_the_command_line_of_glue_is_one() -> None:
    job = loaded(DEPLOY / "glue" / "template.yaml")["Resources"]["Job"]["Properties"]
    options = parsed(job["DefaultArguments"]["--stj-audit"])
    assert options["location"] == "s3://${ExportBucket}/${ExportPrefix}"
    assert (options["engine"], options["spark_master"], options["format_"]) == ("spark", None, "json")


@pytest.mark.process
@pytest.mark.skipif(shutil.which("bash") is None, reason="NOT TESTED: start.sh, install bash")
def test_emr_serverless_takes_the_run(tmp_path: Path) -> None:
    fake = tmp_path / "aws"
    fake.write_text(FAKE_AWS, encoding="utf-8")
    fake.chmod(0o755)
    script = DEPLOY / "emr-serverless" / "start.sh"
    started = subprocess.run(
        ["bash", script, "a-stack", "s3://exports/AWSDynamoDB/01/", "s3://jobs/stj-audit"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "AWS_REGION": "eu-north-1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    service, operation, *words = started.stdout.rstrip("\0").split("\0")
    assert (service, operation) == ("emr-serverless", "start-job-run")
    told = dict(zip(words[::2], words[1::2], strict=True))
    request = {
        "applicationId": told["--application-id"],
        "executionRoleArn": f"arn:aws:iam::123456789012:role/{told['--execution-role-arn']}",
        "name": told["--name"],
        "executionTimeoutMinutes": int(told["--execution-timeout-minutes"]),
        "jobDriver": json.loads(told["--job-driver"]),
        "clientToken": "token",
    }
    model = botocore.session.get_session().get_service_model("emr-serverless").operation_model("StartJobRun")
    assert model.input_shape is not None
    assert ParamValidator().validate(request, model.input_shape).generate_report() == ""
    submit = request["jobDriver"]["sparkSubmit"]
    arguments = dict(zip(submit["entryPointArguments"][::2], submit["entryPointArguments"][1::2], strict=True))
    options = parsed(arguments["--stj-audit"])
    assert (options["location"], options["region"]) == ("s3://exports/AWSDynamoDB/01", "eu-north-1")
    assert arguments["--report-to"] == "s3://jobs/stj-audit/reports/items.json"
    assert "spark.dynamicAllocation.maxExecutors=10" in submit["sparkSubmitParameters"]


# ------------------------------------------------------------------------------------------ "Very large tables" in the README

CORE_BYTES_PER_SECOND = 100_000_000
VCPUS, EXECUTOR_VCPUS, GB_PER_VCPU = 44, 40, 2
DPU_HOUR, VCPU_HOUR, GB_HOUR = Decimal("0.44"), Decimal("0.052624"), Decimal("0.0057785")


def usd(key: str) -> Decimal:
    price = bundled_sheet("us-east-1").price(key)
    assert price is not None
    return price.usd


def test_the_arithmetic_of_ten_terabytes() -> None:
    section = README.split("## Very large tables")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    export, glue, emr, machine, scan = (row[1:] for row in cells[2:])
    gb = 10 * 1024
    core_hours = Decimal(gb * 2**30) / CORE_BYTES_PER_SECOND / 3_600
    hours = core_hours / EXECUTOR_VCPUS
    assert export[2] == f"{gb * usd('export.full.gb'):,.0f}"
    assert f"${gb * usd('backup.pitr.gb_month'):,.0f} a month" in export[0]
    assert f"{core_hours:.1f} core-hours" in glue[0]
    assert glue[1:] == [f"{hours:.2f}", f"{hours * VCPUS / 4 * DPU_HOUR:.2f}"]
    assert emr[1:] == [f"{hours:.2f}", f"{hours * VCPUS * (VCPU_HOUR + GB_PER_VCPU * GB_HOUR):.2f}"]
    assert machine[1] == f"{core_hours / 16:.1f}"
    units = gb * 2**30 // 8_192
    assert scan == [
        f"{units:,} read units ({2**30 // 8_192:,} a GB) at $0.125 a million",
        f"{units / 40_000 / 3_600:.1f} at 40,000 a second, {units / 2_400 / 3_600:.0f} at 2,400",
        f"{units * usd('on_demand.standard.read_request_unit'):.2f}",
    ]
