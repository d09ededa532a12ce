import json
import shlex
from decimal import Decimal
from typing import Literal

import pytest

from stj_audit.checks.provisioned_without_auto_scaling import provisioned_without_auto_scaling
from stj_audit.cost.workload import Flow, Workload, in_step
from stj_audit.facts import AutoScaling, ScalableTarget, Throughput, Unknown
from stj_audit.results import Limit, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, no_data, some_traffic

CAPACITY = Throughput(read_units=10, write_units=20)
FIXED = a_table(billing_mode="PROVISIONED", provisioned=CAPACITY)
INDEXED = a_table(
    billing_mode="PROVISIONED",
    provisioned=CAPACITY,
    indexes=(an_index("by-status", provisioned=CAPACITY), an_index("local", kind="LSI")),
)
DENIED = Unknown(call="application-autoscaling:DescribeScalableTargets", reason="AccessDeniedException")


AIM = Decimal(70)


def scaled(
    *which: tuple[str | None, Literal["read", "write"]], suspended: bool = False, percent: Decimal | None = AIM
) -> AutoScaling:
    return AutoScaling(
        targets=tuple(
            ScalableTarget(
                index=index,
                dimension=dimension,
                min_units=5,
                max_units=50,
                suspended=suspended,
                target_utilization_percent=percent,
            )
            for index, dimension in which
        )
    )


def test_finds_a_table_that_nothing_scales() -> None:
    result = examined(provisioned_without_auto_scaling, FIXED)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "no auto scaling of reads and writes"
    assert problem.current == "capacity is fixed at 10 read units and 20 write units"
    assert problem.evidence == {
        "read_auto_scaling": "not registered",
        "write_auto_scaling": "not registered",
        "read_units": 10,
        "write_units": 20,
        "throttles": 0,
    }


def test_the_commands_register_what_is_missing_and_nothing_else() -> None:
    [problem] = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=scaled((None, "read"))).problems
    register, policy = problem.commands
    assert register == (
        "aws application-autoscaling register-scalable-target --region eu-north-1 --service-namespace dynamodb "
        "--resource-id table/orders --scalable-dimension dynamodb:table:WriteCapacityUnits --min-capacity 20 --max-capacity 80"
    )
    words = shlex.split(policy)
    assert words[words.index("--policy-name") + 1] == "orders-write-70"
    assert words[words.index("--scalable-dimension") + 1] == "dynamodb:table:WriteCapacityUnits"
    assert json.loads(words[-1]) == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
        "TargetValue": 70,
    }


def test_judges_each_global_index_by_itself() -> None:
    targets = scaled((None, "read"), (None, "write"), ("by-status", "write"))
    [problem] = examined(provisioned_without_auto_scaling, INDEXED, auto_scaling=targets).problems
    assert problem.index == "by-status"
    assert problem.message == "no auto scaling of reads"
    assert "--resource-id table/orders/index/by-status --scalable-dimension dynamodb:index:ReadCapacityUnits" in problem.commands[0]


def test_a_suspended_target_does_not_scale() -> None:
    targets = scaled((None, "read"), (None, "write"), suspended=True)
    [problem] = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=targets).problems
    assert problem.message == "auto scaling of reads and writes is suspended"
    assert [command.partition(" --suspended-state ")[2] for command in problem.commands] == [
        "DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,ScheduledScalingSuspended=false"
    ] * 2


def between(minimum: int, maximum: int, *, suspended: bool = False) -> AutoScaling:
    dimensions: tuple[Literal["read", "write"], ...] = ("read", "write")
    return AutoScaling(
        targets=tuple(
            ScalableTarget(
                index=None,
                dimension=one,
                min_units=minimum,
                max_units=maximum,
                suspended=suspended,
                target_utilization_percent=AIM,
            )
            for one in dimensions
        )
    )


def test_auto_scaling_from_a_number_to_the_same_number_does_not_scale() -> None:
    result = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=between(10, 10))
    [problem] = result.problems
    assert (result.severity, result.goods) == (Severity.MEDIUM, ())
    assert problem.message == "auto scaling of reads and writes cannot move: its minimum is its maximum"
    assert problem.evidence["read_auto_scaling"] == problem.evidence["write_auto_scaling"] == "cannot move"
    assert problem.current == "capacity is fixed at 10 read units and 20 write units"
    assert problem.commands[1] == (
        "aws application-autoscaling register-scalable-target --region eu-north-1 --service-namespace dynamodb "
        "--resource-id table/orders --scalable-dimension dynamodb:table:WriteCapacityUnits --min-capacity 10 --max-capacity 40"
    )
    assert len(problem.commands) == 2


def test_one_unit_of_room_is_room() -> None:
    assert examined(provisioned_without_auto_scaling, FIXED, auto_scaling=between(10, 11)).status is Status.PASSED


def test_what_is_suspended_is_told_as_suspended_whatever_its_room() -> None:
    [problem] = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=between(10, 10, suspended=True)).problems
    assert problem.message == "auto scaling of reads and writes is suspended"


def test_tells_the_missing_from_the_suspended_and_what_was_throttled() -> None:
    targets = scaled((None, "write"), suspended=True)
    traffic = some_traffic(a_flow(read_throttles=3))
    [problem] = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=targets, traffic=traffic).problems
    assert problem.message == "no auto scaling of reads; auto scaling of writes is suspended; throttled 3 times"


@pytest.mark.parametrize(
    ("throttles", "severity"),
    [((0, 0), Severity.MEDIUM), ((1, 0), Severity.HIGH), ((0, 1), Severity.HIGH), ((None, None), Severity.MEDIUM)],
)
def test_is_high_when_it_was_throttled(throttles: tuple[int | None, int | None], severity: Severity) -> None:
    reads, writes = throttles
    flow = a_flow(read_throttles=reads, write_throttles=writes)
    assert examined(provisioned_without_auto_scaling, FIXED, traffic=some_traffic(flow)).severity is severity


def test_throttles_of_the_table_do_not_raise_its_indexes() -> None:
    targets = scaled((None, "read"), (None, "write"))
    traffic = some_traffic(a_flow(read_throttles=9), {"by-status": no_data()})
    [problem] = examined(provisioned_without_auto_scaling, INDEXED, auto_scaling=targets, traffic=traffic).problems
    assert problem.severity is Severity.MEDIUM
    assert problem.evidence["throttles"] is None


def test_finds_without_traffic_and_without_units() -> None:
    table = a_table(billing_mode="PROVISIONED")
    denied = Unknown(call="cloudwatch:GetMetricData", reason="denied")
    [problem] = examined(provisioned_without_auto_scaling, table, traffic=denied).problems
    assert problem.severity is Severity.MEDIUM
    assert problem.evidence["throttles"] is None
    assert problem.commands == ()
    assert problem.current == "capacity is fixed"


def test_passes_when_all_dimensions_are_registered() -> None:
    targets = scaled((None, "read"), (None, "write"), ("by-status", "read"), ("by-status", "write"))
    result = examined(provisioned_without_auto_scaling, INDEXED, auto_scaling=targets)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "auto scaling follows the reads and writes of the table and its 1 global secondary index"
    ]


def test_passes_a_scaled_table_without_indexes() -> None:
    result = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=scaled((None, "read"), (None, "write")))
    assert [good.message for good in result.goods] == ["auto scaling follows the reads and writes of the table"]


def test_on_demand_scales_by_itself() -> None:
    no_metrics = Unknown(call="cloudwatch:GetMetricData", reason="denied")
    result = examined(provisioned_without_auto_scaling, a_table(), auto_scaling=DENIED, traffic=no_metrics)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["on-demand capacity follows the load by itself"]


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(provisioned_without_auto_scaling, FIXED, auto_scaling=DENIED).unknowns == (DENIED,)


def test_tells_that_capacity_may_be_fixed_on_purpose() -> None:
    assert "fixed on purpose" in provisioned_without_auto_scaling.why


def growing(*, provisioned: bool = True) -> Workload:
    """One write unit a second with 1,000 users, and so 10 at the peak; no reads."""
    a_second = 2_628_000  # units of a month that are one a second: 730 hours
    flows = {
        (index, kind): Flow(units=in_step(Decimal(a_second if kind == "writes" else 0), 1_000))
        for index in (None, "by-status")
        for kind in ("reads", "writes")
    }
    return a_workload(INDEXED, flows=flows, users_now=1_000, provisioned=provisioned)


def test_tells_from_how_many_users_on_fixed_capacity_is_too_little() -> None:
    of_table = Limit(what="the 20 write units provisioned", users=2_001)
    of_index = Limit(what="the 20 write units provisioned", users=2_001, index="by-status")
    assert examined(provisioned_without_auto_scaling, INDEXED, workload=growing()).limits == (of_table, of_index)
    registered = scaled((None, "read"), (None, "write"))
    assert examined(provisioned_without_auto_scaling, INDEXED, workload=growing(), auto_scaling=registered).limits == (of_index,)


def test_suspended_auto_scaling_raises_nothing() -> None:
    targets = scaled((None, "write"), ("by-status", "write"), suspended=True)
    found = examined(provisioned_without_auto_scaling, INDEXED, workload=growing(), auto_scaling=targets).limits
    assert [limit.users for limit in found] == [2_001, 2_001]


def test_a_maximum_that_is_the_minimum_is_told_with_the_maxima() -> None:
    assert examined(provisioned_without_auto_scaling, FIXED, workload=growing(), auto_scaling=between(20, 20)).limits == ()


def test_where_auto_scaling_may_not_be_seen_capacity_is_a_limit_unless_it_is_raised() -> None:
    result = examined(provisioned_without_auto_scaling, FIXED, workload=growing(), auto_scaling=DENIED)
    assert result.status is Status.UNKNOWN
    assert result.limits == (Limit(what="the 20 write units provisioned, unless auto scaling raises them", users=2_001),)


def test_capacity_that_a_declared_design_gives_up_is_no_limit() -> None:
    assert examined(provisioned_without_auto_scaling, FIXED, workload=growing(provisioned=False)).limits == ()


def test_what_is_registered_without_a_policy_does_not_follow_the_load() -> None:
    targets = (*scaled((None, "read"), percent=None).targets, *scaled((None, "write")).targets)
    result = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=AutoScaling(targets=targets))
    assert result.status is Status.UNKNOWN
    [unknown] = result.unknowns
    assert unknown.call == "application-autoscaling:DescribeScalingPolicies"
    assert unknown.reason == "no target utilization is set for reads of the table"
    alone = examined(provisioned_without_auto_scaling, FIXED, auto_scaling=scaled((None, "read"), percent=None))
    [problem] = alone.problems
    assert (problem.message, problem.current) == ("no auto scaling of writes", "capacity is fixed at 20 write units")
