"""No data, zero and a refusal are three things; hours add up to windows, days and shares."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.scanners import Aws, traffic
from stj_audit.scanners.guard import BrokenAnswer
from stj_audit.scanners.traffic import CONSUMED, HOUR_SECONDS, OPERATIONS, THROTTLE_REASONS, Points, Series
from tests.builders import a_table, an_index
from tests.scanners.answers import answer, answer_with, client

NOW = datetime(2026, 11, 22, 18, 37, 11, tzinfo=UTC)
WINDOW = traffic.window_until(NOW)
TABLE = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
READS, WRITES = CONSUMED["read"], CONSUMED["write"]


def hours_ago(number: int) -> int:
    """The start of the hour that ended `number - 1` hours before the window did."""
    return WINDOW.end - number * HOUR_SECONDS


def points(by_hours_ago: Mapping[int, float | int]) -> Points:
    return {hours_ago(number): Decimal(str(value)) for number, value in by_hours_ago.items()}


def judged(
    found: Mapping[tuple[str | None, str], Points | Unknown], *, table: Table = TABLE, now: datetime = NOW
) -> Traffic | Unknown:
    """`of_table`, where every series is empty but those given by (index, metric)."""
    measured: dict[Series, Points | Unknown] = {
        Series(table=table.name, index=index, metric=reason): {} for index in (None, "by-status") for reason in THROTTLE_REASONS
    }
    measured |= {series: {} for series in traffic.series_of(table)}
    for (index, metric), values in found.items():
        measured[Series(table=table.name, index=index, metric=metric)] = values
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


def test_batches_hold_500_series_across_tables() -> None:
    many = [a_table(name=f"t{number:02}") for number in range(30)]
    sizes = [len(batch) for batch in traffic.batches(many)]
    assert sizes == [500, 30 * 18 - 500]
    assert traffic.batches([]) == ()


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


# -------------------------------------------------------------------------------------------------------- covered days


def test_covered_days_are_days_with_data_of_the_table_or_an_index() -> None:
    found = known({(None, READS): points({1: 1, 2: 1, 24: 1}), ("by-status", WRITES): points({25: 1, 24 * 30: 1})})
    assert found.covered_days == 3
    assert known({(None, READS): points(dict.fromkeys(range(1, 24 * 30 + 1), 1))}).covered_days == 30


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


def test_reads_what_an_engine_has(aws: Aws) -> None:
    def put(metric: str, hours: int, value: float, **dimensions: str) -> None:
        client("cloudwatch").put_metric_data(
            Namespace="AWS/DynamoDB",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": text} for name, text in dimensions.items()],
                    "Timestamp": datetime.fromtimestamp(hours_ago(hours), UTC) + timedelta(minutes=5),
                    "Value": value,
                }
            ],
        )

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
