from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.write_amplification import write_amplification
from stj_audit.facts import Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, a_workload, an_index, examined, no_data, some_traffic

TABLE = a_table(indexes=(an_index("by-status"), an_index("by-day")))
# eu-north-1: 0.67 dollars for a million writes
MILLION = "1000000"


def judged(table_units: str | None, *index_units: str | None, writes: str = MILLION, **context: Any) -> Result:
    flows = [a_flow(write_units=None if units is None else Decimal(units)) for units in (table_units, *index_units)]
    traffic = some_traffic(flows[0], dict(zip(("by-status", "by-day"), flows[1:], strict=True)))
    quantities: Mapping[Any, str] = {
        "writes": "0",
        ("by-status", "index-writes"): writes,
        ("by-day", "index-writes"): "0",
        "backup": context.pop("backup", "0"),
    }
    return examined(write_amplification, TABLE, **{"traffic": traffic, "workload": a_workload(TABLE, quantities), **context})


def test_finds_indexes_that_take_more_than_the_table() -> None:
    result = judged("10000", "5000", "20000", writes="100000000")
    [problem] = result.problems
    assert problem.message == "for each write unit of the table its indexes take 2.5 (by-day 2 and by-status 0.5), $67.00 a month"
    assert problem.evidence == {
        "table_write_units": 10_000.0,
        "index_write_units": 25_000.0,
        "ratio": 2.5,
        "index_writes_usd_month": 67.0,
    }
    assert result.severity is Severity.MEDIUM  # all of the bill, but not all of it can be saved
    assert problem.current == "25,000 write units of the indexes, 10,000 of the table"
    assert problem.commands == ()
    assert problem.change is None


@pytest.mark.parametrize(("units", "status"), [("4999", Status.PASSED), ("5000", Status.FOUND)])
def test_half_as_much_again_is_too_much(units: str, status: Status) -> None:
    assert judged("10000", "10000", units).status is status


@pytest.mark.parametrize(("writes", "severity"), [("7000000", Severity.LOW), ("8000000", Severity.MEDIUM)])
def test_few_dollars_are_never_bad(writes: str, severity: Severity) -> None:
    # 4.69 and 5.36 dollars
    assert judged("10000", "10000", "10000", writes=writes).severity is severity


def test_a_small_part_of_the_bill_is_low() -> None:
    # 6.70 dollars beside 100 dollars of backups and more
    assert judged("10000", "10000", "10000", writes="10000000", backup="1000").severity is Severity.LOW


def test_without_a_price_it_is_medium() -> None:
    result = judged("10000", "10000", "10000", region="ddblocal")
    assert result.severity is Severity.MEDIUM
    assert result.problems[0].evidence["index_writes_usd_month"] is None


def test_tells_for_how_many_users_the_money_is() -> None:
    quantities: Mapping[Any, str] = {("by-status", "index-writes"): MILLION}
    workload = a_workload(TABLE, quantities)
    [problem] = judged("10000", "10000", "10000", workload=workload, users=10_000).problems
    assert "at 10,000 users" not in problem.message  # what it costs then is not known


@pytest.mark.parametrize(("units", "told"), [("2500", "0.5 units"), ("5000", "1 unit"), ("100", "hardly any"), ("0", "hardly any")])
def test_passes_less(units: str, told: str) -> None:
    result = judged("10000", units, units)
    assert [good.message for good in result.goods] == [f"for each write unit of the table its indexes take {told}"]


@pytest.mark.parametrize(("units", "status"), [("999", Status.NOT_APPLICABLE), ("1000", Status.FOUND)])
def test_few_writes_tell_nothing(units: str, status: Status) -> None:
    assert judged(units, "10000", "10000").status is status


def test_an_index_that_was_not_measured_is_not_known() -> None:
    assert judged("10000", "10000", None).reason == "no datapoint for writes of index by-day"
    found = judged("10000", "15000", None)
    assert (found.status, len(found.unknowns)) == (Status.FOUND, 1)


def test_no_datapoint_is_not_zero() -> None:
    result = examined(write_amplification, TABLE, traffic=some_traffic(no_data()))
    assert result.reason == "no datapoint for writes of the table"


def test_has_nothing_to_judge_without_global_indexes() -> None:
    assert examined(write_amplification, a_table(indexes=(an_index(kind="LSI"),))).status is Status.NOT_APPLICABLE


def test_does_not_judge_without_traffic() -> None:
    denied = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    assert judged("1", "1", "1", traffic=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "queried in many ways is rightly copied" in write_amplification.why
