"""
Items to `ItemSizes` in one pass: the exact histogram of sizes, attributes, index entries, keys and what their values look like, what TTL
makes of the items, the largest items, and what gzip makes of the large values of a few.

A fold takes the same few megabytes for ten items and for ten billion. Folds of parts of a table (segments, files, processes) merge to
what one pass over the whole would have given, in any order and grouping. It keeps names, counts and hashes; no value of an item outlives
the page that brought it.
"""

# ruff: noqa: SLF001 - `merge` reads the private fields of another object of its own class

import hmac
import zlib
from base64 import b64decode, b64encode
from bisect import insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from heapq import heappush, heapreplace
from typing import Literal, cast

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
from stj_audit.items.shapes import ADDRESS, EMAIL, JOINED, PHONE, ROUNDED, SHAPES, TIME, shape_of
from stj_audit.sizing import AttributeValue, attribute_size, number_parts, text_size

MAX_ATTRIBUTES = 1_000  # names that are counted one by one: more are no schema but data in the names
OTHER_ATTRIBUTES = "(other attributes)"
DISTINCT_LIMIT = 1_024  # partition key values that are counted one by one
BUCKETS = 4_096  # partition key values beyond that are counted by hash
LARGEST = 10
KEY_HASH_DIGITS = 16
COMPRESSED_ITEMS = 64  # whose large values are compressed, to see what that would save
# Fewer of large items, about 20 of 50 KB: compressing is slow, and 64 of those would make the fold slower by a sixth.
COMPRESSED_ITEMS_BYTES = 1024 * 1024
COMPRESSED_FROM_BYTES = 1_024  # of smaller values there is nothing to gain: a write unit is 1 KB
COMPRESSED_TYPES = frozenset("SBML")
COMPRESSION_LEVEL = 6  # the default of zlib and gzip
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
    off, or not known).
    """

    def __init__(self, table: Table, *, hash_key: bytes, expiry: Expiry | None = None) -> None:
        self._table = table
        self._hash_key = hash_key
        self._expiry = expiry
        self._shapes = _Shapes(table)
        self._expiring = None if expiry is None else _Expiring(expiry)
        self._sizes: Counter[int] = Counter()
        self._attributes = _Attributes(first=_key_names(table))
        self._keys = _Keys(tuple(key for key in table.key_schema if key.role == "HASH"))
        self._indexes = tuple(_Entries(index, table) for index in table.indexes)
        self._largest = _Largest()
        self._compressed = _Compressed(table)

    def add(self, items: Iterable[Item]) -> None:
        """
        Count items in DynamoDB JSON, with B as base64 text or bytes.

        Raises ValueError for what is no such item, or lacks a key attribute of the table; what came before it stays counted.
        """
        for item in items:
            self._add(item)

    def merge(self, other: "ItemFold") -> None:
        """Add what `other` counted; it stays as it is. Raises ValueError when it is about another table or TTL, or hashes otherwise."""
        if other._table != self._table or other._hash_key != self._hash_key or other._expiry != self._expiry:
            raise ValueError("only folds of one table with one hash key and one TTL can be merged")
        self._sizes.update(other._sizes)
        self._attributes.merge(other._attributes)
        self._keys.merge(other._keys)
        for mine, theirs in zip(self._indexes, other._indexes, strict=True):
            mine.merge(theirs)
        self._largest.merge(other._largest)
        self._compressed.merge(other._compressed)
        self._shapes.merge(other._shapes)
        if self._expiring is not None and other._expiring is not None:
            self._expiring.merge(other._expiring)

    def sizes(self, *, coverage: Literal["full", "sample"], read_units: Decimal) -> ItemSizes:
        """What was counted. `read_units` is what reading it consumed; `coverage`, whether it was every item of the table."""
        return ItemSizes(
            coverage=coverage,
            sizes=tuple(sorted(self._sizes.items())),
            read_units=read_units,
            attributes=self._attributes.facts(),
            indexes=tuple(entries.facts() for entries in self._indexes),
            keys=(self._keys.facts(None), *(entries.keys.facts(entries.index.name) for entries in self._indexes)),
            largest=self._largest.facts(),
            compressibility=self._compressed.facts(self._attributes.names()),
            key_shapes=self._shapes.facts(),
            time_to_live_values=None if self._expiring is None else self._expiring.facts(),
        )

    def _add(self, item: Item) -> None:
        sizes = {name: attribute_size(name, value) for name, value in item.items()}
        size = sum(sizes.values())
        for key in self._table.key_schema:
            if key.type not in item.get(key.attribute, ()):
                raise ValueError(f"an item without the key attribute {key.attribute!r} of type {key.type}")
        self._sizes[size] += 1
        self._attributes.add(item, sizes)
        checksum = self._keys.add(item)
        for entries in self._indexes:
            entries.add(item, sizes, size)
        self._shapes.add(item)
        if self._expiring is not None:
            self._expiring.add(item)
        if size >= COMPRESSED_FROM_BYTES:
            self._compressed.add(item, sizes, checksum)
        if self._largest.may_take(size):
            self._largest.take(size, self._key_hash(item))

    def _key_hash(self, item: Item) -> str:
        return hmac.digest(self._hash_key, _key_bytes(self._table.key_schema, item), "sha256").hex()[:KEY_HASH_DIGITS]


class _Attribute:
    """The running numbers of one attribute."""

    __slots__ = ("max_bytes", "present", "total_bytes", "types")

    def __init__(self) -> None:
        self.present = 0
        self.total_bytes = 0
        self.max_bytes = 0
        self.types: set[str] = set()

    def merge(self, other: "_Attribute") -> None:
        self.present += other.present
        self.total_bytes += other.total_bytes
        self.max_bytes = max(self.max_bytes, other.max_bytes)
        self.types |= other.types

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
        self._other = _Attribute()

    def add(self, item: Item, sizes: Mapping[str, int]) -> None:
        for name, size in sizes.items():
            attribute = self._by_name.get(name) or self._admit(name)
            attribute.present += 1
            attribute.total_bytes += size
            attribute.max_bytes = max(attribute.max_bytes, size)
            (kind,) = item[name]
            if kind not in attribute.types:
                attribute.types.add(kind)

    def merge(self, other: "_Attributes") -> None:
        self._other.merge(other._other)
        for name, attribute in other._by_name.items():
            (self._by_name.get(name) or self._admit(name)).merge(attribute)

    def names(self) -> Collection[str]:
        """Those that are counted one by one."""
        return self._by_name.keys()

    def facts(self) -> tuple[AttributeSizes, ...]:
        """The heaviest first; the sum of the rest, if any, last."""
        named = [attribute.facts(name) for name, attribute in self._by_name.items()]
        named.sort(key=lambda one: (-one.total_bytes, one.name))
        return (*named, self._other.facts(OTHER_ATTRIBUTES)) if self._other.present else tuple(named)

    def _admit(self, name: str) -> _Attribute:
        """The record to count a new name in: its own, or the one of the rest."""
        rank = (name not in self._first, len(name), name)
        if name == OTHER_ATTRIBUTES or (len(self._ranks) == MAX_ATTRIBUTES and rank > self._ranks[-1]):
            return self._other
        if len(self._ranks) == MAX_ATTRIBUTES:
            _, _, last = self._ranks.pop()
            self._other.merge(self._by_name.pop(last))
        insort(self._ranks, rank)
        self._by_name[name] = attribute = _Attribute()
        return attribute


class _Keys:
    """
    How often each partition key value occurs: one by one up to DISTINCT_LIMIT values, and always by hash into BUCKETS.

    The fullest bucket holds all items of the most frequent value and others besides: an upper bound.
    """

    def __init__(self, attributes: tuple[KeyAttribute, ...]) -> None:
        self._attributes = attributes
        self._items = 0
        self._buckets = [0] * BUCKETS
        self._values: Counter[bytes] | None = Counter()

    def add(self, item: Item) -> int:
        """Count the item's value; gives its checksum."""
        value = _key_bytes(self._attributes, item)
        checksum = zlib.crc32(value)
        self._items += 1
        self._buckets[checksum % BUCKETS] += 1
        if self._values is not None:
            self._values[blake2b(value, digest_size=16).digest()] += 1
            self._forget_too_many()
        return checksum

    def merge(self, other: "_Keys") -> None:
        self._items += other._items
        self._buckets = [mine + theirs for mine, theirs in zip(self._buckets, other._buckets, strict=True)]
        if self._values is None or other._values is None:
            self._values = None
        else:
            self._values.update(other._values)
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

    def _forget_too_many(self) -> None:
        if self._values is not None and len(self._values) > DISTINCT_LIMIT:
            self._values = None


class _Entries:
    """The entries of one index: items that have every key attribute of it, in its type."""

    def __init__(self, index: Index, table: Table) -> None:
        self.index = index
        self.keys = _Keys(tuple(key for key in index.key_schema if key.role == "HASH"))
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

    def merge(self, other: "_Entries") -> None:
        self._entries += other._entries
        self._total_bytes += other._total_bytes
        self._max_bytes = max(self._max_bytes, other._max_bytes)
        self.keys.merge(other.keys)

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

    def merge(self, other: "_Shapes") -> None:
        for (_, _, mine), (_, _, theirs) in zip(self._counts, other._counts, strict=True):
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

    def merge(self, other: "_Expiring") -> None:
        self._kinds.update(other._kinds)

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

    def merge(self, other: "_Largest") -> None:
        for entry in other._heap:
            self._push(entry)

    def facts(self) -> tuple[LargestItem, ...]:
        return tuple(
            LargestItem(size_bytes=size, key_hash=f"{-negated:0{KEY_HASH_DIGITS}x}")
            for size, negated in sorted(self._heap, reverse=True)
        )

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
        if self._sort_key:
            checksum = zlib.crc32(_key_bytes(self._sort_key, item), checksum)
        rank = (checksum * RANK_FACTOR + RANK_SUMMAND) % RANKS
        if rank > self._last_rank:
            return
        large = []
        for name, size in sizes.items():
            if size >= COMPRESSED_FROM_BYTES and name not in self._key_names:
                value_bytes = size - text_size(name)
                if value_bytes >= COMPRESSED_FROM_BYTES and not COMPRESSED_TYPES.isdisjoint(item[name]):
                    large.append((name, value_bytes, _compressed_bytes(item[name], value_bytes)))
        if large:
            self._push((rank, tuple(sorted(large))))

    def merge(self, other: "_Compressed") -> None:
        for entry in other._kept:
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


def _key_names(table: Table) -> frozenset[str]:
    schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
    return frozenset(key.attribute for schema in schemas for key in schema)


def _key_bytes(schema: tuple[KeyAttribute, ...], item: Item) -> bytes:
    """The values of a key as bytes: equal for equal values however they are written, different for different ones."""
    parts = []
    for key in schema:
        content = item[key.attribute][key.type]
        if key.type == "S":
            part = content.encode("utf-8", "surrogatepass")
        elif key.type == "N":
            part = repr(number_parts(content)).encode()
        else:
            part = _binary(content)
        parts.append(part if len(schema) == 1 else b"%d:%b" % (len(part), part))
    return b"".join(parts)


def _binary(content: str | bytes | bytearray) -> bytes:
    return b64decode(content) if isinstance(content, str) else bytes(content)
