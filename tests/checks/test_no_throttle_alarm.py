from collections.abc import Mapping

import pytest

from stj_audit.checks.no_throttle_alarm import no_throttle_alarm
from stj_audit.facts import Alarm, AlarmMetric, Alarms, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, an_index, examined

TABLE = {"TableName": "orders"}
INDEX = {"TableName": "orders", "GlobalSecondaryIndexName": "by-status"}
INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))


def watching(*metrics: tuple[str, Mapping[str, str]], actions_enabled: bool = True, action_count: int = 1) -> Alarms:
    return Alarms(
        alarms=tuple(
            Alarm(
                name=f"alarm-{place}",
                metrics=(
                    AlarmMetric(namespace="AWS/DynamoDB", metric=metric, dimensions=dimensions, statistic="Sum", period_seconds=60),
                ),
                actions_enabled=actions_enabled,
                action_count=action_count,
                state="OK",
            )
            for place, (metric, dimensions) in enumerate(metrics)
        )
    )


def test_finds_all_that_nobody_watches_in_one_problem() -> None:
    result = examined(no_throttle_alarm, INDEXED)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == ("no CloudWatch alarm watches read and write throttles of the table and by-status")
    assert problem.evidence == {"alarms_missing": 4, "alarms_wanted": 4, "alarms_that_tell_nobody": 0}
    assert "about $0.10 a month, all of these $0.40" in problem.migration


def test_the_commands_can_be_pasted() -> None:
    [problem] = examined(
        no_throttle_alarm, INDEXED, alarms=watching(("ReadThrottleEvents", TABLE), ("WriteThrottleEvents", TABLE))
    ).problems
    assert len(problem.commands) == 2
    assert problem.commands[1] == (
        "aws cloudwatch put-metric-alarm --region eu-north-1 --alarm-name orders-by-status-WriteThrottleEvents "
        "--namespace AWS/DynamoDB --metric-name WriteThrottleEvents "
        "--dimensions Name=TableName,Value=orders Name=GlobalSecondaryIndexName,Value=by-status "
        "--statistic Sum --period 60 --evaluation-periods 5 --datapoints-to-alarm 5 "
        "--threshold 0 --comparison-operator GreaterThanThreshold --treat-missing-data notBreaching"
    )
    assert problem.current == "2 of 4 throttle metrics watched in CloudWatch"


@pytest.mark.parametrize(
    "dimensions",
    [
        {"TableName": "orders", "Operation": "GetItem"},
        {"GlobalSecondaryIndexName": "by-status"},
        INDEX,
    ],
)
def test_an_alarm_with_other_dimensions_does_not_see_the_table(dimensions: Mapping[str, str]) -> None:
    alarms = watching(("ReadThrottleEvents", dimensions), ("WriteThrottleEvents", TABLE))
    [problem] = examined(no_throttle_alarm, alarms=alarms).problems
    assert problem.message == "no CloudWatch alarm watches read throttles of the table"


@pytest.mark.parametrize(("enabled", "actions"), [(False, 1), (True, 0), (False, 0)])
def test_an_alarm_that_tells_nobody_does_not_watch(enabled: bool, actions: int) -> None:
    seen = [("ReadThrottleEvents", TABLE), ("WriteThrottleEvents", TABLE)]
    [problem] = examined(no_throttle_alarm, alarms=watching(*seen, actions_enabled=enabled, action_count=actions)).problems
    assert problem.message == (
        "no CloudWatch alarm watches read and write throttles of the table; 2 of these metrics have an alarm that tells nobody"
    )
    assert problem.evidence == {"alarms_missing": 2, "alarms_wanted": 2, "alarms_that_tell_nobody": 2}
    [problem] = examined(no_throttle_alarm, alarms=watching(seen[0], actions_enabled=enabled, action_count=actions)).problems
    assert problem.message.endswith("; 1 of these metrics has an alarm that tells nobody")


def test_a_mute_alarm_beside_one_that_tells_does_no_harm() -> None:
    seen = [("ReadThrottleEvents", TABLE), ("WriteThrottleEvents", TABLE)]
    both = Alarms(alarms=(*watching(*seen, action_count=0).alarms, *watching(*seen).alarms))
    assert examined(no_throttle_alarm, alarms=both).status is Status.PASSED


def test_an_alarm_on_one_index_does_not_see_another() -> None:
    table = a_table(indexes=(an_index("by-day"),))
    seen = [
        ("ReadThrottleEvents", TABLE),
        ("WriteThrottleEvents", TABLE),
        ("ReadThrottleEvents", INDEX),
        ("WriteThrottleEvents", INDEX),
    ]
    [problem] = examined(no_throttle_alarm, table, alarms=watching(*seen)).problems
    assert problem.evidence["alarms_missing"] == 2


def test_passes_when_each_is_watched() -> None:
    seen = [
        ("ReadThrottleEvents", TABLE),
        ("WriteThrottleEvents", TABLE),
        ("ReadThrottleEvents", INDEX),
        ("WriteThrottleEvents", INDEX),
    ]
    result = examined(no_throttle_alarm, INDEXED, alarms=watching(*seen))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "CloudWatch alarms watch the read and write throttles of the table and its 1 global secondary index"
    ]


def test_passes_a_table_without_an_index() -> None:
    [good] = examined(no_throttle_alarm, alarms=watching(("ReadThrottleEvents", TABLE), ("WriteThrottleEvents", TABLE))).goods
    assert good.message == "CloudWatch alarms watch the read and write throttles of the table"


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:DescribeAlarms", reason="AccessDenied")
    assert examined(no_throttle_alarm, alarms=denied).unknowns == (denied,)


def test_tells_that_another_system_may_watch() -> None:
    assert "watched by another system" in no_throttle_alarm.why
    assert "another system" in examined(no_throttle_alarm).problems[0].migration
