"""
The items of a table that is read whole, by a Spark cluster: segments of a parallel Scan, many at a time, each by the executor that folds it.

A task is a list of segments that it reads one after the other, at its share of the pace, so that no cluster, however large, reads faster than
the table is to be read. Credentials are those of the executors.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial

from stj_audit.aws_failures import FAILURES
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.items.cluster import Metered, fold_metered
from stj_audit.items.dynamic import without_dynamic_names
from stj_audit.items.engine import new_fold
from stj_audit.items.fold import Expiry
from stj_audit.items.plan import CALL, PAGE_UNITS, UNKNOWN_USE, ItemsPlan, Reading, RecentUse, plan_reading
from stj_audit.refusals import never_swallowed
from stj_audit.scanners import items
from stj_audit.scanners.ending import why_stopped
from stj_audit.scanners.failures import reason
from stj_audit.scanners.seen import Seen
from stj_audit.scanners.segments import Stopped, Tempo, read_segment
from stj_audit.scanners.session import Aws, AwsOptions, open_session
from stj_audit.scanners.spending import Spending

TASK_UNITS_PER_SECOND = 2_000  # 16 full pages a second: what one connection and one core come to
PAGES_OF_A_TASK = 4
MAX_TASKS = 512  # of a table without a pace
CLUSTER_FROM_SEGMENTS = 64  # 4 GB: below it a cluster starts no sooner than one machine ends


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanPart:
    """Segments of one table that one task reads. `per_second` in read units, None: as fast as it goes; `cap` in read units, None: no cap."""

    segments: tuple[int, ...]
    total_segments: int
    per_second: Decimal | None
    cap: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterReader:
    """
    Reads as `items.read` does, with the Spark of `master` (as `items.cluster` takes it). What is read by sample, or is small, is read here.

    One table at a time: the rate of the audit is for all of them.
    """

    options: AwsOptions
    master: str | None
    from_segments: int = CLUSTER_FROM_SEGMENTS
    _one: threading.Lock = field(default_factory=threading.Lock)

    def read(
        self,
        aws: Aws,
        table: Table,
        plan: ItemsPlan,
        *,
        hash_key: bytes,
        expiry: Expiry | None = None,
        stop: threading.Event | None = None,
        spending: Spending | None = None,
        now: datetime | None = None,
        seen: Seen | None = None,
        recent: RecentUse = UNKNOWN_USE,
    ) -> tuple[ItemSizes | Unknown, Decimal]:
        """The arguments and what is given are those of `items.read`; `seen` is told nothing of what a cluster reads."""
        reading = plan_reading(table, plan, paced=aws.endpoint_url is None, recent=recent)
        if isinstance(reading, Unknown) or reading.limit_units is not None or reading.total_segments < self.from_segments:
            return items.read(
                aws,
                table,
                plan,
                hash_key=hash_key,
                expiry=expiry,
                stop=stop,
                spending=spending,
                now=now,
                seen=seen,
                recent=recent,
            )
        empty = partial(new_fold, table, hash_key=hash_key, expiry=expiry)
        fold_part = partial(fold_scan_part, options=self.options, table=table, hash_key=hash_key, expiry=expiry)
        with self._one:
            if stop is not None and stop.is_set():
                return Unknown(call=CALL, reason=items.WHY_STOPPED[why_stopped(stop)]), Decimal(0)
            found = fold_metered(parts_of(reading, plan), fold_part, empty, master=self.master)
        if found.problem is not None:
            return Unknown(call=CALL, reason=found.problem), found.read_units
        fold = empty()
        fold.add_counts(found.counts)
        sizes = fold.sizes(coverage="full", read_units=found.read_units)
        time_to_live = None if expiry is None else expiry.attribute
        declared = plan.declared.get(table.name, frozenset())
        told = without_dynamic_names(sizes, table, time_to_live=time_to_live, declared=declared)
        return told, found.read_units


ReadItems = Callable[..., tuple[ItemSizes | Unknown, Decimal]]
"""`items.read`, or what reads in its place."""


def parts_of(reading: Reading, plan: ItemsPlan) -> tuple[ScanPart, ...]:
    """
    The tasks that a reading is cut into: their rates add up to its pace. Each may exceed its cap by a page, and all together exceed that of
    the audit by one.
    """
    paces = [pace for pace in (reading.pace, plan.read_units_per_second) if pace is not None]
    pace = min(paces, default=None)
    wanted = MAX_TASKS if pace is None else -(-int(pace) // TASK_UNITS_PER_SECOND)
    cap = plan.max_read_units
    if cap is not None:  # a page of each is kept back; of a task, several are to be left
        wanted = min(wanted, int(cap / (PAGES_OF_A_TASK * PAGE_UNITS)))
    tasks = max(1, min(wanted, reading.segments))
    return tuple(
        ScanPart(
            segments=tuple(range(task, reading.total_segments, tasks)),
            total_segments=reading.total_segments,
            per_second=None if pace is None else pace / tasks,
            cap=None if cap is None else (cap - (tasks - 1) * PAGE_UNITS) / tasks,
        )
        for task in range(tasks)
    )


def fold_scan_part(part: ScanPart, *, options: AwsOptions, table: Table, hash_key: bytes, expiry: Expiry | None) -> Metered:
    """
    What a fold counts in some segments, by a session that each process of an executor opens once.

    What ends a segment is told as a problem, not raised: Spark would read all of it again, and pay again. What the read-only guard refuses is
    raised.
    """
    with never_swallowed():
        return _fold(part, options=options, table=table, hash_key=hash_key, expiry=expiry)


def _fold(part: ScanPart, *, options: AwsOptions, table: Table, hash_key: bytes, expiry: Expiry | None) -> Metered:
    fold, problem = new_fold(table, hash_key=hash_key, expiry=expiry), None
    spending = Spending(cap=part.cap)
    tempo = Tempo.of(table, pace=part.per_second, spending=spending, stop=threading.Event())
    try:
        aws = _session(options)
        for segment in part.segments:
            read_segment(aws, table, fold, tempo, segment=segment, total_segments=part.total_segments)
    except FAILURES as error:
        problem = reason(error)
    except Stopped as error:
        problem = items.WHY_STOPPED[error.why]
    counted = fold if problem is None else new_fold(table, hash_key=hash_key, expiry=expiry)
    return Metered(counts=counted.counts(), read_units=tempo.read_units, problem=problem)


@lru_cache(maxsize=1)
def _session(options: AwsOptions) -> Aws:
    return open_session(options)
