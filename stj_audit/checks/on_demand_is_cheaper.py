"""
Provisioned capacity is paid for every hour, used or not; on demand each request is paid for, at about 3.5 times the price of a unit that is
fully used. So on demand costs less wherever less than about 29 % of what is provisioned is used, on average over the month.

What is compared: the capacity of the table and of all its global indexes as it was provisioned, reads and writes together because the mode
is one for all of them, with what CloudWatch says was consumed, at the prices of requests.

Wrong where reserved capacity or a private discount has been bought for the table, or where the load is to grow into its capacity soon.
Source: list prices of the region; AWS developer guide, "Evaluate your table capacity mode".

Fix: move the table to on-demand mode; it can be moved back.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import update_table
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.capacity_mode import outgrown
from stj_audit.cost.changes import apply
from stj_audit.cost.lines import STORAGE
from stj_audit.cost.workload import lines
from stj_audit.facts import Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity, UseBillingMode
from stj_audit.wording import count, days_of, dollars

MIN_SHARE = Decimal("0.10")  # of the table's bill: what is less is within the swing of a month
ENOUGH_DAYS = 7


@check("On-demand capacity would cost less", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-08")
def on_demand_is_cheaper(table: Table, traffic: Traffic | Unknown, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if not bill.workload.provisioned:
        yield NotApplicable(reason="the table is on demand")
        return
    if isinstance(traffic, Unknown):
        yield traffic
        return
    if traffic.covered_days < ENOUGH_DAYS:
        yield Unknown(
            call="cloudwatch:GetMetricData", reason=f"only {days_of(traffic.covered_days)} of metrics; {ENOUGH_DAYS} are needed"
        )
        return
    change = UseBillingMode(billing_mode="PAY_PER_REQUEST")
    saving = bill.saving(change)
    if saving is None:
        yield _unknown(bill, change)
        return
    if outgrown(bill):
        yield NotApplicable(reason=f"the requests{_at(scale)} are more than the capacity of now serves")
        return
    then = bill.monthly_usd - saving
    compared = f"provisioned {dollars(bill.monthly_usd)}, on demand {dollars(then)} a month{_at(scale)}"
    if saving < max(bill.currency_floor_usd, bill.monthly_usd * MIN_SHARE):
        if saving <= 0:
            yield Good(message=f"provisioned capacity is the cheaper mode: {compared}")
        return
    yield Problem(
        message=f"{dollars(saving)} a month less on demand: {compared}",
        fix="move the table to on-demand mode",
        severity=bill.severity(saving),
        evidence={
            "saving_usd_month": round(float(saving), 2),
            "monthly_usd": round(float(bill.monthly_usd), 2),
            "monthly_usd_on_demand": round(float(then), 2),
        },
        current=f"provisioned capacity: {dollars(bill.monthly_usd)} a month, storage and backups included",
        benefit=f"{dollars(saving)} a month{_at(scale)}, and no capacity to plan",
        migration="none: the mode is changed while the table is in use, up to four times in 24 hours; reserved capacity is not known here",
        effort="minutes",
        commands=(update_table(table, "--billing-mode PAY_PER_REQUEST"),),
        template=table_template(table, {"BillingMode": "PAY_PER_REQUEST"}),
        change=change,
    )


def _unknown(bill: TableBill, change: UseBillingMode) -> Unknown:
    """What is missing to price the table in one of the modes."""
    moved = apply(bill.workload, change)
    then = () if moved is None else lines(moved, bill.prices, bill.users)
    missing = why_unknown([line for line in (*bill.lines, *then) if line.component not in STORAGE], bill.prices)
    reason = "what the table and its indexes consume is not known"
    return Unknown(call="cloudwatch:GetMetricData", reason=reason) if missing is None else missing


def _at(scale: Scale) -> str:
    return "" if scale.users_now is None else f" at {count(scale.target_users)} users"
