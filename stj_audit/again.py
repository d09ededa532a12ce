"""
A saved run judged again: on other terms, by some of its tables, at other prices. Nothing is read from AWS.

What was read stays as it was: every age is that of the audit, so that the answer is the one which the audit would have given on these terms.
Only an ignore ends by the calendar: one that has expired since accepts nothing any more. Of a table of which a sample was read, the segments
were counted over the size lines of the run alone; over other lines the range is the widest that those tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import RegionTables, Snapshot, TableFacts
from stj_audit.pipeline import Request, judged
from stj_audit.report import Report
from stj_audit.saved import RUN_AGAIN, Gathered, decode
from stj_audit.scanners.snapshot import check_names, matches
from stj_audit.version import __version__
from stj_audit.wording import listed


def judge_again(saved: Report, request: Request, *, origin: str, today: date, new_prices: bool = False) -> Report:
    """
    The report that the audit of `saved`, from the run file `origin`, would have given on the terms of `request`; of its `aws` and `prices`
    nothing is used. `new_prices`: at the bundled prices of this version; else at those of the run. `today` ends ignores.

    Raises ConfigError where there are no facts in the file, where they are damaged, and for terms that `judge` does not take; NoTables where
    none of its tables are meant.
    """
    if not saved.facts:
        raise ConfigError(f"{origin} was written without facts, by which it could be judged again", hint=RUN_AGAIN)
    whole = decode(saved.facts, origin=origin)
    snapshot = narrowed(whole.snapshot, request.patterns, origin=origin)
    gathered = replace(whole, snapshot=snapshot, prices=_bundled(whole.prices) if new_prices else whole.prices)
    gathered = _with_users(gathered, whole.snapshot, request.config.model.users_table)
    try:
        report = judged(gathered, request, audit_id=saved.audit.id, today=today)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the facts in {origin} cannot be judged ({type(error).__name__}): they contradict each other, or stj-audit has a bug",
            hint=f"take the file as written, or {RUN_AGAIN}; -v shows where it ended",
        ) from error
    return replace(report, trust=(_told(saved, today, new_prices=new_prices), *report.trust))


def _told(saved: Report, today: date, *, new_prices: bool) -> str:
    prices = f"prices are those of stj-audit {__version__}" if new_prices else "prices are those of then"
    versions = "" if saved.tool.version == __version__ else f" that stj-audit {saved.tool.version} read"
    return (
        f"judged again on {today} from a run of {saved.audit.finished_at:%Y-%m-%d %H:%M} UTC{versions}: nothing was read anew, every age is "
        f"that of then, {prices}, and ignores are those that hold on {today}"
    )


# ------------------------------------------------------------------------------------------------------ some of the tables


def narrowed(snapshot: Snapshot, patterns: Sequence[str], *, origin: str) -> Snapshot:
    """The snapshot as if these tables alone had been read; what reading took stays that of all. Raises NoTables."""
    check_names(patterns)
    names = [*(facts.table.name for facts in snapshot.tables), *(missing.name for missing in snapshot.missing)]
    idle = [pattern for pattern in patterns if not any(matches(pattern, name) for name in names)]
    if idle:
        raise NoTables(f"no table in {origin} matches {' or '.join(idle)}", hint=f"it has {listed(sorted(set(names))[:10])}")
    if not patterns:
        return snapshot
    tables = [facts for facts in snapshot.tables if any(matches(pattern, facts.table.name) for pattern in patterns)]
    first: dict[str, str] = {}
    for facts in tables:
        first.setdefault(facts.table.scope, facts.table.name)
    return replace(
        snapshot,
        tables=tuple(_told_of(facts, first[facts.table.scope]) for facts in tables),
        missing=tuple(one for one in snapshot.missing if any(matches(pattern, one.name) for pattern in patterns)),
        scopes=tuple(replace(one, tables=sum(facts.table.scope == one.key for facts in tables)) for one in snapshot.scopes),
    )


def _told_of(facts: TableFacts, first: str) -> TableFacts:
    """What is true of all tables of a region is told of the first of those that are judged."""
    of_all = facts.region_tables
    return replace(facts, region_tables=replace(of_all, first=first)) if isinstance(of_all, RegionTables) else facts


def _with_users(gathered: Gathered, whole: Snapshot, users_table: str | None) -> Gathered:
    """With the items of a users table that was read, and is not among those that are judged: the audit would have asked for them."""
    found = [facts.table for facts in whole.tables if users_table in (facts.table.name, facts.table.title)]
    if len(found) != 1:
        return gathered
    return replace(gathered, users_table=users_table, users_elsewhere=found[0].item_count or None)


def _bundled(prices: Mapping[str, PriceSheet]) -> Mapping[str, PriceSheet]:
    return {region: bundled_sheet(region) for region in prices}
