"""
What CloudWatch tells of the last hour of the tables that are going to be read: whether they were throttled, and how much of their capacity
is free. It is asked first, of all tables together, and the small calls are under way meanwhile, so that no item waits for it long.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from stj_audit.facts import Table, Unknown
from stj_audit.items.plan import UNKNOWN_USE, ItemsPlan, Reading, RecentUse, has_ceiling, plan_reading
from stj_audit.scanners import traffic
from stj_audit.scanners.session import Aws
from stj_audit.scanners.traffic import Points, Series, Window

CALL = traffic.CALL
MINUTE_SECONDS = 60  # CloudWatch keeps such points for 15 days

Recent = Mapping[str, RecentUse] | Unknown
"""By the name of each table that is asked about; Unknown: CloudWatch did not tell."""


def read(aws: Aws, tables: Sequence[Table], plan: ItemsPlan, now: datetime) -> dict[str, RecentUse]:
    """Nothing is asked of tables that are not read anyway, nor where nobody else is served. Raises as `traffic.fetch` does."""
    if aws.endpoint_url is not None:
        return {}
    wanted = [table for table in tables if isinstance(plan_reading(table, plan, paced=True), Reading)]
    seconds = int(now.timestamp())
    window = Window(end=seconds - seconds % MINUTE_SECONDS, seconds=traffic.HOUR_SECONDS)
    found = traffic.fetch(aws, [series for table in wanted for series in _series_of(table)], window)
    return {table.name: _use(table, found) for table in wanted}


def readings(aws: Aws, tables: Sequence[Table], plan: ItemsPlan, recent: Recent) -> list[Reading | Unknown]:
    """How each table is going to be read."""
    return [plan_reading(table, plan, paced=aws.endpoint_url is None, recent=of_table(recent, table.name)) for table in tables]


def of_table(recent: Recent, table: str) -> RecentUse:
    return UNKNOWN_USE if isinstance(recent, Unknown) else recent.get(table, UNKNOWN_USE)


def _series_of(table: Table) -> tuple[Series, ...]:
    throttles = tuple(_series(table, metric) for metric in traffic.THROTTLES.values())
    return (*throttles, _consumed(table)) if has_ceiling(table) else throttles


def _series(table: Table, metric: str) -> Series:
    return Series(table=table.name, metric=metric, period_seconds=MINUTE_SECONDS)


def _consumed(table: Table) -> Series:
    return _series(table, traffic.CONSUMED["read"])


def _use(table: Table, found: Mapping[Series, Points | Unknown]) -> RecentUse:
    """A minute without a data point is one without reads; an hour, where the series as a whole is known, one without any."""
    consumed = found.get(_consumed(table))
    return RecentUse(
        throttles=_throttles([found[_series(table, metric)] for metric in traffic.THROTTLES.values()]),
        read_units_per_second=None
        if consumed is None or isinstance(consumed, Unknown)
        else max(consumed.values(), default=Decimal(0)) / MINUTE_SECONDS,
    )


def _throttles(directions: Sequence[Points | Unknown]) -> int | None:
    """Of reads and writes together, as far as they are known; None: neither was, or only one, and that had none."""
    events = int(sum(sum(points.values()) for points in directions if not isinstance(points, Unknown)))
    return None if not events and any(isinstance(points, Unknown) for points in directions) else events
