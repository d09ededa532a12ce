from decimal import Decimal

import pytest

from stj_audit.checks.throttled import throttled
from stj_audit.facts import Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, no_data, some_traffic


def test_finds_throttles_with_their_numbers() -> None:
    flow = a_flow(read_throttles=12, write_throttles=1, throttled_days=2, worst_hour_throttle_share=Decimal("0.004"))
    [problem] = examined(throttled, traffic=some_traffic(flow)).problems
    assert problem.severity is Severity.MEDIUM
    assert problem.index is None
    assert problem.message == (
        "throttled 13 times in 14 days (12 reads, 1 write), on 2 days; in the worst hour about 0.4% of the requests"
    )
    assert problem.current == "13 throttle events in 14 days"
    assert "Contributor Insights is billed by throttled event" in problem.migration
    assert problem.evidence == {
        "read_throttles": 12,
        "write_throttles": 1,
        "throttled_days": 2,
        "worst_hour_throttle_share": 0.004,
        "days": 14,
    }


def test_a_tiny_share_is_not_about_less_than() -> None:
    flow = a_flow(read_throttles=12, throttled_days=2, worst_hour_throttle_share=Decimal("0.0004"))
    [problem] = examined(throttled, traffic=some_traffic(flow)).problems
    assert problem.message.endswith("; in the worst hour less than 0.1% of the requests")


@pytest.mark.parametrize(
    ("days", "share", "severity"),
    [
        (1, None, Severity.MEDIUM),
        (2, "0.01", Severity.MEDIUM),
        (2, "0.0101", Severity.HIGH),
        (3, "0.0001", Severity.HIGH),
        (3, None, Severity.HIGH),
    ],
)
def test_is_high_above_one_percent_of_an_hour_or_from_three_days(days: int, share: str | None, severity: Severity) -> None:
    flow = a_flow(write_throttles=1, throttled_days=days, worst_hour_throttle_share=None if share is None else Decimal(share))
    assert examined(throttled, traffic=some_traffic(flow)).severity is severity


def test_judges_each_index_by_itself() -> None:
    table = a_table(indexes=(an_index("by-status"), an_index("by-day"), an_index("local", kind="LSI")))
    flows = {"by-status": a_flow(), "by-day": a_flow(read_throttles=5, throttled_days=1)}
    result = examined(throttled, table, traffic=some_traffic(indexes=flows))
    [problem] = result.problems
    assert problem.index == "by-day"
    assert problem.message == "throttled 5 times in 14 days (5 reads), on 1 day"
    assert "--table-name orders --index-name by-day " in problem.commands[0]
    assert result.unknowns == ()


def test_has_one_problem_for_each_resource() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    bad = a_flow(write_throttles=3, throttled_days=1)
    problems = examined(throttled, table, traffic=some_traffic(bad, {"by-status": bad})).problems
    assert [problem.index for problem in problems] == [None, "by-status"]
    assert problems[0].commands[0] == (
        "aws dynamodb update-contributor-insights --region eu-north-1 --table-name orders "
        "--contributor-insights-action ENABLE --contributor-insights-mode THROTTLED_KEYS"
    )
    assert problems[1].commands == ()  # Contributor Insights would show nothing for throttled writes of an index
    assert "does not see throttled writes of an index" in problems[1].migration


def test_names_the_cure_of_each_cause_that_cloudwatch_names() -> None:
    reasons = {"WriteKeyRangeThroughputThrottleEvents": 2, "ReadAccountLimitThrottleEvents": 1}
    flow = a_flow(read_throttles=1, write_throttles=2, throttled_days=1, throttle_reasons=reasons)
    [problem] = examined(throttled, traffic=some_traffic(flow)).problems
    assert problem.fix == (
        "cure the cause that CloudWatch names: spread the hot key over more values and ask for a higher account quota"
    )


def test_without_a_named_cause_it_is_to_be_found_first() -> None:
    [problem] = examined(throttled, traffic=some_traffic(a_flow(read_throttles=1, throttled_days=1))).problems
    assert problem.fix == (
        "find the cause, then cure that: more capacity, a better spread key, a higher quota, or a higher on-demand maximum"
    )


def test_passes_quiet_resources() -> None:
    alone = examined(throttled)
    indexed = examined(throttled, a_table(indexes=(an_index("a-b"), an_index("c-d"))))
    assert [good.message for good in alone.goods] == ["0 throttle events in 14 days"]
    assert [good.message for good in indexed.goods] == ["0 throttle events in 14 days, indexes included"]


def test_no_datapoint_is_not_zero() -> None:
    table = a_table(indexes=(an_index("by-status"),))
    result = examined(throttled, table, traffic=some_traffic(indexes={"by-status": no_data()}))
    assert result.status is Status.UNKNOWN
    assert result.goods == ()
    assert result.reason == "no read and write datapoint of index by-status in 14 days"
    assert examined(throttled, table, traffic=some_traffic(indexes={})).status is Status.UNKNOWN


def test_half_a_view_is_no_praise() -> None:
    result = examined(throttled, traffic=some_traffic(a_flow(read_throttles=None)))
    assert (result.status, result.goods) == (Status.UNKNOWN, ())


def test_tells_what_it_did_not_see_beside_what_it_found() -> None:
    flow = a_flow(read_throttles=None, write_throttles=4, throttled_days=1)
    result = examined(throttled, traffic=some_traffic(flow))
    assert result.status is Status.FOUND
    assert [unknown.reason for unknown in result.unknowns] == ["no read datapoint of the table in 14 days"]


def test_does_not_judge_without_traffic() -> None:
    assert examined(throttled, traffic=Unknown(call="cloudwatch:GetMetricData", reason="denied")).status is Status.UNKNOWN


def test_tells_that_a_load_test_throttles_too() -> None:
    assert "after a load test" in throttled.why
