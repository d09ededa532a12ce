"""
The request units of one call of a declared access pattern, by the sizes of the table and of the index that it reads or writes.

A write of an item that was there before (an UpdateItem, or a put that replaces) takes in each index, times the share of items in it:

    an attribute of the index key is set       key_change (1 when left out) x 2 writes of the entry, and otherwise as below
    an attribute that is projected is set      1 write of the entry; projection ALL: whatever is set
    nothing of the entry is set                0

Source: AWS developer guide, "Using Global Secondary Indexes in DynamoDB", write considerations. A sentence in place of units says why they
are not known.
"""

from decimal import ROUND_CEILING, Decimal
from math import ceil

from stj_audit.cost.units import TRANSACTION_FACTOR, Consistency, page_units, write_units
from stj_audit.design import COLLECTION_READS, Pattern
from stj_audit.facts import Projection

PAGE_BYTES = 2**20  # AWS API reference, Query and Scan: a page ends with the item that reaches 1 MB


def read_call(pattern: Pattern, items: Decimal, size_bytes: int) -> Decimal:
    """Read units of one call that reads `items`, of a table or an index whose items or entries have `size_bytes`."""
    consistency = _consistency(pattern)
    if pattern.op in COLLECTION_READS:
        return collection_units(_read_items(pattern, items), size_bytes, consistency)
    if pattern.op == "GetItem":  # what is not there takes a step too
        return items * page_units(size_bytes, consistency) + (1 - items) * page_units(0, consistency)
    return items * page_units(size_bytes, consistency)


def fetch_call(pattern: Pattern, items: Decimal, size_bytes: int) -> Decimal:
    """Read units of fetching from the table, one by one, the items that a call has found in an index."""
    return _read_items(pattern, items) * page_units(size_bytes, _consistency(pattern))


def _consistency(pattern: Pattern) -> Consistency:
    if pattern.op == "TransactGetItems":
        return Consistency.TRANSACTIONAL
    return Consistency.STRONG if pattern.consistent else Consistency.EVENTUAL


def _read_items(pattern: Pattern, items: Decimal) -> Decimal:
    return items if pattern.limit is None else min(items, Decimal(pattern.limit))


def collection_units(items: Decimal, size_bytes: int, consistency: Consistency = Consistency.EVENTUAL) -> Decimal:
    """Read units of a Query or Scan that reads `items` (a mean may be a fraction) of `size_bytes`: each page is rounded up once."""
    if not size_bytes:
        return page_units(0, consistency)
    items_a_page = -(-PAGE_BYTES // size_bytes)
    pages = items // items_a_page
    rest = (items - pages * items_a_page) * size_bytes
    full = pages * page_units(items_a_page * size_bytes, consistency)
    return full + page_units(rest.to_integral_value(ROUND_CEILING), consistency) if rest or not pages else full


def pages(items: Decimal, size_bytes: int) -> int:
    """How many pages of 1 MB a Query or Scan takes that reads `items` of `size_bytes`."""
    items_a_page = -(-PAGE_BYTES // max(size_bytes, 1))
    return max(1, ceil(items / items_a_page))


def table_write_call(pattern: Pattern, size_bytes: int, users: int) -> Decimal:
    """Write units of one call in the table."""
    factor = TRANSACTION_FACTOR if pattern.op == "TransactWriteItems" else 1
    return factor * Decimal(pattern.items_at(users)) * write_units(size_bytes)


def index_writes(
    pattern: Pattern, index: str, held: frozenset[str], key: tuple[str, ...], projection: Projection
) -> Decimal | None:
    """
    How often one written item writes its entry in an index, on average, when it has one.

    `held` are the attributes that an entry holds, `key` those of them that are the key of the index. None: it depends on `sets`, which is
    left out.
    """
    if not pattern.updates:
        return Decimal(1)  # a new entry, or the end of one
    changed = set(pattern.sets)
    if not changed and projection != "ALL":
        return None
    projected = projection == "ALL" or bool(changed & held)
    moved = Decimal(pattern.key_change.get(index, 1)) if changed & set(key) else Decimal(0)
    return 2 * moved + (1 - moved) * (1 if projected else 0)
