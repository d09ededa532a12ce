"""How the items of a table are read within an audit, and what came of it."""

import threading
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from stj_audit.aws_failures import FAILURES
from stj_audit.facts import ItemSizes, ItemsReading, Table, TimeToLive, Unknown
from stj_audit.items.fold import Expiry
from stj_audit.items.plan import ItemsPlan
from stj_audit.scanners import items as scan
from stj_audit.scanners import tables
from stj_audit.scanners.cluster_items import ReadItems
from stj_audit.scanners.failures import unknown
from stj_audit.scanners.recent_use import Recent, of_table
from stj_audit.scanners.seen import Seen
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of reading a table's items; read units are spent also where it failed."""

    sizes: ItemSizes | Unknown
    read_units: Decimal
    reading: ItemsReading | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsReader:
    """How the items of every table are read."""

    aws: Aws
    plan: ItemsPlan
    hash_key: bytes
    now: datetime
    stop: threading.Event
    spending: Spending
    read_items: ReadItems = scan.read

    @classmethod
    def of(
        cls,
        aws: Aws,
        plan: ItemsPlan,
        *,
        hash_key: bytes,
        now: datetime,
        stop: threading.Event,
        spending: Spending | None = None,
        read_items: ReadItems = scan.read,
    ) -> "ItemsReader":
        """With a spending of its own, where it is not shared."""
        shared = spending or Spending(cap=plan.max_read_units, per_second=plan.read_units_per_second)
        return cls(aws=aws, plan=plan, hash_key=hash_key, now=now, stop=stop, spending=shared, read_items=read_items)

    def read(self, table: Table, time_to_live: "Future[TimeToLive | Unknown]", recent: "Future[Recent]") -> Outcome:
        watched = time_to_live.result()
        attribute = watched.attribute if isinstance(watched, TimeToLive) and watched.enabled else None
        expiry = None if attribute is None else Expiry(attribute=attribute, now=self.now)
        seen, began_at = Seen(min(self.plan.lines)), datetime.now(UTC)
        sizes, read_units = self.read_items(
            self.aws,
            table,
            self.plan,
            hash_key=self.hash_key,
            expiry=expiry,
            stop=self.stop,
            spending=self.spending,
            now=self.now,
            seen=seen,
            recent=of_table(recent.result(), table.name),
        )
        if isinstance(sizes, Unknown) and not seen.scanned:
            return Outcome(sizes=sizes, read_units=read_units, reading=None)
        went = seen.reading(began_at, datetime.now(UTC))
        if self._would_pass(sizes):
            went = self._described_again(table, went)
        return Outcome(sizes=sizes, read_units=read_units, reading=went)

    def _would_pass(self, sizes: ItemSizes | Unknown) -> bool:
        """Whether every item was read and none is above the gate's line: only then it matters whether the table changed meanwhile."""
        line = self.plan.none_above
        return line is not None and isinstance(sizes, ItemSizes) and sizes.coverage == "full" and not sizes.over(line)

    def _described_again(self, table: Table, went: ItemsReading) -> ItemsReading:
        try:
            after = tables.read(self.aws, table.name)
        except FAILURES as error:
            why = unknown(tables.CALL, error, custom_endpoint=self.aws.endpoint_url is not None)
            return replace(went, described_again=True, not_described=why.reason)
        return replace(went, described_again=True, item_count_after=after.item_count, size_bytes_after=after.size_bytes)
