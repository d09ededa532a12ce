"""What an audit would do, found out before it is done: on DynamoDB Local, and where calls are denied."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stj_audit import doctor
from stj_audit.config import Config
from stj_audit.deliver.history import keep_run
from stj_audit.deliver.stores import open_store
from stj_audit.pipeline import Request
from stj_audit.scanners import AwsOptions
from tests.commands import stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import DynamoDBLocal
from tests.sample_report import a_run
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
    assert rest[2].startswith(
        "  not available here, so that it is not known whether AWS would deny it: application-autoscaling:Describe"
    )
    assert "denied: " not in ran.out


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


def test_what_an_audit_would_keep_runs_in_is_looked_at(tmp_path: Path) -> None:
    kept = open_store(str(tmp_path / "kept"))
    keep_run(kept, a_run())
    (tmp_path / "kept" / "runs" / "notes.txt").write_text("mine")
    (tmp_path / "stj-audit.toml").write_text('[history]\npath = "kept"\n')
    assert history_lines(tmp_path) == [f"history: 1 run in {kept}"]
    assert history_lines(tmp_path, "--no-config") == []
    elsewhere = history_lines(tmp_path, STJ_AUDIT_HISTORY="new")
    assert elsewhere == ["history: 0 runs in new"]
    assert not (tmp_path / "new").exists()
    [why] = history_lines(tmp_path, "--history", "stj-audit.toml/x")
    assert why.startswith("history: cannot keep the run in stj-audit.toml/x: Not a directory - choose a folder")
    (tmp_path / "stj-audit.toml").write_text('[history]\npath = "s3://bucket"\nkeep = 3\n')
    [why] = history_lines(tmp_path)
    assert why.startswith("history: how many runs stay in a bucket is for its lifecycle rules to say")


def test_a_history_that_cannot_be_used_is_no_reason_to_look_at_nothing_else(tmp_path: Path) -> None:
    def answer(operation: str, _request: bytes, _: Any) -> tuple[int, bytes]:
        return (200, json.dumps({"Table": TABLE}).encode()) if operation == "DescribeTable" else (200, b"{}")

    with answering(answer) as url:
        where = ("--endpoint-url", url, "--region", REGION, "--scan", "none", "--history", "/dev/null/x")
        assert stj_audit("doctor", "orders", *where, cwd=tmp_path).code == 0
        ran = stj_audit("doctor", "orders", *where, "--strict", cwd=tmp_path)
    assert ran.code == 4
    assert "1 table (orders)" in ran.out


def history_lines(folder: Path, *arguments: str, **environment: Any) -> list[str]:
    ran = stj_audit("doctor", "--region", "nowhere!", *arguments, cwd=folder, **environment)
    return [line for line in ran.out.splitlines() if line.startswith("history: ")]


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
