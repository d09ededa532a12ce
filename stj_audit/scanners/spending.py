"""
What an audit may read: a cap that is never exceeded by more than a page, and rates at which read units are spent.

A page is paid for after it was read, when its cost is known: then its thread waits.
"""

import threading
import time
from collections.abc import Callable
from decimal import Decimal

CONNECTIONS = 24  # at a time, of all tables: the others of a client's pool are for the quicker calls


class Rate:
    """So many read units a second, shared by all who pay here. None: as fast as it goes."""

    def __init__(self, per_second: Decimal | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._began = self._free_at = clock()
        self._spent = 0.0

    def pay(self, units: Decimal) -> None:
        """For a page that was read: the next ones are due later by what it took."""
        with self._lock:
            self._spent += float(units)
            if self.per_second is not None:
                self._free_at = max(self._free_at, self._clock()) + float(units / self.per_second)

    def seconds_left(self) -> float:
        """How long to wait before the next page."""
        with self._lock:
            return 0.0 if self.per_second is None else max(self._free_at - self._clock(), 0.0)

    def halve(self) -> None:
        """Half the rate from now on; of one without a limit, half of what it has been so far."""
        with self._lock:
            if self.per_second is None:
                seconds = max(self._clock() - self._began, 1.0)
                self.per_second = Decimal(max(1.0, self._spent / seconds))
            self.per_second = max(self.per_second / 2, Decimal(1))


class Spending:
    """The read units of one audit, all tables together: `cap` at the most, at `per_second`. For many threads."""

    def __init__(self, *, cap: Decimal | None = None, per_second: Decimal | None = None) -> None:
        self.rate = Rate(per_second)
        self.connections = threading.BoundedSemaphore(CONNECTIONS)
        self._cap = cap
        self._settled = threading.Condition()
        self._spent = Decimal(0)
        self._reserved = Decimal(0)
        self._segments = self._segments_done = 0

    def reserve(self, units: Decimal) -> Decimal:
        """
        Ask for the units of a page before it is read. Gives them, or what is left of the cap; 0 when nothing is. What pages under way may
        take is waited for, because most take less than a full one.
        """
        with self._settled:
            if self._cap is not None:
                self._settled.wait_for(lambda: not self._reserved or self._left() >= min(units, self._cap or units))
                units = max(min(units, self._left()), Decimal(0))
            self._reserved += units
            return units

    def _left(self) -> Decimal:
        return Decimal(0) if self._cap is None else self._cap - self._spent - self._reserved

    def settle(self, reserved: Decimal, spent: Decimal) -> None:
        """What a page took in the end."""
        with self._settled:
            self._reserved -= reserved
            self._spent += spent
            self._settled.notify_all()

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
