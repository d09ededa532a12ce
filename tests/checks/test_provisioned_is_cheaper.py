import json
import shlex
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from stj_audit.checks.provisioned_is_cheaper import provisioned_is_cheaper
from stj_audit.config import Scale
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Flow, Key, Workload, in_step
from stj_audit.facts import Table, Unknown
from stj_audit.results import Problem, Result, Severity, Status, UseBillingMode
from tests.builders import a_table, a_workload, an_index, examined, some_traffic

# eu-north-1: 0.1345 dollars for a million reads on demand; 0.1022 a month for a read capacity unit, 0.50954 for a write capacity unit.
# A table whose writes are idle keeps 1 of these, and auto scaling makes 8 alarms at 0.10 for it: 1.30954 in all.
TABLE = a_table()
INDEXED = a_table(indexes=(an_index("by-status"),))
TODAY = Scale(users_now=None)
FIVE_MINUTES, HOUR = 300, 3_600
Quantities = Mapping[str | tuple[str | None, str], str | None]

# 700 units a second: exactly 70 % of 1,000 RCU, 102.20 dollars a month; on demand 1,839.6 million units, 247.4262 dollars
STEADY = (210_000,) * 288
STEADY_HOURS = (2_520_000,) * 24


def month_of(series: tuple[int, ...], period: int) -> Decimal:
    """The units of 730 hours like those of the series."""
    units = Fraction(sum(series) * HOUR * 730, len(series) * period)
    return Decimal(units.numerator) / units.denominator


def read(series: tuple[int, ...], *, period: int = FIVE_MINUTES, table: Table = TABLE, more: Quantities | None = None) -> Workload:
    """A table that is read as in the series, all month long, and not written."""
    quantities = {"reads": str(month_of(series, period)), "writes": "0", **(more or {})}
    return a_workload(table, quantities, series={(None, "reads"): series}, series_period_seconds=period)


def judged(workload: Workload, *, table: Table = TABLE, days: str = "30", **context: Any) -> Result:
    known = {"scale": TODAY, "traffic": some_traffic(covered_days=Decimal(days))} | context
    return examined(provisioned_is_cheaper, table, workload=workload, **known)


def problem_of(workload: Workload, **context: Any) -> Problem:
    [problem] = judged(workload, **context).problems
    return problem


def goods_of(workload: Workload) -> list[str]:
    result = judged(workload)
    assert result.status is Status.PASSED
    return [good.message for good in result.goods]


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_a_steady_load() -> None:
    # 247.4262 on demand; 102.20 and 1.30954 provisioned
    problem = problem_of(read(STEADY))
    assert problem.severity is Severity.HIGH  # 58 % of the bill, and more than 50 dollars
    assert problem.message == (
        "$144 a month less provisioned: on demand $247, provisioned $104 a month, replayed over sums of 5 minutes"
    )
    assert problem.fix == (
        "move the table to provisioned mode with the capacity of its peak, then register auto scaling for it and its indexes"
    )
    assert problem.evidence == {
        "saving_usd_month": 143.92,
        "monthly_usd": 247.43,
        "monthly_usd_provisioned": 103.51,
        "series_period_seconds": 300,
        "throttled_units": 0,
    }
    assert problem.current == "on demand: $247 a month for requests"
    assert problem.benefit == "$144 a month"
    assert problem.migration.startswith("a mode may be changed up to four times in 24 hours, so it can be taken back")
    assert problem.migration.endswith("alarm on throttling before")
    assert problem.effort == "hours"
    assert len(problem.commands) == 1 + 2 * 2  # the mode; a target and a policy for reads and for writes
    assert problem.change == UseBillingMode(billing_mode="PROVISIONED")


def test_hourly_sums_give_an_upper_bound_that_is_low() -> None:
    problem = problem_of(read(STEADY_HOURS, period=HOUR))
    assert problem.severity is Severity.LOW
    assert problem.message == (
        "up to $144 a month less provisioned: on demand $247, provisioned $104 a month, "
        "replayed over hourly sums, in which shorter peaks are not seen"
    )
    assert problem.benefit == "up to $144 a month"
    assert problem.evidence["series_period_seconds"] == 3_600
    assert problem.change == UseBillingMode(billing_mode="PROVISIONED", estimated=True)


def test_writes_are_replayed_like_reads() -> None:
    # 70 writes a second: 100 WCU, 50.954; an idle RCU and 8 alarms, 0.9022. On demand 183.96 million units, 123.2532
    series = (21_000,) * 288
    workload = a_workload(
        TABLE, {"reads": "0", "writes": "183960000"}, series={(None, "writes"): series}, series_period_seconds=FIVE_MINUTES
    )
    assert problem_of(workload).evidence["saving_usd_month"] == 71.4


def test_an_index_has_capacity_and_alarms_of_its_own() -> None:
    # it is idle: an RCU, a WCU and 8 alarms, 1.41174 off the 143.91666
    index: Quantities = {("by-status", "index-reads"): "0", ("by-status", "index-writes"): "0"}
    problem = problem_of(read(STEADY, table=INDEXED, more=index), table=INDEXED)
    assert problem.evidence["saving_usd_month"] == 142.5


def test_its_commands_start_at_the_peak_and_let_auto_scaling_come_down() -> None:
    more: Quantities = {("by-status", "index-reads"): "0", ("by-status", "index-writes"): "0"}
    problem = problem_of(read(STEADY, table=INDEXED, more=more), table=INDEXED)
    first, *others = [shlex.split(command) for command in problem.commands]
    assert first[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert first[7:12] == [
        *("--billing-mode", "PROVISIONED", "--provisioned-throughput", "ReadCapacityUnits=1000,WriteCapacityUnits=1"),
        "--global-secondary-index-updates",
    ]
    assert json.loads(first[12]) == [
        {"Update": {"IndexName": "by-status", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}
    ]
    assert len(others) == 8  # a target and a policy for each kind of capacity of the table and of the index
    assert others[0][2] == "register-scalable-target"
    assert others[0][-4:] == ["--min-capacity", "1", "--max-capacity", "4000"]
    assert others[1][2] == "put-scaling-policy"
    assert json.loads(others[1][-1])["TargetValue"] == 70
    assert "dynamodb:index:WriteCapacityUnits" in others[6]


def test_says_at_how_many_users_and_replays_their_load() -> None:
    # ten times the load: 2,474.262 on demand; 10,000 RCU are 1,022.00, and 1.30954
    flows: dict[Key, Flow] = {
        (None, "reads"): Flow(units=in_step(Decimal(1_839_600_000), 1_000)),
        (None, "writes"): Flow(units=in_step(Decimal(0), 1_000)),
    }
    workload = a_workload(TABLE, flows=flows, series={(None, "reads"): STEADY}, series_period_seconds=FIVE_MINUTES)
    problem = problem_of(workload, users=10_000, scale=Scale(users_now=1_000, target_users=10_000))
    assert problem.message.startswith(
        "$1,451 a month less provisioned: on demand $2,474, provisioned $1,023 a month at 10,000 users"
    )
    assert problem.benefit == "$1,451 a month at 10,000 users"


# ----------------------------------------------------------------------------------------------- thresholds, and severity


@pytest.mark.parametrize(("units", "status"), [(30_923, Status.PASSED), (30_924, Status.FOUND)])
def test_counts_from_twenty_dollars(units: int, status: Status) -> None:
    # 103.08 a second: 148 RCU, 15.1256, and 1.30954. On demand 8,760 of these a month: 36.4341 or 36.4353 dollars, 55 % more
    result = judged(read((units,) * 12))
    assert result.status is status
    assert result.goods == ()  # it is no praise to save 19.999 dollars


@pytest.mark.parametrize(("units", "status"), [(59_723, Status.PASSED), (59_724, Status.FOUND)])
def test_counts_from_a_fifth_of_the_requests(units: int, status: Status) -> None:
    # Below half of 1,000 RCU for 10 of 15 minutes, which is too short to lower them: 103.50954 a month. On demand 2,920 times
    # 329,446 or 329,448 units, 129.3866 or 129.3874 dollars: 25.88 less, of which four fifths are 103.5093 or 103.5099.
    assert judged(read((210_000, units, units) * 4)).status is status


def test_storage_is_no_part_of_the_fifth() -> None:
    # 25.88 dollars are 20 % of the requests, and 6.5 % of the bill with 1,000 GB
    problem = problem_of(read((210_000, 59_724, 59_724) * 4, more={"storage": "1000"}))
    assert problem.severity is Severity.LOW
    assert problem.current == "on demand: $129 a month for requests"


@pytest.mark.parametrize(
    ("units", "severity"),
    [
        (74_341, Severity.MEDIUM),  # 247.8 a second: 355 RCU, 36.281, and 1.30954. On demand 87.5901: 49.9995 less
        (74_342, Severity.HIGH),  # 87.5912: 50.0007 less, 57 %
    ],
)
def test_is_high_from_fifty_dollars(units: int, severity: Severity) -> None:
    assert problem_of(read((units,) * 12)).severity is severity


@pytest.mark.parametrize(
    ("storage_gb", "severity"),
    [
        ("1220", Severity.HIGH),  # 143.91666 of 247.4262 and 328.18: 25.003 %
        ("1221", Severity.MEDIUM),
        ("4430", Severity.MEDIUM),  # of 247.4262 and 1,191.67: 10.0005 %
        ("4431", Severity.LOW),
    ],
)
def test_is_as_bad_as_its_share_of_the_bill(storage_gb: str, severity: Severity) -> None:
    assert problem_of(read(STEADY, more={"storage": storage_gb})).severity is severity


@pytest.mark.parametrize(
    ("reads", "status"),
    [("159999999", Status.NOT_APPLICABLE), ("160000000", Status.UNKNOWN)],  # us-east-1: 0.125 dollars a million
)
def test_requests_of_twenty_dollars_are_worth_a_look(reads: str, status: Status) -> None:
    result = judged(a_workload(TABLE, {"reads": reads, "writes": "0"}), region="us-east-1")
    assert result.status is status  # not known, because there is no series to replay


@pytest.mark.parametrize(("days", "status"), [("13.99", Status.UNKNOWN), ("14", Status.FOUND)])
def test_needs_two_weeks(days: str, status: Status) -> None:
    result = judged(read(STEADY), days=days)
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.unknowns == (Unknown(call="cloudwatch:GetMetricData", reason="only 13.9 days of metrics; 14 are needed"),)


@pytest.mark.parametrize(("busy", "status"), [(89, Status.PASSED), (90, Status.FOUND)])
def test_needs_traffic_in_nine_of_ten_hours(busy: int, status: Status) -> None:
    result = judged(read((2_520_000,) * busy + (0,) * (100 - busy), period=HOUR))
    assert result.status is status
    if status is Status.PASSED:
        assert [good.message for good in result.goods] == ["on demand is right for traffic in 89% of the hours only"]


# ---------------------------------------------------------------------------------------------------------------- passes


def test_an_hour_with_traffic_in_five_of_its_minutes_is_busy() -> None:
    [good] = goods_of(read((2_000_000, *(0,) * 11) * 24))
    assert good.startswith("on demand is right: auto scaling would have throttled")


def test_an_hour_in_which_an_index_is_read_is_busy() -> None:
    half, other = (2_520_000,) * 50 + (0,) * 50, (0,) * 50 + (2_520_000,) * 50
    index: Quantities = {("by-status", "index-reads"): str(month_of(other, HOUR)), ("by-status", "index-writes"): "0"}
    quantities = {"reads": str(month_of(half, HOUR)), "writes": "0", **index}
    series = {(None, "reads"): half, ("by-status", "reads"): other}
    result = judged(a_workload(INDEXED, quantities, series=series, series_period_seconds=HOUR), table=INDEXED)
    assert not [good for good in result.goods if "of the hours only" in good.message]


def test_a_spike_that_would_have_been_throttled_is_not_worth_the_saving() -> None:
    # 1,000 RCU at a steady 700 a second, with 300,000 units saved up; then 10,000 a second, and three minutes until there is more:
    # 600,000 wanted and 60,000 served in each, and 300,000 once: 3 x 540,000 - 300,000
    steady = (210_000,) * 143
    assert goods_of(read((*steady, 3_000_000, *steady))) == [
        "on demand is right: auto scaling would have throttled 1,320,000 units of the measured load"
    ]


def test_a_peak_that_saved_up_capacity_serves_is_no_throttling() -> None:
    # 100 units a second more than there are, for three minutes: 18,000 of the 300,000
    steady = (210_000,) * 143
    assert judged(read((*steady, 330_000, *steady))).status is Status.FOUND


@pytest.mark.parametrize(
    ("units", "goods"),
    [
        (26_778, ["on demand is the cheaper mode: on demand $104, provisioned $104 a month"]),  # 103.5093 against 103.5095
        (26_779, []),  # 103.5101
    ],
)
def test_praises_only_the_cheaper_mode(units: int, goods: list[str]) -> None:
    # 1,000 RCU that are never lowered; on demand 2,920 times 263,556 or 263,558 units
    assert goods_of(read((210_000, units, units) * 4)) == goods


def test_tells_both_prices_of_a_load_with_high_peaks() -> None:
    # 210,000 units in 5 of 15 minutes: 613.2 million a month
    assert goods_of(read((210_000, 0, 0) * 4)) == ["on demand is the cheaper mode: on demand $82.48, provisioned $104 a month"]


# ----------------------------------------------------------------------------------------------- what is not known, or not there


def test_does_not_judge_traffic_that_it_may_not_see() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert judged(read(STEADY), traffic=denied).unknowns == (denied,)


def test_does_not_judge_without_a_series() -> None:
    assert judged(a_workload(TABLE, {"reads": "1839600000", "writes": "0"})).unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="the hours of its traffic are not known"),
    )


def test_requests_that_are_not_known_are_not_few() -> None:
    for quantities in ({"reads": None, "writes": None}, {"reads": None, "writes": "29000000"}):
        [unknown] = judged(a_workload(TABLE, quantities)).unknowns
        assert unknown == Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch has no datapoint")


def test_requests_without_a_price_are_not_few() -> None:
    workload = a_workload(TABLE, {"reads": "1000000000", "writes": "0"})
    [unknown] = examined(provisioned_is_cheaper, workload=workload, region="ddblocal").unknowns
    assert unknown.call == "pricing:GetProducts"


def test_a_part_of_a_unit_is_not_told_as_none() -> None:
    # 999 RCU at 699 a second; the peak lacks 3 x 60 x (n / 300 - 999) - 299,700 = 0.6 n - 479,520 units: 0.48 at a millionth more load
    steady = (209_700,) * 143
    series = (*steady, 799_200, *steady)
    month = Decimal(sum(series)) * 730 * 3600 / (len(series) * 300) * Decimal("1.000001")
    workload = a_workload(TABLE, {"reads": str(month), "writes": "0"}, series={(None, "reads"): series}, series_period_seconds=300)
    assert not [good for good in judged(workload).goods if " 0 units" in good.message]


def test_what_was_never_measured_cannot_be_replayed() -> None:
    assert judged(read(STEADY, more={"writes": "1000000"})).unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="some of its traffic was never measured, and cannot be replayed"),
    )


def test_a_table_with_few_requests_has_nothing_to_judge() -> None:
    result = judged(read((210,) * 12))  # a thousandth of 247.4262 dollars
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "its requests cost $0.25 a month, too little to plan capacity for"


def test_a_provisioned_table_has_nothing_to_judge() -> None:
    table = a_table(billing_mode="PROVISIONED")
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    result = judged(a_workload(table, {"capacity-reads": "730", "capacity-writes": "730"}), table=table, traffic=denied)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table is provisioned")


# ----------------------------------------------------------------------------------------- what it says, and when it is wrong


@pytest.mark.parametrize("kind", ["read_request_unit rcu_hour", "write_request_unit wcu_hour"])
def test_at_the_target_a_used_unit_costs_less_than_half(kind: str) -> None:
    request, hour = kind.split()
    sheet = bundled_sheet("eu-north-1")
    on_demand, provisioned = sheet.price(f"on_demand.standard.{request}"), sheet.price(f"provisioned.standard.{hour}")
    assert on_demand is not None
    assert provisioned is not None
    assert provisioned.usd / Decimal("0.7") < on_demand.usd * 3_600 / 2
    assert "a target of 70 % a unit that is used costs less than half" in provisioned_is_cheaper.why


def test_tells_when_it_is_wrong() -> None:
    assert "the load to come has another shape than the one measured" in provisioned_is_cheaper.why
    assert "peaks within an hour are not seen" in provisioned_is_cheaper.why
