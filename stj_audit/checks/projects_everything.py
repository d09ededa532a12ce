"""
An index with projection ALL keeps a second copy of whole items. Every write that changes any attribute is then paid a second time, by the
size of the whole item, even when the queries of the index need two small attributes of it.

The copy is measured: the bytes that the index holds of the items read, or else IndexSizeBytes, against the table's. Above 80 % the index is
a second table. What its queries really read is not known, so the gain is an upper bound; where declared patterns say it, another check
prices exactly what they need. Where the items are smaller than 1 KB the projection is left alone: a write of a smaller entry is rounded up
to the same single unit.

Wrong when the queries do need whole items, and reads outnumber writes by far: for single items of S KB, by more than about 10 times S.
Source: AWS developer guide, "General guidelines for secondary indexes in DynamoDB"; "DynamoDB read and write operations".

Fix: note which attributes the queries over the index read; replace it by an index that includes only those, or only the keys.
"""

from collections.abc import Iterator
from decimal import Decimal
from math import ceil

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.units import WRITE_UNIT_BYTES, write_units
from stj_audit.cost.workload import attributes_read
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, NarrowIndex, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, percent, size

# index bytes for each table byte, above which the index is a second table; aws/tools-for-devops-agent, data health inspection, IX-04
COPY_SHARE = Decimal("0.8")
SPARSE_SHARE = Decimal("0.5")  # between it and COPY_SHARE an index is left alone, and not praised


@check("An index copies whole items", Category.GSI_PROJECTIONS, Severity.MEDIUM, code="PRJ-02")
def projects_everything(table: Table, items: ItemSizes | Unknown, bill: TableBill) -> Iterator[Said]:
    if not table.global_indexes:
        yield NotApplicable(reason="no global secondary index")
        return
    if isinstance(items, ItemSizes) and items.coverage == "full" and items.scanned == 0:
        yield NotApplicable(reason="the table is empty")
        return
    whole = [index for index in table.global_indexes if index.projection == "ALL"]
    if not whole:
        number = counted(len(table.global_indexes), "global secondary index", "global secondary indexes")
        yield Good(message=f"no index copies whole items ({number} looked at)")
    workload = bill.workload
    known = () if workload.provisioned else workload.indexes  # elsewhere only what is paid by the request is priced
    declared = {store.index for store in known if attributes_read(workload, store) is not None}
    if whole and all(index.name in declared for index in whole):
        yield NotApplicable(reason="the declared patterns say what is read over each index that copies whole items")
        return
    for index in (one for one in whole if one.name not in declared):
        sizes = _sizes(table, index, items) if table.defined_in is None else _declared_sizes(bill, index)
        yield from _judged(index, items, sizes, workload.table.note if table.defined_in is not None else "")


Sizes = tuple[int | None, int | None, int | None]
"""Bytes in the index, bytes in the table, items in the table."""


def _judged(index: Index, items: ItemSizes | Unknown, sizes: Sizes, why: str) -> Iterator[Said]:
    """`why` the sizes of a design would not be known; empty: it is no design."""
    index_bytes, table_bytes, number = sizes
    if index_bytes is None or not table_bytes or not number:
        if why:
            yield Unknown(call="dynamodb:DescribeTable", reason=why)
            return
        yield Unknown(
            call="dynamodb:DescribeTable",
            reason=f"the size of the table or of index {index.name} is not stated yet: run again later",
        )
        return
    share, mean_bytes = Decimal(index_bytes) / table_bytes, Decimal(table_bytes) / number
    if share <= COPY_SHARE:
        if share <= SPARSE_SHARE:
            yield Good(message=f"index {index.name} holds only {percent(share)} of the table's bytes")
        return
    if mean_bytes < WRITE_UNIT_BYTES:
        yield Good(
            message=f"index {index.name} costs one write unit for a write of the mean item ({size(mean_bytes)}), the least there is"
        )
        return
    units = write_units(ceil(mean_bytes))
    yield Problem(
        message=f"projection ALL copies {percent(share)} of the table's bytes: a write to a mean item ({size(mean_bytes)}) costs "
        f"{counted(units, 'write unit')} more",
        fix="note which attributes the queries over the index read, and project only those",
        evidence={
            "index_bytes": index_bytes,
            "table_bytes": table_bytes,
            "share": round(float(share), 4),
            "mean_item_bytes": round(float(mean_bytes), 1),
        },
        index=index.name,
        current=f"projection ALL: {_of_which(items)}{size(index_bytes)} in the index for {size(table_bytes)} in the table",
        benefit=f"up to all {counted(units, 'write unit')} for each write that changes nothing of what the queries need, and most of the "
        "index storage",
        migration="a projection cannot be changed: add an index with INCLUDE or KEYS_ONLY, switch the queries when it is ACTIVE, then "
        "remove the old one; the table stays in use",
        effort="hours",
        change=NarrowIndex(index=index.name),
    )


def _of_which(items: ItemSizes | Unknown) -> str:
    """What the sizes are of, where they are not those of the whole table."""
    if isinstance(items, Unknown) or items.coverage == "full":
        return ""
    return "of the items read " if items.sample is None else "about "


def _declared_sizes(bill: TableBill, index: Index) -> Sizes:
    """As declared, with as many users as are judged."""
    table, entries = bill.workload.table, bill.workload.store(index.name)
    number, of_index = table.count.at(bill.users), None if entries is None else entries.count.at(bill.users)
    if number is None or of_index is None or entries is None or table.mean_bytes is None or entries.mean_bytes is None:
        return None, None, None
    return round(of_index * entries.mean_bytes), round(number * table.mean_bytes), round(number)


def _sizes(table: Table, index: Index, items: ItemSizes | Unknown) -> Sizes:
    """
    Of the items read, else as DescribeTable states them. Of a sample, what it stands for.
    """
    read = items.index_entries(index.name) if isinstance(items, ItemSizes) and items.scanned else None
    if isinstance(items, ItemSizes) and read is not None and items.sample is not None and items.sample.segments:
        times = Decimal(items.sample.total_segments) / len(items.sample.segments)
        return round(read.total_bytes * times), round(items.scanned_bytes * times), round(items.scanned * times)
    if isinstance(items, ItemSizes) and read is not None:
        return read.total_bytes, items.scanned_bytes, items.scanned
    # a stated 0 may only mean that the size was not taken yet
    return index.size_bytes or None, table.size_bytes, table.item_count
