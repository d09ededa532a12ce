"""What becomes of tables over the runs that are kept: lines through runs, growth, and dates with how sure they are."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.history import RunSummary, TableSummary
from stj_audit.items.intervals import t_quantile
from stj_audit.report import Forecast, Trend
from stj_audit.trend import FAR_DAYS, MOST_RUNS, crossing, first_reach, fit, trend

KB = 1024
WARN, MOST = 300 * KB, 400 * KB
START = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
MONTH = timedelta(hours=730)


def a_table(largest: int | None = 100 * KB, **fields: Any) -> TableSummary:
    given_fields: dict[str, Any] = {"items": 1_000, "size_bytes": 10**6, "p99_bytes": None, "sampled": False, "throttles": None}
    return TableSummary(max_bytes=largest, **given_fields | fields)


def a_run(when: datetime, tables: Mapping[str, TableSummary] | None = None, **fields: Any) -> RunSummary:
    given_fields: dict[str, Any] = {
        "schema_version": 1,
        "id": f"{when:%Y%m%d%H%M%S%f}",
        "scopes": ("111122223333/eu-north-1",),
        "target_users": 10_000,
        "grade": "B",
        "score": 84.0,
        "cost_usd": Decimal("1.50"),
        "cost_at_target_usd": Decimal("90.00"),
        "cost_complete": True,
        "cost_at_target_complete": True,
        "prices_as_of": "2026-01",
        "findings": (),
    }
    return RunSummary(started_at=when, tables={"orders": a_table()} if tables is None else tables, **given_fields | fields)


def of(largest: Sequence[int | None], *, step: timedelta = MONTH, **fields: Any) -> Trend:
    """The trend of runs `step` apart, whose largest items are these."""
    runs = [a_run(START + place * step, {"orders": a_table(size, **fields)}) for place, size in enumerate(largest)]
    return trend(runs[:-1], runs[-1])


def forecasts(found: Trend) -> tuple[Forecast, Forecast]:
    warn, most = found.tables[0].forecasts
    assert (warn.line_bytes, most.line_bytes) == (WARN, MOST)
    return warn, most


def test_an_even_growth_has_a_date_to_the_day() -> None:
    warn, most = forecasts(of([100 * KB + place * 20 * KB for place in range(6)]))  # 200 KB at the sixth, 20 KB a month
    assert (warn.state, warn.expected) == ("dated", (START + 10 * MONTH).date())
    assert warn.earliest == warn.expected == warn.latest, "a line without residuals leaves nothing open"
    assert most.expected == (START + 15 * MONTH).date()


def test_an_uneven_growth_has_an_interval_of_95_percent() -> None:
    """By hand: 20.5 KB a month, and Student's t of three degrees of freedom."""
    sizes = [100, 123, 138, 164, 182]
    warn, _ = forecasts(of([size * KB for size in sizes]))
    slope, mean, spread = 20.5, 141.4, 10.0
    residual = sum((size - mean - slope * (place - 2)) ** 2 for place, size in enumerate(sizes))
    width = 3.182446**2 * residual / 3

    def off(months: float) -> float:
        """Above 0: 300 KB lies outside of the interval at that time."""
        u = months - 2
        return (300 - mean - slope * u) ** 2 - width * (1 + 1 / 5 + u * u / spread)

    assert warn.expected == (START + MONTH * (2 + (300 - mean) / slope)).date()
    assert warn.earliest is not None
    assert warn.latest is not None
    for edge, inside in ((warn.earliest, 1), (warn.latest, -1)):
        months = (datetime(edge.year, edge.month, edge.day, tzinfo=UTC) - START) / MONTH
        day = 24 / 730
        outside = off(months - day) if inside == 1 else off(months + 2 * day)
        assert outside > 0
        assert off(months + 2 * day if inside == 1 else months - day) < 0


def test_a_growth_that_is_not_sure_has_no_latest_date() -> None:
    warn, _ = forecasts(of([size * KB for size in (100, 180, 90, 190, 110, 185)]))
    assert warn.state == "dated"
    assert warn.latest is None
    assert warn.earliest is not None
    assert warn.earliest >= (START + 5 * MONTH).date()


@pytest.mark.parametrize("sizes", [[200, 200, 200, 200, 200], [250, 240, 245, 230, 220]])
def test_a_largest_item_that_does_not_grow_reaches_nothing(sizes: list[int]) -> None:
    for forecast in forecasts(of([size * KB for size in sizes])):
        assert (forecast.state, forecast.expected, forecast.because) == ("never", None, "the largest item does not grow")


NOISY = [300_000, 395_000]


@pytest.mark.parametrize("sizes", [NOISY * 6, [*NOISY[::-1] * 6, 300_000], [*NOISY * 6, 300_000]])
def test_sizes_that_vary_too_much_to_tell_are_no_never(sizes: list[int]) -> None:
    """Their line falls, rises or does neither by next to nothing: 400 KB is well within what may come."""
    warn, most = forecasts(of([*sizes, 300_000]))
    assert (most.state, most.expected, most.latest) == ("unsure", None, None)
    assert most.earliest is not None
    assert most.earliest >= (START + len(sizes) * MONTH).date()
    assert most.because == "that the largest item grows is not sure: its sizes vary"
    assert warn.state in {"unsure", "dated"}, "half of them were above it"
    assert warn.latest is None


def test_when_a_size_that_is_not_known_to_grow_may_be_there_is_where_the_interval_meets_the_line() -> None:
    """By hand: no slope, a mean of 200 KB, and Student's t of two degrees of freedom."""
    sizes = [190, 210, 210, 190]
    warn, _ = forecasts(of([size * KB for size in sizes]))
    width = 4.302653**2 * 400 / 2
    months = math.sqrt((100**2 / width - 1 - 1 / 4) * 5)
    assert warn.state == "unsure"
    assert warn.earliest is not None
    assert abs(warn.earliest - (START + (1.5 + months) * MONTH).date()) <= timedelta(days=1)


@given(
    st.lists(st.integers(0, MOST), min_size=4, max_size=13),
    st.integers(MOST + 1, 4 * MOST),
    st.integers(0, 2_000),
)
def test_the_first_reach_is_the_first(sizes: list[int], level: int, days: int) -> None:
    line = fit([(Fraction(30 * place), Fraction(size)) for place, size in enumerate(sizes)])
    assert line is not None
    start = Fraction(30 * (len(sizes) - 1))
    first = first_reach(line, level, start, start + days)

    def upper(x: float) -> float:
        degrees, u = line.points - 2, x - float(line.mean_x)
        width = t_quantile(degrees) ** 2 * float(line.residual) / degrees
        return float(line.mean_y) + float(line.slope) * u + math.sqrt(width * (1 + 1 / line.points + u * u / float(line.spread)))

    steps = [float(start) + days * place / 50 for place in range(51)]
    for x in steps:
        if first is None or x < first - 0.02:
            assert upper(x) < level * (1 + 1e-9)
    if first is not None and line.residual:
        assert upper(first) >= level * (1 - 1e-9)


def test_what_was_above_a_line_when_it_was_last_read_has_reached_it() -> None:
    """The newest run read no items: what is not known did not go down."""
    sizes: list[int | None] = [380_000 + place * 1_000 for place in range(6)]
    warn, most = forecasts(of([*sizes, None]))
    assert (warn.state, warn.expected, warn.because) == ("reached", None, "when last read, on 2 June 2026")
    assert most.expected == (START + 29.6 * MONTH).date()
    above, _ = forecasts(of([350 * KB] * 5 + [None, None]))
    assert (above.state, above.because) == ("reached", "when last read, on 2 May 2026")
    below, _ = forecasts(of([100 * KB] * 5 + [None]))
    assert below.state == "never", "it was below, and is known to have stayed so"


def test_of_daily_runs_what_was_read_last_is_that_of_any_day() -> None:
    days = [START + timedelta(days=place) for place in range(200)]
    runs = [a_run(when, {"orders": a_table((100 if place < 198 else 350) * KB)}) for place, when in enumerate(days)]
    now = a_run(days[-1] + timedelta(days=1), {"orders": a_table(None)})
    warn, _ = forecasts(trend(runs, now))
    assert (warn.state, warn.because) == ("reached", "when last read, on 19 July 2026")


def test_a_table_that_was_read_and_has_no_items_says_so() -> None:
    runs = [a_run(START + place * MONTH, {"orders": a_table(350 * KB)}) for place in range(5)]
    now = a_run(START + 5 * MONTH, {"orders": a_table(None, items=0, seen_empty=True)})
    assert {(one.state, one.because) for one in forecasts(trend(runs, now))} == {("not known", "the table has no items")}


def test_a_slow_growth_is_far_off() -> None:
    warn, _ = forecasts(of([1_000 + place for place in range(5)]))
    assert (warn.state, warn.expected) == ("far", None)


def test_a_line_that_is_reached_has_no_date() -> None:
    warn, most = forecasts(of([(240 + place * 20) * KB for place in range(5)]))
    assert warn.state == "reached"
    assert most.expected == (START + 8 * MONTH).date()


@pytest.mark.parametrize(
    ("count", "step", "because"),
    [
        (3, MONTH, "it is too early: 3 runs over 60 days, and it takes 4 over two months"),
        (8, timedelta(days=7), "it is too early: 8 runs over 49 days, and it takes 4 over two months"),
        (1, MONTH, "it is too early: 1 run, and it takes 4 over two months"),
    ],
)
def test_few_runs_or_few_weeks_say_nothing(count: int, step: timedelta, because: str) -> None:
    found = of([(100 + place * 20) * KB for place in range(count)], step=step)
    assert found.too_early == because
    assert {(one.state, one.because) for one in forecasts(found)} == {("too early", because)}
    table = found.tables[0]
    assert (table.items_per_month, table.bytes_per_month, table.largest_bytes_per_month) == (None, None, None)
    assert (found.cost_usd_per_month, found.cost_at_target_usd_per_month) == (None, None)


def test_four_runs_over_two_months_are_enough() -> None:
    found = of([(100 + place * 20) * KB for place in range(4)], step=MONTH * 2 / 3)
    assert found.too_early is None
    assert found.tables[0].largest_bytes_per_month == pytest.approx(30 * KB)


def test_growth_is_a_month_of_730_hours() -> None:
    runs = [
        a_run(
            START + place * MONTH / 2,
            {"orders": a_table(items=1_000 + 50 * place, size_bytes=4_000 + 1_000 * place)},
            cost_usd=Decimal("1.00") + Decimal("0.25") * place,
            cost_at_target_usd=Decimal(90) + place,
        )
        for place in range(6)
    ]
    found = trend(runs[:-1], runs[-1])
    table = found.tables[0]
    assert (table.items_per_month, table.bytes_per_month) == (100.0, 2_000.0)
    assert (found.cost_usd_per_month, found.cost_at_target_usd_per_month) == (Decimal("0.50"), Decimal("2.00"))


def test_costs_are_compared_where_all_of_them_is_known_and_for_the_same_users() -> None:
    runs = [a_run(START + place * MONTH, cost_usd=Decimal(place)) for place in range(5)]
    runs[2] = a_run(START + 2 * MONTH, cost_usd=Decimal(900), cost_complete=False)
    runs[1] = a_run(START + MONTH, cost_usd=Decimal(1), target_users=5)
    found = trend(runs[:-1], runs[-1])
    assert found.cost_usd_per_month == Decimal("1.00")
    assert found.cost_at_target_usd_per_month == Decimal("0.00"), "four of them are for the same users"
    assert found.notes == ("the runs were made for different numbers of users: only those for the same are compared at it",)


def test_runs_of_other_tables_and_other_prices_are_told() -> None:
    earlier = [a_run(START, {}), a_run(START + MONTH, prices_as_of="2025-01")]
    assert trend(earlier, a_run(START + 2 * MONTH)).notes == (
        "1 earlier run audited other tables: grade, cost and totals are not of the same things",
        "the price list changed between these runs: a part of what the cost changed by is that",
    )


def test_findings_are_compared_with_the_run_before() -> None:
    runs = [a_run(START + place * MONTH, findings=found) for place, found in enumerate([("a",), ("a", "b", "c"), ("c", "e", "d")])]
    found = trend(runs[:-1], runs[-1])
    assert (found.new_findings, found.gone_findings) == (("e", "d"), 2)
    first = trend([], runs[0])
    assert (first.new_findings, first.gone_findings) == (None, None)


def test_samples_are_counted_and_runs_without_items_left_out() -> None:
    sizes: list[int | None] = [100 * KB, None, 140 * KB, 160 * KB, 180 * KB]
    found = of(sizes, sampled=True)
    assert found.tables[0].sampled_runs == 4
    assert forecasts(found)[0].expected == (START + 10 * MONTH).date()
    assert {one.state for one in forecasts(of([None] * 5))} == {"not known"}


def test_the_newest_thirteen_of_the_same_place_count_and_this_one_is_last() -> None:
    runs = [a_run(START + place * MONTH) for place in range(20)]
    elsewhere = [a_run(START + place * MONTH, id="x", scopes=("111122223333/us-east-1",)) for place in range(20)]
    found = trend([*elsewhere, *reversed(runs)], runs[15])
    assert [one.started_at for one in found.runs] == [START + place * MONTH for place in range(3, 16)]
    assert len(found.runs) == MOST_RUNS


def test_of_daily_runs_growth_is_that_of_the_last_of_each_month() -> None:
    days = [START + timedelta(days=place) for place in range(200)]
    runs = [a_run(when, {"orders": a_table(100 * KB + place * 512)}) for place, when in enumerate(days)]
    found = trend(runs[:-1], runs[-1])
    assert [one.started_at for one in found.runs] == days[-MOST_RUNS:], "the last thirteen are shown"
    assert found.too_early is None
    assert found.tables[0].runs == 7, "January to July"
    assert forecasts(found)[0].expected == (START + timedelta(days=400)).date()
    assert found.notes == ("growth is that of the last run of each month: those above are of less than two months",)


NUMBERS = st.integers(0, 2**40)


@given(st.lists(st.tuples(st.integers(0, 4_000), NUMBERS), min_size=3, max_size=13))
def test_no_other_line_leaves_less_over(values: list[tuple[int, int]]) -> None:
    points = [(Fraction(x), Fraction(y)) for x, y in values]
    line = fit(points)
    if line is None:
        assert len({x for x, _ in points}) == 1
        return

    def left(slope: Fraction, mean_y: Fraction) -> Fraction:
        return sum(((y - mean_y - slope * (x - line.mean_x)) ** 2 for x, y in points), Fraction())

    assert left(line.slope, line.mean_y) == line.residual
    for step in (Fraction(1, 1_000), Fraction(-1, 1_000)):
        assert left(line.slope + step, line.mean_y) >= line.residual
        assert left(line.slope, line.mean_y + step) >= line.residual


@given(
    st.lists(st.integers(0, MOST - 1), min_size=4, max_size=13),
    st.integers(1, 40),
    st.sampled_from([WARN, MOST]),
)
def test_a_date_lies_in_its_interval_and_not_in_the_past(sizes: list[int], days: int, level: int) -> None:
    found = of(sizes, step=timedelta(days=days))
    forecast = forecasts(found)[0 if level == WARN else 1]
    today = found.runs[-1].started_at.date()
    assert forecast.state in {"reached", "dated", "never", "unsure", "far", "too early"}
    assert (forecast.state == "reached") is (sizes[-1] >= level)
    assert (forecast.expected is not None) is (forecast.state == "dated")
    if forecast.state == "unsure":
        assert forecast.earliest is not None
        assert today <= forecast.earliest
        assert (forecast.earliest - today).days <= FAR_DAYS
    if forecast.expected is not None:
        assert forecast.earliest is not None
        assert today <= forecast.earliest <= forecast.expected <= (forecast.latest or date.max)
        assert (forecast.expected - today).days <= FAR_DAYS


@given(st.lists(st.integers(0, MOST), min_size=4, max_size=13), st.integers(MOST + 1, 2 * MOST))
def test_the_ends_are_where_the_interval_meets_the_level(sizes: list[int], level: int) -> None:
    line = fit([(Fraction(30 * place), Fraction(size)) for place, size in enumerate(sizes)])
    assert line is not None
    at, least, greatest = crossing(line, level)
    if at is None or line.residual == 0 or least is None:
        return
    degrees = line.points - 2
    width = t_quantile(degrees) ** 2 * float(line.residual) / degrees
    for edge in (least, greatest):
        if edge is None or edge == float(line.mean_x):
            continue
        u = edge - float(line.mean_x)
        miss = abs(level - float(line.mean_y) - float(line.slope) * u)
        reach = math.sqrt(width * (1 + 1 / line.points + u * u / float(line.spread)))
        assert miss == pytest.approx(reach, rel=1e-4)
    assert least <= float(at) * (1 + 1e-9)
    assert greatest is None or greatest >= float(at) * (1 - 1e-9)
