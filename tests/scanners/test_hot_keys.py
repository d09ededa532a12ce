"""The reports of Contributor Insights, by answers in the form of AWS's model: how far a key stands out stays, and no key does."""

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import ContributorInsights, Flow, HotKeys, InsightsSetting, KeyReport, Unknown
from stj_audit.scanners import Aws, AwsOptions, hot_keys, open_session, traffic
from tests.builders import a_flow, some_traffic
from tests.scanners.answers import REGION, answer, answer_with, error

WINDOW = traffic.window_until(datetime(2026, 11, 22, 18, 37, 11, tzinfo=UTC))
END = datetime(2026, 11, 22, 18, tzinfo=UTC).timestamp()
DAY = 86_400
RULES = tuple(f"DynamoDBContributorInsights-{kind}-orders-1576629651520" for kind in ("PKC", "SKC", "PKT", "SKT"))
PKC, _, PKT, _ = RULES
GET = "cloudwatch.GetInsightRuleReport"
READS, WRITES = "ReadKeyRangeThroughputThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"
SECRET = "someone@example.com"


@pytest.fixture
def aws() -> Aws:
    """A guarded session without moto: every call here has its recorded answer."""
    return open_session(AwsOptions(region=REGION))


def report(*values: float) -> dict[str, Any]:
    return {
        "KeyLabels": ["PartitionKey"],
        "AggregationStatistic": "Sum",
        "AggregateValue": sum(values),
        "ApproximateUniqueCount": len(values),
        "Contributors": [
            {
                "Keys": [f"{number}-{SECRET}"],
                "ApproximateAggregateValue": value,
                "Datapoints": [{"Timestamp": END - DAY, "ApproximateValue": value}],
            }
            for number, value in enumerate(values)
        ],
        "MetricDatapoints": [],
    }


def setting(index: str | None = None, status: str = "ENABLED", rules: tuple[str, ...] = RULES) -> InsightsSetting:
    return InsightsSetting(index=index, status=status, rules=rules)


def insights(*settings: InsightsSetting) -> ContributorInsights:
    return ContributorInsights(settings=settings or (setting(),))


def throttled(by_day: tuple[int, ...], **reasons: int) -> Flow:
    return a_flow(throttle_reasons=reasons or {READS: 1}, throttles_by_day=by_day)


def starts(requests: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """Which rules were asked, and how many days before the end of the window their reports begin."""
    return [(one["RuleName"], (END - one["StartTime"]) / DAY) for one in requests]


def test_the_accessed_keys_of_the_last_day(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report(900.5, 30)))
    assert hot_keys.read(aws, insights(), some_traffic(), WINDOW) == HotKeys(
        report_hours=24, reports=(KeyReport(index=None, kind="accessed", first=Decimal("900.5"), second=Decimal(30)),)
    )
    assert requests == [
        {
            "RuleName": PKC,
            "StartTime": END - DAY,
            "EndTime": END,
            "Period": 3_600,
            "MaxContributorCount": 2,
            "OrderBy": "Maximum",
        }
    ]


def test_the_throttled_keys_of_the_worst_day(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report(8, 2)), lambda: answer(report(50, 5)))
    days = (99,) + (0,) * 15 + (3,) + (0,) * 9 + (7, 0, 7, 2)  # 30, 14, 4, 2 and 1 days back
    found = hot_keys.read(aws, insights(), some_traffic(throttled(days)), WINDOW)
    assert starts(requests) == [(PKC, 1), (PKT, 2)]
    assert requests[1]["EndTime"] == requests[1]["StartTime"] + DAY
    assert found.report(None, "accessed") == KeyReport(index=None, kind="accessed", first=Decimal(8), second=Decimal(2))
    assert found.report(None, "throttled") == KeyReport(index=None, kind="throttled", first=Decimal(50), second=Decimal(5))
    assert found.report("by-status", "throttled") is None


@pytest.mark.parametrize(
    ("days", "back"),
    [((0,) * 16 + (1,) + (0,) * 13, 14), ((5,) * 15 + (5, 1) + (0,) * 13, 14), ((0,) * 29 + (1,), 1), ((), 1)],
)
def test_no_day_is_asked_that_cloudwatch_has_forgotten(aws: Aws, days: tuple[int, ...], back: int) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report()))
    hot_keys.read(aws, insights(setting(rules=(PKT,))), some_traffic(throttled(days)), WINDOW)
    assert starts(requests) == [(PKT, back)]


def test_an_index_has_its_own_rules_and_its_throttled_writes_are_not_followed(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report(1)))
    rules = tuple(f"DynamoDBContributorInsights-{kind}-orders-by-status-1" for kind in ("PKT", "PKC"))
    on = insights(setting(rules=()), setting("by-status", rules=rules))
    hot_keys.read(aws, on, some_traffic(indexes={"by-status": throttled((), **{WRITES: 9})}), WINDOW)
    assert starts(requests) == [(rules[1], 1)]
    found = hot_keys.read(aws, on, some_traffic(indexes={"by-status": throttled((), **{READS: 9})}), WINDOW)
    assert [(one.index, one.kind) for one in found.reports] == [("by-status", "accessed"), ("by-status", "throttled")]
    requests.clear()
    hot_keys.read(aws, insights(), some_traffic(throttled((), **{WRITES: 9})), WINDOW)
    assert starts(requests) == [(PKC, 1), (PKT, 1)]


@pytest.mark.parametrize("status", ["ENABLING", "DISABLED", "DISABLING", "FAILED"])
def test_nothing_is_asked_where_it_is_not_on(aws: Aws, status: str) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report(1)))
    found = hot_keys.read(aws, insights(setting(status=status)), some_traffic(throttled((1,))), WINDOW)
    assert (found, requests) == (HotKeys(report_hours=24), [])


def test_without_the_traffic_no_day_of_throttling_is_known(aws: Aws) -> None:
    requests = answer_with(aws.cloudwatch, GET, lambda: answer(report(1)))
    hot_keys.read(aws, insights(), Unknown(call="cloudwatch:GetMetricData", reason="AccessDenied"), WINDOW)
    assert starts(requests) == [(PKC, 1)]


@pytest.mark.parametrize(
    ("values", "first", "second"), [((), None, None), ((7,), Decimal(7), None), ((3, 8), Decimal(8), Decimal(3))]
)
def test_the_first_is_the_one_with_more(aws: Aws, values: tuple[float, ...], first: Decimal | None, second: Decimal | None) -> None:
    answer_with(aws.cloudwatch, GET, lambda: answer(report(*values)))
    [found] = hot_keys.read(aws, insights(), some_traffic(), WINDOW).reports
    assert (found.first, found.second) == (first, second)


def test_no_key_stays_and_none_is_logged(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    answer_with(aws.cloudwatch, GET, lambda: answer(report(900, 30)))
    with caplog.at_level(logging.DEBUG):
        found = hot_keys.read(aws, insights(), some_traffic(throttled((1,))), WINDOW)
    assert len(found.reports) == 2
    assert "GetInsightRuleReport" in caplog.text  # the log was on
    assert SECRET not in repr(found) + caplog.text


def test_a_refusal_names_no_key(aws: Aws) -> None:
    answer_with(aws.cloudwatch, GET, lambda: error("AccessDeniedException", status=403))
    with pytest.raises(ClientError, match="AccessDenied"):
        hot_keys.read(aws, insights(), some_traffic(), WINDOW)


def test_an_answer_without_contributors_is_not_taken_for_none(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    answer_with(aws.cloudwatch, GET, lambda: answer({"KeyLabels": ["PartitionKey"]}))
    with pytest.raises(BrokenAnswer):
        hot_keys.read(aws, insights(), some_traffic(), WINDOW)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("3", "1", True),
        ("2.99", "1", False),
        ("1", None, True),
        ("1", "0", True),
        ("0", None, False),
        ("0", "0", False),
        (None, None, False),
    ],
)
def test_a_key_stands_out_from_so_many_times_the_next(first: str | None, second: str | None, expected: bool) -> None:
    values = [None if one is None else Decimal(one) for one in (first, second)]
    assert KeyReport(index=None, kind="accessed", first=values[0], second=values[1]).stands_out(3) is expected
