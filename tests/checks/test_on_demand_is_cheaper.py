import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.on_demand_is_cheaper import on_demand_is_cheaper
from stj_audit.config import Scale
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import KINDS, Flow, Key, Workload, in_step
from stj_audit.facts import Table, Unknown
from stj_audit.results import Result, Severity, Status, UseBillingMode
from tests.builders import a_table, a_workload, an_index, examined, some_traffic

# eu-north-1: 0.1022 dollars a month for a read capacity unit, 0.50954 for a write capacity unit; 0.1345 and 0.67 for a million requests.
PROVISIONED = a_table(billing_mode="PROVISIONED")
INDEXED = a_table(billing_mode="PROVISIONED", indexes=(an_index("by-status"),))
TODAY = Scale(users_now=None)
HOURS = 730
Quantities = Mapping[str | tuple[str | None, str], str | None]


def provisioned(rcu: int, wcu: int, *, reads: int = 0, writes: int = 0, more: Quantities | None = None, **fields: Any) -> Workload:
    """Capacity all month long, and the request units of the month."""
    quantities: dict[str | tuple[str | None, str], str | None] = {
        "capacity-reads": str(rcu * HOURS),
        "capacity-writes": str(wcu * HOURS),
        "reads": str(reads),
        "writes": str(writes),
    }
    return a_workload(INDEXED if fields.pop("indexed", False) else PROVISIONED, {**quantities, **(more or {})}, **fields)


def judged(workload: Workload, *, table: Table = PROVISIONED, days: str = "30", **context: Any) -> Result:
    known = {"scale": TODAY, "traffic": some_traffic(covered_days=Decimal(days))} | context
    return examined(on_demand_is_cheaper, table, workload=workload, **known)


def saving_of(workload: Workload, **context: Any) -> object:
    [problem] = judged(workload, **context).problems
    return problem.evidence["saving_usd_month"]


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_capacity_that_is_hardly_used() -> None:
    # 500 RCU: 51.10, 100 WCU: 50.954; 100 million reads: 13.45, 10 million writes: 6.70
    result = judged(provisioned(500, 100, reads=100_000_000, writes=10_000_000))
    [problem] = result.problems
    assert result.severity is Severity.HIGH  # 80 % of the bill, and more than 50 dollars
    assert problem.message == "$81.90 a month less on demand: provisioned $102, on demand $20.15 a month"
    assert problem.fix == "move the table to on-demand mode"
    assert problem.evidence == {"saving_usd_month": 81.9, "monthly_usd": 102.05, "monthly_usd_on_demand": 20.15}
    assert problem.current == "provisioned capacity: $102 a month, storage and backups included"
    assert problem.benefit == "$81.90 a month, and no capacity to plan"
    assert problem.migration.startswith("none: the mode is changed while the table is in use, up to four times in 24 hours")
    assert problem.effort == "minutes"
    assert problem.change == UseBillingMode(billing_mode="PAY_PER_REQUEST")


def test_its_command_names_table_region_and_mode() -> None:
    [problem] = judged(provisioned(500, 100)).problems
    [command] = problem.commands
    assert shlex.split(command) == [
        *("aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"),
        *("--billing-mode", "PAY_PER_REQUEST"),
    ]


def test_the_mode_is_one_for_the_table_and_its_indexes() -> None:
    # the table: 10.22 + 5.0954; its index, idle: 51.10 + 50.954. On demand 13.45 for reads of the table, 6.70 for writes of the index
    index: Quantities = {
        ("by-status", "index-capacity-reads"): str(500 * HOURS),
        ("by-status", "index-capacity-writes"): str(100 * HOURS),
        ("by-status", "index-reads"): "0",
        ("by-status", "index-writes"): "10000000",
    }
    assert saving_of(provisioned(100, 10, reads=100_000_000, more=index, indexed=True), table=INDEXED) == 97.22


def test_the_alarms_of_auto_scaling_go_too() -> None:
    assert saving_of(provisioned(500, 100)) == 102.05
    assert saving_of(provisioned(500, 100, more={"alarms": "8"})) == 102.85


def test_storage_and_backups_cost_the_same_in_both_modes() -> None:
    # 100 GB: 26.90, 10 GB of backups: 1.00
    [problem] = judged(provisioned(500, 100, more={"storage": "100", "backup": "10"})).problems
    assert problem.evidence == {"saving_usd_month": 102.05, "monthly_usd": 129.95, "monthly_usd_on_demand": 27.9}


def test_says_at_how_many_users_the_bill_is() -> None:
    # 10 million reads of 1,000 users are 100 million of 10,000: 13.45
    flows: dict[Key, Flow] = {
        (None, "reads"): Flow(units=in_step(Decimal(10_000_000), 1_000)),
        (None, "writes"): Flow(units=in_step(Decimal(0), 1_000)),
    }
    workload = provisioned(500, 100, flows=flows)
    [problem] = judged(workload, users=10_000, scale=Scale(users_now=1_000, target_users=10_000)).problems
    assert problem.message == "$88.60 a month less on demand: provisioned $102, on demand $13.45 a month at 10,000 users"
    assert problem.benefit == "$88.60 a month at 10,000 users, and no capacity to plan"


# ----------------------------------------------------------------------------------------------- thresholds, and severity


@pytest.mark.parametrize(("reads", "status"), [(39_716_000, Status.FOUND), (39_716_001, Status.PASSED)])
def test_counts_from_five_dollars(reads: int, status: Status) -> None:
    # us-east-1: 100 RCU are 9.49 and 1 WCU 0.4745; at 0.125 dollars a million the reads are 4.9645
    assert judged(provisioned(100, 1, reads=reads), region="us-east-1").status is status


@pytest.mark.parametrize(("reads", "status"), [(687_275_732, Status.FOUND), (687_275_733, Status.PASSED)])
def test_counts_from_a_tenth_of_the_bill(reads: int, status: Status) -> None:
    # 1,000 RCU and 1 WCU: 102.70954; nine tenths are 92.438586
    assert judged(provisioned(1_000, 1, reads=reads)).status is status


@pytest.mark.parametrize(
    ("reads", "severity"),
    [
        (391_892_490, Severity.HIGH),  # 1,000 RCU and 1 WCU: 102.70954; 52.70954 leave 50 dollars, 49 % of the bill
        (391_892_491, Severity.MEDIUM),
    ],
)
def test_is_high_from_fifty_dollars(reads: int, severity: Severity) -> None:
    assert judged(provisioned(1_000, 1, reads=reads)).severity is severity


@pytest.mark.parametrize(
    ("storage_gb", "severity"),
    [
        ("1145", Severity.HIGH),  # 1,000 RCU and 1 WCU, idle, save 102.70954; with 308.005 for storage it is 25.006 % of the bill
        ("1146", Severity.MEDIUM),
        ("3436", Severity.MEDIUM),  # with 924.284: 10.001 %
        ("3437", None),  # 9.998 %: not told of at all
    ],
)
def test_is_as_bad_as_its_share_of_the_bill(storage_gb: str, severity: Severity | None) -> None:
    assert judged(provisioned(1_000, 1, more={"storage": storage_gb})).severity is severity


@pytest.mark.parametrize(("days", "status"), [("6.99", Status.UNKNOWN), ("7", Status.FOUND)])
def test_needs_a_week(days: str, status: Status) -> None:
    result = judged(provisioned(500, 100), days=days)
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.unknowns == (Unknown(call="cloudwatch:GetMetricData", reason="only 6.9 days of metrics; 7 are needed"),)


# ---------------------------------------------------------------------------------------------------------------- passes


def test_passes_capacity_that_is_well_used_with_both_prices() -> None:
    # 100 RCU: 10.22, 10 WCU: 5.0954; 100 million reads: 13.45, 10 million writes: 6.70
    result = judged(provisioned(100, 10, reads=100_000_000, writes=10_000_000))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "provisioned capacity is the cheaper mode: provisioned $15.32, on demand $20.15 a month"
    ]


@pytest.mark.parametrize(("reads", "praised"), [(1_022_000_000, True), (1_021_999_999, False)])
def test_praises_only_the_cheaper_mode(reads: int, praised: bool) -> None:
    # 1,345 RCU and 67 WCU cost 137.459 and 34.13918, exactly as much as 1,022 million reads and 50.954 million writes
    result = judged(provisioned(1_345, 67, reads=reads, writes=50_954_000))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


# ----------------------------------------------------------------------------------------------- what is not known, or not there


def test_does_not_judge_traffic_that_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert judged(provisioned(500, 100), traffic=denied).unknowns == (denied,)


NOT_MEASURED = Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch has no datapoint")


def test_no_datapoint_is_not_zero() -> None:
    assert judged(provisioned(500, 100, more={"writes": None})).unknowns == (NOT_MEASURED,)


def test_an_index_that_was_not_measured_leaves_the_table_unjudged() -> None:
    index: Quantities = {
        ("by-status", "index-capacity-reads"): str(HOURS),
        ("by-status", "index-capacity-writes"): str(HOURS),
        ("by-status", "index-reads"): None,
        ("by-status", "index-writes"): "0",
    }
    assert judged(provisioned(500, 100, more=index, indexed=True), table=INDEXED).unknowns == (NOT_MEASURED,)


@pytest.mark.parametrize("component", ["pitr", "backup"])
def test_backups_need_not_be_known(component: str) -> None:
    assert saving_of(provisioned(500, 100, more={component: None})) == 102.05


def test_a_table_on_demand_has_nothing_to_judge() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    result = judged(a_workload(a_table(), {"reads": "1", "writes": "1"}), table=a_table(), traffic=denied)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table is on demand")


# ----------------------------------------------------------------------------------------- what it says, and when it is wrong


@pytest.mark.parametrize(
    ("request_unit", "unit_hour"),
    [
        ("on_demand.standard.read_request_unit", "provisioned.standard.rcu_hour"),
        ("on_demand.standard.write_request_unit", "provisioned.standard.wcu_hour"),
    ],
)
@pytest.mark.parametrize("region", ["eu-north-1", "us-east-1"])
def test_the_ratio_that_it_tells_is_that_of_the_prices(region: str, request_unit: str, unit_hour: str) -> None:
    on_demand, hour = (bundled_sheet(region).price(key) for key in (request_unit, unit_hour))
    assert on_demand is not None
    assert hour is not None
    ratio = on_demand.usd * 3_600 / hour.usd
    assert f"about {round(ratio, 1)} times the price" in on_demand_is_cheaper.why
    assert f"less than about {round(100 / ratio)} %" in on_demand_is_cheaper.why.replace("\n", " ")


def test_tells_when_it_is_wrong() -> None:
    assert "reserved capacity or a private discount has been bought" in on_demand_is_cheaper.why
    assert "the load is to grow into its capacity soon" in on_demand_is_cheaper.why
    [problem] = judged(provisioned(500, 100)).problems
    assert "reserved capacity is not known here" in problem.migration


def test_a_missing_price_is_no_missing_metric() -> None:
    workload = a_workload(None, {"reads": "1", "writes": "0", "capacity-reads": "73000", "capacity-writes": "730"})
    [unknown] = examined(on_demand_is_cheaper, a_table(billing_mode="PROVISIONED"), workload=workload, region="ddblocal").unknowns
    assert unknown.call == "pricing:GetProducts"


def test_an_unknown_capacity_is_no_missing_metric() -> None:
    workload = a_workload(None, {"reads": "1", "writes": "0", "capacity-reads": None, "capacity-writes": "730"})
    [unknown] = examined(on_demand_is_cheaper, a_table(billing_mode="PROVISIONED"), workload=workload).unknowns
    assert unknown.call == "dynamodb:DescribeTable"


def test_storage_need_not_be_known() -> None:
    workload = a_workload(None, {"storage": None, "reads": "0", "writes": "0", "capacity-reads": "73000", "capacity-writes": "730"})
    assert examined(on_demand_is_cheaper, a_table(billing_mode="PROVISIONED"), workload=workload).status is Status.FOUND


def test_capacity_that_cannot_serve_the_load_is_no_cheaper_mode() -> None:
    # 10 RCU serve 26.28 million a month; at 100,000 users there are 1,000 million
    flows: dict[Key, Flow] = {(None, kind): Flow(units=in_step(Decimal(10_000_000), 1_000)) for kind in KINDS}
    workload = a_workload(None, {"capacity-reads": "7300", "capacity-writes": "7300"}, flows=flows)
    result = examined(on_demand_is_cheaper, a_table(billing_mode="PROVISIONED"), workload=workload, users=100_000)
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason.endswith("are more than the capacity of now serves")


def test_a_declared_mode_is_the_one_that_is_judged() -> None:
    workload = a_workload(None, {"reads": "1000000000", "writes": "0"})  # declared to be on demand
    result = examined(on_demand_is_cheaper, a_table(billing_mode="PROVISIONED"), workload=workload)
    assert result.reason == "the table is on demand"
