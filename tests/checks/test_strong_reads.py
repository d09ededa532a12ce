import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.strong_reads import strong_reads
from stj_audit.config import TableModel, parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Amount, Flow, Other, Workload, constant
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import examined

# Nothing is stored; a million read units are 0.1345 dollars in eu-north-1, and a month has ten days here. An item is 10 steps of 4 KB.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 0\nitem_bytes = 40_960\n'


def read(more: str = "consistent = true\n", *, calls: int | None = 100_000, op: str = "GetItem", name: str = "get") -> str:
    counted = "" if calls is None else f"calls_per_day = {calls}\n"
    return f'[[tables.orders.pattern]]\nname = "{name}"\nop = "{op}"\n{counted}{more}'


def judged(text: str, *, change: Any = None, **context: Any) -> Result:
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    model = config.tables["orders"]
    workload: Workload = declared_workload("orders", model, config.model)
    return examined(strong_reads, declared=model, users=1, workload=change(workload) if change else workload, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


def test_finds_reads_that_are_strongly_consistent() -> None:
    # a million calls of 10 units, 1.345 dollars, instead of 5
    result = judged(ORDERS + read() + read("", name="plain", calls=0))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        '1 of 2 declared read patterns with strong consistency: 10,000,000 read units a month, against 5,000,000 without ("get")'
    )
    assert problem.evidence == {
        "patterns": '"get"',
        "read_units_month": 10_000_000.0,
        "read_units_month_eventual": 5_000_000.0,
        "saving_usd_month": 0.67,
    }
    assert problem.benefit == "$0.67 a month, by the declared patterns"
    assert problem.current == 'ConsistentRead in "get"'
    assert problem.effort == "hours"
    assert (problem.change, problem.commands) == (None, ())


def test_counts_queries_with_what_they_read_together() -> None:
    # 3 items are 30 steps: 30 units, or 15
    assert problem_of(ORDERS + read("consistent = true\nitems = 3\n", op="Query")).evidence["saving_usd_month"] == 2.02


@pytest.mark.parametrize(
    ("calls", "severity"),
    [
        (743_494, Severity.LOW),  # 4.99999 dollars
        (743_495, Severity.MEDIUM),  # 5.000004: half of the bill
        (7_434_944, Severity.MEDIUM),  # 49.99999
        (7_434_945, Severity.HIGH),
    ],
)
def test_is_as_bad_as_its_money(calls: int, severity: Severity) -> None:
    assert judged(ORDERS + read(calls=calls)).severity is severity


def test_is_low_where_it_is_a_small_part_of_the_bill() -> None:
    # 67.25 dollars of 134.50 and 560.00: 9.7 %
    backup = Other(component="backup", amount=constant(Decimal(5_600)))
    assert judged(ORDERS + read(calls=10_000_000), change=lambda one: replace(one, others=(backup,))).severity is Severity.LOW


def test_provisioned_capacity_does_not_fall_by_itself() -> None:
    provisioned = 'billing_mode = "PROVISIONED"\nrcu = 100\nwcu = 100\n'
    problem = problem_of(ORDERS + provisioned + read(calls=10_000_000))
    assert problem.severity is Severity.LOW
    assert problem.evidence["saving_usd_month"] is None
    assert problem.benefit == "these reads take half of the units"


@pytest.mark.parametrize("calls", [None, 0])
def test_is_low_where_the_calls_are_not_known_or_none(calls: int | None) -> None:
    problem = problem_of(ORDERS + read(calls=calls))
    assert problem.severity is Severity.LOW
    assert problem.message == '1 of 1 declared read pattern with strong consistency ("get")'
    assert problem.evidence["saving_usd_month"] is None


def test_does_not_price_what_patterns_do_not_explain() -> None:
    measured = Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))
    problem = problem_of(ORDERS + read(), change=lambda one: replace(one, flows={(None, "reads"): measured}))
    assert problem.evidence["saving_usd_month"] is None


def test_does_not_compare_units_that_stay_the_same() -> None:
    measured = Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))
    problem = problem_of(ORDERS + read(), change=lambda one: replace(one, flows={(None, "reads"): measured}))
    assert problem.evidence["read_units_month"] == problem.evidence["read_units_month_eventual"]
    assert problem.evidence["read_units_month"]
    assert problem.message == '1 of 1 declared read pattern with strong consistency ("get")'


def test_five_dollars_are_worth_it() -> None:
    # 0.125 dollars for a million read units: 8 million calls of 5 units less
    problem = problem_of(ORDERS + read(calls=800_000), region="us-east-1")
    assert problem.evidence["saving_usd_month"] == 5.0
    assert problem.severity is Severity.MEDIUM


def test_a_missing_price_is_no_saving() -> None:
    assert problem_of(ORDERS + read(), region="ddblocal").evidence["saving_usd_month"] is None


def test_passes_reads_that_may_be_a_moment_old() -> None:
    result = judged(ORDERS + read(""))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["none of 1 declared read pattern is strongly consistent"]


def test_a_transaction_is_another_thing() -> None:
    text = ORDERS + read(op="TransactGetItems")
    assert judged(text).status is Status.NOT_APPLICABLE


def test_a_transaction_stays_as_it_is_beside_others() -> None:
    # a million transactions of 20 units stay
    problem = problem_of(ORDERS + read() + read(op="TransactGetItems", name="both"))
    assert problem.evidence["read_units_month_eventual"] == 25_000_000.0


def test_has_nothing_to_judge_without_reads() -> None:
    assert judged(ORDERS + read("", op="PutItem")).reason == "no declared pattern reads"
    assert examined(strong_reads, declared=TableModel()).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "a balance, a lock" in strong_reads.why
