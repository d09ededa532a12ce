"""
All items with one partition key value share 3,000 read and 1,000 write units a second, whatever capacity the table has. Where a table or an
index has only a few values, the users all come to the same ones, and some number of users is the most that such a key can carry.

What is counted: the read and write units a second that the declared patterns take of each table or index whose partition key has at most 20
values, or one with half of the entries, at the peak, times the part that goes to the most frequent value. That part is taken to be its share
of the items; but a call that reads more than all other values have together can only be of the most frequent one, and is counted whole. A
query that reads a share of all users takes more with every user, so its load grows with their square. Keys that grow with the users, such as
a customer id, are not judged: there are as many of them as users.

Wrong when DynamoDB splits the value's items by sort key, which it may do where there is no local secondary index; one single item is never
split. Wrong too when a cache stands before the table, or when the calls spread in another way than the items.
Source: AWS developer guide, "Best practices for designing and using partition keys effectively"; "DynamoDB burst and adaptive capacity".

Fix: spread the load over more values: a second attribute or a shard suffix in the key, a limit on what one query reads, a cache for reads.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.low_cardinality_index_key import (
    ENOUGH_ENTRIES,
    FEW_VALUES,
    NOT_SPREAD,
    SECONDS_PER_DAY,
    TOP_SHARE,
    hides_spread,
)
from stj_audit.config import Scale, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.peaks import first_users
from stj_audit.cost.workload import KINDS, NO_USERS, Call, Kind, Store, Workload, call_units
from stj_audit.facts import PARTITION_READ_UNITS, PARTITION_WRITE_UNITS, ItemSizes, KeyCardinality, Table, Unknown
from stj_audit.items.told import is_thin
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, percent, printable, resource

LIMITS: dict[Kind, int] = {"reads": PARTITION_READ_UNITS, "writes": PARTITION_WRITE_UNITS}
SEVERITY_FROM = (  # share of the limit at the users that are judged: three times over it no burst or luck helps, a tenth is in sight
    (Decimal(3), Severity.CRITICAL),
    (Decimal(1), Severity.HIGH),
    (Decimal("0.5"), Severity.MEDIUM),
    (Decimal("0.1"), Severity.LOW),
)


@check("One key value carries too much", Category.SCALABILITY, Severity.HIGH, code="SCL-01")
def hot_key_outgrown(
    table: Table, items: ItemSizes | Unknown, declared: TableModel, bill: TableBill, scale: Scale
) -> Iterator[Said]:
    if not declared.pattern:
        yield NotApplicable(reason="no access pattern is declared")
        return
    if not bill.workload.calls:
        yield Unknown(call="dynamodb:DescribeTable", reason=NO_USERS)
        return
    if isinstance(items, Unknown):
        yield items
        return
    judged = False
    for index in (None, *(index.name for index in table.global_indexes)):
        for said in _judged(table, index, items, bill, scale):
            judged = True
            yield said
    if not judged:
        yield NotApplicable(reason="no key of the table or of an index has few values")


def _judged(table: Table, index: str | None, items: ItemSizes, bill: TableBill, scale: Scale) -> Iterator[Said]:
    workload = bill.workload
    stores = [store for store in workload.stores if store.index == index or (index is None and store.local)]
    if not any(_touches(call, store) for call in workload.calls for store in stores):
        return
    values = items.key_cardinality(index)
    if values is None:
        yield Unknown(call="dynamodb:Scan", reason=f"the key values of {resource(index)} were not counted")
        return
    few = _is_few(table, values, items, scale.users_now)
    if isinstance(few, Unknown):
        yield few
    elif not few:
        return
    elif values.top_share is None:
        yield Unknown(call="dynamodb:Scan", reason=f"the most frequent key value of {resource(index)} is not known")
    else:
        for kind in KINDS:
            yield from _of_kind(table, values, items, values.top_share, workload=workload, stores=stores, kind=kind, scale=scale)


def _touches(call: Call, store: Store) -> bool:
    return not call.pattern.is_read or call.index == store.index or (call.fetches and store.index is None)


def _is_few(table: Table, values: KeyCardinality, items: ItemSizes, users_now: int | None) -> bool | Unknown:
    """Few values, or one with half of the entries, where more users bring no more values."""
    few = values.distinct is not None and values.distinct <= FEW_VALUES
    heavy = values.top_share is not None and values.top_share >= TOP_SHARE
    if not (few or heavy):
        return False
    if values.index is not None and hides_spread(table, items):
        return Unknown(call="dynamodb:Scan", reason=NOT_SPREAD.format(index=values.index))
    if values.index is not None:
        return values.items >= ENOUGH_ENTRIES  # any few entries have few values
    if items.coverage == "sample":
        return Unknown(
            call="dynamodb:Scan", reason="only a sample of the items was read, which cannot show that there are few keys"
        )
    if users_now is None:
        return Unknown(call="dynamodb:DescribeTable", reason=NO_USERS)
    return values.distinct is None or values.distinct < users_now  # a table of a few users has few keys too


def _load(workload: Workload, stores: Sequence[Store], kind: Kind, top_share: Decimal, users: int) -> Decimal | str:
    """Units a second, on average over a day, of the most frequent value; a sentence: why they are not known."""
    units_a_day = Decimal(0)
    for store in stores:
        factor = workload.factors.get((None if store.local else store.index, kind), Decimal(1))
        for call in workload.calls:
            units = call_units(workload, call, store, kind, users)
            if isinstance(units, str):
                return units
            if not units:
                continue
            if not call.is_declared:
                return f"`calls` of pattern {call.pattern.name!r} is not declared"
            calls = (call.a_user_day or 0) * workload.active * users + (call.a_day or 0)
            units_a_day += units * calls * factor * _part(call, store, top_share, users)
    return units_a_day / SECONDS_PER_DAY


def _part(call: Call, store: Store, top_share: Decimal, users: int) -> Decimal:
    """The part of the units of a call that goes to the most frequent value."""
    entries = store.count.at(users)
    if not call.pattern.grows_faster or entries is None:
        return top_share
    return Decimal(1) if Decimal(call.pattern.items_at(users)) > (1 - top_share) * entries else top_share


def _of_kind(
    table: Table,
    values: KeyCardinality,
    items: ItemSizes,
    top_share: Decimal,
    *,
    workload: Workload,
    stores: Sequence[Store],
    kind: Kind,
    scale: Scale,
) -> Iterator[Said]:
    index, limit, users = values.index, LIMITS[kind], scale.target_users

    def share(number: int) -> Decimal | str:
        load = _load(workload, stores, kind, top_share, number)
        return load if isinstance(load, str) else load * scale.peak_factor / limit

    at_target = share(users)
    if isinstance(at_target, str):
        yield Unknown(call="cloudwatch:GetMetricData", reason=f"{kind} of {resource(index)}: {at_target}")
        return
    if not at_target:
        return
    max_users = first_users(lambda number: not isinstance(found := share(number), str) and found >= 1)
    if max_users is not None:
        what = f"the {count(limit)} {kind[:-1]} units a second of one value of {_key(table, index)}"
        yield Limit(what=what, users=max_users, index=index)
    severity = next((severity for least, severity in SEVERITY_FROM if at_target >= least), None)
    key = _key(table, index)
    what = f"the most frequent value of {key} takes {percent(at_target)} of the {count(limit)} {kind[:-1]} units a second that one value can"
    if severity is None:
        yield Good(message=f"with {counted(users, 'user')} {what}")
        return
    reached = "" if max_users is None else f"; the limit is reached at {counted(max_users, 'user')}"
    number = f"{counted(values.distinct, 'value')}, the" if values.distinct is not None else "a"
    yield Problem(
        message=f"with {counted(users, 'user')} at the peak {what}{reached}",
        fix=f"spread the load over more values than {key} has: a second attribute or a shard suffix in the key, a limit on what one query "
        "reads, or a cache for reads",
        evidence={
            "users": users,
            "kind": kind,
            "units_a_second": round(float(at_target * limit), 3),
            "share_of_limit": round(float(at_target), 4),
            "top_share": round(float(top_share), 4),
            "distinct_values": values.distinct,
            "max_users": max_users,
        },
        severity=min(severity, Severity.LOW) if is_thin(items) else severity,
        index=index,
        subject=kind,
        current=f"{key} has {number} most frequent with {percent(top_share)} of {counted(values.items, 'entry', 'entries')}"
        + (" in a sample" if items.coverage == "sample" else ""),
        benefit="the number of users is no longer bounded by one key value",
        migration="a key cannot be changed: add an index, or a table, with the new one, switch the queries, then remove the old one; a limit "
        "or a cache needs no change of the table",
        effort="days",
        matters_from_users=None if max_users is None or max_users <= (scale.users_now or 0) else max_users,
    )


def _key(table: Table, index: str | None) -> str:
    source = next((one for one in table.indexes if one.name == index), table)
    return " with ".join(printable(name) for name in source.hash_attributes)
