"""Reports that are written to a bucket."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from stj_audit.cli.history import History, keep
from stj_audit.cli.outputs import deliver, destinations
from stj_audit.deliver.files import check_writable, destination, write
from stj_audit.deliver.stores import open_store
from stj_audit.errors import CannotWrite
from stj_audit.options import FORMATS
from stj_audit.report import Trend
from tests.faults import fault
from tests.sample_report import a_run

pytestmark = pytest.mark.slow

BUCKET = "stj-audits"
REACHED: dict[str, str | None] = {"profile": None, "region": "eu-north-1", "endpoint_url": None}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client: Any = botocore.session.Session().create_client("s3", region_name="eu-north-1")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        yield client


@pytest.mark.parametrize(
    ("name", "kind"), [("latest.html", "text/html; charset=utf-8"), ("run.json", "application/json; charset=utf-8")]
)
def test_a_report_is_an_object_that_a_browser_shows(bucket: Any, name: str, kind: str) -> None:
    target = destination(f"s3://{BUCKET}/reports/{name}", FORMATS, **REACHED)
    check_writable(target)
    assert "Contents" not in bucket.list_objects_v2(Bucket=BUCKET)  # nothing is left there to find out
    write(target, "\N{EURO SIGN}1")
    write(target, "\N{EURO SIGN}2")
    told = bucket.get_object(Bucket=BUCKET, Key=f"reports/{name}")
    assert (told["Body"].read().decode(), told["ContentType"]) == ("\N{EURO SIGN}2", kind)
    assert str(target.path) == f"s3://{BUCKET}/reports/{name}"


@fault("the bucket of a report is not there", "exit 1 before the audit: make it", by="moto")
def test_a_bucket_that_is_not_there_is_found_before_the_audit(bucket: Any) -> None:
    with pytest.raises(CannotWrite, match=r"cannot write s3://no-such-bucket/r\.html: there is no such bucket"):
        destinations(("s3://no-such-bucket/r.html",), {"regions": ("eu-north-1",), "profile": None, "endpoint_url": None})


@fault(
    "the bucket of a report is lost during the audit",
    "exit 1: make it again, or choose another place; the report is one put, so never a part of it",
    by="moto",
)
def test_what_s3_refuses_is_one_sentence(bucket: Any) -> None:
    target = destination(f"s3://{BUCKET}/r.html", FORMATS, **REACHED)
    bucket.delete_bucket(Bucket=BUCKET)
    with pytest.raises(CannotWrite, match=r"cannot write s3://stj-audits/r\.html: NoSuchBucket") as error:
        write(target, "text")
    assert error.value.hint.startswith("the bucket is gone")


def test_an_endpoint_that_does_not_answer_is_found_before_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setattr("stj_audit.deliver.stores.ATTEMPTS", 1)
    with pytest.raises(CannotWrite, match=r"cannot write s3://bucket/r\.html: http://127\.0\.0\.1:9 cannot be reached"):
        destinations(("s3://bucket/r.html",), {"regions": ("eu-north-1",), "endpoint_url": "http://127.0.0.1:9"})


@fault(
    "S3 does not end its answer after an audit with --timeout",
    "exit 1 half a minute later: check the network; the report is on stdout, and in every other place",
    by="event hook",
)
def test_an_s3_that_hangs_after_the_audit_loses_nothing_else(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    go = threading.Event()
    monkeypatch.setattr("stj_audit.cli.limits.STORE_SECONDS", 0.2)
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: go.wait(60))
    settings: dict[str, Any] = {"timeout": 1, "format_": "table", "color": "never", "quiet": False, **REACHED}
    history = History(store=open_store(f"s3://{BUCKET}/runs", region="eu-north-1"), most=None)
    outputs = [destination(name, FORMATS, **REACHED) for name in (f"s3://{BUCKET}/r.html", str(tmp_path / "r.md"))]
    report = history.remembered(a_run(), settings)
    assert isinstance(report.trend, Trend)
    assert f"s3://{BUCKET}/runs did not answer in time" in report.trend.notes
    failures = [*deliver(report, outputs, settings), *keep(history, report, settings)]
    go.set()
    assert [str(one) for one in failures] == [f"s3://{BUCKET}/{name} did not answer in time" for name in ("r.html", "runs")]
    told = capsys.readouterr()
    assert told.out.startswith("DynamoDB audit")
    assert told.err == f"wrote {tmp_path / 'r.md'}\n"
