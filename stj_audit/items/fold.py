"""
Items to `ItemSizes` in one pass: the exact histogram of sizes, attributes, index entries, keys and what their values look like, what TTL
makes of the items, the largest items, and what gzip makes of the large values of a few.

A fold takes the same few megabytes for ten items and for ten billion. Folds of parts of a table (segments, files, processes) merge to
what one pass over the whole would have given, in any order and grouping. It keeps names, counts and hashes. No value of an item outlives
the page that brought it but the large ones of the few that are to be compressed, until its counts are asked for.
"""

# ruff: noqa: SLF001 - `merge` reads the private fields of another object of its own class

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from heapq import nlargest
from operator import itemgetter
from typing import Any, Literal, cast

from stj_audit.entries import Item
from stj_audit.facts import ItemSizes, Table
from stj_audit.items import limits
from stj_audit.items.chosen import Compressed, Largest
from stj_audit.items.collector import collector_paused
from stj_audit.items.columns import Column, Group, grouped
from stj_audit.items.counts import Counts
from stj_audit.items.key_bytes import all_keys, binary, item_hash_key, key_hash, key_names
from stj_audit.items.tallies import Attributes, Counting, Entries, Expiring, Keys, Shapes
from stj_audit.items.wire import BrokenLine, BrokenPage, Page, decode, page_of, parts_of
from stj_audit.sizing import attribute_size


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """The attribute that TTL watches, and the moment by which its values are judged."""

    attribute: str
    now: datetime


class ItemFold:
    """
    What `ItemSizes` says of the items added so far.

    `hash_key` keys the hashes of the largest items' primary keys; folds that are merged must share it, the table, and `expiry` (None: TTL is
    off, or not known). A table whose `key_schema` is empty is one whose key is not known, as of a file: its items are told apart by all that
    is in them, and neither key values nor compressibility are looked at.
    """

    def __init__(self, table: Table, *, hash_key: bytes, expiry: Expiry | None = None) -> None:
        self._table = table
        self._hash_key = hash_key
        self._item_hash_key = item_hash_key(hash_key)
        self._expiry = expiry
        self._shapes = Shapes(table)
        self._expiring = None if expiry is None else Expiring(expiry.attribute, expiry.now)
        self._items = 0
        self._item_bytes = 0
        self._sizes: Counter[int] = Counter()
        names = key_names(table)
        schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
        self._binary_keys = frozenset(key.attribute for schema in schemas for key in schema if key.type == "B")
        self._kept = names if expiry is None else names | {expiry.attribute}
        self._attributes = Attributes(first=names)
        self._keys = Keys(tuple(key for key in table.key_schema if key.role == "HASH"), hash_key)
        self._indexes = tuple(Entries(index, table, hash_key) for index in table.indexes)
        self._largest = Largest()
        self._compressed = Compressed(table)
        self._compressed_from = limits.COMPRESSED_FROM_BYTES

    def add(self, items: Iterable[Item]) -> None:
        """
        Count items in DynamoDB JSON, with B as base64 text or bytes.

        Raises ValueError for what is no such item, or lacks a key attribute of the table; what came before it stays counted.
        """
        for item in items:
            self._add(item)

    def add_page(self, body: bytes) -> Page:
        """
        Count the items of a Scan answer, and give what else it says.

        Raises BrokenPage when it is no such answer: then nothing of it was counted, and it may be asked for again. Raises ValueError as
        `add` does for what is in it: then what came before stays counted, and the fold is of no more use.
        """
        before = self.item_bytes
        with collector_paused():
            page = self._add_answer(body)
        return replace(page, item_bytes=self.item_bytes - before)

    def add_lines(self, block: bytes, *, wrapped: bool) -> int:
        """
        Count the items of whole lines, each one item in DynamoDB JSON or empty, and give the number of lines.

        `wrapped`: each line is {"Item": item}, as in exports to S3. Raises BrokenLine for the first line that is no such item;
        the fold is then of no more use. All items of a block are in memory at once: a few megabytes are a good size.
        """
        lines = block.splitlines()
        with collector_paused():
            well_formed = self._add_well_formed(lines, wrapped=wrapped)
        if not well_formed:
            self._add_line_by_line(lines, wrapped=wrapped)
        return len(lines)

    @property
    def items(self) -> int:
        """How many items were counted."""
        return self._items

    @property
    def item_bytes(self) -> int:
        """The sum of their sizes."""
        return self._item_bytes

    def over(self, threshold_bytes: int) -> int:
        """How many of them are larger than `threshold_bytes`."""
        return sum([count for size, count in self._sizes.items() if size > threshold_bytes])

    def counts(self) -> Counts:
        """What was counted, to be added to another fold."""
        return Counts(
            sizes=dict(self._sizes),
            attributes=self._attributes.counts(),
            other=self._attributes.other.counts(),
            keys=self._keys.counts(),
            indexes=tuple(entries.counts() for entries in self._indexes),
            largest=self._largest.counts(),
            compressed=self._compressed.counts(),
            shapes=self._shapes.counts(),
            time_to_live=None if self._expiring is None else self._expiring.counts(),
        )

    def add_counts(self, counts: Counts) -> None:
        """Add what a fold of other items counted. Raises ValueError when it was of a table with other indexes or keys, or of other TTL."""
        mine = (len(self._indexes), self._shapes.attributes, self._expiring is None)
        if mine != (len(counts.indexes), len(counts.shapes), counts.time_to_live is None):
            raise ValueError("only folds of one table with one TTL can be added up")
        self._sizes.update(counts.sizes)
        self._items += sum(counts.sizes.values())
        self._item_bytes += sum(size * times for size, times in counts.sizes.items())
        self._attributes.add_counts(counts.attributes, counts.other)
        self._keys.add_counts(counts.keys)
        for entries, theirs in zip(self._indexes, counts.indexes, strict=True):
            entries.add_counts(theirs)
        self._largest.add_counts(counts.largest)
        self._compressed.add_counts(counts.compressed)
        self._shapes.add_counts(counts.shapes)
        if self._expiring is not None and counts.time_to_live is not None:
            self._expiring.add_counts(counts.time_to_live)

    def merge(self, other: "ItemFold") -> None:
        """Add what `other` counted; it stays as it is. Raises ValueError when it is about another table or TTL, or hashes otherwise."""
        if other._table != self._table or other._hash_key != self._hash_key or other._expiry != self._expiry:
            raise ValueError("only folds of one table with one hash key and one TTL can be merged")
        self.add_counts(other.counts())

    def sizes(self, *, coverage: Literal["full", "sample"], read_units: Decimal) -> ItemSizes:
        """What was counted. `read_units` is what reading it consumed; `coverage`, whether it was every item of the table."""
        return ItemSizes(
            coverage=coverage,
            sizes=tuple(sorted(self._sizes.items())),
            read_units=read_units,
            attributes=self._attributes.facts(),
            indexes=tuple(entries.facts() for entries in self._indexes),
            keys=(
                *((self._keys.facts(None),) if self._table.key_schema else ()),
                *(entries.keys.facts(entries.index.name) for entries in self._indexes),
            ),
            largest=self._largest.facts(),
            compressibility=self._compressed.facts(self._attributes.names()),
            key_shapes=self._shapes.facts(),
            time_to_live_values=None if self._expiring is None else self._expiring.facts(),
        )

    def _add_answer(self, body: bytes) -> Page:
        page = self._add_parts(body)
        if page is not None:
            return page
        answer = decode(body)
        if not isinstance(answer, dict) or not isinstance(answer.get("Items"), list):
            raise BrokenPage("no answer to Scan")
        items = answer["Items"]
        page = page_of(answer, items=len(items), item_bytes=0)
        if not self._add_by_columns(items):
            self.add(items)
        return page

    def _add_parts(self, body: bytes) -> Page | None:
        """Count the items of a Scan answer, a part of them in memory at a time. None: nothing was counted, another way may do."""
        answer: dict[str, Any] = {}
        measured = []
        items = 0
        try:
            for part in parts_of(body):
                some = part.pop("Items")
                items += len(some)
                measured.append(self._measured(some))
                answer |= part
                del part, some  # before the next one is made
            if answer.get("Count") != items:
                return None
            page = page_of(answer, items=items, item_bytes=0)
        except ValueError:
            return None
        self._count_measured(measured)
        return page

    def _add_well_formed(self, lines: list[bytes], *, wrapped: bool) -> bool:
        """Count the items of all lines. False, with nothing counted, when any line is no item."""
        try:
            items = [_item_of(line, wrapped=wrapped) for line in lines if line.strip()]
        except ValueError:
            return False
        return self._add_by_columns(items)

    def _add_line_by_line(self, lines: list[bytes], *, wrapped: bool) -> None:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                self._add(_item_of(line, wrapped=wrapped))
            except ValueError as error:
                raise BrokenLine(number, str(error)) from None

    def _add_by_columns(self, items: Sequence[Item]) -> bool:
        """Count items that JSON brought. False when one of them is none: nothing is counted then, and `add` tells which it is."""
        try:
            measured = self._measured(items)
        except ValueError:
            return False
        self._count_measured([measured])
        return True

    def _measured(self, items: Sequence[Item]) -> "_Measured":
        """Items that JSON brought, measured and not yet counted. Raises ValueError when one is none: `add` tells which it is."""
        if not set(map(type, items)) <= {dict}:
            raise ValueError("not DynamoDB JSON")
        several, rest = grouped(items)
        groups = []
        for alike in several:
            group = Group(alike, self._kept)
            if self._is_plain(group.columns):
                groups.append(self._measured_group(group, alike))
            else:
                rest.extend(alike)
        measured = [(item, self._measured_item(item)) for item in rest]
        for item in rest:
            self._check_binary_keys(item)
        return _Measured(groups=groups, rest=measured)

    def _check_binary_keys(self, item: Item) -> None:
        """Of an item that was measured. Raises ValueError where a key is no base64: counting would find out too late, with others counted."""
        for name in self._binary_keys:
            if name in item and "B" in item[name]:
                binary(item[name]["B"])

    def _measured_group(self, group: Group, items: Sequence[Item]) -> "_MeasuredGroup":
        counting = [self._attributes.counting(group.columns), self._shapes.counting(group)]
        if self._table.key_schema:
            counting.append(self._keys.counting(group))
        counting += [entries.counting(group) for entries in self._indexes]
        if self._expiring is not None:
            counting.append(self._expiring.counting(group))
        large, ranked = self._candidates(group, items)
        return _MeasuredGroup(sizes=group.sizes, counting=counting, large=large, ranked=ranked)

    def _candidates(self, group: Group, items: Sequence[Item]) -> tuple[list[tuple[int, Item]], list["_RankedItem"]]:
        """Those items that may be among the largest, and among those that are compressed: all others can be dropped."""
        large: list[tuple[int, Item]] = []
        ranked: list[_RankedItem] = []
        largest = max(group.sizes)
        smallest = min(nlargest(limits.LARGEST, group.sizes)) if self._largest.may_take(largest) else largest + 1
        compressed_from = self._compressed_from if self._table.key_schema else largest + 1
        if largest < min(smallest, compressed_from):
            return large, ranked
        for place, (item, size) in enumerate(zip(items, group.sizes, strict=True)):
            if size >= compressed_from:
                rank = self._compressed.rank(item, self._keys.checksum(item))
                if self._compressed.may_take(rank):
                    ranked.append((rank, item, group.sizes_at(place)))
            if size >= smallest and self._largest.may_take(size):
                large.append((size, item))
        return large, ranked

    def _is_plain(self, columns: Mapping[str, Column]) -> bool:
        """
        Whether all items have the table's key, and what is looked at by its contents is in all of them in one type, or in none.

        Raises ValueError for a B in a key that is no base64.
        """
        for key in self._table.key_schema:
            if key.attribute not in columns or columns[key.attribute].kinds != {key.type}:
                return False
        if any(name in columns and columns[name].contents is None for name in self._kept):
            return False
        for key in all_keys(self._table):
            if key.type == "B" and key.attribute in columns and columns[key.attribute].kinds == {"B"}:
                deque(map(binary, columns[key.attribute].contents or ()), maxlen=0)
        return True

    def _count_measured(self, measured: Iterable["_Measured"]) -> None:
        ranked: list[_RankedItem] = []
        for part in measured:
            for group in part.groups:
                self._count_group(group)
                ranked += group.ranked
            for item, sizes in part.rest:
                rank = self._count(item, sizes)
                if rank is not None:
                    ranked.append((rank, item, sizes))
        # The first by rank first, so that fewer are compressed that others will push out
        for rank, item, sizes_of_item in sorted(ranked, key=itemgetter(0)):
            if self._compressed.may_take(rank):
                self._compressed.take(rank, item, sizes_of_item)

    def _count_group(self, group: "_MeasuredGroup") -> None:
        self._items += len(group.sizes)
        self._item_bytes += sum(group.sizes)
        self._sizes.update(group.sizes)
        for count in group.counting:
            count()
        for size, item in group.large:
            if self._largest.may_take(size):
                self._largest.take(size, self._hash_of(item))

    def _hash_of(self, item: Item) -> str:
        """That of an item which may be among the largest."""
        return key_hash(self._table, self._item_hash_key, item)

    def _add(self, item: Item) -> None:
        if not isinstance(item, dict):
            raise ValueError("not DynamoDB JSON: expected a mapping of attributes")  # noqa: TRY004 - as all that is no item
        sizes = self._measured_item(item)
        rank = self._count(item, sizes)
        if rank is not None and self._compressed.may_take(rank):
            self._compressed.take(rank, item, sizes)

    def _measured_item(self, item: Item) -> dict[str, int]:
        """The bytes of each attribute. Raises ValueError when it is no item, or has no key."""
        sizes = {name: attribute_size(name, value) for name, value in item.items()}
        for key in self._table.key_schema:
            if key.type not in item.get(key.attribute, ()):
                raise ValueError(f"an item without the key attribute {key.attribute!r} of type {key.type}")
        return sizes

    def _count(self, item: Item, sizes: Mapping[str, int]) -> int | None:
        """Count an item, all but how its values compress; gives its rank, if it has any that are large enough for that."""
        size = sum(sizes.values())
        self._items += 1
        self._item_bytes += size
        self._sizes[size] += 1
        self._attributes.add(item, sizes)
        checksum = self._keys.add(item) if self._table.key_schema else 0
        for entries in self._indexes:
            entries.add(item, sizes, size)
        self._shapes.add(item)
        if self._expiring is not None:
            self._expiring.add(item)
        if self._largest.may_take(size):
            self._largest.take(size, self._hash_of(item))
        return self._compressed.rank(item, checksum) if size >= self._compressed_from and self._table.key_schema else None


_RankedItem = tuple[int, Item, Mapping[str, int]]
"""The rank of an item that may be compressed, the item, and the bytes of its attributes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _MeasuredGroup:
    """Items that were looked at by columns: their sizes, all that counts them, and those of them that are still needed."""

    sizes: list[int]
    counting: list[Counting]
    large: list[tuple[int, Item]]
    ranked: list[_RankedItem]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measured:
    """Items that can be counted: by columns, and one by one with the bytes of their attributes."""

    groups: list[_MeasuredGroup]
    rest: list[tuple[Item, dict[str, int]]]


def _item_of(line: bytes, *, wrapped: bool) -> Item:
    item = decode(line)
    if wrapped:
        if not isinstance(item, dict) or item.keys() != {"Item"}:
            raise ValueError('expected {"Item": {...}}')
        item = item["Item"]
    return cast("Item", item)
