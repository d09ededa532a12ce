from typing import Any

import pytest

from stj_audit.checks.request_errors import request_errors
from stj_audit.facts import Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def judged(operations: dict[str, Any], **calls: int) -> Result:
    return examined(request_errors, traffic=some_traffic(calls=calls), operations=Operations(**operations))


def test_finds_system_errors() -> None:
    result = judged({"system_errors": {"GetItem": 10, "PutItem": 40}}, GetItem=4_000, PutItem=5_950, Query=10**6)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "0.5% of the calls end with a system error (50 of 10,000 in 30 days), most of them PutItem"
    assert problem.evidence == {"kind": "system errors", "errors": 50, "calls": 10_000, "share": 0.005, "most_of": "PutItem"}
    assert problem.current == "50 answers with HTTP 500 in 30 days"


@pytest.mark.parametrize(("errors", "status"), [(10, Status.PASSED), (11, Status.FOUND)])
def test_one_in_a_thousand_is_normal(errors: int, status: Status) -> None:
    assert judged({"system_errors": {"GetItem": errors}}, GetItem=10_000 - errors).status is status


def test_finds_conflicts() -> None:
    result = judged(
        {"transaction_conflicts": 200}, TransactWriteItems=1_000, TransactGetItems=500, ExecuteTransaction=300, PutItem=10**6
    )
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "200 requests rejected by a transaction on the same item, against 1,800 transactions that went through, in 30 days"
    )
    assert problem.evidence == {"kind": "conflicts", "conflicts": 200, "calls": 2_000, "share": 0.1}
    assert problem.current == "10% of 2,000 tries rejected by a conflict"


@pytest.mark.parametrize(("conflicts", "status"), [(99, Status.PASSED), (100, Status.FOUND)])
def test_one_conflict_in_a_hundred_is_too_many(conflicts: int, status: Status) -> None:
    assert judged({"transaction_conflicts": conflicts}, TransactWriteItems=10_000 - conflicts).status is status


def test_both_are_told_apart() -> None:
    found = {"system_errors": {"TransactWriteItems": 100}, "transaction_conflicts": 100}
    assert [problem.subject for problem in judged(found, TransactWriteItems=1_000).problems] == ["system errors", "conflicts"]


def test_says_what_was_looked_at() -> None:
    [good] = judged(
        {"system_errors": {"GetItem": 1, "TransactWriteItems": 0}, "transaction_conflicts": 2},
        GetItem=7_999,
        TransactWriteItems=2_000,
    ).goods
    assert good.message == "1 system error in 10,000 calls and 2 conflicts in 2,002 transactions, in 30 days"
    [errors] = judged({"system_errors": {"GetItem": 0}}, GetItem=2_000).goods
    assert errors.message == "0 system errors in 2,000 calls, in 30 days"


def test_what_is_fine_is_said_beside_what_is_not() -> None:
    result = judged({"system_errors": {"TransactWriteItems": 0}, "transaction_conflicts": 500}, TransactWriteItems=2_000)
    assert [problem.subject for problem in result.problems] == ["conflicts"]
    assert [good.message for good in result.goods] == ["0 system errors in 2,000 calls, in 30 days"]


def test_few_calls_are_not_judged() -> None:
    result = judged({}, GetItem=999, TransactWriteItems=999)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "too few calls of any operation to judge their errors")


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(request_errors, operations=DENIED).unknowns == (DENIED,)
    assert examined(request_errors, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_an_outage_is_over() -> None:
    assert "after an outage" in request_errors.why
