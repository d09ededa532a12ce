import json
import shlex
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.no_on_demand_ceiling import no_on_demand_ceiling
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Flow, in_step
from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, no_data, some_traffic

SET = Throughput(read_units=500, write_units=100)
INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")), on_demand_limit=SET)
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
BUSY = some_traffic(a_flow(peak_hour_read_units=Decimal(36_000), peak_hour_write_units=Decimal(3_601)))


def judged(table: Table | None = None, **context: Any) -> Result:
    return examined(no_on_demand_ceiling, table or a_table(), **context)


def test_finds_a_table_without_a_ceiling() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.LOW
    # eu-north-1: 144 million units an hour, at 0.1345 and 0.67 dollars a million: 19.37 and 96.48
    assert problem.message == (
        "no maximum is set for reads and writes of the table: up to 40,000 units a second of each may be used, which is $116 an hour"
    )
    assert problem.evidence == {"without_ceiling": 2, "dimensions": 2, "worst_hour_usd": 115.85}
    assert problem.current == "0 of 2 maxima are set"


def test_suggests_three_times_the_busiest_hour() -> None:
    # 10 reads a second, and a little more than 1 write
    [problem] = judged(traffic=BUSY, workload=a_workload(quantities={"reads": "0", "writes": "0"})).problems
    assert shlex.split(problem.commands[0]) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--on-demand-throughput", "MaxReadRequestUnits=30,MaxWriteRequestUnits=4"),
    ]


def test_suggests_three_times_the_peak_of_the_users_to_come() -> None:
    # 2,628,000 units a month are 1 a second with 1,000 users; times 10 users, 10 for the peak, 3 for room
    flows = {(None, kind): Flow(units=in_step(Decimal(2_628_000), 1_000)) for kind in ("reads", "writes")}
    [problem] = judged(traffic=BUSY, workload=a_workload(flows=flows), users=10_000).problems
    assert problem.commands[0].endswith("MaxReadRequestUnits=300,MaxWriteRequestUnits=300")


def test_an_index_has_a_ceiling_of_its_own() -> None:
    traffic = some_traffic(
        indexes={"by-status": a_flow(peak_hour_read_units=Decimal(36_000), peak_hour_write_units=Decimal(36_000))}
    )
    [problem] = judged(INDEXED, traffic=traffic).problems
    assert problem.message.startswith("no maximum is set for reads and writes of by-status: ")
    assert (problem.evidence["without_ceiling"], problem.evidence["dimensions"]) == (2, 4)
    assert problem.current == "2 of 4 maxima are set"
    assert json.loads(shlex.split(problem.commands[0])[-1]) == [
        {"Update": {"IndexName": "by-status", "OnDemandThroughput": {"MaxReadRequestUnits": 30, "MaxWriteRequestUnits": 30}}}
    ]


def test_the_amount_is_that_of_one_of_several() -> None:
    def message(limit: Throughput | None) -> str:
        indexes = (an_index("by-status"), an_index("by-phone", on_demand_limit=Throughput(read_units=None, write_units=5)))
        [problem] = judged(a_table(indexes=indexes, on_demand_limit=limit)).problems
        return problem.message

    used = "up to 40,000 units a second of each may be used, which is up to $116 an hour"
    assert message(None) == (
        f"no maximum is set for reads and writes of the table, reads and writes of by-status and reads of by-phone: {used} for the table "
        "or an index alone"
    )
    assert message(SET) == f"no maximum is set for reads and writes of by-status and reads of by-phone: {used} for an index alone"


def test_finds_half_a_ceiling() -> None:
    table = a_table(on_demand_limit=Throughput(read_units=500, write_units=None))
    [problem] = judged(table, traffic=BUSY).problems
    assert problem.message == (
        "no maximum is set for writes of the table: up to 40,000 units a second of each may be used, which is $96.48 an hour"
    )
    assert problem.current == "1 of 2 maxima are set"
    assert "MaxRead" not in problem.commands[0]


@pytest.mark.parametrize("traffic", [DENIED, some_traffic(no_data())])
def test_suggests_no_number_without_traffic(traffic: Any) -> None:
    [problem] = judged(traffic=traffic, workload=a_workload(quantities={"reads": None, "writes": None})).problems
    assert problem.commands == ()


@pytest.mark.parametrize(
    ("units", "ceilings"),
    [
        ("0", []),  # an idle table: 0 would stop it
        ("1", ["MaxReadRequestUnits=1,MaxWriteRequestUnits=1"]),
        ("3_600", ["MaxReadRequestUnits=3,MaxWriteRequestUnits=3"]),
    ],
)
def test_a_quiet_table_has_a_ceiling_above_nothing(units: str, ceilings: list[str]) -> None:
    quiet = some_traffic(a_flow(peak_hour_read_units=Decimal(units), peak_hour_write_units=Decimal(units)))
    [problem] = judged(traffic=quiet, workload=a_workload(quantities={"reads": "0", "writes": "0"})).problems
    assert [shlex.split(command)[-1] for command in problem.commands] == ceilings


@pytest.mark.parametrize("key", ["read", "write"])
def test_has_no_amount_with_half_of_the_prices(key: str) -> None:
    sheet = bundled_sheet("eu-north-1")
    half = replace(sheet, prices={name: price for name, price in sheet.prices.items() if f"{key}_request_unit" not in name})
    assert half.prices != sheet.prices
    assert judged(prices=half).problems[0].evidence["worst_hour_usd"] is None


def test_has_no_amount_without_a_price() -> None:
    [problem] = judged(region="ddblocal").problems
    assert problem.message.endswith("40,000 units a second of each may be used")
    assert problem.evidence["worst_hour_usd"] is None


def test_passes_ceilings_on_all() -> None:
    alone = judged(a_table(on_demand_limit=SET))
    assert [good.message for good in alone.goods] == ["a ceiling of 500 read units and 100 write units a second is set"]
    table = a_table(on_demand_limit=SET, indexes=(an_index("by-status", on_demand_limit=SET),))
    [good] = judged(table).goods
    assert good.message.endswith("; its 1 global secondary index has one")


def test_provisioned_capacity_is_a_ceiling() -> None:
    assert judged(a_table(billing_mode="PROVISIONED")).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "being throttled is worse than any bill" in no_on_demand_ceiling.why
