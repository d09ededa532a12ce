"""
A definition as what DescribeTable will answer once the table is there, or why that is not known; and what is wrong with it, as an error.

Source: AWS CloudFormation template reference, AWS::DynamoDB::Table.
"""

from collections.abc import Mapping
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Unresolved, first_unresolved, is_plain, text_of
from stj_audit.declared.settings import number, sse_description
from stj_audit.errors import ConfigError

ATTRIBUTE_TYPES = ("S", "N", "B")
KEY_TYPES = ("HASH", "RANGE")
CHOICES: Mapping[str, tuple[str, ...]] = {  # AWS::DynamoDB::Table, the values that each property may have
    "BillingMode": ("PROVISIONED", "PAY_PER_REQUEST"),
    "TableClass": ("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
}
PROJECTIONS = ("ALL", "KEYS_ONLY", "INCLUDE")
# AWS developer guide, "Warm throughput for an on-demand table": what a new one starts with; of its indexes it says nothing
WARM_ON_DEMAND = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
# What has a fact of its own; where any other property is not known, neither is the table
APART = (
    *("PointInTimeRecoverySpecification", "TimeToLiveSpecification", "Tags", "ContributorInsightsSpecification"),
    *("KinesisStreamSpecification", "ResourcePolicy", "DeletionProtectionEnabled", "SSESpecification", "TableName"),
    *("ImportSourceSpecification", "VectorIndexes"),
)


WITH_MEMBERS = (
    *("StreamSpecification", "SSESpecification", "OnDemandThroughput", "ProvisionedThroughput", "WarmThroughput"),
    *(
        "PointInTimeRecoverySpecification",
        "TimeToLiveSpecification",
        "ContributorInsightsSpecification",
        "KinesisStreamSpecification",
    ),
    *("ResourcePolicy",),
)


def undecided(definition: Definition) -> tuple[str, Unresolved] | None:
    """(property, why) of the first that makes the table itself unknown. Capacity that is not known is no such: it is not stated."""
    for name, value in definition.properties.items():
        if name in APART or name in ("ProvisionedThroughput", "WarmThroughput"):
            continue
        parts = value if name == "GlobalSecondaryIndexes" and isinstance(value, list) else [value]
        for part in parts:
            kept = (
                {key: one for key, one in part.items() if key not in ("ProvisionedThroughput", "WarmThroughput", *APART)}
                if isinstance(part, dict)
                else part
            )
            found = first_unresolved(kept)
            if found is not None:
                return name, found
    return None


def description_of(definition: Definition, region: str) -> dict[str, Any]:
    """What DescribeTable will answer, as far as the definition decides it. What is left out has the default of CreateTable."""
    properties = _Checked(definition)
    description = properties.table()
    for name in WITH_MEMBERS:
        properties.mapping(name)
    stream = properties.mapping("StreamSpecification")
    sse = properties.mapping("SSESpecification")
    on_demand = description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    limit = properties.mapping("OnDemandThroughput")
    return {
        **({"WarmThroughput": WARM_ON_DEMAND} if on_demand else {}),
        **description,
        "TableName": definition.name,
        "TableArn": f"arn:aws:dynamodb:{region}:000000000000:table/{definition.name}",  # no account is known
        "TableStatus": "NOT_DEPLOYED",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream.get("StreamViewType")} if stream else {},
        "OnDemandThroughput": {name: number(limit.get(name)) for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits")},
        "SSEDescription": sse_description(sse),
        "Replicas": [{"RegionName": one, "ReplicaStatus": "NOT_DEPLOYED"} for one in definition.replicas],
        "GlobalTableVersion": definition.global_table_version,
        "MultiRegionConsistency": definition.properties.get("MultiRegionConsistency"),
        "VectorIndexes": definition.properties.get("VectorIndexes"),  # of which it is told that they are not audited
    }


class _Checked:
    """The properties of one definition, each held against what it must be; what is wrong is a ConfigError that names the place."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._properties = definition.properties

    def table(self) -> dict[str, Any]:
        types = self._types()
        mode, table_class = self._choice("BillingMode", "PROVISIONED"), self._choice("TableClass", "STANDARD")
        return {
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
            "KeySchema": self._key(self._properties.get("KeySchema"), "KeySchema", types),
            "BillingModeSummary": {"BillingMode": mode},
            "TableClassSummary": {"TableClass": table_class},
            "GlobalSecondaryIndexes": self._indexes("GlobalSecondaryIndexes", types),
            "LocalSecondaryIndexes": self._indexes("LocalSecondaryIndexes", types),
            **self._throughput(self._properties),
        }

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A property that has members; empty where it is left out, or decided at deployment."""
        value = self._properties.get(name)
        if value is None or isinstance(value, Unresolved):
            return {}
        if not isinstance(value, dict):
            raise self._wrong(name, "it has no members")
        return value

    def _types(self) -> dict[str, str]:
        types = {}
        for one in self._list(self._properties, "AttributeDefinitions"):
            name, kind = one.get("AttributeName"), one.get("AttributeType")
            if not isinstance(name, str) or kind not in ATTRIBUTE_TYPES:
                raise self._wrong("AttributeDefinitions", f"an attribute needs a name, and a type of {', '.join(ATTRIBUTE_TYPES)}")
            types[name] = kind
        return types

    def _key(self, schema: Any, place: str, types: Mapping[str, str]) -> list[dict[str, str]]:
        key = []
        for one in schema if isinstance(schema, list) else ():
            name, role = (one.get("AttributeName"), one.get("KeyType")) if isinstance(one, dict) else (None, None)
            if not isinstance(name, str) or role not in KEY_TYPES:
                raise self._wrong(place, "an element needs an AttributeName, and a KeyType of HASH or RANGE")
            if name not in types:
                raise self._wrong(place, f"attribute {name!r} is not among the AttributeDefinitions")
            key.append({"AttributeName": name, "KeyType": role})
        if not any(one["KeyType"] == "HASH" for one in key):
            raise self._wrong(place, "it has no HASH element")
        return key

    def _indexes(self, member: str, types: Mapping[str, str]) -> list[dict[str, Any]]:
        return [self._index(one, f"{member}[{place}]", types) for place, one in enumerate(self._list(self._properties, member))]

    def _index(self, one: Mapping[str, Any], place: str, types: Mapping[str, str]) -> dict[str, Any]:
        name, projection = one.get("IndexName"), one.get("Projection")
        kind = projection.get("ProjectionType") if isinstance(projection, dict) else None
        if not isinstance(name, str):
            raise self._wrong(place, "an index needs an IndexName")
        if not isinstance(projection, dict) or kind not in PROJECTIONS:
            raise self._wrong(place, f"an index needs a Projection with a ProjectionType of {', '.join(PROJECTIONS)}")
        limit = one.get("OnDemandThroughput")
        limit = limit if isinstance(limit, dict) else {}
        attributes = projection.get("NonKeyAttributes") or []
        if not isinstance(attributes, list) or not all(is_plain(each) for each in attributes):
            raise self._wrong(place, "NonKeyAttributes is no list of names")
        return {
            "IndexName": name,
            "KeySchema": self._key(one.get("KeySchema"), f"{place}.KeySchema", types),
            "Projection": {"ProjectionType": kind, "NonKeyAttributes": [text_of(each) for each in attributes]},
            "OnDemandThroughput": {unit: number(limit.get(unit)) for unit in ("MaxReadRequestUnits", "MaxWriteRequestUnits")},
            **self._throughput(one),
        }

    def _throughput(self, owner: Mapping[str, Any]) -> dict[str, Any]:
        """Units that are decided at deployment are not stated."""
        found: dict[str, Any] = {}
        for member, units in (
            ("ProvisionedThroughput", ("ReadCapacityUnits", "WriteCapacityUnits")),
            ("WarmThroughput", ("ReadUnitsPerSecond", "WriteUnitsPerSecond")),
        ):
            value = owner.get(member)
            if isinstance(value, Unresolved):
                found[member] = None
            elif isinstance(value, dict):
                found[member] = {unit: number(value.get(unit)) for unit in units}
        return found

    def _list(self, owner: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
        value = owner.get(member) or []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._wrong(member, "it is no list")
        return value

    def _choice(self, member: str, default: str) -> str:
        value = self._properties.get(member, default)
        if value not in CHOICES[member]:
            raise self._wrong(member, f"{value!r} is none of {', '.join(CHOICES[member])}")
        return str(value)

    def _wrong(self, place: str, problem: str) -> ConfigError:
        where = self._definition.source
        return ConfigError(
            f"{where.path}, line {where.line}: {problem} - at {place} of {self._definition.id}", hint="DynamoDB would not create it"
        )
