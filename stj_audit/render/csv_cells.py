"""Cells of CSV (RFC 4180) that a spreadsheet takes for what they are: text stays text, numbers are plain decimals."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from stj_audit.render.escape import visible

# OWASP, "CSV injection"; the full-width forms are read as formulas by spreadsheets of East Asian locales.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


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

    Characters that nobody can see are written out.
    """
    mark = "'" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else ""
    return mark + visible(text)


def number_cell(number: Decimal | None) -> str:
    """All digits, no exponent, no thousands separator: "3040000", "-0.5"; empty where it is not known."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
