"""
DynamoDB refuses an item above 400 KB, attribute names included. An item that is close to it breaks one day in production: the write that
makes it a little longer fails, again and again, and only for the user whose item it is.

In a table with local secondary indexes the 400 KB hold for the item plus its entries in all of them, so the room is smaller than the item
shows. Wrong when the items never grow again: a document that is written once at 360 KB stays where it is.
Source: AWS developer guide, "Quotas in Amazon DynamoDB" and "Local secondary indexes"; 350 KB is the line of AWS's own health inspection.

Fix: keep the large value in Amazon S3 and its object key in the item, or split the item into several under one partition key.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.config import SizeLines
from stj_audit.facts import MAX_ITEM_BYTES, ItemSizes, Table, Unknown
from stj_audit.items.told import about_over
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import KB, items_read, kilobytes, listed, percent, printable

NEAR_BYTES = 350 * KB  # 87.5 % of the limit: AWS's DynamoDB health inspection
CRITICAL_BYTES = 395 * KB  # 5 KB below the limit: one more paragraph of text


@check("Item near the 400 KB limit", Category.TABLE_STRUCTURE, Severity.HIGH, code="STR-01")
def item_near_limit(table: Table, items: ItemSizes, size_lines: SizeLines) -> Iterator[Said]:
    read = items_read(items.scanned, items.coverage)
    largest = items.max_bytes
    if largest is None:
        if items.coverage == "full":
            yield NotApplicable(reason="the table has no items")
        else:
            yield Unknown(call="dynamodb:Scan", reason="the sample holds no item")
        return
    local = [items.index_entries(index.name) for index in table.local_indexes]
    local_bytes = sum(entries.max_bytes for entries in local if entries is not None)
    if largest >= NEAR_BYTES:
        names = [index.name for index in table.local_indexes]
        shared = f"; the limit covers the item plus its entries in {listed(names)}" if names else ""
        widest = max(items.attributes, key=lambda attribute: attribute.max_bytes, default=None)
        yield Problem(
            message=f"the largest of {read} has {kilobytes(largest)}, {percent(largest / MAX_ITEM_BYTES)} of the 400 KB limit{shared}",
            fix="keep the large value in Amazon S3 and its object key in the item, or split the item into several",
            severity=Severity.CRITICAL if largest >= CRITICAL_BYTES else Severity.HIGH,
            evidence={
                "largest_bytes": largest,
                "limit_bytes": MAX_ITEM_BYTES,
                "items_at_or_above_350_kb": items.over(NEAR_BYTES - 1),
                "items_read": items.scanned,
                "coverage": items.coverage,
                "local_index_entries_bytes_at_most": local_bytes if names else None,
            },
            current=f"the largest item{'' if items.coverage == 'full' else ' of the sample'} has {kilobytes(largest)}"
            + (
                f"; the largest single attribute is {printable(widest.name)}, with up to {kilobytes(widest.max_bytes)}"
                if widest
                else ""
            ),
            benefit="no write fails because an item has grown too large; smaller items also cost fewer units",
            migration="write new items in the new form, read both forms, then rewrite the large items in the background",
            effort="days",
        )
    elif any(entries is None for entries in local):
        yield Unknown(
            call="dynamodb:Scan", reason="the entries of a local secondary index, which share the limit, were not measured"
        )
    elif local and largest + local_bytes >= NEAR_BYTES:
        # NOTE: the largest item need not have the largest entries; only their sum in one item would tell.
        yield Unknown(
            call="dynamodb:Scan",
            reason=f"the largest item has {kilobytes(largest)}, with its local index entries up to {kilobytes(largest + local_bytes)}",
        )
    elif items.coverage == "sample":
        expected = about_over(table, items, NEAR_BYTES - 1)
        bound = f": none of them has {kilobytes(NEAR_BYTES)}, and {expected}" if expected else ""
        yield Unknown(call="dynamodb:Scan", reason=f"the largest of {read} has {kilobytes(largest)}; others may be larger{bound}")
    elif largest <= size_lines.warn_bytes:
        # an item above the warn line is a finding of item-over-warn-line, and no strength
        yield Good(
            message=f"the largest of {read} has {kilobytes(largest)}, {percent(largest / MAX_ITEM_BYTES)} of the 400 KB limit"
        )
