"""A table of which a sample was read, in the report: what is told of the whole, and what the bill is made of."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.config import Config, Scale, SizeLines
from stj_audit.cost.from_facts import misfit, stated_bytes, stored_bytes, stored_index_bytes
from stj_audit.cost.prices import bundled_sheet
from stj_audit.facts import ItemSizes
from stj_audit.items.told import about_over, about_sample
from stj_audit.judge import Terms, judge
from stj_audit.render import render
from stj_audit.render.digest_tables import coverage_text, index_size, over_line
from stj_audit.report import OverLine, Report, from_json, to_json
from tests.builders import a_sample, a_snapshot, a_table, an_index, some_entries, some_items, some_keys, table_facts
from tests.cost.test_calibration import design

KB = 1024
WARN, MOST = 300 * KB, 400 * KB


def judged(items: ItemSizes, **table: Any) -> Report:
    config = Config()
    terms = Terms(
        scale=Scale(users_now=1_000),
        size_lines=SizeLines(),
        prices=bundled_sheet("eu-north-1"),
        config=config,
        audit_id="a1",
    )
    return judge(a_snapshot(table_facts(a_table(**table), items=items)), terms)


LARGE_TABLE = {"item_count": 100_000, "size_bytes": 100_000_000}


# ------------------------------------------------------------------------------------------------------------ the report


def test_what_the_sample_says_of_the_table_is_in_the_run_file() -> None:
    items = a_sample({900: 500, 1_100: 500}, lines=(WARN, MOST))
    assert items.sample is not None
    uneven = tuple(replace(one, bytes=one.bytes + (-1) ** place * 2_500) for place, one in enumerate(items.sample.segments))
    report = judged(replace(items, sample=replace(items.sample, segments=uneven)), **LARGE_TABLE)
    told = report.tables[0].items
    assert told is not None
    assert told.sample is not None
    assert (told.coverage, told.scanned, told.mean_bytes) == ("sample", 1_000, 1_000.0)
    sample = told.sample
    assert (sample.segments, sample.total_segments, sample.share_read, sample.stopped_by) == (40, 4_000, 0.01, "budget")
    assert sample.mean_bytes == 1_000.0
    assert sample.mean_low == pytest.approx(969, abs=1)
    assert sample.mean_high == pytest.approx(1_032, abs=1)
    assert (sample.item_count, sample.total_bytes) == (100_000, 100_000_000)
    assert sample.total_low == pytest.approx(96_900_000, rel=0.001)
    assert (sample.p50.low_bytes, sample.p50.high_bytes) == (900, 1_100)
    assert sample.p99.high_bytes == 1_100
    assert (sample.counts_apart, sample.missing_share) == (False, 0)
    assert from_json(to_json(report)) == report


def test_items_over_a_line_are_a_range() -> None:
    found = judged(a_sample({1_000: 996, 310 * KB: 4}, lines=(WARN, MOST)), **LARGE_TABLE).tables[0].items
    assert found is not None
    assert found.over_warn == OverLine(threshold_bytes=WARN, found=4, low=156, high=1_020)
    assert found.over_max == OverLine(threshold_bytes=MOST, found=0, low=0, high=297)
    unbounded = judged(a_sample(segments=1, item_count=None), **LARGE_TABLE).tables[0].items
    assert unbounded is not None
    assert unbounded.over_max.high is None
    assert over_line(found.over_max, found.coverage) == "0 in the sample: 0 to 297 in the table"


def test_the_numbers_of_the_table_stay_those_that_describe_table_states() -> None:
    items = a_sample(indexes=(some_entries("by-status", 900, 500),))
    [table] = judged(
        items, item_count=123_456, size_bytes=99_999_999, indexes=(an_index(item_count=90_000, size_bytes=4_567),)
    ).tables
    assert (table.item_count, table.size_bytes) == (123_456, 99_999_999)
    [index] = table.indexes
    assert (index.item_count, index.size_bytes, index.entry_count, index.entry_mean_bytes) == (90_000, 4_567, None, 500.0)
    assert index_size(index) == "90,000 entries, 4.5 KB"


def test_a_stated_zero_is_not_repeated_where_items_were_found() -> None:
    [table] = judged(a_sample(item_count=None), item_count=0, size_bytes=0).tables
    assert (table.item_count, table.size_bytes) == (None, None)
    assert table.items is not None
    assert coverage_text(table.items, table).startswith(
        "a sample: 1,000 of about 100,000 in 40 of 4,000 segments; mean of the table"
    )


def test_a_single_segment_has_no_upper_end() -> None:
    report = judged(a_sample(segments=1, total_segments=100), **LARGE_TABLE)
    told = report.tables[0].items
    assert told is not None
    assert told.sample is not None
    assert (told.sample.mean_high, told.sample.item_count_high) == (None, None)
    assert (told.sample.mean_low, told.sample.item_count_low) == (0, 1_000)
    assert "mean of the table" not in coverage_text(told, report.tables[0])
    assert from_json(to_json(report)) == report


def test_a_full_reading_has_no_sample() -> None:
    told = judged(some_items(), **LARGE_TABLE).tables[0].items
    assert told is not None
    assert told.sample is None


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_pages_say_how_much_was_read(name: str) -> None:
    page = render(judged(a_sample(lines=(WARN, MOST)), **LARGE_TABLE), name)
    assert "a sample: 1,000 of about 100,000 in 40 of 4,000 segments; mean of the table 1,000 B to 1,000 B" in page
    assert "a single large item can be missed" in page


# ------------------------------------------------------------------------------------------------------------- the trust


def sentence(items: ItemSizes, *key: str) -> str:
    return about_sample(a_table(key=key or ("id",)), items, WARN)


def test_the_report_says_what_its_sample_cannot_know() -> None:
    said = (
        "orders: 40 of 4,000 segments were read, as far as the scan budget goes (1,000 of about 100,000 items): mean item 1,000 B ± 0%; "
        "none above 300.0 KB was seen: with 95% confidence at most 297 of about 100,000 items are; a single large item can be missed"
    )
    assert said in judged(a_sample(lines=(WARN,)), **LARGE_TABLE).trust
    assert sentence(a_sample(lines=(WARN,))) == said
    assert not any("segments" in line for line in judged(some_items(), **LARGE_TABLE).trust)


def test_what_was_found_is_told_with_its_range() -> None:
    said = sentence(a_sample({1_000: 996, 310 * KB: 4}, lines=(WARN,)))
    assert "; 4 items above 300.0 KB seen: about 400 (156 to 1,020) of about 100,000 items; " in said


def test_collections_can_be_missed_as_well() -> None:
    keys = (some_keys(None),)
    said = sentence(a_sample(keys=keys), "customer", "order")
    assert said.endswith("at most 0.3% of the partition key values have one; a single large item or collection can be missed")
    unstated = sentence(a_sample(keys=keys, item_count=None), "customer", "order")
    assert unstated.endswith("DescribeTable states no item count, so a large collection that was not drawn leaves no trace")
    missing = sentence(a_sample(keys=keys, item_count=150_000), "customer", "order")
    assert "up to 33% of the items may be in collections that no segment read holds, and of those it says nothing" in missing
    assert missing.endswith(
        "DescribeTable states 150,000 items, the segments come to about 100,000: its count is old, or a large collection was not drawn"
    )
    assert sentence(a_sample(item_count=150_000)).endswith("the segments come to about 100,000: its count is old")


def test_a_sample_that_says_nothing_says_so() -> None:
    assert sentence(a_sample({})).endswith("and held no item: how large its items are is not known")
    unknown = some_items(coverage="sample")
    assert sentence(unknown) == (
        "orders: a sample of 1,000 items was read; how it was drawn is not known, so it says little of the rest"
    )
    assert about_over(a_table(), unknown, WARN) == about_over(a_table(), a_sample({}), WARN) == ""
    one = sentence(a_sample(segments=1, item_count=None))
    assert one.startswith("orders: 1 of 4,000 segments was read")
    assert "mean item 1,000 B, and how far that is off is not known; none above 300.0 KB was seen; " in one


@pytest.mark.parametrize(
    ("stopped_by", "words"),
    [
        ("precision", " (1,000 of"),
        ("cap", ", as far as the cap on read units goes (1,000 of"),
        ("throttled", ", until the table was throttled (1,000 of"),
    ],
)
def test_why_no_more_was_read(stopped_by: str, words: str) -> None:
    items = a_sample()
    assert items.sample is not None
    assert f"segments were read{words}" in sentence(replace(items, sample=replace(items.sample, stopped_by=stopped_by)))


# -------------------------------------------------------------------------------------------------------------- the bill


def test_the_bill_takes_the_sizes_that_describe_table_states() -> None:
    table = a_table(item_count=90_000, size_bytes=91_000_000, indexes=(an_index(item_count=80_000, size_bytes=8_100),))
    facts = table_facts(table, items=a_sample(indexes=(some_entries("by-status", 900, 500),)))
    assert stored_bytes(facts) == (90_000, 91_000_000)
    assert stored_index_bytes(facts, table.indexes[0]) == (80_000, 8_100)


@pytest.mark.parametrize(("count", "size"), [(None, None), (0, 0), (5, 0), (None, 5)])
def test_what_is_not_stated_is_taken_from_the_sample(count: int | None, size: int | None) -> None:
    table = a_table(item_count=count, size_bytes=size, indexes=(an_index(item_count=count, size_bytes=size),))
    items = a_sample(indexes=(some_entries("by-status", 900, 500),))
    facts = table_facts(table, items=items)
    assert stated_bytes(facts) is None
    assert stored_bytes(facts) == (100_000, 100_000_000)
    assert stored_index_bytes(facts, table.indexes[0]) == (90_000, 45_000_000)
    unseen = table_facts(table, items=a_sample())
    assert stored_index_bytes(unseen, table.indexes[0]) == ((0, 0) if (count, size) == (0, 0) else None)
    of_unknown_kind = table_facts(table, items=some_items(coverage="sample"))
    assert stored_bytes(of_unknown_kind) is None


def test_sizes_of_a_sample_are_no_measurement() -> None:
    report = judged(a_sample(item_count=None), item_count=None, size_bytes=None)
    [storage] = [line for line in report.costs.current.lines if line.component == "storage"]
    assert (storage.basis, storage.quantity) == ("assumed", (Decimal(110_000_000) / 1024**3).quantize(Decimal("0.000001")))
    assert any(line.endswith("taken from a sample, of a table or of indexes of it: orders") for line in report.costs.assumptions)
    stated = judged(a_sample(), **LARGE_TABLE)
    assert {line.basis for line in stated.costs.current.lines if line.component == "storage"} == {"measured"}


def test_an_attribute_that_a_sample_lacks_may_be_in_the_table() -> None:
    text = '[[tables.orders.pattern]]\nname = "get"\nop = "GetItem"\ncalls = 1\nreads = ["rare"]\n'
    model = design(text)
    full = table_facts(a_table(), items=some_items())
    assert misfit(full, model.tables["orders"]) is not None
    assert misfit(table_facts(a_table(), items=a_sample()), model.tables["orders"]) is None
