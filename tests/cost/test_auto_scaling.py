"""Auto scaling replayed: the rules as documented, the mistakes of other tools, and the strides against a replay of every minute."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stj_audit.cost import auto_scaling
from stj_audit.cost.auto_scaling import DEFAULT_POLICY, Policy, Replay, replay

pytestmark = pytest.mark.slow

MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3_600
DAY = 1_440  # minutes
Scale = int | Decimal | Fraction


def by_the_minute(*spans: tuple[int, int]) -> list[int]:
    """Series of 60 s: (units a second, minutes) after (units a second, minutes)."""
    return [rate * 60 for rate, minutes in spans for _ in range(minutes)]


# ------------------------------------------------------------------------------------- the plain replay, minute by minute


def plain_replay(
    series: Sequence[int],
    period_seconds: int,
    *,
    policy: Policy = DEFAULT_POLICY,
    scale: Scale = 1,
    first_minute: int = 0,
    effect_minutes: int = 1,
) -> Replay:
    """What `replay` does, without its strides and grains: every minute by itself, in fractions, with the numbers of the docs."""
    target = Fraction(policy.target_percent, 100)
    low_line = Fraction(policy.target_percent - 20, 100)
    loads = [Fraction(scale) * units / period_seconds for units in series for _ in range(period_seconds // 60)]

    def right_for(load: Fraction) -> int:
        return min(max(ceil(load / target), policy.min_units), policy.max_units)

    decreased: list[int] = []

    def may_decrease(minute: int) -> bool:
        today = [earlier for earlier in decreased if earlier // DAY == minute // DAY]
        if len(today) >= 27:
            return False
        return not today or (len(today) < 4 and minute - today[0] < 60) or minute - today[-1] >= 60

    units = peak = right_for(loads[0])
    unit_minutes = above = below = 0
    ordered: tuple[int, int] | None = None
    burst = throttled = Fraction(0)
    for minute, load in enumerate(loads, start=first_minute):
        unit_minutes += units
        burst += (units - load) * 60
        if burst < 0:
            throttled -= burst
        burst = min(max(burst, Fraction(0)), Fraction(300 * units))
        ends = minute + 1
        if ordered is not None:
            if ends == ordered[1]:
                units = ordered[0]
                peak = max(peak, units)
                burst = min(burst, Fraction(300 * units))
                ordered, above, below = None, 0, 0
            continue
        above = above + 1 if load > units * target else 0
        below = below + 1 if load < units * low_line else 0
        wanted = right_for(load)
        if above >= 2 and wanted > units:
            ordered = (wanted, ends + effect_minutes)
        if below >= 15 and wanted < units and may_decrease(ends):
            decreased.append(ends)
            ordered = (wanted, ends + effect_minutes)
    return Replay(
        unit_hours=Decimal(unit_minutes) / 60,
        hours=Decimal(len(loads)) / 60,
        throttled_units=Decimal(throttled.numerator) / throttled.denominator,
        peak_units=peak,
        decreases=len(decreased),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    low = draw(st.integers(1, 200))
    return Policy(
        target_percent=draw(st.integers(20, 90)),
        min_units=draw(st.sampled_from([1, low])),
        max_units=draw(st.sampled_from([40_000, low, low + 20, low * 30])),
    )


@st.composite
def series_of(draw: st.DrawFn, period: int, longest: int) -> list[int]:
    """Runs of equal periods, so that alarms and the daily limit get their turn, at rates that are idle, close or far apart."""
    rates = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 3_000), st.integers(60, 110))
    runs = draw(st.lists(st.tuples(rates, st.integers(1, 20), st.integers(0, 59)), min_size=1, max_size=30))
    series = [rate * period + odd for rate, length, odd in runs for _ in range(length)]
    return series[:longest]


SCALES: st.SearchStrategy[Scale] = st.one_of(
    st.just(1),
    st.integers(0, 1_000),
    st.fractions(min_value=0, max_value=20, max_denominator=1_000),
    st.decimals(min_value=0, max_value=20, allow_nan=False, allow_infinity=False, places=5),
    st.sampled_from([Fraction(10**9, 7), Decimal("1e9"), Decimal("0.0000000001"), Fraction(1, 3**30), Fraction(2, 3)]),
)


@pytest.mark.parametrize(("period", "longest"), [(MINUTE, 400), (FIVE_MINUTES, 150), (HOUR, 30)])
@settings(max_examples=150)
@given(data=st.data(), policy=policies(), scale=SCALES)
def test_strides_do_what_minutes_do(period: int, longest: int, data: st.DataObject, policy: Policy, scale: Scale) -> None:
    series = data.draw(series_of(period, longest))
    first_minute = data.draw(st.integers(0, DAY - 1))
    fast = replay(series, period, policy=policy, scale=scale, first_minute=first_minute)
    assert fast == plain_replay(series, period, policy=policy, scale=scale, first_minute=first_minute)
    assert policy.min_units <= fast.peak_units <= policy.max_units
    minutes = len(series) * period // 60
    assert policy.min_units * minutes <= round(fast.unit_hours * 60) <= fast.peak_units * minutes


def saw_tooth(seed: int) -> list[int]:
    """Some days of 60 s, up and down without an end."""
    chance = random.Random(seed)
    spans = [(chance.choice([10, 100, 1_000]) * chance.randrange(1, 9), chance.choice([1, 2, 3, 16, 17, 40])) for _ in range(300)]
    return by_the_minute(*spans)


@pytest.mark.parametrize("seed", range(6))
def test_days_of_saw_teeth_meet_the_limit_and_still_do_what_minutes_do(seed: int) -> None:
    series = saw_tooth(seed)
    fast = replay(series, MINUTE, first_minute=700)
    assert fast == plain_replay(series, MINUTE, first_minute=700)
    assert fast.decreases > 20
    assert fast.decreases <= 27 * (len(series) // DAY + 2)
    assert fast.throttled_units > 0


@pytest.mark.parametrize("effect_minutes", [2, 5])
def test_a_change_may_be_given_more_time(effect_minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS says "several minutes": the number can be another one, also one that is longer than a period."""
    monkeypatch.setattr(auto_scaling, "EFFECT_MINUTES", effect_minutes)
    series = saw_tooth(7)
    assert replay(series, MINUTE) == plain_replay(series, MINUTE, effect_minutes=effect_minutes)


@pytest.mark.parametrize("period", [FIVE_MINUTES, HOUR])
def test_long_series_do_what_minutes_do(period: int) -> None:
    chance = random.Random(period)
    days = 8 if period == FIVE_MINUTES else 20
    series = [chance.choice([0, chance.randrange(90), chance.randrange(2_000)]) * period for _ in range(days * 86_400 // period)]
    fast = replay(series, period, scale=Decimal("1.37"))
    assert fast == plain_replay(series, period, scale=Decimal("1.37"))
    assert fast.decreases > days


# ---------------------------------------------------------------------------------------------------------------- alarms


def test_capacity_is_raised_after_two_minutes_and_is_there_a_minute_later() -> None:
    result = replay(by_the_minute((70, 30), (140, 10)), MINUTE)
    assert result.peak_units == 200
    assert result.unit_hours * 60 == 100 * (30 + 2 + 1) + 200 * 7


def test_one_minute_over_the_target_is_no_alarm_and_neither_is_every_other_one() -> None:
    assert replay(by_the_minute((70, 30), (99, 1), (70, 30)), MINUTE).peak_units == 100
    assert replay(by_the_minute((70, 30), *[(99, 1), (70, 1)] * 30), MINUTE).peak_units == 100


def test_the_target_itself_is_not_over_it() -> None:
    assert replay(by_the_minute((70, 600)), MINUTE).peak_units == 100
    assert replay([70 * 60] * 30 + [70 * 60 + 1] * 30, MINUTE).peak_units == 101


def test_capacity_is_lowered_after_fifteen_minutes_below_the_target_less_20_points() -> None:
    result = replay(by_the_minute((70, 30), (35, 30)), MINUTE)
    assert result.decreases == 1
    assert result.unit_hours * 60 == 100 * (30 + 15 + 1) + 50 * 14


def test_fourteen_minutes_lower_nothing() -> None:
    assert replay(by_the_minute((70, 30), (35, 14), (50, 1), (35, 14)), MINUTE).decreases == 0


@pytest.mark.parametrize(
    ("target", "high", "low"), [(70, 42, 30), (50, 30, 18)], ids=["a table with the target of 70", "a table with the target of 50"]
)
def test_the_lines_are_those_of_the_alarms_of_real_tables(target: int, high: int, low: int) -> None:
    """Units a minute of a table of 1 unit, and of 12: AlarmHigh is > 42 and AlarmLow < 30 with a target of 70."""
    for units in (1, 12):
        policy = Policy(target_percent=target, max_units=100)
        at_high, over_high = (
            replay([high * units] * 5 + [load] * 9, MINUTE, policy=policy) for load in (high * units, high * units + 1)
        )
        assert (at_high.peak_units, over_high.peak_units) == (units, units + 1)
    start = [high * 12] * 5
    at_low, under_low = (
        replay(start + [load] * 40, MINUTE, policy=Policy(target_percent=target)) for load in (low * 12, low * 12 - 1)
    )
    assert (at_low.decreases, under_low.decreases) == (0, 1)


def test_a_target_of_20_is_never_lowered_as_nothing_is_below_0() -> None:
    assert replay(by_the_minute((70, 30), (0, 900)), MINUTE, policy=Policy(target_percent=20)).decreases == 0
    assert replay(by_the_minute((70, 30), (0, 900)), MINUTE, policy=Policy(target_percent=21)).decreases == 1


def test_an_idle_table_keeps_the_minimum() -> None:
    for minimum in (1, 5):
        result = replay([0] * 720, HOUR, policy=Policy(min_units=minimum))
        assert result == Replay(
            unit_hours=Decimal(720 * minimum), hours=Decimal(720), throttled_units=Decimal(0), peak_units=minimum, decreases=0
        )


def test_capacity_is_never_lowered_below_the_minimum() -> None:
    result = replay(by_the_minute((70, 30), (0, 30)), MINUTE, policy=Policy(min_units=40))
    assert result.unit_hours * 60 == 100 * (30 + 15 + 1) + 40 * 14
    assert result.decreases == 1


def test_it_begins_with_what_the_first_period_wants() -> None:
    assert replay([70 * 60], MINUTE).peak_units == 100
    assert replay([70 * 60 + 1], MINUTE).peak_units == 101
    assert replay([70 * 60], MINUTE, policy=Policy(max_units=90)).peak_units == 90
    assert replay([70 * 60], MINUTE, policy=Policy(min_units=110)).peak_units == 110


# ---------------------------------------------------------------------------------------------- the limit of decreases


def falling(*minutes: int) -> list[int]:
    """A load that falls by a third each time, and stays for that many minutes."""
    rate = 700_000 * 60
    series = []
    for length in minutes:
        series += [rate] * length
        rate = rate * 2 // 3
    return series


def test_a_day_has_27_decreases_at_most_four_in_its_first_hour_and_then_one_an_hour() -> None:
    many = Policy(max_units=10**6)
    whole_day = falling(1, *[16] * 4, *[60] * 24)
    assert replay(whole_day[: 1 + 60], MINUTE, policy=many, first_minute=DAY - 16).decreases == 3
    assert replay(whole_day[: 1 + 63], MINUTE, policy=many, first_minute=DAY - 16).decreases == 4
    assert replay(whole_day[: DAY + 16], MINUTE, policy=many, first_minute=DAY - 16).decreases == 27  # all of them in one day
    assert replay(whole_day, MINUTE, policy=many, first_minute=DAY - 16).decreases == 28  # the last after the next midnight


def test_a_fifth_decrease_waits_for_an_hour_without_one() -> None:
    series = falling(1, *[16] * 4, 400)  # orders at minutes 16, 32, 48 and 64
    many = Policy(max_units=10**6)
    assert [replay(series[:end], MINUTE, policy=many).decreases for end in (63, 64, 123, 124, 465)] == [3, 4, 4, 5, 5]


def test_midnight_gives_four_anew() -> None:
    series = falling(1, *[16] * 4, 400)
    many = Policy(max_units=10**6)
    late = DAY - 80  # the fifth is wanted from minute 80 of the series, which is midnight
    assert [replay(series[:end], MINUTE, policy=many, first_minute=late).decreases for end in (79, 80)] == [4, 5]


def test_four_at_once_are_only_to_be_had_within_an_hour() -> None:
    """After a pause of more than an hour it is one an hour, although the day has seen but two."""
    series = falling(1, 16, 100, 16, 16)  # orders at minutes 16 and 32; wanted again at 132, 148
    many = Policy(max_units=10**6)
    assert [replay(series[:end], MINUTE, policy=many).decreases for end in (32, 131, 132, 149)] == [2, 2, 3, 3]


def test_a_saw_tooth_day_runs_into_the_limit_and_pays_for_it() -> None:
    tooth = [(700, 3), (70, 16)]  # up takes 2 + 1 minutes, down 15 + 1
    result = replay(by_the_minute(*tooth * 75), MINUTE)
    # at minutes 18, 37, 56 and 75; then in every fourth tooth, the first to come after the hour, 76 minutes later
    assert result.decreases == 4 + (75 * 19 - 75) // 76
    unlimited = 75 * (1_000 * 16 + 100 * 3)
    assert result.unit_hours * 60 > 10 * unlimited // 11
    assert result.peak_units == 1_000


def test_a_decrease_that_waited_is_for_the_load_of_then() -> None:
    series = falling(1, *[16] * 4, 20)
    last = series[-1]
    held_back = [*series, *[last // 2] * 60]
    result = replay(held_back, MINUTE, policy=Policy(max_units=10**6))
    assert result.decreases == 5
    assert result == plain_replay(held_back, MINUTE, policy=Policy(max_units=10**6))


# ------------------------------------------------------------------------------------------------------ burst capacity

QUIET = (70, 60)  # 100 units, of which 30 are unused: 300 seconds' worth is saved up in 1,000 s


def test_a_spike_that_the_burst_capacity_covers_is_not_throttled_and_one_unit_more_is() -> None:
    full = 300 * 100
    spike = 100 * 60 + full
    assert replay([*by_the_minute(QUIET), spike, *by_the_minute(QUIET)], MINUTE).throttled_units == 0
    assert replay([*by_the_minute(QUIET), spike + 1, *by_the_minute(QUIET)], MINUTE).throttled_units == 1


def test_a_longer_spike_is_throttled_until_the_capacity_is_there() -> None:
    assert replay(by_the_minute(QUIET, (200, 3), QUIET), MINUTE).throttled_units == 0  # 3 x 100 x 60 of 30,000
    assert replay(by_the_minute(QUIET, (400, 1), QUIET), MINUTE).throttled_units == 0
    longer = replay(by_the_minute(QUIET, (400, 30), QUIET), MINUTE)
    assert longer.throttled_units == 3 * 300 * 60 - 30_000
    assert longer.peak_units == 572


def test_what_is_throttled_is_not_served_later() -> None:
    spike = by_the_minute(QUIET, (400, 30))
    assert replay([*spike, *[0] * 600], MINUTE).throttled_units == replay(spike, MINUTE).throttled_units > 0


def test_nothing_is_saved_up_before_the_start() -> None:
    assert replay([0, 600], MINUTE).throttled_units == 600 - 60 - 60


def test_saved_capacity_is_cut_when_the_capacity_is_lowered() -> None:
    """30,000 units were saved up at 100 units; at 10, which is all that is left after the decrease, no more than 3,000."""
    lowered = by_the_minute(QUIET, (7, 16))
    assert replay([*lowered, 3_000 + 600], MINUTE).throttled_units == 0
    assert replay([*lowered, 3_000 + 600 + 1], MINUTE).throttled_units == 1


def test_the_maximum_throttles() -> None:
    result = replay([70 * HOUR] * 24, HOUR, policy=Policy(max_units=50))
    assert result.throttled_units == 20 * 86_400
    assert (result.peak_units, result.unit_hours) == (50, Decimal(1_200))


def test_throttled_units_are_exact_at_any_scale() -> None:
    result = replay([70 * HOUR] * 24, HOUR, policy=Policy(max_units=1), scale=Fraction(1, 3))
    assert result.throttled_units == (Decimal(70) * 86_400 - 3 * 86_400) / 3
    tiny = replay([10**12] * 3 + [10**12 + 1], MINUTE, policy=Policy(max_units=1), scale=Decimal("60e-12"))
    assert tiny.throttled_units == Decimal("60e-12")


# -------------------------------------------------------------- mistakes of other tools, by their number in test_published_mistakes


def test_peers_1_the_target_is_a_percentage_on_both_sides() -> None:
    """Not 10,000 units for 70 units a second at 70 %."""
    result = replay([70 * FIVE_MINUTES] * 8_640, FIVE_MINUTES)
    assert result == Replay(unit_hours=Decimal(72_000), hours=Decimal(720), throttled_units=Decimal(0), peak_units=100, decreases=0)
    assert result.unit_hours_a_month == 73_000
    assert result.unit_hours_a_month * Decimal("0.00013") == Decimal("9.49")


def test_peers_2_a_row_lasts_as_long_as_its_period() -> None:
    """Rows of 300 s are not minutes, which would be a fifth of the price."""
    replays = [replay([70 * period] * (86_400 // period), period) for period in (MINUTE, FIVE_MINUTES, HOUR)]
    assert replays[0] == replays[1] == replays[2]
    assert replays[0].unit_hours == 2_400


@settings(max_examples=50)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=12), policies(), SCALES)
def test_peers_2_any_load_is_the_same_in_rows_of_any_period(rates: list[int], policy: Policy, scale: Scale) -> None:
    replays = [
        replay([rate * period for rate in rates for _ in range(HOUR // period)], period, policy=policy, scale=scale)
        for period in (MINUTE, FIVE_MINUTES, HOUR)
    ]
    assert replays[0] == replays[1] == replays[2]


def test_peers_3_a_month_is_told_by_the_hours_that_were_replayed() -> None:
    """A table of 3 days is not a tenth of one of 30, and a period without a datapoint is one of 0."""
    for days in (1, 3, 30):
        assert replay([70 * HOUR] * 24 * days, HOUR).unit_hours_a_month == 73_000
    half_idle = replay(([70 * HOUR] * 12 + [0] * 12) * 3, HOUR)
    assert 36_500 < half_idle.unit_hours_a_month < 38_500  # 100 for half the time, 1 for the other, and 16 minutes of waiting


def test_peers_4_a_replay_gives_quantities_for_one_series_and_no_verdict_or_price() -> None:
    """The mode is the table's: reads, writes and indexes are added up by whoever prices them, none of them twice, none left out."""
    assert {field.name for field in fields(Replay)} == {"unit_hours", "hours", "throttled_units", "peak_units", "decreases"}
    reads, writes, index_writes = (replay([rate * HOUR] * 48, HOUR) for rate in (70, 7, 14))
    assert reads.hours == writes.hours == index_writes.hours
    assert reads.unit_hours + writes.unit_hours + index_writes.unit_hours == 48 * (100 + 10 + 20)


def test_peers_5_a_peak_of_more_than_a_fifth_above_the_average_is_served() -> None:
    """Capacity of 1.2 times the average throttles the peaks here; a target of 70 % leaves 1.43 times, and more is scaled up for."""
    hours = [90] * 3 + [150]
    average = 105
    assert average * len(hours) == sum(hours)
    for period in (MINUTE, FIVE_MINUTES, HOUR):
        result = replay([rate * period for rate in hours * 24 for _ in range(HOUR // period)], period)
        assert result.throttled_units == 0
        assert result.peak_units == 215  # 150 / 0.7
    fixed = replay([rate * HOUR for rate in hours * 24], HOUR, policy=Policy(min_units=126, max_units=126))
    assert fixed.throttled_units > 0


def test_peers_6_alarms_count_minutes_and_loads_are_sums() -> None:
    """One row of 300 s is five minutes for an alarm, not one; and a row is what was consumed in all, not its largest request."""
    up = replay([70 * FIVE_MINUTES] * 6 + [140 * FIVE_MINUTES], FIVE_MINUTES)
    assert up.unit_hours * 60 == 100 * (30 + 3) + 200 * 2
    down = replay([70 * FIVE_MINUTES] * 6 + [7 * FIVE_MINUTES] * 4, FIVE_MINUTES)
    assert down.unit_hours * 60 == 100 * (30 + 16) + 10 * 4
    assert replay([400] * 12, FIVE_MINUTES).peak_units == 2  # 400 units in 300 s, be it one request of 400


# --------------------------------------------------------------------------------------------------------------- scale


@settings(max_examples=100)
@given(st.integers(0, 10**7), SCALES, SCALES, policies())
@example(0, Decimal(0), Decimal(10), DEFAULT_POLICY)
def test_more_of_a_steady_load_never_takes_less(units: int, one: Scale, other: Scale, policy: Policy) -> None:
    smaller, larger = sorted([Fraction(one), Fraction(other)])
    less, more = (replay([units] * 24, HOUR, policy=policy, scale=scale) for scale in (smaller, larger))
    assert less.peak_units <= more.peak_units
    assert less.unit_hours <= more.unit_hours
    assert less.throttled_units <= more.throttled_units
    assert less.decreases == more.decreases == 0
    assert less.unit_hours == less.peak_units * 24  # a steady load never changes the capacity


def test_scaling_is_the_same_as_a_larger_series() -> None:
    series = saw_tooth(9)
    for scale in (Fraction(7), Decimal(7), 7):
        assert replay(series, MINUTE, scale=scale) == replay([units * 7 for units in series], MINUTE)


def test_scales_of_any_size() -> None:
    series = [70 * HOUR] * 24
    assert replay(series, HOUR, scale=Decimal("1e-30")).peak_units == 1
    assert replay(series, HOUR, scale=0).peak_units == 1
    huge = replay(series, HOUR, scale=Decimal("1e30"))
    assert huge.peak_units == 40_000
    assert huge.throttled_units == Decimal("70e30") * 86_400 - 40_000 * 86_400


# -------------------------------------------------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(lambda: replay([], HOUR), "at least one period", id="no period, and so no month"),
        pytest.param(lambda: replay([1, -1], HOUR), "none of them negative", id="negative units"),
        pytest.param(lambda: replay([1], 0), "whole minutes, not 0", id="no time"),
        pytest.param(lambda: replay([1], 90), "whole minutes, not 90", id="a minute and a half"),
        pytest.param(lambda: replay([1], HOUR, scale=Decimal(-1)), "scaled by -1", id="negative scale"),
        pytest.param(lambda: replay([1], HOUR, first_minute=DAY), "0 to 1439, not 1440", id="no minute of a day"),
        pytest.param(lambda: Policy(target_percent=19), "20 to 90 percent, not 19", id="low target"),
        pytest.param(lambda: Policy(target_percent=91), "20 to 90 percent, not 91", id="high target"),
        pytest.param(lambda: Policy(min_units=0), "not 0 to 40000", id="no capacity"),
        pytest.param(lambda: Policy(min_units=9, max_units=8), "not 9 to 8", id="turned round"),
    ],
)
def test_what_cannot_be_is_refused(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


# --------------------------------------------------------------------------------------------------------------- speed


def test_a_long_constant_stretch_is_a_few_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    strides: list[int] = []
    serve = auto_scaling._Table._serve

    def counted(self: Any, load: int, until: int) -> None:
        strides.append(until)
        serve(self, load, until)

    monkeypatch.setattr(auto_scaling._Table, "_serve", counted)
    replay([70 * HOUR] * 720, HOUR)
    assert len(strides) == 720
    strides.clear()
    replay([70 * HOUR, 700 * HOUR] * 360, HOUR)
    assert len(strides) <= 720 * 5


@pytest.mark.parametrize(("periods", "period"), [(8_640, FIVE_MINUTES), (720, HOUR)])
def test_thirty_days_take_a_blink(periods: int, period: int) -> None:
    chance = random.Random(1)
    series = [chance.choice([0, chance.randrange(100), chance.randrange(2_000)]) * period for _ in range(periods)]
    times = []
    for _ in range(5):
        start = time.process_time()
        replay(series, period, scale=Decimal("1234.567890123456789"))
        times.append(time.process_time() - start)
    assert min(times) < 0.1
