import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from stj_audit.checks.alarm_that_cannot_fire import alarm_that_cannot_fire
from stj_audit.facts import Alarm, AlarmMetric, Alarms, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
TABLE = {"TableName": "orders"}
INDEX = {**TABLE, "GlobalSecondaryIndexName": "by-status"}
GET = {**TABLE, "Operation": "GetItem"}


def a_metric(
    metric: str = "ReadThrottleEvents",
    dimensions: Mapping[str, str] = TABLE,
    statistic: str | None = "Sum",
    namespace: str = "AWS/DynamoDB",
) -> AlarmMetric:
    return AlarmMetric(namespace=namespace, metric=metric, dimensions=dimensions, statistic=statistic, period_seconds=60)


def an_alarm(*metrics: AlarmMetric, **fields: Any) -> Alarm:
    defaults: dict[str, Any] = {"name": "throttles", "actions_enabled": True, "action_count": 1, "state": "OK"}
    return Alarm(metrics=metrics or (a_metric(),), **(defaults | fields))


def judged(*alarms: Alarm) -> Result:
    return examined(alarm_that_cannot_fire, INDEXED, alarms=Alarms(alarms=alarms))


def faults_of(*metrics: AlarmMetric, **fields: Any) -> str:
    [problem] = judged(an_alarm(*metrics, **fields)).problems
    return problem.message.partition(' cannot tell anyone: "throttles" ')[2]


def test_finds_an_alarm_whose_actions_are_disabled() -> None:
    result = judged(an_alarm(actions_enabled=False), an_alarm(name="other"))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == '1 of 2 alarms cannot tell anyone: "throttles" (its actions are disabled)'
    assert problem.evidence == {"dead_alarms": 1, "alarms": 2, "disabled": 1}
    assert problem.current == "1 alarm of 2 can fire"


def test_enables_what_is_only_disabled_and_shows_the_others() -> None:
    name = "it's $(rm) dead"
    [problem] = judged(an_alarm(name=name, actions_enabled=False), an_alarm(action_count=0)).problems
    enable, show = map(shlex.split, problem.commands)
    assert enable == ["aws", "cloudwatch", "enable-alarm-actions", "--region", "eu-north-1", "--alarm-names", name]
    assert show == ["aws", "cloudwatch", "describe-alarms", "--region", "eu-north-1", "--alarm-names", "throttles"]


def test_finds_an_alarm_without_an_action() -> None:
    assert faults_of(action_count=0) == "(it has no action)"


@pytest.mark.parametrize(
    ("metric", "dimensions", "fault"),
    [
        ("SuccessfulRequestLatency", TABLE, "no SuccessfulRequestLatency is sent without Operation"),
        ("SystemErrors", TABLE, "no SystemErrors is sent without Operation"),
        ("ThrottledRequests", TABLE, "no ThrottledRequests is sent without Operation"),
        ("ReadThrottleEvents", GET, 'no ReadThrottleEvents is sent with "Operation"'),
        ("ReplicationLatency", TABLE, "no ReplicationLatency is sent without ReceivingRegion"),
        ("UserErrors", TABLE, 'no UserErrors is sent with "TableName"'),
        ("TransactionConflict", INDEX, 'no TransactionConflict is sent with "GlobalSecondaryIndexName"'),
        ("WriteThrottleEvents", {**TABLE, "GlobalSecondaryIndexName": "gone"}, 'there is no index "gone"'),
        ("WriteThrottleEvents", {**TABLE, "GlobalSecondaryIndexName": "local"}, 'there is no index "local"'),
    ],
)
def test_finds_dimensions_that_no_metric_has(metric: str, dimensions: Mapping[str, str], fault: str) -> None:
    assert fault in faults_of(a_metric(metric, dimensions, statistic=None))


@pytest.mark.parametrize(
    ("metric", "dimensions", "statistic"),
    [
        ("ConsumedReadCapacityUnits", TABLE, "Average"),
        ("ConsumedWriteCapacityUnits", INDEX, "Maximum"),
        ("WriteThrottleEvents", INDEX, "Average"),
        ("SystemErrors", GET, "Average"),
        ("ThrottledPutRecordCount", {**TABLE, "DelegatedOperation": "PutRecord"}, "Sum"),
    ],
)
def test_finds_a_statistic_that_does_not_tell_it(metric: str, dimensions: Mapping[str, str], statistic: str) -> None:
    assert faults_of(a_metric(metric, dimensions, statistic)) == f'("{statistic}" of {metric} does not tell it)'


@pytest.mark.parametrize(
    ("metric", "dimensions", "statistic"),
    [
        ("ReadThrottleEvents", TABLE, "Sum"),
        ("WriteThrottleEvents", INDEX, "SampleCount"),
        ("ConsumedReadCapacityUnits", INDEX, "Sum"),
        ("ProvisionedReadCapacityUnits", TABLE, "Average"),  # as auto scaling makes it
        ("SuccessfulRequestLatency", GET, "p99"),
        ("SuccessfulRequestLatency", {**GET, "StreamLabel": "2025-01-01T00:00:00.000"}, "Average"),
        ("ReplicationLatency", {**TABLE, "ReceivingRegion": "eu-west-1"}, "Average"),
        ("SomethingNew", GET, "Average"),
        ("ReadThrottleEvents", TABLE, None),
    ],
)
def test_passes_an_alarm_that_can_fire(metric: str, dimensions: Mapping[str, str], statistic: str | None) -> None:
    result = judged(an_alarm(a_metric(metric, dimensions, statistic)))
    assert [good.message for good in result.goods] == [
        "1 alarm of the table can fire: dimensions, statistics and actions are whole"
    ]


def test_metrics_of_others_are_left_alone() -> None:
    assert judged(an_alarm(a_metric(dimensions=GET, statistic="Average", namespace="Mine"))).status is Status.PASSED


def test_every_metric_of_an_expression_is_looked_at() -> None:
    assert "without Operation" in faults_of(a_metric(), a_metric("SystemErrors", TABLE))


def test_throttle_metrics_are_silent_by_nature() -> None:
    assert judged(an_alarm(state="INSUFFICIENT_DATA")).status is Status.PASSED


def test_has_nothing_to_judge_without_alarms() -> None:
    assert judged().reason == "no CloudWatch alarm names the table"


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:DescribeAlarms", reason="AccessDeniedException")
    assert examined(alarm_that_cannot_fire, alarms=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "part of a composite alarm" in alarm_that_cannot_fire.why
