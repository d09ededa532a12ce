"""
Gather, then judge: what `stj-audit run`, `stj-audit demo` and the Lambda handler have in common.

The result is a Report, or what was gathered for one; printing and delivering it is up to the caller.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from stj_audit.baseline import Baseline, check_belongs
from stj_audit.checks import all_checks
from stj_audit.combine import READ_PRICE, in_regions, sheet_of
from stj_audit.config import SCAN_BUDGET_USD, Config, Scale, ScanMode, SizeLines, size_lines
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.facts import ItemSizes, Snapshot, Table, Unknown
from stj_audit.gate import GateTerms
from stj_audit.ignores import check_names
from stj_audit.items.plan import Reading, in_words, spent_in_words
from stj_audit.judge import Terms, check_tables, judge
from stj_audit.refusals import never_swallowed
from stj_audit.report import Report
from stj_audit.saved import Gathered, encode
from stj_audit.scanners import ItemsPlan, take_snapshot
from stj_audit.scanners.checkpoint import machine_key, make_folder
from stj_audit.scanners.chosen_tables import Progress, matches
from stj_audit.scanners.ending import OutOfTime
from stj_audit.scanners.items import forget
from stj_audit.scanners.prices import live_sheet
from stj_audit.scanners.session import Aws, AwsOptions, open_session
from stj_audit.scanners.spending import Spending
from stj_audit.scanners.tables import count_items
from stj_audit.scanners.threads import Threads, within
from stj_audit.targets import Target, read_all, targets_of
from stj_audit.wording import counted

HASH_KEY_BYTES = 32
PRICES_SHARE = 0.25  # of the time of an audit, for live prices: where those do not come there are the bundled ones


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What to audit and how. None leaves a choice to the configuration, and that to its defaults."""

    aws: AwsOptions
    patterns: Sequence[str] = ()
    config: Config
    users: tuple[int, ...] | None = None
    target_users: int | None = None
    users_now: int | None = None
    scan: ScanMode | None = None
    scan_budget_usd: Decimal | None = None
    max_read_units: int | None = None
    read_units_per_second: int | None = None
    resume: Path | None = None
    scan_throttled: bool = False
    size_lines: SizeLines | None = None
    prices: Literal["bundled", "live"] = "bundled"
    free_tier: bool = False
    baseline: Baseline | None = None
    gate: GateTerms = field(default_factory=GateTerms)
    regions: tuple[str, ...] = ()
    """Several to audit at once; empty for that of `aws`."""
    keep: bool = False
    """Whether what was read before Ctrl-C is judged."""
    timeout_seconds: int | None = None
    """After which reading ends, and what was read is judged; None: when everything was read."""
    ends_at: float | None = None
    """When that is on the clock of `time.monotonic`, where it began before the audit does."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while tables were read: `report` is what was judged of what had been read by then."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


Tell = Callable[[str], None]
Check = Callable[[Sequence[Table]], None]


def audit(request: Request, *, on_progress: Progress | None = None, tell: Tell | None = None) -> Report:
    """
    Read the tables and judge them. `on_progress(what, done, of)` is called while reading: of one account and region from this thread, of
    several from the threads that read them, one at a time. So is `tell(sentence)`, before and after items are read: how much that is, and
    what it costs.

    Raises AuditError (see errors.py) when there is nothing to judge, ConfigError before anything is read where that can be told then, and
    Interrupted for Ctrl-C, where that is kept.
    """
    check_names(request.config.ignore, all_checks(), origin=request.config.path or "the configuration")
    request = replace(request, gate=replace(request.gate, expected=expected_tables(request.config, request.patterns)))
    ends_at = ends_at_of(request)
    targets = within(ends_at, "there was an AWS session", targets_of, request.aws, request.regions, request.config.account)
    # Before anything is read and paid for; an account that is not named by a role is known later
    check_belongs(request.baseline, [(target.account, target.aws.region) for target in targets], design=False)
    now = datetime.now(UTC)
    sheets = _sheets(request, targets, now, ends_at)
    spending = Spending(cap=_units(request.max_read_units), per_second=_units(request.read_units_per_second))
    say = tell or _untold
    if len(targets) == 1:
        aws = targets[0].aws
        snapshot = _read(
            aws,
            request,
            sheets[aws.region],
            now,
            on_progress or _no_progress,
            tell=say,
            check=lambda tables: check_tables(tables, request.config),
            spending=spending,
            ends_at=ends_at,
        )
    else:

        def read(target: Target, told: Progress, threads: Threads) -> Snapshot:
            prices = sheets[target.aws.region]
            here: Tell = lambda sentence: say(f"{target.key}: {sentence}")  # noqa: E731 - one line, used once

            def check(tables: Sequence[Table]) -> None:
                check_tables([replace(table, scope=target.key) for table in tables], request.config)

            return _read(target.aws, request, prices, now, told, tell=here, check=check, spending=spending, threads=threads)

        snapshot = read_all(
            targets,
            read,
            request.patterns,
            now=now,
            on_progress=on_progress or _no_progress,
            keep=request.keep,
            ends_at=ends_at,
        )
        sheets = {scope.region: sheets[scope.region] for scope in snapshot.scopes if scope.not_read is None}
    try:
        return _finished(targets, request, snapshot, sheets, ends_at)
    except Interrupted:
        raise
    except KeyboardInterrupt:
        if not request.keep:
            raise
        # All is read, and judging it again takes seconds
        return _finished(targets, request, replace(snapshot, interrupted=True), sheets, ends_at)


def _finished(
    targets: Sequence[Target], request: Request, snapshot: Snapshot, sheets: Mapping[str, PriceSheet], ends_at: float | None
) -> Report:
    """The report of what was read. Raises Interrupted with it where that was interrupted."""
    if snapshot.out_of_time:
        snapshot = replace(snapshot, notes=(*snapshot.notes, out_of_time_in_words(request)))
    users_elsewhere = _users_elsewhere(targets, request, snapshot, ends_at)
    users_table = None if users_elsewhere is None else request.config.model.users_table
    gathered = Gathered(snapshot=snapshot, prices=sheets, users_table=users_table, users_elsewhere=users_elsewhere)
    report = judged(gathered, request, audit_id=secrets.token_hex(8))
    if snapshot.interrupted:
        raise Interrupted(report)
    return report


def judged(gathered: Gathered, request: Request, *, audit_id: str, today: date | None = None) -> Report:
    """
    The report of what was gathered, which goes with it in `facts`. `today` is the day on which ignores hold, None: that of the audit. Raises
    ConfigError as `judge` does.
    """
    report = judge(gathered.snapshot, terms_of(request, gathered, audit_id, today))
    return replace(in_regions(report, gathered.snapshot), facts=encode(gathered))


def terms_of(request: Request, gathered: Gathered, audit_id: str, today: date | None = None) -> Terms:
    """On what terms to judge what was gathered; see `judged`."""
    config, model = request.config, request.config.model
    return Terms(
        scale=Scale(
            target_users=request.target_users or model.target,
            users_now=request.users_now or model.users_now,
            users=request.users or model.scales,
            peak_factor=model.peak_factor,
        ),
        size_lines=request.size_lines or size_lines(config.thresholds),
        prices=sheet_of(gathered.prices),
        prices_by_region=gathered.prices,
        config=config,
        audit_id=audit_id,
        free_tier=request.free_tier,
        users_elsewhere=gathered.users_elsewhere if gathered.users_table == model.users_table else None,
        baseline=request.baseline,
        gate=request.gate,
        today=today,
        asked=tuple(request.patterns),
    )


def expected_tables(config: Config, patterns: Sequence[str]) -> tuple[str, ...]:
    """The tables that the configuration declares and that `patterns` mean: of those that they do not name, nothing is said."""
    names = [(name, name.rpartition("/")[2]) for name in config.tables]
    return tuple(name for name, bare in names if not patterns or any(matches(pattern, bare) for pattern in patterns))


def _sheets(request: Request, targets: Sequence[Target], now: datetime, ends_at: float | None) -> dict[str, PriceSheet]:
    """The prices by region, in the order of the targets."""
    regions = dict.fromkeys(target.aws.region for target in targets)
    if request.prices == "bundled":
        return {region: bundled_sheet(region) for region in regions}
    if ends_at is not None:
        ends_at -= (ends_at - time.monotonic()) * (1 - PRICES_SHARE)
    return {region: live_sheet(request.aws, region, today=now.date(), ends_at=ends_at) for region in regions}


def _users_elsewhere(targets: Sequence[Target], request: Request, snapshot: Snapshot, ends_at: float | None) -> int | None:
    """The items of a users table that is not audited itself; None where it is, where the users are given, or it is not known."""
    users_table = request.config.model.users_table
    audited = {name for facts in snapshot.tables for name in (facts.table.name, facts.table.title)}
    audited |= {name for missing in snapshot.missing for name in (missing.name, missing.title)}
    ended_early = snapshot.interrupted or snapshot.out_of_time
    if ended_early or users_table is None or users_table in audited or request.users_now or request.config.model.users_now:
        return None
    where, _, name = users_table.rpartition("/")
    try:
        found = [
            within(ends_at, "users were counted", count_items, target.aws, name) for target in targets if where in ("", target.key)
        ]
    except OutOfTime:
        return None
    known = [count for count in found if count is not None]
    return known[0] if len(known) == 1 else None


def gather(request: Request, *, on_progress: Progress | None = None, tell: Tell | None = None) -> Snapshot:
    """Read the tables of one account and region as `audit` does, and leave them unjudged. Raises AuditError."""
    aws = open_session(request.aws)
    prices, now = bundled_sheet(aws.region), datetime.now(UTC)
    return _read(aws, request, prices, now, on_progress or _no_progress, tell=tell or _untold)


@never_swallowed()
def _read(
    aws: Aws,
    request: Request,
    prices: PriceSheet,
    now: datetime,
    on_progress: Progress,
    *,
    tell: Tell,
    check: Check | None = None,
    spending: Spending | None = None,
    threads: Threads | None = None,
    ends_at: float | None = None,
) -> Snapshot:
    plan = items_plan(request, prices)
    hash_key = hash_key_for(plan)
    snapshot = take_snapshot(
        aws,
        request.patterns,
        items=plan,
        hash_key=hash_key,
        now=now,
        on_progress=on_progress,
        on_tables=check or _unchecked,
        on_plan=lambda readings: tell_plan(readings, plan, tell),
        threads=threads,
        spending=spending,
        elsewhere=threads is not None,
        keep=request.keep,
        ends_at=ends_at,
    )
    if not (snapshot.interrupted or snapshot.out_of_time):
        end_reading(plan, [(facts.table, facts.items) for facts in snapshot.tables], hash_key=hash_key)
    if snapshot.read_units:
        tell(spent_in_words(snapshot.read_units, plan))
    return snapshot


def ends_at_of(request: Request) -> float | None:
    """When the time of an audit that begins now is over, on the clock of `time.monotonic`; None: never."""
    if request.ends_at is not None:
        return request.ends_at
    return None if request.timeout_seconds is None else time.monotonic() + request.timeout_seconds


def out_of_time_in_words(request: Request) -> str:
    seconds = counted(request.timeout_seconds or 0, "second")
    return f"the time of the audit, {seconds}, was over before everything was read: what was not is listed as not checked"


def tell_plan(readings: Sequence[Reading | Unknown], plan: ItemsPlan, tell: Tell) -> None:
    """What is going to be read, where anything is."""
    if any(isinstance(one, Reading) for one in readings):
        tell(in_words(readings, plan))


def hash_key_for(plan: ItemsPlan) -> bytes:
    """
    What hashes of keys are keyed with, so that they find an item again within a report, and cannot be reversed by guessing: a key of the run
    alone, or the machine's, where a later run may go on from its checkpoints. Raises CannotWrite where those cannot be kept.
    """
    if plan.resume is None:
        return secrets.token_bytes(HASH_KEY_BYTES)
    make_folder(plan.resume)
    return machine_key()


def end_reading(plan: ItemsPlan, read: Iterable[tuple[Table, ItemSizes | Unknown]], *, hash_key: bytes) -> None:
    """
    Remove the checkpoints of tables that were read to their end, by what came of them. With `--scan full` that is all of a table: a sample is
    what was read before a cap or a throttle, and a later run goes on from it.
    """
    if plan.resume is not None:
        ended = [
            table for table, items in read if not isinstance(items, Unknown) and (items.coverage == "full" or plan.mode != "full")
        ]
        forget(plan.resume, ended, hash_key=hash_key)


def items_plan(request: Request, prices: PriceSheet) -> ItemsPlan:
    """How much of each table is read: as requested, else as configured."""
    scan = request.config.scan
    budget = Decimal(SCAN_BUDGET_USD) if scan.budget_usd is None else Decimal(str(scan.budget_usd))
    read_price = prices.price(READ_PRICE)
    lines = request.size_lines or size_lines(request.config.thresholds)
    gate_line = request.gate.fail_item_size
    return ItemsPlan(
        mode=request.scan or scan.mode,
        budget_usd=budget if request.scan_budget_usd is None else request.scan_budget_usd,
        usd_per_read_unit=None if read_price is None else read_price.usd,
        max_read_units=_units(request.max_read_units),
        read_units_per_second=_units(request.read_units_per_second),
        lines=tuple(dict.fromkeys((lines.warn_bytes, lines.max_bytes, *(() if gate_line is None else (gate_line,))))),
        none_above=gate_line,
        resume=request.resume,
        read_throttled=request.scan_throttled,
        declared=declared_attributes(request.config),
    )


def declared_attributes(config: Config) -> dict[str, frozenset[str]]:
    """The attributes that the configuration names, by table; of one that is told by its region too, wherever that is."""
    found: dict[str, frozenset[str]] = {}
    for title, model in config.tables.items():
        name = title.rpartition("/")[2]
        found[name] = found.get(name, frozenset()) | model.attribute_names
    return found


def _units(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _untold(_sentence: str) -> None:
    """For callers that listen to nothing."""


def _unchecked(_tables: Sequence[Table]) -> None:
    """For what judges nothing."""


def _no_progress(_what: str, _done: int, _of: int) -> None:
    """For callers that show none."""
