"""
Report -> text. A format is one entry in FORMATS and one template or module; all read the Report and nothing else.

Templates live in reports/templates/ of a checkout; an installed package carries a copy.
"""

from collections.abc import Callable

from stj_audit.errors import ConfigError
from stj_audit.report import Report


def _table(report: Report, color: bool) -> str:
    from stj_audit.render.terminal import render_table

    return render_table(report, color=color)


def _markdown(report: Report, _color: bool) -> str:
    from stj_audit.render.templates import render_markdown

    return render_markdown(report)


def _html(report: Report, _color: bool) -> str:
    from stj_audit.render.templates import render_html

    return render_html(report)


def _json(report: Report, _color: bool) -> str:
    from stj_audit.render.run_file import render_json

    return render_json(report)


def _comment(report: Report, _color: bool) -> str:
    from stj_audit.render.comment import render_comment

    return render_comment(report)


def _csv(report: Report, _color: bool) -> str:
    from stj_audit.render.findings_csv import render_csv

    return render_csv(report)


def _junit(report: Report, _color: bool) -> str:
    from stj_audit.render.junit import render_junit

    return render_junit(report)


def _sarif(report: Report, _color: bool) -> str:
    from stj_audit.render.sarif import render_sarif

    return render_sarif(report)


def _github(report: Report, _color: bool) -> str:
    from stj_audit.render.github import render_github

    return render_github(report)


# Each imports what it needs only when it is asked for: jinja2 and tabulate take longer to import than `--help` may last.
FORMATS: dict[str, Callable[[Report, bool], str]] = {
    "table": _table,
    "markdown": _markdown,
    "html": _html,
    "json": _json,
    "comment": _comment,
    "csv": _csv,
    "junit": _junit,
    "sarif": _sarif,
    "github": _github,
}


def render(report: Report, format: str, *, color: bool = False) -> str:  # noqa: A002 - the option's name is the parameter's name
    """
    The report in one of FORMATS, as text that is always valid UTF-8 and ends in a newline.

    `color` adds ANSI colours to the table format, and changes no other. Raises ConfigError for an unknown format.
    """
    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no report format", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](report, color)


def render_gate(report: Report, *, color: bool = False) -> str:
    """The table format of `stj-audit check`: how the gate came out, a few lines for each table. Raises ConfigError without a gate."""
    from stj_audit.render.gate import render_gate as rendered

    if report.gate is None:
        raise ConfigError("the report was held against no gate", hint="make it with `stj-audit check`")
    return rendered(report, report.gate, color=color)
