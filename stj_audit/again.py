"""
A saved run judged again: on other terms, by some of its tables, at other prices. Nothing is read from AWS.

What was read stays as it was: every age is that of the audit, so that the answer is the one which the audit would have given on these terms.
Only an ignore ends by the calendar: one that has expired since accepts nothing any more. Of a table of which a sample was read, the segments
were counted over the size lines of the run alone; over other lines the range is the widest that those tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from msgspec import UNSET

from stj_audit.combine import scope_key
from stj_audit.config import Config
from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.errors import ConfigError, NoTables
from stj_audit.facts import MissingTable, RegionTables, Scope, Snapshot, TableFacts, Unknown
from stj_audit.gate import GateTerms, gated
from stj_audit.items.dynamic import without_dynamic_names
from stj_audit.pipeline import Request, declared_attributes, expected_tables, judged
from stj_audit.report import Report
from stj_audit.saved import RUN_AGAIN, Gathered, decode
from stj_audit.scanners.chosen_tables import check_names, matches
from stj_audit.version import __version__
from stj_audit.wording import listed

ASKS_ANEW = {  # the options that a report which was judged already cannot be held against
    "tables": "a table",
    "config_path": "--config",
    "users": "--users",
    "target_users": "--target-users",
    "users_now": "--users-now",
    "warn_item_size": "--warn-item-size",
    "max_item_size": "--max-item-size",
    "prices": "--prices",
    "free_tier": "--free-tier",
    "baseline_path": "--baseline",
}


def judge_again(saved: Report, request: Request, *, origin: str, today: date, new_prices: bool = False) -> Report:
    """
    The report that the audit of `saved`, from the run file `origin`, would have given on the terms of `request`; of its `aws` and `prices`
    nothing is used. `new_prices`: at the bundled prices of this version; else at those of the run. `today` ends ignores.

    Raises ConfigError where there are no facts in the file, where they are damaged, and for terms that `judge` does not take; NoTables where
    none of its tables are meant.
    """
    if saved.facts is UNSET:
        raise ConfigError(f"{origin} was written without facts, by which it could be judged again", hint=RUN_AGAIN)
    whole = decode(saved.facts, origin=origin)
    snapshot = narrowed(whole.snapshot, request.patterns, origin=origin)
    snapshot = replace(snapshot, tables=tuple(_as_named(facts, request.config) for facts in snapshot.tables))
    gathered = replace(whole, snapshot=snapshot, prices=_bundled(whole.prices) if new_prices else whole.prices)
    gathered = _with_users(gathered, whole.snapshot, request.config.model.users_table)
    expected = _expected(saved, request.config, request.patterns)
    request = replace(request, gate=replace(request.gate, expected=expected))
    try:
        report = judged(gathered, request, audit_id=saved.audit.id, today=today)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the facts in {origin} cannot be judged ({type(error).__name__}): they contradict each other, or stj-audit has a bug",
            hint=f"take the file as written, or {RUN_AGAIN}; -v shows where it ended",
        ) from error
    read_by = "" if saved.tool.version == __version__ else f" that stj-audit {saved.tool.version} read"
    again = f"judged again on {today}, from a run of {saved.audit.finished_at:%Y-%m-%d %H:%M} UTC{read_by}"
    prices = f"prices are those of stj-audit {__version__}" if new_prices else "prices are those of then"
    asked = report.audit.asked or saved.audit.asked
    told = f"{again}: nothing was read anew, every age is that of then, {prices}, and ignores are those that hold on {today}"
    return replace(report, audit=replace(report.audit, asked=asked), judged_again=again, trust=(told, *report.trust))


def _expected(saved: Report, config: Config, patterns: Sequence[str]) -> tuple[str, ...]:
    """The tables that are declared, and that both the run and `patterns` mean: a run of others cannot tell whether they are there."""
    asked = expected_tables(config, saved.audit.asked or ())
    return tuple(name for name in expected_tables(config, patterns) if name in asked)


def gate_as_it_is(saved: Report, terms: GateTerms, config: Config, *, origin: str, asked: Sequence[str]) -> Report:
    """
    A report without facts, held against a gate as it was judged: its findings can be, and whether the tables that `config` declares are in
    it, and no more. `asked` are options that were given, of ASKS_ANEW.

    Raises ConfigError where one was, or where the sizes of items are to be looked at.
    """
    without = f"{origin} was written without facts"
    if asked:
        raise ConfigError(f"{without}: it cannot be judged again, as {asked[0]} asks for", hint=f"leave that out, or {RUN_AGAIN}")
    if terms.fail_item_size is not None:
        raise ConfigError(
            f"{without}: the sizes of its items are not known one by one", hint=f"add --fail-item-size off, or {RUN_AGAIN}"
        )
    there = {name for table in saved.tables for name in (table.name, table.name.rpartition("/")[2])}
    terms = replace(terms, expected=tuple(name for name in _expected(saved, config, ()) if name not in there))
    told = f"held against the gate as it was judged on {saved.audit.finished_at:%Y-%m-%d}, by stj-audit {saved.tool.version}"
    return replace(saved, gate=gated(saved, _outline(saved), terms), judged_again=told)


def _outline(report: Report) -> Snapshot:
    """What a report without facts tells of its reading: what could not be read."""
    audit = report.audit
    tables = {table.name for table in report.tables}
    several = len({one.name or one.account for one in audit.scopes or ()}) > 1
    return Snapshot(
        account=audit.account,
        region=audit.region,
        endpoint_url=audit.endpoint_url,
        started_at=audit.started_at,
        finished_at=audit.finished_at,
        tables=(),
        missing=tuple(
            MissingTable(name=row.table, unknown=Unknown(call=row.call, reason=row.reason))
            for row in report.not_checked
            if row.check is None and row.table is not None and row.table not in tables
        ),
        read_units=audit.read_units,
        api_calls=audit.api_calls,
        templates=audit.templates or (),
        notes=audit.notes or (),
        unseen=audit.unseen or (),
        scopes=tuple(
            Scope(
                key=scope_key(one.region, (one.name or one.account or "") if several else ""),
                account=one.account,
                region=one.region,
                name=one.name or "",
                endpoint_url=one.endpoint_url,
                tables=one.tables,
                read_units=one.read_units,
                api_calls=one.api_calls,
                not_read=None if one.not_read is None else Unknown(call="", reason=one.not_read),
            )
            for one in audit.scopes or ()
        ),
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


def _as_named(facts: TableFacts, config: Config) -> TableFacts:
    """The facts with the names of attributes that an audit by this configuration tells: those that it names itself are schema."""
    if isinstance(facts.items, Unknown):
        return facts
    watched = None if isinstance(facts.time_to_live, Unknown) or not facts.time_to_live.enabled else facts.time_to_live.attribute
    declared = declared_attributes(config).get(facts.table.name, frozenset())
    return replace(facts, items=without_dynamic_names(facts.items, facts.table, time_to_live=watched, declared=declared))


def _with_users(gathered: Gathered, whole: Snapshot, users_table: str | None) -> Gathered:
    """With the items of a users table that was read, and is not among those that are judged: the audit would have asked for them."""
    found = [facts.table for facts in whole.tables if users_table in (facts.table.name, facts.table.title)]
    if len(found) != 1:
        return gathered
    return replace(gathered, users_table=users_table, users_elsewhere=found[0].item_count or None)


def _bundled(prices: Mapping[str, PriceSheet]) -> Mapping[str, PriceSheet]:
    return {region: bundled_sheet(region) for region in prices}
