"""Which tables are audited: those that names and globs mean, as DescribeTable answers of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from fnmatch import fnmatchcase

from botocore.exceptions import ClientError

from stj_audit.aws_failures import CREDENTIAL_CODES, FAILURES, code_of, explain
from stj_audit.errors import NoTables
from stj_audit.facts import NOT_HERE, OUT_OF_TIME, MissingTable, Table, Unknown
from stj_audit.scanners import tables
from stj_audit.scanners.failures import GONE_CODES, NOT_AVAILABLE, no_such_tables, reason, unknown
from stj_audit.scanners.session import Aws
from stj_audit.scanners.threads import Threads

_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")  # AWS developer guide, "Supported data types and naming rules"
_GLOB_CHARACTERS = frozenset("*?[")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Names to describe: `named` by the user, `listed` by AWS. `in_region`: how many tables there are; None: they were not listed."""

    named: tuple[str, ...]
    listed: tuple[str, ...]
    in_region: int | None = None


def check_names(patterns: Sequence[str]) -> None:
    """Raise NoTables for a name that no table can have."""
    impossible = [name for name in patterns if not is_glob(name) and not _TABLE_NAME.fullmatch(name)]
    if impossible:
        raise NoTables(
            no_such_tables(impossible), hint="give the name alone: 3 to 255 letters, digits, dots, dashes and underscores"
        )


def matches(pattern: str, name: str) -> bool:
    """Whether a table of this name is meant by `pattern`, a name or a glob."""
    return fnmatchcase(name, pattern) if is_glob(pattern) else name == pattern


def is_glob(pattern: str) -> bool:
    """Whether it means names that it does not spell out."""
    return bool(_GLOB_CHARACTERS & set(pattern))


def wanted_tables(aws: Aws, patterns: Sequence[str], threads: Threads, *, elsewhere: bool) -> Wanted:
    """
    The names that `patterns` mean; none: all of the region. `elsewhere`: other places are looked at too, so that nothing need be here.

    Raises NoTables, and what `explain` makes of a listing that failed; AuditError also where the time of `threads` was over.
    """
    check_names(patterns)
    named = tuple(dict.fromkeys(one for one in patterns if not is_glob(one)))
    globs = [one for one in patterns if is_glob(one)]
    if named and not globs:
        return Wanted(named=named, listed=())
    try:
        names = threads.in_time("it was known which tables there are", tables.list_names, aws)
    except FAILURES as error:
        raise explain(error) from error
    listed = tuple(name for name in names if name not in named and (not globs or any(fnmatchcase(name, glob) for glob in globs)))
    if elsewhere:
        return Wanted(named=named, listed=listed, in_region=len(names))
    if not names and not named:
        raise NoTables(f"there is no table in region {aws.region}", hint="check --region and --profile")
    idle = [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
    if idle:
        raise NoTables(
            f"no table in region {aws.region} matches {' or '.join(idle)}", hint="run it without names to see every table"
        )
    return Wanted(named=named, listed=listed, in_region=len(names))


def describe(
    aws: Aws, wanted: Wanted, threads: Threads, on_progress: Progress, *, elsewhere: bool
) -> tuple[tuple[Table, ...], tuple[MissingTable, ...]]:
    """
    The tables that can be described, and those that cannot, each by name.

    One that was named and is not there cannot be described where others are looked at `elsewhere`. Raises NoTables for it else; and what
    `explain` makes of credentials that are refused, or an endpoint that does not answer as DynamoDB does.
    """
    names = (*wanted.named, *wanted.listed)
    found: dict[str, Table | Unknown] = {}
    absent = []
    # Without a listing, the first description shows whether the credentials are good and the endpoint answers
    first = () if wanted.listed else names[:1]
    on_progress("tables", 0, len(names))
    for batch in (first, names[len(first) :]):
        asked = {threads.submit(tables.read, aws, name): name for name in batch}
        for future in _ended(asked, threads):
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
    if threads.stop.out_of_time:
        unread = Unknown(call=tables.CALL, reason=OUT_OF_TIME)
        found = {name: found.get(name, unread) for name in names}
    if elsewhere:
        found |= {name: Unknown(call=tables.CALL, reason=NOT_HERE) for name in absent}
    elif absent:
        raise NoTables(
            f"{no_such_tables(sorted(absent))} in region {aws.region}", hint="check the spelling, --region and --profile"
        )
    described = tuple(table for _, table in sorted(found.items()) if isinstance(table, Table))
    missing = tuple(MissingTable(name=name, unknown=why) for name, why in sorted(found.items()) if isinstance(why, Unknown))
    return described, missing


def _ended(asked: "Iterable[Future[Table]]", threads: Threads) -> "Iterator[Future[Table]]":
    """Each that has ended; when the time is over no more, nor what was left for that by another reading."""
    try:
        for future in as_completed(asked, timeout=threads.stop.seconds_left):
            if not (future.cancelled() and threads.stop.out_of_time):
                yield future
    except TimeoutError:
        threads.expire()


def _is_fatal(error: BaseException) -> bool:
    """Whether an error tells of the credentials or the endpoint, not of the one table."""
    if not isinstance(error, ClientError):
        return True
    elsewhere = error.operation_name != "DescribeTable"  # a call that fetches credentials
    return elsewhere or code_of(error) in CREDENTIAL_CODES or reason(error, absent_ok=True) == NOT_AVAILABLE
