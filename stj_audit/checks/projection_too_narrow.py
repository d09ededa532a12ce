"""
A query over an index that does not hold what is asked for has to fetch each item that it finds from the table, one by one, and each of them
is rounded up to a read unit of its own. A local index does that by itself; over a global one the application sends a second call. An index
that holds what is asked for answers at once, and is paid for in storage and in every write that changes it.

What is compared: `reads` of every declared pattern over an index with what the index holds. Both ways are priced, with the writes and reads
that the patterns declare, calibrated by what CloudWatch measured; an attribute of unknown size is taken to be as large as the item leaves
room for. Where fetching costs no more, it is right as it is. Where money cannot be told, as with provisioned capacity, the units of a call
are, and the finding is low.

Wrong when a pattern reads less than was declared, or fetches only what someone opens: a list of entries may well do without the rest.
Source: AWS developer guide, "Attribute projections"; "Local secondary indexes", on fetches; "General guidelines for secondary indexes in
DynamoDB".

Fix: add an index with the same key that includes what is fetched, switch the queries when it is ACTIVE, then remove the old one.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.savings import MIN_SAVING_USD
from stj_audit.cost.workload import Call, Store, Workload, call_units, holds
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity, WidenIndex
from stj_audit.wording import a_few, counted, dollars, listed, printable


@check("An index holds less than is read over it", Category.GSI_PROJECTIONS, Severity.MEDIUM, code="PRJ-03")
def projection_too_narrow(bill: TableBill) -> Iterator[Said]:
    workload = bill.workload
    declared = [call for call in workload.calls if call.index is not None and call.pattern.is_read and call.pattern.reads]
    if not declared:
        yield NotApplicable(reason="no declared pattern says which attributes it reads over an index")
        return
    complete, fetched = [], []
    for store in workload.indexes:
        calls = [call for call in declared if call.index == store.index]
        missing = _missing(workload, store, calls)
        if not missing:
            complete += [str(store.index)] if calls else []
            continue
        change = WidenIndex(index=str(store.index), attributes=missing)
        saving = bill.saving(change)
        if saving is not None and saving < MIN_SAVING_USD:
            fetched.append(str(store.index))
        else:
            fetching = [call for call in calls if _missing(workload, store, [call])]
            yield _problem(bill, store, fetching, change, saving)
    if complete:
        yield Good(message=f"all that the declared patterns read is held by {a_few(complete)}")
    if fetched:
        yield Good(message=f"fetching from the table costs no more than to hold what is read over {a_few(fetched)}")


def _missing(workload: Workload, store: Store, calls: Sequence[Call]) -> tuple[str, ...]:
    """What the calls read and the index does not hold."""
    read = sorted({name for call in calls for name in call.pattern.reads})
    return tuple(name for name in read if not holds(store, workload.table, name))


def _problem(bill: TableBill, store: Store, calls: Sequence[Call], change: WidenIndex, saving: Decimal | None) -> Problem:
    names = listed([printable(name) for name in change.attributes])
    patterns = a_few([printable(call.pattern.name) for call in calls])
    units = _fetch_units(bill, calls)
    many = "patterns" if len(calls) > 1 else "pattern"
    taken = "" if units is None else f": {counted(units, 'read unit')} a call, at the most, beside those of the index"
    benefit = (
        "one call in place of two, and no read unit for each item that is found"
        if not store.local
        else "no hidden read of each item"
    )
    return Problem(
        message=f"{many} {patterns} {'read' if len(calls) > 1 else 'reads'} {names}, which the index does not hold, "
        f"and every item that is found is fetched from the table{taken}",
        fix="leave out what is not needed, or query an index that holds it: a local index can be changed only with its table"
        if store.local
        else f"replace the index by one that includes {names}",
        severity=Severity.LOW if saving is None else bill.severity(saving),
        evidence={
            "attributes": ", ".join(change.attributes),
            "patterns": ", ".join(call.pattern.name for call in calls),
            "fetch_read_units_a_call": None if units is None else float(units),
            "saving_usd_month": None if saving is None else round(float(saving), 2),
        },
        index=store.index,
        current=f"projection {store.projection}, without {names}",
        benefit=benefit if saving is None else f"{dollars(saving)} a month, by the declared patterns: {benefit}",
        migration="a local index is made with its table: a global one with the same key can be added beside it"
        if store.local
        else "a projection cannot be changed: add the wider index, switch the queries when it is ACTIVE, then remove the old one; "
        "the table stays in use",
        effort="hours",
        change=None if saving is None else change,
    )


def _fetch_units(bill: TableBill, calls: Sequence[Call]) -> Decimal | None:
    """Read units that the heaviest of the calls takes of the table; None: not known."""
    users = bill.users if bill.users is not None else bill.workload.users_now
    found = []
    for call in calls:
        if users is None and (call.pattern.follows_users or call.pattern.reads_everything):
            return None
        units = call_units(bill.workload, call, bill.workload.table, "reads", users or 0)
        if not isinstance(units, Decimal):
            return None
        found.append(units)
    return max(found)
