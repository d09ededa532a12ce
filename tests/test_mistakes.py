"""What is wrong is told in one sentence, before anything is read and paid for where that can be, and by the exit code."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from stj_audit.errors import AuditError
from tests.commands import Ran, stj_audit
from tests.engines.answering import answering
from tests.faults import fault
from tests.test_check_template import TEMPLATES

NOBODY_THERE = ("--endpoint-url", "http://127.0.0.1:9", "--region", "eu-north-1", "--max-attempts", "1")  # the port that discards


def denied(operation: str, _body: bytes, _request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
    """Tables are listed, and nothing else is allowed."""
    if operation == "ListTables":
        return 200, b'{"TableNames": ["orders"]}'
    return 400, b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "no"}'


def allowed_nothing(folder: Path, *arguments: str) -> Ran:
    with answering(denied) as url:
        return stj_audit(*arguments, "--endpoint-url", url, "--region", "eu-north-1", "--no-config", cwd=folder)


@fault("no table may be described", "exit 1: allow what the report lists", by="misbehaving server")
@pytest.mark.process
def test_an_audit_in_which_no_table_could_be_looked_at_has_failed(tmp_path: Path) -> None:
    ran = allowed_nothing(tmp_path, "run", "--report", "run.json")
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        "error: no table could be looked at - allow what the report lists: `stj-audit iam-policy` prints the permissions"
    )
    assert "AccessDeniedException  dynamodb:DescribeTable  orders" in ran.out
    rows = json.loads((tmp_path / "run.json").read_text())["not_checked"]
    assert ("orders", "dynamodb:DescribeTable") in [(row["table"], row["call"]) for row in rows]


@pytest.mark.process
def test_what_nobody_denied_needs_no_permission(tmp_path: Path) -> None:
    def unreadable(operation: str, *_: object) -> tuple[int, bytes]:
        return (200, b'{"TableNames": ["orders"]}') if operation == "ListTables" else (200, b'{"Table": {"KeySchema": null}}')

    with answering(unreadable) as url:
        ran = stj_audit("run", "--endpoint-url", url, "--region", "eu-north-1", "--no-config", cwd=tmp_path)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        "error: no table could be looked at - the report lists why; run it again, with -v for the details"
    )
    assert "unreadable answer      dynamodb:DescribeTable  orders" in ran.out


@pytest.mark.process
def test_items_that_could_not_even_be_looked_for_are_not_read(tmp_path: Path) -> None:
    ran = allowed_nothing(tmp_path, "items", "orders")
    assert ran.code == 1
    assert ran.err == "error: the items of no table were read - the reason is told with each of them\n"
    assert "orders: AccessDeniedException (dynamodb:DescribeTable)." in ran.out


@pytest.mark.process
@pytest.mark.parametrize("command", ["run", "check"])
def test_an_ignore_of_no_check_is_told_before_anything_is_read(command: str, tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text('[[ignore]]\ncheck = "pitr-of"\nreason = "x"\n')
    ran = stj_audit(command, "orders", *NOBODY_THERE, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no check 'pitr-of'; did you mean 'pitr-off'? - at `ignore[0].check`" in ran.err


@fault("a run cannot be kept where it is to be", "exit 1 before the audit", by="file system")
@pytest.mark.process
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_history_that_cannot_be_kept_is_told_before_anything_is_read(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for where in ("file", "file/below/it"):
        ran = stj_audit(command, "orders", *NOBODY_THERE, "--history", where, cwd=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"error: cannot keep the run in {where}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.process
def test_a_history_that_can_be_kept_is_not_made_before_there_is_a_run(tmp_path: Path) -> None:
    ran = stj_audit("run", "orders", *NOBODY_THERE, "--history", "new/history", cwd=tmp_path)
    assert ran.err.startswith("error: http://127.0.0.1:9 cannot be reached - ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["x" * 300, "loop"])
@pytest.mark.parametrize(
    "command",
    [
        ("run", *NOBODY_THERE, "--report", "json=PATH"),
        ("run", *NOBODY_THERE, "--history", "PATH/below"),
        ("check", *NOBODY_THERE, "--resume", "PATH"),
        ("init", *NOBODY_THERE, "--output", "PATH"),
        ("items", "--from", "PATH", "--key", "id"),
        ("items", "--from", "PATH/*", "--key", "id"),
        ("check", "--template", "PATH"),
        ("render", "PATH"),
        ("run", "--config", "PATH"),
    ],
)
def test_a_path_that_can_be_no_file_is_told_before_anything_is_read(
    command: tuple[str, ...], where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    failed = CliRunner().invoke(cli, [word.replace("PATH", where) for word in command])
    assert failed.stdout == ""
    assert isinstance(failed.exception, AuditError), failed.exception
    assert where in str(failed.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


@pytest.mark.parametrize("text", ["", "hello", "[]", '{"schema_version": 99}', '{"schema_version": 1, "tool": {'])
@pytest.mark.parametrize(
    "command", [("check", "--from", "FILE"), ("render", "FILE"), ("rules", "--explain-grade", "FILE", "backup-strategy")]
)
def test_a_file_that_is_no_run_file_is_named(command: tuple[str, ...], text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    failed = CliRunner().invoke(cli, [str(path) if word == "FILE" else word for word in command])
    assert failed.stdout == ""
    assert str(failed.exception).startswith(f"{path}: ")


def test_a_design_in_a_region_that_nobody_knows_is_not_priced_and_that_is_told() -> None:
    """A region may be newer than the prices, so it is no mistake for sure."""
    words = ["check", "--template", str(TEMPLATES / "orders.yaml"), "--no-config", "--no-step-summary"]
    told = CliRunner().invoke(cli, [*words, "--region", "eu-nowhere-9"]).stderr
    assert told.endswith("warning: no prices are known for eu-nowhere-9, so nothing is priced: check --region\n")
    assert "warning" not in CliRunner().invoke(cli, [*words, "--region", "eu-north-1"]).stderr
