"""
How reading ends before everything was read: the user interrupted it, or the time of the audit was over.

Either way nothing new begins, and a reading of items ends at its page. After an interrupt the calls under way are waited for; when the time
is over they are given a moment and then left alone, because an answer that drips in byte by byte never ends, and no timeout of a connection
notices.
"""

import threading
import time

from stj_audit.errors import AuditError
from stj_audit.facts import INTERRUPTED, OUT_OF_TIME

GRACE_SECONDS = 2.0  # for the calls under way when the time is over; a page of items takes less
REASONS = {"interrupted": INTERRUPTED, "out of time": OUT_OF_TIME}


class Ending(threading.Event):
    """Set when reading is to end. `ends_at` is on the clock of `time.monotonic`, None: at no time."""

    def __init__(self, ends_at: float | None = None) -> None:
        super().__init__()
        self._ends_at = ends_at
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

    def expire(self) -> None:
        """The time is over, unless reading was ended before."""
        with self._lock:
            if not self.is_set():
                self.why = "out of time"
                self.set()


def why_stopped(stop: threading.Event) -> str:
    """The key of `REASONS` for what has set `stop`."""
    return stop.why if isinstance(stop, Ending) else "interrupted"


class OutOfTime(AuditError):
    """The time of an audit was over before it knew which tables there are."""

    def __init__(self) -> None:
        super().__init__(f"{OUT_OF_TIME} before it was known which tables there are", hint="give it more with --timeout")
