"""
What a sample of a table says of the whole, and how far it can be off.

A sample is m of the M segments of a parallel Scan, drawn at random without putting back, each read to its end. DynamoDB puts all items with
one partition key value into one segment (developer guide, "Parallel scan"), so a segment is a random cluster of whole collections, and what
varies between segments is all that there is to know of the error: this is cluster sampling, and the segments are the sample, not the items.
A segment that is cut off in the middle is none, because how many items fit into a page depends on their sizes.

Formulas are those of Cochran, "Sampling Techniques", 3rd edition: ratio estimators 2.11 and 6.3, clusters of unequal size 9A.1 to 9A.3, the
finite population correction 2.6. Everything holds at 95 %.

What was chosen by measuring (1,000 draws of 30 and of 60 segments; `tests/items/test_estimates.py` repeats it):

* Item sizes have heavy tails. For the mean, 1.96 standard errors cover 91 to 95 % where sizes are lognormal; Student's t covers 92 to 96 %.
  On the logarithm it covers as much, misses more evenly above and below, and never reaches below 0. Hall's correction for skewness gained
  nothing: an item ends at 400 KB, and that tames the tail.
* For a share, Wilson's interval with the number of items that the sample is worth (items over design effect) covers 94 to 97 %, with
  Student's t where the design effect was measured to be above 1, and the normal quantile where it was not.
* One collection with a good part of the items is all or nothing: it is read whole or not at all. No formula sees what was not drawn. Two
  things are done. A segment that holds many times what the others do stands for itself alone (Hidiroglou and Srinath, "Some estimators of a
  population total from simple random samples containing large units", 1981). And where the sample accounts for fewer items than DescribeTable
  states, beyond chance, what is missing may be anything, and the intervals are widened by it. Where DescribeTable states no count, such a
  collection is missed, and the intervals with it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from stj_audit.facts import MAX_ITEM_BYTES, ItemSample, ItemSizes
from stj_audit.items.intervals import at_most, clopper_pearson, normal_quantile, ranks, t_quantile, wilson

MIN_SEGMENTS = (
    30  # below, the spread between segments is itself a guess; t at 29 degrees of freedom is within 5 % of the normal quantile
)

EXCEPTIONAL_TIMES = 10  # a segment with that many times the mean of the smaller ones is no draw from the same law
EXCEPTIONAL_ITEMS = 100  # and of a handful of items any factor is chance
EXCEPTIONAL_PART = 10  # at most one segment in so many is an exception; more are a tail
APART = 0.1  # two estimates of one number that differ by more are not the same: DescribeTable's is old, or the sample lacks a collection
MAX_FACTOR = 1e6  # an interval that reaches further says nothing
ROUNDING = 1e-6  # 28 of 10,000 of 10,000 are 28, not a hair more


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number of the whole table with its 95 % interval; `low` and `high` equal `value` where every segment was read."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """The farther of its two ends."""
        return max(self.value - self.low, self.high - self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """
    The share of the items that are over a line.

    `low` to `high` has the stated confidence on average, `low_guaranteed` to `high_guaranteed` at least (Clopper and Pearson). Where nothing
    was found both end at a bound that is one-sided, so "at most" holds at 95 %. `worth` is how many items drawn one by one would tell as
    much as those read; the quotient is the design effect.
    """

    value: float
    low: float
    high: float
    low_guaranteed: float
    high_guaranteed: float
    found: int
    design_effect: float
    worth: float

    @property
    def half_width(self) -> float:
        return max(self.value - self.low, self.high - self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """
    How many items of the whole table are over a line; `high` None: so few segments do not bound it.

    `by_share` is the share times the item count, `by_segments` what was found times M / m; None: no item count is known. `apart`: they differ
    by more than a tenth, so the item count is old, or the sample lacks a collection.
    """

    found: int
    low: int
    high: int | None
    by_share: int | None
    by_segments: int
    apart: bool


# -------------------------------------------------------------------------------------------------- sums over segments


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """
    How sums over the segments that were read stand for the table: those in `alone` for themselves, the others for all the rest.
    """

    total_segments: int
    read: int
    alone: frozenset[int] = frozenset()

    @property
    def weight(self) -> float:
        """How many segments each of the ordinary ones stands for: M / m."""
        ordinary = self.read - len(self.alone)
        return (self.total_segments - len(self.alone)) / ordinary if ordinary else 1.0

    @property
    def degrees(self) -> int:
        return self.read - len(self.alone) - 1

    def total(self, values: Sequence[float]) -> float:
        """The sum over all segments: M / m times the sum over those read."""
        everything = math.fsum(values)
        exceptional = math.fsum(values[place] for place in self.alone)
        return exceptional + self.weight * (everything - exceptional)

    def error(self, values: Sequence[float]) -> float:
        """
        The standard error of `total`: sqrt((1 - f) M**2 s**2 / m), with s**2 the variance between the m segments and f = m / M. Infinite for
        a single segment of several.
        """
        if self.read >= self.total_segments:
            return 0.0
        if self.degrees < 1:
            return math.inf
        ordinary = [value for place, value in enumerate(values) if place not in self.alone]
        mean = math.fsum(ordinary) / len(ordinary)
        variance = math.fsum((value - mean) ** 2 for value in ordinary) / self.degrees
        rest = self.total_segments - len(self.alone)
        return rest * math.sqrt((1 - len(ordinary) / rest) * variance / len(ordinary))

    def ratio(self, values: Sequence[float], of: Sequence[float]) -> tuple[float, float]:
        """
        (ratio of the two totals, its standard error): that of the residuals, over the total below. Its bias is of the order of 1 / m.

        With no segment alone the error is sqrt((1 - f) / (m (m - 1)) * sum((y - r n)**2)) / mean(n).
        """
        below = self.total(of)
        if below <= 0:
            return 0.0, math.inf
        ratio = self.total(values) / below
        residuals = [value - ratio * one for value, one in zip(values, of, strict=True)]
        return ratio, self.error(residuals) / below


def exceptional(items: Sequence[int]) -> frozenset[int]:
    """The places of the segments that hold many times the items of those that are smaller: a large collection is in each."""
    order = sorted(range(len(items)), key=lambda place: -items[place])
    found: set[int] = set()
    smaller = sum(items)
    for rank, place in enumerate(order[: len(items) // EXCEPTIONAL_PART]):
        smaller -= items[place]
        if items[place] >= EXCEPTIONAL_ITEMS and items[place] * (len(items) - rank - 1) >= EXCEPTIONAL_TIMES * smaller:
            found = set(order[: rank + 1])
    return frozenset(found)


# ------------------------------------------------------------------------------------------------------------ one sample


class Estimates:
    """
    What one sample says. `keys_read`: how many different partition key values the items read have, at least; None: the table has no sort key,
    and each item is its own.
    """

    def __init__(self, sample: ItemSample, *, keys_read: int | None = None) -> None:
        self.sample = sample
        self.keys_read = keys_read

    @classmethod
    def of(cls, items: ItemSizes, *, sort_key: bool) -> "Estimates | None":
        """Of the items read of a table with or without a sort key; None: no sample, or none of whole segments."""
        if items.coverage == "full" or items.sample is None or not items.sample.segments:
            return None
        keys = items.key_cardinality(None)
        if not sort_key:
            return cls(items.sample)
        if keys is None:
            return cls(items.sample, keys_read=sum(1 for one in items.sample.segments if one.items))
        return cls(items.sample, keys_read=keys.distinct_limit + 1 if keys.distinct is None else keys.distinct)

    @property
    def segments_read(self) -> int:
        return len(self.sample.segments)

    @property
    def part_read(self) -> float:
        """m / M, the share of the segments, and on average of the table, that was read."""
        return self.segments_read / self.sample.total_segments

    @cached_property
    def items_read(self) -> int:
        return sum(self.segment_items)

    @property
    def is_whole(self) -> bool:
        return self.segments_read >= self.sample.total_segments

    @cached_property
    def segment_items(self) -> tuple[int, ...]:
        return tuple(one.items for one in self.sample.segments)

    @cached_property
    def segment_bytes(self) -> tuple[int, ...]:
        return tuple(one.bytes for one in self.sample.segments)

    @cached_property
    def sums(self) -> Sums:
        plain = Sums(total_segments=self.sample.total_segments, read=self.segments_read)
        if self.keys_read is None or self.is_whole:
            return plain  # one item a key makes no collections
        apart = Sums(total_segments=plain.total_segments, read=plain.read, alone=exceptional(self.segment_items))
        stated = self.sample.item_count
        if not stated:
            return apart
        # DescribeTable's count tells which of the two is nearer to the truth
        return min(plain, apart, key=lambda sums: abs(sums.total(self.segment_items) - stated))

    # ------------------------------------------------------------------------------------------ items, bytes

    @cached_property
    def item_count(self) -> Estimate:
        """The items of the table as the segments alone say: M / m times those read."""
        return self._total(self.segment_items)

    @cached_property
    def counts_apart(self) -> bool:
        """Whether DescribeTable's item count differs from what the segments say by more than a tenth, and by more than chance."""
        stated, seen = self.sample.item_count, self.item_count
        return (
            stated is not None and stated > 0 and not seen.low <= stated <= seen.high and abs(seen.value - stated) > APART * stated
        )

    @cached_property
    def missing_share(self) -> float:
        """
        The share of DescribeTable's items that the sample may have no part of, because a large collection lies in a segment that was not
        drawn; 0: it accounts for them, or there are no collections.

        It is taken for missing when the sample comes to less than DescribeTable's count by more than a tenth, and by more than it does in
        one of 20 draws. When it is, it is taken at the upper end of its interval.
        """
        stated = self.sample.item_count
        if not stated or self.keys_read is None or self.is_whole:
            return 0.0
        seen = self.sums.total(self.segment_items)
        error = self.sums.error(self.segment_items)
        short = stated - seen
        if short <= APART * stated or short <= t_quantile(self.sums.degrees, 0.9) * error:
            return 0.0
        return min((short + t_quantile(self.sums.degrees) * error) / stated, 1.0)

    @cached_property
    def mean_bytes(self) -> Estimate | None:
        """The mean size of an item; None: no item was read."""
        if not self.items_read:
            return None
        mean, error = self.sums.ratio(self.segment_bytes, self.segment_items)
        found = self._on_logarithm(mean, error)
        missing = self.missing_share
        if not missing:
            return found
        # Either DescribeTable is old, and the sample right; or the sample lacks a collection, and DescribeTable is right.
        stated = self._stated_mean
        if stated is not None:
            return Estimate(value=stated, low=min(found.low, stated), high=max(found.high, stated))
        low, high = found.low * (1 - missing) + missing, found.high * (1 - missing) + missing * MAX_ITEM_BYTES
        return Estimate(value=mean, low=min(found.low, low), high=max(found.high, high))

    @property
    def _stated_mean(self) -> float | None:
        sample = self.sample
        return sample.size_bytes / sample.item_count if sample.size_bytes and sample.item_count else None

    @cached_property
    def total_bytes(self) -> Estimate:
        """
        The bytes of all items: the mean times DescribeTable's item count, which varies less; M / m times the bytes read where there is no
        count, or it is far from what the segments say.
        """
        stated, mean = self.sample.item_count, self.mean_bytes
        if stated and mean is not None and (self.missing_share or not self.counts_apart):
            return Estimate(value=mean.value * stated, low=mean.low * stated, high=mean.high * stated)
        return self._total(self.segment_bytes)

    def scaled(self, number: float) -> float:
        """M / m times a number of the items read, such as entries of an index: unbiased for all that a key never shares between segments."""
        return number / self.part_read

    def _total(self, values: Sequence[int]) -> Estimate:
        if not self.is_whole and not any(values):
            # That segments are all empty says nothing of those that were not read
            return Estimate(value=0.0, low=0.0, high=math.inf)
        return self._on_logarithm(self.sums.total(values), self.sums.error(values))

    def _on_logarithm(self, value: float, error: float) -> Estimate:
        """The interval exp(ln(value) -+ t * error / value)."""
        if error == 0 or value <= 0:
            return Estimate(value=value, low=value, high=value if error == 0 else math.inf)
        exponent = t_quantile(self.sums.degrees) * error / value
        factor = math.exp(exponent) if exponent < math.log(MAX_FACTOR) else math.inf
        return Estimate(value=value, low=value / factor, high=value * factor)

    # --------------------------------------------------------------------------------------------- over a line

    def share_over(self, line_bytes: int, *, found: int | None = None) -> Share:
        """
        The share of the items larger than `line_bytes`. `found` is how many of those read are, for a line that was not counted by segment:
        then the design effect is the largest of the lines that were. Raises KeyError where it is neither counted nor given.
        """
        over = [one.over.get(line_bytes) for one in self.sample.segments]
        counted = [number for number in over if number is not None]
        if len(counted) == len(over):
            return self._interval(sum(counted), self.sums.ratio(counted, self.segment_items))
        if found is None:
            raise KeyError(line_bytes)
        return self._interval(found, None)

    def _interval(self, found: int, measured: tuple[float, float] | None) -> Share:
        read = self.items_read
        if not read:
            return _share(0.0, (0.0, 1.0), (0.0, 1.0), found=found, read=0, worth=0.0)
        if self.is_whole:
            exact = found / read
            return _share(exact, (exact, exact), (exact, exact), found=found, read=read, worth=read)
        value = found / read if measured is None else measured[0]
        effect = None if measured is None else self._design_effect(*measured)
        if effect is None:
            effect = self.typical_design_effect
        worth = read / effect
        if not found or (found == read and self.keys_read is not None):
            worth = min(worth, self.keys_read or read)  # where all are alike, items of one key tell no more than one of them
        if not found:
            bound = self._none_found(worth)
            return self._widened(_share(0.0, (0.0, bound), (0.0, bound), found=0, read=read, worth=worth))
        degrees = self.sums.degrees
        lone = degrees < 1 and self.keys_read is not None  # whether keys differ from one another cannot be told by a single segment
        quantile = t_quantile(degrees) if effect > 1 or lone else normal_quantile()
        left = worth / (1 - self.part_read)  # the finite population correction: what was read is no estimate
        usual = wilson(value * left, left, quantile=quantile)
        sure = worth * (normal_quantile() / quantile) ** 2
        guaranteed = clopper_pearson(value * sure, sure) if sure else (0.0, 1.0)
        return self._widened(_share(value, usual, guaranteed, found=found, read=read, worth=worth))

    def _design_effect(self, share: float, error: float) -> float | None:
        """
        How many times the variance between segments is that of as many items drawn one by one, both corrected for the finite population;
        None: it cannot be told, as none or all items are over the line. Never below 1: fewer is chance, or the sizes are arranged.
        """
        if not 0 < share < 1 or math.isinf(error):
            return None
        binomial = (1 - self.part_read) * share * (1 - share) / self.items_read
        return max(error * error / binomial, 1.0)

    @cached_property
    def typical_design_effect(self) -> float:
        """The largest of the design effects of the lines that were counted in every segment; 1 where none tells."""
        lines = set.intersection(*(set(one.over) for one in self.sample.segments)) if self.sample.segments else set()
        effects = (
            self._design_effect(*self.sums.ratio([one.over[line] for one in self.sample.segments], self.segment_items))
            for line in lines
        )
        return max((effect for effect in effects if effect is not None), default=1.0)

    def _none_found(self, worth: float) -> float:
        """
        The largest share that a sample worth so many items can miss, at 95 %: by the hypergeometric distribution, with as many items (where
        there are collections: keys) in the table as the part that was read says.
        """
        read = max(int(worth), 1)
        stated = self.sample.item_count if self.keys_read is None and not self.counts_apart else None
        population = max(stated or 0, round(read / self.part_read))
        return at_most(population, read) / population

    def _widened(self, share: Share) -> Share:
        """What the sample may have no part of may all be over the line, or none of it."""
        missing = self.missing_share
        if not missing:
            return share
        return _share(
            share.value,
            (share.low * (1 - missing), share.high * (1 - missing) + missing),
            (share.low_guaranteed * (1 - missing), share.high_guaranteed * (1 - missing) + missing),
            found=share.found,
            read=self.items_read,
            worth=share.worth,
        )

    def count_over(self, line_bytes: int, *, found: int | None = None) -> Count:
        """How many items of the table are larger than `line_bytes`; arguments as of `share_over`."""
        share, stated, seen = self.share_over(line_bytes, found=found), self.sample.item_count, self.item_count
        low, high = (share.low * (stated or 0), share.high * (stated or 0)) if stated else _product(share, seen)
        if stated and self.counts_apart and not self.missing_share:
            # either may be right
            other_low, other_high = _product(share, seen)
            low, high = min(low, other_low), max(high, other_high)
        return Count(
            found=share.found,
            low=max(math.floor(low + ROUNDING), share.found),
            high=None if math.isinf(high) else max(math.ceil(high - ROUNDING), share.found),
            by_share=None if not stated else round(share.value * stated),
            by_segments=round(share.value * seen.value),
            apart=self.counts_apart,
        )

    # ------------------------------------------------------------------------------------- quantiles, cardinality

    def quantile(self, sizes: Sequence[tuple[int, int]], share: float) -> tuple[int | None, int | None]:
        """
        Between which sizes the `share`-quantile of the table lies, by the ordered sizes of the items read (ascending, with their numbers) and
        their binomial ranks (Woodruff, "Confidence intervals for medians and other position measures", 1952).

        None: the sample bounds it not on this side. The largest item read is a lower bound of the largest: no tail is drawn beyond it.
        """
        read = sum(number for _, number in sizes)
        worth = min(read / self.typical_design_effect, self.keys_read or read)
        low, high = ranks(share, worth)
        below = None if low == 0 else _at_rank(sizes, math.floor(low * read))
        above = None if high == 1 else _at_rank(sizes, math.floor(high * read) + 1)
        return below, above

    def distinct_keys(self, per_segment: Iterable[int]) -> Estimate:
        """How many partition key values the table has, by those of each segment: a value never lies in two, so M / m times is unbiased."""
        return self._total(tuple(per_segment))


def _share(
    value: float, usual: tuple[float, float], guaranteed: tuple[float, float], *, found: int, read: int, worth: float
) -> Share:
    return Share(
        value=value,
        low=usual[0],
        high=usual[1],
        low_guaranteed=min(guaranteed[0], usual[0]),
        high_guaranteed=max(guaranteed[1], usual[1]),
        found=found,
        design_effect=read / worth if worth else 1.0,
        worth=worth,
    )


def _product(share: Share, items: Estimate) -> tuple[float, float]:
    """The ends of a share times an item count that is itself an estimate: on the logarithm the two errors add up as squares."""
    if not share.value:
        return 0.0, share.high * items.high
    value = share.value * items.value
    if not share.low or not items.low:
        return 0.0, share.high * items.high
    below = math.hypot(math.log(share.value / share.low), math.log(items.value / items.low))
    above = math.hypot(math.log(share.high / share.value), math.log(items.high / items.value))
    return value * math.exp(-below), value * math.exp(above)


def _at_rank(sizes: Sequence[tuple[int, int]], rank: int) -> int:
    seen = 0
    for size, number in sizes:
        seen += number
        if seen >= rank:
            return size
    return sizes[-1][0]


# -------------------------------------------------------------------------------------------------------------- planning


def segments_for_mean(estimates: Estimates, *, within: float) -> int:
    """
    How many segments bring the mean size to within `within` of itself (0.05: 5 %), by the spread between those that were read.

    m0 = (t s / (within * mean * mean(n)))**2, corrected for the finite population: m0 / (1 + m0 / M). Source: Cochran, 4.6.
    """
    total = estimates.sample.total_segments
    mean, error = estimates.sums.ratio(estimates.segment_bytes, estimates.segment_items)
    if mean <= 0 or math.isinf(error):
        return total
    read, left = estimates.segments_read, 1 - estimates.part_read
    if left <= 0:
        return total
    relative = error / mean / math.sqrt(left)  # what the error would be if M were without end
    wanted = read * (t_quantile(max(estimates.sums.degrees, 1)) * relative / math.log1p(within)) ** 2
    return min(math.ceil(wanted / (1 + wanted / total)), total)


def segments_for_share(estimates: Estimates, line_bytes: int, *, within: float, found: int | None = None) -> int:
    """
    How many segments bring the share of items over a line to within `within` (0.001: a tenth of a percent) on either side, if the rest is as
    those that were read; where none was found, to a bound of `within`. `found` is as of `share_over`.
    """
    share, total = estimates.share_over(line_bytes, found=found), estimates.sample.total_segments
    if not share.worth or estimates.missing_share:
        return total
    a_segment = share.worth / estimates.segments_read
    low, high = 1, total
    while low < high:
        middle = (low + high) // 2
        if _reach(share, a_segment * middle, middle / total) <= within:
            high = middle
        else:
            low = middle + 1
    return low


def _reach(share: Share, worth: float, part: float) -> float:
    """How far the interval of a share would reach from it with a sample worth so many items."""
    if part >= 1:
        return 0.0
    if not share.found:
        read = max(int(worth), 1)
        population = max(round(read / part), read)
        return at_most(population, read) / population
    left = worth / (1 - part)
    low, high = wilson(share.value * left, left)
    return max(share.value - low, high - share.value)


def more_segments(
    estimates: Estimates,
    *,
    lines_bytes: Iterable[int] = (),
    found: Callable[[int], int | None] = lambda _line_bytes: None,
    share_within: float,
    mean_within: float,
    at_most_segments: int,
) -> int:
    """
    How many segments to read beyond those that were, for every share over a line and the mean size to be as near as wanted: 0 when they are,
    and never so many that there are more than `at_most_segments` in all. `found` tells how many of the items read are over a line, for
    those that were not counted in every segment.

    Ask it once, after a first sample of at least `MIN_SEGMENTS`: a sample that is enlarged until it looks good, again and again, looks better
    than it is.
    """
    wanted = segments_for_mean(estimates, within=mean_within)
    for line in lines_bytes:
        wanted = max(wanted, segments_for_share(estimates, line, within=share_within, found=found(line)))
    return max(min(max(wanted, MIN_SEGMENTS), at_most_segments, estimates.sample.total_segments) - estimates.segments_read, 0)
