"""
A strongly consistent read takes twice the units of one that may be a moment old. Most screens do not need it: what a user has just written
can be shown from the answer to the write.

What is priced: the declared patterns with `consistent = true`, each counted again without it. Measured read units do not tell one kind from
the other, so that only declared patterns can be judged. Transactional reads are another thing, and left alone.

Wrong where a stale answer does harm: a balance, a lock, a stock that is checked before it is sold.
Source: AWS developer guide, "DynamoDB read consistency"; "DynamoDB read and write operations".

Fix: leave ConsistentRead out where an answer that may be a second old is good enough.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from stj_audit.checks import check
from stj_audit.config import TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.savings import MIN_SAVING_USD
from stj_audit.cost.workload import Call, request_units
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, dollars, printable


@check("Reads are strongly consistent", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-05")
def strong_reads(declared: TableModel, bill: TableBill) -> Iterator[Said]:
    reads = [pattern for pattern in declared.pattern if pattern.is_read and pattern.op != "TransactGetItems"]
    if not reads:
        yield NotApplicable(reason="no declared pattern reads")
        return
    # a global index cannot be read so: that is another check's
    allowed = {store.index for store in bill.workload.stores if store.index is None or store.local}
    strong = [printable(pattern.name) for pattern in reads if pattern.consistent and pattern.index in allowed]
    if not strong:
        yield Good(message=f"none of {counted(len(reads), 'declared read pattern')} is strongly consistent")
        return
    eventual = replace(bill, workload=replace(bill.workload, calls=tuple(_eventual(call) for call in bill.workload.calls)))
    before, after = _read_units(bill), _read_units(eventual)
    saving = _saving(bill, eventual) if before is not None and before != after else None
    units = f": {count(before)} read units a month, against {count(after)} without" if before and after and before != after else ""
    yield Problem(
        message=f"{count(len(strong))} of {counted(len(reads), 'declared read pattern')} with strong consistency{units} "
        f"({a_few(strong)})",
        fix="leave ConsistentRead out where an answer that may be a second old is good enough",
        evidence={
            "patterns": ", ".join(strong),
            "read_units_month": None if before is None else float(before),
            "read_units_month_eventual": None if after is None else float(after),
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        severity=Severity.LOW if saving is None or saving < MIN_SAVING_USD else bill.severity(saving),
        current=f"ConsistentRead in {a_few(strong)}",
        benefit="these reads take half of the units" if saving is None else f"{dollars(saving)} a month, by the declared patterns",
        migration="decide for each call whether a stale answer does harm; nothing changes in the table",
        effort="hours",
    )


def _eventual(call: Call) -> Call:
    if call.pattern.op == "TransactGetItems":
        return call
    return replace(call, pattern=structs.replace(call.pattern, consistent=False))


def _read_units(bill: TableBill) -> Decimal | None:
    """The read units of a month, of the table and its indexes; None: not known."""
    users = bill.workload.users_now if bill.users is None else bill.users
    found = [request_units(bill.workload, (index, "reads"), users) for index in bill.workload.metered]
    return None if None in found else sum((units for units in found if units is not None), Decimal(0))


def _saving(bill: TableBill, eventual: TableBill) -> Decimal | None:
    """None where capacity is provisioned, which does not fall by itself, or a price is not known."""
    lines = [line for line in bill.lines if line.component in {"reads", "index-reads"}]
    if bill.workload.provisioned or not lines or any(line.monthly_usd is None for line in lines):
        return None
    return bill.monthly_usd - eventual.monthly_usd
