"""The few items that are chosen from all: the largest, and those whose large values are compressed."""

import zlib
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import heappush, heapreplace
from operator import attrgetter
from typing import Any, cast

import orjson

from stj_audit.entries import Item
from stj_audit.facts import Compressibility, LargestItem, Table
from stj_audit.items import limits
from stj_audit.items.key_bytes import ITEM_HASH_BYTES, binary, key_bytes, key_names
from stj_audit.sizing import AttributeValue, text_size

COMPRESSED_TYPES = frozenset("SBML")
COMPRESSION_LEVEL = 1  # the quickest of zlib and gzip, three times as fast as the default: what it saves, any other saves too
# JSON escapes take up to six bytes for one: a text that is longer than this is mostly of values that are not compressed, and is not kept
TEXT_TIMES = 8
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


_Values = tuple[tuple[str, int, int], ...]
"""Large attributes by name: the bytes of the value, as it is and compressed."""


class _Candidate:
    """An item that may be among the few. Its values wait, because most that are chosen are pushed out again."""

    __slots__ = ("_item", "_large", "_values", "rank", "value_bytes")

    def __init__(self, rank: int, large: Sequence[tuple[str, int]], item: Item | bytes, values: _Values | None = None) -> None:
        """`large`: by name, the bytes of the values. `item`: has those, or is JSON of one that has. `values`: where they are known."""
        self.rank = rank
        self.value_bytes = sum([value_bytes for _, value_bytes in large])
        self._large = large
        self._item = item
        self._values = values

    def values(self) -> _Values:
        """Compresses them, once."""
        if self._values is None:
            item = orjson.loads(self._item) if isinstance(self._item, bytes) else self._item
            self._values = tuple([(name, size, _compressed_bytes(item[name], size)) for name, size in sorted(self._large)])
            self._item = {}
        return self._values


class Compressed:
    """
    What gzip makes of the large values of a few items: of those that have any, the first by rank, up to COMPRESSED_ITEMS of them, and no
    further than the one that fills COMPRESSED_ITEMS_BYTES.

    The rank is a hash of the primary key: a fair sample, and the same one in any order of the items and in every run, because what goes
    before an item in a part of the table goes before it in the whole. Of n items about k (1 + ln(n / k)) are chosen, and k stay. So nothing
    is compressed before it is asked for; until then, the values are kept as they are.

    Every large item is ranked, so the hash must be cheap: the checksum that the partition key got anyway, carried on over the sort key,
    times a factor that spreads it over all bits (Knuth, "The Art of Computer Programming" 3, 6.4, multiplicative hashing). Keys that share a
    checksum, one pair in 2**32, are put in order by what their values compress to.
    """

    def __init__(self, table: Table) -> None:
        self._key_names = key_names(table)
        self._sort_key = tuple(key for key in table.key_schema if key.role == "RANGE")
        self._most, self._most_bytes = limits.COMPRESSED_ITEMS, limits.COMPRESSED_ITEMS_BYTES
        self._from_bytes = limits.COMPRESSED_FROM_BYTES
        self._kept: list[_Candidate] = []  # ascending
        self._bytes = 0
        self.last_rank = RANKS  # an item of a later one is not among the few

    def rank(self, item: Item, checksum: int) -> int:
        """`checksum` is that of the partition key."""
        if self._sort_key:
            checksum = zlib.crc32(key_bytes(self._sort_key, item), checksum)
        return (checksum * RANK_FACTOR + RANK_SUMMAND) % RANKS

    def may_take(self, rank: int) -> bool:
        """Whether an item of this rank can be among the few."""
        return rank <= self.last_rank

    def take(self, rank: int, item: Item, sizes: Mapping[str, int]) -> None:
        """`sizes`: the bytes of each attribute, with its name."""
        from_bytes = self._from_bytes
        large = [
            (name, size - text_size(name))
            for name, size in sizes.items()
            if size >= from_bytes and name not in self._key_names and not COMPRESSED_TYPES.isdisjoint(item[name])
        ]
        large = [(name, value_bytes) for name, value_bytes in large if value_bytes >= from_bytes]
        if large:
            self._push(_Candidate(rank, large, {name: item[name] for name, _ in large}))

    def take_text(self, rank: int, text: bytes, sizes: Mapping[str, int]) -> None:
        """As `take` of the JSON of an item. `sizes` has those attributes alone whose values are large, and of a type that is compressed."""
        large = [(name, size - text_size(name)) for name, size in sizes.items() if name not in self._key_names]
        if large:
            item: Item | bytes = text
            if len(text) > TEXT_TIMES * sum([value_bytes for _, value_bytes in large]):
                read = orjson.loads(text)
                item = {name: read[name] for name, _ in large}
            self._push(_Candidate(rank, large, item))

    def counts(self) -> tuple[tuple[int, _Values], ...]:
        return tuple([(kept.rank, kept.values()) for kept in self._kept])

    def add_counts(self, counts: Iterable[tuple[int, _Values]]) -> None:
        for rank, values in counts:
            self._push(_Candidate(rank, [(name, value_bytes) for name, value_bytes, _ in values], {}, values))

    def __getstate__(self) -> dict[str, Any]:
        self.counts()  # an item does not leave the process that read it
        return self.__dict__

    def facts(self, names: Collection[str]) -> tuple[Compressibility, ...]:
        """By name; only of attributes in `names`, because names made of data are not told one by one."""
        seen: dict[str, tuple[int, int, int]] = {}
        for kept in self._kept:
            for name, value_bytes, compressed_bytes in kept.values():
                count, before, after = seen.get(name, (0, 0, 0))
                seen[name] = (count + 1, before + value_bytes, after + compressed_bytes)
        return tuple(
            Compressibility(attribute=name, sampled=count, value_bytes=before, compressed_bytes=after)
            for name, (count, before, after) in sorted(seen.items())
            if name in names
        )

    def _push(self, candidate: _Candidate) -> None:
        kept = self._kept
        at = bisect_left(kept, candidate.rank, key=attrgetter("rank"))
        while at < len(kept) and kept[at].rank == candidate.rank and kept[at].values() < candidate.values():
            at += 1
        kept.insert(at, candidate)
        self._bytes += candidate.value_bytes
        while len(kept) > self._most or self._bytes - kept[-1].value_bytes >= self._most_bytes:
            self._bytes -= kept.pop().value_bytes
        if len(kept) == self._most or self._bytes >= self._most_bytes:
            self.last_rank = kept[-1].rank


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
