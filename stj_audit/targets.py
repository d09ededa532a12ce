"""
Which accounts and regions are audited, and how several of them are read at once.

What is wrong with one of them (no permission, a role that cannot be assumed, a region that is not enabled) leaves the others whole.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from stj_audit.combine import Reading, scope_key, together, whereabouts
from stj_audit.config import Account
from stj_audit.errors import AuditError, ConfigError, NoTables, WriteRefused
from stj_audit.facts import INTERRUPTED, Snapshot
from stj_audit.scanners.chosen_tables import Progress, check_names, matches
from stj_audit.scanners.failures import not_read
from stj_audit.scanners.session import Aws, AwsOptions, check_region, open_session
from stj_audit.scanners.threads import Threads

READINGS = 16  # at a time: each holds what it has read of its tables, and all of them share the same threads


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """
    One account in one region. `key` is what the names of its tables begin with, "" where it is the only one; `name` is what the
    configuration calls the account, and `account` its id where that is known from the role.
    """

    aws: Aws
    key: str = ""
    name: str = ""
    account: str | None = None


Read = Callable[[Target, Progress, Threads], Snapshot]
"""Reads a target in threads that all share; without tables where it has none that are meant. Raises AuditError."""


def targets_of(options: AwsOptions, regions: Sequence[str], accounts: Sequence[Account]) -> tuple[Target, ...]:
    """
    All that are to be audited, `accounts` in `regions` or in their own; no regions: that of `options`. Nothing is sent yet.

    Raises ConfigError for what cannot be meant: that is no failure of one of them, but a mistake.
    """
    if accounts and options.role_arn is not None:
        raise ConfigError(
            "--role-arn and [[account]] both name the role to audit with",
            hint="leave out --role-arn, or use --no-config or another --config",
        )
    for region in regions:
        check_region(region)
    of_run: tuple[str | None, ...] = tuple(dict.fromkeys(regions)) or (options.region,)
    places: list[tuple[Account | None, str | None]]
    if accounts:
        places = [(account, region) for account in accounts for region in dict.fromkeys(account.regions or of_run)]
    else:
        places = [(None, region) for region in of_run]
    return tuple(_target(options, account, region, alone=len(places) == 1, several=len(accounts) > 1) for account, region in places)


def _target(options: AwsOptions, account: Account | None, region: str | None, *, alone: bool, several: bool) -> Target:
    options = replace(options, region=region)
    if account is not None:
        options = replace(options, role_arn=account.role_arn, external_id=account.external_id)
    opened = open_session(options)
    return Target(
        aws=opened,
        key="" if alone else scope_key(opened.region, account.label if account is not None and several else ""),
        name="" if account is None else account.name,
        account=None if account is None else account.id,
    )


def read_all(
    targets: Sequence[Target],
    read: Read,
    patterns: Sequence[str],
    *,
    now: datetime,
    on_progress: Progress,
    keep: bool = False,
    ends_at: float | None = None,
) -> Snapshot:
    """
    Read every target at the same time. One that cannot be read leaves the others whole, and is told. `keep`: Ctrl-C ends all readings, and
    the snapshot is what they had by then; so does the time `ends_at`, on the clock of `time.monotonic`.

    Raises the first failure where none could be read, and NoTables where those that were have none of the tables that `patterns` mean.
    """
    check_names(patterns)
    began = time.monotonic()
    told = _Together(on_progress, len(targets))
    with (
        Threads(ends_at=ends_at) as threads,
        ThreadPoolExecutor(min(len(targets), READINGS), thread_name_prefix="stj-audit-reading") as readings,
    ):
        under_way = [readings.submit(_read_one, target, read, told, threads) for target in targets]
        try:
            for future in wait(under_way, return_when=FIRST_EXCEPTION).done:
                future.result()
            ended = [future.result() for future in under_way]
        except BaseException as error:  # a bug, the read-only guard, or Ctrl-C: what is under way ends, so that the readings do
            for future in under_way:
                future.cancel()
            threads.close()
            if not (keep and isinstance(error, KeyboardInterrupt)):
                raise
            ended = [_ended(future) for future in under_way]
            if all(isinstance(one, AuditError) for one in ended):
                raise  # nothing was read by then
        stopped = threads.stop.is_set()
    failures = [one for one in ended if isinstance(one, AuditError)]
    if len(failures) == len(ended):
        raise failures[0]
    snapshot = together(
        [_reading(target, one) for target, one in zip(targets, ended, strict=True)],
        started_at=now,
        finished_at=now + timedelta(seconds=time.monotonic() - began),
    )
    if stopped:
        out_of_time = threads.stop.out_of_time
        return replace(snapshot, interrupted=not out_of_time, out_of_time=out_of_time)
    _check_found(patterns, snapshot)
    return snapshot


def _read_one(target: Target, read: Read, told: "_Together", threads: Threads) -> Snapshot | AuditError:
    try:
        return read(target, partial(told.progress, target.key), threads)
    except (ConfigError, WriteRefused):
        raise
    except AuditError as error:
        return error
    finally:
        told.ended()


def _ended(future: "Future[Snapshot | AuditError]") -> Snapshot | AuditError:
    """What an interrupted reading had; one that had not described its tables yet has nothing."""
    try:
        return future.result()
    except CancelledError:
        return AuditError(INTERRUPTED)


def _reading(target: Target, ended: Snapshot | AuditError) -> Reading:
    return Reading(
        key=target.key,
        account=target.account,
        region=target.aws.region,
        name=target.name,
        endpoint_url=target.aws.endpoint_url,
        api_calls=target.aws.api_calls,
        read=not_read(ended) if isinstance(ended, AuditError) else ended,
    )


def _check_found(patterns: Sequence[str], snapshot: Snapshot) -> None:
    """Raise NoTables where no table was found, or none of a name or glob, unless it may be where nothing could be read."""
    missing = (missing.name for missing in snapshot.missing if not missing.is_absent)
    names = [*(facts.table.name for facts in snapshot.tables), *missing]
    unread = [scope for scope in snapshot.scopes if scope.not_read is not None]
    idle = [pattern for pattern in patterns if not any(matches(pattern, name) for name in names)]
    where = whereabouts(snapshot)
    if not names:
        called = f" that {' or '.join(patterns)} means" if patterns else ""
        raise NoTables(f"there is no table{called} in {where}", hint="check --region and --profile")
    if idle and not unread:
        raise NoTables(f"no table in {where} matches {' or '.join(idle)}", hint="run it without names to see every table")


class _Together:
    """The progress of several readings as one: what and where, and how many readings have ended."""

    def __init__(self, on_progress: Progress, number: int) -> None:
        self._on_progress = on_progress
        self._number = number
        self._ended = 0
        self._lock = threading.Lock()

    def progress(self, key: str, what: str, done: int, of: int) -> None:
        with self._lock:
            self._on_progress(f"{what} in {key}, {self._ended} of {self._number} read", done, of)

    def ended(self) -> None:
        with self._lock:
            self._ended += 1
            self._on_progress("accounts and regions", self._ended, self._number)
