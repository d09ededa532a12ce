from decimal import Decimal

import pytest

from stj_audit.checks.slow_requests import slow_requests
from stj_audit.facts import Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def judged(latency_ms: dict[str, str], **calls: int) -> Result:
    means = {operation: Decimal(mean) for operation, mean in latency_ms.items()}
    return examined(slow_requests, traffic=some_traffic(calls=calls), operations=Operations(latency_ms=means))


def test_finds_a_slow_operation() -> None:
    result = judged({"GetItem": "12.34"}, GetItem=5_000)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "GetItem takes 12.3 ms in the mean of 5,000 calls in 30 days; up to 10 ms is usual"
    assert problem.evidence == {"operation": "GetItem", "mean_ms": 12.34, "usual_ms": 10, "calls": 5_000}
    assert problem.current == "12.3 ms within DynamoDB, without the network"
    assert problem.subject == "GetItem"


@pytest.mark.parametrize(
    ("mean", "severity"), [("10", None), ("10.01", Severity.LOW), ("19.99", Severity.LOW), ("20", Severity.MEDIUM)]
)
def test_ten_milliseconds_are_usual_and_twenty_are_felt(mean: str, severity: Severity | None) -> None:
    assert judged({"UpdateItem": mean}, UpdateItem=1_000).severity is severity


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem", "DeleteItem"])
def test_looks_at_each_kind_of_single_item(operation: str) -> None:
    assert judged({operation: "30"}, **{operation: 1_000}).status is Status.FOUND


def test_says_how_fast_the_others_are() -> None:
    result = judged({"GetItem": "3.14159", "PutItem": "5", "DeleteItem": "11"}, GetItem=1_000, PutItem=1_000, DeleteItem=1_000)
    assert [problem.subject for problem in result.problems] == ["DeleteItem"]
    assert [good.message for good in result.goods] == ["mean latency within DynamoDB, in 30 days: GetItem 3.1 ms and PutItem 5 ms"]


def test_a_few_calls_are_not_judged() -> None:
    result = judged({"GetItem": "500"}, GetItem=999, Query=9_000)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "fewer than 1,000 calls of each of GetItem, PutItem, UpdateItem and DeleteItem in 30 days",
    )


def test_what_has_no_datapoint_is_not_judged() -> None:
    result = judged({"GetItem": "4"}, GetItem=1_000, PutItem=1_000)
    assert result.status is Status.UNKNOWN
    assert result.reason == "no datapoint for the latency of PutItem"


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(slow_requests, operations=DENIED).unknowns == (DENIED,)
    assert examined(slow_requests, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_the_network_is_not_in_it() -> None:
    assert "the way over the network" in slow_requests.why
    assert "multi-Region strong consistency" in slow_requests.why
