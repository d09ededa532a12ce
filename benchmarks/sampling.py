"""
How much of a table has to be read to know the share of its oversized items: a simulation of a table of 10 GB, from which samples are drawn.

Its items lie in collections, and those that are oversized lie together: in one of 50 collections a fifth of the items. That is harder than
items drawn one by one, because a segment holds whole collections.
"""

import random
import statistics
from functools import cache

from benchmarks.measuring import Effort, Measured
from stj_audit.facts import ItemSample, SampledSegment
from stj_audit.items.estimates import MIN_SEGMENTS, Estimates, more_segments
from stj_audit.items.plan import read_units_of_a_segment, segments_of

TABLE_BYTES = 10 * 1024**3
ITEM_BYTES = 1_024
LINE_BYTES = 300 * 1_024
WITHIN = 0.001
MEAN_WITHIN = 1e6  # the mean size is not asked for here
COLLECTION_ITEMS = 8  # on average; the sizes of collections fall off exponentially
HEAVY_COLLECTIONS = 0.02
OVERSIZED_IN_HEAVY = 0.2
DRAWS_PER_ROUND = 30


def read_units(effort: Effort) -> Measured:
    """The ratio is that of the read units, on average over the draws; what was drawn first, to plan the rest, is in it."""
    table = _table()
    total = len(table)
    truth = sum(one.over[LINE_BYTES] for one in table) / sum(one.items for one in table)
    ratios, held = [], 0
    draws = effort.rounds * DRAWS_PER_ROUND
    for seed in range(draws):
        order = random.Random(seed).sample(range(total), total)
        read = MIN_SEGMENTS
        sample = _estimates(table, order[:read])
        while (share := sample.share_over(LINE_BYTES)).half_width > WITHIN:
            # The tool plans once, and says what it reached; here the plan is drawn up until the share is as near as wanted
            more = more_segments(
                sample, lines_bytes=(LINE_BYTES,), share_within=WITHIN, mean_within=MEAN_WITHIN, at_most_segments=total
            )
            read += max(more, 1)
            sample = _estimates(table, order[:read])
        held += share.low <= truth <= share.high
        ratios.append(_units(read, total) / _units(total, total))
    return Measured(
        rival=f"{_units(total, total):,.0f} read units",
        ours=f"{statistics.mean(ratios) * _units(total, total):,.0f} read units",
        ratio=statistics.mean(ratios),
        floor=f"{_units(MIN_SEGMENTS, total):,.0f} read units, {MIN_SEGMENTS} segments",
        note=f"{held / draws:.0%} of {draws} samples held the true {truth:.2%}",
    )


def _units(segments: int, total: int) -> float:
    return segments * float(read_units_of_a_segment(TABLE_BYTES, total))


def _estimates(table: tuple[SampledSegment, ...], places: list[int]) -> Estimates:
    drawn = tuple(table[place] for place in places)
    sample = ItemSample(
        total_segments=len(table),
        segments=drawn,
        item_count=TABLE_BYTES // ITEM_BYTES,
        size_bytes=TABLE_BYTES,
    )
    return Estimates(sample, keys_read=sum(one.items for one in drawn) // COLLECTION_ITEMS)


@cache
def _table() -> tuple[SampledSegment, ...]:
    chance = random.Random("sampling")
    total = segments_of(TABLE_BYTES)
    return tuple(_segment(chance, TABLE_BYTES // ITEM_BYTES // total) for _ in range(total))


def _segment(chance: random.Random, mean_items: int) -> SampledSegment:
    items = over = 0
    for _ in range(round(chance.gauss(mean_items / COLLECTION_ITEMS, (mean_items / COLLECTION_ITEMS) ** 0.5))):
        here = 1 + int(chance.expovariate(1 / (COLLECTION_ITEMS - 0.5)))
        items += here
        if chance.random() < HEAVY_COLLECTIONS:
            over += sum(chance.random() < OVERSIZED_IN_HEAVY for _ in range(here))
    return SampledSegment(items=items, bytes=items * ITEM_BYTES, over={LINE_BYTES: over})
