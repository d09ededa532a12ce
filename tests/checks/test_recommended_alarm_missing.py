import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from stj_audit.checks.recommended_alarm_missing import recommended_alarm_missing
from stj_audit.facts import Alarm, AlarmMetric, Alarms, Replica, Table, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined, some_traffic

GLOBAL = a_table(replicas=(Replica(region="eu-north-1", status="ACTIVE"), Replica(region="eu-west-1", status="ACTIVE")))
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
GET = {"TableName": "orders", "Operation": "GetItem"}


def watching(*metrics: tuple[str, Mapping[str, str]]) -> Alarms:
    return Alarms(
        alarms=tuple(
            Alarm(
                name="alarm",
                metrics=(
                    AlarmMetric(namespace="AWS/DynamoDB", metric=metric, dimensions=dimensions, statistic="Sum", period_seconds=60),
                ),
                actions_enabled=True,
                action_count=1,
                state="OK",
            )
            for metric, dimensions in metrics
        )
    )


def judged(calls: Mapping[str, int], *, table: Table | None = None, **context: Any) -> Result:
    return examined(recommended_alarm_missing, table, **{"traffic": some_traffic(calls=calls), **context})


def test_finds_what_nobody_watches() -> None:
    result = judged({"GetItem": 10, "Query": 5})
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "no CloudWatch alarm watches errors of GetItem, errors of Query and latency of GetItem"
    assert problem.evidence == {"alarms_missing": 3, "alarms_wanted": 3}
    assert problem.current == "0 of 3 recommended alarms are there"
    assert "all of these $0.30" in problem.migration


def test_the_commands_can_be_pasted() -> None:
    [problem] = judged({"GetItem": 10}).problems
    assert shlex.split(problem.commands[0]) == [
        *("aws", "cloudwatch", "put-metric-alarm", "--region", "eu-north-1", "--alarm-name", "orders-SystemErrors-GetItem"),
        *("--namespace", "AWS/DynamoDB", "--metric-name", "SystemErrors"),
        *("--dimensions", "Name=TableName,Value=orders", "Name=Operation,Value=GetItem"),
        *("--statistic", "Sum", "--period", "60", "--evaluation-periods", "15", "--datapoints-to-alarm", "15"),
        *("--threshold", "0", "--comparison-operator", "GreaterThanThreshold", "--treat-missing-data", "notBreaching"),
    ]
    assert "--statistic Average --period 60 --evaluation-periods 10 --datapoints-to-alarm 10 --threshold 20 " in problem.commands[1]


def test_replication_is_watched_for_each_other_region() -> None:
    [problem] = judged({}, table=GLOBAL).problems
    assert problem.message == "no CloudWatch alarm watches replication to eu-west-1"
    assert "Name=ReceivingRegion,Value=eu-west-1 " in problem.commands[0]
    assert "--threshold 180000 " in problem.commands[0]


def test_replication_must_lag_for_a_quarter_of_an_hour() -> None:
    [problem] = judged({}, table=GLOBAL).problems
    assert "--statistic Average --period 60 --evaluation-periods 15 --datapoints-to-alarm 15 " in problem.commands[0]


@pytest.mark.parametrize(("calls", "status"), [(1, Status.FOUND), (0, Status.NOT_APPLICABLE)])
def test_one_call_makes_an_operation_of_the_table(calls: int, status: Status) -> None:
    assert judged({"GetItem": calls}).status is status


def test_an_alarm_without_the_operation_does_not_count() -> None:
    alarms = watching(("SystemErrors", {"TableName": "orders"}), ("SuccessfulRequestLatency", GET))
    [problem] = judged({"GetItem": 10}, alarms=alarms).problems
    assert problem.message == "no CloudWatch alarm watches errors of GetItem"


def test_an_alarm_on_another_operation_does_not_count() -> None:
    alarms = watching(("SystemErrors", {**GET, "Operation": "Query"}), ("SuccessfulRequestLatency", GET))
    assert judged({"GetItem": 10}, alarms=alarms).status is Status.FOUND


def test_passes_when_each_is_watched() -> None:
    result = judged({"GetItem": 10}, alarms=watching(("SystemErrors", GET), ("SuccessfulRequestLatency", GET)))
    assert [good.message for good in result.goods] == ["CloudWatch alarms watch errors of GetItem and latency of GetItem"]


@pytest.mark.parametrize("calls", [{}, {"GetItem": 0}])
def test_only_what_is_served_is_to_be_watched(calls: Mapping[str, int]) -> None:
    assert judged(calls).reason == "no request was measured, and the table is in one region"


def test_without_traffic_replication_is_still_judged() -> None:
    result = judged({}, table=GLOBAL, traffic=DENIED)
    assert result.status is Status.FOUND
    assert result.unknowns == (DENIED,)


def test_without_traffic_nobody_knows_what_is_served() -> None:
    assert judged({}, traffic=DENIED).status is Status.UNKNOWN


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:DescribeAlarms", reason="AccessDeniedException")
    assert judged({"GetItem": 1}, alarms=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "watched by another system" in recommended_alarm_missing.why
