"""
Costs alone, as `stj-audit cost` shows them: a table for a terminal, Markdown, a page of HTML, CSV, or JSON with the keys of the run file.

Bare quantities are shown line by line; a bill that was projected has a column for each user count.
"""

from collections.abc import Callable

import msgspec
from markupsafe import Markup
from tabulate import tabulate

from stj_audit.cost.lines import is_complete
from stj_audit.errors import ConfigError
from stj_audit.render import costs_lines, digest, digest_costs, digest_estimates, digest_savings, filters
from stj_audit.render.costs_csv import render_csv
from stj_audit.render.escape import cut_name, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.render.page import WIDTH, Page, wrapped_name
from stj_audit.render.run_file import mended, plain_zeros
from stj_audit.report import SCHEMA_VERSION, Costs, Projection
from stj_audit.version import __version__
from stj_audit.wording import a_few

NAME_WIDTH, LINE_WIDTH, NUMBER_WIDTH, PRICE_WIDTH = 20, 26, 13, 36  # what is longer is continued on the next line of its cell

_encoder = msgspec.json.Encoder(decimal_format="number")


def _table(costs: Costs) -> str:
    body = "\n".join(part for part in (_lines(costs), _sections(costs)) if part)
    notes = Page(color=False)
    for note in costs_lines.notes(costs):
        notes.text(note)
    if filters.marks_explained(body):
        notes.text(filters.marks_explained(body))
    return f"{escape_terminal(costs_lines.title(costs))}\n\n{body}\n{notes}"


def _lines(costs: Costs) -> str:
    """The table of lines; of many user counts, or of very large bills, several below each other, so that none is too wide."""
    if len(costs.projections) <= costs_lines.MOST_COUNTS:
        text = _lines_at(costs)
        if len(costs.projections) < 2 or _fits(text):
            return text
    for at_once in range(costs_lines.SPLIT_COUNTS, 0, -1):
        texts = [_lines_at(part) for part in costs_lines.parts_of(costs, at_once)]
        if all(map(_fits, texts)):
            break
    return "\n".join(texts)


def _fits(text: str) -> bool:
    return all(len(line) <= WIDTH for line in text.splitlines())


def _lines_at(costs: Costs) -> str:
    lines = costs_lines.cost_rows(costs, name=_text, text=_text)
    numbers = frozenset(column for column, align in enumerate(lines.align) if align == "right")
    page = Page(color=False)
    widths = (NAME_WIDTH, LINE_WIDTH, *(NUMBER_WIDTH if align == "right" else PRICE_WIDTH for align in lines.align[2:]))
    page.table(lines.heads, lines.all(), widths, numbers=numbers, wrap=wrapped_name)
    return str(page)


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
    if digest_savings.commitments_note(costs):
        page.text(digest_savings.commitments_note(costs))
    naive = digest_estimates.naive_estimate(costs)
    if naive is not None:
        page.title(digest_estimates.naive_title(naive))
        page.text(f"{digest_estimates.naive_line(naive)} {digest_estimates.naive_sentence(naive)}")
        for reason in naive.why:
            page.text(digest.capital(filters.sentence(reason)), indent="  ", first="- ")
    _calibrations(page, costs)
    return str(page) if str(page).strip() else ""


def _patterns(page: Page, costs: Costs) -> None:
    rows = digest_costs.pattern_rows(costs)
    if not rows:
        return
    of_count = "" if costs.target_users is None else f" at {filters.users(costs.target_users)}"
    page.title(f"By access pattern{of_count}, of tables on demand")
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
    page.text(f"All patterns: {digest_costs.patterns_sum(costs)}.")
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
    if saved.note:
        page.text(saved.note)


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
    rows = lines.all()
    if not costs.projections:
        rows[-1] = tuple(f"**{cell}**" if cell else "" for cell in rows[-1])
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

    lines = costs_lines.cost_rows(costs, beside_ladder=True)
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
    return escape_json(plain_zeros(msgspec.json.format(text, indent=2).decode())) + "\n"


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
    return escape_terminal(cut_name(name))
