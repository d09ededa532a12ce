"""A page of plain text for a terminal or a mail: paragraphs and tables, without a cut cell and without a broken number."""

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

from tabulate import tabulate

from stj_audit.render.escape import escape_terminal

WIDTH = 100  # columns, where nothing else is asked for
GAP, HEAD_PADDING = 2, 2  # tabulate's: between two columns, and beside the longest head
LEAST_TEXT = 14  # no column of text is made narrower to make room for numbers

_RANGE = re.compile(r"(?<=\S to) (?=\S)")  # a number may be one of two, and only there it may be continued on the next line
_PHRASE = re.compile(r"(?<= of) | (?=in \S+$)")
_HYPHEN, _OTHER_JOINT = re.compile(r"(?<=-)"), re.compile(r"(?<=[_. ])")


class Page:
    """Lines of text, escaped as they come in; colours are added here and nowhere else."""

    def __init__(self, *, color: bool, width: int = WIDTH) -> None:
        self._color = color
        self._width = width
        self._lines: list[str] = []

    def text(self, text: str, indent: str = "", first: str | None = None) -> None:
        self._lines += wrapped(escape_terminal(text), self._width, indent=indent, first=first)

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
        wrap: Callable[[str, int], list[str]] | None = None,
    ) -> None:
        """
        Text wraps at its column's width, or sooner to make room for numbers, which are never broken.

        `numbers` are the columns set flush right, `colors` those of the first column, by row, `wrap` how text is wrapped.
        """
        body = _cells(head, [list(row) for row in rows], widths, numbers, wrap or wrapped, width=self._width)
        for cells, code in zip(body, colors, strict=False):
            cells[0] = [self.painted(line, code) for line in cells[0]]
        align = ["right" if column in numbers else "left" for column in range(len(head))]
        lines = [["\n".join(cell) for cell in cells] for cells in body]
        table = tabulate(lines, headers=head, tablefmt="simple", disable_numparse=True, colalign=align if lines else None)
        self._lines += [line.rstrip() for line in table.splitlines()]

    def __str__(self) -> str:
        return "\n".join(self._lines).strip("\n") + "\n"


def _cells(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    numbers: frozenset[int],
    wrap: Callable[[str, int], list[str]],
    *,
    width: int,
) -> list[list[list[str]]]:
    """The lines of every cell."""
    least = [len(one) + HEAD_PADDING for one in head]
    broken = {column: [_number(row[column], widths[column]) for row in rows] for column in numbers}
    taken = sum(max([least[column], *(len(line) for cell in cells for line in cell)]) for column, cells in broken.items())
    texts = {
        column: max([least[column], *(min(len(row[column]), widths[column]) for row in rows)])
        for column in range(len(head))
        if column not in numbers
    }
    for _ in range(taken + sum(texts.values()) + GAP * (len(head) - 1) - width):
        widest = max(texts, key=lambda column: texts[column] - max(LEAST_TEXT, least[column]))
        if texts[widest] <= max(LEAST_TEXT, least[widest]):
            break
        texts[widest] -= 1
    return [
        [broken[column][place] if column in numbers else wrap(cell, texts[column]) for column, cell in enumerate(row)]
        for place, row in enumerate(rows)
    ]


def _number(cell: str, width: int) -> list[str]:
    return [cell] if len(cell) <= width else _RANGE.split(cell)


def wrapped(text: str, width: int, *, indent: str = "", first: str | None = None) -> list[str]:
    start = indent if first is None else first
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=indent, break_on_hyphens=True) or [start.rstrip()]


def wrapped_name(text: str, width: int) -> list[str]:
    """
    The name of a table, or a component with its index: broken after "of" and before a region, a longer name after a hyphen.

    Only what has neither, and is longer than a line, is broken elsewhere.
    """
    return _filled(_PHRASE.split(text), width, [_HYPHEN, _OTHER_JOINT], " ")


def _filled(pieces: Sequence[str], width: int, joints: Sequence[re.Pattern[str]], glue: str = "") -> list[str]:
    """As many pieces in a line as it holds; a piece that is longer than a line is broken at the first kind of joint that is left."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + len(glue) + len(piece) <= width:
            lines[-1] += glue + piece
        elif len(piece) <= width:
            lines.append(piece)
        elif joints:
            lines += _filled(joints[0].split(piece), width, joints[1:])
        else:
            lines += [piece[start : start + width] for start in range(0, len(piece), width)]
    return [line.rstrip() for line in lines] or [""]
