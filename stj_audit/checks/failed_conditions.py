"""
A write whose condition is false changes nothing, and is billed all the same: it takes the write units of the item that is there. Where every
tenth write fails so, callers race for the same items, or use a failed write to ask whether an item exists.

What is counted are failed conditions, among them and all calls that succeeded and may carry a condition: PutItem, UpdateItem, DeleteItem,
TransactWriteItems, and those of PartiQL. Reads by PartiQL are among these, so that the share is rather too low than too high. Fewer than
1,000 in all are not judged.

Wrong where failing is the plan: a lock that many try to take, a job that is made sure to run only once, an import that skips what is there.
Source: AWS developer guide, "DynamoDB read and write operations" (a failed condition takes write units); "DynamoDB Metrics and dimensions"
(ConditionalCheckFailedRequests).

Fix: read before you write where most conditions fail, or give each writer items of its own.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import ENOUGH_REQUESTS, Operations, Traffic
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, percent

CONDITIONAL = (
    *("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"),
    *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
)
MANY = Decimal("0.1")  # every tenth: fewer are the races that conditions are made for


@check("Conditions fail often", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-16")
def failed_conditions(traffic: Traffic, operations: Operations) -> Iterator[Said]:
    failed = operations.failed_conditions
    tried = (failed or 0) + sum(traffic.calls.get(operation, 0) for operation in CONDITIONAL)
    days = counted(traffic.covered_days, "day")
    if failed is None or tried < ENOUGH_REQUESTS:
        yield NotApplicable(reason=f"fewer than {count(ENOUGH_REQUESTS)} writes that may carry a condition in {days}")
        return
    share = Decimal(failed) / tried
    told = f"{percent(share)} of the writes that may carry a condition failed by it ({count(failed)} of {count(tried)} in {days})"
    if share < MANY:
        yield Good(message=told)
        return
    yield Problem(
        message=f"{told}; they take write units all the same",
        fix="read before you write where most conditions fail, or give each writer items of its own",
        evidence={"failed_conditions": failed, "writes_tried": tried, "share": round(float(share), 4)},
        current=f"{counted(failed, 'write')} in {days} that changed nothing",
        benefit="write units for writes that change something, and fewer repeated calls",
        migration="in the application only; keep the condition itself, which is what makes the write safe",
        effort="hours",
    )
