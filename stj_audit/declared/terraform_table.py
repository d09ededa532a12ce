"""
The values of aws_dynamodb_table in the words of AWS::DynamoDB::Table.

Source: Terraform AWS provider, aws_dynamodb_table. Blocks are lists of objects; what is left out has the default of the provider, and that
is AWS's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stj_audit.declared.intrinsics import Unresolved

Values = Mapping[str, Any]
Write = Callable[[Values], dict[str, Any]]


def properties(values: Values) -> dict[str, Any]:
    """In the words of AWS::DynamoDB::Table."""
    properties: dict[str, Any] = {
        "TableName": values.get("name"),
        "AttributeDefinitions": _each(
            values, "attribute", lambda one: {"AttributeName": one.get("name"), "AttributeType": one.get("type")}
        ),
        "KeySchema": _key(values.get("hash_key"), values.get("range_key")),
        "GlobalSecondaryIndexes": _each(values, "global_secondary_index", _global_index),
        "LocalSecondaryIndexes": _each(values, "local_secondary_index", lambda one: _local_index(one, values.get("hash_key"))),
        "ProvisionedThroughput": _units(values),
        "OnDemandThroughput": _one(values, "on_demand_throughput", ceiling),
        "WarmThroughput": _one(values, "warm_throughput", _warm),
        "StreamSpecification": _stream(values),
        "TimeToLiveSpecification": _one(values, "ttl", _time_to_live),
        "PointInTimeRecoverySpecification": _one(values, "point_in_time_recovery", _pitr),
        "SSESpecification": _one(values, "server_side_encryption", _sse),
        "Tags": _tags(values),
        "Replicas": unknown_region(values),
        "MultiRegionConsistency": next(
            (one["consistency_mode"] for one in blocks(values, "replica") if one.get("consistency_mode")), None
        ),
    }
    for name, property_name in (
        ("billing_mode", "BillingMode"),
        ("table_class", "TableClass"),
        ("deletion_protection_enabled", "DeletionProtectionEnabled"),
    ):
        if name in values:
            properties[property_name] = values[name]
    return {name: value for name, value in properties.items() if value not in (None, {}, [])}


def blocks(values: Values, name: str) -> list[Values]:
    found = values.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def whole(values: Values, name: str) -> list[Values] | Unresolved:
    """The blocks; `Unresolved` where one of them is not known at all."""
    found = values.get(name)
    parts = found if isinstance(found, list) else [found]
    unknown = next((one for one in parts if isinstance(one, Unresolved)), None)
    return blocks(values, name) if unknown is None else unknown


def _each(values: Values, name: str, write: Write) -> Any:
    found = whole(values, name)
    return found if isinstance(found, Unresolved) else [write(one) for one in found]


def _one(values: Values, name: str, write: Write) -> Any:
    found = whole(values, name)
    if isinstance(found, Unresolved):
        return found
    return write(found[0]) if found else None


def _key(hash_key: Any, range_key: Any) -> list[dict[str, Any]]:
    key = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return [*key, {"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else key


def _global_index(one: Values) -> dict[str, Any]:
    """Its key is in `hash_key` and `range_key`, or in newer versions of the provider in blocks, of which there may be eight."""
    key = _each(
        one, "key_schema", lambda element: {"AttributeName": element.get("attribute_name"), "KeyType": element.get("key_type")}
    )
    index = {
        "IndexName": one.get("name"),
        "KeySchema": key or _key(one.get("hash_key"), one.get("range_key")),
        "Projection": projection(one),
        "ProvisionedThroughput": _units(one),
        "OnDemandThroughput": _one(one, "on_demand_throughput", ceiling),
        "WarmThroughput": _one(one, "warm_throughput", _warm),
    }
    return {name: value for name, value in index.items() if value}


def _local_index(one: Values, hash_key: Any) -> dict[str, Any]:
    return {"IndexName": one.get("name"), "KeySchema": _key(hash_key, one.get("range_key")), "Projection": projection(one)}


def projection(one: Values) -> dict[str, Any]:
    attributes = one.get("non_key_attributes") or []
    if not isinstance(attributes, list | Unresolved):
        attributes = Unresolved(reason="non_key_attributes is no list")
    elif isinstance(attributes, list) and all(isinstance(name, str) for name in attributes):
        attributes = sorted(attributes)  # a set in Terraform: in no order, and AWS keeps none either
    return {"ProjectionType": one.get("projection_type"), **({"NonKeyAttributes": attributes} if attributes else {})}


def _units(one: Values) -> dict[str, Any]:
    """The provider has zeros where the table is on demand."""
    units = {"ReadCapacityUnits": one.get("read_capacity"), "WriteCapacityUnits": one.get("write_capacity")}
    return {name: value for name, value in units.items() if value}


def ceiling(one: Values) -> dict[str, Any]:
    limits = {"MaxReadRequestUnits": one.get("max_read_request_units"), "MaxWriteRequestUnits": one.get("max_write_request_units")}
    return {name: value for name, value in limits.items() if value}


def _warm(one: Values) -> dict[str, Any]:
    return {"ReadUnitsPerSecond": one.get("read_units_per_second"), "WriteUnitsPerSecond": one.get("write_units_per_second")}


def _stream(values: Values) -> Any:
    enabled = values.get("stream_enabled")
    if isinstance(enabled, Unresolved):
        return enabled
    return {"StreamViewType": values.get("stream_view_type")} if enabled else None


def _time_to_live(one: Values) -> dict[str, Any]:
    """aws_dynamodb_table, `ttl`: `enabled` is false unless it is given."""
    return {"AttributeName": one.get("attribute_name") or None, "Enabled": one.get("enabled") or False}


def _pitr(one: Values) -> dict[str, Any]:
    days = one.get("recovery_period_in_days")
    return {"PointInTimeRecoveryEnabled": one.get("enabled") or False, **({"RecoveryPeriodInDays": days} if days else {})}


def _sse(one: Values) -> dict[str, Any]:
    return {"SSEEnabled": one.get("enabled") or False, "KMSMasterKeyId": one.get("kms_key_arn")}


def _tags(values: Values) -> Any:
    """With the tags of the provider (`tags_all`), where they are known."""
    for name in ("tags_all", "tags"):
        found = values.get(name)
        if isinstance(found, dict):
            return [{"Key": key, "Value": text} for key, text in found.items()]
    return next((values[name] for name in ("tags_all", "tags") if isinstance(values.get(name), Unresolved)), None)


def unknown_region(values: Values) -> Unresolved | None:
    """Why it is not known in which regions the replicas of a table are."""
    found = whole(values, "replica")
    if isinstance(found, Unresolved):
        return found
    places = (one.get("region_name") for one in found)
    return next((one for one in places if isinstance(one, Unresolved)), None)


def replicas(values: Values) -> tuple[str, ...]:
    return tuple(one["region_name"] for one in blocks(values, "replica") if isinstance(one.get("region_name"), str))
