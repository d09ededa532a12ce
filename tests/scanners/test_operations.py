"""How requests went is asked only where there are enough of them; what failed is 0 where nothing did, and None where nobody asked."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.facts import Operations, Traffic, Unknown
from stj_audit.scanners import Aws, operations, traffic
from stj_audit.scanners.traffic import Answer, Series
from tests.builders import a_flow, no_data, some_traffic
from tests.scanners.answers import answer, answer_with

WINDOW = traffic.window_until(datetime(2026, 11, 22, 18, 37, 11, tzinfo=UTC))
FORBIDDEN = Unknown(call="cloudwatch:GetMetricData", reason="Forbidden")
Asked = tuple[str, str | None, str, int]


def traffic_of(writes: int | None = None, *, covered_days: str | int = 30, **calls: int) -> Traffic:
    flow = no_data() if writes is None else a_flow(write_units=Decimal(writes))
    return some_traffic(flow, calls=calls, covered_days=Decimal(covered_days))


def asked(found: Traffic) -> set[Asked]:
    wanted = operations.series_of("orders", found)
    assert {(one.table, one.index, one.stream_label) for one in wanted} <= {("orders", None, None)}
    assert len(set(wanted)) == len(wanted)
    return {(one.metric, one.operation, one.statistic, one.period_seconds) for one in wanted}


def known(found: Traffic, given: Mapping[tuple[str, str | None], Mapping[int, Any]]) -> Operations:
    """`of_table`, where what is asked has no point but those given by (metric, operation)."""
    measured: dict[Series, Answer] = {
        one: {second: Decimal(value) for second, value in given.get((one.metric, one.operation), {}).items()}
        for one in operations.series_of("orders", found)
    }
    result = operations.of_table("orders", found, measured)
    assert isinstance(result, Operations)
    return result


def test_quiet_tables_are_asked_nothing() -> None:
    assert asked(traffic_of()) == set()
    few = traffic_of(299, GetItem=999, PutItem=999, UpdateItem=999, DeleteItem=999, Query=999, Scan=719, BatchGetItem=999)
    assert asked(few) == set()
    assert known(few, {}) == Operations()


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "UpdateItem", "DeleteItem"])
def test_latency_and_errors_of_single_items_from_1_000_calls(operation: str) -> None:
    assert asked(traffic_of(**{operation: 1_000})) == {
        ("SuccessfulRequestLatency", operation, "Sum", 86_400),
        ("SystemErrors", operation, "Sum", 86_400),
    }


def test_latency_of_other_calls_depends_on_what_they_hold() -> None:
    assert asked(traffic_of(BatchWriteItem=1_000)) == {("SystemErrors", "BatchWriteItem", "Sum", 86_400)}


@pytest.mark.parametrize(
    ("units", "metrics"),
    [
        (299, set()),
        (300, {("ConsumedWriteCapacityUnits", "Maximum")}),
        (999, {("ConsumedWriteCapacityUnits", "Maximum")}),
        (
            1_000,
            {
                ("ConsumedWriteCapacityUnits", "Maximum"),
                ("ConditionalCheckFailedRequests", "Sum"),
                ("FailedToReplicateRecordCount", "Sum"),
                ("ThrottledPutRecordCount", "Maximum"),
            },
        ),
    ],
)
def test_what_is_asked_of_writes_by_their_units(units: int, metrics: set[tuple[str, str]]) -> None:
    assert asked(traffic_of(units)) == {(metric, None, statistic, 86_400) for metric, statistic in metrics}


@pytest.mark.parametrize("operation", ["TransactGetItems", "TransactWriteItems", "ExecuteTransaction"])
def test_conflicts_are_requests_of_transactions(operation: str) -> None:
    conflicts = ("TransactionConflict", None, "SampleCount", 86_400)
    assert conflicts in asked(traffic_of(**{operation: 1_000}))
    assert conflicts not in asked(traffic_of(**{operation: 999}))
    assert conflicts in asked(traffic_of(TransactGetItems=300, TransactWriteItems=300, ExecuteTransaction=400))


@pytest.mark.parametrize(("days", "number"), [("30", 720), ("10", 240), ("2.5", 60)])
def test_hours_with_scans_are_asked_when_half_of_them_may_have_two(days: str, number: int) -> None:
    hourly = ("SuccessfulRequestLatency", "Scan", "SampleCount", 3_600)
    assert hourly in asked(traffic_of(Scan=number, covered_days=days))
    assert hourly not in asked(traffic_of(Scan=number - 1, covered_days=days))


def test_returned_items_are_asked_where_four_in_five_reads_are_queries() -> None:
    def returned(**calls: int) -> set[str | None]:
        return {
            operation
            for metric, operation, statistic, _ in asked(traffic_of(**calls))
            if (metric, statistic) == ("ReturnedItemCount", "Sum")
        }

    assert returned(Query=1_000) == {"Query"}
    assert returned(Query=999) == set()
    assert returned(Query=1_000, GetItem=250) == {"Query"}
    assert returned(Query=1_000, GetItem=251) == set()
    assert returned(Query=1_000, Scan=10) == {"Query", "Scan"}
    for other in ("BatchGetItem", "TransactGetItems", "ExecuteStatement", "BatchExecuteStatement", "Scan"):
        assert returned(Query=1_000, **{other: 251}) == set()
    assert returned(Query=1_000, PutItem=9_000) == {"Query"}


def test_the_mean_latency_is_of_the_whole_window() -> None:
    found = known(
        traffic_of(GetItem=2_000, PutItem=1_000),
        {("SuccessfulRequestLatency", "GetItem"): {1: 5_000, 86_401: "1000.5"}},
    )
    assert found.latency_ms == {"GetItem": Decimal("3.00025")}  # PutItem has no point


def test_failures_without_a_point_are_none() -> None:
    found = known(traffic_of(1_000, GetItem=1_000, TransactWriteItems=1_000), {})
    assert (found.failed_conditions, found.transaction_conflicts) == (0, 0)
    assert found.system_errors == {"GetItem": 0, "TransactWriteItems": 0}
    unasked = known(traffic_of(), {})
    assert (unasked.failed_conditions, unasked.transaction_conflicts, unasked.system_errors) == (None, None, {})


def test_failures_are_added_up() -> None:
    found = known(
        traffic_of(1_000, GetItem=1_000, TransactWriteItems=1_000),
        {
            ("ConditionalCheckFailedRequests", None): {1: 3, 2: 4},
            ("TransactionConflict", None): {1: 1, 2: 1},
            ("SystemErrors", "GetItem"): {1: 2, 2: 3},
        },
    )
    assert (found.failed_conditions, found.transaction_conflicts) == (7, 2)
    assert found.system_errors == {"GetItem": 5, "TransactWriteItems": 0}


def test_hours_with_one_scan_do_not_count() -> None:
    found = known(traffic_of(Scan=900), {("SuccessfulRequestLatency", "Scan"): {3_600: 1, 7_200: 2, 10_800: 897}})
    assert found.scan_hours == 2
    assert known(traffic_of(Scan=900), {}).scan_hours == 0
    assert known(traffic_of(Scan=7), {}).scan_hours is None


def test_returned_items_and_the_largest_write() -> None:
    found = known(
        traffic_of(1_000, Query=5_000, Scan=3),
        {
            ("ReturnedItemCount", "Query"): {1: 10, 2: 30},
            ("ReturnedItemCount", "Scan"): {1: 7},
            ("ConsumedWriteCapacityUnits", None): {1: 12, 2: "311.5", 3: 2},
        },
    )
    assert found.returned_items == {"Query": 40, "Scan": 7}
    assert found.largest_write_units == Decimal("311.5")
    nothing = known(traffic_of(1_000, Query=5_000), {})
    assert (nothing.returned_items, nothing.largest_write_units) == ({}, None)


def test_records_that_did_not_get_to_a_kinesis_stream() -> None:
    found = known(
        traffic_of(1_000), {("FailedToReplicateRecordCount", None): {1: 2, 2: 3}, ("ThrottledPutRecordCount", None): {1: 9, 2: 4}}
    )
    assert (found.unreplicated_records, found.throttled_records) == (5, 9)
    nothing = known(traffic_of(1_000), {})  # perhaps there is no such stream
    assert (nothing.unreplicated_records, nothing.throttled_records) == (None, None)


def test_unknown_traffic_and_refused_series_are_their_reason() -> None:
    found = traffic_of(1_000)
    assert operations.of_table("orders", FORBIDDEN, {}) == FORBIDDEN
    assert operations.of_table("orders", found, FORBIDDEN) == FORBIDDEN
    assert operations.of_table("orders", traffic_of(), FORBIDDEN) == Operations()  # nothing was to be asked
    partly: dict[Series, Answer] = {one: {} for one in operations.series_of("orders", found)}
    partly[operations.series_of("orders", found)[0]] = FORBIDDEN
    assert operations.of_table("orders", found, partly) == FORBIDDEN
    assert operations.of_table("orders", found, {}) == Unknown(call="cloudwatch:GetMetricData", reason="unreadable answer")


def test_nothing_wanted_is_no_call(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    assert traffic.fetch(aws, (), WINDOW) == {}
    assert requests == []


def test_each_series_is_asked_in_its_own_way(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, "cloudwatch.GetMetricData", lambda: answer({"MetricDataResults": []}))
    traffic.fetch(aws, operations.series_of("orders", traffic_of(300, BatchWriteItem=1_000)), WINDOW)
    errors, largest = (query["MetricStat"] for query in requests[0]["MetricDataQueries"])
    assert (errors["Metric"], errors["Stat"], errors["Period"]) == (
        {
            "Namespace": "AWS/DynamoDB",
            "MetricName": "SystemErrors",
            "Dimensions": [{"Name": "TableName", "Value": "orders"}, {"Name": "Operation", "Value": "BatchWriteItem"}],
        },
        "Sum",
        86_400,
    )
    assert (largest["Metric"]["MetricName"], largest["Stat"]) == ("ConsumedWriteCapacityUnits", "Maximum")
    assert largest["Metric"]["Dimensions"] == [{"Name": "TableName", "Value": "orders"}]
    traffic.fetch(aws, operations.series_of("orders", traffic_of(1_000)), WINDOW)
    _, unreplicated, throttled, _ = (query["MetricStat"] for query in requests[1]["MetricDataQueries"])
    for one in (unreplicated, throttled):
        assert one["Metric"]["Dimensions"] == [
            {"Name": "TableName", "Value": "orders"},
            {"Name": "DelegatedOperation", "Value": "PutRecord"},
        ]
