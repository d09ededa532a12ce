"""
Beside throttling, AWS recommends to alarm on errors of its own side, on slow requests, and on replication that lags behind. Only what applies
is asked for: errors for the operations that the table was seen to serve; latency for those on single items, whose mean AWS gives in single
digits of milliseconds; replication for each other region of a global table. An alarm needs the operation among its dimensions: CloudWatch
does not add them up.

Not looked at: alarms of the whole account, which name no table, and those on a Kinesis stream, as its setting is not read.

Wrong when the table is watched by another system (Datadog, Grafana, New Relic), or the application alarms on its own errors and latency.
Source: Amazon CloudWatch user guide, "Recommended alarms" for DynamoDB: SystemErrors 15 of 15, SuccessfulRequestLatency 10 of 10,
ReplicationLatency 15 of 15 minutes.

Fix: create the alarms that fit, each with an action that reaches someone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.no_throttle_alarm import ALARM_USD_MONTH
from stj_audit.facts import Alarms, Table, Traffic, Unknown
from stj_audit.new_alarm import NewAlarm, alarms_template
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, dollars

SINGLE_ITEM = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")  # others read as much as they are asked for
LATENCY_MS = 20  # twice what "single-digit millisecond" allows; AWS leaves the number to its users
REPLICATION_MS = 180_000  # Amazon CloudWatch user guide, "Recommended alarms": three minutes
TABLE = "TableName"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """An alarm on a metric of the table with one more dimension."""

    metric: str
    dimension: str
    value: str
    statistic: str
    minutes: int
    threshold: int

    @property
    def title(self) -> str:
        what = {"SystemErrors": "errors of", "SuccessfulRequestLatency": "latency of", "ReplicationLatency": "replication to"}
        return f"{what[self.metric]} {self.value}"


@check("A recommended alarm is missing", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-14")
def recommended_alarm_missing(table: Table, alarms: Alarms, traffic: Traffic | Unknown) -> Iterator[Said]:
    operations: tuple[str, ...] = ()
    if isinstance(traffic, Unknown):
        yield traffic
    else:
        operations = tuple(sorted(name for name, calls in traffic.calls.items() if calls > 0))
    wanted = list(_wanted(table, operations))
    if not wanted:
        yield NotApplicable(reason="no request was measured, and the table is in one region")
        return
    missing = [one for one in wanted if not _watched(one, alarms)]
    if not missing:
        yield Good(message=f"CloudWatch alarms watch {a_few(one.title for one in wanted)}")
        return
    made = [_alarm(table, one) for one in missing]
    yield Problem(
        message=f"no CloudWatch alarm watches {a_few(one.title for one in missing)}",
        fix="create the alarms that fit, with an action that reaches someone (add --alarm-actions with your SNS topic to each command)",
        evidence={"alarms_missing": len(missing), "alarms_wanted": len(wanted)},
        current=f"{len(wanted) - len(missing)} of {counted(len(wanted), 'recommended alarm')} are there",
        benefit="slow and failing requests are known before users tell of them",
        migration=f"none; an alarm costs about {dollars(ALARM_USD_MONTH)} a month, all of these "
        f"{dollars(ALARM_USD_MONTH * Decimal(len(missing)))}; set the latency to what your users notice",
        effort="minutes",
        commands=tuple(one.command for one in made),
        template=alarms_template(made),
    )


def _wanted(table: Table, operations: Sequence[str]) -> Iterator[Wanted]:
    for operation in operations:
        yield Wanted(metric="SystemErrors", dimension="Operation", value=operation, statistic="Sum", minutes=15, threshold=0)
    for operation in operations:
        if operation in SINGLE_ITEM:
            yield Wanted(
                metric="SuccessfulRequestLatency",
                dimension="Operation",
                value=operation,
                statistic="Average",
                minutes=10,
                threshold=LATENCY_MS,
            )
    for replica in table.replicas:
        if replica.region != table.region:
            yield Wanted(
                metric="ReplicationLatency",
                dimension="ReceivingRegion",
                value=replica.region,
                statistic="Average",
                minutes=15,
                threshold=REPLICATION_MS,
            )


def _watched(wanted: Wanted, alarms: Alarms) -> bool:
    return any(
        metric.metric == wanted.metric
        and set(metric.dimensions) == {TABLE, wanted.dimension}
        and metric.dimensions[wanted.dimension] == wanted.value
        for alarm in alarms.alarms
        for metric in alarm.metrics
    )


def _alarm(table: Table, one: Wanted) -> NewAlarm:
    return NewAlarm(
        table=table,
        name=f"{table.name}-{one.metric}-{one.value}",
        metric=one.metric,
        dimensions={TABLE: table.name, one.dimension: one.value},
        statistic=one.statistic,
        minutes=one.minutes,
        threshold=one.threshold,
    )
