"""
An index that nobody reads still costs: its storage every month, and a write of its own for each write that it repeats.

CloudWatch counts the read units of each global secondary index. A measured zero over 30 days is a reason to ask; it is no proof. A job that
runs once a month or once a quarter, or a plan for disaster recovery, leaves no trace in that time, and an index does not tell when it was
made. No datapoint is not a zero: such an index is reported as not checked. Local secondary indexes have no metrics of their own.

Wrong when the index is kept for rare work, such as year-end closing.
Source: AWS developer guide, "Identify your unused resources in Amazon DynamoDB"; "DynamoDB metrics and dimensions".

Fix: ask the owner whether anything reads the index; remove it only when the answer is no.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import delete_index
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Index, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, RemoveIndex, Said, Severity
from stj_audit.wording import a_few, counted

ENOUGH_DAYS = 30  # AWS developer guide, "Identify your unused resources": look at 30 days


@check("An index is not read", Category.GSI_COVERAGE, Severity.LOW, code="COV-05")
def unused_index(table: Table, traffic: Traffic | Unknown, bill: TableBill) -> Iterator[Said]:
    indexes = [index for index in table.global_indexes if index.status != "DELETING"]
    if not indexes:
        local = "local secondary indexes have no metrics of their own" if table.local_indexes else "no global secondary index"
        yield NotApplicable(reason=local)
        return
    if isinstance(traffic, Unknown):
        yield traffic
        return
    days = traffic.covered_days
    read: list[str] = []
    for index in indexes:
        flow = traffic.indexes.get(index.name)
        reads = None if flow is None else flow.read_units
        if index.status == "CREATING" or index.backfilling:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"index {index.name} is still being created")
        elif reads is None:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint for reads of index {index.name}")
        elif reads > 0:
            read.append(f"{index.name} ({counted(reads, 'read unit')})")
        elif days < ENOUGH_DAYS:
            yield _too_early(index, days)
        else:
            yield _unread(table, index, days, bill)
    if read:
        yield Good(message=f"read in {counted(days, 'day')}: {'index' if len(read) == 1 else 'indexes'} {a_few(read)}")


def _too_early(index: Index, days: Decimal) -> Problem:
    return Problem(
        message=f"not read in {counted(days, 'day')} of metrics: not enough history to call it unused",
        fix=f"look again when {ENOUGH_DAYS} days are covered",
        evidence={"read_units": 0, "covered_days": float(days)},
        index=index.name,
        current=f"0 read units in {counted(days, 'day')}, measured by CloudWatch",
        benefit="if it stays unread, its storage and its share of every write can be saved",
        migration="none yet",
        effort="minutes",
    )


def _unread(table: Table, index: Index, days: Decimal, bill: TableBill) -> Problem:
    change = RemoveIndex(index=index.name)
    saving = bill.saving(change)
    return Problem(
        message=f"not read once in {counted(days, 'day')}",
        fix="ask the owner whether anything reads the index, a monthly job for instance; remove it only when nothing does",
        evidence={
            "read_units": 0,
            "covered_days": float(days),
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        severity=None if saving is None else bill.severity(saving),
        index=index.name,
        current=f"0 read units in {counted(days, 'day')}, measured by CloudWatch",
        benefit="its storage and its share of every write are saved",
        migration="confirm with the owner first, and search the code for the index name: rarer work than monthly does not show in "
        "30 days, and an index that was removed has to be built again from the whole table",
        effort="hours",
        commands=(delete_index(table, index.name),),
        change=change,
    )
