"""
Throttling by key range means that one partition got more than it takes, mostly by one hot key. More capacity does not help; the key has to be
spread, and for that it has to be known. Without Contributor Insights nothing says which one it is.

What is looked at: events of throttling by key range, of the table and of each global index, where Contributor Insights is off. That they
happened is counted by `throttled`, and the cause by `throttle_cause`: the severity here is that of not knowing the key. Throttled writes of
an index are left out: Contributor Insights does not see them.

Wrong when the heat has gone: DynamoDB may have split the partition since. A Scan in many segments, or a bulk load in the order of the keys,
heats partitions without any hot key.
Source: AWS developer guide, "CloudWatch Contributor Insights for DynamoDB: How it works" and "Troubleshooting throttling in Amazon DynamoDB".

Fix: turn Contributor Insights on for throttled keys, look for jobs that scan or load, and spread the key that is named.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.checks.hot_keys_not_observable import IN_PLAIN_TEXT, keys_are_encrypted, turn_on
from stj_audit.facts import ContributorInsights, Flow, Table, Traffic, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, resource


@check("A hot key that nothing names", Category.PRIMARY_KEY_DESIGN, Severity.MEDIUM, code="KEY-05")
def hot_partition_key_unknown(
    table: Table, traffic: Traffic, contributor_insights: ContributorInsights | Unknown
) -> Iterator[Said]:
    days = traffic.throttle_window_days
    named = []
    said = False
    unseen: Unknown | None = None
    for index in (None, *(one.name for one in table.global_indexes)):
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        events = flow.named_throttles(index)
        if not events and (flow.read_throttles is None or flow.write_throttles is None):
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint of {resource(index)} in {days} days")
        elif not events and not flow.throttle_reasons and (flow.read_throttles or flow.write_throttles):
            throttled = counted((flow.read_throttles or 0) + (flow.write_throttles or 0), "throttle event")
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"CloudWatch tells no cause for {throttled} of {resource(index)}")
        elif not events:
            continue
        elif isinstance(contributor_insights, Unknown):
            unseen = contributor_insights
        elif contributor_insights.enabled(index):
            named.append(resource(index))
        else:
            said = True
            yield _problem(table, index, events, days)
    if unseen is not None:
        yield unseen
    elif named:
        yield Good(message=f"Contributor Insights is on where partitions were throttled: {a_few(named)}; its report names the keys")
    elif not said:
        yield NotApplicable(reason=f"no partition was throttled in {days} days")


def _problem(table: Table, index: str | None, events: int, days: int) -> Problem:
    plain = not keys_are_encrypted(table)
    return Problem(
        message=f"{counted(events, 'request')} to hot partitions of {resource(index)} refused in {days} days, and nothing tells by which key",
        fix="turn Contributor Insights on for throttled keys, look for jobs that scan or load, and spread the key that is named"
        if plain
        else "log the keys of throttled requests in the clients, look for jobs that scan or load, and spread the key that is found",
        index=index,
        evidence={"key_range_throttles": events, "days": days},
        current=f"Contributor Insights of {resource(index)} is off",
        benefit="the key that has to be spread is known the next time",
        migration=f"none; {IN_PLAIN_TEXT}"
        if plain
        else "none; Contributor Insights would show keys in plain text that are encrypted with a key of KMS, so it stays off",
        effort="minutes",
        commands=(turn_on(table, index),) if plain else (),
    )
