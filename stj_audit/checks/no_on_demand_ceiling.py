"""
An on-demand table serves whatever is asked of it, up to the account's quota, and bills it. A loop that went wrong, or a script that scans a
table again and again, is then seen on the bill first. A ceiling on the units a second turns that into throttled requests, which an alarm
sees.

The ceiling that is suggested is three times the peak: of the busiest measured hour, or of the mean at the number of users that is judged
times the peak factor, whichever is more. Without traffic no number is suggested. A global index has a ceiling of its own, and one on its
writes throttles the writes to the table.

Wrong where being throttled is worse than any bill: then a budget alarm is the better guard.
Source: AWS developer guide, "DynamoDB maximum throughput for on-demand tables"; "Service, account, and table quotas".

Fix: set a maximum of read and write units a second, well above the peak.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from math import ceil

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import update_units
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import HOURS_PER_MONTH, unit_price
from stj_audit.cost.workload import KINDS, Kind, request_units
from stj_audit.facts import TABLE_QUOTA_UNITS, Flow, Table, Throughput, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, dollars, listed

ROOM_FACTOR = 3  # the suggested ceiling over the peak: it is to stop what went wrong, not what is busy
HOUR_SECONDS = 3_600
NAMES: Mapping[Kind, str] = {"reads": "MaxReadRequestUnits", "writes": "MaxWriteRequestUnits"}


@check("No ceiling on on-demand throughput", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-10")
def no_on_demand_ceiling(table: Table, traffic: Traffic | Unknown, bill: TableBill, scale: Scale) -> Iterator[Said]:
    if table.billing_mode == "PROVISIONED":
        yield NotApplicable(reason="the table is provisioned: its capacity is a ceiling")
        return
    limits: dict[str | None, Throughput | None] = {None: table.on_demand_limit}
    limits |= {index.name: index.on_demand_limit for index in table.global_indexes}
    missing = {
        index: kinds for index, limit in limits.items() if (kinds := [kind for kind in KINDS if _limit(limit, kind) is None])
    }
    if not missing:
        set_to = listed([f"{count(_limit(table.on_demand_limit, kind) or 0)} {kind[:-1]} units" for kind in KINDS])
        also = f"; its {counted(len(limits) - 1, 'global secondary index has one', 'global secondary indexes have their own')}"
        yield Good(message=f"a ceiling of {set_to} a second is set{also if len(limits) > 1 else ''}")
        return
    whole = [f"{listed(kinds)} of {'the table' if index is None else index}" for index, kinds in missing.items()]
    usd = _worst_hour_usd(bill, missing.values())
    alone = f" for {'the table or an index' if None in missing else 'an index'} alone" if len(missing) > 1 else ""
    worst = "" if usd is None else f", which is {'up to ' if alone else ''}{dollars(usd)} an hour{alone}"
    suggested = {index: units for index, kinds in missing.items() if (units := _suggested(index, kinds, traffic, bill, scale))}
    yield Problem(
        message=f"no maximum is set for {a_few(whole)}: up to {count(TABLE_QUOTA_UNITS)} units a second of each may be used{worst}",
        fix=f"set a maximum of about {ROOM_FACTOR} times the peak",
        evidence={
            "without_ceiling": sum(len(kinds) for kinds in missing.values()),
            "dimensions": len(KINDS) * len(limits),
            "worst_hour_usd": None if usd is None else round(float(usd), 2),
        },
        current=f"{len(KINDS) * len(limits) - sum(len(kinds) for kinds in missing.values())} of {len(KINDS) * len(limits)} maxima are set",
        benefit="what went wrong is throttled and seen by an alarm, instead of being billed",
        migration="none: it takes effect while the table is in use; above it requests are throttled, so alarm on throttling first, and raise "
        "it before a campaign",
        effort="minutes",
        commands=tuple(update_units(table, index, "OnDemandThroughput", units) for index, units in suggested.items()),
        template=table_template(table, {"OnDemandThroughput": suggested[None]}) if None in suggested else "",
    )


def _limit(limit: Throughput | None, kind: Kind) -> int | None:
    return None if limit is None else limit.read_units if kind == "reads" else limit.write_units


def _worst_hour_usd(bill: TableBill, missing: Collection[Sequence[Kind]]) -> Decimal | None:
    """What an hour of the quota costs at the table or the index that may use the most of it; None: without a price."""
    prices = {kind: unit_price(kind, bill.workload.table_class, bill.prices) for kind in KINDS}
    known = {kind: price for kind, price in prices.items() if price is not None}
    if any(kind not in known for kinds in missing for kind in kinds):
        return None
    return max(sum((known[kind] for kind in kinds), Decimal(0)) for kinds in missing) * TABLE_QUOTA_UNITS * HOUR_SECONDS


def _suggested(index: str | None, kinds: list[Kind], traffic: Traffic | Unknown, bill: TableBill, scale: Scale) -> dict[str, int]:
    """By the name of the setting; nothing where no traffic is known."""
    if isinstance(traffic, Unknown):
        return {}
    flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
    found = {}
    for kind in kinds:
        hour = flow.peak_hour_read_units if kind == "reads" else flow.peak_hour_write_units
        month = request_units(bill.workload, (index, kind), bill.users)
        rates = [] if hour is None else [hour / HOUR_SECONDS]
        rates += [] if month is None else [month / (HOURS_PER_MONTH * HOUR_SECONDS) * scale.peak_factor]
        if rates and max(rates) > 0:
            found[NAMES[kind]] = ceil(max(rates) * ROOM_FACTOR)
    return found
