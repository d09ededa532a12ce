"""
When the largest item is many times the usual one, something in it grows without bound (a list, a log, a nested map), or two kinds of data
share a table. The mean then tells neither what a request costs nor how close the largest item is to the limit.

Wrong when different kinds of items share the table by design (single-table design) and each kind has its own, bounded size.
Source: the lines are those of AWS's DynamoDB health inspection.

Fix: find what grows in the large items, and write it as items of its own.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.config import SizeLines
from stj_audit.facts import ItemSizes, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import KB, count, items_read, kilobytes, size

UNEVEN_FACTOR = 20  # AWS's DynamoDB health inspection, as the next
LARGE_BYTES = 16 * KB  # below it a large factor is harmless


@check("Uneven item sizes", Category.TABLE_STRUCTURE, Severity.LOW, code="STR-07")
def uneven_item_sizes(items: ItemSizes, size_lines: SizeLines) -> Iterator[Said]:
    read = items_read(items.scanned, items.coverage)
    largest, median = items.max_bytes, items.percentile(50)
    if largest is None or median is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    compared = f"the largest of {read} has {size(largest)}, the median {size(median)}"
    if largest >= LARGE_BYTES and largest >= UNEVEN_FACTOR * median:
        yield Problem(
            message=f"the largest of {read} has {size(largest)}, {count(largest // median)} times the median of {size(median)}",
            fix="find what grows in the large items, and write it as items of its own",
            evidence={
                "largest_bytes": largest,
                "median_bytes": median,
                "factor": round(largest / median, 1),
                "items_read": items.scanned,
                "coverage": items.coverage,
            },
            current=f"median item {size(median)}, largest item {kilobytes(largest)}",
            benefit="requests cost the same for every user, and no item grows towards the 400 KB limit",
            migration="write what grows as items with the same partition key, and move the old values in the background",
            effort="days",
        )
    elif items.coverage == "sample":
        yield Unknown(call="dynamodb:Scan", reason=f"{compared}; items that were not read may be larger")
    elif largest < UNEVEN_FACTOR * median and largest <= size_lines.warn_bytes:
        yield Good(message=f"item sizes are even: {compared}")
