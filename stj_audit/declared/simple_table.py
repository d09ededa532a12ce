"""
AWS::Serverless::SimpleTable, with what `Globals` gives to all of them, as the AWS::DynamoDB::Table that SAM makes of it.

Source: AWS SAM developer guide, "AWS::Serverless::SimpleTable" and "Globals section of the AWS SAM template": of both, maps are merged, lists
are joined, and of anything else the resource's own counts.
"""

from collections.abc import Mapping
from typing import Any

from stj_audit.declared.intrinsics import Unresolved, adding, may_be_left_out

SIMPLE_TABLE = "AWS::Serverless::SimpleTable"
# PrimaryKeyObject: the words for a type, and the key where none is given
TYPES = {"String": "S", "Number": "N", "Binary": "B"}
DEFAULT_KEY = {"Name": "id", "Type": "String"}


def with_globals(body: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """All that is written of a resource, with what the template gives to all of its type. Nothing is worked out yet."""
    shared = document.get("Globals")
    shared = shared if isinstance(shared, dict) else {}
    own = body.get("Properties")
    added = {name: shared[name] for name in adding(shared)}  # what they make may be about tables
    return {**body, "Properties": _merged({**added, **_members(shared.get("SimpleTable"))}, _members(own))}


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _merged(shared: Any, own: Any) -> Any:
    if isinstance(shared, dict) and isinstance(own, dict) and not _is_function(shared) and not _is_function(own):
        return {**shared, **{name: _merged(shared[name], one) if name in shared else one for name, one in own.items()}}
    return [*shared, *own] if isinstance(shared, list) and isinstance(own, list) else own


def _is_function(value: Mapping[str, Any]) -> bool:
    """Whether a function makes the value: then it is no map to merge. One that adds to others is a member."""
    return len(value) == 1 and any(name == "Ref" or (name.startswith("Fn::") and name != "Fn::Transform") for name in value)


def as_table(properties: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of AWS::DynamoDB::Table. `written` are the same before they were worked out."""
    rest = {name: value for name, value in properties.items() if name not in ("PrimaryKey", "Tags")}
    return {
        **rest,
        **_key(properties.get("PrimaryKey", DEFAULT_KEY)),
        **_billing(properties, written),
        **_tags(properties.get("Tags")),
    }


def _key(key: Any) -> dict[str, Any]:
    if not isinstance(key, dict):
        return {"KeySchema": key if isinstance(key, Unresolved) else Unresolved(reason="PrimaryKey has no Name and Type")}
    name, kind = key.get("Name", DEFAULT_KEY["Name"]), key.get("Type", DEFAULT_KEY["Type"])
    attribute_type = TYPES.get(kind, kind) if isinstance(kind, str) else kind
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": attribute_type}],
        "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
    }


def _billing(properties: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Unlike AWS::DynamoDB::Table, it is on demand where no throughput is given."""
    if "ProvisionedThroughput" not in properties:
        return {"BillingMode": "PAY_PER_REQUEST"}
    throughput = properties["ProvisionedThroughput"]
    is_open = isinstance(throughput, Unresolved) and may_be_left_out(written.get("ProvisionedThroughput"))
    return {"BillingMode": throughput if is_open else "PROVISIONED"}


def _tags(tags: Any) -> dict[str, Any]:
    """They are a map here."""
    if isinstance(tags, dict):
        return {"Tags": [{"Key": tag, "Value": text} for tag, text in tags.items()]}
    return {"Tags": tags} if isinstance(tags, Unresolved) else {}
