"""A page of plain text for a terminal: paragraphs and tables, at most 100 columns wide, without a cut cell."""

import textwrap
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from stj_audit.render.escape import escape_terminal

WIDTH = 100


class Page:
    """Lines of text, escaped as they come in; colours are added here and nowhere else."""

    def __init__(self, *, color: bool) -> None:
        self._color = color
        self._lines: list[str] = []

    def text(self, text: str, indent: str = "", first: str | None = None) -> None:
        self._lines += wrapped(escape_terminal(text), WIDTH, indent=indent, first=first)

    def title(self, title: str) -> None:
        self._lines += ["", self.painted(escape_terminal(title), "1")]

    def raw(self, line: str) -> None:
        self._lines.append(line)

    def painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code and text else text

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[str]],
        widths: Sequence[int],
        *,
        numbers: frozenset[int] = frozenset(),
        colors: Sequence[str] = (),
    ) -> None:
        """Cells wrap at their column's width. `numbers` are the columns set flush right, `colors` those of the first column, by row."""
        body = [[wrapped(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
        for cells, code in zip(body, colors, strict=False):
            cells[0] = [self.painted(line, code) for line in cells[0]]
        align = ["right" if column in numbers else "left" for column in range(len(head))]
        lines = [["\n".join(cell) for cell in cells] for cells in body]
        table = tabulate(lines, headers=head, tablefmt="simple", disable_numparse=True, colalign=align if lines else None)
        self._lines += [line.rstrip() for line in table.splitlines()]

    def __str__(self) -> str:
        return "\n".join(self._lines).strip("\n") + "\n"


def wrapped(text: str, width: int, *, indent: str = "", first: str | None = None) -> list[str]:
    start = indent if first is None else first
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=indent, break_on_hyphens=True) or [start.rstrip()]
