"""
Items to `ItemSizes` in one pass: the exact histogram of sizes, attributes, index entries, keys and what their values look like, what TTL
makes of the items, the largest items, and what gzip makes of the large values of a few.

A fold takes the same few megabytes for ten items and for ten billion. Folds of parts of a table (segments, files, processes) merge to
what one pass over the whole would have given, in any order and grouping. It keeps names, counts and hashes; no value of an item outlives
the page that brought it.
"""

# ruff: noqa: SLF001 - `merge` reads the private fields of another object of its own class

import marshal
import zlib
from base64 import b64decode, b64encode
from bisect import insort
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from heapq import heappush, heapreplace, nlargest
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, Literal, cast

import orjson

from stj_audit.entries import Item, is_in_index, projected_attributes
from stj_audit.facts import (
    AttributeSizes,
    Compressibility,
    Index,
    IndexEntries,
    ItemSizes,
    KeyAttribute,
    KeyCardinality,
    KeyShape,
    LargestItem,
    Table,
    TimeToLiveValues,
)
from stj_audit.items.collector import collector_paused
from stj_audit.items.columns import Column, Group, grouped
from stj_audit.items.counts import AttributeCounts, Counts, EntryCounts, KeyCounts
from stj_audit.items.shapes import ADDRESS, EMAIL, JOINED, PHONE, ROUNDED, SHAPES, TIME, by_shape, shape_of
from stj_audit.items.wire import BrokenLine, BrokenPage, Page, decode, page_of, parts_of
from stj_audit.sizing import AttributeValue, attribute_size, number_parts, text_size

MAX_ATTRIBUTES = 1_000  # names that are counted one by one: more are no schema but data in the names
OTHER_ATTRIBUTES = "(other attributes)"
DISTINCT_LIMIT = 1_024  # partition key values that are counted one by one
BUCKETS = 4_096  # partition key values beyond that are counted by hash
LARGEST = 10
ITEM_HASH_BYTES = 8
VALUE_HASH_BYTES = 16
MARSHAL_WITHOUT_REFERENCES = 2  # so that equal items have equal bytes
DERIVED_KEY_BYTES = 32
COMPRESSED_ITEMS = 64  # whose large values are compressed, to see what that would save
# Fewer of large items, about 5 of 50 KB: compressing is slow, and 64 of those would take longer than counting all items of 100 pages.
COMPRESSED_ITEMS_BYTES = 256 * 1024
COMPRESSED_FROM_BYTES = 1_024  # of smaller values there is nothing to gain: a write unit is 1 KB
COMPRESSED_TYPES = frozenset("SBML")
COMPRESSION_LEVEL = 1  # the quickest of zlib and gzip, three times as fast as the default: what it saves, any other saves too
RANKS = 2**64
# Fixed, so that every run looks at the same items, and what is measured of them in one month compares with the next. Any odd factor without
# structure does: this is 2**64 over the golden ratio.
RANK_FACTOR, RANK_SUMMAND = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03

# AWS developer guide, "Using time to live (TTL) in DynamoDB": a timestamp more than five years past is never deleted
TTL_OLDEST_SECONDS = 5 * 365 * 86_400
MILLISECONDS_FROM = 10**11  # as seconds it is the year 5138, as milliseconds 1973
OVERDUE_SECONDS = 7 * 86_400  # AWS promises "within a few days"


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
        self._shapes = _Shapes(table)
        self._expiring = None if expiry is None else _Expiring(expiry)
        self._items = 0
        self._item_bytes = 0
        self._sizes: Counter[int] = Counter()
        key_names = _key_names(table)
        schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
        self._binary_keys = frozenset(key.attribute for schema in schemas for key in schema if key.type == "B")
        self._kept = key_names if expiry is None else key_names | {expiry.attribute}
        self._attributes = _Attributes(first=key_names)
        self._keys = _Keys(tuple(key for key in table.key_schema if key.role == "HASH"), hash_key)
        self._indexes = tuple(_Entries(index, table, hash_key) for index in table.indexes)
        self._largest = _Largest()
        self._compressed = _Compressed(table)

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
                _binary(item[name]["B"])

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
        smallest = min(nlargest(LARGEST, group.sizes)) if self._largest.may_take(largest) else largest + 1
        compressed_from = COMPRESSED_FROM_BYTES if self._table.key_schema else largest + 1
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
        for key in _all_keys(self._table):
            if key.type == "B" and key.attribute in columns and columns[key.attribute].kinds == {"B"}:
                deque(map(_binary, columns[key.attribute].contents or ()), maxlen=0)
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
                self._largest.take(size, _key_hash(self._table, self._item_hash_key, item))

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
            self._largest.take(size, _key_hash(self._table, self._item_hash_key, item))
        return self._compressed.rank(item, checksum) if size >= COMPRESSED_FROM_BYTES and self._table.key_schema else None


_Counting = Callable[[], None]
"""Counts what was found in the items of a group. Of these it holds as little as it can: soon dropped, they stay within the caches."""

_RankedItem = tuple[int, Item, Mapping[str, int]]
"""The rank of an item that may be compressed, the item, and the bytes of its attributes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _MeasuredGroup:
    """Items that were looked at by columns: their sizes, all that counts them, and those of them that are still needed."""

    sizes: list[int]
    counting: list[_Counting]
    large: list[tuple[int, Item]]
    ranked: list[_RankedItem]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measured:
    """Items that can be counted: by columns, and one by one with the bytes of their attributes."""

    groups: list[_MeasuredGroup]
    rest: list[tuple[Item, dict[str, int]]]


class _Attribute:
    """The running numbers of one attribute."""

    __slots__ = ("max_bytes", "present", "total_bytes", "types")

    def __init__(self) -> None:
        self.present = 0
        self.total_bytes = 0
        self.max_bytes = 0
        self.types: set[str] = set()

    def merge(self, other: "_Attribute | AttributeCounts") -> None:
        self.present += other.present
        self.total_bytes += other.total_bytes
        self.max_bytes = max(self.max_bytes, other.max_bytes)
        self.types.update(other.types)

    def counts(self) -> AttributeCounts:
        return AttributeCounts(
            present=self.present, total_bytes=self.total_bytes, max_bytes=self.max_bytes, types=tuple(sorted(self.types))
        )

    def facts(self, name: str) -> AttributeSizes:
        return AttributeSizes(
            name=name, types=tuple(sorted(self.types)), present=self.present, total_bytes=self.total_bytes, max_bytes=self.max_bytes
        )


class _Attributes:
    """
    Top-level attributes by name, MAX_ATTRIBUTES of them at the most; the rest are summed as one.

    Which names are counted one by one must not depend on the order of the items, or merged folds would differ: they are the first by
    rank, where key attributes come before others and short names before long ones (names made of data, such as ids, are long). A name
    that was pushed out never comes back, because the last rank only falls, so each name that is left has been counted from its start.
    """

    def __init__(self, first: frozenset[str]) -> None:
        self._first = first
        self._by_name: dict[str, _Attribute] = {}
        self._ranks: list[tuple[bool, int, str]] = []
        self.other = _Attribute()

    def add(self, item: Item, sizes: Mapping[str, int]) -> None:
        for name, size in sizes.items():
            attribute = self._by_name.get(name) or self._admit(name)
            attribute.present += 1
            attribute.total_bytes += size
            attribute.max_bytes = max(attribute.max_bytes, size)
            (kind,) = item[name]
            if kind not in attribute.types:
                attribute.types.add(kind)

    def counting(self, columns: Mapping[str, Column]) -> _Counting:
        return partial(
            self._add_columns,
            [
                (name, len(column.sizes), sum(column.sizes), max(column.sizes), column.name_bytes, column.kinds)
                for name, column in columns.items()
            ],
        )

    def _add_columns(self, columns: Iterable[tuple[str, int, int, int, int, frozenset[str]]]) -> None:
        for name, present, total_bytes, max_bytes, name_bytes, kinds in columns:
            attribute = self._by_name.get(name) or self._admit(name)
            attribute.present += present
            attribute.total_bytes += total_bytes + present * name_bytes
            attribute.max_bytes = max(attribute.max_bytes, max_bytes + name_bytes)
            attribute.types |= kinds

    def counts(self) -> dict[str, AttributeCounts]:
        return {name: attribute.counts() for name, attribute in self._by_name.items()}

    def add_counts(self, by_name: Mapping[str, AttributeCounts], other: AttributeCounts) -> None:
        self.other.merge(other)
        for name, attribute in by_name.items():
            (self._by_name.get(name) or self._admit(name)).merge(attribute)

    def names(self) -> Collection[str]:
        """Those that are counted one by one."""
        return self._by_name.keys()

    def facts(self) -> tuple[AttributeSizes, ...]:
        """The heaviest first; the sum of the rest, if any, last."""
        named = [attribute.facts(name) for name, attribute in self._by_name.items()]
        named.sort(key=lambda one: (-one.total_bytes, one.name))
        return (*named, self.other.facts(OTHER_ATTRIBUTES)) if self.other.present else tuple(named)

    def _admit(self, name: str) -> _Attribute:
        """The record to count a new name in: its own, or the one of the rest."""
        rank = (name not in self._first, len(name), name)
        if name == OTHER_ATTRIBUTES or (len(self._ranks) == MAX_ATTRIBUTES and rank > self._ranks[-1]):
            return self.other
        if len(self._ranks) == MAX_ATTRIBUTES:
            _, _, last = self._ranks.pop()
            self.other.merge(self._by_name.pop(last))
        insort(self._ranks, rank)
        self._by_name[name] = attribute = _Attribute()
        return attribute


class _Keys:
    """
    How often each partition key value occurs: one by one up to DISTINCT_LIMIT values, and always by hash into BUCKETS.

    The fullest bucket holds all items of the most frequent value and others besides: an upper bound.
    """

    def __init__(self, attributes: tuple[KeyAttribute, ...], hash_key: bytes) -> None:
        self._attributes = attributes
        self._key = value_hash_key(hash_key)
        self._items = 0
        self._buckets = [0] * BUCKETS
        self._values: Counter[bytes] | None = Counter()

    def add(self, item: Item) -> int:
        """Count the item's value; gives its checksum."""
        value = _key_bytes(self._attributes, item)
        checksum = zlib.crc32(value)
        self._items += 1
        self._buckets[checksum % BUCKETS] += 1
        self._add_value(value, 1)
        return checksum

    def counting(self, group: Group) -> _Counting:
        """For items that all have the attributes."""
        times = group.times(*(key.attribute for key in self._attributes))
        values = _keys_bytes(self._attributes, times)
        checksums = list(map(zlib.crc32, values))
        return partial(self._add_values, values if self._values is not None else (), checksums, list(times.values()))

    def _add_values(self, values: Sequence[bytes], checksums: list[int], times: list[int]) -> None:
        """`values` are empty when they need not be told apart."""
        self._items += sum(times)
        buckets = self._buckets
        for checksum, occurring in zip(checksums, times, strict=True):
            buckets[checksum % BUCKETS] += occurring
        for value, occurring in zip(values, times, strict=False):
            if self._values is None:
                break
            self._add_value(value, occurring)

    def checksum(self, item: Item) -> int:
        """That of the item's value, as `add` gives it."""
        return zlib.crc32(_key_bytes(self._attributes, item))

    def counts(self) -> KeyCounts:
        return KeyCounts(
            items=self._items,
            buckets={bucket: items for bucket, items in enumerate(self._buckets) if items},
            values=None if self._values is None else {value.hex(): items for value, items in self._values.items()},
        )

    def add_counts(self, counts: KeyCounts) -> None:
        self._items += counts.items
        for bucket, items in counts.buckets.items():
            self._buckets[bucket] += items
        if self._values is None or counts.values is None:
            self._values = None
        else:
            self._values.update({bytes.fromhex(value): items for value, items in counts.values.items()})
            self._forget_too_many()

    def facts(self, index: str | None) -> KeyCardinality:
        counts = self._buckets if self._values is None else self._values.values()
        return KeyCardinality(
            index=index,
            items=self._items,
            distinct=None if self._values is None else len(self._values),
            distinct_limit=DISTINCT_LIMIT,
            top_share=Decimal(max(counts)) / self._items if self._items else None,
        )

    def _add_value(self, value: bytes, times: int) -> None:
        if self._values is not None:
            self._values[blake2b(value, digest_size=VALUE_HASH_BYTES, key=self._key).digest()] += times
            self._forget_too_many()

    def _forget_too_many(self) -> None:
        if self._values is not None and len(self._values) > DISTINCT_LIMIT:
            self._values = None


class _Entries:
    """The entries of one index: items that have every key attribute of it, in its type."""

    def __init__(self, index: Index, table: Table, hash_key: bytes) -> None:
        self.index = index
        self.keys = _Keys(tuple(key for key in index.key_schema if key.role == "HASH"), hash_key)
        self._projected = projected_attributes(index, table)
        self._entries = 0
        self._total_bytes = 0
        self._max_bytes = 0

    def add(self, item: Item, sizes: Mapping[str, int], item_bytes: int) -> None:
        if not is_in_index(self.index, item):
            return
        size = item_bytes if self._projected is None else sum([sizes[name] for name in self._projected if name in sizes])
        self._entries += 1
        self._total_bytes += size
        self._max_bytes = max(self._max_bytes, size)
        self.keys.add(item)

    def counting(self, group: Group) -> _Counting:
        """For items of which each key attribute of the index is in all of them in its type, or in none."""
        for key in self.index.key_schema:
            if key.attribute not in group.columns or key.type not in group.columns[key.attribute].kinds:
                return _count_nothing
        sizes = group.sizes if self._projected is None else group.sums(self._projected & group.columns.keys())
        return partial(self._add_entries, len(sizes), sum(sizes), max(sizes), self.keys.counting(group))

    def _add_entries(self, entries: int, total_bytes: int, max_bytes: int, count_keys: _Counting) -> None:
        self._entries += entries
        self._total_bytes += total_bytes
        self._max_bytes = max(self._max_bytes, max_bytes)
        count_keys()

    def counts(self) -> EntryCounts:
        return EntryCounts(entries=self._entries, total_bytes=self._total_bytes, max_bytes=self._max_bytes, keys=self.keys.counts())

    def add_counts(self, counts: EntryCounts) -> None:
        self._entries += counts.entries
        self._total_bytes += counts.total_bytes
        self._max_bytes = max(self._max_bytes, counts.max_bytes)
        self.keys.add_counts(counts.keys)

    def facts(self) -> IndexEntries:
        return IndexEntries(index=self.index.name, entries=self._entries, total_bytes=self._total_bytes, max_bytes=self._max_bytes)


class _Shapes:
    """How many values of each key attribute have which shape."""

    def __init__(self, table: Table) -> None:
        schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
        # an attribute has one type in all keys of a table
        types = {key.attribute: key.type for schema in schemas for key in schema}
        self._counts = [(name, kind, [0] * SHAPES) for name, kind in types.items()]

    def add(self, item: Item) -> None:
        for name, kind, counts in self._counts:
            if name in item and kind in item[name]:
                counts[0 if kind == "B" else shape_of(item[name][kind])] += 1

    def counting(self, group: Group) -> _Counting:
        found: list[tuple[list[int], int, int]] = []
        for name, kind, counts in self._counts:
            if name in group.columns and kind in group.columns[name].kinds:
                left = group.count
                if kind != "B":
                    times = group.times(name)
                    for shape, texts in by_shape(times).items():
                        items = len(texts) if len(times) == group.count else sum(map(times.__getitem__, texts))
                        found.append((counts, shape, items))
                        left -= items
                found.append((counts, 0, left))
        return partial(self._add_found, found)

    def _add_found(self, found: Iterable[tuple[list[int], int, int]]) -> None:
        for counts, shape, items in found:
            counts[shape] += items

    @property
    def attributes(self) -> int:
        return len(self._counts)

    def counts(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(counts) for _, _, counts in self._counts)

    def add_counts(self, counts: Iterable[Iterable[int]]) -> None:
        for (_, _, mine), theirs in zip(self._counts, counts, strict=True):
            for shape, times in enumerate(theirs):
                mine[shape] += times

    def facts(self) -> tuple[KeyShape, ...]:
        return tuple(_key_shape(name, counts) for name, _, counts in self._counts)


def _key_shape(attribute: str, counts: list[int]) -> KeyShape:
    def having(kind: int) -> int:
        return sum(times for shape, times in enumerate(counts) if shape & kind)

    return KeyShape(
        attribute=attribute,
        values=sum(counts),
        times=having(TIME),
        rounded=having(ROUNDED),
        emails=having(EMAIL),
        phones=having(PHONE),
        addresses=having(ADDRESS),
        personal=having(EMAIL | PHONE | ADDRESS),
        joined=having(JOINED),
    )


class _Expiring:
    """How many items TTL deletes, will delete, or never sees: by the first of the kinds of `TimeToLiveValues` that holds."""

    def __init__(self, expiry: Expiry) -> None:
        self._attribute = expiry.attribute
        self._now = expiry.now.timestamp()
        self._kinds: Counter[str] = Counter()

    def add(self, item: Item) -> None:
        value = item.get(self._attribute)
        self._kinds["missing" if value is None else self._kind(value["N"]) if "N" in value else "not_numbers"] += 1

    def counting(self, group: Group) -> _Counting:
        column = group.columns.get(self._attribute)
        if column is None:
            kinds = {"missing": group.count}
        elif column.kinds == {"N"}:
            kinds = Counter(map(self._kind, column.contents or ()))
        else:
            kinds = {"not_numbers": group.count}
        return partial(self._kinds.update, kinds)

    def counts(self) -> dict[str, int]:
        return dict(self._kinds)

    def add_counts(self, counts: Mapping[str, int]) -> None:
        self._kinds.update(counts)

    def facts(self) -> TimeToLiveValues:
        return TimeToLiveValues(attribute=self._attribute, **self._kinds)

    def _kind(self, digits: str) -> str:
        expires_at = float(digits)
        past = self._now - expires_at
        if past < 0:
            return "milliseconds" if expires_at > MILLISECONDS_FROM else "later"
        if expires_at <= 0 or past > TTL_OLDEST_SECONDS:
            return "ignored"
        return "overdue" if past > OVERDUE_SECONDS else "due"


class _Largest:
    """The LARGEST items by size; among equals, those whose key hash comes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []  # (size, minus the key hash as a number): the smallest is the first to go

    def may_take(self, size: int) -> bool:
        """Whether an item of this size can be among the largest: hashing the keys of all the others is saved."""
        return len(self._heap) < LARGEST or size >= self._heap[0][0]

    def take(self, size: int, key_hash: str) -> None:
        self._push((size, -int(key_hash, 16)))

    def counts(self) -> tuple[tuple[int, str], ...]:
        return tuple((size, f"{-negated:0{2 * ITEM_HASH_BYTES}x}") for size, negated in sorted(self._heap, reverse=True))

    def add_counts(self, counts: Iterable[tuple[int, str]]) -> None:
        for size, key_hash in counts:
            self.take(size, key_hash)

    def facts(self) -> tuple[LargestItem, ...]:
        return tuple(LargestItem(size_bytes=size, key_hash=key_hash) for size, key_hash in self.counts())

    def _push(self, entry: tuple[int, int]) -> None:
        if len(self._heap) < LARGEST:
            heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapreplace(self._heap, entry)


_Ranked = tuple[int, tuple[tuple[str, int, int], ...]]
"""The rank of an item, and its large attributes by name: the bytes of the value, as it is and compressed."""


class _Compressed:
    """
    What gzip makes of the large values of a few items: of those that have any, the first by rank, up to COMPRESSED_ITEMS of them, and no
    further than the one that fills COMPRESSED_ITEMS_BYTES.

    The rank is a hash of the primary key: a fair sample, and the same one in any order of the items and in every run, because what goes
    before an item in a part of the table goes before it in the whole. Of n items about k (1 + ln(n / k)) are compressed to keep k of them.

    Every large item is ranked, so the hash must be cheap: the checksum that the partition key got anyway, carried on over the sort key,
    times a factor that spreads it over all bits (Knuth, "The Art of Computer Programming" 3, 6.4, multiplicative hashing). Keys that share a
    checksum, one pair in 2**32, are put in order by what their values compress to.
    """

    def __init__(self, table: Table) -> None:
        self._key_names = _key_names(table)
        self._sort_key = tuple(key for key in table.key_schema if key.role == "RANGE")
        self._kept: list[_Ranked] = []  # ascending
        self._bytes = 0
        self._last_rank = RANKS

    def add(self, item: Item, sizes: Mapping[str, int], checksum: int) -> None:
        """`checksum` is that of the partition key."""
        rank = self.rank(item, checksum)
        if self.may_take(rank):
            self.take(rank, item, sizes)

    def rank(self, item: Item, checksum: int) -> int:
        """`checksum` is that of the partition key."""
        if self._sort_key:
            checksum = zlib.crc32(_key_bytes(self._sort_key, item), checksum)
        return (checksum * RANK_FACTOR + RANK_SUMMAND) % RANKS

    def may_take(self, rank: int) -> bool:
        """Whether an item of this rank can be among the few."""
        return rank <= self._last_rank

    def take(self, rank: int, item: Item, sizes: Mapping[str, int]) -> None:
        large = []
        for name, size in sizes.items():
            if size >= COMPRESSED_FROM_BYTES and name not in self._key_names:
                value_bytes = size - text_size(name)
                if value_bytes >= COMPRESSED_FROM_BYTES and not COMPRESSED_TYPES.isdisjoint(item[name]):
                    large.append((name, value_bytes, _compressed_bytes(item[name], value_bytes)))
        if large:
            self._push((rank, tuple(sorted(large))))

    def counts(self) -> tuple[_Ranked, ...]:
        return tuple(self._kept)

    def add_counts(self, counts: Iterable[_Ranked]) -> None:
        for entry in counts:
            self._push(entry)

    def facts(self, names: Collection[str]) -> tuple[Compressibility, ...]:
        """By name; only of attributes in `names`, because names made of data are not told one by one."""
        seen: dict[str, tuple[int, int, int]] = {}
        for _, values in self._kept:
            for name, value_bytes, compressed_bytes in values:
                count, before, after = seen.get(name, (0, 0, 0))
                seen[name] = (count + 1, before + value_bytes, after + compressed_bytes)
        return tuple(
            Compressibility(attribute=name, sampled=count, value_bytes=before, compressed_bytes=after)
            for name, (count, before, after) in sorted(seen.items())
            if name in names
        )

    def _push(self, entry: _Ranked) -> None:
        insort(self._kept, entry)
        self._bytes += _value_bytes(entry)
        while len(self._kept) > COMPRESSED_ITEMS or self._bytes - _value_bytes(self._kept[-1]) >= COMPRESSED_ITEMS_BYTES:
            self._bytes -= _value_bytes(self._kept.pop())
        if len(self._kept) == COMPRESSED_ITEMS or self._bytes >= COMPRESSED_ITEMS_BYTES:
            self._last_rank = self._kept[-1][0]


def _value_bytes(entry: _Ranked) -> int:
    return sum([value_bytes for _, value_bytes, _ in entry[1]])


def _compressed_bytes(value: AttributeValue, value_bytes: int) -> int:
    """What is left of a value of type S, B, M or L; `value_bytes` where that is no less, or it cannot be written down."""
    ((kind, content),) = value.items()
    try:
        if kind == "S":
            raw = content.encode("utf-8", "surrogatepass")
        elif kind == "B":
            raw = _binary(content)
        else:
            raw = orjson.dumps(content, default=_plain)
    except (ValueError, orjson.JSONEncodeError):  # no base64; half a surrogate pair, or nested deeper than DynamoDB allows
        return value_bytes
    return min(value_bytes, len(zlib.compress(raw, COMPRESSION_LEVEL)))


def _plain(content: object) -> object:
    """What JSON has no word for, as DynamoDB JSON writes it. Members of sets in one order: Python's own changes from run to run."""
    if isinstance(content, Mapping):
        return dict(content)
    if isinstance(content, set | frozenset):
        return sorted(member if isinstance(member, str) else b64encode(member).decode() for member in content)
    return b64encode(cast("bytes", content)).decode()


def _count_nothing() -> None:
    """What counts items that an index does not hold."""


def value_hash_key(hash_key: bytes) -> bytes:
    """The key that partition key values are hashed with (BLAKE2b): few values, such as PINs, could be found out from plain hashes."""
    return blake2b(hash_key, digest_size=DERIVED_KEY_BYTES, person=b"distinct values").digest()


def item_hash_key(hash_key: bytes) -> bytes:
    """The key that the keys of the largest items are hashed with (BLAKE2b)."""
    return blake2b(hash_key, digest_size=DERIVED_KEY_BYTES, person=b"largest items").digest()


def _item_of(line: bytes, *, wrapped: bool) -> Item:
    item = decode(line)
    if wrapped:
        if not isinstance(item, dict) or item.keys() != {"Item"}:
            raise ValueError('expected {"Item": {...}}')
        item = item["Item"]
    return cast("Item", item)


def _all_keys(table: Table) -> Iterable[KeyAttribute]:
    """The key attributes of the table and of its indexes, some of them more than once."""
    return chain(table.key_schema, *(index.key_schema for index in table.indexes))


def _key_names(table: Table) -> frozenset[str]:
    return frozenset(key.attribute for key in _all_keys(table))


def _key_hash(table: Table, key_of_hash: bytes, item: Item) -> str:
    """`key_of_hash` is what `item_hash_key` gives."""
    if table.key_schema:
        key = _key_bytes(table.key_schema, item)
    else:
        try:
            key = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # nested deeper than DynamoDB allows
            key = marshal.dumps(cast("Any", item), MARSHAL_WITHOUT_REFERENCES)
    return blake2b(key, key=key_of_hash, digest_size=ITEM_HASH_BYTES).hexdigest()


def _key_bytes(schema: tuple[KeyAttribute, ...], item: Item) -> bytes:
    """The values of a key as bytes: equal for equal values however they are written, different for different ones."""
    parts = [_content_bytes(key.type, item[key.attribute][key.type]) for key in schema]
    return parts[0] if len(parts) == 1 else b"".join(map(_with_length, parts))


def _keys_bytes(schema: tuple[KeyAttribute, ...], contents: Iterable[Any]) -> list[bytes]:
    """`_key_bytes` of many items: of what their values hold, in tuples when the key has several attributes."""
    if len(schema) > 1:
        kinds = [key.type for key in schema]
        return [b"".join(map(_with_length, map(_content_bytes, kinds, parts))) for parts in contents]
    (key,) = schema
    if key.type == "S":
        return list(map(str.encode, contents, repeat("utf-8"), repeat("surrogatepass")))
    return list(map(_content_bytes, repeat(key.type), contents))


def _content_bytes(kind: str, content: Any) -> bytes:
    if kind == "S":
        return cast("bytes", content.encode("utf-8", "surrogatepass"))
    return repr(number_parts(content)).encode() if kind == "N" else _binary(content)


def _with_length(part: bytes) -> bytes:
    return b"%d:%b" % (len(part), part)


def _binary(content: str | bytes | bytearray) -> bytes:
    return b64decode(content) if isinstance(content, str) else bytes(content)
