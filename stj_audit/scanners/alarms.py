"""
CloudWatch alarms: DescribeAlarms, once for the region.

DescribeAlarmsForMetric would leave metric-math alarms out, so all alarms are read and sorted by the table that they watch.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from stj_audit.facts import Alarm, AlarmMetric, Alarms
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

CALL = "cloudwatch:DescribeAlarms"
NAMESPACE = "AWS/DynamoDB"


def read_all(aws: Aws) -> Sequence[Mapping[str, Any]]:
    """Every metric alarm of the region, as AWS gives it."""
    listed = pages("DescribeAlarms", aws.cloudwatch.describe_alarms, AlarmTypes=["MetricAlarm"])
    return [alarm for page in listed for alarm in page.get("MetricAlarms", ())]


def of_table(table: str, alarms: Sequence[Mapping[str, Any]], *, account: str | None = None) -> Alarms:
    """
    The alarms that watch the table or its indexes. Of a metric-math alarm only the metrics of this table are listed.

    `account` is that of the table: an alarm of a monitoring account may watch the table of this name in another one. None: not known.
    """
    found = []
    for alarm in alarms:
        metrics = tuple(
            metric
            for metric in _metrics(alarm, account)
            if metric.namespace == NAMESPACE and metric.dimensions.get("TableName") == table
        )
        if metrics:
            found.append(
                Alarm(
                    name=alarm["AlarmName"],
                    metrics=metrics,
                    actions_enabled=bool(alarm.get("ActionsEnabled")),
                    action_count=len(alarm.get("AlarmActions") or ()),
                    state=alarm.get("StateValue", "INSUFFICIENT_DATA"),
                    state_since=_state_since(alarm),
                    treat_missing_data=alarm.get("TreatMissingData") or "missing",
                )
            )
    return Alarms(alarms=tuple(found))


def _state_since(alarm: Mapping[str, Any]) -> datetime | None:
    """Since when the state holds. StateUpdatedTimestamp also moves when only the reason changes, so it comes second."""
    since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    return None if since is None else cast("datetime", since).astimezone(UTC)


def _metrics(alarm: Mapping[str, Any], account: str | None) -> Iterator[AlarmMetric]:
    """Those of `account`: a metric that names no account is of the alarm's own."""
    if alarm.get("MetricName"):
        yield AlarmMetric(
            namespace=alarm.get("Namespace", ""),
            metric=alarm["MetricName"],
            dimensions=_dimensions(alarm),
            statistic=alarm.get("Statistic") or alarm.get("ExtendedStatistic"),
            period_seconds=alarm.get("Period"),
        )
    for query in alarm.get("Metrics") or ():
        stat = query.get("MetricStat")
        if stat and account in (None, query.get("AccountId") or account):
            yield AlarmMetric(
                namespace=stat["Metric"].get("Namespace", ""),
                metric=stat["Metric"].get("MetricName", ""),
                dimensions=_dimensions(stat["Metric"]),
                statistic=stat.get("Stat"),
                period_seconds=stat.get("Period"),
            )


def _dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()}
