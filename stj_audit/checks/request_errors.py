"""
Two kinds of failure that no alarm on throttles shows. A system error (HTTP 500) is DynamoDB's own: SDKs repeat the call, and users wait; a
few are normal, more than one in a thousand are not. A conflict rejects a request because a transaction is at work on the same item: from one
in a hundred on, callers work on the same items at the same time, and every rejected try is work for nothing.

System errors are counted among the calls of each operation with at least 1,000 in the window; conflicts against the calls of transactions,
if these are at least 1,000. A plain write that a transaction rejects is a conflict too, so that their share is an estimate.

Errors of the caller (UserErrors) are counted by CloudWatch for the whole account, and cannot be laid to a table. Wrong after an outage of
the service, which is over; and for conflicts of a load test that uses few items.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (SystemErrors, TransactionConflict); "Amazon DynamoDB Transactions: How it
works", on conflicts.

Fix: repeat failed calls with growing pauses and jitter; make transactions small, and keep them off items that everybody writes.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import TRANSACTIONS, Operations, Traffic
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, listed, percent

MANY_SYSTEM_ERRORS = Decimal("0.001")  # one in a thousand: AWS's service level is 99.99 % for a table in one Region
MANY_CONFLICTS = Decimal("0.01")


@check("Requests end with errors", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-17")
def request_errors(traffic: Traffic, operations: Operations) -> Iterator[Said]:
    if not operations.system_errors and operations.transaction_conflicts is None:
        yield NotApplicable(reason="too few calls of any operation to judge their errors")
        return
    days = counted(traffic.covered_days, "day")
    fine = []
    if operations.system_errors:
        errors = sum(operations.system_errors.values())
        calls = errors + sum(traffic.calls.get(operation, 0) for operation in operations.system_errors)
        if Decimal(errors) / calls > MANY_SYSTEM_ERRORS:
            yield _system_errors(operations, errors, calls, days)
        else:
            fine.append(f"{counted(errors, 'system error')} in {counted(calls, 'call')}")
    if operations.transaction_conflicts is not None:
        conflicts = operations.transaction_conflicts
        calls = conflicts + sum(traffic.calls.get(operation, 0) for operation in TRANSACTIONS)
        if Decimal(conflicts) / calls >= MANY_CONFLICTS:
            yield _conflicts(conflicts, calls, days)
        else:
            fine.append(f"{counted(conflicts, 'conflict')} in {counted(calls, 'transaction')}")
    if fine:
        yield Good(message=f"{listed(fine)}, in {days}")


def _system_errors(operations: Operations, errors: int, calls: int, days: str) -> Problem:
    share = Decimal(errors) / calls
    worst = max(operations.system_errors, key=lambda operation: operations.system_errors[operation])
    return Problem(
        message=f"{percent(share)} of the calls end with a system error ({count(errors)} of {count(calls)} in {days}), "
        f"most of them {worst}",
        fix="repeat failed calls with growing pauses and jitter; when it goes on, open a case with AWS Support",
        evidence={"kind": "system errors", "errors": errors, "calls": calls, "share": round(float(share), 5), "most_of": worst},
        subject="system errors",
        current=f"{counted(errors, 'answer')} with HTTP 500 in {days}",
        benefit="users do not see what a second try mends",
        migration="SDKs repeat by themselves: look whether the application turned that off or gives up too early",
        effort="hours",
    )


def _conflicts(conflicts: int, calls: int, days: str) -> Problem:
    share = Decimal(conflicts) / calls
    return Problem(
        message=f"{counted(conflicts, 'request')} rejected by a transaction on the same item, against "
        f"{counted(calls - conflicts, 'transaction')} that went through, in {days}",
        fix="make transactions small, keep them off items that everybody writes, and repeat with growing pauses and jitter",
        severity=Severity.MEDIUM,
        evidence={"kind": "conflicts", "conflicts": conflicts, "calls": calls, "share": round(float(share), 4)},
        subject="conflicts",
        current=f"{percent(share)} of {counted(calls, 'try', 'tries')} rejected by a conflict",
        benefit="fewer repeated calls, each of which takes twice the units",
        migration="find the item that everybody writes, a counter for instance, and split it or write it outside of the transaction",
        effort="days",
    )
