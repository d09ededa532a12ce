"""
What we say: frozen values that are the run file. Renderers read nothing else.

The field names *are* the keys of the run file (`--format json`), which other people's scripts read: a name may be added here, never
renamed or removed without raising SCHEMA_VERSION. Sizes are bytes, times are UTC, money is US dollars, shares are 0 to 1; unknown is
null with a row in `not_checked`, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stj_audit.errors import ConfigError

SCHEMA_VERSION = 1
SEVERAL = "several"  # the account or region of an audit of several that differ

Evidence = int | float | str | None

FACTS_SCHEMA = {
    "type": "object",
    "description": "What was read, for `stj-audit check --from`. What is in it may be another thing with every version.",
    "properties": {"version": {"type": "integer"}},
    "required": ["version"],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    name: str
    version: str
    policy_version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopeReport:
    """
    One account in one region, of an audit of several. `name` is what the configuration calls the account; `not_read` is why none of its
    tables could be read, null where they could.
    """

    account: str | None
    region: str
    name: str | None
    endpoint_url: str | None
    tables: int
    read_units: Decimal
    api_calls: int
    not_read: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """
    What was audited, for whom, and what the audit itself took. `cost_usd` is null where no price is known.

    An audit of several accounts or regions has `scopes`, which others leave out; `account` and `region` are then "several" where they differ.
    One of a design has `templates`, the files that define it, and made no call to AWS unless for prices.
    """

    id: str
    account: str | None
    region: str
    endpoint_url: str | None
    started_at: datetime
    finished_at: datetime
    target_users: int
    users_now: int | None
    read_units: Decimal
    api_calls: int
    cost_usd: Decimal | None
    scopes: tuple[ScopeReport, ...] | UnsetType = UNSET
    templates: tuple[str, ...] | UnsetType = UNSET
    notes: tuple[str, ...] | UnsetType = UNSET
    """What there is to say of a design: what was taken from the defaults of parameters, what is only known once it is deployed."""
    unseen: tuple[str, ...] | UnsetType = UNSET
    """Of a design: what may define other tables, and was not looked at. The notes tell it too."""
    asked: tuple[str, ...] | UnsetType = UNSET
    """The names and globs of the tables that were asked for; left out where every table was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overall:
    """
    `grade` is a letter from A+ to F, or "?" when too little was seen. `best` and `worst` are the letters if everything that was not
    checked passed, or failed. `coverage` is the share of the applicable checks that could be made. `held_by`: why it is not higher.
    """

    grade: str
    score: float | None
    best: str
    worst: str
    coverage: float
    held_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryGrade:
    """As `Overall`; `grade` may also be "n/a": nothing in these tables to judge (no index, say). `notes` is one line for the table."""

    id: str
    title: str
    grade: str
    score: float | None
    best: str
    worst: str
    coverage: float
    notes: str
    held_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GradesAtScale:
    overall: str
    categories: Mapping[str, str]


# --------------------------------------------------------------------------------------------------------------- tables


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyElement:
    attribute: str
    type: str
    role: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexReport:
    """
    `usage` is one line: what CloudWatch saw of it. `entry_count` and `entry_mean_bytes` come from the items read; the count is null where
    only a sample was.
    """

    name: str
    kind: str
    key_schema: tuple[KeyElement, ...]
    projection: str
    non_key_attributes: tuple[str, ...]
    status: str
    item_count: int | None
    size_bytes: int | None
    entry_mean_bytes: float | None
    entry_count: int | None = None
    usage: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Units:
    read_units: int | None
    write_units: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoScalingReport:
    index: str | None
    dimension: str
    min_units: int
    max_units: int
    suspended: bool
    target_utilization_percent: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDemandBackup:
    created_at: datetime
    size_bytes: int | None
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupsReport:
    """`pitr` is ENABLED or DISABLED; null: not known. `on_demand` null: not known."""

    pitr: str | None
    recovery_period_days: int | None
    earliest_restorable_at: datetime | None
    latest_restorable_at: datetime | None
    on_demand: tuple[OnDemandBackup, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OverLine:
    """Items over a line: `found` among those read; `low` to `high` in the whole table (equal when every item was read; null: not bounded)."""

    threshold_bytes: int
    found: int
    low: int
    high: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HistogramBar:
    """Items of at most `le_bytes`, and more than the bar before."""

    le_bytes: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeReport:
    """`share` is its part of all bytes read."""

    name: str
    types: tuple[str, ...]
    present: int
    total_bytes: int
    mean_bytes: float
    max_bytes: int
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Largest:
    bytes: int
    key_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeRange:
    """Between which sizes something of the whole table lies, at 95 %; null: the sample does not bound it on this side."""

    low_bytes: int | None
    high_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleReport:
    """
    What a sample of whole Scan segments says of the whole table, each with the ends of its 95 % interval; an upper end is null where there is
    none. The other figures of `ItemsReport` are those of the items read.

    `segments` of `total_segments` were read, and `share_read` is their part. `item_count` is what the segments say. `total_bytes` is the mean
    times DescribeTable's item count, or what the segments say where that is not known, or not believed (`counts_apart`: the two differ by
    more than a tenth, beyond chance). `missing_share` above 0: that part of the items, at most, may be in collections of which nothing was
    read. `partition_keys` is null where there were more than are counted one by one. `stopped_by` says why not more was read.
    """

    segments: int
    total_segments: int
    share_read: float
    item_count: int
    item_count_low: int
    item_count_high: int | None
    mean_bytes: float | None
    mean_low: float | None
    mean_high: float | None
    total_bytes: int
    total_low: int
    total_high: int | None
    p50: SizeRange
    p90: SizeRange
    p99: SizeRange
    partition_keys: int | None
    counts_apart: bool
    missing_share: float
    stopped_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsReport:
    """The items read: every item of the table, or (`coverage` is "sample") a part of them, of which `sample` says what it is worth."""

    coverage: str
    scanned: int
    scanned_bytes: int
    read_units: Decimal
    min_bytes: int | None
    mean_bytes: float | None
    p50_bytes: int | None
    p90_bytes: int | None
    p99_bytes: int | None
    max_bytes: int | None
    over_warn: OverLine
    over_max: OverLine
    histogram: tuple[HistogramBar, ...]
    attributes: tuple[AttributeReport, ...]
    largest: tuple[Largest, ...]
    sample: SampleReport | None = None
    """Null where every item was read, or how the sample was taken is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowReport:
    """One table or index over the window; throttles over `throttle_window_days`. null: no datapoint."""

    read_units: Decimal | None
    write_units: Decimal | None
    read_throttles: int | None
    write_throttles: int | None
    throttle_reasons: Mapping[str, int]
    throttles_by_day: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficReport:
    window_days: int
    covered_days: Decimal
    read_units: Decimal | None
    write_units: Decimal | None
    indexes: Mapping[str, FlowReport]
    read_throttles: int | None
    write_throttles: int | None
    throttle_reasons: Mapping[str, int]
    calls: Mapping[str, int]
    throttle_window_days: int = 14
    throttles_by_day: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """
    One priced quantity a month. `unit_price_usd` and `monthly_usd` are null where the price or the quantity is not known (`note` says
    which). `basis` is measured, declared or assumed; `per_user` says whether the line grows with the users, and `growth` how: constant,
    linear, or super-linear (with the square of the users). `region` is set where the line is billed in another region than the audit's.
    """

    table: str
    index: str | None
    component: str
    quantity: Decimal | None
    unit: str
    unit_price_usd: Decimal | None
    monthly_usd: Decimal | None
    basis: str
    per_user: bool
    note: str = ""
    growth: str = "linear"
    region: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCost:
    """`monthly_usd` is the sum of the known lines, null when none is known; `complete` says whether all are."""

    monthly_usd: Decimal | None
    lines: tuple[CostLine, ...]
    complete: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class TableReport:
    name: str
    arn: str
    status: str
    billing_mode: str
    table_class: str
    item_count: int | None
    size_bytes: int | None
    created_at: datetime | None
    deletion_protection: bool | None
    encryption: str
    ttl_attribute: str | None
    stream: str | None
    tags: Mapping[str, str] | None
    key_schema: tuple[KeyElement, ...]
    indexes: tuple[IndexReport, ...]
    provisioned: Units | None
    auto_scaling: tuple[AutoScalingReport, ...] | None
    backups: BackupsReport
    items: ItemsReport | None
    traffic: TrafficReport | None
    cost: TableCost
    grade: str
    findings: tuple[str, ...]
    on_demand_limit: Units | None = None
    warm_throughput: Units | None = None
    replicas: tuple[str, ...] = ()
    resource_policy: str | None = None
    """In words, without what it says; null: not known."""


# ------------------------------------------------------------------------------------------------------------- findings


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Why a finding does not count. `by` is "ignore" (the configuration) or "baseline"."""

    reason: str
    expires: date | None
    by: str = "ignore"


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingBaseline:
    """How a finding stands to the baseline: `state` is new, worse or known; `severity` is the recorded one, null where it is new."""

    state: str
    severity: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineFinding:
    """A finding of the baseline that this audit did not find, and why."""

    id: str
    check: str
    code: str
    table: str
    index: str | None
    severity: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineReport:
    """
    The baseline that the audit was held against, and what became of it: how many findings are new, worse and known.

    `fixed` is what it knows and is not there any more, `not_looked_at` what could not be looked at or was not asked for.
    """

    date: date
    tool_version: str
    target_users: int
    new: int
    worse: int
    known: int
    fixed: tuple[BaselineFinding, ...]
    not_looked_at: tuple[BaselineFinding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoreReport:
    """An `[[ignore]]` of the configuration and what became of it: `state` is active, unused or expired; an expired one suppresses nothing."""

    check: str
    tables: tuple[str, ...]
    reason: str
    expires: date | None
    state: str
    findings: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    A problem of one table. `id` is the same in every run for the same check, table and index. `saving_usd_month` is by user count,
    an upper bound where `saving_is_bound`; null: not priced. `current`, `benefit` and `migration` are for the section "What could
    be improved". `when` is "now" or "before N users". `commands` are of the AWS CLI; `template` is YAML of CloudFormation, where the
    change belongs there too.
    """

    id: str
    check: str
    code: str
    category: str
    severity: str
    table: str
    index: str | None
    title: str
    message: str
    evidence: Mapping[str, Evidence]
    fix: str
    commands: tuple[str, ...]
    saving_usd_month: Mapping[str, Decimal] | None
    suppressed: Suppression | None
    current: str = ""
    benefit: str = ""
    migration: str = ""
    effort: str = ""
    when: str = "now"
    saving_is_bound: bool = False
    template: str = ""
    baseline: FindingBaseline | None = None
    """Null where no baseline was given, and where an ignore suppresses it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotChecked:
    """
    Something that could not be looked at. `check` is null where a fact is missing that no check needs. `scope` is where, if that is no table
    but one of several accounts or regions; it is left out elsewhere.
    """

    check: str | None
    table: str | None
    index: str | None
    call: str
    reason: str
    scope: str | UnsetType = UNSET


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRun:
    """One check on one table, however it ended: found, passed, not applicable, not checked."""

    check: str
    code: str
    title: str
    category: str
    table: str
    status: str
    reason: str = ""


# ---------------------------------------------------------------------------------------------------------------- money


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSource:
    """Where the prices are from. `as_of` is the oldest month confirmed among the prices used; null: no prices for the region."""

    region: str
    as_of: str | None
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentCost:
    monthly_usd: Decimal | None
    lines: tuple[CostLine, ...]
    complete: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageAtScale:
    """For the storage table of the assessment: what one table, with its indexes apart, holds at this user count."""

    table: str
    items: int | None
    table_bytes: int | None
    index_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthParts:
    """A bill by how it grows with the users; `free_usd` is what the free tier takes off, a negative amount. Together they are the bill."""

    constant_usd: Decimal
    linear_usd: Decimal
    super_linear_usd: Decimal
    free_usd: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedSaving:
    """
    What one change saves after those before it in the list, so that the amounts add up; `change` says in words what is changed.

    `finding` is the id of the finding that proposes it, null where a design was priced without an audit. `is_bound`: at most so much,
    because it depends on what was not seen.
    """

    finding: str | None
    table: str
    index: str | None
    change: str
    saving_usd: Decimal
    is_bound: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """
    The bill at `users` users. `avoidable_usd` is what the priced findings would save of it, without double counting;
    `avoidable_at_most_usd` adds the findings whose saving is an upper bound, because it depends on what the queries need.
    """

    users: int
    monthly_usd: Decimal | None
    lines: tuple[CostLine, ...]
    complete: bool = True
    avoidable_usd: Decimal | None = None
    avoidable_at_most_usd: Decimal | None = None
    per_user_usd: Decimal | None = None
    storage: tuple[StorageAtScale, ...] = ()
    parts: GrowthParts | None = None
    savings: tuple[AppliedSaving, ...] = ()
    """In the order in which they are applied: their sum is `avoidable_at_most_usd`, that of the sure ones `avoidable_usd`."""
    after_year_usd: Decimal | None = None
    """The same bill when the items have grown for a year as `growth` declares; null where no growth is declared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatternCost:
    """
    What one declared access pattern costs a month at the target, calibrated by what was measured. `index` is the one it reads.

    `reads_usd` and `writes_usd` are its requests to the table or to that index; `index_writes_usd` is what its writes take in all indexes
    together. `calls` are those of a month; null: not declared.
    """

    table: str
    pattern: str
    operation: str
    index: str | None
    calls: Decimal | None
    reads_usd: Decimal | None
    writes_usd: Decimal | None
    index_writes_usd: Decimal | None
    monthly_usd: Decimal | None
    growth: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """
    Declared patterns held against CloudWatch, for the reads or writes of one table or index, at the users of now.

    `factor` is measured over declared, and multiplies the declared units at every user count; null where it was not applied (`note` says
    why). Outside 0.5 to 2 the patterns are wrong rather than a little off, and `in_range` is false.
    """

    table: str
    index: str | None
    what: str
    declared_units: Decimal
    measured_units: Decimal | None
    factor: Decimal | None
    in_range: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NaiveEstimate:
    """
    The estimate by hand that takes each request for one unit, beside the real one: requests on demand only, a month at `users` users.

    `reads` and `writes` are calls; the units are what they really take, those of the indexes apart. `why`: the reasons for the difference.
    """

    users: int
    reads: Decimal
    writes: Decimal
    naive_usd: Decimal
    read_units: Decimal
    write_units: Decimal
    index_read_units: Decimal
    index_write_units: Decimal
    real_usd: Decimal
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakEven:
    """From how many users on a change pays off (`from_users` null: at none that was looked at); `note` says what it rests on."""

    table: str
    change: str
    from_users: int | None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitment:
    """For information: what a commitment would save a month of the bill at the target. It is in no total and in no avoidable amount."""

    offer: str
    of_usd: Decimal
    saving_usd: Decimal
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    prices: PriceSource
    free_tier: bool
    current: CurrentCost
    projections: tuple[Projection, ...]
    assumptions: tuple[str, ...] = ()
    patterns: tuple[PatternCost, ...] = ()
    """Those of the target, the most expensive first; empty where none is declared."""
    calibrations: tuple[Calibration, ...] = ()
    naive: NaiveEstimate | None = None
    break_even: tuple[BreakEven, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    target_users: int | None = None
    """The user count that `patterns`, `naive` and `commitments` are of."""


# ------------------------------------------------------------------------------------------------------ the assessment


@dataclass(frozen=True, kw_only=True, slots=True)
class GoodPoint:
    """A check that was passed, as the section "What is good" tells it."""

    category: str
    title: str
    messages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Practice:
    """One row of the best-practice table. `status` is GOOD, IMPROVE, BAD, NOT USED, NOT CHECKED or N/A."""

    practice: str
    status: str
    notes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecommendationItem:
    text: str
    severity: str
    finding: str | None
    saving_usd_month: Decimal | None = None
    saving_is_bound: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """One rung of the ladder by user scale."""

    users: int
    status: str
    items: tuple[RecommendationItem, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleLimit:
    """
    From how many users on a limit of AWS, or one that was set, binds for a table or an index: `what` names it with its number, `check` found
    it.
    """

    users: int
    table: str
    index: str | None
    check: str
    code: str
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    when: str
    finding: str | None
    text: str
    done: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NextReview:
    date: date
    at_users: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    strengths: tuple[str, ...]
    improvements: tuple[str, ...]
    cost_efficiency: tuple[str, ...]


OVER, NONE, INCONCLUSIVE, NOT_READ = "over", "none", "inconclusive", "not read"
"""`ItemsVerdict.verdict`."""
PASSED, FAILED = "passed", "failed"
"""`GateReport.verdict`, which may be INCONCLUSIVE too."""
ELSEWHERE = ""
"""The key in `Report.sources` of what has no declaration of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsVerdict:
    """
    Whether a table holds an item over the gate's size line. `verdict` is

    - "over": one was found, which is proof whatever was read; `found` of the `scanned` items, the largest in `largest`;
    - "none": every item was read, and none is over;
    - "inconclusive": none was found, and not every item was read, or not as the table stood; `at_most` is the upper end of what may be over
      in the whole table with 95 % confidence, null where nothing bounds it;
    - "not read": no item was read, or too few to be even a sample.

    `item_count` is the number of items of the table, null where it is not known; `sentence` says it all in words.
    """

    table: str
    verdict: str
    sentence: str
    threshold_bytes: int
    found: int
    scanned: int
    item_count: int | None
    at_most: int | None
    largest: tuple[Largest, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GateReport:
    """
    What the audit was held against, and how it came out. `fail_item_size` in bytes, null: off. `verdict` is "passed", "failed" or
    "inconclusive", and `exit_code` 0, 3 or 4. `failing` are ids of the findings at or above `fail_on`; `reasons` say in words why it
    is not passed, the worst first: one for each table with an item over the line; one for each of `failing`, in its order, or one for the
    grade; and then what is not known. `items` is empty where the size of items is not looked at.
    """

    fail_on: str
    fail_item_size: int | None
    inconclusive: str
    strict: bool
    verdict: str
    exit_code: int
    reasons: tuple[str, ...]
    failing: tuple[str, ...]
    items: tuple[ItemsVerdict, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """Where a table is declared: a file, relative to the working folder with "/" between its parts, and a line from 1."""

    path: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TrendRun:
    """
    One of the runs that are kept. `items` and `size_bytes` are of all its tables, null where one is not known. `cost_complete` and
    `cost_at_target_complete`: all of that bill is known; `findings`: how many were open.
    """

    id: str
    started_at: datetime
    grade: str
    score: float | None
    cost_usd: Decimal | None
    cost_at_target_usd: Decimal | None
    cost_complete: bool
    cost_at_target_complete: bool
    target_users: int
    tables: int
    findings: int
    items: int | None
    size_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """
    When the largest item reaches `line_bytes`, by a straight line through the runs. `state` is

    - "reached": it has; where the newest run read no items, `because` says when it was last read;
    - "dated": about on `expected`; `earliest` and `latest` are the ends of a 95 % interval, `latest` null: it may as well never be;
    - "never": the largest item does not grow, and its line with its 95 % interval stays below for 20 years;
    - "unsure": it does not grow as far as can be told, but may be there from `earliest` on: that is within the 95 % interval;
    - "far": not in the next 20 years;
    - "too early": there are too few runs, or of too short a time;
    - "not known": no run read items, or there are none.

    `because` says why there is no date.
    """

    line_bytes: int
    state: str
    expected: date | None = None
    earliest: date | None = None
    latest: date | None = None
    because: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableTrend:
    """
    How one table grows in a month of 730 hours; null: too early to say, or not known. `runs` are those that it is in; of those that read its
    items, `sampled_runs` read only a sample, whose largest item may not be the table's.
    """

    table: str
    runs: int
    items_per_month: float | None
    bytes_per_month: float | None
    largest_bytes: int | None
    largest_bytes_per_month: float | None
    sampled_runs: int
    forecasts: tuple[Forecast, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """
    The runs that --history keeps of the same accounts and regions, the oldest first and this one last, and what becomes of its tables.
    `too_early`: why nothing can be said of growth yet, null where it can.
    """

    runs: tuple[TrendRun, ...]
    tables: tuple[TableTrend, ...]
    cost_usd_per_month: Decimal | None
    cost_at_target_usd_per_month: Decimal | None
    too_early: str | None
    notes: tuple[str, ...] = ()
    new_findings: tuple[str, ...] | None = None
    """Ids of the findings that are open and were not so in the run before this one; null where there is none."""
    gone_findings: int | None = None
    """How many were open in the run before and are not any more: fixed, suppressed, or not looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The whole report, and the whole run file."""

    schema_version: int
    tool: Tool
    audit: Audit
    overall: Overall
    verdict: str
    """One sentence on all of it, without markup."""
    do_first: tuple[str, ...]
    """At most three ids of findings, the most urgent first."""
    grades_by_users: Mapping[str, GradesAtScale]
    categories: tuple[CategoryGrade, ...]
    tables: tuple[TableReport, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    costs: Costs
    good: tuple[GoodPoint, ...]
    practices: tuple[Practice, ...]
    recommendations: tuple[Recommendation, ...]
    actions: tuple[Action, ...]
    summary: Summary
    next_review: NextReview
    rules: tuple[RuleRun, ...]
    trust: tuple[str, ...] = field(default=())
    """How far to trust this: sentences on coverage, price dates and what the audit read."""
    ignores: tuple[IgnoreReport, ...] = ()
    limits: tuple[ScaleLimit, ...] = ()
    """The first that binds first: its users are as many as the tables serve as they are."""
    overall_unsuppressed: Overall | None = None
    """The grade if nothing were suppressed; null where nothing is."""
    baseline: BaselineReport | None = None
    """Null where no baseline was given."""
    gate: GateReport | None = None
    """Null where the audit was held against nothing."""
    sources: Mapping[str, SourceLine] = field(default_factory=dict)
    """By table, where its declaration is; "" is where those go that have none of their own."""
    trend: Trend | UnsetType = UNSET
    """Left out where no history is kept."""
    judged_again: str | UnsetType = UNSET
    """In words, when it was judged, and of which run; left out where it was judged when it was read."""
    facts: msgspec.Raw | UnsetType = UNSET
    """What all of it was made of, for `stj-audit check --from`: JSON text that nothing else reads (see saved.py). Left out where none is."""


_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(report: Report) -> str:
    """The run file: indented JSON, Decimal as JSON numbers, ending in a newline. The facts are last, and as compact as they are."""
    text = msgspec.json.format(_encoder.encode(replace(report, facts=UNSET)), indent=2).decode()
    if report.facts is not UNSET:
        facts = bytes(report.facts).decode()
        text = text.removesuffix("\n}") + f',\n  "facts": {facts}\n}}'
    return text + "\n"


class _Head(msgspec.Struct):
    schema_version: Any = None


def from_json(text: bytes | str) -> Report:
    """
    A report from a run file.

    Raises ConfigError, with the place in the file, when it is no run file of this schema version.
    """
    try:
        version = msgspec.json.decode(text, type=_Head).schema_version
        if version not in (None, SCHEMA_VERSION):
            raise ConfigError(
                f"the run file has schema_version {version}, this version reads {SCHEMA_VERSION}",
                hint="use the stj-audit that wrote it, or a newer one",
            )
        return msgspec.json.decode(text, type=Report)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigError(f"not a run file of stj-audit: {error}", hint="give a file written by --report json=PATH") from error


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the run file."""
    schema: dict[str, Any] = _decimals_as_numbers(msgspec.json.schema(Report))
    schema["$defs"]["Report"]["properties"]["facts"] = FACTS_SCHEMA
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "stj-audit run file", **schema}


def _decimals_as_numbers(node: Any) -> Any:
    """msgspec describes every Decimal as a string, also where the encoder writes numbers."""
    if isinstance(node, dict):
        if node.get("format") == "decimal":
            return {"type": "number"}
        return {key: _decimals_as_numbers(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_decimals_as_numbers(value) for value in node]
    return node
