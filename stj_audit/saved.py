"""
What a report was made of, as the member `facts` of the run file: with it a saved run is judged again on other terms, without an AWS call.

The classes of `facts.py` are turned, once, into msgspec Structs of the same fields, by their annotations. So msgspec reads and checks the
file, and a class that is added there needs nothing here but a new FACTS_VERSION. (By itself msgspec has no union of two dataclasses, and lets
pass members that a dataclass has not; cattrs makes a number of a text where one is wanted.) Reading is strict: every member must be there,
none may be that is not known, no whole number is negative.

Numbers with a fraction are JSON strings, exact to the digit. What may be long is written in columns: histograms of item sizes, as the steps
from one size to the next and how many items each has; and the segments of a sample.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import accumulate, pairwise
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from stj_audit.cost.prices import PriceSheet
from stj_audit.errors import ConfigError
from stj_audit.facts import ItemSample, ItemSizes, ItemsReading, SampledSegment, Snapshot, TableFacts

FACTS_VERSION = 3  # raise it with every change of a class that is saved, and of what a field of it means
RUN_AGAIN = "run `stj-audit run --report json=PATH` again"
MAX_DIGITS = 60  # of a Decimal: those that are worked out have 28
MAX_EXPONENT = 30  # 10**30 of anything is no fact, and a number of a million digits takes a day to add up

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """
    Everything that a report is made of, but the terms. `prices` are by region. `users_elsewhere` is how many items the users table had where
    it was not audited, and `users_table` which that was; both None where nobody asked.
    """

    snapshot: Snapshot
    prices: Mapping[str, PriceSheet]
    users_table: str | None = None
    users_elsewhere: int | None = None


def encode(gathered: Gathered) -> msgspec.Raw:
    """The member `facts`: JSON text in which each table is a line of its own."""
    saved = _saved(gathered)
    tables = b",\n".join(_encoder.encode(table) for table in saved.snapshot.tables)
    saved.snapshot.tables = msgspec.Raw(b"[\n" + tables + b"\n]" if tables else b"[]")
    return msgspec.Raw(_encoder.encode({"version": FACTS_VERSION, "gathered": saved}))


def decode(raw: msgspec.Raw | bytes, *, origin: str) -> Gathered:
    """
    What `encode` wrote; `origin` is the run file that it is from.

    Raises ConfigError, with the place in the file, when it was written by a version with other facts, or is damaged.
    """
    try:
        version = msgspec.json.decode(raw, type=_Head).version
        if version != FACTS_VERSION:
            raise ConfigError(
                f"the facts in {origin} are of version {version}, this stj-audit reads version {FACTS_VERSION}", hint=RUN_AGAIN
            )
        read: Gathered = _fact(msgspec.json.decode(raw, type=_file()).gathered)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"the facts in {origin} are damaged: {str(error).replace('`$', '`facts')}",
            hint=f"take the file as written, or {RUN_AGAIN}",
        ) from error
    return read


class _Head(Struct):
    version: int


# ------------------------------------------------------------------------------------------------------------- columns


class Histogram(Struct, forbid_unknown_fields=True):
    """(size, number of items), ascending: how much larger each size is than the one before, the first than 0; and how many items have it."""

    steps_bytes: tuple[Count, ...]
    items: tuple[Count, ...]

    def __post_init__(self) -> None:
        if len(self.steps_bytes) != len(self.items):
            raise ValueError("not as many sizes as counts")
        if 0 in self.steps_bytes[1:]:
            raise ValueError("the sizes are not ascending")
        if 0 in self.items:
            raise ValueError("a size that no item has")


class Segments(Struct, forbid_unknown_fields=True):
    """`ItemSample.segments`: the items of each, their bytes, and how many are over each line, null where that was not counted."""

    items: tuple[Count, ...]
    bytes: tuple[Count, ...]
    over: dict[Count, tuple[Count | None, ...]]

    def __post_init__(self) -> None:
        if any(len(column) != len(self.items) for column in (self.bytes, *self.over.values())):
            raise ValueError("the columns are not of one length")


def _histogram(sizes: tuple[tuple[int, int], ...]) -> Histogram:
    steps = (high - low for low, high in pairwise((0, *(size for size, _ in sizes))))
    return Histogram(steps_bytes=tuple(steps), items=tuple(count for _, count in sizes))


def _sizes(histogram: Histogram) -> tuple[tuple[int, int], ...]:
    return tuple(zip(accumulate(histogram.steps_bytes), histogram.items, strict=True))


def _columns(segments: tuple[SampledSegment, ...]) -> Segments:
    lines = dict.fromkeys(line for one in segments for line in one.over)
    return Segments(
        items=tuple(one.items for one in segments),
        bytes=tuple(one.bytes for one in segments),
        over={line: tuple(one.over.get(line) for one in segments) for line in lines},
    )


def _segments(columns: Segments) -> tuple[SampledSegment, ...]:
    return tuple(
        SampledSegment(
            items=items,
            bytes=size,
            over={line: over for line, counted in columns.over.items() if (over := counted[place]) is not None},
        )
        for place, (items, size) in enumerate(zip(columns.items, columns.bytes, strict=True))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """How one field is written."""

    shape: type[Struct]
    pack: Callable[[Any], Struct]
    unpack: Callable[[Any], Any]


_HISTOGRAM = _Column(shape=Histogram, pack=_histogram, unpack=_sizes)
COLUMNS: Mapping[tuple[type, str], _Column] = {
    (ItemSizes, "sizes"): _HISTOGRAM,
    (ItemsReading, "large"): _HISTOGRAM,
    (ItemSample, "segments"): _Column(shape=Segments, pack=_columns, unpack=_segments),
}


# -------------------------------------------------------------------------------------------------------------- shapes


@cache
def _file() -> Any:
    fields = [("version", int), ("gathered", _struct(Gathered))]
    return msgspec.defstruct("File", fields, forbid_unknown_fields=True)


@cache
def _struct(kind: type) -> type[Struct]:
    """A Struct of the same fields as a dataclass, all of them required. One that may stand in a union says which it is."""
    hints = get_type_hints(kind)
    fields = [(name, COLUMNS[kind, name].shape if (kind, name) in COLUMNS else _shape(hint)) for name, hint in hints.items()]
    tagged = kind in _in_unions()
    made = msgspec.defstruct(
        kind.__name__,
        fields,
        forbid_unknown_fields=True,
        kw_only=True,
        tag_field="fact" if tagged else None,
        tag=kind.__name__ if tagged else None,
    )
    _KINDS[made] = kind
    return made


_KINDS: dict[type[Struct], type] = {}
"""The dataclass of each Struct."""


@cache
def _in_unions() -> frozenset[type]:
    """The facts about a table, each of which may be Unknown instead."""
    kinds = (kind for hint in get_type_hints(TableFacts).values() for kind in get_args(hint))
    return frozenset(kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind))


def _shape(hint: Any) -> Any:
    """What msgspec is to read for an annotation."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return _struct(hint)
    kind, arguments = get_origin(hint), get_args(hint)
    if kind not in _BUILT:
        return hint
    # A tuple[X, ...] has the dots among its arguments
    return _BUILT[kind][tuple(one if one is ... else _shape(one) for one in arguments)]


_PLAIN: Mapping[Any, Any] = {int: Count, datetime: Annotated[datetime, Meta(tz=True)]}
_BUILT: Mapping[Any, Any] = {UnionType: Union, Union: Union, tuple: tuple, Mapping: dict}


def _saved(value: Any) -> Any:
    """A fact as Structs; Decimals as text, and halves of surrogate pairs, which JSON in UTF-8 cannot hold, written out as in the report."""
    if is_dataclass(value):
        kind: Any = type(value)
        saved = {}
        for name in kind.__dataclass_fields__:
            one = getattr(value, name)
            saved[name] = COLUMNS[kind, name].pack(one) if (kind, name) in COLUMNS else _saved(one)
        return _struct(kind)(**saved)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, tuple):
        return tuple(map(_saved, value))
    if isinstance(value, Mapping):
        return {_saved(key): _saved(one) for key, one in value.items()}
    return value


def _fact(value: Any) -> Any:
    """The facts again, of the Structs that were read. Raises ValueError for a number that can be none."""
    if isinstance(value, Struct):
        kind = _KINDS[type(value)]
        return kind(
            **{
                name: COLUMNS[kind, name].unpack(one) if (kind, name) in COLUMNS else _fact(one)
                for name in value.__struct_fields__
                for one in [getattr(value, name)]
            }
        )
    if isinstance(value, tuple):
        return tuple(map(_fact, value))
    if isinstance(value, dict):
        return {key: _fact(one) for key, one in value.items()}
    if isinstance(value, Decimal):
        return _checked(value)
    return value


def _checked(number: Decimal) -> Decimal:
    if not number.is_finite() or len(number.as_tuple().digits) > MAX_DIGITS or not -MAX_DIGITS <= number.adjusted() <= MAX_EXPONENT:
        raise ValueError(f"{number:.20} is no quantity")
    return number


_encoder = msgspec.json.Encoder()
