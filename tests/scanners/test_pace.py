import pytest

from stj_audit.scanners import AwsOptions, open_session
from stj_audit.scanners.pace import Pace
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
