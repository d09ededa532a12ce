from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.time_ordered_partition_key import time_ordered_partition_key
from stj_audit.config import Scale
from stj_audit.facts import KeyShape, Table, Traffic, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, keys, some_items, some_keys, some_traffic

SECONDS = 30 * 86_400
SCALE = Scale(target_users=10_000, users_now=1_000, peak_factor=10)
NO_METRICS = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
EVENTS = a_table(key=("day", "id"))
SEEN = 'the partition key "day" of the table is a time in 100% of its values: 30 values in 1,000 entries'


def a_second(writes: str | None, index: str | None = None) -> Traffic:
    """So many write units in the mean second."""
    flow = a_flow(write_units=None if writes is None else Decimal(writes) * SECONDS)
    return some_traffic(flow if index is None else None, {} if index is None else {index: flow})


def judged(
    times: int = 1_000,
    *,
    rounded: int | None = None,
    distinct: int | None = 30,
    entries: int = 1_000,
    table: Table = EVENTS,
    traffic: Traffic | Unknown = NO_METRICS,
    scale: Scale = SCALE,
    **items: Any,
) -> Result:
    shape = KeyShape(attribute="day", values=entries, times=times, rounded=times if rounded is None else rounded)
    read = some_items(key_shapes=(shape,), keys=(some_keys(distinct, items=entries),), **items)
    return examined(time_ordered_partition_key, table, items=read, traffic=traffic, scale=scale)


def test_finds_a_day_as_partition_key() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == f"{SEEN}; what is written now goes to one value, and how much that is is not known"
    assert problem.current == SEEN
    assert (problem.index, problem.matters_from_users) == (None, None)
    assert problem.evidence == {
        "time_share": 1.0,
        "distinct_values": 30,
        "entries": 1_000,
        "peak_write_units_a_second": None,
        "max_users": None,
    }
    assert problem.fix == (
        'put an id first, and "day" into the sort key; where everything of one "day" is read together, add a shard suffix to it'
    )
    assert problem.migration.startswith("the key of a table cannot be changed")


@pytest.mark.parametrize(
    ("times", "status"),
    [(900, Status.FOUND), (899, Status.PASSED), (0, Status.PASSED)],
)
def test_nine_in_ten_are_a_time(times: int, status: Status) -> None:
    assert judged(times).status is status


@pytest.mark.parametrize(("times", "praised"), [(100, True), (101, False)])
def test_a_key_with_a_few_times_is_praised_and_one_with_more_left_alone(times: int, praised: bool) -> None:
    assert [good.message for good in judged(times).goods] == (["the partition key is not a time: the table"] if praised else [])


def test_the_number_of_users_at_which_one_value_is_full() -> None:
    # 2 writes a second x peak 10 = 20 of 1,000 units with 1,000 users: full with 50,000
    [problem] = judged(traffic=a_second("2")).problems
    assert problem.severity is None
    assert problem.matters_from_users == 50_000
    assert problem.evidence["max_users"] == 50_000
    assert problem.evidence["peak_write_units_a_second"] == 20
    assert problem.message == f"{SEEN}; what is written now goes to one value, which is full at about 50,000 users"


@pytest.mark.parametrize(("writes", "severity"), [("1", Severity.INFO), ("1.01", None), ("0", Severity.INFO)])
def test_a_low_rate_is_a_note(writes: str, severity: Severity | None) -> None:
    # 1 x 10 of 1,000 with 1,000 users: full with 100,000, ten times the target
    assert judged(traffic=a_second(writes)).problems[0].severity is severity


@pytest.mark.parametrize(
    ("traffic", "users_now", "said"),
    [
        (a_second("0"), 1_000, "nothing is written to it now"),
        (a_second(None), 1_000, "what is written now goes to one value, and how much that is is not known"),
        (a_second("100"), 1_000, "what is written at the peak goes to one value, and is more than the 1,000 units that it takes"),
        (a_second("99.99"), 1_000, "what is written now goes to one value, which is full at about 1,000 users"),
        (
            a_second("1"),
            None,
            "what is written now goes to one value, and how many users that carries is not known, because today's number of users is not",
        ),
        (
            some_traffic(covered_days=Decimal(0)),
            1_000,
            "what is written now goes to one value, and how much that is is not known",
        ),
    ],
)
def test_what_is_said_of_the_limit(traffic: Traffic, users_now: int | None, said: str) -> None:
    scale = Scale(target_users=10_000, users_now=users_now, peak_factor=10)
    [problem] = judged(traffic=traffic, scale=scale).problems
    assert problem.message == f"{SEEN}; {said}"
    assert (problem.matters_from_users is None) == ("which is full" not in said)


@pytest.mark.parametrize(
    ("distinct", "coverage", "status"),
    [
        (899, "full", Status.FOUND),
        (900, "full", Status.NOT_APPLICABLE),
        (899, "sample", Status.FOUND),
        (900, "sample", Status.UNKNOWN),
        (None, "full", Status.FOUND),
    ],
)
def test_a_time_that_every_item_has_for_itself_spreads(distinct: int | None, coverage: str, status: Status) -> None:
    result = judged(distinct=distinct, coverage=coverage)
    assert result.status is status
    reasons = {
        Status.NOT_APPLICABLE: "nearly every item has a moment of its own as partition key: the table",
        Status.UNKNOWN: "a sample does not show how many items share a moment in the table",
    }
    assert result.reason == reasons.get(status, "")


def test_without_a_sort_key_every_item_has_a_value_of_its_own() -> None:
    result = judged(distinct=None, table=a_table(key=("day",)))
    assert result.reason == "nearly every item has a moment of its own as partition key: the table"


@pytest.mark.parametrize(("rounded", "status"), [(900, Status.FOUND), (899, Status.UNKNOWN)])
def test_moments_of_more_values_than_are_counted_are_not_judged(rounded: int, status: Status) -> None:
    result = judged(rounded=rounded, distinct=None)
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.reason == "how many items share a moment in the table is not known: there are more values than are counted"
    else:
        assert "more than 1,024 values in 1,000 entries" in result.problems[0].message


def test_a_sample_is_called_so() -> None:
    assert "in 1,000 entries in a sample; " in judged(coverage="sample").problems[0].message


@pytest.mark.parametrize(("entries", "status"), [(100, Status.FOUND), (99, Status.NOT_APPLICABLE)])
def test_few_items_are_not_judged(entries: int, status: Status) -> None:
    result = judged(entries, entries=entries)
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "fewer than 100 items were read: too few to judge a key by"


def in_index(*times: int, entries: int = 1_000, traffic: Traffic | Unknown = NO_METRICS) -> Result:
    """Of a table whose own key is no time, and an index by one or two attributes."""
    names = ("day", "hour")[: len(times)]
    table = a_table(indexes=(an_index("by-day", key_schema=keys(*names, hashes=len(names))),))
    shapes = tuple(KeyShape(attribute=name, values=entries, times=one, rounded=one) for name, one in zip(names, times, strict=True))
    items = some_items(
        key_shapes=(KeyShape(attribute="id", values=1_000), *shapes),
        keys=(some_keys(1_000), some_keys(30, index="by-day", items=entries)),
    )
    return examined(time_ordered_partition_key, table, items=items, traffic=traffic, scale=SCALE)


def test_an_index_by_day_is_found_with_its_own_writes() -> None:
    result = in_index(1_000, traffic=a_second("2", "by-day"))
    [problem] = result.problems
    assert (problem.index, problem.matters_from_users) == ("by-day", 50_000)
    assert problem.message.startswith('the partition key "day" of index by-day is a time in 100% of its values: 30 values')
    assert problem.migration.startswith("add an index")
    assert [good.message for good in result.goods] == ["the partition key is not a time: the table"]
    assert in_index(1_000, traffic=a_second("2")).problems[0].matters_from_users is None


@pytest.mark.parametrize(("times", "status"), [((1_000, 950), Status.FOUND), ((1_000, 899), Status.PASSED)])
def test_a_key_of_several_attributes_is_a_time_when_all_of_them_are(times: tuple[int, int], status: Status) -> None:
    result = in_index(*times)
    assert result.status is status
    for problem in result.problems:
        assert problem.message.startswith('the partition key "day" with "hour" of index by-day is a time in 95% of its values')


def test_a_spread_attribute_beside_the_time_is_praised() -> None:
    [good] = in_index(1_000, 0).goods
    assert good.message == "the partition key is not a time: the table and index by-day"


def test_local_indexes_are_left_out() -> None:
    local = an_index("local", ("id", "day"), kind="LSI")
    items = some_items(key_shapes=(KeyShape(attribute="id", values=1_000),), keys=(some_keys(1_000),))
    result = examined(time_ordered_partition_key, a_table(key=("id", "sk"), indexes=(local,)), items=items)
    assert result.status is Status.PASSED


def test_what_was_not_counted_is_not_judged() -> None:
    assert examined(time_ordered_partition_key, items=some_items()).reason == "the key values of the table were not looked at"
    shaped = some_items(key_shapes=(KeyShape(attribute="id", values=1_000, times=1_000),))
    assert examined(time_ordered_partition_key, items=shaped).reason == "the key values of the table were not looked at"
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(time_ordered_partition_key, items=denied).unknowns == (denied,)


def test_values_without_their_shape_are_not_judged() -> None:
    result = examined(time_ordered_partition_key, EVENTS, items=some_items(keys=(some_keys(30),)))
    assert (result.status, result.reason) == (Status.UNKNOWN, "the key values of the table were not looked at")


@pytest.mark.parametrize("days", ["0.5", "1"])
def test_a_day_of_metrics_is_enough_to_tell_the_rate(days: str) -> None:
    traffic = some_traffic(a_flow(write_units=2 * 86_400 * Decimal(days)), covered_days=Decimal(days))
    assert judged(traffic=traffic).problems[0].matters_from_users == 50_000


@pytest.mark.parametrize(
    ("users_now", "users_max", "said"),
    [(1_047, 52_350, "52,000 users"), (7, 7, "7 users"), (70, 70, "70 users")],
)
def test_users_are_told_by_two_digits_and_rounded_down(users_now: int, users_max: int, said: str) -> None:
    scale = Scale(target_users=10_000, users_now=users_now, peak_factor=10)
    [problem] = judged(traffic=a_second("2" if users_now > 100 else "99.99"), scale=scale).problems
    assert problem.evidence["max_users"] == users_max
    assert problem.message.endswith(f"is full at about {said}")


def test_a_month_of_a_small_table_is_named_as_wrong() -> None:
    assert "one value for each month of a small\ntable serves well" in time_ordered_partition_key.why
