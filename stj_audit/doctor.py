"""
What an audit would do here, before it is done: with which parts, of which tables, with how many calls and read units, and what it may not.

What is denied is found out by asking: all about the first table, and one item of it.
"""

import importlib.metadata
import os
import platform
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal

from stj_audit.aws_failures import DENIED_CODES, FAILURES
from stj_audit.cost.prices import bundled_sheet
from stj_audit.deliver.carrier import Readiness
from stj_audit.deliver.carriers import open_carrier
from stj_audit.deliver.history import kept_runs
from stj_audit.deliver.stores import Store
from stj_audit.email_settings import Email, addressed
from stj_audit.errors import AuditError, ConfigError
from stj_audit.facts import MissingTable, Snapshot, Table, Unknown
from stj_audit.items.engine import ENGINE
from stj_audit.items.plan import CALL as SCAN
from stj_audit.items.plan import ItemsPlan, in_words, plan_reading
from stj_audit.pipeline import Request, items_plan
from stj_audit.scanners.chosen_tables import Progress
from stj_audit.scanners.failures import NOT_AVAILABLE, unknown
from stj_audit.scanners.session import Aws
from stj_audit.scanners.snapshot import describe_tables, take_snapshot
from stj_audit.targets import Target, targets_of
from stj_audit.version import __version__
from stj_audit.wording import a_few, count, counted

EXTRAS = {
    "email": "resvg-py",
    "fast": "isal",
    "spark": "pyspark",
    "demo": "moto",
}  # of `pip install stj-audit[...]`: the package that each brings
PURE = "STJ_AUDIT_FOLD"
_NO_KEY = b"no item is hashed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """
    One account in one region. `reading` is how items would be read, in words; `calls`, about how many an audit takes; `denied`, the calls
    that these credentials may not make, and `absent`, those that the endpoint does not have; `failure`, why nothing could be found out.
    """

    key: str
    account: str | None
    region: str
    tables: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    reading: str = ""
    calls: int = 0
    denied: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    failure: AuditError | None = None


def about_installation() -> str:
    """What this installation is made of, in lines."""
    lines = [f"stj-audit {__version__}, Python {platform.python_version()}"]
    if ENGINE == "compiled":
        lines.append("items are counted by the compiled fold")
    elif os.environ.get(PURE) == "pure":
        lines.append(f"items are counted by the pure Python fold, as {PURE} says")
    else:
        lines.append("items are counted by the pure Python fold, which is slower: no C compiler was found when this was installed")
    extras = [f"{name} ({package} {found})" for name, package in EXTRAS.items() if (found := _version(package))]
    lines.append(f"extras: {', '.join(extras) or 'none'}")
    return "\n".join(lines)


def diagnose(request: Request, *, on_progress: Progress | None = None) -> tuple[Place, ...]:
    """What an audit as requested would do in each account and region. Raises AuditError where none of them can be audited."""
    targets = targets_of(request.aws, request.regions, request.config.account)
    places = tuple(_place(target, request, on_progress or _silent) for target in targets)
    failures = [place.failure for place in places if place.failure is not None]
    if len(failures) == len(places):
        raise failures[0]
    return places


def about_mail(email: Email, *, region: str | None, profile: str | None, endpoint_url: str | None) -> Readiness:
    """Whether a report would be mailed as `[email]` says, as far as can be known without sending one."""
    try:
        sender, _ = addressed(email)
        carrier = open_carrier(email, region=region, profile=profile, endpoint_url=endpoint_url)
    except ConfigError as error:
        return Readiness(state=False, words=str(error))
    return carrier.ready(sender.addr_spec)


def about_history(store: Store) -> str:
    """What is kept there, by listing it. Raises UnusableHistory."""
    return f"{counted(kept_runs(store), 'run')} in {store}"


def in_lines(place: Place) -> str:
    """One place, for people."""
    where = place.region if place.account is None else f"{place.region}, account {place.account}"
    if place.failure is not None:
        return f"{where}: cannot be audited: {place.failure}"
    lines = [
        f"{where}: {counted(len(place.tables), 'table')} ({a_few(place.tables)})",
        f"  {place.reading}",
        f"  about {count(place.calls)} calls",
    ]
    if place.unreadable:
        lines.append(f"  cannot be described: {a_few(place.unreadable)}")
    if place.denied:
        lines += [f"  denied: {call}" for call in place.denied]
        lines.append("  what is denied costs the facts behind it; `stj-audit iam-policy` prints what to allow")
    elif not place.absent:
        lines.append("  nothing is denied")
    if place.absent:
        lines.append(f"  {NOT_AVAILABLE}, so that it is not known whether AWS would deny it: {a_few(place.absent)}")
    return "\n".join(lines)


def _place(target: Target, request: Request, on_progress: Progress) -> Place:
    aws = target.aws
    try:
        tables, missing = describe_tables(aws, request.patterns, on_progress=on_progress)
        plan = items_plan(request, bundled_sheet(aws.region))
        reading = in_words([plan_reading(table, plan, paced=aws.endpoint_url is None) for table in tables], plan)
        before = aws.api_calls
        snapshot = _first(aws, tables, missing)
        each = aws.api_calls - before
        denied = sorted(set(_unknown(snapshot, DENIED_CODES)) | set(_denied_scan(aws, tables[0], plan)))
    except AuditError as error:
        return Place(key=target.key, account=target.account, region=aws.region, failure=error)
    return Place(
        key=target.key,
        account=snapshot.account or target.account,
        region=aws.region,
        tables=tuple(table.name for table in tables),
        unreadable=tuple(one.name for one in missing),
        reading=reading,
        calls=before + each * len(tables),
        denied=tuple(denied),
        absent=tuple(sorted(set(_unknown(snapshot, {NOT_AVAILABLE})))),
    )


def _first(aws: Aws, tables: Sequence[Table], missing: Sequence[MissingTable]) -> Snapshot:
    """All about the first table, without its items."""
    if not tables:
        failed = ", ".join(sorted({one.unknown.reason for one in missing}))
        raise AuditError(f"no table may be described ({failed})", hint="allow dynamodb:DescribeTable (see `stj-audit iam-policy`)")
    plan = ItemsPlan(mode="none", budget_usd=Decimal(0))
    return take_snapshot(aws, [tables[0].name], items=plan, hash_key=_NO_KEY, now=datetime.now(UTC))


def _unknown(snapshot: Snapshot, reasons: Collection[str]) -> Iterator[str]:
    """The calls that failed for one of `reasons`."""
    [facts] = snapshot.tables
    for field in fields(facts):
        fact = getattr(facts, field.name)
        if isinstance(fact, Unknown) and fact.reason in reasons:
            yield fact.call


def _denied_scan(aws: Aws, table: Table, plan: ItemsPlan) -> Iterator[str]:
    """By reading one item, half a read unit or what it takes; not where items are not to be read."""
    if plan.mode == "none":
        return
    try:
        aws.dynamodb.scan(TableName=table.name, Limit=1, ReturnConsumedCapacity="TOTAL")
    except FAILURES as error:
        if unknown(SCAN, error, custom_endpoint=aws.endpoint_url is not None).reason in DENIED_CODES:
            yield SCAN


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""
