"""What was seen of a table's items, whether or not their segment was read to its end: to prove that there is one, a single page is enough."""

import threading
from collections import Counter
from datetime import datetime
from heapq import nsmallest

from stj_audit.facts import ItemsReading, LargestItem
from stj_audit.items.counts import Counts
from stj_audit.items.limits import LARGEST


class Seen:
    """Shared by the threads that read one table. Of sizes, only those above `line_bytes` are kept."""

    def __init__(self, line_bytes: int) -> None:
        self.began_at: datetime | None = None
        """When what was read by an earlier, interrupted run was begun; None: nothing was."""
        self.scanned = 0
        self._line_bytes = line_bytes
        self._large: Counter[int] = Counter()
        self._largest: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def add(self, counts: Counts) -> None:
        """What was counted of some more items."""
        with self._lock:
            self.scanned += sum(counts.sizes.values())
            self._large.update({size: number for size, number in counts.sizes.items() if size > self._line_bytes})
            self._largest = nsmallest(LARGEST, (*self._largest, *counts.largest), key=lambda one: (-one[0], one[1]))

    def reading(self, started_at: datetime, finished_at: datetime) -> ItemsReading:
        """As a fact, of a reading that was begun and ended then."""
        with self._lock:
            return ItemsReading(
                started_at=self.began_at or started_at,
                finished_at=finished_at,
                scanned=self.scanned,
                large=tuple(sorted(self._large.items())),
                largest=tuple(LargestItem(size_bytes=size, key_hash=key_hash) for size, key_hash in self._largest),
            )
