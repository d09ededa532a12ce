"""
The items of a table, read in segments of a parallel Scan by several threads: all of them, or as many random ones as its plan allows.

On AWS's own endpoint a table is read at a fifth of what it has free, in pages that cost about a quarter of a second of that pace, so that
the audit does not throttle what it audits. The first throttle halves the pace of all threads that read the table; where that does not help,
reading it ends.
"""

import random
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from stj_audit.aws_failures import FAILURES, BrokenAnswer
from stj_audit.facts import ItemSample, ItemSizes, SampledSegment, Table, Unknown
from stj_audit.items.dynamic import revealed, without_dynamic_names
from stj_audit.items.engine import new_fold
from stj_audit.items.estimates import Estimates, more_segments
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.plan import CALL, PILOT_SEGMENTS, UNKNOWN_USE, ItemsPlan, Reading, RecentUse, plan_reading
from stj_audit.items.shown import ShowingFold, ShownKeys
from stj_audit.scanners.checkpoint import Checkpoint, Progress
from stj_audit.scanners.ending import REASONS
from stj_audit.scanners.failures import unknown
from stj_audit.scanners.seen import Seen
from stj_audit.scanners.segments import Stopped, Tempo, read_segment
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending
from stj_audit.wording import counted

# What a sample is to tell: the share of items over a line to a tenth of a percent, and the mean size to a twentieth of itself
SHARE_WITHIN = 0.001
MEAN_WITHIN = 0.05

WHY_STOPPED = {
    **REASONS,
    "throttled": "the table throttled the audit's reads",
    "cap": "the cap on read units was reached",
    "budget": "reading it whole would cost more than the scan budget: it has grown",
    "time": "a fifth of its free read capacity gives no more in ten minutes",
}


def read(
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
    shown: ShownKeys | None = None,
    recent: RecentUse = UNKNOWN_USE,
) -> tuple[ItemSizes | Unknown, Decimal]:
    """
    The sizes of all items or of a sample, or why they are not known; and the read units that were spent either way.

    `expiry`: what TTL watches, and by which clock; None: TTL is off or not known, and its values are not looked at. `stop`, once set, ends
    the reading after the pages at hand. `spending` is the audit's, where several tables are read. `now` is the audit's clock. `seen`
    is told of every item, whatever comes of the reading, and `shown` of the keys of the largest, in plain text. `recent` is how busy the
    table was lately.

    Raises AuditError when a checkpoint of `plan.resume` cannot be written.
    """
    reading = plan_reading(table, plan, paced=aws.endpoint_url is None, recent=recent)
    if isinstance(reading, Unknown):
        return reading, Decimal(0)
    spending = spending or Spending(cap=plan.max_read_units, per_second=plan.read_units_per_second)
    clock = now or datetime.now(UTC)
    checkpoint = None
    if plan.resume is not None:
        time_to_live = None if expiry is None else expiry.attribute
        checkpoint = Checkpoint(plan.resume, table, hash_key=hash_key, now=clock, time_to_live=time_to_live)
    what = _What(
        aws=aws,
        table=table,
        lines=plan.lines,
        hash_key=hash_key,
        expiry=expiry,
        seen=seen or Seen(min(plan.lines)),
        shown=shown,
        declared=plan.declared.get(table.name, frozenset()),
    )
    reader = _Reader(what, reading, checkpoint, clock)
    tempo = Tempo.of(
        table,
        pace=reading.pace,
        spending=spending,
        stop=stop or threading.Event(),
        limit_units=reading.limit_units,
    )
    return reader.read(tempo)


def forget(folder: Path, tables: Sequence[Table], *, hash_key: bytes) -> None:
    """Remove the checkpoints of tables whose audit has come to its end."""
    for table in tables:
        Checkpoint(folder, table, hash_key=hash_key, now=datetime.now(UTC)).remove()


@dataclass(frozen=True, kw_only=True, slots=True)
class _What:
    """The table that is read, and what is counted of it."""

    aws: Aws
    table: Table
    lines: tuple[int, ...]
    hash_key: bytes
    expiry: Expiry | None
    seen: Seen
    shown: ShownKeys | None = None
    declared: frozenset[str] = frozenset()

    def new_fold(self) -> ItemFold:
        if self.shown is not None:
            return ShowingFold(self.table, self.shown, hash_key=self.hash_key, expiry=self.expiry)
        return new_fold(self.table, hash_key=self.hash_key, expiry=self.expiry)


class _Reader:
    """One reading of one table, shared by its threads: which segments are left, and what was counted of those that were read."""

    def __init__(self, what: _What, reading: Reading, checkpoint: Checkpoint | None, now: datetime) -> None:
        self._what = what
        self._checkpoint = checkpoint
        before = None if checkpoint is None else checkpoint.load(reading)
        if before is not None and reading.coverage == "full":
            reading = replace(reading, total_segments=before.total_segments, segments=before.total_segments)
        self._reading = reading
        # what was counted before the interrupt was judged by the clock of then
        if before is not None and what.expiry is not None:
            self._what = replace(what, expiry=replace(what.expiry, now=before.began_at))
        self._began_at = now if before is None else before.began_at
        self._seed = secrets.randbits(64) if before is None else before.seed
        draw = random.Random(self._seed)  # noqa: S311 - a fair draw, no secret
        self._order = draw.sample(range(reading.total_segments), reading.segments)
        self._fold = self._what.new_fold()
        self._resumed = before is not None
        self._done: dict[int, SampledSegment] = {}
        self._units_before = Decimal(0)
        if before is not None:
            self._fold.add_counts(before.counts)
            self._done.update(zip(before.done, before.segments, strict=True))
            self._units_before = before.read_units
            what.seen.began_at = before.began_at
            what.seen.add(before.counts)
        self._asked = False  # whether more than the pilot was asked for: that is asked once
        self._taken = 0  # of the order, by threads
        pilot = min(max(PILOT_SEGMENTS, len(self._done)), reading.segments)
        self._wanted = reading.segments if reading.coverage == "full" else pilot
        self._under_way = 0
        self._stopped_by: str | None = None
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def read(self, tempo: Tempo) -> tuple[ItemSizes | Unknown, Decimal]:
        tempo.spending.plan_segments(self._wanted - len(self._done))
        if self._reading.workers == 1:
            self._work(tempo)
        else:
            with ThreadPoolExecutor(self._reading.workers, thread_name_prefix="scan") as pool:
                for worker in [pool.submit(self._work, tempo) for _ in range(self._reading.workers)]:
                    worker.result()
        if self._checkpoint is not None and self._done:
            self._checkpoint.write(self._progress(tempo))
        return self._outcome(self._units_before + tempo.read_units), tempo.read_units

    def _work(self, tempo: Tempo) -> None:
        """One thread: a segment after the other, until none is left or something ends it. What is no known failure is a bug, and passes."""
        while (segment := self._take(tempo)) is not None:
            fold = self._what.new_fold()
            why: BaseException | None = None
            try:
                read_segment(
                    self._what.aws, self._what.table, fold, tempo, segment=segment, total_segments=self._reading.total_segments
                )
                self._add(segment, fold)
            except FAILURES as error:
                why = error
                if not isinstance(error, BrokenAnswer):  # whose items may have been counted twice, or be none
                    self._what.seen.add(fold.counts())
            except Stopped as error:
                # a segment knows that it came to a limit, and not which of them is the lowest
                why_stopped = self._reading.limited_by if error.why == "budget" else error.why
                self._stopped_by = self._stopped_by or why_stopped
                self._what.seen.add(fold.counts())
            finally:
                self._let_go(why)
            if self._checkpoint is not None and self._checkpoint.is_due():
                self._checkpoint.write(self._progress(tempo))
            tempo.spending.finish_segment()

    def _take(self, tempo: Tempo) -> int | None:
        """The next segment of the order; None when all that are wanted were read. A sample that is too coarse wants more."""
        with self._changed:
            while self._stopped_by is None and self._failure is None:
                while self._taken < self._wanted:
                    segment = self._order[self._taken]
                    self._taken += 1
                    if segment not in self._done:
                        self._under_way += 1
                        return segment
                if self._under_way:
                    self._changed.wait()
                    continue
                more = self._more()
                if not more:
                    return None
                self._wanted += more
                tempo.spending.plan_segments(more)
            return None

    def _more(self) -> int:
        """How many segments bring what the first of them told to the precision that is wanted, as far as the plan allows."""
        if self._asked or self._reading.coverage == "full" or self._wanted == len(self._order):
            return 0
        self._asked = True
        sizes = replace(self._fold.sizes(coverage="sample", read_units=Decimal(0)), sample=self._sample("precision"))
        estimates = Estimates.of(sizes, sort_key=bool(self._what.table.range_attributes))
        if estimates is None:
            return 0
        return more_segments(
            estimates,
            lines_bytes=self._what.lines,
            # before an interrupt segments may have been counted by other lines
            found=sizes.over,
            share_within=SHARE_WITHIN,
            mean_within=MEAN_WITHIN,
            at_most_segments=len(self._order),
        )

    def _add(self, segment: int, fold: ItemFold) -> None:
        counts = SampledSegment(items=fold.items, bytes=fold.item_bytes, over={line: fold.over(line) for line in self._what.lines})
        added = fold.counts()
        self._what.seen.add(added)
        with self._changed:
            self._fold.add_counts(added)
            self._done[segment] = counts

    def _let_go(self, failure: BaseException | None) -> None:
        with self._changed:
            self._under_way -= 1
            self._failure = self._failure or failure
            self._changed.notify_all()

    def _progress(self, tempo: Tempo) -> Progress:
        with self._changed:
            return Progress(
                seed=self._seed,
                began_at=self._began_at,
                total_segments=self._reading.total_segments,
                done=tuple(self._done),
                segments=tuple(self._done.values()),
                counts=self._fold.counts(),
                read_units=self._units_before + tempo.read_units,
            )

    def _outcome(self, units: Decimal) -> ItemSizes | Unknown:
        """What the segments that were read tell."""
        if self._failure is not None:
            return unknown(CALL, self._failure, custom_endpoint=self._what.aws.endpoint_url is not None)
        whole = len(self._done) == self._reading.total_segments
        if whole:
            return self._told("full", units)
        if len(self._done) < PILOT_SEGMENTS:
            return Unknown(call=CALL, reason=self._why())
        stopped_by = self._stopped_by or (self._reading.limited_by if self._wanted == len(self._order) else "precision")
        return replace(self._told("sample", units), sample=self._sample(stopped_by))

    def _told(self, coverage: Literal["full", "sample"], units: Decimal) -> ItemSizes:
        fold = self._fold
        if self._resumed:
            fold = self._what.new_fold()
            fold.add_counts(revealed(self._fold.counts(), hash_key=self._what.hash_key))
        sizes = fold.sizes(coverage=coverage, read_units=units)
        what = self._what
        time_to_live = None if what.expiry is None else what.expiry.attribute
        return without_dynamic_names(sizes, what.table, time_to_live=time_to_live, declared=what.declared)

    def _sample(self, stopped_by: str) -> ItemSample:
        return ItemSample(
            total_segments=self._reading.total_segments,
            segments=tuple(self._done.values()),
            item_count=self._what.table.item_count,
            size_bytes=self._what.table.size_bytes,
            stopped_by=stopped_by,
        )

    def _why(self) -> str:
        why, items = WHY_STOPPED[self._stopped_by or "budget"], self._what.seen.scanned
        if not items:
            return why
        partial = f"{why}: partial, {counted(items, 'item')} read"
        if not self._done:
            return partial
        return f"{partial}; {len(self._done)} of {self._reading.total_segments} segments to their end, too few to judge by"
