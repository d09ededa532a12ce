"""The verdict on the items of a table: over, none, not known or not read, with what is said of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.facts import (
    ItemSizes,
    ItemsReading,
    LargestItem,
    Unknown,
)
from stj_audit.items.verdict import of_table
from stj_audit.report import ItemsVerdict
from tests.builders import a_reading, a_sample, a_table, some_items, table_facts

LINE = 300 * 1024
KEY_HASH = "0123456789abcdef"
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def verdict(items: ItemSizes | Unknown, reading: ItemsReading | None = None, line: int = LINE, **table: Any) -> ItemsVerdict:
    return of_table(table_facts(a_table(**table), items=items, items_reading=reading), line)


def test_one_found_is_proof_in_a_whole_table() -> None:
    items = some_items({1_000: 4_999, LINE + 1: 1}, largest=(LargestItem(size_bytes=LINE + 1, key_hash=KEY_HASH),))
    found = verdict(items)
    assert (found.verdict, found.found, found.scanned, found.item_count, found.at_most) == ("over", 1, 5_000, 5_000, 1)
    assert found.sentence == f"1 item above 300.0 KB among 5,000 items; the largest: 307,201 bytes (key hash {KEY_HASH})"
    assert [(one.bytes, one.key_hash) for one in found.largest] == [(LINE + 1, KEY_HASH)]


def test_one_found_is_proof_in_a_sample() -> None:
    found = verdict(a_sample({1_000: 999, LINE + 1: 1}, lines=(LINE,)), item_count=100_000)
    assert (found.verdict, found.found, found.scanned, found.item_count) == ("over", 1, 1_000, 100_000)
    assert found.at_most is not None
    assert found.at_most > 100
    assert found.sentence.startswith("at least 1 item above 300.0 KB among 1,000 items read")


@pytest.mark.parametrize("items", [DENIED, a_sample()], ids=["too few to judge by", "a sample"])
def test_one_found_is_proof_on_a_page_of_a_segment_that_was_cut_short(items: ItemSizes | Unknown) -> None:
    largest = LargestItem(size_bytes=LINE + 1, key_hash=KEY_HASH)
    reading = a_reading(scanned=1_200, large=((LINE + 1, 1),), largest=(largest,), described_again=False)
    found = verdict(items, reading)
    assert (found.verdict, found.found, found.scanned) == ("over", 1, 1_200)
    assert KEY_HASH in found.sentence


def test_the_line_itself_is_not_above_it() -> None:
    assert verdict(some_items({LINE: 3})).verdict == "none"
    assert verdict(some_items({LINE + 1: 1})).verdict == "over"


def test_none_in_a_table_that_was_read_to_its_end() -> None:
    reading = a_reading(scanned=10_000, item_count_after=10_000)
    found = verdict(some_items({100: 10_000}), reading, item_count=10_000, size_bytes=1_000_000)
    assert (found.verdict, found.found, found.at_most, found.item_count) == ("none", 0, 0, 10_000)
    assert found.sentence == (
        "exact: 10,000 of 10,000 items, scanned 14:02-14:03Z; writes during or after the scan are not covered"
    )


def test_the_days_are_told_where_a_reading_went_on_from_an_earlier_one() -> None:
    reading = a_reading(started_at=datetime(2026, 11, 21, 23, 50, tzinfo=UTC))
    assert "scanned 2026-11-21 23:50Z-2026-11-22 14:03Z" in verdict(some_items(), reading).sentence


def test_none_in_an_empty_table() -> None:
    reading = a_reading(scanned=0, item_count_after=0, size_bytes_after=0)
    found = verdict(some_items({}), reading, item_count=0, size_bytes=0)
    assert (found.verdict, found.scanned, found.item_count, found.at_most) == ("none", 0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((1_000_000, 10**8), (1_000_000, 10**8), "inconclusive"),
        ((1_000, 1024**2), (1_000, 1024**2), "inconclusive"),
        ((999, 10**8), (999, 10**8), "none"),  # so few may have been deleted since AWS counted
        ((1_000_000, 1024**2 - 1), (1_000_000, 1024**2 - 1), "none"),
        ((None, None), (0, 0), "none"),
    ],
)
def test_nothing_in_a_table_that_is_said_to_be_full_is_no_proof(
    before: tuple[int | None, int | None], after: tuple[int, int], expected: str
) -> None:
    reading = a_reading(scanned=0, item_count_after=after[0], size_bytes_after=after[1])
    found = verdict(some_items({}), reading, item_count=before[0], size_bytes=before[1])
    assert found.verdict == expected
    if before[0] == 1_000_000 and expected == "inconclusive":
        assert found.sentence == (
            "0 above 300.0 KB among 0 of 0 items read, but DescribeTable still states 1,000,000 items (95.4 MB), as AWS counted up to "
            "six hours ago"
        )


def test_none_in_a_sample_bounds_what_may_be_there() -> None:
    """0 of 1,000 out of 10,000: by the hypergeometric distribution at most 28."""
    items = a_sample({1_000: 1_000}, segments=100, total_segments=1_000, item_count=10_000, lines=(LINE,))
    found = verdict(items, item_count=10_000)
    assert (found.verdict, found.found, found.scanned, found.item_count, found.at_most) == ("inconclusive", 0, 1_000, 10_000, 28)
    assert found.sentence == (
        "0 of 1,000 items read are above 300.0 KB; with 95% confidence at most 28 of 10,000; read as far as the scan budget goes"
    )


def test_a_sample_of_collections_bounds_no_number_of_items() -> None:
    found = verdict(a_sample(lines=(LINE,)), key=("id", "part"), item_count=100_000)
    assert (found.verdict, found.at_most) == ("inconclusive", None)
    assert "of the partition key values" in found.sentence


def test_a_sample_says_why_there_is_not_more_of_it() -> None:
    items = a_sample(lines=(LINE,))
    assert items.sample is not None
    throttled = replace(items, sample=replace(items.sample, stopped_by="throttled"))
    found = verdict(throttled, item_count=100_000)
    assert (found.verdict, found.sentence.endswith("read until the table was throttled")) == ("inconclusive", True)
    asked_for = replace(items, sample=replace(items.sample, stopped_by="precision"))
    assert verdict(asked_for, item_count=100_000).sentence.endswith("of 100,000")


def test_a_sample_that_is_not_known_to_be_fair_says_little() -> None:
    found = verdict(some_items(coverage="sample"))
    assert (found.verdict, found.at_most) == ("inconclusive", None)


def test_a_sample_without_an_item_says_nothing() -> None:
    found = verdict(a_sample({}, lines=(LINE,)))
    assert (found.verdict, found.at_most, found.scanned) == ("inconclusive", None, 0)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("AccessDeniedException", "no item was read: AccessDeniedException"),
        ("not read: --scan none", "no item was read: --scan none"),
    ],
)
def test_what_was_not_read_is_told_with_its_reason(reason: str, told: str) -> None:
    found = verdict(Unknown(call="dynamodb:Scan", reason=reason))
    assert (found.verdict, found.sentence, found.scanned, found.at_most) == ("not read", told, 0, None)
    assert found.item_count == 1_000


def test_too_few_to_be_a_sample_are_not_taken_for_one() -> None:
    found = verdict(Unknown(call="dynamodb:Scan", reason="the cap on read units was reached"), a_reading(scanned=40))
    assert (found.verdict, found.scanned) == ("not read", 40)
    assert found.sentence == (
        "too few were read to be a sample: the cap on read units was reached; none of the 40 items that were seen is above 300.0 KB"
    )


def test_a_count_of_0_that_the_items_contradict_is_not_known() -> None:
    assert verdict(DENIED, item_count=0).item_count is None


# ------------------------------------------------------------------------------------------- changed while it was read


@pytest.mark.parametrize(
    ("stated", "after", "changed"),
    [
        ((1_000, 1_000_000), (1_000, 1_000_000), False),
        ((1_000, 1_000_000), (1_050, 1_050_000), False),
        ((1_000, 1_000_000), (1_051, 1_050_000), True),
        ((1_000, 1_000_000), (949, 1_000_000), True),
        ((1_000, 1_000_000), (1_000, 1_060_000), True),  # as many items, and larger ones
        ((800, 800_000), (800, 800_000), False),  # hours old: a table that grows is not held up for it
        ((1_500, 1_500_000), (1_500, 1_500_000), False),
        ((0, 0), (0, 0), False),  # a new table, of which AWS states nothing yet
        ((None, None), (None, None), False),
        ((0, 0), (1_000, 1_000_000), False),  # AWS has counted meanwhile, and counts what was read
        ((0, 0), (1_100, 1_100_000), True),
        ((1_000, 1_000_000), (0, 0), True),
    ],
)
def test_a_table_that_changed_by_more_than_a_twentieth_while_it_was_read_is_not_known(
    stated: tuple[int | None, int | None], after: tuple[int | None, int | None], changed: bool
) -> None:
    reading = a_reading(item_count_after=after[0], size_bytes_after=after[1])
    found = verdict(some_items(), reading, item_count=stated[0], size_bytes=stated[1])
    assert found.verdict == ("inconclusive" if changed else "none")
    if changed:
        assert "0 above 300.0 KB among 1,000 of 1,000 items read, but it changed while it was read" in found.sentence
        assert found.at_most is None


def test_an_empty_table_that_filled_while_it_was_read_is_not_known() -> None:
    reading = a_reading(scanned=0, item_count_after=1, size_bytes_after=100)
    assert verdict(some_items({}), reading, item_count=0, size_bytes=0).verdict == "inconclusive"


def test_a_table_that_could_not_be_described_again_is_not_known() -> None:
    found = verdict(some_items(), a_reading(not_described="gone during the audit", item_count_after=None, size_bytes_after=None))
    assert found.verdict == "inconclusive"
    assert found.sentence.endswith("it could not be described again afterwards: gone during the audit")


def test_a_change_does_not_undo_what_was_found() -> None:
    assert verdict(some_items({LINE + 1: 1}), a_reading(item_count_after=9_000)).verdict == "over"


# ------------------------------------------------------------------------------------------------------ whatever is read

SIZES = st.dictionaries(st.integers(1, 400 * 1024), st.integers(1, 50), max_size=6)


@given(SIZES, st.integers(1, 400 * 1024), st.integers(1, 400 * 1024))
def test_a_higher_line_never_finds_more(sizes: dict[int, int], one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert verdict(some_items(sizes), line=high).found <= verdict(some_items(sizes), line=low).found


@given(SIZES, st.integers(0, 5_000), st.integers(0, 5_000), st.booleans())
def test_only_a_whole_reading_passes(sizes: dict[int, int], before: int, after: int, failed: bool) -> None:
    reading = a_reading(
        scanned=sum(sizes.values()),
        item_count_after=after,
        not_described="ThrottlingException" if failed else "",
        large=tuple(sorted((size, number) for size, number in sizes.items() if size > LINE)),
    )
    found = verdict(some_items(sizes), reading, item_count=before)
    if found.verdict == "none":
        assert not failed
        assert all(size <= LINE for size in sizes)
    assert verdict(a_sample(sizes, lines=(LINE,)), item_count=before).verdict != "none"
    assert verdict(DENIED, replace(reading, described_again=False)).verdict in {"over", "not read"}
