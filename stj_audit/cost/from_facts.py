"""
A table that was read as a workload: as it is today, and as it will be at any user count.

Today's is what was measured, and nothing else: item sizes and index entries, CloudWatch's consumed units over the covered days, the capacity
that auto scaling kept. In the projection what is declared takes the place of what was measured, and declared patterns say what the requests
are: their units are counted at today's users, held against what CloudWatch measured, and the factor between the two multiplies them at every
user count. Requests that no pattern explains, and those of tables without patterns, follow the users in step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from msgspec import structs

from stj_audit.config import Model, TableModel
from stj_audit.cost.auto_scaling import Policy
from stj_audit.cost.from_model import (
    attributes as declared_attributes,
)
from stj_audit.cost.from_model import (
    declared_capacity,
    declared_count,
    entry_bytes,
    index_store,
    plain_flows,
)
from stj_audit.cost.lines import DAYS_PER_MONTH, GB
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import (
    KINDS,
    Abroad,
    Amount,
    Attribute,
    Call,
    Capacity,
    Flow,
    Key,
    Kind,
    Other,
    Store,
    Workload,
    constant,
    holds,
    in_step,
    request_units,
    share_of,
)
from stj_audit.design import IndexModel, IndexShape, Pattern, Projection, contradiction, finds, undeclared_index
from stj_audit.facts import BILLED_OVERHEAD_BYTES, DYNAMIC_ATTRIBUTES, Index, ItemSizes, Table, TableFacts, Traffic, Unknown
from stj_audit.facts import Flow as Measured
from stj_audit.report import Calibration
from stj_audit.wording import days_of

GLOBAL_TABLE_OVERHEAD_BYTES = 48  # AWS developer guide, "DynamoDB Item sizes and formats": for each item of a global table
COUNTED_AFTER_DAYS = Decimal("0.25")  # AWS API reference, DescribeTable: sizes and counts are updated about every six hours
CALIBRATE_FROM_DAYS = 7  # fewer days do not show a week's rhythm
IN_RANGE = (Decimal("0.5"), Decimal(2))  # outside it the patterns are wrong, not a little off
SCALING_ALARMS = "TargetTracking-table/"  # how Application Auto Scaling names the alarms it makes for DynamoDB
FACTOR_STEP = Decimal("0.0001")
INCOMPLETE = "the patterns are incomplete here: measured, in step with the users"
UNEXPLAINED = "no declared pattern explains it: measured, in step with the users"
NO_DATAPOINT = "CloudWatch has no datapoint"
DECLARED = "declared"
NOT_DECLARED = "no pattern is declared"
NO_CAPACITY = "the provisioned capacity is not known"


def today(facts: TableFacts, model: TableModel, general: Model, *, users_now: int | None) -> Workload:
    """The table as it was measured. What is declared is looked at only for requests where there is no measured traffic."""
    base = _measured(facts, grows=model.items is None, users_now=users_now, general=general)
    base = replace(base, others=_others(facts, model, users_now))
    if isinstance(facts.traffic, Unknown) and _declares_requests(model):
        base = _with_declared_requests(base, facts.table, model, general)
    else:
        base = replace(base, flows=_flows(facts, users_now))
    return base if facts.table.defined_in is None else _nothing_measured(base)


def _nothing_measured(workload: Workload) -> Workload:
    """Of a table that is not there yet all is declared: what the bill of one that is there rests on was measured."""
    return replace(
        workload,
        table=replace(workload.table, basis=DECLARED),
        indexes=tuple(replace(one, basis=DECLARED) for one in workload.indexes),
        attributes={name: replace(one, basis=DECLARED) for name, one in workload.attributes.items()},
        flows={key: replace(one, basis=DECLARED) for key, one in workload.flows.items()},
        capacity={key: replace(one, basis=DECLARED) for key, one in workload.capacity.items()},
    )


def projected(
    facts: TableFacts, model: TableModel, general: Model, *, users_now: int | None
) -> tuple[Workload, tuple[Calibration, ...]]:
    """The table at any user count, and how the declared patterns compare with what was measured."""
    now = today(facts, model, general, users_now=users_now)
    changed = _overridden(now, model, users_now)
    if not model.pattern:
        return changed, ()
    patterned = replace(changed, calls=_calls(changed, facts.table, model), flows={})
    if isinstance(facts.traffic, Unknown):
        return patterned, ()
    return _calibrated(patterned, now.flows, facts.traffic, users_now)


# ---------------------------------------------------------------------------------------------------------- what is there


def stored_bytes(facts: TableFacts) -> tuple[int, int] | None:
    """
    (items, bytes) of the table without overhead: of the items when all were read, else as DescribeTable says, else as a sample of them lets
    expect; None: not known.
    """
    stated = stated_bytes(facts)
    return _expected(facts, None) if stated is None else stated


def stored_index_bytes(facts: TableFacts, index: Index) -> tuple[int, int] | None:
    """(entries, bytes) of an index without overhead; None: not known."""
    stated = stated_index_bytes(facts, index)
    return _expected(facts, index) if stated is None else stated


def stated_bytes(facts: TableFacts) -> tuple[int, int] | None:
    """As `stored_bytes`, without what a sample lets expect."""
    items = facts.items
    if not isinstance(items, Unknown) and items.coverage == "full":
        return items.scanned, items.scanned_bytes
    seen = 0 if isinstance(items, Unknown) else items.scanned
    return _described(facts, facts.table.item_count, facts.table.size_bytes, seen=seen)


def stated_index_bytes(facts: TableFacts, index: Index) -> tuple[int, int] | None:
    """As `stored_index_bytes`, without what a sample lets expect."""
    items = facts.items
    entries = None if isinstance(items, Unknown) else items.index_entries(index.name)
    if entries is not None and not isinstance(items, Unknown) and items.coverage == "full":
        return entries.entries, entries.total_bytes
    return _described(facts, index.item_count, index.size_bytes, seen=0 if entries is None else entries.entries)


def _expected(facts: TableFacts, index: Index | None) -> tuple[int, int] | None:
    """What was read of the table or of an index, times the segments there are for each that was read; None: no sample, or not counted."""
    items = facts.items
    if isinstance(items, Unknown) or items.sample is None or not items.sample.segments:
        return None
    entries = None if index is None else items.index_entries(index.name)
    if index is not None and entries is None:
        return None
    count, size_bytes = (items.scanned, items.scanned_bytes) if entries is None else (entries.entries, entries.total_bytes)
    times = Decimal(items.sample.total_segments) / len(items.sample.segments)
    return round(count * times), round(size_bytes * times)


def _described(facts: TableFacts, count: int | None, size_bytes: int | None, *, seen: int) -> tuple[int, int] | None:
    # NOTE: items without bytes is no size but an engine that does not report sizes.
    if count is None or size_bytes is None or (count > 0 and size_bytes == 0):
        return None
    # nor is there nothing where a sample found something
    if count == 0 and seen:
        return None
    # nor is nothing in a table that is written to, and too young for AWS to have counted it
    if count == 0 and not isinstance(facts.traffic, Unknown) and facts.traffic.covered_days < COUNTED_AFTER_DAYS:
        return None if facts.traffic.table.write_units else (count, size_bytes)
    return count, size_bytes


def _measured(facts: TableFacts, *, grows: bool, users_now: int | None, general: Model) -> Workload:
    table = facts.table
    store = _store(
        stored_bytes(facts),
        expected=stated_bytes(facts) is None,
        grows=grows,
        users_now=users_now,
        note="the size of the table is not known",
    )
    indexes = tuple(
        replace(
            _store(
                stored_index_bytes(facts, index),
                expected=stated_index_bytes(facts, index) is None,
                grows=grows,
                users_now=users_now,
                note="the size of the index is not known",
            ),
            index=index.name,
            local=index.kind == "LSI",
            key=(*index.hash_attributes, *index.range_attributes),
            projection=index.projection,
            attributes=index.non_key_attributes,
        )
        for index in table.indexes
    )
    series, period = _series(facts.traffic)
    replicas = [replica.region for replica in table.replicas if replica.region != table.region]
    return Workload(
        name=table.title,
        scope=table.scope,
        table_class=table.table_class,
        provisioned=table.billing_mode == "PROVISIONED",
        table=replace(store, key=(*table.hash_attributes, *table.range_attributes)),
        indexes=indexes,
        overhead_bytes=BILLED_OVERHEAD_BYTES + (GLOBAL_TABLE_OVERHEAD_BYTES if table.replicas else 0),
        attributes=_attributes(facts.items),
        days=Decimal(general.days),
        measured_days=DAYS_PER_MONTH,
        active=Decimal(general.active),
        capacity=_capacity(facts),
        series=series,
        series_period_seconds=period,
        users_now=users_now,
        pitr=not isinstance(facts.pitr, Unknown) and facts.pitr.enabled,
        pitr_note=f"whether PITR is on is not known: {facts.pitr.reason}" if isinstance(facts.pitr, Unknown) else "",
        replicas=tuple(Abroad(region=region, prices=bundled_sheet(region)) for region in sorted(replicas)),
    )


def _store(stored: tuple[int, int] | None, *, expected: bool, grows: bool, users_now: int | None, note: str) -> Store:
    """`expected`: what is stored was taken from a sample, not measured."""
    if stored is None:
        return Store(count=Amount(today=None), mean_bytes=None, basis="measured", note=note)
    count, size_bytes = Decimal(stored[0]), Decimal(stored[1])
    return Store(
        count=in_step(count, users_now) if grows else constant(count),
        mean_bytes=size_bytes / count if count else Decimal(0),
        basis="assumed" if expected else "measured",
    )


def _attributes(items: ItemSizes | Unknown) -> Mapping[str, Attribute]:
    if isinstance(items, Unknown) or not items.scanned:
        return {}
    compressed = {one.attribute: one for one in items.compressibility if one.value_bytes}
    return {
        one.name: Attribute(
            mean_bytes=Decimal(one.total_bytes) / items.scanned,
            present_bytes=Decimal(one.total_bytes) / one.present,
            compresses_to=Decimal(compressed[one.name].compressed_bytes) / compressed[one.name].value_bytes
            if one.name in compressed
            else None,
        )
        for one in items.attributes
        if one.present and one.name != DYNAMIC_ATTRIBUTES  # nothing that could be read, moved or left out by itself
    }


def _others(facts: TableFacts, model: TableModel, users_now: int | None) -> tuple[Other, ...]:
    return (*_backups(facts), *_alarms(facts), *_streams(facts, model, users_now))


def _backups(facts: TableFacts) -> Iterable[Other]:
    found = facts.on_demand_backups
    if isinstance(found, Unknown):
        if found.is_not_deployed:
            return
        yield Other(component="backup", amount=constant(None), note=f"on-demand backups are not known: {found.reason}")
    elif found.backups:
        sizes = [backup.size_bytes for backup in found.backups if backup.size_bytes is not None]
        known = len(sizes) == len(found.backups)
        yield Other(
            component="backup",
            amount=constant(Decimal(sum(sizes)) / GB if known else None),
            note="" if known else "the size of a backup is not known",
        )


def _alarms(facts: TableFacts) -> Iterable[Other]:
    """The alarms that auto scaling made: CloudWatch bills them like others, and nobody who turned it on has made them."""
    if isinstance(facts.alarms, Unknown):
        return
    made = sum(alarm.name.startswith(f"{SCALING_ALARMS}{facts.table.name}") for alarm in facts.alarms.alarms)
    if made:
        note = "made by auto scaling, and billed by CloudWatch; 10 alarms of an account are free"
        yield Other(component="alarms", amount=constant(Decimal(made)), note=note)


def _streams(facts: TableFacts, model: TableModel, users_now: int | None) -> Iterable[Other]:
    if isinstance(facts.traffic, Unknown) or not facts.traffic.stream_reads:
        return
    monthly = Decimal(facts.traffic.stream_reads) / facts.traffic.covered_days * DAYS_PER_MONTH
    if model.stream_readers == "application":
        yield Other(component="streams", amount=in_step(monthly, users_now), note="")
        return
    note = 'taken for reads by Lambda triggers, which AWS does not bill; say `stream_readers = "application"` where they are not'
    yield Other(component="streams", amount=in_step(monthly, users_now), basis="assumed", note=note, free=True)


# --------------------------------------------------------------------------------------------------- requests, capacity


def _flows(facts: TableFacts, users_now: int | None) -> dict[Key, Flow]:
    flows: dict[Key, Flow] = {}
    for index in (None, *(index.name for index in facts.table.global_indexes)):
        for kind in KINDS:
            flows[index, kind] = _flow(facts.traffic, index, kind, users_now)
    return flows


def _flow(traffic: Traffic | Unknown, index: str | None, kind: Kind, users_now: int | None) -> Flow:
    if isinstance(traffic, Unknown):
        why = NOT_DECLARED if traffic.is_not_deployed else f"traffic is not known: {traffic.reason}"
        return Flow(units=Amount(today=None), note=why)
    units = monthly_units(traffic, index, kind)
    return Flow(units=in_step(units, users_now), note="" if units is not None else NO_DATAPOINT)


def monthly_units(traffic: Traffic, index: str | None, kind: Kind) -> Decimal | None:
    """What CloudWatch measured, scaled from the covered days to a month; None: no datapoint."""
    flow = traffic.table if index is None else traffic.indexes.get(index, Measured())
    units = flow.read_units if kind == "reads" else flow.write_units
    return None if units is None else units / traffic.covered_days * DAYS_PER_MONTH


def _series(traffic: Traffic | Unknown) -> tuple[dict[Key, tuple[int, ...]], int]:
    if isinstance(traffic, Unknown):
        return {}, 3_600
    series: dict[Key, tuple[int, ...]] = {}
    for index, flow in ((None, traffic.table), *traffic.indexes.items()):
        if flow.read_series:
            series[index, "reads"] = flow.read_series
        if flow.write_series:
            series[index, "writes"] = flow.write_series
    return series, traffic.series_period_seconds


def _capacity(facts: TableFacts) -> dict[Key, Capacity]:
    """Provisioned units: their mean over the covered days where CloudWatch has it, because auto scaling moves them; else as they are."""
    table, traffic = facts.table, facts.traffic
    capacity: dict[Key, Capacity] = {}
    for index, throughput in ((None, table.provisioned), *((index.name, index.provisioned) for index in table.global_indexes)):
        flow = (
            Measured()
            if isinstance(traffic, Unknown)
            else traffic.table
            if index is None
            else traffic.indexes.get(index, Measured())
        )
        for kind, stated, mean in (
            ("reads", None if throughput is None else throughput.read_units, flow.provisioned_read_units),
            ("writes", None if throughput is None else throughput.write_units, flow.provisioned_write_units),
        ):
            units = mean if mean is not None else None if stated is None else Decimal(stated)
            policy = _policy(facts, index, "read" if kind == "reads" else "write")
            key: Key = (index, "reads" if kind == "reads" else "writes")
            capacity[key] = Capacity(units=units, note="" if units is not None else NO_CAPACITY, policy=policy)
    return capacity


def _policy(facts: TableFacts, index: str | None, dimension: str) -> Policy | None:
    if isinstance(facts.auto_scaling, Unknown):
        return None
    target = facts.auto_scaling.target(index, "read" if dimension == "read" else "write")
    if target is None or target.suspended:
        return None
    percent = target.target_utilization_percent
    try:
        return Policy(
            target_percent=Policy().target_percent if percent is None else int(percent),
            min_units=max(target.min_units, 1),
            max_units=target.max_units,
        )
    except ValueError:
        return None  # no policy that auto scaling would keep


# ------------------------------------------------------------------------------------------------------ what is declared


def _declares_requests(model: TableModel) -> bool:
    return bool(model.pattern) or model.reads_per_user_day is not None or model.writes_per_user_day is not None


def _calls(workload: Workload, table: Table, model: TableModel) -> tuple[Call, ...]:
    """
    What an index does not hold is fetched from the table: by a local index itself (AWS developer guide, "Local secondary indexes"), and after
    a call to a global one by the application, which has to.
    """
    found = []
    for pattern in model.pattern:
        store = workload.store(pattern.index)
        missing = store is not None and any(not holds(store, workload.table, name) for name in pattern.reads)
        why = _refused(pattern, table, model)
        found.append(
            Call(
                pattern=pattern,
                index=pattern.index,
                fetches=missing,
                unknown=f"pattern {pattern.name!r} fails, and takes nothing that could be priced: {why}" if why else "",
            )
        )
    return tuple(found)


def _refused(pattern: Pattern, table: Table, model: TableModel) -> str:
    """Why AWS refuses a Query or Scan; empty where it does not. An index that is only declared has the key declared."""
    live = {index.name: index for index in table.indexes}
    source = table if pattern.index is None else live.get(pattern.index)
    if pattern.consistent and isinstance(source, Index) and source.kind == "GSI":
        return "a global secondary index cannot be read consistently"
    if pattern.op != "Query" or not pattern.key:
        return ""
    if source is not None:
        fits = finds(pattern.key, source.hash_attributes, source.range_attributes)
    else:
        planned = next((index.key for index in model.index if index.name == pattern.index), pattern.key)
        fits = finds(pattern.key, planned[:1], planned[1:])
    return "" if fits else "it looks for what is not the key"


def _with_declared_requests(workload: Workload, table: Table, model: TableModel, general: Model) -> Workload:
    if model.pattern:
        return replace(workload, calls=_calls(workload, table, model))
    counted = structs.replace(general, users_now=workload.users_now)
    return replace(workload, flows=plain_flows(model, counted, workload.table, workload.indexes))


def _overridden(workload: Workload, model: TableModel, users_now: int | None) -> Workload:
    """The measured workload with what is declared in its place."""
    table = workload.table
    count = declared_count(model, users_now)
    if count is not None:
        table = replace(table, count=count, basis="declared")
    if model.item_bytes is not None:
        table = replace(table, mean_bytes=Decimal(model.item_bytes), basis="declared")
    declared = {index.name: index for index in model.index}
    indexes = [
        _index_overridden(store, workload.table, table, model, declared.get(store.index or "")) for store in workload.indexes
    ]
    names = {store.index for store in workload.indexes}
    indexes += [index_store(model, index, table) for name, index in declared.items() if name not in names]
    provisioned = workload.provisioned if model.billing_mode is None else model.billing_mode == "PROVISIONED"
    return replace(
        workload,
        table=table,
        indexes=tuple(indexes),
        table_class=model.table_class or workload.table_class,
        provisioned=provisioned,
        capacity={**workload.capacity, **_declared_capacity(model)} if model.billing_mode == "PROVISIONED" else workload.capacity,
        flows={**workload.flows, **_flows_of_new_indexes(workload, model)},
        attributes={**workload.attributes, **_declared_attributes(workload, model)},
        pitr=workload.pitr if model.pitr is None else model.pitr,
        pitr_note=workload.pitr_note if model.pitr is None else "",
    )


def _declared_attributes(workload: Workload, model: TableModel) -> dict[str, Attribute]:
    """Declared sizes; that an attribute compresses is still known from what was measured."""
    measured = workload.attributes
    return {
        name: replace(one, compresses_to=measured[name].compresses_to if name in measured else None)
        for name, one in declared_attributes(model).items()
    }


def _declared_capacity(model: TableModel) -> dict[Key, Capacity]:
    """What is declared of it; the rest is as measured."""
    return {key: capacity for key, capacity in declared_capacity(model).items() if capacity.units is not None}


def _flows_of_new_indexes(workload: Workload, model: TableModel) -> dict[Key, Flow]:
    """Nobody has measured what an index takes that is only declared; patterns would tell."""
    known = {store.index for store in workload.indexes}
    unknown = Flow(units=Amount(today=None), basis="declared", note="the index is not there yet, and no pattern is declared")
    return {(index.name, kind): unknown for index in model.index if index.name not in known for kind in KINDS}


def _index_overridden(store: Store, measured: Store, table: Store, model: TableModel, declared: IndexModel | None) -> Store:
    """An index that is there: with the items of its table where these are declared, and with what is declared of itself."""
    if table.count is not measured.count:
        share = share_of(store, measured)
        store = replace(store, count=table.count.times(share), basis="declared")
    if model.item_bytes is not None and store.projection == "ALL":
        store = replace(store, mean_bytes=table.mean_bytes, basis="declared")
    if declared is None:
        return store
    store = replace(store, projection=declared.projection, attributes=declared.attributes, key=declared.key)
    size = entry_bytes(model, declared, table)
    if declared.entry_bytes is not None and size is not None:
        store = replace(store, mean_bytes=size, basis="declared")
    if declared.share != 1:
        store = replace(store, count=table.count.times(Decimal(declared.share)), basis="declared")
    return store


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """What holding the patterns against the measured traffic gave for one `Key`: a factor, or the measured flow in their place."""

    calibration: Calibration
    factor: Decimal | None = None
    flow: Flow | None = None


def _calibrated(
    workload: Workload, flows: Mapping[Key, Flow], traffic: Traffic, users_now: int | None
) -> tuple[Workload, tuple[Calibration, ...]]:
    held: dict[Key, _Held] = {}
    for key, flow in flows.items():
        declared = request_units(workload, key, users_now) if users_now is not None else None
        found = _held(workload, key, flow, declared, traffic)
        if found is not None:
            held[key] = found
    return (
        replace(
            workload,
            factors={key: one.factor for key, one in held.items() if one.factor is not None},
            flows={key: one.flow for key, one in held.items() if one.flow is not None},
        ),
        tuple(one.calibration for one in held.values()),
    )


def _held(workload: Workload, key: Key, flow: Flow, declared: Decimal | None, traffic: Traffic) -> _Held | None:
    """None: there is nothing to compare."""
    measured = flow.units.today
    if declared is None:
        if workload.users_now is None or measured is None:
            return None
        # an incomplete pattern would make the line not known, and there is something measured to stand in
        return _Held(calibration=_compared(workload, key, Decimal(0), measured, note=INCOMPLETE), flow=flow)
    if not declared and not measured:
        return None
    if not declared and measured:
        return _Held(calibration=_compared(workload, key, declared, measured, note=UNEXPLAINED), flow=flow)
    note = _not_calibrated(measured, traffic)
    if note or not measured:
        return _Held(calibration=_compared(workload, key, declared, measured, note=note))
    # the days of a declared month are the model's, and those of a measured one make 730 hours: compared by the day
    factor = (measured / workload.measured_days) / (declared / workload.days)
    return _Held(calibration=_compared(workload, key, declared, measured, factor), factor=factor)


def _not_calibrated(measured: Decimal | None, traffic: Traffic) -> str:
    """Why declared units stay as they are; empty where they are calibrated."""
    if measured is None:
        return "not measured: as declared"
    if not measured:
        return "declared, and not seen: as declared"
    if traffic.covered_days < CALIBRATE_FROM_DAYS:
        return f"only {days_of(traffic.covered_days)} of metrics: as declared"
    return ""


def _compared(
    workload: Workload, key: Key, declared: Decimal, measured: Decimal | None, factor: Decimal | None = None, *, note: str = ""
) -> Calibration:
    index, kind = key
    return Calibration(
        table=workload.name,
        index=index,
        what=kind,
        declared_units=(declared / workload.days * workload.measured_days).quantize(FACTOR_STEP),  # of the same month
        measured_units=None if measured is None else measured.quantize(FACTOR_STEP),
        factor=None if factor is None else factor.quantize(FACTOR_STEP),
        in_range=factor is not None and IN_RANGE[0] <= factor <= IN_RANGE[1],
        note=note,
    )


# ----------------------------------------------------------------------------------------------------------- does it fit


@dataclass(frozen=True, kw_only=True, slots=True)
class _Live:
    name: str
    key: tuple[str, ...]
    projection: Projection
    attributes: tuple[str, ...]


def misfit(facts: TableFacts, model: TableModel) -> tuple[str, str] | None:
    """
    (place in the table, what is wrong) of the first thing that is declared and does not fit the table; None when all of it fits.

    A Query or Scan that AWS refuses is not a mistake in the file but a finding about the application.
    """
    return unlike(facts.table, model) or _unseen(facts, model)


def unlike(table: Table, model: TableModel) -> tuple[str, str] | None:
    """The same by what DescribeTable tells alone: before an item is read."""
    key = model.key or (*table.hash_attributes, *table.range_attributes)
    local = frozenset(index.name for index in table.local_indexes)
    indexes = _shapes(table, model)
    return undeclared_index(indexes, model.pattern) or contradiction(key, indexes, model.pattern, local=local, refused=False)


def _shapes(table: Table, model: TableModel) -> tuple[IndexShape, ...]:
    """The indexes that are declared, and those of the table that are not."""
    live = tuple(
        _Live(
            name=index.name,
            key=(*index.hash_attributes, *index.range_attributes),
            projection=index.projection,
            attributes=index.non_key_attributes,
        )
        for index in table.indexes
    )
    declared = {index.name for index in model.index}
    return (*model.index, *(index for index in live if index.name not in declared))


def _unseen(facts: TableFacts, model: TableModel) -> tuple[str, str] | None:
    """The first attribute of a pattern that is neither declared nor seen; nothing is known where not every item was read."""
    if isinstance(facts.items, Unknown) or facts.items.coverage != "full" or not facts.items.scanned:
        return None
    seen = {one.name for one in facts.items.attributes}
    if DYNAMIC_ATTRIBUTES in seen:  # it may be among those
        return None
    schemas = (facts.table.key_schema, *(index.key_schema for index in facts.table.indexes))
    known = seen | {key.attribute for schema in schemas for key in schema} | set(model.key) | set(model.attributes)
    known |= {name for index in _shapes(facts.table, model) for name in (*index.key, *index.attributes)}
    known |= {growth.attribute for growth in model.growth}
    for place, pattern in enumerate(model.pattern):
        for name in (*pattern.key, *pattern.reads, *pattern.sets, *((pattern.order_by,) if pattern.order_by else ())):
            if name not in known:
                return (
                    f"pattern[{place}]",
                    f"pattern {pattern.name!r}: attribute {name!r} is neither declared nor in any item of the table",
                )
    return None
