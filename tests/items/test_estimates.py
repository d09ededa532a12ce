"""
Whether intervals of samples hold what they promise: tables made up in memory, drawn from hundreds of times, with fixed seeds; and the
arithmetic by hand on small ones.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import pytest

from stj_audit.facts import MAX_ITEM_BYTES, ItemSample, SampledSegment
from stj_audit.items.estimates import (
    MIN_SEGMENTS,
    Estimate,
    Estimates,
    Sums,
    exceptional,
    more_segments,
    segments_for_mean,
    segments_for_share,
)
from stj_audit.items.intervals import at_most, normal_quantile, t_quantile, wilson
from stj_audit.items.plan import read_units_of_a_segment, segments_of
from tests.builders import a_sample, some_keys
from tests.engines.dynamodb_local import DynamoDBLocal, fresh_name

pytestmark = pytest.mark.slow

DRAWS = 500
LOWEST, HIGHEST = 0.93, 0.97  # of 95 %: two standard errors of 500 draws are 2 %
KB = 1024


# --------------------------------------------------------------------------------------------------- tables to draw from


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """A table by its segments, and how many of its items are over `line`."""

    segments: Sequence[SampledSegment]
    line: int
    sort_key: bool = False

    @property
    def items(self) -> int:
        return sum(one.items for one in self.segments)

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.segments)

    @property
    def over(self) -> int:
        return sum(one.over[self.line] for one in self.segments)

    def drawn(self, number: int, random: Random, *, stated: bool = True) -> Estimates:
        """So many random segments of it; `stated`: DescribeTable says how many items and bytes there are."""
        sample = ItemSample(
            total_segments=len(self.segments),
            segments=tuple(random.sample(self.segments, number)),
            item_count=self.items if stated else None,
            size_bytes=self.bytes if stated else None,
        )
        return Estimates(sample, keys_read=sum(one.items for one in sample.segments) // 10 if self.sort_key else None)


def dealt(items: Iterable[tuple[int, int]], total_segments: int, line: int, random: Random, *, sort_key: bool = False) -> Whole:
    """Items as (key, size) in segments, all of one key in the same."""
    sums = [[0, 0, 0] for _ in range(total_segments)]
    place: dict[int, list[int]] = {}
    for key, size in items:
        segment = place.get(key)
        if segment is None:
            segment = place[key] = random.choice(sums)
        segment[0] += 1
        segment[1] += size
        segment[2] += size > line
    segments = [SampledSegment(items=items, bytes=size, over={line: over}) for items, size, over in sums]
    return Whole(segments=segments, line=line, sort_key=sort_key)


def lognormal(random: Random, median: float, sigma: float) -> int:
    return min(int(random.lognormvariate(math.log(median), sigma)) + 1, MAX_ITEM_BYTES)


@cache
def uniform() -> Whole:
    random = Random(1)
    return dealt(((key, random.randint(200, 1_800)) for key in range(60_000)), 150, 1_720, random)


@cache
def heavy_tailed() -> Whole:
    """A mean of 12 KB, a median of 4 KB, and one item in 60 above 100 KB."""
    random = Random(2)
    return dealt(((key, lognormal(random, 4_000, 1.5)) for key in range(40_000)), 400, 100 * KB, random)


@cache
def rarely_oversized() -> Whole:
    """One item in 600 above 300 KB: a sample of 60 segments holds about ten of them."""
    random = Random(3)
    return dealt(((key, lognormal(random, 4_000, 1.5)) for key in range(40_000)), 400, 300 * KB, random)


def collections(random: Random, number: int) -> list[tuple[int, int]]:
    """Collections of 1 to 80 items, those of one alike in size."""
    items: list[tuple[int, int]] = []
    for key in range(number):
        median = lognormal(random, 1_000, 0.5)
        items += [(key, lognormal(random, median, 0.8)) for _ in range(1 + int(random.expovariate(1 / 8)))]
    return items


@cache
def even_collections() -> Whole:
    random = Random(4)
    return dealt(collections(random, 4_000), 200, 5 * KB, random, sort_key=True)


@cache
def with_hot_collection() -> Whole:
    """A fifth of the items in one collection, and those are three times as large as the others."""
    random = Random(5)
    cold = collections(random, 4_000)
    hot = [(-1, lognormal(random, 3_000, 1)) for _ in range(len(cold) // 4)]
    return dealt(cold + hot, 300, 5 * KB, random, sort_key=True)


# ----------------------------------------------------------------------------------------------------------- coverage


def coverage(whole: Whole, number: int, *, stated: bool = True, draws: int = DRAWS) -> dict[str, float]:
    """In which share of the draws each interval holds the truth."""
    random = Random(6)
    items, size, over = whole.items, whole.bytes, whole.over
    held = dict.fromkeys(("share", "guaranteed", "mean", "total", "count"), 0)
    for _ in range(draws):
        drawn = whole.drawn(number, random, stated=stated)
        share, mean, count = drawn.share_over(whole.line), drawn.mean_bytes, drawn.count_over(whole.line)
        assert mean is not None
        held["share"] += share.low <= over / items <= share.high
        held["guaranteed"] += share.low_guaranteed <= over / items <= share.high_guaranteed
        held["mean"] += mean.low <= size / items <= mean.high
        held["total"] += drawn.total_bytes.low <= size <= drawn.total_bytes.high
        assert count.high is not None
        held["count"] += count.low <= over <= count.high
    return {what: number / draws for what, number in held.items()}


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(("table", "number"), [(uniform, 40), (heavy_tailed, 40), (rarely_oversized, 60), (even_collections, 60)])
def test_95_of_100_samples_hold_the_truth(table: Callable[[], Whole], number: int, stated: bool) -> None:
    held = coverage(table(), number, stated=stated)
    assert held.pop("guaranteed") >= LOWEST
    assert {what: share for what, share in held.items() if not LOWEST <= share <= HIGHEST} == {}


def test_a_hot_collection_is_noticed_by_the_item_count_and_the_intervals_reach_further() -> None:
    # Most draws leave it out: then a fifth of the items is missing, and may be anything. This covers more than 95 %, because beside what is
    # known nothing less would be true; a sample that has it lets it stand for itself.
    whole = with_hot_collection()
    held = coverage(whole, 60)
    assert {what: share for what, share in held.items() if share < LOWEST} == {}
    random = Random(7)
    drawn = [whole.drawn(60, random) for _ in range(200)]
    without = [one for one in drawn if max(segment.items for segment in one.sample.segments) < 0.1 * whole.items]
    assert 0.7 < len(without) / len(drawn) < 0.9  # 240 of 300 segments are not drawn
    noticed = [one for one in without if one.missing_share > 0.15]
    assert len(noticed) >= 0.95 * len(without)
    assert all(one.missing_share == 0 for one in drawn if one not in without)


def test_a_hot_collection_that_no_item_count_tells_of_is_missed() -> None:
    # The known limit of a sample: without DescribeTable's count nothing tells that a collection was not drawn.
    held = coverage(with_hot_collection(), 60, stated=False, draws=200)
    assert held["share"] < 0.5
    assert held["mean"] < 0.5


def test_sizes_planned_from_a_first_sample_hold_the_truth_as_well() -> None:
    whole, random, held, draws = heavy_tailed(), Random(8), 0, 400
    segments = []
    for _ in range(draws):
        order = random.sample(range(len(whole.segments)), len(whole.segments))

        def read(number: int, order: Sequence[int] = order) -> Estimates:
            taken = tuple(whole.segments[place] for place in order[:number])
            return Estimates(ItemSample(total_segments=len(whole.segments), segments=taken, item_count=whole.items))

        more = more_segments(
            read(MIN_SEGMENTS), lines_bytes=(whole.line,), share_within=0.004, mean_within=0.1, at_most_segments=300
        )
        both = read(MIN_SEGMENTS + more)
        share = both.share_over(whole.line)
        held += share.low <= whole.over / whole.items <= share.high
        segments.append(both.segments_read)
    assert LOWEST <= held / draws <= HIGHEST
    assert MIN_SEGMENTS < sorted(segments)[draws // 2] < 120


def test_a_tenth_of_a_percent_takes_less_than_a_hundredth_of_ten_gigabytes() -> None:
    # 0.2 % of the items are above 300 KB, at a mean of 6.6 KB; a sixteenth of the table is made up, and is there sixteen times
    random, line, size = Random(9), 300 * KB, 10 * 1024**3
    total = segments_of(size)
    part = dealt(((key, lognormal(random, 1_000, 2)) for key in range(100_000)), total // 16, line, random)
    whole = Whole(segments=list(part.segments) * 16, line=line)
    assert total == len(whole.segments) == 10_240
    assert whole.bytes == pytest.approx(size, rel=0.05)
    assert 0.001 < whole.over / whole.items < 0.003
    needed, held = [], 0
    for _ in range(60):
        first = whole.drawn(MIN_SEGMENTS, random)
        more = more_segments(first, lines_bytes=(line,), share_within=0.001, mean_within=1, at_most_segments=total)
        drawn = whole.drawn(MIN_SEGMENTS + more, random)
        share = drawn.share_over(line)
        held += share.low <= whole.over / whole.items <= share.high
        assert share.half_width < 0.002
        needed.append(drawn.segments_read)
    assert held >= 54
    units = [number * read_units_of_a_segment(size, total) for number in sorted(needed)]
    whole_units = 1_310_720
    assert units[len(units) // 2] <= whole_units / 100
    assert units[-1] <= whole_units / 20


@pytest.mark.dynamodb_local
def test_real_segments_of_a_real_scan(dynamodb_local: DynamoDBLocal) -> None:
    client, name, random = dynamodb_local.client(), fresh_name("sampled"), Random(10)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "order", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    puts = [
        {"customer": {"S": f"c{customer}"}, "order": {"N": str(order)}, "text": {"S": "x" * lognormal(random, 60, 1)}}
        for customer in range(1_500)
        for order in range(1 + int(random.expovariate(0.5)))
    ]
    for start in range(0, len(puts), 25):
        client.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}} for item in puts[start : start + 25]]})
    total, line, segments, customers = 150, 200, [], []
    for number in range(total):
        answer = client.scan(TableName=name, Segment=number, TotalSegments=total)
        assert "LastEvaluatedKey" not in answer
        sizes = [len(item["customer"]["S"]) + len(item["text"]["S"]) for item in answer["Items"]]
        segments.append(SampledSegment(items=len(sizes), bytes=sum(sizes), over={line: sum(size > line for size in sizes)}))
        customers.append({item["customer"]["S"] for item in answer["Items"]})
    assert sum(one.items for one in segments) == len(puts)
    assert sum(map(len, customers)) == len(set().union(*customers)) == 1_500  # no key lies in two segments
    whole = Whole(segments=segments, line=line, sort_key=True)
    for stated in (True, False):
        held = coverage(whole, 40, stated=stated, draws=400)
        assert held.pop("guaranteed") >= LOWEST
        assert {what: share for what, share in held.items() if not LOWEST <= share <= HIGHEST} == {}


# ------------------------------------------------------------------------------------------------- the numbers by hand


def sample(
    *segments: tuple[int, int, int], total: int = 10, stated: int | None = None, size_bytes: int | None = None
) -> ItemSample:
    """Segments as (items, bytes, items over 100)."""
    read = tuple(SampledSegment(items=items, bytes=size, over={100: over}) for items, size, over in segments)
    return ItemSample(total_segments=total, segments=read, item_count=stated, size_bytes=size_bytes)


THREE = sample((10, 1_000, 1), (20, 2_400, 4), (30, 2_600, 1))


def test_ratio_and_its_error_by_hand() -> None:
    sums = Sums(total_segments=10, read=3)
    # 6,000 bytes in 60 items; residuals 0, 400 and -400: s**2 = 320,000 / 2; error sqrt(0.7 * 160,000 / 3) / 20
    ratio, error = sums.ratio([1_000, 2_400, 2_600], [10, 20, 30])
    assert ratio == 100
    assert error == pytest.approx(math.sqrt(0.7 * 160_000 / 3) / 20)
    # and a total: mean 20 items, s**2 = 100
    assert sums.total([10, 20, 30]) == pytest.approx(200)
    assert sums.error([10, 20, 30]) == pytest.approx(10 * math.sqrt(0.7 * 100 / 3))


def test_mean_and_totals_by_hand() -> None:
    drawn = Estimates(THREE)
    mean = drawn.mean_bytes
    assert mean is not None
    assert mean.value == 100
    factor = math.exp(t_quantile(2) * math.sqrt(0.7 * 160_000 / 3) / 20 / 100)
    assert (mean.low, mean.high) == pytest.approx((100 / factor, 100 * factor))
    assert mean.half_width == pytest.approx(100 * factor - 100)
    assert drawn.item_count.value == pytest.approx(200)
    assert drawn.total_bytes.value == pytest.approx(20_000)
    stated = Estimates(sample((10, 1_000, 1), (20, 2_400, 4), (30, 2_600, 1), stated=210))
    assert stated.total_bytes.value == pytest.approx(21_000)
    assert stated.total_bytes.high == pytest.approx(21_000 * factor)
    assert drawn.scaled(12) == pytest.approx(40)


def test_share_with_its_design_effect_by_hand() -> None:
    share = Estimates(THREE).share_over(100)
    # 6 of 60; residuals 0, 2, -2: variance 0.7 * 4 / 3 / 400 = 1 / 428.6; binomial 0.7 * 0.09 / 60 = 1 / 952.4
    effect = (0.7 * 4 / 3 / 400) / (0.7 * 0.09 / 60)
    assert share.value == pytest.approx(0.1)
    assert share.design_effect == pytest.approx(effect)
    assert share.worth == pytest.approx(60 / effect)
    left = 60 / effect / 0.7
    assert (share.low, share.high) == pytest.approx(wilson(0.1 * left, left, quantile=t_quantile(2)))
    assert share.low_guaranteed < share.low < share.high < share.high_guaranteed


def test_segments_that_are_alike_are_worth_no_more_than_items_drawn_one_by_one() -> None:
    share = Estimates(sample((10, 1_000, 1), (10, 1_000, 1), (10, 1_000, 1))).share_over(100)
    assert share.design_effect == 1
    assert (share.low, share.high) == pytest.approx(wilson(30 / 7, 300 / 7, quantile=normal_quantile()))


def test_a_line_that_was_not_counted_by_segment_takes_the_design_effect_of_the_others() -> None:
    drawn = Estimates(THREE)
    effect = drawn.share_over(100).design_effect
    assert drawn.typical_design_effect == effect
    other = drawn.share_over(150, found=3)
    assert (other.value, other.design_effect) == (0.05, effect)
    with pytest.raises(KeyError):
        drawn.share_over(150)
    plain = Estimates(sample((10, 1_000, 0), (20, 2_400, 0)))
    assert (plain.typical_design_effect, plain.share_over(150, found=3).design_effect) == (1, 1)


def test_every_segment_read_leaves_no_doubt() -> None:
    drawn = Estimates(sample((10, 1_000, 1), (20, 2_400, 4), total=2, stated=1))
    share, mean, count = drawn.share_over(100), drawn.mean_bytes, drawn.count_over(100)
    assert mean is not None
    assert share.low == share.high == share.low_guaranteed == share.high_guaranteed == pytest.approx(5 / 30)
    assert mean.low == mean.high == pytest.approx(3_400 / 30)
    assert drawn.item_count.low == drawn.item_count.high == 30
    assert count.found == 5


def test_a_single_segment_bounds_nothing() -> None:
    drawn = Estimates(sample((10, 1_000, 1)), keys_read=3)
    mean, share = drawn.mean_bytes, drawn.share_over(100)
    assert mean is not None
    assert (mean.low, mean.high) == (0, math.inf)
    assert (share.low, share.high) == (0, 1)
    assert (drawn.count_over(100).low, drawn.count_over(100).high) == (1, None)


def test_a_sample_without_an_item_says_nothing() -> None:
    drawn = Estimates(sample((0, 0, 0), (0, 0, 0)))
    assert drawn.mean_bytes is None
    assert (drawn.share_over(100).low, drawn.share_over(100).high) == (0, 1)
    assert drawn.count_over(100).found == 0


@pytest.mark.parametrize(("stated", "most"), [(None, None), (900, 900)])
def test_of_a_table_whose_segments_read_are_empty_nobody_knows_how_many_items_it_has(stated: int | None, most: int | None) -> None:
    nothing = Estimate(value=0, low=0, high=math.inf)
    drawn = Estimates(sample(*[(0, 0, 0)] * 40, total=120, stated=stated))
    assert (drawn.item_count, drawn.total_bytes, drawn.counts_apart) == (nothing, nothing, False)
    assert (drawn.count_over(100).low, drawn.count_over(100).high) == (0, most)
    whole = Estimates(sample((0, 0, 0), (0, 0, 0), total=2))
    assert (whole.item_count.high, whole.total_bytes.high) == (0, 0)


def test_empty_segments_count_as_segments() -> None:
    drawn = Estimates(sample((10, 1_000, 1), (0, 0, 0), (0, 0, 0), (10, 1_000, 1)))
    assert drawn.item_count.value == pytest.approx(50)


# ------------------------------------------------------------------------------------------------------- nothing found


def test_none_of_the_items_is_the_hypergeometric_bound() -> None:
    none = [(100, 10_000, 0)] * 10
    drawn = Estimates(sample(*none, total=100, stated=10_000))
    assert drawn.share_over(100).high == at_most(10_000, 1_000) / 10_000
    assert (drawn.count_over(100).low, drawn.count_over(100).high) == (0, 28)


def test_none_found_among_collections_is_a_bound_of_keys() -> None:
    none = [(100, 10_000, 0)] * 10
    drawn = Estimates(sample(*none, total=100, stated=10_000), keys_read=50)
    assert drawn.share_over(100).high == at_most(500, 50) / 500
    assert drawn.share_over(100).worth == 50


# -------------------------------------------------------------------------------------------- counts and stale numbers


def test_counts_by_share_and_by_segments_are_both_told() -> None:
    alike = [(100, 10_000, 5), (90, 9_000, 4), (110, 11_000, 6)] * 4
    near = Estimates(sample(*alike, total=120, stated=12_500)).count_over(100)
    assert (near.found, near.by_share, near.by_segments, near.apart) == (60, 625, 600, False)
    far = Estimates(sample(*alike, total=120, stated=20_000)).count_over(100)
    assert (far.by_share, far.by_segments, far.apart) == (1_000, 600, True)
    assert far.low < 600
    assert (far.high or 0) > 1_000
    unknown = Estimates(sample(*alike, total=120)).count_over(100)
    assert (unknown.by_share, unknown.by_segments, unknown.apart) == (None, 600, False)
    assert unknown.low < 600 < (unknown.high or 0)


def test_an_old_item_count_is_not_used_for_the_bytes() -> None:
    alike = [(100, 10_000, 5), (90, 9_000, 4), (110, 11_000, 6)] * 4
    assert Estimates(sample(*alike, total=120, stated=20_000)).total_bytes.value == pytest.approx(1_200_000)


def test_missing_items_of_collections_may_be_anything() -> None:
    alike = [(100, 10_000, 5), (90, 9_000, 4), (110, 11_000, 6)] * 4
    seen = Estimates(sample(*alike, total=120), keys_read=240)
    drawn = Estimates(sample(*alike, total=120, stated=16_000), keys_read=240)
    assert 0.25 < drawn.missing_share < 0.3  # 4,000 of 16,000, and what chance adds
    assert drawn.share_over(100).low < seen.share_over(100).low
    assert drawn.share_over(100).high > drawn.missing_share
    mean = drawn.mean_bytes
    assert mean is not None
    assert mean.high > 0.25 * MAX_ITEM_BYTES
    # with the bytes that DescribeTable states the mean is known from there: what is missing has 500 bytes an item
    both = Estimates(sample(*alike, total=120, stated=16_000, size_bytes=3_200_000), keys_read=240).mean_bytes
    assert both is not None
    assert (both.value, both.high) == (200, 200)
    assert both.low == pytest.approx(100)
    # without collections there is nothing to be missed: the count is old
    assert Estimates(sample(*alike, total=120, stated=16_000)).missing_share == 0


def test_a_segment_with_a_large_collection_stands_for_itself() -> None:
    items = [100, 110, 90, 105, 95] * 8
    assert exceptional(items) == frozenset()
    assert exceptional([*items, 900]) == frozenset()
    assert exceptional([*items, 1_000]) == frozenset({40})
    assert exceptional([*items, 1_000, 50_000]) == frozenset({40, 41})
    assert exceptional([5, 5, 5, 5, 5, 5, 5, 5, 5, 90]) == frozenset()  # too few items to say
    sums = Sums(total_segments=400, read=41, alone=frozenset({40}))
    assert sums.total([*items, 50_000]) == pytest.approx(50_000 + 399 / 40 * 4_000)
    segments = [(number, number * 100, 0) for number in [*items, 50_000]]
    stated = sample(*segments, total=400, stated=90_000)
    assert Estimates(stated, keys_read=500).item_count.value == pytest.approx(89_900)
    # where DescribeTable's count speaks for it, it is one of many such
    many = sample(*segments, total=400, stated=520_000)
    assert Estimates(many, keys_read=500).item_count.value == pytest.approx(400 / 41 * 54_000)


# ----------------------------------------------------------------------------------------------- quantiles, cardinality


def test_quantiles_lie_between_order_statistics() -> None:
    items = a_sample(dict.fromkeys(range(1, 1_001), 1))
    drawn = Estimates.of(items, sort_key=False)
    assert drawn is not None
    # binomial ranks of the median of 1,000: 469 and 532
    assert drawn.quantile(items.sizes, 0.5) == (469, 532)
    low, high = drawn.quantile(items.sizes, 0.999)
    assert low is not None
    assert high is None  # the largest item read is no upper bound of anything
    few = a_sample({1_000: 3})
    small = Estimates.of(few, sort_key=False)
    assert small is not None
    assert small.quantile(few.sizes, 0.5) == (None, None)


def test_keys_are_counted_by_segments() -> None:
    keys = Estimates(THREE, keys_read=12).distinct_keys([2, 4, 6])
    assert keys.value == pytest.approx(40)
    assert keys.low < 40 < keys.high


def test_a_full_reading_and_a_sample_of_unknown_kind_give_no_estimates() -> None:
    items = a_sample()
    assert Estimates.of(items, sort_key=False) is not None
    assert Estimates.of(replace(items, coverage="full"), sort_key=False) is None
    assert Estimates.of(replace(items, sample=None), sort_key=False) is None


@pytest.mark.parametrize(("distinct", "keys_read"), [(300, 300), (None, 1_025)])
def test_more_keys_than_are_counted_are_at_least_so_many(distinct: int | None, keys_read: int) -> None:
    drawn = Estimates.of(a_sample(keys=(some_keys(distinct),)), sort_key=True)
    assert drawn is not None
    assert drawn.keys_read == keys_read
    unseen = Estimates.of(a_sample(), sort_key=True)
    assert unseen is not None
    assert unseen.keys_read == 40  # each segment that holds an item has a key


# ------------------------------------------------------------------------------------------------------------- planning


def test_as_many_segments_as_the_error_of_the_mean_takes() -> None:
    segments = [(100, 10_000 + 100 * (-1) ** place, 1) for place in range(40)]
    drawn = Estimates(sample(*segments, total=1_000_000))
    mean = drawn.mean_bytes
    assert mean is not None
    reached = mean.high / mean.value - 1
    assert segments_for_mean(drawn, within=reached) == pytest.approx(40, abs=1)
    # half the error takes four times as many
    assert segments_for_mean(drawn, within=reached / 2) == pytest.approx(160, abs=2)
    # and of few segments never more than there are
    assert segments_for_mean(Estimates(sample(*segments, total=50)), within=1e-9) == 50


def test_as_many_segments_as_the_width_of_the_share_takes() -> None:
    drawn = Estimates(sample(*[(100, 10_000, 1)] * 40, total=1_000_000))
    number = segments_for_share(drawn, 100, within=0.001)
    enough, few = (wilson(0.01 * 100 * many, 100 * many) for many in (number, number - 2))
    assert max(0.01 - enough[0], enough[1] - 0.01) <= 0.001 < max(0.01 - few[0], few[1] - 0.01)
    # none found: the rule of three, 3,000 items
    none = Estimates(sample(*[(10, 10_000, 0)] * 40, total=1_000_000))
    assert segments_for_share(none, 100, within=0.001) == pytest.approx(300, abs=1)
    assert segments_for_share(Estimates(sample((0, 0, 0), total=99)), 100, within=0.1) == 99


def test_more_segments_up_to_the_cap_and_none_when_it_is_enough() -> None:
    drawn = Estimates(sample(*[(100, 10_000, 1)] * 40, total=10_000))

    def more(share_within: float, cap: int) -> int:
        return more_segments(drawn, lines_bytes=(100,), share_within=share_within, mean_within=0.1, at_most_segments=cap)

    assert more(0.1, 1_000) == 0
    assert more(0.001, 10_000) == segments_for_share(drawn, 100, within=0.001) - 40
    assert more(0.001, 100) == 60
    assert more(0.001, 30) == 0
