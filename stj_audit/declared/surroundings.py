"""
What surrounds tables in one file: auto scaling and alarms, as their APIs would describe them; and how a template says so.

Source: AWS CloudFormation template reference, AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stj_audit.declared.alarms import ALARM, UnknownAlarm, alarm_of
from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Resolver, Unresolved, first_unresolved
from stj_audit.declared.resources import Resource, Resources
from stj_audit.declared.settings import is_percent, number

SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
NAMESPACE = "dynamodb"
LIMITS = ("MinCapacity", "MaxCapacity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """
    Auto scaling and alarms of one file, as their APIs would describe them. `unknown` is why auto scaling is not known, by resource
    ("table/NAME", "" for any); `alarms_unknown`, why alarms are not: one may be there or not, or be of any table; `alarms_unknown_of`, the
    same of one table, by its name.
    """

    targets: tuple[Mapping[str, Any], ...]
    policies: tuple[Mapping[str, Any], ...]
    alarms: tuple[Mapping[str, Any], ...]
    unknown: Mapping[str, Unresolved]
    alarms_unknown: Unresolved | None = None
    alarms_unknown_of: Mapping[str, Unresolved] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Resources, named: Resolver) -> "Around":
        targets: list[Mapping[str, Any]] = []
        policies: list[Mapping[str, Any]] = []
        hidden = next(resources.hiding(SCALABLE_TARGET, SCALING_POLICY), None)
        unknown = {} if hidden is None else {"": hidden.why}
        # Targets first: what is open in one is told by it, and not by the policy that refers to it
        for resource in (*resources.of_type(SCALABLE_TARGET), *resources.of_type(SCALING_POLICY)):
            found, why = _scaling(resource, named)
            if why is not None:
                resource_id = found.get("ResourceId")
                unknown.setdefault(resource_id if isinstance(resource_id, str) else "", why)
            elif found:
                (policies if resource.type == SCALING_POLICY else targets).append(_numbers(found))
        read = [alarm_of(one, named) for one in resources.of_type(ALARM)]
        undecided = [
            *((None, one.why) for one in resources.hiding(ALARM)),
            *((one.table, one.why) for one in read if isinstance(one, UnknownAlarm)),
        ]
        return cls(
            targets=tuple(targets),
            policies=tuple(policies),
            alarms=tuple(one for one in read if one is not None and not isinstance(one, UnknownAlarm)),
            unknown=unknown,
            alarms_unknown=next((why for table, why in undecided if table is None), None),
            alarms_unknown_of={table: why for table, why in undecided if table is not None},
        )

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
            alarms_unknown=self.alarms_unknown or self.alarms_unknown_of.get(definition.name),
        )


_NEEDED = {
    SCALABLE_TARGET: ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity"),
    SCALING_POLICY: ("ServiceNamespace", "ResourceId", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration"),
}


def _scaling(resource: Resource, named: Resolver) -> tuple[Mapping[str, Any], Unresolved | None]:
    """(a target or a policy, why it is not known); nothing where there is none for DynamoDB."""
    made, (properties, added) = resource.made(named), resource.values(named)
    found = _policy(properties) if resource.type == SCALING_POLICY else properties
    is_ours = made if made is False else _is_of_dynamodb(found, added)
    if is_ours is False:
        return {}, None
    whys = (made, is_ours, added, _undecided(found, resource.type))
    return found, next((why for why in whys if isinstance(why, Unresolved)), None)


def _is_of_dynamodb(found: Mapping[str, Any], added: Unresolved | None) -> bool | Unresolved:
    """Whether it is about tables. Each of three properties tells."""
    namespace, dimension, resource_id = (found.get(name) for name in ("ServiceNamespace", "ScalableDimension", "ResourceId"))
    told = [
        *([namespace == NAMESPACE] if isinstance(namespace, str) else []),
        *([dimension.startswith(f"{NAMESPACE}:")] if isinstance(dimension, str) else []),
        *([resource_id.startswith("table/")] if isinstance(resource_id, str) else []),
    ]
    if told:
        return all(told)
    return first_unresolved([namespace, dimension, resource_id, found.get("ScalingTargetId")]) or added or False


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
        if why is None and name in ("ServiceNamespace", "ResourceId", "ScalableDimension") and not isinstance(value, str):
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
