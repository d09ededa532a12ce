"""Whether a report is mailed: what `send` and `min_saving` of `[email]` say, held against it and what was told before. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from msgspec import UNSET

from stj_audit.grade import GRADES
from stj_audit.report import Report
from stj_audit.results import Severity
from stj_audit.wording import counted, dollars

FINDING = "finding>="


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """
    What was said before: in the mail before this one, else in the run before this one (`what` says which). `findings` are ids of those that
    were open; of a trend only their number is known.
    """

    what: str
    grade: str
    findings: frozenset[str] | None
    finding_count: int


def before(report: Report, *, mailed: tuple[str, Iterable[str]] | None, kept: tuple[str, Iterable[str]] | None) -> Before | None:
    """`mailed` and `kept` are the grade and the findings of the last mail, and of the last run that is kept; else the report's own trend."""
    for what, one in (("the last mail", mailed), ("the last run", kept)):
        if one is not None:
            grade, ids = one
            findings = frozenset(ids)
            return Before(what=what, grade=grade, findings=findings, finding_count=len(findings))
    if report.trend is UNSET or len(report.trend.runs) < 2:
        return None
    last = report.trend.runs[-2]
    return Before(what="the last run", grade=last.grade, findings=None, finding_count=last.findings)


def why_not(report: Report, *, send: str, least_saving_usd: Decimal | None, before: Before | None) -> str | None:
    """
    Why this report is not mailed, in words; None where it is.

    What is not known keeps no mail back: without anything before there is nothing to compare with, and a saving may not be priced.
    """
    if send.startswith(FINDING):
        reason = _no_finding(report, Severity[send.removeprefix(FINDING).upper()])
    elif before is None or send == "always":
        reason = None
    elif send == "changed":
        reason = None if _changed(report, before) else f"neither the grade nor the open findings have changed since {before.what}"
    else:
        reason = None if _dropped(before.grade, report.overall.grade) else _no_drop(report.overall.grade, before)
    return reason or _small_saving(report, least_saving_usd)


def _no_finding(report: Report, least: Severity) -> str | None:
    worst = max((Severity[one.severity.upper()] for one in report.findings if one.suppressed is None), default=None)
    if worst is not None and worst >= least:
        return None
    return f"no open finding is {least.label} or worse"


def _changed(report: Report, before: Before) -> bool:
    now = frozenset(one.id for one in report.findings if one.suppressed is None)
    if report.overall.grade != before.grade:
        return True
    return len(now) != before.finding_count if before.findings is None else now != before.findings


def _dropped(old: str, new: str) -> bool:
    """A grade that is not known any more is a drop too; what was not known before cannot be dropped from."""
    if old not in GRADES:
        return False
    return new not in GRADES or GRADES.index(new) > GRADES.index(old)


def _no_drop(grade: str, before: Before) -> str:
    if before.grade not in GRADES:
        return f"the grade of {before.what} is not known, so that {grade} is no drop"
    return f"the grade is {grade}, and was {before.grade} in {before.what}"


def _small_saving(report: Report, least_usd: Decimal | None) -> str | None:
    users = report.audit.target_users
    target = next((one for one in report.costs.projections if one.users == users), None)
    saving = None if target is None else target.avoidable_usd
    if least_usd is None or saving is None or saving >= least_usd:
        return None
    return f"{dollars(saving)} a month can be saved at {counted(users, 'user')}, less than min_saving ({dollars(least_usd)})"
