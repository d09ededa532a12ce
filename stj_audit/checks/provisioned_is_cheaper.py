"""
A steady load costs less on provisioned capacity with auto scaling: at a target of 70 % a unit that is used costs less than half of what it
costs on demand. A load that comes in spikes costs more, or is throttled until auto scaling has caught up.

What is compared: the measured units of the table and of each of its global indexes, reads and writes, multiplied to the number of users that
is judged, are replayed minute by minute through DynamoDB's auto scaling with its documented delays and limits. The saving counts the
CloudWatch alarms that auto scaling makes. It is told only where nothing would have been throttled, 14 days are covered, and most hours have
traffic.

Wrong when the load to come has another shape than the one measured. Where only hourly sums are known, peaks within an hour are not seen, and
the saving is an upper bound.
Source: AWS developer guide, "Managing throughput capacity automatically with DynamoDB auto scaling", "Evaluate your table capacity mode".

Fix: move the table to provisioned mode with the capacity of its peak, then register auto scaling for it and its indexes.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from stj_audit.checks import check
from stj_audit.commands import Dimension, register_target, track_target, use_provisioned
from stj_audit.config import Scale
from stj_audit.cost.auto_scaling import TARGET_PERCENT
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.capacity_mode import (
    BUSY_HOURS_SHARE,
    busy_share,
    is_hourly,
    peak_units,
    provisioned,
    requests_usd,
    throttled_units,
)
from stj_audit.facts import Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, days_of, dollars, percent

ENOUGH_DAYS = 14  # AWS developer guide: look at a period "such as 14 days"
MIN_SAVING_USD = Decimal(20)  # a month, and
ROOM_FACTOR = 4  # the suggested maximum over the peak; what one is willing to pay in a busy hour
MIN_SHARE = Decimal("0.20")  # of the requests: provisioned capacity has to be watched


@check("Provisioned capacity would cost less", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-09")
def provisioned_is_cheaper(table: Table, traffic: Traffic | Unknown, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if bill.workload.provisioned:
        yield NotApplicable(reason="the table is provisioned")
        return
    if isinstance(traffic, Unknown):
        yield traffic
        return
    requests = requests_usd(bill)
    early = _too_early(traffic, bill, requests)
    if early is None:
        yield from _compared(table, bill, scale, requests)
    else:
        yield early


def _too_early(traffic: Traffic, bill: TableBill, requests: Decimal) -> Said | None:
    """What is said before anything is replayed; None: the load is to be replayed."""
    missing = why_unknown([line for line in bill.lines if line.unit.endswith("request unit")], bill.prices)
    busy = busy_share(bill.workload)
    if missing is not None:
        return missing
    if requests < MIN_SAVING_USD:
        return NotApplicable(reason=f"its requests cost {dollars(requests)} a month, too little to plan capacity for")
    if traffic.covered_days < ENOUGH_DAYS:
        reason = f"only {days_of(traffic.covered_days)} of metrics; {ENOUGH_DAYS} are needed"
        return Unknown(call="cloudwatch:GetMetricData", reason=reason)
    if busy is None:
        return Unknown(call="cloudwatch:GetMetricData", reason="the hours of its traffic are not known")
    if busy < BUSY_HOURS_SHARE:
        return Good(message=f"on demand is right for traffic in {percent(busy)} of the hours only")
    return None


def _commands(table: Table, bill: TableBill) -> Iterator[str]:
    """Starts at the highest capacity of the replay, so that the change throttles nothing, and lets auto scaling come down from it."""
    peaks = peak_units(bill)
    yield use_provisioned(table, {index: (peaks[index, "reads"], peaks[index, "writes"]) for index in bill.workload.metered})
    for (index, kind), peak in peaks.items():
        dimension: Dimension = "read" if kind == "reads" else "write"
        yield register_target(table, index, dimension, min_units=1, max_units=peak * ROOM_FACTOR)
        yield track_target(table, index, dimension, TARGET_PERCENT)


def _compared(table: Table, bill: TableBill, scale: Scale, requests: Decimal) -> Iterator[Said]:
    hourly, change = is_hourly(bill.workload), provisioned(bill.workload)
    saving = bill.saving(change)
    if saving is None:
        yield Unknown(call="cloudwatch:GetMetricData", reason="some of its traffic was never measured, and cannot be replayed")
        return
    throttled = throttled_units(bill)
    if throttled:
        lost = counted(throttled.to_integral_value(ROUND_CEILING), "unit")
        yield Good(message=f"on demand is right: auto scaling would have throttled {lost} of the measured load")
        return
    then = bill.monthly_usd - saving
    compared = f"on demand {dollars(bill.monthly_usd)}, provisioned {dollars(then)} a month{_at(scale)}"
    if saving < max(MIN_SAVING_USD, requests * MIN_SHARE):
        if saving <= 0:
            yield Good(message=f"on demand is the cheaper mode: {compared}")
        return
    seen = "hourly sums, in which shorter peaks are not seen" if hourly else "sums of 5 minutes"
    yield Problem(
        message=f"{'up to ' if hourly else ''}{dollars(saving)} a month less provisioned: {compared}, replayed over {seen}",
        fix="move the table to provisioned mode with the capacity of its peak, then register auto scaling for it and its indexes",
        severity=min(bill.severity(saving), Severity.LOW) if hourly else bill.severity(saving),
        evidence={
            "saving_usd_month": round(float(saving), 2),
            "monthly_usd": round(float(bill.monthly_usd), 2),
            "monthly_usd_provisioned": round(float(then), 2),
            "series_period_seconds": bill.workload.series_period_seconds,
            "throttled_units": 0,
        },
        current=f"on demand: {dollars(requests)} a month for requests",
        benefit=f"{'up to ' if hourly else ''}{dollars(saving)} a month{_at(scale)}",
        migration="a mode may be changed up to four times in 24 hours, so it can be taken back; set minimum and maximum of every target, "
        "and alarm on throttling before",
        effort="hours",
        commands=tuple(_commands(table, bill)),
        change=change,
    )


def _at(scale: Scale) -> str:
    return "" if scale.users_now is None else f" at {count(scale.target_users)} users"
