"""
The lines of a bill as rows of text, and the notes under them, for `stj-audit cost` in any format.

Cells are text that is not yet escaped, but for what the caller's `escaped` makes of names and components.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.cost.lines import is_complete, total
from stj_audit.render import digest_costs, digest_money, filters
from stj_audit.render.escape import cut_name
from stj_audit.report import CostLine, Costs, Projection
from stj_audit.wording import a_few

MOST_COUNTS, SPLIT_COUNTS = 6, 5  # user counts in one table for a terminal: that many, or else tables of so many


def title(costs: Costs) -> str:
    return f"DynamoDB cost a month in {costs.prices.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A table: its heads, how each column is set, its rows, and those under them that are of all tables together."""

    heads: tuple[str, ...]
    align: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[str, ...], ...]

    def all(self) -> list[tuple[str, ...]]:
        """All rows; a title that several of the last ones have is said once."""
        rows, before = list(self.rows), ""
        for title, *cells in self.sums:
            rows.append(("" if title == before else title, *cells))
            before = title
        return rows


Escape = Callable[[str], str]


def cost_rows(costs: Costs, *, name: Escape = cut_name, text: Escape = cut_name, beside_ladder: bool = False) -> Rows:
    """
    The lines at each user count with the totals of tables; where nothing was projected, the lines of now, with quantities and prices.

    `name` escapes the names of tables, `text` what the lines are; `beside_ladder`: without what the ladder says of each user count.
    """
    return _matrix(costs, name, text, beside_ladder=beside_ladder) if costs.projections else _bare(costs, name, text)


def parts_of(costs: Costs, at_once: int) -> Iterator[Costs]:
    """The costs at `at_once` user counts each."""
    for first in range(0, len(costs.projections), at_once):
        yield dataclasses.replace(costs, projections=costs.projections[first : first + at_once])


def _matrix(costs: Costs, name_cell: Escape, line_cell: Escape, *, beside_ladder: bool) -> Rows:
    """For each table its total and then its lines, at each user count."""
    rows: list[tuple[str, ...]] = []
    for name, by_scale in by_table(costs).items():
        rows.append((name_cell(name) if name else "all", "", *map(_amount, by_scale)))
        at_scale = [_by_part(lines) for lines in by_scale]
        for part in dict.fromkeys(part for parts in at_scale for part in parts):
            cells = [_amount(parts.get(part, [])) for parts in at_scale]
            rows.append(("", line_cell(part), *cells))
    heads = [filters.users(at.users) if place == 0 else f"{at.users:,}" for place, at in enumerate(costs.projections)]
    return Rows(
        heads=("Table", "Component", *heads),
        align=("left", "left", *("right" for _ in heads)),
        rows=tuple(rows),
        sums=tuple(_sums(costs, beside_ladder=beside_ladder)),
    )


def _sums(costs: Costs, *, beside_ladder: bool) -> Iterator[tuple[str, ...]]:
    """All tables together: how the bills grow, where that is not just with the users, then the bills and what is known of them."""

    def row(title: str, of: str, cell: Callable[[Projection], str]) -> tuple[str, ...]:
        return (title, of, *map(cell, costs.projections))

    for part in digest_costs.growth_parts(costs):
        amounts = zip(part.amounts_usd, costs.projections, strict=True)
        yield ("Of the total:", part.title, *(_cell(amount, at.complete) for amount, at in amounts))
    yield row("Total", "", lambda at: _cell(at.monthly_usd, at.complete))
    if not beside_ladder:
        yield row("A user", "", digest_money.per_user_cell)
    if not beside_ladder and any(at.avoidable_usd is not None for at in costs.projections):
        yield row("Avoidable", "", digest_money.avoidable_cents)
    if any(at.after_year_usd is not None for at in costs.projections):
        yield row("After a year", "of the declared growth", lambda at: _cell(at.after_year_usd, at.complete))


def _by_part(lines: Sequence[CostLine]) -> dict[str, list[CostLine]]:
    """The lines of one table by what they are: component, index and, where it is another one, region."""
    parts: dict[str, list[CostLine]] = {}
    for line in lines:
        of_index = "" if line.index is None else f" of {line.index}"
        in_region = f" in {digest_costs.elsewhere(line)}" if digest_costs.elsewhere(line) else ""
        parts.setdefault(f"{digest_money.component_name(line)}{of_index}{in_region}", []).append(line)
    return parts


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
    """To the cent, also above a hundred dollars: it is a bill."""
    return filters.usd_cell(amount, complete, cents=True)


def _bare(costs: Costs, name_cell: Escape, line_cell: Escape) -> Rows:
    rows = [
        (
            name_cell(line.table) if line.table else "all",
            line_cell(digest_money.component_name(line)),
            filters.NOT_KNOWN if line.quantity is None else f"{line.quantity.normalize():,f}",
            line_cell(_price(line)),
            _cell(line.monthly_usd),
        )
        for line in costs.current.lines
    ]
    return Rows(
        heads=("Table", "Component", "Quantity", "Price", "A month"),
        align=("left", "left", "right", "left", "right"),
        rows=tuple(rows),
        sums=(("Total", "", "", "", _cell(costs.current.monthly_usd, costs.current.complete)),),
    )


def _price(line: CostLine) -> str:
    """Without the noun of a request: the component says what it is."""
    amount, per = filters.priced_each(line.unit_price_usd, line.unit)
    per = "million" if per.startswith("million ") else per
    return f"{amount}, per {per}" if amount == filters.NOT_KNOWN else f"{amount} per {per}"


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
    now = filters.usd_words(costs.current.monthly_usd, costs.current.complete, cents=True)
    if costs.projections and costs.current.monthly_usd is not None:
        sentences.append(f"With the users of now: {now} a month.")
    if not all(at.complete for at in (costs.projections or (costs.current,))):
        of_now = "" if costs.projections or costs.current.monthly_usd is None else f", which is {now}"
        sentences.append(f"What is not known is not in the total{of_now}.")
    return sentences


def _place(line: CostLine) -> str:
    """ "index reads of by-status in orders"."""
    if not line.table:
        return digest_money.line_title(line)
    return f"{digest_money.line_title(line)} of {'' if line.index is None else cut_name(line.index) + ' in '}{cut_name(line.table)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
