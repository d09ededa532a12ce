"""What a sample says of its table, in words, and when it is too thin to judge by."""

import math
from decimal import Decimal

from stj_audit.facts import ItemSizes, Table
from stj_audit.items.estimates import Count, Estimate, Estimates
from stj_audit.wording import count, counted, kilobytes, percent, round_figure, size

# AWS's skill for DynamoDB item sizes lowers what it found in fewer items, or in a smaller part of the table
THIN_ITEMS = 100
THIN_SHARE = Decimal("0.0001")
STOPPED = {
    "precision": "",
    "budget": ", as far as the scan budget goes",
    "cap": ", as far as the cap on read units goes",
    "time": ", as far as ten minutes at a fifth of its capacity go",
    "throttled": ", until the table was throttled",
    "interrupted": ", until the audit was interrupted",
    "out of time": ", until the audit's time was over",
}


def is_thin(items: ItemSizes) -> bool:
    """Whether a finding that rests on a share or a mean of the items read alone should weigh little: they are very few."""
    if items.coverage == "full":
        return False
    sample = items.sample
    if items.scanned < THIN_ITEMS:
        return True
    return sample is not None and bool(sample.item_count) and items.scanned < THIN_SHARE * (sample.item_count or 0)


def about_over(table: Table, items: ItemSizes, line_bytes: int) -> str:
    """
    What a sample lets expect of the items of the whole table over a line: "with 95% confidence at most 880 of about 12,000,000 items are",
    "about 1,200 (900 to 1,600) of about 12,000,000 items". Empty where it lets expect nothing.
    """
    estimates = Estimates.of(items, sort_key=bool(table.range_attributes))
    found = items.over(line_bytes)
    over = None if estimates is None or not estimates.items_read else estimates.count_over(line_bytes, found=found)
    if estimates is None or over is None or over.high is None:
        return ""
    if found:
        return f"about {_most_likely(over)} ({count(over.low)} to {count(over.high)}) of {_all(estimates)}"
    bound = estimates.share_over(line_bytes, found=0)
    if not bound.high:
        return ""
    if estimates.missing_share:
        return (
            f"up to {percent(estimates.missing_share)} of the items may be in collections that no segment read holds, and of those it "
            "says nothing"
        )
    if estimates.keys_read is not None:
        return f"with 95% confidence at most {percent(bound.high)} of the partition key values have one"
    return f"with 95% confidence at most {count(over.high)} of {_all(estimates)} are"


def about_sample(table: Table, items: ItemSizes, line_bytes: int) -> str:
    """One sentence on what was read of a table, what follows, and what cannot be known from it."""
    estimates = Estimates.of(items, sort_key=bool(table.range_attributes))
    if estimates is None:
        return (
            f"{table.name}: a sample of {counted(items.scanned, 'item')} was read; how it was drawn is not known, so it says little of the "
            "rest"
        )
    sample = estimates.sample
    stopped = STOPPED.get(sample.stopped_by, f" ({sample.stopped_by})")
    verb = "was" if estimates.segments_read == 1 else "were"
    read = f"{table.name}: {count(estimates.segments_read)} of {counted(sample.total_segments, 'segment')} {verb} read{stopped}"
    mean = estimates.mean_bytes
    if mean is None:
        return f"{read}, and held no item: how large its items are is not known"
    line = kilobytes(line_bytes)
    found, expected = items.over(line_bytes), about_over(table, items, line_bytes)
    seen = f"{counted(found, 'item')} above {line} seen" if found else f"none above {line} was seen"
    parts = [
        f"{read} ({count(items.scanned)} of {_all(estimates)}): mean item {_mean(mean)}",
        f"{seen}: {expected}" if expected else seen,
        "a single large item or collection can be missed" if table.range_attributes else "a single large item can be missed",
    ]
    if estimates.counts_apart:
        parts.append(
            f"DescribeTable states {counted(sample.item_count or 0, 'item')}, the segments come to about {_about(estimates.item_count)}: its "
            "count is old" + (", or a large collection was not drawn" if estimates.missing_share else "")
        )
    elif table.range_attributes and not sample.item_count:
        parts.append("DescribeTable states no item count, so a large collection that was not drawn leaves no trace")
    return "; ".join(parts)


def _mean(mean: Estimate) -> str:
    if math.isinf(mean.high):
        return f"{size(mean.value)}, and how far that is off is not known"
    off = mean.half_width / mean.value
    even = math.isclose(mean.value / mean.low, mean.high / mean.value, rel_tol=0.05)
    return f"{size(mean.value)} ± {percent(off)}" if even else f"{size(mean.low)} to {size(mean.high)}"


def _all(estimates: Estimates) -> str:
    stated = estimates.sample.item_count
    return f"about {_rounded(stated)} items" if stated else f"about {_about(estimates.item_count)} items"


def _about(number: Estimate) -> str:
    return _rounded(round(number.value))


def _rounded(number: int) -> str:
    return count(round_figure(number))


def _most_likely(over: Count) -> str:
    return _rounded(over.by_segments if over.by_share is None else over.by_share)
