"""
What a page shows that no single field of the Report holds: groupings, sums by part, counts by severity.

Everything here is a function of the Report, without markup and without judgement, for all formats alike.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from stj_audit.render import filters
from stj_audit.render.escape import cut_name
from stj_audit.report import (
    SEVERAL,
    Action,
    Audit,
    BaselineFinding,
    CategoryGrade,
    Finding,
    NotChecked,
    Report,
    RuleRun,
    ScaleLimit,
    TableReport,
)
from stj_audit.wording import a_few, counted

MAX_ROWS = 50  # a longer list is not read; the run file has all of it
MAX_LIMITS = 10  # which bind first matters; the tenth is no news any more
FAR_FACTOR = 10  # times the users: whoever comes so far has changed the tables by then
MAX_GOOD = 6  # messages of one category: praise is read faster than work
SEVERITIES = ("critical", "high", "medium", "low", "info")
SEVERITY_SHAPES = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "○"}
STATUS_SHAPES = {"GOOD": "✓", "IMPROVE": "▲", "BAD": "✗", "NOT USED": "○", "NOT CHECKED": "?", "N/A": "–"}
GRADE_WORDS = {"A": "excellent", "B": "good", "C": "needs work", "D": "poor", "F": "failing"}
GRADE_TONES = {"A": "ok", "B": "ok", "C": "warn", "D": "bad", "F": "bad"}
STATUS_TONES = {"GOOD": "ok", "IMPROVE": "warn", "BAD": "bad"}
NOT_CHECKED = "not checked"
BY_BASELINE = "baseline"  # as in `Suppression.by`
NO_GRADE = "?"
NOTHING_TO_JUDGE = "n/a"
NOTHING = "–"

Row = TypeVar("Row")

_PLAIN_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*[ ,]|[a-z]+$")


def head(rows: Sequence[Row], length: int = MAX_ROWS) -> Sequence[Row]:
    return rows[:length]


def rest(rows: Sequence[object], length: int = MAX_ROWS) -> str:
    """What to say under a list that `head` cut; nothing when it did not."""
    return f"and {len(rows) - length:,} more, see the run file" if len(rows) > length else ""


# ---------------------------------------------------------------------------------------------------------------- where


def regions(audit: Audit) -> str:
    """The region, or the first of several."""
    return a_few(dict.fromkeys(scope.region for scope in audit.scopes or ())) or audit.region


def accounts(audit: Audit) -> str:
    """Which account: "account 123456789012", or the first of several by what they are called."""
    if audit.templates:
        return f"before deployment, as defined in {a_few(audit.templates)}"
    if audit.account is None:
        return "account not known"
    names = dict.fromkeys(scope.name or scope.account or "not known" for scope in audit.scopes or ())
    return f"accounts {a_few(names)}" if audit.account == SEVERAL else f"account {audit.account}"


def at_first(audit: Audit) -> str:
    """When the current bill is that of: tables that are not there yet cost nothing now."""
    return "once deployed" if audit.templates else "now"


def not_read(audit: Audit) -> tuple[str, ...]:
    """A line for each account and region of several that could not be read: "us-west-2 of prod: the role cannot be assumed"."""
    unread = [scope for scope in audit.scopes or () if scope.not_read is not None]
    several = audit.account == SEVERAL
    return tuple(f"{one.region}{f' of {one.name or one.account}' if several else ''}: {one.not_read}" for one in unread)


# --------------------------------------------------------------------------------------------------------------- grades


def grade_word(grade: str) -> str:
    if grade == NOTHING_TO_JUDGE:
        return "nothing to judge"
    return GRADE_WORDS.get(grade[:1], "too little was seen")


def grade_tone(grade: str) -> str:
    """ok, warn, bad or mute: the colour, always beside the letter."""
    return GRADE_TONES.get(grade[:1], "mute")


def grade_range(best: str, worst: str) -> str:
    """From the letter if all that was not checked failed, to the letter if it passed."""
    return best if best == worst else f"{worst} to {best}"


def range_cell(category: CategoryGrade) -> str:
    """From the letter if all that was not checked failed to that if it passed; nothing where there is nothing to judge."""
    return NOTHING if category.grade == NOTHING_TO_JUDGE else grade_range(category.best, category.worst)


def seen_cell(category: CategoryGrade) -> str:
    """How much of a category could be checked; nothing where there is nothing to judge."""
    return NOTHING if category.grade == NOTHING_TO_JUDGE else filters.percent(category.coverage)


def held(grade: str, held_by: str) -> str:
    """Why a grade is not higher, or why there is none: "Held at B+ because ...", "No grade because ..."."""
    return f"{'No grade' if grade == NO_GRADE else f'Held at {cut_name(grade)}'} because {filters.sentence(held_by)}"


def status_tone(status: str) -> str:
    return STATUS_TONES.get(status, "mute")


def status_shape(status: str) -> str:
    return STATUS_SHAPES.get(status, "–")


def severity_shape(severity: str) -> str:
    return SEVERITY_SHAPES.get(severity, "○")


def severity_tone(severity: str) -> str:
    return severity if severity in SEVERITIES else "info"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleRow:
    """The letters of one category, or of all, for the user counts of `scale_users`; "not known" where there is none."""

    title: str
    overall: bool
    grades: tuple[str, ...]


def scale_users(report: Report) -> tuple[str, ...]:
    """The user counts of `grades_by_users` as the report names them, ascending."""
    return tuple(sorted(report.grades_by_users, key=lambda users: (not users.isdecimal(), int(users) if users.isdecimal() else 0)))


def scale_label(users: str) -> str:
    return f"{int(users):,}" if users.isascii() and users.isdecimal() else users


def scale_rows(report: Report) -> tuple[ScaleRow, ...]:
    scales = [report.grades_by_users[users] for users in scale_users(report)]
    rows = [
        ScaleRow(title=one.title, overall=False, grades=tuple(at.categories.get(one.id, filters.NOT_KNOWN) for at in scales))
        for one in report.categories
    ]
    return (*rows, ScaleRow(title="Overall", overall=True, grades=tuple(at.overall for at in scales)))


# ------------------------------------------------------------------------------------------------------------- findings


def open_findings(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in report.findings if finding.suppressed is None)


def suppressed_findings(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in report.findings if finding.suppressed is not None)


def set_aside(report: Report, one: str, many: str) -> str:
    """How many findings are suppressed and by what, as one or two sentences: "2 more are suppressed by the configuration."; or nothing."""
    suppressed = suppressed_findings(report)
    known = sum(finding.suppressed is not None and finding.suppressed.by == BY_BASELINE for finding in suppressed)
    ignored = len(suppressed) - known
    told = [f"{counted(ignored, one, many)} suppressed by the configuration"] if ignored else []
    told += [f"{counted(known, one, many)} known from the baseline"] if known else []
    return ", and ".join(told)


def against_baseline(report: Report) -> str:
    """What became of the baseline, and the grade with what it knows; nothing where none was given."""
    baseline = report.baseline
    if baseline is None:
        return ""
    parts = [f"{baseline.new:,} new", f"{baseline.worse:,} worse", f"{baseline.known:,} known", f"{len(baseline.fixed):,} fixed"]
    parts += [f"{len(baseline.not_looked_at):,} not looked at"] if baseline.not_looked_at else []
    told = f"Against the baseline of {filters.on_date(baseline.date)}: {', '.join(parts)}."
    if baseline.known:
        told += " What is known counts neither in the grade nor as avoidable."
    if report.overall_unsuppressed is not None:
        told += f" Were nothing suppressed, the grade would be {cut_name(report.overall_unsuppressed.grade)}."
    return told


def since_baseline(finding: Finding) -> str:
    """ "new", or "worse: it was low"; nothing without a baseline."""
    if finding.baseline is None:
        return ""
    return finding.baseline.state + (f": it was {finding.baseline.severity}" if finding.baseline.severity else "")


def until(finding: Finding) -> str:
    """How long a finding stays suppressed."""
    suppressed = finding.suppressed
    if suppressed is None or suppressed.expires is None:
        return "it gets worse" if suppressed is not None and suppressed.by == BY_BASELINE else "for good"
    return filters.on_date(suppressed.expires)


@dataclass(frozen=True, kw_only=True, slots=True)
class GoneRow:
    """A finding of the baseline that this audit did not find: `state` is "fixed" or "not looked at"."""

    finding: BaselineFinding
    state: str


def gone_rows(report: Report) -> tuple[GoneRow, ...]:
    if report.baseline is None:
        return ()
    fixed = [GoneRow(finding=one, state="fixed") for one in report.baseline.fixed]
    return (*fixed, *(GoneRow(finding=one, state="not looked at") for one in report.baseline.not_looked_at))


def first_findings(report: Report) -> tuple[Finding, ...]:
    by_id = {finding.id: finding for finding in report.findings}
    return tuple(by_id[one] for one in report.do_first if one in by_id)


def near_limits(report: Report) -> tuple[ScaleLimit, ...]:
    """The limits within reach, ten times the most users that are priced, and the first in any case."""
    far = FAR_FACTOR * max((one.users for one in report.costs.projections), default=report.audit.target_users)
    return tuple(limit for number, limit in enumerate(report.limits[:MAX_LIMITS]) if not number or limit.users <= far)


def severity_counts(findings: Iterable[Finding]) -> str:
    """ "1 critical, 2 low", or "none"."""
    severities = [finding.severity for finding in findings]
    counts = [f"{severities.count(one)} {one}" for one in SEVERITIES if one in severities]
    others = sum(one not in SEVERITIES for one in severities)
    return ", ".join([*counts, *([f"{others} other"] if others else [])]) or "none"


def anchor(finding: Finding, report: Report) -> str:
    """The id of a finding's place on the page; no name from outside is in it."""
    return f"finding-{report.findings.index(finding) + 1}"


def findings_of(report: Report, table: TableReport) -> tuple[Finding, ...]:
    return tuple(finding for finding in open_findings(report) if finding.table == table.name)


def saving(finding: Finding, target_users: int) -> str:
    """What the fix saves at the target: "$2.10 a month at 10,000 users", or "not priced"."""
    amount = _saving_usd(finding, target_users)
    if amount is None:
        return "not priced"
    return f"{_up_to(finding)}{_saved(finding, amount)} a month at {filters.users(target_users)}"


def saving_short(finding: Finding, target_users: int) -> str:
    amount = _saving_usd(finding, target_users)
    return "not priced" if amount is None else filters.usd_saved(amount, is_bound=finding.saving_is_bound)


def _up_to(finding: Finding) -> str:
    return "up to " if finding.saving_is_bound else ""


def _saved(finding: Finding, amount: Decimal) -> str:
    return filters.usd(filters.at_least_a_cent(amount) if finding.saving_is_bound else amount)


def saves(finding: Finding) -> str:
    """What the fix saves at every user count: "$0.02 at 100, $2.10 at 10K users, a month", or "not priced"."""
    found = savings(finding)
    at_scales = ", ".join(f"{_saved(finding, at.amount_usd)} at {at.users}" for at in found)
    return f"{_up_to(finding)}{at_scales} user{'' if found[-1].users == '1' else 's'}, a month" if found else "not priced"


def _saving_usd(finding: Finding, target_users: int) -> Decimal | None:
    return (finding.saving_usd_month or {}).get(str(target_users))


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingAtScale:
    users: str
    amount_usd: Decimal


def savings(finding: Finding) -> tuple[SavingAtScale, ...]:
    found = finding.saving_usd_month or {}
    order = sorted(found, key=lambda users: int(users) if users.isascii() and users.isdecimal() else 0)
    return tuple(SavingAtScale(users=scale_label(users), amount_usd=found[users]) for users in order)


def action_groups(report: Report) -> tuple[tuple[str, tuple[Action, ...]], ...]:
    """The checklist by `when`, in the order in which the report has them."""
    groups: dict[str, list[Action]] = {}
    for action in report.actions:
        groups.setdefault(action.when, []).append(action)
    return tuple((when, tuple(actions)) for when, actions in groups.items())


def capital(text: str) -> str:
    """A capital at the start, unless the first word may be a name: of a table, an attribute, a call."""
    return text[0].upper() + text[1:] if _PLAIN_WORD.match(text) else text


# ---------------------------------------------------------------------------------------------------------------- trust


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen:
    """What one call could not tell for one reason: `places` are tables and indexes, `checks` those that needed it."""

    call: str
    reason: str
    places: tuple[str, ...]
    checks: tuple[str, ...]


def unseen(report: Report) -> tuple[Unseen, ...]:
    """The not-checked list by reason and call, in the order in which the report has them."""
    groups: dict[tuple[str, str], list[NotChecked]] = {}
    for row in sorted(report.not_checked, key=lambda row: (not row.scope, row.reason)):
        groups.setdefault((row.reason, row.call), []).append(row)
    return tuple(
        Unseen(
            call=call,
            reason=reason,
            places=tuple(dict.fromkeys(_place(row) for row in rows)),
            checks=tuple(dict.fromkeys(row.check for row in rows if row.check is not None)),
        )
        for (reason, call), rows in groups.items()
    )


def _place(row: NotChecked) -> str:
    if row.table is None:
        return row.scope or "the account"
    return row.table if row.index is None else f"{row.table} / {row.index}"


def listed(names: Sequence[str], length: int = 6) -> str:
    """ "a, b and 3 more", each name cut as names are."""
    shown = ", ".join(cut_name(name) for name in names[:length])
    return f"{shown} and {len(names) - length:,} more" if len(names) > length else shown


def permission_missing(report: Report) -> bool:
    return any(row.reason.startswith(("AccessDenied", "UnauthorizedOperation")) for row in report.not_checked)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """One check over all tables: in how many it ended how, and why where it found nothing out."""

    check: str
    code: str
    title: str
    category: str
    found: int
    passed: int
    not_applicable: int
    not_checked: int
    reasons: tuple[str, ...]


def rule_rows(report: Report) -> tuple[RuleRow, ...]:
    titles = {category.id: category.title for category in report.categories}
    groups: dict[str, list[RuleRun]] = {}
    for run in report.rules:
        groups.setdefault(run.check, []).append(run)
    rows = []
    for check, runs in groups.items():
        ended = [run.status for run in runs]
        rows.append(
            RuleRow(
                check=check,
                code=runs[0].code,
                title=runs[0].title,
                category=titles.get(runs[0].category, runs[0].category),
                found=ended.count("found"),
                passed=ended.count("passed"),
                not_applicable=ended.count("not applicable"),
                not_checked=ended.count("not checked"),
                reasons=tuple(dict.fromkeys(run.reason for run in runs if run.reason)),
            )
        )
    return tuple(rows)


def rule_summary(report: Report) -> str:
    """ "41 rules on 3 tables: 12 found, 70 passed, 30 not applicable, 11 not checked"."""
    rows = rule_rows(report)
    return (
        f"{counted(len(rows), 'rule')} on {counted(len(report.tables), 'table')}: {sum(row.found for row in rows):,} found, "
        f"{sum(row.passed for row in rows):,} passed, {sum(row.not_applicable for row in rows):,} not applicable, "
        f"{sum(row.not_checked for row in rows):,} not checked"
    )
