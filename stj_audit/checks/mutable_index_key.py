"""
When a write changes a key of an index, DynamoDB removes the entry and puts it anew: two writes there, each of the whole entry. A counter, a
score or a time of last use in an index key makes every change of it cost so in every index whose key it is.

What is looked at: the attributes in `sets` of declared writes of items that stay, against the keys of the live indexes, and `key_change`: how
often the value really differs (always, when left out). A key that changes in fewer than one of ten writes is what such an index is for, as
with a state that an item goes through, and is left alone. The writes are priced again as if the key stayed the same.

Wrong when the order by that attribute is what the index is made for, as a list of high scores: then it is its price.
Source: AWS developer guide, "Using Global Secondary Indexes in DynamoDB", provisioned throughput considerations, write units.

Fix: keep counters and times out of index keys, or change them there only now and then.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from stj_audit.checks import check
from stj_audit.config import TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.design import Pattern
from stj_audit.facts import Index, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, dollars, listed, percent, printable

OFTEN = Decimal("0.1")  # of the writes: below, one write in ten at most costs one more
MAX_SEVERITY = Severity.MEDIUM  # it is paid for something: the order, or finding items by it


@check("An index key changes often", Category.GSI_PROJECTIONS, Severity.LOW, code="PRJ-07")
def mutable_index_key(table: Table, declared: TableModel, bill: TableBill) -> Iterator[Said]:
    writes = [pattern for pattern in declared.pattern if pattern.updates]
    if not table.indexes:
        yield NotApplicable(reason="no index")
        return
    if not writes:
        yield NotApplicable(reason="no declared pattern changes items that stay")
        return
    for pattern in writes:
        if not pattern.sets:
            yield Unknown(call="dynamodb:Scan", reason=f"`sets` of pattern {printable(pattern.name)} is not declared")
    stable = []
    for index in table.indexes:
        moving = [pattern for pattern in writes if _moves(pattern, index) >= OFTEN]
        if moving:
            yield _problem(index, moving, bill)
        else:
            stable.append(index.name)
    if stable and all(pattern.sets for pattern in writes):
        yield Good(message=f"no key of {a_few(stable)} changes often, by {counted(len(writes), 'declared write')}")


def _keys(index: Index) -> tuple[str, ...]:
    return (*index.hash_attributes, *index.range_attributes)


def _moves(pattern: Pattern, index: Index) -> Decimal:
    """How often a write of the pattern moves the entry, from 0 to 1."""
    return Decimal(pattern.key_change.get(index.name, 1)) if set(pattern.sets) & set(_keys(index)) else Decimal(0)


def _problem(index: Index, moving: list[Pattern], bill: TableBill) -> Problem:
    changed = [name for name in _keys(index) if any(name in pattern.sets for pattern in moving)]
    most = max(_moves(pattern, index) for pattern in moving)
    saving = _saving(index, moving, bill)
    names = a_few(printable(pattern.name) for pattern in moving)
    key = listed([printable(name) for name in changed])
    is_set, moves, changes = ("is set", "moves", "changes") if len(changed) == 1 else ("are set", "move", "change")
    often = "with each write" if most == 1 else f"in {percent(most)} of the writes"
    return Problem(
        message=f"{key} of its key {is_set} by {names}, and {moves} the entry {often}: two writes of it",
        fix=f"keep {key} out of the key, or change {'it' if len(changed) == 1 else 'them'} only now and then",
        evidence={
            "attributes": ", ".join(changed),
            "patterns": ", ".join(pattern.name for pattern in moving),
            "key_change": float(most),
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        severity=None if saving is None else min(bill.severity(saving), MAX_SEVERITY),
        index=index.name,
        current=f"key ({', '.join(printable(name) for name in _keys(index))}), of which {key} {changes} {often}",
        benefit="one write for each change instead of two, or none"
        if saving is None
        else f"{dollars(saving)} a month if the key stayed the same, by the declared patterns",
        migration="add an index without the attribute in its key, switch the queries, then remove this one; what is sorted by it is then "
        "sorted in the application, or by a rank that a job writes",
        effort="days",
    )


def _saving(index: Index, moving: list[Pattern], bill: TableBill) -> Decimal | None:
    """What the moves cost; None: capacity is provisioned, or the writes of the index are not known."""
    written = [line for line in bill.lines if line.index == index.name and line.component == "index-writes"]
    if bill.workload.provisioned or not written or any(line.monthly_usd is None for line in written):
        return None
    if (index.name, "writes") in bill.workload.flows:
        return None  # measured: no pattern tells what of it are moves
    calls = tuple(
        replace(call, pattern=structs.replace(call.pattern, key_change={**call.pattern.key_change, index.name: 0}))
        if call.pattern in moving
        else call
        for call in bill.workload.calls
    )
    return bill.monthly_usd - replace(bill, workload=replace(bill.workload, calls=calls)).monthly_usd
