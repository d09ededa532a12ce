"""
Where the marks of a sparkline go, as in stj_audit/render/charts.py: one value over time, from 0 up, so that its height tells how large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.report import Trend

WIDTH, NARROW_WIDTH = 720, 320
LEFT, RIGHT_ROOM, NAME_Y, TOP, BOTTOM, HEIGHT = 8.0, 90.0, 14.0, 28.0, 84.0, 106.0
FULL_SCORE = 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """`is_open`: what is there is at least so much, and how much is not known."""

    x: float
    y: float
    tip: str
    is_open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Sparkline:
    """
    `lines` are "x,y x,y ...": several where a value between is not known, or not all of it. `label` is the last value, at `label_y`.
    """

    name: str
    title: str
    description: str
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    label: str
    label_y: float
    first: str
    last: str
    width: float
    right: float
    left: float = LEFT
    name_y: float = NAME_Y
    bottom: float = BOTTOM
    height: float = HEIGHT


def sparklines(trend: Trend, narrow: bool = False) -> tuple[Sparkline, ...]:
    """The score, where any run has one, and the cost of a month now."""
    times = [run.started_at for run in trend.runs]
    scores = [run.score for run in trend.runs]
    costs = [run.cost_usd for run in trend.runs]
    score_words = [
        f"grade {run.grade}" if run.score is None else f"{run.score:.0f} of 100, grade {run.grade}" for run in trend.runs
    ]
    cost_words = [filters.usd_cell(run.cost_usd, run.cost_complete) for run in trend.runs]
    highest = float(max((c for c in costs if c is not None), default=0))
    all_known = [run.cost_complete for run in trend.runs]
    cost = _sparkline("Cost a month now", times, costs, cost_words, all_known, top=highest, narrow=narrow)
    if all(score is None for score in scores):
        return (cost,)
    return (_sparkline("Score", times, scores, score_words, [True] * len(scores), top=FULL_SCORE, narrow=narrow), cost)


def _sparkline(
    title: str,
    times: Sequence[datetime],
    values: Sequence[float | Decimal | None],
    words: Sequence[str],
    complete: Sequence[bool],
    *,
    top: float,
    narrow: bool,
) -> Sparkline:
    width = NARROW_WIDTH if narrow else WIDTH
    right = width - RIGHT_ROOM
    span = (times[-1] - times[0]).total_seconds()
    dots: list[Dot | None] = []
    for when, value, told, whole in zip(times, values, words, complete, strict=True):
        if value is None:
            dots.append(None)
            continue
        x = right if span <= 0 else LEFT + (right - LEFT) * (when - times[0]).total_seconds() / span
        share = min(max(float(value) / top, 0.0), 1.0) if top > 0 else 0.0
        y = BOTTOM - (BOTTOM - TOP) * share
        dots.append(Dot(x=round(x, 1), y=round(y, 1), tip=f"{filters.on_date(when)}: {told}", is_open=not whole))
    last = dots[-1]
    first_day, last_day = filters.on_date(times[0]), filters.on_date(times[-1])
    some_open = " An open dot is the least that it can be." if any(dot is not None and dot.is_open for dot in dots) else ""
    return Sparkline(
        name=title,
        title=f"{title}, {first_day} to {last_day}",
        description=f"{len(times)} runs: {words[0]} on {first_day}, {words[-1]} on {last_day}.{some_open}"
        " The numbers are in the table below.",
        lines=_lines(dots),
        dots=tuple(dot for dot in dots if dot is not None),
        label=words[-1].partition(",")[0] if title == "Score" else words[-1],
        label_y=BOTTOM if last is None else last.y + 4,
        first=first_day,
        last=last_day,
        width=width,
        right=right,
    )


def _lines(dots: Sequence[Dot | None]) -> tuple[str, ...]:
    """Through neighbours; none over what is not known, and none to or from what is only known in part."""
    lines: list[list[str]] = [[]]
    for dot in dots:
        if dot is None or dot.is_open:
            lines.append([])
        else:
            lines[-1].append(f"{dot.x},{dot.y}")
    return tuple(" ".join(line) for line in lines if len(line) > 1)
