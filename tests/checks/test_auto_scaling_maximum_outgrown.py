import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import pytest

from stj_audit.checks.auto_scaling_maximum_outgrown import auto_scaling_maximum_outgrown
from stj_audit.config import Scale
from stj_audit.cost.workload import Amount, Flow, Key, Workload, in_step
from stj_audit.facts import AutoScaling, ScalableTarget, Unknown
from stj_audit.results import Limit, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined

TABLE = a_table(billing_mode="PROVISIONED", indexes=(an_index("by-status"),))
KEYS: tuple[Key, ...] = ((None, "reads"), (None, "writes"), ("by-status", "reads"), ("by-status", "writes"))
A_SECOND = 2_628_000  # units of a month that are one a second: 730 hours
DENIED = Unknown(call="application-autoscaling:DescribeScalableTargets", reason="AccessDeniedException")


def workload(means: Mapping[Key, int | str]) -> Workload:
    """Units a second, on average, with 1,000 users; nothing of what is left out."""
    flows = {key: Flow(units=in_step(Decimal(means.get(key, 0)) * A_SECOND, 1_000)) for key in KEYS}
    return a_workload(TABLE, flows=flows, users_now=1_000, provisioned=True)


def a_target(
    dimension: Literal["read", "write"] = "write", *, index: str | None = None, suspended: bool = False, percent: int | None = 70
) -> ScalableTarget:
    aim = None if percent is None else Decimal(percent)
    return ScalableTarget(
        index=index, dimension=dimension, min_units=5, max_units=700, suspended=suspended, target_utilization_percent=aim
    )


def judged(
    *targets: ScalableTarget, writes: int | str = 7, index_reads: int = 0, users: int | None = 10_000, **context: Any
) -> Result:
    found = workload({(None, "writes"): writes, ("by-status", "reads"): index_reads})
    known = {"workload": found, "users": users, "auto_scaling": AutoScaling(targets=targets), **context}
    return examined(auto_scaling_maximum_outgrown, TABLE, **known)


def test_finds_a_maximum_below_the_peak() -> None:
    # 14 a second with 1,000 users are 140 with 10,000, and 1,400 at the peak, which is 70 % of 2,000
    result = judged(a_target(), writes=14)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "the peak of 10,000 users takes 1,400 write units where the maximum is 700"
    assert problem.fix == "raise the maximum of write units to 2,000"
    assert problem.evidence == {"write_max_units": 700, "write_peak_units_a_second": 1_400.0, "write_max_units_needed": 2_000}
    assert problem.matters_from_users == 5_001
    assert problem.current == "a maximum of 700 write units"


def test_its_command_raises_the_maximum_and_keeps_the_minimum() -> None:
    [problem] = judged(a_target("read", index="by-status"), index_reads=14).problems
    assert problem.index == "by-status"
    words = shlex.split(problem.commands[0])
    assert words[:3] == ["aws", "application-autoscaling", "register-scalable-target"]
    assert words[words.index("--region") + 1] == "eu-north-1"
    assert words[words.index("--resource-id") + 1] == "table/orders/index/by-status"
    assert words[words.index("--scalable-dimension") + 1] == "dynamodb:index:ReadCapacityUnits"
    assert words[-4:] == ["--min-capacity", "5", "--max-capacity", "2000"]


@pytest.mark.parametrize(("percent", "needed"), [(50, 2_800), (None, 2_000)])
def test_what_it_suggests_is_by_the_target(percent: int | None, needed: int) -> None:
    [problem] = judged(a_target(percent=percent), writes=14).problems
    assert problem.evidence["write_max_units_needed"] == needed


@pytest.mark.parametrize(
    ("writes", "status"),
    [("7", Status.PASSED), ("7.01", Status.FOUND), ("7.00000000000001", Status.PASSED), ("7.0000000000001", Status.FOUND)],
)  # the two last: less, and more, than half a millionth of a unit a month
def test_its_line(writes: str, status: Status) -> None:
    assert judged(a_target(), writes=writes).status is status


def test_the_peak_factor_is_that_of_the_scale() -> None:
    scale = Scale(target_users=10_000, users_now=1_000, peak_factor=5)
    assert judged(a_target(), writes=14, scale=scale).status is Status.PASSED


def test_what_is_outgrown_today_matters_today() -> None:
    assert judged(a_target(), writes=71).problems[0].matters_from_users is None


def test_today_is_judged_where_nobody_counted_users() -> None:
    assert judged(a_target(), writes=71, users=None).problems[0].message.startswith("the peak takes 710 write units")


def test_passes_with_the_shares() -> None:
    result = judged(a_target(), a_target("read"))
    assert [good.message for good in result.goods] == [
        "the peak of 10,000 users takes 100% of 700 write units of the table and 0% of 700 read units of the table "
        "that auto scaling may provision"
    ]


def test_requests_that_are_not_known_are_not_zero() -> None:
    flows = {key: Flow(units=Amount(today=None)) for key in KEYS}
    result = judged(a_target(), workload=a_workload(TABLE, flows=flows, provisioned=True))
    assert result.reason == "the peak of 10,000 users in writes of the table is not known"


@pytest.mark.parametrize("targets", [(), (a_target(suspended=True),), (a_target(index="gone"),)])
def test_what_does_not_scale_has_no_maximum(targets: tuple[ScalableTarget, ...]) -> None:
    assert judged(*targets, writes=14).reason == "auto scaling follows none of its capacity"


def test_does_not_judge_what_it_may_not_see() -> None:
    assert judged(auto_scaling=DENIED).unknowns == (DENIED,)


def test_on_demand_has_no_maximum() -> None:
    assert examined(auto_scaling_maximum_outgrown, a_table(), auto_scaling=DENIED).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "meant to hold the bill down" in auto_scaling_maximum_outgrown.why


def test_tells_when_the_maximum_binds_also_where_it_is_far() -> None:
    # 7 a second of 1,000 users at a peak of ten times that: 0.07 for each user, 700 with 10,000
    assert judged(a_target()).limits == (Limit(what="the 700 write units that auto scaling may provision", users=10_001),)
    found = judged(a_target("read", index="by-status"), index_reads=1, writes=0).limits
    assert found == (Limit(what="the 700 read units that auto scaling may provision", users=70_001, index="by-status"),)
    assert judged(a_target(), writes=0).limits == ()


def test_the_capacity_that_is_outgrown_is_told_by_its_kind() -> None:
    [problem] = judged(a_target("read", index="by-status"), a_target(), index_reads=14, writes=0).problems
    assert problem.message == "the peak of 10,000 users takes 1,400 read units where the maximum is 700"


def test_a_table_that_moves_to_provisioned_is_not_judged_before() -> None:
    on_demand = a_table(indexes=(an_index("by-status"),))
    found = workload({(None, "writes"): 14})
    result = examined(
        auto_scaling_maximum_outgrown, on_demand, workload=found, users=10_000, auto_scaling=AutoScaling(targets=(a_target(),))
    )
    assert result.status is Status.NOT_APPLICABLE


def test_a_provisioned_table_that_moves_to_on_demand_is_not_judged() -> None:
    result = judged(a_target(), workload=a_workload(TABLE, {"writes": "1"}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table is on demand")
