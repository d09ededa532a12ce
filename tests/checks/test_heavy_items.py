import pytest

from stj_audit.checks.heavy_items import heavy_items
from stj_audit.facts import AttributeSizes, Unknown
from stj_audit.results import Severity, Status
from tests.builders import examined, some_items

KB = 1024


def an_attribute(name: str, total_bytes: int) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=10, total_bytes=total_bytes, max_bytes=total_bytes)


def test_finds_heavy_items_and_names_where_the_bytes_are() -> None:
    attributes = (
        an_attribute("id", 1 * KB),
        an_attribute("body\n", 500 * KB),
        an_attribute("history", 250 * KB),
        an_attribute("raw", 229 * KB),
        an_attribute("tag", 20 * KB),
    )
    result = examined(heavy_items, items=some_items({100 * KB: 10}, attributes=attributes))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "the items are heavy: 100.0 KB in the mean of all 10 items, and 99% have at most 100.0 KB; "
        'most bytes are in "body\\n" (50%), "history" (25%) and "raw" (23%)'
    )
    assert problem.evidence == {
        "mean_bytes": 102_400.0,
        "p99_bytes": 102_400,
        "items_read": 10,
        "coverage": "full",
        "biggest_attribute_bytes": 500 * KB,
    }


def test_needs_no_attributes_to_find() -> None:
    [problem] = examined(heavy_items, items=some_items({100 * KB: 10})).problems
    assert problem.message.endswith("at most 100.0 KB")
    assert problem.evidence["biggest_attribute_bytes"] is None


@pytest.mark.parametrize(("size_bytes", "status"), [(64 * KB - 1, Status.PASSED), (64 * KB, Status.FOUND)])
def test_the_mean_counts_from_64_kb(size_bytes: int, status: Status) -> None:
    assert examined(heavy_items, items=some_items({size_bytes: 10})).status is status


@pytest.mark.parametrize(("size_bytes", "status"), [(100 * KB - 1, Status.PASSED), (100 * KB, Status.FOUND)])
def test_the_heaviest_percent_counts_from_100_kb(size_bytes: int, status: Status) -> None:
    assert examined(heavy_items, items=some_items({1_000: 980, size_bytes: 20})).status is status


def test_one_heavy_item_in_a_hundred_does_not_make_the_table_heavy() -> None:
    result = examined(heavy_items, items=some_items({1_000: 99, 300 * KB: 1}))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "the items are light: 4.0 KB in the mean of all 100 items, and 99% have at most 1,000 B"
    ]


@pytest.mark.parametrize(
    ("sizes", "praised"),
    [
        ({32 * KB: 10}, True),
        ({32 * KB + 1: 10}, False),
        ({1_000: 980, 50 * KB: 20}, True),
        ({1_000: 980, 50 * KB + 1: 20}, False),
    ],
)
def test_only_items_far_below_the_lines_are_praised(sizes: dict[int, int], praised: bool) -> None:
    result = examined(heavy_items, items=some_items(sizes))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_small_items_are_told_in_bytes() -> None:
    [good] = examined(heavy_items, items=some_items({150: 10})).goods
    assert good.message == "the items are light: 150 B in the mean of all 10 items, and 99% have at most 150 B"


def test_says_when_it_judged_a_sample() -> None:
    result = examined(heavy_items, items=some_items({1_000: 50}, coverage="sample"))
    assert "in the mean of a sample of 50 items" in result.goods[0].message
    assert examined(heavy_items, items=some_items({}, coverage="sample")).status is Status.UNKNOWN


def test_does_not_apply_to_an_empty_table() -> None:
    assert examined(heavy_items, items=some_items({})).status is Status.NOT_APPLICABLE


def test_does_not_judge_items_that_were_not_read() -> None:
    assert examined(heavy_items, items=Unknown(call="dynamodb:Scan", reason="too dear")).status is Status.UNKNOWN


def test_tells_that_an_archive_may_be_heavy() -> None:
    assert "pure archive" in heavy_items.why
