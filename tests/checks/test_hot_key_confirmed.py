from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.hot_key_confirmed import hot_key_confirmed
from stj_audit.facts import Flow, HotKeys, KeyReport, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_insights, some_items, some_keys, some_traffic

READS, WRITES = "ReadKeyRangeThroughputThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"
INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))
DENIED = Unknown(call="cloudwatch:GetInsightRuleReport", reason="AccessDeniedException")


def refused(**reasons: int) -> Flow:
    reads = sum(events for name, events in reasons.items() if name.startswith("Read"))
    writes = sum(events for name, events in reasons.items() if name.startswith("Write"))
    return a_flow(read_throttles=reads, write_throttles=writes, throttle_reasons=reasons)


def named(first: str | None, second: str | None = None, *, kind: Any = "throttled", index: str | None = None) -> KeyReport:
    values = [None if one is None else Decimal(one) for one in (first, second)]
    return KeyReport(index=index, kind=kind, first=values[0], second=values[1])


def judged(table: Flow | None = None, *reports: KeyReport, index: Flow | None = None, **more: Any) -> Result:
    facts: dict[str, Any] = {
        "contributor_insights": some_insights("by-status"),
        "hot_keys": HotKeys(report_hours=24, reports=reports),
        "traffic": some_traffic(table, {"by-status": index or a_flow()}),
    }
    return examined(hot_key_confirmed, more.pop("definition", INDEXED), **(facts | more))


def test_finds_the_key_that_is_throttled() -> None:
    result = judged(refused(**{READS: 20, WRITES: 7}), named("90", "20"))
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == (
        "27 requests to hot partitions of the table refused in 14 days: one key was throttled 4.5 times as much as the next"
    )
    assert problem.evidence == {"key_range_throttles": 27, "days": 14, "report": "throttled", "first_key": 90.0, "second_key": 20.0}
    assert problem.index is None
    assert problem.current == (
        "one key was throttled 4.5 times as much as the next, of the table; CloudWatch shows which, under Contributor Insights"
    )


@pytest.mark.parametrize(("first", "status"), [("3", Status.FOUND), ("2.99", Status.PASSED)])
def test_a_key_stands_out_from_three_times_the_next(first: str, status: Status) -> None:
    assert judged(refused(**{READS: 1}), named(first, "1")).status is status


def test_a_key_alone() -> None:
    [problem] = judged(refused(**{WRITES: 1}), named("5")).problems
    assert problem.message == "1 request to hot partitions of the table refused in 14 days: one key alone was throttled"
    assert problem.evidence["second_key"] == 0.0


def test_the_accessed_keys_where_no_throttled_one_is_named() -> None:
    accessed = named("40", "10", kind="accessed")
    for reports in ((accessed,), (accessed, named(None))):
        [problem] = judged(refused(**{READS: 2}), *reports).problems
        assert problem.message == (
            "2 requests to hot partitions of the table refused in 14 days: one key was used 4 times as much as the next"
        )
        assert problem.evidence["report"] == "accessed"
    assert judged(refused(**{READS: 2}), accessed, named("2", "1")).status is Status.PASSED


def test_passes_where_no_key_stands_out() -> None:
    result = judged(refused(**{READS: 20}), named("20", "19"))
    assert [good.message for good in result.goods] == ["partitions of the table were throttled, and no single key stands out"]
    assert result.status is Status.PASSED


def test_an_index_is_judged_by_itself() -> None:
    reports = (named("20", "19"), named("9", "1", index="by-status"))
    result = judged(refused(**{READS: 20}), *reports, index=refused(**{READS: 3}))
    [problem] = result.problems
    assert problem.index == "by-status"
    assert problem.message == (
        "3 requests to hot partitions of index by-status refused in 14 days: one key was throttled 9 times as much as the next"
    )


def test_throttled_writes_of_an_index_are_not_named() -> None:
    result = judged(None, named("9", "1", index="by-status"), index=refused(**{WRITES: 9}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no partition was throttled in 14 days")


@pytest.mark.parametrize("reason", ["ReadProvisionedThroughputThrottleEvents", "WriteAccountLimitThrottleEvents"])
def test_other_causes_have_no_hot_key(reason: str) -> None:
    result = judged(refused(**{reason: 50}), named("9", "1"))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no partition was throttled in 14 days")


def test_a_report_without_a_key_is_not_known() -> None:
    reason = "Contributor Insights reports no key of the table"
    for reports in ((), (named(None), named(None, kind="accessed")), (named("9", "1", index="by-status"),)):
        assert judged(refused(**{READS: 20}), *reports).unknowns == (
            Unknown(call="cloudwatch:GetInsightRuleReport", reason=reason),
        )


def test_does_not_claim_what_it_may_not_see() -> None:
    assert judged(refused(**{READS: 20}), hot_keys=DENIED).unknowns == (DENIED,)
    assert judged(hot_keys=DENIED).status is Status.NOT_APPLICABLE
    denied = Unknown(call="dynamodb:DescribeContributorInsights", reason="AccessDeniedException")
    assert judged(refused(**{READS: 20}), contributor_insights=denied, hot_keys=denied).unknowns == (denied,)
    assert judged(contributor_insights=denied, hot_keys=denied).reason == "no partition was throttled in 14 days"
    traffic = Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied")
    assert judged(traffic=traffic).unknowns == (traffic,)


def test_throttling_without_a_cause_is_not_known() -> None:
    result = judged(a_flow(read_throttles=3, write_throttles=1), named("9", "1"))
    assert result.unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch tells no cause for 4 throttle events of the table"),
    )


def test_no_datapoint_is_not_zero() -> None:
    assert judged(index=no_data()).reason == "no datapoint of index by-status in 14 days"
    for flow in (a_flow(read_throttles=None), a_flow(write_throttles=None)):
        assert judged(flow).reason == "no datapoint of the table in 14 days"


def test_not_applicable_where_contributor_insights_is_off() -> None:
    result = judged(refused(**{READS: 20}), named("9", "1"), contributor_insights=some_insights("by-status", status="DISABLED"))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "Contributor Insights is off")
    on_table_alone = judged(index=refused(**{READS: 20}), contributor_insights=some_insights())
    assert on_table_alone.reason == "no partition was throttled in 14 days"


@pytest.mark.parametrize(("items", "status"), [(2, Status.NOT_APPLICABLE), (3, Status.FOUND), (0, Status.FOUND)])
def test_a_table_of_two_keys_is_left_out(items: int, status: Status) -> None:
    result = judged(refused(**{READS: 20}), named("9", "1"), definition=a_table(item_count=items))
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "the table has 2 partition key values or fewer"


@pytest.mark.parametrize(
    ("coverage", "distinct", "status"),
    [("full", 2, Status.NOT_APPLICABLE), ("full", 3, Status.FOUND), ("full", None, Status.FOUND), ("sample", 2, Status.FOUND)],
)
def test_an_index_of_two_keys_among_the_items_read_is_left_out(coverage: str, distinct: int | None, status: Status) -> None:
    items = some_items(coverage=coverage, keys=(some_keys(1_000), some_keys(distinct, index="by-status")))
    result = judged(None, named("9", "1", index="by-status"), index=refused(**{READS: 20}), items=items)
    assert result.status is status


def test_the_items_need_not_be_read() -> None:
    unread = Unknown(call="dynamodb:Scan", reason="not asked for")
    assert judged(refused(**{READS: 20}), named("9", "1"), items=unread).status is Status.FOUND
    few = a_table(indexes=(an_index("by-status", item_count=2),))
    index = judged(None, named("9", "1", index="by-status"), index=refused(**{READS: 1}), items=unread, definition=few)
    assert index.reason == "index by-status has 2 partition key values or fewer"


def test_tells_when_it_is_wrong() -> None:
    assert "table of two partition key values" in hot_key_confirmed.why
