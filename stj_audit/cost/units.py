"""
The request units that every DynamoDB operation takes, by the sizes of what it reads or writes.

Reads go in steps of 4 KB, writes in steps of 1 KB; each request, or each page or item of it, is rounded up to whole steps and takes one at
the least. A size is in bytes, as `sizing.item_size` gives it; None is an item that is not there.

    GetItem                                get_item_units          one item
    Query, Scan                            page_units              the page's bytes together, read before any filter or projection
    BatchGetItem                           batch_get_units         each item by itself
    TransactGetItems                       transact_get_units      each item by itself, twice
    PutItem, UpdateItem, DeleteItem        write_item_units        the larger of the item before and after
    BatchWriteItem                         batch_write_units       each item by itself
    TransactWriteItems                     transact_write_units    each item by itself, twice; condition_check_units for its checks
    a delete by TTL                        TTL_DELETE_UNITS        none
    what a write takes in an index         index_arm_units         by what becomes of the entry
    a write of an item, with all indexes   write_cost

Sources: AWS developer guide, "DynamoDB read and write operations", "Using Global Secondary Indexes in DynamoDB", "Amazon DynamoDB
Transactions: How it works". What they leave open was counted on AWS's own engine, DynamoDB Local. Where that engine and the service differ,
the service's rule stands here:

    case                                     DynamoDB Local           AWS, and here          source of AWS's rule
    a write, arm of an LSI                   entry + 100 bytes        entry                  not documented; the 100 bytes are for storage
    a write, arm of a GSI with two own key   the item before, as      nothing: it never      "Take advantage of sparse indexes"
      attributes: the item had only the        the index would          was in the index
      one, and then has only the other         project it
    TransactWriteItems, table                4 for each KB            2 for each KB          "Transactions: How it works"
    TransactWriteItems, indexes              4 for each KB            1 for each KB          measured: nubo-db/dynoxide
    TransactWriteItems, writes that take     all of them once         each                   "Transactions: How it works"
      the same in every arm
    TransactWriteItems, ConditionCheck       4 for each 4 KB          2 for each 4 KB        measured (2 for a small item, as write units):
                                                                                               paritysuite/dynamodb-conformance pull 67
    BatchWriteItem, delete of no item        2                        1                      measured: awslabs/amazon-dynamodb-tools issue 25
    BatchGetItem, no item                    0                        one step               the same
    Scan of an index                         whole items              entries                "Using Global Secondary Indexes", reading
    Query or Scan, empty page                0                        one step               measured: scylladb/scylladb,
                                                                                               test_returnconsumedcapacity.py

Not in here, because it cannot be known from sizes: a Scan is rounded up at each partition that it passes (the last source: one small item
in a new on-demand table takes 2 units, not half a one).
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum

from stj_audit.entries import Item, index_entry, same_item, same_value
from stj_audit.facts import Index, Table
from stj_audit.sizing import item_size

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
TRANSACTION_FACTOR = 2  # AWS: two reads or writes of every item, one to prepare and one to commit
TTL_DELETE_UNITS = Decimal(0)  # AWS: "Using time to live (TTL) in DynamoDB"; replicas of a global table do pay for theirs

Change = tuple[int | None, int | None]
"""The size of an item before and after a write; None: it was not, or is no longer, there."""


class Consistency(Enum):
    """How a read is done; the value is the units that a step of 4 KB takes."""

    EVENTUAL = Decimal("0.5")
    STRONG = Decimal(1)
    TRANSACTIONAL = Decimal(TRANSACTION_FACTOR)


EVENTUAL = Consistency.EVENTUAL.value


def read_units(size_bytes: Decimal | int, *, consistent: bool = False) -> Decimal:
    """Units that reading one item of `size_bytes` takes; one step at least, also for a missing item."""
    return page_units(size_bytes, Consistency.STRONG if consistent else Consistency.EVENTUAL)


def write_units(size_bytes: Decimal | int) -> Decimal:
    """Units that writing one item takes; for an update `size_bytes` is the larger of the item before and after."""
    return _steps(size_bytes, WRITE_UNIT_BYTES)


def get_item_units(size_bytes: int | None, consistency: Consistency = Consistency.EVENTUAL) -> Decimal:
    """GetItem: the whole item, whatever of it is asked for. A missing item takes one step."""
    return page_units(size_bytes or 0, consistency)


def page_units(page_bytes: Decimal | int, consistency: Consistency = Consistency.EVENTUAL) -> Decimal:
    """
    One page of a Query or Scan, of a table or an index: the items (or entries) that it read, `page_bytes` in all, rounded up once.

    Filters, projections and COUNT save nothing. A page ends with the item that crosses 1 MB. What a Query of an LSI fetches from
    the table, because the index lacks attributes, comes on top as `batch_get_units` of those items.
    """
    return _steps(page_bytes, READ_UNIT_BYTES) * consistency.value


def batch_get_units(sizes_bytes: Iterable[int | None], consistency: Consistency = Consistency.EVENTUAL) -> Decimal:
    """BatchGetItem: each item as by GetItem."""
    return sum((get_item_units(size, consistency) for size in sizes_bytes), Decimal(0))


def transact_get_units(sizes_bytes: Iterable[int | None]) -> Decimal:
    """TransactGetItems; also a TransactWriteItems that is repeated with the same client token, by the items after it."""
    return batch_get_units(sizes_bytes, Consistency.TRANSACTIONAL)


def write_item_units(old_bytes: int | None, new_bytes: int | None) -> Decimal:
    """
    PutItem, UpdateItem or DeleteItem, in the table: the larger of the item before and after.

    The delete of a missing item takes 1, a write that changes nothing takes all. One whose condition fails is a write from
    `old_bytes` to `old_bytes`.
    """
    return write_units(max(old_bytes or 0, new_bytes or 0))


def batch_write_units(changes: Iterable[Change]) -> Decimal:
    """BatchWriteItem, in the table: each item as by PutItem or DeleteItem."""
    return sum((write_item_units(old, new) for old, new in changes), Decimal(0))


def transact_write_units(changes: Iterable[Change]) -> Decimal:
    """TransactWriteItems, in the table: twice what the writes take by themselves. Their indexes take what they always do."""
    return TRANSACTION_FACTOR * batch_write_units(changes)


def condition_check_units(size_bytes: int | None) -> Decimal:
    """A ConditionCheck of TransactWriteItems, in write units. That its steps are 4 KB is DynamoDB Local's word only."""
    return get_item_units(size_bytes, Consistency.TRANSACTIONAL)


def index_arm_units(old_bytes: int | None, new_bytes: int | None, *, key_changed: bool, entry_changed: bool) -> Decimal:
    """
    What one write takes in one index, by its entry before and after; None: the item was, or is, not in the index.

    An entry whose key changes is removed and put anew. `key_changed` and `entry_changed` (the key, or any other attribute that is
    projected) matter only when the item was in the index and stays there.
    """
    if old_bytes is None and new_bytes is None:
        return Decimal(0)
    if old_bytes is None or new_bytes is None:
        return write_item_units(old_bytes, new_bytes)
    if key_changed:
        return write_units(old_bytes) + write_units(new_bytes)
    return write_item_units(old_bytes, new_bytes) if entry_changed else Decimal(0)


def write_cost(
    table: Table, old_item: Item | None, new_item: Item | None, *, transactional: bool = False
) -> dict[str | None, Decimal]:
    """
    What turning `old_item` into `new_item` takes: in the table (None), and in each index by its name, also where that is 0.

    Items are in DynamoDB JSON, None when the item was not, or is no longer, there. Raises ValueError for what is no such item, and
    for two items with different primary keys.
    """
    if old_item is not None and new_item is not None and not _same_key(old_item, new_item, table):
        raise ValueError("one write is of one item: the items before and after have different primary keys")
    change = _size(old_item), _size(new_item)
    arms: dict[str | None, Decimal] = {None: transact_write_units([change]) if transactional else write_item_units(*change)}
    for index in table.indexes:
        arms[index.name] = _arm(index, index_entry(index, table, old_item), index_entry(index, table, new_item))
    return arms


def _arm(index: Index, old_entry: Item | None, new_entry: Item | None) -> Decimal:
    key_changed = entry_changed = False
    if old_entry is not None and new_entry is not None:
        key_changed = not _same_key(old_entry, new_entry, index)
        entry_changed = not same_item(old_entry, new_entry)
    return index_arm_units(_size(old_entry), _size(new_entry), key_changed=key_changed, entry_changed=entry_changed)


def _steps(size_bytes: Decimal | int, step_bytes: int) -> Decimal:
    return Decimal(max(1, -(-int(size_bytes) // step_bytes)))


def _size(item: Item | None) -> int | None:
    return None if item is None else item_size(item)


def _same_key(one: Item, other: Item, keyed: Table | Index) -> bool:
    return all(same_value(one.get(key.attribute), other.get(key.attribute)) for key in keyed.key_schema)
