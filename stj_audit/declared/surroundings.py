"""
What surrounds tables in one file: auto scaling and alarms, as their APIs would describe them; and how a template says so.

Source: AWS CloudFormation template reference, AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy, AWS::CloudWatch::Alarm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Resolver, Unresolved, first_unresolved
from stj_audit.declared.settings import is_percent, number

SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"
NAMESPACE = "dynamodb"
LIMITS = ("MinCapacity", "MaxCapacity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource of a template: its logical id, its type, all that is written of it, and the line where it begins."""

    id: str
    type: str
    body: Mapping[str, Any]
    line: int

    @property
    def properties(self) -> Mapping[str, Any]:
        found = self.body.get("Properties")
        return found if isinstance(found, dict) else {}


def members(properties: Any) -> Mapping[str, Any]:
    """Properties that a function makes as a whole are not known, and so is what they are of."""
    return properties if isinstance(properties, dict) else {"KeySchema": properties}


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """
    Auto scaling and alarms of one file, as their APIs would describe them. `unknown` is why auto scaling is not known, by resource
    ("table/NAME", "" for any); `alarms_unknown`, why alarms are not: one may be there or not, or be of any table.
    """

    targets: tuple[Mapping[str, Any], ...]
    policies: tuple[Mapping[str, Any], ...]
    alarms: tuple[Mapping[str, Any], ...]
    unknown: Mapping[str, Unresolved]
    alarms_unknown: Unresolved | None = None

    @classmethod
    def of(cls, resources: Sequence[Resource], named: Resolver) -> "Around":
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
            properties = members(named.value(resource.properties))
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

    def added_to(self, definition: Definition) -> Definition:
        """The definition with its surroundings, beside what it has of its own."""
        own = f"table/{definition.name}"
        unknown = (why for resource, why in self.unknown.items() if resource in ("", own) or resource.startswith(f"{own}/"))
        return replace(
            definition,
            targets=(*definition.targets, *self.targets),
            policies=(*definition.policies, *self.policies),
            scaling_unknown=next(unknown, definition.scaling_unknown),
            alarms=self.alarms,
            alarms_unknown=self.alarms_unknown,
        )


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
            value = value if isinstance(value, Unresolved) else value.get("TargetValue") if isinstance(value, dict) else None
            if not is_percent(value) and not isinstance(value, Unresolved):
                return Unresolved(reason="TargetValue is no number of percent")
        why = first_unresolved(value)
        if why is None and name in ("ResourceId", "ScalableDimension") and not isinstance(value, str):
            why = Unresolved(reason=f"{name} is no text")
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
