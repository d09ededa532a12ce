"""
The lines of a bill as rows of text, and the notes under them, for `stj-audit cost` in any format.

Cells are text that is not yet escaped, but for what the caller's `escaped` makes of names and components.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.cost.lines import is_complete, total
from stj_audit.render import digest_costs, digest_savings, filters
from stj_audit.render.escape import cut
from stj_audit.report import CostLine, Costs
from stj_audit.wording import a_few

BY_THE_MILLION = ("request", "request unit")  # how the units end that are priced by the million
CENT = Decimal("0.01")


def title(costs: Costs) -> str:
    return f"DynamoDB cost a month in {costs.prices.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A table: its heads, how each column is set, its rows."""

    heads: tuple[str, ...]
    align: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Escape = Callable[[str], str]


def cost_rows(costs: Costs, *, name: Escape, text: Escape) -> Rows:
    """
    The lines at each user count with the totals of tables; where nothing was projected, the lines of now, with quantities and prices.

    `name` escapes the names of tables, `text` what the lines are.
    """
    return _matrix(costs, name, text) if costs.projections else _bare(costs, name, text)


def _matrix(costs: Costs, name_cell: Escape, line_cell: Escape) -> Rows:
    """For each table its total and then its lines, at each user count."""
    rows: list[tuple[str, ...]] = []
    for name, by_scale in by_table(costs).items():
        rows.append((name_cell(name) if name else "all", "", *map(_amount, by_scale)))
        at_scale = [_by_part(lines) for lines in by_scale]
        for part in dict.fromkeys(part for parts in at_scale for part in parts):
            cells = [_amount(parts.get(part, [])) for parts in at_scale]
            rows.append(("", line_cell(part), *cells))
    rows += _growth(costs)
    rows.append(("Total", "", *(_amount(at.lines) for at in costs.projections)))
    if any(at.after_year_usd is not None for at in costs.projections):
        rows.append(
            ("After a year", "of the declared growth", *(_cell(at.after_year_usd, at.complete) for at in costs.projections))
        )
    counts = [f"{at.users:,} users" if place == 0 else f"{at.users:,}" for place, at in enumerate(costs.projections)]
    return Rows(heads=("Table", "Component", *counts), align=("left", "left", *("right" for _ in counts)), rows=tuple(rows))


def _by_part(lines: Sequence[CostLine]) -> dict[str, list[CostLine]]:
    """The lines of one table by what they are: component, index and, where it is another one, region."""
    parts: dict[str, list[CostLine]] = {}
    for line in lines:
        of_index = "" if line.index is None else f" of {line.index}"
        parts.setdefault(f"{line.component}{of_index}{'' if line.region is None else f' in {line.region}'}", []).append(line)
    return parts


def _growth(costs: Costs) -> list[tuple[str, ...]]:
    """The bills by how they grow, where that is not just with the users."""
    parts = digest_costs.growth_parts(costs)
    return [("" if place else "Of the total:", part.title, *map(_cell, part.amounts_usd)) for place, part in enumerate(parts)]


def by_table(costs: Costs) -> dict[str, list[list[CostLine]]]:
    """The lines of each table, at each user count; what is no single table's, last, under ""."""
    names = dict.fromkeys(line.table for at in costs.projections for line in at.lines)
    tables: dict[str, list[list[CostLine]]] = {
        name: [[] for _ in costs.projections] for name in sorted(names, key=lambda name: not name)
    }
    for place, at in enumerate(costs.projections):
        for line in at.lines:
            tables[line.table][place].append(line)
    return tables


def sum_known(lines: Sequence[CostLine]) -> Decimal | None:
    return None if lines and all(line.monthly_usd is None for line in lines) else total(lines)


def _amount(lines: Sequence[CostLine]) -> str:
    return _cell(sum_known(lines), is_complete(lines))


def _cell(amount: Decimal | None, complete: bool = True) -> str:
    if amount is not None and 0 < amount < CENT / 2:
        return "< $0.01" if complete else f"≥ {_usd(Decimal(0))}"
    return _usd(amount) if amount is None or complete else f"≥ {_usd(amount)}"


def _bare(costs: Costs, name_cell: Escape, line_cell: Escape) -> Rows:
    rows = [
        (
            name_cell(line.table) if line.table else "all",
            line_cell(line.component),
            filters.NOT_KNOWN if line.quantity is None else f"{line.quantity.normalize():,f}",
            line_cell(_price(line)),
            _usd(line.monthly_usd),
        )
        for line in costs.current.lines
    ]
    amount = _usd(costs.current.monthly_usd)
    is_whole = costs.current.complete or costs.current.monthly_usd is None
    rows.append(("Total", "", "", "", amount if is_whole else f"at least {amount}"))
    return Rows(
        heads=("Table", "Component", "Quantity", "Price", "A month"),
        align=("left", "left", "right", "left", "right"),
        rows=tuple(rows),
    )


def _price(line: CostLine) -> str:
    """Without the noun of a request: the component says what it is."""
    unit, price = line.unit, line.unit_price_usd
    if unit.endswith(BY_THE_MILLION):
        unit, price = "million", None if price is None else price * 1_000_000
    if price is None:
        return f"{filters.NOT_KNOWN}, per {unit}"
    dollars, _, digits = f"{price.normalize():f}".partition(".")
    return f"${dollars}.{digits:0<2} per {unit}"


def _usd(amount: Decimal | None) -> str:
    """To the cent, also above a hundred dollars: it is a bill."""
    if amount is None:
        return filters.NOT_KNOWN
    if 0 < amount < CENT / 2:
        return "less than $0.01"
    return digest_savings.usd_cents(amount)


def notes(costs: Costs) -> list[str]:
    """What the numbers rest on, then what is said of single lines, each once."""
    prices = costs.prices
    confirmed = "" if prices.as_of is None else f", the oldest of those used confirmed in {prices.as_of}"
    sentences = [filters.sentence(f"List prices of {prices.region}{confirmed}: {prices.source}")]
    sentences += [_capital(filters.sentence(one)) for one in costs.assumptions]
    told: dict[str, dict[str, None]] = {}
    for line in (*costs.current.lines, *(line for at in costs.projections for line in at.lines)):
        if line.note:
            told.setdefault(line.note, {})[_place(line)] = None
    sentences += [_capital(filters.sentence(f"{a_few(list(places))}: {note}")) for note, places in told.items()]
    if costs.projections and costs.current.monthly_usd is not None:
        sentences.append(
            f"With the users of now: {'' if costs.current.complete else 'at least '}{_usd(costs.current.monthly_usd)} a month."
        )
    if not all(at.complete for at in (costs.projections or (costs.current,))):
        sentences.append("What is not known is not in the total.")
    return sentences


def _place(line: CostLine) -> str:
    if not line.table:
        return line.component
    return f"{line.component} of {'' if line.index is None else cut(line.index) + ' in '}{cut(line.table)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
