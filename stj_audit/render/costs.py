"""Costs alone, as `stj-audit cost` shows them: a table for a terminal, Markdown, or JSON with the keys of the run file."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import msgspec
from tabulate import tabulate

from stj_audit.errors import ConfigError
from stj_audit.render import filters
from stj_audit.render.escape import cut, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.report import SCHEMA_VERSION, CostLine, Costs

HEAD = ("Table", "Component", "Quantity", "Price", "A month")
ALIGN = ("left", "left", "right", "left", "right")
NAME_WIDTH = 24  # characters of a table name on a terminal; with the other columns that makes 100
PER_MILLION = ("request unit", "read request unit", "write request unit")  # these are priced by the million
CENT = Decimal("0.01")

_encoder = msgspec.json.Encoder(decimal_format="number")


def _table(costs: Costs) -> str:
    rows = [_row(line, escape_terminal(cut(line.table, NAME_WIDTH))) for line in costs.current.lines]
    table = tabulate([*rows, _total(costs)], headers=HEAD, tablefmt="simple", disable_numparse=True, colalign=ALIGN)
    body = "\n".join(line.rstrip() for line in table.splitlines())
    return "\n\n".join((_title(costs), body, "\n".join(escape_terminal(note) for note in _notes(costs)))) + "\n"


def _markdown(costs: Costs) -> str:
    rows = []
    for line in costs.current.lines:
        _, *cells = _row(line, "")
        rows.append([str(markdown_code(line.table)) if line.table else "all", *(str(escape_markdown(cell)) for cell in cells)])
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
    if line.unit_price_usd is None:
        return f"{filters.NOT_KNOWN}, per {line.unit}"
    if line.unit.endswith(PER_MILLION):
        return f"${(line.unit_price_usd * 1_000_000).normalize():f} per million {line.unit}s"
    return f"${line.unit_price_usd.normalize():f} per {line.unit}"


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
    for line in costs.current.lines:
        if line.note:
            notes.append(filters.sentence(f"{cut(line.table) + ', ' if line.table else ''}{line.component}: {line.note}"))
    if not costs.current.complete:
        notes.append("What is not known is not in the total.")
    return list(dict.fromkeys(notes))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
