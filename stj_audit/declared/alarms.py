"""
The alarms of a template, as DescribeAlarms would tell them. One of which anything is decided at deployment may be there or not.

Source: AWS CloudFormation template reference, AWS::CloudWatch::Alarm.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stj_audit.declared.intrinsics import Resolver, Unresolved, first_unresolved, is_plain, may_be_left_out, text_of
from stj_audit.declared.resources import Resource
from stj_audit.declared.settings import number

ALARM = "AWS::CloudWatch::Alarm"
METRICS_OF_TABLES = "AWS/DynamoDB"
TOLD = (
    *("Namespace", "MetricName", "Dimensions", "Metrics", "Statistic", "ExtendedStatistic", "Period", "ActionsEnabled"),
    "TreatMissingData",
)
MISSHAPEN = Unresolved(reason="an alarm does not say, as CloudWatch takes it, what it watches")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownAlarm:
    """An alarm that is not known, and why. `table` is the one that it would be of; None: any."""

    table: str | None
    why: Unresolved


def alarm_of(resource: Resource, named: Resolver) -> Mapping[str, Any] | UnknownAlarm | None:
    """The alarm as DescribeAlarms would tell it; None where it is not made, or watches no table whatever is decided."""
    made, (properties, added) = resource.made(named), resource.values(named)
    if made is False or (added is None and not _may_be_of_a_table(properties)):
        return None
    why = first_unresolved([made, added, *(properties.get(name) for name in TOLD)])
    why = why or _open_actions(properties.get("AlarmActions"), resource.properties.get("AlarmActions"))
    why = why or (None if _is_well_formed(properties) else MISSHAPEN)
    if why is not None:
        return UnknownAlarm(table=_table_of(properties) if added is None else None, why=why)
    return _told(resource.id, properties)


def _metrics(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | Unresolved]:
    """Where the alarm names a metric: in itself, or in the members of a formula. What is no metric is left out."""
    if "MetricName" in properties:
        yield properties
    queries = properties.get("Metrics")
    for query in queries if isinstance(queries, list) else [queries]:
        stat = query.get("MetricStat") if isinstance(query, dict) else query
        metric = stat.get("Metric") if isinstance(stat, dict) else stat
        if isinstance(metric, dict | Unresolved):
            yield metric


def _may_be_of_a_table(properties: Mapping[str, Any]) -> bool:
    """Whether one of its metrics is, or may be, one of a table."""
    for metric in _metrics(properties):
        namespace = metric if isinstance(metric, Unresolved) else metric.get("Namespace")
        dimensions = None if isinstance(metric, Unresolved) else metric.get("Dimensions", [])
        is_of_none = isinstance(dimensions, list) and not any(map(_may_name_a_table, dimensions))
        if not is_of_none and (isinstance(namespace, Unresolved) or namespace == METRICS_OF_TABLES):
            return True
    return False


def _may_name_a_table(dimension: Any) -> bool:
    name = dimension.get("Name") if isinstance(dimension, dict) else dimension
    return not is_plain(name) or name == "TableName"


def _table_of(properties: Mapping[str, Any]) -> str | None:
    """The one table that it is of, whatever else is decided; None where that is open too."""
    dimensions = properties.get("Dimensions")
    if "Metrics" in properties or not isinstance(dimensions, list):
        return None
    tables = [one.get("Value") for one in dimensions if isinstance(one, dict) and one.get("Name") == "TableName"]
    return text_of(tables[0]) if len(tables) == 1 and is_plain(tables[0]) else None


def _open_actions(actions: Any, written: Any) -> Unresolved | None:
    """Why it is not known whether there is one. The ARN of a topic that the same stack makes is not known yet, and an action all the same."""
    if isinstance(actions, Unresolved):
        return actions
    if not isinstance(actions, list) or not all(isinstance(one, Unresolved) for one in actions):
        return None
    certain = [one for one in written if not may_be_left_out(one)] if isinstance(written, list) else []
    return None if certain else next(iter(actions), None)


def _is_well_formed(alarm: Mapping[str, Any]) -> bool:
    """Whether what an alarm watches has the shape that CloudWatch takes: lists of dimensions, and of metrics that have some."""
    queries = alarm.get("Metrics") or []
    if not isinstance(queries, list) or not all(isinstance(one, dict) for one in queries):
        return False
    stats = [one["MetricStat"] for one in queries if one.get("MetricStat")]
    if not all(isinstance(stat, dict) and isinstance(stat.get("Metric"), dict) for stat in stats):
        return False
    return all(isinstance(metric, dict) and _is_metric(metric) for metric in _metrics(alarm))


def _is_metric(metric: Mapping[str, Any]) -> bool:
    dimensions = metric.get("Dimensions") or []
    named = all(isinstance(metric.get(name, ""), str) for name in ("Namespace", "MetricName"))
    return (
        named
        and isinstance(dimensions, list)
        and all(isinstance(one, dict) and is_plain(one.get("Name")) and is_plain(one.get("Value")) for one in dimensions)
    )


def _told(id_: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    actions, name = properties.get("AlarmActions"), properties.get("AlarmName")
    return {
        **_metric(properties),
        **_texts(properties, "Statistic", "ExtendedStatistic"),
        **_period(properties),
        "Metrics": [_query(one["MetricStat"]) for one in properties.get("Metrics") or () if one.get("MetricStat")],
        "AlarmName": name if isinstance(name, str) else id_,
        "ActionsEnabled": str(properties.get("ActionsEnabled", True)).lower() != "false",
        "AlarmActions": actions if isinstance(actions, list) else [],
        **_texts(properties, "TreatMissingData"),
    }


def _query(stat: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"MetricStat": {"Metric": _metric(stat["Metric"]), **_texts(stat, "Stat"), **_period(stat)}}


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = [{"Name": text_of(one["Name"]), "Value": text_of(one["Value"])} for one in metric.get("Dimensions") or ()]
    return {**_texts(metric, "Namespace", "MetricName"), "Dimensions": dimensions}


def _texts(owner: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: owner[name] for name in names if isinstance(owner.get(name), str)}


def _period(owner: Mapping[str, Any]) -> dict[str, int]:
    """Parameters are text, so numbers may be."""
    seconds = number(owner.get("Period"))
    return {} if seconds is None else {"Period": seconds}
