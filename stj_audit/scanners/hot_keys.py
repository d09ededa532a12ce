"""
How far one partition key value stands out, as Contributor Insights counts it: GetInsightRuleReport, two calls at most for the table and for
each global index where it is on. Nothing is asked where it is off.

A report names the keys themselves. They are dropped where the answer is read; two numbers of each report stay.
Source: CloudWatch API reference, GetInsightRuleReport; CloudWatch user guide, "Viewing Contributor Insights reports"; AWS developer guide,
"CloudWatch Contributor Insights for DynamoDB: How it works", which names the rules.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from stj_audit.facts import ContributorInsights, Flow, HotKeys, InsightsSetting, KeyReport, Traffic, Unknown
from stj_audit.scanners.guard import RAW
from stj_audit.scanners.session import Aws
from stj_audit.scanners.traffic import DAY_SECONDS, HOUR_SECONDS, THROTTLE_WINDOW_DAYS, Window

CALL = "cloudwatch:GetInsightRuleReport"
# The longest that one report may span. It may lie up to 15 days back, which is longer than throttling is looked at.
REPORT_HOURS = 24
REPORT_SECONDS = REPORT_HOURS * HOUR_SECONDS
CONTRIBUTORS = 2  # the first and the second; each more is a key that need not be sent
# AWS developer guide, "Getting started with CloudWatch Contributor Insights for DynamoDB": of the statistics of these rules only Maximum
# and MaxContributorValue tell something, so that contributors are not ranked by Sum, CloudWatch's default
RANKED_BY = "Maximum"
RULES: Mapping[Literal["accessed", "throttled"], str] = {
    "accessed": "DynamoDBContributorInsights-PKC-",
    "throttled": "DynamoDBContributorInsights-PKT-",
}


def read(aws: Aws, insights: ContributorInsights, traffic: Traffic | Unknown, window: Window) -> HotKeys:
    """The reports of the table's and the indexes' rules for partition keys, as far as Contributor Insights is on."""
    reports = []
    for setting in insights.settings:
        if setting.status != "ENABLED":
            continue
        rule = _rule(setting, "accessed")
        if rule is not None:
            reports.append(_report(aws, rule, setting.index, "accessed", window.end - REPORT_SECONDS))
        rule, start = _rule(setting, "throttled"), _worst_day(traffic, setting.index, window)
        if rule is not None and start is not None:
            reports.append(_report(aws, rule, setting.index, "throttled", start))
    return HotKeys(report_hours=REPORT_HOURS, reports=tuple(reports))


def _rule(setting: InsightsSetting, kind: Literal["accessed", "throttled"]) -> str | None:
    return next((name for name in setting.rules if name.startswith(RULES[kind])), None)


def _worst_day(traffic: Traffic | Unknown, index: str | None, window: Window) -> int | None:
    """When the day began that had the most throttle events, the later one of two; None: no partition was throttled."""
    if isinstance(traffic, Unknown):
        return None
    flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
    if not flow.named_throttles(index):
        return None
    days = range(1, THROTTLE_WINDOW_DAYS + 1)  # days back from the end
    events = dict(zip(days, reversed(flow.throttles_by_day), strict=False))
    worst = max(days, key=lambda day: (events.get(day, 0), -day))
    return window.end - worst * DAY_SECONDS


def _report(aws: Aws, rule: str, index: str | None, kind: Literal["accessed", "throttled"], start: int) -> KeyReport:
    answer = cast(
        "dict[str, Any]",
        aws.cloudwatch.get_insight_rule_report(
            RuleName=rule,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(start + REPORT_SECONDS, UTC),
            Period=HOUR_SECONDS,
            MaxContributorCount=CONTRIBUTORS,
            OrderBy=RANKED_BY,
        ),
    )
    contributors = answer.get(RAW, answer)["Contributors"]
    values = sorted((Decimal(str(one["ApproximateAggregateValue"])) for one in contributors), reverse=True)
    first, second = (*values, None, None)[:2]
    return KeyReport(index=index, kind=kind, first=first, second=second)
