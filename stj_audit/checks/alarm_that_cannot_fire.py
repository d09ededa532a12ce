"""
An alarm that cannot fire is worse than none: everybody believes that somebody is watching. CloudWatch makes an alarm on dimensions that no
metric has without an error, and it then waits for data for ever.

What is looked at, for every alarm that names the table: whether it has actions and they are enabled; whether each of its metrics has exactly
the dimensions that DynamoDB sends it with (an index must exist, latency and system errors need the operation, user errors are those of the
whole account and have no table); and whether the statistic tells what is meant: a mean of consumed units is the size of one request, and
throttled events are only counted. Metrics that are not known here are left alone. That throttle metrics have no data is as it should be, so a
state of INSUFFICIENT_DATA alone is no fault. It is one after more than 7 days if the metric had data in them (units that were consumed, or
provisioned capacity), and if the alarm does not take missing data for good. An alarm without the dimension TableName names no table, and is
not seen.

Wrong for an alarm that is only a part of a composite alarm, or is looked at on a dashboard: it needs no action of its own.
Source: AWS developer guide, "DynamoDB metrics and dimensions"; "Creating CloudWatch alarms in DynamoDB": no missing dimension is aggregated.

Fix: give the alarm the whole dimensions, the statistic that is meant, and an action that reaches someone.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import Alarm, AlarmMetric, Alarms, Flow, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, printable

NAMESPACE = "AWS/DynamoDB"
TABLE, INDEX, OPERATION = "TableName", "GlobalSecondaryIndexName", "Operation"
STREAM, REGION, DELEGATED = "StreamLabel", "ReceivingRegion", "DelegatedOperation"

Shapes = tuple[frozenset[str], ...]
ALONE: Shapes = (frozenset({TABLE}),)
WITH_INDEX: Shapes = (*ALONE, frozenset({TABLE, INDEX}))
BY_OPERATION: Shapes = (frozenset({TABLE, OPERATION}),)
STREAMED: Shapes = (*BY_OPERATION, frozenset({TABLE, OPERATION, STREAM}))
BY_REGION: Shapes = (frozenset({TABLE, REGION}),)
TO_KINESIS: Shapes = (frozenset({TABLE, DELEGATED}),)
OF_ACCOUNT: Shapes = (frozenset(),)

# AWS developer guide, "DynamoDB metrics and dimensions": the whole dimensions of each metric that has the table among them, and of the one
# that has not, which alarms on a table are often made on all the same
SHAPES: Mapping[str, Shapes] = {
    **{
        f"{direction}{cause}ThrottleEvents": WITH_INDEX
        for direction in ("Read", "Write")
        for cause in ("", "ProvisionedThroughput", "KeyRangeThroughput", "AccountLimit", "MaxOnDemandThroughput")
    },
    **{f"{what}{way}CapacityUnits": WITH_INDEX for what in ("Consumed", "Provisioned") for way in ("Read", "Write")},
    "ConditionalCheckFailedRequests": ALONE,
    "TransactionConflict": ALONE,
    "TimeToLiveDeletedItemCount": ALONE,
    "SuccessfulRequestLatency": STREAMED,
    "SystemErrors": STREAMED,
    "ThrottledRequests": BY_OPERATION,
    "ReturnedItemCount": BY_OPERATION,
    "ReplicationLatency": BY_REGION,
    "PendingReplicationCount": BY_REGION,
    "AgeOfOldestUnreplicatedRecord": TO_KINESIS,
    "FailedToReplicateRecordCount": TO_KINESIS,
    "ThrottledPutRecordCount": TO_KINESIS,
    "UserErrors": OF_ACCOUNT,
}
COUNTED = frozenset({"Sum", "SampleCount"})
STATISTICS: Mapping[str, frozenset[str]] = {  # the same page: those that tell what the metric is for
    **{name: COUNTED for name in SHAPES if name.endswith("ThrottleEvents")},
    "ThrottledRequests": COUNTED,
    "SystemErrors": COUNTED,
    "ConsumedReadCapacityUnits": frozenset({"Sum"}),  # the others are of the units of one request
    "ConsumedWriteCapacityUnits": frozenset({"Sum"}),
    "FailedToReplicateRecordCount": frozenset({"Sum"}),
    "ThrottledPutRecordCount": frozenset({"Minimum", "Maximum", "Average", "SampleCount"}),
}
DISABLED, NO_ACTION = "its actions are disabled", "it has no action"
NO_DATA = "INSUFFICIENT_DATA"
SILENT_DAYS = 7  # a week has every hour and weekday of the load
CONSUMED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
PROVISIONED = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")  # sent always, where capacity is provisioned


@check("An alarm that cannot fire", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-13")
def alarm_that_cannot_fire(table: Table, alarms: Alarms, traffic: Traffic | Unknown, taken_at: datetime) -> Iterator[Said]:
    if not alarms.alarms:
        yield NotApplicable(reason="no CloudWatch alarm names the table")
        return
    indexes = frozenset(index.name for index in table.global_indexes)
    faults = {alarm.name: found for alarm in alarms.alarms if (found := _faults(alarm, indexes))}
    for alarm in alarms.alarms:
        if alarm.name in faults or not _is_silent(alarm, taken_at):
            continue
        data = [_has_data(metric, table, traffic) for metric in alarm.metrics]
        if all(one is True for one in data):
            faults[alarm.name] = [f"it sees no data since {alarm.state_since:%Y-%m-%d}, though there is some"]
        elif isinstance(traffic, Unknown) and all(one is not False for one in data):
            yield traffic
    alive = len(alarms.alarms) - len(faults)
    if not faults:
        yield Good(message=f"{counted(alive, 'alarm')} of the table can fire: dimensions, statistics and actions are whole")
        return
    disabled = [name for name, found in faults.items() if found == [DISABLED]]
    told = a_few(f"{printable(name)} ({', '.join(found)})" for name, found in faults.items())
    yield Problem(
        message=f"{count(len(faults))} of {counted(len(alarms.alarms), 'alarm')} cannot tell anyone: {told}",
        fix="mend dimensions and statistic, and give each alarm an action that reaches someone",
        evidence={"dead_alarms": len(faults), "alarms": len(alarms.alarms), "disabled": len(disabled)},
        current=f"{counted(alive, 'alarm')} of {count(len(alarms.alarms))} can fire",
        benefit="what is believed to be watched is watched",
        migration="none; an alarm whose metric or dimensions are wrong has to be written again, with its threshold: the command shows it",
        effort="minutes",
        commands=_commands(table, faults, disabled),
    )


def _faults(alarm: Alarm, indexes: frozenset[str]) -> list[str]:
    found = [DISABLED] if not alarm.actions_enabled else []
    found += [NO_ACTION] if not alarm.action_count else []
    for metric in alarm.metrics:
        found += [fault for fault in (_wrong_dimensions(metric, indexes), _wrong_statistic(metric)) if fault]
    return list(dict.fromkeys(found))


def _is_silent(alarm: Alarm, taken_at: datetime) -> bool:
    """Whether it waits for data longer than it should; one that takes missing data for good is meant to."""
    since = alarm.state_since
    waits = alarm.state == NO_DATA and alarm.treat_missing_data != "notBreaching"
    return waits and since is not None and taken_at - since > timedelta(days=SILENT_DAYS)


def _has_data(metric: AlarmMetric, table: Table, traffic: Traffic | Unknown) -> bool | None:
    """Whether the metric had data in the last days; None: that is not known. False where silence is as it should be."""
    if metric.namespace == NAMESPACE and metric.metric in PROVISIONED:
        return table.billing_mode == "PROVISIONED"
    if metric.namespace != NAMESPACE or metric.metric not in CONSUMED:
        return False
    if isinstance(traffic, Unknown):
        return None
    index = metric.dimensions.get(INDEX)
    flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
    series = flow.read_series if metric.metric == CONSUMED[0] else flow.write_series
    periods = SILENT_DAYS * 86_400 // traffic.series_period_seconds
    return any(series[-periods:])


def _wrong_dimensions(metric: AlarmMetric, indexes: frozenset[str]) -> str:
    shapes = SHAPES.get(metric.metric)
    if metric.namespace != NAMESPACE or shapes is None:
        return ""
    index = metric.dimensions.get(INDEX)
    if frozenset(metric.dimensions) not in shapes:
        missing = sorted(shapes[0] - set(metric.dimensions))
        extra = sorted(set(metric.dimensions) - frozenset().union(*shapes))
        wrong = [f"without {name}" for name in missing] + [f"with {printable(name)}" for name in extra]
        return f"no {metric.metric} is sent {' and '.join(wrong) or 'by these dimensions'}"
    return f"there is no index {printable(index)}" if index is not None and index not in indexes else ""


def _wrong_statistic(metric: AlarmMetric) -> str:
    right = STATISTICS.get(metric.metric)
    if metric.namespace != NAMESPACE or right is None or metric.statistic is None or metric.statistic in right:
        return ""
    return f"{printable(metric.statistic)} of {metric.metric} does not tell it"


def _commands(table: Table, faults: Mapping[str, list[str]], disabled: list[str]) -> tuple[str, ...]:
    """What is only disabled is enabled; the others are shown."""
    others = [name for name in faults if name not in disabled]
    commands = []
    for verb, names in (("enable-alarm-actions", disabled), ("describe-alarms", others)):
        if names:
            commands.append(f"aws cloudwatch {verb} {option('--region', table.region)} --alarm-names {_listed(names)}")
    return tuple(commands)


def _listed(names: list[str]) -> str:
    """As words; as JSON, which the CLI reads too, where a name would be taken for an option."""
    if any(name.startswith("-") for name in names):
        return shlex.quote(json.dumps(names))
    return " ".join(map(shlex.quote, names))
