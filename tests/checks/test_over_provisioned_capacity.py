import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks import examine
from stj_audit.checks.over_provisioned_capacity import over_provisioned_capacity
from stj_audit.cost.workload import Flow, Key, Workload, in_step
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Throughput, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_context, a_table, a_workload, an_index, examined, some_traffic

# eu-north-1: 0.1022 dollars a month for a read capacity unit, 0.50954 for a write capacity unit; 0.1345 and 0.67 for a million requests.
CAPACITY = Throughput(read_units=1_000, write_units=100)
TABLE = a_table(billing_mode="PROVISIONED", provisioned=CAPACITY)
INDEXED = a_table(billing_mode="PROVISIONED", provisioned=CAPACITY, indexes=(an_index("by-status", provisioned=CAPACITY),))
HOURS = 720
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def hours(usual: int, busiest: int, busy_hours: int = 1) -> tuple[int, ...]:
    """Units a second, as the units of each hour."""
    return (usual * 3_600,) * (HOURS - busy_hours) + (busiest * 3_600,) * busy_hours


def workload(series: Mapping[Key, tuple[int, ...]] | None = None, **fields: Any) -> Workload:
    """1,000 read and 100 write units: 102.20 and 50.95 dollars. Writes are well used, so that on demand costs more: 123.22 for them."""
    quantities = {
        "capacity-reads": str(1_000 * 730),
        "capacity-writes": str(100 * 730),
        "reads": str(100 * 3_600 * 730),
        "writes": str(70 * 3_600 * 730),
    }
    given: Mapping[Key, tuple[int, ...]] = {(None, "reads"): hours(100, 350), (None, "writes"): hours(70, 70)}
    return a_workload(TABLE, quantities, series={**given, **(series or {})}, **fields)


def judged(found: Workload | None = None, *, table: Table = TABLE, **context: Any) -> Result:
    return examined(over_provisioned_capacity, table, workload=found or workload(), **context)


def scaled(min_units: int, max_units: int = 2_000, aim: Decimal | None = Decimal(70)) -> AutoScaling:
    target = ScalableTarget(index=None, dimension="read", min_units=min_units, max_units=max_units, target_utilization_percent=aim)
    return AutoScaling(targets=(target,))


def test_finds_capacity_that_no_hour_needs() -> None:
    result = judged()
    [problem] = result.problems
    # 350 units in the busiest hour are 70 % of 500; 500 units less are 51.10 dollars, a third of the bill
    assert problem.message == "less than 20% of 1,000 read units is used in 99.9% of the hours, and 500 would do"
    assert problem.evidence == {
        "read_units": 1_000,
        "read_units_needed": 500,
        "read_quiet_share": 0.9986,
        "saving_usd_month": 51.1,
    }
    assert problem.benefit == "$51.10 a month"
    assert result.severity is Severity.HIGH
    assert problem.change is None


def test_its_command_leaves_the_other_dimension_as_it_is() -> None:
    [problem] = judged().problems
    [command] = problem.commands
    assert shlex.split(command) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--provisioned-throughput", "ReadCapacityUnits=500,WriteCapacityUnits=100"),
    ]


def test_gives_no_command_where_half_of_the_capacity_is_not_stated() -> None:
    result = judged(table=a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=1_000, write_units=None)))
    [problem] = result.problems
    assert problem.fix == "lower read units to 500"
    assert problem.commands == ()
    assert [one.reason for one in result.unknowns] == ["the capacity for writes of the table is not stated"]


@pytest.mark.parametrize(
    ("units", "message"), [(1, None), (2, "less than 20% of 2 read units is used in 100% of the hours, and 1 would do")]
)
def test_one_unit_is_the_least_that_can_be_provisioned(units: int, message: str | None) -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=units, write_units=1))
    idle = a_workload(TABLE, provisioned=True, series={(None, "reads"): hours(0, 0), (None, "writes"): hours(0, 0)})
    assert [one.message for one in judged(idle, table=table, region="ddblocal").problems] == ([] if message is None else [message])


def test_one_unit_is_as_it_should_be_whatever_its_hours() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=1, write_units=1))
    assert judged(a_workload(TABLE, provisioned=True), table=table).status is Status.PASSED


def test_judges_each_index_by_itself() -> None:
    index: Mapping[Key, tuple[int, ...]] = {
        (None, "reads"): hours(600, 600),
        ("by-status", "reads"): hours(100, 350),
        ("by-status", "writes"): hours(70, 70),
    }
    quantities: Mapping[Any, str] = {
        "capacity-reads": str(1_000 * 730),
        "capacity-writes": str(100 * 730),
        ("by-status", "index-capacity-reads"): str(1_000 * 730),
        ("by-status", "index-capacity-writes"): str(100 * 730),
        "reads": str(600 * 3_600 * 730),
        "writes": str(70 * 3_600 * 730),
        ("by-status", "index-reads"): str(100 * 3_600 * 730),
        ("by-status", "index-writes"): str(70 * 3_600 * 730),
    }
    found = a_workload(INDEXED, quantities, series={(None, "writes"): hours(70, 70), **index})
    [problem] = judged(found, table=INDEXED).problems
    assert problem.index == "by-status"
    [command] = problem.commands
    assert json.loads(shlex.split(command)[-1]) == [
        {
            "Update": {
                "IndexName": "by-status",
                "ProvisionedThroughput": {"ReadCapacityUnits": 500, "WriteCapacityUnits": 100},
            }
        }
    ]


@pytest.mark.parametrize(("usual", "status"), [(199, Status.FOUND), (200, Status.PASSED)])
def test_an_hour_is_quiet_below_a_fifth(usual: int, status: Status) -> None:
    assert judged(workload({(None, "reads"): hours(usual, 350)})).status is status


@pytest.mark.parametrize(("busy", "status"), [(359, Status.FOUND), (360, Status.PASSED)])
def test_most_hours_must_be_quiet(busy: int, status: Status) -> None:
    assert judged(workload({(None, "reads"): hours(100, 350, busy)})).status is status


@pytest.mark.parametrize(("busiest", "status"), [(663, Status.FOUND), (666, Status.PASSED), (700, Status.PASSED)])
def test_nothing_is_said_where_the_busiest_hour_needs_it(busiest: int, status: Status) -> None:
    # 663 need 948: 52 units less are 5.31 dollars; 666 need 952: 4.91 dollars; 700 need all
    found = workload({(None, "reads"): hours(100, busiest), (None, "writes"): hours(1, 1)})
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=1_000, write_units=1))
    result = judged(found, table=table)
    assert (result.status is Status.FOUND) is (status is Status.FOUND)
    assert [good.message for good in result.goods] == [
        "no more capacity than the busy hours need: "
        + ("reads of the table and writes of the table" if busiest == 700 else "writes of the table")
    ]


def test_passes_capacity_that_is_used() -> None:
    result = judged(workload({(None, "reads"): hours(600, 700)}))
    assert [good.message for good in result.goods] == [
        "no more capacity than the busy hours need: reads of the table and writes of the table"
    ]


# ------------------------------------------------------------------------------------------------------------ auto scaling


def test_finds_a_minimum_that_is_too_high() -> None:
    # most hours have 100 units: 143 at 70 %; the replay pays 143 instead of 1,000 in nearly all hours
    [problem] = judged(auto_scaling=scaled(1_000)).problems
    assert problem.message == ("less than 20% of 1,000 read units is used in 99.9% of the hours, and a minimum of 143 would do")
    assert problem.fix == "lower a minimum of read units to 143"
    assert problem.evidence["saving_usd_month"] == pytest.approx(857 * 0.1022, rel=0.01)


@pytest.mark.parametrize(("aim", "paid"), [(Decimal(50), 200), (Decimal(70), 143), (None, 143)])
def test_a_minimum_is_replayed_at_the_target_of_the_policy(aim: Decimal | None, paid: int) -> None:
    # 100 units are 50 % of 200 and 70 % of 143: what auto scaling would keep above the minimum is not saved
    [problem] = judged(auto_scaling=scaled(1_000, aim=aim)).problems
    assert problem.evidence["saving_usd_month"] == pytest.approx((1_000 - paid) * 0.1022, rel=0.01)


@pytest.mark.parametrize(("fewer", "minimum"), [(359, 143), (360, 143), (361, 72)])
def test_a_minimum_is_for_the_middle_hour(fewer: int, minimum: int) -> None:
    # 50 units are 70 % of 72
    series = (50 * 3_600,) * fewer + (100 * 3_600,) * (HOURS - fewer)
    [problem] = judged(workload({(None, "reads"): series}), auto_scaling=scaled(1_000)).problems
    assert problem.evidence["read_units_needed"] == minimum


def test_its_one_command_leaves_the_capacity_to_auto_scaling() -> None:
    [problem] = judged(auto_scaling=scaled(1_000)).problems
    [command] = problem.commands
    assert command.startswith("aws application-autoscaling register-scalable-target ")


def test_the_command_lowers_the_minimum_and_keeps_the_maximum() -> None:
    [problem] = judged(auto_scaling=scaled(1_000)).problems
    words = shlex.split(problem.commands[0])
    assert words[words.index("--scalable-dimension") + 1] == "dynamodb:table:ReadCapacityUnits"
    assert words[-4:] == ["--min-capacity", "143", "--max-capacity", "2000"]


def test_a_minimum_that_spikes_need_stays() -> None:
    # from 100 to 900 units at once: served from 1,000, throttled from 143
    assert judged(workload({(None, "reads"): hours(100, 900)}), auto_scaling=scaled(1_000)).status is Status.PASSED


def test_a_low_minimum_is_as_it_should_be() -> None:
    assert judged(auto_scaling=scaled(100)).status is Status.PASSED


# -------------------------------------------------------------------------------------------- what others say, or nobody knows


def test_is_silent_where_on_demand_saves_it() -> None:
    # idle writes: on demand costs 35.35 for the reads, 50.95 + 102.20 are provisioned
    quantities = {"capacity-reads": str(1_000 * 730), "capacity-writes": str(100 * 730), "reads": "262800000", "writes": "0"}
    found = a_workload(TABLE, quantities, series={(None, "reads"): hours(100, 350)})
    assert judged(found).reason == "on-demand mode would save it: that is a finding of its own"


@pytest.mark.parametrize(("reads", "silent"), [(39_716_000, True), (39_716_001, False)])
def test_on_demand_is_told_from_five_dollars(reads: int, silent: bool) -> None:
    # us-east-1: 100 RCU are 9.49 and 1 WCU 0.4745; at 0.125 dollars a million the reads are 4.9645
    quantities = {"capacity-reads": str(100 * 730), "capacity-writes": "730", "reads": str(reads), "writes": "0"}
    found = a_workload(TABLE, quantities, series={(None, "reads"): hours(10, 15), (None, "writes"): hours(0, 0)})
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=100, write_units=1))
    result = judged(found, table=table, region="us-east-1")
    assert result.status is (Status.NOT_APPLICABLE if silent else Status.FOUND)


@pytest.mark.parametrize(("floor", "status"), [("51.10", Status.FOUND), ("51.11", Status.PASSED)])
def test_a_saving_is_told_from_the_floor_on(floor: str, status: Status) -> None:
    context = a_context(TABLE, workload=workload())
    bill = replace(context.bill, currency_floor_usd=Decimal(floor))
    assert examine(over_provisioned_capacity, replace(context, bill=bill)).status is status


def test_small_savings_are_not_told() -> None:
    # 10 read units of which 5 would do: 0.51 dollars, and 2.55 for writes
    small = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=10, write_units=10))
    found = workload({(None, "reads"): hours(1, 3), (None, "writes"): hours(1, 3)})
    assert judged(found, table=small).reason == "lower capacity would save less than $5.00 a month"


def test_is_judged_for_the_users_to_come() -> None:
    # ten times the users: 1,000 units a second, which the capacity does not even serve
    flows: dict[Key, Flow] = {
        (None, "reads"): Flow(units=in_step(Decimal(sum(hours(100, 350))) * 730 / HOURS, 1_000)),
        (None, "writes"): Flow(units=in_step(Decimal(70 * 3_600 * 730), 1_000)),
    }
    found = replace(workload(), flows=flows, users_now=1_000)
    assert judged(found, users=10_000).status is Status.PASSED
    [problem] = judged(found, users=1_000).problems
    assert problem.benefit == "$51.10 a month at 1,000 users"


@pytest.mark.parametrize(("days", "status"), [("29.9", Status.UNKNOWN), ("30", Status.FOUND)])
def test_a_month_must_be_covered(days: str, status: Status) -> None:
    assert judged(traffic=some_traffic(covered_days=Decimal(days))).status is status


def test_without_a_price_it_is_low() -> None:
    result = judged(region="ddblocal")
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.evidence["saving_usd_month"] is None


def test_hours_that_were_not_kept_are_not_known() -> None:
    found = replace(workload(), series={(None, "writes"): hours(70, 70)})
    assert judged(found).unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="the hours of reads of the table are not known"),
    )


def test_capacity_that_is_not_stated_is_not_known() -> None:
    result = judged(table=a_table(billing_mode="PROVISIONED"))
    assert [one.reason for one in result.unknowns] == [
        "the capacity for reads of the table is not stated",
        "the capacity for writes of the table is not stated",
    ]


@pytest.mark.parametrize("fact", ["traffic", "auto_scaling"])
def test_does_not_judge_what_it_may_not_see(fact: str) -> None:
    facts: dict[str, Any] = {fact: DENIED}
    assert judged(**facts).unknowns == (DENIED,)


def test_on_demand_has_no_capacity() -> None:
    assert examined(over_provisioned_capacity, a_table(), traffic=DENIED).status is Status.NOT_APPLICABLE


def test_a_table_on_demand_is_not_judged_as_if_it_were_provisioned_nor_one_that_is_to_be_on_demand() -> None:
    assert judged(table=a_table(provisioned=CAPACITY)).reason == "the table is on demand"
    assert judged(replace(workload(), provisioned=False)).reason == "the table is on demand"


def test_tells_when_it_is_wrong() -> None:
    assert "by the season" in over_provisioned_capacity.why
    assert "peaks within an hour are not seen" in over_provisioned_capacity.why
