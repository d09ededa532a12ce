"""
Costs as CSV (RFC 4180): one row for each line of the bill and user count, for spreadsheets and scripts.

A text that a spreadsheet would take for a formula gets an apostrophe in front. Numbers are plain decimals; what is not known is empty.
"""

from collections.abc import Iterator

from stj_audit.render.csv_cells import number_cell, text_cell, written
from stj_audit.render.digest_costs import growth_of
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


def render_csv(costs: Costs) -> str:
    """The lines at each user count; where nothing was projected those of now, without a user count."""
    return written(HEAD, _rows(costs))


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
