"""
A table as it is defined, whatever the language was: its properties by the names of AWS::DynamoDB::Table, and what else is said of it.

Values that are decided at deployment are `Unresolved`. A definition becomes facts by way of what DescribeTable will answer once it is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stj_audit.declared.intrinsics import Unresolved, first_unresolved
from stj_audit.errors import ConfigError
from stj_audit.facts import (
    NOT_DEPLOYED,
    TEMPLATE,
    Alarms,
    AutoScaling,
    ContributorInsights,
    Encryption,
    InsightsSetting,
    KinesisDestination,
    KinesisDestinations,
    Language,
    MissingTable,
    Pitr,
    ResourcePolicy,
    TableFacts,
    Tags,
    TimeToLive,
    Unknown,
)
from stj_audit.report import SourceLine
from stj_audit.scanners import alarms, auto_scaling, tables

PITR_DAYS = 35  # AWS::DynamoDB::Table PointInTimeRecoverySpecification: the default of RecoveryPeriodInDays
ATTRIBUTE_TYPES = ("S", "N", "B")
KEY_TYPES = ("HASH", "RANGE")
CHOICES: Mapping[str, tuple[str, ...]] = {  # AWS::DynamoDB::Table, the values that each property may have
    "BillingMode": ("PROVISIONED", "PAY_PER_REQUEST"),
    "TableClass": ("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
}
PROJECTIONS = ("ALL", "KEYS_ONLY", "INCLUDE")
# AWS developer guide, "Warm throughput for an on-demand table": what a new one starts with; of its indexes it says nothing
WARM_ON_DEMAND = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
KNOWN_LATER = "not known before deployment"  # in the place of a value that no check looks at
# What has a fact of its own; where any other property is not known, neither is the table
APART = (
    *("PointInTimeRecoverySpecification", "TimeToLiveSpecification", "Tags", "ContributorInsightsSpecification"),
    *("KinesisStreamSpecification", "ResourcePolicy", "DeletionProtectionEnabled", "SSESpecification", "TableName"),
    *("ImportSourceSpecification", "VectorIndexes"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """
    One table. `id` is the logical id, or Terraform's address; `properties` are those of AWS::DynamoDB::Table. `targets`, `policies` and
    `alarms` are those of the same file, in the words of their APIs; `scaling_unknown` is why auto scaling is not known.

    `notes` are sentences for the reader.
    """

    id: str
    source: SourceLine
    language: Language
    properties: Mapping[str, Any]
    replicas: tuple[str, ...] = ()
    global_table_version: str | None = None
    targets: Sequence[Mapping[str, Any]] = ()
    policies: Sequence[Mapping[str, Any]] = ()
    scaling_unknown: Unresolved | None = None
    alarms: Sequence[Mapping[str, Any]] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name; the id where the name is given at deployment."""
        return str(self.properties["TableName"]) if self.is_named else self.id

    @property
    def is_named(self) -> bool:
        """Whether the name is known: YAML reads one of digits as a number."""
        name = self.properties.get("TableName")
        return isinstance(name, str | int) and name != ""


def facts_of(definition: Definition, *, region: str) -> TableFacts | MissingTable:
    """
    The facts of a table that is not there yet; MissingTable where its keys, indexes or mode are decided at deployment.

    Raises ConfigError, with the place, for what DynamoDB would refuse to read as a table.
    """
    undecided = _undecided(definition)
    if undecided is not None:
        place, why = undecided
        return MissingTable(name=definition.name, unknown=Unknown(call=TEMPLATE, reason=f"{place}: {why.reason}"))
    description = _description(definition, region)
    table = replace(
        tables.parse(description, region=region),
        defined_in=definition.language,
        deletion_protection=_deletion_protection(definition.properties),
    )
    if isinstance(_sse(definition.properties), Unresolved):
        table = replace(table, encryption=Encryption(type="NOT_KNOWN"))
    missing = Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
    return TableFacts(
        table=table,
        pitr=_pitr(definition.properties),
        on_demand_backups=missing,
        recovery_points=missing,
        protected_resource=missing,
        contributor_insights=_insights(definition.properties),
        hot_keys=missing,
        kinesis_destinations=_kinesis(definition.properties),
        resource_policy=_policy(definition.properties),
        quotas=missing,
        region_tables=missing,
        time_to_live=_time_to_live(definition.properties),
        tags=_tags(definition.properties),
        auto_scaling=_auto_scaling(definition),
        traffic=missing,
        operations=missing,
        account_capacity=missing,
        alarms=_alarms(definition),
        items=missing,
    )


def _undecided(definition: Definition) -> tuple[str, Unresolved] | None:
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


# ------------------------------------------------------------------------------------------------- the table's definition


def _description(definition: Definition, region: str) -> dict[str, Any]:
    """What DescribeTable will answer, as far as the definition decides it. What is left out has the default of CreateTable."""
    properties = _Checked(definition)
    description = properties.table()
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
        "OnDemandThroughput": {name: _number(limit.get(name)) for name in ("MaxReadRequestUnits", "MaxWriteRequestUnits")},
        "SSEDescription": _sse_description(sse),
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
        return {
            "IndexName": name,
            "KeySchema": self._key(one.get("KeySchema"), f"{place}.KeySchema", types),
            "Projection": {"ProjectionType": kind, "NonKeyAttributes": [str(each) for each in attributes]},
            "OnDemandThroughput": {unit: _number(limit.get(unit)) for unit in ("MaxReadRequestUnits", "MaxWriteRequestUnits")},
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
                found[member] = {unit: _number(value.get(unit)) for unit in units}
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


def _number(value: Any) -> int | None:
    """Parameters are text, so numbers may be. None: left out, or decided at deployment."""
    if isinstance(value, bool) or value is None or isinstance(value, Unresolved):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


# ---------------------------------------------------------------------------------------------------- what surrounds it


def _unknown(why: Unresolved) -> Unknown:
    return Unknown(call=TEMPLATE, reason=why.reason)


def _deletion_protection(properties: Mapping[str, Any]) -> bool | Unknown:
    value = properties.get("DeletionProtectionEnabled", False)  # AWS::DynamoDB::Table: off unless it says so
    return _unknown(value) if isinstance(value, Unresolved) else _flag(value)


def _sse(properties: Mapping[str, Any]) -> Any:
    """Whether encryption is by a key in KMS. Which key that is, only the deployment knows as a rule, and no check needs it."""
    value = properties.get("SSESpecification")
    return value.get("SSEEnabled", False) if isinstance(value, dict) else value


def _sse_description(sse: Mapping[str, Any]) -> dict[str, Any]:
    """AWS::DynamoDB::Table SSESpecification: without SSEEnabled the key is AWS's own."""
    enabled, key = sse.get("SSEEnabled", False), sse.get("KMSMasterKeyId")
    if isinstance(enabled, Unresolved) or not _flag(enabled):
        return {}
    return {"SSEType": "KMS", "Status": "ENABLED", "KMSMasterKeyArn": key if isinstance(key, str) else None}


def _pitr(properties: Mapping[str, Any]) -> Pitr | Unknown:
    """AWS::DynamoDB::Table PointInTimeRecoverySpecification: off unless it says so."""
    value = properties.get("PointInTimeRecoverySpecification") or {}
    enabled = value.get("PointInTimeRecoveryEnabled", False) if isinstance(value, dict) else value
    if isinstance(enabled, Unresolved):
        return _unknown(enabled)
    if not _flag(enabled):
        return Pitr(enabled=False)
    days = value.get("RecoveryPeriodInDays", PITR_DAYS)
    return Pitr(enabled=True, recovery_period_days=_number(days))


def _time_to_live(properties: Mapping[str, Any]) -> TimeToLive | Unknown:
    value = properties.get("TimeToLiveSpecification") or {}
    why = first_unresolved(value)
    if why is not None:
        return _unknown(why)
    name = value.get("AttributeName")
    return TimeToLive(enabled=_flag(value.get("Enabled", False)), attribute=None if name is None else str(name))


def _tags(properties: Mapping[str, Any]) -> Tags | Unknown:
    """Those of the table. Where it has none of its own, those of the stack or of the provider may still come to it."""
    value = properties.get("Tags")
    pairs = (
        [(one.get("Key"), one.get("Value", "")) for one in value or () if isinstance(one, dict)] if isinstance(value, list) else []
    )
    why = first_unresolved([value] if isinstance(value, Unresolved) else [key for key, _ in pairs])
    if why is not None:
        return _unknown(why)
    if not pairs:
        return Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
    return Tags(values={str(key): KNOWN_LATER if isinstance(text, Unresolved) else str(text) for key, text in pairs})


def _insights(properties: Mapping[str, Any]) -> ContributorInsights | Unknown:
    """Off unless it says so, for the table and for each of its global indexes."""
    indexes = properties.get("GlobalSecondaryIndexes") or []
    owners = [(None, properties), *((str(one.get("IndexName")), one) for one in indexes if isinstance(one, dict))]
    settings = []
    for index, owner in owners:
        value = owner.get("ContributorInsightsSpecification") or {}
        why = first_unresolved(value)
        if why is not None:
            return _unknown(why)
        enabled = _flag(value.get("Enabled", False))
        settings.append(InsightsSetting(index=index, status="ENABLED" if enabled else "DISABLED", mode=value.get("Mode")))
    return ContributorInsights(settings=tuple(settings))


def _kinesis(properties: Mapping[str, Any]) -> KinesisDestinations | Unknown:
    value = properties.get("KinesisStreamSpecification")
    if isinstance(value, Unresolved):
        return _unknown(value)
    if not isinstance(value, dict):
        return KinesisDestinations(destinations=())
    arn = value.get("StreamArn")
    return KinesisDestinations(
        destinations=(KinesisDestination(stream_arn=arn if isinstance(arn, str) else KNOWN_LATER, status="ACTIVE"),)
    )


def _policy(properties: Mapping[str, Any]) -> ResourcePolicy | Unknown:
    value = properties.get("ResourcePolicy") or {}
    document = value.get("PolicyDocument", {}) if isinstance(value, dict) else value
    statements = document.get("Statement", []) if isinstance(document, dict) else document
    if isinstance(statements, Unresolved):
        return _unknown(statements)
    listed = [one for one in (statements if isinstance(statements, list) else [statements]) if isinstance(one, dict)]
    why = first_unresolved([one.get("Principal") for one in listed])  # it may be everyone
    return ResourcePolicy.of(listed) if why is None else _unknown(why)


def _auto_scaling(definition: Definition) -> AutoScaling | Unknown:
    if definition.scaling_unknown is not None:
        return _unknown(definition.scaling_unknown)
    return auto_scaling.of_table(definition.name, definition.targets, definition.policies)


def _alarms(definition: Definition) -> Alarms | Unknown:
    """Those of the same file. Where there are none for the table they may be in another one."""
    found = alarms.of_table(definition.name, definition.alarms)
    return found if found.alarms else Unknown(call=TEMPLATE, reason=NOT_DEPLOYED)
