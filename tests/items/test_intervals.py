"""Published values, and what must hold of them for any numbers."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.items.intervals import (
    at_most,
    beta_probability,
    beta_quantile,
    clopper_pearson,
    normal_quantile,
    ranks,
    t_quantile,
    wilson,
)

pytestmark = pytest.mark.slow

FOUND_OF_READ = st.integers(1, 400).flatmap(lambda read: st.tuples(st.integers(0, read), st.just(read)))


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706), (2, 4.303), (4, 2.776), (10, 2.228), (29, 2.045), (60, 2.000), (120, 1.980), (100_000, 1.960)],
)
def test_student_t_as_in_the_tables(degrees: int, quantile: float) -> None:
    assert t_quantile(degrees) == pytest.approx(quantile, abs=0.0006)


def test_without_degrees_of_freedom_there_is_no_bound() -> None:
    assert t_quantile(0) == math.inf
    assert wilson(1, 10, quantile=math.inf) == (0, 1)


# Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I: methods 3 and 5
@pytest.mark.parametrize(
    ("found", "read", "score", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_wilson_and_clopper_pearson_as_published(
    found: int, read: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert wilson(found, read) == pytest.approx(score, abs=0.00006)
    assert clopper_pearson(found, read) == pytest.approx(exact, abs=0.00006)


@given(FOUND_OF_READ)
def test_intervals_hold_what_was_seen_and_mirror_each_other(case: tuple[int, int]) -> None:
    found, read = case
    for interval in (wilson, clopper_pearson):
        low, high = interval(found, read)
        assert 0 <= low <= found / read <= high <= 1
        mirrored = interval(read - found, read)
        assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("read", [10, 50, 200])
def test_clopper_pearson_holds_the_truth_in_at_least_95_of_100_samples(share: float, read: int) -> None:
    likely = {found: math.comb(read, found) * share**found * (1 - share) ** (read - found) for found in range(read + 1)}
    covered = sum(
        weight for found, weight in likely.items() if clopper_pearson(found, read)[0] <= share <= clopper_pearson(found, read)[1]
    )
    assert covered >= 0.95


def test_nothing_read_says_nothing() -> None:
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0, 1)


@given(st.floats(0.01, 0.99), st.integers(1, 100), st.integers(1, 100))
def test_the_beta_function_is_the_sum_of_the_binomial_one(x: float, a: int, b: int) -> None:
    # I_x(a, b) is the probability of at least a successes in a + b - 1 trials
    trials = a + b - 1
    wanted = math.fsum(math.comb(trials, hits) * x**hits * (1 - x) ** (trials - hits) for hits in range(a, trials + 1))
    assert beta_probability(x, a, b) == pytest.approx(wanted, rel=1e-8, abs=1e-12)


@given(st.floats(0.001, 0.999), st.floats(0.5, 5_000), st.floats(0.5, 5_000))
def test_the_quantile_is_its_inverse(probability: float, a: float, b: float) -> None:
    assert beta_probability(beta_quantile(probability, a, b), a, b) == pytest.approx(probability, abs=1e-6)


def test_the_ends_of_the_beta_function() -> None:
    assert (beta_probability(0, 2, 3), beta_probability(1, 2, 3)) == (0, 1)
    assert beta_probability(0.5, 1_000_000, 1_000_000) == pytest.approx(0.5, abs=1e-8)


# ------------------------------------------------------------------------------------------------------- nothing found


@pytest.mark.parametrize(("read", "bound"), [(100, 293), (500, 58), (1_000, 28), (5_000, 4), (9_500, 1), (9_900, 0), (10_000, 0)])
def test_at_most_so_many_of_ten_thousand(read: int, bound: int) -> None:
    assert at_most(10_000, read) == bound


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.data())
def test_the_bound_is_the_largest_number_that_is_not_unlikely(case: tuple[int, int], data: st.DataObject) -> None:
    population, read = case
    found = data.draw(st.integers(0, read))

    def likely(having: int) -> Fraction:
        ways = sum(
            math.comb(having, seen) * math.comb(population - having, read - seen)
            for seen in range(found + 1)
            if read - seen <= population - having
        )
        return Fraction(ways, math.comb(population, read))

    possible = range(found, population - (read - found) + 1)
    assert at_most(population, read, found) == max(number for number in possible if likely(number) >= Fraction(1, 20))


def test_a_probability_of_exactly_five_percent_is_likely_enough() -> None:
    # of 16 with 4 that have it, 14 read show at most 2 of them in 6 of 120 cases
    assert at_most(16, 14, 2) == 4


def test_a_bound_of_a_huge_table_is_the_rule_of_three() -> None:
    assert at_most(12_000_000, 41_000) == pytest.approx(3 / 41_000 * 12_000_000, rel=0.01)


@pytest.mark.parametrize("numbers", [(10, 11, 0), (10, 5, 6), (10, 5, -1)])
def test_more_found_than_read_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="some were read"):
        at_most(*numbers)


# ----------------------------------------------------------------------------------------------------------- quantiles


def test_ranks_of_the_median_as_in_the_tables() -> None:
    # Conover, "Practical Nonparametric Statistics": of 100 values, the 40th and the 61st
    low, high = ranks(0.5, 100)
    assert (round(low * 100), math.floor(high * 100) + 1) == (40, 61)


def test_a_small_sample_does_not_bound_a_high_quantile() -> None:
    assert ranks(0.99, 100)[1] == 1
    assert ranks(0.5, 5) == (0, 1)
    assert ranks(0.5, 0) == (0, 1)
    assert ranks(0.99, 1_000)[1] < 1


def test_the_normal_quantile() -> None:
    assert normal_quantile() == pytest.approx(1.959964, abs=1e-6)
