"""
A table read whole: Scan, page by page, eventually consistent, one page in memory at a time. No value leaves this module but into the fold.

On AWS's own endpoint a table with a ceiling (provisioned, or on demand with a limit) is read at a fifth of it, in pages that cost about
a second of that pace, so that the audit does not throttle what it audits.
"""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal, cast

from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.items.engine import new_fold
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.wire import BrokenPage, Page
from stj_audit.scanners.failures import FAILURES, UNREADABLE, unknown
from stj_audit.scanners.guard import ATTEMPTS, RAW, RETRY_AFTER_SECONDS, BrokenAnswer
from stj_audit.scanners.session import Aws

CALL = "dynamodb:Scan"
READ_UNIT_BYTES = 4_096  # AWS developer guide, "DynamoDB read and write operations": one strongly consistent read of up to 4 KB
EVENTUAL = Decimal("0.5")  # an eventually consistent read costs half
DEFAULT_USD_PER_READ_UNIT = Decimal("0.000000125")  # us-east-1, on demand, Standard, since 2024-11-01: where no price is known
READABLE_STATUSES = ("ACTIVE", "UPDATING")

# Where a table has a ceiling, applications need it more than the audit. A fifth of it, and in `auto` no longer than ten minutes.
SHARE_OF_CAPACITY = Decimal("0.2")
MAX_AUTO_SECONDS = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsPlan:
    """
    How much of each table is read. `auto` reads a table whole while that costs at most `budget_usd`, a table.

    `usd_per_read_unit` None: not known for this region, and us-east-1's price is taken.
    """

    mode: Literal["auto", "full", "none"]
    budget_usd: Decimal
    usd_per_read_unit: Decimal | None = None

    @property
    def price(self) -> Decimal:
        return DEFAULT_USD_PER_READ_UNIT if self.usd_per_read_unit is None else self.usd_per_read_unit


def read_units_for(size_bytes: int) -> Decimal:
    """Read units that an eventually consistent Scan of so many bytes takes."""
    return -(-size_bytes // READ_UNIT_BYTES) * EVENTUAL


def read(
    aws: Aws,
    table: Table,
    plan: ItemsPlan,
    *,
    hash_key: bytes,
    expiry: Expiry | None = None,
    stop: threading.Event | None = None,
) -> tuple[ItemSizes | Unknown, Decimal]:
    """
    The sizes of all items, or why they are not known; and the read units that were spent either way.

    `expiry`: what TTL watches, and by which clock; None: TTL is off or not known, and its values are not looked at. `stop`, once set, ends
    the reading after the page at hand.
    """
    pace = _pace(aws, table)
    refusal = _refusal(table, plan, pace)
    if refusal is not None:
        return refusal, Decimal(0)
    scan = _Scan(aws, table, new_fold(table, hash_key=hash_key, expiry=expiry), pace, stop or threading.Event())
    limit_units = plan.budget_usd / plan.price if plan.mode == "auto" and plan.price else None
    try:
        problem = scan.run(limit_units)
    except FAILURES as error:
        problem = unknown(CALL, error, custom_endpoint=aws.endpoint_url is not None)
    if problem is not None:
        return problem, scan.read_units
    return scan.fold.sizes(coverage="full", read_units=scan.read_units), scan.read_units


def _refusal(table: Table, plan: ItemsPlan, pace: Decimal | None) -> Unknown | None:
    """Why the table is not read at all."""
    if plan.mode == "none":
        return Unknown(call=CALL, reason="not read: --scan none")
    if table.status not in READABLE_STATUSES:
        return Unknown(call=CALL, reason=f"the table is {table.status}")
    if plan.mode == "full" or table.size_bytes is None:
        return None
    units = read_units_for(table.size_bytes)
    if units * plan.price > plan.budget_usd:
        return Unknown(call=CALL, reason=f"reading it whole would cost about ${_dollars(units * plan.price)}, over the scan budget")
    if pace is not None and units / pace > MAX_AUTO_SECONDS:
        minutes = (units / pace / 60).to_integral_value(ROUND_CEILING)
        return Unknown(call=CALL, reason=f"reading it whole at a fifth of its read capacity would take about {minutes} minutes")
    return None


def _pace(aws: Aws, table: Table) -> Decimal | None:
    """Read units a second, or None for no limit. What stands in for AWS at a custom endpoint serves nobody else."""
    if aws.endpoint_url is not None:
        return None
    ceiling = table.provisioned or table.on_demand_limit
    if ceiling is None or not ceiling.read_units:
        return None
    return ceiling.read_units * SHARE_OF_CAPACITY


class _Scan:
    """One reading of one table: where it stands, and what it has spent."""

    def __init__(self, aws: Aws, table: Table, fold: ItemFold, pace: Decimal | None, stop: threading.Event) -> None:
        self.fold = fold
        self.read_units = Decimal(0)
        self._aws = aws
        self._table = table
        self._pace = pace
        self._stop = stop

    def run(self, limit_units: Decimal | None) -> Unknown | None:
        """Read to the end; gives the reason when it did not get there. Raises what botocore raises."""
        request: dict[str, Any] = {"TableName": self._table.name, "ReturnConsumedCapacity": "TOTAL"}
        mean_bytes = Decimal(self._table.size_bytes or 0) / (self._table.item_count or 1)
        while True:
            if self._pace is not None:
                request["Limit"] = _page_limit(self._pace, mean_bytes)
            page = self._page(request)
            spent = read_units_for(page.item_bytes) if page.read_units is None else page.read_units
            self.read_units += spent
            if page.scanned:
                mean_bytes = spent / EVENTUAL * READ_UNIT_BYTES / page.scanned
            if page.last_key is None:
                return None
            start_key = _start_key(page.last_key)
            if start_key == request.get("ExclusiveStartKey"):
                return Unknown(call=CALL, reason=UNREADABLE)
            if limit_units is not None and self.read_units >= limit_units:
                return Unknown(call=CALL, reason="reading it whole would cost more than the scan budget: it has grown")
            request["ExclusiveStartKey"] = start_key
            if self._stop.wait(float(spent / self._pace) if self._pace is not None else 0):
                return Unknown(call=CALL, reason="the audit was interrupted")

    def _page(self, request: dict[str, Any]) -> Page:
        """The next page, counted; one that cannot be read is asked for again, twice. Raises BrokenAnswer."""
        for wait_seconds in (*[RETRY_AFTER_SECONDS] * (ATTEMPTS - 1), None):
            body = cast("dict[str, Any]", self._aws.dynamodb.scan(**request))[RAW]
            try:
                return self.fold.add_page(body)
            except BrokenPage as error:
                if wait_seconds is None or self._stop.wait(wait_seconds):
                    raise BrokenAnswer("Scan") from error
            except ValueError as error:
                raise BrokenAnswer("Scan") from error
        raise AssertionError("the last attempt returns or raises")


def _page_limit(pace: Decimal, mean_bytes: Decimal) -> int:
    """Items for a page that costs about a second of the pace."""
    return max(1, int(pace / EVENTUAL * READ_UNIT_BYTES / max(mean_bytes, Decimal(1))))


def _start_key(wire_key: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str | bytes]]:
    """A key from the wire as botocore takes it: binary as bytes, which it encodes again."""
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in wire_key.items()
    }


def _dollars(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_CEILING)}"
