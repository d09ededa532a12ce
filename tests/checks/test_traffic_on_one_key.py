from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.traffic_on_one_key import traffic_on_one_key
from stj_audit.facts import ContributorInsights, Flow, HotKeys, InsightsSetting, KeyReport, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_insights, some_traffic

READS, WRITES = "ReadKeyRangeThroughputThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"
INDEXED = a_table(indexes=(an_index("by-status"),))
ALL = "ACCESSED_AND_THROTTLED_KEYS"
NO_KEY = "Contributor Insights reports no key of the table"


def used(first: str | None, second: str | None = None, *, kind: Any = "accessed", index: str | None = None) -> KeyReport:
    values = [None if one is None else Decimal(one) for one in (first, second)]
    return KeyReport(index=index, kind=kind, first=values[0], second=values[1])


SPREAD = used("5000", "4000", index="by-status")


def judged(*reports: KeyReport, table: Flow | None = None, index: Flow | None = None, **more: Any) -> Result:
    facts: dict[str, Any] = {
        "contributor_insights": some_insights("by-status", mode=ALL),
        "hot_keys": HotKeys(report_hours=24, reports=reports),
        "traffic": some_traffic(table, {"by-status": index or a_flow()}),
    }
    return examined(traffic_on_one_key, more.pop("definition", INDEXED), **(facts | more))


def test_finds_the_key_that_most_traffic_goes_to() -> None:
    result = judged(used("9000", "2000"), SPREAD)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "one key was used 4.5 times as much as the next in 24 hours, of the table: 9,000 units; no partition was throttled in 14 days"
    )
    assert problem.evidence == {"hours": 24, "first_key_units": 9000.0, "second_key_units": 2000.0}
    assert problem.index is None
    assert problem.current == (
        "one key was used 4.5 times as much as the next, of the table; CloudWatch shows which, under Contributor Insights"
    )


@pytest.mark.parametrize(("first", "status"), [("6000", Status.FOUND), ("5999.9", Status.PASSED)])
def test_a_key_stands_out_from_three_times_the_next(first: str, status: Status) -> None:
    assert judged(used(first, "2000"), SPREAD).status is status


@pytest.mark.parametrize(("first", "status"), [("1000", Status.FOUND), ("999.9", Status.PASSED)])
def test_few_units_tell_nothing(first: str, status: Status) -> None:
    assert judged(used(first, "1"), SPREAD).status is status


def test_a_quiet_table_has_nothing_to_judge() -> None:
    result = judged(used("999", "1"), definition=a_table(), contributor_insights=some_insights(mode=ALL))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no key of the table took 1,000 units in 24 hours")


def test_a_key_alone_in_an_index() -> None:
    [problem] = judged(used("5000", "4000"), used("1500", index="by-status")).problems
    assert problem.message == (
        "one key alone was used in 24 hours, of index by-status: 1,500 units; no partition was throttled in 14 days"
    )
    assert problem.index == "by-status"


def test_passes_where_the_traffic_is_spread() -> None:
    result = judged(used("5000", "4000"), SPREAD)
    assert [good.message for good in result.goods] == [
        "no key of the table was used 3 times as much as the next in 24 hours",
        "no key of index by-status was used 3 times as much as the next in 24 hours",
    ]


def test_where_it_was_throttled_the_other_check_judges() -> None:
    throttled = a_flow(read_throttles=1, throttle_reasons={READS: 1})
    result = judged(used("9000", "1"), table=throttled, contributor_insights=some_insights(mode=ALL))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table was throttled by key range")
    writes = a_flow(write_throttles=1, throttle_reasons={WRITES: 1})
    assert judged(used("5000", "4000"), used("9000", index="by-status"), index=writes).status is Status.PASSED
    other = a_flow(read_throttles=1, throttle_reasons={"ReadProvisionedThroughputThrottleEvents": 1})
    assert judged(used("9000", "1"), SPREAD, table=other).status is Status.FOUND


def test_throttling_that_is_not_known() -> None:
    no_cause = a_flow(read_throttles=3, write_throttles=1)
    assert judged(used("9000", "1"), SPREAD, table=no_cause).unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch tells no cause for 4 throttle events of the table"),
    )
    assert judged(used("9000", "1"), SPREAD, table=no_data()).reason == "no datapoint of the table in 14 days"
    assert judged(used("5000", "4000"), SPREAD, table=no_cause).status is Status.PASSED


@pytest.mark.parametrize("reports", [(), (used(None),), (used("9000", "1", kind="throttled"),)])
def test_a_report_without_a_key_is_not_known(reports: tuple[KeyReport, ...]) -> None:
    result = judged(*reports, SPREAD)
    assert result.unknowns == (Unknown(call="cloudwatch:GetInsightRuleReport", reason=NO_KEY),)


@pytest.mark.parametrize("insights", [some_insights("by-status"), some_insights("by-status", status="DISABLED", mode=ALL)])
def test_not_applicable_where_not_every_key_is_followed(insights: ContributorInsights) -> None:
    result = judged(used("9000", "1"), contributor_insights=insights)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "Contributor Insights does not follow all keys")


def test_a_mode_that_is_not_stated_is_the_full_one() -> None:
    settings = (InsightsSetting(index=None, status="DISABLED"), InsightsSetting(index="by-status", status="ENABLED"))
    result = judged(used("9000", "1", index="by-status"), contributor_insights=ContributorInsights(settings=settings))
    assert [problem.index for problem in result.problems] == ["by-status"]


@pytest.mark.parametrize("fact", ["contributor_insights", "hot_keys", "traffic"])
def test_what_may_not_be_seen_is_not_known(fact: str) -> None:
    denied = Unknown(call="cloudwatch:GetInsightRuleReport", reason="AccessDeniedException")
    facts: dict[str, Any] = {fact: denied}
    assert judged(used("9000", "1"), **facts).unknowns == (denied,)


@pytest.mark.parametrize(("items", "status"), [(1, Status.NOT_APPLICABLE), (2, Status.NOT_APPLICABLE), (3, Status.FOUND)])
def test_the_one_item_of_a_configuration_is_left_out(items: int, status: Status) -> None:
    unread = Unknown(call="dynamodb:Scan", reason="not asked for")
    result = judged(used("9000", "1"), definition=a_table(item_count=items), items=unread)
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "the table has 2 partition key values or fewer"


def test_tells_when_it_is_wrong() -> None:
    assert "the one item of a configuration that everything reads" in " ".join(traffic_on_one_key.why.split())


def test_an_index_of_two_keys_is_left_out() -> None:
    few = a_table(indexes=(an_index("by-status", item_count=2),))
    assert judged(used("5000", "4000"), used("9000", "1", index="by-status"), definition=few).status is Status.PASSED
