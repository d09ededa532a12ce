"""
The one picture of a mail: the cost ladder and the item sizes of one table, drawn as SVG and made a PNG by resvg.

Gmail and Outlook show no SVG. The same report gives the same bytes on every machine: no font of the system is used.
"""

from dataclasses import dataclass

from stj_audit.render import charts, digest, digest_money, digest_tables, filters, lettering
from stj_audit.render.escape import cut_name
from stj_audit.render.templates import render_mail_picture
from stj_audit.report import ItemsReport, Report, TableReport
from stj_audit.wording import items_read

WIDTH_PIXELS = 1200  # twice what it is shown at, for screens that have two for one
MARGIN, GAP, TOP = 12.0, 24.0, 34.0
NOTE_LINE = 17.0
LABEL_FROM = 14.0  # a narrower bar has no room for its count, unless it is over a line, where each item counts
TITLE_LETTERS = 20  # of a table's name over half a picture, where capitals have room too
MOST_BARS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The whole picture, in units of its view box, and where the histogram starts."""

    width: float
    height: float
    margin: float
    top: float
    sizes_x: float


def picture(report: Report) -> bytes | None:
    """The picture as PNG; None where there is nothing to draw, or resvg is not installed."""
    svg = picture_svg(report)
    return None if svg is None else _rasterised(svg)


def picture_svg(report: Report) -> str | None:
    """What is drawn; None where nothing is known that could be."""
    bills = _bills(report)
    table = _sizes_of(report)
    items = None if table is None else table.items
    if not bills and items is None:
        return None
    narrow = bool(bills) and items is not None
    ladder = charts.cost_bars(bills, narrow) if bills else None
    sizes = None if items is None else charts.histogram(items, narrow)
    one = float(charts.NARROW_WIDTH if narrow else charts.WIDTH)
    notes = () if items is None else _notes(items)
    height = max(0.0 if ladder is None else ladder.height, 0.0 if sizes is None else sizes.height + NOTE_LINE * len(notes))
    frame = Frame(
        width=2 * MARGIN + (2 * one + GAP if narrow else one),
        height=TOP + height + MARGIN,
        margin=MARGIN,
        top=TOP,
        sizes_x=MARGIN + (one + GAP if narrow else 0.0),
    )
    return render_mail_picture(
        frame=frame,
        ladder=ladder,
        sizes=sizes,
        sizes_table="" if table is None else cut_name(table.name, TITLE_LETTERS),
        sizes_notes=notes,
        label_from=LABEL_FROM,
        family=lettering.FAMILY,
    )


def _notes(items: ItemsReport) -> tuple[str, ...]:
    """The numbers of the histogram, under it."""
    over = [
        f"over {filters.size(line.threshold_bytes).replace('.0 ', ' ')}: {line.found:,}"
        for line in (items.over_warn, items.over_max)
    ]
    return (
        f"Read: {items_read(items.scanned, items.coverage)}",
        f"Half at most {digest_tables.item_size_words(items.p50_bytes, items)}, largest {digest_tables.largest_words(items)}",
        digest.capital(", ".join(over)),
    )


def picture_alt(report: Report) -> str:
    """What the picture shows, with its numbers."""
    bills, table = _bills(report), _sizes_of(report)
    told = []
    if bills:
        each = [f"{filters.usd_words(bill.monthly_usd, bill.complete)} at {filters.users(bill.users)}" for bill in bills]
        told.append(f"Cost a month: {', '.join(each)}.")
    if table is not None and table.items is not None:
        told.append(f"Item sizes of {cut_name(table.name)}: {charts.histogram(table.items).description}")
    return " ".join(told)


def _bills(report: Report) -> tuple[digest_money.Bill, ...]:
    """The rungs of the ladder of which anything is known; more than fit are left to the table under the picture, the target is not."""
    known = [bill for bill in digest_money.bills(report) if bill.monthly_usd is not None]
    first = next((place for place, bill in enumerate(known) if bill.is_target), 0)
    start = max(0, min(first - MOST_BARS // 2, len(known) - MOST_BARS))
    return tuple(known[start : start + MOST_BARS])


def _sizes_of(report: Report) -> TableReport | None:
    """The table with the largest item that was read."""
    read = [(table.items, table) for table in report.tables if table.items is not None and _is_drawn(table.items)]
    return max(read, key=lambda one: (one[0].max_bytes or 0, one[1].name))[1] if read else None


def _is_drawn(items: ItemsReport) -> bool:
    return any(bar.count > 0 for bar in items.histogram)


def _rasterised(svg: str) -> bytes | None:
    try:
        from resvg_py import svg_to_bytes  # noqa: PLC0415 - comes with the extra `email`; a mail without it has no picture
    except ImportError:
        return None
    return bytes(
        svg_to_bytes(
            svg_string=svg,
            width=WIDTH_PIXELS,
            skip_system_fonts=True,
            font_files=[str(lettering.FOLDER / name) for name in lettering.FONT_FILES],
            font_family=lettering.FAMILY,
        )
    )
