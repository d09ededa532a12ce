"""What an audit would do, found out before it is done: on DynamoDB Local, and where calls are denied."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stj_audit import doctor
from stj_audit.config import Config
from stj_audit.pipeline import Request
from stj_audit.scanners import AwsOptions
from tests.commands import stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import DynamoDBLocal
from tests.scanners.answers import REGION
from tests.scanners.test_items import fill, make_table

pytestmark = pytest.mark.process

TABLE = {
    "TableName": "orders",
    "TableArn": f"arn:aws:dynamodb:{REGION}:123456789012:table/orders",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "ItemCount": 2_000_000,
    "TableSizeBytes": 20 * 1024**3,
}


@pytest.mark.dynamodb_local
def test_it_says_what_would_be_read_and_reads_one_item(dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    name = make_table(dynamodb_local)
    fill(dynamodb_local, name, 50, 12_000)
    where = ("--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION)
    ran = stj_audit("doctor", name, *where, "--strict", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    first, fold, extras, empty, place, *rest = ran.out.splitlines()
    assert first.startswith("stj-audit ")
    assert fold == "items are counted by the compiled fold"
    assert extras.startswith("extras: ")
    assert empty == ""
    assert place == f"{REGION}: 1 table ({name})"
    assert rest[0] == "  reading items of 1 table whole: about 73.5 read units, less than $0.01"
    assert rest[2] == "  nothing is denied"


def test_the_pure_fold_is_told(tmp_path: Path) -> None:
    ran = stj_audit("doctor", "--region", "nowhere!", cwd=tmp_path, STJ_AUDIT_FOLD="pure")
    assert ran.code == 2
    assert ran.out.splitlines()[1] == "items are counted by the pure Python fold, as STJ_AUDIT_FOLD says"
    assert "the AWS region is not written like" in ran.err


def test_what_is_denied_is_listed(tmp_path: Path) -> None:
    seen: list[str] = []

    def answer(operation: str, _request: bytes, _: Any) -> tuple[int, bytes]:
        seen.append(operation)
        if operation == "DescribeTable":
            return 200, json.dumps({"Table": TABLE}).encode()
        return 400, json.dumps({"__type": "com.amazonaws#AccessDeniedException", "message": "no"}).encode()

    with answering(answer) as url:
        where = ("--endpoint-url", url, "--region", REGION)
        ran = stj_audit("doctor", "orders", *where, "--strict", cwd=tmp_path)
        assert ran.code == 4
        denied = [line.removeprefix("  denied: ") for line in ran.out.splitlines() if line.startswith("  denied: ")]
        assert {"dynamodb:Scan", "dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource"} <= set(denied)
        assert denied == sorted(set(denied))
        assert re.search(r"1 table by sample \(at most \d,\d+ of 20,480 segments\): about \d+,\d+ read units, \$0.05", ran.out)
        seen.clear()
        ran = stj_audit("doctor", "orders", *where, "--scan", "none", cwd=tmp_path)
        assert ran.code == 0
        assert "Scan" not in seen
        assert "no items are read" in ran.out


def test_without_a_table_that_may_be_described_it_fails(tmp_path: Path) -> None:
    def answer(_operation: str, _request: bytes, _: Any) -> tuple[int, bytes]:
        return 400, json.dumps({"__type": "com.amazonaws#AccessDeniedException", "message": "no"}).encode()

    with answering(answer) as url:
        ran = stj_audit("doctor", "orders", "--endpoint-url", url, "--region", REGION, cwd=tmp_path)
    assert ran.code == 1
    assert "AccessDenied" in ran.err


@pytest.mark.dynamodb_local
def test_a_place_that_cannot_be_audited_leaves_the_others(dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    name = make_table(dynamodb_local)
    request = Request(
        aws=AwsOptions(endpoint_url=dynamodb_local.endpoint_url), regions=(REGION, "us-east-1"), patterns=(name,), config=Config()
    )
    here, there = doctor.diagnose(request)
    assert here.tables == (name,)
    assert doctor.in_lines(here).startswith(f"{REGION}: 1 table ({name})\n")
    assert there.tables == (name,) or doctor.in_lines(there).startswith("us-east-1: cannot be audited: no table is called")
