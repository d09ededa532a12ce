"""
One segment of a table, read to its end: Scan, page by page, eventually consistent, one page in memory at a time. No value leaves this module
but into the fold.
"""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from botocore.exceptions import ClientError

from stj_audit.aws_failures import BrokenAnswer, code_of
from stj_audit.facts import MAX_ITEM_BYTES, Table
from stj_audit.items.fold import ItemFold
from stj_audit.items.plan import EVENTUAL, PAGE_UNITS, READ_UNIT_BYTES, read_units_for
from stj_audit.items.wire import BrokenPage, Page
from stj_audit.scanners import throttles
from stj_audit.scanners.ending import why_stopped
from stj_audit.scanners.guard import ATTEMPTS, RAW, RETRY_AFTER_SECONDS
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Rate, Spending

# A page is worth a quarter of a second of the pace, so that no second has more than five of them. Of a slow pace a whole second, up to so
# many units: each page is rounded up by itself, which would double the cost of tiny ones.
PAGES_PER_SECOND = 4
SMALL_PAGE_UNITS = Decimal(8)
LOOK_AGAIN_SECONDS = 0.1  # pages that took less than they might have bring the next turn forward
THROTTLES_IN_A_ROW = 3  # each after all of botocore's own attempts: then the table needs its capacity more than the audit does


class Stopped(Exception):
    """A segment that was not read to its end, and why: "interrupted", "out of time", "cap", "budget", "throttled"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(kw_only=True, slots=True)
class Tempo:
    """
    What the threads that read one table share: its rate, its cap, the mean size of its items and what a page costs (None: not known yet), and
    the order to stop.
    """

    rate: Rate
    spending: Spending
    stop: threading.Event
    mean_bytes: Decimal | None
    limit_units: Decimal | None = None
    read_units: Decimal = Decimal(0)
    page_units: Decimal | None = None
    _pages: int = 0
    _page_units: Decimal = Decimal(0)
    _items: int = 0
    _items_units: Decimal = Decimal(0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[Decimal, Decimal]:
        """
        Wait for the turn of the next page, and take it. Gives the units that it may cost, and those that were taken: what pages cost so far,
        because in small segments that is much less. Raises Stopped when reading is to end.
        """
        paces = [rate.per_second for rate in (self.rate, self.spending.rate) if rate.per_second is not None]
        units = min([PAGE_UNITS, *map(_page_units, paces)])
        taken = units if self.page_units is None else min(units, self.page_units)
        for rate in (self.rate, self.spending.rate):
            while not self.stop.is_set() and (seconds := rate.take(taken)):
                self.stop.wait(min(seconds, LOOK_AGAIN_SECONDS))
            if self.stop.is_set():
                raise Stopped(why_stopped(self.stop))
        return units, taken

    def settle(self, taken: Decimal, spent: Decimal) -> None:
        """What a page took in the end, on all accounts."""
        self.spending.settle(spent)
        for rate in (self.rate, self.spending.rate):
            rate.settle(taken, spent)
        with self._lock:
            self.read_units += spent

    def charge(self, units: Decimal) -> None:
        """
        For a page that is still under way, and whose answer could not be read: what it cost stood there. The cap and the rates take it for
        all that it may have cost; what the audit reports is what it knows.
        """
        self.spending.charge(units)
        for rate in (self.rate, self.spending.rate):
            rate.settle(Decimal(0), units)

    def learn(self, page: Page, spent: Decimal) -> None:
        """What a page and an item cost, in this page or in all so far: the larger, because the next must not take more than it may."""
        with self._lock:
            self._pages += 1
            self._page_units += spent
            self.page_units = max(spent, self._page_units / self._pages)
            if page.items:
                self._items += page.items
                self._items_units += spent
                units = max(spent / page.items, self._items_units / self._items)
                self.mean_bytes = units / EVENTUAL * READ_UNIT_BYTES

    @classmethod
    def of(
        cls,
        table: Table,
        *,
        pace: Decimal | None,
        spending: Spending,
        stop: threading.Event,
        limit_units: Decimal | None = None,
    ) -> "Tempo":
        """Before anything was read: the mean size is what DescribeTable tells."""
        mean = Decimal(table.size_bytes) / table.item_count if table.size_bytes and table.item_count else None
        return cls(rate=Rate(pace), spending=spending, stop=stop, mean_bytes=mean, limit_units=limit_units)


def _page_units(pace: Decimal) -> Decimal:
    return max(pace / PAGES_PER_SECOND, min(pace, SMALL_PAGE_UNITS), EVENTUAL)


def read_segment(aws: Aws, table: Table, fold: ItemFold, tempo: Tempo, *, segment: int = 0, total_segments: int = 1) -> None:
    """
    Count every item of a segment in `fold`. Raises Stopped when it did not get to the end, and what botocore raises; the fold is then of no
    more use.
    """
    request: dict[str, Any] = {"TableName": table.name, "ReturnConsumedCapacity": "TOTAL"}
    if total_segments > 1:
        request |= {"Segment": segment, "TotalSegments": total_segments}
    throttled = pages = 0
    kept_key: Mapping[str, Any] | None = None
    while True:
        wanted, taken = tempo.take()
        spent = Decimal(0)
        units = _reserve(request, tempo, wanted)
        try:
            with throttles.told(tempo.rate.back_off):
                page = _page(aws, request, fold, tempo, units)
            # An engine that tells of less than the bytes it sent cost would make the cap endless
            spent = max(read_units_for(page.item_bytes), page.read_units or Decimal(0))
        except ClientError as error:
            throttled += 1
            if code_of(error) not in throttles.THROTTLED_CODES:
                raise
            if throttled == THROTTLES_IN_A_ROW:
                raise Stopped("throttled") from error
            continue
        finally:
            tempo.settle(taken, spent)
        throttled = 0
        tempo.learn(page, spent)
        if page.last_key is None:
            return
        start_key = _start_key(page.last_key)
        if start_key in (request.get("ExclusiveStartKey"), kept_key):
            raise BrokenAnswer("Scan")
        pages += 1
        if pages.bit_count() == 1:  # Brent: a circle, of whatever length, comes back to a key kept at the powers of two
            kept_key = start_key
        if tempo.limit_units is not None and tempo.read_units >= tempo.limit_units:
            raise Stopped("budget")
        request["ExclusiveStartKey"] = start_key


def _reserve(request: dict[str, Any], tempo: Tempo, wanted: Decimal) -> Decimal:
    """The units of the next page, no more than the cap leaves, and in `request` its number of items."""
    units = tempo.spending.reserve(wanted)
    if not units:
        raise Stopped("cap")
    if units < PAGE_UNITS:
        mean_bytes = Decimal(MAX_ITEM_BYTES) if tempo.mean_bytes is None else max(tempo.mean_bytes, Decimal(1))
        request["Limit"] = max(1, int(units / EVENTUAL * READ_UNIT_BYTES / mean_bytes))
    else:
        request.pop("Limit", None)
    return units


def _page(aws: Aws, request: dict[str, Any], fold: ItemFold, tempo: Tempo, units: Decimal) -> Page:
    """The next page, counted; one that cannot be read is asked for again, twice, and was read all the same. Raises BrokenAnswer."""
    for wait_seconds in (*[RETRY_AFTER_SECONDS] * (ATTEMPTS - 1), None):
        with tempo.spending.connections:
            body = cast("dict[str, Any]", aws.dynamodb.scan(**request))[RAW]
        try:
            return fold.add_page(body)
        except BrokenPage as error:
            tempo.charge(units)
            if wait_seconds is None:
                raise BrokenAnswer("Scan") from error
        except ValueError as error:
            tempo.charge(units)
            raise BrokenAnswer("Scan") from error
        if tempo.stop.wait(wait_seconds):
            raise Stopped(why_stopped(tempo.stop))
    raise AssertionError("the last attempt returns or raises")


def _start_key(wire_key: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str | bytes]]:
    """A key from the wire as botocore takes it: binary as bytes, which it encodes again."""
    try:
        return {
            name: {kind: base64.b64decode(value) if kind == "B" else value for kind, value in typed.items()}
            for name, typed in wire_key.items()
        }
    except (AttributeError, ValueError, TypeError) as error:
        raise BrokenAnswer("Scan") from error
