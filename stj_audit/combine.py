"""
Several accounts and regions in one audit: their readings as one snapshot, and what the report says of each of them.

The rule for names: where several are audited, every table is told with where it is before its name, "eu-north-1/orders", and with the account
before that where there are several accounts, "prod/eu-north-1/orders"; however many of them have a table of that name, so that a table is
called the same in every run. Where one is audited there is nothing to tell apart, and nothing changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, UnsetType

from stj_audit.cost.prices import PriceSheet
from stj_audit.facts import Scope, Snapshot, Unknown, titled
from stj_audit.report import SEVERAL, CostLine, NotChecked, Report, ScopeReport
from stj_audit.wording import a_few, counted, listed

READ_PRICE = "on_demand.standard.read_request_unit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """
    One account in one region, of several, as it was read; or why it was not. `key` is what the names of its tables begin with, `name` what
    its owner calls the account, and `account` its id, as far as that is known without asking for it.
    """

    key: str
    account: str | None
    region: str
    name: str
    endpoint_url: str | None
    api_calls: int
    read: Snapshot | Unknown


def scope_key(region: str, account: str) -> str:
    """What the names of the tables of a region begin with; `account` is "" where only one is audited."""
    return titled(account, region)


# ---------------------------------------------------------------------------------------------------------- one snapshot


def together(readings: Sequence[Reading], *, started_at: datetime, finished_at: datetime) -> Snapshot:
    """All that was read as one snapshot, whose tables say where they are."""
    scopes = tuple(map(_scope, readings))
    read = [(one.key, one.read) for one in readings if isinstance(one.read, Snapshot)]
    return Snapshot(
        account=_one_or_several([scope.account for scope in scopes]),
        region=_one_or_several([scope.region for scope in scopes]) or SEVERAL,
        endpoint_url=readings[0].endpoint_url,
        started_at=started_at,
        finished_at=finished_at,
        tables=tuple(replace(facts, table=replace(facts.table, scope=key)) for key, one in read for facts in one.tables),
        missing=tuple(replace(missing, scope=key) for key, one in read for missing in one.missing),
        read_units=sum((scope.read_units for scope in scopes), Decimal(0)),
        api_calls=sum(scope.api_calls for scope in scopes),
        scopes=scopes,
    )


def _scope(reading: Reading) -> Scope:
    snapshot = reading.read if isinstance(reading.read, Snapshot) else None
    return Scope(
        key=reading.key,
        account=reading.account if snapshot is None or snapshot.account is None else snapshot.account,
        region=reading.region,
        name=reading.name,
        endpoint_url=reading.endpoint_url,
        tables=0 if snapshot is None else len(snapshot.tables),
        read_units=Decimal(0) if snapshot is None else snapshot.read_units,
        api_calls=reading.api_calls,
        not_read=reading.read if isinstance(reading.read, Unknown) else None,
    )


def _one_or_several(values: Sequence[str | None]) -> str | None:
    """The one value that all have; None where one of them is not known and the others do not differ."""
    known = {value for value in values if value is not None}
    if len(known) > 1:
        return SEVERAL
    return None if None in values else next(iter(known))


def sheet_of(sheets: Mapping[str, PriceSheet]) -> PriceSheet:
    """What there is to say of the prices of several regions. It has no price itself: a table is priced with those of its own region."""
    if len(sheets) == 1:
        return next(iter(sheets.values()))
    sources = dict.fromkeys(sheet.source for sheet in sheets.values())
    return PriceSheet(region=listed(list(sheets)), source="; ".join(sources), prices={})


# ------------------------------------------------------------------------------------------------------------- the report


def whereabouts(snapshot: Snapshot) -> str:
    """Where the tables are, in words: the region, or the regions and how many accounts; and what could not be read."""
    read = [scope for scope in snapshot.scopes if scope.not_read is None]
    if not read:
        return f"{snapshot.region}, before deployment" if snapshot.templates else snapshot.region
    # Where an id is not known and the account has no name, it is no other: all were read with the same credentials
    accounts = len({scope.name or scope.account for scope in read} - {None})
    regions = a_few(dict.fromkeys(scope.region for scope in read))
    unread = [scope.key for scope in snapshot.scopes if scope.not_read is not None]
    where = f"{regions} of {counted(accounts, 'account')}" if accounts > 1 else regions
    return f"{where} ({a_few(unread)} not read)" if unread else where


def scope_reports(snapshot: Snapshot) -> tuple[ScopeReport, ...] | UnsetType:
    """Each account and region; nothing at all where only one was audited."""
    if not snapshot.scopes:
        return UNSET
    return tuple(
        ScopeReport(
            account=scope.account,
            region=scope.region,
            name=scope.name or None,
            endpoint_url=scope.endpoint_url,
            tables=scope.tables,
            read_units=scope.read_units,
            api_calls=scope.api_calls,
            not_read=None if scope.not_read is None else scope.not_read.reason,
        )
        for scope in snapshot.scopes
    )


def cost_of_reading(snapshot: Snapshot, prices_of: Callable[[str], PriceSheet]) -> Decimal | None:
    """What the read units of the audit cost, each at the price of its region; None where one is not known."""
    spent = [(scope.region, scope.read_units) for scope in snapshot.scopes if scope.read_units]
    cost = Decimal(0)
    for region, read_units in spent if snapshot.scopes else [(snapshot.region, snapshot.read_units)]:
        price = prices_of(region).price(READ_PRICE)
        if price is None:
            return None
        cost += read_units * price.usd
    return cost


def unread_places(snapshot: Snapshot) -> Iterator[NotChecked]:
    """A row for each account and region that could not be read, and for each whose account id is not known."""
    no_id = NotChecked(check=None, table=None, index=None, call="sts:GetCallerIdentity", reason="the account id is not known")
    if not snapshot.scopes and snapshot.account is None and not snapshot.templates:
        yield no_id
    for scope in snapshot.scopes:
        if scope.not_read is not None:
            yield replace(no_id, call=scope.not_read.call, reason=f"not read: {scope.not_read.reason}", scope=scope.key)
        elif scope.account is None:
            yield replace(no_id, scope=scope.key)


def in_regions(report: Report, snapshot: Snapshot) -> Report:
    """The report with the region at each line of the bill, where there are several: none of them is "the audit's"."""
    if snapshot.region != SEVERAL:
        return report
    regions = {facts.table.title: facts.table.region for facts in snapshot.tables}
    costs = report.costs
    costs = replace(
        costs,
        current=replace(costs.current, lines=_placed(costs.current.lines, regions)),
        projections=tuple(replace(one, lines=_placed(one.lines, regions)) for one in costs.projections),
    )
    tables = tuple(replace(one, cost=replace(one.cost, lines=_placed(one.cost.lines, regions))) for one in report.tables)
    return replace(report, costs=costs, tables=tables)


def _placed(lines: Iterable[CostLine], regions: Mapping[str, str]) -> tuple[CostLine, ...]:
    return tuple(line if line.region is not None else replace(line, region=regions.get(line.table)) for line in lines)
