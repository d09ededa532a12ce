"""Cells of CSV (RFC 4180) that a spreadsheet takes for what they are: text stays text, numbers are plain decimals."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from stj_audit.render.escape import cut, visible

# OWASP, "CSV injection"; the full-width forms are read as formulas by spreadsheets of East Asian locales.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELL_LENGTH = 32_000  # Excel, "Specifications and limits": a cell has 32,767 characters, and what is behind them breaks the rows


def written(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The whole file; each row ends in CR and LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def text_cell(text: str) -> str:
    """
    Text that stays text in a spreadsheet: an apostrophe is in front of what would be a formula, also after blanks, which some skip.

    Characters that nobody can see are written out, and a text that no cell can hold is cut.
    """
    mark = "'" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else ""
    return mark + cut(visible(text), CELL_LENGTH)


def number_cell(number: Decimal | None) -> str:
    """All digits, no exponent, no thousands separator: "3040000", "-0.5"; empty where it is not known."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
