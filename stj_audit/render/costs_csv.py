"""
Costs as CSV (RFC 4180): one row for each line of the bill and user count, for spreadsheets and scripts.

A text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers are plain decimals; what is not known is empty.
"""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from stj_audit.render.digest_costs import growth_of
from stj_audit.render.escape import visible
from stj_audit.report import CostLine, Costs

HEAD = (
    "users",
    "table",
    "index",
    "component",
    "quantity",
    "unit",
    "unit_price_usd",
    "monthly_usd",
    "basis",
    "growth",
    "region",
    "note",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render_csv(costs: Costs) -> str:
    """The lines at each user count; where nothing was projected those of now, without a user count."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(_rows(costs))
    return text.getvalue()


def _rows(costs: Costs) -> Iterator[tuple[str, ...]]:
    for at in costs.projections:
        for line in at.lines:
            yield (str(at.users), *_cells(line, costs.prices.region))
    if not costs.projections:
        for line in costs.current.lines:
            yield ("", *_cells(line, costs.prices.region))


def _cells(line: CostLine, region: str) -> tuple[str, ...]:
    return (
        text_cell(line.table),
        text_cell(line.index or ""),
        text_cell(line.component),
        number_cell(line.quantity),
        text_cell(line.unit),
        number_cell(line.unit_price_usd),
        number_cell(line.monthly_usd),
        text_cell(line.basis),
        text_cell(growth_of(line)),
        text_cell(line.region or region),
        text_cell(line.note),
    )


def text_cell(text: str) -> str:
    """Text that stays text in a spreadsheet; characters that nobody can see are written out."""
    mark = "'" if text.startswith(FORMULA_STARTS) else ""
    return mark + visible(text)


def number_cell(number: Decimal | None) -> str:
    """All digits, no exponent, no thousands separator: "3040000", "-0.5"; empty where it is not known."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
