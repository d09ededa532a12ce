"""
Items with the same partition key value form a collection. When one collection holds a large part of a large table, reading it is slow (a
query reads 1 MB a page), moving or deleting it is a project, and, if the requests follow the items, one value carries a large part of the
load: it is held to 3,000 read and 1,000 write units a second.

What is measured: the share of the items that carry the most frequent partition key value. That is storage skew, and it is not traffic skew:
a large collection that is seldom asked for harms nobody. Only a table above 10 GB is judged, and only when every item was read, as the items
of one value lie together and a sample finds many of one or none. With more values than are counted one by one the share is an upper bound.

Wrong for an archive, or a log with one value for each large customer, that is written evenly and read by sort key.
Source: AWS's DynamoDB health inspection (a fifth of the items, 10 GB); AWS developer guide, "Best practices for designing and using partition
keys effectively".

Fix: first see whether the traffic follows; if it does, put a second attribute or a shard suffix into the partition key.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import ItemSizes, KeyCardinality, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, percent, printable, size

SKEWED_SHARE = Decimal("0.2")  # AWS's DynamoDB health inspection, as the next
LARGE_BYTES = 10 * 1024**3
EVEN_SHARE = Decimal("0.1")  # above it nothing is wrong, and nothing to praise


@check("One key value holds much of the table", Category.PRIMARY_KEY_DESIGN, Severity.LOW, code="KEY-02")
def skewed_collections(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    if not table.range_attributes:
        yield NotApplicable(reason="without a sort key each partition key value has one item")
        return
    read_whole = isinstance(items, ItemSizes) and items.coverage == "full"
    table_bytes = items.scanned_bytes if isinstance(items, ItemSizes) and read_whole else table.size_bytes
    if not table_bytes and not read_whole:
        yield Unknown(call="dynamodb:DescribeTable", reason="the size of the table is not stated yet")
    elif not table_bytes or table_bytes <= LARGE_BYTES:
        yield NotApplicable(
            reason=f"the table has {size(table_bytes or 0)}: up to {size(LARGE_BYTES)} a large collection is harmless"
        )
    elif isinstance(items, Unknown):
        yield items
    elif items.coverage == "sample":
        yield Unknown(call="dynamodb:Scan", reason="a sample does not show which part of the items one partition key value has")
    else:
        yield from _judged(table, table_bytes, items.key_cardinality(None))


def _judged(table: Table, table_bytes: int, values: KeyCardinality | None) -> Iterator[Said]:
    if values is None or values.top_share is None:
        yield Unknown(call="dynamodb:Scan", reason="the partition key values were not counted")
        return
    bound = "up to " if values.distinct is None else ""
    key = printable(table.hash_attributes[0])
    seen = f"the most frequent value of {key} has {bound}{percent(values.top_share)} of {counted(values.items, 'item')}"
    if values.top_share < SKEWED_SHARE:
        if values.top_share <= EVEN_SHARE:
            yield Good(message=f"no collection dominates a table of {size(table_bytes)}: {seen}")
        return
    yield Problem(
        message=f"{seen} in a table of {size(table_bytes)}: much data under one value, whether or not the traffic follows it",
        fix=f"see whether the traffic follows; if it does, add a second attribute or a shard suffix to {key}",
        evidence={
            "top_share": round(float(values.top_share), 4),
            "distinct_values": values.distinct,
            "items": values.items,
            "table_bytes": table_bytes,
        },
        current=seen,
        benefit="if the traffic follows the data, it spreads over partitions; in any case no single collection has to be read page by page",
        migration="none to look: Contributor Insights is billed by the event, so switch it off again, and shows key values in CloudWatch; a "
        "new key takes a new table: write to both, copy the items, switch the readers",
        effort="days",
        commands=(
            f"aws dynamodb update-contributor-insights {of_table(table)} "
            "--contributor-insights-action ENABLE --contributor-insights-mode ACCESSED_AND_THROTTLED_KEYS",
        ),
    )
