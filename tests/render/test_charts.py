"""Where the marks of the charts go."""

import dataclasses
from decimal import Decimal

import pytest

from stj_audit.render import charts
from stj_audit.render.digest_money import Bill, Part
from stj_audit.report import AttributeReport, HistogramBar, ItemsReport, OverLine


def a_bill(shares: dict[str, float], *, users: int = 100, total: str | None = "10", **fields: bool) -> Bill:
    parts = tuple(Part(title=title, amount_usd=Decimal(str(share)), complete=True, share=share) for title, share in shares.items())
    amount = None if total is None else Decimal(total)
    options: dict[str, bool] = {"is_target": False, "complete": True} | fields
    return Bill(users=users, monthly_usd=amount, avoidable="not known", per_user="not known", parts=parts, **options)


def some_sizes(*bars: tuple[int, int], warn: int = 307_200, limit: int = 409_600) -> ItemsReport:
    return ItemsReport(
        coverage="full",
        scanned=sum(count for _, count in bars),
        scanned_bytes=1,
        read_units=Decimal(1),
        min_bytes=1,
        mean_bytes=1.0,
        p50_bytes=1_024,
        p90_bytes=1,
        p99_bytes=1,
        max_bytes=2_048,
        over_warn=OverLine(threshold_bytes=warn, found=0, low=0, high=0),
        over_max=OverLine(threshold_bytes=limit, found=0, low=0, high=0),
        histogram=tuple(HistogramBar(le_bytes=le, count=count) for le, count in bars),
        attributes=(),
        largest=(),
    )


def an_attribute(name: str, share: float) -> AttributeReport:
    return AttributeReport(name=name, types=("S",), present=1, total_bytes=1, mean_bytes=100.0, max_bytes=200, share=share)


@pytest.mark.parametrize(("score", "share"), [(None, None), (0.0, 0.0), (50.0, 0.5), (100.0, 1.0), (140.0, 1.0)])
def test_the_ring_is_drawn_to_the_score(score: float | None, share: float | None) -> None:
    ring = charts.grade_ring(score)
    assert ring.arc == (None if share is None else pytest.approx(ring.circumference * share, abs=0.1))


def test_cost_bars_are_equally_long() -> None:
    chart = charts.cost_bars(
        [a_bill({"Reads": 0.25, "Writes": 0.7, "Storage": 0.05}), a_bill({"Reads": 0.0, "Writes": 1.0, "Storage": 0.0})]
    )
    first, second = chart.bars
    assert [mark.width for mark in first.marks] == pytest.approx([93.0, 260.4, 18.6])
    assert [mark.x for mark in first.marks] == pytest.approx([118.0, 211.0, 471.4])
    assert [mark.label for mark in first.marks] == ["25%", "70%", ""]
    assert [(mark.x, mark.width, mark.kind) for mark in second.marks] == [(118.0, 372.0, "part1")]
    assert [entry.kind for entry in chart.legend] == ["part0", "part1", "part3"]
    assert first.marks[0].tip == "100 users: Reads $0.25 (25%)"
    assert second.y - first.y == charts.BAR_STEP
    assert chart.height > second.y + charts.BAR_HEIGHT


def test_what_is_not_known_is_an_outline() -> None:
    chart = charts.cost_bars(
        [
            a_bill({}, total=None, complete=False),
            a_bill({"Reads": 0.5, "Storage": 0.5}, total="12.5", complete=False),
            a_bill({"Reads": 0.0}, total="0"),
            a_bill({"Reads": 0.0}, total="0", complete=False),
            a_bill({"Reads": 1.0}, total="1"),
        ]
    )
    assert [bar.total for bar in chart.bars] == ["not known", "≥ $12.50", "$0.00", "≥ $0.00", "$1.00"]
    rests = [bar.rest and (bar.rest.kind, bar.rest.x, bar.rest.width) for bar in chart.bars]
    assert rests == [("open", 118.0, 372.0), ("open", 450.0, 40.0), ("empty", 118.0, 372.0), ("open", 118.0, 372.0), None]
    partly = chart.bars[1]
    assert [(mark.x, mark.width) for mark in partly.marks] == [(118.0, 166.0), (284.0, 166.0)]
    assert partly.marks[0].tip == "100 users: Reads $0.50 (50% of what is known)"
    assert partly.rest is not None
    assert partly.rest.tip == "100 users: a part is not known"
    assert not chart.bars[0].marks


def test_the_legend_tells_of_the_outline_only_where_there_is_one() -> None:
    known, open_bill = a_bill({"Reads": 1.0}), a_bill({"Reads": 1.0}, complete=False)
    assert [entry.title for entry in charts.cost_bars([known]).legend] == ["Reads"]
    assert [entry.title for entry in charts.cost_bars([known, open_bill]).legend] == ["Reads", "not known, and in no share"]


def test_narrow_cost_bars_have_name_and_total_over_them() -> None:
    shares = {"Reads": 0.25, "Writes": 0.25, "Index reads and writes": 0.25, "Storage": 0.25, "Backup": 0.0, "Other": 0.0}
    chart = charts.cost_bars([a_bill(shares), a_bill(shares)], narrow=True)
    assert chart.width == 320
    assert sorted({entry.y for entry in chart.legend}) == [4.0, 24.0, 44.0]
    assert all(entry.x + 16 + charts.LEGEND_LETTER * len(entry.title) <= 320 for entry in chart.legend)
    first, second = chart.bars
    assert [mark.width for mark in first.marks] == [80.0, 80.0, 80.0, 80.0]
    assert (first.name_x, first.total_x) == (0.0, 320.0)
    assert 44 + 11 < first.text_y < first.y
    assert first.y + charts.NARROW_BAR_HEIGHT < second.text_y - 10
    assert second.y + charts.NARROW_BAR_HEIGHT < chart.height


def test_no_bill_no_bars() -> None:
    assert charts.cost_bars([]).bars == ()


def test_histogram_axes_are_logarithmic() -> None:
    chart = charts.histogram(some_sizes((1_024, 10), (2_048, 1_000), (4_096, 0), (8_192, 1)))
    first, second, third = chart.marks
    # Each bar doubles the size, so all are equally wide, and each decade is equally high.
    assert first.width == pytest.approx(second.width, abs=0.2) == pytest.approx(third.width, abs=0.2)
    assert third.x - second.x == pytest.approx(2 * (second.x - first.x), abs=0.3)
    assert (first.y - second.y) == pytest.approx(2 * (third.y - first.y), abs=0.3)
    assert third.height > 10
    assert [mark.label for mark in chart.marks] == ["", "", "1"]
    assert second.tip == "1.0 KB to 2.0 KB: 1,000 items"
    assert [tick.label for tick in chart.y_ticks] == ["1", "10", "100", "1,000"]
    assert [tick.label for tick in chart.x_ticks] == ["64 B", "256 B", "1 KB", "4 KB", "16 KB", "64 KB", "256 KB"]


def test_histogram_marks_the_lines() -> None:
    chart = charts.histogram(some_sizes((262_144, 500), (307_200, 40), (409_600, 3)))
    below, last_below, above = chart.marks
    assert [mark.kind for mark in chart.marks] == ["in-bounds", "in-bounds", "over-warn"]
    assert above.label == "3"
    assert last_below.x + last_below.width < chart.warn_x < above.x
    assert above.x + above.width < chart.max_x == chart.right
    assert (chart.warn_label, chart.max_label) == ("300 KB: act", "400 KB: limit")
    assert below.label == ""


def test_histogram_follows_the_configured_lines() -> None:
    chart = charts.histogram(some_sizes((1_024, 5), (2_048, 5), (4_096, 5), warn=1_024, limit=2_048))
    assert [mark.kind for mark in chart.marks] == ["in-bounds", "over-warn", "over-max"]
    assert (chart.warn_label, chart.max_label) == ("1 KB: act", "2 KB: limit")
    assert all(chart.left <= mark.x and mark.x + mark.width <= chart.right for mark in chart.marks)


def test_histogram_of_nothing_and_of_odd_bars() -> None:
    assert charts.histogram(some_sizes()).marks == ()
    assert len(charts.histogram(some_sizes((0, 3), (1, 1))).marks) == 1


def test_histogram_is_described_in_words() -> None:
    description = charts.histogram(some_sizes((1_024, 1), (2_048, 1))).description
    assert "2 items: half are at most 1.0 KB, the largest is 2.0 KB" in description
    assert "Over 300.0 KB: 0; over 400.0 KB: 0" in description


def test_throttle_strip_has_a_column_for_each_day_with_events() -> None:
    days = (0,) * 27 + (4, 0, 1)
    strip = charts.throttle_strip(days)
    high, low = strip.marks
    assert (high.label, low.label) == ("4", "")
    assert high.height == pytest.approx(4 * low.height)
    assert low.x + low.width < strip.right < charts.WIDTH
    assert low.x - high.x == pytest.approx(2 * (strip.right - strip.left) / 30, abs=0.2)
    assert strip.description == "5 throttle events on 2 of 30 days; 4 on the worst."
    assert strip.first_label == "30 days ago"
    assert charts.throttle_days(days) == (("last 24 hours", 1), ("2 to 3 days ago", 4))


def test_small_attributes_are_left_to_the_table() -> None:
    chart = charts.attribute_bars([an_attribute("big", 0.75), an_attribute("n" * 40, 0.2), an_attribute("small", 0.005)])
    assert [bar.width for bar in chart.bars] == pytest.approx([0.75 * charts.ATTRIBUTE_WIDTH, 0.2 * charts.ATTRIBUTE_WIDTH])
    assert chart.bars[1].name == "n" * 16 + "…" + "n" * 7
    assert chart.bars[0].label == "75%, 100 B each"
    assert len(charts.attribute_bars([an_attribute("only", 0.001)]).bars) == 1
    assert len(charts.attribute_bars([an_attribute(str(n), 0.02) for n in range(50)]).bars) == charts.ATTRIBUTES


def test_every_narrow_chart_fits_its_width() -> None:
    sizes = charts.histogram(some_sizes((1_024, 10), (307_200, 1_000), (409_600, 3)), narrow=True)
    assert sizes.width == sizes.max_label_x == 320
    assert all(sizes.left <= mark.x and mark.x + mark.width <= sizes.right for mark in sizes.marks)
    assert sizes.warn_x < sizes.max_x == sizes.right < 320
    assert sizes.max_label_y < sizes.line_top < sizes.warn_label_y
    strip = charts.throttle_strip((1,) * 14, narrow=True)
    assert strip.width == 320
    assert max(mark.x + mark.width for mark in strip.marks) < strip.right == 312
    bars = charts.attribute_bars([an_attribute("big", 1.0), an_attribute("small", 0.25)], narrow=True)
    assert [bar.width for bar in bars.bars] == [320.0, 80.0]
    assert (bars.width, bars.name_x, bars.label_x) == (320, 0.0, 320.0)
    assert all(bar.text_y < bar.y for bar in bars.bars)
    assert bars.bars[0].y + bars.bar_height < bars.bars[1].text_y - 10


def test_middle_of_a_mark() -> None:
    mark = charts.Mark(x=10, y=0, width=5, height=1, kind="", label="", tip="")
    assert mark.middle == 12.5
    assert dataclasses.replace(mark, width=0).middle == 10
