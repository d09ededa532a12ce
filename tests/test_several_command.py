"""Several regions in a process of its own, as a user runs them: AWS's own engine behind a server that denies what a test says."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Ran, stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import DynamoDBLocal, create_plain_table, fresh_name

NORTH, EAST, WEST = "eu-north-1", "us-east-1", "us-west-2"
NOT_ENABLED = b'{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"no"}'
NOT_SENT_ON = {"host", "content-length", "connection", "accept-encoding"}

pytestmark = pytest.mark.process


@contextmanager
def before(engine: DynamoDBLocal, *refused: str) -> Iterator[str]:
    """An address where the engine answers, in every region but those that are `refused`."""

    def answer(_: str, body: bytes, request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if any(f"/{region}/" in (request.headers.get("Authorization") or "") for region in refused):
            return 400, NOT_ENABLED
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_SENT_ON}
        try:
            with urllib.request.urlopen(urllib.request.Request(engine.endpoint_url, data=body, headers=headers)) as answered:
                return answered.status, answered.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    with answering(answer) as url:
        yield url


@pytest.fixture
def table(dynamodb_local: DynamoDBLocal) -> str:
    name = fresh_name("orders")
    create_plain_table(dynamodb_local.client(), name)
    dynamodb_local.client().put_item(TableName=name, Item={"id": {"S": "a"}})
    return name


def run(url: str, table: str, cwd: Path, *arguments: str, **environment: str) -> tuple[Ran, Any]:
    ran = stj_audit(
        "run", table, "--no-config", "--endpoint-url", url, "--report", "run.json", *arguments, cwd=cwd, keys=True, **environment
    )
    written = cwd / "run.json"
    return ran, json.loads(written.read_text()) if written.exists() else None


@pytest.mark.dynamodb_local
def test_regions_of_the_environment_are_separated_by_commas(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    with before(dynamodb_local) as url:
        ran, report = run(url, table, tmp_path, STJ_AUDIT_REGION=f"{NORTH},{EAST}")
    assert ran.code == 0
    told = ran.err.splitlines()
    assert sorted(line.split(":")[0] for line in told[:-1]) == [NORTH, NORTH, EAST, EAST]  # before and after items are read
    assert told[-1] == "wrote run.json"
    assert [one["name"] for one in report["tables"]] == [f"{NORTH}/{table}", f"{EAST}/{table}"]
    assert ran.out.startswith(f"DynamoDB audit: {NORTH} and {EAST}, account not known, 2 tables")
    assert {one["region"] for one in report["audit"]["scopes"]} == {NORTH, EAST}


@pytest.mark.dynamodb_local
def test_a_region_that_refuses_is_told_and_the_others_are_audited(
    dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path
) -> None:
    with before(dynamodb_local, WEST) as url:
        ran, report = run(url, table, tmp_path, "--region", NORTH, "--region", f"{EAST},{WEST}")
        gate = stj_audit("run", table, "--endpoint-url", url, "--region", f"{NORTH},{WEST}", "--strict", cwd=tmp_path)
    assert ran.code == 0
    assert "Not read: us-west-2: AWS refuses the credentials (UnrecognizedClientException)" in " ".join(ran.out.split())
    assert [one["not_read"] is None for one in report["audit"]["scopes"]] == [True, True, False]
    assert [row["scope"] for row in report["not_checked"] if row["reason"].startswith("not read")] == [WEST]
    assert gate.code == 4


@pytest.mark.dynamodb_local
def test_when_every_region_refuses_the_audit_has_failed(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    with before(dynamodb_local, NORTH, WEST) as url:
        ran, report = run(url, table, tmp_path, "--region", NORTH, "--region", WEST)
    assert (ran.code, ran.out, report) == (1, "", None)
    assert ran.err.startswith("error: AWS refuses the credentials (UnrecognizedClientException) - ")


@pytest.mark.dynamodb_local
def test_a_name_that_no_region_has(dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    with before(dynamodb_local) as url:
        ran, _ = run(url, "nobody-has-this", tmp_path, "--region", f"{NORTH},{EAST}")
    assert ran.code == 1
    assert ran.err.startswith(f"error: there is no table that nobody-has-this means in {NORTH} and {EAST} - ")


@pytest.mark.dynamodb_local
def test_the_bill_of_several_regions_alone(dynamodb_local: DynamoDBLocal, table: str, tmp_path: Path) -> None:
    with before(dynamodb_local) as url:
        arguments = ("cost", table, "--endpoint-url", url, "--region", f"{NORTH},{EAST}", "--users-now", "10", "-f", "csv")
        ran = stj_audit(*arguments, cwd=tmp_path)
    rows = [line.split(",") for line in ran.out.splitlines()]
    place = rows[0].index("region")
    assert {(row[1].partition("/")[0], row[place]) for row in rows[1:]} == {(NORTH, NORTH), (EAST, EAST)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "--region", f"{NORTH},EU"), "error: the AWS region is not written like eu-north-1"),
        (
            ("run", "--region", NORTH, "--config", "accounts.toml", "--role-arn", "arn:aws:iam::1:role/a"),
            "error: --role-arn and [[account]]",
        ),
        (("run", "--region", NORTH, "--config", "wrong.toml"), "error: wrong.toml: 'audit' is no ARN of a role"),
        (("run", "--region", f"{NORTH},{EAST}", "--baseline", "one.json"), "error: a baseline belongs to the accounts and regions"),
        (("cost", "--model", "accounts.toml", "--region", f"{NORTH},{EAST}"), "Error: a design has the prices of one region"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_sent(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    accounts = "".join(f'[[account]]\nrole_arn = "arn:aws:iam::{digit * 12}:role/audit"\n' for digit in "12")
    (tmp_path / "accounts.toml").write_text(accounts + "[tables.orders]\nitems = 1\nitem_bytes = 1\n")
    (tmp_path / "wrong.toml").write_text('[[account]]\nrole_arn = "audit"\n')
    one = {
        "kind": "stj-audit baseline",
        "schema_version": 1,
        "tool_version": "0",
        "account": "123456789012",
        "region": NORTH,
        "date": "2026-11-01",
        "target_users": 10_000,
        "findings": [],
    }
    (tmp_path / "one.json").write_text(json.dumps(one))
    ran = stj_audit(*arguments, cwd=tmp_path)
    assert ran.code == 2
    assert sentence in ran.err
    assert "Traceback" not in ran.err
