import pytest

from stj_audit.checks.item_near_limit import item_near_limit
from stj_audit.config import SizeLines
from stj_audit.facts import AttributeSizes, IndexEntries, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, an_index, examined, some_items

KB = 1024


def test_finds_an_item_near_the_limit_with_its_numbers() -> None:
    wide = AttributeSizes(name="payload", types=("M",), present=1_000, total_bytes=9_000_000, max_bytes=380 * KB)
    narrow = AttributeSizes(name="id", types=("S",), present=1_000, total_bytes=9_999_999, max_bytes=36)
    [problem] = examined(
        item_near_limit, items=some_items({1_000: 998, 360 * KB: 1, 387 * KB: 1}, attributes=(narrow, wide))
    ).problems
    assert problem.severity is Severity.HIGH
    assert problem.message == "the largest of all 1,000 items has 387.0 KB, 97% of the 400 KB limit"
    assert problem.current == 'the largest item has 387.0 KB; the largest single attribute is "payload", with up to 380.0 KB'
    assert problem.evidence["largest_bytes"] == 387 * KB
    assert problem.evidence["items_at_or_above_350_kb"] == 2
    assert problem.evidence["local_index_entries_bytes_at_most"] is None


@pytest.mark.parametrize(
    ("largest_bytes", "severity"),
    [
        (350 * KB - 1, None),
        (350 * KB, Severity.HIGH),
        (395 * KB - 1, Severity.HIGH),
        (395 * KB, Severity.CRITICAL),
        (400 * KB, Severity.CRITICAL),
    ],
)
def test_is_high_from_350_kb_and_critical_from_395_kb(largest_bytes: int, severity: Severity | None) -> None:
    assert examined(item_near_limit, items=some_items({1_000: 999, largest_bytes: 1})).severity is severity


def test_counts_the_items_from_350_kb() -> None:
    [problem] = examined(item_near_limit, items=some_items({350 * KB - 1: 4, 350 * KB: 2, 350 * KB + 1: 1})).problems
    assert problem.evidence["items_at_or_above_350_kb"] == 3


def test_passes_small_items_and_says_how_large_the_largest_is() -> None:
    result = examined(item_near_limit, items=some_items({100 * KB: 10}))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["the largest of all 10 items has 100.0 KB, 25% of the 400 KB limit"]


@pytest.mark.parametrize(("largest_bytes", "praised"), [(300 * KB, True), (300 * KB + 1, False)])
def test_an_item_above_the_warn_line_is_no_strength(largest_bytes: int, praised: bool) -> None:
    result = examined(item_near_limit, items=some_items({1_000: 99, largest_bytes: 1}))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_the_warn_line_is_the_configured_one() -> None:
    assert examined(item_near_limit, items=some_items({5_000: 1}), size_lines=SizeLines(warn_bytes=4_999)).goods == ()


def test_says_that_the_limit_covers_the_entries_in_local_indexes() -> None:
    table = a_table(indexes=(an_index("by-day", kind="LSI"), an_index("by-name")))
    entries = (IndexEntries(index="by-day", entries=1, total_bytes=5_000, max_bytes=5_000),)
    [problem] = examined(item_near_limit, table, items=some_items({360 * KB: 1}, indexes=entries)).problems
    assert problem.message.endswith("the limit covers the item plus its entries in by-day")
    assert problem.evidence["local_index_entries_bytes_at_most"] == 5_000


@pytest.mark.parametrize(("entry_bytes", "status"), [(150 * KB - 1, Status.PASSED), (150 * KB, Status.UNKNOWN)])
def test_does_not_praise_an_item_that_may_be_near_the_limit_with_its_local_entries(entry_bytes: int, status: Status) -> None:
    table = a_table(indexes=(an_index("by-day", kind="LSI"),))
    entries = (IndexEntries(index="by-day", entries=1, total_bytes=entry_bytes, max_bytes=entry_bytes),)
    result = examined(item_near_limit, table, items=some_items({200 * KB: 1}, indexes=entries))
    assert result.status is status
    if status is Status.UNKNOWN:
        assert result.reason == "the largest item has 200.0 KB, with its local index entries up to 350.0 KB"


def test_global_indexes_do_not_share_the_limit() -> None:
    table = a_table(indexes=(an_index("by-name"),))
    entries = (IndexEntries(index="by-name", entries=1, total_bytes=300 * KB, max_bytes=300 * KB),)
    assert examined(item_near_limit, table, items=some_items({300 * KB: 1}, indexes=entries)).status is Status.PASSED


def test_does_not_judge_when_local_entries_were_not_measured() -> None:
    table = a_table(indexes=(an_index("by-day", kind="LSI"),))
    assert examined(item_near_limit, table, items=some_items({200 * KB: 1})).status is Status.UNKNOWN


def test_a_sample_can_find_but_not_pass() -> None:
    found = examined(item_near_limit, items=some_items({350 * KB: 1}, coverage="sample"))
    clean = examined(item_near_limit, items=some_items({100 * KB: 10}, coverage="sample"))
    empty = examined(item_near_limit, items=some_items({}, coverage="sample"))
    assert found.status is Status.FOUND
    assert "a sample of 1 item" in found.problems[0].message
    assert clean.status is Status.UNKNOWN
    assert clean.reason == "the largest of a sample of 10 items has 100.0 KB; others may be larger"
    assert empty.status is Status.UNKNOWN


def test_does_not_apply_to_an_empty_table() -> None:
    result = examined(item_near_limit, items=some_items({}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table has no items")


def test_does_not_judge_items_that_were_not_read() -> None:
    assert examined(item_near_limit, items=Unknown(call="dynamodb:Scan", reason="scan mode none")).reason == "scan mode none"


def test_tells_when_it_is_wrong() -> None:
    assert "the items never grow again" in item_near_limit.why
    assert item_near_limit.fix.startswith("keep the large value in Amazon S3")
