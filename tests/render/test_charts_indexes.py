from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.render.charts import LEGEND_LETTER, NARROW_WIDTH, WIDTH
from stj_audit.render.charts_indexes import SIZE_WIDTH, IndexRow, index_bars, index_rows
from stj_audit.report import TableReport
from tests.sample_report import LEADERBOARD, PASSWORD, sample_report

SUBSCRIBERS, SYSTEM = sample_report().tables[0], sample_report().tables[2]


def password() -> TableReport:
    (table,) = [one for one in sample_report().tables if one.name == PASSWORD]
    return table


def test_sizes_are_those_of_the_items_where_all_were_read() -> None:
    assert SUBSCRIBERS.items is not None
    rows = {row.index: row for row in index_rows(SUBSCRIBERS)}
    assert rows[None] == IndexRow(index=None, size_bytes=SUBSCRIBERS.items.scanned_bytes, read_units=Decimal(218_400))
    assert rows[LEADERBOARD].size_bytes == round(112 * 212.4)
    assert rows[LEADERBOARD].read_units == 5_040
    assert rows["phone-index"].read_units is None  # no datapoint is no 0


def test_sizes_are_aws_own_where_a_sample_was_read() -> None:
    rows = index_rows(password())
    assert [(row.index, row.size_bytes, row.read_units) for row in rows] == [
        (None, 292_500, None),
        ("customer-device-index", 5_499_200, None),
        ("email-index", None, None),
    ]


def test_the_largest_bar_is_the_full_one_and_what_is_not_known_is_an_outline() -> None:
    chart = index_bars(password())
    sizes = [bar for bar in chart.bars if bar.x < 400]
    assert [bar.kind for bar in sizes] == ["part0", "part0", "open"]
    assert sizes[1].width == SIZE_WIDTH
    assert sizes[0].width == pytest.approx(SIZE_WIDTH * 292_500 / 5_499_200, abs=0.1)
    assert [bar.label for bar in chart.bars if bar.kind == "open"] == ["not known"] * 4


def test_what_was_not_read_has_no_bar_and_a_0() -> None:
    table = replace(SUBSCRIBERS, items=None, size_bytes=0, indexes=())
    chart = index_bars(replace(table, traffic=replace(SUBSCRIBERS.traffic, read_units=Decimal(0)) if SUBSCRIBERS.traffic else None))
    assert [(bar.width, bar.label) for bar in chart.bars] == [(0, "0 B"), (0, "0")]


@pytest.mark.parametrize("narrow", [False, True])
def test_all_of_it_lies_in_the_chart(narrow: bool) -> None:
    chart = index_bars(SUBSCRIBERS, narrow)
    assert chart.width == (NARROW_WIDTH if narrow else WIDTH)
    assert len(chart.names) == 5
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= bar.label_x < chart.width
        assert 0 <= bar.y < bar.y + bar.height <= chart.height
        assert bar.label_y <= chart.height
    assert all(baseline < chart.height for baseline, _ in chart.names)


def test_a_table_without_traffic_tells_no_window() -> None:
    assert [words for _, words in index_bars(SYSTEM).heads] == ["size", "read units in 30 days"]
    assert [words for _, words in index_bars(replace(SYSTEM, traffic=None)).heads] == ["size", "read units"]


def test_a_month_at_the_quota_of_a_table_has_room() -> None:
    traffic = SUBSCRIBERS.traffic
    assert traffic is not None
    most = Decimal(40_000 * 86_400 * 30)
    chart = index_bars(replace(SUBSCRIBERS, traffic=replace(traffic, read_units=most)), narrow=True)
    (label,) = [bar for bar in chart.bars if bar.label == "103,680,000,000 read units"]
    assert label.label_x + len(label.label) * LEGEND_LETTER < chart.width
