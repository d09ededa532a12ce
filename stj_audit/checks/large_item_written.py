"""
A write takes one unit for each KB of the item, so the most units that one request ever took tell how large the items are that are written:
without reading a single one. At 300 units an item may be above 300 KB, and DynamoDB refuses those above 400 KB.

It is a hint, for tables whose items were not all read. CloudWatch's Maximum is that of one request: a batch adds up its items and a
transaction takes twice the units, so that where there are such calls it is a low one. An item that nobody wrote in the window is not seen.

Wrong where batches or transactions write many small items, and for a large item that was deleted since.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (ConsumedWriteCapacityUnits, Maximum: by any individual request); "Quotas in
Amazon DynamoDB".

Fix: read the items in full to see which are large; then split them, or keep the large values in Amazon S3.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.facts import LARGE_WRITE_UNITS, ItemSizes, Operations, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, listed

SEVERAL_ITEMS = ("BatchWriteItem", "TransactWriteItems", "BatchExecuteStatement", "ExecuteTransaction")


@check("A large item was written", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-16")
def large_item_written(traffic: Traffic, operations: Operations, items: ItemSizes | Unknown) -> Iterator[Said]:
    if isinstance(items, ItemSizes) and items.coverage == "full":
        yield NotApplicable(reason="every item was read")
        return
    days = counted(traffic.covered_days, "day")
    written, largest = traffic.table.write_units, operations.largest_write_units
    if written is None or written < LARGE_WRITE_UNITS:
        yield NotApplicable(reason=f"fewer than {LARGE_WRITE_UNITS} write units in {days}")
        return
    if largest is None:
        yield Unknown(call="cloudwatch:GetMetricData", reason="no datapoint for the largest write")
        return
    if largest < LARGE_WRITE_UNITS:
        yield Good(
            message=f"no request took more than {count(largest)} write units in {days}: no item above {count(largest)} KB was written"
        )
        return
    several = [operation for operation in SEVERAL_ITEMS if traffic.calls.get(operation)]
    doubt = f"; {listed(several)} may have added up several items" if several else ""
    yield Problem(
        message=f"a request took {count(largest)} write units in {days}: an item of up to {count(largest)} KB{doubt}",
        fix="read the items in full to see which are large; then split them, or keep the large values in Amazon S3",
        severity=Severity.LOW if several else Severity.MEDIUM,
        evidence={
            "largest_write_units": float(largest),
            "limit_kb": 400,
            "calls_of_several_items": ", ".join(several) or None,
        },
        current=f"{count(largest)} write units for one request; an item may have up to 400 KB",
        benefit="no write fails because an item has grown too large; smaller items also take fewer units",
        migration="none to look: `stj-audit run --scan full` reads every item, for a price that it tells",
        effort="minutes",
    )
