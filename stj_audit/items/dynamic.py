"""
Which attribute names may be told: those that are schema. The others are counted as one, `<dynamic>`.

A map that is keyed by people may be spread over the attributes of an item: then its names are data, and somebody's. A name is taken for
schema where several items have it, or where the table itself or the configuration names it; else one that looks like an address or a phone
number never is.
"""

import re
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from hashlib import blake2b

from stj_audit.facts import DYNAMIC_ATTRIBUTES, AttributeSizes, ItemSizes, Table
from stj_audit.items.counts import AttributeCounts, Counts
from stj_audit.items.key_bytes import DERIVED_KEY_BYTES, key_names
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.items.shapes import ADDRESS, EMAIL, PHONE, shape_of

SCHEMA_ITEMS = 3  # at least so many items have a name of the schema: what one or two have may be one person's
PERSONAL = EMAIL | PHONE | ADDRESS
NAME_HASH_BYTES = 16
_HIDDEN = re.compile(rf"{re.escape(DYNAMIC_ATTRIBUTES)} [0-9a-f]{{{2 * NAME_HASH_BYTES}}}")


def without_dynamic_names(
    sizes: ItemSizes, table: Table, *, time_to_live: str | None = None, declared: Set[str] = frozenset()
) -> ItemSizes:
    """
    The same sizes, with the attributes whose names may be data added up. `time_to_live` is what TTL watches, `declared` are the names
    that the owner of the table names.
    """
    named = _named_by(table) | declared | ({OTHER_ATTRIBUTES} if time_to_live is None else {OTHER_ATTRIBUTES, time_to_live})
    dynamic = [
        one
        for one in sizes.attributes
        if one.name == DYNAMIC_ATTRIBUTES or (one.name not in named and not is_schema(one.name, one.present))
    ]
    if not dynamic:
        return sizes
    gone = {one.name for one in dynamic}
    told = sorted((_added_up(dynamic), *(one for one in sizes.attributes if one.name not in gone)), key=_place)
    return replace(
        sizes, attributes=tuple(told), compressibility=tuple(one for one in sizes.compressibility if one.attribute not in gone)
    )


def is_schema(name: str, items: int) -> bool:
    """Whether a name that so many items have is taken for a part of the schema."""
    return items >= SCHEMA_ITEMS and not shape_of(name) & PERSONAL and not _HIDDEN.fullmatch(name)


def hidden(counts: Counts, table: Table, *, hash_key: bytes) -> Counts:
    """The same counts for a file: names that may be data are in it as keyed hashes, by which `revealed` knows them again."""
    named, hashed = _named_by(table), _hashed_by(hash_key)
    dynamic = {
        name: name if _HIDDEN.fullmatch(name) else hashed(name)
        for name, one in counts.attributes.items()
        if name not in named and not is_schema(name, one.present)
    }
    # what is compressed may also be of names that are no longer counted one by one
    told = counts.attributes.keys() - dynamic.keys()
    of_few = {name for _, sizes in counts.compressed for name, _, _ in sizes if name not in told}
    return _renamed(counts, dynamic | {name: hashed(name) for name in of_few if not _HIDDEN.fullmatch(name)})


def revealed(counts: Counts, *, hash_key: bytes) -> Counts:
    """Counts that `hidden` ones were added to: those of names that were seen again go to these names."""
    hashed = _hashed_by(hash_key)
    return _renamed(counts, {hash_: name for name in counts.attributes if (hash_ := hashed(name)) in counts.attributes})


def _named_by(table: Table) -> set[str]:
    return {*key_names(table), *(name for index in table.indexes for name in index.non_key_attributes)}


def _hashed_by(hash_key: bytes) -> Callable[[str], str]:
    key = blake2b(hash_key, digest_size=DERIVED_KEY_BYTES, person=b"attribute names").digest()

    def hashed(name: str) -> str:
        digest = blake2b(name.encode("utf-8", "surrogatepass"), key=key, digest_size=NAME_HASH_BYTES)
        return f"{DYNAMIC_ATTRIBUTES} {digest.hexdigest()}"

    return hashed


def _renamed(counts: Counts, names: dict[str, str]) -> Counts:
    if not names:
        return counts
    attributes: dict[str, AttributeCounts] = {}
    for old, one in counts.attributes.items():
        name = names.get(old, old)
        attributes[name] = _sum(attributes[name], one) if name in attributes else one
    compressed = tuple(
        (rank, tuple((names.get(name, name), size, left) for name, size, left in item)) for rank, item in counts.compressed
    )
    return replace(counts, attributes=attributes, compressed=compressed)


def _sum(one: AttributeCounts, other: AttributeCounts) -> AttributeCounts:
    return AttributeCounts(
        present=one.present + other.present,
        total_bytes=one.total_bytes + other.total_bytes,
        max_bytes=max(one.max_bytes, other.max_bytes),
        types=tuple(sorted({*one.types, *other.types})),
    )


def _place(one: AttributeSizes) -> tuple[bool, int, str]:
    """The heaviest first, and last what is beyond those that were counted one by one."""
    return one.name == OTHER_ATTRIBUTES, -one.total_bytes, one.name


def _added_up(attributes: Iterable[AttributeSizes]) -> AttributeSizes:
    several = list(attributes)
    return AttributeSizes(
        name=DYNAMIC_ATTRIBUTES,
        types=tuple(sorted({kind for one in several for kind in one.types})),
        present=sum(one.present for one in several),
        total_bytes=sum(one.total_bytes for one in several),
        max_bytes=max(one.max_bytes for one in several),
    )
