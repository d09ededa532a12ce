"""Titled tables of plain text, which a terminal and a comment set each in their own way. Nothing here is escaped: that is for the format."""

from dataclasses import dataclass, replace

from stj_audit.render.escape import cut, cut_name

CELL_LENGTH = 300  # a longer message is in the run file


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A table, or an index of it: names of others, which each format sets apart. No table: all of them."""

    table: str
    index: str | None = None

    def __str__(self) -> str:
        table = cut_name(self.table) if self.table else "all tables"
        return table if self.index is None else f"{table} / {cut_name(self.index)}"


Cell = str | Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A titled table. `numbers` are the columns set flush right, `tones` those of the rows, `more` how many rows are left out."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    tones: tuple[str, ...] = ()
    note: str = ""
    more: str = ""
    folded: bool = True


def shortened(section: Section, most: int) -> Section:
    """The section with at most `most` rows, the others counted, and no cell longer than a few lines."""
    left = len(section.rows) - most
    rows = tuple(tuple(cut(cell, CELL_LENGTH) if isinstance(cell, str) else cell for cell in row) for row in section.rows[:most])
    return replace(section, rows=rows, more=f"and {left:,} more" if left > 0 else "")
