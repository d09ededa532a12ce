"""
One reading of everything: which tables, then all calls about them at once.

Calls, not tables, are what the threads share: a table with a slow answer holds up nothing else.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from stj_audit.errors import NoTables
from stj_audit.facts import (
    Alarms,
    AutoScaling,
    ContributorInsights,
    HotKeys,
    ItemSizes,
    ItemsReading,
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
from stj_audit.scanners.cluster_items import ReadItems
from stj_audit.scanners.failures import (
    CREDENTIAL_CODES,
    FAILURES,
    GONE_CODES,
    INTERRUPTED,
    NOT_AVAILABLE,
    code_of,
    explain,
    no_such_tables,
    reason,
    unknown,
)
from stj_audit.scanners.on_demand_backups import Listed
from stj_audit.scanners.pace import Pace
from stj_audit.scanners.seen import Seen
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending
from stj_audit.scanners.threads import Threads
from stj_audit.scanners.traffic import Points, Series

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
    threads: Threads | None = None,
    spending: Spending | None = None,
    elsewhere: bool = False,
    keep: bool = False,
) -> Snapshot:
    """
    Read the tables that `patterns` name: exact names, globs in the shell's way, none for every table of the region.

    `hash_key` keys the hashes of item keys. `on_progress(stage, done, total)` is called from this thread, with the stages "tables",
    "calls" and "segments"; `on_plan`, before any item is read, with how each table is going to be read.

    Raises NoTables when nothing matches or a named table does not exist, and what `explain` makes of credentials that are refused
    or an endpoint that does not answer as DynamoDB does.

    `threads` and `spending` are shared with other readings, None for some of its own; `elsewhere`: other accounts or regions are read too, so
    that what is not here may be there, and a snapshot without tables is one. `keep`: Ctrl-C, while the calls are under way, ends them, and
    the snapshot is what had come by then.
    """
    began = time.monotonic()
    window = traffic.window_until(now)
    with Threads() if threads is None else nullcontext(threads) as shared_threads:
        wanted = _wanted(aws, patterns, elsewhere=elsewhere)
        described, missing = _describe(aws, wanted, shared_threads, on_progress, elsewhere=elsewhere)
        on_plan([plan_reading(table, items, paced=aws.endpoint_url is None) for table in described])
        calls = _Calls(aws, shared_threads)
        reading = _Reading.of(aws, items, hash_key=hash_key, now=now, stop=shared_threads.stop, spending=spending)
        account = calls.submit("sts:GetCallerIdentity", _account, aws)
        if elsewhere and not described:
            calls.finish(on_progress, reading.spending)
            return _snapshot(aws, account, (), missing, read_units=Decimal(0), started_at=now, began=began)
        shared = _SharedCalls.submit(calls, aws, described, window, wanted.in_region)
        requests = _Requests.submit(calls, aws, described, now)
        names = {table.name for table in described}
        listed = calls.submit(on_demand_backups.CALL, on_demand_backups.read_together, aws, names)
        apart = [_TableCalls.submit(calls, aws, table, listed) for table in described]
        named = _Reports(calls=calls, aws=aws, requests=requests, now=now)
        unasked: HotKeys | Unknown = Unknown(call=hot_keys.CALL, reason=INTERRUPTED)
        reports = [
            calls.follow(
                named.read,
                table.name,
                own.contributor_insights,
                after=(own.contributor_insights, requests.traffic[table.name]),
                interrupted=unasked,
            )
            for table, own in zip(described, apart, strict=True)
        ]
        # Last, because they take long: nothing small waits behind them.
        scans = [
            calls.submit(SCAN_CALL, reading.read, table, own.time_to_live, after=(own.time_to_live,))
            for table, own in zip(described, apart, strict=True)
        ]
        try:
            calls.finish(on_progress, reading.spending)
        except KeyboardInterrupt:
            if not keep:
                raise
            shared_threads.close()
        interrupted = shared_threads.stop.is_set()
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
            alarms=shared.alarms_of(table.name),
            items=one if isinstance(one, Unknown) else one.sizes,
            items_reading=None if isinstance(one, Unknown) else one.reading,
        )
        for table, own, report, one in zip(described, apart, reports, read, strict=True)
    )
    read_units = sum((one.read_units for one in read if not isinstance(one, Unknown)), Decimal(0))
    snapshot = _snapshot(aws, account, facts, missing, read_units=read_units, started_at=now, began=began)
    return replace(snapshot, interrupted=interrupted)


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
    aws: Aws, patterns: Sequence[str], *, on_progress: Progress = _silent
) -> tuple[tuple[Table, ...], tuple[MissingTable, ...]]:
    """The tables that `patterns` name, and those that may not be described. Raises as `take_snapshot` does."""
    with Threads() as threads:
        return _describe(aws, _wanted(aws, patterns, elsewhere=False), threads, on_progress, elsewhere=False)


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
    read_items: ReadItems = scan.read,
) -> Measured:
    """
    The items of tables alone, read by `read_items`, as `take_snapshot` reads them where it is left out: nothing else is asked. Raises as that
    does.
    """
    with Threads() as threads:
        wanted = _wanted(aws, patterns, elsewhere=False)
        described, missing = _describe(aws, wanted, threads, on_progress, elsewhere=False)
        on_plan([plan_reading(table, items, paced=aws.endpoint_url is None) for table in described])
        calls = _Calls(aws, threads)
        watched = [calls.submit(time_to_live.CALL, time_to_live.read, aws, table.name) for table in described]
        reading = _Reading.of(aws, items, hash_key=hash_key, now=now, stop=threads.stop, read_items=read_items)
        scans = [
            calls.submit(SCAN_CALL, reading.read, table, ttl, after=(ttl,)) for table, ttl in zip(described, watched, strict=True)
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
    )


# ------------------------------------------------------------------------------------------------------- which tables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """Names to describe: `named` by the user, `listed` by AWS. `in_region`: how many tables there are; None: they were not listed."""

    named: tuple[str, ...]
    listed: tuple[str, ...]
    in_region: int | None = None


def check_names(patterns: Sequence[str]) -> None:
    """Raise NoTables for a name that no table can have."""
    impossible = [name for name in patterns if not _is_glob(name) and not _TABLE_NAME.fullmatch(name)]
    if impossible:
        raise NoTables(
            no_such_tables(impossible), hint="give the name alone: 3 to 255 letters, digits, dots, dashes and underscores"
        )


def matches(pattern: str, name: str) -> bool:
    """Whether a table of this name is meant by `pattern`, a name or a glob."""
    return fnmatchcase(name, pattern) if _is_glob(pattern) else name == pattern


def _is_glob(pattern: str) -> bool:
    return bool(_GLOB_CHARACTERS & set(pattern))


def _wanted(aws: Aws, patterns: Sequence[str], *, elsewhere: bool) -> _Wanted:
    check_names(patterns)
    named = tuple(dict.fromkeys(one for one in patterns if not _is_glob(one)))
    globs = [one for one in patterns if _is_glob(one)]
    if named and not globs:
        return _Wanted(named=named, listed=())
    try:
        names = tables.list_names(aws)
    except FAILURES as error:
        raise explain(error) from error
    listed = tuple(name for name in names if name not in named and (not globs or any(fnmatchcase(name, glob) for glob in globs)))
    if elsewhere:
        return _Wanted(named=named, listed=listed, in_region=len(names))
    if not names and not named:
        raise NoTables(f"there is no table in region {aws.region}", hint="check --region and --profile")
    idle = [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
    if idle:
        raise NoTables(
            f"no table in region {aws.region} matches {' or '.join(idle)}", hint="run it without names to see every table"
        )
    return _Wanted(named=named, listed=listed, in_region=len(names))


def _describe(
    aws: Aws, wanted: _Wanted, threads: Threads, on_progress: Progress, *, elsewhere: bool
) -> tuple[tuple[Table, ...], tuple[MissingTable, ...]]:
    names = (*wanted.named, *wanted.listed)
    found: dict[str, Table | Unknown] = {}
    absent = []
    # Without a listing, the first description shows whether the credentials are good and the endpoint answers
    first = () if wanted.listed else names[:1]
    on_progress("tables", 0, len(names))
    for batch in (first, names[len(first) :]):
        asked = {threads.submit(tables.read, aws, name): name for name in batch}
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
    if elsewhere:
        found = {name: one for name, one in found.items() if name not in absent}
    elif absent:
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


class _Calls:
    """Calls under way in the threads: each ends with its answer, or with the Unknown that stands for it."""

    def __init__(self, aws: Aws, threads: Threads) -> None:
        self._custom_endpoint = aws.endpoint_url is not None
        self._paces = aws.paces
        self._threads = threads
        self._futures: list[Future[Any]] = []

    def submit(
        self, call: str, read: Callable[..., T], *arguments: Any, after: "Sequence[Future[Any]]" = ()
    ) -> "Future[T | Unknown]":
        unasked = Unknown(call=call, reason=INTERRUPTED)
        return self.follow(self.answer, call, read, *arguments, after=after, pace=self._paces.get(call), interrupted=unasked)

    def follow(
        self,
        read: Callable[..., T],
        *arguments: Any,
        after: "Sequence[Future[Any]]" = (),
        pace: Pace | None = None,
        interrupted: T,
    ) -> "Future[T]":
        """
        `read` turns failures into Unknown itself. It begins when `after` are done, whose results it may ask for. `interrupted` is the answer
        where it did not begin before the threads were closed.
        """
        asked: Future[T] = self._threads.submit(read, *arguments, after=after, pace=pace)
        answered: Future[T] = Future()
        asked.add_done_callback(partial(_hand_on, answered, interrupted))
        self._futures.append(answered)
        return answered

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


def _hand_on(answered: "Future[T]", interrupted: T, asked: "Future[T]") -> None:
    """What was asked for is answered in any case: by a call that never began, with `interrupted`."""
    if asked.cancelled():
        answered.set_result(interrupted)
    elif (error := asked.exception()) is not None:
        answered.set_exception(error)
    else:
        answered.set_result(asked.result())


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
    def submit(cls, calls: _Calls, aws: Aws, table: Table, listed: "Future[Listed | Unknown]") -> "_TableCalls":
        return cls(
            pitr=calls.submit(pitr.CALL, pitr.read, aws, table.name),
            on_demand_backups=calls.follow(
                _backups_of,
                calls,
                aws,
                table.name,
                listed,
                after=(listed,),
                pace=aws.paces.get(on_demand_backups.CALL),
                interrupted=Unknown(call=on_demand_backups.CALL, reason=INTERRUPTED),
            ),
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

    @classmethod
    def submit(
        cls, calls: _Calls, aws: Aws, described: Sequence[Table], window: traffic.Window, in_region: int | None
    ) -> "_SharedCalls":
        return cls(
            targets=calls.submit(auto_scaling.TARGETS_CALL, auto_scaling.read_targets, aws),
            policies=calls.submit(auto_scaling.POLICIES_CALL, auto_scaling.read_policies, aws),
            alarms=calls.submit(alarms.CALL, alarms.read_all, aws),
            account_capacity=calls.submit(traffic.CALL, account_capacity.read, aws, described, window),
            quotas=calls.submit(quotas.CALL, quotas.read, aws),
            table_count=calls.submit(tables.LIST_CALL, _table_count, aws, in_region),
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
    """
    What CloudWatch told of all tables, in two steps: their traffic, a call's worth of tables at a time; and then, where the traffic is worth
    it, how its requests went, of all tables together, so that those calls are full too.
    """

    traffic: "Mapping[str, Future[dict[str, Traffic | Unknown]]]"
    """By the name of each table; the tables of a batch have one answer."""
    operations: "Sequence[Future[dict[str, Operations | Unknown]]]"

    @classmethod
    def submit(cls, calls: _Calls, aws: Aws, described: Sequence[Table], now: datetime) -> "_Requests":
        by_name = {table.name: table for table in described}
        unasked = Unknown(call=traffic.CALL, reason=INTERRUPTED)
        pace, window = aws.paces.get(traffic.CALL), traffic.window_until(now)
        first: dict[str, Future[dict[str, Traffic | Unknown]]] = {}
        for series in traffic.batches(described):
            names = dict.fromkeys(one.table for one in series)
            batch = [by_name[name] for name in names]
            none: dict[str, Traffic | Unknown] = dict.fromkeys(names, unasked)
            answer = calls.follow(_read_traffic, calls, aws, series, batch, now, pace=pace, interrupted=none)
            first |= dict.fromkeys(names, answer)
        batches = list(dict.fromkeys(first.values()))
        planned: Future[_Plan] = calls.follow(_plan_operations, batches, after=batches, interrupted=())
        # As many as there are batches, because that is known now; each takes what is planned in turn, and most have nothing to ask
        # Which tables a share that was not asked is of is not known: it leaves all of them unknown
        nothing: dict[str, Operations | Unknown] = dict.fromkeys(by_name, unasked)
        shares = [
            calls.follow(
                _read_operations,
                calls,
                aws,
                planned,
                slice(number, None, len(batches)),
                window,
                after=(planned,),
                pace=pace,
                interrupted=nothing,
            )
            for number in range(len(batches))
        ]
        return cls(traffic=first, operations=shares)

    def of_table(self, table: str) -> Traffic | Unknown:
        return self.traffic[table].result()[table]

    def operations_by_name(self) -> dict[str, Operations | Unknown]:
        """Of every table: where there was nothing to ask, that is what is known."""
        asked = {name: found for future in self.operations for name, found in future.result().items()}
        return {name: asked.get(name) or operations.of_table(name, self.of_table(name), {}) for name in self.traffic}


def _read_traffic(
    calls: _Calls, aws: Aws, series: Sequence[Series], batch: Sequence[Table], now: datetime
) -> dict[str, Traffic | Unknown]:
    """In one go: the points of a batch, which may be a hundred thousand, are not kept any longer."""
    window = traffic.window_until(now)
    answer = calls.answer(traffic.CALL, traffic.read, aws, series, window, traffic.on_demand_names(batch))
    return {table.name: answer if isinstance(answer, Unknown) else traffic.of_table(table, answer, window, now) for table in batch}


_Plan = Sequence[Sequence[tuple[str, Traffic]]]
"""Tables with their traffic, by call."""


def _plan_operations(batches: "Sequence[Future[dict[str, Traffic | Unknown]]]") -> _Plan:
    seen = {name: found for future in batches for name, found in future.result().items() if isinstance(found, Traffic)}
    wanted = [series for name, found in seen.items() if (series := operations.series_of(name, found))]
    return [[(name, seen[name]) for name in dict.fromkeys(one.table for one in call)] for call in traffic.packed(wanted)]


def _read_operations(
    calls: _Calls, aws: Aws, planned: "Future[_Plan]", share: slice, window: traffic.Window
) -> dict[str, Operations | Unknown]:
    found: dict[str, Operations | Unknown] = {}
    for call in planned.result()[share]:
        wanted = [series for name, seen in call for series in operations.series_of(name, seen)]
        answer = calls.answer(traffic.CALL, traffic.fetch, aws, wanted, window)
        found |= {name: operations.of_table(name, seen, answer) for name, seen in call}
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reports:
    """How the reports of Contributor Insights are read of every table."""

    calls: _Calls
    aws: Aws
    requests: _Requests
    now: datetime

    def read(self, table: str, insights: "Future[ContributorInsights | Unknown]") -> HotKeys | Unknown:
        """Where Contributor Insights is off, nothing is asked."""
        setting = insights.result()
        if isinstance(setting, Unknown):
            return setting
        if not any(one.rules for one in setting.settings):
            return HotKeys(report_hours=hot_keys.REPORT_HOURS)
        seen = self.requests.of_table(table)
        window = traffic.window_until(self.now)
        return self.calls.answer(hot_keys.CALL, hot_keys.read, self.aws, setting, seen, window)


@dataclass(frozen=True, kw_only=True, slots=True)
class _ReadItems:
    """The outcome of reading a table's items; read units are spent also where it failed."""

    sizes: ItemSizes | Unknown
    read_units: Decimal
    reading: ItemsReading | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
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
    ) -> "_Reading":
        """With a spending of its own, where it is not shared."""
        shared = spending or Spending(cap=plan.max_read_units, per_second=plan.read_units_per_second)
        return cls(aws=aws, plan=plan, hash_key=hash_key, now=now, stop=stop, spending=shared, read_items=read_items)

    def read(self, table: Table, time_to_live: "Future[TimeToLive | Unknown]") -> _ReadItems:
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
        )
        if isinstance(sizes, Unknown) and not seen.scanned:
            return _ReadItems(sizes=sizes, read_units=read_units, reading=None)
        went = seen.reading(began_at, datetime.now(UTC))
        if self._would_pass(sizes):
            went = self._described_again(table, went)
        return _ReadItems(sizes=sizes, read_units=read_units, reading=went)

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


def _table_count(aws: Aws, in_region: int | None) -> int:
    """How many tables the region has: as listed before, or listed now."""
    return len(tables.list_names(aws)) if in_region is None else in_region


def _backups_of(calls: _Calls, aws: Aws, table: str, listed: "Future[Listed | Unknown]") -> OnDemandBackups | Unknown:
    found = listed.result()
    if isinstance(found, Unknown):
        return found
    return calls.answer(on_demand_backups.CALL, on_demand_backups.read, aws, table) if found is None else found[table]


def _account(aws: Aws) -> str:
    return aws.sts.get_caller_identity()["Account"]
