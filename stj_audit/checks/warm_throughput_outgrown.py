"""
Warm throughput is what an on-demand table or index serves at once; a new one has 12,000 read and 4,000 write units a second. It grows with
the traffic, but a peak that comes faster than that, at a launch or a campaign, is throttled until it has grown.

What is compared: the peak at the number of users that is judged, which is the mean of the month's units a second times the peak factor, with
the warm throughput that DescribeTable states today, for the table and each global index.

Wrong where the users come over weeks: warm throughput then grows with them, and nothing has to be done.
Source: AWS developer guide, "Understanding DynamoDB warm throughput"; "DynamoDB on-demand capacity mode": initial throughput and scaling.

Fix: warm the table and its indexes before the load comes, or let it rise over 30 minutes and more.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import update_units
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import Outgrown, at_users, binds_from, first_of, peak_a_second, peak_not_known, users_above
from stj_audit.cost.workload import KINDS, Kind
from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, listed, percent, resource

NAMES: Mapping[Kind, str] = {"reads": "ReadUnitsPerSecond", "writes": "WriteUnitsPerSecond"}


@check("Warm throughput will be outgrown", Category.SCALABILITY, Severity.MEDIUM, code="SCL-03")
def warm_throughput_outgrown(table: Table, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if bill.workload.provisioned:
        yield NotApplicable(reason="the table is provisioned: its capacity is the limit")
        return
    resources = ((None, table.warm_throughput), *((one.name, one.warm_throughput) for one in table.global_indexes))
    if not any(warm for _, warm in resources) and table.defined_in is None:
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
                if table.defined_in is None:  # what AWS gives to a new index is not written anywhere, and not to be seen yet
                    yield Unknown(call="dynamodb:DescribeTable", reason=reason)
                continue
            if peak is None:
                yield peak_not_known((index, kind), bill)
                continue
            binding = binds_from(bill.workload, (index, kind), limit, scale.peak_factor)
            if binding is not None:
                yield Limit(what=f"{count(limit)} warm {kind[:-1]} units a second", users=binding, index=index)
            if peak > limit:
                users = users_above(bill.workload, (index, kind), limit, users=bill.users, peak_factor=scale.peak_factor)
                outgrown.append(Outgrown(kind=kind, limit=limit, peak=peak, users=users))
            else:
                room.append(f"{percent(peak / limit)} of {count(limit)} {kind[:-1]} units of {resource(index)}")
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
        commands=(update_units(table, index, "WarmThroughput", _units(warm, outgrown)),),
        template=table_template(table, {"WarmThroughput": _units(warm, outgrown)}) if index is None else "",
        matters_from_users=first_of(outgrown),
    )


def _units(warm: Throughput | None, outgrown: Sequence[Outgrown]) -> dict[str, int]:
    now = {"reads": None if warm is None else warm.read_units, "writes": None if warm is None else warm.write_units}
    needed = {one.kind: ceil(one.peak) for one in outgrown}
    return {NAMES[kind]: value for kind in KINDS if (value := needed.get(kind, now[kind]))}
