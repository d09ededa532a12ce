"""
In a table with local secondary indexes, all items with one partition key value and their entries in those indexes may have 10 GB together. At
the limit DynamoDB refuses each write that would make the collection larger, for that value only and until something is deleted. A table
without local indexes has no such limit, and a local index cannot be removed.

The size is an estimate: the share of the items that carry the most frequent value, of all bytes in table and local indexes, with 100 bytes
for each index entry. With more values than are counted one by one it is an upper bound. A table that is smaller as a whole needs no look at
its items; a sample of a larger one does not tell, as the items of one value lie together.

Wrong when the items of that value are much smaller or larger than the mean: the answer of a write with ReturnItemCollectionMetrics tells
more.
Source: AWS developer guide, "Local secondary indexes", item collection size limit and storage considerations; 8 GB is the line of AWS's
DynamoDB health inspection.

Fix: move to a table with global secondary indexes in place of the local ones, or spread the value over several by a suffix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import BILLED_OVERHEAD_BYTES, ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import listed, percent, printable, size

MAX_COLLECTION_BYTES = 10 * 1024**3  # AWS developer guide, "Quotas in Amazon DynamoDB": item collection size
NEAR_BYTES = 8 * 1024**3  # AWS's DynamoDB health inspection
FAR_BYTES = 5 * 1024**3  # half of the limit: above nothing is wrong, and nothing to praise


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """The largest item collection of a table: an estimate, or an upper bound where `distinct` is None."""

    size_bytes: Decimal
    top_share: Decimal
    distinct: int | None
    distinct_limit: int

    @property
    def about(self) -> str:
        return "at most" if self.distinct is None else "about"


@check("A local index collection is near 10 GB", Category.TABLE_STRUCTURE, Severity.HIGH, code="STR-13")
def local_index_collection_size(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    whole = bytes_with_local_entries(table, items)
    if isinstance(whole, Unknown | NotApplicable):
        yield whole
        return
    if whole < NEAR_BYTES:
        if whole <= FAR_BYTES:
            yield Good(
                message=f"the table has {size(whole)} with its local index entries: no collection is near the limit of 10 GB"
            )
        return
    found = largest_collection(items, whole)
    if isinstance(found, Unknown):
        yield found
        return
    key = printable(table.hash_attributes[0])
    seen = f"the largest collection, of one value of {key}, has {found.about} {size(found.size_bytes)} with its local index entries"
    if found.size_bytes < NEAR_BYTES:
        if found.size_bytes <= FAR_BYTES:
            yield Good(message=f"{seen}, of 10 GB at most")
        return
    yield Problem(
        message=f"{seen}, where 10 GB is the limit: an estimate, by its {percent(found.top_share)} of the items",
        fix=f"move to a table with global secondary indexes in place of {listed([index.name for index in table.local_indexes])}, "
        f"or spread the value of {key} over several by a suffix",
        evidence={
            "collection_bytes": int(found.size_bytes),
            "limit_bytes": MAX_COLLECTION_BYTES,
            "top_share": round(float(found.top_share), 4),
            "distinct_values": found.distinct,
            "bytes_with_local_entries": whole,
        },
        current=seen,
        benefit="no write is refused because of what other items of the same key take",
        migration="a local index can be neither removed nor added: create the new table, write to both, copy the items, switch the readers; "
        "queries that read a local index strongly consistent need another way",
        effort="days",
    )


def bytes_with_local_entries(table: Table, items: ItemSizes | Unknown) -> int | Unknown | NotApplicable:
    """What the table and its local indexes hold: of the items when all were read, else as DescribeTable states it."""
    if not table.local_indexes:
        return NotApplicable(reason="no local secondary index")
    if isinstance(items, ItemSizes) and items.coverage == "full":
        if not items.scanned:
            return NotApplicable(reason="the table is empty")
        held = [(one.entries, one.total_bytes) for index in table.local_indexes if (one := items.index_entries(index.name))]
        if len(held) < len(table.local_indexes):
            return Unknown(call="dynamodb:Scan", reason="the entries of a local secondary index were not measured")
        return items.scanned_bytes + sum(total + entries * BILLED_OVERHEAD_BYTES for entries, total in held)
    total_bytes = table.size_bytes or 0  # a stated 0 may only mean that the size was not taken yet
    for index in table.local_indexes:
        if not total_bytes or index.item_count is None or index.size_bytes is None or (index.item_count and not index.size_bytes):
            unstated = "is not stated yet" if table.defined_in is None else "is not known"
            return Unknown(call="dynamodb:DescribeTable", reason=f"the size of the table or of a local index {unstated}")
        total_bytes += index.size_bytes + index.item_count * BILLED_OVERHEAD_BYTES
    return total_bytes


def largest_collection(items: ItemSizes | Unknown, whole_bytes: int) -> Collection | Unknown:
    """The largest collection of a table that has `whole_bytes` with its local index entries."""
    if isinstance(items, Unknown):
        return items
    values = items.key_cardinality(None)
    if items.coverage == "sample":
        return Unknown(call="dynamodb:Scan", reason="a sample does not show which part of the items one partition key value has")
    if values is None or values.top_share is None:
        return Unknown(call="dynamodb:Scan", reason="the partition key values were not counted")
    return Collection(
        size_bytes=values.top_share * whole_bytes,
        top_share=values.top_share,
        distinct=values.distinct,
        distinct_limit=values.distinct_limit,
    )
