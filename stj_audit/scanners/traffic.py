"""
What CloudWatch measured: GetMetricData, up to 500 series a call, over all tables together. Why something was throttled is asked for only
where it was: each series costs money.

Hours are asked for and added up here, so that peaks, days and both windows come from one answer. A table's series leave its indexes out:
each global index is asked for by itself. SuccessfulRequestLatency exists only per operation; its SampleCount is the number of requests
(the SampleCount of consumed units is not).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, cast

from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.scanners.failures import UNREADABLE
from stj_audit.scanners.guard import RAW, BrokenAnswer
from stj_audit.scanners.session import Aws

CALL = "cloudwatch:GetMetricData"
NAMESPACE = "AWS/DynamoDB"
WINDOW_DAYS = 30  # hourly data points are kept for 455 days
THROTTLE_WINDOW_DAYS = 14  # an older throttle was answered, or did not come back
QUERIES_PER_CALL = 500  # AWS's limit for GetMetricData
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400

# CloudWatch metrics of DynamoDB, AWS developer guide, "DynamoDB metrics and dimensions"
CONSUMED = {"read": "ConsumedReadCapacityUnits", "write": "ConsumedWriteCapacityUnits"}
THROTTLES = {"read": "ReadThrottleEvents", "write": "WriteThrottleEvents"}
THROTTLE_REASONS = tuple(
    f"{direction}{cause}ThrottleEvents"
    for direction in ("Read", "Write")
    for cause in ("ProvisionedThroughput", "KeyRangeThroughput", "AccountLimit", "MaxOnDemandThroughput")
)
TIME_TO_LIVE_DELETES = "TimeToLiveDeletedItemCount"
REQUESTS = "SuccessfulRequestLatency"
OPERATIONS = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
    "ExecuteStatement",
    "BatchExecuteStatement",
    "ExecuteTransaction",
)

Points = Mapping[int, Decimal]
"""The start of a period, in seconds since 1970, to its value. Periods without a data point are not in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One series to ask for. `index` None is the table itself."""

    table: str
    metric: str
    index: str | None = None
    operation: str | None = None
    statistic: Literal["Sum", "SampleCount"] = "Sum"
    period_seconds: int = HOUR_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """`WINDOW_DAYS` up to the last full hour, in seconds since 1970; days are counted back from the end."""

    end: int

    @property
    def start(self) -> int:
        return self.end - WINDOW_DAYS * DAY_SECONDS

    @property
    def throttles_start(self) -> int:
        return self.end - THROTTLE_WINDOW_DAYS * DAY_SECONDS

    def day(self, second: int) -> int:
        """The 24 hours in which `second` lies: 0 is the oldest of the window."""
        return (second - self.start) // DAY_SECONDS


def window_until(now: datetime) -> Window:
    seconds = int(now.timestamp())
    return Window(end=seconds - seconds % HOUR_SECONDS)


def series_of(table: Table) -> tuple[Series, ...]:
    """What is asked about every table: itself, then each of its global indexes."""
    flows = [
        Series(table=table.name, index=index, metric=metric)
        for index in (None, *(index.name for index in table.global_indexes))
        for metric in (*CONSUMED.values(), *THROTTLES.values())
    ]
    requests = [
        Series(table=table.name, metric=REQUESTS, operation=operation, statistic="SampleCount", period_seconds=DAY_SECONDS)
        for operation in OPERATIONS
    ]
    return (*flows, Series(table=table.name, metric=TIME_TO_LIVE_DELETES), *requests)


def batches(tables: Sequence[Table]) -> tuple[tuple[Series, ...], ...]:
    """The series of all tables, a call's worth at a time."""
    return _by_calls([series for table in tables for series in series_of(table)])


def read(aws: Aws, batch: Sequence[Series], window: Window) -> dict[Series, Points | Unknown]:
    """
    The points of each series within the window, and those of the reasons of each throttled table or index.

    A series that CloudWatch could not give whole is Unknown, with its StatusCode. Raises BrokenAnswer when pages go in a circle.
    """
    measured = _fetch(aws, batch, window)
    reasons = tuple(
        dict.fromkeys(
            Series(table=series.table, index=series.index, metric=reason)
            for series, points in measured.items()
            if series.metric in THROTTLES.values() and points and not isinstance(points, Unknown)
            for reason in THROTTLE_REASONS
        )
    )
    for part in _by_calls(reasons):
        measured |= _fetch(aws, part, window)
    return measured


def _by_calls(wanted: Sequence[Series]) -> tuple[tuple[Series, ...], ...]:
    return tuple(tuple(wanted[start : start + QUERIES_PER_CALL]) for start in range(0, len(wanted), QUERIES_PER_CALL))


def _fetch(aws: Aws, batch: Sequence[Series], window: Window) -> dict[Series, Points | Unknown]:
    """One call for up to QUERIES_PER_CALL series, and from as many pages as AWS makes of the answer."""
    ids = {f"q{number}": series for number, series in enumerate(batch)}
    request: dict[str, Any] = {
        "MetricDataQueries": [_query(name, series) for name, series in ids.items()],
        "StartTime": datetime.fromtimestamp(window.start, UTC),
        "EndTime": datetime.fromtimestamp(window.end, UTC),
        "ScanBy": "TimestampAscending",
    }
    points: dict[str, dict[int, Decimal]] = {name: {} for name in ids}
    states: dict[str, str] = {}
    seen: set[str] = set()
    while True:
        answer = cast("dict[str, Any]", aws.cloudwatch.get_metric_data(**request))
        page = answer.get(RAW, answer)
        for result in page["MetricDataResults"]:
            if result["Id"] in points:
                states[result["Id"]] = _collect(result, points[result["Id"]], window)
        token = page.get("NextToken")
        if not token:
            break
        if token in seen:
            raise BrokenAnswer("GetMetricData")
        seen.add(token)
        request["NextToken"] = token
    return {
        series: points[name] if states.get(name) == "Complete" else Unknown(call=CALL, reason=states.get(name, UNREADABLE))
        for name, series in ids.items()
    }


def of_table(table: Table, measured: Mapping[Series, Points | Unknown], window: Window, now: datetime) -> Traffic | Unknown:
    """
    The traffic of one table from the points of all its series.

    Unknown when a series is, and when neither the table nor an index has a data point of consumed units in the window.
    """
    points: dict[Series, Points] = {}
    throttled = [
        Series(table=series.table, index=series.index, metric=reason)
        for series in series_of(table)
        if series.metric in THROTTLES.values() and measured.get(series)
        for reason in THROTTLE_REASONS
    ]
    for series in (*series_of(table), *throttled):
        found = measured.get(series, Unknown(call=CALL, reason=UNREADABLE))
        if isinstance(found, Unknown):
            return found
        points[series] = found
    flows = [None, *(index.name for index in table.global_indexes)]
    days = {
        window.day(second)
        for index in flows
        for metric in CONSUMED.values()
        for second in points[Series(table=table.name, index=index, metric=metric)]
    }
    if not days:
        return Unknown(call=CALL, reason=f"no data in the last {WINDOW_DAYS} days")
    requests = {
        series.operation: int(sum(points[series].values()))
        for series in points
        if series.operation is not None and sum(points[series].values()) > 0
    }
    deletes = _since(points[Series(table=table.name, metric=TIME_TO_LIVE_DELETES)], window.throttles_start)
    return Traffic(
        window_days=WINDOW_DAYS,
        throttle_window_days=THROTTLE_WINDOW_DAYS,
        covered_days=_covered_days(len(days), table.created_at, now),
        table=_flow(table.name, None, points, window),
        indexes={index: _flow(table.name, index, points, window) for index in flows if index is not None},
        calls=requests,
        time_to_live_deletes=int(sum(deletes.values())) if deletes else None,
    )


def _query(name: str, series: Series) -> dict[str, Any]:
    dimensions = {"TableName": series.table, "GlobalSecondaryIndexName": series.index, "Operation": series.operation}
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": series.metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items() if value is not None],
            },
            "Period": series.period_seconds,
            "Stat": series.statistic,
        },
        "ReturnData": True,
    }


def _collect(result: Mapping[str, Any], into: dict[int, Decimal], window: Window) -> str:
    """Add the points of one result on one page; gives the StatusCode."""
    times, values = result.get("Timestamps", ()), result.get("Values", ())
    if len(times) != len(values):
        return UNREADABLE
    for time, value in zip(times, values, strict=True):
        second = int(time.timestamp() if isinstance(time, datetime) else time)
        if window.start <= second < window.end:
            into[second] = Decimal(str(value))
    status = str(result.get("StatusCode", "Complete"))
    return status if status.isalpha() else UNREADABLE


def _flow(table: str, index: str | None, points: Mapping[Series, Points], window: Window) -> Flow:
    def of(metric: str) -> Points:
        return points.get(Series(table=table, index=index, metric=metric), {})

    read, write = of(CONSUMED["read"]), of(CONSUMED["write"])
    read_throttles, write_throttles = of(THROTTLES["read"]), of(THROTTLES["write"])
    consumed_seconds = read.keys() | write.keys()
    measured = bool(consumed_seconds)
    measured_lately = any(second >= window.throttles_start for second in consumed_seconds)
    reads_lately = _since(read_throttles, window.throttles_start)
    writes_lately = _since(write_throttles, window.throttles_start)
    return Flow(
        read_units=_total(read),
        write_units=_total(write),
        read_units_14_days=_total(_since(read, window.throttles_start)),
        write_units_14_days=_total(_since(write, window.throttles_start)),
        peak_hour_read_units=max(read.values(), default=None),
        peak_hour_write_units=max(write.values(), default=None),
        read_throttles=_events(reads_lately, measured=measured_lately),
        write_throttles=_events(writes_lately, measured=measured_lately),
        read_throttles_30_days=_events(read_throttles, measured=measured),
        write_throttles_30_days=_events(write_throttles, measured=measured),
        throttled_days=len({window.day(second) for one in (reads_lately, writes_lately) for second in one if one[second] > 0}),
        worst_hour_throttle_share=_worst_share(((reads_lately, read), (writes_lately, write)), measured=measured_lately),
        throttle_reasons={
            metric: events
            for metric in THROTTLE_REASONS
            if (events := int(sum(_since(of(metric), window.throttles_start).values()))) > 0
        },
        throttles_by_day=_by_day((read_throttles, write_throttles), window)
        if measured or read_throttles or write_throttles
        else (),
    )


def _since(points: Points, start: int) -> Points:
    return {second: value for second, value in points.items() if second >= start}


def _total(points: Points) -> Decimal | None:
    return sum(points.values(), Decimal(0)) if points else None


def _events(points: Points, *, measured: bool) -> int | None:
    """CloudWatch gets throttle metrics only when something is throttled: none at all means zero where consumption was measured."""
    if points:
        return int(sum(points.values()))
    return 0 if measured else None


def _worst_share(pairs: Sequence[tuple[Points, Points]], *, measured: bool) -> Decimal | None:
    """Reads and writes apart: a table that rejects its few writes is in trouble, however many reads it serves."""
    shares = [
        events / (events + consumed.get(second, Decimal(0)))
        for throttles, consumed in pairs
        for second, events in throttles.items()
        if events > 0
    ]
    if shares:
        return max(shares)
    return Decimal(0) if measured else None


def _by_day(all_points: Sequence[Points], window: Window) -> tuple[int, ...]:
    days = [0] * WINDOW_DAYS
    for points in all_points:
        for second, events in points.items():
            days[window.day(second)] += int(events)
    return tuple(days)


def _covered_days(days_with_data: int, created_at: datetime | None, now: datetime) -> Decimal:
    """At least an hour, and never more than the table's age: a table made this morning has not been quiet for 30 days."""
    if created_at is None:
        return Decimal(days_with_data)
    age = Decimal(int((now - created_at) / timedelta(seconds=1))) / DAY_SECONDS
    return max(min(Decimal(days_with_data), age), Decimal(1) / 24)
