"""
Costs alone, as `stj-audit cost` shows them: a table for a terminal, Markdown, or JSON with the keys of the run file.

Bare quantities are shown line by line; a bill that was projected has a column for each user count.
"""

import textwrap
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from tabulate import tabulate

from stj_audit.cost.bill import is_complete, total
from stj_audit.errors import ConfigError
from stj_audit.render import filters
from stj_audit.render.escape import cut, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.report import SCHEMA_VERSION, CostLine, Costs
from stj_audit.wording import a_few

HEAD = ("Table", "Component", "Quantity", "Price", "A month")
ALIGN = ("left", "left", "right", "left", "right")
WIDTH = 100
LINE_WIDTH = 26
NAME_WIDTH = 20  # a longer table name is continued on the next line of its cell; with the other columns that makes about 100
BY_THE_MILLION = ("request", "request unit")  # how the units end that are priced by the million
CENT = Decimal("0.01")

_encoder = msgspec.json.Encoder(decimal_format="number")


def _table(costs: Costs) -> str:
    if costs.projections:
        head, align, rows = _matrix(costs, lambda name: _wrapped(name, NAME_WIDTH), lambda line: _wrapped(line, LINE_WIDTH))
    else:
        head, align = HEAD, ALIGN
        rows = [*(_row(line, _wrapped(line.table, NAME_WIDTH)) for line in costs.current.lines), _total(costs)]
    table = tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True, colalign=align)
    body = "\n".join(line.rstrip() for line in table.splitlines())
    return (
        "\n\n".join((_title(costs), body, "\n".join(textwrap.fill(escape_terminal(note), WIDTH) for note in _notes(costs)))) + "\n"
    )


def _markdown(costs: Costs) -> str:
    if costs.projections:
        head, align, rows = _matrix(costs, lambda name: str(markdown_code(name)), escape_markdown)
    else:
        head, align = HEAD, ALIGN
        rows = [_row(line, str(markdown_code(line.table)) if line.table else "") for line in costs.current.lines]
        rows.append(tuple(f"**{cell}**" if cell else "" for cell in _total(costs)))
    table = tabulate(rows, headers=head, tablefmt="pipe", disable_numparse=True, colalign=align)
    notes = "\n".join(f"- {escape_markdown(note)}" for note in _notes(costs))
    return f"# {_title(costs)}\n\n{table}\n\n{notes}\n"


def _json(costs: Costs) -> str:
    answer: dict[str, object] = {"schema_version": SCHEMA_VERSION, "costs": costs, "monthly_usd": costs.current.monthly_usd}
    if costs.projections:
        answer["tables"] = [
            {
                "name": name,
                "monthly_usd": {str(at.users): _sum(lines) for at, lines in zip(costs.projections, by_scale, strict=True)},
                "complete": all(map(is_complete, by_scale)),
            }
            for name, by_scale in _by_table(costs).items()
            if name
        ]
    return escape_json(msgspec.json.format(_encoder.encode(answer), indent=2).decode()) + "\n"


FORMATS: dict[str, Callable[[Costs], str]] = {"table": _table, "markdown": _markdown, "json": _json}


def render_costs(costs: Costs, format: str) -> str:  # noqa: A002 - the option's name is the parameter's name
    """The costs in one of FORMATS, as text that ends in a newline. Raises ConfigError for an unknown format."""
    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no format for costs", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](costs)


def _title(costs: Costs) -> str:
    return f"DynamoDB cost a month in {costs.prices.region}"


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(escape_terminal(cut(text)), width, break_on_hyphens=False))


def _matrix(
    costs: Costs, table_cell: Callable[[str], str], line_cell: Callable[[str], str]
) -> tuple[tuple[str, ...], tuple[str, ...], list[tuple[str, ...]]]:
    """Heads, alignments and rows of the projections: for each table its total and then its lines, at each user count."""
    rows: list[tuple[str, ...]] = []
    for name, by_scale in _by_table(costs).items():
        rows.append((table_cell(name) if name else "all", "", *map(_amount, by_scale)))
        at_scale = [{(line.component, line.index): [line] for line in lines} for lines in by_scale]
        for component, index in dict.fromkeys(part for parts in at_scale for part in parts):
            cells = [_amount(parts.get((component, index), [])) for parts in at_scale]
            rows.append(("", line_cell(component if index is None else f"{component} of {index}"), *cells))
    rows.append(("Total", "", *(_amount(at.lines) for at in costs.projections)))
    counts = [f"{at.users:,} users" if place == 0 else f"{at.users:,}" for place, at in enumerate(costs.projections)]
    return ("Table", "Component", *counts), ("left", "left", *("right" for _ in counts)), rows


def _by_table(costs: Costs) -> dict[str, list[list[CostLine]]]:
    """The lines of each table, at each user count; what is no single table's, last, under ""."""
    names = dict.fromkeys(line.table for at in costs.projections for line in at.lines)
    tables: dict[str, list[list[CostLine]]] = {
        name: [[] for _ in costs.projections] for name in sorted(names, key=lambda name: not name)
    }
    for place, at in enumerate(costs.projections):
        for line in at.lines:
            tables[line.table][place].append(line)
    return tables


def _sum(lines: Sequence[CostLine]) -> Decimal | None:
    return None if lines and all(line.monthly_usd is None for line in lines) else total(lines)


def _amount(lines: Sequence[CostLine]) -> str:
    amount = _sum(lines)
    if amount is not None and 0 < amount < CENT / 2:
        return "< $0.01" if is_complete(lines) else f"≥ {_usd(Decimal(0))}"
    return _usd(amount) if amount is None or is_complete(lines) else f"≥ {_usd(amount)}"


def _row(line: CostLine, name: str) -> tuple[str, ...]:
    quantity = filters.NOT_KNOWN if line.quantity is None else f"{line.quantity.normalize():,f}"
    return (name or "all", line.component, quantity, _price(line), _usd(line.monthly_usd))


def _total(costs: Costs) -> tuple[str, ...]:
    amount = _usd(costs.current.monthly_usd)
    known = costs.current.complete or costs.current.monthly_usd is None
    return ("Total", "", "", "", amount if known else f"at least {amount}")


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
    cents = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    return f"{'-' if cents < 0 else ''}${abs(cents):,f}"


def _notes(costs: Costs) -> list[str]:
    """What the numbers rest on, then what is said of single lines, each once."""
    prices = costs.prices
    confirmed = "" if prices.as_of is None else f", the oldest of those used confirmed in {prices.as_of}"
    notes = [f"List prices of {prices.region}{confirmed}."]
    notes += [_capital(filters.sentence(one)) for one in costs.assumptions]
    told: dict[str, dict[str, None]] = {}
    for line in (*costs.current.lines, *(line for at in costs.projections for line in at.lines)):
        if line.note:
            told.setdefault(line.note, {})[_place(line)] = None
    notes += [_capital(filters.sentence(f"{a_few(list(places))}: {note}")) for note, places in told.items()]
    if costs.projections and costs.current.monthly_usd is not None:
        notes.append(
            f"With the users of now: {'' if costs.current.complete else 'at least '}{_usd(costs.current.monthly_usd)} a month."
        )
    if not all(at.complete for at in (costs.projections or (costs.current,))):
        notes.append("What is not known is not in the total.")
    return notes


def _place(line: CostLine) -> str:
    if not line.table:
        return line.component
    return f"{line.component} of {'' if line.index is None else cut(line.index) + ' in '}{cut(line.table)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
