"""The few items that are chosen from all: the largest, and those whose large values are compressed."""

import zlib
from base64 import b64encode
from bisect import insort
from collections.abc import Collection, Iterable, Mapping
from heapq import heappush, heapreplace
from typing import cast

import orjson

from stj_audit.entries import Item
from stj_audit.facts import Compressibility, LargestItem, Table
from stj_audit.items import limits
from stj_audit.items.key_bytes import ITEM_HASH_BYTES, binary, key_bytes, key_names
from stj_audit.sizing import AttributeValue, text_size

COMPRESSED_TYPES = frozenset("SBML")
COMPRESSION_LEVEL = 1  # the quickest of zlib and gzip, three times as fast as the default: what it saves, any other saves too
RANKS = 2**64
# Fixed, so that every run looks at the same items, and what is measured of them in one month compares with the next. Any odd factor without
# structure does: this is 2**64 over the golden ratio.
RANK_FACTOR, RANK_SUMMAND = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03


class Largest:
    """The largest items by size, `limits.LARGEST` of them; among equals, those whose key hash comes first."""

    def __init__(self) -> None:
        self._most = limits.LARGEST
        self._heap: list[tuple[int, int]] = []  # (size, minus the key hash as a number): the smallest is the first to go

    def may_take(self, size: int) -> bool:
        """Whether an item of this size can be among the largest: hashing the keys of all the others is saved."""
        return len(self._heap) < self._most or size >= self._heap[0][0]

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
        if len(self._heap) < self._most:
            heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapreplace(self._heap, entry)


_Ranked = tuple[int, tuple[tuple[str, int, int], ...]]
"""The rank of an item, and its large attributes by name: the bytes of the value, as it is and compressed."""


class Compressed:
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
        self._key_names = key_names(table)
        self._sort_key = tuple(key for key in table.key_schema if key.role == "RANGE")
        self._most, self._most_bytes = limits.COMPRESSED_ITEMS, limits.COMPRESSED_ITEMS_BYTES
        self._from_bytes = limits.COMPRESSED_FROM_BYTES
        self._kept: list[_Ranked] = []  # ascending
        self._bytes = 0
        self.last_rank = RANKS  # an item of a later one is not among the few

    def add(self, item: Item, sizes: Mapping[str, int], checksum: int) -> None:
        """`checksum` is that of the partition key."""
        rank = self.rank(item, checksum)
        if self.may_take(rank):
            self.take(rank, item, sizes)

    def rank(self, item: Item, checksum: int) -> int:
        """`checksum` is that of the partition key."""
        if self._sort_key:
            checksum = zlib.crc32(key_bytes(self._sort_key, item), checksum)
        return (checksum * RANK_FACTOR + RANK_SUMMAND) % RANKS

    def may_take(self, rank: int) -> bool:
        """Whether an item of this rank can be among the few."""
        return rank <= self.last_rank

    def take(self, rank: int, item: Item, sizes: Mapping[str, int]) -> None:
        large = []
        from_bytes = self._from_bytes
        for name, size in sizes.items():
            if size >= from_bytes and name not in self._key_names:
                value_bytes = size - text_size(name)
                if value_bytes >= from_bytes and not COMPRESSED_TYPES.isdisjoint(item[name]):
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
        while len(self._kept) > self._most or self._bytes - _value_bytes(self._kept[-1]) >= self._most_bytes:
            self._bytes -= _value_bytes(self._kept.pop())
        if len(self._kept) == self._most or self._bytes >= self._most_bytes:
            self.last_rank = self._kept[-1][0]


def _value_bytes(entry: _Ranked) -> int:
    return sum([value_bytes for _, value_bytes, _ in entry[1]])


def _compressed_bytes(value: AttributeValue, value_bytes: int) -> int:
    """What is left of a value of type S, B, M or L; `value_bytes` where that is no less, or it cannot be written down."""
    ((kind, content),) = value.items()
    try:
        if kind == "S":
            raw = content.encode("utf-8", "surrogatepass")
        elif kind == "B":
            raw = binary(content)
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
