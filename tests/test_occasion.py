"""When a report is mailed and when it is not, and why."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stj_audit.deliver.occasion import Before, before, why_not
from stj_audit.grade import GRADES
from stj_audit.options import GRADES as GRADES_OF_OPTIONS
from stj_audit.options import MAIL_CARRIERS, MAIL_OCCASIONS, MAIL_PERIODS
from stj_audit.report import Report, Suppression, Trend
from stj_audit.results import Severity
from tests.sample_report import sample_report
from tests.trended_report import trended_report

OPEN = tuple(one.id for one in sample_report().findings if one.suppressed is None)


def graded(grade: str) -> Report:
    report = sample_report()
    return replace(report, overall=replace(report.overall, grade=grade))


def said(grade: str = "C", findings: tuple[str, ...] = OPEN) -> Before:
    return Before(what="the last run", grade=grade, findings=frozenset(findings), finding_count=len(findings))


def reason(report: Report, send: str, earlier: Before | None = None, saving: Decimal | None = None) -> str | None:
    return why_not(report, send=send, least_saving_usd=saving, before=earlier)


def test_always_is_always() -> None:
    assert reason(sample_report(), "always", said()) is None


def test_changed() -> None:
    report = graded("C")
    assert reason(report, "changed", said()) == "neither the grade nor the open findings have changed since the last run"
    assert reason(report, "changed", said(grade="B")) is None
    assert reason(report, "changed", said(findings=OPEN[1:])) is None
    assert reason(report, "changed", said(findings=("another", *OPEN[1:]))) is None
    assert reason(report, "changed", None) is None, "there is nothing to compare with"


def test_a_finding_that_is_accepted_has_gone() -> None:
    report = graded("C")
    first, *others = report.findings
    accepted = replace(report, findings=(replace(first, suppressed=Suppression(reason="known", expires=None)), *others))
    assert reason(accepted, "changed", said()) is None
    assert reason(accepted, "changed", said(findings=tuple(one for one in OPEN if one != first.id))) is not None


@given(st.sampled_from((*GRADES, "?", "n/a")), st.sampled_from((*GRADES, "?", "n/a")))
def test_a_drop_is_a_worse_grade_or_one_that_is_not_known_any_more(old: str, new: str) -> None:
    dropped = old in GRADES and (new not in GRADES or GRADES.index(new) > GRADES.index(old))
    found = reason(graded(new), "grade-drop", said(grade=old))
    assert (found is None) == dropped
    assert reason(graded(new), "grade-drop", None) is None
    if old in GRADES and not dropped:
        assert found == f"the grade is {new}, and was {old} in the last run"


@pytest.mark.parametrize("least", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("worst", ["info", "low", "medium", "high", "critical"])
def test_a_finding_from_a_severity_on(least: str, worst: str) -> None:
    report = sample_report()
    one = replace(report, findings=(replace(report.findings[0], severity=worst, suppressed=None),))
    found = reason(one, f"finding>={least}")
    assert found == (None if Severity[worst.upper()] >= Severity[least.upper()] else f"no open finding is {least} or worse")
    [finding] = one.findings
    accepted = replace(one, findings=(replace(finding, suppressed=Suppression(reason="known", expires=None)),))
    assert reason(accepted, f"finding>={least}") is not None


def saving(amount_usd: Decimal | None, *, complete: bool = True) -> Report:
    report = sample_report()
    projections = tuple(replace(one, avoidable_usd=amount_usd, complete=complete) for one in report.costs.projections)
    return replace(report, costs=replace(report.costs, projections=projections))


def test_a_saving_that_is_too_small() -> None:
    assert reason(saving(Decimal("49.99")), "always", saving=Decimal(50)) == (
        "$49.99 a month can be saved at 10,000 users, less than min_saving ($50.00)"
    )
    assert reason(saving(Decimal(50)), "always", saving=Decimal(50)) is None
    assert reason(saving(None), "always", saving=Decimal(50)) is None, "it is not known, which is not too little"
    for some in (Decimal(0), Decimal("49.99")):
        part = saving(some, complete=False)
        assert reason(part, "always", saving=Decimal(50)) is None, "it may be more: not all of the bill is known"
    whole = saving(Decimal("49.99"))
    categories = tuple(replace(one, coverage=0.5 if one.id == "cost-optimization" else one.coverage) for one in whole.categories)
    assert reason(replace(whole, categories=categories), "always", saving=Decimal(50)) is None, (
        "not all checks of the cost were made"
    )
    report = saving(Decimal(1_000))
    assert reason(report, "changed", said(grade=report.overall.grade), Decimal(50)) is not None, "both have to hold"


@pytest.mark.parametrize(
    ("amount", "least", "told"),
    [
        ("204.60", "205", "$204.60 a month can be saved at 10,000 users, less than min_saving ($205.00)"),
        ("204.9987654", "205", "$204.99 a month can be saved at 10,000 users, less than min_saving ($205.00)"),
        ("49.999", "50", "$49.99 a month can be saved at 10,000 users, less than min_saving ($50.00)"),
        ("1204.60", "2000", "$1,205 a month can be saved at 10,000 users, less than min_saving ($2,000)"),
    ],
)
def test_two_amounts_that_differ_do_not_read_the_same(amount: str, least: str, told: str) -> None:
    assert reason(saving(Decimal(amount)), "always", saving=Decimal(least)) == told


@pytest.mark.parametrize(
    ("mailed", "kept", "new", "told"),
    [
        ("C", "A", "C", None),
        ("A", "C", "C", None),  # the mail of the drop failed
        ("C", "A", "A", "the grade is A, and was A in the last run"),
        ("C", "C", "C", "the grade is C, and was C in the last mail"),
        ("B", "C", "B", "the grade is B, and was B in the last mail"),
        ("?", "B", "C", None),
        ("B", "?", "C", None),
        ("B", "?", "B", "the grade is B, and was B in the last mail"),
        ("?", "n/a", "C", "the grade of the last mail is not known, so that C is no drop"),
        ("C", "A", "?", None),
    ],
)
def test_a_drop_is_from_the_better_of_the_last_mail_and_the_last_run(mailed: str, kept: str, new: str, told: str | None) -> None:
    report = graded(new)
    known = before(report, mailed=(mailed, OPEN), kept=(kept, OPEN))
    assert reason(report, "grade-drop", known) == told


def test_what_was_said_before_is_the_last_mail_then_the_last_run_then_the_trend() -> None:
    report = trended_report()
    assert isinstance(report.trend, Trend)
    mailed, kept = ("A", ["x"]), ("B", ["x", "y"])
    assert before(report, mailed=mailed, kept=kept) == Before(
        what="the last mail", grade="A", findings=frozenset("x"), finding_count=1, run_grade="B"
    )
    assert before(report, mailed=mailed, kept=None) == Before(
        what="the last mail", grade="A", findings=frozenset("x"), finding_count=1
    )
    assert before(report, mailed=None, kept=kept) == Before(
        what="the last run", grade="B", findings=frozenset("xy"), finding_count=2
    )
    last = report.trend.runs[-2]
    assert before(report, mailed=None, kept=None) == Before(
        what="the last run", grade=last.grade, findings=None, finding_count=last.findings
    )
    for none in (UNSET, replace(report.trend, runs=report.trend.runs[-1:])):
        assert before(replace(report, trend=none), mailed=None, kept=None) is None


def test_of_a_trend_the_number_of_findings_is_compared() -> None:
    report = graded("C")
    for count, changed in ((len(OPEN), False), (len(OPEN) + 1, True)):
        known = Before(what="the last run", grade="C", findings=None, finding_count=count)
        assert (reason(report, "changed", known) is None) == changed


def test_words_are_the_same_everywhere() -> None:
    from typing import get_args  # noqa: PLC0415 - beside what it is for

    from stj_audit import email_settings as known  # noqa: PLC0415 - beside what it is for

    pairs: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (known.Carrier, MAIL_CARRIERS),
        (known.Occasion, MAIL_OCCASIONS),
        (known.Period, MAIL_PERIODS),
    )
    assert [get_args(one) for one, _ in pairs] == [words for _, words in pairs]
    assert GRADES == GRADES_OF_OPTIONS
