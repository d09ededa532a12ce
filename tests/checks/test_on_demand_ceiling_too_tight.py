import json
import shlex
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.on_demand_ceiling_too_tight import on_demand_ceiling_too_tight
from stj_audit.cost.workload import Flow, Workload, in_step
from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.results import Limit, Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, no_data, some_traffic

LIMIT = Throughput(read_units=100, write_units=10)
TABLE = a_table(on_demand_limit=LIMIT)
INDEXED = a_table(indexes=(an_index("by-status", on_demand_limit=LIMIT),))
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def judged(reads: int, writes: int = 0, *, table: Table = TABLE, **context: Any) -> Result:
    """Units of the busiest hour."""
    flow = a_flow(peak_hour_read_units=Decimal(reads), peak_hour_write_units=Decimal(writes))
    traffic = some_traffic(flow, {"by-status": flow})
    return examined(on_demand_ceiling_too_tight, table, **{"traffic": traffic, **context})


def test_finds_a_peak_near_the_maximum() -> None:
    result = judged(324_000)  # 90 a second
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == ("the busiest hour takes 90% of the maximum of 100 read units a second; shorter peaks are not seen")
    assert problem.evidence == {"read_maximum": 100, "read_peak_units_a_second": 90.0}
    assert problem.current == "a maximum of 100 read units a second"
    assert problem.matters_from_users is None


def test_its_command_raises_the_maximum() -> None:
    [problem] = judged(324_000, 36_000).problems
    assert shlex.split(problem.commands[0]) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--on-demand-throughput", "MaxReadRequestUnits=270,MaxWriteRequestUnits=30"),
    ]


def test_judges_an_index_by_itself() -> None:
    [problem] = judged(324_000, table=INDEXED).problems
    assert problem.index == "by-status"
    assert json.loads(shlex.split(problem.commands[0])[-1]) == [
        {"Update": {"IndexName": "by-status", "OnDemandThroughput": {"MaxReadRequestUnits": 270}}}
    ]


@pytest.mark.parametrize(("reads", "status"), [(287_999, Status.PASSED), (288_000, Status.FOUND)])
def test_is_tight_from_80_percent(reads: int, status: Status) -> None:
    assert judged(reads).status is status


def test_five_minutes_are_better_than_an_hour() -> None:
    # 27,000 units in 300 seconds are 90 a second, and 7.5 in the hour
    flow = a_flow(peak_hour_read_units=Decimal(27_000), read_series=(0, 27_000), write_series=(0, 0))
    traffic = some_traffic(flow, series_period_seconds=300)
    [problem] = examined(on_demand_ceiling_too_tight, TABLE, traffic=traffic).problems
    assert problem.message.startswith("the busiest 5 minutes take 90% of the maximum")


def growing() -> Workload:
    flows = {(None, kind): Flow(units=in_step(Decimal(1_000_000), 1_000)) for kind in ("reads", "writes")}
    return a_workload(TABLE, flows=flows, users_now=1_000)


def test_tells_from_how_many_users_on() -> None:
    # 10 a second with 1,000 users, 80 with 8,000
    assert judged(36_000, workload=growing(), users=7_999).status is Status.PASSED
    [problem] = judged(36_000, workload=growing(), users=10_000).problems
    assert problem.matters_from_users == 8_000
    assert problem.message == (
        "the busiest hour takes 100% of the maximum of 100 read units a second at 10,000 users; shorter peaks are not seen"
    )


@pytest.mark.parametrize(("reads", "matters_from"), [(287_999, 1_001), (288_000, None), (324_000, None)])
def test_what_is_tight_today_matters_today(reads: int, matters_from: int | None) -> None:
    [problem] = judged(reads, workload=growing(), users=10_000).problems
    assert problem.matters_from_users == matters_from


def test_passes_room_and_tells_what_it_did_not_see() -> None:
    result = judged(36_000, 3_600)
    assert [good.message for good in result.goods] == [
        "the busiest hour takes 10% of 100 read units of the table and 10% of 10 write units of the table; shorter peaks are not seen"
    ]


def test_no_datapoint_is_no_room() -> None:
    result = examined(on_demand_ceiling_too_tight, TABLE, traffic=some_traffic(no_data()))
    assert [one.reason for one in result.unknowns] == [
        "the peak of reads of the table is not known",
        "the peak of writes of the table is not known",
    ]


def test_does_not_project_what_nobody_counted() -> None:
    assert judged(36_000, workload=a_workload(TABLE, {"reads": "1", "writes": "1"}), users=10_000).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (a_table(), "no on-demand maximum is set"),
        (a_table(billing_mode="PROVISIONED"), "the table is provisioned"),
        (a_table(billing_mode="PROVISIONED", on_demand_limit=LIMIT), "the table is provisioned"),
    ],
)
def test_has_nothing_to_judge_without_a_maximum(table: Table, reason: str) -> None:
    result = judged(324_000, table=table)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, reason)


def test_does_not_judge_without_traffic() -> None:
    assert judged(0, traffic=DENIED).unknowns == (DENIED,)


def test_tells_when_it_is_wrong() -> None:
    assert "meant to hold the usual load down" in on_demand_ceiling_too_tight.why
    assert "peaks within it are not seen" in on_demand_ceiling_too_tight.why


def test_tells_when_the_maximum_binds_whatever_was_measured() -> None:
    # 2,628,000 units of a month are one a second with 1,000 users, and 10 at the peak
    flows = {(None, kind): Flow(units=in_step(Decimal(2_628_000), 1_000)) for kind in ("reads", "writes")}
    found = a_workload(TABLE, flows=flows, users_now=1_000)
    limits = (
        Limit(what="the maximum of 100 read units a second that is set", users=10_001),
        Limit(what="the maximum of 10 write units a second that is set", users=1_001),
    )
    assert judged(0, workload=found).limits == limits
    assert judged(0, workload=found, traffic=DENIED).limits == limits
    assert judged(0, workload=replace(found, provisioned=True)).limits == ()
