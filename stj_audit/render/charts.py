"""
Where the marks of a chart go: geometry in units of the SVG's view box, without markup and without colours.

The macros in charts.html.j2 place them. There is no way to measure text, so each chart keeps room free on its right. Every chart is made
twice, for wide screens and, with `narrow`, for phones, where names stand over their bars; the style sheet shows one of the two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stj_audit.render import digest_tables, filters
from stj_audit.render.digest import capital
from stj_audit.render.digest_money import ALL_PARTS, Bill
from stj_audit.render.escape import cut_name
from stj_audit.report import AttributeReport, ItemsReport
from stj_audit.wording import counted, items_read

WIDTH, NARROW_WIDTH = 720, 320

RING_RADIUS = 42.0

BAR_LEFT, BAR_WIDTH, BAR_STEP, BAR_HEIGHT = 118.0, 372.0, 32.0, 22.0
NARROW_BAR_STEP, NARROW_BAR_HEIGHT, NARROW_NAME_HEIGHT = 46.0, 18.0, 18.0
OPEN_WIDTH = 40.0  # the end of a bar that stands for what is not known, whose size nobody can draw
LABEL_FROM = 36.0  # a narrower segment has no room for its percentage
LEGEND_LINE, LEGEND_BOX, LEGEND_LETTER = 20.0, 34.0, 6.8
SQUARE_GAP, SQUARE_HEIGHT = 1.5, 3.0  # the line under a bar
SQUARE_TITLE = "grows with the square of the users"

HIST_LEFT, HIST_RIGHT, HIST_TOP, HIST_BOTTOM, HIST_HEIGHT = 60.0, 610.0, 30.0, 200.0, 246.0
NARROW_HIST_LEFT, NARROW_HIST_RIGHT = 42.0, 296.0
HIST_FIRST_BYTES = 64  # the axis never starts higher, so that the charts of small tables compare
HIST_TICKS = tuple(4**power for power in range(3, 11))  # 64 B, 256 B, 1 KB ... 1 MB
ONE_ITEM_LIFT = 0.5  # decades under the count 1: a single item must be seen

STRIP_LEFT, STRIP_RIGHT, STRIP_TOP, STRIP_BOTTOM, STRIP_HEIGHT = 8.0, 640.0, 20.0, 74.0, 96.0

ATTRIBUTES = 12  # the tail is in the table
ATTRIBUTE_SHARE = 0.01  # a shorter bar cannot be seen
ATTRIBUTE_LEFT, ATTRIBUTE_WIDTH, ATTRIBUTE_STEP, ATTRIBUTE_HEIGHT = 190.0, 330.0, 26.0, 16.0
NARROW_ATTRIBUTE_STEP, NARROW_ATTRIBUTE_HEIGHT = 38.0, 12.0
LABEL_CHARACTERS = 24
OPEN_TITLE = f"{filters.NOT_KNOWN}, and in no share"


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
    """
    One stacked bar with its name and its total. `rest` is an outline where nothing is drawn: dashed for what is not known, plain for a
    bill of 0; None: every part is drawn. `square` underlines the share that grows with the square of the users.
    """

    y: float
    name: str
    total: str
    is_target: bool
    marks: tuple[Mark, ...]
    rest: Mark | None
    square: Mark | None
    name_x: float
    total_x: float
    text_y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LegendEntry:
    x: float
    y: float
    title: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CostBars:
    width: float
    height: float
    legend: tuple[LegendEntry, ...]
    bars: tuple[CostBar, ...]
    is_narrow: bool


def cost_bars(bills: Sequence[Bill], narrow: bool = False) -> CostBars:
    """Bars of equal length, so that the parts compare between user counts; the totals stand beside or over them."""
    left, length = (0.0, float(NARROW_WIDTH)) if narrow else (BAR_LEFT, BAR_WIDTH)
    step, height = (NARROW_BAR_STEP, NARROW_BAR_HEIGHT) if narrow else (BAR_STEP, BAR_HEIGHT)
    legend = _legend(bills, left, NARROW_WIDTH if narrow else WIDTH)
    top = max((entry.y for entry in legend), default=0.0) + LEGEND_LINE + 10
    bars = []
    for place, bill in enumerate(bills):
        row = top + place * step
        y = row + NARROW_NAME_HEIGHT if narrow else row
        marks, rest = _segments(bill, left=left, length=length, y=y, height=height)
        bars.append(
            CostBar(
                y=y,
                name=filters.users(bill.users),
                total=filters.usd_cell(bill.monthly_usd, bill.complete),
                is_target=bill.is_target,
                marks=marks,
                rest=rest,
                square=_square(bill, left=left, length=length, y=y + height + SQUARE_GAP),
                name_x=left if narrow else left - 10,
                total_x=left + length + (0 if narrow else 12),
                text_y=row + (12 if narrow else 15.5),
            )
        )
    width = NARROW_WIDTH if narrow else WIDTH
    return CostBars(width=width, height=top + step * len(bills) + 4, legend=legend, bars=tuple(bars), is_narrow=narrow)


def _segments(bill: Bill, *, left: float, length: float, y: float, height: float) -> tuple[tuple[Mark, ...], Mark | None]:
    """The known parts of a bill, and the outline after them."""
    name = filters.users(bill.users)
    drawn = length if bill.complete else length - OPEN_WIDTH
    x = left
    marks = []
    for part in bill.parts:
        width = round(drawn * part.share, 1)
        if width > 0:
            tip = f"{name}: {part.title} {filters.usd(part.amount_usd)} ({filters.percent(part.share)} of what is known)"
            tip = tip.replace(" of what is known", "") if bill.complete else tip
            label = filters.percent(part.share) if width >= LABEL_FROM else ""
            marks.append(Mark(x=round(x, 1), y=y, width=width, height=height, kind=_part_kind(part.title), label=label, tip=tip))
        x += width
    if marks and bill.complete:
        return tuple(marks), None
    start = round(x, 1) if marks else left
    known = bill.complete and bill.monthly_usd is not None
    tip = f"{name}: " + ("nothing is billed" if known else "a part is not known" if marks else "not known")
    outline = Mark(
        x=start, y=y, width=round(left + length - start, 1), height=height, kind="empty" if known else "open", label="", tip=tip
    )
    return tuple(marks), outline


def _square(bill: Bill, *, left: float, length: float, y: float) -> Mark | None:
    width = round((length if bill.complete else length - OPEN_WIDTH) * bill.square_share, 1)
    if width <= 0:
        return None
    tip = f"{filters.users(bill.users)}: {filters.percent(bill.square_share)} {SQUARE_TITLE}"
    return Mark(x=left, y=y, width=width, height=SQUARE_HEIGHT, kind="square", label="", tip=tip)


def _legend(bills: Sequence[Bill], left: float, width: float) -> tuple[LegendEntry, ...]:
    """What the colours mean, in as many lines as it takes."""
    titles = [(part.title, _part_kind(part.title)) for part in bills[0].parts] if bills else []
    if any(not bill.complete or bill.monthly_usd is None for bill in bills):
        titles.append((OPEN_TITLE, "open"))
    if any(bill.square_share for bill in bills):
        titles.append((SQUARE_TITLE, "square"))
    entries, x, y = [], left, 4.0
    for title, kind in titles:
        needed = LEGEND_BOX + LEGEND_LETTER * len(title)
        if x > left and x + needed > width:
            x, y = left, y + LEGEND_LINE
        entries.append(LegendEntry(x=round(x, 1), y=y, title=title, kind=kind))
        x += needed
    return tuple(entries)


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
    max_label_x: float
    max_label_y: float
    warn_label_y: float
    line_top: float
    is_narrow: bool
    description: str
    width: float
    left: float
    right: float
    height: float = HIST_HEIGHT
    top: float = HIST_TOP
    bottom: float = HIST_BOTTOM


def histogram(items: ItemsReport, narrow: bool = False) -> Histogram:
    hist_left, hist_right = (NARROW_HIST_LEFT, NARROW_HIST_RIGHT) if narrow else (HIST_LEFT, HIST_RIGHT)
    warn, limit = items.over_warn.threshold_bytes, items.over_max.threshold_bytes
    bars = _bars(items)
    first = min([HIST_FIRST_BYTES, *(low for low, _, _ in bars)])
    last = max([limit, *(high for _, high, _ in bars)])
    across = (hist_right - hist_left) / max(math.log2(last / first), 1)
    top = max(1, math.ceil(math.log10(max([count for _, _, count in bars], default=1))))
    upward = (HIST_BOTTOM - HIST_TOP) / (top + ONE_ITEM_LIFT)

    def x(size_bytes: float) -> float:
        return round(hist_left + across * math.log2(max(size_bytes, first) / first), 1)

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
        max_label_x=float(NARROW_WIDTH) if narrow else x(limit) + 5,
        max_label_y=10.0 if narrow else 17.0,
        warn_label_y=26.0 if narrow else 17.0,
        line_top=15.0 if narrow else 8.0,
        is_narrow=narrow,
        description=_description(items),
        width=NARROW_WIDTH if narrow else WIDTH,
        left=hist_left,
        right=hist_right,
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
    half, largest = digest_tables.item_size_words(items.p50_bytes, items), digest_tables.largest_words(items)
    lines = [f"over {filters.size(line.threshold_bytes)}: {line.found:,}" for line in (items.over_warn, items.over_max)]
    return (
        f"Histogram with logarithmic axes of {items_read(items.scanned, items.coverage)}: half are at most {half}, the largest is {largest}. "
        f"{capital('; '.join(lines))}."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """One column for each day, oldest first."""

    marks: tuple[Mark, ...]
    first_label: str
    description: str
    total: int
    width: float
    right: float
    height: float = STRIP_HEIGHT
    left: float = STRIP_LEFT
    bottom: float = STRIP_BOTTOM


def throttle_strip(days: Sequence[int], narrow: bool = False) -> Strip:
    strip_right = NARROW_WIDTH - STRIP_LEFT if narrow else STRIP_RIGHT
    peak = max(days, default=0)
    step = (strip_right - STRIP_LEFT) / max(len(days), 1)
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
    return Strip(
        marks=tuple(marks),
        first_label=f"{counted(len(days), 'day')} ago",
        description=description,
        total=total,
        width=NARROW_WIDTH if narrow else WIDTH,
        right=strip_right,
    )


def throttle_days(days: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """(which day, events) of the days with events, newest first: the strip as numbers."""
    rows = [(_ago(len(days) - place), events) for place, events in enumerate(days) if events]
    return tuple(reversed(rows))


def _ago(days: int) -> str:
    return "last 24 hours" if days == 1 else f"{days - 1} to {days} days ago"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeBar:
    y: float
    text_y: float
    name: str
    width: float
    label: str
    tip: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeBars:
    width: float
    height: float
    bars: tuple[AttributeBar, ...]
    left: float
    full_width: float
    bar_height: float
    name_x: float
    label_x: float
    is_narrow: bool


def label(name: str) -> str:
    """A name that fits beside a bar."""
    return name if len(name) <= LABEL_CHARACTERS else cut_name(name, LABEL_CHARACTERS - 1)


def attribute_bars(attributes: Sequence[AttributeReport], narrow: bool = False) -> AttributeBars:
    """The attributes that make up most of the bytes, largest first; a full bar is all bytes read."""
    full_width = float(NARROW_WIDTH) if narrow else ATTRIBUTE_WIDTH
    step = NARROW_ATTRIBUTE_STEP if narrow else ATTRIBUTE_STEP
    bars = []
    shown = [one for one in attributes if one.share >= ATTRIBUTE_SHARE][:ATTRIBUTES] or attributes[:1]
    for place, one in enumerate(shown):
        row = 4 + place * step
        bars.append(
            AttributeBar(
                y=row + NARROW_NAME_HEIGHT if narrow else row,
                text_y=row + 12.5,
                name=label(one.name),
                width=round(full_width * min(max(one.share, 0.0), 1.0), 1),
                label=f"{filters.percent(one.share)}, {filters.size(one.mean_bytes)} each",
                tip=f"{filters.percent(one.share)} of all bytes; largest {filters.size(one.max_bytes)}",
            )
        )
    return AttributeBars(
        width=NARROW_WIDTH if narrow else WIDTH,
        height=8 + step * len(bars),
        bars=tuple(bars),
        left=0.0 if narrow else ATTRIBUTE_LEFT,
        full_width=full_width,
        bar_height=NARROW_ATTRIBUTE_HEIGHT if narrow else ATTRIBUTE_HEIGHT,
        name_x=0.0 if narrow else ATTRIBUTE_LEFT - 10,
        label_x=full_width if narrow else ATTRIBUTE_LEFT + full_width + 10,
        is_narrow=narrow,
    )
