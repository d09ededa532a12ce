"""
What becomes of tables over the runs that are kept: how they grow in a month, and when the largest item reaches a line. Pure.

A straight line is fitted to the runs by least squares, exactly, in fractions. How sure a date is says the interval in which a single run at
that time would lie with 95 % confidence, if the growth is a straight line (see any textbook: prediction interval of simple linear
regression, and calibration by its inverse). Few runs, or runs of a few weeks, say nothing: then there is no date.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from stj_audit.config import WARN_ITEM_BYTES
from stj_audit.facts import MAX_ITEM_BYTES
from stj_audit.history import RunSummary, TableSummary
from stj_audit.items.intervals import t_quantile
from stj_audit.report import Forecast, TableTrend, Trend, TrendRun
from stj_audit.wording import counted, on_date

MOST_RUNS = 13  # a year of monthly runs, and the one a year ago
LEAST_RUNS = 4  # a line through three has one degree of freedom, and its interval is as good as none
DAYS_A_MONTH = Fraction(730, 24)  # as everywhere: a month is 730 hours
LEAST_DAYS = 2 * DAYS_A_MONTH
FAR_DAYS = 20 * 365  # beyond it a straight line is no forecast
SECONDS_A_DAY = 86_400
STEP_DAYS = 0.01  # as near as the day of a date is found
CENT = Decimal("0.01")

Point = tuple[Fraction, Fraction]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """
    `y = mean_y + slope * (x - mean_x)` through `points` points; `spread` is the sum of the squares of x about its mean, `residual` that of
    what the line leaves over.
    """

    points: int
    mean_x: Fraction
    mean_y: Fraction
    slope: Fraction
    spread: Fraction
    residual: Fraction


def fit(points: Sequence[Point]) -> Line | None:
    """The line of least squares; None for fewer than three points, or all at one x."""
    if len(points) < 3:
        return None
    mean_x = sum((x for x, _ in points), Fraction()) / len(points)
    mean_y = sum((y for _, y in points), Fraction()) / len(points)
    spread = sum(((x - mean_x) ** 2 for x, _ in points), Fraction())
    if spread == 0:
        return None
    slope = sum(((x - mean_x) * (y - mean_y) for x, y in points), Fraction()) / spread
    residual = sum(((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points), Fraction())
    return Line(points=len(points), mean_x=mean_x, mean_y=mean_y, slope=slope, spread=spread, residual=residual)


def crossing(line: Line, level: int) -> tuple[Fraction | None, float | None, float | None]:
    """
    Where a rising line reaches `level`, above the values it was fitted to: (x of the line itself, the least, the greatest x at which a single
    value lies there with 95 % confidence). The greatest is None where the values do not prove that they rise; all are where the line falls.
    """
    if line.slope <= 0:
        return None, None, None
    rise = level - line.mean_y
    at = line.mean_x + rise / line.slope
    if rise <= 0:  # it was above already, and is below again
        return at, float(line.mean_x), None
    if line.residual == 0:
        return at, float(at), float(at)
    degrees = line.points - 2
    width = t_quantile(degrees) ** 2 * float(line.residual) / degrees  # of the interval, squared, but for what depends on x
    # (rise - slope u)^2 = width (1 + 1/n + u^2 / spread), with u = x - mean_x
    square = float(line.slope) ** 2 - width / float(line.spread)
    half = float(line.slope * rise)
    rest = float(rise) ** 2 - width * (1 + 1 / line.points)
    if rest <= 0:  # the level is within what single values are at the middle of those that were seen
        return at, float(line.mean_x), None if square <= 0 else _later(square, half, rest) + float(line.mean_x)
    root = math.sqrt(max(half * half - square * rest, 0.0))
    least = rest / (half + root)  # the stable form of (half - root) / square, and right where that is 0 or less
    greatest = None if square <= 0 else _later(square, half, rest) + float(line.mean_x)
    return at, least + float(line.mean_x), greatest


def first_reach(line: Line, level: int, start: Fraction, end: Fraction) -> float | None:
    """
    The first x from `start` to `end` at which a single value of `level` or more is within 95 % confidence; None where it is nowhere. The
    upper end of the interval is convex in x: below the level at both ends, it is so between them.
    """
    if line.residual == 0:
        return next((float(x) for x in (start, end) if line.mean_y + line.slope * (x - line.mean_x) >= level), None)
    degrees = line.points - 2
    width = t_quantile(degrees) ** 2 * float(line.residual) / degrees

    def reaches(x: float) -> bool:
        u = x - float(line.mean_x)
        half = math.sqrt(width * (1 + 1 / line.points + u * u / float(line.spread)))
        return float(line.mean_y) + float(line.slope) * u + half >= level

    below, above = float(start), float(end)
    if reaches(below):
        return below
    if not reaches(above):
        return None
    while above - below > STEP_DAYS:
        middle = (below + above) / 2
        below, above = (below, middle) if reaches(middle) else (middle, above)
    return above


def _later(square: float, half: float, rest: float) -> float:
    return (half + math.sqrt(max(half * half - square * rest, 0.0))) / square


# --------------------------------------------------------------------------------------------------------------- trend


def trend(earlier: Sequence[RunSummary], now: RunSummary, *, notes: Sequence[str] = ()) -> Trend:
    """
    The trend up to a run, of it and the newest earlier ones of the same accounts and regions; where those are of less than two months, growth
    is that of the last runs of months. `notes` are what there was to say about the files that they are from.
    """
    before = {one.id: one for one in earlier if one.scopes == now.scopes and one.started_at < now.started_at and one.id != now.id}
    kept = [*sorted(before.values(), key=lambda one: (one.started_at, one.id)), now]
    shown = kept[-MOST_RUNS:]
    # Daily runs alone would never be of two months
    monthly = _last_of_months(kept)[-MOST_RUNS:]
    by_month = bool(_too_early([one.started_at for one in shown])) and not _too_early([one.started_at for one in monthly])
    fitted = monthly if by_month else shown
    sure = [one for one in fitted if one.cost_complete]
    at_target = [one for one in fitted if one.cost_at_target_complete and one.target_users == now.target_users]
    about = ["growth is that of the last run of each month: those above are of less than two months"] if by_month else []
    last = kept[-2] if len(kept) > 1 else None
    return Trend(
        runs=tuple(map(_run, shown)),
        tables=tuple(_table_trend(name, fitted, kept) for name in now.tables),
        cost_usd_per_month=_usd_per_month([(one.started_at, one.cost_usd) for one in sure]),
        cost_at_target_usd_per_month=_usd_per_month([(one.started_at, one.cost_at_target_usd) for one in at_target]),
        too_early=_too_early([one.started_at for one in fitted]),
        notes=(*notes, *about, *_notes([one for one in kept if one in shown or one in fitted])),
        new_findings=None if last is None else _not_in(now.findings, last.findings),
        gone_findings=None if last is None else len(_not_in(last.findings, now.findings)),
    )


def _not_in(findings: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    known = frozenset(others)
    return tuple(one for one in findings if one not in known)


def _last_of_months(runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Of runs in the order of time, the last of each month of the calendar."""
    last = {(one.started_at.year, one.started_at.month): one for one in runs}
    return list(last.values())


def _run(kept: RunSummary) -> TrendRun:
    return TrendRun(
        id=kept.id,
        started_at=kept.started_at,
        grade=kept.grade,
        score=kept.score,
        cost_usd=kept.cost_usd,
        cost_at_target_usd=kept.cost_at_target_usd,
        cost_complete=kept.cost_complete,
        cost_at_target_complete=kept.cost_at_target_complete,
        target_users=kept.target_users,
        tables=len(kept.tables),
        findings=len(kept.findings),
        items=_total([one.items for one in kept.tables.values()]),
        size_bytes=_total([one.size_bytes for one in kept.tables.values()]),
    )


def _total(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _notes(runs: Sequence[RunSummary]) -> list[str]:
    now = runs[-1]
    notes = []
    others = sum(set(one.tables) != set(now.tables) for one in runs)
    if others:
        notes.append(f"{counted(others, 'earlier run')} audited other tables: grade, cost and totals are not of the same things")
    if len({one.target_users for one in runs}) > 1:
        notes.append("the runs were made for different numbers of users: only those for the same are compared at it")
    if len({one.prices_as_of for one in runs}) > 1:
        notes.append("the price list changed between these runs: a part of what the cost changed by is that")
    return notes


def _table_trend(name: str, runs: Sequence[RunSummary], kept: Sequence[RunSummary]) -> TableTrend:
    """By `runs`; what was read last may be in another of those that are kept."""
    seen = [(run.started_at, run.tables[name]) for run in runs if name in run.tables]
    largest = [(when, table.max_bytes) for when, table in seen if table.max_bytes is not None]
    sampled = sum(table.sampled for _, table in seen if table.max_bytes is not None)
    latest = seen[-1][1]
    read = [(run.started_at, size) for run in kept if name in run.tables and (size := run.tables[name].max_bytes) is not None]
    now = runs[-1].started_at
    return TableTrend(
        table=name,
        runs=len(seen),
        items_per_month=_per_month([(when, table.items) for when, table in seen]),
        bytes_per_month=_per_month([(when, table.size_bytes) for when, table in seen]),
        largest_bytes_per_month=_per_month([*largest]),
        largest_bytes=latest.max_bytes,
        sampled_runs=sampled,
        forecasts=tuple(_forecast(line, largest, read, latest, now) for line in (WARN_ITEM_BYTES, MAX_ITEM_BYTES)),
    )


def _points(values: Sequence[tuple[datetime, int | Decimal | None]]) -> list[Point]:
    """(days since the first value, value), of those that are known."""
    known = [(when, value) for when, value in values if value is not None]
    return [(_days(when - known[0][0]), Fraction(value)) for when, value in known]


def _days(passed: timedelta) -> Fraction:
    return Fraction(passed // timedelta(microseconds=1), SECONDS_A_DAY * 1_000_000)


def _too_early(times: Sequence[datetime]) -> str | None:
    """Why these runs say nothing about the future; None where they do."""
    days = _days(times[-1] - times[0]) if times else Fraction()
    if len(times) >= LEAST_RUNS and days >= LEAST_DAYS:
        return None
    over = f" over {counted(math.floor(days), 'day')}" if len(times) > 1 else ""
    return f"it is too early: {counted(len(times), 'run')}{over}, and it takes {LEAST_RUNS} over two months"


def _per_month(values: Sequence[tuple[datetime, int | None]]) -> float | None:
    slope = _slope_a_month(values)
    return None if slope is None else float(slope)


def _usd_per_month(values: Sequence[tuple[datetime, Decimal | None]]) -> Decimal | None:
    slope = _slope_a_month(values)
    return None if slope is None else (Decimal(slope.numerator) / slope.denominator).quantize(CENT)


def _slope_a_month(values: Sequence[tuple[datetime, int | Decimal | None]]) -> Fraction | None:
    if _too_early([when for when, value in values if value is not None]):
        return None
    line = fit(_points(values))
    return None if line is None else line.slope * DAYS_A_MONTH


# ------------------------------------------------------------------------------------------------------------ forecast


def _forecast(
    level: int,
    largest: Sequence[tuple[datetime, int]],
    read: Sequence[tuple[datetime, int]],
    latest: TableSummary,
    now: datetime,
) -> Forecast:
    """
    When the largest item reaches `level` bytes. `largest` are (when, bytes) of the runs that read items, the oldest first, and `read` those
    of all runs that are kept.
    """
    if latest.seen_empty:
        return Forecast(line_bytes=level, state="not known", because="the table has no items")
    if not read:
        return Forecast(line_bytes=level, state="not known", because="no run read items")
    when, last = read[-1]
    if last >= level:
        because = "" if latest.max_bytes is not None else f"when last read, on {on_date(when.astimezone(UTC))}"
        return Forecast(line_bytes=level, state="reached", because=because)
    early = _too_early([when for when, _ in largest])
    line = fit(_points(largest))
    if early or line is None:
        return Forecast(line_bytes=level, state="too early", because=early or "")
    return _by_line(line, level, start=largest[0][0], now=now)


def _by_line(line: Line, level: int, *, start: datetime, now: datetime) -> Forecast:
    """By the line through the runs, whose x are days since `start`; the largest item is below `level` as far as is known."""
    at, least, greatest = crossing(line, level)
    today = _days(now - start)
    if at is None or at - today > FAR_DAYS:
        perhaps = first_reach(line, level, today, today + FAR_DAYS)
        if perhaps is not None:
            because = "that the largest item grows is not sure: its sizes vary"
            return Forecast(line_bytes=level, state="unsure", earliest=_date(start, Fraction(perhaps)), because=because)
    if at is None:
        return Forecast(line_bytes=level, state="never", because="the largest item does not grow")
    if at - today > FAR_DAYS:
        return Forecast(line_bytes=level, state="far", because="not within 20 years at this growth")
    return Forecast(
        line_bytes=level,
        state="dated",
        expected=_date(start, max(at, today)),
        earliest=_date(start, Fraction(max(least or 0.0, float(today)))),
        latest=None
        if greatest is None or greatest - float(today) > FAR_DAYS
        else _date(start, Fraction(max(greatest, float(today)))),
    )


def _date(start: datetime, days: Fraction) -> date:
    return (start.astimezone(UTC) + timedelta(microseconds=int(days * SECONDS_A_DAY * 1_000_000))).date()
