"""What a build gets of `stj-audit`, from outside: places in files, the step summary, and formats by the suffix of a path."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from stj_audit.deliver.files import destination
from stj_audit.errors import ConfigError
from stj_audit.options import FORMATS
from stj_audit.report import to_json
from tests.commands import Ran, stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name
from tests.sample_report import sample_report

TEMPLATE = "Resources:\n  A:\n    Properties:\n      TableName: stj_password\n"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    path.write_text(to_json(sample_report()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("given", "format_name"),
    [
        ("a.xml", "junit"),
        ("a.SARIF", "sarif"),
        ("a.sarif.json", "sarif"),
        ("a.json", "json"),
        ("a.csv", "csv"),
        ("sarif=a.json", "sarif"),
        ("comment=a.md", "comment"),
        ("a.md", "markdown"),
    ],
)
def test_the_suffix_says_the_format(given: str, format_name: str) -> None:
    assert destination(given, FORMATS).format == format_name


def test_a_suffix_alone_is_no_name() -> None:
    with pytest.raises(ConfigError, match="the format is not clear from the name"):
        destination("xml", FORMATS)


# ------------------------------------------------------------------------------------------------------------ saved runs


@pytest.mark.process
def test_a_saved_run_in_every_format_for_builds(run_file: Path, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    names = ("a.xml", "a.sarif", "a.csv", "comment=a.md", "github=a.txt")
    reports = [word for name in names for word in ("--report", name)]
    ran = stj_audit("render", run_file, *reports, "--sarif-anchor", "template.yaml", "-f", "github", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ET.parse(tmp_path / "a.xml").getroot().tag == "testsuites"
    results = json.loads((tmp_path / "a.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    places = {one["ruleId"]: one["locations"][0]["physicalLocation"] for one in results}
    assert places["pitr-off"] == {
        "artifactLocation": {"uri": "template.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4},
    }
    assert places["index-unread"]["region"] == {"startLine": 1}
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert [row["line"] for row in csv.DictReader(file) if row["check"] == "pitr-off"] == ["4"]
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("<!-- stj-audit -->\n")
    assert ran.out == (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert "::error file=template.yaml,line=4,title=high%3A stj_password%3A PITR is off::" in ran.out


@pytest.mark.process
@pytest.mark.parametrize("arguments", [("-f", "sarif"), ("--report", "a.sarif")])
def test_sarif_of_a_run_that_knows_no_file(arguments: tuple[str, str], run_file: Path, tmp_path: Path) -> None:
    ran = stj_audit("render", run_file, *arguments, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: sarif needs a file to point at")
    assert "--sarif-anchor PATH" in ran.err
    assert not (tmp_path / "a.sarif").exists()


@pytest.mark.process
@pytest.mark.parametrize("arguments", [("-f", "sarif"), ("--report", "sarif=out")])
def test_sarif_without_a_file_is_refused_before_the_audit(arguments: tuple[str, str], tmp_path: Path) -> None:
    ran = stj_audit("run", "--no-config", "--region", REGION, *arguments, cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: sarif needs a file to point at, and there is no configuration")


@pytest.mark.process
def test_an_anchor_that_is_not_there_is_refused_before_the_audit(tmp_path: Path) -> None:
    ran = stj_audit("run", "--region", REGION, "--sarif-anchor", "nowhere.yaml", cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("error: cannot read nowhere.yaml: No such file or directory - check the path given with --sarif-anchor\n")


@pytest.mark.process
def test_render_writes_no_step_summary(run_file: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    assert stj_audit("render", run_file, cwd=tmp_path, GITHUB_STEP_SUMMARY=str(summary)).code == 0
    assert not summary.exists()


# ---------------------------------------------------------------------------------------------------------------- audits


@pytest.fixture(scope="module")
def table(dynamodb_local: DynamoDBLocal) -> Iterator[str]:
    client, name = dynamodb_local.client(), fresh_name("build")
    create_plain_table(client, name)
    client.put_item(TableName=name, Item={"id": {"S": "a"}})
    yield name
    client.delete_table(TableName=name)
    client.close()


def run(engine: DynamoDBLocal, table: str, *arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    where = ("--endpoint-url", engine.endpoint_url, "--region", REGION)
    return stj_audit("run", table, *arguments, *where, cwd=cwd, keys=True, **environment)


@pytest.mark.dynamodb_local
def test_findings_point_at_the_configuration(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    text = f"[model]\nusers_now = 1\n\n[tables.{table}]\nitems = 5\n"
    (tmp_path / "stj-audit.toml").write_text(text, encoding="utf-8")
    (tmp_path / "below").mkdir()
    ran = run(dynamodb_local, table, "-f", "github", "--report", "run.json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert f"file=stj-audit.toml,line=4,title=medium%3A {table}%3A Deletion protection is off::" in ran.out
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["sources"] == {
        "": {"path": "stj-audit.toml", "line": 1},
        table: {"path": "stj-audit.toml", "line": 4},
    }
    # Of a folder below, the file is elsewhere; in a checkout of GitHub it has its place in that.
    above = run(dynamodb_local, table, "-f", "github", cwd=tmp_path / "below")
    assert f"file={tmp_path.resolve()}/stj-audit.toml,line=4," in above.out
    checkout = run(dynamodb_local, table, "-f", "github", cwd=tmp_path / "below", GITHUB_WORKSPACE=str(tmp_path))
    assert "file=stj-audit.toml,line=4," in checkout.out


@pytest.mark.dynamodb_local
def test_the_step_summary_is_appended_to_in_any_format(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n", encoding="utf-8")
    assert run(dynamodb_local, table, "-f", "json", cwd=tmp_path, GITHUB_STEP_SUMMARY=str(summary)).code == 0
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n\n<!-- stj-audit -->\n## DynamoDB audit: ")
    assert f"**`{table}`**" in text
    ran = run(dynamodb_local, table, "--no-step-summary", cwd=tmp_path, GITHUB_STEP_SUMMARY=str(summary))
    assert ran.code == 0
    assert summary.read_text(encoding="utf-8") == text


@pytest.mark.dynamodb_local
def test_a_step_summary_that_cannot_be_written_fails_nothing(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    ran = run(dynamodb_local, table, cwd=tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path))
    assert ran.code == 0
    assert ran.out
    assert re.search(r"(?m)^warning: the step summary .* could not be written: Is a directory$", ran.err)
    quiet = run(dynamodb_local, table, "-q", cwd=tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path))
    assert (quiet.code, quiet.err) == (0, "")
