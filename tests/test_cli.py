"""The command line from outside: exit codes, one sentence for each mistake, nothing half-written."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import jsonschema
import pytest

from stj_audit.checks import all_checks
from stj_audit.permissions import ACTIONS
from stj_audit.report import to_json
from tests.commands import KEYS, Ran, stj_audit
from tests.engines.web import Quiet, web_server
from tests.faults import fault
from tests.sample_report import sample_report

pytestmark = pytest.mark.process


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    path.write_text(to_json(sample_report()), encoding="utf-8")
    return path


def assert_one_sentence(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.lower().startswith("error:")]
    assert len(lines) == 1, ran.err
    for word in words:
        assert word in lines[0]


# ------------------------------------------------------------------------------------------------------------ start, help


# Each costs as much as a fifth of click, or several times all of it
LATE = (
    *("boto3", "botocore", "jinja2", "moto", "msgspec", "orjson", "tabulate", "stj_audit.facts", "stj_audit.sizing"),
    *("dataclasses", "decimal", "json", "multiprocessing", "pathlib", "traceback", "urllib.parse"),
)


def test_help_and_version_import_click_and_little_else(tmp_path: Path) -> None:
    for arguments in (
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["check", "--help"],
        ["demo", "--help"],
        ["items", "--help"],
        ["send", "--help"],
    ):
        code = (
            "import sys; from stj_audit.cli import cli; "
            f"cli.main({arguments!r}, standalone_mode=False); "
            f"print([m for m in {LATE!r} if m in sys.modules])"
        )
        finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert finished.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["run", "check", "demo", "render", "rules", "schema", "send", "iam-policy"])
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    ran = stj_audit(command, "--help", cwd=tmp_path)
    assert ran.code == 0
    assert f"{command}" in ran.out


def test_an_unknown_option_is_a_wrong_command_line(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", "--fast", cwd=tmp_path), 2, "--fast")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--users", "many"), "user counts"),
        (("--warn-item-size", "big"), "300KB"),
        (("--warn-item-size", "500KB"), "must be above 0 and not above the limit"),
        (("--fail-on", "bad"), "grade:C"),
        (("--scan-budget", "-1"), "money"),
        (("--target-users", "0"), "0"),
    ],
)
def test_a_wrong_value_is_one_sentence(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", *arguments, "--region", "eu-north-1", cwd=tmp_path), 2, word)


def test_a_wrong_value_in_the_environment_is_one_sentence_too(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", cwd=tmp_path, STJ_AUDIT_USERS="many"), 2, "user counts")


# ------------------------------------------------------------------------------------------------------------- bad input


def test_without_credentials(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", "--region", "eu-north-1", cwd=tmp_path, keys=False), 1, "credentials")


def test_without_region(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", cwd=tmp_path), 2, "region", "--region")


def test_aws_region_is_enough(tmp_path: Path) -> None:
    ran = stj_audit("run", "--endpoint-url", f"http://127.0.0.1:{closed_port()}", cwd=tmp_path, AWS_REGION="eu-north-1")
    assert_one_sentence(ran, 1)
    assert "region" not in ran.err.split(" - ")[0]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_an_endpoint_where_nothing_answers(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    url = f"http://127.0.0.1:{closed_port()}"
    ran = stj_audit("run", "--region", "eu-north-1", "--endpoint-url", url, "--report", report, cwd=tmp_path)
    assert_one_sentence(ran, 1, "reach")
    assert not report.exists()


@pytest.fixture
def web_page() -> Iterator[str]:
    """A server that answers every call with a page, as a captive portal does."""

    class Page(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.answer(200, b"<html><body>please log in</body></html>", {"Content-Type": "text/html"})

    with web_server(Page) as url:
        yield url


def test_a_page_is_not_taken_for_an_empty_account(web_page: str, tmp_path: Path) -> None:
    ran = stj_audit("run", "--region", "eu-north-1", "--endpoint-url", web_page, cwd=tmp_path)
    assert_one_sentence(ran, 1)
    assert "log in" not in ran.err


def test_an_interrupt_ends_with_130_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    """The service takes the call and does not answer; the user gives up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "stj_audit", "run", "--endpoint-url", url, "--region", "eu-north-1", "--report", "r.html"]
        running = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ | KEYS | {"AWS_EC2_METADATA_DISABLED": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err.strip()) == (130, "", "interrupted")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model]\ntarget = 0\n", ("model.target",)),
        ("[model]\nusers = 5\n", ("users", "model")),
        ("[modle]\n", ("modle",)),
        ("[model\n", ("TOML", "line 1")),
        ("[scan]\nmode = 'some'\n", ("some", "scan.mode")),
        ("[scan]\nbudget_usd = inf\n", ("scan.budget_usd",)),
        ("[model]\nscales = []\n", ("model.scales",)),
        ("[thresholds]\nwarn_item_size = 'huge'\n", ("huge", "thresholds")),
        ("[tables.orders]\nitems = -1\n", ("tables", "items")),
        ("[tables.orders]\nreads_per_user_day = 'ten'\n", ("tables",)),
    ],
)
def test_each_mistake_in_the_configuration_is_one_sentence_with_its_place(
    text: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "stj-audit.toml").write_text(text, encoding="utf-8")
    assert_one_sentence(stj_audit("run", "--region", "eu-north-1", cwd=tmp_path), 2, "stj-audit.toml", *words)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", "--region", "eu-north-1", "--config", "no.toml", cwd=tmp_path), 2, "no.toml")


def test_a_configuration_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_bytes(b"\xff\xfe\x00")
    assert_one_sentence(stj_audit("run", "--region", "eu-north-1", cwd=tmp_path), 2, "UTF-8")


def test_no_config_ignores_the_file(tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text("[nonsense]\n", encoding="utf-8")
    assert_one_sentence(stj_audit("run", "--no-config", cwd=tmp_path), 2, "region")


@fault("a report cannot be written where it is to go", "exit 1 before the audit, and nothing is left there", by="file system")
@pytest.mark.parametrize(
    ("destination", "code", "word"),
    [
        ("nowhere/report.html", 1, "does not exist"),
        ("folder", 2, "format is not clear"),
        ("html=folder", 1, "it is a folder"),
        ("report.pdf", 2, "format is not clear"),
        ("s3://bucket", 2, "format is not clear"),
        ("html=s3://bucket/", 2, "names no object"),
        ("html=s3://Bucket_/report.html", 2, "names no object"),
        ("s3://bucket/report.html", 1, "no AWS credentials"),
        ("html=", 2, "path is missing"),
    ],
)
def test_an_output_path_that_cannot_be_written_is_found_before_the_audit(
    destination: str, code: int, word: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    ran = stj_audit("run", "--report", destination, cwd=tmp_path, keys=False)
    assert_one_sentence(ran, code, word)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_symbolic_link_is_followed_and_a_device_is_not_replaced(run_file: Path, tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text("old", encoding="utf-8")
    (tmp_path / "link.html").symlink_to("real.html")
    (tmp_path / "fifo.md").symlink_to("/dev/stdout")
    ran = stj_audit("render", run_file, "-q", "--report", "link.html", "--report", "fifo.md", cwd=tmp_path)
    assert ran.code == 0
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text(encoding="utf-8").startswith("<!")
    assert "# DynamoDB audit" in ran.out
    assert Path("/dev/stdout").is_symlink()


def test_a_report_keeps_the_mode_of_the_file_it_replaces(run_file: Path, tmp_path: Path) -> None:
    (tmp_path / "r.md").write_text("old", encoding="utf-8")
    (tmp_path / "r.md").chmod(0o640)
    stj_audit("render", run_file, "--report", "r.md", "--report", "new.md", cwd=tmp_path)
    assert (tmp_path / "r.md").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new.md").stat().st_mode & 0o777 != 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.md", "r.md", "run.json"]


@fault("stdout goes to a full disk", "exit 1: cannot write to standard output", by="/dev/full")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_behind_stdout_is_an_error(run_file: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m stj_audit render {run_file} > /dev/full"
    finished = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: cannot write to standard output: No space left on device")
    assert len(finished.stderr.splitlines()) == 1


def test_words_of_fail_on_may_be_in_any_case(run_file: Path, tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", "--fail-on", "Grade:c", cwd=tmp_path), 2, "region")
    assert_one_sentence(stj_audit("run", "--fail-on", "HIGH", cwd=tmp_path), 2, "region")


def test_an_unknown_profile(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("run", "--region", "eu-north-1", "--profile", "nobody", cwd=tmp_path), 2, "nobody")


def test_an_unknown_rule_names_the_nearest(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("rules", "pitr-of", cwd=tmp_path), 2, "did you mean pitr-off?")


# --------------------------------------------------------------------------------------------------------- a saved run


@pytest.mark.parametrize(("format_", "start"), [("table", "DynamoDB"), ("markdown", "#"), ("html", "<!"), ("json", "{")])
def test_a_saved_run_is_shown_in_any_format(format_: str, start: str, run_file: Path, tmp_path: Path) -> None:
    ran = stj_audit("render", run_file, "-f", format_, cwd=tmp_path, keys=False)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.lower().lstrip().startswith(start.lower())


def test_one_run_many_files(run_file: Path, tmp_path: Path) -> None:
    ran = stj_audit("render", run_file, "--report", "a.html", "--report", "markdown=b.txt", "--report", "c.json", cwd=tmp_path)
    assert ran.code == 0
    assert ran.err.splitlines() == ["wrote a.html", "wrote b.txt", "wrote c.json"]
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!")
    assert (tmp_path / "b.txt").read_text(encoding="utf-8").startswith("#")
    assert (tmp_path / "c.json").read_text(encoding="utf-8") == run_file.read_text(encoding="utf-8")
    assert stj_audit("render", run_file, "-q", "--report", "a.html", cwd=tmp_path).err == ""


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "run file"),
        (b"not json", "run file"),
        (b"[]", "run file"),
        (b'{"schema_version": 1}', "tool"),
        (b'{"schema_version": 99}', "schema_version 99"),
        (b"\xff\xfe", "run file"),
    ],
)
def test_a_file_that_is_no_run_file(content: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(content)
    assert_one_sentence(stj_audit("render", "run.json", cwd=tmp_path), 2, word)


def test_a_run_file_that_is_not_there(tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("render", "run.json", cwd=tmp_path), 2, "run.json")


def test_output_may_be_cut_short_by_its_reader(run_file: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m stj_audit render {run_file} -f html | head -c 10"
    finished = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert finished.stderr == ""


def test_no_colour_unless_asked(run_file: Path, tmp_path: Path) -> None:
    assert "\x1b" not in stj_audit("render", run_file, cwd=tmp_path).out
    assert "\x1b" in stj_audit("render", run_file, "--color", "always", cwd=tmp_path).out
    assert "\x1b" not in stj_audit("render", run_file, cwd=tmp_path, NO_COLOR="1", FORCE_COLOR="1").out


# --------------------------------------------------------------------------------------------------- schema, rules, policy


def test_the_run_file_fits_its_schema(run_file: Path, tmp_path: Path) -> None:
    schema = json.loads(stj_audit("schema", cwd=tmp_path).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(run_file.read_text(encoding="utf-8")), schema)


def test_rules_lists_every_check_and_explains_each(tmp_path: Path) -> None:
    listed = stj_audit("rules", cwd=tmp_path).out
    for check in all_checks():
        assert f"{check.code}  {check.name}" in listed
    explained = stj_audit("rules", "bkp-01", cwd=tmp_path).out
    assert "Fix:" in explained
    assert "dynamodb:DescribeContinuousBackups" in explained


def test_the_policy_allows_reading_and_denies_writing(tmp_path: Path) -> None:
    policy = json.loads(stj_audit("iam-policy", "stj_*", "--account", "123456789012", "--region", "eu-north-1", cwd=tmp_path).out)
    allowed = {action for one in policy["Statement"] if one["Effect"] == "Allow" for action in one["Action"]}
    assert allowed == {action for actions in ACTIONS.values() for action in actions}
    [denied] = [one for one in policy["Statement"] if one["Effect"] == "Deny"]
    assert {"dynamodb:Put*", "dynamodb:Delete*", "dynamodb:Update*", "dynamodb:BatchWrite*"} <= set(denied["Action"])
    [scan] = [one for one in policy["Statement"] if one["Action"] == ["dynamodb:Scan"]]
    assert scan["Resource"] == ["arn:aws:dynamodb:eu-north-1:123456789012:table/stj_*"]
    [of_indexes] = [one for one in policy["Statement"] if one["Action"] == ["dynamodb:DescribeContributorInsights"]]
    assert of_indexes["Resource"] == ["arn:aws:dynamodb:eu-north-1:123456789012:table/stj_*/index/*"]
    [of_rules] = [one for one in policy["Statement"] if one["Action"] == ["cloudwatch:GetInsightRuleReport"]]
    assert of_rules["Resource"] == "arn:aws:cloudwatch:eu-north-1:123456789012:insight-rule/DynamoDBContributorInsights-PK*"
    [wide] = [one for one in policy["Statement"] if one["Resource"] == "*" and one["Effect"] == "Allow"]
    assert {one for one in wide["Action"] if not one.startswith(("dynamodb:", "cloudwatch:", "application-autoscaling:"))} == {
        "backup:DescribeProtectedResource",
        "backup:ListRecoveryPointsByResource",
        "servicequotas:ListServiceQuotas",
    }


def test_the_policy_without_items_cannot_scan(tmp_path: Path) -> None:
    assert "dynamodb:Scan" not in stj_audit("iam-policy", "--no-items", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-north-1", "aws")]
)
def test_the_policy_is_for_the_partition_of_the_region(region: str, partition: str, tmp_path: Path) -> None:
    assert f'"arn:{partition}:dynamodb:{region}:*:table/*"' in stj_audit("iam-policy", "--region", region, cwd=tmp_path).out
