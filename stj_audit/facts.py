"""
What was read: frozen values, no judgement, no item contents.

AWS's dictionaries end in `scanners/`; past it only these values travel. A fact that could not be read is `Unknown`, never None
or 0. Inside a fact, None means "AWS does not say" and is explained at the field. Sizes are bytes, counts are integers, capacity units are
Decimal (half units exist), times are aware datetimes in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

MAX_ITEM_BYTES = 400 * 1024  # AWS: "Quotas in Amazon DynamoDB", item size 400 KB, names included
BILLED_OVERHEAD_BYTES = 100  # AWS developer guide, "DynamoDB Item sizes and formats": storage billed per item and per index entry
PARTITION_READ_UNITS = 3_000  # AWS developer guide, "Designing partition keys": a second, for each partition
PARTITION_WRITE_UNITS = 1_000
TABLE_QUOTA_UNITS = 40_000  # AWS developer guide, "Quotas": a second, reads or writes, of a table and of each index, unless raised

ENOUGH_REQUESTS = 1_000  # in the window: a share or a mean of fewer is noise, and what would tell it is not asked for

READING_OPERATIONS = (
    *("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"),
    *("ExecuteStatement", "BatchExecuteStatement"),  # PartiQL: they read or write, and CloudWatch does not tell
)
TRANSACTIONS = ("TransactGetItems", "TransactWriteItems", "ExecuteTransaction")
MOSTLY_QUERY_SHARE = Decimal("0.8")  # of the calls that read; below it, what was read cannot be laid to Query
LARGE_WRITE_UNITS = 300  # an item takes one for each KB: fewer in the whole window hold none that is near AWS's limit

KeyRole = Literal["HASH", "RANGE"]
AttributeType = Literal["S", "N", "B"]
IndexKind = Literal["GSI", "LSI"]
Projection = Literal["ALL", "KEYS_ONLY", "INCLUDE"]
BillingMode = Literal["PAY_PER_REQUEST", "PROVISIONED"]
TableClass = Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"]
Language = Literal["CloudFormation", "Terraform"]

TEMPLATE = "template"  # as the call of a fact: the file that a table is defined in would tell it
NOT_DEPLOYED = "nothing is deployed yet"  # the reason of a fact that no template can tell
DYNAMIC_ATTRIBUTES = "<dynamic>"  # what attributes are summed as whose names may be data, see `items.dynamic`
INTERRUPTED = "the audit was interrupted"  # that of a fact which had not been read by then
OUT_OF_TIME = "the audit's time was over"  # likewise
NOT_LOOKED_AT = "not looked at:"  # how what a note tells of `Snapshot.unseen` begins
NOT_HERE = "there is no table of that name here"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """
    A fact that could not be read.

    `call` is the IAM action that would have told ("dynamodb:DescribeContinuousBackups"); `reason` is an error code
    ("AccessDeniedException"), or a few words ("not available here", "no data in 30 days").
    """

    call: str
    reason: str

    @property
    def is_not_deployed(self) -> bool:
        """Whether there is nothing yet that could be read: the table is a design."""
        return self.reason == NOT_DEPLOYED


# ---------------------------------------------------------------------------------------------- the table's definition


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyAttribute:
    """One element of a key. A GSI key may have up to four HASH and four RANGE elements, in order."""

    attribute: str
    type: AttributeType
    role: KeyRole


@dataclass(frozen=True, kw_only=True, slots=True)
class Throughput:
    """Capacity: provisioned units, an on-demand ceiling, or warm throughput. None: no ceiling, or not stated."""

    read_units: int | None
    write_units: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """A secondary index as DescribeTable gives it. `item_count` and `size_bytes` are about six hours old; None: not stated."""

    name: str
    kind: IndexKind
    key_schema: tuple[KeyAttribute, ...]
    projection: Projection
    non_key_attributes: tuple[str, ...] = ()
    status: str = "ACTIVE"
    backfilling: bool = False
    item_count: int | None = None
    size_bytes: int | None = None
    provisioned: Throughput | None = None
    on_demand_limit: Throughput | None = None
    warm_throughput: Throughput | None = None

    @property
    def hash_attributes(self) -> tuple[str, ...]:
        return tuple(key.attribute for key in self.key_schema if key.role == "HASH")

    @property
    def range_attributes(self) -> tuple[str, ...]:
        return tuple(key.attribute for key in self.key_schema if key.role == "RANGE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Encryption:
    """Encryption at rest. `type` is AWS_OWNED where DescribeTable has no SSEDescription."""

    type: str
    status: str = "ENABLED"
    kms_key_arn: str | None = None
    inaccessible_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """One replica of a global table."""

    region: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """DescribeTable, whole. `item_count` and `size_bytes` are about six hours old on AWS, and 0 on a new table."""

    name: str
    arn: str
    region: str
    status: str
    created_at: datetime | None
    billing_mode: BillingMode
    table_class: TableClass
    key_schema: tuple[KeyAttribute, ...]
    indexes: tuple[Index, ...] = ()
    item_count: int | None = None
    size_bytes: int | None = None
    provisioned: Throughput | None = None
    on_demand_limit: Throughput | None = None
    warm_throughput: Throughput | None = None
    deletion_protection: bool | Unknown = False
    encryption: Encryption = field(default_factory=lambda: Encryption(type="AWS_OWNED"))
    stream_view_type: str | None = None
    stream_label: str | None = None
    stream_enabled_at: datetime | None = None
    replicas: tuple[Replica, ...] = ()
    global_table_version: str | None = None
    unaudited: tuple[str, ...] = ()
    """Features that DescribeTable shows and this tool does not judge, such as vector indexes."""
    defined_in: Language | None = None
    """The language of the template that defines the table, which is not there yet; None: it is there."""
    scope: str = ""
    """Where the table is, as `title` says it: set where tables of several accounts or regions are judged together, else ""."""

    @property
    def title(self) -> str:
        """What the table is called in everything that is said of it; `name` is what AWS calls it, in a command for example."""
        return titled(self.scope, self.name)

    @property
    def hash_attributes(self) -> tuple[str, ...]:
        return tuple(key.attribute for key in self.key_schema if key.role == "HASH")

    @property
    def range_attributes(self) -> tuple[str, ...]:
        return tuple(key.attribute for key in self.key_schema if key.role == "RANGE")

    @property
    def global_indexes(self) -> tuple[Index, ...]:
        return tuple(index for index in self.indexes if index.kind == "GSI")

    @property
    def local_indexes(self) -> tuple[Index, ...]:
        return tuple(index for index in self.indexes if index.kind == "LSI")


# -------------------------------------------------------------------------------------------------- what surrounds it


@dataclass(frozen=True, kw_only=True, slots=True)
class Pitr:
    """Point-in-time recovery. `enabled` is PointInTimeRecoveryStatus: ContinuousBackupsStatus is always ENABLED."""

    enabled: bool
    recovery_period_days: int | None = None
    earliest_restorable_at: datetime | None = None
    latest_restorable_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """One on-demand backup. `type` is USER, SYSTEM or AWS_BACKUP."""

    created_at: datetime
    size_bytes: int | None
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OnDemandBackups:
    """The table's on-demand backups that ListBackups knows; AWS Backup recovery points are not among them."""

    backups: tuple[Backup, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryPoint:
    """One recovery point of AWS Backup that can be restored. `size_bytes` None: not stated."""

    created_at: datetime
    size_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryPoints:
    """What AWS Backup holds of the table in this account and region; DynamoDB's own backups are in `OnDemandBackups`."""

    points: tuple[RecoveryPoint, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtectedResource:
    """What AWS Backup keeps of a table that it ever backed up. `last_restored_at` None: it never restored it."""

    last_restored_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class InsightsSetting:
    """
    Contributor Insights of the table (`index` None) or of one GSI. `status` is ENABLED, ENABLING, DISABLED, DISABLING or FAILED;
    `mode` ACCESSED_AND_THROTTLED_KEYS or THROTTLED_KEYS, None: not stated. `rules` are the names of its rules in CloudWatch.
    """

    index: str | None
    status: str
    mode: str | None = None
    rules: tuple[str, ...] = ()

    @property
    def enabled(self) -> bool:
        return self.status in ("ENABLED", "ENABLING")


@dataclass(frozen=True, kw_only=True, slots=True)
class ContributorInsights:
    """The setting of the table, and of each of its GSIs."""

    settings: tuple[InsightsSetting, ...]

    def enabled(self, index: str | None) -> bool:
        return any(one.index == index and one.enabled for one in self.settings)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePolicy:
    """
    The resource-based policy of a table: how many statements it has (0: there is none), and whether one of them allows something to everyone,
    in any account, without a condition.
    """

    statements: int
    open_to_anyone: bool

    @classmethod
    def of(cls, statements: Sequence[Mapping[str, Any]]) -> "ResourcePolicy":
        """What kind of policy these statements are, each as IAM writes it."""
        return cls(statements=len(statements), open_to_anyone=any(map(_is_open, statements)))


def _is_open(statement: Mapping[str, Any]) -> bool:
    """Whether it allows something to everyone, in any account, without a condition."""
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    anyone = named == "*" or (isinstance(named, list) and "*" in named)
    return statement.get("Effect") == "Allow" and anyone and not statement.get("Condition")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyReport:
    """
    What Contributor Insights counted of the two partition key values of the table (`index` None) or of one GSI that have the most: units
    where `kind` is "accessed", requests where it is "throttled". The values themselves are not kept.

    `first` None: the report names no key. `second` None: it names one alone.
    """

    index: str | None
    kind: Literal["accessed", "throttled"]
    first: Decimal | None
    second: Decimal | None = None

    def stands_out(self, times: int) -> bool:
        """Whether the first has at least `times` what the second has."""
        return self.first is not None and self.first > 0 and self.first >= times * (self.second or 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class HotKeys:
    """
    The reports of Contributor Insights where it is on, each over `report_hours`: accessed keys until the audit, throttled keys on the day
    with the most throttle events, and only where a partition was throttled.
    """

    report_hours: int
    reports: tuple[KeyReport, ...] = ()

    def report(self, index: str | None, kind: Literal["accessed", "throttled"]) -> KeyReport | None:
        return next((one for one in self.reports if (one.index, one.kind) == (index, kind)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class KinesisDestination:
    """A Kinesis data stream that the table's changes go to. `status` is ENABLING, ACTIVE, UPDATING, DISABLING, DISABLED or ENABLE_FAILED."""

    stream_arn: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KinesisDestinations:
    """Every Kinesis data stream that the table was ever connected with, those that were disabled included."""

    destinations: tuple[KinesisDestination, ...]

    @property
    def active(self) -> bool:
        """Whether changes go to some stream now."""
        return any(one.status in ("ACTIVE", "UPDATING") for one in self.destinations)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotas:
    """
    The account's quotas of DynamoDB in the region, as Service Quotas applies them: units a second of one table or index, tables of the
    region, global indexes of one table. None: Service Quotas does not list it.
    """

    table_read_units: int | None = None
    table_write_units: int | None = None
    tables: int | None = None
    global_indexes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionTables:
    """How many tables the account has in the region. `first` is the first table of the audit: what is true of all is told of it alone."""

    count: int
    first: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeToLive:
    """`enabled` is true while the status is ENABLED or ENABLING; `attribute` is None when TTL was never set."""

    enabled: bool
    attribute: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """The table's tags, by key."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalableTarget:
    """Auto scaling of one dimension of the table (`index` None) or of one GSI."""

    index: str | None
    dimension: Literal["read", "write"]
    min_units: int
    max_units: int
    suspended: bool = False
    target_utilization_percent: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoScaling:
    """Every scalable target that is registered for the table and its indexes; empty: none is."""

    targets: tuple[ScalableTarget, ...]

    def target(self, index: str | None, dimension: Literal["read", "write"]) -> ScalableTarget | None:
        for target in self.targets:
            if target.index == index and target.dimension == dimension:
                return target
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmMetric:
    """A metric that an alarm watches. `dimensions` must be complete to match: CloudWatch does not aggregate missing ones."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str | None
    period_seconds: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """
    A CloudWatch alarm on at least one metric of this table or its indexes; metric-math alarms list each metric.

    `state` holds since `state_since` (None: not stated); `treat_missing_data` is breaching, notBreaching, ignore or missing.
    """

    name: str
    metrics: tuple[AlarmMetric, ...]
    actions_enabled: bool
    action_count: int
    state: str
    state_since: datetime | None = None
    treat_missing_data: str = "missing"

    @property
    def tells_someone(self) -> bool:
        """Whether something is done when it fires."""
        return self.actions_enabled and self.action_count > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarms:
    """The alarms whose dimensions name this table."""

    alarms: tuple[Alarm, ...]

    def watches(self, metric: str, *, index: str | None) -> bool:
        """Whether an alarm that tells someone watches `metric` with exactly the dimensions of the table, or of its GSI `index`."""
        return any(alarm.tells_someone for alarm in self.watching(metric, index=index))

    def watching(self, metric: str, *, index: str | None) -> tuple[Alarm, ...]:
        """The alarms on `metric` with exactly these dimensions, with those that tell nobody."""
        wanted = {"TableName"} if index is None else {"TableName", "GlobalSecondaryIndexName"}
        return tuple(
            alarm
            for alarm in self.alarms
            if any(
                watched.metric == metric
                and set(watched.dimensions) == wanted
                and (index is None or watched.dimensions["GlobalSecondaryIndexName"] == index)
                for watched in alarm.metrics
            )
        )


# --------------------------------------------------------------------------------------------------------- its traffic


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """
    What CloudWatch measured for one table, or for one GSI (a table's own series leave its indexes out).

    None is "no datapoint", which is neither zero nor "denied". Throttle metrics are sent only when something is throttled, so a
    throttle count is 0 when there is no datapoint but consumption was measured in the same window, and None when neither was.
    """

    read_units: Decimal | None = None
    """Sum over `Traffic.window_days`."""
    write_units: Decimal | None = None
    read_units_14_days: Decimal | None = None
    write_units_14_days: Decimal | None = None
    peak_hour_read_units: Decimal | None = None
    """Sum of the busiest hour of the window."""
    peak_hour_write_units: Decimal | None = None
    read_throttles: int | None = None
    """Throttle events over `Traffic.throttle_window_days`."""
    write_throttles: int | None = None
    read_throttles_30_days: int | None = None
    write_throttles_30_days: int | None = None
    throttled_days: int = 0
    """Days of the throttle window with at least one event."""
    worst_hour_throttle_share: Decimal | None = None
    """Largest share, of any hour, of throttle events in (events + consumed units): an estimate of throttled requests."""
    throttle_reasons: Mapping[str, int] = field(default_factory=dict)
    """Metric name ("ReadKeyRangeThroughputThrottleEvents") to events over the throttle window; only those above 0."""
    throttles_by_day: tuple[int, ...] = ()
    """Events per 24 hours over `Traffic.window_days`, oldest first; empty when not known."""
    read_series: tuple[int, ...] = ()
    """
    Units consumed in each period of `Traffic.series_period_seconds`, rounded up, oldest first; empty when not kept. The series of a table
    and of its indexes begin at one moment, the first with any datapoint of them, and a period without a datapoint is 0.
    """
    write_series: tuple[int, ...] = ()
    provisioned_read_units: Decimal | None = None
    """Mean of the provisioned capacity over the covered days, as auto scaling set it; None: on demand, or no datapoint."""
    provisioned_write_units: Decimal | None = None

    def named_throttles(self, index: str | None) -> int:
        """Throttle events by key range that Contributor Insights could name a key for: not those of writes of an `index`."""
        kinds = ("Read", "Write") if index is None else ("Read",)
        return sum(self.throttle_reasons.get(f"{kind}KeyRangeThroughputThrottleEvents", 0) for kind in kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """CloudWatch's view of a table over `window_days`, of which `covered_days` have data (never more than the table's age)."""

    window_days: int
    throttle_window_days: int
    covered_days: Decimal
    table: Flow
    indexes: Mapping[str, Flow]
    """By GSI name. Local secondary indexes have no metrics of their own."""
    calls: Mapping[str, int]
    """Requests by operation ("GetItem") over the window: SampleCount of SuccessfulRequestLatency."""
    time_to_live_deletes: int | None
    """Items deleted by TTL over the throttle window; None: no datapoint."""
    series_period_seconds: int = 3_600
    stream_reads: int | None = None
    """GetRecords requests to the table's stream over the window, whoever made them; None: no stream, or no datapoint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operations:
    """
    How the requests went that CloudWatch saw, over `Traffic.window_days`.

    Each is asked only where there were enough requests to judge by it (`ENOUGH_REQUESTS` of the kind, unless the field says otherwise).
    None, and an operation that is missing, mean that there were too few, or that there is no datapoint. Failures are sent only when
    something fails: where they were asked for, no datapoint is 0.
    """

    latency_ms: Mapping[str, Decimal] = field(default_factory=dict)
    """Mean time within DynamoDB, of GetItem, PutItem, UpdateItem and DeleteItem."""
    system_errors: Mapping[str, int] = field(default_factory=dict)
    """Answers with HTTP 500, by operation."""
    failed_conditions: int | None = None
    """Writes whose condition was false. Asked from `ENOUGH_REQUESTS` write units on: a failed write takes units too."""
    transaction_conflicts: int | None = None
    """Requests that were rejected because a transaction was at work on the same item."""
    scan_hours: int | None = None
    """Hours with more than one Scan. Asked from one Scan per covered hour on: fewer cannot be two in half of them."""
    returned_items: Mapping[str, int] = field(default_factory=dict)
    """Items that Query and Scan gave back after their filters, where most calls that read are Query."""
    largest_write_units: Decimal | None = None
    """The most write units that one request took from the table, indexes left out. Asked from `LARGE_WRITE_UNITS` on."""
    unreplicated_records: int | None = None
    """Changes that did not get to the table's Kinesis data stream. None also where there is no such stream, or every change got there."""
    throttled_records: int | None = None
    """The most records that the Kinesis data stream throttled at a time; None as with `unreplicated_records`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountCapacity:
    """
    The most that all provisioned tables of the account and Region together had of what its quotas allow, in percent, over `window_days`.

    None: no datapoint, or not asked because no table of the audit is provisioned.
    """

    window_days: int
    read_percent: Decimal | None = None
    write_percent: Decimal | None = None


# ----------------------------------------------------------------------------------------------------------- its items


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeSizes:
    """A top-level attribute over the items read: name included in the bytes. `types` are DynamoDB's (S, N, M ...)."""

    name: str
    types: tuple[str, ...]
    present: int
    total_bytes: int
    max_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexEntries:
    """What an index holds of the items read, by its projection. Items without all index keys are not in it."""

    index: str
    entries: int
    total_bytes: int
    max_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCardinality:
    """
    How many different partition key values (of the table: `index` None, or of an index) the items read have.

    `distinct` is exact, or None when there are more than `distinct_limit`. `top_share` is the share of the items that
    carry the most frequent value: exact when `distinct` is known, else an upper bound.
    """

    index: str | None
    items: int
    distinct: int | None
    distinct_limit: int
    top_share: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyShape:
    """
    What the values of one key attribute of the table or of an index look like, over the items read that have it in its type.

    `times` are dates and moments from 2010 to 2039, as ISO 8601 text or in seconds or milliseconds since 1970, and `rounded` those of them
    that stand for a minute or more, so that many items may share one. `joined` is a text of several parts ("a#b", "a|b", "a::b"); e-mail
    addresses, phone numbers and IP addresses are also seen in a part of it, and `personal` are the values that have any of the three.
    """

    attribute: str
    values: int
    times: int = 0
    rounded: int = 0
    emails: int = 0
    phones: int = 0
    addresses: int = 0
    personal: int = 0
    joined: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeToLiveValues:
    """
    What TTL makes of the items read, at the moment in which the audit began. Each item is counted once, by the first that holds.

    `missing`: without the attribute; `not_numbers`: of another type than N; `milliseconds`: above 1e11, which as seconds is the year 5138;
    `ignored`: 0, negative, or more than five years past, which TTL never deletes; `overdue`: expired for more than 7 days; `due`: expired,
    not for so long; `later`: not due yet.
    """

    attribute: str
    missing: int = 0
    not_numbers: int = 0
    milliseconds: int = 0
    ignored: int = 0
    overdue: int = 0
    due: int = 0
    later: int = 0

    @property
    def items(self) -> int:
        return self.missing + self.not_numbers + self.milliseconds + self.ignored + self.overdue + self.due + self.later

    @property
    def unusable(self) -> int:
        """Items that have the attribute, and will never be deleted by it while they are as they are."""
        return self.not_numbers + self.milliseconds + self.ignored


@dataclass(frozen=True, kw_only=True, slots=True)
class Compressibility:
    """
    What gzip makes of one top-level attribute: over `sampled` items that have it, the bytes of its values as they are, and compressed.

    Both leave the attribute's name out. A value that would grow counts as it is.
    """

    attribute: str
    sampled: int
    value_bytes: int
    compressed_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LargestItem:
    """`key_hash` is a keyed hash of the item's primary key: it finds the item again in the same run, and tells no value."""

    size_bytes: int
    key_hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledSegment:
    """
    One segment of a Scan, read to its end: its items, their bytes, and how many of them are larger than each line that was counted, by the
    line in bytes. A segment may be empty.
    """

    items: int
    bytes: int
    over: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemSample:
    """
    Which part of a table was read: `segments`, drawn at random out of `total_segments` (the TotalSegments of the Scan), each to its end. All
    items with one partition key value are in one segment, so each is a random cluster of whole collections.

    `item_count` and `size_bytes` are DescribeTable's of the whole table, hours old; None: not stated, or not to be believed. `stopped_by` is
    why there are not more segments: "precision" (what was wanted is known), "cap", "budget", or a few words.
    """

    total_segments: int
    segments: tuple[SampledSegment, ...]
    item_count: int | None
    size_bytes: int | None = None
    stopped_by: str = "precision"


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemSizes:
    """
    The sizes of the items read, exact to the byte.

    `sizes` is the exact histogram, ascending: (size in bytes, number of items). `coverage` says whether every item was read; `sample`, which
    part was, where it is "sample".
    """

    coverage: Literal["full", "sample"]
    sizes: tuple[tuple[int, int], ...]
    read_units: Decimal
    attributes: tuple[AttributeSizes, ...] = ()
    indexes: tuple[IndexEntries, ...] = ()
    keys: tuple[KeyCardinality, ...] = ()
    largest: tuple[LargestItem, ...] = ()
    compressibility: tuple[Compressibility, ...] = ()
    """Of the attributes that are large enough to be worth it, from a few of the items."""
    key_shapes: tuple[KeyShape, ...] = ()
    """Of each key attribute, the table's first."""
    time_to_live_values: TimeToLiveValues | None = None
    """None: TTL is off, its attribute is not known, or the values were not looked at."""
    sample: ItemSample | None = None
    """None: every item was read, or how the sample was taken is not known."""

    @property
    def scanned(self) -> int:
        return sum(count for _, count in self.sizes)

    @property
    def scanned_bytes(self) -> int:
        return sum(size * count for size, count in self.sizes)

    @property
    def min_bytes(self) -> int | None:
        return self.sizes[0][0] if self.sizes else None

    @property
    def max_bytes(self) -> int | None:
        return self.sizes[-1][0] if self.sizes else None

    @property
    def mean_bytes(self) -> Decimal | None:
        return Decimal(self.scanned_bytes) / self.scanned if self.sizes else None

    def percentile(self, percent: int) -> int | None:
        """The smallest size that at least `percent` percent of the items do not exceed (nearest rank); None without items."""
        wanted = -(-self.scanned * percent // 100)
        seen = 0
        for size, count in self.sizes:
            seen += count
            if seen >= max(wanted, 1):
                return size
        return None

    def over(self, threshold_bytes: int) -> int:
        """How many of the items read are larger than `threshold_bytes`."""
        return sum(count for size, count in self.sizes if size > threshold_bytes)

    def index_entries(self, index: str) -> IndexEntries | None:
        return next((entries for entries in self.indexes if entries.index == index), None)

    def key_cardinality(self, index: str | None) -> KeyCardinality | None:
        return next((key for key in self.keys if key.index == index), None)

    def key_shape(self, attribute: str) -> KeyShape | None:
        return next((shape for shape in self.key_shapes if shape.attribute == attribute), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsReading:
    """
    How the reading of a table's items went, whatever `TableFacts.items` makes of it.

    `scanned` items were counted in all, those of segments that were not read to their end too, and so are `large`: (size in bytes, number of
    items) of those above the smallest line of the plan, ascending; `largest` are the largest of all.

    `described_again`: DescribeTable was asked once more when the last item had been read, and stated `item_count_after` and
    `size_bytes_after` (None: not stated); `not_described` is why it could not, empty where it could.
    """

    started_at: datetime
    finished_at: datetime
    scanned: int
    large: tuple[tuple[int, int], ...] = ()
    largest: tuple[LargestItem, ...] = ()
    described_again: bool = False
    item_count_after: int | None = None
    size_bytes_after: int | None = None
    not_described: str = ""

    def over(self, threshold_bytes: int) -> int:
        """How many of the items are larger than `threshold_bytes`; at least so many, and 0 if none is, below the lines of the plan."""
        of_largest = sum(item.size_bytes > threshold_bytes for item in self.largest)
        return max(sum(count for size, count in self.large if size > threshold_bytes), of_largest)


# -------------------------------------------------------------------------------------------------------- all together


@dataclass(frozen=True, kw_only=True, slots=True)
class TableFacts:
    """Everything that was read about one table: each the fact, or why it is not known."""

    table: Table
    pitr: Pitr | Unknown
    on_demand_backups: OnDemandBackups | Unknown
    recovery_points: RecoveryPoints | Unknown
    protected_resource: ProtectedResource | Unknown
    contributor_insights: ContributorInsights | Unknown
    hot_keys: HotKeys | Unknown
    kinesis_destinations: KinesisDestinations | Unknown
    resource_policy: ResourcePolicy | Unknown
    quotas: Quotas | Unknown
    region_tables: RegionTables | Unknown
    time_to_live: TimeToLive | Unknown
    tags: Tags | Unknown
    auto_scaling: AutoScaling | Unknown
    traffic: Traffic | Unknown
    operations: Operations | Unknown
    account_capacity: AccountCapacity | Unknown
    alarms: Alarms | Unknown
    items: ItemSizes | Unknown
    items_reading: ItemsReading | None = None
    """None: no item was asked for, or how the reading went is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingTable:
    """A table that was asked for and could not be described at all; or, of several accounts and regions, is not in that one."""

    name: str
    unknown: Unknown
    scope: str = ""

    @property
    def is_absent(self) -> bool:
        """Whether it is known not to be there: then nothing of it was left out."""
        return self.unknown.reason == NOT_HERE

    @property
    def title(self) -> str:
        return titled(self.scope, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """
    One account in one region, of an audit of several. `key` is what the names of its tables begin with, `name` what its owner calls the
    account. `not_read`: why none of its tables could be read.
    """

    key: str
    account: str | None
    region: str
    name: str
    endpoint_url: str | None
    tables: int
    read_units: Decimal
    api_calls: int
    not_read: Unknown | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """
    One reading of an account's tables in a region, and what the reading itself took.

    Where several accounts or regions were read, `scopes` are all of them, and `account` and `region` are "several" where they differ.
    """

    account: str | None
    region: str
    endpoint_url: str | None
    started_at: datetime
    finished_at: datetime
    tables: tuple[TableFacts, ...]
    missing: tuple[MissingTable, ...]
    read_units: Decimal
    api_calls: int
    scopes: tuple[Scope, ...] = ()
    templates: tuple[str, ...] = ()
    """The files that the tables are defined in, where they are a design and nothing was read from AWS."""
    notes: tuple[str, ...] = ()
    """What there is to say of the reading itself, in sentences."""
    unseen: tuple[str, ...] = ()
    """Of a design: what may define other tables, and was not looked at. The notes tell it too."""
    interrupted: bool = False
    """Whether the reading was ended before its time: what had not been read by then is Unknown."""
    out_of_time: bool = False
    """Whether it ended because its time was over; likewise."""


def titled(scope: str, name: str) -> str:
    """What a table is called: by its name alone, or with where it is before it: "eu-north-1/orders". No name of AWS has a slash."""
    return f"{scope}/{name}" if scope else name
