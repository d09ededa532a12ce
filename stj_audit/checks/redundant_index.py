"""
An index is redundant when another index has the same partition key, begins its sort key with the same attributes, and projects at least the
same attributes: every query of the first can be put to the second. It then costs storage and writes for nothing. The table itself counts as
such an index where the redundant one copies whole items.

Both must hold the same items. An index leaves out the items that lack one of its keys, so the longer key may be sparser on purpose; the
counts must agree to 1 %. Local secondary indexes can take the place of a global one, but cannot be removed from a table themselves.

Wrong when access policies give rights on the shorter index only, when its reads are kept apart from the other's capacity on purpose, or when
it is read for being narrow: a query is paid by the size of the entries it reads.
Source: AWS developer guide, "Global secondary indexes"; "General guidelines for secondary indexes": keep the number of indexes small.

Fix: send its queries to the index that covers it, then remove it.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import delete_index
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, MergeIndex, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, printable

SAME_COUNT_SHARE = Decimal("0.01")  # DescribeTable's counts are hours old and not taken at one moment

Cover = Table | Index


@check("An index repeats another", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-07")
def redundant_index(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    candidates = [index for index in table.global_indexes if index.status != "DELETING"]
    if not candidates:
        yield NotApplicable(reason="no global secondary index")
        return
    covers: list[Cover] = [table, *table.local_indexes, *(index for index in candidates if index.status != "CREATING")]
    repeated = 0
    for index in candidates:
        over = [cover for cover in covers if _stands_in(cover, index, table, covers)]
        repeated += bool(over)
        same = [(cover, _same_items(cover, index, items)) for cover in over]
        certain = [cover for cover, equal in same if equal]
        if certain:
            # an index that is itself redundant must not be named as the one to keep
            lasting = [cover for cover in certain if not any(_stands_in(other, cover, table, covers) for other in certain)]
            yield _problem(table, index, (lasting or certain)[0], items)
        elif any(equal is None for _, equal in same):
            yield Unknown(call="dynamodb:DescribeTable", reason=f"the item count of index {index.name} or of its like is not known")
        elif over:
            yield Good(message=f"index {index.name} does not repeat {_title(over[0])}: {_difference(over[0], index, items)}")
    if not repeated:
        number = counted(len(table.indexes), "index", "indexes")
        yield Good(message=f"no index repeats another or the table's own key ({number} looked at)")


def _stands_in(cover: Cover, index: Cover, table: Table, order: list[Cover]) -> bool:
    """Whether every query of `index` can be put to `cover`. Of two alike, the first in `order` stands in for the other."""
    if cover is index or isinstance(index, Table) or not _includes(cover, index, table):
        return False
    return not _includes(index, cover, table) or index not in order or order.index(cover) < order.index(index)


def _includes(cover: Cover, index: Cover, table: Table) -> bool:
    if set(cover.hash_attributes) != set(index.hash_attributes):
        return False
    if cover.range_attributes[: len(index.range_attributes)] != index.range_attributes:
        return False
    if isinstance(cover, Table):
        # a narrow copy of the table's own key is made on purpose: it is cheaper to query than whole items
        return isinstance(index, Table) or index.projection == "ALL"
    attributes = _projected(cover, table)
    wanted = _projected(index, table)
    return attributes is None or (wanted is not None and wanted <= attributes)


def _projected(cover: Cover, table: Table) -> frozenset[str] | None:
    """The attributes that can be read there; None: all of them."""
    if isinstance(cover, Table) or cover.projection == "ALL":
        return None
    keys = (*table.key_schema, *cover.key_schema)
    return frozenset(key.attribute for key in keys) | frozenset(cover.non_key_attributes)


def _same_items(cover: Cover, index: Index, items: ItemSizes | Unknown) -> bool | None:
    """Whether both hold the same items; None: not known. The key of the longer one contains the other's, so equal counts are enough."""
    if isinstance(cover, Table):
        return True
    ours, theirs = _count(index, items), _count(cover, items)
    # two empty indexes show nothing
    if ours is None or theirs is None or ours == theirs == 0:
        return None
    return abs(ours - theirs) <= SAME_COUNT_SHARE * max(ours, theirs)


def _count(index: Index, items: ItemSizes | Unknown) -> int | None:
    """The entries among the items read, else as DescribeTable states them; None: not stated, or a 0 that may not be up to date."""
    read = items.index_entries(index.name) if isinstance(items, ItemSizes) and items.scanned else None
    return read.entries if read is not None else index.item_count or None


def _is_sampled(index: Index, items: ItemSizes | Unknown) -> bool:
    """Whether the entries that are compared are those of a sample."""
    return isinstance(items, ItemSizes) and items.coverage == "sample" and items.index_entries(index.name) is not None


def _table_count(table: Table, index: Index, items: ItemSizes | Unknown) -> int | None:
    """The items of the table, or of the sample that the entries of the index were counted in."""
    return items.scanned if isinstance(items, ItemSizes) and _is_sampled(index, items) else table.item_count


def _difference(cover: Cover, index: Index, items: ItemSizes | Unknown) -> str:
    ours = _count(index, items)
    theirs = None if isinstance(cover, Table) else _count(cover, items)
    sample = " in a sample" if _is_sampled(index, items) else ""
    return f"{counted(ours or 0, 'entry', 'entries')} against {count(theirs or 0)}{sample}"


def _title(cover: Cover) -> str:
    return "the table itself" if isinstance(cover, Table) else f"index {cover.name}"


def _key(cover: Cover) -> str:
    return ", ".join(printable(key.attribute) for key in cover.key_schema)


def _problem(table: Table, index: Index, cover: Cover, items: ItemSizes | Unknown) -> Problem:
    target = "the table itself" if isinstance(cover, Table) else cover.name
    title = _title(cover)
    return Problem(
        message=f"repeats {title} ({_key(cover)}): same partition key, same beginning of the sort key, nothing projected that is "
        "missing there",
        fix=f"send the queries to {title}, then remove this index",
        evidence={
            "covered_by": target,
            "index_entries": _count(index, items),
            "covering_entries": _table_count(table, index, items) if isinstance(cover, Table) else _count(cover, items),
        },
        index=index.name,
        current=f"key ({_key(index)}), beside {title} with key ({_key(cover)})",
        benefit="its storage and its share of every write are saved",
        migration="switch the queries, watch its reads fall to zero, check that no access policy names it, then remove it; the table "
        "stays in use",
        effort="hours",
        commands=(delete_index(table, index.name),),
        change=MergeIndex(index=index.name, into=None if isinstance(cover, Table) else cover.name),
    )
