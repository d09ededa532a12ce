"""
Confidence intervals and the distribution functions that they need, for the standard library alone.

All limits are floats; a share is between 0 and 1. `found` and `read` may be fractions of items, because a cluster sample counts for fewer
items than it has.
"""

import math
from functools import lru_cache
from statistics import NormalDist

CONFIDENCE = 0.95
TINY = 1e-300  # keeps the continued fraction off a division by zero
PRECISION = 1e-14
NOISE = 1e-9  # of probabilities by logarithms: one of exactly 5 % is still likely enough
MAX_TERMS = 20_000  # the continued fraction takes about the square root of the larger parameter: enough for billions of items
MOST_STEPS = 200  # halvings alone leave nothing of a float after 1,074; Newton's steps take about ten
MAX_EXPONENT = 700.0  # of what a float can hold


# --------------------------------------------------------------------------------------------------- distributions


def beta_probability(x: float, a: float, b: float) -> float:
    """
    The regularised incomplete beta function: how likely a beta variable with `a` and `b` (both above 0) is at most `x`.

    By its continued fraction; Lentz's method. Source: Press and others, "Numerical Recipes", 6.4.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _continued_fraction(x, a, b) / a
    return 1 - math.exp(log_front) * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    numerator, denominator = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = denominator
    for term in range(1, MAX_TERMS):
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        for coefficient in (even, odd):
            denominator = 1 / _not_zero(1 + coefficient * denominator)
            numerator = _not_zero(1 + coefficient / numerator)
            value *= numerator * denominator
        if abs(numerator * denominator - 1) < PRECISION:
            break
    return value


def _not_zero(number: float) -> float:
    return number if abs(number) > TINY else TINY


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The `x` at which `beta_probability` reaches `probability`: Newton's steps, and halving wherever one would leave what is left."""
    low, high = 0.0, 1.0
    x = a / (a + b)
    for _ in range(MOST_STEPS):
        above = beta_probability(x, a, b) - probability
        low, high = (low, x) if above > 0 else (x, high)
        log_density = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)
        density = math.exp(min(log_density, MAX_EXPONENT))
        following = x - above / density if density > TINY else -1.0
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - x) <= PRECISION * x:
            break
        x = following
    return x


@lru_cache(maxsize=1_024)
def normal_quantile(confidence: float = CONFIDENCE) -> float:
    """How many standard errors a two-sided interval reaches to each side: 1.96 for 95 %."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=4_096)
def t_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The same where the error itself was estimated from a few values: Student's t, 2.045 for 29 degrees of freedom. Infinite for none."""
    if degrees < 1:
        return math.inf
    # P(|t| > q) is the incomplete beta function of degrees / (degrees + q**2); Abramowitz and Stegun, 26.7.1
    x = beta_quantile(1 - confidence, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 / x - 1))


# ------------------------------------------------------------------------------------------------ intervals of a share


def wilson(found: float, read: float, *, quantile: float | None = None) -> tuple[float, float]:
    """
    The score interval of a share: near the stated confidence on average, also for rare things. (0, 1) when nothing was read.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927. `quantile` None: the normal one for 95 %.
    """
    if read <= 0:
        return 0.0, 1.0
    z = normal_quantile() if quantile is None else quantile
    if math.isinf(z):
        return 0.0, 1.0
    share = found / read
    spread = 1 + z * z / read
    centre = (share + z * z / (2 * read)) / spread
    half = z / spread * math.sqrt(share * (1 - share) / read + z * z / (4 * read * read))
    return (max(centre - half, 0.0) if found else 0.0), (min(centre + half, 1.0) if found < read else 1.0)


def clopper_pearson(found: float, read: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """
    The interval of a share that holds the truth in at least `confidence` of all samples, whatever the share is.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits", 1934; for fractions of items, Korn and Graubard, "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data", 1998.
    """
    if read <= 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if found <= 0 else beta_quantile(tail, found, read - found + 1)
    high = 1.0 if found >= read else beta_quantile(1 - tail, found + 1, read - found)
    return low, high


def at_most(population: int, read: int, found: int = 0, *, confidence: float = CONFIDENCE) -> int:
    """
    The most of `population` that can have what `found` of `read` had, drawn without putting back: an upper bound at `confidence`.

    Exact, by the hypergeometric distribution: the largest number with which a sample would have shown so few in at least 5 of 100 cases.
    About 3 / (share read) where nothing was found. Source: Buonaccorsi, "A note on confidence intervals for proportions in finite
    populations", 1987.
    """
    if not 0 <= found <= read <= population:
        raise ValueError("of a population some were read, and of those some were found")
    low, high = found, population - (read - found)  # so many can have it, and no more: those read without it do not
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most_found(population, read, middle, found) > (1 - confidence) * (1 - NOISE):
            low = middle
        else:
            high = middle - 1
    return low


def _at_most_found(population: int, read: int, having: int, found: int) -> float:
    """How likely a sample of `read` shows at most `found` of the `having`."""
    first = max(0, read + having - population)
    return math.fsum(
        math.exp(_log_ways(having, count) + _log_ways(population - having, read - count) - _log_ways(population, read))
        for count in range(first, found + 1)
    )


def _log_ways(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


def ranks(share: float, read: float, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """
    The shares of the ordered sample between whose values the `share`-quantile lies: its order statistics, by binomial ranks.

    (0, 1) where the sample is too small to bound it on either side: below or above its ends nothing is known. Source: David and Nagaraja,
    "Order Statistics", 7.1.
    """
    if read < 1:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    return _rank(share, read, tail), 1 - _rank(1 - share, read, tail)


def _rank(share: float, read: float, tail: float) -> float:
    """The last rank, over `read`, that is at most the quantile except in `tail` of all samples; 0: none is."""
    low, high = 0, int(read)
    while low < high:
        rank = (low + high + 1) // 2
        # the value of this rank is above the quantile when fewer than `rank` values lie below it
        if 1 - beta_probability(share, rank, read - rank + 1) <= tail:
            low = rank
        else:
            high = rank - 1
    return low / read
