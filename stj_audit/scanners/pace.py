"""
AWS's own request rates for three of the calls, kept from the start: with hundreds of tables the retries would not make up for them.

A second's worth may go out at once, so that a few tables wait for nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.hooks import BaseEventHooks

# DynamoDB API reference, on the page of each operation: how many times a second it may be called
CALLS_PER_SECOND: Mapping[str, int] = {"DescribeContinuousBackups": 10, "ListTagsOfResource": 10, "ListBackups": 5}


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

    def wait(self) -> None:
        """Wait for this call's turn."""
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - 1) + self._seconds
            self._next = turn
        if turn > now:
            self._sleep(turn - now)


def install(events: BaseEventHooks) -> None:
    """Pace a session's requests, pages and repetitions included."""
    for operation, per_second in CALLS_PER_SECOND.items():
        events.register(f"before-send.dynamodb.{operation}", _waiting(Pace(per_second)))


def _waiting(pace: Pace) -> Callable[..., None]:
    def before_send(**_: Any) -> None:
        pace.wait()

    return before_send
