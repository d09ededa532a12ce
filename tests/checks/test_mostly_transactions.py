from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.checks.mostly_transactions import mostly_transactions
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Abroad
from stj_audit.facts import Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_workload, examined, some_traffic


def judged(*, writes: str | None = "100_000_000", **calls: int) -> Result:
    # a million write units cost 0.67 dollars, a million read units 0.1345 (eu-north-1): 67 and 13.45 dollars
    workload = a_workload(quantities={"writes": writes, "reads": "100_000_000"})
    return examined(mostly_transactions, traffic=some_traffic(calls=calls), workload=workload)


def problem_of(result: Result) -> Problem:
    [problem] = result.problems
    return problem


def test_finds_writes_that_are_mostly_transactions() -> None:
    result = judged(TransactWriteItems=3_000, PutItem=500, UpdateItem=300, DeleteItem=100, BatchWriteItem=100, GetItem=9_000)
    problem = problem_of(result)
    assert result.severity is Severity.LOW
    assert problem.message == (
        "75% of the calls that write are TransactWriteItems (3,000 of 4,000 in 30 days), at 2 times the units"
    )
    assert problem.evidence == {
        "kind": "writes",
        "transactions": 3_000,
        "calls": 4_000,
        "share": 0.75,
        "saving_usd_month_at_most": 33.5,
    }
    assert problem.benefit.endswith("$33.50 a month at the very most")
    assert problem.change is None


def test_finds_reads_that_are_mostly_transactions() -> None:
    result = judged(TransactGetItems=2_000, GetItem=500, BatchGetItem=500, Query=500, Scan=500, PutItem=9_000)
    problem = problem_of(result)
    assert problem.message.startswith("50% of the calls that read are TransactGetItems (2,000 of 4,000 in 30 days)")
    assert problem.evidence["saving_usd_month_at_most"] == 6.72  # half of 13.45
    assert problem.fix.endswith("keep TransactGetItems for items that have to be seen together")


@pytest.mark.parametrize(("puts", "status"), [(1_000, Status.FOUND), (1_001, Status.PASSED)])
def test_half_of_the_calls_are_most(puts: int, status: Status) -> None:
    assert judged(TransactWriteItems=1_000, PutItem=puts).status is status


@pytest.mark.parametrize(("calls", "severity"), [(999, Severity.INFO), (1_000, Severity.LOW)])
def test_a_few_calls_are_a_note(calls: int, severity: Severity) -> None:
    assert judged(TransactWriteItems=calls).severity is severity


@pytest.mark.parametrize(("units", "severity"), [("14_900_000", Severity.INFO), ("15_000_000", Severity.LOW)])
def test_little_money_is_a_note(units: str, severity: Severity) -> None:
    # half of 9.98 dollars, and of 10.05
    assert judged(TransactWriteItems=5_000, writes=units).severity is severity


def test_five_dollars_are_not_little() -> None:
    # us-east-1: half of 16 million units at 0.625 dollars a million
    workload = a_workload(quantities={"writes": "16_000_000"})
    traffic = some_traffic(calls={"TransactWriteItems": 5_000})
    result = examined(mostly_transactions, traffic=traffic, workload=workload, region="us-east-1")
    assert problem_of(result).evidence["saving_usd_month_at_most"] == 5.0
    assert result.severity is Severity.LOW


def test_a_replica_without_prices_leaves_the_cost_of_the_writes_unknown() -> None:
    abroad = Abroad(region="ddblocal", prices=bundled_sheet("ddblocal"))
    workload = replace(a_workload(quantities={"writes": "100_000_000"}), replicas=(abroad,))
    result = examined(mostly_transactions, traffic=some_traffic(calls={"TransactWriteItems": 5_000}), workload=workload)
    assert problem_of(result).evidence["saving_usd_month_at_most"] is None


def test_an_unknown_price_is_not_little() -> None:
    result = judged(TransactWriteItems=5_000, writes=None)
    assert result.severity is Severity.LOW
    assert problem_of(result).evidence["saving_usd_month_at_most"] is None
    assert "$" not in problem_of(result).benefit


def test_capacity_does_not_fall_by_itself() -> None:
    workload = a_workload(quantities={"capacity-writes": "7300"})
    result = examined(mostly_transactions, traffic=some_traffic(calls={"TransactWriteItems": 5_000}), workload=workload)
    assert problem_of(result).evidence["saving_usd_month_at_most"] is None


def test_says_how_many_are_transactions() -> None:
    [good] = judged(TransactWriteItems=10, PutItem=990, GetItem=5_000).goods
    assert good.message == "transactions make 1% of 1,000 calls that write and 0% of 5,000 calls that read"


def test_tells_the_days_that_are_covered() -> None:
    traffic = some_traffic(calls={"TransactWriteItems": 5_000}, covered_days=Decimal(3))
    assert "(5,000 of 5,000 in 3 days)" in problem_of(examined(mostly_transactions, traffic=traffic)).message


def test_judges_reads_and_writes_apart() -> None:
    result = judged(TransactWriteItems=5_000, GetItem=100_000)
    assert [problem.evidence["kind"] for problem in result.problems] == ["writes"]
    assert [good.message for good in result.goods] == ["transactions make 0% of 100,000 calls that read"]


def test_does_not_apply_without_calls() -> None:
    for result in (judged(), judged(ExecuteTransaction=5_000)):
        assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "CloudWatch saw no call that reads or writes")


def test_does_not_judge_traffic_that_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert examined(mostly_transactions, traffic=denied).unknowns == (denied,)


def test_tells_that_items_may_belong_together() -> None:
    assert "really change together" in mostly_transactions.why
