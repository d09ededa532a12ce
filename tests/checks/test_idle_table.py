from decimal import Decimal

import pytest

from stj_audit.checks.idle_table import idle_table
from stj_audit.cost.workload import Workload
from stj_audit.facts import Flow, Unknown
from stj_audit.results import RemoveTable, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, no_data, some_traffic

INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))


def idle() -> Flow:
    return a_flow(read_units=Decimal(0), write_units=Decimal(0))


def stored(gigabytes: str | None) -> Workload:
    return a_workload(a_table(), {"storage": gigabytes})


def test_finds_a_table_that_nobody_uses() -> None:
    result = examined(idle_table, INDEXED, traffic=some_traffic(idle(), {"by-status": idle()}), workload=stored("100"))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM  # all of its bill, but 26.90 dollars
    assert problem.message == "nobody read or wrote the table or its indexes in 30 days; it costs $26.90 a month"
    assert problem.evidence == {"read_units": 0, "write_units": 0, "covered_days": 30.0, "saving_usd_month": 26.9}
    assert problem.change == RemoveTable()


def test_offers_a_backup_and_no_deletion_to_paste() -> None:
    [problem] = examined(idle_table, traffic=some_traffic(idle()), workload=stored("1")).problems
    assert problem.commands == ("aws dynamodb create-backup --region eu-north-1 --table-name orders --backup-name orders-last",)


@pytest.mark.parametrize(
    ("gigabytes", "severity"),
    [("18", Severity.LOW), ("19", Severity.MEDIUM), ("185", Severity.MEDIUM), ("186", Severity.HIGH)],
)
def test_is_as_bad_as_it_is_dear(gigabytes: str, severity: Severity) -> None:
    assert examined(idle_table, traffic=some_traffic(idle()), workload=stored(gigabytes)).severity is severity


def test_is_low_when_its_cost_is_not_known() -> None:
    result = examined(idle_table, traffic=some_traffic(idle()), workload=stored(None))
    assert result.severity is Severity.LOW
    assert result.problems[0].message == "nobody read or wrote the table or its indexes in 30 days"
    assert result.problems[0].evidence["saving_usd_month"] is None


@pytest.mark.parametrize(("covered", "status"), [("29.99", Status.UNKNOWN), ("30", Status.FOUND)])
def test_needs_thirty_days(covered: str, status: Status) -> None:
    result = examined(idle_table, traffic=some_traffic(idle(), covered_days=Decimal(covered)), workload=stored("1"))
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.reason == "only 29.9 days of metrics; 30 are needed"


def test_no_datapoint_is_not_zero() -> None:
    half = a_flow(read_units=Decimal(0), write_units=None)
    assert examined(idle_table, traffic=some_traffic(half)).status is Status.UNKNOWN
    result = examined(idle_table, INDEXED, traffic=some_traffic(idle(), {"by-status": no_data()}))
    assert (result.status, result.reason) == (
        Status.UNKNOWN,
        "no datapoint of consumed units of index by-status, which is not zero",
    )
    assert examined(idle_table, INDEXED, traffic=some_traffic(idle(), {})).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "flow",
    [a_flow(read_units=Decimal("0.5"), write_units=Decimal(0)), a_flow(read_units=Decimal(0), write_units=Decimal(1))],
)
def test_the_smallest_use_of_table_or_index_is_use(flow: Flow) -> None:
    assert examined(idle_table, INDEXED, traffic=some_traffic(flow, {"by-status": idle()})).status is Status.PASSED
    assert examined(idle_table, INDEXED, traffic=some_traffic(idle(), {"by-status": flow})).status is Status.PASSED


def test_a_used_table_passes_also_when_some_series_are_missing() -> None:
    traffic = some_traffic(a_flow(read_units=None, write_units=Decimal(7)), covered_days=Decimal(3))
    result = examined(idle_table, traffic=traffic)
    assert [good.message for good in result.goods] == ["in use: 0 read and 7 write units in 3 days, indexes included"]


def test_does_not_judge_without_traffic() -> None:
    assert examined(idle_table, traffic=Unknown(call="cloudwatch:GetMetricData", reason="denied")).status is Status.UNKNOWN


def test_tells_that_a_table_may_be_used_once_a_year() -> None:
    assert "once a quarter or a year" in idle_table.why
