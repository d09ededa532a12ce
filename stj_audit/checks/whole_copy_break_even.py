"""
An index can hold whole items, or the keys only, with the item read from the table after each lookup. The copy makes each write of the entry
dearer, by the size of the item; the keys make each lookup dearer, by one read step. From some number of lookups for each write on the copy
is the cheaper one: for single items of S KB that is about 10 times S, more than most applications have.

It is worked out from the table's own sizes and prices, for each global index with projection ALL over which declared queries look up single
items, and held against the calls that are declared; it is a note, and takes no points. Where queries say that they read less than the item,
an index of just that is better than both, and the check projects-unread-attributes prices it. Queries of many items are not weighed here: for
them the copy saves a read of each.

Wrong when lookups must be quick: the copy saves a second request. An update that changes no key of the index writes no entry that holds the
keys only, so that the true number is higher still.
Source: AWS developer guide, "General guidelines for secondary indexes in DynamoDB"; "DynamoDB read and write operations".

Fix: where lookups are far fewer, use an index with KEYS_ONLY and read the item from the table; where they are more, keep the copy.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.changes import held_bytes
from stj_audit.cost.lines import unit_price
from stj_audit.cost.units import read_units, write_units
from stj_audit.cost.workload import Call, Store, Workload, attributes_read, call_units
from stj_audit.facts import Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, size


@check("A whole copy needs many lookups", Category.GSI_PROJECTIONS, Severity.INFO, code="PRJ-04")
def whole_copy_break_even(table: Table, bill: TableBill) -> Iterator[Said]:
    workload = bill.workload
    if workload.provisioned:
        yield NotApplicable(reason="the table is provisioned: what a request takes is not paid by itself")
        return
    whole = {index.name for index in table.global_indexes if index.projection == "ALL"}
    looked_up = [
        store for store in workload.indexes if store.index in whole and store.projection == "ALL" and _lookups(workload, store)
    ]
    weighed = [store for store in looked_up if not _reads_less(workload, store)]
    if not weighed:
        yield NotApplicable(reason="no declared pattern looks up single whole items over an index that copies them")
    for store in weighed:
        yield _judged(store, bill)


def _lookups(workload: Workload, store: Store) -> list[Call]:
    """The declared queries over an index, where all of them find one item at the most."""
    calls = [call for call in workload.calls if call.index == store.index and call.pattern.is_read]
    single = all(call.pattern.limit == 1 or (not call.pattern.follows_users and call.pattern.items_at(1) <= 1) for call in calls)
    return calls if single and all(call.pattern.op == "Query" for call in calls) else []


def _reads_less(workload: Workload, store: Store) -> bool:
    """Whether an index of what is read takes fewer write units than the copy."""
    wanted = attributes_read(workload, store)
    narrow = None if wanted is None else held_bytes(workload, store.key, wanted)
    if wanted == ():
        return True
    return narrow is not None and store.mean_bytes is not None and write_units(narrow) < write_units(store.mean_bytes)


def _judged(store: Store, bill: TableBill) -> Said:
    workload, item = bill.workload, store.size_bytes
    keys = held_bytes(workload, store.key, ())
    if item is None or keys is None:
        return Unknown(call="dynamodb:Scan", reason=f"the sizes of the items or keys in index {store.index} are not known")
    write_usd, read_usd = (unit_price(kind, workload.table_class, bill.prices) for kind in ("index-writes", "index-reads"))
    if write_usd is None or not read_usd:
        return Unknown(call="pricing:GetProducts", reason=f"no price is known in {bill.prices.region}")
    dearer = write_units(item) - write_units(keys)
    if dearer <= 0:
        return Good(message=f"a whole copy of {size(item)} in index {store.index} takes no more to write than the keys alone")
    cheaper = read_units(keys)  # the keys and then the item, less the item
    break_even = dearer * write_usd / (cheaper * read_usd)
    users = workload.users_now if bill.users is None else bill.users
    ratio = None if users is None else _lookups_a_write(workload, store, users)
    if ratio is not None and ratio >= break_even:
        return Good(
            message=f"the whole copy in index {store.index} pays: {counted(ratio, 'lookup')} for each write, against "
            f"{count(break_even)} to break even"
        )
    now = "how many there are is not known" if ratio is None else f"the declared patterns make {count(ratio)}"
    return Problem(
        message=f"a whole copy of {size(item)} pays from {counted(break_even, 'lookup')} for each write on, and {now}",
        fix="use an index with KEYS_ONLY and read the item from the table after each lookup, where they stay far fewer",
        evidence={
            "item_bytes": item,
            "key_bytes": round(float(keys), 1),
            "write_units_more": float(dearer),
            "read_units_less": float(cheaper),
            "break_even_lookups_a_write": round(float(break_even), 1),
            "lookups_a_write": None if ratio is None else round(float(ratio), 2),
        },
        index=store.index,
        current=f"projection ALL: {counted(write_units(item), 'write unit')} for each write of an entry",
        benefit=f"{counted(dearer, 'write unit')} less for each write, {counted(cheaper, 'read unit')} more for each lookup",
        migration="a projection cannot be changed: add the narrower index, switch the queries when it is ACTIVE, then remove the old one; "
        "each lookup is then two requests",
        effort="hours",
    )


def _lookups_a_write(workload: Workload, store: Store, users: int) -> Decimal | None:
    """Declared lookups for each write of an entry; None: not declared, measured instead, or without writes."""
    kinds = ("reads", "writes")
    if any((store.index, kind) in workload.flows for kind in kinds):
        return None
    lookups = writes = Decimal(0)
    for call in workload.calls:
        reads_it = call.index == store.index and call.pattern.is_read
        if call.pattern.is_read and not reads_it:
            continue
        calls = (call.a_user_day or 0) * workload.active * users + (call.a_day or 0)
        units = Decimal(1) if reads_it else call_units(workload, call, store, "writes", users)
        if isinstance(units, str) or units is None or not call.is_declared:
            return None
        if reads_it:
            lookups += calls
        else:
            writes += calls * units / write_units(store.size_bytes or 0)
    return lookups / writes if writes else None
