"""
A throttled request was refused for lack of throughput. SDKs retry, so users first see slowness, then errors; and the refused work is done
twice. A table and each of its global secondary indexes have throughput of their own, and each is judged by itself.

Wrong after a load test, or a one-time import that was allowed to be throttled. The share is an estimate: events are compared with units,
as CloudWatch counts no requests per index.
Source: AWS developer guide, "DynamoDB Metrics and dimensions" (ReadThrottleEvents, WriteThrottleEvents).

Fix: find the cause first (capacity, one hot key, an account quota or an on-demand ceiling): each has a different cure.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted, listed, percent, resource

HIGH_HOURLY_SHARE = Decimal("0.01")  # above one request in a hundred of an hour, retries no longer hide it
CURES = {  # part of the metric's name between Read or Write and ThrottleEvents -> what helps; the check throttle-cause says more
    "KeyRangeThroughput": "spread the hot key over more values",
    "AccountLimit": "ask for a higher account quota",
    "ProvisionedThroughput": "raise the provisioned capacity",
    "MaxOnDemandThroughput": "raise the on-demand maximum",
}
HIGH_DAYS = 3  # from three days on it is no single incident


@check("Throttled requests", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-01")
def throttled(table: Table, traffic: Traffic) -> Iterator[Said]:
    days = traffic.throttle_window_days
    indexes = [index.name for index in table.global_indexes]
    healthy = 0
    for index in (None, *indexes):
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        if flow.read_throttles or flow.write_throttles:
            yield _problem(table, index, flow, days)
        elif flow.read_throttles is not None and flow.write_throttles is not None:
            healthy += 1
        blind = [kind for kind, seen in (("read", flow.read_throttles), ("write", flow.write_throttles)) if seen is None]
        if blind:
            yield Unknown(
                call="cloudwatch:GetMetricData", reason=f"no {listed(blind)} datapoint of {resource(index)} in {days} days"
            )
    if healthy == 1 + len(indexes):
        also = ", indexes included" if indexes else ""
        yield Good(message=f"0 throttle events in {days} days{also}")


def _problem(table: Table, index: str | None, flow: Flow, days: int) -> Problem:
    reads, writes = flow.read_throttles or 0, flow.write_throttles or 0
    share = flow.worst_hour_throttle_share
    severe = flow.throttled_days >= HIGH_DAYS or (share is not None and share > HIGH_HOURLY_SHARE)
    estimate = "" if share is None else percent(share)
    about = "" if estimate.startswith("less") else "about "
    worst = f"; in the worst hour {about}{estimate} of the requests" if estimate else ""
    which = "" if index is None else f" {option('--index-name', index)}"
    commands: tuple[str, ...] = ()
    if index is None or reads:
        commands = (
            f"aws dynamodb update-contributor-insights {of_table(table)}{which} "
            "--contributor-insights-action ENABLE --contributor-insights-mode THROTTLED_KEYS",
        )
    kinds = [counted(events, kind) for events, kind in ((reads, "read"), (writes, "write")) if events]
    return Problem(
        message=f"throttled {counted(reads + writes, 'time')} in {days} days ({', '.join(kinds)}), "
        f"on {counted(flow.throttled_days, 'day')}{worst}",
        fix=_fix(flow),
        severity=Severity.HIGH if severe else Severity.MEDIUM,
        index=index,
        evidence={
            "read_throttles": reads,
            "write_throttles": writes,
            "throttled_days": flow.throttled_days,
            "worst_hour_throttle_share": None if share is None else float(share),
            "days": days,
        },
        current=f"{counted(reads + writes, 'throttle event')} in {days} days",
        benefit="steadier latency, and no errors for users when retries run out",
        migration="none to find the cause: Contributor Insights is billed by throttled event, and shows key values in CloudWatch"
        if commands
        else "look for the hot key in what the application writes: Contributor Insights does not see throttled writes of an index",
        effort="hours",
        commands=commands,
    )


def _fix(flow: Flow) -> str:
    cures = [cure for cause, cure in CURES.items() if any(cause in metric for metric in flow.throttle_reasons)]
    if cures:
        return f"cure the cause that CloudWatch names: {listed(cures)}"
    return "find the cause, then cure that: more capacity, a better spread key, a higher quota, or a higher on-demand maximum"
