"""
DynamoDB answers a request for one item in a few milliseconds. Where the mean is above ten, something makes the requests heavy: large items,
as a rule, which take time to be read, checked and sent.

What is measured is the time within DynamoDB, of the calls that succeeded: the way over the network, and what the SDK waits and repeats, come
on top and are not in it. So keeping connections open helps the application, and not this number. Fewer than 1,000 calls of a kind are not
judged: a few slow first ones would make their mean.

Wrong for a global table with multi-Region strong consistency, whose writes wait for another Region; and for a table that is asked so rarely
that its data are never warm.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (SuccessfulRequestLatency); AWS promises "single-digit millisecond" answers.

Fix: make the items smaller, or read only the attributes and items that are needed; then look at the slowest callers.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import ENOUGH_REQUESTS, Operations, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, listed

SINGLE_ITEM = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
SLOW_MS = 10  # AWS: single-digit milliseconds
VERY_SLOW_MS = 20  # twice that is no matter of the last digit: users wait for it


@check("Requests are slow", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-15")
def slow_requests(traffic: Traffic, operations: Operations) -> Iterator[Said]:
    enough = [operation for operation in SINGLE_ITEM if traffic.calls.get(operation, 0) >= ENOUGH_REQUESTS]
    if not enough:
        yield NotApplicable(
            reason=f"fewer than {count(ENOUGH_REQUESTS)} calls of each of {listed(SINGLE_ITEM)} in {_days(traffic)}",
        )
        return
    fast = []
    for operation in enough:
        mean = operations.latency_ms.get(operation)
        if mean is None:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for the latency of {operation}")
        elif mean > SLOW_MS:
            yield _problem(operation, mean, traffic)
        else:
            fast.append(f"{operation} {count(mean)} ms")
    if fast:
        yield Good(message=f"mean latency within DynamoDB, in {_days(traffic)}: {listed(fast)}")


def _problem(operation: str, mean: Decimal, traffic: Traffic) -> Problem:
    calls = traffic.calls[operation]
    return Problem(
        message=f"{operation} takes {count(mean)} ms in the mean of {counted(calls, 'call')} in {_days(traffic)}; "
        f"up to {SLOW_MS} ms is usual",
        fix="make the items smaller, or read only the attributes and items that are needed; then look at the slowest callers",
        severity=Severity.MEDIUM if mean >= VERY_SLOW_MS else Severity.LOW,
        evidence={"operation": operation, "mean_ms": round(float(mean), 2), "usual_ms": SLOW_MS, "calls": calls},
        subject=operation,
        current=f"{count(mean)} ms within DynamoDB, without the network",
        benefit="faster answers; smaller items also take fewer units",
        migration="find the large items first: a latency has many causes, and this one does not name them",
        effort="hours",
    )


def _days(traffic: Traffic) -> str:
    return counted(traffic.covered_days, "day")
