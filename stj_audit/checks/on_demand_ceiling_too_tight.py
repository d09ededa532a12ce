"""
A maximum of on-demand throughput is there to stop what went wrong. Set close to the usual peak it stops users instead: above it requests are
throttled, and a ceiling on the writes of a global index throttles the writes to the table.

What is looked at: the busiest measured period, in units a second, of the table and each global index, as it is now and at the number of users
that is judged. A period is an hour, or five minutes of a busy table: peaks within it are not seen, so what is told is the least. How many
users a maximum serves is told with the limits, by the mean of the month's units a second times the peak factor.

Wrong where the ceiling is meant to hold the usual load down, as for a test table.
Source: AWS developer guide, "DynamoDB maximum throughput for on-demand tables".

Fix: raise the maximum to three times the peak.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.checks.no_on_demand_ceiling import NAMES, ROOM_FACTOR
from stj_audit.commands import update_units
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import binds_from
from stj_audit.cost.workload import KINDS, Key, Kind, request_units
from stj_audit.facts import Flow, Table, Throughput, Traffic, Unknown
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, listed, percent, resource

TIGHT_SHARE = Fraction(4, 5)  # of the maximum; the same line at which AWS recommends to alarm on account utilization
HOUR_SECONDS = 3_600


@dataclass(frozen=True, kw_only=True, slots=True)
class Tight:
    """A maximum that the peak comes near. `users`: from how many on; None: today already."""

    kind: Kind
    limit: int
    peak: Fraction
    users: int | None


@check("On-demand ceiling is too tight", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-11")
def on_demand_ceiling_too_tight(table: Table, traffic: Traffic | Unknown, bill: TableBill, scale: Scale) -> Iterator[Said]:
    limits: dict[str | None, Throughput | None] = {None: table.on_demand_limit}
    limits |= {index.name: index.on_demand_limit for index in table.global_indexes}
    known = {index: limit for index, limit in limits.items() if limit is not None}
    if table.billing_mode == "PROVISIONED" or not known:
        yield NotApplicable(
            reason="no on-demand maximum is set" if table.billing_mode != "PROVISIONED" else "the table is provisioned"
        )
        return
    for index, limit in known.items():
        yield from _limits(index, limit, bill, scale)
    if isinstance(traffic, Unknown):
        yield traffic
        return
    roomy: list[str] = []
    for index, limit in known.items():
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        tight: list[Tight] = []
        for kind in KINDS:
            units = limit.read_units if kind == "reads" else limit.write_units
            if units is None:
                continue
            now = _peak(flow, kind, traffic.series_period_seconds)
            peak = None if now is None else _at(now, (index, kind), bill, bill.users)
            if now is None or peak is None:
                reason = f"the peak of {kind} of {resource(index)} is not known"
                yield Unknown(call="cloudwatch:GetMetricData", reason=reason)
            elif peak >= units * TIGHT_SHARE:
                tight.append(Tight(kind=kind, limit=units, peak=peak, users=_users(now, units, (index, kind), bill)))
            else:
                roomy.append(f"{percent(peak / units)} of {count(units)} {kind[:-1]} units of {resource(index)}")
        if tight:
            yield _problem(table, index, tight, bill, traffic.series_period_seconds)
    if roomy:
        seen = _period(traffic.series_period_seconds)
        yield Good(message=f"the busiest {seen} {a_few(roomy)}; shorter peaks are not seen")


def _limits(index: str | None, limit: Throughput, bill: TableBill, scale: Scale) -> Iterator[Limit]:
    """From how many users on the peak is above a maximum."""
    for kind in () if bill.workload.provisioned else KINDS:
        units = limit.read_units if kind == "reads" else limit.write_units
        binding = None if units is None else binds_from(bill.workload, (index, kind), units, scale.peak_factor)
        if units is not None and binding is not None:
            what = f"the maximum of {counted(units, f'{kind[:-1]} unit')} a second that is set"
            yield Limit(what=what, users=binding, index=index)


def _peak(flow: Flow, kind: Kind, period: int) -> Fraction | None:
    """The busiest period, in units a second; None: not known."""
    series = flow.read_series if kind == "reads" else flow.write_series
    if series:
        return Fraction(max(series), period)
    hour = flow.peak_hour_read_units if kind == "reads" else flow.peak_hour_write_units
    return None if hour is None else Fraction(hour) / HOUR_SECONDS


def _at(now: Fraction, key: Key, bill: TableBill, users: int | None) -> Fraction | None:
    """The same at a number of users, in step with the units of a month; None: not known."""
    if users is None:
        return now
    today, then = (request_units(bill.workload, key, count_) for count_ in (None, users))
    if today is None or then is None or (then and not today):
        return None
    return now * Fraction(then) / Fraction(today) if today else now


def _users(now: Fraction, limit: int, key: Key, bill: TableBill) -> int | None:
    if bill.users is None or now >= limit * TIGHT_SHARE:
        return None
    return bisect_left(range(1, bill.users), True, key=lambda users: (_at(now, key, bill, users) or 0) >= limit * TIGHT_SHARE) + 1


def _period(seconds: int) -> str:
    return "hour takes" if seconds == HOUR_SECONDS else f"{seconds // 60} minutes take"


def _problem(table: Table, index: str | None, tight: Sequence[Tight], bill: TableBill, period: int) -> Problem:
    seen = [f"{percent(one.peak / one.limit)} of the maximum of {count(one.limit)} {one.kind[:-1]} units" for one in tight]
    at = "" if bill.users is None else f" at {counted(bill.users, 'user')}"
    raised: Mapping[str, int] = {NAMES[one.kind]: ceil(one.peak * ROOM_FACTOR) for one in tight}
    return Problem(
        message=f"the busiest {_period(period)} {listed(seen)} a second{at}; shorter peaks are not seen",
        fix=f"raise the maximum to {ROOM_FACTOR} times the peak",
        index=index,
        evidence={
            f"{one.kind[:-1]}_{name}": value
            for one in tight
            for name, value in (("maximum", one.limit), ("peak_units_a_second", round(float(one.peak), 2)))
        },
        current=f"a maximum of {listed([f'{count(one.limit)} {one.kind[:-1]} units' for one in tight])} a second",
        benefit="users are not throttled by a guard against errors",
        migration="none: it takes effect while the table is in use; -1 takes a maximum away",
        effort="minutes",
        commands=(update_units(table, index, "OnDemandThroughput", raised),),
        matters_from_users=None
        if any(one.users is None for one in tight)
        else min(one.users for one in tight if one.users is not None),
    )
