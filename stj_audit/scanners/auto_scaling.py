"""
Auto scaling of provisioned capacity: DescribeScalableTargets and DescribeScalingPolicies.

Both are asked once for all tables of the region. A target's resource is "table/NAME", or "table/NAME/index/INDEX".
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from stj_audit.facts import AutoScaling, ScalableTarget
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

TARGETS_CALL = "application-autoscaling:DescribeScalableTargets"
POLICIES_CALL = "application-autoscaling:DescribeScalingPolicies"
NAMESPACE: Literal["dynamodb"] = "dynamodb"

_DIMENSIONS: Mapping[str, Literal["read", "write"]] = {"ReadCapacityUnits": "read", "WriteCapacityUnits": "write"}


def read_targets(aws: Aws) -> Sequence[Mapping[str, Any]]:
    """Every scalable target of DynamoDB in the region, as AWS gives it."""
    listed = pages("DescribeScalableTargets", aws.application_autoscaling.describe_scalable_targets, ServiceNamespace=NAMESPACE)
    return [target for page in listed for target in page.get("ScalableTargets", ())]


def read_policies(aws: Aws) -> Sequence[Mapping[str, Any]]:
    """Every scaling policy of DynamoDB in the region, as AWS gives it."""
    listed = pages("DescribeScalingPolicies", aws.application_autoscaling.describe_scaling_policies, ServiceNamespace=NAMESPACE)
    return [policy for page in listed for policy in page.get("ScalingPolicies", ())]


def of_table(table: str, targets: Sequence[Mapping[str, Any]], policies: Sequence[Mapping[str, Any]]) -> AutoScaling:
    """The targets of one table and its indexes, each with the utilization its target-tracking policy aims at."""
    utilization = {
        (policy["ResourceId"], policy["ScalableDimension"]): Decimal(
            str(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
        )
        for policy in policies
        if policy.get("ServiceNamespace") == NAMESPACE and "TargetTrackingScalingPolicyConfiguration" in policy
    }
    found = []
    for target in targets:
        resource, dimension = target["ResourceId"], target["ScalableDimension"]
        kind = _DIMENSIONS.get(dimension.rpartition(":")[2])
        is_table = resource == f"table/{table}"
        if (
            target.get("ServiceNamespace") != NAMESPACE
            or kind is None
            or not (is_table or resource.startswith(f"table/{table}/index/"))
        ):
            continue
        found.append(
            ScalableTarget(
                index=None if is_table else resource.removeprefix(f"table/{table}/index/"),
                dimension=kind,
                min_units=target["MinCapacity"],
                max_units=target["MaxCapacity"],
                suspended=_suspended(target.get("SuspendedState") or {}),
                target_utilization_percent=utilization.get((resource, dimension)),
            )
        )
    return AutoScaling(targets=tuple(sorted(found, key=lambda one: (one.index or "", one.dimension))))


def _suspended(state: Mapping[str, bool]) -> bool:
    """Suspended in one direction is suspended: the capacity no longer follows the load."""
    return bool(state.get("DynamicScalingInSuspended") or state.get("DynamicScalingOutSuspended"))
