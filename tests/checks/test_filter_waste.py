from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.filter_waste import filter_waste
from stj_audit.facts import Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, examined, no_data, some_items, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
UNREAD = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
CALLS = {"Query": 2_000}


def judged(
    units: str = "11_000", returned: dict[str, int] | None = None, *, calls: dict[str, int] | None = None, **facts: Any
) -> Result:
    """Items of 1,000 bytes. 11,000 units are 90,112,000 bytes; 8,192,000 of them may be rounding."""
    traffic = some_traffic(a_flow(read_units=Decimal(units)), calls=CALLS if calls is None else calls)
    operations = Operations(returned_items={"Query": 10_000} if returned is None else returned)
    given: dict[str, Any] = {"traffic": traffic, "operations": operations} | facts
    return examined(filter_waste, **given)


def test_finds_queries_that_drop_most_of_what_they_read() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "queries read at least 8.2 times the bytes that they return: 78.1 MB for 10,000 items in 30 days"
    assert problem.evidence == {
        "read_bytes_at_least": 81_920_000,
        "returned_bytes": 10_000_000,
        "returned_items": 10_000,
        "queries": 2_000,
        "ratio_at_least": 8.19,
    }
    assert problem.current == "78.1 MB read, 9.5 MB returned"


@pytest.mark.parametrize(("returned", "found"), [(16_384, True), (16_385, False)])
def test_five_times_is_too_much(returned: int, found: bool) -> None:
    assert (judged(returned={"Query": returned}).status is Status.FOUND) is found


def test_passes_where_all_that_was_read_is_less() -> None:
    result = judged("10_000", {"Query": 16_385})
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["queries read at most 5 times the bytes that they return, in 30 days"]
    assert judged("10_000", {"Query": 16_384}).status is Status.NOT_APPLICABLE


def test_rounding_is_no_waste() -> None:
    # one small item a Query takes half a unit, 4,096 bytes: there is no filter
    result = judged("1_000", {"Query": 2_000}, items=some_items({200: 10}))
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "rounding and single reads may be all that was read besides what queries returned",
    )


@pytest.mark.parametrize(
    ("operation", "units"), [("GetItem", 1), ("BatchGetItem", 100), ("TransactGetItems", 200), ("ExecuteStatement", 0)]
)
def test_single_reads_are_taken_off_as_far_as_they_reach(operation: str, units: int) -> None:
    found = judged("20_000", calls={"Query": 2_000, operation: 30})
    assert found.problems[0].evidence["read_bytes_at_least"] == (20_000 - 30 * units) * 8_192 - 8_192_000
    large = judged("60_000", {"Query": 100}, calls={"Query": 2_000, operation: 30}, items=some_items({4_097: 10}))
    assert large.problems[0].evidence["read_bytes_at_least"] == (60_000 - 30 * 2 * units) * 8_192 - 8_192_000


def test_scans_read_and_return_too() -> None:
    result = judged(returned={"Query": 9_000, "Scan": 1_000}, calls={"Query": 2_000, "Scan": 10})
    assert result.problems[0].evidence["returned_items"] == 10_000
    assert result.problems[0].evidence["read_bytes_at_least"] == 81_920_000 - 10 * 4_096


def test_indexes_are_read_by_queries_too() -> None:
    indexes = {"by-status": a_flow(read_units=Decimal(6_000)), "by-day": no_data()}
    traffic = some_traffic(a_flow(read_units=Decimal(5_000)), indexes, calls=CALLS)
    assert judged(traffic=traffic).problems == judged().problems


@pytest.mark.parametrize(
    ("calls", "applies"),
    [
        ({"Query": 1_000}, True),
        ({"Query": 999}, False),
        ({"Query": 2_000, "GetItem": 500}, True),
        ({"Query": 2_000, "GetItem": 501}, False),
        ({"Query": 2_000, "BatchExecuteStatement": 501}, False),
        ({"Query": 2_000, "PutItem": 9_000}, True),
        ({}, False),
    ],
)
def test_is_judged_where_queries_are_four_in_five_reads(calls: dict[str, int], applies: bool) -> None:
    result = judged("90_000", calls=calls)
    assert (result.status is Status.FOUND) is applies
    if not applies:
        assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "its reads are not mostly Query, or too few of them")


def test_without_the_items_the_mean_is_that_of_the_table() -> None:
    table = a_table(item_count=1_000, size_bytes=500_000)
    assert judged(table=table, items=UNREAD).problems[0].evidence["returned_bytes"] == 5_000_000
    assert judged(table=table).problems[0].evidence["returned_bytes"] == 10_000_000
    empty = judged(table=table, items=some_items({}, coverage="sample"))
    assert empty.problems[0].evidence["returned_bytes"] == 5_000_000


@pytest.mark.parametrize("sizes", [{"item_count": 0}, {"size_bytes": 0}, {"item_count": None}, {"size_bytes": None}])
def test_without_any_mean_it_is_not_judged(sizes: dict[str, Any]) -> None:
    result = judged(table=a_table(**sizes), items=UNREAD)
    assert (result.status, result.reason) == (Status.UNKNOWN, "the mean size of an item is not known")


def test_no_datapoint_is_unknown_and_no_item_is_none_of_its_business() -> None:
    assert judged(returned={}).reason == "no datapoint for what queries returned"
    assert judged(returned={"Scan": 7}).status is Status.UNKNOWN
    nothing = judged(traffic=some_traffic(no_data(), calls=CALLS))
    assert (nothing.status, nothing.reason) == (Status.UNKNOWN, "no datapoint for read units")
    counting = judged(returned={"Query": 0})
    assert (counting.status, counting.reason) == (
        Status.NOT_APPLICABLE,
        "its queries returned no item: they count, or find nothing",
    )


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(filter_waste, operations=DENIED).unknowns == (DENIED,)
    assert examined(filter_waste, traffic=DENIED).unknowns == (DENIED,)


def test_tells_of_queries_that_only_count() -> None:
    assert "Select=COUNT" in filter_waste.why
