"""
What an audit may read: a cap that is never exceeded by more than a page, and rates at which read units are spent.

A page takes its turn with what it is likely to cost, and what it cost in the end is made up for before the next one.
"""

import threading
import time
from collections.abc import Callable
from decimal import Decimal

from stj_audit.items.plan import PAGE_UNITS

CONNECTIONS = 24  # at a time, of all tables: the others of a client's pool are for the quicker calls
BACK_OFF_SECONDS = 1.0  # DynamoDB counts capacity by the second: after a throttle the table has one without the audit


class Rate:
    """So many read units a second, shared by all who read here. None: as fast as it goes."""

    def __init__(self, per_second: Decimal | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._began = self._free_at = clock()
        self._backed_off_until = 0.0
        self._spent = 0.0

    def take(self, units: Decimal) -> float:
        """How many seconds to wait before a page of about so many units; 0: its turn has come, and is taken. Turns are not saved up."""
        with self._lock:
            now = self._clock()
            if self._free_at > now:
                return self._free_at - now
            if self.per_second is not None:
                self._free_at = now + float(units / self.per_second)
            return 0.0

    def settle(self, taken: Decimal, spent: Decimal) -> None:
        """What a page cost in the end, for which `taken` had been taken."""
        with self._lock:
            self._spent += float(spent)
            if self.per_second is not None:
                late = spent > taken  # what was read beyond its turn is made up for from now on
                self._free_at = (max(self._free_at, self._clock()) if late else self._free_at) + float(
                    (spent - taken) / self.per_second
                )

    def back_off(self) -> None:
        """
        A throttle: nothing for a second, and half the rate from now on; of one without a limit, half of what it has been so far, and a page a
        second at least, because at the first page that was nothing. Those of other pages under way at the same time are the same throttle.
        """
        with self._lock:
            now = self._clock()
            if now < self._backed_off_until:
                return
            if self.per_second is None:
                self.per_second = max(2 * PAGE_UNITS, Decimal(self._spent / max(now - self._began, 1.0)))
            self.per_second = max(self.per_second / 2, Decimal(1))
            self._backed_off_until = now + BACK_OFF_SECONDS
            self._free_at = max(self._free_at, self._backed_off_until)


class Spending:
    """The read units of one audit, all tables together: `cap` at the most, at `per_second`. For many threads."""

    def __init__(self, *, cap: Decimal | None = None, per_second: Decimal | None = None) -> None:
        self.rate = Rate(per_second)
        self.connections = threading.BoundedSemaphore(CONNECTIONS)
        self._cap = cap
        self._settled = threading.Condition()
        self._spent = Decimal(0)
        self._pages = 0
        self._segments = self._segments_done = 0

    def reserve(self, units: Decimal) -> Decimal:
        """
        Ask for the units of a page before it is read. Gives them, or what is left of the cap; 0 when nothing is.

        Its items may be larger than those before, so that each page under way counts as a full one. Where that would be more than is left,
        they are waited for, because most take less; the last page is read alone, and alone can exceed the cap.
        """
        with self._settled:
            if self._cap is not None:
                self._settled.wait_for(lambda: not self._pages or self._left() >= PAGE_UNITS)
                units = max(min(units, self._left()), Decimal(0))
            if units:
                self._pages += 1
            return units

    def _left(self) -> Decimal:
        return Decimal(0) if self._cap is None else self._cap - self._spent - self._pages * PAGE_UNITS

    def settle(self, spent: Decimal) -> None:
        """What a page took in the end that was reserved."""
        with self._settled:
            self._pages -= 1
            self._spent += spent
            self._settled.notify_all()

    def charge(self, units: Decimal) -> None:
        """What was read besides: of a page that is still reserved."""
        with self._settled:
            self._spent += units

    @property
    def spent(self) -> Decimal:
        with self._settled:
            return self._spent

    def plan_segments(self, count: int) -> None:
        """So many segments are going to be read, for the progress; negative: not after all."""
        with self._settled:
            self._segments += count

    def finish_segment(self) -> None:
        with self._settled:
            self._segments_done += 1

    @property
    def segments(self) -> tuple[int, int]:
        """(read, planned), of all tables."""
        with self._settled:
            return self._segments_done, self._segments
