from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.scans_in_serving_path import scans_in_serving_path
from stj_audit.facts import ItemSizes, Operations, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined, some_items, some_traffic

DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
NOT_READ = Unknown(call="dynamodb:Scan", reason="off")
LARGE = 500 * 2**20


def judged(
    scans: int,
    scan_hours: int | None,
    *,
    days: Any = 30,
    size_bytes: int | None = LARGE,
    items: ItemSizes | Unknown = NOT_READ,
) -> Result:
    traffic = some_traffic(calls={"Scan": scans, "GetItem": 5}, covered_days=Decimal(days))
    table = a_table(size_bytes=size_bytes)
    return examined(scans_in_serving_path, table, traffic=traffic, operations=Operations(scan_hours=scan_hours), items=items)


def test_items_that_were_all_read_say_how_large_a_table_is() -> None:
    # an engine, or a young table, may state no size; a sample says nothing of the whole
    small = some_items({1_000: 100})
    for items, size_bytes, severity in (
        (small, 0, Severity.LOW),
        (replace(small, coverage="sample"), 0, Severity.MEDIUM),
        (some_items({400_000: 100}), 0, Severity.MEDIUM),
        (some_items({400_000: 100}), 1_000, Severity.MEDIUM),
    ):
        assert judged(5_000, 540, items=items, size_bytes=size_bytes).severity is severity


def test_finds_scans_in_most_hours() -> None:
    result = judged(5_000, 540)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "more than one Scan in 75% of the hours: 5,000 calls in 30 days"
    assert problem.evidence == {
        "scans": 5_000,
        "hours_with_scans": 540,
        "hours": 720,
        "share": 0.75,
        "read_units_at_most": 640_000,
    }
    assert problem.current == "5,000 Scans in 30 days, of at most 640,000 read units with eventual consistency"


@pytest.mark.parametrize(("hours", "status"), [(359, Status.PASSED), (360, Status.FOUND)])
def test_half_of_the_hours_are_most(hours: int, status: Status) -> None:
    assert judged(5_000, hours).status is status


def test_a_job_of_a_few_hours_is_none() -> None:
    [good] = judged(90_000, 60).goods
    assert good.message == "more than one Scan in 8% of the hours only (90,000 Scans in 30 days)"


def test_fewer_scans_than_hours_cannot_be_two_in_half_of_them() -> None:
    for days in (30, 2, Decimal(1) / 24):
        assert judged(0, None, days=days).status is Status.PASSED
    assert [good.message for good in judged(719, None).goods] == ["719 Scans in 30 days"]  # this audit's own among them
    assert judged(720, 360).status is Status.FOUND


@pytest.mark.parametrize(
    ("size_bytes", "severity", "units"),
    [
        (2**20, Severity.LOW, 1_000 * 128),
        (2**20 + 1, Severity.MEDIUM, 1_000 * 128),
        (8_193, Severity.LOW, 2_000),
        (0, Severity.MEDIUM, 0),
        (None, Severity.MEDIUM, 1_000 * 128),
    ],
)
def test_a_table_of_one_page_is_a_low_one(size_bytes: int | None, severity: Severity, units: int) -> None:
    result = judged(1_000, 400, size_bytes=size_bytes)
    assert result.severity is severity
    assert result.problems[0].evidence["read_units_at_most"] == units


@pytest.mark.parametrize(("days", "status"), [("6.99", Status.UNKNOWN), ("7", Status.FOUND)])
def test_needs_a_week(days: str, status: Status) -> None:
    result = judged(5_000, 160, days=days)
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.reason == "only 6.9 days of metrics; 7 are needed"


def test_hours_that_were_not_told_are_unknown() -> None:
    result = judged(5_000, None)
    assert (result.status, result.reason) == (Status.UNKNOWN, "no datapoint for the hours of Scan")


def test_does_not_apply_without_calls() -> None:
    result = examined(scans_in_serving_path, traffic=some_traffic(calls={}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "CloudWatch saw no call that reads or writes")


def test_does_not_judge_what_it_may_not_see() -> None:
    assert examined(scans_in_serving_path, operations=DENIED).unknowns == (DENIED,)
    assert examined(scans_in_serving_path, traffic=DENIED).unknowns == (DENIED,)


def test_tells_that_exports_scan_too() -> None:
    assert "Wrong for exports" in scans_in_serving_path.why
