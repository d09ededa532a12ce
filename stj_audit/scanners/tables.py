"""Which tables there are, and how each is defined: ListTables and DescribeTable."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from stj_audit.aws_failures import FAILURES, BrokenAnswer
from stj_audit.facts import Encryption, Index, KeyAttribute, Replica, Table, Throughput
from stj_audit.scanners.failures import UNLIKE_AWS
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

LIST_CALL = "dynamodb:ListTables"
CALL = "dynamodb:DescribeTable"


def list_names(aws: Aws) -> tuple[str, ...]:
    """Every table of the region, in AWS's order."""
    return tuple(
        name
        for page in pages("ListTables", aws.dynamodb.list_tables, token=("ExclusiveStartTableName", "LastEvaluatedTableName"))
        for name in page["TableNames"]
    )


def read(aws: Aws, name: str) -> Table:
    """One table as DescribeTable gives it. Raises BrokenAnswer when the description lacks what every table has, or is another one's."""
    description = cast("Mapping[str, Any]", aws.dynamodb.describe_table(TableName=name)["Table"])
    try:
        table = parse(description, region=aws.region)
    except UNLIKE_AWS as error:
        raise BrokenAnswer("DescribeTable") from error
    if table.name != name or not table.arn.endswith(f":table/{name}"):
        raise BrokenAnswer("DescribeTable")
    return table


def count_items(aws: Aws, name: str) -> int | None:
    """How many items a table has, as DescribeTable states it, some hours old; None: none, or it may not be described."""
    try:
        return read(aws, name).item_count or None
    except FAILURES:
        return None


def parse(description: Mapping[str, Any], *, region: str) -> Table:
    """DescribeTable's `Table` as a fact. What AWS leaves out has a meaning, told beside each default."""
    types = {one["AttributeName"]: one["AttributeType"] for one in description["AttributeDefinitions"]}
    # The billing mode is left out of a table that never was on demand
    billing_mode = (description.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
    # The class is left out of a table that never was changed to Infrequent Access
    table_class = (description.get("TableClassSummary") or {}).get("TableClass", "STANDARD")
    stream = description.get("StreamSpecification") or {}
    streams = bool(stream.get("StreamEnabled"))
    return Table(
        name=description["TableName"],
        arn=description["TableArn"],
        region=region,
        status=description["TableStatus"],
        created_at=_utc(description.get("CreationDateTime")),
        billing_mode=billing_mode,
        table_class=table_class,
        key_schema=_key_schema(description["KeySchema"], types),
        indexes=tuple(
            _index(one, kind, types, billing_mode)
            for kind, member in (("GSI", "GlobalSecondaryIndexes"), ("LSI", "LocalSecondaryIndexes"))
            for one in description.get(member) or ()
        ),
        item_count=description.get("ItemCount"),
        size_bytes=description.get("TableSizeBytes"),
        provisioned=_provisioned(description, billing_mode),
        on_demand_limit=_on_demand_limit(description),
        warm_throughput=_warm_throughput(description),
        deletion_protection=bool(description.get("DeletionProtectionEnabled")),
        encryption=_encryption(description.get("SSEDescription") or {}),
        stream_view_type=stream.get("StreamViewType") if streams else None,
        # The label stays after a stream was turned off, but then no reader can get at it
        stream_label=description.get("LatestStreamLabel") if streams else None,
        stream_enabled_at=_label_time(description.get("LatestStreamLabel")) if streams else None,
        replicas=tuple(
            Replica(region=one["RegionName"], status=one.get("ReplicaStatus", "UNKNOWN"))
            for one in description.get("Replicas") or ()
        ),
        global_table_version=description.get("GlobalTableVersion"),
        unaudited=_unaudited(description),
    )


def _key_schema(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> tuple[KeyAttribute, ...]:
    """In AWS's order: a GSI key may have up to four HASH and four RANGE elements."""
    return tuple(
        KeyAttribute(
            attribute=one["AttributeName"], type=cast("Any", types[one["AttributeName"]]), role=cast("Any", one["KeyType"])
        )
        for one in schema
    )


def _index(description: Mapping[str, Any], kind: str, types: Mapping[str, str], billing_mode: str) -> Index:
    projection = description["Projection"]
    return Index(
        name=description["IndexName"],
        kind=cast("Any", kind),
        key_schema=_key_schema(description["KeySchema"], types),
        projection=projection["ProjectionType"],
        non_key_attributes=tuple(projection.get("NonKeyAttributes") or ()),
        # A local index has no status of its own
        status=description.get("IndexStatus", "ACTIVE"),
        backfilling=bool(description.get("Backfilling")),
        item_count=description.get("ItemCount"),
        size_bytes=description.get("IndexSizeBytes"),
        provisioned=_provisioned(description, billing_mode) if kind == "GSI" else None,
        on_demand_limit=_on_demand_limit(description),
        warm_throughput=_warm_throughput(description),
    )


def _provisioned(description: Mapping[str, Any], billing_mode: str) -> Throughput | None:
    # A table on demand has this member too, with zeros in it
    units = description.get("ProvisionedThroughput")
    if billing_mode != "PROVISIONED" or not units:
        return None
    return Throughput(read_units=units.get("ReadCapacityUnits"), write_units=units.get("WriteCapacityUnits"))


def _on_demand_limit(description: Mapping[str, Any]) -> Throughput | None:
    limit = description.get("OnDemandThroughput") or {}
    # -1 is AWS's way to say that a limit was taken away
    read, write = (
        None if units == -1 else units for units in (limit.get("MaxReadRequestUnits"), limit.get("MaxWriteRequestUnits"))
    )
    return None if read is None and write is None else Throughput(read_units=read, write_units=write)


def _warm_throughput(description: Mapping[str, Any]) -> Throughput | None:
    warm = description.get("WarmThroughput")
    return Throughput(read_units=warm.get("ReadUnitsPerSecond"), write_units=warm.get("WriteUnitsPerSecond")) if warm else None


def _encryption(description: Mapping[str, Any]) -> Encryption:
    if "SSEType" not in description:
        return Encryption(type="AWS_OWNED")
    return Encryption(
        type=description["SSEType"],
        status=description.get("Status", "ENABLED"),
        kms_key_arn=description.get("KMSMasterKeyArn"),
        inaccessible_since=_utc(description.get("InaccessibleEncryptionDateTime")),
    )


def _unaudited(description: Mapping[str, Any]) -> tuple[str, ...]:
    features = []
    if description.get("VectorIndexes"):
        features.append("vector indexes")
    if description.get("MultiRegionConsistency") == "STRONG":
        features.append("multi-Region strong consistency")
    return tuple(features)


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time is not None else None


def _label_time(label: str | None) -> datetime | None:
    """A stream's label is the time at which it was enabled, without a zone: UTC."""
    try:
        return datetime.fromisoformat(label).replace(tzinfo=UTC) if label else None
    except ValueError:
        return None
