"""The arithmetic of a grade as it is told: its lines add up to the score of the report."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.errors import ConfigError
from stj_audit.explain_grade import explain_grade
from stj_audit.facts import Backup, OnDemandBackups, Pitr, Unknown
from stj_audit.report import Report, Tool
from stj_audit.results import Category
from tests.builders import CREATED_AT, a_flow, a_table, an_index, some_entries, some_items, some_traffic, table_facts
from tests.test_judge import judged

DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")


def a_report() -> Report:
    """Three tables that have much wrong with them, one of which could hardly be looked at."""
    big = some_items({51_200: 1_000}, indexes=(some_entries("by-status", 1_000, 51_200),))
    busy = some_traffic(a_flow(), {"by-status": a_flow()})
    indexed = a_table(name="big", deletion_protection=False, indexes=(an_index("by-status"),))
    return judged(
        table_facts(indexed, items=big, traffic=busy, pitr=Pitr(enabled=False)),
        table_facts(a_table(name="second", deletion_protection=False), pitr=Pitr(enabled=False)),
        table_facts(
            a_table(name="third", deletion_protection=False),
            pitr=DENIED,
            on_demand_backups=OnDemandBackups(backups=(Backup(created_at=CREATED_AT, size_bytes=None, type="USER"),)),
        ),
    )


@pytest.mark.parametrize("category", [category for category in Category if category is not Category.COST_OPTIMIZATION])
def test_the_lines_add_up_to_the_score(category: Category) -> None:
    report = a_report()
    told = explain_grade(report, category.id)
    graded = next(one for one in report.categories if one.id == category.id)
    points = [float(number) for number in re.findall(r"^(-[\d.]+) +[A-Z]{3}-\d\d ", told, re.MULTILINE)]
    score = max(100.0 + sum(points), 0.0)
    assert f"\n{score:<6g} left" in told
    caps = [float(number) for number in re.findall(r"at most ([\d.]+)", told)]
    if graded.score is not None:
        assert graded.score == pytest.approx(min([score, *caps]), abs=0.05)
    assert told.splitlines()[-1].startswith(
        f"score {'none' if graded.score is None else format(graded.score, 'g')}, grade {graded.grade}"
    )


def test_a_second_table_counts_half() -> None:
    told = explain_grade(a_report(), "Backup Strategy")
    assert "-20    BKP-01 PITR is off, high: big\n-10    BKP-01 PITR is off, high: second, 50% for table 2\n" in told


def test_what_could_not_be_checked_is_in_the_coverage() -> None:
    assert re.search(
        r"coverage \d+ of \d+ by the weight of the checks \(\d+\.\d%\): at most", explain_grade(a_report(), "backup-strategy")
    )


def test_the_cost_grade_is_told_in_dollars() -> None:
    report = a_report()
    told = explain_grade(report, "cost-optimization")
    at = next(one for one in report.costs.projections if one.users == report.audit.target_users)
    assert at.monthly_usd is not None
    assert told.splitlines()[1].startswith(f"bill ${at.monthly_usd.quantize(Decimal('0.01'))} a month, $") or "bill $" in told
    assert "avoidable is" in told


def test_a_category_or_policy_that_there_is_not_is_refused() -> None:
    report = a_report()
    with pytest.raises(ConfigError, match="there is no category 'backups'"):
        explain_grade(report, "backups")
    old = replace(report, tool=Tool(name="stj-audit", version="0", policy_version="0"))
    with pytest.raises(ConfigError, match="graded by policy 0"):
        explain_grade(old, "backup-strategy")
