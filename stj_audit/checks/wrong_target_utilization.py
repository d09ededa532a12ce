"""
Auto scaling keeps capacity at the load divided by its target. A low target keeps capacity that is never used: at 40 % the same load takes
75 % more than at 70 %. A high one leaves no room: auto scaling raises capacity only after two minutes above the target, and until then
what is above the capacity is throttled.

A target below 50 % is called very low by AWS, and one around 90 % high; 50 % itself is left alone. Only targets that scale are looked at:
one that is suspended, or not there, is another finding.

Wrong when the load grows very fast on purpose (a low target), or never has spikes (a high one).
Source: AWS developer guide, "Evaluate your DynamoDB table's auto scaling settings"; "Managing throughput capacity automatically with
DynamoDB auto scaling".

Fix: set the target to 70 %.
"""

import json
import shlex
from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import scalable_target
from stj_audit.cost.auto_scaling import TARGET_PERCENT
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, listed, percent

WASTEFUL_BELOW_PERCENT = 50  # AWS developer guide, "auto scaling settings": "a very low utilization (a target less than 50%)"
RISKY_FROM_PERCENT = 90  # the same: "a target around 90%"; 90 is also the most that is allowed


@check("Auto scaling aims at the wrong utilization", Category.CAPACITY_PLANNING, Severity.LOW, code="CAP-05")
def wrong_target_utilization(table: Table, auto_scaling: AutoScaling | Unknown) -> Iterator[Said]:
    if table.billing_mode == "PAY_PER_REQUEST":
        yield NotApplicable(reason="the table is on demand")
        return
    if isinstance(auto_scaling, Unknown):
        yield auto_scaling
        return
    indexes = (None, *(index.name for index in table.global_indexes))
    targets = [one for one in auto_scaling.targets if one.index in indexes and not one.suspended]
    if not targets:
        yield NotApplicable(reason="auto scaling follows none of its capacity")
        return
    for index in indexes:
        wrong = [(one, aim) for one in targets if one.index == index and (aim := one.target_utilization_percent) and _is_wrong(aim)]
        if wrong:
            yield _problem(table, index, wrong)
    for one in targets:
        if one.target_utilization_percent is None:
            what = f"{one.dimension}s of {'the table' if one.index is None else f'index {one.index}'}"
            yield Unknown(call="application-autoscaling:DescribeScalingPolicies", reason=f"no target utilization is set for {what}")
    right = sorted({aim for one in targets if (aim := one.target_utilization_percent) is not None and not _is_wrong(aim)})
    if right:
        yield Good(message=f"auto scaling aims at {listed([f'{count(aim)}%' for aim in right])} utilization")


def _is_wrong(aim: Decimal) -> bool:
    return aim < WASTEFUL_BELOW_PERCENT or aim >= RISKY_FROM_PERCENT


def _problem(table: Table, index: str | None, wrong: list[tuple[ScalableTarget, Decimal]]) -> Problem:
    risky = [aim for _, aim in wrong if aim >= RISKY_FROM_PERCENT]
    wasteful = [aim for _, aim in wrong if aim < WASTEFUL_BELOW_PERCENT]
    seen = listed([f"{one.dimension}s at {count(aim)}%" for one, aim in wrong])
    harm = ["no room for a spike"] if risky else []
    if wasteful:  # the capacity for a load is the load over the target
        harm.append(f"at {TARGET_PERCENT}% the same load takes up to {percent(1 - min(wasteful) / TARGET_PERCENT)} less capacity")
    return Problem(
        message=f"auto scaling keeps {seen} utilization: {listed(harm)}",
        fix=f"set the target utilization to {TARGET_PERCENT}%",
        severity=Severity.MEDIUM if risky else Severity.LOW,
        index=index,
        evidence={f"{one.dimension}_target_percent": float(aim) for one, aim in wrong},
        current=f"a target utilization of {seen}",
        benefit=listed(
            [
                *(["room for the minutes in which auto scaling catches up"] if risky else []),
                *(["less capacity for the same load, down to the minimum that is set"] if wasteful else []),
            ]
        ),
        migration="none: capacity moves to the new target by itself; the command replaces the whole policy, so add its cooldowns where it "
        "has any",
        effort="minutes",
        commands=tuple(_command(table, one) for one, _ in wrong),
    )


def _command(table: Table, target: ScalableTarget) -> str:
    """A second policy for the same metric is refused: the one that is there is looked up by the command itself."""
    which = scalable_target(table, target.index, target.dimension)
    metric = {"PredefinedMetricType": f"DynamoDB{target.dimension.title()}CapacityUtilization"}
    tracking = json.dumps({"PredefinedMetricSpecification": metric, "TargetValue": TARGET_PERCENT})
    name = (
        f'"$(aws application-autoscaling describe-scaling-policies {which} '
        "--query 'ScalingPolicies[?PolicyType==`TargetTrackingScaling`]|[0].PolicyName' --output text)\""
    )
    return (
        f"aws application-autoscaling put-scaling-policy {which} --policy-name {name} --policy-type TargetTrackingScaling "
        f"--target-tracking-scaling-policy-configuration {shlex.quote(tracking)}"
    )
