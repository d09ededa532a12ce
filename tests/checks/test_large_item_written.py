from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.large_item_written import large_item_written
from stj_audit.facts import Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, examined, no_data, some_items, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
UNREAD = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def judged(largest: str | None, *, written: int | None = 9_000, items: Any = UNREAD, **calls: int) -> Result:
    flow = no_data() if written is None else a_flow(write_units=Decimal(written))
    units = None if largest is None else Decimal(largest)
    return examined(
        large_item_written, traffic=some_traffic(flow, calls=calls), operations=Operations(largest_write_units=units), items=items
    )


def test_finds_a_large_write() -> None:
    result = judged("312", PutItem=9)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "a request took 312 write units in 30 days: an item of up to 312 KB"
    assert problem.evidence == {"largest_write_units": 312.0, "limit_kb": 400, "calls_of_several_items": None}
    assert problem.current == "312 write units for one request; an item may have up to 400 KB"


@pytest.mark.parametrize(("largest", "status"), [("299.5", Status.PASSED), ("300", Status.FOUND)])
def test_300_units_are_large(largest: str, status: Status) -> None:
    assert judged(largest).status is status


def test_says_what_the_largest_write_excludes() -> None:
    [good] = judged("12").goods
    assert good.message == "no request took more than 12 write units in 30 days: no item above 12 KB was written"


@pytest.mark.parametrize("operation", ["BatchWriteItem", "TransactWriteItems", "BatchExecuteStatement", "ExecuteTransaction"])
def test_batches_and_transactions_add_up(operation: str) -> None:
    result = judged("400", PutItem=9, **{operation: 1})
    assert result.severity is Severity.LOW
    assert result.problems[0].message == (
        f"a request took 400 write units in 30 days: an item of up to 400 KB; {operation} may have added up several items"
    )
    assert result.problems[0].evidence["calls_of_several_items"] == operation


def test_is_a_hint_only_where_items_were_not_read_in_full() -> None:
    full = judged("390", items=some_items())
    assert (full.status, full.reason) == (Status.NOT_APPLICABLE, "every item was read")
    assert judged("390", items=some_items(coverage="sample")).status is Status.FOUND


@pytest.mark.parametrize(
    ("written", "status"), [(None, Status.NOT_APPLICABLE), (299, Status.NOT_APPLICABLE), (300, Status.UNKNOWN)]
)
def test_a_few_units_hold_no_large_item(written: int | None, status: Status) -> None:
    result = judged(None, written=written)
    assert result.status is status
    assert (
        result.reason
        == {
            Status.NOT_APPLICABLE: "fewer than 300 write units in 30 days",
            Status.UNKNOWN: "no datapoint for the largest write",
        }[status]
    )


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(large_item_written, operations=DENIED).unknowns == (DENIED,)
    assert examined(large_item_written, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_batches_may_hold_small_items() -> None:
    assert "Wrong where batches or transactions" in large_item_written.why
