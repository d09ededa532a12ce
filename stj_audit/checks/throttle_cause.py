"""
DynamoDB throttles for four reasons, and says which in metrics of their own. The cure of one does nothing for another: more capacity does
not help against a hot key, and a better key does not lift a quota.

Key range: one partition got more than its 3,000 read or 1,000 write units a second. Account limit: an on-demand table or index went past
the account's quota for one table. Provisioned: more was asked than was provisioned. On-demand ceiling: the maximum that was set.

That requests were throttled is counted by the check `throttled`; the severity here only adds whether the cause goes away by turning a knob.

Wrong for a ceiling that was set to hold the costs: then it did its work. A hot key range may be gone already, when DynamoDB has split the
partition since. Some regions and old tables have no metrics by cause: that is reported as not checked.
Source: AWS developer guide, "Troubleshooting throttling in Amazon DynamoDB" and "Best practices for designing and using partition keys".

Fix: cure the cause that is named: spread the keys, ask for a higher quota, raise the capacity, or raise the ceiling.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from stj_audit.checks import check
from stj_audit.checks.hot_keys_not_observable import keys_are_encrypted, turn_on
from stj_audit.commands import Dimension, option, register_target, update_units
from stj_audit.facts import AutoScaling, Flow, Index, Table, Traffic, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted, listed, resource

RAISE_FACTOR = 2  # a first step that is seen in the metrics; the right size shows only when nothing is refused
NO_CEILING = -1  # UpdateTable's word for no maximum


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One reason for throttling. `metric` stands between Read or Write and ThrottleEvents in the name of its metrics."""

    metric: str
    title: str
    severity: Severity
    fix: str
    benefit: str
    migration: str
    effort: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """What was refused of one resource for one cause."""

    table: Table
    index: str | None
    reads: int
    writes: int
    days: int
    auto_scaling: AutoScaling | Unknown

    @property
    def owner(self) -> Table | Index:
        """Whose throughput it is."""
        return next((index for index in self.table.indexes if index.name == self.index), self.table)


KEY_RANGE = Cause(
    metric="KeyRangeThroughput",
    title="one partition got more than it can take (3,000 read or 1,000 write units a second)",
    severity=Severity.MEDIUM,
    fix="spread the traffic over more partition key values (add a suffix to the hot key), or cache what is read so often",
    benefit="the traffic can grow past what one partition takes; more capacity or a higher quota would not help here",
    migration="find the hot keys first (Contributor Insights shows them, not for the writes of an index), then rewrite their items under "
    "the new keys",
    effort="days",
)
ACCOUNT_LIMIT = Cause(
    metric="AccountLimit",
    title="the account's quota for one table was reached",
    severity=Severity.MEDIUM,
    fix="ask for a higher table-level throughput quota in Service Quotas",
    benefit="the table can take more than the account's quota for each on-demand table",
    migration="none: the quota is raised while the table is in use, after AWS has agreed",
    effort="days",
)
PROVISIONED = Cause(
    metric="ProvisionedThroughput",
    title="more was asked than is provisioned",
    severity=Severity.LOW,
    fix="raise the provisioned capacity, or the maximum of auto scaling, or move to on-demand",
    benefit="requests are no longer refused while the load is above today's capacity",
    migration=f"none: it is raised while the table is in use; the command makes capacity and its price {RAISE_FACTOR} times as much",
    effort="minutes",
)
ON_DEMAND_CEILING = Cause(
    metric="MaxOnDemandThroughput",
    title="the on-demand maximum that was set was reached",
    severity=Severity.LOW,
    fix="raise the maximum on-demand throughput, or remove it with -1",
    benefit="requests are no longer refused by a ceiling of your own",
    migration="none: it is raised while the table is in use; a ceiling that is there to hold the costs stays, and the callers slow down",
    effort="minutes",
)
CAUSES = (KEY_RANGE, ACCOUNT_LIMIT, PROVISIONED, ON_DEMAND_CEILING)


@check("Throttling by cause", Category.CAPACITY_PLANNING, Severity.MEDIUM, code="CAP-02")
def throttle_cause(table: Table, traffic: Traffic, auto_scaling: AutoScaling | Unknown) -> Iterator[Said]:
    days = traffic.throttle_window_days
    indexes = [index.name for index in table.global_indexes]
    quiet = 0
    for index in (None, *indexes):
        flow = traffic.table if index is None else traffic.indexes.get(index, Flow())
        events = (flow.read_throttles or 0) + (flow.write_throttles or 0)
        explained = False
        for cause in CAUSES:
            reads = flow.throttle_reasons.get(f"Read{cause.metric}ThrottleEvents", 0)
            writes = flow.throttle_reasons.get(f"Write{cause.metric}ThrottleEvents", 0)
            if reads or writes:
                explained = True
                refused = Refused(table=table, index=index, reads=reads, writes=writes, days=days, auto_scaling=auto_scaling)
                yield _problem(cause, refused)
        if explained:
            continue
        if events:
            named = counted(events, "throttle event")
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"CloudWatch tells no cause for {named} of {resource(index)}")
        elif flow.read_throttles is None or flow.write_throttles is None:
            yield Unknown(call="cloudwatch:GetMetricData", reason=f"no datapoint of {resource(index)} in {days} days")
        else:
            quiet += 1
    if quiet == 1 + len(indexes):
        also = ", indexes included" if indexes else ""
        yield Good(message=f"no hot partition, quota, capacity or ceiling was hit in {days} days{also}")


def _problem(cause: Cause, refused: Refused) -> Problem:
    kinds = ((refused.reads, "read"), (refused.writes, "write"))
    seen = f"{listed([counted(events, kind) for events, kind in kinds if events])} refused in {refused.days} days"
    return Problem(
        message=f"{seen}: {cause.title}",
        fix=cause.fix,
        severity=cause.severity,
        index=refused.index,
        evidence={"cause": cause.metric, "read_throttles": refused.reads, "write_throttles": refused.writes, "days": refused.days},
        subject=cause.metric,
        current=f"{seen}; the cause is {cause.metric}, in {refused.table.billing_mode} mode",
        benefit=cause.benefit,
        migration=cause.migration,
        effort=cause.effort,
        commands=_commands(cause, refused),
    )


def _commands(cause: Cause, refused: Refused) -> tuple[str, ...]:
    table = refused.table
    if cause is KEY_RANGE:
        if keys_are_encrypted(table) or (refused.index is not None and not refused.reads):
            return ()  # Contributor Insights shows keys in plain text, and does not see throttled writes of an index
        return (turn_on(table, refused.index),)
    if cause is ACCOUNT_LIMIT:
        query = shlex.quote("Quotas[?contains(QuotaName, 'throughput')].[QuotaName,QuotaCode,Value]")
        return (
            f"aws service-quotas list-service-quotas {option('--region', table.region)} --service-code dynamodb "
            f"--query {query} --output table",
        )
    if cause is PROVISIONED:
        return _raise_provisioned(refused)
    limit = refused.owner.on_demand_limit
    raised = {}
    if refused.reads:
        raised["MaxReadRequestUnits"] = limit.read_units * RAISE_FACTOR if limit and limit.read_units else NO_CEILING
    if refused.writes:
        raised["MaxWriteRequestUnits"] = limit.write_units * RAISE_FACTOR if limit and limit.write_units else NO_CEILING
    return (update_units(refused.table, refused.index, "OnDemandThroughput", raised),)


def _raise_provisioned(refused: Refused) -> tuple[str, ...]:
    """The maximum of auto scaling where it is registered, else the capacity itself; nothing when either is not known."""
    capacity, auto_scaling, table = refused.owner.provisioned, refused.auto_scaling, refused.table
    if isinstance(auto_scaling, Unknown) or capacity is None or capacity.read_units is None or capacity.write_units is None:
        return ()
    units = {"read": capacity.read_units, "write": capacity.write_units}
    commands = []
    by_hand = False
    events_of: tuple[tuple[Dimension, int], ...] = (("read", refused.reads), ("write", refused.writes))
    for dimension, events in events_of:
        target = auto_scaling.target(refused.index, dimension)
        if events and target is not None:
            commands.append(
                register_target(
                    table, refused.index, dimension, min_units=target.min_units, max_units=target.max_units * RAISE_FACTOR
                )
            )
        elif events:
            units[dimension] *= RAISE_FACTOR
            by_hand = True
    if by_hand:
        named = {"ReadCapacityUnits": units["read"], "WriteCapacityUnits": units["write"]}
        commands.append(update_units(table, refused.index, "ProvisionedThroughput", named))
    return tuple(commands)
