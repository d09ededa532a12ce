"""
What a page shows that no single field of the Report holds: groupings, sums by part, counts by severity.

Everything here is a function of the Report, without markup and without judgement, for all formats alike.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from stj_audit.render import filters
from stj_audit.render.escape import cut
from stj_audit.report import (
    Action,
    AttributeReport,
    AutoScalingReport,
    CostLine,
    Finding,
    IndexReport,
    ItemsReport,
    KeyElement,
    NotChecked,
    OverLine,
    Projection,
    RecommendationItem,
    Report,
    RuleRun,
    StorageAtScale,
    TableReport,
    TrafficReport,
    Units,
)
from stj_audit.results import Category
from stj_audit.wording import counted

MAX_ROWS = 50  # a longer list is not read; the run file has all of it
MAX_GOOD = 6  # messages of one category: praise is read faster than work
SEVERITIES = ("critical", "high", "medium", "low", "info")
SEVERITY_SHAPES = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "○"}
STATUS_SHAPES = {"GOOD": "✓", "IMPROVE": "▲", "BAD": "✗", "NOT USED": "○", "NOT CHECKED": "?", "N/A": "–"}
GRADE_WORDS = {"A": "excellent", "B": "good", "C": "needs work", "D": "poor", "F": "failing"}
GRADE_TONES = {"A": "ok", "B": "ok", "C": "warn", "D": "bad", "F": "bad"}
STATUS_TONES = {"GOOD": "ok", "IMPROVE": "warn", "BAD": "bad"}
ALL_PARTS = ("Reads", "Writes", "Index reads and writes", "Storage", "Backup", "Other")
NOT_CHECKED = "not checked"
NO_GRADE = "?"
CENT = Decimal("0.01")
OR_MORE = " or more"
OVER_NOTHING = "over $0.00"  # "less than $0.01 or more" says nothing
COST_CATEGORY = Category.COST_OPTIMIZATION.id
TTL_CALL = "DescribeTimeToLive"

Row = TypeVar("Row")

_PLAIN_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*[ ,]|[a-z]+$")


def head(rows: Sequence[Row], length: int = MAX_ROWS) -> Sequence[Row]:
    return rows[:length]


def rest(rows: Sequence[object], length: int = MAX_ROWS) -> str:
    """What to say under a list that `head` cut; nothing when it did not."""
    return f"and {len(rows) - length:,} more, see the run file" if len(rows) > length else ""


# --------------------------------------------------------------------------------------------------------------- grades


def grade_word(grade: str) -> str:
    if grade == "n/a":
        return "nothing to judge"
    return GRADE_WORDS.get(grade[:1], "too little was seen")


def grade_tone(grade: str) -> str:
    """ok, warn, bad or mute: the colour, always beside the letter."""
    return GRADE_TONES.get(grade[:1], "mute")


def grade_range(best: str, worst: str) -> str:
    """From the letter if all that was not checked failed, to the letter if it passed."""
    return best if best == worst else f"{worst} to {best}"


def held(grade: str, held_by: str) -> str:
    """Why a grade is not higher, or why there is none: "Held at B+ because ...", "No grade because ..."."""
    return f"{'No grade' if grade == NO_GRADE else f'Held at {cut(grade)}'} because {filters.sentence(held_by)}"


def status_tone(status: str) -> str:
    return STATUS_TONES.get(status, "mute")


def status_shape(status: str) -> str:
    return STATUS_SHAPES.get(status, "–")


def severity_shape(severity: str) -> str:
    return SEVERITY_SHAPES.get(severity, "○")


def severity_tone(severity: str) -> str:
    return severity if severity in SEVERITIES else "info"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleRow:
    """The letters of one category, or of all, for the user counts of `scale_users`; "not known" where there is none."""

    title: str
    overall: bool
    grades: tuple[str, ...]


def scale_users(report: Report) -> tuple[str, ...]:
    """The user counts of `grades_by_users` as the report names them, ascending."""
    return tuple(sorted(report.grades_by_users, key=lambda users: (not users.isdecimal(), int(users) if users.isdecimal() else 0)))


def scale_label(users: str) -> str:
    return f"{int(users):,}" if users.isascii() and users.isdecimal() else users


def scale_rows(report: Report) -> tuple[ScaleRow, ...]:
    scales = [report.grades_by_users[users] for users in scale_users(report)]
    rows = [
        ScaleRow(title=one.title, overall=False, grades=tuple(at.categories.get(one.id, filters.NOT_KNOWN) for at in scales))
        for one in report.categories
    ]
    return (*rows, ScaleRow(title="Overall", overall=True, grades=tuple(at.overall for at in scales)))


# ------------------------------------------------------------------------------------------------------------- findings


def open_findings(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in report.findings if finding.suppressed is None)


def suppressed_findings(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in report.findings if finding.suppressed is not None)


def first_findings(report: Report) -> tuple[Finding, ...]:
    by_id = {finding.id: finding for finding in report.findings}
    return tuple(by_id[one] for one in report.do_first if one in by_id)


def severity_counts(findings: Iterable[Finding]) -> str:
    """ "1 critical, 2 low", or "none"."""
    severities = [finding.severity for finding in findings]
    counts = [f"{severities.count(one)} {one}" for one in SEVERITIES if one in severities]
    others = sum(one not in SEVERITIES for one in severities)
    return ", ".join([*counts, *([f"{others} other"] if others else [])]) or "none"


def anchor(finding: Finding, report: Report) -> str:
    """The id of a finding's place on the page; no name from outside is in it."""
    return f"finding-{report.findings.index(finding) + 1}"


def findings_of(report: Report, table: TableReport) -> tuple[Finding, ...]:
    return tuple(finding for finding in open_findings(report) if finding.table == table.name)


def saving(finding: Finding, target_users: int) -> str:
    """What the fix saves at the target: "$2.10 a month at 10,000 users", or "not priced"."""
    amount = _saving_usd(finding, target_users)
    if amount is None:
        return "not priced"
    return f"{_up_to(finding)}{filters.usd(amount)} a month at {filters.users(target_users)}"


def saving_short(finding: Finding, target_users: int) -> str:
    amount = _saving_usd(finding, target_users)
    return "not priced" if amount is None else f"{_up_to(finding)}{filters.usd(amount)}"


def _up_to(finding: Finding) -> str:
    return "up to " if finding.saving_is_bound else ""


def saves(finding: Finding) -> str:
    """What the fix saves at every user count: "$0.02 at 100, $2.10 at 10K users, a month", or "not priced"."""
    at_scales = ", ".join(f"{filters.usd(at.amount_usd)} at {at.users}" for at in savings(finding))
    return f"{_up_to(finding)}{at_scales} users, a month" if at_scales else "not priced"


def _saving_usd(finding: Finding, target_users: int) -> Decimal | None:
    return (finding.saving_usd_month or {}).get(str(target_users))


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingAtScale:
    users: str
    amount_usd: Decimal


def savings(finding: Finding) -> tuple[SavingAtScale, ...]:
    found = finding.saving_usd_month or {}
    order = sorted(found, key=lambda users: int(users) if users.isascii() and users.isdecimal() else 0)
    return tuple(SavingAtScale(users=scale_label(users), amount_usd=found[users]) for users in order)


def action_groups(report: Report) -> tuple[tuple[str, tuple[Action, ...]], ...]:
    """The checklist by `when`, in the order in which the report has them."""
    groups: dict[str, list[Action]] = {}
    for action in report.actions:
        groups.setdefault(action.when, []).append(action)
    return tuple((when, tuple(actions)) for when, actions in groups.items())


def capital(text: str) -> str:
    """A capital at the start, unless the first word may be a name: of a table, an attribute, a call."""
    return text[0].upper() + text[1:] if _PLAIN_WORD.match(text) else text


# ---------------------------------------------------------------------------------------------------------------- money


def part_of(line: CostLine) -> str:
    """The part of the bill that a line is shown in, one of ALL_PARTS."""
    if line.component.endswith("storage"):
        return "Storage"
    if line.component.startswith(("pitr", "backup", "aws-backup")):
        return "Backup"
    for ending, part in (("reads", "Reads"), ("writes", "Writes")):
        if line.component.endswith(ending):
            return "Index reads and writes" if line.index is not None or line.component.startswith("index-") else part
    return "Other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a bill. `amount_usd` is the sum of its known lines, None when none is known; `share` is of the known total."""

    title: str
    amount_usd: Decimal | None
    complete: bool
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """One rung of the cost ladder; `parts` are those of `parts_used`, in that order."""

    users: int
    is_target: bool
    monthly_usd: Decimal | None
    complete: bool
    avoidable: str
    per_user: str
    parts: tuple[Part, ...]


def avoidable(report: Report, projection: Projection | None) -> str:
    """
    What could be saved of a bill: "$4.34", or "$4.34 to $147" where it depends on what the queries need.

    With "or more" where a line of the bill is not known or a check of the cost could not be made; "not known" where nothing is.
    """
    if projection is None or projection.monthly_usd is None or projection.avoidable_usd is None:
        return filters.NOT_KNOWN
    seen = next((one.coverage for one in report.categories if one.id == COST_CATEGORY), 1.0)
    sure, at_most = projection.avoidable_usd, projection.avoidable_at_most_usd or projection.avoidable_usd
    if not at_most and seen == 0:
        return filters.NOT_KNOWN
    complete = projection.complete and seen == 1
    if filters.usd(sure) == filters.usd(at_most):
        return money(sure, complete)
    return f"{filters.usd(sure)} to {money(at_most, complete)}"


def per_user(projection: Projection) -> str:
    """What one user costs a month: "$0.0084", or "$0.0084 or more" when a part of the bill is not known."""
    return _per_user(projection, OR_MORE)


def _per_user(projection: Projection, mark: str) -> str:
    if projection.monthly_usd is None or projection.per_user_usd is None:
        return filters.NOT_KNOWN
    return filters.usd_fine(projection.per_user_usd) + ("" if projection.complete else mark)


def parts_used(report: Report) -> tuple[str, ...]:
    """The parts that any projection has a line of; what no table has is left out of charts and tables."""
    seen = {part_of(line) for projection in report.costs.projections for line in projection.lines}
    return tuple(part for part in ALL_PARTS if part in seen)


def bills(report: Report) -> tuple[Bill, ...]:
    used = parts_used(report)
    return tuple(
        Bill(
            users=projection.users,
            is_target=projection.users == report.audit.target_users,
            monthly_usd=projection.monthly_usd,
            complete=projection.complete,
            avoidable=avoidable(report, projection),
            per_user=_per_user(projection, "+"),
            parts=_parts(projection.lines, used),
        )
        for projection in report.costs.projections
    )


def _parts(lines: Sequence[CostLine], used: Sequence[str]) -> tuple[Part, ...]:
    total = sum((line.monthly_usd for line in lines if line.monthly_usd is not None), Decimal(0))
    parts = []
    for title in used:
        amounts = [line.monthly_usd for line in lines if part_of(line) == title]
        known = [amount for amount in amounts if amount is not None]
        amount = sum(known, Decimal(0)) if known or (lines and not amounts) else None
        share = float(amount / total) if amount and total else 0.0
        parts.append(Part(title=title, amount_usd=amount, complete=len(known) == len(amounts), share=share))
    return tuple(parts)


def target_bill(report: Report) -> Projection | None:
    return next((one for one in report.costs.projections if one.users == report.audit.target_users), None)


def money(amount_usd: Decimal | None, complete: bool = True) -> str:
    """ "$5.30", or "$5.30 or more" when a part of it is not known."""
    return _lower_bound(amount_usd, complete, OR_MORE)


def money_short(amount_usd: Decimal | None, complete: bool = True) -> str:
    """As `money`, for narrow cells: "$5.30+" is "$5.30 or more"."""
    return _lower_bound(amount_usd, complete, "+")


def _lower_bound(amount_usd: Decimal | None, complete: bool, mark: str) -> str:
    if amount_usd is None or complete:
        return filters.usd(amount_usd)
    return OVER_NOTHING if 0 < amount_usd < CENT else filters.usd(amount_usd) + mark


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageRow:
    """What a table, or all of its indexes, holds at each user count: None where it is not known."""

    table: str
    what: str
    items: tuple[int | None, ...]
    sizes_bytes: tuple[int | None, ...]


def storage_rows(report: Report) -> tuple[StorageRow, ...]:
    """One row for each table and one for its indexes, by user count in the order of the projections."""
    names = list(dict.fromkeys(at.table for projection in report.costs.projections for at in projection.storage))
    without_indexes = {table.name for table in report.tables if not table.indexes}
    rows = []
    for name in names:
        at = [_storage_of(projection, name) for projection in report.costs.projections]
        items = tuple(None if one is None else one.items for one in at)
        rows.append(
            StorageRow(
                table=name, what="items", items=items, sizes_bytes=tuple(None if one is None else one.table_bytes for one in at)
            )
        )
        index_bytes = tuple(None if one is None else one.index_bytes for one in at)
        if any(index_bytes) or (None in index_bytes and name not in without_indexes):
            rows.append(StorageRow(table=name, what="indexes", items=items, sizes_bytes=index_bytes))
    return tuple(rows)


def _storage_of(projection: Projection, table: str) -> StorageAtScale | None:
    return next((one for one in projection.storage if one.table == table), None)


def storage_known(rows: Sequence[StorageRow]) -> tuple[StorageRow, ...]:
    """The rows of which anything is known at any user count."""
    return tuple(row for row in rows if any(one is not None for one in (*row.sizes_bytes, *row.items)))


def storage_unknown(rows: Sequence[StorageRow]) -> str:
    """The tables that have no row among `storage_known`; empty when all have."""
    known = {row.table for row in storage_known(rows)}
    return listed([name for name in dict.fromkeys(row.table for row in rows) if name not in known])


def rung_title(users: int) -> str:
    """ "At 1,000 users"; "Now" for the first rung where today's users are not known."""
    return f"At {filters.users(users)}" if users else "Now"


def storage_totals(report: Report) -> tuple[str, ...]:
    """The bytes of all tables and indexes at each user count, as text."""
    totals = []
    for place in range(len(report.costs.projections)):
        sizes = [row.sizes_bytes[place] for row in storage_rows(report)]
        known = [one for one in sizes if one is not None]
        totals.append(filters.size(sum(known) if known else None) + (OR_MORE if known and len(known) < len(sizes) else ""))
    return tuple(totals)


def storage_costs(report: Report) -> tuple[str, ...]:
    """What the storage of tables and indexes costs a month at each user count, as text."""
    costs = []
    for projection in report.costs.projections:
        [part] = _parts(projection.lines, ["Storage"])
        costs.append(money(part.amount_usd, part.complete))
    return tuple(costs)


def traffic_lines(lines: Sequence[CostLine]) -> tuple[CostLine, ...]:
    """The lines that are no storage: requests, capacity, backup, streams."""
    return tuple(line for line in lines if part_of(line) != "Storage")


def line_title(line: CostLine) -> str:
    return line.component.replace("-", " ").replace("pitr", "PITR")


# --------------------------------------------------------------------------------------------------------------- tables


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
        return f"on, by {cut(table.ttl_attribute)}"
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
    return "on" if backups.recovery_period_days is None else f"on, {backups.recovery_period_days} days"


def on_demand_backups(table: TableReport) -> str:
    """How many, and the newest."""
    backups = table.backups.on_demand
    if backups is None:
        return NOT_CHECKED
    if not backups:
        return "none"
    return f"{len(backups):,}, newest of {filters.on_date(max(backup.created_at for backup in backups))}"


def tags(table: TableReport) -> str:
    if table.tags is None:
        return NOT_CHECKED
    return ", ".join(f"{key}={value}" for key, value in sorted(table.tags.items())[:MAX_ROWS]) or "none"


def index_size(index: IndexReport) -> str:
    """Entries and bytes: as read with the items where they were, else as AWS states them."""
    if index.entry_count is not None and index.entry_mean_bytes is not None:
        return f"{counted(index.entry_count, 'entry', 'entries')}, mean {filters.size(index.entry_mean_bytes)}"
    if index.item_count is None and index.size_bytes is None:
        return filters.NOT_KNOWN
    return f"{filters.count(index.item_count)} entries, {filters.size(index.size_bytes)}"


def throttles(traffic: TrafficReport | None) -> str:
    """Throttle events of the table and its indexes over the throttle window; "not known" where there is no figure."""
    if traffic is None:
        return filters.NOT_KNOWN
    numbers = [traffic.read_throttles, traffic.write_throttles]
    numbers += [number for flow in traffic.indexes.values() for number in (flow.read_throttles, flow.write_throttles)]
    known = [number for number in numbers if number is not None]
    if not known:
        return filters.NOT_KNOWN
    return f"{sum(known):,}" + ("" if len(known) == len(numbers) else OR_MORE)


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
    return f"{line.found:,} in the sample: {line.low:,} to {line.high:,} in the table"


def coverage_text(items: ItemsReport, table: TableReport) -> str:
    if items.coverage == "full":
        return f"every item ({items.scanned:,})"
    return f"a sample: {items.scanned:,} of about {filters.count(table.item_count)}"


def biggest_attributes(items: ItemsReport) -> tuple[AttributeReport, ...]:
    return tuple(sorted(items.attributes, key=lambda one: (-one.total_bytes, one.name)))


def recommendation_text(item: RecommendationItem) -> str:
    return f"{item.text} ({item_saves(item)})" if item.saving_usd_month is not None else item.text


def item_saves(item: RecommendationItem) -> str:
    """ "saves up to $48.20 a month"; empty when it is not priced."""
    if item.saving_usd_month is None:
        return ""
    return f"saves {'up to ' if item.saving_is_bound else ''}{filters.usd(item.saving_usd_month)} a month"


# ---------------------------------------------------------------------------------------------------------------- trust


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen:
    """What one call could not tell for one reason: `places` are tables and indexes, `checks` those that needed it."""

    call: str
    reason: str
    places: tuple[str, ...]
    checks: tuple[str, ...]


def unseen(report: Report) -> tuple[Unseen, ...]:
    """The not-checked list by reason and call, in the order in which the report has them."""
    groups: dict[tuple[str, str], list[NotChecked]] = {}
    for row in sorted(report.not_checked, key=lambda row: row.reason):
        groups.setdefault((row.reason, row.call), []).append(row)
    return tuple(
        Unseen(
            call=call,
            reason=reason,
            places=tuple(dict.fromkeys(_place(row) for row in rows)),
            checks=tuple(dict.fromkeys(row.check for row in rows if row.check is not None)),
        )
        for (reason, call), rows in groups.items()
    )


def _place(row: NotChecked) -> str:
    if row.table is None:
        return "the account"
    return row.table if row.index is None else f"{row.table} / {row.index}"


def listed(names: Sequence[str], length: int = 6) -> str:
    """ "a, b and 3 more", each name cut as names are."""
    shown = ", ".join(cut(name) for name in names[:length])
    return f"{shown} and {len(names) - length:,} more" if len(names) > length else shown


def permission_missing(report: Report) -> bool:
    return any(row.reason.startswith(("AccessDenied", "UnauthorizedOperation")) for row in report.not_checked)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """One check over all tables: in how many it ended how, and why where it found nothing out."""

    check: str
    code: str
    title: str
    category: str
    found: int
    passed: int
    not_applicable: int
    not_checked: int
    reasons: tuple[str, ...]


def rule_rows(report: Report) -> tuple[RuleRow, ...]:
    titles = {category.id: category.title for category in report.categories}
    groups: dict[str, list[RuleRun]] = {}
    for run in report.rules:
        groups.setdefault(run.check, []).append(run)
    rows = []
    for check, runs in groups.items():
        ended = [run.status for run in runs]
        rows.append(
            RuleRow(
                check=check,
                code=runs[0].code,
                title=runs[0].title,
                category=titles.get(runs[0].category, runs[0].category),
                found=ended.count("found"),
                passed=ended.count("passed"),
                not_applicable=ended.count("not applicable"),
                not_checked=ended.count("not checked"),
                reasons=tuple(dict.fromkeys(run.reason for run in runs if run.reason)),
            )
        )
    return tuple(rows)


def rule_summary(report: Report) -> str:
    """ "41 rules on 3 tables: 12 found, 70 passed, 30 not applicable, 11 not checked"."""
    rows = rule_rows(report)
    return (
        f"{counted(len(rows), 'rule')} on {counted(len(report.tables), 'table')}: {sum(row.found for row in rows):,} found, "
        f"{sum(row.passed for row in rows):,} passed, {sum(row.not_applicable for row in rows):,} not applicable, "
        f"{sum(row.not_checked for row in rows):,} not checked"
    )
