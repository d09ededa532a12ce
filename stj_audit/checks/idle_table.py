"""
A table that nobody reads or writes still costs its storage, its backups and its provisioned capacity, and keeps data that somebody has to
answer for. Often it is the rest of a migration or of a feature that is gone.

Wrong for a table that is used once a quarter or a year, or that is kept for emergencies: 30 days do not show it. A missing datapoint is
not a zero; only measured zeros on the table and on all its global secondary indexes count.
Source: AWS Well-Architected Framework, cost optimization pillar, "Decommission resources"; metrics ConsumedReadCapacityUnits and
ConsumedWriteCapacityUnits.

Fix: make a last backup, or an export to Amazon S3, and delete the table.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.results import Category, Good, Problem, RemoveTable, Said, Severity
from stj_audit.wording import count, counted, days_of, dollars, listed, resource

IDLE_DAYS = 30  # less would call a monthly job dead


@check("Idle table", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-03")
def idle_table(table: Table, traffic: Traffic, bill: TableBill) -> Iterator[Said]:
    names = (None, *(index.name for index in table.global_indexes))
    flows = {name: traffic.table if name is None else traffic.indexes.get(name, Flow()) for name in names}
    reads = sum((flow.read_units or Decimal(0) for flow in flows.values()), Decimal(0))
    writes = sum((flow.write_units or Decimal(0) for flow in flows.values()), Decimal(0))
    blind = [resource(name) for name, flow in flows.items() if flow.read_units is None or flow.write_units is None]
    covered = counted(traffic.covered_days, "day")
    if reads or writes:
        yield Good(message=f"in use: {count(reads)} read and {count(writes)} write units in {covered}, indexes included")
    elif blind:
        yield Unknown(
            call="cloudwatch:GetMetricData", reason=f"no datapoint of consumed units of {listed(blind)}, which is not zero"
        )
    elif traffic.covered_days < IDLE_DAYS:
        yield Unknown(
            call="cloudwatch:GetMetricData", reason=f"only {days_of(traffic.covered_days)} of metrics; {IDLE_DAYS} are needed"
        )
    else:
        yield _problem(table, traffic.covered_days, bill)


def _problem(table: Table, covered_days: Decimal, bill: TableBill) -> Problem:
    saving = bill.saving(RemoveTable())
    cost = "" if saving is None else f"; it costs {dollars(saving)} a month"
    return Problem(
        message=f"nobody read or wrote the table or its indexes in {counted(covered_days, 'day')}{cost}",
        fix="make a last backup, or an export to Amazon S3, and delete the table",
        severity=None if saving is None else bill.severity(saving),
        evidence={
            "read_units": 0,
            "write_units": 0,
            "covered_days": float(covered_days),
            "saving_usd_month": None if saving is None else float(round(saving, 2)),
        },
        current=f"0 read and 0 write units in {counted(covered_days, 'day')}",
        benefit=("less to keep and to answer for" if saving is None else f"{dollars(saving)} a month")
        + "; a backup keeps the data",
        migration="ask the owners, wait until the backup is AVAILABLE, then delete the table; the command only makes the backup, "
        "which is billed by the GB until you delete it",
        effort="hours",
        commands=(f"aws dynamodb create-backup {of_table(table)} {option('--backup-name', f'{table.name}-last')}",),
        change=RemoveTable(),
    )
