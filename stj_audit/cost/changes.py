"""
What a table is after a change: a workload becomes another one, and what the change saves is the difference of the two bills.

None stands for "cannot be told": a size, a pattern or a measured series that the change depends on is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from stj_audit.cost.auto_scaling import Policy
from stj_audit.cost.lines import STORAGE, depends_on_class
from stj_audit.cost.units import read_units, write_units
from stj_audit.cost.workload import (
    KINDS,
    Amount,
    Attribute,
    Call,
    Capacity,
    Cost,
    Flow,
    Key,
    Other,
    Store,
    Workload,
    added,
    attributes_read,
    constant,
    held_against,
    holds,
)
from stj_audit.facts import MAX_ITEM_BYTES, BillingMode
from stj_audit.results import (
    Change,
    CompressAttribute,
    MergeIndex,
    NarrowIndex,
    RemoveIndex,
    RemoveTable,
    SplitAttribute,
    UseBillingMode,
    UseTableClass,
    WidenIndex,
)
from stj_audit.sizing import text_size

ALARMS_A_POLICY = 4  # Application Auto Scaling makes so many for each policy of DynamoDB: two on the load, two on the capacity
NOTHING = constant(Decimal(0))


def apply(workload: Workload, change: Change) -> Workload | None:
    """The workload after `change`; None when what the change depends on is not known, or is not there."""
    after = _changed(workload, change)
    return None if after is None else replace(after, origin=workload)


def _changed(workload: Workload, change: Change) -> Workload | None:  # noqa: PLR0911 - one arm for each change
    match change:
        case RemoveTable():
            return _without_table(workload)
        case RemoveIndex(index=index):
            return _without_index(workload, index)
        case MergeIndex(index=index, into=into):
            return _merged(workload, index, into)
        case UseTableClass(table_class=table_class):
            annexes = tuple(replace(annex, table_class=table_class) for annex in workload.annexes)
            return replace(workload, table_class=table_class, annexes=annexes)
        case UseBillingMode(billing_mode=mode):
            return _in_mode(workload, mode)
        case NarrowIndex(index=index, attributes=attributes):
            return _narrowed(workload, index, attributes)
        case WidenIndex(index=index, attributes=attributes):
            return _widened(workload, index, attributes)
        case SplitAttribute(attribute=attribute):
            return _split(workload, attribute)
        case CompressAttribute(attribute=attribute):
            return _compressed(workload, attribute)


def is_known(change: Change, before: Sequence[Cost], after: Sequence[Cost]) -> bool:
    """Whether every amount is known that the saving of `change` depends on."""
    match change:
        case RemoveTable():
            return any(usd is not None for component, _, usd in before if component != "backup")
        case RemoveIndex(index=index) | MergeIndex(index=index):
            return any(usd is not None for _, of, usd in before if of == index)
        case NarrowIndex(index=index):
            touched = [cost for cost in before if cost[1] == index]
            writes = any(component.endswith("writes") for component, _, _ in touched)
            return writes and all(usd is not None for _, of, usd in (*touched, *after) if of == index)
        case WidenIndex(index=index):
            touched = [cost for cost in (*before, *after) if cost[1] == index or cost[0] == "reads"]
            writes = any(component.endswith("writes") for component, of, _ in touched if of == index)
            return writes and all(usd is not None for _, _, usd in touched)
        case UseBillingMode():
            moved = (cost for cost in (*before, *after) if cost[0] not in STORAGE)  # storage costs the same in both
            return all(usd is not None for component, _, usd in moved if depends_on_class(component))
        case _:
            return all(usd is not None for component, _, usd in (*before, *after) if depends_on_class(component))


# ------------------------------------------------------------------------------------------------------ tables and indexes


def _without_table(workload: Workload) -> Workload:
    return replace(
        workload,
        table=replace(workload.table, count=NOTHING),
        indexes=(),
        provisioned=False,
        calls=(),
        flows={},
        pitr=False,
        pitr_note="",
        others=tuple(other for other in workload.others if other.component == "backup"),  # they outlive their table
        replicas=(),
        annexes=(),
    )


def _without_index(workload: Workload, index: str) -> Workload | None:
    if workload.store(index) is None:
        return None
    return replace(
        workload,
        indexes=tuple(store for store in workload.indexes if store.index != index),
        calls=tuple(call for call in workload.calls if call.index != index),
        flows=_without(workload.flows, index),
        capacity={key: capacity for key, capacity in workload.capacity.items() if key[0] != index},
    )


def _without(flows: Mapping[Key, Flow], index: str) -> dict[Key, Flow]:
    return {key: flow for key, flow in flows.items() if key[0] != index}


def _merged(workload: Workload, index: str, into: str | None) -> Workload | None:
    """Its reads go to the other; where that holds larger entries, they read more: at most by the ratio of the sizes."""
    source, target = workload.store(index), workload.store(into)
    if source is None or target is None or into == index:
        return None
    calls = tuple(_sent(call, into, target, workload.table) if call.index == index else call for call in workload.calls)
    moved = replace(workload, calls=calls)
    left = _without_index(moved, index)
    reads = workload.flows.get((index, "reads"))
    if left is None or reads is None or reads.units.today == 0:
        return left
    if source.mean_bytes is None or target.mean_bytes is None:
        return None
    ratio = max(target.mean_bytes / source.mean_bytes, Decimal(1)) if source.mean_bytes else Decimal(1)
    return _with_more_reads(left, into, reads.units.times(ratio))


def _with_more_reads(workload: Workload, index: str | None, more: Amount) -> Workload:
    """The same, with so many more read units a month of the table or an index."""
    flow = workload.flows.get((index, "reads"))
    if flow is None:
        component = "reads" if index is None else "index-reads"
        return replace(workload, others=(*workload.others, Other(component=component, amount=more)))
    return replace(workload, flows={**workload.flows, (index, "reads"): replace(flow, units=added(flow.units, more))})


def _narrowed(workload: Workload, index: str, attributes: tuple[str, ...] | None) -> Workload | None:
    store = workload.store(index)
    if store is None or store.local or workload.provisioned:
        return None
    return _narrowed_at_best(workload, store) if attributes is None else _narrowed_to(workload, store, attributes)


def _narrowed_at_best(workload: Workload, store: Store) -> Workload | None:
    """The index is no longer written and stores nothing; each of its reads is followed by one from the table."""
    key: Key = (store.index, "writes")
    reads = workload.flows.get((store.index, "reads"))
    narrow = replace(
        workload,
        indexes=tuple(replace(one, count=NOTHING) if one is store else one for one in workload.indexes),
        flows={**workload.flows, key: Flow(units=NOTHING)},
        calls=tuple(replace(call, fetches=True) if call.index == store.index else call for call in workload.calls),
    )
    return narrow if reads is None else _with_more_reads(narrow, None, reads.units)


def _narrowed_to(workload: Workload, store: Store, attributes: tuple[str, ...]) -> Workload | None:
    """The index holds the keys and `attributes`: as the patterns read it, and by the sizes of the attributes."""
    if not workload.calls or (store.index, "writes") in workload.flows or (store.index, "reads") in workload.flows:
        return None
    needed = attributes_read(workload, store)
    if needed is None or not set(needed) <= set(attributes):
        return None
    size = held_bytes(workload, store.key, attributes)
    if size is None or (store.mean_bytes is not None and size > store.mean_bytes):
        return None
    narrow = replace(
        store, projection="INCLUDE" if attributes else "KEYS_ONLY", attributes=attributes, mean_bytes=size, note=store.note
    )
    return replace(workload, indexes=tuple(narrow if one is store else one for one in workload.indexes))


def _widened(workload: Workload, index: str, attributes: tuple[str, ...]) -> Workload | None:
    """The index holds `attributes` too: calls that then find in it all they read fetch nothing more from the table."""
    store = workload.store(index)
    keys = ((index, "writes"), (index, "reads"), (None, "reads"))
    if (
        store is None
        or store.local
        or store.projection == "ALL"
        or workload.provisioned
        or any(key in workload.flows for key in keys)
    ):
        return None
    held = tuple(dict.fromkeys((*store.attributes, *attributes)))
    narrow, wide = held_bytes(workload, store.key, store.attributes), held_bytes(workload, store.key, held)
    if narrow is None or wide is None or store.mean_bytes is None:
        return None
    larger = replace(store, projection="INCLUDE", attributes=held, mean_bytes=store.mean_bytes + max(wide - narrow, Decimal(0)))
    return replace(
        workload,
        indexes=tuple(larger if one is store else one for one in workload.indexes),
        calls=tuple(_sent(call, index, larger, workload.table) if call.index == index else call for call in workload.calls),
    )


def _sent(call: Call, index: str | None, store: Store, table: Store) -> Call:
    """The call to another index, or to one that has changed: a call that fetches goes on doing so only for what is not there."""
    lacks = call.fetches and index is not None and any(not holds(store, table, name) for name in call.pattern.reads)
    return replace(call, index=index, fetches=lacks)


def held_bytes(workload: Workload, index_key: tuple[str, ...], attributes: tuple[str, ...]) -> Decimal | None:
    """
    Mean bytes of an index entry that holds the keys and `attributes`; None: a size is not known. Every entry has the keys.

    Attributes of unknown size are together at most what the known ones leave of the item: so much is taken, that no saving is too large.
    """
    if not workload.table.key or workload.table.mean_bytes is None:
        return None
    keys = tuple(dict.fromkeys((*workload.table.key, *index_key)))
    sizes = workload.attributes
    known = sum((sizes[name].present_bytes for name in keys if name in sizes), Decimal(0))
    known += sum((sizes[name].mean_bytes for name in attributes if name in sizes), Decimal(0))
    if all(name in sizes for name in (*keys, *attributes)):
        return known
    rest = workload.table.mean_bytes - sum((one.mean_bytes for one in sizes.values()), Decimal(0))
    return known + max(rest, Decimal(0))


# ------------------------------------------------------------------------------------------------------------ attributes


def _is_key(workload: Workload, attribute: str) -> bool:
    return any(attribute in store.key for store in workload.stores)


def _smaller(workload: Workload, attribute: str, by_bytes: Decimal) -> tuple[Store, tuple[Store, ...]]:
    """Table and indexes when the attribute takes so much less of a mean item."""

    def of(store: Store) -> Store:
        if store.mean_bytes is None or not holds(store, workload.table, attribute):
            return store
        return replace(store, mean_bytes=max(store.mean_bytes - by_bytes, Decimal(0)))

    return of(workload.table), tuple(of(store) for store in workload.indexes)


def _compressed(workload: Workload, attribute: str) -> Workload | None:
    found = workload.attributes.get(attribute)
    if found is None or found.compresses_to is None or _is_key(workload, attribute) or workload.table.mean_bytes is None:
        return None
    share = found.mean_bytes / found.present_bytes
    saved = compression_saves(attribute, found)
    table, indexes = _smaller(workload, attribute, saved)
    smaller = replace(
        found,
        mean_bytes=found.mean_bytes - saved,
        present_bytes=found.present_bytes - saved / share,
        compresses_to=None,
    )
    return replace(
        workload,
        table=table,
        indexes=indexes,
        attributes={**workload.attributes, attribute: smaller},
        flows=scaled_flows(workload, (table, *indexes)),
    )


def compression_saves(name: str, attribute: Attribute) -> Decimal:
    """Bytes of a mean item that compressing an attribute saves: its name stays as it is. 0 where it was not measured."""
    if attribute.compresses_to is None:
        return Decimal(0)
    name_bytes = text_size(name) * attribute.mean_bytes / attribute.present_bytes
    return (attribute.mean_bytes - name_bytes) * (1 - attribute.compresses_to)


def scaled_flows(workload: Workload, after: tuple[Store, ...]) -> dict[Key, Flow]:
    """Measured flows, by the units that the mean item takes before and after: what is known of them without patterns."""
    flows = dict(workload.flows)
    for then, now in zip(after, workload.stores, strict=True):
        if now.size_bytes is None or then.size_bytes is None:
            continue
        for kind in KINDS:
            flow = flows.get((now.index, kind))
            if flow is not None:
                units = read_units if kind == "reads" else write_units
                flows[now.index, kind] = replace(flow, units=flow.units.times(units(then.size_bytes) / units(now.size_bytes)))
    return flows


def _split(workload: Workload, attribute: str) -> Workload | None:
    """
    The attribute in a table of its own, an item for each item that has it. A pattern that reads it reads there too, one by one; one that
    sets nothing else writes only there. Patterns that do not say what they read or set are taken to need both.
    """
    found = workload.attributes.get(attribute)
    if found is None or not workload.calls or workload.provisioned or _is_key(workload, attribute):
        return None
    if workload.table.mean_bytes is None or found.mean_bytes >= workload.table.mean_bytes:
        return None
    if any((None, kind) in workload.flows for kind in KINDS):
        return None
    keys = held_bytes(workload, (), ())
    if keys is None:
        return None
    table, indexes = _smaller(workload, attribute, found.mean_bytes)
    stay, moved = [], []
    for call in workload.calls:
        alone, both = _needs(workload, call, attribute)
        if not alone:
            stay.append(call)
        if alone or both:
            factor = workload.factors.get(held_against(workload, call))
            moved.append(replace(call, index=None, fetches=call.pattern.is_read, factor=factor))
    size = min(keys + found.present_bytes, Decimal(MAX_ITEM_BYTES))
    annex = Workload(
        name=f"{workload.name} ({attribute})",
        table_class=workload.table_class,
        table=Store(
            key=workload.table.key, count=workload.table.count.times(found.mean_bytes / found.present_bytes), mean_bytes=size
        ),
        overhead_bytes=workload.overhead_bytes,
        calls=tuple(moved),
        days=workload.days,
        measured_days=workload.measured_days,
        active=workload.active,
        users_now=workload.users_now,
        pitr=workload.pitr,
        replicas=workload.replicas,
    )
    indexes = tuple(_without_attribute(store, attribute) for store in indexes)
    attributes: dict[str, Attribute] = {name: one for name, one in workload.attributes.items() if name != attribute}
    return replace(
        workload, table=table, indexes=indexes, attributes=attributes, calls=tuple(stay), annexes=(*workload.annexes, annex)
    )


def _without_attribute(store: Store, attribute: str) -> Store:
    """An index that no longer includes the attribute, and so is not written for it."""
    if attribute not in store.attributes:
        return store
    left = tuple(name for name in store.attributes if name != attribute)
    return replace(store, attributes=left, projection="INCLUDE" if left else "KEYS_ONLY")


def _needs(workload: Workload, call: Call, attribute: str) -> tuple[bool, bool]:
    """(only the attribute, also the attribute) of what a call reads or writes."""
    pattern = call.pattern
    if pattern.is_read:
        read = workload.store(call.index)
        if read is not None and not call.fetches and not holds(read, workload.table, attribute):
            return False, False
        return False, not pattern.reads or attribute in pattern.reads
    if pattern.op not in ("UpdateItem", "TransactWriteItems") or not pattern.sets:
        return False, True
    return set(pattern.sets) == {attribute}, attribute in pattern.sets


# --------------------------------------------------------------------------------------------------------- capacity mode


def _in_mode(workload: Workload, mode: BillingMode) -> Workload | None:
    if mode == "PAY_PER_REQUEST":
        kept = tuple(other for other in workload.others if other.component != "alarms")
        return replace(workload, provisioned=False, others=kept) if workload.provisioned else None
    if workload.provisioned or workload.annexes:
        return None
    capacity: dict[Key, Capacity] = {}
    for index in workload.metered:
        for kind in KINDS:
            idle = not sum(workload.series.get((index, kind), ()))
            if idle and not _is_idle(workload, (index, kind)):
                return None  # there is something to serve, and nothing was measured whose shape could be replayed
            policy = Policy()
            units = Decimal(policy.min_units) if idle else None
            capacity[index, kind] = Capacity(
                units=units, basis="simulated", note=SIMULATED, policy=None if idle else policy, replayed=not idle
            )
    alarms = Other(
        component="alarms",
        amount=constant(Decimal(len(capacity) * ALARMS_A_POLICY)),
        basis="assumed",
        note="those that auto scaling makes",
    )
    return replace(workload, provisioned=True, capacity=capacity, others=(*workload.others, alarms))


SIMULATED = "auto scaling at 70 %, replayed over the measured traffic"


def _is_idle(workload: Workload, key: Key) -> bool:
    flow = workload.flows.get(key)
    if flow is not None:
        return flow.units.today == 0
    index, kind = key
    # what is read over a local index, or fetched for another, is read from the capacity of the table
    stores = (store for store in workload.stores if store.index == index or (index is None and store.local))
    return not any(workload.calls_to[store.index, kind] for store in stores)
