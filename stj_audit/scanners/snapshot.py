"""
One reading of everything: which tables, then all calls about them at once.

Calls, not tables, are what the threads share: a table with a slow answer holds up nothing else.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from stj_audit.facts import ItemSizes, MissingTable, Snapshot, Table, TableFacts, Unknown
from stj_audit.items.plan import CALL as SCAN_CALL
from stj_audit.items.plan import READABLE_STATUSES, ItemsPlan, Reading
from stj_audit.scanners import account_capacity, hot_keys, on_demand_backups, recent_use, time_to_live, traffic
from stj_audit.scanners import items as scan
from stj_audit.scanners.calls import Calls, unread_fact
from stj_audit.scanners.chosen_tables import Progress, describe, wanted_tables
from stj_audit.scanners.cluster_items import ReadItems
from stj_audit.scanners.failures import GONE
from stj_audit.scanners.items_reader import ItemsReader
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending
from stj_audit.scanners.table_calls import SharedCalls, TableCalls
from stj_audit.scanners.threads import Threads
from stj_audit.scanners.traffic_calls import Reports, Requests

OnPlan = Callable[[Sequence[Reading | Unknown]], None]
OnTables = Callable[[Sequence[Table]], None]


def silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""


def _unheard(_readings: Sequence[Reading | Unknown]) -> None:
    """Nobody wants to know how the tables are going to be read."""


def _unchecked(_tables: Sequence[Table]) -> None:
    """Nothing is held against the tables."""


def take_snapshot(
    aws: Aws,
    patterns: Sequence[str],
    *,
    items: ItemsPlan,
    hash_key: bytes,
    now: datetime,
    on_progress: Progress = silent,
    on_tables: OnTables = _unchecked,
    on_plan: OnPlan = _unheard,
    threads: Threads | None = None,
    spending: Spending | None = None,
    elsewhere: bool = False,
    keep: bool = False,
    ends_at: float | None = None,
) -> Snapshot:
    """
    Read the tables that `patterns` name: exact names, globs in the shell's way, none for every table of the region.

    `hash_key` keys the hashes of item keys. `on_progress(stage, done, total)` is called from this thread, with the stages "tables",
    "calls" and "segments"; `on_tables`, before anything else is asked, with the tables as they are described, to raise what goes on no
    further; `on_plan`, before any item is read, with how each table is going to be read.

    Raises NoTables when nothing matches or a named table does not exist, and what `explain` makes of credentials that are refused
    or an endpoint that does not answer as DynamoDB does.

    `threads` and `spending` are shared with other readings, None for some of its own; `elsewhere`: other accounts or regions are read too, so
    that what is not here may be there, and a snapshot without tables is one. `keep`: Ctrl-C, while the calls are under way, ends them, and
    the snapshot is what had come by then. `ends_at`: so does that time, on the clock of `time.monotonic`; shared threads have their own.
    """
    began = time.monotonic()
    window = traffic.window_until(now)
    with Threads(ends_at=ends_at) if threads is None else nullcontext(threads) as shared_threads:
        wanted = wanted_tables(aws, patterns, shared_threads, elsewhere=elsewhere)
        described, missing = describe(aws, wanted, shared_threads, on_progress, elsewhere=elsewhere)
        on_tables(described)
        calls = Calls(aws, shared_threads)
        recent = calls.submit(recent_use.CALL, recent_use.read, aws, described, items, now)
        reading = ItemsReader.of(aws, items, hash_key=hash_key, now=now, stop=shared_threads.stop, spending=spending)
        account = calls.submit("sts:GetCallerIdentity", _account, aws)
        if elsewhere and not described:
            calls.finish(on_progress, reading.spending)
            return _snapshot(aws, account, (), missing, read_units=Decimal(0), started_at=now, began=began)
        shared = SharedCalls.submit(calls, aws, described, window, wanted.in_region)
        requests = Requests.submit(calls, aws, described, now)
        names = {table.name for table in described}
        listed = calls.submit(on_demand_backups.CALL, on_demand_backups.read_together, aws, names)
        apart = [TableCalls.submit(calls, aws, table, listed) for table in described]
        named = Reports(calls=calls, aws=aws, requests=requests, now=now)
        reports = [
            calls.follow(
                named.read,
                table.name,
                own.contributor_insights,
                after=(own.contributor_insights, requests.traffic[table.name]),
                unread=partial(unread_fact, hot_keys.CALL),
            )
            for table, own in zip(described, apart, strict=True)
        ]
        # Last, because they take long: nothing small waits behind them.
        planned: Future[None] = Future()
        scans = [
            calls.submit(SCAN_CALL, reading.read, table, own.time_to_live, recent, after=(own.time_to_live, planned))
            for table, own in zip(described, apart, strict=True)
        ]
        try:
            busy = calls.in_time(recent)
            if not shared_threads.stop.is_set():
                on_plan(recent_use.readings(aws, described, items, busy))
            planned.set_result(None)
            calls.finish(on_progress, reading.spending)
        except KeyboardInterrupt:
            if not keep:
                raise
            shared_threads.close()
        stop = shared_threads.stop
        interrupted, out_of_time = stop.is_set() and not stop.out_of_time, stop.out_of_time
    requests_went = requests.operations_by_name()
    capacity = account_capacity.of_account(shared.account_capacity.result())
    read = [future.result() for future in scans]
    facts = tuple(
        TableFacts(
            table=table,
            pitr=own.pitr.result(),
            on_demand_backups=own.on_demand_backups.result(),
            recovery_points=own.recovery_points.result(),
            protected_resource=own.protected_resource.result(),
            contributor_insights=own.contributor_insights.result(),
            hot_keys=report.result(),
            kinesis_destinations=own.kinesis_destinations.result(),
            resource_policy=own.resource_policy.result(),
            quotas=shared.quotas.result(),
            region_tables=shared.region_tables(described[0].name),
            time_to_live=own.time_to_live.result(),
            tags=own.tags.result(),
            auto_scaling=shared.auto_scaling(table.name),
            traffic=requests.of_table(table.name),
            operations=requests_went[table.name],
            account_capacity=capacity,
            alarms=shared.alarms_of(table),
            items=one if isinstance(one, Unknown) else one.sizes,
            items_reading=None if isinstance(one, Unknown) else one.reading,
        )
        for table, own, report, one in zip(described, apart, reports, read, strict=True)
    )
    facts = tuple(map(_by_status, facts))
    read_units = sum((one.read_units for one in read if not isinstance(one, Unknown)), Decimal(0))
    if (interrupted or out_of_time) and threads is None:  # a reading that was left alone did not come to tell what it took
        read_units = max(read_units, reading.spending.spent)
    snapshot = _snapshot(aws, account, facts, missing, read_units=read_units, started_at=now, began=began)
    return replace(snapshot, interrupted=interrupted, out_of_time=out_of_time)


def _by_status(facts: TableFacts) -> TableFacts:
    """
    The facts, where AWS says that the table is not found, with its status: a table that is not active is answered so too (AWS API reference,
    ResourceNotFoundException: "its status might not be ACTIVE").
    """
    if facts.table.status in READABLE_STATUSES:
        return facts
    known = {one.name: getattr(facts, one.name) for one in fields(facts)}
    told: dict[str, Any] = {
        name: replace(fact, reason=f"the table is {facts.table.status}")
        for name, fact in known.items()
        if isinstance(fact, Unknown) and fact.reason == GONE
    }
    return replace(facts, **told)


def _snapshot(
    aws: Aws,
    account: "Future[str | Unknown]",
    facts: tuple[TableFacts, ...],
    missing: tuple[MissingTable, ...],
    *,
    read_units: Decimal,
    started_at: datetime,
    began: float,
) -> Snapshot:
    who = account.result()
    return Snapshot(
        account=None if isinstance(who, Unknown) else who,
        region=aws.region,
        endpoint_url=aws.endpoint_url,
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=time.monotonic() - began),
        tables=facts,
        missing=missing,
        read_units=read_units,
        api_calls=aws.api_calls,
    )


def describe_tables(
    aws: Aws, patterns: Sequence[str], *, on_progress: Progress = silent
) -> tuple[tuple[Table, ...], tuple[MissingTable, ...]]:
    """The tables that `patterns` name, and those that may not be described. Raises as `take_snapshot` does."""
    with Threads() as threads:
        return describe(aws, wanted_tables(aws, patterns, threads, elsewhere=False), threads, on_progress, elsewhere=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredTable:
    """A table, and the sizes of its items or why they are not known."""

    table: Table
    items: ItemSizes | Unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What `measure_items` read, and what that took."""

    tables: tuple[MeasuredTable, ...]
    missing: tuple[MissingTable, ...]
    read_units: Decimal
    out_of_time: bool = False


def measure_items(
    aws: Aws,
    patterns: Sequence[str],
    *,
    items: ItemsPlan,
    hash_key: bytes,
    now: datetime,
    on_progress: Progress = silent,
    on_plan: OnPlan = _unheard,
    read_items: ReadItems = scan.read,
    ends_at: float | None = None,
) -> Measured:
    """
    The items of tables alone, read by `read_items`, as `take_snapshot` reads them where it is left out: nothing else is asked but what TTL
    watches, and how busy the tables were in the last hour. Raises as that does.
    """
    with Threads(ends_at=ends_at) as threads:
        wanted = wanted_tables(aws, patterns, threads, elsewhere=False)
        described, missing = describe(aws, wanted, threads, on_progress, elsewhere=False)
        calls = Calls(aws, threads)
        recent = calls.submit(recent_use.CALL, recent_use.read, aws, described, items, now)
        watched = [calls.submit(time_to_live.CALL, time_to_live.read, aws, table.name) for table in described]
        reading = ItemsReader.of(aws, items, hash_key=hash_key, now=now, stop=threads.stop, read_items=read_items)
        busy = calls.in_time(recent)
        if not threads.stop.is_set():
            on_plan(recent_use.readings(aws, described, items, busy))
        scans = [
            calls.submit(SCAN_CALL, reading.read, table, ttl, recent, after=(ttl,))
            for table, ttl in zip(described, watched, strict=True)
        ]
        calls.finish(on_progress, reading.spending)
    read = [future.result() for future in scans]
    return Measured(
        tables=tuple(
            MeasuredTable(table=table, items=one if isinstance(one, Unknown) else one.sizes)
            for table, one in zip(described, read, strict=True)
        ),
        missing=missing,
        read_units=sum((one.read_units for one in read if not isinstance(one, Unknown)), Decimal(0)),
        out_of_time=threads.stop.out_of_time,
    )


def _account(aws: Aws) -> str:
    return aws.sts.get_caller_identity()["Account"]
