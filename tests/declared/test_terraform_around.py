"""Alarms and auto scaling of a plan: what is not decided, or not read, is not known to be missing."""

from pathlib import Path
from typing import Any

import pytest

from stj_audit.facts import Alarms, AutoScaling, TableFacts
from tests.declared.plans import Made, design, plan_of, table
from tests.declared.reading import ADDRESS, only

THROTTLED: dict[str, Any] = {
    "namespace": "AWS/DynamoDB",
    "metric_name": "ReadThrottleEvents",
    "dimensions": {"TableName": "orders"},
}
CONSUMED = Made(
    address="aws_cloudwatch_metric_alarm.b",
    values={**THROTTLED, "alarm_name": "b", "metric_name": "ConsumedReadCapacityUnits", "alarm_actions": ["x"]},
)
OTHER = "aws_dynamodb_table.other"


def alarm(unknown: dict[str, Any] | None = None, refers: dict[str, list[str]] | None = None, **values: Any) -> Made:
    return Made(
        address="aws_cloudwatch_metric_alarm.a",
        values={"alarm_name": "a", "alarm_actions": ["x"], **values},
        unknown=unknown or {},
        refers=refers or {},
    )


def watched(facts: TableFacts) -> bool | None:
    """Whether an alarm watches throttled reads; None: alarms are not known."""
    return facts.alarms.watches("ReadThrottleEvents", index=None) if isinstance(facts.alarms, Alarms) else None


def query(**metric: Any) -> dict[str, Any]:
    return {"id": "m", "metric": [{**THROTTLED, "stat": "Sum", "period": 60, **metric}]}


@pytest.mark.parametrize(
    ("made", "is_watched"),
    [
        (alarm(**THROTTLED), True),
        (alarm(**{**THROTTLED, "dimensions": {"TableName": "another"}}), False),
        (alarm({"dimensions": {"TableName": True}}, **{**THROTTLED, "dimensions": {}}), None),
        (alarm({"dimensions": True}, **{**THROTTLED, "dimensions": None}), None),
        (alarm({"dimensions": {"TableName": True}}, **{**THROTTLED, "dimensions": {}, "namespace": "AWS/SQS"}), False),
        (alarm({"dimensions": {"TableName": True}}, {"dimensions": [f"{OTHER}.name", OTHER]}, **{**THROTTLED, "dimensions": {}}), False),
        (alarm({"dimensions": {"TableName": True}}, {"dimensions": [f"{ADDRESS}.name", ADDRESS]}, **{**THROTTLED, "dimensions": {}}), None),
        (alarm({"metric_name": True}, **{**THROTTLED, "metric_name": None}), None),
        (alarm({"metric_name": True}, **{**THROTTLED, "metric_name": None, "dimensions": {"TableName": "another"}}), False),
        (alarm({"actions_enabled": True}, **THROTTLED), None),
        (alarm({"treat_missing_data": True}, **THROTTLED), None),
        (alarm({"alarm_actions": [True]}, **{**THROTTLED, "alarm_actions": [None]}), True),
        (alarm({"alarm_actions": True}, **{**THROTTLED, "alarm_actions": None}), True),
        (alarm(dimensions=["x"], metric_name="ReadThrottleEvents"), None),
        (alarm(metric_query=[query(), {"id": "e", "expression": "m * 2", "metric": []}]), True),
        (alarm(metric_query=[query(dimensions={"TableName": "another"})]), False),
        (alarm({"metric_query": [{"metric": [{"dimensions": {"TableName": True}}]}]}, metric_query=[query(dimensions={})]), None),
        (alarm({"metric_query": [{"metric": [{"stat": True}]}]}, metric_query=[query(namespace="AWS/SQS")]), False),
        (alarm({"metric_query": [{"metric": True}]}, metric_query=[{"id": "m"}]), None),
        (alarm({"metric_query": True}), None),
        (alarm(metric_query=[{"expression": 'SELECT MAX(ReadThrottleEvents) FROM SCHEMA("AWS/DynamoDB", TableName)'}]), None),
        (Made(address="awscc_cloudwatch_alarm.a"), None),
    ],
)  # fmt: skip
def test_an_alarm_that_may_watch_a_table_leaves_its_alarms_unknown(tmp_path: Path, made: Made, is_watched: bool | None) -> None:
    found = design(tmp_path, plan_of(table(), table(OTHER, name="other"), made, CONSUMED))

    assert watched(next(one for one in found.snapshot.tables if one.table.name == "orders")) is is_watched


def test_an_alarm_on_the_metrics_of_queries(tmp_path: Path) -> None:
    found = only(design(tmp_path, plan_of(table(), alarm(metric_query=[query(), query(metric_name="WriteThrottleEvents")])))).alarms

    assert isinstance(found, Alarms)
    ((metrics, actions),) = [(one.metrics, one.action_count) for one in found.alarms]
    assert [(one.metric, one.statistic, one.period_seconds, one.dimensions) for one in metrics] == [
        ("ReadThrottleEvents", "Sum", 60, {"TableName": "orders"}),
        ("WriteThrottleEvents", "Sum", 60, {"TableName": "orders"}),
    ]
    assert actions == 1


@pytest.mark.parametrize(("after", "is_known"), [({}, False), (THROTTLED, False), ({**THROTTLED, "namespace": "AWS/SQS"}, True)])
def test_an_alarm_that_terraform_put_off_may_be_there_or_not(tmp_path: Path, after: dict[str, Any], is_known: bool) -> None:
    put_off = {"resource_change": {"address": "aws_cloudwatch_metric_alarm.a", "change": {"actions": ["create"], "after": after}}}

    found = only(design(tmp_path, plan_of(table(), CONSUMED, deferred_changes=[put_off])))

    assert isinstance(found.alarms, Alarms) is is_known


SCALED = {
    "service_namespace": "dynamodb",
    "resource_id": "table/orders",
    "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
    "min_capacity": 1,
    "max_capacity": 5,
}
TARGET = "aws_appautoscaling_target.t"


@pytest.mark.parametrize(
    ("made", "targets"),
    [
        (Made(address=TARGET, values=SCALED), 1),
        (Made(address=TARGET, values={**SCALED, "service_namespace": None}, unknown={"service_namespace": True}), None),
        (Made(address=TARGET, values={**SCALED, "resource_id": None}, unknown={"resource_id": True}), None),
        (Made(address=TARGET, values={**SCALED, "resource_id": "service/a/b"}, unknown={"service_namespace": True}), 0),
        (Made(address=TARGET, values={**SCALED, "resource_id": "table/another"}, unknown={"service_namespace": True}), 0),
        (Made(address=TARGET, values={**SCALED, "service_namespace": "ecs"}, unknown={"resource_id": True}), 0),
        (Made(address="awscc_applicationautoscaling_scalable_target.t"), None),
    ],
)
def test_auto_scaling_that_may_be_of_a_table_is_not_known(tmp_path: Path, made: Made, targets: int | None) -> None:
    found = only(design(tmp_path, plan_of(table(), made))).auto_scaling

    assert (len(found.targets) if isinstance(found, AutoScaling) else None) == targets
