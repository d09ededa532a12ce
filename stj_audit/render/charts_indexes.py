"""The chart of a table and its indexes: how large each is, beside how much of it is read. Geometry only, as in charts.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.render.charts import NARROW_WIDTH, OPEN_WIDTH, WIDTH, label
from stj_audit.render.digest import MAX_ROWS
from stj_audit.report import IndexReport, TableReport

NAME_END, SIZE_LEFT, SIZE_WIDTH, READS_LEFT, READS_WIDTH = 180.0, 190.0, 160.0, 440.0, 150.0
HEAD_HEIGHT, STEP, BAR_HEIGHT = 24.0, 26.0, 16.0
NARROW_BAR_WIDTH, NARROW_STEP, NARROW_BAR_HEIGHT, NARROW_NAME_HEIGHT, NARROW_BAR_STEP = 130.0, 56.0, 10.0, 18.0, 15.0
LABEL_GAP, LEAST_WIDTH = 6.0, 1.5  # a bar of a single byte must be seen; one of none is not there


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexRow:
    """The table itself (`index` None) or an index: its bytes, and the read units it took in the traffic window; null: not known."""

    index: str | None
    size_bytes: int | Decimal | None
    read_units: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar and what stands behind it; `kind` chooses its colour, "open" is the outline of what is not known."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexBars:
    """Per row a name and two bars: sizes compare with sizes, reads with reads."""

    width: float
    height: float
    is_narrow: bool
    names: tuple[tuple[float, str], ...]
    """(baseline, name) of each row."""
    name_x: float
    bars: tuple[Bar, ...]
    heads: tuple[tuple[float, str], ...]
    """(left end, words) over the two columns of bars; none where the labels say it."""


def index_rows(table: TableReport) -> tuple[IndexRow, ...]:
    """The table and then its indexes; both as counted where every item was read, else as AWS states them."""
    items, traffic = table.items, table.traffic
    counted = items is not None and items.coverage == "full"
    own = IndexRow(
        index=None,
        size_bytes=items.scanned_bytes if items is not None and counted else table.size_bytes,
        read_units=None if traffic is None else traffic.read_units,
    )
    flows = {} if traffic is None else traffic.indexes
    reads = {name: flow.read_units for name, flow in flows.items()}
    return (
        own,
        *(
            IndexRow(index=one.name, size_bytes=_size_bytes(one, counted=counted), read_units=reads.get(one.name))
            for one in table.indexes
        ),
    )


def _size_bytes(index: IndexReport, *, counted: bool) -> int | Decimal | None:
    if counted and index.entry_count is not None and index.entry_mean_bytes is not None:
        return round(index.entry_count * index.entry_mean_bytes)
    return index.size_bytes


def index_bars(table: TableReport, narrow: bool = False) -> IndexBars:
    rows = index_rows(table)[: MAX_ROWS + 1]
    most_bytes, most_units = (max((one for one in known if one), default=Decimal(1)) for known in _columns(rows))
    bars, names = [], []
    for place, row in enumerate(rows):
        top = place * NARROW_STEP + 4 if narrow else HEAD_HEIGHT + place * STEP
        names.append((top + 12.5, _name(row)))
        reads = "reads not known" if narrow and row.read_units is None else filters.count(row.read_units)
        bars += [
            _bar(row.size_bytes, most_bytes, top, filters.size(row.size_bytes), narrow=narrow, is_reads=False),
            _bar(
                row.read_units,
                most_units,
                top,
                f"{reads} read units" if narrow and row.read_units is not None else reads,
                narrow=narrow,
                is_reads=True,
            ),
        ]
    window = "" if table.traffic is None else f" in {table.traffic.window_days} days"
    return IndexBars(
        width=NARROW_WIDTH if narrow else WIDTH,
        height=NARROW_STEP * len(rows) if narrow else HEAD_HEIGHT + STEP * len(rows),
        is_narrow=narrow,
        names=tuple(names),
        name_x=0.0 if narrow else NAME_END,
        bars=tuple(bars),
        heads=() if narrow else ((SIZE_LEFT, "size"), (READS_LEFT, f"read units{window}")),
    )


def _columns(rows: Sequence[IndexRow]) -> tuple[list[int | Decimal | None], list[int | Decimal | None]]:
    return [row.size_bytes for row in rows], [row.read_units for row in rows]


def _name(row: IndexRow) -> str:
    if row.index is None:
        return "the table"
    return label(row.index)


def _bar(amount: int | Decimal | None, most: int | Decimal, top: float, label: str, *, narrow: bool, is_reads: bool) -> Bar:
    left, full = (READS_LEFT, READS_WIDTH) if is_reads else (SIZE_LEFT, SIZE_WIDTH)
    height = BAR_HEIGHT
    if narrow:
        left, full, height = 0.0, NARROW_BAR_WIDTH, NARROW_BAR_HEIGHT
        top += NARROW_NAME_HEIGHT + (NARROW_BAR_STEP if is_reads else 0)
    width = OPEN_WIDTH if amount is None else 0.0 if not amount else max(round(full * float(amount / most), 1), LEAST_WIDTH)
    return Bar(
        x=left,
        y=top,
        width=width,
        height=height,
        kind="open" if amount is None else "part1" if is_reads else "part0",
        label=label,
        label_x=round(left + (full if narrow else width) + LABEL_GAP, 1),
        label_y=top + (9.5 if narrow else 12.5),
    )
