"""A declared table as a workload: every size and request is as declared; what is left out is not known."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from stj_audit.config import Model, TableModel
from stj_audit.cost.changes import scaled_flows
from stj_audit.cost.units import read_units, write_units
from stj_audit.cost.workload import (
    Amount,
    Attribute,
    Call,
    Capacity,
    Flow,
    Key,
    Store,
    Workload,
    constant,
    holds,
    share_of,
)
from stj_audit.design import Growth, IndexModel
from stj_audit.facts import MAX_ITEM_BYTES

NO_SIZE = "`item_bytes` is not declared"
NO_COUNT = "neither `items` nor `items_per_user` is declared"
NO_PATTERN = "no pattern is declared"
UNKNOWN = Amount(today=None)


def declared_workload(name: str, table: TableModel, model: Model) -> Workload:
    """The workload of a table that is declared as a whole. `model` says how many users there are now, and of days."""
    users_now = model.users_now
    store = table_store(table, users_now)
    indexes = tuple(index_store(table, index, store) for index in table.index)
    provisioned = table.billing_mode == "PROVISIONED"
    return Workload(
        name=name,
        table_class=table.table_class or "STANDARD",
        provisioned=provisioned,
        table=store,
        indexes=indexes,
        attributes=attributes(table),
        calls=tuple(Call(pattern=pattern, index=pattern.index) for pattern in table.pattern),
        days=Decimal(model.days),
        active=Decimal(model.active),
        flows={} if table.pattern else plain_flows(table, model, store, indexes),
        capacity=declared_capacity(table) if provisioned else {},
        users_now=users_now,
        pitr=bool(table.pitr),
    )


def table_store(table: TableModel, users_now: int | None) -> Store:
    """The items of a table as declared."""
    count = declared_count(table, users_now)
    size = None if table.item_bytes is None else Decimal(table.item_bytes)
    return Store(key=table.key, count=count or UNKNOWN, mean_bytes=size, note=NO_COUNT if count is None else NO_SIZE)


def declared_count(table: TableModel, users_now: int | None) -> Amount | None:
    """How many items there are; None: not declared."""
    if table.items is not None:
        return constant(Decimal(table.items))
    if table.items_per_user is None:
        return None
    each = Decimal(table.items_per_user)
    return Amount(today=None if users_now is None else each * users_now, each_user=each)


def index_store(table: TableModel, index: IndexModel, store: Store) -> Store:
    """The entries of a declared index of a table whose items are in `store`."""
    size = entry_bytes(table, index, store)
    return Store(
        index=index.name,
        key=index.key,
        projection=index.projection,
        attributes=index.attributes,
        count=store.count.times(Decimal(index.share)),
        mean_bytes=size,
        note=NO_COUNT if store.count is UNKNOWN else _no_entry_size(table, index, store),
    )


def entry_bytes(table: TableModel, index: IndexModel, store: Store) -> Decimal | None:
    """Bytes of an entry: as declared, else the item (ALL) or the sum of what the index holds; None: not declared."""
    if index.entry_bytes is not None:
        return Decimal(index.entry_bytes)
    if index.projection == "ALL":
        return store.mean_bytes
    held = {*store.key, *index.key, *index.attributes}
    if not store.key or not held <= table.attributes.keys():
        return None
    return Decimal(sum(table.attributes[name] for name in held))


def _no_entry_size(table: TableModel, index: IndexModel, store: Store) -> str:
    if index.projection == "ALL":
        return NO_SIZE
    missing = sorted({*store.key, *index.key, *index.attributes} - table.attributes.keys())
    wanted = "the key of the table" if not store.key else f"the sizes of {', '.join(missing)}"
    return f"`entry_bytes` is not declared, nor {wanted} to compute it from"


def attributes(table: TableModel) -> Mapping[str, Attribute]:
    """The declared sizes of attributes."""
    return {
        name: Attribute(mean_bytes=Decimal(size), present_bytes=Decimal(size), basis="declared")
        for name, size in table.attributes.items()
    }


def plain_flows(table: TableModel, model: Model, store: Store, indexes: tuple[Store, ...]) -> dict[Key, Flow]:
    """
    Requests that are declared without patterns: eventually consistent reads of a mean item, and writes of a mean item, which touch every
    index that projects ALL, and no other.
    """
    user_days = Decimal(model.active) * model.days
    reads, writes = table.reads_per_user_day, table.writes_per_user_day
    size = store.size_bytes

    def flow(calls: int | Decimal | None, units: Decimal | None) -> Flow:
        if calls is None:
            return Flow(units=UNKNOWN, basis="declared", note=NO_PATTERN if reads is writes is None else "not declared")
        if units is None:
            return Flow(units=UNKNOWN, basis="declared", note=store.note or NO_SIZE)
        each = Decimal(calls) * units * user_days
        today = None if model.users_now is None else each * model.users_now
        return Flow(units=Amount(today=today, each_user=each), basis="declared")

    flows: dict[Key, Flow] = {
        (None, "reads"): flow(reads, None if size is None else read_units(size)),
        (None, "writes"): flow(writes, None if size is None else write_units(size)),
    }
    for index in indexes if reads is writes is None else ():
        flows[index.index, "reads"] = flows[index.index, "writes"] = flow(None, None)
    for index in indexes:
        if index.projection == "ALL" and writes is not None:
            entry = index.size_bytes
            share = share_of(index, store)
            flows[index.index, "writes"] = flow(writes, None if entry is None else write_units(entry) * share)
    return flows


def declared_capacity(table: TableModel) -> dict[Key, Capacity]:
    """Provisioned units as declared: they stay, whether or not they are enough for the requests."""
    capacity: dict[Key, Capacity] = {}
    for name, rcu, wcu in ((None, table.rcu, table.wcu), *((index.name, index.rcu, index.wcu) for index in table.index)):
        capacity[name, "reads"] = _capacity("rcu", rcu)
        capacity[name, "writes"] = _capacity("wcu", wcu)
    return capacity


def _capacity(key: str, units: int | Decimal | None) -> Capacity:
    known = None if units is None else Decimal(units)
    return Capacity(units=known, basis="declared", note="" if known is not None else f"`{key}` is not declared")


def grown(workload: Workload, growth: tuple[Growth, ...], *, days: int, users: int) -> Workload | None:
    """
    The workload of `users` users when its items have grown for so many days as declared; None where it is not known how many items share it.

    Replaced values do not grow. An index grows with the attributes that it holds. No item outgrows the limit of 400 KB. Requests without
    patterns grow by the units that a mean item takes before and after.
    """
    items = workload.table.count.at(users)
    if not items or workload.table.mean_bytes is None:
        return None
    more: dict[str, Decimal] = {}
    for one in growth:
        if one.mode == "append":
            added = Decimal(one.bytes) * Decimal(one.per_user_day) * workload.active * users * days / items
            more[one.attribute] = more.get(one.attribute, Decimal(0)) + added

    def of(store: Store) -> Store:
        if store.mean_bytes is None:
            return store
        added = sum((size for name, size in more.items() if holds(store, workload.table, name)), Decimal(0))
        return replace(store, mean_bytes=min(store.mean_bytes + added, Decimal(MAX_ITEM_BYTES)))

    table, indexes = of(workload.table), tuple(map(of, workload.indexes))
    return replace(workload, table=table, indexes=indexes, flows=scaled_flows(workload, (table, *indexes)), origin=workload)
