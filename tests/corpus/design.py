"""
A published table design, told in facts: what its source sets, what it leaves to AWS's defaults, and what the audit must say of it.

What a source does not tell is made up here: the items (the same in every run), the age of a table, and a month of even traffic. A design
without `load` is one that was just deployed: CloudWatch has nothing to say of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.cloudwatch.models import CloudWatchBackend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from stj_audit.demo import what_moto_lacks
from tests.public_schemas import PublishedTable, create, fill
from tests.scanners.answers import REGION

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
Units = tuple[int | float, int | float]
"""Read and write units in a mean hour."""

AGE_DAYS = 400
TOPIC = "arn:aws:sns:eu-north-1:123456789012:on-call"
DUE_LATER = str(int((datetime.now(UTC) + timedelta(days=365)).timestamp()))  # what a TTL attribute says, in seconds since 1970
NIGHT_HOURS, NIGHT, DAY = range(8), 0.5, 1.25  # of the mean, so that the mean of a day is 1
PROVISIONED = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")
CONSUMED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """A month of traffic: units in a mean hour of the table (None) and each global index, calls a day, deletions by TTL a day."""

    units: Mapping[str | None, Units]
    calls: Mapping[str, int] = field(default_factory=dict)
    ttl_deletes: int = 0
    stream_reads: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A CloudWatch alarm on one metric of the table. `more` are the dimensions beside TableName."""

    metric: str
    more: Mapping[str, str] = field(default_factory=dict)
    statistic: str = "Sum"
    acts: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """Auto scaling of the table (`index` None) or of an index, of reads and writes alike."""

    index: str | None = None
    min_units: int
    max_units: int
    target_percent: int


@dataclass(frozen=True, slots=True)
class Pin:
    """
    A finding that must be there: held against the design by hand, once, and `why` it is right. `index` None: of the table.

    `times` is how many the check makes there, of several patterns or attributes.
    """

    code: str
    severity: str
    why: str
    index: str | None = None
    times: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """
    One published table with its settings, and all findings of an audit of it.

    `source` is a repository and a path, or a page. `config` is an stj-audit.toml with the access patterns that the source documents; how
    often they are called is made up. `pitr_days` None: PITR is off. `backups` are ages in days. `on_demand_limit` and
    `warm_throughput` are read and write units a second of the table and each global index; None: not stated, as moto states none.
    """

    source: str
    table: PublishedTable
    items: tuple[Item, ...]
    findings: tuple[Pin, ...]
    config: str = ""
    load: Load | None = None
    pitr_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    scaling: tuple[Scaling, ...] = ()
    alarms: tuple[Watch, ...] = ()
    backups: tuple[int, ...] = ()
    encrypted: bool = False
    on_demand_limit: tuple[int, int] | None = None
    warm_throughput: tuple[int, int] | None = None
    age_days: int = AGE_DAYS


# ------------------------------------------------------------------------------------------------------------ on moto


@contextmanager
def deployed(design: Design) -> Iterator[None]:
    """The design on an engine in this process, filled, and with its month of traffic, while the context lasts."""
    with mock_aws(), what_moto_lacks():
        session = boto3.Session(region_name=REGION)
        dynamodb = session.client("dynamodb")
        name = design.table.name
        create(dynamodb, design.table, name)
        fill(dynamodb, name, [dict(item) for item in design.items])
        _configure(dynamodb, design)
        _scale(session.client("application-autoscaling"), design)
        _watch(session.client("cloudwatch"), design)
        _age(design)

        def measured(_backend: Any, queries: Any, start_time: datetime, end_time: datetime, **_: Any) -> Any:
            return [_answer(design, query, start_time, end_time) for query in queries]

        # moto looks through all datapoints for each hour of each series, which takes seconds; these are the same, written down
        with patch.object(CloudWatchBackend, "get_metric_data", measured), patch.object(Table, "describe", _described(design)):
            yield


def _configure(client: "DynamoDBClient", design: Design) -> None:
    name = design.table.name
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    if design.pitr_days is not None:
        client.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": design.pitr_days},
        )
    if design.tags:
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in design.tags.items()])
    if design.encrypted:
        client.update_table(TableName=name, SSESpecification={"Enabled": True})
    for number in range(len(design.backups)):
        client.create_backup(TableName=name, BackupName=f"backup-{number}")


def _scale(client: "ApplicationAutoScalingClient", design: Design) -> None:
    for one in design.scaling:
        scope = "table" if one.index is None else "index"
        resource = f"table/{design.table.name}" + ("" if one.index is None else f"/index/{one.index}")
        for kind in ("Read", "Write"):
            where: Any = {
                "ServiceNamespace": "dynamodb",
                "ResourceId": resource,
                "ScalableDimension": f"dynamodb:{scope}:{kind}CapacityUnits",
            }
            client.register_scalable_target(**where, MinCapacity=one.min_units, MaxCapacity=one.max_units)
            tracking: Any = {
                "TargetValue": one.target_percent,
                "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"},
            }
            client.put_scaling_policy(
                **where,
                PolicyName=f"{resource}-{kind}",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration=tracking,
            )


def _watch(client: "CloudWatchClient", design: Design) -> None:
    for one in design.alarms:
        dimensions = {"TableName": design.table.name, **one.more}
        client.put_metric_alarm(
            AlarmName="-".join((design.table.name, one.metric, *one.more.values())),
            Namespace="AWS/DynamoDB",
            MetricName=one.metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistic=one.statistic,  # type: ignore[arg-type] # a literal to the stubs
            Period=60,
            EvaluationPeriods=5,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[TOPIC] if one.acts else [],
        )


def _described(design: Design) -> Any:
    """moto's DescribeTable, with the settings that moto does not keep."""
    describe = Table.describe
    told: dict[str, Any] = {}
    if design.on_demand_limit is not None:
        reads, writes = design.on_demand_limit
        told["OnDemandThroughput"] = {"MaxReadRequestUnits": reads, "MaxWriteRequestUnits": writes}
    if design.warm_throughput is not None:
        reads, writes = design.warm_throughput
        told["WarmThroughput"] = {"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": "ACTIVE"}

    def described(table: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        answer: dict[str, Any] = describe(table, base_key)
        for one in (answer[base_key], *answer[base_key].get("GlobalSecondaryIndexes", ())):
            one.update(told)
        return answer

    return described


def _age(design: Design) -> None:
    """Make the table and its backups as old as they are said to be."""
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
    table: Any = backend.tables[design.table.name]
    table.created_at -= timedelta(days=design.age_days)
    if design.pitr_days is not None:
        recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
        recovery["EarliestRestorableDateTime"] -= min(design.age_days, design.pitr_days) * 24 * 60 * 60
    backups: Any = backend.backups
    for backup, days in zip(backups.values(), design.backups, strict=True):
        backup.creation_date_time -= timedelta(days=days)


# ------------------------------------------------------------------------------------------------------------ traffic


def _answer(design: Design, query: Any, start: datetime, end: datetime) -> dict[str, Any]:
    stat = query["MetricStat"]
    metric, period = stat["Metric"]["MetricName"], timedelta(seconds=int(stat["Period"]))
    dimensions = {one["Name"]: one["Value"] for one in stat["Metric"]["Dimensions"]}
    # a series is there as a whole, or not at all
    there = _value(design, metric, dimensions, start, period) is not None
    times = [start + number * period for number in range(ceil((end - start) / period))] if there else []
    values = [_value(design, metric, dimensions, at, period) for at in times]
    return {"id": query["Id"], "label": query["Id"], "timestamps": times, "values": values, "status_code": "Complete"}


def _value(design: Design, metric: str, dimensions: Mapping[str, str], at: datetime, period: timedelta) -> float | None:
    load = design.load
    if load is None:
        return None
    index, hours = dimensions.get("GlobalSecondaryIndexName"), period / timedelta(hours=1)
    found: float | None = None
    if metric in CONSUMED:
        units = load.units.get(index)
        rhythm = NIGHT if at.astimezone(UTC).hour in NIGHT_HOURS else DAY
        found = None if units is None else units[CONSUMED.index(metric)] * rhythm * hours
    elif metric in PROVISIONED:
        found = _provisioned(design, index, PROVISIONED.index(metric))
    elif metric == "SuccessfulRequestLatency" and "StreamLabel" in dimensions:
        found = load.stream_reads * hours / 24 or None
    elif metric == "SuccessfulRequestLatency":
        calls = load.calls.get(dimensions["Operation"])
        found = None if calls is None else calls * hours / 24
    elif metric == "TimeToLiveDeletedItemCount":
        found = load.ttl_deletes * hours / 24 or None
    return found


def _provisioned(design: Design, index: str | None, which: int) -> float | None:
    """What was provisioned: as it was set, or as auto scaling keeps it for the mean load."""
    scaling = next((one for one in design.scaling if one.index == index), None)
    if scaling is not None and design.load is not None:
        a_second = design.load.units[index][which] / 3_600
        return float(min(max(ceil(a_second * 100 / scaling.target_percent), scaling.min_units), scaling.max_units))
    units = design.table.units if index is None else next(one.units for one in design.table.indexes if one.name == index)
    return None if units is None else float(units[which])
