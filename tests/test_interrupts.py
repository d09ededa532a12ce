"""Ctrl-C and SIGTERM, sent to the command as a process: the first is answered in good order, the second at once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from stj_audit.cli.interrupts import ENDED, SAME_SECONDS
from stj_audit.unfinished import remove_all, temporary_file
from tests.commands import KEYS
from tests.engines.answering import answering
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name
from tests.engines.misbehaving import misbehaving
from tests.faults import fault

NOT_SENT_ON = {"host", "content-length", "connection", "accept-encoding"}
PATIENCE_SECONDS = 60
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")  # as `stj-audit run &` in a script


@dataclass
class Slow:
    """The engine, behind a server that holds the items back until they are `let_go`."""

    url: str
    table: str
    asked: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slow(dynamodb_local: DynamoDBLocal) -> Iterator[Slow]:
    name, client = fresh_name("orders"), dynamodb_local.client()
    create_plain_table(client, name)
    client.put_item(TableName=name, Item={"id": {"S": "a"}})
    made = Slow(url="", table=name)

    def answer(operation: str, body: bytes, request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if operation == "Scan":
            made.asked.set()
            made.let_go.wait(PATIENCE_SECONDS)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_SENT_ON}
        try:
            sent = urllib.request.Request(dynamodb_local.endpoint_url, data=body, headers=headers)
            with urllib.request.urlopen(sent) as answered:
                return answered.status, answered.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    with answering(answer) as made.url:
        yield made
        made.let_go.set()
        time.sleep(0.1)  # what is still held back gets its answer before the server goes
    client.close()


@contextmanager
def running(url: str, folder: Path, *arguments: str, under: tuple[str, ...] = ()) -> "Iterator[subprocess.Popen[str]]":
    where = ("--endpoint-url", url, "--region", REGION, "--no-config", "--no-progress")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STJ_AUDIT_", "GITHUB_"))}
    with subprocess.Popen(
        [*under, sys.executable, "-m", "stj_audit", *arguments, *where],
        cwd=folder,
        env=environment | KEYS | {"AWS_EC2_METADATA_DISABLED": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_until(process: "subprocess.Popen[str]", beginning: str) -> list[str]:
    """What it says on stderr, up to a line that begins so."""
    assert process.stderr is not None
    told: list[str] = []
    for line in process.stderr:
        told.append(line)
        if line.startswith(beginning):
            return told
    raise AssertionError(f"it ended without {beginning!r}: {told}")


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_in_the_background_where_ctrl_c_is_ignored_sigterm_is_not(slow: Slow, tmp_path: Path) -> None:
    with running(slow.url, tmp_path, "run", slow.table, "--report", "run.json", under=IN_THE_BACKGROUND) as process:
        assert slow.asked.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        lines_until(process, "interrupted")
        slow.let_go.set()
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert json.loads((tmp_path / "run.json").read_bytes())["tables"]


@fault(
    "Ctrl-C or SIGTERM while tables are read",
    "exit 130: what was read is in the run file, where one was asked for, and nothing else is left",
    by="process and signal",
)
@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_finished_however_often_it_arrives(slow: Slow, tmp_path: Path, first: signal.Signals) -> None:
    with running(slow.url, tmp_path, "run", slow.table, "--report", "run.json", "--report", "report.html") as process:
        assert slow.asked.wait(PATIENCE_SECONDS)
        process.send_signal(first)
        lines_until(process, "interrupted: the calls under way end")
        process.send_signal(signal.SIGINT)  # at once: it is the same, handed on by a wrapper
        slow.let_go.set()
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (130, "")
    assert err.split("\n")[-4:] == ["wrote run.json: what was read before the interrupt", "", "interrupted", ""]
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    report = json.loads((tmp_path / "run.json").read_text())
    assert [one["name"] for one in report["tables"]] == [slow.table]
    assert report["gate"]["reasons"] == ["the audit was interrupted"]


@fault(
    "a second Ctrl-C or SIGTERM",
    "exit 130 at once: no file is left half-written, the run file of before stays",
    by="process and signal",
)
@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_second_ends_at_once_and_says_so(slow: Slow, tmp_path: Path, command: str, second: signal.Signals) -> None:
    (tmp_path / "run.json").write_text("the run before")
    with running(slow.url, tmp_path, command, slow.table, "--report", "run.json") as process:
        assert slow.asked.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        lines_until(process, "interrupted: the calls under way end")
        time.sleep(SAME_SECONDS + 0.1)
        began = time.monotonic()
        process.send_signal(second)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert time.monotonic() - began < 10  # the items are still held back
    assert (process.returncode, out, err) == (130, "", ENDED.decode())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("run.json", "the run before")]


@fault(
    "Ctrl-C or SIGTERM while an answer drips in",
    "exit 130 after a few seconds: what was read but for that is in the run file",
    by="process, signal and misbehaving server",
)
@pytest.mark.process
def test_what_never_ends_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, because each does nothing for some seconds."""
    monkeypatch.setattr("tests.engines.misbehaving.DRIP_SECONDS", 3.0)
    with ThreadPoolExecutor(len(NEVER_ENDING)) as at_once:
        ended = [
            at_once.submit(interrupted_while, drips, tmp_path / str(place), *options)
            for place, (drips, options, _) in enumerate(NEVER_ENDING)
        ]
        for case, one in zip(NEVER_ENDING, ended, strict=True):
            code, out, err, written = one.result()
            assert (code, out) == (130, ""), (case, err)
            assert err.endswith("interrupted\n"), case
            assert list(written) == case[2], case
            for text in written.values():
                lines = [row["reason"] for row in json.loads(text)["not_checked"] if row["call"] == "dynamodb:Scan"]
                assert set(lines) == {"the audit was interrupted"}, case


NEVER_ENDING: tuple[tuple[str, tuple[str, ...], list[str]], ...] = (  # what drips, options, files that are written
    ("Scan", (), ["run.json"]),
    ("ListTables", ("--timeout", "60"), []),
    ("DescribeTable", ("--region", "eu-west-1"), []),
    ("ListTables", ("--region", "eu-west-1"), []),
)


def interrupted_while(drips: str, folder: Path, *options: str) -> tuple[int, str, str, dict[str, str]]:
    """How an audit ends, with what it wrote, that gets SIGTERM when an answer has begun to drip."""
    folder.mkdir()
    with misbehaving() as server:
        server.drips = frozenset({drips})
        with running(server.url, folder, "run", "--report", "run.json", *options) as process:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not server.asked[drips] and time.monotonic() < deadline:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err, {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@fault("Ctrl-C or SIGTERM while reports are written", "exit 130 when all of them are written", by="process and signal")
@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_reports_that_are_being_written_are_written_to_their_end(slow: Slow, tmp_path: Path) -> None:
    """The second report goes to a pipe that nobody reads yet, so the interrupt arrives while it is written."""
    slow.let_go.set()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reports = ("--report", "run.json", "--report", f"html={pipe}", "--report", "last.md")
    with running(slow.url, tmp_path, "check", slow.table, *reports) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (tmp_path / "run.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)  # it is at the pipe then
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        page = pipe.read_text(encoding="utf-8")
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert page.rstrip().endswith("</html>")
    assert (tmp_path / "last.md").read_text(encoding="utf-8").startswith("# DynamoDB audit")
    assert out.startswith("DynamoDB check: ")
    assert err.split("\n")[-4:] == ["wrote last.md", "", "interrupted", ""]


def test_nothing_is_left_of_what_is_being_written(tmp_path: Path) -> None:
    with temporary_file(tmp_path) as (descriptor, name):
        os.write(descriptor, b"half of i")
        assert [str(path) for path in tmp_path.iterdir()] == [name]
        remove_all()
        assert list(tmp_path.iterdir()) == []
        os.close(descriptor)


@fault("Ctrl-C while the command is imported", "exit 130 in one word", by="process and signal")
@pytest.mark.process
def test_an_interrupt_before_there_is_a_command_is_no_traceback(tmp_path: Path) -> None:
    """`click` takes a minute to import here."""
    (tmp_path / "click.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "stj_audit", "--help"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (130, "interrupted\n")
