"""How a table is going to be read: whole while that is cheap and quick, else by sample, at a pace that leaves capacity to its users."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stj_audit.facts import Table, Throughput, Unknown
from stj_audit.items.plan import (
    MAX_SEGMENTS,
    PILOT_SEGMENTS,
    WORKERS,
    ItemsPlan,
    Reading,
    in_words,
    plan_reading,
    read_units_for,
    read_units_of_a_segment,
    segments_of,
)
from tests.builders import a_table

MB, GB = 1024**2, 1024**3
AUTO = ItemsPlan(mode="auto", budget_usd=Decimal("0.05"))
FULL = ItemsPlan(mode="full", budget_usd=Decimal("0.05"))
SAMPLE = ItemsPlan(mode="sample", budget_usd=Decimal("0.05"))


def provisioned(read_units: int, **fields: Any) -> Table:
    return a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=read_units, write_units=1), **fields)


def planned(table: Table, plan: ItemsPlan = AUTO, *, paced: bool = True) -> Reading:
    reading = plan_reading(table, plan, paced=paced)
    assert isinstance(reading, Reading)
    return reading


def test_a_small_table_is_read_whole_in_one_piece() -> None:
    reading = planned(a_table(size_bytes=3 * MB))
    assert (reading.coverage, reading.total_segments, reading.segments, reading.workers) == ("full", 1, 1, 1)
    assert reading.read_units == read_units_for(3 * MB) == 384
    assert reading.limit_units == 400_000


@pytest.mark.parametrize(("size_bytes", "segments"), [(8 * MB, 2), (64 * MB, 8), (1 * GB, 16), (2 * GB + 1, 33)])
def test_a_larger_one_in_segments_that_several_threads_read(size_bytes: int, segments: int) -> None:
    reading = planned(a_table(size_bytes=size_bytes))
    assert (reading.coverage, reading.total_segments, reading.segments) == ("full", segments, segments)
    assert reading.workers == min(segments, WORKERS)


def test_with_checkpoints_segments_are_what_a_thread_reads_in_ten_seconds(tmp_path: Path) -> None:
    resumed = replace(FULL, resume=tmp_path)
    assert planned(a_table(size_bytes=GB), resume_at(resumed, None), paced=False).total_segments == 16
    # 2,400 units a second are 18.75 MB, of which each of eight threads reads its part
    assert planned(a_table(size_bytes=GB), resumed).total_segments == 44
    slow = planned(a_table(size_bytes=GB), resume_at(resumed, Decimal(20)), paced=False)
    assert (slow.total_segments, slow.workers) == (656, 1)
    assert planned(a_table(size_bytes=GB), resume_at(resumed, Decimal(1)), paced=False).total_segments == 1_024


def resume_at(plan: ItemsPlan, read_units_per_second: Decimal | None) -> ItemsPlan:
    return replace(plan, read_units_per_second=read_units_per_second)


def test_the_budget_decides_between_whole_and_sample() -> None:
    # 0.05 USD at 0.000000125 are 400,000 units of half a unit for 4 KB
    at_the_edge, over = a_table(size_bytes=800_000 * 4_096), a_table(size_bytes=800_000 * 4_096 + 1)
    assert planned(at_the_edge).coverage == "full"
    reading = planned(over)
    assert reading.coverage == "sample"
    assert reading.total_segments == 3_126  # of 1 MB
    assert reading.read_units is not None
    assert reading.read_units <= 400_000
    assert planned(over, FULL).coverage == "full"
    assert planned(over, FULL).limit_units is None


def test_a_sample_never_takes_more_than_the_budget_and_always_fits_twice_the_pilot() -> None:
    for size_bytes in (5 * GB, 700 * GB, 10_000 * GB):
        for budget in ("0.005", "0.05"):
            reading = planned(a_table(size_bytes=size_bytes), ItemsPlan(mode="auto", budget_usd=Decimal(budget)))
            assert reading.coverage == "sample"
            assert reading.read_units is not None
            assert reading.read_units <= Decimal(budget) / Decimal("0.000000125")
            assert reading.segments >= PILOT_SEGMENTS
            assert reading.total_segments <= MAX_SEGMENTS


def test_what_cannot_be_sampled_for_so_little_is_told() -> None:
    refused = plan_reading(a_table(size_bytes=10_000 * GB), ItemsPlan(mode="sample", budget_usd=Decimal("0.001")), paced=True)
    reason = "a sample takes 39,345 read units at least, and 8,000 are within the scan budget"
    assert refused == Unknown(call="dynamodb:Scan", reason=reason)


def test_a_budget_of_nothing_reads_nothing() -> None:
    nothing = ItemsPlan(mode="auto", budget_usd=Decimal(0))
    small = plan_reading(a_table(size_bytes=9_000), nothing, paced=True)
    assert small == Unknown(call="dynamodb:Scan", reason="a sample takes 3 read units at least, and 0 are within the scan budget")
    unsized = plan_reading(a_table(size_bytes=None), nothing, paced=True)
    assert isinstance(unsized, Unknown)
    assert unsized.reason.endswith("nothing is within the scan budget")


def test_a_sample_of_a_table_of_few_pages_is_all_of_it() -> None:
    assert planned(a_table(size_bytes=20 * MB), SAMPLE).coverage == "full"
    assert planned(a_table(size_bytes=200 * MB), SAMPLE).coverage == "full"  # 25,700 units: the budget pays for all segments
    assert planned(a_table(size_bytes=200 * MB), ItemsPlan(mode="sample", budget_usd=Decimal("0.001"))).coverage == "sample"


def test_the_pace_is_a_fifth_of_what_the_table_can_serve() -> None:
    assert planned(provisioned(100, size_bytes=MB)).pace == 20
    assert planned(a_table(size_bytes=MB)).pace == 2_400
    assert planned(a_table(size_bytes=MB, warm_throughput=Throughput(read_units=40_000, write_units=1))).pace == 8_000
    assert planned(a_table(size_bytes=MB, on_demand_limit=Throughput(read_units=500, write_units=None))).pace == 100
    assert planned(provisioned(100, size_bytes=MB), paced=False).pace is None


def test_auto_does_not_read_for_hours() -> None:
    slow = provisioned(5, size_bytes=100 * MB)
    reading = planned(slow)  # one unit a second: whole it would take 214 minutes
    assert reading.coverage == "sample"
    assert reading.read_units is not None
    assert reading.read_units <= 600
    assert reading.segments >= PILOT_SEGMENTS
    assert reading.workers == 1
    assert planned(slow, FULL).coverage == "full"


def test_a_cap_on_read_units_holds_in_auto_and_sample() -> None:
    capped = ItemsPlan(mode="auto", budget_usd=Decimal("0.05"), max_read_units=Decimal(10_000))
    reading = planned(a_table(size_bytes=1 * GB), capped)
    assert reading.coverage == "sample"
    assert reading.read_units is not None
    assert reading.read_units <= 10_000


def test_no_size_no_division() -> None:
    for size in (None, 0):
        reading = planned(a_table(size_bytes=size))
        assert reading.total_segments == 1
        assert reading.limit_units == Decimal(400_000)
        assert reading.read_units == size
    assert planned(a_table(size_bytes=None), FULL).limit_units is None


def test_in_words() -> None:
    tables = [a_table(size_bytes=MB), a_table(size_bytes=2 * GB), a_table(size_bytes=50 * GB), a_table(status="CREATING")]
    words = in_words([plan_reading(table, AUTO, paced=True) for table in tables], AUTO)
    assert words == (
        "reading items of 2 tables whole, 1 table by sample (at most 3,112 of 51,200 segments), 1 not at all: about 662,164 read units, "
        "$0.08, 3 minutes at the least pace"
    )
    assert in_words([plan_reading(tables[3], AUTO, paced=True)], AUTO) == "no items are read"
    assert in_words([plan_reading(a_table(size_bytes=None), AUTO, paced=True)], AUTO) == (
        "reading items of 1 table whole: about 0 read units, $0.00, and what 1 table of unknown size takes"
    )


@pytest.mark.parametrize(("size_bytes", "segments"), [(0, 1), (MB, 1), (MB + 1, 2), (10 * GB, 10_240), (2 * 1024 * GB, 1_000_000)])
def test_a_segment_of_a_sample_is_about_a_page(size_bytes: int, segments: int) -> None:
    assert segments_of(size_bytes) == segments


def test_read_units_of_a_segment() -> None:
    assert read_units_of_a_segment(10 * GB, 10_240) == Decimal("128.5")
    assert read_units_of_a_segment(0, 1_000_000) == Decimal("0.5")
