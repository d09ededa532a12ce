"""
What CloudWatch measured: GetMetricData, up to 500 series a call, over all tables together. Each series costs money: why something was
throttled is asked for only where it was, provisioned capacity only where there is any, and five-minute points only of busy tables.

Hours are asked for and added up here, so that peaks, days and both windows come from one answer. A table's series leave its indexes out:
each global index is asked for by itself. SuccessfulRequestLatency exists only per operation; its SampleCount is the number of requests
(the SampleCount of consumed units is not).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

from stj_audit.aws_failures import FAILURES, BrokenAnswer
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.scanners.failures import UNLIKE_AWS, UNREADABLE
from stj_audit.scanners.pace import POINTS_CALL
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

CALL = "cloudwatch:GetMetricData"
NAMESPACE = "AWS/DynamoDB"
WINDOW_DAYS = 30  # hourly data points are kept for 455 days
THROTTLE_WINDOW_DAYS = 14  # an older throttle was answered, or did not come back
QUERIES_PER_CALL = 500  # AWS's limit for GetMetricData
POINTS_PER_CALL = 100_800  # and its limit for data points
MOST_MEASURED = 10**15  # in a period: what no table comes near, and arithmetic still takes
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400

# Series of units are what capacity and auto scaling are played through with. A thousand idle tables must not hold a thousand month-long
# series in memory: below this many units in the window, reads and writes of the table and its indexes, there is nothing to play through.
KEPT_FROM_UNITS = 10_000
# Of an on-demand table from this size on, five minutes are worth asking for: burst capacity spans 300 seconds (AWS developer guide, "Burst
# and adaptive capacity"), so that what is shorter is absorbed. CloudWatch keeps such points for 63 days.
FINE_SECONDS = 300
FINE_FROM_UNITS = {"read": 25_000_000, "write": 5_000_000}
MICRO = Decimal("0.000001")

# CloudWatch metrics of DynamoDB, AWS developer guide, "DynamoDB metrics and dimensions"
CONSUMED = {"read": "ConsumedReadCapacityUnits", "write": "ConsumedWriteCapacityUnits"}
THROTTLES = {"read": "ReadThrottleEvents", "write": "WriteThrottleEvents"}
PROVISIONED = {"read": "ProvisionedReadCapacityUnits", "write": "ProvisionedWriteCapacityUnits"}
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
STREAM_READ = "GetRecords"

Points = Mapping[int, Decimal]
"""The start of a period, in seconds since 1970, to its value. Periods without a data point are not in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Units:
    """
    Whole units in each period from the first with a data point, counted from the start of the window, to the end of the window.

    A month of five-minute points takes about a fifth of the memory in this form.
    """

    first: int
    values: tuple[int, ...]


Answer = Points | Units | Unknown
"""What is known of a series: Units of those that are asked for in five minutes, Points of all others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """
    One series to ask for. `table` "" is the account; `index` None is the table itself, `stream_label` None all but its stream, and
    `delegated_operation` what DynamoDB does to another service in the table's name.
    """

    table: str
    metric: str
    index: str | None = None
    operation: str | None = None
    stream_label: str | None = None
    delegated_operation: str | None = None
    statistic: Literal["Sum", "SampleCount", "Average", "Maximum"] = "Sum"
    period_seconds: int = HOUR_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """`seconds` up to `end`, the last full hour, in seconds since 1970; days are counted back from the end."""

    end: int
    seconds: int = WINDOW_DAYS * DAY_SECONDS

    @property
    def start(self) -> int:
        return self.end - self.seconds

    @property
    def throttles_start(self) -> int:
        return self.end - THROTTLE_WINDOW_DAYS * DAY_SECONDS

    def periods(self, seconds: int) -> int:
        """How many periods of this length the window has."""
        return (self.end - self.start) // seconds

    def day(self, second: int) -> int:
        """The 24 hours in which `second` lies: 0 is the oldest of the window."""
        return (second - self.start) // DAY_SECONDS


def window_until(now: datetime) -> Window:
    seconds = int(now.timestamp())
    return Window(end=seconds - seconds % HOUR_SECONDS)


def series_of(table: Table) -> tuple[Series, ...]:
    """What is asked about every table: itself, then each of its global indexes."""
    names = _flow_names(table)
    flows = [
        Series(table=table.name, index=index, metric=metric)
        for index in names
        for metric in (*CONSUMED.values(), *THROTTLES.values())
    ]
    requests = [
        Series(table=table.name, metric=REQUESTS, operation=operation, statistic="SampleCount", period_seconds=DAY_SECONDS)
        for operation in OPERATIONS
    ]
    provisioned = [
        _provisioned(table.name, index, metric)
        for index in (names if table.billing_mode == "PROVISIONED" else ())
        for metric in PROVISIONED.values()
    ]
    stream = [] if table.stream_label is None else [_stream_reads(table.name, table.stream_label)]
    return (*flows, Series(table=table.name, metric=TIME_TO_LIVE_DELETES), *requests, *provisioned, *stream)


def batches(tables: Sequence[Table]) -> tuple[tuple[Series, ...], ...]:
    """
    The series of all tables, a call's worth at a time.

    The series of one table stay together, because what else is asked about it depends on all of them.
    """
    return packed(map(series_of, tables))


def packed(of_tables: Iterable[Sequence[Series]]) -> tuple[tuple[Series, ...], ...]:
    """The series of each table by call: the most first, each table where there is room for all of it, which leaves little room."""
    made: list[list[Series]] = []
    for own in sorted(of_tables, key=len, reverse=True):
        with_room = next((batch for batch in made if len(batch) + len(own) <= QUERIES_PER_CALL), None)
        if with_room is None:
            made.append(with_room := [])
        with_room += own
    return tuple(tuple(batch) for batch in made)


def on_demand_names(tables: Sequence[Table]) -> frozenset[str]:
    """The tables that `read` may ask more about when they are busy: what they would take if they were provisioned is not known."""
    return frozenset(table.name for table in tables if table.billing_mode == "PAY_PER_REQUEST")


def read(aws: Aws, batch: Sequence[Series], window: Window, on_demand: frozenset[str] = frozenset()) -> dict[Series, Answer]:
    """
    The points of each series within the window, those of the reasons of each throttled table or index, and the five-minute units of each
    busy table of `on_demand`.

    A series that CloudWatch could not give whole is Unknown, with its StatusCode; five-minute units are there or not. Raises BrokenAnswer
    when pages go in a circle.
    """
    measured = fetch(aws, batch, window)
    reasons = tuple(
        dict.fromkeys(
            Series(table=series.table, index=series.index, metric=reason)
            for series, points in measured.items()
            if series.metric in THROTTLES.values() and points and not isinstance(points, Unknown)
            for reason in THROTTLE_REASONS
        )
    )
    measured |= fetch(aws, reasons, window)
    return {**measured, **_fine_units(aws, measured, window, on_demand)}


def fetch(aws: Aws, wanted: Sequence[Series], window: Window) -> dict[Series, Points | Unknown]:
    """The points of each series in as many calls as it takes, none for none. What is Unknown, and what is raised, is as with `read`."""
    measured: dict[Series, Points | Unknown] = {}
    for part in _by_calls(wanted):
        measured |= _fetch(aws, part, window)
    return measured


def _fine_units(
    aws: Aws, measured: Mapping[Series, Points | Unknown], window: Window, on_demand: frozenset[str]
) -> dict[Series, Units]:
    """The five-minute units of busy tables: as far as they can be had, because hours are there already."""
    totals: dict[tuple[str, str], Decimal] = {}
    for series, points in measured.items():
        if series.metric in CONSUMED.values() and series.table in on_demand and not isinstance(points, Unknown):
            at = (series.table, series.metric)
            totals[at] = totals.get(at, Decimal(0)) + sum(points.values())
    busy = {
        table
        for table, metric in totals
        for direction, least in FINE_FROM_UNITS.items()
        if metric == CONSUMED[direction] and totals[table, metric] >= least
    }
    wanted = [
        _fine(series.table, series.index, series.metric)
        for series in measured
        if series.table in busy and series.metric in CONSUMED.values()
    ]
    found: dict[Series, Units] = {}
    for part in _by_calls(wanted, POINTS_PER_CALL // window.periods(FINE_SECONDS)):
        try:
            answered = _fetch(aws, part, window)
        except FAILURES:
            break  # the next would fail as this one did, each after all its retries
        found |= {
            series: _units(points, FINE_SECONDS, window) for series, points in answered.items() if not isinstance(points, Unknown)
        }
    return found


def _by_calls(wanted: Sequence[Series], series_per_call: int = QUERIES_PER_CALL) -> tuple[tuple[Series, ...], ...]:
    return tuple(tuple(wanted[start : start + series_per_call]) for start in range(0, len(wanted), series_per_call))


def _fetch(aws: Aws, batch: Sequence[Series], window: Window) -> dict[Series, Points | Unknown]:
    """One call for up to QUERIES_PER_CALL series, and from as many pages as AWS makes of the answer."""
    points_pace = aws.paces.get(POINTS_CALL)
    if points_pace is not None:
        points_pace.wait(sum(window.periods(series.period_seconds) for series in batch))
    ids = {f"q{number}": series for number, series in enumerate(batch)}
    request: dict[str, Any] = {
        "MetricDataQueries": [_query(name, series) for name, series in ids.items()],
        "StartTime": datetime.fromtimestamp(window.start, UTC),
        "EndTime": datetime.fromtimestamp(window.end, UTC),
        "ScanBy": "TimestampAscending",
    }
    points: dict[str, dict[int, Decimal]] = {name: {} for name in ids}
    states: dict[str, str] = {}
    try:
        for page in pages("GetMetricData", aws.cloudwatch.get_metric_data, **request):
            for result in page["MetricDataResults"]:
                if result["Id"] in points:
                    state = _collect(result, points[result["Id"]], window)
                    # A page that could not be read is missing, however the others are; what is partial a later page completes
                    states[result["Id"]] = UNREADABLE if UNREADABLE in (state, states.get(result["Id"])) else state
    except UNLIKE_AWS as error:
        raise BrokenAnswer("GetMetricData") from error
    return {
        series: points[name] if states.get(name) == "Complete" else Unknown(call=CALL, reason=states.get(name, UNREADABLE))
        for name, series in ids.items()
    }


def of_table(table: Table, measured: Mapping[Series, Answer], window: Window, now: datetime) -> Traffic | Unknown:
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
        if not isinstance(found, Units):  # only what is asked for besides comes so
            points[series] = found
    flows = _flow_names(table)
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
        if series.operation in OPERATIONS and sum(points[series].values()) > 0
    }
    deletes = _since(points[Series(table=table.name, metric=TIME_TO_LIVE_DELETES)], window.throttles_start)
    stream = {} if table.stream_label is None else points[_stream_reads(table.name, table.stream_label)]
    period_seconds, units = _series(table, points, measured, window)
    return Traffic(
        window_days=WINDOW_DAYS,
        throttle_window_days=THROTTLE_WINDOW_DAYS,
        covered_days=_covered_days(WINDOW_DAYS - min(days), table.created_at, now),
        table=_flow(table.name, None, points, units, window),
        indexes={index: _flow(table.name, index, points, units, window) for index in flows if index is not None},
        calls=requests,
        time_to_live_deletes=int(sum(deletes.values())) if deletes else None,
        series_period_seconds=period_seconds,
        stream_reads=int(sum(stream.values())) if stream else None,
    )


def _flow_names(table: Table) -> tuple[str | None, ...]:
    """What has metrics of its own: the table (None), and each global index."""
    return (None, *(index.name for index in table.global_indexes))


def _provisioned(table: str, index: str | None, metric: str) -> Series:
    return Series(table=table, index=index, metric=metric, statistic="Average")


def _stream_reads(table: str, label: str) -> Series:
    return Series(
        table=table,
        metric=REQUESTS,
        operation=STREAM_READ,
        stream_label=label,
        statistic="SampleCount",
        period_seconds=DAY_SECONDS,
    )


def _fine(table: str, index: str | None, metric: str) -> Series:
    return Series(table=table, index=index, metric=metric, period_seconds=FINE_SECONDS)


def _series(
    table: Table, points: Mapping[Series, Points], measured: Mapping[Series, Answer], window: Window
) -> tuple[int, dict[tuple[str | None, str], tuple[int, ...]]]:
    """
    The length of a period, and the units in each by (index, metric).

    Five-minute periods only when every flow has them, and all that the hours have: rounded up, they can only be more.
    """
    flows = [(index, metric) for index in _flow_names(table) for metric in CONSUMED.values()]
    hourly = {flow: points[Series(table=table.name, index=flow[0], metric=flow[1])] for flow in flows}
    if sum(sum(values.values()) for values in hourly.values()) < KEPT_FROM_UNITS:
        return HOUR_SECONDS, {}
    fine = {flow: answer for flow in flows if isinstance(answer := measured.get(_fine(table.name, *flow)), Units)}
    if len(fine) == len(flows) and all(sum(fine[flow].values) >= sum(hourly[flow].values()) for flow in flows):
        return FINE_SECONDS, _aligned(fine)
    return HOUR_SECONDS, _aligned({flow: _units(values, HOUR_SECONDS, window) for flow, values in hourly.items()})


def _units(points: Points, period_seconds: int, window: Window) -> Units:
    count = window.periods(period_seconds)
    by_period = {
        (second - window.start) // period_seconds: int(value.to_integral_value(ROUND_CEILING)) for second, value in points.items()
    }
    first = min(by_period, default=count)
    return Units(first=first, values=tuple(by_period.get(period, 0) for period in range(first, count)))


def _aligned(flows: Mapping[tuple[str | None, str], Units]) -> dict[tuple[str | None, str], tuple[int, ...]]:
    """Every flow from the first period that any of them has."""
    first = min(units.first for units in flows.values())
    return {flow: (0,) * (units.first - first) + units.values for flow, units in flows.items()}


def _query(name: str, series: Series) -> dict[str, Any]:
    dimensions = {
        "TableName": series.table or None,
        "GlobalSecondaryIndexName": series.index,
        "Operation": series.operation,
        "StreamLabel": series.stream_label,
        "DelegatedOperation": series.delegated_operation,
    }
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
    if len(times) != len(values) or not all(type(value) in (int, float) and 0 <= value <= MOST_MEASURED for value in values):
        return UNREADABLE
    for time, value in zip(times, values, strict=True):
        second = int(time.timestamp() if isinstance(time, datetime) else time)
        if window.start <= second < window.end:
            into[second] = Decimal(str(value))
    status = str(result.get("StatusCode", "Complete"))
    return status if status.isalpha() else UNREADABLE


def _flow(
    table: str,
    index: str | None,
    points: Mapping[Series, Points],
    units: Mapping[tuple[str | None, str], tuple[int, ...]],
    window: Window,
) -> Flow:
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
        read_series=units.get((index, CONSUMED["read"]), ()),
        write_series=units.get((index, CONSUMED["write"]), ()),
        provisioned_read_units=_mean(points.get(_provisioned(table, index, PROVISIONED["read"]), {})),
        provisioned_write_units=_mean(points.get(_provisioned(table, index, PROVISIONED["write"]), {})),
    )


def _since(points: Points, start: int) -> Points:
    return {second: value for second, value in points.items() if second >= start}


def _total(points: Points) -> Decimal | None:
    return sum(points.values(), Decimal(0)) if points else None


def _mean(points: Points) -> Decimal | None:
    """Over the periods that have a data point."""
    return (sum(points.values(), Decimal(0)) / len(points)).quantize(MICRO) if points else None


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


def _covered_days(days: int, created_at: datetime | None, now: datetime) -> Decimal:
    """
    The days since the first that has a datapoint: an idle day after it has none, and is a day all the same. At least an hour, and never more
    than the table's age: a table made this morning has not been quiet for 30 days.
    """
    if created_at is None:
        return Decimal(days)
    age = Decimal(int((now - created_at) / timedelta(seconds=1))) / DAY_SECONDS
    return max(min(Decimal(days), age), Decimal(1) / 24)
