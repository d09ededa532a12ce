"""
A large attribute that an index holds, and that no query over it reads, is written again with each change of the item, and each query that
reads the entry carries it along. The write units of an index are those of its whole entry.

What is compared: the attributes of 1 KB or more that make a quarter of an entry with the `reads` of every declared pattern over the index.
Where the narrower index can be priced, the check projects-unread-attributes tells of it, with what it saves; here it is told where that
cannot be done: capacity is provisioned, which does not fall by itself, or the requests are not known.

Wrong when queries read more than was declared.
Source: AWS developer guide, "Attribute projections"; "General guidelines for secondary indexes in DynamoDB": keep the index small.

Fix: add an index with the same key that leaves the attribute out, switch the queries when it is ACTIVE, then remove the old one.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.savings import BIG_ATTRIBUTE_BYTES
from stj_audit.cost.units import write_units
from stj_audit.cost.workload import Store, Workload, attributes_read, holds
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.new_index import new_index
from stj_audit.results import Category, Good, NarrowIndex, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, percent, printable, size

LARGE_SHARE = Decimal("0.25")  # of the entry: less of it seldom takes a write to another step of 1 KB


@check("An index carries a large attribute unread", Category.GSI_PROJECTIONS, Severity.LOW, code="PRJ-10")
def big_unread_attribute_in_index(table: Table, items: ItemSizes | Unknown, bill: TableBill) -> Iterator[Said]:
    workload = bill.workload
    read = [(store, wanted) for store in workload.indexes if (wanted := attributes_read(workload, store)) is not None]
    if not read:
        yield NotApplicable(reason="no declared pattern says which attributes it reads over an index")
        return
    unpriced = [(store, wanted) for store, wanted in read if not _is_priced(store, wanted, bill)]
    if not unpriced:
        yield NotApplicable(reason="projects-unread-attributes prices what the indexes hold")
        return
    if not workload.attributes:
        yield Unknown(call="dynamodb:Scan", reason="the sizes of the attributes are not known")
        return
    fitting = []
    for store, wanted in unpriced:
        if store.mean_bytes is None:
            yield Unknown(call="dynamodb:DescribeTable", reason=f"the size of index {store.index} is not known")
            continue
        large = _large(workload, store, wanted, store.mean_bytes)
        index = next((one for one in table.global_indexes if one.name == store.index), None)
        if large and index is not None:
            yield _problem(table, index, items, workload, store.mean_bytes, large=large, wanted=wanted)
        elif not large:
            fitting.append(str(store.index))
    if fitting:
        yield Good(message=f"no large attribute goes unread in {a_few(fitting)}")


def _is_priced(store: Store, wanted: tuple[str, ...], bill: TableBill) -> bool:
    return not bill.workload.provisioned and bill.saving(NarrowIndex(index=str(store.index), attributes=wanted)) is not None


def _large(workload: Workload, store: Store, wanted: tuple[str, ...], entry_bytes: Decimal) -> list[str]:
    """The attributes that weigh and are not read, the heaviest first."""
    needed = {*workload.table.key, *store.key, *wanted}
    least = max(Decimal(BIG_ATTRIBUTE_BYTES), entry_bytes * LARGE_SHARE)
    found = [
        (one.mean_bytes, name)
        for name, one in workload.attributes.items()
        if name not in needed and one.mean_bytes >= least and holds(store, workload.table, name)
    ]
    return [name for _, name in sorted(found, key=lambda pair: (-pair[0], pair[1]))]


def _problem(
    table: Table,
    index: Index,
    items: ItemSizes | Unknown,
    workload: Workload,
    entry_bytes: Decimal,
    *,
    large: list[str],
    wanted: tuple[str, ...],
) -> Problem:
    weight = sum((workload.attributes[name].mean_bytes for name in large), Decimal(0))
    before, after = write_units(entry_bytes), write_units(max(entry_bytes - weight, Decimal(0)))
    names = a_few(printable(name) for name in large)
    schema = [(key.attribute, key.role) for key in index.key_schema]
    share = percent(min(weight / entry_bytes, Decimal(1)))
    new = new_index(table, items, f"{index.name}-narrow", schema, wanted, everything=False)
    return Problem(
        message=f"holds {names}, {size(weight)} of the {size(entry_bytes)} of its entry ({share}), and "
        f"no declared pattern reads it there: {counted(before, 'write unit')} for each write, {counted(after, 'unit')} without",
        fix=f"replace the index by one that leaves out {names}",
        evidence={
            "attributes": ", ".join(large),
            "unread_bytes": round(float(weight), 1),
            "entry_bytes": round(float(entry_bytes), 1),
            "write_units": float(before),
            "write_units_without": float(after),
        },
        index=index.name,
        current=f"projection {index.projection}: {size(entry_bytes)} for each entry",
        benefit="fewer write and read units; where capacity is provisioned it can then be lowered",
        migration="a projection cannot be changed: add the narrower index, switch the queries when it is ACTIVE, then remove the old one; "
        "the table stays in use",
        effort="hours",
        commands=() if new is None else (new.command,),
        template="" if new is None else new.template,
    )
