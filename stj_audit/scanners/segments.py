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

from stj_audit.facts import Table
from stj_audit.items.fold import ItemFold
from stj_audit.items.plan import EVENTUAL, PAGE_UNITS, READ_UNIT_BYTES, read_units_for
from stj_audit.items.wire import BrokenPage, Page
from stj_audit.scanners.ending import why_stopped
from stj_audit.scanners.failures import code_of
from stj_audit.scanners.guard import ATTEMPTS, RAW, RETRY_AFTER_SECONDS, BrokenAnswer
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Rate, Spending

THROTTLED_CODES = frozenset({"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"})
THROTTLES_IN_A_ROW = 3  # each after all of botocore's own attempts: then the table needs its capacity more than the audit does


class Stopped(Exception):
    """A segment that was not read to its end, and why: "interrupted", "out of time", "cap", "budget", "throttled"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(kw_only=True, slots=True)
class Tempo:
    """What the threads that read one table share: its rate, its cap, the mean size of its items, and the order to stop."""

    rate: Rate
    spending: Spending
    stop: threading.Event
    workers: int
    mean_bytes: Decimal
    limit_units: Decimal | None = None
    read_units: Decimal = Decimal(0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        """Until the next page is due. Raises Stopped when reading is to end."""
        seconds = max(self.rate.seconds_left(), self.spending.rate.seconds_left())
        if self.stop.is_set() or (seconds and self.stop.wait(seconds)):
            raise Stopped(why_stopped(self.stop))

    def settle(self, reserved: Decimal, spent: Decimal) -> None:
        """What a page took in the end, on all accounts."""
        self.spending.settle(reserved, spent)
        for rate in (self.rate, self.spending.rate):
            rate.pay(spent)
        with self._lock:
            self.read_units += spent

    @classmethod
    def of(
        cls,
        table: Table,
        *,
        pace: Decimal | None,
        spending: Spending,
        stop: threading.Event,
        workers: int = 1,
        limit_units: Decimal | None = None,
    ) -> "Tempo":
        """Before anything was read: the mean size is what DescribeTable tells."""
        mean = Decimal(table.size_bytes or 0) / (table.item_count or 1)
        return cls(rate=Rate(pace), spending=spending, stop=stop, workers=workers, mean_bytes=mean, limit_units=limit_units)


def read_segment(aws: Aws, table: Table, fold: ItemFold, tempo: Tempo, *, segment: int = 0, total_segments: int = 1) -> None:
    """
    Count every item of a segment in `fold`. Raises Stopped when it did not get to the end, and what botocore raises; the fold is then of no
    more use.
    """
    request: dict[str, Any] = {"TableName": table.name, "ReturnConsumedCapacity": "TOTAL"}
    if total_segments > 1:
        request |= {"Segment": segment, "TotalSegments": total_segments}
    throttled = 0
    while True:
        tempo.wait()
        units = _reserve(request, tempo)
        spent = Decimal(0)
        try:
            page = _page(aws, request, fold, tempo)
            spent = read_units_for(page.item_bytes) if page.read_units is None else page.read_units
        except ClientError as error:
            throttled += 1
            if code_of(error) not in THROTTLED_CODES:
                raise
            if throttled == THROTTLES_IN_A_ROW:
                raise Stopped("throttled") from error
            tempo.rate.halve()
            continue
        finally:
            tempo.settle(units, spent)
        throttled = 0
        if page.scanned:
            tempo.mean_bytes = spent / EVENTUAL * READ_UNIT_BYTES / page.scanned
        if page.last_key is None:
            return
        start_key = _start_key(page.last_key)
        if start_key == request.get("ExclusiveStartKey"):
            raise BrokenAnswer("Scan")
        if tempo.limit_units is not None and tempo.read_units >= tempo.limit_units:
            raise Stopped("budget")
        request["ExclusiveStartKey"] = start_key


def _reserve(request: dict[str, Any], tempo: Tempo) -> Decimal:
    """The units of the next page, and in `request` its number of items: about a second of the pace, and no more than the cap leaves."""
    paces = [rate.per_second for rate in (tempo.rate, tempo.spending.rate) if rate.per_second is not None]
    wanted = min([PAGE_UNITS, *(pace / tempo.workers for pace in paces)])
    units = tempo.spending.reserve(wanted)
    if not units:
        raise Stopped("cap")
    if units < PAGE_UNITS:
        request["Limit"] = max(1, int(units / EVENTUAL * READ_UNIT_BYTES / max(tempo.mean_bytes, Decimal(1))))
    else:
        request.pop("Limit", None)
    return units


def _page(aws: Aws, request: dict[str, Any], fold: ItemFold, tempo: Tempo) -> Page:
    """The next page, counted; one that cannot be read is asked for again, twice. Raises BrokenAnswer."""
    for wait_seconds in (*[RETRY_AFTER_SECONDS] * (ATTEMPTS - 1), None):
        with tempo.spending.connections:
            body = cast("dict[str, Any]", aws.dynamodb.scan(**request))[RAW]
        try:
            return fold.add_page(body)
        except BrokenPage as error:
            if wait_seconds is None:
                raise BrokenAnswer("Scan") from error
        except ValueError as error:
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
