"""What the report says of money: the bill now and at each user count, what the findings save of it together, and what it rests on."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext

from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill, by_scope
from stj_audit.cost.capacity_mode import BUSY_HOURS_SHARE, busy_share, is_hourly, provisioned, requests_usd, throttled_units
from stj_audit.cost.lines import (
    DAYS_PER_MONTH,
    DIGITS,
    HOURS_PER_MONTH,
    QUANTITY_STEP,
    is_complete,
    oldest_price,
    sum_or_none,
    total,
)
from stj_audit.cost.patterns import READS, WRITES, naive_estimate, pattern_costs
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.projection import free_lines_of, projection
from stj_audit.cost.savings import Plan
from stj_audit.facts import Unknown
from stj_audit.report import BreakEven, Commitment, Costs, CurrentCost, PriceSource
from stj_audit.wording import counted

# AWS: Database Savings Plans, one year, no upfront; AWS's price file of 2026-04-22.
SAVINGS_PLAN = {"on demand": Decimal("0.18"), "provisioned": Decimal("0.12")}
SAVINGS_PLAN_SOURCE = (
    "AWS's offer of 2026-04: 18 % off requests on demand, 12 % off provisioned capacity, for a commitment of one year"
)
RESERVED_BLOCK = 100  # AWS developer guide, "DynamoDB reserved capacity"
WORTH_A_PLAN_USD = Decimal(20)  # a month; below it no table is weighed against provisioned capacity
BREAK_EVEN_DIGITS = 2


def costs(
    tables: Sequence[PricedTable],
    plans: Mapping[int, Plan],
    *,
    prices: PriceSheet,
    scale: Scale,
    free_tier: bool,
    whole: bool,
    assumptions: tuple[str, ...],
) -> Costs:
    """
    All of it. `plans` by user count; `prices` says where the prices of the tables are from; `whole`: every table of the audit could be read,
    without which no total is complete.
    """
    now = [line for one in tables for line in one.now]
    if free_tier:
        now += free_lines_of([TableBill(workload=one.today, users=None, prices=one.prices) for one in tables])
    target = scale.target_users
    bills = [one.at(target) for one in tables]
    return Costs(
        prices=PriceSource(
            region=prices.region,
            as_of=min(filter(None, map(_oldest_price, tables)), default=None),
            source=prices.source,
        ),
        free_tier=free_tier,
        current=CurrentCost(monthly_usd=sum_or_none(now), lines=tuple(now), complete=whole and is_complete(now)),
        projections=tuple(
            projection(
                [one.at(users) for one in tables],
                users,
                plans[users],
                {one.name: one.model for one in tables},
                free_tier=free_tier,
                whole=whole,
            )
            for users in scale.users
        ),
        assumptions=assumptions,
        patterns=pattern_costs(bills),
        calibrations=tuple(calibration for one in tables for calibration in one.calibrations),
        naive=naive_estimate(bills, target, measured_calls(tables, target)),
        break_even=tuple(found for one in tables if (found := break_even(one, scale)) is not None),
        commitments=tuple(commitments(bills)),
        target_users=target,
    )


def _oldest_price(one: PricedTable) -> str | None:
    return oldest_price(((line, one.facts.table.table_class) for line in one.now if line.table), one.prices)


def measured_calls(tables: Sequence[PricedTable], users: int) -> dict[str, dict[str, Decimal]]:
    """Requests a month at `users` users, by table and operation; without tables whose requests are not known, or not known which."""
    found: dict[str, dict[str, Decimal]] = {}
    for one in tables:
        traffic = one.facts.traffic
        if isinstance(traffic, Unknown) or one.users_now is None or not set(traffic.calls) <= {*READS, *WRITES}:
            continue
        with localcontext(prec=DIGITS):
            month = DAYS_PER_MONTH / traffic.covered_days * users / one.users_now
            found[one.name] = {operation: (number * month).quantize(QUANTITY_STEP) for operation, number in traffic.calls.items()}
    return found


# ------------------------------------------------------------------------------------------------------------ break-even


def break_even(one: PricedTable, scale: Scale) -> BreakEven | None:
    """
    From how many users on provisioned capacity costs less; None where there is nothing to weigh: a table that has it, too little money, a
    load that comes and goes, or none whose shape could be replayed.
    """
    workload, counts = one.projected, sorted({1, *scale.users})
    busy = busy_share(workload)
    if workload.provisioned or one.users_now is None or busy is None or busy < BUSY_HOURS_SHARE:
        return None
    if requests_usd(one.at(counts[-1])) < WORTH_A_PLAN_USD or one.at(counts[-1]).saving(provisioned(workload)) is None:
        return None
    words = "provisioned capacity with auto scaling"
    seen = "replayed over hourly sums: shorter peaks are not seen" if is_hourly(workload) else "replayed over sums of 5 minutes"
    note = f"capacity comes in whole units, so that a few more users may cost more again; {seen}"
    paying = [_pays(one, users) for users in counts]
    if not paying[-1]:
        return BreakEven(
            table=one.name, change=words, from_users=None, note=f"at none of the counts up to {counted(counts[-1], 'user')}; {note}"
        )
    place = len(paying) - paying[::-1].index(False) if False in paying else 0
    if place == 0:
        return BreakEven(table=one.name, change=words, from_users=counts[0], note=note)
    low, high = counts[place - 1], counts[place]
    while high - low > max(10 ** (len(str(high)) - BREAK_EVEN_DIGITS - 1), 1):
        middle = (low + high) // 2
        low, high = (low, middle) if _pays(one, middle) else (middle, high)
    step = 10 ** max(len(str(high)) - BREAK_EVEN_DIGITS, 0)
    return BreakEven(table=one.name, change=words, from_users=-(-high // step) * step, note=note)


def _pays(one: PricedTable, users: int) -> bool:
    bill = one.at(users)
    saving = bill.saving(provisioned(one.projected))
    return saving is not None and saving > 0 and not throttled_units(bill)


# ----------------------------------------------------------------------------------------------------------- commitments


def commitments(bills: Sequence[TableBill]) -> list[Commitment]:
    """What commitments would save of the bills: for information, because they bind for a year."""
    lines = [line for bill in bills for line in bill.lines]
    found = []
    of = {
        "on demand": total(line for line in lines if line.unit.endswith("request unit")),
        "provisioned": total(line for line in lines if line.unit.endswith("CU-hour")),
    }
    if sum(of.values()) >= WORTH_A_PLAN_USD:
        saving = sum((of[kind] * share for kind, share in SAVINGS_PLAN.items()), Decimal(0))
        found.append(
            Commitment(
                offer="Database Savings Plan, 1 year",
                of_usd=sum(of.values(), Decimal(0)),
                saving_usd=saving,
                note=f"{SAVINGS_PLAN_SOURCE}; worth it for what is still there in a year",
            )
        )
    return [*found, *(reserved for scope, of in by_scope(bills).items() for reserved in _reserved(of, scope))]


def _reserved(bills: Sequence[TableBill], scope: str) -> list[Commitment]:
    """Reserved capacity of one year, for the units that are provisioned all the time, in whole blocks of all tables of a region together."""
    found, prices = [], bills[0].prices
    for kind, unit in (("reads", "rcu"), ("writes", "wcu")):
        keys = (f"provisioned.standard.{unit}_hour", f"reserved.1yr.{unit}_hour", f"reserved.1yr.{unit}_upfront")
        rates = [prices.price(key) for key in keys]
        if None in rates:
            continue
        plain, hourly, upfront = (rate.usd for rate in rates if rate is not None)
        units = sum((_always(bill, kind) for bill in bills), Decimal(0))
        blocks = int(units // RESERVED_BLOCK)
        if not blocks:
            continue
        with localcontext(prec=DIGITS):
            before = blocks * RESERVED_BLOCK * plain * HOURS_PER_MONTH
            after = blocks * RESERVED_BLOCK * (hourly * HOURS_PER_MONTH + upfront / 12)
        found.append(
            Commitment(
                offer=f"reserved capacity, 1 year: {blocks * RESERVED_BLOCK:,} {unit.upper()}" + (f" in {scope}" if scope else ""),
                of_usd=before,
                saving_usd=(before - after).quantize(Decimal("0.0001")),
                note=f"${blocks * RESERVED_BLOCK * upfront:,.2f} are paid at once; for class STANDARD, without replicas",
            )
        )
    return found


def _always(bill: TableBill, kind: str) -> Decimal:
    """The units of a table that are provisioned at all times: as they are, or at the least that auto scaling goes down to."""
    workload = bill.workload
    if not workload.provisioned or workload.table_class != "STANDARD" or workload.replicas:
        return Decimal(0)
    units = Decimal(0)
    for (_, what), capacity in workload.capacity.items():
        if what == kind and capacity.units is not None:
            least = capacity.units if capacity.policy is None else Decimal(capacity.policy.min_units)
            units += min(least, capacity.units)
    return units.to_integral_value(ROUND_FLOOR)
