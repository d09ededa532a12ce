"""
How the reading of a table's items went: what was seen of segments that were cut short, whether the table changed meanwhile, and what is left
when the user gives up.
"""

import itertools
import json
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from stj_audit.config import Config
from stj_audit.facts import INTERRUPTED, ItemSizes, ItemsReading, Snapshot, Unknown
from stj_audit.gate import GateTerms
from stj_audit.items.engine import new_fold
from stj_audit.items.plan import PILOT_SEGMENTS
from stj_audit.items.verdict import of_table
from stj_audit.pipeline import Interrupted, Request, audit
from stj_audit.scanners import Aws, AwsOptions, ItemsPlan, items, open_session, tables, take_snapshot
from stj_audit.scanners.seen import Seen
from tests.builders import a_table, table_facts
from tests.engines.dynamodb_local import DynamoDBLocal, create_plain_table
from tests.scanners.answers import REGION, answer, answer_with, before_send, create_table, error
from tests.scanners.test_items import fill, make_table, page

pytestmark = pytest.mark.slow

LINE = 300 * 1024
FULL = ItemsPlan(mode="full", budget_usd=Decimal(1), none_above=LINE)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def snapshot(aws: Aws, plan: ItemsPlan = FULL, *names: str, **more: Any) -> Snapshot:
    return take_snapshot(aws, names or ("orders",), items=plan, hash_key=b"key", now=NOW, **more)


def reading(found: Snapshot) -> ItemsReading:
    [facts] = found.tables
    assert facts.items_reading is not None
    return facts.items_reading


def a_page(*ids: str, large: int = 0, last: str | None = "z") -> dict[str, Any]:
    """A page of small items, and of items just above the line."""
    body = page(*ids, last=None if last is None else {"id": {"S": last}})
    body["Items"] += [{"id": {"S": f"large-{number}"}, "pad": {"S": "x" * LINE}} for number in range(large)]
    body["Count"] = body["ScannedCount"] = len(body["Items"])
    return body


# ---------------------------------------------------------------------------------------------------- what has been seen


def test_an_item_on_a_page_of_a_segment_that_was_cut_short_is_not_forgotten(aws: Aws) -> None:
    create_table()
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(a_page("a", "b", large=1)), lambda: error("AccessDeniedException"))
    found = snapshot(aws)
    assert found.tables[0].items == Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    went = reading(found)
    assert (went.scanned, went.over(LINE), [one.size_bytes > LINE for one in went.largest]) == (3, 1, [True, False, False])
    assert went.large == ((LINE + len("id") + len("large-0") + len("pad"), 1),)
    assert of_table(found.tables[0], LINE).verdict == "over"


def test_so_it_is_when_a_cap_ended_it(aws: Aws) -> None:
    create_table()
    keys = itertools.count()
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(a_page("a", large=1, last=f"z{next(keys)}")))
    found = snapshot(aws, replace(FULL, max_read_units=Decimal(120)))
    assert found.tables[0].items == Unknown(call="dynamodb:Scan", reason="the cap on read units was reached: partial, 8 items read")
    assert reading(found).over(LINE) >= 1


def test_an_answer_that_cannot_be_read_proves_nothing(aws: Aws) -> None:
    create_table()
    # The same place in the table twice: its items may have been counted before
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(a_page("a", large=1, last="z")))
    found = snapshot(aws)
    assert found.tables[0].items == Unknown(call="dynamodb:Scan", reason="unreadable answer")
    assert found.tables[0].items_reading is None
    assert of_table(found.tables[0], LINE).verdict == "not read"


def test_of_a_table_that_is_not_to_be_read_there_is_no_reading(aws: Aws) -> None:
    create_table()
    assert snapshot(aws, replace(FULL, mode="none")).tables[0].items_reading is None


@pytest.mark.parametrize("seed", range(0, 2**64, 2**64 // 12))
def test_a_sample_never_passes_a_table_that_has_one_whatever_is_drawn(seed: int, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """110 segments, of which the budget lets 40 be read; one of them all has the item."""
    monkeypatch.setattr("stj_audit.scanners.items.secrets.randbits", lambda _: seed)
    table = a_table(size_bytes=1_200_000, item_count=5_000)
    plan = replace(FULL, mode="sample", budget_usd=Decimal("0.00001"), usd_per_read_unit=Decimal("0.000000125"))
    read: list[int] = []

    def send(request: Any, **_: Any) -> AWSResponse:
        segment = json.loads(request.body)["Segment"]
        read.append(segment)
        return answer(a_page(*(f"{number}" for number in range(45)), large=int(segment == 77), last=None))

    before_send(aws.dynamodb, "dynamodb.Scan", send)
    seen = Seen(LINE)
    sizes, _ = items.read(aws, table, plan, hash_key=b"key", seen=seen)
    found = of_table(table_facts(table, items=sizes, items_reading=seen.reading(NOW, NOW)), LINE)
    assert (len(read), isinstance(sizes, ItemSizes)) == (40, True)
    assert found.verdict == ("over" if 77 in read else "inconclusive")
    assert found.at_most is not None
    assert found.at_most >= 1


def test_what_was_seen_adds_up_over_threads() -> None:
    seen = Seen(100)
    fold = new_fold(a_table(), hash_key=b"key")
    fold.add([{"id": {"S": "a" * size}} for size in (10, 99, 200)])
    with_threads = [threading.Thread(target=seen.add, args=(fold.counts(),)) for _ in range(8)]
    for thread in with_threads:
        thread.start()
    for thread in with_threads:
        thread.join()
    went = seen.reading(NOW, NOW)
    assert (went.scanned, went.over(100), went.large) == (24, 16, ((101, 8), (202, 8)))
    assert [one.size_bytes for one in went.largest] == [202] * 8 + [101] * 2


def test_a_reading_that_goes_on_began_when_it_was_first_begun(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.items.plan.FULL_SEGMENT_BYTES", 1_000)
    create_table()
    table = replace(tables.read(aws, "orders"), size_bytes=2_000)
    plan = replace(FULL, resume=tmp_path)
    answer_with(
        aws.dynamodb, "dynamodb.Scan", lambda: answer(a_page("a", large=1, last=None)), lambda: error("AccessDeniedException")
    )
    assert isinstance(items.read(aws, table, plan, hash_key=b"key", now=NOW)[0], Unknown)
    again = open_session(AwsOptions(region=REGION))
    answer_with(again.dynamodb, "dynamodb.Scan", lambda: answer(a_page("b", last=None)))
    seen, later = Seen(LINE), NOW + timedelta(hours=2)
    sizes, _ = items.read(again, table, plan, hash_key=b"key", now=later, seen=seen)
    assert isinstance(sizes, ItemSizes)
    went = seen.reading(later, later)
    assert (sizes.coverage, sizes.over(LINE), went.over(LINE), went.scanned, went.started_at) == ("full", 1, 1, 3, NOW)


# ------------------------------------------------------------------------------------------------ described once more


def described(aws: Aws) -> list[dict[str, Any]]:
    """The requests of DescribeTable, as they are sent."""
    sent: list[dict[str, Any]] = []

    def look(request: Any, **_: Any) -> None:
        sent.append(request)

    before_send(aws.dynamodb, "dynamodb.DescribeTable", look)
    return sent


def test_a_table_that_would_pass_is_described_once_more(aws: Aws) -> None:
    create_table()
    sent = described(aws)
    went = reading(snapshot(aws))
    assert (len(sent), went.described_again, went.item_count_after, went.not_described) == (2, True, 0, "")


@pytest.mark.parametrize(
    ("plan", "pages"),
    [
        (replace(FULL, none_above=None), [a_page("a", last=None)]),
        (FULL, [a_page("a", large=1, last=None)]),
        (replace(FULL, mode="none"), []),
    ],
    ids=["there is no gate", "it fails anyway", "it was not read"],
)
def test_no_other_table_is(plan: ItemsPlan, pages: list[dict[str, Any]], aws: Aws) -> None:
    create_table()
    sent = described(aws)
    if pages:
        answer_with(aws.dynamodb, "dynamodb.Scan", *(partial(answer, body) for body in pages))
    [facts] = snapshot(aws, plan).tables
    assert len(sent) == 1
    assert facts.items_reading is None or not facts.items_reading.described_again


def test_where_that_fails_it_is_told(aws: Aws) -> None:
    create_table()
    original = tables.read(aws, "orders")

    def refuse(request: Any, **_: Any) -> AWSResponse | None:
        return error("ResourceNotFoundException") if described_before else None

    described_before: list[bool] = []
    before_send(aws.dynamodb, "dynamodb.DescribeTable", refuse)
    before_send(aws.dynamodb, "dynamodb.Scan", lambda request, **_: described_before.append(True))
    [facts] = snapshot(aws).tables
    assert facts.table == original
    assert facts.items_reading is not None
    assert facts.items_reading.not_described == "gone during the audit"
    assert of_table(facts, LINE).verdict == "inconclusive"


@pytest.mark.dynamodb_local
@pytest.mark.parametrize(("written", "verdict"), [(0, "none"), (4, "none"), (40, "inconclusive")])
def test_a_table_that_is_written_while_it_is_read(written: int, verdict: str, dynamodb_local: DynamoDBLocal) -> None:
    """300 items in four pages; somebody writes during the first."""
    name = make_table(dynamodb_local)
    fill(dynamodb_local, name, 300, 12_000)
    local = open_session(AwsOptions(region=REGION, endpoint_url=dynamodb_local.endpoint_url))
    writer, pages = dynamodb_local.client(), itertools.count()

    def write(request: Any, **_: Any) -> None:
        if next(pages) == 1:
            for number in range(written):
                item: Any = {"id": {"B": b"new"}, "part": {"N": str(number)}, "pad": {"S": "x" * 12_000}}
                writer.put_item(TableName=name, Item=item)

    before_send(local.dynamodb, "dynamodb.Scan", write)
    [facts] = snapshot(local, FULL, name).tables
    found = of_table(facts, LINE)
    assert found.verdict == verdict, found.sentence
    if verdict == "inconclusive":
        assert "DescribeTable stated 300 items before, and 340 items after" in found.sentence
    writer.delete_table(TableName=name)
    writer.close()


# ----------------------------------------------------------------------------------------------------------- interrupts


def give_up() -> None:
    """Ctrl-C, as the main thread gets it."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def endless(aws_client: Any, *, after: int = 2) -> None:
    """A table whose pages do not end; after some of them the user gives up, once."""
    if getattr(aws_client.meta, "is_endless", False):
        return  # a client is asked for more than once
    aws_client.meta.is_endless = True
    keys = itertools.count()

    def send(request: Any, **_: Any) -> AWSResponse:
        number = next(keys)
        if number == after:
            give_up()
        return answer(a_page("a", last=f"z{number}"))

    before_send(aws_client, "dynamodb.Scan", send)


def test_what_had_been_read_when_the_user_gave_up(aws: Aws) -> None:
    create_table()
    endless(aws.dynamodb)
    found = snapshot(aws, keep=True)
    assert found.interrupted
    read = reading(found).scanned
    assert read >= 2
    assert found.tables[0].items == Unknown(call="dynamodb:Scan", reason=f"{INTERRUPTED}: partial, {read} items read")
    assert found.read_units >= 1
    assert not isinstance(found.tables[0].time_to_live, Unknown)  # came before the items


def test_calls_that_were_not_made_are_told_as_interrupted(aws: Aws) -> None:
    """The first answer that comes is the last."""
    create_table()
    create_table("users")
    given_up = threading.Event()

    def wait(request: Any, **_: Any) -> None:
        if b"ThrottleEvents" in request.body and b"ConsumedWrite" not in request.body:
            return  # about the last hour, before anything is read
        given_up.wait(10)
        time.sleep(0.2)  # until the threads are told; what comes after the metrics is not asked for then

    before_send(aws.cloudwatch, "cloudwatch.GetMetricData", wait)

    def interrupt(stage: str, done: int, _total: int) -> None:
        if stage == "calls" and not done:
            given_up.set()
            raise KeyboardInterrupt

    found = snapshot(aws, FULL, "orders", "users", keep=True, on_progress=interrupt)
    assert found.interrupted
    assert [facts.table.name for facts in found.tables] == ["orders", "users"]
    unasked = [facts.operations for facts in found.tables]
    assert {one.reason for one in unasked if isinstance(one, Unknown)} == {INTERRUPTED}


@pytest.mark.parametrize(("segments", "coverage"), [(PILOT_SEGMENTS - 1, None), (PILOT_SEGMENTS, "sample"), (100, "full")])
def test_segments_that_were_read_to_their_end_are_a_sample(
    segments: int, coverage: str | None, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read in random order, whatever ends the reading."""
    monkeypatch.setattr("stj_audit.items.plan.FULL_SEGMENT_BYTES", 1_000)
    monkeypatch.setattr("stj_audit.items.plan.WORKERS", 1)
    create_table()
    table = replace(tables.read(aws, "orders"), size_bytes=100_000, item_count=100)
    stop, left = threading.Event(), iter(range(segments, 0, -1))

    def send() -> AWSResponse:
        if next(left) == 1:
            stop.set()
        return answer(a_page("a", last=None))

    answer_with(aws.dynamodb, "dynamodb.Scan", send)
    sizes, _ = items.read(aws, table, FULL, hash_key=b"key", stop=stop)
    if coverage is None:
        assert sizes == Unknown(
            call="dynamodb:Scan",
            reason=f"{INTERRUPTED}: partial, {segments} items read; {segments} of 100 segments to their end, too few to judge by",
        )
        return
    assert isinstance(sizes, ItemSizes)
    assert (sizes.coverage, sizes.scanned) == (coverage, segments)
    assert coverage == "full" or (sizes.sample is not None and sizes.sample.stopped_by == "interrupted")


def test_without_being_asked_to_nothing_is_kept(aws: Aws) -> None:
    create_table()
    endless(aws.dynamodb)
    with pytest.raises(KeyboardInterrupt):
        snapshot(aws)


@pytest.mark.usefixtures("moto")
def test_of_several_regions_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    north, east = "eu-north-1", "us-east-1"
    made = Aws._client

    def slow_in_the_north(self: Aws, service: str) -> Any:
        found = made(self, service)
        if self.region == north and service == "dynamodb":
            endless(found)
        return found

    monkeypatch.setattr(Aws, "_client", slow_in_the_north)
    for region in (north, east):
        create_plain_table(boto3.client("dynamodb", region_name=region), "orders")
    request = Request(
        aws=AwsOptions(), regions=(north, east), config=Config(), gate=GateTerms(fail_item_size=LINE), resume=tmp_path, keep=True
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(Interrupted) as stopped:
        audit(request)
    gate = stopped.value.report.gate
    assert gate is not None
    assert (gate.exit_code, gate.reasons[0]) == (4, INTERRUPTED)
    verdicts = {one.table: one.verdict for one in gate.items}
    assert verdicts.get(f"{north}/orders") == "not read"


def test_the_audit_of_one_region_tells_what_it_has(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Aws._client

    def slow(self: Aws, service: str) -> Any:
        found = made(self, service)
        if service == "dynamodb":
            endless(found)
        return found

    monkeypatch.setattr(Aws, "_client", slow)
    create_table()
    request = Request(aws=AwsOptions(region=REGION), config=Config(), keep=True)
    with pytest.raises(Interrupted) as stopped:
        audit(request)
    report = stopped.value.report
    assert [table.name for table in report.tables] == ["orders"]
    assert report.tables[0].items is None
    assert any(row.call == "dynamodb:Scan" and INTERRUPTED in row.reason for row in report.not_checked)
    with pytest.raises(KeyboardInterrupt) as lost:
        audit(replace(request, keep=False))
    assert not isinstance(lost.value, Interrupted)
