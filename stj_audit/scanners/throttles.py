"""
The first throttle of a Scan, told at once to whoever reads the table: botocore asks again by itself, up to its number of attempts, and
tells of a throttle only when all of them failed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.hooks import BaseEventHooks

THROTTLED_CODES = frozenset({"ProvisionedThroughputExceededException", "Throttling", "ThrottlingException", "RequestLimitExceeded"})

_thread = threading.local()


def install(events: BaseEventHooks) -> None:
    """Look at every answer to a Scan of a session, before botocore decides whether to ask again."""
    events.register("needs-retry.dynamodb.Scan", _look)


@contextmanager
def told(heard: Callable[[], None]) -> Iterator[None]:
    """`heard()` is called for each throttle of a Scan that this thread sends meanwhile."""
    _thread.heard = heard
    try:
        yield
    finally:
        _thread.heard = None


def _look(response: Any, **_: Any) -> None:
    heard: Callable[[], None] | None = getattr(_thread, "heard", None)
    # None: no answer came at all
    if heard is not None and response is not None and response[1].get("Error", {}).get("Code") in THROTTLED_CODES:
        heard()
