"""
An index that holds attributes which no query over it reads is paid for them in every write that changes one of them, and in storage. An
index that holds the keys, and what its queries read, costs the fewest units that serve them.

What is compared: the attributes in `reads` of every declared pattern over the index with what the index holds. The narrower index is priced
by the sizes of its attributes, with the writes and reads that the patterns declare, calibrated by what CloudWatch measured.

Wrong when queries read more than was declared, or when what they find is then read from the table as well. Where an entry takes one write
unit already, a narrower one takes as many: then only reads of many entries, storage, and writes that no longer touch the index are saved.
Source: AWS developer guide, "General guidelines for secondary indexes in DynamoDB"; "Attribute projections".

Fix: add an index with the same key that includes only what its queries read, switch them when it is ACTIVE, then remove the old one.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.changes import held_bytes
from stj_audit.cost.savings import MIN_SAVING_USD, narrower_indexes
from stj_audit.cost.workload import Store, attributes_read
from stj_audit.facts import Index, Table, Unknown
from stj_audit.new_index import MAX_NON_KEY_ATTRIBUTES, NewIndex, new_index
from stj_audit.results import Category, Good, NarrowIndex, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, dollars, listed, printable, size


@check("An index holds what nobody reads", Category.GSI_PROJECTIONS, Severity.MEDIUM, code="PRJ-01")
def projects_unread_attributes(table: Table, bill: TableBill) -> Iterator[Said]:
    workload = bill.workload
    if workload.provisioned:
        yield NotApplicable(reason="the table is provisioned: its capacity does not fall by itself when requests take less")
        return
    declared = [store for store in workload.indexes if attributes_read(workload, store) is not None]
    if not declared:
        yield NotApplicable(reason="no declared pattern says which attributes it reads over an index")
        return
    fitting = []
    changes = {change.index: change for change in narrower_indexes(workload)}
    for store in declared:
        change = changes.get(str(store.index))
        said = None if change is None else _judged(table, store, change, bill)
        if said is None:
            fitting.append(str(store.index))
        else:
            yield said
    if fitting:
        yield Good(message=f"no narrower projection would cost less for what is read over {a_few(fitting)}")


def _judged(table: Table, store: Store, change: NarrowIndex, bill: TableBill) -> Problem | Unknown | None:
    """None: a narrower index would save nothing."""
    wanted = change.attributes or ()
    narrow_bytes = held_bytes(bill.workload, store.key, wanted)
    if narrow_bytes is None or store.mean_bytes is None:
        return Unknown(call="dynamodb:Scan", reason=f"the sizes of what is read over index {store.index} are not known")
    if narrow_bytes > store.mean_bytes:
        return None
    saving = bill.saving(change)
    if saving is None:
        reason = f"the requests of index {store.index} are not known, or not declared"
        missing = why_unknown([line for line in bill.lines if line.index == store.index], bill.prices)
        return Unknown(call="cloudwatch:GetMetricData", reason=reason) if missing is None else missing
    if saving < MIN_SAVING_USD:
        return None
    names = (*bill.workload.table.key, *store.key, *wanted)
    about = size(narrow_bytes) if all(name in bill.workload.attributes for name in names) else f"at most {size(narrow_bytes)}"
    held = "the keys" if not wanted else f"the keys and {listed([printable(name) for name in wanted])}"
    new = _narrower(table, store, wanted)
    return Problem(
        message=f"its entries have {size(store.mean_bytes)}, and the declared patterns read {held}: {about}",
        fix=f"replace the index by one that holds only {held}",
        severity=bill.severity(saving),
        evidence={
            "entry_bytes": round(float(store.mean_bytes), 1),
            "read_bytes": round(float(narrow_bytes), 1),
            "saving_usd_month": round(float(saving), 2),
        },
        index=store.index,
        current=f"projection {store.projection}: {size(store.mean_bytes)} for each entry",
        benefit=f"{dollars(saving)} a month, by the declared patterns: fewer write units, and less storage",
        migration="a projection cannot be changed: add the narrower index, switch the queries when it is ACTIVE, then remove the old one; "
        "the table stays in use",
        effort="hours",
        commands=() if new is None else (new.command,),
        template="" if new is None else new.template,
        change=change,
    )


def _narrower(table: Table, store: Store, wanted: tuple[str, ...]) -> NewIndex | None:
    index: Index | None = next((one for one in table.indexes if one.name == store.index), None)
    if index is None or len(wanted) > MAX_NON_KEY_ATTRIBUTES:
        return None
    schema = [(key.attribute, key.role) for key in index.key_schema]
    return new_index(table, None, f"{index.name}-narrow", schema, wanted, everything=False)
