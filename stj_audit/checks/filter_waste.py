"""
A filter works after the items were read: what it throws away was paid for, and counted against the 1 MB that a Query may read. When queries
read five times what they give back, the part that filters belongs into a key.

What is compared: the read units of the table and its global indexes, at 8 KB each, with the items that Query and Scan gave back, at the mean
size of an item. Single reads are taken off as far as they can reach, and 4 KB for every Query and Scan, because each is rounded up to that:
the true waste is rather more. It is judged where at least 80 % of the calls that read are Query, and 1,000 of them.

Wrong for queries that only count (Select=COUNT), for strongly consistent ones, whose units hold 4 KB, and where a few queries read items
that are much larger than the mean.
Source: AWS developer guide, "Query operations in DynamoDB" (filter expressions); "DynamoDB Metrics and dimensions" (ReturnedItemCount).

Fix: move what the filter compares into the sort key, or into an index that holds only the items it would leave.
"""

from collections.abc import Iterator
from decimal import Decimal
from math import ceil

from stj_audit.checks import check
from stj_audit.facts import (
    ENOUGH_REQUESTS,
    MAX_ITEM_BYTES,
    MOSTLY_QUERY_SHARE,
    READING_OPERATIONS,
    ItemSizes,
    Operations,
    Table,
    Traffic,
    Unknown,
)
from stj_audit.items.estimates import Estimates
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, size

UNIT_BYTES = 8_192  # of an eventually consistent read
STEP_BYTES = 4_096  # each Query and Scan is rounded up to it: half a unit
WASTE_FROM = 5  # below it, rounding and the spread of sizes may tell a part
UNITS_AT_MOST = {"GetItem": 1, "BatchGetItem": 100, "TransactGetItems": 200}  # for each 4 KB: 100 items a call, transactions twice


@check("Queries read what a filter drops", Category.GSI_COVERAGE, Severity.LOW, code="COV-10")
def filter_waste(table: Table, traffic: Traffic, operations: Operations, items: ItemSizes | Unknown) -> Iterator[Said]:
    queries = traffic.calls.get("Query", 0)
    reads = sum(traffic.calls.get(operation, 0) for operation in READING_OPERATIONS)
    if queries < ENOUGH_REQUESTS or queries < reads * MOSTLY_QUERY_SHARE:
        yield NotApplicable(reason="its reads are not mostly Query, or too few of them")
        return
    consumed = [flow.read_units for flow in (traffic.table, *traffic.indexes.values()) if flow.read_units is not None]
    returned = sum(operations.returned_items.values())
    mean = _mean_bytes(table, items)
    least, most = _mean_range(table, items, mean)
    if not consumed or "Query" not in operations.returned_items:
        what = "what queries returned" if consumed else "read units"
        yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for {what}")
        return
    if mean is None:
        yield Unknown(call="dynamodb:DescribeTable", reason="the mean size of an item is not known")
        return
    if not returned:
        yield NotApplicable(reason="its queries returned no item: they count, or find nothing")
        return
    units, given = sum(consumed, Decimal(0)), returned * most
    others = sum(traffic.calls.get(operation, 0) * factor for operation, factor in UNITS_AT_MOST.items()) * ceil(most / STEP_BYTES)
    rounding = (queries + traffic.calls.get("Scan", 0)) * STEP_BYTES
    at_least = (units - others) * UNIT_BYTES - rounding
    days = counted(traffic.covered_days, "day")
    if at_least >= WASTE_FROM * given:
        yield _problem(at_least, given, returned, queries, days)
    elif units * UNIT_BYTES < WASTE_FROM * returned * least:
        yield Good(
            message=f"queries read at most {count(units * UNIT_BYTES / (returned * least))} times the bytes that they return, in {days}"
        )
    else:
        # What a filter drops within the 4 KB that a Query takes anyway costs nothing
        yield NotApplicable(reason="rounding and single reads may be all that was read besides what queries returned")


def _mean_bytes(table: Table, items: ItemSizes | Unknown) -> Decimal | None:
    if isinstance(items, ItemSizes) and items.mean_bytes is not None:
        return items.mean_bytes
    if not table.item_count or not table.size_bytes:
        return None
    return Decimal(table.size_bytes) / table.item_count


def _mean_range(table: Table, items: ItemSizes | Unknown, mean: Decimal | None) -> tuple[Decimal, Decimal]:
    """Between which sizes the mean of the table lies: of a sample, its interval, so that "at least" and "at most" stay true."""
    exact = mean or Decimal(0)
    if isinstance(items, Unknown) or items.mean_bytes is None:
        return exact, exact
    estimates = Estimates.of(items, sort_key=bool(table.range_attributes))
    found = None if estimates is None else estimates.mean_bytes
    if found is None:
        return exact, exact
    return Decimal(found.low), Decimal(min(found.high, MAX_ITEM_BYTES))


def _problem(at_least: Decimal, given: Decimal, returned: int, queries: int, days: str) -> Problem:
    ratio = at_least / given
    return Problem(
        message=f"queries read at least {count(ratio)} times the bytes that they return: {size(at_least)} for "
        f"{counted(returned, 'item')} in {days}",
        fix="move what the filter compares into the sort key, or into an index that holds only the items it would leave",
        evidence={
            "read_bytes_at_least": int(at_least),
            "returned_bytes": int(given),
            "returned_items": returned,
            "queries": queries,
            "ratio_at_least": round(float(ratio), 2),
        },
        current=f"{size(at_least)} read, {size(given)} returned",
        benefit="fewer read units, and fewer pages in a row",
        migration="look which queries have a filter; a new index is built while the table stays in use",
        effort="days",
    )
