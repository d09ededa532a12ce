"""
The tables of a Terraform plan, as `terraform show -json` writes it: `planned_values` with the modules in it, and of `resource_changes` what
is known after apply only.

An attribute that the configuration leaves out, and that AWS decides, is "known after apply" too. What AWS decides then is the default of
CreateTable, so the configuration in the plan tells the two apart; `terraform_dynamic` says what it does where that has dynamic blocks, of
which the plan shows only what they make.

Source: Terraform, "JSON Output Format"; Terraform AWS provider, aws_dynamodb_table, aws_dynamodb_global_table, aws_appautoscaling_target,
aws_appautoscaling_policy, aws_cloudwatch_metric_alarm, aws_dynamodb_contributor_insights, aws_dynamodb_global_secondary_index.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stj_audit.declared.definition import Definition
from stj_audit.declared.global_table import VERSION
from stj_audit.declared.intrinsics import Unresolved, first_unresolved
from stj_audit.declared.settings import is_percent, number
from stj_audit.declared.source import SHOW_JSON, Source
from stj_audit.declared.surroundings import NAMESPACE, Around
from stj_audit.declared.terraform_dynamic import INSTANCE, hidden_sources
from stj_audit.declared.terraform_table import Values, blocks, ceiling, projection, properties, replicas
from stj_audit.errors import ConfigError
from stj_audit.report import SourceLine

TABLE, LEGACY_GLOBAL_TABLE = "aws_dynamodb_table", "aws_dynamodb_global_table"
LEGACY_VERSION = "2017.11.29"
TARGET, POLICY, ALARM = "aws_appautoscaling_target", "aws_appautoscaling_policy", "aws_cloudwatch_metric_alarm"
INSIGHTS, INDEX = "aws_dynamodb_contributor_insights", "aws_dynamodb_global_secondary_index"
AFTER_APPLY = "known after apply"
# What AWS decides where the configuration says nothing: optional and computed, in the provider's words
COMPUTED = frozenset(
    {
        "point_in_time_recovery",
        "server_side_encryption",
        "stream_view_type",
        "warm_throughput",
        "read_capacity",
        "write_capacity",
        "tags_all",
    }
)

# Those of them that are blocks, which a dynamic block may make
BLOCKS = frozenset({"point_in_time_recovery", "server_side_encryption", "warm_throughput"})
BY_DYNAMIC = "known after apply: a dynamic block may make it"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planned:
    """One resource as it is planned. `values` has `Unresolved` where the plan does not know, nothing where the configuration says nothing."""

    address: str
    type: str
    values: Values


def is_plan(document: Mapping[str, Any]) -> bool:
    """Whether it is the JSON of a plan."""
    return "planned_values" in document or "resource_changes" in document


def refuse_other_json(document: Mapping[str, Any], shown: str) -> None:
    """Raise ConfigError for what Terraform writes beside plans: a state holds what is there, not what is planned."""
    is_state_file = "terraform_version" in document and ("resources" in document or "lineage" in document)
    if is_state_file or ("values" in document and "format_version" in document):
        raise ConfigError(f"{shown} is a Terraform state, and no plan", hint=SHOW_JSON)


def read_plan(source: Source) -> tuple[Definition, ...]:
    """The tables that there will be once the plan is applied. Raises ConfigError for a plan that does not say what is planned."""
    plan = source.document
    if not isinstance(plan.get("planned_values"), dict):
        raise ConfigError(f"{source.shown}: a plan without `planned_values`", hint=SHOW_JSON)
    resources = tuple(_planned(plan))
    tables = [_definition(one, source) for one in resources if one.type == TABLE]
    around = _around(resources)
    return tuple(_with_surroundings(one, resources, around) for one in tables)


# ------------------------------------------------------------------------------------------------- what a plan says


def _planned(plan: Values) -> Iterator[_Planned]:
    unknown = {
        change.get("address"): (change.get("change") or {}).get("after_unknown") or {}
        for change in plan.get("resource_changes") or ()
        if isinstance(change, dict)
    }
    hidden = hidden_sources(plan)
    configured = _configured(((plan.get("configuration") or {}).get("root_module")) or {}, "")
    for one in _in_module((plan["planned_values"].get("root_module")) or {}):
        address = str(one.get("address"))
        if one.get("mode", "managed") != "managed":
            continue
        expressions = configured.get(INSTANCE.sub("", address))
        may_be_made = BLOCKS if hidden - {INSTANCE.sub("", address)} else frozenset()
        values = _merged(one.get("values") or {}, unknown.get(address) or {}, expressions, may_be_made)
        yield _Planned(address=address, type=str(one.get("type")), values=values)


def _in_module(module: Values) -> Iterator[Values]:
    yield from (one for one in module.get("resources") or () if isinstance(one, dict))
    for child in module.get("child_modules") or ():
        yield from _in_module(child)


def _configured(module: Values, prefix: str) -> dict[str, Values]:
    """What the configuration says of each resource, by its address without instances."""
    found = {f"{prefix}{one.get('address')}": one.get("expressions") or {} for one in module.get("resources") or ()}
    for name, call in (module.get("module_calls") or {}).items():
        found |= _configured(call.get("module") or {}, f"{prefix}module.{name}.")
    return found


def _merged(values: Values, unknown: Any, expressions: Values | None, may_be_made: frozenset[str]) -> dict[str, Any]:
    """
    The values, with `Unresolved` for what is configured and not known, by dynamic blocks too, which `may_be_made` names. Without a
    configuration all that is not known is taken for that.
    """
    merged = {name: value for name, value in values.items() if value is not None}
    for name, mark in unknown.items() if isinstance(unknown, dict) else ():
        if mark is True:
            if name not in COMPUTED or expressions is None or name in expressions:
                merged[name] = Unresolved(reason=AFTER_APPLY)
            elif name in may_be_made:
                merged[name] = Unresolved(reason=BY_DYNAMIC)
        elif name in merged:
            merged[name] = _marked(merged[name], mark)
    return merged


def _marked(value: Any, mark: Any) -> Any:
    """A value with `Unresolved` at each place that `after_unknown` marks; blocks are lists of objects."""
    if mark is True:
        return Unresolved(reason=AFTER_APPLY)
    if isinstance(value, list) and isinstance(mark, list):
        return [_marked(one, sign) for one, sign in zip(value, [*mark, *[{}] * len(value)], strict=False)]
    if isinstance(value, dict) and isinstance(mark, dict):
        return {**value, **{name: _marked(value.get(name), sign) for name, sign in mark.items() if sign}}
    return value


# --------------------------------------------------------------------------------------------------------- one table


def _definition(planned: _Planned, source: Source) -> Definition:
    values = planned.values
    line = source.line_of_text(json.dumps(planned.address))
    return Definition(
        id=planned.address,
        source=SourceLine(path=source.shown, line=line),
        language="Terraform",
        properties=properties(values),
        replicas=replicas(values),
        global_table_version=VERSION if blocks(values, "replica") else None,
    )


# ------------------------------------------------------------------------------------------- what is around the tables


def _around(resources: Sequence[_Planned]) -> Around:
    targets: list[Values] = []
    policies: list[Values] = []
    unknown: dict[str, Unresolved] = {}
    for one in resources:
        if one.type not in (TARGET, POLICY) or one.values.get("service_namespace") != NAMESPACE:
            continue
        found = {"ServiceNamespace": NAMESPACE, "ResourceId": one.values.get("resource_id")}
        found["ScalableDimension"] = one.values.get("scalable_dimension")
        if one.type == TARGET:
            found |= {"MinCapacity": one.values.get("min_capacity"), "MaxCapacity": one.values.get("max_capacity")}
        else:
            found |= _aim(one.values)
        why = first_unresolved(found) or _no_number(found)
        if why is not None:
            unknown[found["ResourceId"] if isinstance(found["ResourceId"], str) else ""] = why
        else:
            (targets if one.type == TARGET else policies).append(found)
    alarms = tuple(alarm for one in resources if one.type == ALARM and (alarm := _alarm(one)) is not None)
    return Around(targets=tuple(targets), policies=tuple(policies), alarms=alarms, unknown=unknown)


def _aim(values: Values) -> dict[str, Any]:
    """What a policy aims at; nothing where it tracks no target."""
    name = "target_tracking_scaling_policy_configuration"
    aims = blocks(values, name)
    if isinstance(values.get(name), Unresolved):
        return {"TargetTrackingScalingPolicyConfiguration": values[name]}
    return {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": aims[0].get("target_value")}} if aims else {}


def _no_number(found: Values) -> Unresolved | None:
    """Why a target or a policy cannot be read as it is planned."""
    limits = [number(found[name]) for name in ("MinCapacity", "MaxCapacity") if name in found]
    aim = found.get("TargetTrackingScalingPolicyConfiguration")
    if None in limits or (aim is not None and not is_percent(aim["TargetValue"])):
        return Unresolved(reason="its capacity, or its target, is no number")
    named = isinstance(found["ResourceId"], str) and isinstance(found["ScalableDimension"], str)
    return None if named else Unresolved(reason="it is not said what is scaled")


def _alarm(planned: _Planned) -> Values | None:
    """An alarm on one metric as DescribeAlarms would tell it; None where what it watches is known after apply only, or is a formula."""
    values = planned.values
    dimensions = values.get("dimensions") or {}
    watched = [values.get("namespace"), values.get("metric_name"), dimensions]
    if first_unresolved(watched) is not None or not isinstance(values.get("metric_name"), str) or not isinstance(dimensions, dict):
        return None
    actions, enabled = values.get("alarm_actions"), values.get("actions_enabled", True)
    period = values.get("period")
    return {
        "AlarmName": str(values.get("alarm_name") or planned.address),
        "Namespace": values.get("namespace"),
        "MetricName": values["metric_name"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Statistic": values.get("statistic") if isinstance(values.get("statistic"), str) else None,
        "ExtendedStatistic": values.get("extended_statistic") if isinstance(values.get("extended_statistic"), str) else None,
        "Period": period if isinstance(period, int) else None,
        "ActionsEnabled": enabled is not False,
        # The ARN of a topic that the same plan makes is not known yet, and an action all the same
        "AlarmActions": actions if isinstance(actions, list) else ["?"] if isinstance(actions, Unresolved) else [],
        "TreatMissingData": values.get("treat_missing_data"),
    }


def _with_surroundings(definition: Definition, resources: Sequence[_Planned], around: Around) -> Definition:
    definition = around.added_to(definition)
    for add in (_with_legacy_replicas, _with_indexes, _with_insights):
        definition = add(definition, resources)
    return definition


def _with_legacy_replicas(definition: Definition, resources: Sequence[_Planned]) -> Definition:
    for one in resources:
        if one.type == LEGACY_GLOBAL_TABLE and one.values.get("name") == definition.name:
            found = one.values.get("replica")
            unknown = {"Replicas": found} if isinstance(found, Unresolved) else {}
            properties = {**definition.properties, **unknown}
            return replace(definition, properties=properties, replicas=replicas(one.values), global_table_version=LEGACY_VERSION)
    return definition


def _with_indexes(definition: Definition, resources: Sequence[_Planned]) -> Definition:
    """Newer versions of the provider have a resource for each global index, which brings the types of its key along."""
    properties, notes = dict(definition.properties), list(definition.notes)
    for one in resources:
        owner = one.values.get("table_name")
        if one.type != INDEX:
            continue
        if isinstance(owner, Unresolved):
            notes.append(f"of which table {one.address} is an index is known after apply only, so it is not looked at")
        if owner != definition.name:
            continue
        key, schema = blocks(one.values, "key_schema"), one.values.get("key_schema")
        known = properties.get("AttributeDefinitions") or []
        types = [{"AttributeName": part.get("attribute_name"), "AttributeType": part.get("attribute_type")} for part in key]
        index = {
            "IndexName": one.values.get("index_name"),
            "KeySchema": schema
            if isinstance(schema, Unresolved)
            else [{"AttributeName": part.get("attribute_name"), "KeyType": part.get("key_type")} for part in key],
            "Projection": projection(_single(one.values.get("projection"))),
            "ProvisionedThroughput": _index_units(_single(one.values.get("provisioned_throughput"))),
            "OnDemandThroughput": ceiling(_single(one.values.get("on_demand_throughput"))),
        }
        properties["AttributeDefinitions"] = [*known, *(one_type for one_type in types if one_type not in known)]
        properties["GlobalSecondaryIndexes"] = [
            *(properties.get("GlobalSecondaryIndexes") or []),
            {name: value for name, value in index.items() if value},
        ]
    return replace(definition, properties=properties, notes=tuple(dict.fromkeys(notes)))


def _single(value: Any) -> Values:
    """A nested value, written as an object or as a block."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, dict) else {}


def _index_units(one: Values) -> dict[str, Any]:
    units = {"ReadCapacityUnits": one.get("read_capacity_units"), "WriteCapacityUnits": one.get("write_capacity_units")}
    return {name: value for name, value in units.items() if value}


def _with_insights(definition: Definition, resources: Sequence[_Planned]) -> Definition:
    """Contributor Insights are resources of their own, one for the table and one for each index."""
    enabled = {
        one.values.get("index_name") or None
        for one in resources
        if one.type == INSIGHTS and one.values.get("table_name") == definition.name
    }
    if not enabled:
        return definition
    on = {"ContributorInsightsSpecification": {"Enabled": True}}
    properties = {**definition.properties, **(on if None in enabled else {})}
    indexes = properties.get("GlobalSecondaryIndexes")
    if isinstance(indexes, list):
        properties["GlobalSecondaryIndexes"] = [{**one, **(on if one.get("IndexName") in enabled else {})} for one in indexes]
    return replace(definition, properties=properties)
