"""
The `csv` format: one row for each finding, and one for each verdict on oversized items. The columns stay: new ones are added at the end.

A text that a spreadsheet would take for a formula gets an apostrophe in front. What is not known, or does not apply, is empty.
"""

from collections.abc import Iterator

from stj_audit.render import digest, digest_gate
from stj_audit.render.csv_cells import number_cell, text_cell, written
from stj_audit.report import OVER, Finding, ItemsVerdict, Report

# `row` is finding or items; `state` is open, ignored or known for a finding, and over, none, inconclusive or not read for items; `fails` is
# yes or no; the saving is that at the target, `saving_is_bound` is yes where it is an upper bound.
HEAD = (
    "row",
    "id",
    "check",
    "code",
    "category",
    "severity",
    "table",
    "index",
    "title",
    "message",
    "fix",
    "when",
    "effort",
    "state",
    "fails",
    "reason",
    "expires",
    "saving_usd_month",
    "saving_is_bound",
    "file",
    "line",
)
STATES = {"ignore": "ignored", digest.BY_BASELINE: "known"}


def render_csv(report: Report) -> str:
    """The items first, as in the other formats for builds, then the findings in the report's order."""
    return written(HEAD, (_in_order(row) for row in (*_of_items(report), *_of_findings(report))))


def _in_order(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row.get(name, "") for name in HEAD)


def _of_items(report: Report) -> Iterator[dict[str, str]]:
    for verdict in digest_gate.item_verdicts(report):
        yield _items_row(verdict) | _where(report, verdict.table)


def _items_row(verdict: ItemsVerdict) -> dict[str, str]:
    return {
        "row": "items",
        "check": digest_gate.ITEM_RULE,
        "table": text_cell(verdict.table),
        "title": digest_gate.ITEM_RULE,
        "message": text_cell(verdict.sentence),
        "state": text_cell(verdict.verdict),
        "fails": _yes(verdict.verdict == OVER),
    }


def _of_findings(report: Report) -> Iterator[dict[str, str]]:
    for finding in report.findings:
        yield _finding_row(report, finding) | _where(report, finding.table)


def _finding_row(report: Report, finding: Finding) -> dict[str, str]:
    names = ("id", "check", "code", "category", "severity", "table", "title", "message", "fix", "when", "effort")
    saving = (finding.saving_usd_month or {}).get(str(report.audit.target_users))
    suppressed = finding.suppressed
    return {
        **{name: text_cell(getattr(finding, name)) for name in names},
        "row": "finding",
        "index": text_cell(finding.index or ""),
        "state": "open" if suppressed is None else text_cell(STATES.get(suppressed.by, suppressed.by)),
        "fails": _yes(digest_gate.fails(report, finding)),
        "reason": "" if suppressed is None else text_cell(suppressed.reason),
        "expires": "" if suppressed is None or suppressed.expires is None else suppressed.expires.isoformat(),
        "saving_usd_month": number_cell(saving),
        "saving_is_bound": "" if saving is None else _yes(finding.saving_is_bound),
    }


def _where(report: Report, table: str) -> dict[str, str]:
    source = digest_gate.source_of(report, table)
    return {} if source is None else {"file": text_cell(source.path), "line": str(source.line)}


def _yes(true: bool) -> str:
    return "yes" if true else "no"
