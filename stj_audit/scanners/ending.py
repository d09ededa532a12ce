"""
How reading ends before everything was read: the user interrupted it, or the time of the audit was over.

Either way nothing new begins, and a reading of items ends at its page. The calls under way are given a moment and then left alone, because an
answer that drips in byte by byte never ends, and no timeout of a connection notices.
"""

import threading
import time

from stj_audit.errors import AuditError
from stj_audit.facts import INTERRUPTED, OUT_OF_TIME

GRACE_SECONDS = 2.0  # for the calls under way when the time is over; a page of items takes less
INTERRUPT_SECONDS = (
    5.0  # likewise after an interrupt: GitHub Actions sends a second one 7.5 s later, `docker stop` kills after 10 s
)
REASONS = {"interrupted": INTERRUPTED, "out of time": OUT_OF_TIME}


class Ending(threading.Event):
    """
    Set when reading is to end. `ends_at` is on the clock of `time.monotonic`, None: at no time. Without `patience` what is under way then is
    not waited for.
    """

    def __init__(self, ends_at: float | None = None, *, patience: bool = True) -> None:
        super().__init__()
        self._patience = patience
        self._ends_at = ends_at
        self._left_alone_at = 0.0
        self._lock = threading.Lock()
        self.why = "interrupted"

    @property
    def seconds_left(self) -> float | None:
        """Until the time is over; 0 when it is. None: it never is."""
        return None if self._ends_at is None else max(self._ends_at - time.monotonic(), 0.0)

    @property
    def is_over(self) -> bool:
        return self.seconds_left == 0

    @property
    def out_of_time(self) -> bool:
        return self.is_set() and self.why == "out of time"

    @property
    def reason(self) -> str:
        """Of a fact that was not read by then."""
        return REASONS[self.why]

    @property
    def patience_seconds(self) -> float:
        """For how long the calls under way are still waited for, once it is set."""
        return max(self._left_alone_at - time.monotonic(), 0.0)

    def set(self) -> None:
        self._end("interrupted")

    def expire(self) -> None:
        """The time is over, unless reading was ended before."""
        self._end("out of time")

    def _end(self, why: str) -> None:
        with self._lock:
            if self.is_set():
                return
            self.why, now = why, time.monotonic()
            self._left_alone_at = now + (INTERRUPT_SECONDS if self._patience else 0)
            if self._ends_at is not None:
                self._left_alone_at = min(self._left_alone_at, max(self._ends_at, now) + GRACE_SECONDS)
            super().set()


def why_stopped(stop: threading.Event) -> str:
    """The key of `REASONS` for what has set `stop`."""
    return stop.why if isinstance(stop, Ending) else "interrupted"


class OutOfTime(AuditError):
    """The time of an audit was over before there was anything to judge."""

    def __init__(self, before: str) -> None:
        super().__init__(f"{OUT_OF_TIME} before {before}", hint="give it more with --timeout")
