"""
One write to a table becomes a write to each of its global indexes that it touches, or two where it changes a key of the index. Where the
indexes take half as much again as the table itself, most of what is paid for writing is paid for copies.

What is compared: the write units that CloudWatch counted for all global indexes together with those of the table. Local indexes are in the
table's own. The severity is by what the writes of the indexes cost at the number of users that is judged, and at most medium: that money is
not all to be saved, and what a narrower or missing index saves is priced where such an index is found.

Wrong where the indexes are what the table is for: a table that is written rarely and queried in many ways is rightly copied.
Source: AWS developer guide, "General guidelines for secondary indexes in DynamoDB"; "Using Global Secondary Indexes": writes.

Fix: remove indexes that nobody reads, narrow what the others hold, and keep attributes that change often out of their keys.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, dollars

AMPLIFIED = Decimal("1.5")  # units of the indexes for each of the table's; policy of this tool: two whole copies make 2
ENOUGH_UNITS = 1_000  # write units of the table: of fewer, the ratio is chance
INDEX_WRITES = ("index-writes", "index-capacity-writes")


@check("Indexes multiply the writes", Category.GSI_PROJECTIONS, Severity.MEDIUM, code="PRJ-06")
def write_amplification(table: Table, traffic: Traffic | Unknown, bill: TableBill) -> Iterator[Said]:
    indexes = [index.name for index in table.global_indexes]
    if not indexes:
        yield NotApplicable(reason="no global secondary index")
        return
    if isinstance(traffic, Unknown):
        yield traffic
        return
    ours = traffic.table.write_units
    if ours is None:
        yield Unknown(call="cloudwatch:GetMetricData", reason="no datapoint for writes of the table")
        return
    if ours < ENOUGH_UNITS:
        yield NotApplicable(reason=f"only {counted(ours, 'write unit')} of the table in {count(traffic.covered_days)} days")
        return
    by_index = {name: traffic.indexes.get(name, Flow()).write_units for name in indexes}
    blind = [name for name, units in by_index.items() if units is None]
    known = {name: units for name, units in by_index.items() if units is not None}
    ratio = sum(known.values(), Decimal(0)) / ours
    if ratio >= AMPLIFIED:
        yield _problem(ours, known, ratio, bill)
    elif not blind:
        told = counted(ratio, "unit") if ratio >= Decimal("0.1") else "hardly any"
        yield Good(message=f"for each write unit of the table its indexes take {told}")
    for name in blind:
        yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for writes of index {name}")


def _problem(ours: Decimal, by_index: dict[str, Decimal], ratio: Decimal, bill: TableBill) -> Problem:
    lines = [line.monthly_usd for line in bill.lines if line.component in INDEX_WRITES and line.region is None]
    usd = sum((one for one in lines if one is not None), Decimal(0)) if lines and None not in lines else None
    most_first = sorted(by_index.items(), key=lambda one: (-one[1], one[0]))
    shares = a_few(f"{name} {count(units / ours)}" for name, units in most_first)
    at = "" if bill.users is None else f" at {counted(bill.users, 'user')}"
    cost = "" if usd is None else f", {dollars(usd)} a month{at}"
    return Problem(
        message=f"for each write unit of the table its indexes take {count(ratio)} ({shares}){cost}",
        fix="remove indexes that nobody reads, narrow the others, and keep attributes that change often out of their keys",
        severity=Severity.MEDIUM if usd is None else min(Severity.MEDIUM, bill.severity(usd)),
        evidence={
            "table_write_units": float(ours),
            "index_write_units": float(sum(by_index.values())),
            "ratio": round(float(ratio), 4),
            "index_writes_usd_month": None if usd is None else round(float(usd), 2),
        },
        current=f"{count(sum(by_index.values(), Decimal(0)))} write units of the indexes, {count(ours)} of the table",
        benefit="each unit less is paid for with no write, and an index that is written less is throttled less",
        migration="a projection or key cannot be changed: add the narrower index, switch the queries, then remove the old one; the table "
        "stays in use",
        effort="days",
    )
