from decimal import Decimal

import pytest

from stj_audit.checks.unit_boundary_cliff import unit_boundary_cliff
from stj_audit.facts import Traffic, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, examined, some_items, some_traffic

KB = 1024
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def moved(reads: str | None, writes: str | None) -> Traffic:
    units = {"read_units": None if reads is None else Decimal(reads), "write_units": None if writes is None else Decimal(writes)}
    return some_traffic(a_flow(**units))


WRITTEN = moved("1000", "140000")
READ = moved("1000000", "1000")


def judged(sizes: dict[int, int], traffic: Traffic | Unknown = WRITTEN) -> Result:
    return examined(unit_boundary_cliff, items=some_items(sizes), traffic=traffic)


def test_finds_items_just_above_a_kilobyte() -> None:
    # 40 items of 2 units and 60 of 1: 1.4 units in the mean, 1 without the cliff; 40 / 140 of the units measured
    result = judged({500: 60, KB + 6: 40})
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        "40 of all 100 items (40%) lie at most 51 bytes above a multiple of 1.0 KB: each write of one takes 1 unit more for them"
    )
    assert problem.evidence == {
        "items_just_above": 40,
        "share": 0.4,
        "step_bytes": 1_024,
        "units_per_request": 1.4,
        "units_per_request_trimmed": 1.0,
        "units_measured": 140_000.0,
        "units_saved_if_met_alike": 40_000.0,
        "days": 30,
        "items_read": 100,
        "coverage": "full",
    }
    assert problem.current == "a write of a mean item takes 1.4 units"
    assert problem.benefit == "a write of a mean item takes 1 unit, if requests meet all items alike"
    assert problem.change is None


def test_finds_items_just_above_four_kilobytes_where_reads_are_paid_for() -> None:
    # 50 items of 1 unit and 50 of half a one: 0.75, then 0.5; a third of a million
    [problem] = judged({500: 50, 4 * KB + 6: 50}, READ).problems
    assert problem.message == (
        "50 of all 100 items (50%) lie at most 204 bytes above a multiple of 4.0 KB: each read of one takes 0.5 units more for them"
    )
    assert (problem.evidence["units_per_request"], problem.evidence["units_per_request_trimmed"]) == (0.75, 0.5)
    assert problem.evidence["units_saved_if_met_alike"] == 333_333.3


@pytest.mark.parametrize(("above", "status"), [(30, Status.FOUND), (29, Status.PASSED)])
def test_three_of_ten_items_are_the_line(above: int, status: Status) -> None:
    assert judged({500: 100 - above, KB + 1: above}).status is status


@pytest.mark.parametrize(
    ("size_bytes", "status"),
    [
        (KB, Status.NOT_APPLICABLE),  # one unit, the least there is
        (KB + 1, Status.FOUND),
        (KB + 51, Status.FOUND),
        (KB + 52, Status.PASSED),
        (2 * KB, Status.PASSED),  # fills its two units
        (10 * KB + 51, Status.FOUND),
        (11 * KB, Status.PASSED),
        (11 * KB + 1, Status.NOT_APPLICABLE),  # one unit of twelve
    ],
)
def test_a_twentieth_of_a_kilobyte_of_small_items_counts(size_bytes: int, status: Status) -> None:
    assert judged({size_bytes: 100}).status is status


@pytest.mark.parametrize(
    ("size_bytes", "status"),
    [(KB + 1, Status.NOT_APPLICABLE), (4 * KB + 204, Status.FOUND), (4 * KB + 205, Status.PASSED)],
)
def test_reads_go_in_steps_of_four_kilobytes(size_bytes: int, status: Status) -> None:
    assert judged({size_bytes: 100}, READ).status is status


@pytest.mark.parametrize(
    ("traffic", "step"),
    [
        (moved("1000", "100"), 4_096),
        (moved("999", "100"), 1_024),
        (moved("1000", "0"), 4_096),
        (moved("0", "0"), 1_024),
        (moved(None, "100"), 1_024),
        (moved("1000", None), 1_024),
        (DENIED, 1_024),
    ],
)
def test_ten_read_units_for_a_write_unit_make_a_table_that_is_read(traffic: Traffic | Unknown, step: int) -> None:
    [problem] = judged({4 * KB + 1: 100}, traffic).problems  # above both steps
    assert problem.evidence["step_bytes"] == step


@pytest.mark.parametrize("traffic", [DENIED, moved("1000", None)])
def test_without_traffic_nothing_is_priced(traffic: Traffic | Unknown) -> None:
    [problem] = judged({KB + 6: 100}, traffic).problems
    assert problem.evidence["units_measured"] is None
    assert problem.evidence["units_saved_if_met_alike"] is None


@pytest.mark.parametrize(("above", "praised"), [(15, True), (16, False)])
def test_only_few_items_on_the_step_are_praised(above: int, praised: bool) -> None:
    result = judged({500: 100 - above, KB + 1: above})
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_tells_how_few_there_are() -> None:
    items = some_items({1_500: 98, KB + 1: 2}, coverage="sample")
    [good] = examined(unit_boundary_cliff, items=items, traffic=WRITTEN).goods
    assert good.message == "2% of a sample of 100 items lie just above a multiple of 1.0 KB"


def test_tells_why_other_items_are_left_alone() -> None:
    assert judged({500: 100, 50 * KB: 100}).reason == "no item has more than 1.0 KB and at most 11.0 KB, where one step matters"


def test_does_not_judge_items_that_were_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(unit_boundary_cliff, items=denied).unknowns == (denied,)
    assert examined(unit_boundary_cliff, items=some_items({}, coverage="sample")).status is Status.UNKNOWN


@pytest.mark.parametrize(("number", "status"), [(99, Status.NOT_APPLICABLE), (100, Status.FOUND)])
def test_a_handful_of_items_is_no_pattern(number: int, status: Status) -> None:
    assert judged({KB + 1: number}).status is status


def test_tells_that_a_handful_is_too_few() -> None:
    assert judged({KB + 1: 2}).reason == "all 2 items are too few to judge where sizes lie"


def test_does_not_apply_to_an_empty_table() -> None:
    assert judged({}).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "summed before they are rounded up" in unit_boundary_cliff.why
