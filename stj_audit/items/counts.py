"""
What a fold has counted, as plain numbers, names and keyed hashes: it is sent between processes and machines, written to checkpoints, and
added up. No value of an item is in it.
"""

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeCounts:
    """One top-level attribute, name included in the bytes; `types` in alphabetical order."""

    present: int
    total_bytes: int
    max_bytes: int
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCounts:
    """
    Partition key values of the table or of an index. `buckets`: items by the number of the bucket, without those that are 0. `values`: items
    by the keyed hash of the value, in hexadecimal digits; None: there were more than are counted one by one.
    """

    items: int
    buckets: dict[int, int]
    values: dict[str, int] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryCounts:
    """What one index holds."""

    entries: int
    total_bytes: int
    max_bytes: int
    keys: KeyCounts


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """
    `sizes`: items by size in bytes. `other`: the attributes that are not counted one by one. `indexes`: in the table's order. `largest`: size
    and key hash, the largest first. `compressed`: by rank, (attribute, bytes of the value, bytes compressed). `shapes`: of each key
    attribute, how many values have which shape (`shapes.shape_of`). `time_to_live`: items by the field of `TimeToLiveValues`; None: not
    looked at.
    """

    sizes: dict[int, int]
    attributes: dict[str, AttributeCounts]
    other: AttributeCounts
    keys: KeyCounts
    indexes: tuple[EntryCounts, ...]
    largest: tuple[tuple[int, str], ...]
    compressed: tuple[tuple[int, tuple[tuple[str, int, int], ...]], ...]
    shapes: tuple[tuple[int, ...], ...]
    time_to_live: dict[str, int] | None


def to_json(counts: Counts) -> bytes:
    """As JSON, the members of objects in order: equal counts give equal bytes."""
    # names in order need names that are text, which the keys of `sizes` are not
    return msgspec.json.encode(msgspec.to_builtins(counts, str_keys=True), order="deterministic")


def from_json(text: bytes) -> Counts:
    """Raises ValueError for what `to_json` did not write."""
    return msgspec.json.decode(text, type=Counts)
