"""
How the items of a table are going to be read: whole or by sample, in how many segments, at what pace, and what that takes.

A segment of a parallel Scan is a part of the hashes of the partition keys: a random one, read to its end, is a random cluster of whole item
collections (AWS API reference, Scan, `Segment`). A table that is read whole is read in segments too, in random order, so that what was read
before a cap or a throttle ended it is a fair sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from stj_audit.facts import Table, Unknown
from stj_audit.items.estimates import MIN_SEGMENTS
from stj_audit.wording import count, counted, dollars

CALL = "dynamodb:Scan"
READ_UNIT_BYTES = 4_096  # AWS developer guide, "DynamoDB read and write operations": one strongly consistent read of up to 4 KB
EVENTUAL = Decimal("0.5")  # an eventually consistent read costs half
PAGE_BYTES = 1024**2  # AWS API reference, Scan: a page ends at 1 MB
PAGE_UNITS = Decimal("128.5")  # of a full page, which the item that crosses the line still belongs to
DEFAULT_USD_PER_READ_UNIT = Decimal("0.000000125")  # us-east-1, on demand, Standard, since 2024-11-01: where no price is known
READABLE_STATUSES = ("ACTIVE", "UPDATING")

MAX_SEGMENTS = 1_000_000  # AWS API reference, Scan, `TotalSegments`
FULL_SEGMENT_BYTES = (
    64 * 1024**2
)  # of a table that is read whole: what is read again after an interrupt, at the most, by each thread
RESUMED_SECONDS = 10  # with checkpoints, a segment is about what a thread reads meanwhile: so much is lost by an interrupt
PARALLEL_FROM_BYTES = 4 * 1024**2  # for each thread: below it a second connection gains nothing
SAMPLE_SEGMENT_BYTES = PAGE_BYTES  # about a page each: the more segments for the same units, the better the estimates
SMALLEST_SEGMENT_BYTES = READ_UNIT_BYTES
PILOT_SEGMENTS = MIN_SEGMENTS
WORKERS = 8  # threads that read one table

# Where a table has a ceiling, applications need it more than the audit. A fifth of what they leave free in their busiest minute of the last
# hour, of all of it where that is not known; and in `auto` no longer than ten minutes.
SHARE_OF_CAPACITY = Decimal("0.2")
MAX_AUTO_SECONDS = 600
SLOWEST_PACE = Decimal(1)
THROTTLED = "not read: it was throttled in the last hour"
NOTHING_FREE = "not read: in the last hour it had no read capacity free"
# AWS developer guide, "Understanding DynamoDB warm throughput": a new table on demand takes 12,000 reads a second at once
ON_DEMAND_READ_UNITS = 12_000


Limit = Literal["budget", "cap", "time"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsPlan:
    """
    How much of each table is read.

    `auto` reads a table whole while that costs at most `budget_usd`, a table, and by sample above it; `sample` reads by sample, at most for
    the budget. `usd_per_read_unit` None: not known for this region, and us-east-1's price is taken. `max_read_units` and
    `read_units_per_second` are of the audit, all tables together; None: no such cap. `lines` are the sizes, in bytes, over which items are
    counted segment by segment. `none_above` is the one of them that a gate lets no item be above (None: there is no gate): a table that was
    read whole, and has none, is described once more, to see whether it changed meanwhile. `resume` is a folder for checkpoints: what was
    read before an interrupt is not read again. `read_throttled`: also tables that were throttled in the last hour, or have no capacity free.
    """

    mode: Literal["auto", "full", "sample", "none"]
    budget_usd: Decimal
    usd_per_read_unit: Decimal | None = None
    max_read_units: Decimal | None = None
    read_units_per_second: Decimal | None = None
    lines: tuple[int, ...] = (300 * 1024, 400 * 1024)
    none_above: int | None = None
    resume: Path | None = None
    read_throttled: bool = False
    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By the name of a table, the attributes that its owner names in the configuration: they are schema, in however few items."""

    @property
    def price(self) -> Decimal:
        return DEFAULT_USD_PER_READ_UNIT if self.usd_per_read_unit is None else self.usd_per_read_unit

    @property
    def budget_units(self) -> Decimal | None:
        """Read units that the budget pays for; None: reading is free."""
        return self.budget_usd / self.price if self.price else None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentUse:
    """
    What CloudWatch tells of a table's last hour: its throttled requests, and the read units a second of its busiest minute. None: not known,
    or of a table without a ceiling not asked.
    """

    throttles: int | None = None
    read_units_per_second: Decimal | None = None


UNKNOWN_USE = RecentUse()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """
    How one table is read: `segments` of `total_segments`, all of them for coverage "full", else at the most.

    `read_units` is what that takes by the size that DescribeTable tells, None where it tells none; `limit_units` is where reading stops
    (None: nowhere), and `limited_by` what keeps a sample from being larger; `pace` is in read units a second, None: as fast as it goes;
    `use_unknown`: it is a share of a ceiling of which it is not known how much is free; `workers` are threads.
    """

    coverage: Literal["full", "sample"]
    total_segments: int
    segments: int
    workers: int
    pace: Decimal | None = None
    read_units: Decimal | None = None
    limit_units: Decimal | None = None
    limited_by: Limit = "budget"
    use_unknown: bool = False


def read_units_for(size_bytes: int) -> Decimal:
    """Read units that an eventually consistent Scan of so many bytes takes."""
    return -(-size_bytes // READ_UNIT_BYTES) * EVENTUAL


def segments_of(size_bytes: int, segment_bytes: int = SAMPLE_SEGMENT_BYTES) -> int:
    """TotalSegments for segments of about so many bytes."""
    return min(max(-(-size_bytes // segment_bytes), 1), MAX_SEGMENTS)


def read_units_of_a_segment(size_bytes: int, total_segments: int) -> Decimal:
    """On average, of a table of `size_bytes`: its last page is rounded up by itself, and an empty one takes half a unit."""
    return read_units_for(-(-size_bytes // total_segments)) + EVENTUAL


def plan_reading(table: Table, plan: ItemsPlan, *, paced: bool, recent: RecentUse = UNKNOWN_USE) -> Reading | Unknown:
    """How the table is read, or why it is not. `paced`: it is AWS's own and serves others too, so its capacity is spared."""
    if plan.mode == "none":
        return Unknown(call=CALL, reason="not read: --scan none")
    if table.status not in READABLE_STATUSES:
        return Unknown(call=CALL, reason=f"the table is {table.status}")
    if paced and recent.throttles and not plan.read_throttled:
        return Unknown(call=CALL, reason=THROTTLED)
    pace = _pace(table, recent, plan) if paced else None
    if pace == 0:
        return Unknown(call=CALL, reason=NOTHING_FREE)
    reading = _reading(table, plan, pace)
    if isinstance(reading, Unknown):
        return reading
    return replace(reading, use_unknown=paced and has_ceiling(table) and recent.read_units_per_second is None)


def has_ceiling(table: Table) -> bool:
    """Whether its readers share a fixed number of read units a second."""
    return _ceiling(table) is not None


def _reading(table: Table, plan: ItemsPlan, pace: Decimal | None) -> Reading | Unknown:
    if not table.size_bytes:  # not stated, or a young or empty table: whole, and the budget ends it if it turns out large
        limit = None if plan.mode == "full" else plan.budget_units
        if limit == 0:
            return Unknown(call=CALL, reason="its size is not known, and nothing is within the scan budget")
        units = None if table.size_bytes is None else Decimal(0)
        return Reading(coverage="full", total_segments=1, segments=1, workers=1, pace=pace, read_units=units, limit_units=limit)
    whole = _whole(table.size_bytes, plan, pace)
    if plan.mode == "full" or (plan.mode == "auto" and _fits(whole, plan)):
        return whole
    return _sample(table.size_bytes, whole, plan)


def _whole(size_bytes: int, plan: ItemsPlan, pace: Decimal | None) -> Reading:
    slowest = _slowest(pace, plan)
    segment_bytes = FULL_SEGMENT_BYTES
    if plan.resume is not None and slowest is not None:
        of_a_thread = slowest * RESUMED_SECONDS / _workers(WORKERS, slowest)
        segment_bytes = min(max(int(of_a_thread / EVENTUAL * READ_UNIT_BYTES), SAMPLE_SEGMENT_BYTES), FULL_SEGMENT_BYTES)
    segments = max(segments_of(size_bytes, segment_bytes), min(WORKERS, size_bytes // PARALLEL_FROM_BYTES))
    return Reading(
        coverage="full",
        total_segments=segments,
        segments=segments,
        workers=_workers(segments, slowest),
        pace=pace,
        read_units=read_units_for(size_bytes),
        limit_units=None if plan.mode == "full" else plan.budget_units,
    )


def _fits(whole: Reading, plan: ItemsPlan) -> bool:
    units = whole.read_units or Decimal(0)
    too_dear = plan.budget_units is not None and units > plan.budget_units
    too_slow = whole.pace is not None and units / whole.pace > MAX_AUTO_SECONDS
    too_much = plan.max_read_units is not None and units > plan.max_read_units
    return not (too_dear or too_slow or too_much)


def _sample(size_bytes: int, whole: Reading, plan: ItemsPlan) -> Reading | Unknown:
    unlimited: tuple[Decimal | None, str, Limit] = (None, "", "budget")
    limit, allowed_by, limited_by = min(_limits(whole.pace, plan), default=unlimited)
    segment_bytes = SAMPLE_SEGMENT_BYTES
    if limit is not None:  # twice the pilot must fit, so that there is something left to reach the precision with
        segment_bytes = min(segment_bytes, int(limit / EVENTUAL * READ_UNIT_BYTES) // (2 * PILOT_SEGMENTS))
    total = segments_of(size_bytes, max(segment_bytes, SMALLEST_SEGMENT_BYTES))
    each = read_units_of_a_segment(size_bytes, total)
    most = total if limit is None else min(total, int(limit / each))
    if most == total:
        return whole
    if most < PILOT_SEGMENTS:
        least = count(min(PILOT_SEGMENTS, total) * each)
        return Unknown(call=CALL, reason=f"a sample takes {least} read units at least, and {allowed_by}")
    return Reading(
        coverage="sample",
        total_segments=total,
        segments=most,
        workers=_workers(most, _slowest(whole.pace, plan)),
        pace=whole.pace,
        read_units=most * each,
        limit_units=limit,
        limited_by=limited_by,
    )


def _limits(pace: Decimal | None, plan: ItemsPlan) -> list[tuple[Decimal, str, Limit]]:
    """What holds a sample back: read units, in words, and which limit it is."""
    limits: list[tuple[Decimal, str, Limit]] = []
    if plan.budget_units is not None:
        limits.append((plan.budget_units, f"{count(plan.budget_units)} are within the scan budget", "budget"))
    if plan.max_read_units is not None:
        limits.append((plan.max_read_units, f"--max-read-units allows {count(plan.max_read_units)}", "cap"))
    if pace is not None:
        units = pace * MAX_AUTO_SECONDS
        limits.append(
            (units, f"a fifth of its free read capacity gives {count(units)} in {MAX_AUTO_SECONDS // 60} minutes", "time")
        )
    return limits


def _pace(table: Table, recent: RecentUse, plan: ItemsPlan) -> Decimal:
    """In read units a second; 0: nothing is free."""
    ceiling = _ceiling(table)
    if ceiling is None:
        warm = None if table.warm_throughput is None else table.warm_throughput.read_units
        return (warm or ON_DEMAND_READ_UNITS) * SHARE_OF_CAPACITY
    if recent.read_units_per_second is None:
        return ceiling * SHARE_OF_CAPACITY
    free = max((ceiling - recent.read_units_per_second) * SHARE_OF_CAPACITY, Decimal(0))
    return max(free, SLOWEST_PACE) if plan.read_throttled else free


def _ceiling(table: Table) -> int | None:
    ceiling = table.provisioned or table.on_demand_limit
    return None if ceiling is None else ceiling.read_units or None


def _slowest(pace: Decimal | None, plan: ItemsPlan) -> Decimal | None:
    """The pace of the table, or of the whole audit where that is slower."""
    return min((one for one in (pace, plan.read_units_per_second) if one is not None), default=None)


def _workers(segments: int, pace: Decimal | None) -> int:
    """No more threads than full pages fit in a second of the pace: the others would only wait."""
    return min(segments, WORKERS if pace is None else max(1, min(WORKERS, int(pace / PAGE_UNITS))))


def spent_in_words(read_units: Decimal, plan: ItemsPlan) -> str:
    """What reading took in the end."""
    return f"read {counted(read_units, 'read unit')} of items, {dollars(read_units * plan.price)}"


def in_words(readings: Sequence[Reading | Unknown], plan: ItemsPlan) -> str:
    """What is going to be read, and what it costs, in one sentence."""
    planned = [one for one in readings if isinstance(one, Reading)]
    if not planned:
        return "no items are read"
    whole = [one for one in planned if one.coverage == "full"]
    sampled = [one for one in planned if one.coverage == "sample"]
    parts = [f"{counted(len(whole), 'table')} whole"] if whole else []
    if sampled:
        drawn, of = sum(one.segments for one in sampled), sum(one.total_segments for one in sampled)
        parts.append(f"{counted(len(sampled), 'table')} by sample (at most {count(drawn)} of {count(of)} segments)")
    if len(planned) < len(readings):
        parts.append(f"{len(readings) - len(planned)} not at all")
    units = sum((one.read_units for one in planned if one.read_units is not None), Decimal(0))
    unsized = sum(one.read_units is None for one in planned)
    paces = [one.pace for one in planned if one.pace is not None]
    cost = f"about {count(units)} read units, {dollars(units * plan.price)}"
    if unsized:
        cost += f", and what {counted(unsized, 'table')} of unknown size {'takes' if unsized == 1 else 'take'}"
    slowest = max((one.read_units / one.pace for one in planned if one.pace and one.read_units), default=Decimal(0))
    if paces and slowest >= 60:
        cost += f", {counted(int(slowest / 60) + 1, 'minute')} at the least pace"
    if unknown_use := sum(one.use_unknown for one in planned):
        cost += f"; at a fifth of all its read capacity where its use is not known ({counted(unknown_use, 'table')})"
    return f"reading items of {', '.join(parts)}: {cost}"
