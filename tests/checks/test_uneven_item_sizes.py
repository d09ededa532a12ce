import pytest

from stj_audit.checks.uneven_item_sizes import uneven_item_sizes
from stj_audit.facts import Unknown
from stj_audit.results import Severity, Status
from tests.builders import examined, some_items

KB = 1024


def test_finds_one_item_that_outgrew_the_others() -> None:
    result = examined(uneven_item_sizes, items=some_items({1_024: 99, 64 * KB: 1}))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "the largest of all 100 items has 64.0 KB, 64 times the median of 1.0 KB"
    assert problem.evidence == {
        "largest_bytes": 65_536,
        "median_bytes": 1_024,
        "factor": 64.0,
        "items_read": 100,
        "coverage": "full",
    }


@pytest.mark.parametrize(("largest_bytes", "status"), [(19_999, Status.PASSED), (20_000, Status.FOUND)])
def test_the_factor_counts_from_20(largest_bytes: int, status: Status) -> None:
    assert examined(uneven_item_sizes, items=some_items({1_000: 99, largest_bytes: 1})).status is status


@pytest.mark.parametrize(("largest_bytes", "status"), [(16 * KB - 1, Status.PASSED), (16 * KB, Status.FOUND)])
def test_small_items_may_differ_as_much_as_they_like(largest_bytes: int, status: Status) -> None:
    assert examined(uneven_item_sizes, items=some_items({100: 99, largest_bytes: 1})).status is status


@pytest.mark.parametrize(("small", "status"), [(49, Status.PASSED), (50, Status.FOUND)])
def test_the_usual_size_is_that_of_half_of_the_items(small: int, status: Status) -> None:
    # thirty times the small ones, three times the others
    sizes = {1_000: small, 10_000: 99 - small, 30_000: 1}
    assert examined(uneven_item_sizes, items=some_items(sizes)).status is status


def test_passes_even_sizes_with_the_numbers() -> None:
    result = examined(uneven_item_sizes, items=some_items({1_000: 5, 2_048: 5}))
    assert [good.message for good in result.goods] == [
        "item sizes are even: the largest of all 10 items has 2.0 KB, the median 1,000 B"
    ]


@pytest.mark.parametrize(
    ("sizes", "praised"),
    [
        ({100: 9, 1_999: 1}, True),
        ({100: 9, 2_000: 1}, False),  # twenty times the median: harmless, and not even
        ({300 * KB: 10}, True),
        ({300 * KB: 10, 300 * KB + 1: 1}, False),  # above the warn line
    ],
)
def test_only_even_sizes_below_the_warn_line_are_praised(sizes: dict[int, int], praised: bool) -> None:
    result = examined(uneven_item_sizes, items=some_items(sizes))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_a_sample_can_find_but_not_pass() -> None:
    assert examined(uneven_item_sizes, items=some_items({1_000: 9, 30_000: 1}, coverage="sample")).status is Status.FOUND
    clean = examined(uneven_item_sizes, items=some_items({1_024: 10}, coverage="sample"))
    assert clean.status is Status.UNKNOWN
    assert (
        clean.reason == "the largest of a sample of 10 items has 1.0 KB, the median 1.0 KB; items that were not read may be larger"
    )
    assert examined(uneven_item_sizes, items=some_items({}, coverage="sample")).status is Status.UNKNOWN


def test_does_not_apply_to_an_empty_table() -> None:
    assert examined(uneven_item_sizes, items=some_items({})).status is Status.NOT_APPLICABLE


def test_does_not_judge_items_that_were_not_read() -> None:
    assert examined(uneven_item_sizes, items=Unknown(call="dynamodb:Scan", reason="too dear")).status is Status.UNKNOWN


def test_tells_that_kinds_of_items_may_share_a_table() -> None:
    assert "single-table design" in uneven_item_sizes.why
