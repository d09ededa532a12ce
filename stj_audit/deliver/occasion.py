"""Whether a report is mailed: what `send` and `min_saving` of `[email]` say, held against it and what was told before. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import UNSET

from stj_audit.grade import GRADES
from stj_audit.report import Report
from stj_audit.results import Category, Severity
from stj_audit.wording import counted, dollars

CENT = Decimal("0.01")
FINDING = "finding>="
LAST_MAIL, LAST_RUN = "the last mail", "the last run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """
    What was said before: in the mail before this one, else in the run before this one (`what` says which). `findings` are ids of those that
    were open; of a trend only their number is known. `run_grade`: of the run before this one, where `grade` is that of a mail.
    """

    what: str
    grade: str
    findings: frozenset[str] | None
    finding_count: int
    run_grade: str | None = None


def before(report: Report, *, mailed: tuple[str, Iterable[str]] | None, kept: tuple[str, Iterable[str]] | None) -> Before | None:
    """`mailed` and `kept` are the grade and the findings of the last mail, and of the last run that is kept; else the report's own trend."""
    run = None if kept is None else kept[0]
    for what, one, beside in ((LAST_MAIL, mailed, run), (LAST_RUN, kept, None)):
        if one is not None:
            grade, ids = one
            findings = frozenset(ids)
            return Before(what=what, grade=grade, findings=findings, finding_count=len(findings), run_grade=beside)
    if report.trend is UNSET or len(report.trend.runs) < 2:
        return None
    last = report.trend.runs[-2]
    return Before(what=LAST_RUN, grade=last.grade, findings=None, finding_count=last.findings)


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
        reason = _no_drop(report.overall.grade, before)
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


def _no_drop(new: str, before: Before) -> str | None:
    """
    Why a grade is no drop; None where it is. It is held against the better of the last mail and the last run: what became better without a
    mail, and is as bad again, has dropped since, and so has what a mail that failed did not tell. A grade that is not known any more is a
    drop too; what was not known before cannot be dropped from.
    """
    told = [(before.grade, before.what), *([] if before.run_grade is None else [(before.run_grade, LAST_RUN)])]
    known = [one for one in told if one[0] in GRADES]
    if not known:
        return f"the grade of {before.what} is not known, so that {new} is no drop"
    old, what = min(known, key=lambda one: GRADES.index(one[0]))
    if new not in GRADES or GRADES.index(new) > GRADES.index(old):
        return None
    return f"the grade is {new}, and was {old} in {what}"


def _small_saving(report: Report, least_usd: Decimal | None) -> str | None:
    """A saving of which the report says "at least" may be more: a line of the bill is not known, or a check of the cost was not made."""
    users = report.audit.target_users
    target = next((one for one in report.costs.projections if one.users == users), None)
    checked = all(one.coverage == 1 for one in report.categories if one.id == Category.COST_OPTIMIZATION.id)
    saving = target.avoidable_usd if target is not None and target.complete and checked else None
    if least_usd is None or saving is None or saving >= least_usd:
        return None
    told, least = dollars(saving), dollars(least_usd)
    if told == least:  # whole dollars hide what they differ in
        told, least = f"${saving.quantize(CENT, ROUND_FLOOR):,}", f"${least_usd.quantize(CENT, ROUND_CEILING):,}"
    return f"{told} a month can be saved at {counted(users, 'user')}, less than min_saving ({least})"
