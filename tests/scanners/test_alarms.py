from datetime import UTC, datetime

import pytest

from stj_audit.facts import AlarmMetric
from stj_audit.scanners import Aws, alarms
from tests.scanners.answers import client


def metric(name: str, *dimensions: str, namespace: str = "AWS/DynamoDB", table: str = "orders") -> dict[str, object]:
    values = {"TableName": table, "GlobalSecondaryIndexName": "by-status", "Operation": "Query"}
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": one, "Value": values[one]} for one in ("TableName", *dimensions)],
    }


def put(name: str, **fields: object) -> None:
    required = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    client("cloudwatch").put_metric_alarm(AlarmName=name, **(required | fields))


def test_alarms_of_this_table_and_its_indexes(aws: Aws) -> None:
    put("reads", **metric("ReadThrottleEvents"), Statistic="Sum", Period=60, AlarmActions=["arn:aws:sns:eu-north-1:1:ops"])
    put("index", **metric("WriteThrottleEvents", "GlobalSecondaryIndexName"), Statistic="Sum", Period=60, ActionsEnabled=False)
    put("latency", **metric("SuccessfulRequestLatency", "Operation"), ExtendedStatistic="p99", Period=300)
    put("other table", **metric("ReadThrottleEvents", table="orders-old"), Statistic="Sum", Period=60)
    put("other service", **metric("ReadThrottleEvents", namespace="Custom"), Statistic="Sum", Period=60)
    found = alarms.of_table("orders", alarms.read_all(aws))
    assert [alarm.name for alarm in found.alarms] == ["reads", "index", "latency"]
    reads, index, latency = found.alarms
    assert reads.metrics == (
        AlarmMetric(
            namespace="AWS/DynamoDB",
            metric="ReadThrottleEvents",
            dimensions={"TableName": "orders"},
            statistic="Sum",
            period_seconds=60,
        ),
    )
    assert (reads.actions_enabled, reads.action_count) == (True, 1)
    assert (index.actions_enabled, index.action_count) == (False, 0)
    assert (reads.tells_someone, index.tells_someone) == (True, False)
    assert latency.metrics[0].statistic == "p99"
    assert found.watches("ReadThrottleEvents", index=None)
    assert not found.watches("WriteThrottleEvents", index="by-status")  # its actions are disabled
    assert [alarm.name for alarm in found.watching("WriteThrottleEvents", index="by-status")] == ["index"]
    assert found.watching("WriteThrottleEvents", index="by-day") == ()
    assert not found.watches("WriteThrottleEvents", index=None)
    assert not found.watches("SuccessfulRequestLatency", index=None)


def test_a_metric_math_alarm_watches_its_metrics_of_this_table(aws: Aws) -> None:
    put(
        "math",
        AlarmActions=["arn:aws:sns:eu-north-1:1:ops"],
        Metrics=[
            {"Id": "e", "Expression": "m1 + m2", "ReturnData": True},
            {"Id": "m1", "MetricStat": {"Metric": metric("ReadThrottleEvents"), "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {
                "Id": "m2",
                "MetricStat": {"Metric": metric("WriteThrottleEvents", table="users"), "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            },
        ],
    )
    everything = alarms.read_all(aws)
    [alarm] = alarms.of_table("orders", everything).alarms
    assert [one.metric for one in alarm.metrics] == ["ReadThrottleEvents"]
    assert alarms.of_table("users", everything).watches("WriteThrottleEvents", index=None)
    assert not alarms.of_table("users", everything).watches("ReadThrottleEvents", index=None)
    assert alarms.of_table("other", everything).alarms == ()


def test_an_alarm_tells_its_state_and_what_it_makes_of_missing_data(aws: Aws) -> None:
    put("silent", **metric("ReadThrottleEvents"), Statistic="Sum", Period=60, TreatMissingData="notBreaching")
    put("plain", **metric("ReadThrottleEvents"), Statistic="Sum", Period=60)
    silent, plain = alarms.of_table("orders", alarms.read_all(aws)).alarms
    assert (silent.treat_missing_data, plain.treat_missing_data) == ("notBreaching", "missing")
    assert silent.state_since is not None
    assert silent.state_since.utcoffset() is not None


@pytest.mark.parametrize(
    ("times", "since"),
    [
        ({}, None),
        ({"StateUpdatedTimestamp": datetime(2026, 1, 2, tzinfo=UTC)}, datetime(2026, 1, 2, tzinfo=UTC)),
        (
            {
                "StateUpdatedTimestamp": datetime(2026, 1, 2, tzinfo=UTC),
                "StateTransitionedTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
            },
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_state_holds_since_it_came_about(times: dict[str, datetime], since: datetime | None) -> None:
    raw = {"AlarmName": "one", **metric("ReadThrottleEvents"), **times}
    [alarm] = alarms.of_table("orders", [raw]).alarms
    assert (alarm.state_since, alarm.state, alarm.tells_someone) == (since, "INSUFFICIENT_DATA", False)


def test_an_alarm_on_the_table_of_another_account_watches_none_of_this_one() -> None:
    def read(*accounts: str | None) -> list[dict[str, object]]:
        queries = [
            {"Id": f"m{number}", "MetricStat": {"Metric": metric("ReadThrottleEvents"), "Period": 60, "Stat": "Sum"}}
            | ({} if account is None else {"AccountId": account})
            for number, account in enumerate(accounts)
        ]
        return [
            {
                "AlarmName": "monitoring",
                "ActionsEnabled": True,
                "AlarmActions": ["arn:aws:sns:eu-north-1:1:ops"],
                "Metrics": queries,
            }
        ]

    own, other = "111122223333", "444455556666"
    assert alarms.of_table("orders", read(other), account=own).alarms == ()
    for told in (own, None):
        [alarm] = alarms.of_table("orders", read(other, told), account=own).alarms
        assert len(alarm.metrics) == 1
    assert alarms.of_table("orders", read(other)).watches("ReadThrottleEvents", index=None)  # whose table it is, is not known
