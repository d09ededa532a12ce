"""
Fixed capacity that is nearly used up all the time has no room for a busy minute: what is above it is throttled as soon as the unused units of
the last five minutes are spent, and SDKs that retry make it more.

What is looked at: the units of every hour, reads and writes, of the table and each global index, at the number of users that is judged,
against the capacity that is fixed. Most hours above 80 % are too many. Capacity that auto scaling moves is not judged here: what it may reach
is compared with the load to come by another check.

Wrong for a load without spikes: one whose hours differ by less than a tenth is taken for that, and is well used even at 90 %. Peaks within an
hour are not seen.
Source: AWS developer guide, "Evaluate your provisioned capacity for right-sized provisioning"; "Burst and adaptive capacity".

Fix: raise the capacity, or register auto scaling at 70 %.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.commands import update_units
from stj_audit.cost.bill import TableBill
from stj_audit.cost.workload import KINDS, Key, Kind, load_scale, request_units
from stj_audit.facts import AutoScaling, Flow, Table, Throughput, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, days_of, listed, percent, resource

FULL_SHARE = Fraction(4, 5)  # AWS developer guide, "right-sized provisioning": under-provisioned above 80 %
MOST_HOURS = Fraction(1, 2)
STEADY_SHARE = Fraction(9, 10)  # the least hour over the busiest: such a load has no spikes
ENOUGH_DAYS = 7  # fewer do not show a week's rhythm
TARGET = Fraction(7, 10)  # what the busiest hour may use of the capacity that is suggested; AWS's default for auto scaling
HOUR_SECONDS = 3_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Full:
    """Capacity that most hours nearly use up. `users`: from how many users on; None: today already."""

    kind: Kind
    now: int
    needed: int
    full_share: Fraction
    users: int | None


@check("Capacity is nearly used up", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-07")
def under_provisioned_capacity(
    table: Table, traffic: Traffic | Unknown, auto_scaling: AutoScaling | Unknown, bill: TableBill
) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST" or not bill.workload.provisioned:
        yield NotApplicable(reason="the table is on demand")
    elif isinstance(auto_scaling, Unknown):
        yield auto_scaling
    elif isinstance(traffic, Unknown):
        yield traffic
    elif traffic.covered_days < ENOUGH_DAYS:
        reason = f"only {days_of(traffic.covered_days)} of metrics; {ENOUGH_DAYS} are needed"
        yield Unknown(call="cloudwatch:GetMetricData", reason=reason)
    else:
        yield from _told(table, traffic, auto_scaling, bill)


def _told(table: Table, traffic: Traffic, auto_scaling: AutoScaling, bill: TableBill) -> Iterator[Said]:
    enough: list[str] = []
    fixed = False
    for index, capacity in ((None, table.provisioned), *((one.name, one.provisioned) for one in table.global_indexes)):
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        full: list[Full] = []
        for kind in KINDS:
            target = auto_scaling.target(index, "read" if kind == "reads" else "write")
            if target is not None and not target.suspended:
                continue
            fixed = True
            found = _judged((index, kind), capacity, flow, bill)
            if isinstance(found, Unknown):
                yield found
            elif isinstance(found, Full):
                full.append(found)
            else:
                enough.append(f"{kind} of {resource(index)}")
        if full:
            yield _problem(table, index, capacity, full, bill)
    if enough:
        yield Good(message=f"fixed capacity has room, by hourly sums: {a_few(enough)}")
    elif not fixed:
        yield NotApplicable(reason="auto scaling moves all of its capacity")


def _judged(key: Key, capacity: Throughput | None, flow: Flow, bill: TableBill) -> Full | Unknown | None:
    """None: there is room."""
    index, kind = key
    now = None if capacity is None else capacity.read_units if kind == "reads" else capacity.write_units
    if now is None:
        return Unknown(call="dynamodb:DescribeTable", reason=f"the capacity for {kind} of {resource(index)} is not stated")
    loads = _loads(key, bill, bill.users)
    if loads is None:
        busiest = _busiest(key, flow, bill)
        if busiest is not None and busiest <= now * FULL_SHARE:
            return None
        return Unknown(call="cloudwatch:GetMetricData", reason=f"the hours of {kind} of {resource(index)} are not known")
    if not _is_full(loads, now):
        return None
    return Full(
        kind=kind,
        now=now,
        needed=max(ceil(max(loads) / TARGET), now),
        full_share=_full_share(loads, now),
        users=_users(key, now, bill),
    )


def _loads(key: Key, bill: TableBill, users: int | None) -> list[Fraction] | None:
    """Units a second in each period, at `users` users; None: not known."""
    series = bill.workload.series.get(key)
    ratio = Fraction(1) if users is None else load_scale(bill.workload, key, users)
    return None if not series or ratio is None else [units * ratio / bill.workload.series_period_seconds for units in series]


def _busiest(key: Key, flow: Flow, bill: TableBill) -> Fraction | None:
    """The busiest hour, in units a second: enough to see that there is room where the hours of a quiet table were not kept."""
    units = flow.peak_hour_read_units if key[1] == "reads" else flow.peak_hour_write_units
    today, then = (request_units(bill.workload, key, users) for users in (None, bill.users))
    if units is None or today is None or then is None or (then and not today):
        return None
    return Fraction(units) / HOUR_SECONDS * (Fraction(then) / Fraction(today) if today else 1)


def _full_share(loads: Sequence[Fraction], now: int) -> Fraction:
    return Fraction(sum(load > now * FULL_SHARE for load in loads), len(loads))


def _is_full(loads: Sequence[Fraction], now: int) -> bool:
    steady = max(loads) < now and min(loads) >= max(loads) * STEADY_SHARE
    return _full_share(loads, now) > MOST_HOURS and not steady


def _users(key: Key, now: int, bill: TableBill) -> int | None:
    """From how many users on most hours are full; None: today already, or nobody knows how many there are."""
    today = _loads(key, bill, None)
    if bill.users is None or (today is not None and _is_full(today, now)):
        return None

    def full(users: int) -> bool:
        loads = _loads(key, bill, users)
        return loads is not None and _full_share(loads, now) > MOST_HOURS

    return bisect_left(range(1, bill.users), True, key=full) + 1


def _problem(table: Table, index: str | None, capacity: Throughput | None, full: Sequence[Full], bill: TableBill) -> Problem:
    seen = [
        f"more than {percent(FULL_SHARE)} of {count(one.now)} {one.kind[:-1]} units is used in "
        f"{percent(one.full_share)} of the hours"
        for one in full
    ]
    at = "" if bill.users is None else f" at {counted(bill.users, 'user')}"
    return Problem(
        message=f"{'; '.join(seen)}{at}",
        fix=f"raise {listed([f'{one.kind[:-1]} units to {count(one.needed)}' for one in full])}, or register auto scaling",
        index=index,
        evidence={
            f"{one.kind[:-1]}_{name}": value
            for one in full
            for name, value in (
                ("units", one.now),
                ("units_needed", one.needed),
                ("full_share", round(float(one.full_share), 4)),
            )
        },
        current=f"capacity is fixed at {listed([counted(one.now, f'{one.kind[:-1]} unit') for one in full])}",
        benefit="room for busy minutes, and no throttling in them",
        migration="none: capacity is raised while the table is in use; it is paid for by the hour",
        effort="minutes",
        commands=_commands(table, index, capacity, full),
        matters_from_users=None
        if any(one.users is None for one in full)
        else min(one.users for one in full if one.users is not None),
    )


def _commands(table: Table, index: str | None, capacity: Throughput | None, full: Sequence[Full]) -> tuple[str, ...]:
    if capacity is None or capacity.read_units is None or capacity.write_units is None:
        return ()
    needed = {one.kind: one.needed for one in full}
    units = {
        "ReadCapacityUnits": needed.get("reads", capacity.read_units),
        "WriteCapacityUnits": needed.get("writes", capacity.write_units),
    }
    return (update_units(table, index, "ProvisionedThroughput", units),)
