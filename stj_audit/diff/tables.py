"""What became of the tables between two runs: which are new or gone, what of their settings is another, and how they have grown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stj_audit.diff.lines import unread
from stj_audit.report import IndexReport, KeyElement, Report, TableReport, Units
from stj_audit.wording import listed

SAME, ADDED, REMOVED, NOT_READ, READ_AGAIN = "in both", "added", "removed", "not read", "read again"
NONE, NOT_KNOWN = "none", "not known"
SCALING = "auto scaling"
CAPACITY_MOVES = "moved by auto scaling"  # all the time, or nobody knows whether it is: no setting to compare
TTL_CALL = "dynamodb:DescribeTimeToLive"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingChange:
    """One setting, in words: `what` is "billing mode" or "index by-status"; `before` and `after` are "none" or "not known" where they are."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TableChange:
    """
    A table of either run. `state` is "in both", "added" (only the new run has it), "removed" (only the old one has it: deleted, or not asked
    for), "not read" (it could not be read now) or "read again" (it could not be read before). Sizes as DescribeTable says; largest item in
    bytes of those read, `..._of` "full" or "sample" (null: none was read).
    """

    table: str
    state: str
    grade_before: str | None
    grade_after: str | None
    item_count_before: int | None
    item_count_after: int | None
    size_bytes_before: int | None
    size_bytes_after: int | None
    largest_bytes_before: int | None
    largest_bytes_after: int | None
    largest_of_before: str | None
    largest_of_after: str | None
    settings: tuple[SettingChange, ...]

    @property
    def is_same(self) -> bool:
        return (
            self.state == SAME
            and not self.settings
            and self.grade_before == self.grade_after
            and self.item_count_before == self.item_count_after
            and self.size_bytes_before == self.size_bytes_after
            and self.largest_bytes_before == self.largest_bytes_after
        )


def table_changes(old: Report, new: Report) -> tuple[TableChange, ...]:
    """Every table of either run, those that are in one only first; else in the order of the new run."""
    before = {table.name: table for table in old.tables}
    after = {table.name: table for table in new.tables}
    found = [_change(name, before.get(name), after.get(name), old, new) for name in dict.fromkeys((*after, *before))]
    return tuple(sorted(found, key=lambda one: one.state == SAME))


def _change(name: str, one: TableReport | None, other: TableReport | None, old: Report, new: Report) -> TableChange:
    largest = [None if table is None or table.items is None else table.items for table in (one, other)]
    return TableChange(
        table=name,
        state=_state(name, one, other, old, new),
        grade_before=None if one is None else one.grade,
        grade_after=None if other is None else other.grade,
        item_count_before=None if one is None else one.item_count,
        item_count_after=None if other is None else other.item_count,
        size_bytes_before=None if one is None else one.size_bytes,
        size_bytes_after=None if other is None else other.size_bytes,
        largest_bytes_before=None if largest[0] is None else largest[0].max_bytes,
        largest_bytes_after=None if largest[1] is None else largest[1].max_bytes,
        largest_of_before=None if largest[0] is None else largest[0].coverage,
        largest_of_after=None if largest[1] is None else largest[1].coverage,
        settings=() if one is None or other is None else tuple(_settings(dict(_told(one, old)), dict(_told(other, new)))),
    )


def _state(name: str, one: TableReport | None, other: TableReport | None, old: Report, new: Report) -> str:
    if one is None:
        return READ_AGAIN if unread(old, name) else ADDED
    if other is None:
        return NOT_READ if unread(new, name) else REMOVED
    return SAME


def _settings(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[SettingChange]:
    for what in dict.fromkeys((*before, *after)):
        then, now = (_of(side, what) for side in (before, after))
        if then != now and what != SCALING and CAPACITY_MOVES not in (then, now):
            yield SettingChange(what=what, before=then, after=now)


def _of(side: Mapping[str, str], what: str) -> str:
    """What is not told of a side is none there; of auto scaling that could not be read it is not known."""
    return side.get(what, side[SCALING] if what.startswith(SCALING) else NONE)


def _told(table: TableReport, report: Report) -> Iterator[tuple[str, str]]:
    """(setting, in words) of what an owner sets, not of what AWS counts."""
    yield "key", _key(table.key_schema)
    yield "billing mode", table.billing_mode
    yield "table class", table.table_class
    is_set = table.auto_scaling == () or table.provisioned is None
    yield "provisioned capacity", _units(table.provisioned) if is_set else CAPACITY_MOVES
    # Of every policy that this side does not tell
    yield SCALING, NONE if table.auto_scaling is not None else NOT_KNOWN
    for policy in table.auto_scaling or ():
        place = policy.dimension if policy.index is None else f"{policy.dimension} of {policy.index}"
        suspended = ", suspended" if policy.suspended else ""
        target = NOT_KNOWN if policy.target_utilization_percent is None else f"{policy.target_utilization_percent:f} %"
        yield f"{SCALING}, {place}", f"{policy.min_units:,} to {policy.max_units:,} units at {target}{suspended}"
    yield "on-demand limit", _units(table.on_demand_limit)
    for index in table.indexes:
        yield f"index {index.name}", _index(index)
    yield "PITR", table.backups.pitr or NOT_KNOWN
    yield "stream", table.stream or NONE
    yield "replicas", listed(sorted(table.replicas)) or NONE
    is_asked_in_vain = any(row.table == table.name and row.call == TTL_CALL for row in report.not_checked)
    yield "TTL attribute", table.ttl_attribute or (NOT_KNOWN if is_asked_in_vain else NONE)
    yield "deletion protection", "on" if table.deletion_protection else "off"
    yield "encryption", table.encryption


def _index(index: IndexReport) -> str:
    attributes = f" of {listed(sorted(index.non_key_attributes))}" if index.non_key_attributes else ""
    return f"{index.kind} on {_key(index.key_schema)}, {index.projection}{attributes}"


def _key(elements: tuple[KeyElement, ...]) -> str:
    return ", ".join(f"{one.attribute} ({one.type})" for one in elements)


def _units(units: Units | None) -> str:
    if units is None:
        return NONE
    reads, writes = (NOT_KNOWN if one is None else f"{one:,}" for one in (units.read_units, units.write_units))
    return f"{reads} read and {writes} write units"
