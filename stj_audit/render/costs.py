"""Costs alone, as `stj-audit cost` shows them: a table for a terminal, Markdown, or JSON with the keys of the run file."""

import textwrap
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from tabulate import tabulate

from stj_audit.errors import ConfigError
from stj_audit.render import filters
from stj_audit.render.escape import cut, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.report import SCHEMA_VERSION, CostLine, Costs
from stj_audit.wording import listed

HEAD = ("Table", "Component", "Quantity", "Price", "A month")
ALIGN = ("left", "left", "right", "left", "right")
WIDTH = 100
NAME_WIDTH = 20  # a longer table name is continued on the next line of its cell; with the other columns that makes about 100
BY_THE_MILLION = ("request", "request unit")  # how the units end that are priced by the million
CENT = Decimal("0.01")

_encoder = msgspec.json.Encoder(decimal_format="number")


def _table(costs: Costs) -> str:
    rows = [_row(line, "\n".join(textwrap.wrap(escape_terminal(cut(line.table)), NAME_WIDTH))) for line in costs.current.lines]
    table = tabulate([*rows, _total(costs)], headers=HEAD, tablefmt="simple", disable_numparse=True, colalign=ALIGN)
    body = "\n".join(line.rstrip() for line in table.splitlines())
    return (
        "\n\n".join((_title(costs), body, "\n".join(textwrap.fill(escape_terminal(note), WIDTH) for note in _notes(costs)))) + "\n"
    )


def _markdown(costs: Costs) -> str:
    rows = [_row(line, str(markdown_code(line.table)) if line.table else "") for line in costs.current.lines]
    total = [f"**{cell}**" if cell else "" for cell in _total(costs)]
    table = tabulate([*rows, total], headers=HEAD, tablefmt="pipe", disable_numparse=True, colalign=ALIGN)
    notes = "\n".join(f"- {escape_markdown(note)}" for note in _notes(costs))
    return f"# {_title(costs)}\n\n{table}\n\n{notes}\n"


def _json(costs: Costs) -> str:
    answer = {"schema_version": SCHEMA_VERSION, "costs": costs, "monthly_usd": costs.current.monthly_usd}
    return escape_json(msgspec.json.format(_encoder.encode(answer), indent=2).decode()) + "\n"


FORMATS: dict[str, Callable[[Costs], str]] = {"table": _table, "markdown": _markdown, "json": _json}


def render_costs(costs: Costs, format: str) -> str:  # noqa: A002 - the option's name is the parameter's name
    """The costs in one of FORMATS, as text that ends in a newline. Raises ConfigError for an unknown format."""
    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no format for costs", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](costs)


def _title(costs: Costs) -> str:
    return f"DynamoDB cost a month in {costs.prices.region}"


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
    told: dict[str, list[str]] = {}
    for line in costs.current.lines:
        if line.note:
            told.setdefault(line.note, []).append(f"{line.component} of {cut(line.table)}" if line.table else line.component)
    notes += [_capital(filters.sentence(f"{listed(places)}: {note}")) for note, places in told.items()]
    if not costs.current.complete:
        notes.append("What is not known is not in the total.")
    return notes


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
