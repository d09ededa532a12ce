import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.under_provisioned_capacity import under_provisioned_capacity
from stj_audit.cost.workload import Capacity, Flow, Key, Workload, in_step
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Throughput, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, some_traffic

CAPACITY = Throughput(read_units=100, write_units=10)
TABLE = a_table(billing_mode="PROVISIONED", provisioned=CAPACITY)
INDEXED = a_table(billing_mode="PROVISIONED", provisioned=CAPACITY, indexes=(an_index("by-status", provisioned=CAPACITY),))
HOURS = 100
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def hours(usual: int, busy: int, busy_hours: int) -> tuple[int, ...]:
    """Units a second, as the units of each hour."""
    return (usual * 3_600,) * (HOURS - busy_hours) + (busy * 3_600,) * busy_hours


QUIET = hours(1, 2, 1)


def workload(reads: tuple[int, ...] = QUIET, writes: tuple[int, ...] = QUIET, index: str | None = None) -> Workload:
    """The measured units of a month are those of the series; 1,000 users make them."""
    series: Mapping[Key, tuple[int, ...]] = {(index, "reads"): reads, (index, "writes"): writes}
    flows = {key: Flow(units=in_step(Decimal(sum(units)) * 730 / HOURS, 1_000)) for key, units in series.items()}
    table = TABLE if index is None else INDEXED
    capacity: dict[Key, Capacity] = {(index, "reads"): Capacity(units=Decimal(100))}
    return a_workload(table, series=series, flows=flows, capacity=capacity, provisioned=True, users_now=1_000)


def judged(found: Workload, *, table: Table = TABLE, **context: Any) -> Result:
    return examined(under_provisioned_capacity, table, workload=found, **context)


def test_finds_capacity_without_room() -> None:
    result = judged(workload(hours(40, 91, 60)))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "more than 80% of 100 read units is used in 60% of the hours"
    # 91 units are 70 % of 130
    assert problem.fix == "raise read units to 130, or register auto scaling"
    assert problem.evidence == {"read_units": 100, "read_units_needed": 130, "read_full_share": 0.6}
    assert problem.current == "capacity is fixed at 100 read units"
    assert problem.matters_from_users is None


def test_its_command_raises_the_one_and_leaves_the_other() -> None:
    [problem] = judged(workload(hours(40, 91, 60))).problems
    assert shlex.split(problem.commands[0]) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--provisioned-throughput", "ReadCapacityUnits=130,WriteCapacityUnits=10"),
    ]


def test_its_command_for_an_index() -> None:
    [problem] = judged(workload(hours(40, 91, 60), index="by-status"), table=INDEXED).problems
    assert problem.index == "by-status"
    assert json.loads(shlex.split(problem.commands[0])[-1]) == [
        {
            "Update": {
                "IndexName": "by-status",
                "ProvisionedThroughput": {"ReadCapacityUnits": 130, "WriteCapacityUnits": 10},
            }
        }
    ]


@pytest.mark.parametrize(("busy", "status"), [(80, Status.PASSED), (81, Status.FOUND)])
def test_an_hour_is_full_above_80_percent(busy: int, status: Status) -> None:
    assert judged(workload(hours(40, busy, 60))).status is status


@pytest.mark.parametrize(("busy_hours", "status"), [(50, Status.PASSED), (51, Status.FOUND)])
def test_most_hours_must_be_full(busy_hours: int, status: Status) -> None:
    assert judged(workload(hours(40, 91, busy_hours))).status is status


@pytest.mark.parametrize(
    ("usual", "busy", "status"),
    [(81, 90, Status.PASSED), (81, 91, Status.FOUND), (99, 99, Status.PASSED), (99, 100, Status.FOUND)],
)
def test_a_load_without_spikes_may_use_nearly_all(usual: int, busy: int, status: Status) -> None:
    assert judged(workload(hours(usual, busy, 60))).status is status


def test_tells_from_how_many_users_on() -> None:
    # 40 units in most hours with 1,000 users, which are more than 80 with more than 2,000
    found = workload(hours(10, 40, 60), hours(0, 0, 0))
    assert judged(found, users=2_000).status is Status.PASSED
    [problem] = judged(found, users=10_000).problems
    assert problem.matters_from_users == 2_001
    assert problem.message == "more than 80% of 100 read units is used in 100% of the hours at 10,000 users"


def test_half_of_the_hours_is_not_yet_most_of_them_for_the_users_to_come() -> None:
    # from 2,001 users on the busy half of the hours is full, from 8,001 on the other half as well
    [problem] = judged(workload(hours(10, 40, 50), hours(0, 0, 0)), users=10_000).problems
    assert problem.matters_from_users == 8_001


def test_what_is_full_today_matters_today() -> None:
    [problem] = judged(workload(hours(40, 91, 60)), users=10_000).problems
    assert problem.matters_from_users is None


def test_tells_reads_and_writes_together() -> None:
    [problem] = judged(workload(hours(40, 91, 60), hours(4, 9, 60))).problems
    assert problem.message == (
        "more than 80% of 100 read units is used in 60% of the hours; more than 80% of 10 write units is used in 60% of the hours"
    )


def test_passes_capacity_with_room() -> None:
    result = judged(workload())
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "fixed capacity has room, by hourly sums: reads of the table and writes of the table"
    ]


def test_a_busiest_hour_is_enough_to_see_room() -> None:
    # 288,000 units in an hour are 80 a second
    found = replace(workload(), series={})
    traffic = some_traffic(a_flow(peak_hour_read_units=Decimal(288_000), peak_hour_write_units=Decimal(0)))
    assert judged(found, traffic=traffic).status is Status.PASSED
    more = some_traffic(a_flow(peak_hour_read_units=Decimal(288_001), peak_hour_write_units=Decimal(0)))
    assert judged(found, traffic=more).reason == "the hours of reads of the table are not known"
    assert judged(found, traffic=traffic, users=1_001).status is Status.UNKNOWN


def test_a_busiest_hour_that_was_not_measured_shows_no_room() -> None:
    traffic = some_traffic(a_flow(peak_hour_read_units=None, peak_hour_write_units=Decimal(0)))
    result = judged(replace(workload(), series={}), traffic=traffic)
    assert [one.reason for one in result.unknowns] == ["the hours of reads of the table are not known"]


def test_a_busiest_hour_shows_no_room_for_users_whose_load_is_not_known() -> None:
    found = workload()
    flows = {**found.flows, (None, "reads"): Flow(units=in_step(Decimal(1_000_000), None))}
    traffic = some_traffic(a_flow(peak_hour_read_units=Decimal(1), peak_hour_write_units=Decimal(0)))
    result = judged(replace(found, flows=flows, series={}), traffic=traffic, users=2_000)
    assert [one.reason for one in result.unknowns] == ["the hours of reads of the table are not known"]


@pytest.mark.parametrize(("units", "status"), [(288_000, Status.PASSED), (288_001, Status.UNKNOWN)])
def test_a_busiest_hour_is_taken_as_it_was_where_a_month_has_no_units(units: int, status: Status) -> None:
    found = replace(workload(hours(0, 0, 0)), series={})
    traffic = some_traffic(a_flow(peak_hour_read_units=Decimal(units), peak_hour_write_units=Decimal(0)))
    assert judged(found, traffic=traffic).status is status


@pytest.mark.parametrize(("days", "status"), [("6.9", Status.UNKNOWN), ("7", Status.PASSED)])
def test_a_week_must_be_covered(days: str, status: Status) -> None:
    assert judged(workload(), traffic=some_traffic(covered_days=Decimal(days))).status is status


def test_capacity_that_is_not_stated_is_not_known() -> None:
    result = judged(workload(), table=a_table(billing_mode="PROVISIONED"))
    assert result.reason == "the capacity for reads of the table is not stated"


@pytest.mark.parametrize(
    ("capacity", "full", "unstated"),
    [
        (Throughput(read_units=100, write_units=None), "read", "writes"),
        (Throughput(read_units=None, write_units=10), "write", "reads"),
    ],
)
def test_gives_no_command_where_half_of_the_capacity_is_not_stated(capacity: Throughput, full: str, unstated: str) -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=capacity)
    result = judged(workload(hours(40, 91, 60), hours(4, 9, 60)), table=table)
    [problem] = result.problems
    assert problem.current.endswith(f" {full} units")
    assert problem.commands == ()
    assert [one.reason for one in result.unknowns] == [f"the capacity for {unstated} of the table is not stated"]


def targets(suspended: bool) -> AutoScaling:
    return AutoScaling(
        targets=tuple(
            ScalableTarget(index=None, dimension=dimension, min_units=5, max_units=50, suspended=suspended)
            for dimension in ("read", "write")
        )
    )


def test_capacity_that_moves_is_not_fixed() -> None:
    found = workload(hours(40, 91, 60))
    assert judged(found, auto_scaling=targets(suspended=False)).reason == "auto scaling moves all of its capacity"
    assert judged(found, auto_scaling=targets(suspended=True)).status is Status.FOUND


@pytest.mark.parametrize(("dimension", "fixed"), [("read", "10 write units"), ("write", "100 read units")])
def test_auto_scaling_of_the_one_leaves_the_other_fixed(dimension: Any, fixed: str) -> None:
    target = ScalableTarget(index=None, dimension=dimension, min_units=5, max_units=50)
    [problem] = judged(workload(hours(40, 91, 60), hours(4, 9, 60)), auto_scaling=AutoScaling(targets=(target,))).problems
    assert problem.current == f"capacity is fixed at {fixed}"


@pytest.mark.parametrize("fact", ["traffic", "auto_scaling"])
def test_does_not_judge_what_it_may_not_see(fact: str) -> None:
    facts: dict[str, Any] = {fact: DENIED}
    assert judged(workload(), **facts).unknowns == (DENIED,)


def test_on_demand_has_no_capacity() -> None:
    assert examined(under_provisioned_capacity, a_table(), traffic=DENIED).status is Status.NOT_APPLICABLE


def test_a_table_on_demand_is_not_judged_as_if_it_were_provisioned_nor_one_that_is_to_be_on_demand() -> None:
    found = workload(hours(40, 91, 60))
    assert judged(found, table=a_table(provisioned=CAPACITY)).reason == "the table is on demand"
    assert judged(replace(found, provisioned=False)).reason == "the table is on demand"


def test_tells_when_it_is_wrong() -> None:
    assert "a load without spikes" in under_provisioned_capacity.why
