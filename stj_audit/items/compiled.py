"""
`ItemFold`, compiled: the same counts from the bytes of Scan answers and of exports, many times faster.

Whatever the scanner does not take goes to `ItemFold` itself, so errors, and what is odd, are the same in both. The scanner works without
the GIL, so folds of several threads run at once; each fold is used by one thread at a time.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

import orjson

from stj_audit.entries import projected_attributes
from stj_audit.facts import ItemSizes, KeyAttribute, KeyRole, Table
from stj_audit.items import limits
from stj_audit.items._scanner import Scanner, Unsupported
from stj_audit.items.chosen import RANK_FACTOR, RANK_SUMMAND, Compressed
from stj_audit.items.counts import AttributeCounts, Counts, EntryCounts, KeyCounts
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.key_bytes import (
    ITEM_HASH_BYTES,
    VALUE_HASH_BYTES,
    item_hash_key,
    key_hash,
    key_names,
    value_hash_key,
)
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.items.shapes import shape_of
from stj_audit.items.tallies import MILLISECONDS_FROM, OVERDUE_SECONDS, TTL_OLDEST_SECONDS, Expiring
from stj_audit.items.wire import BrokenLine, Page, page_of

MAX_BODY_BYTES = 2**31 - 1  # the scanner's positions have 31 bits


class CompiledFold(ItemFold):
    """As `ItemFold`; what the scanner counted is added to it when it is asked for."""

    def __init__(self, table: Table, *, hash_key: bytes, expiry: Expiry | None = None) -> None:
        super().__init__(table, hash_key=hash_key, expiry=expiry)
        self._gathered = 0
        self._start()

    def add_page(self, body: bytes) -> Page:
        with self._lock:
            page = self._scanned_page(body)
            return super().add_page(body) if page is None else page

    def add_lines(self, block: bytes, *, wrapped: bool) -> int:
        scanner = self._scanner
        if scanner is None or len(block) > MAX_BODY_BYTES:
            return super().add_lines(block, wrapped=wrapped)
        passed = at = 0
        with self._lock:
            while at < len(block):
                at, lines, _, odd_end = scanner.lines(block, at, wrapped)
                passed += lines
                if odd_end:
                    try:
                        super().add_lines(block[at:odd_end], wrapped=wrapped)
                    except BrokenLine as error:
                        raise BrokenLine(passed + error.line, error.reason) from None
                    passed += 1
                    at = odd_end
        return passed

    @property
    def items(self) -> int:
        return super().items + (0 if self._scanner is None else self._scanner.items)

    @property
    def item_bytes(self) -> int:
        return super().item_bytes + (0 if self._scanner is None else self._scanner.item_bytes)

    @property
    def scanned_items(self) -> int:
        """How many of them the scanner counted itself."""
        return self._gathered + (0 if self._scanner is None else self._scanner.items)

    def over(self, threshold_bytes: int) -> int:
        return super().over(threshold_bytes) + (0 if self._scanner is None else self._scanner.over(threshold_bytes))

    def counts(self) -> Counts:
        self._gather()
        return super().counts()

    def sizes(self, *, coverage: Literal["full", "sample"], read_units: Decimal) -> ItemSizes:
        self._gather()
        return super().sizes(coverage=coverage, read_units=read_units)

    def __getstate__(self) -> dict[str, Any]:
        self._gather()
        return {name: value for name, value in self.__dict__.items() if name not in ("_scanner", "_lock")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def _start(self) -> None:
        self._lock = threading.RLock()
        aside = _Aside(self._table, self._hash_key, self._expiring, self._compressed)
        self._scanner = _scanner_of(self._table, self._hash_key, self._expiry, aside)

    def _scanned_page(self, body: bytes) -> Page | None:
        """None: the scanner does not take it, and nothing was counted."""
        scanner = self._scanner
        if scanner is None:
            return None
        read = scanner.read_page(body)
        if read is None:
            return None
        items, item_bytes, rest = read
        page = None
        try:
            page = page_of(orjson.loads(rest), items=items, item_bytes=item_bytes)
        except ValueError:  # as BrokenPage is: `ItemFold` says so
            return None
        finally:
            if page is None:  # after an interrupt too
                scanner.forget()
        scanner.count()
        return page

    def _gather(self) -> None:
        """Add what the scanner counted to what `ItemFold` did."""
        with self._lock:
            if self._scanner is not None and self._scanner.items:
                self.add_counts(_counts(self._scanner, expiring=self._expiry is not None))
                self._gathered += self._scanner.items
                self._scanner.reset()


class _Aside:
    """What the scanner asks for: all that is rare, or needs an item as an object."""

    def __init__(self, table: Table, hash_key: bytes, expiring: Expiring | None, compressed: Compressed) -> None:
        self._table = table
        self._item_hash_key = item_hash_key(hash_key)
        self._expiring = expiring
        self._compressed = compressed

    def shape_of(self, text: bytes) -> int:
        return shape_of(text.decode())

    def expiry_of(self, digits: bytes) -> str:
        if self._expiring is None:
            raise AssertionError("asked of no attribute but the one that TTL watches")
        return self._expiring.kind(digits.decode())

    def item_hash(self, item: bytes) -> int:
        """Of an item of a table whose key is not known."""
        return int(key_hash(self._table, self._item_hash_key, orjson.loads(item)), 16)

    def last_rank(self) -> int:
        return self._compressed.last_rank

    def compress(self, rank: int, item: bytes, sizes: dict[str, int]) -> None:
        if self._compressed.may_take(rank):
            self._compressed.take_text(rank, item, sizes)


def _scanner_of(table: Table, hash_key: bytes, expiry: Expiry | None, owner: _Aside) -> Scanner | None:
    """None: the table is one that only `ItemFold` folds."""
    schemas = [table.key_schema, *(index.key_schema for index in table.indexes)]
    attributes = list(dict.fromkeys((key.attribute, key.type) for schema in schemas for key in schema))
    if len({name for name, _ in attributes}) < len(attributes):  # AWS has one type for an attribute in all keys
        return None

    def numbers(schema: Iterable[KeyAttribute]) -> list[int]:
        return [attributes.index((key.attribute, key.type)) for key in schema]

    try:
        return Scanner(
            owner,
            key_attributes=attributes,
            key_schema=numbers(table.key_schema),
            key_hash=numbers(_with_role(table.key_schema, "HASH")),
            key_range=numbers(_with_role(table.key_schema, "RANGE")),
            indexes=[
                (numbers(index.key_schema), numbers(_with_role(index.key_schema, "HASH")), projected_attributes(index, table))
                for index in table.indexes
            ],
            first=key_names(table),
            ttl=None if expiry is None else expiry.attribute,
            now=0.0 if expiry is None else expiry.now.timestamp(),
            ttl_bounds=(TTL_OLDEST_SECONDS, OVERDUE_SECONDS, MILLISECONDS_FROM),
            value_hash=(value_hash_key(hash_key), VALUE_HASH_BYTES),
            item_hash=(item_hash_key(hash_key), ITEM_HASH_BYTES),
            limits=(limits.MAX_ATTRIBUTES, limits.DISTINCT_LIMIT, limits.BUCKETS, limits.LARGEST, limits.COMPRESSED_FROM_BYTES),
            other_name=OTHER_ATTRIBUTES,
            rank=(RANK_FACTOR, RANK_SUMMAND),
            seed=int.from_bytes(os.urandom(8)),
        )
    except Unsupported:
        return None


def _with_role(schema: Iterable[KeyAttribute], role: KeyRole) -> tuple[KeyAttribute, ...]:
    return tuple(key for key in schema if key.role == role)


def _counts(scanner: Scanner, *, expiring: bool) -> Counts:
    named, other = scanner.attributes()
    return Counts(
        sizes=scanner.sizes(),
        attributes={name: _attribute(numbers) for name, numbers in named.items()},
        other=_attribute(other),
        keys=_keys(scanner, 0),
        indexes=tuple(
            EntryCounts(entries=entries, total_bytes=total_bytes, max_bytes=max_bytes, keys=_keys(scanner, at))
            for at, (entries, total_bytes, max_bytes) in enumerate(scanner.index_numbers(), start=1)
        ),
        largest=tuple((size, f"{hashed:0{2 * ITEM_HASH_BYTES}x}") for size, hashed in scanner.largest()),
        compressed=(),
        shapes=scanner.key_shapes(),
        time_to_live=scanner.time_to_live() if expiring else None,
    )


def _attribute(numbers: tuple[int, int, int, tuple[str, ...]]) -> AttributeCounts:
    present, total_bytes, max_bytes, types = numbers
    return AttributeCounts(present=present, total_bytes=total_bytes, max_bytes=max_bytes, types=types)


def _keys(scanner: Scanner, of: int) -> KeyCounts:
    items, buckets, values = scanner.keys(of)
    return KeyCounts(items=items, buckets=buckets, values=values)
