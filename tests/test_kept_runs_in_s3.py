"""Runs that are kept in a bucket: written once, with a client that sends nothing else, and failures told in a sentence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws

from stj_audit.cli.history import History
from stj_audit.deliver.history import earlier, keep_run, last_two
from stj_audit.deliver.stores import MAX_SUMMARY_BYTES, Bucket, open_store
from stj_audit.errors import ConfigError, UnusableHistory
from stj_audit.report import Trend
from tests.engines.web import Quiet, web_server
from tests.faults import fault
from tests.sample_report import FOLDER, STARTED_AT, a_run

pytestmark = pytest.mark.slow

NAME, PREFIX = "stj-audits", "team/dynamodb"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A bucket of moto's, and the store in it; `sent` are the calls of the store."""

    store: Bucket
    client: Any
    sent: list[tuple[str, str | None]] = field(default_factory=list)

    def objects(self) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=NAME).get("Contents", ())]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    with mock_aws():
        client: Any = botocore.session.Session().create_client("s3", region_name="eu-north-1")
        client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        store = open_store(f"s3://{NAME}/{PREFIX}/")
        assert isinstance(store, Bucket)
        found = Kept(store=store, client=client)

        def note(request: AWSPreparedRequest, event_name: str, **_: object) -> None:
            condition: Any = request.headers.get("If-None-Match")
            found.sent.append((event_name.rpartition(".")[2], condition.decode() if isinstance(condition, bytes) else condition))

        store.client.meta.events.register_first("before-send.s3", note)
        yield found


def test_a_run_is_two_objects_that_may_not_be_there_yet(kept: Kept) -> None:
    name = keep_run(kept.store, a_run())
    assert name == f"runs/{FOLDER}/2026/11/22T0600Z-a.json"
    assert kept.objects() == [f"{PREFIX}/{name}", f"{PREFIX}/summary/{FOLDER}/2026/11/22T0600Z-a.json"]
    assert kept.sent == [("PutObject", "*"), ("PutObject", "*")]
    told = kept.client.head_object(Bucket=NAME, Key=kept.objects()[1])
    assert (told["ContentType"], told["ContentLength"] < 2_048) == ("application/json", True)


@fault("a run of that name is kept already", "exit 1, and nothing is overwritten", by="moto")
def test_a_run_of_the_same_name_is_never_overwritten(kept: Kept) -> None:
    keep_run(kept.store, a_run())
    before = [kept.client.get_object(Bucket=NAME, Key=key)["Body"].read() for key in kept.objects()]
    with pytest.raises(UnusableHistory, match=f"is in the history s3://{NAME}/{PREFIX} already, and is not overwritten"):
        keep_run(kept.store, replace(a_run(), verdict="another"))
    assert [kept.client.get_object(Bucket=NAME, Key=key)["Body"].read() for key in kept.objects()] == before


@fault("the answer to a put is lost", "it is sent again, and what is there is seen to be the same", by="moto")
def test_a_run_that_is_sent_twice_because_the_answer_was_lost_is_no_error(kept: Kept) -> None:
    keep_run(kept.store, a_run())
    assert keep_run(kept.store, a_run()) == f"runs/{FOLDER}/2026/11/22T0600Z-a.json"


def test_earlier_runs_are_found_and_other_objects_left_out(kept: Kept) -> None:
    for place in range(3):
        keep_run(kept.store, a_run(STARTED_AT + timedelta(days=place), f"r{place}"))
    there = f"{PREFIX}/summary/{FOLDER}/2026/11/"
    for name, body in (("notes.txt", b"mine"), ("23T0700Z-b.json", b"{"), ("23T0800Z-c.json", b" " * (MAX_SUMMARY_BYTES + 1))):
        kept.client.put_object(Bucket=NAME, Key=there + name, Body=body)
    found, notes = earlier(kept.store, a_run(STARTED_AT + timedelta(days=2), "r2"))
    assert [one.id for one in found] == ["r1", "r0"]
    assert [note.partition(":")[0] for note in notes] == [
        f"summary/{FOLDER}/2026/11/23T0800Z-c.json is left out",
        f"summary/{FOLDER}/2026/11/23T0700Z-b.json is left out",
    ]
    assert [report.audit.id for report in last_two(kept.store)] == ["r1", "r2"]


def test_a_trend_reads_no_more_than_it_shows(kept: Kept) -> None:
    for place in range(15):
        keep_run(kept.store, a_run(STARTED_AT + timedelta(days=place), f"r{place}"))
    kept.sent.clear()
    earlier(kept.store, a_run(STARTED_AT + timedelta(days=30), "now"))
    assert [call for call, _ in kept.sent] == ["ListObjectsV2"] + ["GetObject"] * 12


def test_nothing_is_ever_removed_from_s3(kept: Kept) -> None:
    for place in range(3):
        keep_run(kept.store, a_run(STARTED_AT + timedelta(days=place), f"r{place}"), most=1)
    assert len(kept.objects()) == 6


@fault("the bucket of the history is lost", "exit 1: NoSuchBucket, and what it takes", by="moto")
def test_a_bucket_that_is_not_there_says_so(kept: Kept) -> None:
    elsewhere = open_store("s3://no-such-bucket")
    with pytest.raises(UnusableHistory, match="cannot read the history s3://no-such-bucket: NoSuchBucket"):
        earlier(elsewhere, a_run())
    with pytest.raises(UnusableHistory, match="cannot keep the run in the history s3://no-such-bucket: NoSuchBucket") as error:
        keep_run(elsewhere, a_run())
    assert "s3:PutObject" in error.value.hint


@pytest.mark.parametrize(
    "page", [b"<html></html>", b"<ListBucketResult><KeyCount>1</KeyCount><Contents></Contents></ListBucketResult>"]
)
def test_what_is_no_listing_is_no_empty_history(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - http.server finds it by the name of the method
            self.answer(200, page)

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    with web_server(Elsewhere) as url:
        store = open_store("s3://bucket", region="eu-north-1", endpoint_url=url)
        with pytest.raises(UnusableHistory, match="cannot read the history s3://bucket: the answer cannot be read"):
            earlier(store, a_run())


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    with pytest.raises(UnusableHistory, match="no AWS credentials were found"):
        keep_run(open_store("s3://bucket"), a_run())


def test_a_profile_that_does_not_exist_is_a_wrong_command_line() -> None:
    with pytest.raises(ConfigError, match="cannot be reached: the AWS profile"):
        open_store("s3://bucket", profile="no-such-profile-anywhere")


def test_an_endpoint_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setattr("stj_audit.deliver.stores.ATTEMPTS", 1)
    store = open_store("s3://bucket", region="eu-north-1", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(UnusableHistory, match=r"cannot read the history s3://bucket: http://127\.0\.0\.1:9 cannot be reached"):
        earlier(store, a_run())


def test_a_policy_of_three_actions_is_enough(kept: Kept) -> None:
    """What the README says that it takes: no other call is sent."""
    keep_run(kept.store, a_run())
    earlier(kept.store, a_run(STARTED_AT + timedelta(days=1), "b"))
    last = a_run(STARTED_AT + timedelta(days=1), "b")
    keep_run(kept.store, last)
    last_two(kept.store)
    assert {call for call, _ in kept.sent} == {"ListObjectsV2", "GetObject", "PutObject"}
    assert json.loads(kept.client.get_object(Bucket=NAME, Key=kept.objects()[-1])["Body"].read())["id"] == "b"


def test_earlier_runs_that_cannot_be_read_are_told_in_the_trend(kept: Kept) -> None:
    history = History(store=open_store("s3://no-such-bucket", region="eu-north-1"), most=None)
    report = history.remembered(a_run(), {})
    assert isinstance(report.trend, Trend)
    assert len(report.trend.runs) == 1
    assert report.trend.notes == ("cannot read the history s3://no-such-bucket: NoSuchBucket",)
