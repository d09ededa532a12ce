"""The facts of one table as the report tells them: the same numbers under the names of the run file, and how each index is used in words."""

import math
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from stj_audit.config import SizeLines
from stj_audit.cost.from_facts import stated_bytes, stated_index_bytes
from stj_audit.facts import Flow, Index, ItemSizes, KeyAttribute, ResourcePolicy, TableFacts, Throughput, Traffic, Unknown
from stj_audit.items.estimates import Estimates
from stj_audit.report import (
    AttributeReport,
    AutoScalingReport,
    BackupsReport,
    CostLine,
    Finding,
    FlowReport,
    HistogramBar,
    IndexReport,
    ItemsReport,
    KeyElement,
    Largest,
    OnDemandBackup,
    OverLine,
    SampleReport,
    SizeRange,
    TableCost,
    TableReport,
    TrafficReport,
    Units,
)
from stj_audit.wording import count, counted

SMALLEST_BAR_BYTES = 128
LARGEST_POWER_BYTES = 256 * 1024


def table_report(
    facts: TableFacts, *, size_lines: SizeLines, cost: TableCost, grade: str, findings: tuple[Finding, ...]
) -> TableReport:
    """Everything the report says of one table. `findings` are this table's."""
    table = facts.table
    ttl = facts.time_to_live
    stored = stated_bytes(facts)
    return TableReport(
        name=table.title,
        arn=table.arn,
        status=table.status,
        billing_mode=table.billing_mode,
        table_class=table.table_class,
        item_count=_count_or_unknown(facts, table.item_count) if stored is None else stored[0],
        size_bytes=None if stored is None else stored[1],
        created_at=table.created_at,
        deletion_protection=None if isinstance(table.deletion_protection, Unknown) else table.deletion_protection,
        encryption=table.encryption.type,
        ttl_attribute=None if isinstance(ttl, Unknown) or not ttl.enabled else ttl.attribute,
        stream=table.stream_view_type,
        resource_policy=None if isinstance(facts.resource_policy, Unknown) else _policy(facts.resource_policy),
        tags=None if isinstance(facts.tags, Unknown) else dict(facts.tags.values),
        key_schema=_key(table.key_schema),
        indexes=tuple(_index(index, facts) for index in table.indexes),
        provisioned=_units(table.provisioned),
        auto_scaling=None if isinstance(facts.auto_scaling, Unknown) else _auto_scaling(facts),
        backups=_backups(facts),
        items=None
        if isinstance(facts.items, Unknown)
        else items_report(facts.items, size_lines, sort_key=bool(table.range_attributes)),
        traffic=None if isinstance(facts.traffic, Unknown) else _traffic(facts.traffic),
        cost=cost,
        grade=grade,
        findings=tuple(finding.id for finding in findings),
        on_demand_limit=_units(table.on_demand_limit),
        warm_throughput=_units(table.warm_throughput),
        replicas=tuple(replica.region for replica in table.replicas),
    )


def table_cost(lines: tuple[CostLine, ...]) -> TableCost:
    """The lines with their sum: None when no line is known."""
    known = [line.monthly_usd for line in lines if line.monthly_usd is not None]
    return TableCost(monthly_usd=sum(known, Decimal(0)) if known else None, lines=lines, complete=len(known) == len(lines))


def items_report(items: ItemSizes, size_lines: SizeLines, *, sort_key: bool) -> ItemsReport:
    """
    The sizes of the items read, with the two lines and a histogram of powers of two between them. `sort_key`: whether several items may share
    a partition key value, so that a sample holds whole collections.
    """
    whole = items.scanned_bytes
    estimates = Estimates.of(items, sort_key=sort_key)
    return ItemsReport(
        coverage=items.coverage,
        scanned=items.scanned,
        scanned_bytes=whole,
        read_units=items.read_units,
        min_bytes=items.min_bytes,
        mean_bytes=None if items.mean_bytes is None else round(float(items.mean_bytes), 1),
        p50_bytes=items.percentile(50),
        p90_bytes=items.percentile(90),
        p99_bytes=items.percentile(99),
        max_bytes=items.max_bytes,
        over_warn=_over(items, size_lines.warn_bytes, estimates),
        over_max=_over(items, size_lines.max_bytes, estimates),
        histogram=_histogram(items, size_lines),
        attributes=tuple(
            AttributeReport(
                name=attribute.name,
                types=attribute.types,
                present=attribute.present,
                total_bytes=attribute.total_bytes,
                mean_bytes=round(attribute.total_bytes / attribute.present, 1),
                max_bytes=attribute.max_bytes,
                share=round(attribute.total_bytes / whole, 4) if whole else 0.0,
            )
            for attribute in sorted(items.attributes, key=lambda one: (-one.total_bytes, one.name))
            if attribute.present
        ),
        largest=tuple(Largest(bytes=item.size_bytes, key_hash=item.key_hash) for item in items.largest),
        sample=None if estimates is None else _sample(items, estimates),
    )


def _sample(items: ItemSizes, estimates: Estimates) -> SampleReport:
    mean, total, number = estimates.mean_bytes, estimates.total_bytes, estimates.item_count
    keys = items.key_cardinality(None)
    ranges = (estimates.quantile(items.sizes, share) for share in (0.5, 0.9, 0.99))
    p50, p90, p99 = (SizeRange(low_bytes=low, high_bytes=high) for low, high in ranges)
    return SampleReport(
        segments=estimates.segments_read,
        total_segments=estimates.sample.total_segments,
        share_read=round(estimates.part_read, 6),
        item_count=round(number.value),
        item_count_low=max(math.floor(number.low), items.scanned),
        item_count_high=_finite(math.ceil, number.high),
        mean_bytes=None if mean is None else round(mean.value, 1),
        mean_low=None if mean is None else round(mean.low, 1),
        mean_high=None if mean is None or math.isinf(mean.high) else round(mean.high, 1),
        total_bytes=round(total.value),
        total_low=max(math.floor(total.low), items.scanned_bytes),
        total_high=_finite(math.ceil, total.high),
        p50=p50,
        p90=p90,
        p99=p99,
        partition_keys=None if keys is None or keys.distinct is None else round(estimates.scaled(keys.distinct)),
        counts_apart=estimates.counts_apart,
        missing_share=round(estimates.missing_share, 4),
        stopped_by=estimates.sample.stopped_by,
    )


def _finite(rounded: Callable[[float], int], number: float) -> int | None:
    return None if math.isinf(number) else rounded(number)


def _over(items: ItemSizes, threshold_bytes: int, estimates: Estimates | None) -> OverLine:
    found = items.over(threshold_bytes)
    if estimates is not None:
        whole = estimates.count_over(threshold_bytes, found=found)
        return OverLine(threshold_bytes=threshold_bytes, found=found, low=whole.low, high=whole.high)
    return OverLine(threshold_bytes=threshold_bytes, found=found, low=found, high=found)


def _histogram(items: ItemSizes, size_lines: SizeLines) -> tuple[HistogramBar, ...]:
    powers = [SMALLEST_BAR_BYTES]
    while powers[-1] < LARGEST_POWER_BYTES:
        powers.append(powers[-1] * 2)
    edges = sorted({*powers, size_lines.warn_bytes, size_lines.max_bytes, max(items.max_bytes or 0, size_lines.max_bytes)})
    return tuple(HistogramBar(le_bytes=high, count=items.over(low) - items.over(high)) for low, high in pairwise([0, *edges]))


def _count_or_unknown(facts: TableFacts, stated: int | None) -> int | None:
    """A count that DescribeTable states; None where it is a 0 that the items read contradict."""
    return None if not stated and not isinstance(facts.items, Unknown) and facts.items.scanned else stated


def _policy(policy: ResourcePolicy) -> str:
    if not policy.statements:
        return "none"
    return counted(policy.statements, "statement") + (
        ", at least one of them for everyone, without a condition" if policy.open_to_anyone else ""
    )


def _key(key_schema: tuple[KeyAttribute, ...]) -> tuple[KeyElement, ...]:
    return tuple(KeyElement(attribute=key.attribute, type=key.type, role=key.role) for key in key_schema)


def _units(throughput: Throughput | None) -> Units | None:
    return None if throughput is None else Units(read_units=throughput.read_units, write_units=throughput.write_units)


def _index(index: Index, facts: TableFacts) -> IndexReport:
    entries = None if isinstance(facts.items, Unknown) else facts.items.index_entries(index.name)
    stored = stated_index_bytes(facts, index)
    sampled = not isinstance(facts.items, Unknown) and facts.items.coverage == "sample"
    return IndexReport(
        name=index.name,
        kind=index.kind,
        key_schema=_key(index.key_schema),
        projection=index.projection,
        non_key_attributes=index.non_key_attributes,
        status=index.status,
        item_count=index.item_count if stored is None else stored[0],
        size_bytes=None if stored is None else stored[1],
        entry_mean_bytes=round(entries.total_bytes / entries.entries, 1) if entries is not None and entries.entries else None,
        entry_count=None if entries is None or sampled else entries.entries,
        usage=_usage(index, facts.traffic),
    )


def _usage(index: Index, traffic: Traffic | Unknown) -> str:
    if index.kind == "LSI":
        return "not measured apart: a local index has no metrics of its own"
    if isinstance(traffic, Unknown):
        return f"not known: {traffic.reason}"
    flow = traffic.indexes.get(index.name, Flow())
    days = f"in {float(traffic.covered_days):g} days"
    reads = "reads not known" if flow.read_units is None else f"{count(flow.read_units)} units read"
    writes = "writes not known" if flow.write_units is None else f"{count(flow.write_units)} written"
    if flow.read_units == 0:
        reads = "never read"
    throttles = (flow.read_throttles or 0) + (flow.write_throttles or 0)
    return f"{reads}, {writes} {days}" + (f", {count(throttles)} throttled" if throttles else "")


def _auto_scaling(facts: TableFacts) -> tuple[AutoScalingReport, ...] | None:
    if isinstance(facts.auto_scaling, Unknown):
        return None
    return tuple(
        AutoScalingReport(
            index=target.index,
            dimension=target.dimension,
            min_units=target.min_units,
            max_units=target.max_units,
            suspended=target.suspended,
            target_utilization_percent=target.target_utilization_percent,
        )
        for target in facts.auto_scaling.targets
    )


def _backups(facts: TableFacts) -> BackupsReport:
    pitr = None if isinstance(facts.pitr, Unknown) else facts.pitr
    on_demand = None if isinstance(facts.on_demand_backups, Unknown) else facts.on_demand_backups.backups
    return BackupsReport(
        pitr=None if pitr is None else "ENABLED" if pitr.enabled else "DISABLED",
        recovery_period_days=None if pitr is None else pitr.recovery_period_days,
        earliest_restorable_at=None if pitr is None else pitr.earliest_restorable_at,
        latest_restorable_at=None if pitr is None else pitr.latest_restorable_at,
        on_demand=None
        if on_demand is None
        else tuple(OnDemandBackup(created_at=one.created_at, size_bytes=one.size_bytes, type=one.type) for one in on_demand),
    )


def _traffic(traffic: Traffic) -> TrafficReport:
    return TrafficReport(
        window_days=traffic.window_days,
        covered_days=traffic.covered_days,
        read_units=traffic.table.read_units,
        write_units=traffic.table.write_units,
        indexes={
            name: FlowReport(
                read_units=flow.read_units,
                write_units=flow.write_units,
                read_throttles=flow.read_throttles,
                write_throttles=flow.write_throttles,
                throttle_reasons=dict(flow.throttle_reasons),
                throttles_by_day=flow.throttles_by_day,
            )
            for name, flow in traffic.indexes.items()
        },
        read_throttles=traffic.table.read_throttles,
        write_throttles=traffic.table.write_throttles,
        throttle_reasons=dict(traffic.table.throttle_reasons),
        calls=dict(traffic.calls),
        throttle_window_days=traffic.throttle_window_days,
        throttles_by_day=traffic.table.throttles_by_day,
    )
