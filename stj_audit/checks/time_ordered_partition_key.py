"""
Items that are written now have a time that is now: with a day, an hour or a minute as partition key all of them go to one value, while the
other values rest. One partition takes 1,000 write units a second, however much the table could take.

What is looked at: the values of the partition key of the table and of each global index, among the items read. Ninety in a hundred that are
dates or moments from 2010 to 2039 are a time: ISO 8601 text, or seconds or milliseconds since 1970. A key of several attributes is a time
when all of them are. Moments that nearly every item has for itself spread like any other id, and are no defect.

The writes at the peak are held against what one value can take. Where that is reached only beyond ten times the users that the tables are
judged for, the finding is a note.

Wrong when the time is not the one of the write, such as a date of delivery, or when little is written: one value for each month of a small
table serves well. A table with one item for each day, which is updated all day long, is not seen: each of its items has a value of its own.
Source: AWS developer guide, "Best practices for designing and using partition keys effectively": an item creation date, rounded to the day,
hour or minute, is a bad partition key; "Using write sharding to distribute workloads evenly".

Fix: put an id first, and the time into the sort key; where everything of a day is read together, add a shard suffix to the day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from stj_audit.checks import check
from stj_audit.config import Scale
from stj_audit.facts import PARTITION_WRITE_UNITS, Index, ItemSizes, KeyCardinality, KeyShape, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, percent, printable, resource, round_figure

TIME_SHARE = Decimal("0.9")  # policy: of the values; the rest may be markers and old formats
NO_TIME_SHARE = Decimal("0.1")  # a key with more times than that is left alone, and not praised
ENOUGH_ENTRIES = 100  # below, neither share nor number of values says anything
UNIQUE_SHARE = Decimal("0.9")  # distinct values for each entry: nearly every one has a value of its own
AMPLE_HEADROOM = 10  # times the target users: beyond it the shape of the key is worth knowing, and no defect yet
SECONDS_PER_DAY = 86_400


@check("The partition key is a time", Category.PRIMARY_KEY_DESIGN, Severity.MEDIUM, code="KEY-07")
def time_ordered_partition_key(table: Table, items: ItemSizes, traffic: Traffic | Unknown, scale: Scale) -> Iterator[Said]:
    spread, own_moments, judged = [], [], False
    sources: tuple[Table | Index, ...] = (table, *table.global_indexes)
    for source in sources:
        index = None if isinstance(source, Table) else source.name
        values = items.key_cardinality(index)
        shapes = [items.key_shape(name) for name in source.hash_attributes]
        known = [shape for shape in shapes if shape is not None]
        if values is None or len(known) < len(shapes):
            judged = True
            yield Unknown(call="dynamodb:Scan", reason=f"the key values of {resource(index)} were not looked at")
        elif values.items < ENOUGH_ENTRIES:
            continue
        elif any(_share(shape.times, shape) < TIME_SHARE for shape in known):
            judged = True
            if any(_share(shape.times, shape) <= NO_TIME_SHARE for shape in known):
                spread.append(resource(index))
        elif _is_unique(source, values, items):
            own_moments.append(resource(index))
        elif _seems_unique(values, items):
            judged = True
            reason = f"a sample does not show how many items share a moment in {resource(index)}"
            yield Unknown(call="dynamodb:Scan", reason=reason)
        elif values.distinct is None and any(_share(shape.rounded, shape) < TIME_SHARE for shape in known):
            judged = True
            reason = f"how many items share a moment in {resource(index)} is not known: there are more values than are counted"
            yield Unknown(call="dynamodb:Scan", reason=reason)
        else:
            judged = True
            share = min(_share(shape.times, shape) for shape in known)
            seen = _Seen(source=source, values=values, share=share, coverage=items.coverage)
            yield _problem(seen, _peak_writes(index, traffic, scale), scale)
    if spread:
        yield Good(message=f"the partition key is not a time: {a_few(spread)}")
    if own_moments and not judged:
        yield NotApplicable(reason=f"nearly every item has a moment of its own as partition key: {a_few(own_moments)}")
    elif not judged:
        yield NotApplicable(reason=f"fewer than {ENOUGH_ENTRIES} items were read: too few to judge a key by")


def _share(some: int, shape: KeyShape) -> Decimal:
    return Decimal(some) / shape.values if shape.values else Decimal(0)


def _is_unique(source: Table | Index, values: KeyCardinality, items: ItemSizes) -> bool:
    """
    Whether nearly every item has a value of its own. A sample cannot show it of an index, because items that were not read may share its
    values; of the table's own key one of whole segments can, because it has all items of a value or none.
    """
    if isinstance(source, Table) and not source.range_attributes:
        return True
    whole = items.coverage == "full" or (isinstance(source, Table) and items.sample is not None)
    return whole and _one_each(values)


def _seems_unique(values: KeyCardinality, items: ItemSizes) -> bool:
    """Whether a sample has a value of its own for nearly every item: in the table they may be shared, or not."""
    return items.coverage == "sample" and _one_each(values)


def _one_each(values: KeyCardinality) -> bool:
    return values.distinct is not None and values.distinct >= UNIQUE_SHARE * values.items


def _peak_writes(index: str | None, traffic: Traffic | Unknown, scale: Scale) -> Fraction | None:
    """Write units a second at the peak; None: not known."""
    if isinstance(traffic, Unknown) or traffic.covered_days <= 0:
        return None
    flow = traffic.table if index is None else traffic.indexes.get(index)
    if flow is None or flow.write_units is None:
        return None
    return Fraction(flow.write_units) / (Fraction(traffic.covered_days) * SECONDS_PER_DAY) * scale.peak_factor


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What the items read tell of one partition key."""

    source: Table | Index
    values: KeyCardinality
    share: Decimal
    coverage: str

    @property
    def index(self) -> str | None:
        return None if isinstance(self.source, Table) else self.source.name

    @property
    def attributes(self) -> str:
        return " with ".join(printable(name) for name in self.source.hash_attributes)

    def __str__(self) -> str:
        values = self.values
        number = (
            f"more than {count(values.distinct_limit)} values" if values.distinct is None else counted(values.distinct, "value")
        )
        sample = " in a sample" if self.coverage == "sample" else ""
        return (
            f"the partition key {self.attributes} of {resource(self.index)} is a time in {percent(self.share)} of its values: "
            f"{number} in {counted(values.items, 'entry', 'entries')}{sample}"
        )


def _problem(seen: _Seen, writes: Fraction | None, scale: Scale) -> Problem:
    name, index, values = seen.attributes, seen.index, seen.values
    users_max = None if not writes or not scale.users_now else int(scale.users_now * PARTITION_WRITE_UNITS / writes)
    ample = writes == 0 or (users_max is not None and users_max >= AMPLE_HEADROOM * scale.target_users)
    return Problem(
        message=f"{seen}; {_limit(writes, users_max)}",
        fix=f"put an id first, and {name} into the sort key; where everything of one {name} is read together, add a shard suffix to it",
        severity=Severity.INFO if ample else None,
        evidence={
            "time_share": round(float(seen.share), 4),
            "distinct_values": values.distinct,
            "entries": values.items,
            "peak_write_units_a_second": None if writes is None else round(float(writes), 4),
            "max_users": users_max,
        },
        index=index,
        current=str(seen),
        benefit=f"writes spread over partitions: one value is held to {count(PARTITION_WRITE_UNITS)} write units a second",
        migration="the key of a table cannot be changed: create a table with the new one, write to both, copy the items, switch the readers"
        if index is None
        else "add an index with the new key, switch the queries, then remove the old one",
        effort="days",
        matters_from_users=None if writes is None or writes >= PARTITION_WRITE_UNITS else users_max,
    )


def _limit(writes: Fraction | None, users_max: int | None) -> str:
    if writes is None:
        return "what is written now goes to one value, and how much that is is not known"
    if writes == 0:
        return "nothing is written to it now"
    if writes >= PARTITION_WRITE_UNITS:
        return f"what is written at the peak goes to one value, and is more than the {count(PARTITION_WRITE_UNITS)} units that it takes"
    if users_max is None:
        return "what is written now goes to one value, and how many users that carries is not known, because today's number of users is not"
    return f"what is written now goes to one value, which is full at about {counted(round_figure(users_max), 'user')}"
