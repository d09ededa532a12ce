"""
Auto scaling and alarms of a Terraform plan, as their APIs would describe them; what may be of a table, or may not, makes them unknown.

Source: Terraform AWS provider, aws_appautoscaling_target, aws_appautoscaling_policy, aws_cloudwatch_metric_alarm; AWS Cloud Control provider,
awscc_applicationautoscaling_scalable_target, awscc_applicationautoscaling_scaling_policy, awscc_cloudwatch_alarm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.intrinsics import Unresolved, first_unresolved
from stj_audit.declared.settings import is_percent, number
from stj_audit.declared.surroundings import NAMESPACE, Around
from stj_audit.declared.terraform_owners import Owners
from stj_audit.declared.terraform_plan import Planned, Values
from stj_audit.declared.terraform_table import blocks, whole

TARGET, POLICY, ALARM = "aws_appautoscaling_target", "aws_appautoscaling_policy", "aws_cloudwatch_metric_alarm"
# Which make the same, and are not read
OTHER_SCALING = ("awscc_applicationautoscaling_scalable_target", "awscc_applicationautoscaling_scaling_policy")
OTHER_ALARM = "awscc_cloudwatch_alarm"
METRICS = "AWS/DynamoDB"
AIM = "target_tracking_scaling_policy_configuration"
# Of an alarm: what decides which table it watches, whether it tells anybody, and what is told of it
WATCHED, TOLD = ("namespace", "metric_name", "dimensions", "metric_query"), ("actions_enabled", "treat_missing_data")


class Surroundings:
    """What is around the tables of one region; `resources` are those of that region."""

    def __init__(self, resources: Sequence[Planned], owners: Owners) -> None:
        alarms = [(one, _alarm(one)) for one in resources if one.type == ALARM]
        targets, policies, unknown = _scaling(resources)
        self._owners = owners
        self._around = Around(
            targets=tuple(targets),
            policies=tuple(policies),
            alarms=tuple(alarm for _, alarm in alarms if not isinstance(alarm, Unresolved)),
            unknown=unknown,
        )
        self._undecided = [(one, why) for one, why in alarms if isinstance(why, Unresolved)]
        self._not_read = [_not_read(one) for one in resources if one.type == OTHER_ALARM]

    def added_to(self, definition: Definition, table: Planned) -> Definition:
        """The definition of `table` with its auto scaling and its alarms."""
        undecided = [why for one, why in self._undecided if _may_watch(one, table, self._owners)] + self._not_read
        return replace(self._around.added_to(definition), alarms_unknown=undecided[0] if undecided else None)


def _not_read(planned: Planned) -> Unresolved:
    return Unresolved(reason=f"{planned.address} is not read by this version")


# --------------------------------------------------------------------------------------------------------- auto scaling


def _scaling(resources: Sequence[Planned]) -> tuple[list[Values], list[Values], dict[str, Unresolved]]:
    """Targets, policies, and why some are not known, by what they scale."""
    targets: list[Values] = []
    policies: list[Values] = []
    unknown: dict[str, Unresolved] = {}
    for one in resources:
        if one.type in OTHER_SCALING:
            unknown[""] = _not_read(one)
        if one.type not in (TARGET, POLICY) or not _may_scale(one.values):
            continue
        found = {"ServiceNamespace": one.values.get("service_namespace"), "ResourceId": one.values.get("resource_id")}
        found["ScalableDimension"] = one.values.get("scalable_dimension")
        if one.type == TARGET:
            found |= {"MinCapacity": one.values.get("min_capacity"), "MaxCapacity": one.values.get("max_capacity")}
        else:
            found |= _aim(one.values)
        why = one.deferred or first_unresolved(found) or _no_number(found)
        if why is not None:
            unknown[found["ResourceId"] if isinstance(found["ResourceId"], str) else ""] = why
        else:
            (targets if one.type == TARGET else policies).append(found)
    return targets, policies, unknown


def _may_scale(values: Values) -> bool:
    """Whether it scales a table, or an index of one, as far as the plan knows."""
    namespace, resource = values.get("service_namespace"), values.get("resource_id")
    if not isinstance(namespace, Unresolved):
        return bool(namespace == NAMESPACE)
    return not isinstance(resource, str) or resource.startswith("table/")


def _aim(values: Values) -> dict[str, Any]:
    """What a policy aims at; nothing where it tracks no target."""
    aims = whole(values, AIM)
    if isinstance(aims, Unresolved):
        return {"TargetTrackingScalingPolicyConfiguration": aims}
    return {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": aims[0].get("target_value")}} if aims else {}


def _no_number(found: Values) -> Unresolved | None:
    """Why a target or a policy cannot be read as it is planned."""
    limits = [number(found[name]) for name in ("MinCapacity", "MaxCapacity") if name in found]
    aim = found.get("TargetTrackingScalingPolicyConfiguration")
    if None in limits or (aim is not None and not is_percent(aim["TargetValue"])):
        return Unresolved(reason="its capacity, or its target, is no number")
    named = isinstance(found["ResourceId"], str) and isinstance(found["ScalableDimension"], str)
    return None if named else Unresolved(reason="it is not said what is scaled")


# --------------------------------------------------------------------------------------------------------------- alarms


def _alarm(planned: Planned) -> Values | Unresolved:
    """An alarm as DescribeAlarms would tell it; `Unresolved` where what it watches, or whether it tells anybody, is not known."""
    values = planned.values
    why = planned.deferred or first_unresolved([values.get(name) for name in (*WATCHED, *TOLD)])
    if why is not None:
        return Unresolved(reason=f"what {planned.address} watches: {why.reason}")
    queries = [one for query in blocks(values, "metric_query") for one in blocks(query, "metric")]
    if not all(_is_well_formed(one) for one in (values, *queries)) or any(map(_asks, blocks(values, "metric_query"))):
        return Unresolved(reason=f"what {planned.address} watches is not read by this version")
    actions, enabled, missing = values.get("alarm_actions"), values.get("actions_enabled", True), values.get("treat_missing_data")
    name = values.get("alarm_name")
    return {
        "AlarmName": name if isinstance(name, str) and name else planned.address,
        "Namespace": values.get("namespace"),
        "MetricName": values.get("metric_name"),
        "Dimensions": _dimensions(values),
        "Metrics": [
            {
                "MetricStat": {
                    "Metric": {
                        "Namespace": one.get("namespace") or "",
                        "MetricName": one.get("metric_name") or "",
                        "Dimensions": _dimensions(one),
                    },
                    "Stat": _text(one.get("stat")),
                    "Period": _whole_number(one.get("period")),
                }
            }
            for one in queries
        ],
        "Statistic": _text(values.get("statistic")),
        "ExtendedStatistic": _text(values.get("extended_statistic")),
        "Period": _whole_number(values.get("period")),
        "ActionsEnabled": enabled is not False,
        # The ARN of a topic that the same plan makes is not known yet, and an action all the same
        "AlarmActions": actions if isinstance(actions, list) else ["?"] if isinstance(actions, Unresolved) else [],
        "TreatMissingData": _text(missing),
    }


def _asks(query: Values) -> bool:
    """Whether its expression is a query of CloudWatch Metrics Insights over the metrics of DynamoDB."""
    return METRICS in str(query.get("expression") or "")


def _is_well_formed(metric: Values) -> bool:
    """Whether it names texts, where it names anything."""
    dimensions = metric.get("dimensions") or {}
    named = [metric.get("namespace") or "", metric.get("metric_name") or ""]
    return isinstance(dimensions, dict) and all(isinstance(one, str) for one in (*named, *dimensions.values()))


def _dimensions(metric: Values) -> list[Mapping[str, Any]]:
    return [{"Name": name, "Value": value} for name, value in (metric.get("dimensions") or {}).items()]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole_number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _may_watch(planned: Planned, table: Planned, owners: Owners) -> bool:
    """Whether an alarm, of which not all is known, may be one on the table."""
    values = planned.values
    queries = whole(values, "metric_query")
    if isinstance(queries, Unresolved) or any(map(_asks, queries)):
        return True
    is_elsewhere = owners.is_of(planned, "dimensions", table) is False
    found = [whole(one, "metric") for one in queries]
    if any(isinstance(one, Unresolved) for one in found) or (planned.deferred and not found and not values.get("dimensions")):
        return True
    name = table.values.get("name")
    stats = (stat for one in found if not isinstance(one, Unresolved) for stat in one)
    return (not is_elsewhere and _may_be_of(values, name)) or any(_may_be_of(stat, name) for stat in stats)


def _may_be_of(metric: Values, name: Any) -> bool:
    namespace, dimensions = metric.get("namespace"), metric.get("dimensions") or {}
    if isinstance(namespace, str) and namespace != METRICS:
        return False
    named = dimensions.get("TableName") if isinstance(dimensions, dict) else Unresolved(reason="it is no mapping")
    return isinstance(named, Unresolved) or (named is not None and named == name)
