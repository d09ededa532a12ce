import json
import shlex
from decimal import Decimal
from typing import Literal

import pytest

from stj_audit.checks.wrong_target_utilization import wrong_target_utilization
from stj_audit.facts import AutoScaling, ScalableTarget, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

TABLE = a_table(billing_mode="PROVISIONED", indexes=(an_index("by-status"),))
DENIED = Unknown(call="application-autoscaling:DescribeScalableTargets", reason="AccessDeniedException")


def target(
    percent: str | None, dimension: Literal["read", "write"] = "read", *, index: str | None = None, suspended: bool = False
) -> ScalableTarget:
    return ScalableTarget(
        index=index,
        dimension=dimension,
        min_units=5,
        max_units=50,
        suspended=suspended,
        target_utilization_percent=None if percent is None else Decimal(percent),
    )


def judged(*targets: ScalableTarget) -> Result:
    return examined(wrong_target_utilization, TABLE, auto_scaling=AutoScaling(targets=targets))


def test_finds_a_low_target() -> None:
    result = judged(target("40"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    # 1 - 40/70
    assert problem.message == "auto scaling keeps reads at 40% utilization: at 70% the same load takes up to 43% less capacity"
    assert problem.evidence == {"read_target_percent": 40.0}
    assert problem.current == "a target utilization of reads at 40%"
    assert problem.benefit == "less capacity for the same load, down to the minimum that is set"


def test_finds_a_high_target() -> None:
    result = judged(target("90", "write"))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "auto scaling keeps writes at 90% utilization: no room for a spike"
    assert problem.benefit == "room for the minutes in which auto scaling catches up"


def test_tells_both_dimensions_in_one_problem() -> None:
    [problem] = judged(target("35"), target("90", "write")).problems
    assert problem.message == (
        "auto scaling keeps reads at 35% and writes at 90% utilization: "
        "no room for a spike and at 70% the same load takes up to 50% less capacity"
    )
    assert problem.severity is Severity.MEDIUM
    assert len(problem.commands) == 2


def test_judges_each_index_by_itself() -> None:
    result = judged(target("70"), target("20", index="by-status"))
    assert [problem.index for problem in result.problems] == ["by-status"]


def test_the_command_replaces_the_policy_that_is_there() -> None:
    [problem] = judged(target("40", "write", index="by-status")).problems
    words = shlex.split(problem.commands[0])
    assert words[:3] == ["aws", "application-autoscaling", "put-scaling-policy"]
    assert words[words.index("--region") + 1] == "eu-north-1"
    assert words[words.index("--resource-id") + 1] == "table/orders/index/by-status"
    assert words[words.index("--scalable-dimension") + 1] == "dynamodb:index:WriteCapacityUnits"
    assert words[words.index("--policy-name") + 1].startswith("$(aws application-autoscaling describe-scaling-policies ")
    assert json.loads(words[-1]) == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
        "TargetValue": 70,
    }


@pytest.mark.parametrize(
    ("percent", "status"),
    [("49.9", Status.FOUND), ("50", Status.PASSED), ("89.9", Status.PASSED), ("90", Status.FOUND)],
)
def test_its_lines(percent: str, status: Status) -> None:
    assert judged(target(percent)).status is status


def test_tells_what_is_right() -> None:
    result = judged(target("70"), target("70", "write"), target("60", index="by-status"))
    assert [good.message for good in result.goods] == ["auto scaling aims at 60% and 70% utilization"]


def test_a_target_without_a_policy_is_not_known() -> None:
    result = judged(target("70"), target(None, "write", index="by-status"))
    assert result.status is Status.UNKNOWN
    assert result.reason == "no target utilization is set for writes of index by-status"


@pytest.mark.parametrize("targets", [(), (target("20", suspended=True),), (target("20", index="gone"),)])
def test_what_does_not_scale_has_no_target(targets: tuple[ScalableTarget, ...]) -> None:
    assert judged(*targets).reason == "auto scaling follows none of its capacity"


def test_on_demand_has_no_target() -> None:
    result = examined(wrong_target_utilization, a_table(), auto_scaling=DENIED)
    assert result.status is Status.NOT_APPLICABLE


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(wrong_target_utilization, TABLE, auto_scaling=DENIED).unknowns == (DENIED,)


def test_tells_when_it_is_wrong() -> None:
    assert "grows very fast on purpose" in wrong_target_utilization.why
