"""
Where the marks of a chart go: geometry in units of the SVG's view box, without markup and without colours.

The macros in charts.html.j2 place them. There is no way to measure text, so each chart keeps room free on its right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stj_audit.render import filters
from stj_audit.render.digest import ALL_PARTS, Bill, money
from stj_audit.report import AttributeReport, ItemsReport
from stj_audit.wording import counted

WIDTH = 720

RING_RADIUS = 42.0

BAR_LEFT, BAR_WIDTH, BAR_TOP, BAR_STEP, BAR_HEIGHT = 118.0, 372.0, 34.0, 32.0, 22.0
LABEL_FROM = 36.0  # a narrower segment has no room for its percentage

HIST_LEFT, HIST_RIGHT, HIST_TOP, HIST_BOTTOM, HIST_HEIGHT = 60.0, 610.0, 30.0, 200.0, 246.0
HIST_FIRST_BYTES = 64  # the axis never starts higher, so that the charts of small tables compare
HIST_TICKS = tuple(4**power for power in range(3, 11))  # 64 B, 256 B, 1 KB ... 1 MB
ONE_ITEM_LIFT = 0.5  # decades under the count 1: a single item must be seen

STRIP_LEFT, STRIP_RIGHT, STRIP_TOP, STRIP_BOTTOM, STRIP_HEIGHT = 8.0, 640.0, 20.0, 74.0, 96.0

ATTRIBUTES = 12  # the tail is in the table
ATTRIBUTE_SHARE = 0.01  # a shorter bar cannot be seen
ATTRIBUTE_LEFT, ATTRIBUTE_WIDTH, ATTRIBUTE_STEP, ATTRIBUTE_HEIGHT = 190.0, 330.0, 26.0, 16.0
LABEL_CHARACTERS = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """A circle of which `arc` of `circumference` is drawn; `arc` None: no score."""

    radius: float
    circumference: float
    arc: float | None


def grade_ring(score: float | None) -> Ring:
    around = 2 * math.pi * RING_RADIUS
    arc = None if score is None else round(around * min(max(score, 0.0), 100.0) / 100, 1)
    return Ring(radius=RING_RADIUS, circumference=round(around, 1), arc=arc)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A rectangle. `kind` chooses its colour, `label` is printed on or over it, `tip` says what it is."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    tip: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostBar:
    """One stacked bar, its name on the left and its total on the right. No marks: nothing of it is known."""

    y: float
    name: str
    total: str
    is_target: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LegendEntry:
    x: float
    title: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CostBars:
    height: float
    legend: tuple[LegendEntry, ...]
    bars: tuple[CostBar, ...]
    left: float = BAR_LEFT
    right: float = BAR_LEFT + BAR_WIDTH
    bar_height: float = BAR_HEIGHT


def cost_bars(bills: Sequence[Bill]) -> CostBars:
    """Bars of equal length, so that the parts compare between user counts; the totals stand beside them."""
    bars = []
    for place, bill in enumerate(bills):
        y = BAR_TOP + place * BAR_STEP
        name = filters.users(bill.users)
        x = BAR_LEFT
        marks = []
        for part in bill.parts:
            width = round(BAR_WIDTH * part.share, 1)
            if width > 0:
                tip = f"{name}: {part.title} {filters.usd(part.amount_usd)} ({filters.percent(part.share)})"
                label = filters.percent(part.share) if width >= LABEL_FROM else ""
                marks.append(
                    Mark(x=round(x, 1), y=y, width=width, height=BAR_HEIGHT, kind=_part_kind(part.title), label=label, tip=tip)
                )
            x += width
        total = money(bill.monthly_usd, bill.complete)
        bars.append(CostBar(y=y, name=name, total=total, is_target=bill.is_target, marks=tuple(marks)))
    legend, x = [], BAR_LEFT
    for part in bills[0].parts if bills else ():
        legend.append(LegendEntry(x=x, title=part.title, kind=_part_kind(part.title)))
        x += 34 + 6.8 * len(part.title)
    return CostBars(height=BAR_TOP + BAR_STEP * len(bills) + 4, legend=tuple(legend), bars=tuple(bars))


def _part_kind(title: str) -> str:
    return f"part{ALL_PARTS.index(title)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """Item sizes: log2 across, log10 upward. `warn_x` and `max_x` are the two size lines."""

    marks: tuple[Mark, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    warn_x: float
    max_x: float
    warn_label: str
    max_label: str
    description: str
    height: float = HIST_HEIGHT
    left: float = HIST_LEFT
    right: float = HIST_RIGHT
    top: float = HIST_TOP
    bottom: float = HIST_BOTTOM


def histogram(items: ItemsReport) -> Histogram:
    warn, limit = items.over_warn.threshold_bytes, items.over_max.threshold_bytes
    bars = _bars(items)
    first = min([HIST_FIRST_BYTES, *(low for low, _, _ in bars)])
    last = max([limit, *(high for _, high, _ in bars)])
    across = (HIST_RIGHT - HIST_LEFT) / max(math.log2(last / first), 1)
    top = max(1, math.ceil(math.log10(max([count for _, _, count in bars], default=1))))
    upward = (HIST_BOTTOM - HIST_TOP) / (top + ONE_ITEM_LIFT)

    def x(size_bytes: float) -> float:
        return round(HIST_LEFT + across * math.log2(max(size_bytes, first) / first), 1)

    def y(count: int) -> float:
        return round(HIST_BOTTOM - upward * (math.log10(count) + ONE_ITEM_LIFT), 1)

    marks = []
    for low, high, count in bars:
        kind = "over-max" if low >= limit else "over-warn" if low >= warn else "in-bounds"
        left, width = x(low) + 1, max(x(high) - x(low) - 2, 1.5)
        tip = f"{filters.size(low)} to {filters.size(high)}: {counted(count, 'item')}"
        # The few items at the limit are what the chart is for, and too low to be read off the axis.
        label = f"{count:,}" if low >= warn or count < 10 else ""
        marks.append(
            Mark(
                x=round(left, 1),
                y=y(count),
                width=round(width, 1),
                height=round(HIST_BOTTOM - y(count), 1),
                kind=kind,
                label=label,
                tip=tip,
            )
        )
    return Histogram(
        marks=tuple(marks),
        x_ticks=tuple(Tick(at=x(size), label=_axis_size(size)) for size in HIST_TICKS if first <= size <= last),
        y_ticks=tuple(Tick(at=y(10**power), label=f"{10**power:,}") for power in range(top + 1)),
        warn_x=x(warn),
        max_x=x(limit),
        warn_label=f"{_axis_size(warn)}: act",
        max_label=f"{_axis_size(limit)}: limit",
        description=_description(items),
    )


def _bars(items: ItemsReport) -> list[tuple[int, int, int]]:
    """(more than, at most, items) of every bar that has items."""
    bars, low = [], 0
    for bar in items.histogram:
        if bar.count > 0 and bar.le_bytes > 0:
            bars.append((max(low or bar.le_bytes // 2, 1), bar.le_bytes, bar.count))
        low = bar.le_bytes
    return bars


def _axis_size(size_bytes: int) -> str:
    for unit, of in (("MB", 1024**2), ("KB", 1024)):
        if size_bytes >= of:
            return f"{size_bytes / of:.4g} {unit}"
    return f"{size_bytes} B"


def _description(items: ItemsReport) -> str:
    return (
        f"Histogram with logarithmic axes of {counted(items.scanned, 'item')}: half are at most {filters.size(items.p50_bytes)}, "
        f"the largest is {filters.size(items.max_bytes)}. Over {filters.size(items.over_warn.threshold_bytes)}: {items.over_warn.found:,}; "
        f"over {filters.size(items.over_max.threshold_bytes)}: {items.over_max.found:,}."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """One column for each day, oldest first."""

    marks: tuple[Mark, ...]
    first_label: str
    description: str
    total: int
    height: float = STRIP_HEIGHT
    left: float = STRIP_LEFT
    right: float = STRIP_RIGHT
    bottom: float = STRIP_BOTTOM


def throttle_strip(days: Sequence[int]) -> Strip:
    peak = max(days, default=0)
    step = (STRIP_RIGHT - STRIP_LEFT) / max(len(days), 1)
    marks = []
    for place, events in enumerate(days):
        if events <= 0:
            continue
        height = max(round((STRIP_BOTTOM - STRIP_TOP) * events / peak, 1), 2.0)
        tip = f"{_ago(len(days) - place)}: {counted(events, 'event')}"
        label = f"{events:,}" if events == peak else ""
        x = round(STRIP_LEFT + place * step + 1, 1)
        marks.append(
            Mark(x=x, y=STRIP_BOTTOM - height, width=round(step - 2, 1), height=height, kind="throttle", label=label, tip=tip)
        )
    total = sum(days)
    description = f"{counted(total, 'throttle event')} on {len(marks)} of {len(days)} days; {peak:,} on the worst."
    return Strip(marks=tuple(marks), first_label=f"{len(days)} days ago", description=description, total=total)


def throttle_days(days: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """(which day, events) of the days with events, newest first: the strip as numbers."""
    rows = [(_ago(len(days) - place), events) for place, events in enumerate(days) if events]
    return tuple(reversed(rows))


def _ago(days: int) -> str:
    return "last 24 hours" if days == 1 else f"{days - 1} to {days} days ago"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeBar:
    y: float
    name: str
    width: float
    label: str
    tip: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeBars:
    height: float
    bars: tuple[AttributeBar, ...]
    left: float = ATTRIBUTE_LEFT
    full_width: float = ATTRIBUTE_WIDTH
    bar_height: float = ATTRIBUTE_HEIGHT


def attribute_bars(attributes: Sequence[AttributeReport]) -> AttributeBars:
    """The attributes that make up most of the bytes, largest first; a full bar is all bytes read."""
    bars = []
    shown = [one for one in attributes if one.share >= ATTRIBUTE_SHARE][:ATTRIBUTES] or attributes[:1]
    for place, one in enumerate(shown):
        bars.append(
            AttributeBar(
                y=4 + place * ATTRIBUTE_STEP,
                name=one.name if len(one.name) <= LABEL_CHARACTERS else one.name[: LABEL_CHARACTERS - 1] + "…",
                width=round(ATTRIBUTE_WIDTH * min(max(one.share, 0.0), 1.0), 1),
                label=f"{filters.percent(one.share)}, {filters.size(one.mean_bytes)} each",
                tip=f"{filters.percent(one.share)} of all bytes; largest {filters.size(one.max_bytes)}",
            )
        )
    return AttributeBars(height=8 + ATTRIBUTE_STEP * len(bars), bars=tuple(bars))
