"""Builders: facts with sensible defaults, so that a test says only what it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from stj_audit.checks import Context, examine
from stj_audit.config import Backup, Scale, SizeLines, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import HOURS_PER_MONTH, PRICE_KEYS
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.cost.workload import Amount, Capacity, Key, Other, Store, Workload, constant, in_step
from stj_audit.cost.workload import Flow as Requests
from stj_audit.facts import (
    AccountCapacity,
    Alarms,
    AttributeSizes,
    AutoScaling,
    ContributorInsights,
    Flow,
    HotKeys,
    Index,
    IndexEntries,
    InsightsSetting,
    ItemSample,
    ItemSizes,
    ItemsReading,
    KeyAttribute,
    KeyCardinality,
    KeyShape,
    KinesisDestinations,
    OnDemandBackups,
    Operations,
    Pitr,
    ProtectedResource,
    Quotas,
    RecoveryPoints,
    RegionTables,
    ResourcePolicy,
    SampledSegment,
    Snapshot,
    Table,
    TableFacts,
    Tags,
    Throughput,
    TimeToLive,
    Traffic,
)
from stj_audit.report import CostLine
from stj_audit.results import Check, Result

Quantities = Mapping[Any, str | None]
"""By component, or (index, component)."""
CREATED_AT = datetime(2025, 1, 1, tzinfo=UTC)
AUDITED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
TAKEN_AT = datetime(2026, 1, 1, tzinfo=UTC)


def keys(*attributes: str, hashes: int = 1) -> tuple[KeyAttribute, ...]:
    """A key schema of string attributes: the first `hashes` are HASH, the others RANGE."""
    return tuple(
        KeyAttribute(attribute=name, type="S", role="HASH" if place < hashes else "RANGE") for place, name in enumerate(attributes)
    )


def a_table(*, key: Iterable[str] = ("id",), **fields: Any) -> Table:
    """An on-demand table of a thousand items of 1,000 bytes, without indexes."""
    name = fields.get("name", "orders")
    defaults: dict[str, Any] = {
        "name": name,
        "arn": f"arn:aws:dynamodb:eu-north-1:123456789012:table/{name}",
        "region": "eu-north-1",
        "status": "ACTIVE",
        "created_at": CREATED_AT,
        "billing_mode": "PAY_PER_REQUEST",
        "table_class": "STANDARD",
        "key_schema": keys(*key),
        "item_count": 1_000,
        "size_bytes": 1_000_000,
    }
    return Table(**(defaults | fields))


def an_index(name: str = "by-status", key: Iterable[str] = ("status",), **fields: Any) -> Index:
    """A GSI with projection ALL that holds every item of `a_table`."""
    defaults: dict[str, Any] = {
        "name": name,
        "kind": "GSI",
        "key_schema": keys(*key),
        "projection": "ALL",
        "item_count": 1_000,
        "size_bytes": 1_000_000,
    }
    return Index(**(defaults | fields))


def some_items(sizes: Mapping[int, int] | None = None, **fields: Any) -> ItemSizes:
    """Every item of a table was read. `sizes`: how many items of which size in bytes; a thousand of 1,000 by default."""
    histogram = {1_000: 1_000} if sizes is None else sizes
    defaults: dict[str, Any] = {"coverage": "full", "sizes": tuple(sorted(histogram.items())), "read_units": Decimal(1)}
    return ItemSizes(**(defaults | fields))


def a_sample(
    sizes: Mapping[int, int] | None = None,
    *,
    segments: int = 40,
    total_segments: int = 4_000,
    item_count: int | None = 100_000,
    lines: Iterable[int] = (),
    **fields: Any,
) -> ItemSizes:
    """
    A hundredth of a table of 100,000 items was read: `sizes`, a thousand of 1,000 bytes by default, dealt out evenly to the segments.
    """
    items = some_items(sizes, coverage="sample", **fields)
    each = [size for size, number in items.sizes for _ in range(number)]
    dealt = [each[start::segments] for start in range(segments)]
    read = tuple(
        SampledSegment(items=len(one), bytes=sum(one), over={line: sum(size > line for size in one) for line in lines})
        for one in dealt
    )
    sample = ItemSample(
        total_segments=total_segments,
        segments=read,
        item_count=item_count,
        size_bytes=None if item_count is None else item_count * 1_000,
        stopped_by="budget",
    )
    return replace(items, sample=sample)


def a_reading(**fields: Any) -> ItemsReading:
    """A reading of a minute, of the thousand items of `some_items`, after which the table is as it was."""
    defaults: dict[str, Any] = {
        "started_at": datetime(2026, 11, 22, 14, 2, tzinfo=UTC),
        "finished_at": datetime(2026, 11, 22, 14, 3, tzinfo=UTC),
        "scanned": 1_000,
        "described_again": True,
        "item_count_after": 1_000,
        "size_bytes_after": 1_000_000,
    }
    return ItemsReading(**(defaults | fields))


def some_keys(distinct: int | None, *, index: str | None = None, items: int = 1_000, top_share: str = "0.001") -> KeyCardinality:
    return KeyCardinality(index=index, items=items, distinct=distinct, distinct_limit=1_024, top_share=Decimal(top_share))


def plain_keys(table: Table) -> tuple[KeyShape, ...]:
    """A thousand values of each key attribute, of no shape that matters."""
    schemas = (table.key_schema, *(index.key_schema for index in table.indexes))
    return tuple(KeyShape(attribute=name, values=1_000) for name in dict.fromkeys(key.attribute for one in schemas for key in one))


WARM = Throughput(read_units=12_000, write_units=4_000)  # of a table on demand that is new
SEEN = some_items(  # of a table of which everything is known
    attributes=(AttributeSizes(name="id", types=("S",), present=1_000, total_bytes=1_000_000, max_bytes=1_000),),
    keys=(some_keys(1_000),),
    key_shapes=plain_keys(a_table()),
)


def some_entries(index: str, entries: int = 1_000, mean_bytes: int = 1_000) -> IndexEntries:
    return IndexEntries(index=index, entries=entries, total_bytes=entries * mean_bytes, max_bytes=mean_bytes)


def a_flow(**fields: Any) -> Flow:
    """Quiet, unthrottled traffic that was measured."""
    defaults: dict[str, Any] = {
        "read_units": Decimal(3_000_000),
        "write_units": Decimal(300_000),
        "read_units_14_days": Decimal(1_400_000),
        "write_units_14_days": Decimal(140_000),
        "peak_hour_read_units": Decimal(10_000),
        "peak_hour_write_units": Decimal(1_000),
        "read_throttles": 0,
        "write_throttles": 0,
        "read_throttles_30_days": 0,
        "write_throttles_30_days": 0,
    }
    return Flow(**(defaults | fields))


def no_data() -> Flow:
    """CloudWatch had no datapoint."""
    return Flow()


def some_traffic(table: Flow | None = None, indexes: Mapping[str, Flow] | None = None, **fields: Any) -> Traffic:
    """Thirty fully covered days."""
    defaults: dict[str, Any] = {
        "window_days": 30,
        "throttle_window_days": 14,
        "covered_days": Decimal(30),
        "table": table or a_flow(),
        "indexes": dict(indexes or {}),
        "calls": {},
        "time_to_live_deletes": None,
    }
    return Traffic(**(defaults | fields))


def some_insights(*indexes: str, status: str = "ENABLED", mode: str | None = "THROTTLED_KEYS") -> ContributorInsights:
    """Contributor Insights of the table and these indexes, of throttled keys only."""
    return ContributorInsights(settings=tuple(InsightsSetting(index=one, status=status, mode=mode) for one in (None, *indexes)))


def a_line(
    component: str = "storage", monthly_usd: str | None = "1.00", *, index: str | None = None, table: str = "orders"
) -> CostLine:
    """A cost line of `monthly_usd` (quantity 1 at that unit price)."""
    amount = None if monthly_usd is None else Decimal(monthly_usd)
    return CostLine(
        table=table,
        index=index,
        component=component,
        quantity=None if amount is None else Decimal(1),
        unit="unit",
        unit_price_usd=amount,
        monthly_usd=amount,
        basis="measured",
        per_user=True,
    )


def a_workload(table: Table | None = None, quantities: Quantities | None = None, **fields: Any) -> Workload:
    """
    What is billed of a table today, by component ("storage", in GB) or (index, component): a quantity that is None is not known, and what
    is left out is not billed. Every table and index stores nothing unless it is told. Capacity is in unit-hours.
    """
    table = table or a_table()
    given = {(key if isinstance(key, tuple) else (None, key)): amount for key, amount in (quantities or {}).items()}

    def known(index: str | None, component: str) -> Decimal | None:
        amount = given.get((index, component), "0")
        return None if amount is None else Decimal(amount)

    def store(index: str | None, component: str, **more: Any) -> Store:
        gigabytes = known(index, component)
        # one item whose bytes, with the overhead, make the gigabytes
        size = None if gigabytes is None else gigabytes * 2**30 - 100
        empty = gigabytes == 0
        return Store(
            index=index,
            count=constant(Decimal(0 if empty else 1)),
            mean_bytes=size,
            basis="measured",
            note="its size is not known",
            **more,
        )

    indexes = tuple(
        store(
            index.name,
            "index-storage",
            local=index.kind == "LSI",
            key=(*index.hash_attributes, *index.range_attributes),
            projection=index.projection,
            attributes=index.non_key_attributes,
        )
        for index in table.indexes
    )
    flows: dict[Key, Requests] = {}
    capacity: dict[Key, Capacity] = {}
    for (index, component), amount in given.items():
        number = None if amount is None else Decimal(amount)
        kind = component.removeprefix("index-").removeprefix("capacity-")
        note = "" if number is not None else NO_DATAPOINT
        if kind not in ("reads", "writes"):
            continue
        if "capacity-" in component:
            units = None if number is None else number / HOURS_PER_MONTH
            capacity[index, "reads" if kind == "reads" else "writes"] = Capacity(
                units=units, note=NO_CAPACITY if units is None else ""
            )
        else:
            flows[index, "reads" if kind == "reads" else "writes"] = Requests(units=in_step(number, None), note=note)
    others = tuple(
        Other(component=component, amount=Amount(today=None if amount is None else Decimal(amount), each_user=Decimal(0)))
        for (_, component), amount in given.items()
        if component in ("backup", "pitr", "alarms", "streams")
    )
    assert {component for _, component in given} <= PRICE_KEYS.keys()
    defaults: dict[str, Any] = {
        "name": table.name,
        "table_class": table.table_class,
        "provisioned": bool(capacity),
        "table": store(None, "storage", key=(*table.hash_attributes, *table.range_attributes)),
        "indexes": indexes,
        "flows": flows,
        "capacity": capacity,
        "others": others,
    }
    return Workload(**(defaults | fields))


NO_DATAPOINT = "CloudWatch has no datapoint"
NO_CAPACITY = "the provisioned capacity is not known"


def table_facts(table: Table | None = None, **facts: Any) -> TableFacts:
    """A healthy table: PITR on, tagged, unthrottled, small items, every fact known. Pass facts, or Unknown, by name."""
    table = table or a_table()
    defaults: dict[str, Any] = {
        "pitr": Pitr(enabled=True, recovery_period_days=35),
        "on_demand_backups": OnDemandBackups(backups=()),
        "recovery_points": RecoveryPoints(points=()),
        "protected_resource": ProtectedResource(last_restored_at=None),
        "contributor_insights": some_insights(*(index.name for index in table.global_indexes)),
        "hot_keys": HotKeys(report_hours=24),
        "kinesis_destinations": KinesisDestinations(destinations=()),
        "resource_policy": ResourcePolicy(statements=0, open_to_anyone=False),
        "quotas": Quotas(),
        "region_tables": RegionTables(count=3, first=table.name),
        "time_to_live": TimeToLive(enabled=False),
        "tags": Tags(values={"env": "production"}),
        "auto_scaling": AutoScaling(targets=()),
        "traffic": some_traffic(indexes={index.name: a_flow() for index in table.global_indexes}),
        "operations": Operations(),
        "account_capacity": AccountCapacity(window_days=30),
        "alarms": Alarms(alarms=()),
        "items": some_items(
            indexes=tuple(some_entries(index.name) for index in table.indexes),
            keys=(some_keys(1_000), *(some_keys(1_000, index=index.name) for index in table.indexes)),
            key_shapes=plain_keys(table),
        ),
    }
    return TableFacts(table=table, **(defaults | facts))


def a_snapshot(*tables: TableFacts, **fields: Any) -> Snapshot:
    """What an audit of one account and region read, in no time."""
    defaults: dict[str, Any] = {
        "account": "123456789012",
        "region": "eu-north-1",
        "endpoint_url": None,
        "started_at": AUDITED_AT,
        "finished_at": AUDITED_AT,
        "missing": (),
        "read_units": Decimal(1_000),
        "api_calls": 30,
    }
    return Snapshot(tables=tables, **(defaults | fields))


def a_context(
    table: Table | None = None,
    *,
    scale: Scale | None = None,
    size_lines: SizeLines | None = None,
    workload: Workload | None = None,
    users: int | None = None,
    region: str = "eu-north-1",
    prices: PriceSheet | None = None,
    declared: TableModel | None = None,
    backup_policy: Backup | None = None,
    taken_at: datetime = TAKEN_AT,
    **facts: Any,
) -> Context:
    """What `examine` takes, from the same arguments as `table_facts`; `workload` is what is billed of the table, nothing by default."""
    known = table_facts(table, **facts)
    return Context(
        facts=known,
        scale=scale or Scale(target_users=10_000, users_now=1_000),
        size_lines=size_lines or SizeLines(),
        bill=TableBill(workload=workload or a_workload(known.table), users=users, prices=prices or bundled_sheet(region)),
        declared=declared or TableModel(),
        backup_policy=backup_policy or Backup(),
        taken_at=taken_at,
    )


def examined(check: Check, table: Table | None = None, **context: Any) -> Result:
    """The Result of one check on a healthy table that differs only by what is given."""
    return examine(check, a_context(table, **context))
