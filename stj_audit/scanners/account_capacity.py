"""How near the provisioned capacity of the whole account is to its quotas: two metrics, asked where a table is provisioned."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from stj_audit.facts import AccountCapacity, Table, Unknown
from stj_audit.scanners.session import Aws
from stj_audit.scanners.traffic import DAY_SECONDS, WINDOW_DAYS, Points, Series, Window, fetch

# AWS developer guide, "DynamoDB metrics and dimensions": they have no dimension
READ, WRITE = (
    Series(table="", metric=f"AccountProvisioned{direction}CapacityUtilization", statistic="Maximum", period_seconds=DAY_SECONDS)
    for direction in ("Read", "Write")
)


def read(aws: Aws, tables: Sequence[Table], window: Window) -> dict[Series, Points | Unknown]:
    """The points of both series; none where no table is provisioned. Raises as `traffic.fetch` does."""
    provisioned = any(table.billing_mode == "PROVISIONED" for table in tables)
    return fetch(aws, (READ, WRITE) if provisioned else (), window)


def of_account(measured: Mapping[Series, Points | Unknown] | Unknown) -> AccountCapacity | Unknown:
    """Unknown when a series is."""
    if isinstance(measured, Unknown):
        return measured
    reads, writes = measured.get(READ, {}), measured.get(WRITE, {})
    if isinstance(reads, Unknown):
        return reads
    if isinstance(writes, Unknown):
        return writes
    return AccountCapacity(window_days=WINDOW_DAYS, read_percent=_most(reads), write_percent=_most(writes))


def _most(points: Points) -> Decimal | None:
    return max(points.values(), default=None)
