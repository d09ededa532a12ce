from decimal import Decimal

import pytest

from stj_audit.checks.failed_conditions import failed_conditions
from stj_audit.facts import Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def judged(failed: int | None, **calls: int) -> Result:
    return examined(failed_conditions, traffic=some_traffic(calls=calls), operations=Operations(failed_conditions=failed))


def test_finds_conditions_that_fail_often() -> None:
    result = judged(2_500, PutItem=5_000, UpdateItem=2_500)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        "25% of the writes that may carry a condition failed by it (2,500 of 10,000 in 30 days); they take write units all the same"
    )
    assert problem.evidence == {"failed_conditions": 2_500, "writes_tried": 10_000, "share": 0.25}
    assert problem.current == "2,500 writes in 30 days that changed nothing"


@pytest.mark.parametrize(("failed", "status"), [(999, Status.PASSED), (1_000, Status.FOUND)])
def test_every_tenth_is_often(failed: int, status: Status) -> None:
    assert judged(failed, PutItem=10_000 - failed).status is status


def test_says_how_many_fail() -> None:
    [good] = judged(100, PutItem=9_900).goods
    assert good.message == "1% of the writes that may carry a condition failed by it (100 of 10,000 in 30 days)"
    assert judged(0, PutItem=1_000).status is Status.PASSED


@pytest.mark.parametrize(
    "operation",
    [
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "TransactWriteItems",
        "ExecuteStatement",
        "BatchExecuteStatement",
        "ExecuteTransaction",
    ],
)
def test_counts_every_call_that_may_carry_a_condition(operation: str) -> None:
    assert judged(100, **{operation: 900}).status is Status.FOUND
    assert judged(100, **{operation: 901}).status is Status.PASSED


def test_batches_carry_no_condition() -> None:
    assert judged(100, PutItem=900, BatchWriteItem=90_000, Query=90_000).status is Status.FOUND


@pytest.mark.parametrize(("failed", "puts"), [(500, 499), (0, 999), (None, 90_000)])
def test_a_few_writes_are_not_judged(failed: int | None, puts: int) -> None:
    result = judged(failed, PutItem=puts)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "fewer than 1,000 writes that may carry a condition in 30 days",
    )


def test_tells_the_days_that_are_covered() -> None:
    traffic = some_traffic(calls={"PutItem": 1_000}, covered_days=Decimal(3))
    [problem] = examined(failed_conditions, traffic=traffic, operations=Operations(failed_conditions=1_000)).problems
    assert "(1,000 of 2,000 in 3 days)" in problem.message


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(failed_conditions, operations=DENIED).unknowns == (DENIED,)
    assert examined(failed_conditions, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_a_lock_fails_by_plan() -> None:
    assert "a lock that many try to take" in failed_conditions.why
