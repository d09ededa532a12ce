"""An audit whose time is over: what was read by then is known, the rest is told, and nothing that hangs is waited for."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.errors import AuditError
from stj_audit.facts import OUT_OF_TIME, ItemSizes, Unknown
from stj_audit.scanners import Aws, AwsOptions, ItemsPlan, items, open_session, take_snapshot
from stj_audit.scanners.ending import Ending
from stj_audit.scanners.snapshot import measure_items
from stj_audit.targets import Target, read_all
from tests.builders import a_table
from tests.faults import fault
from tests.scanners.answers import REGION, answer, before_send, create_table

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
PLAN = ItemsPlan(mode="auto", budget_usd=Decimal("0.05"))
SECONDS = 1.5  # enough to describe a table


@pytest.fixture(autouse=True)
def a_short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.ending.GRACE_SECONDS", 0.1)
    monkeypatch.setattr("stj_audit.scanners.ending.INTERRUPT_SECONDS", 0.1)


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """What hangs does so until then."""
    event = threading.Event()
    yield event
    event.set()


def hang(aws_client: Any, operation: str, let_go: threading.Event) -> None:
    def silent(**_: Any) -> None:
        let_go.wait(30)

    before_send(aws_client, operation, silent)


def test_a_call_that_hangs_costs_its_own_fact(aws: Aws, let_go: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    create_table("orders")
    hang(aws.dynamodb, "dynamodb.DescribeContinuousBackups", let_go)
    seconds_left = [60.0]
    monkeypatch.setattr(Ending, "seconds_left", property(lambda _: seconds_left[0]))

    def over_when_it_hangs(stage: str, done: int, total: int) -> None:
        if stage == "calls" and done == total - 1:
            seconds_left[0] = 0.0

    found = take_snapshot(
        aws, ("orders",), items=PLAN, hash_key=b"key", now=NOW, on_progress=over_when_it_hangs, ends_at=time.monotonic() + 60
    )
    assert (found.out_of_time, found.interrupted) == (True, False)
    [facts] = found.tables
    assert facts.pitr == Unknown(call="dynamodb:DescribeContinuousBackups", reason=OUT_OF_TIME)
    assert isinstance(facts.items, ItemSizes)
    assert not isinstance(facts.time_to_live, Unknown)


@fault("a table is not described in time", "--timeout ends it: that table is not checked, the others are", by="event hook")
def test_a_table_that_is_not_described_in_time_is_missing(aws: Aws, let_go: threading.Event) -> None:
    for name in ("orders", "users"):
        create_table(name)

    def only_orders(request: Any, **_: Any) -> None:
        if b"users" in request.body:
            let_go.wait(30)

    before_send(aws.dynamodb, "dynamodb.DescribeTable", only_orders)
    found = take_snapshot(aws, (), items=PLAN, hash_key=b"key", now=NOW, ends_at=time.monotonic() + SECONDS)
    assert [facts.table.name for facts in found.tables] == ["orders"]
    assert [(one.name, one.unknown.reason) for one in found.missing] == [("users", OUT_OF_TIME)]
    assert found.out_of_time


def test_a_last_hour_that_is_not_told_in_time_leaves_what_was_read(aws: Aws, let_go: threading.Event) -> None:
    create_table("orders")
    hang(aws.cloudwatch, "cloudwatch.GetMetricData", let_go)
    planned: list[object] = []
    began = time.monotonic()
    for read in (take_snapshot, measure_items):
        terms: dict[str, Any] = {"items": PLAN, "hash_key": b"key", "now": NOW, "on_plan": planned.append}
        found: Any = read(aws, ("orders",), **terms, ends_at=time.monotonic() + SECONDS)
        [facts] = found.tables
        assert found.out_of_time
        assert facts.items == Unknown(call="dynamodb:Scan", reason=OUT_OF_TIME)
    assert planned == []
    assert time.monotonic() - began < 20  # what hangs does so for longer


def test_enough_time_is_not_over(aws: Aws) -> None:
    create_table("orders")
    found = take_snapshot(aws, (), items=PLAN, hash_key=b"key", now=NOW, ends_at=time.monotonic() + 60)
    assert not found.out_of_time
    assert isinstance(found.tables[0].items, ItemSizes)


@fault("a region is not listed in time", "--timeout ends it: that region is not checked, the others are", by="event hook")
def test_a_region_that_is_not_listed_in_time_leaves_the_other_whole(moto: None, let_go: threading.Event) -> None:
    create_table("orders")
    opened = [open_session(AwsOptions(region=region)) for region in (REGION, "eu-west-1")]
    hang(opened[1].dynamodb, "dynamodb.ListTables", let_go)

    def read(target: Target, told: Any, threads: Any) -> Any:
        return take_snapshot(
            target.aws, (), items=PLAN, hash_key=b"key", now=NOW, on_progress=told, threads=threads, elsewhere=True
        )

    targets = [Target(aws=aws, key=aws.region) for aws in opened]
    found = read_all(targets, read, (), now=NOW, on_progress=lambda *_: None, ends_at=time.monotonic() + SECONDS)
    assert found.out_of_time
    assert [facts.table.name for facts in found.tables] == ["orders"]
    [unread] = [scope for scope in found.scopes if scope.not_read is not None]
    assert unread.key == "eu-west-1"
    assert unread.not_read is not None
    assert unread.not_read.reason.startswith(OUT_OF_TIME)


def test_nothing_is_known_without_a_listing(aws: Aws, let_go: threading.Event) -> None:
    hang(aws.dynamodb, "dynamodb.ListTables", let_go)
    with pytest.raises(AuditError, match="the audit's time was over before") as caught:
        take_snapshot(aws, (), items=PLAN, hash_key=b"key", now=NOW, ends_at=time.monotonic() + 0.1)
    assert "--timeout" in caught.value.hint


@fault("the time is over while items are read", "the reading ends at its page: partial, n items", by="event hook")
def test_items_that_were_read_by_then_are_told(aws: Aws) -> None:
    stop = Ending(time.monotonic())
    numbers = iter(range(1_000))

    def page(**_: Any) -> Any:
        number = next(numbers)
        if number == 3:
            stop.expire()
        last = {"LastEvaluatedKey": {"id": {"S": str(number)}}}
        return answer(
            {"Items": [{"id": {"S": "a"}}], "Count": 1, "ScannedCount": 1, "ConsumedCapacity": {"CapacityUnits": 0.5}} | last
        )

    before_send(aws.dynamodb, "dynamodb.Scan", page)
    sizes, units = items.read(aws, replace(a_table(), size_bytes=1_000), PLAN, hash_key=b"key", stop=stop)
    assert sizes == Unknown(call="dynamodb:Scan", reason=f"{OUT_OF_TIME}: partial, 4 items read")
    assert units == 2


def test_an_interrupt_before_stays_one() -> None:
    stop = Ending(time.monotonic())
    stop.set()
    stop.expire()
    assert (stop.out_of_time, stop.reason) == (False, "the audit was interrupted")


def test_after_an_interrupt_there_is_no_more_patience_than_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.ending.INTERRUPT_SECONDS", 1_000.0)
    without, late = Ending(), Ending(time.monotonic())
    without.set()
    late.set()
    late.expire()
    assert without.patience_seconds > 500
    assert late.patience_seconds < 10
