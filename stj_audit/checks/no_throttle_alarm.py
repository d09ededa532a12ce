"""
Throttling is silent for everyone but the users: SDKs retry, and nobody looks at a metric that is usually empty. An alarm needs the complete
dimensions: one on TableName alone does not see the indexes, and CloudWatch reports no error for it. An alarm that has no action, or whose
actions are disabled, tells nobody, and does not count.

Wrong when the table is watched by another system (Datadog, Grafana, New Relic): this check sees CloudWatch alarms only. An alarm without an
action may be a part of a composite alarm that has one: composite alarms are not read.
Source: Amazon CloudWatch user guide, "Recommended alarms" for DynamoDB: Sum over 60 seconds, 5 of 5 datapoints.

Fix: create the missing alarms, each with the dimensions of one table or index, and an action that reaches someone.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import Alarms, Table
from stj_audit.new_alarm import NewAlarm, alarms_template
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import a_few, counted, dollars, listed

KINDS = {"ReadThrottleEvents": "read", "WriteThrottleEvents": "write"}
METRICS = tuple(KINDS)
MINUTES = 5  # the user guide, see above
ALARM_USD_MONTH = Decimal("0.10")  # Amazon CloudWatch pricing: one standard-resolution alarm metric, in most regions


@check("No alarm on throttling", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-12")
def no_throttle_alarm(table: Table, alarms: Alarms) -> Iterator[Said]:
    resources = (None, *(index.name for index in table.global_indexes))
    wanted = [(metric, index) for index in resources for metric in METRICS]
    missing = [(metric, index) for metric, index in wanted if not alarms.watches(metric, index=index)]
    if not missing:
        also = (
            f" and its {counted(len(resources) - 1, 'global secondary index', 'global secondary indexes')}" if resources[1:] else ""
        )
        yield Good(message=f"CloudWatch alarms watch the read and write throttles of the table{also}")
        return
    made = [_alarm(table, metric, index) for metric, index in missing]
    mute = sum(bool(alarms.watching(metric, index=index)) for metric, index in missing)
    unheard = f"; {counted(mute, 'of these metrics has', 'of these metrics have')} an alarm that tells nobody" if mute else ""
    yield Problem(
        message=f"no CloudWatch alarm watches {_named(missing)}{unheard}",
        fix="create the missing alarms, with an action that reaches someone (add --alarm-actions with your SNS topic to each command)",
        evidence={"alarms_missing": len(missing), "alarms_wanted": len(wanted), "alarms_that_tell_nobody": mute},
        current=f"{len(wanted) - len(missing)} of {counted(len(wanted), 'throttle metric')} watched in CloudWatch",
        benefit="throttling is known within minutes, and not from the complaints of users",
        migration=f"none; an alarm costs about {dollars(ALARM_USD_MONTH)} a month, all of these {dollars(ALARM_USD_MONTH * len(missing))}; "
        "not needed where another system watches these metrics",
        effort="minutes",
        commands=tuple(one.command for one in made),
        template=alarms_template(made),
    )


def _named(missing: list[tuple[str, str | None]]) -> str:
    """The missing alarms: "read and write throttles of the table and index a, write throttles of index b"."""
    by_resource: dict[str | None, list[str]] = {}
    for metric, index in missing:
        by_resource.setdefault(index, []).append(KINDS[metric])
    by_kinds: dict[tuple[str, ...], list[str]] = {}
    for index, kinds in by_resource.items():
        by_kinds.setdefault(tuple(kinds), []).append("the table" if index is None else index)
    return ", nor ".join(f"{listed(kinds)} throttles of {a_few(where)}" for kinds, where in by_kinds.items())


def _alarm(table: Table, metric: str, index: str | None) -> NewAlarm:
    dimensions = {"TableName": table.name} | ({} if index is None else {"GlobalSecondaryIndexName": index})
    name = "-".join(part for part in (table.name, index, metric) if part)
    return NewAlarm(table=table, name=name, metric=metric, dimensions=dimensions, statistic="Sum", minutes=MINUTES, threshold=0)
