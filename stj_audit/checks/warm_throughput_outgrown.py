"""
Warm throughput is what an on-demand table or index serves at once; a new one has 12,000 read and 4,000 write units a second. It grows with
the traffic, but a peak that comes faster than that, at a launch or a campaign, is throttled until it has grown.

What is compared: the peak at the number of users that is judged, which is the mean of the month's units a second times the peak factor, with
the warm throughput that DescribeTable states today, for the table and each global index.

Wrong where the users come over weeks: warm throughput then grows with them, and nothing has to be done.
Source: AWS developer guide, "Understanding DynamoDB warm throughput"; "DynamoDB on-demand capacity mode": initial throughput and scaling.

Fix: warm the table and its indexes before the load comes, or let it rise over 30 minutes and more.
"""

import json
import shlex
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.config import MAX_USERS, Scale
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import HOURS_PER_MONTH
from stj_audit.cost.workload import KINDS, Key, Kind, Workload, request_units
from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, listed, percent, resource

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3_600
UNIT_DIGITS = 6  # of a month's units: what 30 days say of a month is divided, and the rest of a division must not outgrow a limit
NAMES: Mapping[Kind, str] = {"reads": "ReadUnitsPerSecond", "writes": "WriteUnitsPerSecond"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgrown:
    """A limit that the peak is above. `users`: from how many on; None: today already, or nobody knows."""

    kind: Kind
    limit: int
    peak: Fraction
    users: int | None


def peak_a_second(workload: Workload, key: Key, users: int | None, peak_factor: int) -> Fraction | None:
    """Request units a second at the peak, with `users` users (None: today); None: not known."""
    units = request_units(workload, key, users)
    return None if units is None else Fraction(round(units, UNIT_DIGITS)) / SECONDS_PER_MONTH * peak_factor


def users_above(workload: Workload, key: Key, limit: Fraction | int, *, users: int | None, peak_factor: int) -> int | None:
    """From how many users on the peak is above `limit`; None: it is today, never is, or nobody knows how many users there are."""
    today = peak_a_second(workload, key, None, peak_factor)
    if users is None or (today is not None and today > limit):
        return None
    everyone = range(1, MAX_USERS + 1)
    place = bisect_left(everyone, True, key=lambda number: (peak_a_second(workload, key, number, peak_factor) or 0) > limit)
    return everyone[place] if place < len(everyone) else None


def first_of(found: Sequence[Outgrown]) -> int | None:
    """The least user count of several; None where one needs no more users than there are."""
    users = [one.users for one in found if one.users is not None]
    return min(users) if len(users) == len(found) else None


def at_users(bill: TableBill) -> str:
    return "" if bill.users is None else f" of {counted(bill.users, 'user')}"


def not_known(key: Key, bill: TableBill) -> Unknown:
    index, kind = key
    return Unknown(call="cloudwatch:GetMetricData", reason=f"the peak{at_users(bill)} in {kind} of {resource(index)} is not known")


@check("Warm throughput will be outgrown", Category.SCALABILITY, Severity.MEDIUM, code="SCL-03")
def warm_throughput_outgrown(table: Table, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if bill.workload.provisioned:
        yield NotApplicable(reason="the table is provisioned: its capacity is the limit")
        return
    resources = ((None, table.warm_throughput), *((one.name, one.warm_throughput) for one in table.global_indexes))
    if not any(warm for _, warm in resources):
        yield Unknown(call="dynamodb:DescribeTable", reason="no warm throughput is stated")
        return
    room: list[str] = []
    for index, warm in resources:
        outgrown: list[Outgrown] = []
        for kind in KINDS:
            limit = None if warm is None else warm.read_units if kind == "reads" else warm.write_units
            peak = peak_a_second(bill.workload, (index, kind), bill.users, scale.peak_factor)
            if not limit:
                reason = f"the warm throughput for {kind} of {resource(index)} is not stated"
                yield Unknown(call="dynamodb:DescribeTable", reason=reason)
            elif peak is None:
                yield not_known((index, kind), bill)
            elif peak > limit:
                users = users_above(bill.workload, (index, kind), limit, users=bill.users, peak_factor=scale.peak_factor)
                outgrown.append(Outgrown(kind=kind, limit=limit, peak=peak, users=users))
            else:
                room.append(f"{percent(float(peak / limit))} of {count(limit)} {kind[:-1]} units of {resource(index)}")
        if outgrown:
            yield _problem(table, index, warm, outgrown, bill)
    if room:
        yield Good(message=f"the peak{at_users(bill)} takes {a_few(room)} a second that are warm")


def _problem(table: Table, index: str | None, warm: Throughput | None, outgrown: Sequence[Outgrown], bill: TableBill) -> Problem:
    seen = [f"{count(ceil(one.peak))} {one.kind[:-1]} units where {count(one.limit)} are warm" for one in outgrown]
    return Problem(
        message=f"the peak{at_users(bill)} takes {listed(seen)}, a second",
        fix="warm it before the load comes, or let the load rise over 30 minutes and more",
        index=index,
        evidence={
            f"{one.kind[:-1]}_{name}": value
            for one in outgrown
            for name, value in (("warm_units_a_second", one.limit), ("peak_units_a_second", round(float(one.peak), 2)))
        },
        current=f"warm for {listed([f'{count(one.limit)} {one.kind[:-1]} units' for one in outgrown])} a second",
        benefit="a sudden peak is served from its first second",
        migration="none: it is done while the table is in use; warming is charged once, by the units that are added, and stays",
        effort="minutes",
        commands=(_command(table, index, warm, outgrown),),
        matters_from_users=first_of(outgrown),
    )


def _command(table: Table, index: str | None, warm: Throughput | None, outgrown: Sequence[Outgrown]) -> str:
    now = {"reads": None if warm is None else warm.read_units, "writes": None if warm is None else warm.write_units}
    needed = {one.kind: ceil(one.peak) for one in outgrown}
    units = {NAMES[kind]: value for kind in KINDS if (value := needed.get(kind, now[kind]))}
    update = f"aws dynamodb update-table --region {table.region} --table-name {table.name}"
    if index is None:
        return f"{update} --warm-throughput {','.join(f'{name}={value}' for name, value in units.items())}"
    updates = json.dumps([{"Update": {"IndexName": index, "WarmThroughput": units}}])
    return f"{update} --global-secondary-index-updates {shlex.quote(updates)}"
