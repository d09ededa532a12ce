"""
The tables of a CloudFormation or SAM template; what the CDK writes is CloudFormation.

Where a property is left out its default is AWS's. Source: the template references of AWS::DynamoDB::Table, of AWS::DynamoDB::GlobalTable
(through `global_table`) and of AWS::Serverless::SimpleTable.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import GLOBAL_TABLE, VERSION, as_table
from stj_audit.declared.intrinsics import Resolver, Unresolved, first_unresolved
from stj_audit.declared.settings import is_percent, number
from stj_audit.declared.source import Source
from stj_audit.report import SourceLine
from stj_audit.wording import a_few

TABLE, SIMPLE_TABLE = "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"
TABLES = (TABLE, GLOBAL_TABLE, SIMPLE_TABLE)
SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"
CDK_REPLICA = "Custom::DynamoDBReplica"  # what the CDK's `Table` makes for each of its replicationRegions
NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
FOR_EACH = "Fn::ForEach::"
READ_TRANSFORMS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
KEPT = ("Retain", "RetainExceptOnCreate")
NAMESPACE = "dynamodb"
LIMITS = ("MinCapacity", "MaxCapacity")
MAX_COPIES = 1_000  # of one Fn::ForEach; a stack holds 500 resources

# AWS::Serverless::SimpleTable PrimaryKeyObject: the words for a type, and the key where none is given
SIMPLE_TYPES = {"String": "S", "Number": "N", "Binary": "B"}
SIMPLE_KEY = {"Name": "id", "Type": "String"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Resource:
    id: str
    type: str
    body: Mapping[str, Any]
    line: int

    @property
    def properties(self) -> Mapping[str, Any]:
        found = self.body.get("Properties")
        return found if isinstance(found, dict) else {}


def is_template(document: Mapping[str, Any]) -> bool:
    """Whether it is a template at all; it may define no table."""
    return isinstance(document.get("Resources"), dict)


def parameters_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of its parameters."""
    return Resolver(document, given={}, region="").parameters()


def read_template(source: Source, *, given: Mapping[str, str], region: str) -> tuple[Definition, ...]:
    """Its tables, in order. Raises ConfigError for a given parameter that it does not allow."""
    return _Template(source, given=given, region=region).tables()


class _Template:
    def __init__(self, source: Source, *, given: Mapping[str, str], region: str) -> None:
        self._source, self._given, self._region = source, given, region
        self._plain = Resolver(source.document, given=given, region=region)
        self._notes: list[str] = []
        self._resources = tuple(self._all_resources())

    def tables(self) -> tuple[Definition, ...]:
        found = [one for resource in self._of_type(*TABLES) if (one := self._table(resource)) is not None]
        if not found:
            return ()
        named = self._resolver_with_names(found)
        around = _Around.of(self._resources, named)
        notes = (*self._notes, *self._notes_on_defaults(), *self._notes_on_template())
        return tuple(
            replace(
                one,
                targets=(*one.targets, *around.targets),
                policies=(*one.policies, *around.policies),
                scaling_unknown=around.scaling_unknown(one),
                alarms=around.alarms,
                notes=(*notes, *one.notes),
                **self._replicas_of(one, named),
            )
            for one in found
        )

    def _of_type(self, *types: str) -> Iterator[_Resource]:
        return (one for one in self._resources if one.type in types)

    # ------------------------------------------------------------------------------------------------------ resources

    def _all_resources(self) -> Iterator[_Resource]:
        resources = self._source.document["Resources"]
        lines = self._source.lines
        for id_, body in resources.items():
            if id_.startswith(FOR_EACH):
                yield from self._copies(id_, body, lines.get(id_, 1))
            elif isinstance(body, dict) and isinstance(body.get("Type"), str):
                yield _Resource(id=id_, type=body["Type"], body=body, line=lines.get(id_, 1))
            elif id_.startswith("Fn::"):
                self._notes.append(f"{self._source.shown}: what {id_} adds to the resources is not seen")

    def _copies(self, id_: str, body: Any, line: int) -> Iterator[_Resource]:
        """What AWS::LanguageExtensions makes of one Fn::ForEach."""
        if not isinstance(body, list) or len(body) != 3 or not isinstance(body[2], dict):
            return
        name, collection, templates = body
        values = self._plain.value(collection)
        if not isinstance(values, list) or first_unresolved(values) is not None or len(values) > MAX_COPIES:
            self._notes.append(f"{self._source.shown}: what {id_} makes is decided at deployment, and not looked at")
            return
        for value in values:
            for key, one in templates.items():
                copy_id, copy = _filled(key, str(name), str(value)), _filled(one, str(name), str(value))
                if copy_id.startswith(FOR_EACH):
                    yield from self._copies(copy_id, copy, line)
                elif isinstance(copy, dict) and isinstance(copy.get("Type"), str):
                    yield _Resource(id=copy_id, type=copy["Type"], body=copy, line=line)

    # --------------------------------------------------------------------------------------------------------- tables

    def _table(self, resource: _Resource) -> Definition | None:
        """None where its condition says that it is not made."""
        made = self._plain.condition(resource.body["Condition"]) if "Condition" in resource.body else True
        if made is False:
            return None
        properties = _members(self._plain.value(resource.properties))
        definition = Definition(
            id=resource.id,
            source=SourceLine(path=self._source.shown, line=resource.line),
            language="CloudFormation",
            properties=properties,
        )
        if resource.type == SIMPLE_TABLE:
            definition = replace(definition, properties=self._simple(properties))
        if resource.type == GLOBAL_TABLE:
            definition = as_table(definition, region=self._region)
        return replace(definition, notes=(*definition.notes, *_notes_on_table(resource, definition, made)))

    def _simple(self, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        """AWS::Serverless::SimpleTable, with what `Globals` gives to all of them, as the table that SAM makes of it."""
        shared = self._source.document.get("Globals")
        shared = shared.get("SimpleTable") if isinstance(shared, dict) else None
        merged = {**(self._plain.value(shared) if isinstance(shared, dict) else {}), **properties}
        key = merged.pop("PrimaryKey", SIMPLE_KEY)
        if not isinstance(key, dict):
            key = key if isinstance(key, Unresolved) else Unresolved(reason="PrimaryKey has no Name and Type")
            return {**merged, "KeySchema": key}
        name, kind = key.get("Name", SIMPLE_KEY["Name"]), key.get("Type", SIMPLE_KEY["Type"])
        tags = merged.pop("Tags", None)
        return {
            **merged,
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": SIMPLE_TYPES.get(kind, kind) if isinstance(kind, str) else kind}
            ],
            "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
            # Unlike AWS::DynamoDB::Table, it is on demand where no throughput is given
            "BillingMode": "PROVISIONED" if "ProvisionedThroughput" in merged else "PAY_PER_REQUEST",
            **({"Tags": [{"Key": tag, "Value": text} for tag, text in tags.items()]} if isinstance(tags, dict) else {}),
            **({"Tags": tags} if isinstance(tags, Unresolved) else {}),
        }

    def _replicas_of(self, definition: Definition, named: Resolver) -> dict[str, Any]:
        """Those that the CDK makes with a resource of its own."""
        regions = []
        for one in self._of_type(CDK_REPLICA):
            table, region = (named.value(one.properties.get(name)) for name in ("TableName", "Region"))
            if table == definition.name and isinstance(region, str):
                regions.append(region)
        if not regions:
            return {}
        return {"replicas": (self._region, *regions), "global_table_version": VERSION}

    def _resolver_with_names(self, tables: Sequence[Definition]) -> Resolver:
        """One in which a Ref to a table, or to a scalable target, stands for what it will be called."""
        names = {one.id: one.name for one in tables}
        first = Resolver(self._source.document, given=self._given, region=self._region, names=names)
        for one in self._of_type(SCALABLE_TARGET):
            found = [first.value(one.properties.get(name)) for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")]
            if all(isinstance(part, str) for part in found):
                names[one.id] = "|".join(found)
        return Resolver(self._source.document, given=self._given, region=self._region, names=names)

    # ---------------------------------------------------------------------------------------------------------- notes

    def _notes_on_defaults(self) -> Iterator[str]:
        used = sorted(self._plain.defaults_used)
        if used:
            parameters = "the default of parameter" if len(used) == 1 else "the defaults of parameters"
            yield f"{self._source.shown}: taken from {parameters} {a_few(used)}; give --parameter NAME=VALUE for another deployment"

    def _notes_on_template(self) -> Iterator[str]:
        transforms = self._source.document.get("Transform") or []
        foreign = [
            one
            for one in (transforms if isinstance(transforms, list) else [transforms])
            if _transform_name(one) not in READ_TRANSFORMS
        ]
        if foreign:
            names = a_few(map(_transform_name, foreign))
            yield f"{self._source.shown}: what the transform {names} changes at deployment is not seen"
        nested = [one.id for one in self._of_type(*NESTED)]
        if nested:
            yield f"{self._source.shown}: the tables of its nested stacks are not seen, give their templates too: {a_few(nested)}"


def _members(properties: Any) -> Mapping[str, Any]:
    """Properties that a function makes as a whole are not known, and so is what they are of."""
    return properties if isinstance(properties, dict) else {"KeySchema": properties}


def _notes_on_table(resource: _Resource, definition: Definition, made: bool | Unresolved) -> Iterator[str]:
    if isinstance(made, Unresolved):
        yield f"{definition.name} is only made under condition {resource.body['Condition']}: {made.reason}"
    adding = [name for name in resource.properties if name.startswith("Fn::")]
    if adding:
        yield f"{definition.name}: what {a_few(adding)} adds to its properties is not seen"
    kept = resource.body.get("DeletionPolicy")
    if kept in KEPT:
        yield f"{definition.name} stays when its stack is deleted (DeletionPolicy: {kept}), which does not keep DeleteTable from it"


def _transform_name(transform: Any) -> str:
    return str(transform.get("Name") or transform.get("Fn::Transform")) if isinstance(transform, dict) else str(transform)


def _filled(value: Any, name: str, filling: str) -> Any:
    """A value with `${name}` and `&{name}` in every text, and every Ref to it, replaced."""
    if isinstance(value, str):
        return value.replace(f"${{{name}}}", filling).replace(f"&{{{name}}}", filling)
    if isinstance(value, list):
        return [_filled(one, name, filling) for one in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": name}:
        return filling
    return {_filled(key, name, filling): _filled(one, name, filling) for key, one in value.items()}


# ------------------------------------------------------------------------------------------- what is around the tables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Around:
    """Auto scaling and alarms of a template, as their APIs would describe them. `unknown` by resource ("table/NAME", "" for any)."""

    targets: tuple[Mapping[str, Any], ...]
    policies: tuple[Mapping[str, Any], ...]
    alarms: tuple[Mapping[str, Any], ...]
    unknown: Mapping[str, Unresolved]

    @classmethod
    def of(cls, resources: Sequence[_Resource], named: Resolver) -> "_Around":
        targets: list[Mapping[str, Any]] = []
        policies: list[Mapping[str, Any]] = []
        alarms: list[Mapping[str, Any]] = []
        unknown: dict[str, Unresolved] = {}
        for resource in resources:
            if resource.type not in (SCALABLE_TARGET, SCALING_POLICY, ALARM):
                continue
            made = named.condition(resource.body["Condition"]) if "Condition" in resource.body else True
            if made is False:
                continue
            properties = _members(named.value(resource.properties))
            if resource.type == ALARM:
                alarm = _alarm(resource.id, properties)
                if alarm is not None and made is True:
                    alarms.append(alarm)
                continue
            found = _policy(properties) if resource.type == SCALING_POLICY else properties
            if found.get("ServiceNamespace") != NAMESPACE:
                continue
            why = made if isinstance(made, Unresolved) else _undecided(found, resource.type)
            if why is None:
                (policies if resource.type == SCALING_POLICY else targets).append(_numbers(found))
            else:
                resource_id = found.get("ResourceId")
                unknown[resource_id if isinstance(resource_id, str) else ""] = why
        return cls(targets=tuple(targets), policies=tuple(policies), alarms=tuple(alarms), unknown=unknown)

    def scaling_unknown(self, definition: Definition) -> Unresolved | None:
        own = f"table/{definition.name}"
        found = (why for resource, why in self.unknown.items() if resource in ("", own) or resource.startswith(f"{own}/"))
        return next(found, definition.scaling_unknown)


_NEEDED = {
    SCALABLE_TARGET: ("ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity"),
    SCALING_POLICY: ("ResourceId", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration"),
}


def _undecided(properties: Mapping[str, Any], kind: str) -> Unresolved | None:
    for name in _NEEDED[kind]:
        value = properties.get(name, Unresolved(reason=f"{name} is left out"))
        if name == "TargetTrackingScalingPolicyConfiguration":
            if name not in properties:
                continue  # a policy of another type has no target to aim at
            value = value.get("TargetValue") if isinstance(value, dict) else value
            if not is_percent(value) and not isinstance(value, Unresolved):
                return Unresolved(reason="TargetValue is no number of percent")
        why = first_unresolved(value)
        if why is not None:
            return why
    numbers = [number(properties.get(name)) for name in LIMITS if kind == SCALABLE_TARGET]
    return Unresolved(reason="MinCapacity or MaxCapacity is no number") if None in numbers else None


def _numbers(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**properties, **{name: number(properties[name]) for name in LIMITS if name in properties}}


def _policy(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy names its target by three properties, or by a reference to it."""
    target = properties.get("ScalingTargetId")
    if not isinstance(target, str) or target.count("|") != 2:
        return properties
    return {**dict(zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), target.split("|"), strict=True)), **properties}


def _is_well_formed(alarm: Mapping[str, Any]) -> bool:
    """Whether what an alarm watches has the shape that CloudWatch takes: lists of dimensions, and of metrics that have some."""
    metrics = alarm.get("Metrics") or []
    if not isinstance(metrics, list) or not all(isinstance(one, dict) for one in metrics):
        return False
    stats = [one["MetricStat"] for one in metrics if one.get("MetricStat")]
    if not all(isinstance(stat, dict) and isinstance(stat.get("Metric"), dict) for stat in stats):
        return False
    listed = [owner.get("Dimensions") or [] for owner in (alarm, *(stat["Metric"] for stat in stats))]
    return all(
        isinstance(dimensions, list) and all(isinstance(one, dict) and {"Name", "Value"} <= set(one) for one in dimensions)
        for dimensions in listed
    )


def _alarm(id_: str, properties: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """An alarm as DescribeAlarms would tell it; None where what it watches is decided at deployment."""
    watched = {name: properties.get(name) for name in ("Namespace", "MetricName", "Dimensions", "Metrics", "Statistic", "Period")}
    if first_unresolved(watched) is not None or not _is_well_formed(properties):
        return None
    actions, enabled = properties.get("AlarmActions"), properties.get("ActionsEnabled", True)
    missing = properties.get("TreatMissingData")
    period = properties.get("Period")
    return {
        **{name: value for name, value in properties.items() if name in watched and value is not None},
        **({"ExtendedStatistic": properties["ExtendedStatistic"]} if isinstance(properties.get("ExtendedStatistic"), str) else {}),
        **({} if number(period) is None else {"Period": number(period)}),
        "AlarmName": id_ if not isinstance(properties.get("AlarmName"), str) else properties["AlarmName"],
        "ActionsEnabled": enabled is not False and str(enabled).lower() != "false",
        "AlarmActions": actions if isinstance(actions, list) else [],
        "TreatMissingData": missing if isinstance(missing, str) else None,
    }
