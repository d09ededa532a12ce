"""A table read whole: every item once, at its exact size; and when it is not, the reason instead."""

import base64
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.facts import ItemSizes, Table, Throughput, Unknown
from stj_audit.scanners import Aws, AwsOptions, ItemsPlan, items, open_session, tables, take_snapshot
from stj_audit.scanners.spending import Rate
from tests.builders import a_table
from tests.engines.dynamodb_local import DynamoDBLocal, fresh_name
from tests.faults import fault
from tests.scanners.answers import REGION, answer, answer_with, before_send, error

pytestmark = pytest.mark.slow

AUTO = ItemsPlan(mode="auto", budget_usd=Decimal("0.05"))
TABLE = a_table(created_at=None)


def read(aws: Aws, table: Table = TABLE, plan: ItemsPlan = AUTO) -> tuple[ItemSizes | Unknown, Decimal]:
    return items.read(aws, table, plan, hash_key=b"key")


def page(*ids: str, last: dict[str, Any] | None = None, units: float | None = 0.5) -> dict[str, Any]:
    body: dict[str, Any] = {"Items": [{"id": {"S": one}} for one in ids], "Count": len(ids), "ScannedCount": len(ids)}
    if last is not None:
        body["LastEvaluatedKey"] = last
    if units is not None:
        body["ConsumedCapacity"] = {"TableName": "orders", "CapacityUnits": units}
    return body


def coverage(sizes: ItemSizes | Unknown) -> str:
    assert isinstance(sizes, ItemSizes)
    return sizes.coverage


# ------------------------------------------------------------------------------------------------------------- the engine


def make_table(engine: DynamoDBLocal, *, key_type: str = "B") -> str:
    name = fresh_name("items")
    engine.client().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": key_type},  # type: ignore[typeddict-item] # a literal to the stubs
            {"AttributeName": "part", "AttributeType": "N"},
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    return name


def fill(engine: DynamoDBLocal, name: str, count: int, pad: int) -> None:
    requests: list[Any] = [
        {"PutRequest": {"Item": {"id": {"B": bytes([number % 7, 0, 255])}, "part": {"N": str(number)}, "pad": {"S": "x" * pad}}}}
        for number in range(count)
    ]
    made = engine.client()
    for start in range(0, count, 25):
        made.batch_write_item(RequestItems={name: requests[start : start + 25]})


def opened(engine: DynamoDBLocal) -> Aws:
    return open_session(AwsOptions(region=REGION, endpoint_url=engine.endpoint_url))


@pytest.mark.dynamodb_local
def test_reads_every_item_of_a_table_of_many_pages_with_binary_keys(dynamodb_local: DynamoDBLocal) -> None:
    name = make_table(dynamodb_local)
    fill(dynamodb_local, name, 300, 12_000)
    aws = opened(dynamodb_local)
    table = tables.read(aws, name)
    sent: list[dict[str, Any]] = []
    aws.dynamodb.meta.events.register("before-send.dynamodb.Scan", lambda request, **_: sent.append(json.loads(request.body)))
    sizes, units = read(aws, table)
    assert isinstance(sizes, ItemSizes)
    assert sizes.scanned == 300
    assert sizes.scanned_bytes == table.size_bytes
    assert sizes.coverage == "full"
    assert sizes.min_bytes == 12_003 + 2 + 3 + 4 + 1  # the item with the number 0, which takes one byte
    assert len(sent) == 4  # 3.6 MB in pages of 1 MB
    start = sent[1]["ExclusiveStartKey"]["id"]["B"]
    assert base64.b64decode(start)[1:] == b"\x00\xff"
    # An eventually consistent read of 4 KB is half a unit; each page is rounded up by itself
    assert sizes.read_units == units
    exact = Decimal(sizes.scanned_bytes) / 8_192
    assert exact <= units <= exact + len(sent) * Decimal("0.5")


@pytest.mark.dynamodb_local
def test_tables_read_at_the_same_time_are_not_mixed_up(dynamodb_local: DynamoDBLocal) -> None:
    wanted = {make_table(dynamodb_local): count for count in (10, 60, 110, 160)}
    for name, count in wanted.items():
        fill(dynamodb_local, name, count, 20_000)
    aws = opened(dynamodb_local)
    now = datetime.now(UTC)
    snapshot = take_snapshot(aws, list(wanted), items=AUTO, hash_key=b"key", now=now)
    found = {facts.table.name: facts.items for facts in snapshot.tables}
    assert {name: sizes.scanned for name, sizes in found.items() if isinstance(sizes, ItemSizes)} == wanted
    assert snapshot.read_units == sum((one.read_units for one in found.values() if isinstance(one, ItemSizes)), Decimal(0))
    assert snapshot.account is None
    [facts] = [one for one in snapshot.tables if one.table.name == min(wanted)]
    absent = (facts.pitr, facts.on_demand_backups, facts.tags, facts.auto_scaling, facts.traffic, facts.alarms)
    assert {one.reason for one in absent if isinstance(one, Unknown)} == {"not available here"}
    assert all(isinstance(one, Unknown) for one in absent)


@pytest.mark.dynamodb_local
def test_an_empty_table_has_no_items(dynamodb_local: DynamoDBLocal) -> None:
    aws = opened(dynamodb_local)
    sizes, _ = read(aws, tables.read(aws, make_table(dynamodb_local)))
    assert isinstance(sizes, ItemSizes)
    assert (sizes.scanned, sizes.max_bytes) == (0, None)


@pytest.mark.dynamodb_local
def test_a_string_with_half_a_character_is_measured(dynamodb_local: DynamoDBLocal) -> None:
    name = make_table(dynamodb_local, key_type="S")
    made = dynamodb_local.client()

    def break_it(params: dict[str, Any], **_: Any) -> None:
        params["body"] = params["body"].replace(b"HERE", b"\\ud83d")

    made.meta.events.register("before-call.dynamodb.PutItem", break_it)
    made.put_item(TableName=name, Item={"id": {"S": "a"}, "part": {"N": "1"}, "t": {"S": "HERE"}})
    aws = opened(dynamodb_local)
    sizes, _ = read(aws, tables.read(aws, name))
    assert isinstance(sizes, ItemSizes)
    assert sizes.sizes == ((3 + 6 + 4, 1),)  # id and a; part and 2 bytes for a number; t and 3 bytes


# ---------------------------------------------------------------------------------------------------------- what is asked


def test_reads_eventually_consistently_and_asks_what_it_cost(aws: Aws) -> None:
    requests = answer_with(
        aws.dynamodb,
        "dynamodb.Scan",
        lambda: answer(page("a", "b", last={"id": {"S": "b"}}, units=128.5)),
        lambda: answer(page("c")),
    )
    sizes, units = read(aws)
    assert isinstance(sizes, ItemSizes)
    assert (sizes.scanned, units) == (3, Decimal("129.0"))
    assert requests == [
        {"TableName": "orders", "ReturnConsumedCapacity": "TOTAL"},
        {"TableName": "orders", "ReturnConsumedCapacity": "TOTAL", "ExclusiveStartKey": {"id": {"S": "b"}}},
    ]


def test_an_empty_page_is_not_the_end(aws: Aws) -> None:
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page(last={"id": {"S": "b"}})), lambda: answer(page("c")))
    sizes, _ = read(aws)
    assert isinstance(sizes, ItemSizes)
    assert sizes.scanned == 1


def test_units_are_estimated_from_the_items_where_the_answer_is_silent(aws: Aws) -> None:
    silent = page("x" * 2_000, "y" * 2_000, "z" * 2_000, units=None)
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(silent))
    sizes, units = read(aws)
    assert isinstance(sizes, ItemSizes)
    assert sizes.read_units == units == 1  # 6,006 bytes are two times 4 KB, at half a unit


# --------------------------------------------------------------------------------------------------- what is never empty


@pytest.mark.parametrize(
    "body",
    [
        b'{"Items": [',
        b"<html></html>",
        {},
        {"Items": []},
        {"ScannedCount": 0},
        page() | {"Items": [{"id": {"N": "1"}}], "Count": 1, "ScannedCount": 1},
        page("a") | {"Count": 50, "ScannedCount": 50},
    ],
)
def test_a_page_that_cannot_be_read_is_no_empty_page(aws: Aws, body: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": "a"}})), lambda: answer(body))
    sizes, units = read(aws)
    assert sizes == Unknown(call="dynamodb:Scan", reason="unreadable answer")
    assert units == Decimal("0.5")


def test_a_broken_page_between_good_ones_is_asked_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    bodies: list[object] = [page("a", last={"id": {"S": "a"}}), b"{", b"", page("b")]
    requests = answer_with(aws.dynamodb, "dynamodb.Scan", *(lambda one=one: answer(one) for one in bodies))
    sizes, _ = read(aws)
    assert isinstance(sizes, ItemSizes)
    assert (sizes.scanned, len(requests)) == (2, 4)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", "AccessDeniedException"),
        ("ResourceNotFoundException", "gone during the audit"),
        ("ValidationException", "ValidationException"),
    ],
)
def test_an_error_mid_way_is_no_short_table(aws: Aws, code: str, reason: str) -> None:
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": "a"}}, units=128)), lambda: error(code))
    sizes, units = read(aws)
    assert sizes == Unknown(call="dynamodb:Scan", reason=reason)
    assert units == 128


@fault("the same LastEvaluatedKey comes twice", "the items are not checked: unreadable answer", by="event hook")
def test_a_key_that_comes_twice_ends_the_reading(aws: Aws) -> None:
    requests = answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": "a"}})))
    assert read(aws)[0] == Unknown(call="dynamodb:Scan", reason="unreadable answer")
    assert len(requests) == 2


@fault("the LastEvaluatedKeys of a scan go in a circle", "the items are not checked: unreadable answer", by="event hook")
@pytest.mark.parametrize(("before", "around"), [(0, 2), (0, 3), (1, 2), (5, 4), (9, 100)])
def test_keys_that_go_in_a_circle_end_the_reading(aws: Aws, before: int, around: int) -> None:
    def pages() -> Iterator[dict[str, Any]]:
        for number in itertools.count():
            yield page("a", last={"id": {"S": str(number if number < before else before + (number - before) % around)}})

    made = pages()
    requests = answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(next(made)))
    assert read(aws)[0] == Unknown(call="dynamodb:Scan", reason="unreadable answer")
    assert len(requests) <= 3 * (before + around) + 1


# ---------------------------------------------------------------------------------------------------------- what it costs


def test_a_page_costs_at_least_what_its_bytes_do(aws: Aws) -> None:
    """So that no cap is endless where an engine tells of too little."""
    pages = iter(range(100))
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": str(next(pages))}}, units=0)))
    plan = ItemsPlan(mode="full", budget_usd=Decimal(1), max_read_units=Decimal(5))
    sizes, units = read(aws, plan=plan)
    assert isinstance(sizes, Unknown)
    assert "the cap on read units was reached" in sizes.reason
    assert units == 5


def test_none_reads_nothing(aws: Aws) -> None:
    requests = answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a")))
    sizes, units = read(aws, plan=ItemsPlan(mode="none", budget_usd=Decimal(1)))
    assert sizes == Unknown(call="dynamodb:Scan", reason="not read: --scan none")
    assert units == 0
    assert not requests


def test_auto_reads_what_the_budget_pays_for(aws: Aws) -> None:
    answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a")))
    # 0.05 USD at 0.000000125 are 400,000 units: 800,000 times 4 KB
    fits, too_large = (a_table(size_bytes=800_000 * 4_096 + extra) for extra in (0, 1))
    assert coverage(read(aws, fits)[0]) == "full"
    assert coverage(read(aws, too_large)[0]) == "sample"
    dear = ItemsPlan(mode="auto", budget_usd=Decimal("0.05"), usd_per_read_unit=Decimal("0.00000025"))
    assert coverage(read(aws, fits, dear)[0]) == "sample"
    assert coverage(read(aws, too_large, ItemsPlan(mode="full", budget_usd=Decimal(0)))[0]) == "full"


def test_auto_keeps_its_budget_when_the_table_has_grown(aws: Aws) -> None:
    keys = iter(range(100))
    requests = answer_with(aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": str(next(keys))}}, units=100)))
    sizes, units = read(aws, a_table(size_bytes=0), ItemsPlan(mode="auto", budget_usd=Decimal("0.00005")))
    assert isinstance(sizes, Unknown)
    assert "more than the scan budget" in sizes.reason
    assert (units, len(requests)) == (Decimal(400), 4)


def test_a_table_with_a_ceiling_is_read_at_a_fifth_of_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    take = Rate.take

    def without_waiting(rate: Rate, units: Decimal) -> float:
        waited.append(take(rate, units))
        return 0.0

    monkeypatch.setattr(Rate, "take", without_waiting)
    requests = answer_with(
        aws.dynamodb, "dynamodb.Scan", lambda: answer(page("a", last={"id": {"S": "a"}}, units=10)), lambda: answer(page("c"))
    )
    table = a_table(
        size_bytes=819_200, item_count=100, billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=1)
    )
    sizes, _ = items.read(aws, table, AUTO, hash_key=b"key")
    assert isinstance(sizes, ItemSizes)
    # Two units a second: a page of two items of 8 KB; then ten units have to be waited for, and one such item is too much already
    assert [request["Limit"] for request in requests] == [2, 1]
    assert [seconds for seconds in waited if seconds] == [pytest.approx(5.0, abs=0.1)]


@pytest.mark.parametrize(
    ("units", "told"),
    [
        (18, "time"),  # 33 segments of 58
        (25, "a fifth of its free read capacity gives no more in ten minutes: partial, "),  # 24
    ],
)
def test_what_ends_a_sample_is_the_limit_that_it_has(aws: Aws, monkeypatch: pytest.MonkeyPatch, units: float, told: str) -> None:
    """Two units a second are 1,200 in ten minutes; the budget would pay for the whole table."""
    monkeypatch.setattr(Rate, "take", lambda _rate, _units: 0.0)
    before_send(
        aws.dynamodb,
        "dynamodb.Scan",
        lambda request, **_: answer(
            page("b", units=units) if b"ExclusiveStartKey" in request.body else page("a", last={"id": {"S": "a"}}, units=units)
        ),
    )
    table = a_table(
        size_bytes=100 * 1024**2, item_count=1_280, billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=1)
    )
    sizes, _ = items.read(aws, table, AUTO, hash_key=b"key")
    if isinstance(sizes, Unknown):
        assert sizes.reason.startswith(told)
    else:
        assert sizes.sample is not None
        assert (sizes.sample.stopped_by, len(sizes.sample.segments)) == (told, 33)


def test_an_engine_of_ones_own_is_read_at_full_speed() -> None:
    local = open_session(AwsOptions(region=REGION, endpoint_url="http://127.0.0.1:9"))
    requests = answer_with(local.dynamodb, "dynamodb.Scan", lambda: answer(page("a")))
    table = a_table(size_bytes=100 * 1024**2, billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=1))
    assert isinstance(read(local, table)[0], ItemSizes)
    assert "Limit" not in requests[0]


def test_a_table_that_is_being_made_is_not_read(aws: Aws) -> None:
    assert read(aws, a_table(status="CREATING"))[0] == Unknown(call="dynamodb:Scan", reason="the table is CREATING")


def test_stops_at_the_page_when_told_to(aws: Aws) -> None:
    stop = threading.Event()
    keys = iter(range(1_000_000))
    first = threading.Event()

    def send() -> Any:
        first.set()
        return answer(page("a", last={"id": {"S": str(next(keys))}}))

    answer_with(aws.dynamodb, "dynamodb.Scan", send)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(items.read, aws, TABLE, AUTO, hash_key=b"key", stop=stop)
        assert first.wait(10)
        stop.set()
        sizes, _ = future.result(timeout=10)
    assert isinstance(sizes, Unknown)
    assert sizes.reason.startswith("the audit was interrupted: partial, ")
