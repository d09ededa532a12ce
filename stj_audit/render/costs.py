"""
Costs alone, as `stj-audit cost` shows them: a table for a terminal, Markdown, a page of HTML, CSV, or JSON with the keys of the run file.

Bare quantities are shown line by line; a bill that was projected has a column for each user count.
"""

import textwrap
from collections.abc import Callable

import msgspec
from markupsafe import Markup
from tabulate import tabulate

from stj_audit.cost.lines import is_complete
from stj_audit.errors import ConfigError
from stj_audit.render import costs_lines, digest, digest_costs, digest_estimates, digest_savings, filters
from stj_audit.render.costs_csv import render_csv
from stj_audit.render.escape import cut, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.render.page import WIDTH, Page
from stj_audit.render.run_file import mended
from stj_audit.report import SCHEMA_VERSION, Costs, Projection
from stj_audit.version import __version__
from stj_audit.wording import a_few

LINE_WIDTH = 26
NAME_WIDTH = 20  # a longer table name is continued on the next line of its cell; with the other columns that makes about 100

_encoder = msgspec.json.Encoder(decimal_format="number")


def _table(costs: Costs) -> str:
    lines = costs_lines.cost_rows(
        costs,
        name=lambda name: _wrapped(name, NAME_WIDTH),
        text=lambda text: _wrapped(text, LINE_WIDTH) if costs.projections else _text(text),
    )
    table = tabulate(lines.rows, headers=lines.heads, tablefmt="simple", disable_numparse=True, colalign=lines.align)
    body = "\n".join(line.rstrip() for line in table.splitlines())
    more = [text for text in (_sections(costs),) if text]
    notes = "\n".join(textwrap.fill(escape_terminal(note), WIDTH) for note in costs_lines.notes(costs))
    return "\n\n".join((escape_terminal(costs_lines.title(costs)), body, *more, notes)) + "\n"


def _sections(costs: Costs) -> str:
    """What is known beside the lines, for a terminal."""
    page = Page(color=False)
    at = digest_costs.target_projection(costs)
    growth = digest_costs.growth_sentence(at)
    if growth:
        page.text(growth)
    _patterns(page, costs)
    _savings(page, at)
    for title, lines in (
        ("From how many users a change pays off", digest_savings.break_even_lines(costs)),
        ("Commitments, for information: in no total", digest_savings.commitment_lines(costs)),
    ):
        if lines:
            page.title(title)
        for line in lines:
            page.text(filters.sentence(line), indent="  ", first="- ")
    if costs.naive is not None:
        page.title(digest_estimates.naive_title(costs.naive))
        page.text(f"{digest_estimates.naive_line(costs.naive)} {digest_estimates.naive_sentence(costs.naive)}")
        for reason in costs.naive.why:
            page.text(digest.capital(filters.sentence(reason)), indent="  ", first="- ")
    _calibrations(page, costs)
    return str(page).rstrip("\n")


def _patterns(page: Page, costs: Costs) -> None:
    rows = digest_costs.pattern_rows(costs)
    if not rows:
        return
    page.title("By access pattern" + ("" if costs.target_users is None else f" at {filters.users(costs.target_users)}"))
    page.table(
        ("Pattern", "Operation", "Calls", "Own", "In indexes", "Together"),
        [
            (
                f"{_text(row.pattern)} ({_text(row.table)})",
                escape_terminal(row.operation) + ("" if row.index is None else f" of {_text(row.index)}"),
                row.calls,
                row.own,
                row.in_indexes,
                row.total,
            )
            for row in rows
        ],
        (26, 24, 12, 10, 10, 10),
        numbers=frozenset({2, 3, 4, 5}),
    )
    page.text(f"All patterns: {digest_costs.patterns_total(costs)}.")
    square = [_text(one.pattern) for one in costs.patterns if one.growth == digest_costs.SUPER_LINEAR]
    if square:
        page.text(f"Grows with the square of the users: {a_few(square)}.")


def _savings(page: Page, at: Projection | None) -> None:
    saved = digest_savings.applied_savings(at)
    if at is None or saved is None:
        return
    page.title(f"What the fixes save together at {filters.users(at.users)}")
    page.table(
        ("Change", "Table", "Saves a month"),
        [(escape_terminal(row.change), _text(row.table), row.amount) for row in saved.rows],
        (52, 26, 18),
        numbers=frozenset({2}),
    )
    page.text(f"Together: {saved.sure}{'' if saved.at_most is None else f', at most {saved.at_most}'}. The amounts do not overlap.")


def _calibrations(page: Page, costs: Costs) -> None:
    rows = digest_estimates.calibration_rows(costs)
    if not rows:
        return
    page.title("Declared patterns against what was measured, units a month")
    page.table(
        ("Where", "What", "Declared", "Measured", "How far apart"),
        [
            (
                _text(row.table) if row.index is None else f"{_text(row.index)} in {_text(row.table)}",
                escape_terminal(row.what),
                row.declared,
                row.measured,
                escape_terminal(f"wrong patterns: {row.says}" if row.is_off else row.says),
            )
            for row in rows
        ],
        (26, 7, 12, 12, 34),
        numbers=frozenset({2, 3}),
    )


def _markdown(costs: Costs) -> str:
    from stj_audit.render.templates import render_costs_markdown  # noqa: PLC0415 - jinja2 takes long to import

    lines = costs_lines.cost_rows(costs, name=lambda name: str(markdown_code(name)), text=escape_markdown)
    rows = lines.rows
    if not costs.projections:
        rows = (*rows[:-1], tuple(f"**{cell}**" if cell else "" for cell in rows[-1]))
    table = tabulate(rows, headers=lines.heads, tablefmt="pipe", disable_numparse=True, colalign=lines.align)
    return render_costs_markdown(
        costs,
        title=costs_lines.title(costs),
        table=Markup(table),  # noqa: S704 - its cells are escaped
        notes=costs_lines.notes(costs),
        has_parts=bool(_sections(costs)),
    )


def _html(costs: Costs) -> str:
    from stj_audit.render.templates import render_costs_html  # noqa: PLC0415 - jinja2 takes long to import

    lines = costs_lines.cost_rows(costs, name=cut, text=cut)
    return render_costs_html(
        costs, title=costs_lines.title(costs), lines=lines, notes=costs_lines.notes(costs), version=__version__
    )


def _json(costs: Costs) -> str:
    answer: dict[str, object] = {"schema_version": SCHEMA_VERSION, "costs": costs, "monthly_usd": costs.current.monthly_usd}
    if costs.projections:
        answer["tables"] = [
            {
                "name": name,
                "monthly_usd": {
                    str(at.users): costs_lines.sum_known(lines) for at, lines in zip(costs.projections, by_scale, strict=True)
                },
                "complete": all(map(is_complete, by_scale)),
            }
            for name, by_scale in costs_lines.by_table(costs).items()
            if name
        ]
    try:
        text = _encoder.encode(answer)
    except UnicodeEncodeError:
        text = _encoder.encode(mended(answer))
    return escape_json(msgspec.json.format(text, indent=2).decode()) + "\n"


FORMATS: dict[str, Callable[[Costs], str]] = {
    "table": _table,
    "markdown": _markdown,
    "html": _html,
    "json": _json,
    "csv": render_csv,
}


def render_costs(costs: Costs, format: str) -> str:  # noqa: A002 - the option's name is the parameter's name
    """The costs in one of FORMATS, as text that ends in a newline. Raises ConfigError for an unknown format."""
    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no format for costs", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](costs)


def _text(name: str) -> str:
    return escape_terminal(cut(name))


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(escape_terminal(cut(text)), width, break_on_hyphens=False))
