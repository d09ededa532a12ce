"""What a page shows of one table that no single field of the Report holds: keys, capacity, backups, traffic and items in words."""

from collections.abc import Iterable, Sequence

from stj_audit.render import filters
from stj_audit.render.digest import MAX_ROWS, NOT_CHECKED
from stj_audit.render.escape import cut_name
from stj_audit.report import (
    AttributeReport,
    AutoScalingReport,
    IndexReport,
    ItemsReport,
    KeyElement,
    NotChecked,
    OverLine,
    RecommendationItem,
    Report,
    TableReport,
    TrafficReport,
    Units,
)
from stj_audit.wording import counted

PLANNED = "NOT_DEPLOYED"  # the status of a table of a design
NONE_YET = "none yet: nothing is deployed"
TTL_CALL = "DescribeTimeToLive"
# The worst first. A table of which too little was seen is worth a look before one that is good.
GRADE_ORDER = ("F", "D", "C", "?", "B", "A", "n/a")
SIGN_ORDER = ("-", "", "+")


def worst_tables(report: Report) -> tuple[TableReport, ...]:
    """The tables by grade, the worst first, and then the more expensive: so that a list that is cut keeps what matters."""
    return tuple(sorted(report.tables, key=lambda table: (*_rank(table.grade), -(table.cost.monthly_usd or 0), table.name)))


def _rank(grade: str) -> tuple[int, int]:
    letter, sign = (grade[:-1], grade[-1]) if grade[-1:] in ("-", "+") else (grade, "")
    return GRADE_ORDER.index(letter) if letter in GRADE_ORDER else len(GRADE_ORDER), SIGN_ORDER.index(sign)


def key_names(keys: Sequence[KeyElement], role: str) -> tuple[KeyElement, ...]:
    return tuple(key for key in keys if key.role == role)


TYPE_WORDS = {
    "S": "String",
    "N": "Number",
    "B": "Binary",
    "BOOL": "Boolean",
    "NULL": "Null",
    "M": "Map",
    "L": "List",
    "SS": "String set",
    "NS": "Number set",
    "BS": "Binary set",
}


def type_word(dynamodb_type: str) -> str:
    return TYPE_WORDS.get(dynamodb_type, dynamodb_type)


def type_words(types: Sequence[str]) -> str:
    return ", ".join(type_word(one) for one in types) or filters.NOT_KNOWN


def capacity(units: Units | None) -> str:
    """ "5 read, 5 write units"."""
    if units is None or (units.read_units is None and units.write_units is None):
        return "not stated"
    read, write = ("not stated" if one is None else f"{one:,}" for one in (units.read_units, units.write_units))
    return f"{read} read, {write} write units"


def billing(table: TableReport) -> str:
    """The capacity mode in AWS's console words, with the units of a provisioned table."""
    if table.billing_mode == "PAY_PER_REQUEST":
        return "on-demand (PAY_PER_REQUEST)"
    if table.billing_mode == "PROVISIONED":
        return f"provisioned: {capacity(table.provisioned)}"
    return table.billing_mode


def scaling(targets: Sequence[AutoScalingReport] | None) -> str:
    if targets is None:
        return NOT_CHECKED
    if not targets:
        return "none"
    return "; ".join(
        f"{target.dimension}{'' if target.index is None else ' of ' + target.index}: {target.min_units:,} to {target.max_units:,}"
        f"{'' if target.target_utilization_percent is None else f', target {target.target_utilization_percent}%'}"
        f"{', suspended' if target.suspended else ''}"
        for target in targets
    )


def ttl(report: Report, table: TableReport) -> str:
    """ "on, by expires_at", "off", or "not checked" when the call did not answer."""
    if table.ttl_attribute is not None:
        return f"on, by {cut_name(table.ttl_attribute)}"
    return NOT_CHECKED if _unanswered(report.not_checked, table.name, TTL_CALL) else "off"


def _unanswered(rows: Iterable[NotChecked], table: str, call: str) -> bool:
    return any(row.table == table and row.call.endswith(call) for row in rows)


def pitr(table: TableReport) -> str:
    """ "on, 35 days", "off" or "not checked"."""
    backups = table.backups
    if backups.pitr is None:
        return NOT_CHECKED
    if backups.pitr != "ENABLED":
        return "off"
    return "on" if backups.recovery_period_days is None else f"on, {counted(backups.recovery_period_days, 'day')}"


def is_planned(table: TableReport) -> bool:
    """Whether the table is not there yet: it has no items, no traffic and no backups that could have been looked at."""
    return table.status == PLANNED


def no_items(table: TableReport) -> str:
    """Why nothing is told of the items of a table."""
    return NONE_YET if is_planned(table) else "not known: its items were not read"


def no_traffic(table: TableReport) -> str:
    """Why nothing is told of the traffic of a table."""
    return NONE_YET if is_planned(table) else "not known: the metrics of CloudWatch could not be read, or are not available here"


def created(table: TableReport) -> str:
    """On which day."""
    return "not yet" if is_planned(table) else filters.on_date(table.created_at)


def on_demand_backups(table: TableReport) -> str:
    """How many, and the newest."""
    backups = table.backups.on_demand
    if backups is None:
        return NONE_YET if is_planned(table) else NOT_CHECKED
    if not backups:
        return "none"
    return f"{len(backups):,}, newest of {filters.on_date(max(backup.created_at for backup in backups))}"


def tags(table: TableReport) -> str:
    if table.tags is None:
        return "not known before deployment" if is_planned(table) else NOT_CHECKED
    return ", ".join(f"{key}={value}" for key, value in sorted(table.tags.items())[:MAX_ROWS]) or "none"


def index_size(index: IndexReport) -> str:
    """Entries and bytes: as read with the items where they were, else as AWS states them."""
    if index.entry_count is not None and index.entry_mean_bytes is not None:
        return f"{counted(index.entry_count, 'entry', 'entries')}, mean {filters.size(index.entry_mean_bytes)}"
    if index.item_count is None and index.size_bytes is None:
        return filters.NOT_KNOWN
    entries = filters.NOT_KNOWN if index.item_count is None else counted(index.item_count, "entry", "entries")
    return f"{entries}, {filters.size(index.size_bytes)}"


def throttles(traffic: TrafficReport | None) -> str:
    """Throttle events of the table and its indexes over the throttle window, in words; "not known" where there is no figure."""
    return _throttles(traffic, "at least")


def throttles_cell(traffic: TrafficReport | None) -> str:
    """As `throttles`, for tables."""
    return _throttles(traffic, filters.AT_LEAST)


def _throttles(traffic: TrafficReport | None, mark: str) -> str:
    if traffic is None:
        return filters.NOT_KNOWN
    numbers = [traffic.read_throttles, traffic.write_throttles]
    numbers += [number for flow in traffic.indexes.values() for number in (flow.read_throttles, flow.write_throttles)]
    known = [number for number in numbers if number is not None]
    if not known:
        return filters.NOT_KNOWN
    return f"{sum(known):,}" if len(known) == len(numbers) else f"{mark} {sum(known):,}"


def throttle_series(table: TableReport) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """(what, events by day) of the table and of each index that was throttled."""
    if table.traffic is None:
        return ()
    flows = [("table", table.traffic.throttles_by_day)]
    flows += [(f"index {name}", flow.throttles_by_day) for name, flow in table.traffic.indexes.items()]
    return tuple((what, days) for what, days in flows if any(days))


def calls(traffic: TrafficReport) -> str:
    """ "GetItem 1,200, PutItem 30", most frequent first."""
    order = sorted(traffic.calls.items(), key=lambda call: (-call[1], call[0]))
    return ", ".join(f"{operation} {number:,}" for operation, number in order) or filters.NOT_KNOWN


def over_line(line: OverLine, coverage: str) -> str:
    """How many items lie over a line: exact when every item was read, else what was found and what that means for the table."""
    if coverage == "full":
        return f"{line.found:,}"
    if line.high is None:
        return f"{line.found:,} in the sample: at least so many in the table"
    return f"{line.found:,} in the sample: {line.low:,} to {line.high:,} in the table"


def coverage_text(items: ItemsReport, table: TableReport) -> str:
    if items.coverage == "full":
        return f"every item ({items.scanned:,})"
    sample = items.sample
    if sample is None:
        return f"a sample: {items.scanned:,} of about {filters.count(table.item_count)}"
    stated = table.item_count if table.item_count is not None else sample.item_count
    told = f"a sample: {items.scanned:,} of about {stated:,} in {sample.segments:,} of {sample.total_segments:,} segments"
    if sample.mean_low is None or sample.mean_high is None:
        return told
    return f"{told}; mean of the table {filters.size(sample.mean_low)} to {filters.size(sample.mean_high)}"


def is_sampled(items: ItemsReport | None) -> bool:
    """Whether sizes are those of a part of the items, and say of the table only what a sample can."""
    return items is not None and items.coverage != "full"


def largest_cell(items: ItemsReport | None) -> str:
    """The largest item, for tables: "387.0 KB", and "≥ 387.0 KB" of a sample: it is there, and a larger one may be."""
    return _marked(items, None if items is None else items.max_bytes, filters.AT_LEAST)


def largest_words(items: ItemsReport) -> str:
    """As `largest_cell`, for sentences: "at least 387.0 KB"."""
    return _marked(items, items.max_bytes, "at least")


def p99_cell(items: ItemsReport | None) -> str:
    return item_size(None if items is None else items.p99_bytes, items)


def item_size(size_bytes: float | None, items: ItemsReport | None) -> str:
    """A mean or a percentile, for tables: "1.2 KB", and "≈ 1.2 KB" of a sample, which only estimates it."""
    return _marked(items, size_bytes, filters.ABOUT)


def item_size_words(size_bytes: float | None, items: ItemsReport) -> str:
    """As `item_size`, for sentences: "about 1.2 KB"."""
    return _marked(items, size_bytes, "about")


def _marked(items: ItemsReport | None, size_bytes: float | None, mark: str) -> str:
    told = filters.size(size_bytes)
    return f"{mark} {told}" if size_bytes is not None and is_sampled(items) else told


def sample_note(tables: Sequence[TableReport]) -> str:
    """What the marks of a sample mean, to be said under tables of sizes; empty where no sample is among them."""
    if not any(is_sampled(table.items) and table.items is not None and table.items.max_bytes is not None for table in tables):
        return ""
    return (
        f"{filters.ABOUT} and {filters.AT_LEAST} before the size of an item: only a sample of the table was read, so it is about that, "
        "or at least that."
    )


def biggest_attributes(items: ItemsReport) -> tuple[AttributeReport, ...]:
    return tuple(sorted(items.attributes, key=lambda one: (-one.total_bytes, one.name)))


def recommendation_text(item: RecommendationItem) -> str:
    return f"{item.text} ({item_saves(item)})" if item.saving_usd_month is not None else item.text


def item_saves(item: RecommendationItem) -> str:
    """ "saves up to $48.20 a month"; empty when it is not priced."""
    if item.saving_usd_month is None:
        return ""
    if item.saving_is_bound:
        return f"saves up to {filters.usd(filters.at_least_a_cent(item.saving_usd_month))} a month"
    return f"saves {filters.usd(item.saving_usd_month)} a month"
