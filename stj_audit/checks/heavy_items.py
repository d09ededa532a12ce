"""
Capacity is billed by the size of the whole item, also for reading or changing one small attribute of it. When the items are heavy on
average, or the heaviest percent is, every access pays for bytes that it does not need.

Wrong for a pure archive, whose items are written once and read whole.
Source: AWS developer guide, "Best practices for storing large items and attributes"; the lines are those of AWS's health inspection.

Fix: move the heavy attributes into items of their own under the same partition key (vertical split), or compress them.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import ItemSizes, Unknown
from stj_audit.items.told import is_thin
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import KB, items_read, kilobytes, listed, percent, printable

HEAVY_MEAN_BYTES = 64 * KB  # AWS's DynamoDB health inspection, as the next
HEAVY_P99_BYTES = 100 * KB
LIGHT_SHARE = Decimal("0.5")  # of those lines: above it nothing is wrong, and nothing to praise
ATTRIBUTES_NAMED = 3  # enough to say where the bytes are


@check("Heavy items", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-03")
def heavy_items(items: ItemSizes) -> Iterator[Said]:
    read = items_read(items.scanned, items.coverage)
    mean, p99 = items.mean_bytes, items.percentile(99)
    if mean is None or p99 is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    sizes = f"{kilobytes(mean)} in the mean of {read}, and 99% have at most {kilobytes(p99)}"
    if mean < HEAVY_MEAN_BYTES and p99 < HEAVY_P99_BYTES:
        if mean <= LIGHT_SHARE * HEAVY_MEAN_BYTES and p99 <= LIGHT_SHARE * HEAVY_P99_BYTES:
            yield Good(message=f"the items are light: {sizes}")
        return
    biggest = sorted(items.attributes, key=lambda attribute: attribute.total_bytes, reverse=True)[:ATTRIBUTES_NAMED]
    where = [f"{printable(one.name)} ({percent(Decimal(one.total_bytes) / items.scanned_bytes)})" for one in biggest]
    yield Problem(
        message=f"the items are heavy: {sizes}" + (f"; most bytes are in {listed(where)}" if where else ""),
        fix="move the heavy attributes into items of their own under the same partition key, or compress them",
        severity=Severity.LOW if is_thin(items) else None,
        evidence={
            "mean_bytes": float(round(mean, 1)),
            "p99_bytes": p99,
            "items_read": items.scanned,
            "coverage": items.coverage,
            "biggest_attribute_bytes": biggest[0].total_bytes if biggest else None,
        },
        current=f"mean item {kilobytes(mean)}, 99th percentile {kilobytes(p99)}",
        benefit="small accesses pay for small items: a read is billed by 4 KB of the whole item, a write by 1 KB",
        migration="write the heavy attributes to new items, read them only where they are needed, then remove them from the old items",
        effort="days",
    )
