"""
AWS's own request rates, kept from the start: with hundreds of tables the retries would not make up for them.

A second's worth may go out at once, so that a few tables wait for nothing. What AWS states no rate for is not held back: DescribeTable,
DescribeTimeToLive, DescribeContributorInsights, DescribeKinesisStreamingDestination, GetResourcePolicy, AWS Backup's two, Application Auto
Scaling's two; and ListServiceQuotas, which is called once or twice.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.hooks import BaseEventHooks

# How many times a second each may be called, in an account and region. DynamoDB API reference, on the page of each operation; AWS General
# Reference, "Amazon CloudWatch endpoints and quotas". The names are those of IAM's actions, and of botocore's events.
CALLS_PER_SECOND: Mapping[str, int] = {
    "dynamodb:DescribeContinuousBackups": 10,
    "dynamodb:ListTagsOfResource": 10,
    "dynamodb:ListBackups": 5,
    "cloudwatch:DescribeAlarms": 9,
    "cloudwatch:GetInsightRuleReport": 20,
}
# The same page: data points of metrics older than three hours; the 500 calls a second beside it are never reached
POINTS_CALL, POINTS_PER_SECOND = "cloudwatch:GetMetricData", 396_000


class Pace:
    """Lets `per_second` calls pass a second, and as many at once after a quiet second. For many threads."""

    def __init__(
        self, per_second: int, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._seconds = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock() - 1

    def wait(self, number: int = 1) -> None:
        """Wait for the turn of this call, or of something that counts as `number` of them, and take it."""
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - 1) + self._seconds * number
            self._next = turn
        if turn > now:
            self._sleep(turn - now)

    def seconds_left(self) -> float:
        """Until a call would not have to wait; 0 or less when it need not. Takes no turn."""
        with self._lock:
            return self._next + self._seconds - self._clock()


def install(*events: BaseEventHooks) -> Mapping[str, Pace]:
    """Pace the requests of clients, and of those that a session makes later. Gives the paces by call; of data points none is kept here."""
    paces = {call: Pace(per_second) for call, per_second in CALLS_PER_SECOND.items()}
    for call, pace in paces.items():
        for one in events:
            one.register(f"before-send.{call.replace(':', '.')}", _waiting(pace))
    return {**paces, POINTS_CALL: Pace(POINTS_PER_SECOND)}


def _waiting(pace: Pace) -> Callable[..., None]:
    def before_send(**_: Any) -> None:
        pace.wait()

    return before_send
