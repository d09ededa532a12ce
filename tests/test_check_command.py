"""
`stj-audit check` in a process of its own, against AWS's own engine: every exit code, and what it says to whoever reads the log of the build.

One table holds 5,000 small items, and for some tests one item above the line at a random place among them.
"""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from stj_audit.report import json_schema
from tests.commands import INSTALLED, KEYS, Ran, installed_stj_audit, stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = [pytest.mark.dynamodb_local, pytest.mark.process]

SMALL = 5_000
LINE = 307_200  # 300 KB
A_SAMPLE = ("--scan", "sample", "--scan-budget", "0.00001")  # of this table, which whole costs about twice as much


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """The table, and the engine that it is on."""

    engine: DynamoDBLocal
    client: "DynamoDBClient"
    name: str

    def check(self, *options: str | Path, cwd: Path, name: str | None = None) -> Ran:
        return stj_audit("check", name or self.name, *self.where, *options, cwd=cwd)

    @property
    def where(self) -> tuple[str, ...]:
        return ("--endpoint-url", self.engine.endpoint_url, "--region", REGION)

    @contextmanager
    def one_large(self, item_bytes: int) -> Iterator[str]:
        """With one item of so many bytes, its partition key at random, while this lasts."""
        key = f"large-{random.randrange(10**9)}"
        pad = item_bytes - len("id") - len(key) - len("pad")
        self.client.put_item(TableName=self.name, Item={"id": {"S": key}, "pad": {"S": "x" * pad}})
        try:
            yield key
        finally:
            self.client.delete_item(TableName=self.name, Key={"id": {"S": key}})


def make(client: "DynamoDBClient", name: str, count: int) -> None:
    create_plain_table(client, name)
    for start in range(0, count, 25):
        requests: list[Any] = [
            {"PutRequest": {"Item": {"id": {"S": f"order-{number}"}, "pad": {"S": "x" * 200}}}}
            for number in range(start, start + 25)
        ]
        client.batch_write_item(RequestItems={name: requests})


@pytest.fixture(scope="module")
def orders(dynamodb_local: DynamoDBLocal) -> Iterator[Orders]:
    client, name = dynamodb_local.client(), fresh_name("check")
    make(client, name, SMALL)
    yield Orders(engine=dynamodb_local, client=client, name=name)
    client.delete_table(TableName=name)
    client.close()


def words(ran: Ran) -> str:
    return " ".join(ran.out.split())


def last_line(ran: Ran) -> str:
    return ran.out.splitlines()[-1]


# ------------------------------------------------------------------------------------------------------- every exit code


def test_0_when_every_item_was_read_and_none_is_above_the_line(orders: Orders, tmp_path: Path) -> None:
    with orders.one_large(LINE):
        ran = orders.check(cwd=tmp_path)
    assert ran.code == 0, ran.out + ran.err
    assert "exact: 5,001 of 5,001 items, scanned " in words(ran)
    assert "writes during or after the scan are not covered" in words(ran)
    assert "Fails on a finding at or above high and on an item above 300.0 KB." in words(ran)
    assert "Not checked for want of cloudwatch:GetMetricData (not available here)" in words(ran)
    assert last_line(ran) == "passed: no item above 300.0 KB, no finding at or above high among what could be checked."
    lines = ran.out.splitlines()
    assert len(lines) <= 15  # the log of a build is short
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in ran.out


def test_1_when_there_is_no_such_table(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("--report", "r.json", cwd=tmp_path, name="ordres")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: no table is called 'ordres'")
    assert not (tmp_path / "r.json").exists()


def test_2_when_the_command_line_is_wrong(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("--fail-item-size", "401KB", cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "400KB" in ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--fail-item-size", "huge"), "is no size"),
        (("--fail-item-size", "0"), "off"),
        (("--inconclusive", "maybe"), "pass"),
        (("--fail-on", "bad"), "grade:C"),
    ],
)
def test_a_wrong_value_is_told(options: tuple[str, ...], word: str) -> None:
    result = CliRunner().invoke(cli, ["check", "orders", *options])
    assert result.exit_code == 2
    assert word in result.output


def test_3_for_one_item_above_the_line_wherever_it_is(orders: Orders, tmp_path: Path) -> None:
    for run in range(3):
        with orders.one_large(LINE + 1) as key:
            report = tmp_path / f"r{run}.json"
            ran = orders.check("--fail-on", "never", "--report", report, cwd=tmp_path)
        assert ran.code == 3, ran.out + ran.err
        assert f"FAIL {orders.name}" in words(ran)
        assert "1 item above 300.0 KB among 5,001 items; the largest: 307,201 bytes (key hash " in words(ran)
        assert last_line(ran).startswith("failed: 1 table with an item above 300.0 KB.")
        told = json.loads(report.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(json_schema()).validate(told)
        [verdict] = told["gate"]["items"]
        assert (verdict["verdict"], verdict["found"], verdict["scanned"], verdict["item_count"]) == ("over", 1, 5_001, 5_001)
        assert [one["bytes"] for one in verdict["largest"]] == [LINE + 1]
        assert key not in ran.out + ran.err + report.read_text(encoding="utf-8")


def test_3_for_a_finding_also_where_the_items_are_not_known(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check(*A_SAMPLE, "--fail-on", "medium", "--strict", cwd=tmp_path)
    assert ran.code == 3
    assert "medium, deletion-protection-off: " in words(ran)
    assert "1 finding at or above medium" in last_line(ran)


def test_4_for_a_sample_without_one(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check(*A_SAMPLE, "--report", "r.json", cwd=tmp_path)
    assert ran.code == 4, ran.out + ran.err
    [verdict] = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["gate"]["items"]
    assert 0 < verdict["scanned"] < SMALL
    assert 0 < verdict["at_most"] < SMALL
    assert (
        f"0 of {verdict['scanned']:,} items read are above 300.0 KB; with 95% confidence at most {verdict['at_most']:,} of 5,000"
        in words(ran)
    )
    assert f"UNKNOWN {orders.name}" in words(ran)
    assert "--scan full" in last_line(ran)
    allowed = orders.check(*A_SAMPLE, "--inconclusive", "pass", cwd=tmp_path)
    assert allowed.code == 0
    assert "1 table may have one all the same (--inconclusive pass)" in last_line(allowed)


def test_4_when_no_item_was_read_whatever_a_sample_means(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("--scan", "none", "--inconclusive", "pass", cwd=tmp_path)
    assert ran.code == 4
    assert "items: no item was read: --scan none." in words(ran)
    assert "--fail-item-size off" in last_line(ran)


def test_0_when_item_sizes_do_not_matter(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("--scan", "none", "--fail-item-size", "off", cwd=tmp_path)
    assert ran.code == 0
    assert "items: their sizes do not matter to this gate." in words(ran)


def test_4_when_a_cap_ended_the_reading(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("--scan", "full", "--max-read-units", "20", cwd=tmp_path)
    assert ran.code == 4
    assert "the cap on read units was reached" in words(ran)


def test_a_sample_of_a_table_that_has_one_never_passes(orders: Orders, tmp_path: Path) -> None:
    with orders.one_large(LINE + 1):
        codes = {orders.check(*A_SAMPLE, cwd=tmp_path).code for _ in range(2)}
    assert codes <= {3, 4}


def test_an_empty_table_passes(orders: Orders, tmp_path: Path) -> None:
    name = fresh_name("empty")
    make(orders.client, name, 0)
    ran = orders.check(cwd=tmp_path, name=name)
    orders.client.delete_table(TableName=name)
    assert ran.code == 0
    assert "exact: 0 of 0 items" in words(ran)


# ----------------------------------------------------------------------------------------------------- what is not allowed

DESCRIBED = {
    "TableName": "orders",
    "TableArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/orders",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "DeletionProtectionEnabled": True,
    "ItemCount": 10,
    "TableSizeBytes": 1_000,
}


@contextmanager
def denying(*tables: str) -> Iterator[str]:
    """A DynamoDB that describes these tables, and denies all else."""

    def answer(operation: str, request: bytes, _: Any) -> tuple[int, bytes]:
        if operation == "DescribeTable" and (name := json.loads(request)["TableName"]) in tables:
            return 200, json.dumps({"Table": DESCRIBED | {"TableName": name}}).encode()
        if operation == "ListTables":
            return 200, json.dumps({"TableNames": tables}).encode()
        return 400, json.dumps({"__type": "com.amazonaws#AccessDeniedException", "message": "no"}).encode()

    with answering(answer) as url:
        yield url


def test_what_may_not_be_read_is_never_fine(tmp_path: Path) -> None:
    with denying("orders") as url:
        where = ("orders", "--endpoint-url", url, "--region", REGION)
        ran = stj_audit("check", *where, "--inconclusive", "pass", cwd=tmp_path)
        findings_alone = stj_audit("check", *where, "--fail-item-size", "off", cwd=tmp_path)
    assert ran.code == 4
    assert "items: no item was read: AccessDeniedException." in words(ran)
    # sizes do not matter, nothing was found, and what could not be looked at is told
    assert findings_alone.code == 0
    assert "(AccessDeniedException)" in words(findings_alone)
    assert "among what could be checked" in last_line(findings_alone)


@pytest.mark.parametrize("described", [("orders",), ()], ids=["one of two", "none"])
def test_a_table_that_may_not_even_be_described_is_never_fine(described: tuple[str, ...], tmp_path: Path) -> None:
    with denying(*described) as url:
        where = ("orders", "users", "--endpoint-url", url, "--region", REGION)
        ran = stj_audit("check", *where, "--fail-item-size", "off", "--fail-on", "never", cwd=tmp_path)
    assert ran.code == 4
    assert "UNKNOWN users" in words(ran)
    assert "not read: dynamodb:DescribeTable failed: AccessDeniedException" in last_line(ran)
    assert "`stj-audit iam-policy`" in last_line(ran)


@pytest.mark.parametrize(("tables", "code"), [((), 4), (("orders",), 0)], ids=["all of the region", "one that is there"])
def test_a_table_that_the_configuration_declares_must_be_there(tables: tuple[str, ...], code: int, tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text("[tables.order-history]\nkey = ['id']\n", encoding="utf-8")
    with denying("orders") as url:
        where = ("--endpoint-url", url, "--region", REGION, "--fail-item-size", "off")
        ran = stj_audit("check", *tables, *where, cwd=tmp_path)
    assert ran.code == code, ran.out + ran.err
    assert ("order-history: not read: the configuration declares the table, and it is not there" in words(ran)) is (code == 4)


# ------------------------------------------------------------------------------------------------------------ the output


def test_another_format_is_the_report_and_stderr_says_how_it_came_out(orders: Orders, tmp_path: Path) -> None:
    ran = orders.check("-f", "json", "--report", "r.html", "--report", "table=r.txt", cwd=tmp_path)
    assert ran.code == 0
    assert json.loads(ran.out)["gate"]["exit_code"] == 0
    assert any(line.startswith("passed: no item above 300.0 KB") for line in ran.err.splitlines())
    assert (tmp_path / "r.html").exists()
    assert "What it will cost, a month" in (tmp_path / "r.txt").read_text(encoding="utf-8")


def test_the_line_is_the_warn_line_unless_another_is_given(orders: Orders, tmp_path: Path) -> None:
    # an ignore accepts a finding, never an item above the line
    ignores = "".join(f"[[ignore]]\ncheck = '{check}'\nreason = 'known'\n" for check in ("STR-02", "deletion-protection-off"))
    (tmp_path / "stj-audit.toml").write_text(f"[thresholds]\nwarn_item_size = '301KB'\n{ignores}", encoding="utf-8")
    with orders.one_large(LINE + 1):
        assert orders.check("--fail-on", "medium", cwd=tmp_path).code == 0
        assert orders.check("--fail-on", "medium", "--fail-item-size", "300KB", cwd=tmp_path).code == 3


def test_an_expired_ignore_fails_and_a_baseline_lets_pass_what_it_knows(orders: Orders, tmp_path: Path) -> None:
    ignore = "[[ignore]]\ncheck = 'deletion-protection-off'\nreason = 'a test table'\nexpires = 2026-01-31\n"
    (tmp_path / "stj-audit.toml").write_text(ignore, encoding="utf-8")
    ran = orders.check("--fail-on", "medium", "--write-baseline", "b.json", cwd=tmp_path)
    assert ran.code == 3
    assert "its ignore expired on 2026-01-31: a test table" in words(ran)
    again = orders.check("--fail-on", "medium", "--baseline", "b.json", cwd=tmp_path)
    assert again.code == 0, again.out


def test_run_is_held_against_its_findings_alone(orders: Orders, tmp_path: Path) -> None:
    with orders.one_large(LINE + 1):
        where = ("--endpoint-url", orders.engine.endpoint_url, "--region", REGION)
        ran = stj_audit("run", orders.name, *where, "-f", "json", cwd=tmp_path)
    gate = json.loads(ran.out)["gate"]
    assert (ran.code, gate["exit_code"], gate["fail_on"], gate["fail_item_size"], gate["items"]) == (0, 0, "never", None, [])


# ------------------------------------------------------------------------------------------------- the installed command


def test_each_exit_code_of_the_installed_command(orders: Orders, tmp_path: Path) -> None:
    """Of 130 the test below is."""

    def code(*arguments: str) -> int:
        return installed_stj_audit("check", *arguments, *orders.where, cwd=tmp_path).code

    assert code(orders.name) == 0
    assert code("no-such-table") == 1
    assert code(orders.name, "--fail-on", "sometimes") == 2
    assert code(orders.name, *A_SAMPLE) == 4
    with orders.one_large(LINE + 1):
        assert code(orders.name) == 3


# ------------------------------------------------------------------------------------------------------------- interrupts


@pytest.mark.parametrize("command", ["check", "run"])
def test_130_when_the_user_gives_up_and_what_was_read_is_kept(command: str, orders: Orders, tmp_path: Path) -> None:
    where = ("--endpoint-url", orders.engine.endpoint_url, "--region", REGION)
    slowly = ("--read-units-per-second", "5", "--report", "r.json", "--report", "r.html")
    running = subprocess.Popen(
        [INSTALLED, command, orders.name, *where, *slowly],
        cwd=tmp_path,
        env=os.environ | KEYS | {"AWS_EC2_METADATA_DISABLED": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    assert "reading items of" in running.stderr.readline()
    time.sleep(2)  # a few pages
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "wrote r.json: what was read before the interrupt" in err
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema()).validate(told)
    [table] = told["tables"]
    assert (table["name"], table["item_count"], table["items"]) == (orders.name, SMALL, None)
    scan = [row["reason"] for row in told["not_checked"] if row["call"] == "dynamodb:Scan"]
    assert scan
    assert all("the audit was interrupted" in reason for reason in scan)
    assert (told["gate"]["verdict"], told["gate"]["exit_code"]) == ("inconclusive", 4)
    assert told["gate"]["reasons"][0] == "the audit was interrupted"
    assert told["audit"]["read_units"] > 0


def test_the_help_tells_the_exit_codes(tmp_path: Path) -> None:
    ran = stj_audit("check", "--help", cwd=tmp_path)
    assert ran.code == 0
    for word in ("--fail-item-size", "--inconclusive", "--strict", "  3   an item is above --fail-item-size", "  130 interrupted"):
        assert word in ran.out
