"""How a reading is cut into the tasks of a cluster."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.items.plan import PAGE_UNITS, ItemsPlan, Reading
from stj_audit.scanners.cluster_items import MAX_TASKS, TASK_UNITS_PER_SECOND, parts_of

FULL = ItemsPlan(mode="full", budget_usd=Decimal(0))


def a_reading(segments: int, pace: int | None) -> Reading:
    return Reading(
        coverage="full",
        total_segments=segments,
        segments=segments,
        workers=8,
        pace=None if pace is None else Decimal(pace),
    )


@given(
    segments=st.integers(1, 5_000),
    pace=st.none() | st.integers(1, 10**6),
    rate=st.none() | st.integers(1, 10**6),
    cap=st.none() | st.integers(1, 10**9),
)
def test_all_segments_once_within_the_pace_and_the_cap(segments: int, pace: int | None, rate: int | None, cap: int | None) -> None:
    plan = replace(
        FULL,
        read_units_per_second=None if rate is None else Decimal(rate),
        max_read_units=None if cap is None else Decimal(cap),
    )
    parts = parts_of(a_reading(segments, pace), plan)
    assert sorted(segment for part in parts for segment in part.segments) == list(range(segments))
    assert all(part.segments and part.total_segments == segments for part in parts)
    wanted = [one for one in (pace, rate) if one is not None]
    if wanted:
        together = sum(part.per_second or Decimal(0) for part in parts)
        assert together == pytest.approx(Decimal(min(wanted)), rel=Decimal("1e-20"))
        assert all(part.per_second is not None and part.per_second <= max(TASK_UNITS_PER_SECOND, min(wanted)) for part in parts)
    else:
        assert cap is not None or len(parts) == min(segments, MAX_TASKS)
        assert {part.per_second for part in parts} == {None}
    caps = [part.cap for part in parts if part.cap is not None]
    assert len(caps) == (0 if cap is None else len(parts))
    if cap is not None:  # each may exceed its own by a page
        assert all(one >= min(PAGE_UNITS, Decimal(cap)) for one in caps)
        assert sum(caps) + len(parts) * PAGE_UNITS == pytest.approx(cap + PAGE_UNITS, rel=Decimal("1e-20"))


def test_a_table_of_ten_terabytes_at_its_quota() -> None:
    """163,840 segments of 64 MB at 40,000 read units a second: 20 tasks of 8,192 segments."""
    parts = parts_of(a_reading(163_840, 40_000), FULL)
    assert {len(part.segments) for part in parts} == {8_192}
    assert {part.per_second for part in parts} == {Decimal(TASK_UNITS_PER_SECOND)}
