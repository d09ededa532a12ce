"""No data, zero and a refusal are three things; hours add up to windows, days and shares, and busy tables have five-minute series."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.scanners import Aws, traffic
from stj_audit.scanners.traffic import (
    CONSUMED,
    FINE_SECONDS,
    HOUR_SECONDS,
    OPERATIONS,
    PROVISIONED,
    THROTTLE_REASONS,
    Answer,
    Points,
    Series,
    Units,
)
from tests.builders import a_table, an_index
from tests.scanners.answers import answer, answer_with, client, error

NOW = datetime(2026, 11, 22, 18, 37, 11, tzinfo=UTC)
WINDOW = traffic.window_until(NOW)
TABLE = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
READS, WRITES = CONSUMED["read"], CONSUMED["write"]
STREAMED = replace(TABLE, stream_label="2026-01-02T03:04:05.678")
PROVISIONED_TABLE = replace(TABLE, billing_mode="PROVISIONED")
ON_DEMAND = frozenset({"orders"})
FINE_PERIODS = 30 * 24 * 12


def hours_ago(number: int) -> int:
    """The start of the hour that ended `number - 1` hours before the window did."""
    return WINDOW.end - number * HOUR_SECONDS


def points(by_hours_ago: Mapping[int, float | int]) -> Points:
    return {hours_ago(number): Decimal(str(value)) for number, value in by_hours_ago.items()}


def judged(
    found: Mapping[tuple[str | None, str], Points | Unknown],
    *,
    table: Table = TABLE,
    now: datetime = NOW,
    besides: Mapping[Series, Answer] | None = None,
) -> Traffic | Unknown:
    """`of_table`, where every series is empty but those given by (index, metric), and those given whole."""
    measured: dict[Series, Answer] = {
        Series(table=table.name, index=index, metric=reason): {} for index in (None, "by-status") for reason in THROTTLE_REASONS
    }
    measured |= {series: {} for series in traffic.series_of(table)}
    for (index, metric), values in found.items():
        measured[Series(table=table.name, index=index, metric=metric)] = values
    measured |= besides or {}
    return traffic.of_table(table, measured, WINDOW, now)


def known(found: Mapping[tuple[str | None, str], Points | Unknown], **extra: Any) -> Traffic:
    result = judged(found, **extra)
    assert isinstance(result, Traffic)
    return result


def test_the_window_ends_with_the_last_full_hour() -> None:
    assert datetime.fromtimestamp(WINDOW.end, UTC) == datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert datetime.fromtimestamp(WINDOW.start, UTC) == datetime(2026, 10, 23, 18, tzinfo=UTC)


def test_asks_the_table_and_each_global_index_apart_and_no_local_one() -> None:
    asked = traffic.series_of(TABLE)
    assert {series.index for series in asked} == {None, "by-status"}
    assert len(asked) == 2 * 4 + 1 + len(OPERATIONS)
    requests = [series for series in asked if series.operation]
    assert {(one.metric, one.statistic, one.period_seconds) for one in requests} == {
        ("SuccessfulRequestLatency", "SampleCount", 86_400)
    }
    assert {one.period_seconds for one in asked if not one.operation} == {3_600}


def test_provisioned_capacity_is_asked_only_where_there_is_any() -> None:
    more = set(traffic.series_of(PROVISIONED_TABLE)) - set(traffic.series_of(TABLE))
    assert {(one.index, one.metric, one.statistic, one.period_seconds) for one in more} == {
        (index, metric, "Average", 3_600) for index in (None, "by-status") for metric in PROVISIONED.values()
    }
    assert len(traffic.series_of(PROVISIONED_TABLE)) == 2 * 6 + 1 + len(OPERATIONS)


def test_the_stream_is_asked_only_where_there_is_one() -> None:
    [more] = set(traffic.series_of(STREAMED)) - set(traffic.series_of(TABLE))
    assert more == Series(
        table="orders",
        metric="SuccessfulRequestLatency",
        operation="GetRecords",
        stream_label="2026-01-02T03:04:05.678",
        statistic="SampleCount",
        period_seconds=86_400,
    )


def test_batches_hold_up_to_500_series_and_each_table_whole() -> None:
    many = [a_table(name=f"t{number:02}") for number in range(30)]
    made = traffic.batches(many)
    assert [len(batch) for batch in made] == [27 * 18, 3 * 18]
    assert [series for batch in made for series in batch] == [series for table in many for series in traffic.series_of(table)]
    assert traffic.batches([]) == ()
    large = a_table(indexes=tuple(an_index(f"i{number}") for number in range(130)))
    assert [len(batch) for batch in traffic.batches([many[0], large, many[1]])] == [18 + 130 * 4, 36]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=120))
def test_calls_are_full_but_for_the_last(indexes: list[int]) -> None:
    """Whatever the tables: each is whole in one call, none is left out, and no call but the last has room for the largest table."""
    tables = [
        a_table(name=f"t{number}", indexes=tuple(an_index(f"i{one}") for one in range(many))) for number, many in enumerate(indexes)
    ]
    made = traffic.batches(tables)
    assert max(map(len, made)) <= 500
    assert sorted(series.table for batch in made for series in dict.fromkeys(batch)) == sorted(
        series.table for table in tables for series in traffic.series_of(table)
    )
    assert sum(len({series.table for series in batch}) for batch in made) == len(tables)
    largest = max(len(traffic.series_of(table)) for table in tables)
    assert all(len(batch) + largest > 500 for batch in made[:-1])


def test_a_table_with_more_series_than_a_call_takes_is_asked_in_several(aws: Aws) -> None:
    large = a_table(indexes=tuple(an_index(f"i{number}") for number in range(130)))
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    [batch] = traffic.batches([large])
    assert set(traffic.read(aws, batch, WINDOW)) == set(batch)
    assert [len(request["MetricDataQueries"]) for request in requests] == [500, 38]


# ---------------------------------------------------------------------------------------------- no data, zero, refused


def test_no_data_at_all_is_unknown_and_not_zero() -> None:
    assert judged({}) == Unknown(call="cloudwatch:GetMetricData", reason="no data in the last 30 days")


def test_measured_zero_is_zero() -> None:
    found = known({(None, READS): points({5: 0})})
    assert found.table.read_units == 0
    assert found.table.write_units is None
    assert found.covered_days == 1


def test_a_refused_series_is_its_reason() -> None:
    forbidden = Unknown(call="cloudwatch:GetMetricData", reason="Forbidden")
    assert judged({(None, READS): points({1: 1}), ("by-status", WRITES): forbidden}) == forbidden


def test_no_throttle_data_is_zero_only_where_consumption_was_measured() -> None:
    found = known({(None, WRITES): points({1: 3})})
    assert (found.table.read_throttles, found.table.write_throttles, found.table.write_throttles_30_days) == (0, 0, 0)
    assert found.table.worst_hour_throttle_share == 0
    assert found.table.throttles_by_day == (0,) * 30
    assert found.indexes["by-status"] == Flow()


def test_consumption_of_three_weeks_ago_says_nothing_of_the_last_two() -> None:
    found = known({(None, READS): points({24 * 20: 7})}).table
    assert (found.read_units, found.read_units_14_days) == (Decimal(7), None)
    assert (found.read_throttles, found.read_throttles_30_days) == (None, 0)
    assert found.worst_hour_throttle_share is None


# --------------------------------------------------------------------------------------------------------------- sums


def test_sums_by_window_and_the_busiest_hour() -> None:
    flow = known({(None, READS): points({1: 10.5, 2: 0.5, 24 * 14: 4, 24 * 14 + 1: 100, 24 * 30: 1000})}).table
    assert flow.read_units == Decimal("1115.0")
    assert flow.read_units_14_days == Decimal("15.0")
    assert flow.peak_hour_read_units == 1000
    assert flow.peak_hour_write_units is None


def test_index_and_table_are_added_up_apart() -> None:
    found = known({(None, WRITES): points({1: 10}), ("by-status", WRITES): points({1: 30})})
    assert found.table.write_units == 10
    assert found.indexes["by-status"].write_units == 30
    assert set(found.indexes) == {"by-status"}


def test_throttles_by_window_day_and_reason() -> None:
    reason = "WriteKeyRangeThroughputThrottleEvents"
    flow = known(
        {
            (None, WRITES): points({1: 90, 30: 10}),
            (None, "WriteThrottleEvents"): points({1: 10, 2: 0, 30: 30, 24 * 14 + 1: 500}),
            (None, "ReadThrottleEvents"): points({25: 1}),
            (None, reason): points({1: 10, 24 * 14 + 1: 500}),
            (None, "WriteAccountLimitThrottleEvents"): points({24 * 14 + 1: 500}),
        }
    ).table
    assert (flow.write_throttles, flow.write_throttles_30_days) == (40, 540)
    assert (flow.read_throttles, flow.read_throttles_30_days) == (1, 1)
    assert flow.throttled_days == 2
    assert flow.throttle_reasons == {reason: 10}
    assert flow.throttles_by_day[-1] == 10
    assert flow.throttles_by_day[-2] == 31
    assert flow.throttles_by_day[-15] == 500
    assert (len(flow.throttles_by_day), sum(flow.throttles_by_day)) == (30, 541)


def test_the_worst_hour_counts_reads_and_writes_apart() -> None:
    flow = known(
        {
            (None, READS): points({1: 100_000, 2: 99}),
            (None, "ReadThrottleEvents"): points({2: 1}),
            (None, WRITES): points({1: 75}),
            (None, "WriteThrottleEvents"): points({1: 25}),
        }
    ).table
    assert flow.worst_hour_throttle_share == Decimal("0.25")


def test_an_hour_in_which_everything_was_throttled() -> None:
    flow = known({(None, READS): points({9: 1}), (None, "ReadThrottleEvents"): points({1: 5})}).table
    assert flow.worst_hour_throttle_share == 1


def test_calls_and_deletes() -> None:
    measured: dict[Series, Points | Unknown] = {series: {} for series in traffic.series_of(TABLE)}
    for series in traffic.series_of(TABLE):
        if series.operation in ("GetItem", "Query"):
            measured[series] = points({24: 100, 48: 20})
        elif series.operation == "Scan":
            measured[series] = points({24: 0})
    measured[Series(table="orders", metric=READS)] = points({1: 1})
    measured[Series(table="orders", metric="TimeToLiveDeletedItemCount")] = points({1: 5, 24 * 14 + 1: 1000})
    found = traffic.of_table(TABLE, measured, WINDOW, NOW)
    assert isinstance(found, Traffic)
    assert found.calls == {"GetItem": 120, "Query": 120}
    assert found.time_to_live_deletes == 5
    assert known({(None, READS): points({1: 1})}).time_to_live_deletes is None


def test_provisioned_capacity_is_the_mean_of_the_hours_that_have_one() -> None:
    def average(index: str | None, metric: str) -> Series:
        return Series(table="orders", index=index, metric=metric, statistic="Average")

    found = known(
        {(None, READS): points({1: 1})},
        table=PROVISIONED_TABLE,
        besides={
            average(None, PROVISIONED["read"]): points({1: 5, 2: 10, 50: 5}),
            average("by-status", PROVISIONED["write"]): points({1: 7.5}),
        },
    )
    assert (found.table.provisioned_read_units, found.table.provisioned_write_units) == (Decimal("6.666667"), None)
    index = found.indexes["by-status"]
    assert (index.provisioned_read_units, index.provisioned_write_units) == (None, Decimal("7.500000"))
    on_demand = known({(None, READS): points({1: 1})}).table
    assert (on_demand.provisioned_read_units, on_demand.provisioned_write_units) == (None, None)


def test_stream_reads_are_no_calls_of_the_table() -> None:
    [series] = set(traffic.series_of(STREAMED)) - set(traffic.series_of(TABLE))
    consumed: dict[tuple[str | None, str], Points] = {(None, READS): points({1: 1})}
    found = known(consumed, table=STREAMED, besides={series: points({24: 100, 24 * 20: 20})})
    assert (found.stream_reads, found.calls) == (120, {})
    assert known(consumed, table=STREAMED).stream_reads is None
    assert known(consumed).stream_reads is None
    forbidden = Unknown(call="cloudwatch:GetMetricData", reason="Forbidden")
    assert judged(consumed, table=STREAMED, besides={series: forbidden}) == forbidden


# -------------------------------------------------------------------------------------------------------------- series


def test_series_begin_together_end_with_the_window_and_have_no_gaps() -> None:
    found = known({(None, READS): points({3: 9_000.5, 1: 0.5}), ("by-status", WRITES): points({5: 1_000, 2: 7.0})})
    assert found.series_period_seconds == 3_600
    assert found.table.read_series == (0, 0, 9_001, 0, 1)
    assert found.table.write_series == (0, 0, 0, 0, 0)
    assert found.indexes["by-status"].read_series == (0, 0, 0, 0, 0)
    assert found.indexes["by-status"].write_series == (1_000, 0, 0, 7, 0)


def test_a_measured_zero_begins_a_series() -> None:
    assert known({(None, READS): points({4: 0}), (None, WRITES): points({2: 10_000})}).table.write_series == (0, 0, 10_000, 0)


def test_a_series_is_kept_from_10_000_units_of_everything_together() -> None:
    half, index = (None, READS), ("by-status", WRITES)
    idle = known({half: points({1: 5_000}), index: points({1: 4_999.5})})
    assert (idle.table.read_series, idle.table.write_series, idle.indexes["by-status"].write_series) == ((), (), ())
    assert idle.series_period_seconds == 3_600
    kept = known({half: points({1: 5_000}), index: points({1: 5_000})})
    assert (kept.table.read_series, kept.table.write_series, kept.indexes["by-status"].write_series) == ((5_000,), (0,), (5_000,))


def fine(index: str | None, metric: str) -> Series:
    return Series(table="orders", index=index, metric=metric, period_seconds=FINE_SECONDS)


NOTHING = Units(first=FINE_PERIODS, values=())
FINE: Mapping[Series, Answer] = {
    fine(None, READS): NOTHING,
    fine(None, WRITES): Units(first=FINE_PERIODS - 3, values=(6_000_000, 0, 9)),
    fine("by-status", READS): NOTHING,
    fine("by-status", WRITES): Units(first=FINE_PERIODS - 5, values=(1, 0, 0, 0, 0)),
}
BUSY = {(None, WRITES): points({1: 6_000_008.5}), ("by-status", WRITES): points({1: 0.5})}


def test_five_minute_series_take_the_place_of_hours_and_of_nothing_else() -> None:
    found = known(BUSY, besides=FINE)
    assert found.series_period_seconds == 300
    assert found.table.write_series == (0, 0, 6_000_000, 0, 9)
    assert found.table.read_series == found.indexes["by-status"].read_series == (0,) * 5
    assert found.indexes["by-status"].write_series == (1, 0, 0, 0, 0)
    assert (found.table.write_units, found.table.peak_hour_write_units) == (Decimal("6000008.5"), Decimal("6000008.5"))
    assert replace(found, series_period_seconds=3_600, table=Flow(), indexes={}) == replace(known(BUSY), table=Flow(), indexes={})


@pytest.mark.parametrize(
    "besides",
    [
        {series: units for series, units in FINE.items() if series.index is None},
        {**FINE, fine("by-status", WRITES): NOTHING},
        {**FINE, fine(None, WRITES): Units(first=FINE_PERIODS - 1, values=(6_000_008,))},
    ],
    ids=["a flow is missing", "a flow is empty", "a unit is missing"],
)
def test_hours_stay_where_five_minutes_are_not_whole(besides: Mapping[Series, Answer]) -> None:
    found = known(BUSY, besides=besides)
    assert found == known(BUSY)
    assert (found.series_period_seconds, found.table.write_series) == (3_600, (6_000_009,))


# -------------------------------------------------------------------------------------------------------- covered days


def test_covered_days_begin_with_the_first_that_has_data_of_the_table_or_an_index() -> None:
    # hours are counted back from the end: the first day of the window has the hours 697 to 720
    found = known({(None, READS): points({1: 1, 2: 1, 24: 1}), ("by-status", WRITES): points({25: 1, 24 * 20: 1})})
    assert found.covered_days == 20  # the days between have no datapoint, because nothing happened
    assert known({(None, READS): points(dict.fromkeys(range(1, 24 * 30 + 1), 1))}).covered_days == 30
    assert known({(None, READS): points({1: 1})}).covered_days == 1


@pytest.mark.parametrize(
    ("age", "covered"),
    [
        (timedelta(days=2, hours=12), Decimal("2.5")),
        (timedelta(minutes=1), Decimal(1) / 24),
        (timedelta(hours=-1), Decimal(1) / 24),
        (timedelta(days=400), Decimal(30)),
    ],
)
def test_covered_days_are_never_more_than_the_age_of_the_table(age: timedelta, covered: Decimal) -> None:
    every_hour = points(dict.fromkeys(range(1, 24 * 30 + 1), 1))
    assert known({(None, READS): every_hour}, table=replace(TABLE, created_at=NOW - age)).covered_days == covered


def test_a_table_without_a_creation_time_is_covered_by_its_data() -> None:
    assert known({(None, READS): points({1: 1})}, table=replace(TABLE, created_at=None)).covered_days == 1


# ----------------------------------------------------------------------------------------------------------- the answers


def result(name: str, by_hours_ago: Mapping[int, float], status: str = "Complete") -> dict[str, Any]:
    return {
        "Id": name,
        "Label": "x",
        "Timestamps": [float(hours_ago(number)) for number in by_hours_ago],
        "Values": list(by_hours_ago.values()),
        "StatusCode": status,
    }


TWO = (Series(table="orders", metric=READS), Series(table="orders", index="by-status", metric=WRITES))


def test_pages_are_joined_by_id_and_time(aws: Aws) -> None:
    pages = (
        {"MetricDataResults": [result("q1", {2: 5}, "PartialData"), result("q0", {1: 1.5})], "NextToken": "1"},
        {"MetricDataResults": [result("q1", {1: 7, 2: 5})]},
    )
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(pages[0]), lambda: answer(pages[1]))
    found = traffic.read(aws, TWO, WINDOW)
    assert found == {TWO[0]: points({1: 1.5}), TWO[1]: points({1: 7, 2: 5})}
    assert [request.get("NextToken") for request in requests] == [None, "1"]
    first, second = requests[0]["MetricDataQueries"]
    assert first["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "TableName", "Value": "orders"}]
    assert second["MetricStat"]["Metric"]["Dimensions"] == [
        {"Name": "TableName", "Value": "orders"},
        {"Name": "GlobalSecondaryIndexName", "Value": "by-status"},
    ]
    assert (requests[0]["StartTime"], requests[0]["EndTime"]) == (WINDOW.start, WINDOW.end)


def test_what_is_not_complete_is_unknown(aws: Aws) -> None:
    body = {"MetricDataResults": [result("q0", {1: 1}, "InternalError")]}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    found = traffic.read(aws, TWO, WINDOW)
    assert found[TWO[0]] == Unknown(call="cloudwatch:GetMetricData", reason="InternalError")
    assert found[TWO[1]] == Unknown(call="cloudwatch:GetMetricData", reason="unreadable answer")


def test_values_without_times_are_unknown(aws: Aws) -> None:
    body = {"MetricDataResults": [{**result("q0", {1: 1}), "Values": [1, 2]}]}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    assert traffic.read(aws, TWO[:1], WINDOW)[TWO[0]] == Unknown(call="cloudwatch:GetMetricData", reason="unreadable answer")


def test_a_page_that_cannot_be_read_is_not_made_whole_by_the_next(aws: Aws) -> None:
    broken = {**result("q0", {2: 5}, "PartialData"), "Values": [1, 2]}
    pages = ({"MetricDataResults": [broken], "NextToken": "1"}, {"MetricDataResults": [result("q0", {1: 1})]})
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(pages[0]), lambda: answer(pages[1]))
    assert traffic.read(aws, TWO[:1], WINDOW)[TWO[0]] == Unknown(call="cloudwatch:GetMetricData", reason="unreadable answer")


def test_points_outside_the_window_are_left_out(aws: Aws) -> None:
    body = {"MetricDataResults": [result("q0", {0: 9, 1: 1, 24 * 30: 2, 24 * 30 + 1: 9})]}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    assert traffic.read(aws, TWO[:1], WINDOW)[TWO[0]] == points({1: 1, 24 * 30: 2})


def test_pages_in_a_circle_end(aws: Aws) -> None:
    body = {"MetricDataResults": [], "NextToken": "1"}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    with pytest.raises(BrokenAnswer):
        traffic.read(aws, TWO, WINDOW)


def test_reasons_are_asked_only_of_what_was_throttled(aws: Aws) -> None:
    throttles = (
        Series(table="orders", metric="ReadThrottleEvents"),
        Series(table="orders", index="by-status", metric="WriteThrottleEvents"),
    )
    pages = (
        {"MetricDataResults": [result("q0", {}), result("q1", {1: 4})]},
        {"MetricDataResults": [result(f"q{number}", {1: number} if number else {}) for number in range(8)]},
    )
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(pages[0]), lambda: answer(pages[1]))
    found = traffic.read(aws, throttles, WINDOW)
    assert len(requests) == 2
    assert [query["MetricStat"]["Metric"]["MetricName"] for query in requests[1]["MetricDataQueries"]] == list(THROTTLE_REASONS)
    assert found[Series(table="orders", index="by-status", metric="WriteKeyRangeThroughputThrottleEvents")] == points({1: 5})


def queries(request: Mapping[str, Any]) -> list[tuple[str, int, str | None]]:
    """What a request asks for: metric, period, and the index."""
    asked = []
    for query in request["MetricDataQueries"]:
        dimensions = {one["Name"]: one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"]}
        asked.append(
            (query["MetricStat"]["Metric"]["MetricName"], query["MetricStat"]["Period"], dimensions.get("GlobalSecondaryIndexName"))
        )
    return asked


CONSUMPTION = tuple(
    Series(table="orders", index=index, metric=metric) for index in (None, "by-status") for metric in CONSUMED.values()
)


def hours(reads: float, writes: float, index_reads: float = 0, index_writes: float = 0) -> dict[str, Any]:
    """The answer to CONSUMPTION."""
    units = (reads, writes, index_reads, index_writes)
    return {"MetricDataResults": [result(f"q{place}", {1: value} if value else {}) for place, value in enumerate(units)]}


@pytest.mark.parametrize(
    ("consumed", "busy"),
    [
        (hours(0, 4_999_999), False),
        (hours(24_999_999, 4_999_999), False),
        (hours(0, 5_000_000), True),
        (hours(0, 3_000_000, 0, 2_000_000), True),
        (hours(12_500_000, 0, 12_500_000), True),
    ],
)
def test_five_minutes_are_asked_only_of_busy_tables(aws: Aws, consumed: dict[str, Any], busy: bool) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(consumed), lambda: answer(hours(0, 0)))
    found = traffic.read(aws, CONSUMPTION, WINDOW, ON_DEMAND)
    assert len(requests) == 1 + busy
    assert len(found) == 4 + 4 * busy
    if busy:
        assert queries(requests[1]) == [
            (READS, 300, None),
            (WRITES, 300, None),
            (READS, 300, "by-status"),
            (WRITES, 300, "by-status"),
        ]
        assert (requests[1]["StartTime"], requests[1]["EndTime"]) == (WINDOW.start, WINDOW.end)


def test_five_minutes_are_not_asked_of_what_is_provisioned(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(hours(10**9, 10**9)))
    traffic.read(aws, CONSUMPTION, WINDOW, traffic.on_demand_names([PROVISIONED_TABLE, a_table(name="users")]))
    assert len(requests) == 1


def test_five_minute_points_are_whole_units_by_period(aws: Aws) -> None:
    at = WINDOW.end - 3 * FINE_SECONDS
    body = hours(0, 0)
    body["MetricDataResults"][1] |= {"Timestamps": [at, at + 2 * FINE_SECONDS, WINDOW.end], "Values": [5_000_000, 1.5, 7]}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(hours(0, 5_000_001.5)), lambda: answer(body))
    found = traffic.read(aws, CONSUMPTION, WINDOW, ON_DEMAND)
    assert found[fine(None, READS)] == NOTHING
    assert found[fine(None, WRITES)] == Units(first=FINE_PERIODS - 3, values=(5_000_000, 0, 2))


def test_a_call_asks_for_no_more_than_100_800_points(aws: Aws) -> None:
    names = [None, *(f"i{number}" for number in range(6))]
    asked = [Series(table="orders", index=name, metric=metric) for name in names for metric in CONSUMED.values()]
    requests = answer_with(
        aws.cloudwatch,
        "cloudwatch.GetMetricData",
        lambda: answer(hours(0, 10**9)),
        lambda: answer({"MetricDataResults": [], "NextToken": "1"}),
        lambda: answer({"MetricDataResults": [result(f"q{number}", {}) for number in range(11)]}),
    )
    found = traffic.read(aws, asked, WINDOW, ON_DEMAND)
    assert [len(request["MetricDataQueries"]) for request in requests] == [14, 11, 11, 3]
    assert 11 * FINE_PERIODS <= 100_800 < 12 * FINE_PERIODS
    assert [request.get("NextToken") for request in requests] == [None, None, "1", None]
    assert len([series for series in found if series.period_seconds == 300]) == 14


@pytest.mark.parametrize("body", [{"MetricDataResults": [], "NextToken": "1"}, {}], ids=["a circle", "broken"])
def test_no_fact_is_lost_where_five_minutes_cannot_be_had(aws: Aws, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(hours(1, 5_000_000)), lambda: answer(body))
    found = traffic.read(aws, CONSUMPTION, WINDOW, ON_DEMAND)
    assert set(found) == set(CONSUMPTION)
    assert found[CONSUMPTION[0]] == points({1: 1})


def test_after_a_refusal_no_more_is_asked(aws: Aws) -> None:
    asked = [Series(table=f"t{number}", metric=metric) for number in range(8) for metric in CONSUMED.values()]
    body = {"MetricDataResults": [result(f"q{number}", {1: 5_000_000}) for number in range(16)]}
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body), lambda: error("AccessDeniedException"))
    assert set(traffic.read(aws, asked, WINDOW, frozenset(f"t{number}" for number in range(8)))) == set(asked)
    assert len(requests) == 2


def test_a_series_that_is_not_complete_leaves_its_table_with_hours(aws: Aws) -> None:
    partly = hours(0, 5_000_000)
    partly["MetricDataResults"][3]["StatusCode"] = "InternalError"
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(hours(0, 5_000_000)), lambda: answer(partly))
    found = traffic.read(aws, CONSUMPTION, WINDOW, ON_DEMAND)
    assert not [one for one in found.values() if isinstance(one, Unknown)]
    seen = judged({}, besides=found)
    assert isinstance(seen, Traffic)
    assert (seen.series_period_seconds, seen.table.write_series) == (3_600, (5_000_000,))


def test_the_stream_and_provisioned_capacity_are_asked_in_their_own_way(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    table = replace(STREAMED, billing_mode="PROVISIONED", indexes=())
    traffic.read(aws, traffic.series_of(table), WINDOW)
    *_, reads, writes, stream = (query["MetricStat"] for query in requests[0]["MetricDataQueries"])
    assert [(one["Metric"]["MetricName"], one["Stat"], one["Period"]) for one in (reads, writes, stream)] == [
        ("ProvisionedReadCapacityUnits", "Average", 3_600),
        ("ProvisionedWriteCapacityUnits", "Average", 3_600),
        ("SuccessfulRequestLatency", "SampleCount", 86_400),
    ]
    assert stream["Metric"]["Dimensions"] == [
        {"Name": "TableName", "Value": "orders"},
        {"Name": "Operation", "Value": "GetRecords"},
        {"Name": "StreamLabel", "Value": "2026-01-02T03:04:05.678"},
    ]


def put(metric: str, hours: int, value: float, *, minutes: int = 5, **dimensions: str) -> None:
    """Put a datapoint into moto: so many minutes into the hour."""
    client("cloudwatch").put_metric_data(
        Namespace="AWS/DynamoDB",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                "Timestamp": datetime.fromtimestamp(hours_ago(hours), UTC) + timedelta(minutes=minutes),
                "Value": value,
            }
        ],
    )


def test_reads_what_an_engine_has(aws: Aws) -> None:
    put(READS, 1, 2.5, TableName="orders")
    put(READS, 1, 4.0, TableName="orders")
    put(READS, 40, 1.0, TableName="orders")
    put(WRITES, 2, 8.0, TableName="orders", GlobalSecondaryIndexName="by-status")
    put(READS, 1, 1000.0, TableName="orders-old")
    for _ in range(3):
        put("SuccessfulRequestLatency", 1, 9.0, TableName="orders", Operation="Query")
    [batch] = traffic.batches([TABLE])
    found = traffic.of_table(TABLE, traffic.read(aws, batch, WINDOW), WINDOW, NOW)
    assert isinstance(found, Traffic)
    assert (found.table.read_units, found.table.peak_hour_read_units, found.table.write_units) == (
        Decimal("7.5"),
        Decimal("6.5"),
        None,
    )
    assert found.indexes["by-status"].write_units == 8
    assert found.calls == {"Query": 3}
    assert found.covered_days == 2


def test_reads_the_five_minutes_of_a_busy_table_that_an_engine_has(aws: Aws) -> None:
    put(WRITES, 2, 4_000_000.0, minutes=1, TableName="orders")
    put(WRITES, 2, 0.5, minutes=4, TableName="orders")
    put(WRITES, 1, 1_000_000.0, minutes=59, TableName="orders")
    put(READS, 1, 3.0, minutes=30, TableName="orders", GlobalSecondaryIndexName="by-status")
    put("SuccessfulRequestLatency", 1, 9.0, TableName="orders", Operation="GetRecords", StreamLabel="2026-01-02T03:04:05.678")
    [batch] = traffic.batches([STREAMED])
    found = traffic.of_table(STREAMED, traffic.read(aws, batch, WINDOW, ON_DEMAND), WINDOW, NOW)
    assert isinstance(found, Traffic)
    assert (found.series_period_seconds, found.stream_reads, found.calls) == (300, 1, {})
    assert found.table.write_series == (4_000_001, *(0,) * 22, 1_000_000)
    assert found.table.read_series == (0,) * 24
    assert found.indexes["by-status"].read_series == (*(0,) * 18, 3, *(0,) * 5)
    assert found.table.peak_hour_write_units == Decimal("4000000.5")


def test_reads_the_provisioned_capacity_that_an_engine_has(aws: Aws) -> None:
    for hours, units in ((1, 10.0), (2, 20.0), (2, 40.0)):
        put(PROVISIONED["write"], hours, units, TableName="orders")
    put(WRITES, 1, 6_000_000.0, TableName="orders")
    [batch] = traffic.batches([PROVISIONED_TABLE])
    found = traffic.of_table(PROVISIONED_TABLE, traffic.read(aws, batch, WINDOW, frozenset()), WINDOW, NOW)
    assert isinstance(found, Traffic)
    assert (found.table.provisioned_read_units, found.table.provisioned_write_units) == (None, Decimal("20.000000"))
    assert (found.series_period_seconds, found.table.write_series) == (3_600, (6_000_000,))


@pytest.mark.parametrize("value", [None, "x", True, -5, 1e300, [], {}])
def test_a_series_with_a_value_that_is_none_is_unknown(aws: Aws, value: object) -> None:
    body = {"MetricDataResults": [result("q0", {1: 1}) | {"Values": [value]}, result("q1", {1: 1})]}
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    found = traffic.fetch(aws, TWO, WINDOW)
    assert found == {TWO[0]: Unknown(call="cloudwatch:GetMetricData", reason="unreadable answer"), TWO[1]: points({1: 1})}


@pytest.mark.parametrize(
    "body",
    [
        {"MetricDataResults": [None]},
        {"MetricDataResults": [{}]},
        {"MetricDataResults": {"Id": 1}},
        {"MetricDataResults": [{"Id": []}]},
        {"MetricDataResults": [{"Id": "q0", "Timestamps": [None], "Values": [1]}]},
        {"MetricDataResults": [{"Id": "q0", "Timestamps": None, "Values": None}]},
        {"MetricDataResults": [], "NextToken": ["a"]},
    ],
)
def test_an_answer_of_another_form_is_a_broken_one(aws: Aws, body: object) -> None:
    answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer(body))
    with pytest.raises(BrokenAnswer):
        traffic.fetch(aws, TWO, WINDOW)
