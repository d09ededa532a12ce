"""
What is counted of all items, each by a tally of its own: attributes, key values, index entries, the shapes of key values, and what TTL makes
of the items.
"""

import zlib
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b

from stj_audit.entries import Item, is_in_index, projected_attributes
from stj_audit.facts import AttributeSizes, Index, IndexEntries, KeyAttribute, KeyCardinality, KeyShape, Table, TimeToLiveValues
from stj_audit.items import limits
from stj_audit.items.columns import Column, Group
from stj_audit.items.counts import AttributeCounts, EntryCounts, KeyCounts
from stj_audit.items.key_bytes import VALUE_HASH_BYTES, key_bytes, keys_bytes, value_hash_key
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.items.shapes import ADDRESS, EMAIL, JOINED, PHONE, ROUNDED, SHAPES, TIME, by_shape, shape_of

# AWS developer guide, "Using time to live (TTL) in DynamoDB": a timestamp more than five years past is never deleted
TTL_OLDEST_SECONDS = 5 * 365 * 86_400
MILLISECONDS_FROM = 10**11  # as seconds it is the year 5138, as milliseconds 1973
OVERDUE_SECONDS = 7 * 86_400  # AWS promises "within a few days"


Counting = Callable[[], None]
"""Counts what was found in the items of a group. Of these it holds as little as it can: soon dropped, they stay within the caches."""


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


class Attributes:
    """
    Top-level attributes by name, MAX_ATTRIBUTES of them at the most; the rest are summed as one.

    Which names are counted one by one must not depend on the order of the items, or merged folds would differ: they are the first by
    rank, where key attributes come before others and short names before long ones (names made of data, such as ids, are long). A name
    that was pushed out never comes back, because the last rank only falls, so each name that is left has been counted from its start.
    """

    def __init__(self, first: frozenset[str]) -> None:
        self._first = first
        self._most = limits.MAX_ATTRIBUTES
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

    def counting(self, columns: Mapping[str, Column]) -> Counting:
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
        if name == OTHER_ATTRIBUTES or (len(self._ranks) == self._most and rank > self._ranks[-1]):
            return self.other
        if len(self._ranks) == self._most:
            _, _, last = self._ranks.pop()
            self.other.merge(self._by_name.pop(last))
        insort(self._ranks, rank)
        self._by_name[name] = attribute = _Attribute()
        return attribute


class Keys:
    """
    How often each partition key value occurs: one by one up to DISTINCT_LIMIT values, and always by hash into BUCKETS.

    The fullest bucket holds all items of the most frequent value and others besides: an upper bound.
    """

    def __init__(self, attributes: tuple[KeyAttribute, ...], hash_key: bytes) -> None:
        self._attributes = attributes
        self._key = value_hash_key(hash_key)
        self._items = 0
        self._bucket_count = limits.BUCKETS
        self._buckets = [0] * self._bucket_count
        self._distinct_limit = limits.DISTINCT_LIMIT
        self._values: Counter[bytes] | None = Counter()

    def add(self, item: Item) -> int:
        """Count the item's value; gives its checksum."""
        value = key_bytes(self._attributes, item)
        checksum = zlib.crc32(value)
        self._items += 1
        self._buckets[checksum % self._bucket_count] += 1
        self._add_value(value, 1)
        return checksum

    def counting(self, group: Group) -> Counting:
        """For items that all have the attributes."""
        times = group.times(*(key.attribute for key in self._attributes))
        values = keys_bytes(self._attributes, times)
        checksums = list(map(zlib.crc32, values))
        return partial(self._add_values, values if self._values is not None else (), checksums, list(times.values()))

    def _add_values(self, values: Sequence[bytes], checksums: list[int], times: list[int]) -> None:
        """`values` are empty when they need not be told apart."""
        self._items += sum(times)
        buckets, bucket_count = self._buckets, self._bucket_count
        for checksum, occurring in zip(checksums, times, strict=True):
            buckets[checksum % bucket_count] += occurring
        for value, occurring in zip(values, times, strict=False):
            if self._values is None:
                break
            self._add_value(value, occurring)

    def checksum(self, item: Item) -> int:
        """That of the item's value, as `add` gives it."""
        return zlib.crc32(key_bytes(self._attributes, item))

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
            distinct_limit=self._distinct_limit,
            top_share=Decimal(max(counts)) / self._items if self._items else None,
        )

    def _add_value(self, value: bytes, times: int) -> None:
        if self._values is not None:
            self._values[blake2b(value, digest_size=VALUE_HASH_BYTES, key=self._key).digest()] += times
            self._forget_too_many()

    def _forget_too_many(self) -> None:
        if self._values is not None and len(self._values) > self._distinct_limit:
            self._values = None


class Entries:
    """The entries of one index: items that have every key attribute of it, in its type."""

    def __init__(self, index: Index, table: Table, hash_key: bytes) -> None:
        self.index = index
        self.keys = Keys(tuple(key for key in index.key_schema if key.role == "HASH"), hash_key)
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

    def counting(self, group: Group) -> Counting:
        """For items of which each key attribute of the index is in all of them in its type, or in none."""
        for key in self.index.key_schema:
            if key.attribute not in group.columns or key.type not in group.columns[key.attribute].kinds:
                return _count_nothing
        sizes = group.sizes if self._projected is None else group.sums(self._projected & group.columns.keys())
        return partial(self._add_entries, len(sizes), sum(sizes), max(sizes), self.keys.counting(group))

    def _add_entries(self, entries: int, total_bytes: int, max_bytes: int, count_keys: Counting) -> None:
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


def _count_nothing() -> None:
    """What counts items that an index does not hold."""


class Shapes:
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

    def counting(self, group: Group) -> Counting:
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


class Expiring:
    """How many items TTL deletes, will delete, or never sees: by the first of the kinds of `TimeToLiveValues` that holds."""

    def __init__(self, attribute: str, now: datetime) -> None:
        self._attribute = attribute
        self._now = now.timestamp()
        self._kinds: Counter[str] = Counter()

    def add(self, item: Item) -> None:
        value = item.get(self._attribute)
        self._kinds["missing" if value is None else self.kind(value["N"]) if "N" in value else "not_numbers"] += 1

    def counting(self, group: Group) -> Counting:
        column = group.columns.get(self._attribute)
        if column is None:
            kinds = {"missing": group.count}
        elif column.kinds == {"N"}:
            kinds = Counter(map(self.kind, column.contents or ()))
        else:
            kinds = {"not_numbers": group.count}
        return partial(self._kinds.update, kinds)

    def counts(self) -> dict[str, int]:
        return dict(self._kinds)

    def add_counts(self, counts: Mapping[str, int]) -> None:
        self._kinds.update(counts)

    def facts(self) -> TimeToLiveValues:
        return TimeToLiveValues(attribute=self._attribute, **self._kinds)

    def kind(self, digits: str) -> str:
        """Of a value that is a number, as DynamoDB JSON has it."""
        expires_at = float(digits)
        past = self._now - expires_at
        if past < 0:
            return "milliseconds" if expires_at > MILLISECONDS_FROM else "later"
        if expires_at <= 0 or past > TTL_OLDEST_SECONDS:
            return "ignored"
        return "overdue" if past > OVERDUE_SECONDS else "due"
