"""
All provisioned tables and indexes of an account share two quotas in a Region: so many read units, so many write units. At the quota no table
can be given more, auto scaling stops, and a new table cannot be made: all of them together find it out on the same busy day.

What is looked at is the most in 30 days of the share that CloudWatch gives for the account, reads and writes apart. It is told for each
provisioned table of the audit, because each is hit; tables on demand have no part in these quotas.

Wrong when the quota is about to be raised, or the tables that take most of it move to on-demand.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (AccountProvisionedReadCapacityUtilization); "Recommended alarms" of CloudWatch
for DynamoDB, which warn from 80 % on.

Fix: ask for a higher quota in time, or take back capacity that is not used.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import AccountCapacity, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, listed

NEAR_PERCENT = 80  # CloudWatch's recommended alarm


@check("The account's quota is near", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-19")
def account_quota_near(table: Table, account_capacity: AccountCapacity | Unknown) -> Iterator[Said]:
    if table.billing_mode != "PROVISIONED":
        yield NotApplicable(reason="the table is on demand")
        return
    if isinstance(account_capacity, Unknown):
        yield account_capacity
        return
    far = []
    for kind, percent in (("read", account_capacity.read_percent), ("write", account_capacity.write_percent)):
        if percent is None:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for the {kind} units of the account")
        elif percent >= NEAR_PERCENT:
            yield _problem(table, kind, percent, account_capacity.window_days)
        else:
            far.append(f"{count(percent)}% of its {kind} units")
    if far:
        yield Good(message=f"the account never had more than {listed(far)} provisioned, in {account_capacity.window_days} days")


def _problem(table: Table, kind: str, percent: Decimal, window_days: int) -> Problem:
    return Problem(
        message=f"the account had up to {count(percent)}% of the {kind} units provisioned that its quota allows, in {window_days} days",
        fix="ask for a higher quota in time, or take back capacity that is not used",
        evidence={"kind": kind, "most_percent": float(percent), "near_percent": NEAR_PERCENT, "days": window_days},
        subject=kind,
        current=f"{count(percent)}% of the account's quota of {kind} units",
        benefit="capacity can still be raised on a busy day, by hand and by auto scaling",
        migration="none: AWS answers a request in days",
        effort="minutes",
        commands=(f"aws dynamodb describe-limits {option('--region', table.region)}",),
    )
