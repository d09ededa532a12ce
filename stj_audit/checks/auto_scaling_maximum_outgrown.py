"""
Auto scaling raises capacity up to the maximum that was set for it, and no further. A maximum that was ample for the first users throttles
the later ones, although auto scaling is on.

What is compared: the peak at the number of users that is judged, which is the mean of the month's units a second times the peak factor, with
the maximum of every target that scales. The maximum that is suggested serves that peak at the target utilization. A suspended target, or one
that is not there, is another finding.

Wrong where the maximum is meant to hold the bill down, and being throttled at the peak is accepted.
Source: AWS developer guide, "Managing throughput capacity automatically with DynamoDB auto scaling".

Fix: raise the maximum before the users come; what is not used is not provisioned.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.commands import register_target
from stj_audit.config import Scale
from stj_audit.cost.auto_scaling import TARGET_PERCENT
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import Outgrown, at_users, binds_from, first_of, peak_a_second, peak_not_known, users_above
from stj_audit.cost.workload import Key
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Unknown
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, listed, percent, resource


@check("The maximum of auto scaling will be outgrown", Category.SCALABILITY, Severity.MEDIUM, code="SCL-08")
def auto_scaling_maximum_outgrown(
    table: Table, auto_scaling: AutoScaling | Unknown, bill: TableBill, scale: Scale
) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST" or not bill.workload.provisioned:
        yield NotApplicable(reason="the table is on demand")
        return
    if isinstance(auto_scaling, Unknown):
        yield auto_scaling
        return
    indexes = (None, *(one.name for one in table.global_indexes))
    targets = [one for one in auto_scaling.targets if one.index in indexes and not one.suspended]
    if not targets:
        yield NotApplicable(reason="auto scaling follows none of its capacity")
        return
    room: list[str] = []
    for index in indexes:
        outgrown: list[tuple[ScalableTarget, Outgrown]] = []
        for target in (one for one in targets if one.index == index):
            key: Key = (index, "reads" if target.dimension == "read" else "writes")
            peak = peak_a_second(bill.workload, key, bill.users, scale.peak_factor)
            if peak is None:
                yield peak_not_known(key, bill)
                continue
            binding = binds_from(bill.workload, key, target.max_units, scale.peak_factor)
            if binding is not None:
                what = f"the {count(target.max_units)} {target.dimension} units that auto scaling may provision"
                yield Limit(what=what, users=binding, index=index)
            if peak > target.max_units:
                users = users_above(bill.workload, key, target.max_units, users=bill.users, peak_factor=scale.peak_factor)
                outgrown.append((target, Outgrown(kind=key[1], limit=target.max_units, peak=peak, users=users)))
            else:
                share = percent(peak / target.max_units) if target.max_units else "none"
                room.append(f"{share} of {count(target.max_units)} {target.dimension} units of {resource(index)}")
        if outgrown:
            yield _problem(table, index, outgrown, bill)
    if room:
        yield Good(message=f"the peak{at_users(bill)} takes {a_few(room)} that auto scaling may provision")


def _needed(target: ScalableTarget, peak: Fraction) -> int:
    aim = target.target_utilization_percent or Decimal(TARGET_PERCENT)
    return ceil(peak * 100 / Fraction(aim))


def _problem(table: Table, index: str | None, outgrown: Sequence[tuple[ScalableTarget, Outgrown]], bill: TableBill) -> Problem:
    seen = [f"{count(ceil(one.peak))} {target.dimension} units where the maximum is {count(one.limit)}" for target, one in outgrown]
    raised = [f"{target.dimension} units to {count(_needed(target, one.peak))}" for target, one in outgrown]
    return Problem(
        message=f"the peak{at_users(bill)} takes {listed(seen)}",
        fix=f"raise the maximum of {listed(raised)}",
        index=index,
        evidence={
            f"{target.dimension}_{name}": value
            for target, one in outgrown
            for name, value in (
                ("max_units", one.limit),
                ("peak_units_a_second", round(float(one.peak), 2)),
                ("max_units_needed", _needed(target, one.peak)),
            )
        },
        current=f"a maximum of {listed([f'{count(one.limit)} {target.dimension} units' for target, one in outgrown])}",
        benefit="auto scaling follows the load up to its peak",
        migration="none: it takes effect while the table is in use; the maximum is what you would pay in a busy hour",
        effort="minutes",
        commands=tuple(
            register_target(table, target.index, target.dimension, min_units=target.min_units, max_units=_needed(target, one.peak))
            for target, one in outgrown
        ),
        matters_from_users=first_of([one for _, one in outgrown]),
    )
