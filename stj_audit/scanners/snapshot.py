"""
One reading of everything: which tables, then all calls about them at once.

Calls, not tables, are what the threads share: a table with a slow answer holds up nothing else.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from stj_audit.errors import NoTables
from stj_audit.facts import (
    Alarms,
    AutoScaling,
    ContributorInsights,
    HotKeys,
    ItemSizes,
    KinesisDestinations,
    MissingTable,
    OnDemandBackups,
    Operations,
    Pitr,
    ProtectedResource,
    Quotas,
    RecoveryPoints,
    RegionTables,
    ResourcePolicy,
    Snapshot,
    Table,
    TableFacts,
    Tags,
    TimeToLive,
    Traffic,
    Unknown,
)
from stj_audit.items.fold import Expiry
from stj_audit.items.plan import CALL as SCAN_CALL
from stj_audit.items.plan import ItemsPlan, Reading, plan_reading
from stj_audit.scanners import (
    account_capacity,
    alarms,
    auto_scaling,
    aws_backup,
    contributor_insights,
    hot_keys,
    kinesis_destinations,
    on_demand_backups,
    operations,
    pitr,
    quotas,
    resource_policy,
    tables,
    tags,
    time_to_live,
    traffic,
)
from stj_audit.scanners import items as scan
from stj_audit.scanners.failures import (
    CREDENTIAL_CODES,
    FAILURES,
    GONE_CODES,
    NOT_AVAILABLE,
    code_of,
    explain,
    no_such_tables,
    reason,
    unknown,
)
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending
from stj_audit.scanners.traffic import Answer, Points, Series

THREADS = 16  # beyond that Python is the limit, not the network
PROGRESS_SECONDS = 0.5

_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")  # AWS developer guide, "Supported data types and naming rules"
_GLOB_CHARACTERS = frozenset("*?[")

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
Dictionaries = Sequence[Mapping[str, Any]]


OnPlan = Callable[[Sequence[Reading | Unknown]], None]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""


def _unheard(_readings: Sequence[Reading | Unknown]) -> None:
    """Nobody wants to know how the tables are going to be read."""


def take_snapshot(
    aws: Aws,
    patterns: Sequence[str],
    *,
    items: ItemsPlan,
    hash_key: bytes,
    now: datetime,
    on_progress: Progress = _silent,
    on_plan: OnPlan = _unheard,
) -> Snapshot:
    """
    Read the tables that `patterns` name: exact names, globs in the shell's way, none for every table of the region.

    `hash_key` keys the hashes of item keys. `on_progress(stage, done, total)` is called from this thread, with the stages "tables",
    "calls" and "segments"; `on_plan`, before any item is read, with how each table is going to be read.

    Raises NoTables when nothing matches or a named table does not exist, and what `explain` makes of credentials that are refused
    or an endpoint that does not answer as DynamoDB does.
    """
    began = time.monotonic()
    window = traffic.window_until(now)
    with _threads() as (pool, stop):
        wanted = _wanted(aws, patterns)
        described, missing = _describe(aws, wanted, pool, on_progress)
        on_plan([plan_reading(table, items, paced=aws.endpoint_url is None) for table in described])
        calls = _Calls(aws, pool)
        account = calls.submit("sts:GetCallerIdentity", _account, aws)
        shared = _SharedCalls.submit(calls, aws, described, window, wanted.in_region)
        apart = [_TableCalls.submit(calls, aws, table) for table in described]
        # After what they wait for, so that no thread waits for a call that has none; and after all that is quicker
        requests = _requests(calls, aws, described, shared, now)
        named = _Reports(calls=calls, aws=aws, requests=requests, now=now)
        reports = [
            calls.follow(named.read, table.name, own.contributor_insights) for table, own in zip(described, apart, strict=True)
        ]
        # Last, because they take long: nothing small waits behind them. A scan waits for what TTL watches, which has its thread by then.
        spending = Spending(cap=items.max_read_units, per_second=items.read_units_per_second)
        reading = _Reading(aws=aws, plan=items, hash_key=hash_key, now=now, stop=stop, spending=spending)
        scans = [
            calls.submit(SCAN_CALL, reading.read, table, own.time_to_live) for table, own in zip(described, apart, strict=True)
        ]
        calls.finish(on_progress, spending)
    measured = {name: facts for future in requests for name, facts in future.result().items()}
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
            traffic=measured[table.name].traffic,
            operations=measured[table.name].operations,
            account_capacity=capacity,
            alarms=shared.alarms_of(table.name),
            items=one if isinstance(one, Unknown) else one.sizes,
        )
        for table, own, report, one in zip(described, apart, reports, read, strict=True)
    )
    who = account.result()
    return Snapshot(
        account=None if isinstance(who, Unknown) else who,
        region=aws.region,
        endpoint_url=aws.endpoint_url,
        started_at=now,
        finished_at=now + timedelta(seconds=time.monotonic() - began),
        tables=facts,
        missing=missing,
        read_units=sum((one.read_units for one in read if not isinstance(one, Unknown)), Decimal(0)),
        api_calls=aws.api_calls,
    )


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


def measure_items(
    aws: Aws,
    patterns: Sequence[str],
    *,
    items: ItemsPlan,
    hash_key: bytes,
    now: datetime,
    on_progress: Progress = _silent,
    on_plan: OnPlan = _unheard,
) -> Measured:
    """The items of tables alone, read as `take_snapshot` reads them: nothing else is asked. Raises as that does."""
    with _threads() as (pool, stop):
        described, missing = _describe(aws, _wanted(aws, patterns), pool, on_progress)
        on_plan([plan_reading(table, items, paced=aws.endpoint_url is None) for table in described])
        calls = _Calls(aws, pool)
        watched = [calls.submit(time_to_live.CALL, time_to_live.read, aws, table.name) for table in described]
        spending = Spending(cap=items.max_read_units, per_second=items.read_units_per_second)
        reading = _Reading(aws=aws, plan=items, hash_key=hash_key, now=now, stop=stop, spending=spending)
        scans = [calls.submit(SCAN_CALL, reading.read, table, ttl) for table, ttl in zip(described, watched, strict=True)]
        calls.finish(on_progress, spending)
    read = [future.result() for future in scans]
    return Measured(
        tables=tuple(
            MeasuredTable(table=table, items=one if isinstance(one, Unknown) else one.sizes)
            for table, one in zip(described, read, strict=True)
        ),
        missing=missing,
        read_units=sum((one.read_units for one in read if not isinstance(one, Unknown)), Decimal(0)),
    )


# ------------------------------------------------------------------------------------------------------- which tables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """Names to describe: `named` by the user, `listed` by AWS. `in_region`: how many tables there are; None: they were not listed."""

    named: tuple[str, ...]
    listed: tuple[str, ...]
    in_region: int | None = None


def _wanted(aws: Aws, patterns: Sequence[str]) -> _Wanted:
    named = tuple(dict.fromkeys(one for one in patterns if not _GLOB_CHARACTERS & set(one)))
    impossible = [name for name in named if not _TABLE_NAME.fullmatch(name)]
    if impossible:
        raise NoTables(
            no_such_tables(impossible), hint="give the name alone: 3 to 255 letters, digits, dots, dashes and underscores"
        )
    globs = [one for one in patterns if _GLOB_CHARACTERS & set(one)]
    if named and not globs:
        return _Wanted(named=named, listed=())
    try:
        names = tables.list_names(aws)
    except FAILURES as error:
        raise explain(error) from error
    listed = tuple(name for name in names if name not in named and (not globs or any(fnmatchcase(name, glob) for glob in globs)))
    if not names and not named:
        raise NoTables(f"there is no table in region {aws.region}", hint="check --region and --profile")
    idle = [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
    if idle:
        raise NoTables(
            f"no table in region {aws.region} matches {' or '.join(idle)}", hint="run it without names to see every table"
        )
    return _Wanted(named=named, listed=listed, in_region=len(names))


def _describe(
    aws: Aws, wanted: _Wanted, pool: ThreadPoolExecutor, on_progress: Progress
) -> tuple[tuple[Table, ...], tuple[MissingTable, ...]]:
    names = (*wanted.named, *wanted.listed)
    found: dict[str, Table | Unknown] = {}
    absent = []
    # Without a listing, the first description shows whether the credentials are good and the endpoint answers
    first = () if wanted.listed else names[:1]
    on_progress("tables", 0, len(names))
    for batch in (first, names[len(first) :]):
        asked = {pool.submit(tables.read, aws, name): name for name in batch}
        for future in as_completed(asked):
            name = asked[future]
            try:
                found[name] = future.result()
            except FAILURES as error:
                if name in first and _is_fatal(error):
                    raise explain(error) from error
                if name in wanted.named and code_of(error) in GONE_CODES:
                    absent.append(name)
                found[name] = unknown(tables.CALL, error, custom_endpoint=aws.endpoint_url is not None)
            on_progress("tables", len(found), len(names))
    if absent:
        raise NoTables(
            f"{no_such_tables(sorted(absent))} in region {aws.region}", hint="check the spelling, --region and --profile"
        )
    described = tuple(table for _, table in sorted(found.items()) if isinstance(table, Table))
    missing = tuple(MissingTable(name=name, unknown=why) for name, why in sorted(found.items()) if isinstance(why, Unknown))
    return described, missing


def _is_fatal(error: BaseException) -> bool:
    """Whether an error tells of the credentials or the endpoint, not of the one table."""
    if not isinstance(error, ClientError):
        return True
    elsewhere = error.operation_name != "DescribeTable"  # a call that fetches credentials
    return elsewhere or code_of(error) in CREDENTIAL_CODES or reason(error, absent_ok=True) == NOT_AVAILABLE


# ------------------------------------------------------------------------------------------------------------- the calls


@contextmanager
def _threads() -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """A pool, and the event that ends long readings: left by an exception or Ctrl-C, nothing new begins and scans end at their page."""
    pool, stop = ThreadPoolExecutor(THREADS), threading.Event()
    try:
        yield pool, stop
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


class _Calls:
    """Calls under way in the pool: each ends with its answer, or with the Unknown that stands for it."""

    def __init__(self, aws: Aws, pool: ThreadPoolExecutor) -> None:
        self._custom_endpoint = aws.endpoint_url is not None
        self._pool = pool
        self._futures: list[Future[Any]] = []

    def submit(self, call: str, read: Callable[..., T], *arguments: Any) -> "Future[T | Unknown]":
        return self.follow(self.answer, call, read, *arguments)

    def follow(self, read: Callable[..., T], *arguments: Any) -> "Future[T]":
        """`read` turns failures into Unknown itself. It may wait for calls that were submitted before: those have begun before it does."""
        future = self._pool.submit(read, *arguments)
        self._futures.append(future)
        return future

    def finish(self, on_progress: Progress, spending: Spending) -> None:
        """Wait for all. What is raised here is no failed call but a bug, or the read-only guard, and stops the audit."""
        left: set[Future[Any]] = set(self._futures)
        on_progress("calls", 0, len(self._futures))
        while left:
            done, left = wait(left, timeout=PROGRESS_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            read, planned = spending.segments
            if done or read == planned:
                on_progress("calls", len(self._futures) - len(left), len(self._futures))
            else:
                on_progress("segments", read, planned)

    def answer(self, call: str, read: Callable[..., T], *arguments: Any) -> T | Unknown:
        try:
            return read(*arguments)
        except FAILURES as error:
            return unknown(call, error, custom_endpoint=self._custom_endpoint)


@dataclass(frozen=True, kw_only=True, slots=True)
class _TableCalls:
    """What is asked about one table alone."""

    pitr: "Future[Pitr | Unknown]"
    on_demand_backups: "Future[OnDemandBackups | Unknown]"
    recovery_points: "Future[RecoveryPoints | Unknown]"
    protected_resource: "Future[ProtectedResource | Unknown]"
    contributor_insights: "Future[ContributorInsights | Unknown]"
    kinesis_destinations: "Future[KinesisDestinations | Unknown]"
    resource_policy: "Future[ResourcePolicy | Unknown]"
    time_to_live: "Future[TimeToLive | Unknown]"
    tags: "Future[Tags | Unknown]"

    @classmethod
    def submit(cls, calls: _Calls, aws: Aws, table: Table) -> "_TableCalls":
        return cls(
            pitr=calls.submit(pitr.CALL, pitr.read, aws, table.name),
            on_demand_backups=calls.submit(on_demand_backups.CALL, on_demand_backups.read, aws, table.name),
            recovery_points=calls.submit(aws_backup.POINTS_CALL, aws_backup.read_points, aws, table.arn),
            protected_resource=calls.submit(aws_backup.RESOURCE_CALL, aws_backup.read_resource, aws, table.arn),
            contributor_insights=calls.submit(contributor_insights.CALL, contributor_insights.read, aws, table),
            kinesis_destinations=calls.submit(kinesis_destinations.CALL, kinesis_destinations.read, aws, table.name),
            resource_policy=calls.submit(resource_policy.CALL, resource_policy.read, aws, table.arn),
            time_to_live=calls.submit(time_to_live.CALL, time_to_live.read, aws, table.name),
            tags=calls.submit(tags.CALL, tags.read, aws, table.arn),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _SharedCalls:
    """What is asked once for all tables, and given to each of them afterwards."""

    targets: "Future[Dictionaries | Unknown]"
    policies: "Future[Dictionaries | Unknown]"
    alarms: "Future[Dictionaries | Unknown]"
    account_capacity: "Future[dict[Series, Points | Unknown] | Unknown]"
    quotas: "Future[Quotas | Unknown]"
    table_count: "Future[int | Unknown]"
    batches: "Mapping[tuple[Series, ...], Future[dict[Series, Answer] | Unknown]]"

    @classmethod
    def submit(
        cls, calls: _Calls, aws: Aws, described: Sequence[Table], window: traffic.Window, in_region: int | None
    ) -> "_SharedCalls":
        on_demand = traffic.on_demand_names(described)
        return cls(
            targets=calls.submit(auto_scaling.TARGETS_CALL, auto_scaling.read_targets, aws),
            policies=calls.submit(auto_scaling.POLICIES_CALL, auto_scaling.read_policies, aws),
            alarms=calls.submit(alarms.CALL, alarms.read_all, aws),
            account_capacity=calls.submit(traffic.CALL, account_capacity.read, aws, described, window),
            quotas=calls.submit(quotas.CALL, quotas.read, aws),
            table_count=calls.submit(tables.LIST_CALL, _table_count, aws, in_region),
            batches={
                batch: calls.submit(traffic.CALL, traffic.read, aws, batch, window, on_demand)
                for batch in traffic.batches(described)
            },
        )

    def auto_scaling(self, table: str) -> AutoScaling | Unknown:
        targets, policies = self.targets.result(), self.policies.result()
        if isinstance(targets, Unknown):
            return targets
        return policies if isinstance(policies, Unknown) else auto_scaling.of_table(table, targets, policies)

    def region_tables(self, first: str) -> RegionTables | Unknown:
        found = self.table_count.result()
        return found if isinstance(found, Unknown) else RegionTables(count=found, first=first)

    def alarms_of(self, table: str) -> Alarms | Unknown:
        found = self.alarms.result()
        return found if isinstance(found, Unknown) else alarms.of_table(table, found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Requests:
    """What CloudWatch told of one table."""

    traffic: Traffic | Unknown
    operations: Operations | Unknown


def _requests(
    calls: _Calls, aws: Aws, described: Sequence[Table], shared: _SharedCalls, now: datetime
) -> "list[Future[dict[str, _Requests]]]":
    by_name = {table.name: table for table in described}
    batches = [
        ([by_name[name] for name in dict.fromkeys(one.table for one in batch)], first) for batch, first in shared.batches.items()
    ]
    return [calls.follow(_read_requests, calls, aws, batch, first, now) for batch, first in batches]


def _read_requests(
    calls: _Calls, aws: Aws, batch: Sequence[Table], first: "Future[dict[Series, Answer] | Unknown]", now: datetime
) -> dict[str, _Requests]:
    """The traffic of each table, by name; and how its requests went, for which more is asked where there are enough of them."""
    window, answer = traffic.window_until(now), first.result()
    seen: dict[str, Traffic | Unknown] = {
        table.name: answer if isinstance(answer, Unknown) else traffic.of_table(table, answer, window, now) for table in batch
    }
    wanted = [series for name, found in seen.items() if isinstance(found, Traffic) for series in operations.series_of(name, found)]
    more = calls.answer(traffic.CALL, traffic.fetch, aws, wanted, window)
    return {name: _Requests(traffic=found, operations=operations.of_table(name, found, more)) for name, found in seen.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reports:
    """How the reports of Contributor Insights are read of every table."""

    calls: _Calls
    aws: Aws
    requests: "Sequence[Future[dict[str, _Requests]]]"
    now: datetime

    def read(self, table: str, insights: "Future[ContributorInsights | Unknown]") -> HotKeys | Unknown:
        """Where Contributor Insights is off, nothing is asked, and the traffic is not waited for."""
        setting = insights.result()
        if isinstance(setting, Unknown):
            return setting
        if not any(one.rules for one in setting.settings):
            return HotKeys(report_hours=hot_keys.REPORT_HOURS)
        seen = next(found[table].traffic for found in (future.result() for future in self.requests) if table in found)
        window = traffic.window_until(self.now)
        return self.calls.answer(hot_keys.CALL, hot_keys.read, self.aws, setting, seen, window)


@dataclass(frozen=True, kw_only=True, slots=True)
class _ReadItems:
    """The outcome of reading a table's items; read units are spent also where it failed."""

    sizes: ItemSizes | Unknown
    read_units: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """How the items of every table are read."""

    aws: Aws
    plan: ItemsPlan
    hash_key: bytes
    now: datetime
    stop: threading.Event
    spending: Spending

    def read(self, table: Table, time_to_live: "Future[TimeToLive | Unknown]") -> _ReadItems:
        watched = time_to_live.result()
        attribute = watched.attribute if isinstance(watched, TimeToLive) and watched.enabled else None
        expiry = None if attribute is None else Expiry(attribute=attribute, now=self.now)
        sizes, read_units = scan.read(
            self.aws,
            table,
            self.plan,
            hash_key=self.hash_key,
            expiry=expiry,
            stop=self.stop,
            spending=self.spending,
            now=self.now,
        )
        return _ReadItems(sizes=sizes, read_units=read_units)


def _table_count(aws: Aws, in_region: int | None) -> int:
    """How many tables the region has: as listed before, or listed now."""
    return len(tables.list_names(aws)) if in_region is None else in_region


def _account(aws: Aws) -> str:
    return aws.sts.get_caller_identity()["Account"]
