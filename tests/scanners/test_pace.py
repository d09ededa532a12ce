from datetime import UTC, datetime

import pytest

from stj_audit.scanners import AwsOptions, open_session, traffic
from stj_audit.scanners.pace import CALLS_PER_SECOND, POINTS_CALL, POINTS_PER_SECOND, Pace
from tests.builders import a_table
from tests.scanners.answers import REGION, answer, answer_with


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if seconds > 1e-6:  # sums of fractions of a second are a little off
            self.slept.append(round(seconds, 6))


def test_a_second_s_worth_at_once_and_then_one_at_a_time() -> None:
    clock = Clock()
    pace = Pace(5, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(8):
        pace.wait()
    assert clock.slept == [0.2, 0.2, 0.2]


def test_a_quiet_second_is_worth_one_second_and_no_more() -> None:
    clock = Clock()
    pace = Pace(2, clock=lambda: clock.now, sleep=clock.sleep)
    pace.wait()
    clock.now += 60
    for _ in range(4):
        pace.wait()
    assert clock.slept == [0.5, 0.5]


def test_what_counts_as_several_calls_takes_as_many_turns() -> None:
    clock = Clock()
    pace = Pace(10, clock=lambda: clock.now, sleep=clock.sleep)
    pace.wait(25)
    assert clock.slept == [1.5]
    pace.wait()
    assert clock.slept == [1.5, 0.1]


def test_the_time_that_is_left_takes_no_turn() -> None:
    clock = Clock()
    pace = Pace(2, clock=lambda: clock.now, sleep=clock.sleep)
    assert pace.seconds_left() <= 0
    pace.wait(2)
    assert [round(pace.seconds_left(), 6) for _ in range(2)] == [0.5, 0.5]
    clock.now += 0.5
    assert round(pace.seconds_left(), 6) == 0
    pace.wait()
    assert clock.slept == []


def test_each_client_of_a_session_keeps_the_pace() -> None:
    aws = open_session(AwsOptions(region=REGION))
    answer_with(aws.dynamodb, "dynamodb.ListBackups", lambda: answer({"BackupSummaries": []}))
    answer_with(aws.cloudwatch, "cloudwatch.DescribeAlarms", lambda: answer({"MetricAlarms": []}))
    before = {call: pace._next for call, pace in aws.paces.items()}
    aws.dynamodb.list_backups()
    aws.cloudwatch.describe_alarms()
    assert {call for call, pace in aws.paces.items() if pace._next != before[call]} == {
        "dynamodb:ListBackups",
        "cloudwatch:DescribeAlarms",
    }


def test_metric_data_is_paced_by_its_points() -> None:
    aws = open_session(AwsOptions(region=REGION))
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    turns: list[int] = []
    counting = Pace(POINTS_PER_SECOND, sleep=lambda _: None)
    counting.wait = turns.append  # type: ignore[method-assign, assignment] # it only counts
    aws.paces = {POINTS_CALL: counting}
    window = traffic.window_until(datetime.now(UTC))
    traffic.fetch(aws, traffic.series_of(a_table()), window)
    hourly, daily = 5, 13
    assert turns == [hourly * 30 * 24 + daily * 30]


def test_calls_are_named_as_botocore_names_its_events() -> None:
    aws = open_session(AwsOptions(region=REGION))
    clients = {"dynamodb": aws.dynamodb, "cloudwatch": aws.cloudwatch}
    for call in CALLS_PER_SECOND:
        service, _, operation = call.partition(":")
        model = clients[service].meta.service_model
        assert model.service_id.hyphenize() == service
        assert operation in model.operation_names


def test_only_aws_itself_is_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[Pace] = []
    monkeypatch.setattr(Pace, "wait", lambda pace: turns.append(pace))  # noqa: PLW0108 - a builtin would not be given the pace
    for endpoint_url, expected in ((None, 3), ("http://127.0.0.1:9", 0)):
        turns.clear()
        aws = open_session(AwsOptions(region=REGION, endpoint_url=endpoint_url))
        answer_with(aws.dynamodb, "dynamodb.ListBackups", lambda: answer({"BackupSummaries": []}))
        for _ in range(3):
            aws.dynamodb.list_backups(TableName="orders")
        assert len(turns) == expected
