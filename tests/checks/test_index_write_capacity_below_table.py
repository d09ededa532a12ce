import json
import shlex
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.index_write_capacity_below_table import index_write_capacity_below_table
from stj_audit.config import Scale
from stj_audit.facts import AutoScaling, ScalableTarget, Table, Throughput, Traffic, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, an_index, examined, some_entries, some_items, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def a_provisioned(index_units: int | None = 10, table_units: int | None = 100, **fields: Any) -> Table:
    index = an_index("by-status", provisioned=Throughput(read_units=7, write_units=index_units), **fields)
    return a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=table_units), indexes=(index,))


def written(index_units: str | None, table_units: str | None = "10000") -> Traffic:
    flows = [a_flow(write_units=None if units is None else Decimal(units)) for units in (table_units, index_units)]
    return some_traffic(flows[0], {"by-status": flows[1]})


def judged(table: Table | None = None, **context: Any) -> Result:
    return examined(index_write_capacity_below_table, table or a_provisioned(), **{"traffic": DENIED, **context})


def test_finds_an_index_with_less_than_its_table() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.index == "by-status"
    assert problem.message == "it has 10 write units beside 100 of the table, and needs 100 by the items that it holds"
    assert problem.evidence == {
        "index_write_units": 10,
        "table_write_units": 100,
        "write_units_needed": 100,
        "measured_index_units_for_one_of_the_table": None,
    }
    assert problem.fix == "raise its write units to 100"


def test_its_command_leaves_the_reads_as_they_are() -> None:
    [problem] = judged().problems
    assert json.loads(shlex.split(problem.commands[0])[-1]) == [
        {
            "Update": {
                "IndexName": "by-status",
                "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 100},
            }
        }
    ]


@pytest.mark.parametrize(
    ("peak_hour", "users_now", "severity"),
    [
        ("720", 1_000, Severity.LOW),  # 10 times as many users: 2 of 10 units a second
        ("721", 1_000, Severity.MEDIUM),
        ("7200", None, Severity.LOW),
        ("7201", None, Severity.MEDIUM),
        ("7200", 20_000, Severity.LOW),  # more users than are judged: as it is today
        ("7201", 20_000, Severity.MEDIUM),
        (None, 1_000, Severity.MEDIUM),
    ],
)
def test_it_is_low_where_the_index_is_far_from_its_limit(peak_hour: str | None, users_now: int | None, severity: Severity) -> None:
    flow = a_flow(write_units=Decimal(10_000), peak_hour_write_units=None if peak_hour is None else Decimal(peak_hour))
    traffic = some_traffic(a_flow(write_units=Decimal(10_000)), {"by-status": flow})
    assert judged(traffic=traffic, scale=Scale(target_users=10_000, users_now=users_now)).severity is severity


def test_without_metrics_of_the_index_it_is_as_bad_as_it_may_be() -> None:
    assert judged(traffic=some_traffic(a_flow(), {})).severity is Severity.MEDIUM


@pytest.mark.parametrize(("units", "status"), [(99, Status.FOUND), (100, Status.PASSED)])
def test_as_much_as_the_table_is_enough(units: int, status: Status) -> None:
    assert judged(a_provisioned(units)).status is status


def test_an_index_that_takes_more_than_the_table_needs_more() -> None:
    # 20,000 units for 10,000 of the table
    [problem] = judged(a_provisioned(100), traffic=written("20000")).problems
    assert problem.message == "it has 100 write units beside 100 of the table, and needs 200 as it takes 2 for each of the table's"


@pytest.mark.parametrize(("units", "status"), [("1000", Status.PASSED), ("1001", Status.FOUND)])
def test_an_index_that_takes_less_needs_less(units: str, status: Status) -> None:
    # a tenth of the table's units: 10 of 100
    assert judged(traffic=written(units)).status is status


@pytest.mark.parametrize(("units", "status"), [("999", Status.FOUND), ("1000", Status.PASSED)])
def test_few_writes_tell_no_share(units: str, status: Status) -> None:
    assert judged(traffic=written("0", units)).status is status


def test_a_sparse_index_needs_its_share() -> None:
    # 100 of the 1,000 items are in it
    items = some_items(indexes=(some_entries("by-status", 100),))
    result = judged(items=items)
    assert [good.message for good in result.goods] == [
        "beside 100 write units of the table, by-status has 10 write units, and needs 10"
    ]
    assert judged(a_provisioned(item_count=100), items=DENIED).status is Status.PASSED
    assert judged(a_provisioned(item_count=101), items=DENIED).status is Status.FOUND


def test_an_index_that_takes_nothing_needs_one_unit() -> None:
    [good] = judged(a_provisioned(1), traffic=written("0")).goods
    assert good.message == "beside 100 write units of the table, by-status has 1 write unit, and needs 1"


def test_an_index_holds_no_more_than_all_items() -> None:
    # the counts are hours old, and not taken at one moment
    assert judged(a_provisioned(100, item_count=2_000), items=DENIED).status is Status.PASSED


def test_items_that_were_read_without_the_index_do_not_tell_its_share() -> None:
    assert judged(a_provisioned(item_count=100), items=some_items()).status is Status.PASSED
    assert judged(a_provisioned(item_count=101), items=some_items()).status is Status.FOUND


@pytest.mark.parametrize(("units", "told"), [("1000", "0.1"), ("999", "few")])
def test_tells_a_share_from_a_tenth_on(units: str, told: str) -> None:
    [problem] = judged(a_provisioned(9), traffic=written(units)).problems
    assert problem.message == (
        f"it has 9 write units beside 100 of the table, and needs 10 as it takes {told} for each of the table's"
    )


def test_no_command_where_the_reads_that_it_leaves_are_not_stated() -> None:
    index = an_index("by-status", provisioned=Throughput(read_units=None, write_units=10))
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=100), indexes=(index,))
    [problem] = judged(table).problems
    assert problem.commands == ()


def test_without_any_count_the_rule_of_aws_holds() -> None:
    [problem] = judged(a_provisioned(item_count=None), items=DENIED).problems
    assert problem.evidence["write_units_needed"] == 100


def a_target(index: str | None, most: int, *, suspended: bool = False) -> ScalableTarget:
    return ScalableTarget(index=index, dimension="write", min_units=5, max_units=most, suspended=suspended)


def test_what_auto_scaling_moves_is_compared_by_its_maximum() -> None:
    scaled = AutoScaling(targets=(a_target(None, 400), a_target("by-status", 399)))
    [problem] = judged(auto_scaling=scaled).problems
    assert problem.message == "it has 399 write units at most beside 400 of the table, and needs 400 by the items that it holds"
    words = shlex.split(problem.commands[0])
    assert words[words.index("--resource-id") + 1] == "table/orders/index/by-status"
    assert words[-4:] == ["--min-capacity", "5", "--max-capacity", "400"]


@pytest.mark.parametrize(
    "targets", [(a_target("by-status", 400),), (a_target(None, 400), a_target("by-status", 400, suspended=True))]
)
def test_what_only_one_of_them_moves_is_compared_as_it_is(targets: tuple[ScalableTarget, ...]) -> None:
    [problem] = judged(auto_scaling=AutoScaling(targets=targets)).problems
    assert problem.evidence["index_write_units"] == 10


def test_each_index_is_told_beside_the_units_that_it_was_compared_with() -> None:
    indexes = tuple(an_index(name, provisioned=Throughput(read_units=7, write_units=100)) for name in ("scaled", "fixed", "same"))
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=100), indexes=indexes)
    scaled = AutoScaling(targets=(a_target(None, 400), a_target("scaled", 400)))
    assert [good.message for good in judged(table, auto_scaling=scaled).goods] == [
        "beside 400 write units of the table, scaled has 400 write units, and needs 400",
        "beside 100 write units of the table, fixed has 100 write units, and needs 100 and same has 100 write units, and needs 100",
    ]


@pytest.mark.parametrize("table", [a_provisioned(None), a_provisioned(10, None)])
def test_capacity_that_is_not_stated_is_not_known(table: Table) -> None:
    assert judged(table).reason == "the write capacity of index by-status or its table is not stated"


def test_does_not_judge_without_auto_scaling() -> None:
    assert judged(auto_scaling=DENIED).unknowns == (DENIED,)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (a_table(indexes=(an_index(),)), "the table is on demand"),
        (a_table(billing_mode="PROVISIONED"), "no global secondary index"),
    ],
)
def test_has_nothing_to_judge(table: Table, reason: str) -> None:
    result = judged(table)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, reason)


def test_tells_when_it_is_wrong() -> None:
    assert "touch the index less" in index_write_capacity_below_table.why
