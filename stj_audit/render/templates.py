"""
The Jinja2 environments: which templates, which filters, and how each format escapes.

Escaping is set by format, never by file ending: Jinja2's own `select_autoescape` does not know `.html.j2`, and would let `<script>` through.
Every value that a template prints goes through `finalize`, so that no template can forget to escape; only Markup passes unchanged.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stj_audit.render import (
    charts,
    charts_indexes,
    digest,
    digest_costs,
    digest_estimates,
    digest_gate,
    digest_mail,
    digest_money,
    digest_savings,
    digest_tables,
    digest_trend,
    escape,
    filters,
    lettering,
    palette,
    sparkline,
)
from stj_audit.report import Costs, Report
from stj_audit.wording import counted

_BLANK_LINES = re.compile(r"\n{3,}")
_LEGEND = Markup("\ue000")  # no text from outside has this character: those for private use are written out

MAX_REASONS = 5  # of a gate, at the top of the page; the others are folded

CARRIED = Path(__file__).parent.parent / "templates"
CHECKOUT = Path(__file__).parent.parent.parent / "reports" / "templates"

FILTERS: tuple[Callable[..., Any], ...] = (
    filters.at_time,
    filters.count,
    filters.known,
    filters.on_date,
    filters.percent,
    counted,
    filters.quantity,
    filters.sentence,
    filters.size,
    filters.unit_price,
    filters.usd_cell,
    filters.usd_fine,
    filters.usd_words,
    filters.users,
    charts.attribute_bars,
    charts.cost_bars,
    charts.grade_ring,
    charts.histogram,
    charts.throttle_days,
    charts.throttle_strip,
    charts_indexes.index_bars,
    charts_indexes.index_rows,
    digest.action_groups,
    digest_gate.and_more,
    digest.anchor,
    digest.at_first,
    digest_savings.applied_savings,
    digest_costs.basis,
    digest_tables.biggest_attributes,
    digest_tables.item_size,
    digest_tables.largest_cell,
    digest_tables.largest_words,
    digest_tables.p99_cell,
    digest_tables.sample_note,
    digest_tables.billing,
    digest_gate.brief,
    digest_money.bills,
    digest_savings.break_even_lines,
    digest_estimates.calibration_rows,
    digest_tables.calls,
    digest_tables.created,
    digest_tables.no_items,
    digest_tables.no_traffic,
    digest_tables.capacity,
    digest.capital,
    digest_savings.commitment_lines,
    digest_savings.commitments_note,
    digest_gate.cost_line,
    digest_tables.coverage_text,
    digest_gate.failing_findings,
    digest_gate.fails_because,
    digest_savings.finding_by_id,
    digest_gate.finding_groups,
    digest.findings_of,
    digest.first_findings,
    digest_gate.first_reasons,
    digest.near_limits,
    digest.range_cell,
    digest.seen_cell,
    digest.grade_tone,
    digest.grade_word,
    digest_costs.growth_sentence,
    digest_costs.growth_table,
    digest.head,
    digest_gate.headline,
    digest_gate.held_against,
    digest_tables.index_size,
    digest_tables.key_names,
    digest_costs.largest_lines,
    digest_money.line_title,
    digest.listed,
    digest.held,
    digest_gate.item_verdicts,
    digest_money.items_held,
    digest_estimates.naive_estimate,
    digest_estimates.naive_rows,
    digest_estimates.naive_sentence,
    digest_estimates.naive_title,
    digest_tables.on_demand_backups,
    digest.open_findings,
    digest_tables.over_line,
    digest_money.parts_used,
    digest_costs.pattern_rows,
    digest_costs.patterns_total,
    digest_money.per_user,
    digest_money.per_user_cell,
    digest.permission_missing,
    digest_gate.real_gate,
    digest_tables.pitr,
    digest_tables.recommendation_text,
    digest_costs.request_lines,
    digest_costs.share_head,
    digest_costs.request_rows,
    digest_costs.requests_total,
    digest.regions,
    digest.rest,
    digest.rule_rows,
    digest.rule_summary,
    digest.saving,
    digest.saving_short,
    digest.saves,
    digest_money.avoidable,
    digest_money.avoidable_cell,
    digest_tables.item_saves,
    digest.scale_label,
    digest.scale_rows,
    digest.scale_users,
    digest_tables.scaling,
    digest.severity_counts,
    digest.severity_shape,
    digest.severity_tone,
    digest_costs.square_lines,
    digest.status_shape,
    digest.status_tone,
    digest_money.rung_title,
    digest_money.storage_costs,
    digest_money.storage_known,
    digest_money.storage_rows,
    digest_money.storage_totals,
    digest_money.storage_unknown,
    digest.accounts,
    digest.against_baseline,
    digest.gone_rows,
    digest.set_aside,
    digest.since_baseline,
    digest.suppressed_findings,
    digest.until,
    digest_tables.tags,
    digest_money.target_bill,
    digest_tables.throttle_series,
    digest_tables.throttles,
    digest_tables.throttles_cell,
    digest_money.traffic_lines,
    digest_tables.ttl,
    digest_tables.type_word,
    digest_tables.type_words,
    digest.unseen,
    digest_gate.unseen_line,
    digest_trend.cost_growth,
    digest_trend.growth_rows,
    digest_trend.outlooks,
    digest_trend.run_rows,
    digest_trend.trend_notes,
    sparkline.sparklines,
    digest_gate.gate_shape,
    digest_gate.gate_tone,
    digest_gate.verdict_of,
    digest_gate.verdict_shape,
    digest_gate.verdict_tone,
    digest_gate.verdict_word,
    digest_gate.with_commands,
    digest_gate.worst_first,
    digest_mail.action_notes,
    digest_mail.changes,
    digest_mail.changes_title,
    digest_mail.footer,
    digest_mail.gate_reasons,
    digest_mail.gate_words,
    digest_mail.ladder_rows,
    digest_mail.letter,
    digest_mail.mail_actions,
    digest_mail.mail_tables,
    digest_mail.more_in_report,
    digest_mail.last_runs,
    digest_mail.no_forecast,
    digest_mail.not_seen,
    digest_mail.preheader,
    digest_mail.score_words,
    digest_mail.soonest,
    digest_mail.unbroken,
    escape.cut,
    escape.cut_name,
    palette.mark_color,
    palette.tone_color,
    digest_tables.worst_tables,
)


def template_folder() -> Path:
    """Where the templates are: the copy that an installed package carries, or the checkout's."""
    return CARRIED if CARRIED.is_dir() else CHECKOUT


def render_html(report: Report) -> str:
    """The report as one HTML file that needs nothing beside it: no script, no request."""
    text = _environment("html").get_template("report.html.j2").render(report=report)
    return _explained(text, '<p class="note">{}</p>')


def render_markdown(report: Report) -> str:
    """The report as GitHub's Markdown."""
    text = _environment("markdown").get_template("report.md.j2").render(report=report)
    return _BLANK_LINES.sub("\n\n", _explained(text, "{}")).strip() + "\n"


def render_short_markdown(report: Report, *, most: int, with_fixes: bool) -> str:
    """The report as a comment: `most` rows of each list, and the commands of the fixes or not."""
    text = _environment("markdown").get_template("comment.md.j2").render(report=report, most=most, with_fixes=with_fixes)
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


def render_costs_html(costs: Costs, **texts: object) -> str:
    """Costs alone as one HTML file that needs nothing beside it; `texts` are those of `render.costs`."""
    facts = {
        "at": digest_costs.target_projection(costs),
        "ladder": digest_money.bills_of(costs, costs.target_users),
        "storage": digest_money.storage_rows_of(costs),
    }
    text = _environment("html", cut=False).get_template("costs.html.j2").render(costs=costs, **facts, **texts)
    return _explained(text, "<li>{}</li>")


def render_costs_markdown(costs: Costs, **texts: object) -> str:
    """Costs alone as GitHub's Markdown; `texts` are those of `render.costs`."""
    at = digest_costs.target_projection(costs)
    text = _environment("markdown", cut=False).get_template("costs.md.j2").render(costs=costs, at=at, **texts)
    return _BLANK_LINES.sub("\n\n", _explained(text, "- {}")).strip() + "\n"


def render_diff_markdown(**texts: object) -> str:
    """What two runs differ in as GitHub's Markdown; `texts` are those of `render.diff`."""
    text = _environment("markdown").get_template("diff.md.j2").render(**texts)
    return _BLANK_LINES.sub("\n\n", _explained(text, "{}")).strip() + "\n"


def render_mail_html(report: Report, **texts: object) -> str:
    """The report as the HTML of a mail; `texts` are those of `render.mail`."""
    text = _environment("html").get_template("mail.html.j2").render(report=report, color=palette.LIGHT, **texts)
    note = f"margin:6px 0 0 0;font-size:13px;line-height:19px;color:{palette.LIGHT['mute']};"
    return _explained(text, f'<p style="{note}">{{}}</p>')


def render_mail_picture(**marks: object) -> str:
    """The picture of a mail as SVG; `marks` are those of `render.mail_picture`."""
    return _environment("svg").get_template("mail_picture.svg.j2").render(color=palette.LIGHT, **marks)


def _explained(page: str, block: str) -> str:
    """The page with what its marks mean where its template says `legend`: `block` is how that is set there."""
    words = filters.marks_explained(page)
    return page.replace(f"{_LEGEND}\n", f"{block.format(words)}\n" if words else "")


def _whole(rows: Sequence[Any], _length: int = 0) -> Sequence[Any]:
    return rows


def _nothing(_rows: Sequence[Any], _length: int = 0) -> str:
    return ""


def _html_code(text: object) -> Markup:
    return Markup("<code>{}</code>").format(escape.escape_html(escape.cut_name(str(text))))


def _markdown_code(text: object) -> Markup:
    return escape.markdown_code(str(text))


def _html_command(text: object) -> Markup:
    return escape.escape_html_code(_one_line(text))


def _html_template(text: object) -> Markup:
    return escape.escape_html_code(str(text))


def _markdown_command(text: object) -> Markup:
    return escape.markdown_fence(_one_line(text))


def _markdown_template(text: object) -> Markup:
    return escape.markdown_fence(str(text), "yaml")


def _one_line(text: object) -> str:
    """A command has no line break but in a name, and behind that could be what GitHub Actions obeys at the start of a line."""
    return escape.visible(str(text))


def _svg(text: str) -> Markup:
    return escape.escape_html(lettering.drawable(escape.visible(text)))


def _finalize(escaped: Callable[[str], Markup]) -> Callable[[object], Markup]:
    """What Jinja2 calls with every value that is printed. Markup is what our own macros and filters made of escaped text."""

    def finalize(value: object) -> Markup:
        return value if isinstance(value, Markup) else escaped(str(value))

    return finalize


_BY_FORMAT: dict[str, tuple[Callable[[str], Markup], dict[str, Callable[..., Any]]]] = {
    "html": (escape.escape_html, {"code": _html_code, "command": _html_command, "template": _html_template}),
    "markdown": (escape.escape_markdown, {"code": _markdown_code, "command": _markdown_command, "template": _markdown_template}),
    "svg": (_svg, {}),
}


@cache
def _environment(format_name: str, *, cut: bool = True) -> Environment:
    """`cut`: long lists end with how many more the run file has; where there is no run file, they are shown whole."""
    escaped, own_filters = _BY_FORMAT[format_name]
    # With autoescape, macros give Markup: what they printed is not escaped twice. In Markdown, too: `finalize` leaves it nothing to escape.
    environment = Environment(
        loader=FileSystemLoader(template_folder(), encoding="utf-8"),
        autoescape=True,
        finalize=_finalize(escaped),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({function.__name__: function for function in FILTERS})
    environment.filters.update(own_filters)
    if not cut:
        environment.filters.update(head=_whole, rest=_nothing)
    environment.globals.update(legend=_LEGEND, max_rows=digest.MAX_ROWS, max_good=digest.MAX_GOOD, max_reasons=MAX_REASONS)
    environment.filters["name"] = lambda text: escape.cut_name(str(text))
    return environment
