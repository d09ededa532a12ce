"""
What two runs differ in: a table for a terminal, a comment for a pull request, or JSON.

The comment begins with a tag that nobody sees, by which a bot finds its own comment and changes it, and is always short enough for GitHub.
"""

from collections.abc import Mapping

import msgspec

from stj_audit.diff import Diff
from stj_audit.errors import ConfigError
from stj_audit.render import digest_diff, filters
from stj_audit.render.escape import escape_json, escape_terminal
from stj_audit.render.page import Page, wrapped_name
from stj_audit.render.run_file import mended, plain_zeros
from stj_audit.render.sections import Cell, Section, shortened
from stj_audit.render.templates import render_diff_markdown
from stj_audit.render.terminal import TONE_COLORS

TAG = "<!-- stj-audit diff -->"
# GitHub refuses a comment of more than 65,536 characters: "Body is too long". What is left is for what a workflow adds.
COMMENT_LENGTH = 64_000
COMMENT_ROWS = (25, 10, 5, 2, 1, 0)  # of each section: as many as fit
TERMINAL_ROWS = 50
REASONS = 3

WIDTHS: Mapping[str, tuple[int, ...]] = {
    "summary": (34, 14, 14, 32),
    "look": (20, 16, 24, 34),
    "rest": (16, 16, 24, 38),
    "bills": (18, 12, 12, 22, 10, 10, 13),
    "lines-now": (16, 22, 11, 11, 11, 24),
    "lines-target": (16, 22, 11, 11, 11, 24),
    "settings": (20, 18, 27, 27),
    "tables": (24, 12, 18, 20, 20),
    "grades": (22, 10, 32, 30),
    "limits": (24, 42, 14, 14),
}

_encoder = msgspec.json.Encoder(decimal_format="number")


def render_diff(diff: Diff, format: str, *, color: bool = False) -> str:  # noqa: A002 - the option's name is the parameter's name
    """
    The comparison as `table`, `markdown` or `json`: valid UTF-8 that ends in a newline. `color` adds ANSI colours to the table.

    Raises ConfigError for an unknown format.
    """
    if format == "table":
        return _table(diff, color=color)
    if format == "markdown":
        return _markdown(diff)
    if format == "json":
        return _json(diff)
    raise ConfigError(f"{format!r} is no format of a comparison", hint="use one of table, markdown, json")


# ------------------------------------------------------------------------------------------------------------- terminal


def _table(diff: Diff, *, color: bool) -> str:
    page = Page(color=color)
    if diff.is_empty:
        page.text(digest_diff.unchanged(diff))
        _notes(page, diff)
        return str(page)
    page.text(f"DynamoDB audit compared: {digest_diff.runs(diff)}")
    page.raw("")
    page.text(filters.sentence(digest_diff.title(diff)))
    for section in digest_diff.sections(diff):
        _section(page, shortened(section, TERMINAL_ROWS))
        if section.id == "summary":
            _why_not_passed(page, diff)
    if diff.unchanged:
        page.raw("")
        page.text(digest_diff.still_open(diff))
    if filters.marks_explained(str(page)):
        page.text(filters.marks_explained(str(page)))
    _notes(page, diff)
    return str(page)


def _section(page: Page, section: Section) -> None:
    if section.title:
        page.title(section.title)
    else:
        page.raw("")
    page.table(
        section.heads,
        [tuple(_cell(cell) for cell in row) for row in section.rows],
        WIDTHS[section.id],
        numbers=section.numbers,
        colors=[TONE_COLORS.get(tone, "") for tone in section.tones],
        wrap=wrapped_name if section.id.startswith("lines") else None,
    )
    for line in (section.more, section.note):
        if line:
            page.text(line)


def _cell(cell: Cell) -> str:
    return escape_terminal(str(cell))


def _why_not_passed(page: Page, diff: Diff) -> None:
    for reason in _reasons(diff):
        page.text(f"Gate: {reason}", indent="  ")


def _notes(page: Page, diff: Diff) -> None:
    notes = digest_diff.notes(diff)
    if notes:
        page.title("To know when comparing")
    for note in notes:
        page.text(note, indent="  ", first="- ")


def _reasons(diff: Diff) -> tuple[str, ...]:
    return () if diff.gate is None else tuple(digest_diff.short(filters.sentence(one)) for one in diff.gate.reasons[:REASONS])


# -------------------------------------------------------------------------------------------------------------- comment


def _markdown(diff: Diff) -> str:
    for rows in COMMENT_ROWS:
        text = _comment(diff, rows)
        if len(text) <= COMMENT_LENGTH:
            break
    return text


def _comment(diff: Diff, rows: int) -> str:
    found = [] if diff.is_empty else [one if one.id == "summary" else shortened(one, rows) for one in digest_diff.sections(diff)]
    text = render_diff_markdown(
        title=digest_diff.unchanged(diff) if diff.is_empty else digest_diff.title(diff),
        sections=found,
        reasons=_reasons(diff),
        still_open="" if diff.is_empty else digest_diff.still_open(diff),
        runs=digest_diff.runs(diff),
        notes=digest_diff.notes(diff),
    )
    return f"{TAG}\n{text}"


# ----------------------------------------------------------------------------------------------------------------- JSON


def _json(diff: Diff) -> str:
    try:
        text = _encoded(diff)
    except UnicodeEncodeError:
        text = _encoded(mended(diff))
    return escape_json(plain_zeros(text))


def _encoded(diff: Diff) -> str:
    return msgspec.json.format(_encoder.encode(diff), indent=2).decode() + "\n"
