"""
Whether provisioned capacity with auto scaling would serve the measured load of a table on demand, and for less.

The load of every hour is replayed, at the user count of a bill, for the table and each of its global indexes, reads and writes. It must not
be throttled, and there must be traffic most of the time: a load that comes and goes belongs on demand.
"""

from decimal import Decimal

from stj_audit.cost.auto_scaling import Policy
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import total
from stj_audit.cost.workload import KINDS, Key, Workload, replays, request_units
from stj_audit.results import UseBillingMode

BUSY_HOURS_SHARE = Decimal("0.9")  # of the hours with any traffic; below it the load comes and goes
HOUR_SECONDS = 3_600


def requests_usd(bill: TableBill) -> Decimal:
    """What the requests of a table on demand cost, those of its indexes with them."""
    return total(line for line in bill.lines if line.unit.endswith("request unit"))


def outgrown(bill: TableBill) -> bool:
    """Whether the requests of a provisioned table, or of one of its indexes, are more than its capacity serves, at the users of the bill."""
    hours = {(line.index, line.component.rpartition("-")[2]): line.quantity for line in bill.lines if line.unit.endswith("CU-hour")}
    for (index, kind), capacity in hours.items():
        units = request_units(bill.workload, (index, "reads" if kind == "reads" else "writes"), bill.users)
        if units is not None and capacity is not None and units > capacity * HOUR_SECONDS:
            return True
    return False


def is_hourly(workload: Workload) -> bool:
    """Whether only hourly sums are known, in which shorter peaks are not seen."""
    return workload.series_period_seconds >= HOUR_SECONDS


def provisioned(workload: Workload) -> UseBillingMode:
    """The change to provisioned capacity: an upper bound where only hourly sums are known."""
    return UseBillingMode(billing_mode="PROVISIONED", estimated=is_hourly(workload))


def busy_share(workload: Workload) -> Decimal | None:
    """The share of the measured hours in which something of the table or its indexes was read or written; None: not known."""
    series = list(workload.series.values())
    if not series:
        return None
    a_period = max(HOUR_SECONDS // workload.series_period_seconds, 1)
    periods = [sum(units) for units in zip(*series, strict=False)]
    hours = [sum(periods[start : start + a_period]) for start in range(0, len(periods), a_period)]
    return Decimal(sum(1 for units in hours if units)) / len(hours) if hours else None


def throttled_units(bill: TableBill) -> Decimal:
    """What auto scaling would have throttled of the measured load, at the users of the bill."""
    return sum((one.throttled_units for _, one in replays(bill.workload, bill.users)), Decimal(0))


def peak_units(bill: TableBill) -> dict[Key, int]:
    """The highest capacity that auto scaling would have had of the table and each global index; an idle one has its minimum."""
    idle = {(index, kind): Policy().min_units for index in bill.workload.metered for kind in KINDS}
    return idle | {key: one.peak_units for key, one in replays(bill.workload, bill.users)}
