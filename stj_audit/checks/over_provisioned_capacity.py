"""
Provisioned capacity is paid for by the hour, used or not. Where most hours use less than a fifth of it, it was set for another load, or is
the minimum of an auto scaling that could go much lower.

What is looked at: the units of every hour, reads and writes, of the table and each global index, at the number of users that is judged.
Capacity that is fixed is held against what the busiest hour needs at 70 %, and nothing is said where that hour needs it. The minimum of
auto scaling is held against what the middle hour needs at 70 %: both are replayed, and nothing is said where the lower one would
throttle more. Where on-demand mode saves enough to be told, that finding says the same and this one is silent.

Wrong for a load that comes by the season, which 30 days do not show; and peaks within an hour are not seen: watch for throttling.
Source: AWS developer guide, "Evaluate your provisioned capacity for right-sized provisioning"; list prices of the region.

Fix: lower the capacity, or the minimum of auto scaling, to what the busy hours need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from stj_audit.checks import check
from stj_audit.checks.on_demand_is_cheaper import MIN_SHARE
from stj_audit.commands import register_target, update_units
from stj_audit.cost.auto_scaling import Policy, Replay, replay
from stj_audit.cost.bill import TableBill
from stj_audit.cost.capacity_mode import outgrown
from stj_audit.cost.lines import HOURS_PER_MONTH
from stj_audit.cost.workload import KINDS, Key, Kind, load_scale
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Throughput, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity, UseBillingMode
from stj_audit.wording import a_few, count, counted, days_of, dollars, listed, percent, resource

USED_SHARE = Fraction(1, 5)  # AWS developer guide, "right-sized provisioning": over-provisioned below 20 %
MOST_HOURS = Fraction(1, 2)
ENOUGH_DAYS = 30  # the same: "at least one month's worth of data"
TARGET = Fraction(7, 10)  # of fixed capacity that the busiest hour may use; AWS's default for auto scaling


@dataclass(frozen=True, kw_only=True, slots=True)
class Lower:
    """Capacity (or, with a target, its minimum) that may be lowered from `now` to `needed`; `saving_usd` None: without a price."""

    kind: Kind
    now: int
    needed: int
    quiet_share: Fraction
    saving_usd: Decimal | None
    target: ScalableTarget | None

    @property
    def units(self) -> str:
        return f"{self.kind[:-1]} units"


@check("Capacity is far more than is used", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-06")
def over_provisioned_capacity(
    table: Table, traffic: Traffic | Unknown, auto_scaling: AutoScaling | Unknown, bill: TableBill
) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST" or not bill.workload.provisioned:
        yield NotApplicable(reason="the table is on demand")
        return
    if isinstance(traffic, Unknown):
        yield traffic
    elif isinstance(auto_scaling, Unknown):
        yield auto_scaling
    elif traffic.covered_days < ENOUGH_DAYS:
        reason = f"only {days_of(traffic.covered_days)} of metrics; {ENOUGH_DAYS} are needed"
        yield Unknown(call="cloudwatch:GetMetricData", reason=reason)
    elif _on_demand_says_it(bill):
        yield NotApplicable(reason="on-demand mode would save it: that is a finding of its own")
    else:
        yield from _told(table, auto_scaling, bill)


def _told(table: Table, auto_scaling: AutoScaling, bill: TableBill) -> Iterator[Said]:
    used: list[str] = []
    small = False
    for index, capacity in ((None, table.provisioned), *((one.name, one.provisioned) for one in table.global_indexes)):
        lower: list[Lower] = []
        for kind in KINDS:
            target = auto_scaling.target(index, "read" if kind == "reads" else "write")
            found = _judged((index, kind), capacity, None if target is None or target.suspended else target, bill)
            if isinstance(found, Unknown):
                yield found
            elif found is None:
                used.append(f"{kind} of {resource(index)}")
            else:
                lower.append(found)
        saving = _saving(lower)
        if lower and saving is not None and saving < bill.currency_floor_usd:
            small = True
        elif lower:
            yield _problem(table, index, capacity, lower, bill)
    if used:
        yield Good(message=f"no more capacity than the busy hours need: {a_few(used)}")
    elif small:
        yield NotApplicable(reason=f"lower capacity would save less than {dollars(bill.currency_floor_usd)} a month")


def _saving(lower: Sequence[Lower]) -> Decimal | None:
    """Of those that have a price; None: none has one."""
    known = [one.saving_usd for one in lower if one.saving_usd is not None]
    return sum(known, Decimal(0)) if known else None


def _on_demand_says_it(bill: TableBill) -> bool:
    saving = bill.saving(UseBillingMode(billing_mode="PAY_PER_REQUEST"))
    return saving is not None and saving >= max(bill.currency_floor_usd, bill.monthly_usd * MIN_SHARE) and not outgrown(bill)


def _judged(key: Key, capacity: Throughput | None, target: ScalableTarget | None, bill: TableBill) -> Lower | Unknown | None:
    """None: the capacity is as it should be."""
    index, kind = key
    stated = None if capacity is None else capacity.read_units if kind == "reads" else capacity.write_units
    now = stated if target is None else target.min_units
    if now is None:
        return Unknown(call="dynamodb:DescribeTable", reason=f"the capacity for {kind} of {resource(index)} is not stated")
    if now <= 1:
        return None
    series = bill.workload.series.get(key)
    ratio = Fraction(1) if bill.users is None else load_scale(bill.workload, key, bill.users)
    if not series or ratio is None:
        return Unknown(call="cloudwatch:GetMetricData", reason=f"the hours of {kind} of {resource(index)} are not known")
    loads = sorted(units * ratio / bill.workload.series_period_seconds for units in series)
    quiet = Fraction(sum(load < now * USED_SHARE for load in loads), len(loads))
    busy = loads[-1] if target is None else loads[len(loads) // 2]
    needed = max(ceil(busy / TARGET), 1)
    if quiet <= MOST_HOURS or needed >= now:
        return None
    spared: Decimal | None = Decimal(now - needed) * HOURS_PER_MONTH
    if target is not None:
        spared = _spared(series, bill.workload.series_period_seconds, ratio, target, needed)
    if spared is None:
        return None
    price = next((one.unit_price_usd for one in bill.lines if _is_capacity(one.component, kind) and one.index == index), None)
    saving = None if price is None else spared * price
    return Lower(kind=kind, now=now, needed=needed, quiet_share=quiet, saving_usd=saving, target=target)


def _spared(series: tuple[int, ...], period: int, ratio: Fraction, target: ScalableTarget, needed: int) -> Decimal | None:
    """Unit-hours of a month that auto scaling would spare with the lower minimum; None: it would throttle more."""
    before, after = (_replay(series, period, target, least, ratio) for least in (target.min_units, needed))
    return None if after.throttled_units > before.throttled_units else before.unit_hours_a_month - after.unit_hours_a_month


def _is_capacity(component: str, kind: Kind) -> bool:
    return component.endswith(f"capacity-{kind}")


def _replay(series: tuple[int, ...], period: int, target: ScalableTarget, least: int, ratio: Fraction) -> Replay:
    aim = Policy().target_percent if target.target_utilization_percent is None else int(target.target_utilization_percent)
    policy = Policy(target_percent=aim, min_units=least, max_units=max(target.max_units, least))
    return replay(series, period, policy=policy, scale=ratio)


def _problem(table: Table, index: str | None, capacity: Throughput | None, lower: Sequence[Lower], bill: TableBill) -> Problem:
    saving = _saving(lower)
    seen = [
        f"less than {percent(USED_SHARE)} of {count(one.now)} {one.units} is used in "
        f"{percent(one.quiet_share)} of the hours, and {_minimum(one)}{count(one.needed)} would do"
        for one in lower
    ]
    at = "" if bill.users is None else f" at {counted(bill.users, 'user')}"
    steps = [f"{_minimum(one)}{one.units} to {count(one.needed)}" for one in lower]
    return Problem(
        message=f"{'; '.join(seen)}{at}",
        fix=f"lower {listed(steps)}",
        severity=Severity.LOW if saving is None else bill.severity(saving),
        index=index,
        evidence={
            **{
                f"{one.kind[:-1]}_{name}": value
                for one in lower
                for name, value in (
                    ("units", one.now),
                    ("units_needed", one.needed),
                    ("quiet_share", round(float(one.quiet_share), 4)),
                )
            },
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        current=listed([f"{_minimum(one)}{count(one.now)} {one.units}" for one in lower]),
        benefit="what is not used is not paid for" if saving is None else f"{dollars(saving)} a month{at}",
        migration="none: capacity may be lowered at least four times a day while the table is in use; peaks within an hour were not seen, "
        "so watch for throttling",
        effort="minutes",
        commands=_commands(table, index, capacity, lower),
    )


def _minimum(one: Lower) -> str:
    return "" if one.target is None else "a minimum of "


def _commands(table: Table, index: str | None, capacity: Throughput | None, lower: Sequence[Lower]) -> tuple[str, ...]:
    commands = [
        register_target(table, index, one.target.dimension, min_units=one.needed, max_units=one.target.max_units)
        for one in lower
        if one.target is not None
    ]
    fixed = {one.kind: one.needed for one in lower if one.target is None}
    if fixed and capacity is not None and capacity.read_units is not None and capacity.write_units is not None:
        units = {
            "ReadCapacityUnits": fixed.get("reads", capacity.read_units),
            "WriteCapacityUnits": fixed.get("writes", capacity.write_units),
        }
        commands.append(update_units(table, index, "ProvisionedThroughput", units))
    return tuple(commands)
