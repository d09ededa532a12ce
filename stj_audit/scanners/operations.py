"""
How requests went: their latency, their errors, and what they gave back. CloudWatch bills by the metric: each is asked only of tables that
had enough requests to be judged by it, which the traffic tells; quiet tables are asked nothing more.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from stj_audit.facts import (
    ENOUGH_REQUESTS,
    LARGE_WRITE_UNITS,
    MOSTLY_QUERY_SHARE,
    READING_OPERATIONS,
    TRANSACTIONS,
    Operations,
    Traffic,
    Unknown,
)
from stj_audit.scanners.failures import UNREADABLE
from stj_audit.scanners.traffic import CALL, CONSUMED, DAY_SECONDS, HOUR_SECONDS, REQUESTS, Answer, Points, Series, Units

# CloudWatch metrics of DynamoDB, AWS developer guide, "DynamoDB metrics and dimensions"
SINGLE_ITEM = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
SYSTEM_ERRORS = "SystemErrors"
FAILED_CONDITIONS = "ConditionalCheckFailedRequests"
CONFLICTS = "TransactionConflict"  # Sum is the number of items, SampleCount that of requests
RETURNED = "ReturnedItemCount"
COLLECTIONS = ("Query", "Scan")
# Changes of the table that go to a Kinesis data stream
UNREPLICATED = "FailedToReplicateRecordCount"
THROTTLED_RECORDS = "ThrottledPutRecordCount"  # has no Sum


def series_of(table: str, traffic: Traffic) -> tuple[Series, ...]:
    """What more is worth asking about a table with this traffic."""
    calls = traffic.calls
    wanted = [_latency(table, operation) for operation in SINGLE_ITEM if calls.get(operation, 0) >= ENOUGH_REQUESTS]
    wanted += [_by_day(table, SYSTEM_ERRORS, operation) for operation, number in calls.items() if number >= ENOUGH_REQUESTS]
    written = traffic.table.write_units or 0
    if written >= ENOUGH_REQUESTS:
        wanted += [_by_day(table, FAILED_CONDITIONS), _unreplicated(table), _throttled_records(table)]
    if sum(calls.get(operation, 0) for operation in TRANSACTIONS) >= ENOUGH_REQUESTS:
        wanted.append(_conflicts(table))
    if calls.get("Scan", 0) >= traffic.covered_days * 24:
        wanted.append(_scans(table))
    queries, reads = calls.get("Query", 0), sum(calls.get(operation, 0) for operation in READING_OPERATIONS)
    if queries >= ENOUGH_REQUESTS and queries >= reads * MOSTLY_QUERY_SHARE:
        wanted += [_by_day(table, RETURNED, operation) for operation in COLLECTIONS if calls.get(operation)]
    if written >= LARGE_WRITE_UNITS:
        wanted.append(_largest_write(table))
    return tuple(wanted)


def of_table(table: str, traffic: Traffic | Unknown, measured: Mapping[Series, Answer] | Unknown) -> Operations | Unknown:
    """From the points of what `series_of` wanted. Unknown when the traffic is, and when a series is."""
    if isinstance(traffic, Unknown):
        return traffic
    wanted = series_of(table, traffic)
    points: dict[Series, Points] = {}
    for series in wanted:
        found = measured if isinstance(measured, Unknown) else measured.get(series)
        if isinstance(found, Unknown):
            return found
        if found is None or isinstance(found, Units):
            return Unknown(call=CALL, reason=UNREADABLE)
        points[series] = found
    latencies = {operation: points.get(_latency(table, operation)) for operation in SINGLE_ITEM}
    returned = {operation: points.get(_by_day(table, RETURNED, operation)) for operation in COLLECTIONS}
    scans = points.get(_scans(table))
    largest = points.get(_largest_write(table))
    unreplicated, throttled = points.get(_unreplicated(table)), points.get(_throttled_records(table))
    return Operations(
        latency_ms={
            operation: sum(days.values(), Decimal(0)) / traffic.calls[operation] for operation, days in latencies.items() if days
        },
        system_errors={
            operation: _sum(points[series])
            for operation in traffic.calls
            if (series := _by_day(table, SYSTEM_ERRORS, operation)) in points
        },
        failed_conditions=_failures(points.get(_by_day(table, FAILED_CONDITIONS))),
        transaction_conflicts=_failures(points.get(_conflicts(table))),
        scan_hours=None if scans is None else sum(1 for number in scans.values() if number > 1),
        returned_items={operation: _sum(days) for operation, days in returned.items() if days},
        largest_write_units=max(largest.values()) if largest else None,
        unreplicated_records=_sum(unreplicated) if unreplicated else None,
        throttled_records=int(max(throttled.values())) if throttled else None,
    )


def _failures(points: Points | None) -> int | None:
    """None: not asked. No point: nothing failed."""
    return None if points is None else _sum(points)


def _sum(points: Points) -> int:
    return int(sum(points.values()))


def _by_day(
    table: str,
    metric: str,
    operation: str | None = None,
    statistic: Literal["Sum", "SampleCount", "Maximum"] = "Sum",
) -> Series:
    return Series(table=table, metric=metric, operation=operation, statistic=statistic, period_seconds=DAY_SECONDS)


def _latency(table: str, operation: str) -> Series:
    """Milliseconds added up: with the number of requests, which the traffic has, the mean of the window is exact."""
    return _by_day(table, REQUESTS, operation)


def _conflicts(table: str) -> Series:
    return _by_day(table, CONFLICTS, statistic="SampleCount")


def _scans(table: str) -> Series:
    return Series(table=table, metric=REQUESTS, operation="Scan", statistic="SampleCount", period_seconds=HOUR_SECONDS)


def _largest_write(table: str) -> Series:
    """The largest of a day is that of its minutes."""
    return _by_day(table, CONSUMED["write"], statistic="Maximum")


def _unreplicated(table: str) -> Series:
    return Series(table=table, metric=UNREPLICATED, delegated_operation="PutRecord", period_seconds=DAY_SECONDS)


def _throttled_records(table: str) -> Series:
    return Series(
        table=table, metric=THROTTLED_RECORDS, delegated_operation="PutRecord", statistic="Maximum", period_seconds=DAY_SECONDS
    )
