import shlex
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from stj_audit.checks.alarm_that_cannot_fire import alarm_that_cannot_fire
from stj_audit.facts import Alarm, AlarmMetric, Alarms, Flow, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import TAKEN_AT, a_flow, a_table, an_index, examined, some_traffic

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


WEEK = timedelta(days=7)
CONSUMED = a_metric("ConsumedReadCapacityUnits")


def silent(
    *metrics: AlarmMetric,
    waits: timedelta = timedelta(days=8),
    flow: Flow | None = None,
    period_seconds: int = 3_600,
    **fields: Any,
) -> Result:
    """An alarm that waits for data, on a table that consumed read units in every hour of three days."""
    alarm = an_alarm(*metrics, **({"state": "INSUFFICIENT_DATA", "state_since": TAKEN_AT - waits} | fields))
    busy = flow or a_flow(read_series=(1,) * 72)
    traffic = some_traffic(busy, {"by-status": a_flow(write_series=(1,))}, series_period_seconds=period_seconds)
    return examined(alarm_that_cannot_fire, INDEXED, alarms=Alarms(alarms=(alarm,)), traffic=traffic)


def test_finds_an_alarm_that_sees_no_data_where_there_is_some() -> None:
    [problem] = silent(CONSUMED).problems
    assert problem.message == (
        '1 of 1 alarm cannot tell anyone: "throttles" (it sees no data since 2025-12-24, though there is some)'
    )
    assert silent(a_metric("ConsumedWriteCapacityUnits", INDEX)).status is Status.FOUND


@pytest.mark.parametrize(("waits", "status"), [(WEEK, Status.PASSED), (WEEK + timedelta(seconds=1), Status.FOUND)])
def test_it_may_wait_for_a_week(waits: timedelta, status: Status) -> None:
    assert silent(CONSUMED, waits=waits).status is status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"treat_missing_data": "notBreaching"}, Status.PASSED),
        ({"treat_missing_data": "ignore"}, Status.FOUND),
        ({"treat_missing_data": "missing"}, Status.FOUND),
        ({"state": "OK"}, Status.PASSED),
        ({"state_since": None}, Status.PASSED),
    ],
)
def test_it_must_wait_and_not_be_content_with_it(fields: dict[str, Any], status: Status) -> None:
    assert silent(CONSUMED, **fields).status is status


@pytest.mark.parametrize(
    "metric",
    [
        a_metric(),
        a_metric("SuccessfulRequestLatency", GET, "Average"),
        a_metric("ConsumedWriteCapacityUnits"),
        a_metric("ConsumedReadCapacityUnits", INDEX),
        a_metric("ConsumedReadCapacityUnits", namespace="Mine"),
        a_metric("ProvisionedReadCapacityUnits", statistic="Average"),  # the table is on demand
    ],
)
def test_a_metric_that_need_not_have_data_is_silent(metric: AlarmMetric) -> None:
    assert silent(metric).status is Status.PASSED
    assert silent(CONSUMED, metric).status is Status.PASSED  # an expression waits for all of its metrics


def test_provisioned_capacity_is_always_sent() -> None:
    table = a_table(billing_mode="PROVISIONED")
    waiting = an_alarm(
        a_metric("ProvisionedReadCapacityUnits", statistic="Average"),
        state="INSUFFICIENT_DATA",
        state_since=TAKEN_AT - timedelta(days=8),
    )
    traffic = Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    result = examined(alarm_that_cannot_fire, table, alarms=Alarms(alarms=(waiting,)), traffic=traffic)
    assert result.status is Status.FOUND


@pytest.mark.parametrize(
    ("series", "period_seconds", "status"),
    [
        ((1, *(0,) * 167), 3_600, Status.FOUND),
        ((1, *(0,) * 168), 3_600, Status.PASSED),
        ((1, *(0,) * 2_015), 300, Status.FOUND),
        ((1, *(0,) * 2_016), 300, Status.PASSED),
        ((), 3_600, Status.PASSED),
    ],
)
def test_a_table_that_is_quiet_for_a_week_has_no_data(series: tuple[int, ...], period_seconds: int, status: Status) -> None:
    assert silent(CONSUMED, flow=a_flow(read_series=series), period_seconds=period_seconds).status is status


def test_without_metrics_it_is_not_known_whether_there_is_data() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    waiting = an_alarm(CONSUMED, state="INSUFFICIENT_DATA", state_since=TAKEN_AT - timedelta(days=8))
    other = an_alarm(a_metric(), state="INSUFFICIENT_DATA", state_since=TAKEN_AT - timedelta(days=8))
    assert examined(alarm_that_cannot_fire, INDEXED, alarms=Alarms(alarms=(waiting,)), traffic=denied).unknowns == (denied,)
    assert examined(alarm_that_cannot_fire, INDEXED, alarms=Alarms(alarms=(other,)), traffic=denied).status is Status.PASSED


def test_has_nothing_to_judge_without_alarms() -> None:
    assert judged().reason == "no CloudWatch alarm names the table"


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:DescribeAlarms", reason="AccessDeniedException")
    assert examined(alarm_that_cannot_fire, alarms=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "part of a composite alarm" in alarm_that_cannot_fire.why
