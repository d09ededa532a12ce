"""
Whether a table holds an item above a line: one is proof, none is proof only where every item was read, as the table stood.

"As it stood" is told by DescribeTable, asked before the items are read and once more after. What it states is hours old on AWS, so it is not
the number of items that were read: of a table that grows the two differ in every reading, which says nothing of the reading, and is not held
against it. But it states the same, hours old, before and after. If these two differ by more than a twentieth, AWS has counted anew between,
which it does about every six hours, or, on an engine that states what is there, items came or went meanwhile. Either way a good part of the
table may be new, so the answer is that nobody knows; the next reading tells. Where none were stated before, as of a new table, the items that
were read take their place.

Where nothing at all was read, and DescribeTable states more than a page can hold both before and after, nobody knows either: the table was
emptied since AWS last counted, or what answers is not that table.
"""

from collections.abc import Iterator
from datetime import datetime

from stj_audit.facts import ItemSizes, ItemsReading, TableFacts, Unknown
from stj_audit.items.estimates import Estimates
from stj_audit.items.told import STOPPED, about_over
from stj_audit.report import INCONCLUSIVE, NONE, NOT_READ, OVER, ItemsVerdict, Largest
from stj_audit.wording import count, counted, kilobytes, size

CHANGED_SHARE = 0.05  # of the items or bytes that were stated before
EMPTY_AGAINST_ITEMS, EMPTY_AGAINST_BYTES = (
    1_000,
    1024**2,
)  # stated of a table of which nothing was read; a page of Scan ends at 1 MB
MOST_TOLD = 3  # oversized items told in a sentence; the run file has ten


def of_table(facts: TableFacts, line_bytes: int) -> ItemsVerdict:
    """The verdict on a table that was described."""
    seen = _Seen(facts, line_bytes)
    if seen.found:
        return _over(seen)
    if isinstance(facts.items, Unknown):
        return _unknown(seen, facts.items)
    if facts.items.coverage == "full":
        return _whole(seen, facts.items)
    return _sampled(seen, facts.items)


def not_read(table: str, sentence: str, line_bytes: int) -> ItemsVerdict:
    """The verdict on a table that could not even be described."""
    return ItemsVerdict(
        table=table,
        verdict=NOT_READ,
        sentence=sentence,
        threshold_bytes=line_bytes,
        found=0,
        scanned=0,
        item_count=None,
        at_most=None,
    )


def declared_over(table: str, mean_bytes: int, line_bytes: int) -> ItemsVerdict:
    """The verdict on a table that is not there yet, and whose mean item is declared to be above the line: one of its items will be."""
    return ItemsVerdict(
        table=table,
        verdict=OVER,
        sentence=f"the mean item is declared with {counted(mean_bytes, 'byte')}, above {kilobytes(line_bytes)}",
        threshold_bytes=line_bytes,
        found=0,
        scanned=0,
        item_count=None,
        at_most=None,
    )


class _Seen:
    """What was seen of a table's items, those of segments that were not read to their end included: for a counterexample they are as good."""

    def __init__(self, facts: TableFacts, line_bytes: int) -> None:
        self.facts = facts
        self.line_bytes = line_bytes
        self.sizes = None if isinstance(facts.items, Unknown) else facts.items
        reading = facts.items_reading
        self.reading = reading
        of_sizes, scanned = (0, 0) if self.sizes is None else (self.sizes.over(line_bytes), self.sizes.scanned)
        of_pages = 0 if reading is None else reading.over(line_bytes)
        self.found = max(of_sizes, of_pages)
        self.scanned = max(scanned, 0 if reading is None else reading.scanned)
        largest = () if self.sizes is None else self.sizes.largest
        if reading is not None and of_pages >= of_sizes:
            largest = reading.largest
        self.largest = tuple(Largest(bytes=one.size_bytes, key_hash=one.key_hash) for one in largest if one.size_bytes > line_bytes)

    @property
    def item_count(self) -> int | None:
        """Of the whole table: as read where all were, else as DescribeTable states it; a 0 that is contradicted is not stated."""
        if self.sizes is not None and self.sizes.coverage == "full":
            return self.sizes.scanned
        return self.facts.table.item_count or None

    def verdict(self, verdict: str, sentence: str, *, at_most: int | None) -> ItemsVerdict:
        return ItemsVerdict(
            table=self.facts.table.title,
            verdict=verdict,
            sentence=sentence,
            threshold_bytes=self.line_bytes,
            found=self.found,
            scanned=self.scanned,
            item_count=self.item_count,
            at_most=at_most,
            largest=self.largest,
        )


def _over(seen: _Seen) -> ItemsVerdict:
    sizes, line = seen.sizes, kilobytes(seen.line_bytes)
    whole = sizes is not None and sizes.coverage == "full"
    of = f"{count(seen.scanned)} items read" if not whole else counted(seen.scanned, "item")
    at_least = "" if whole else "at least "
    told = [f"{count(one.bytes)} bytes (key hash {one.key_hash})" for one in seen.largest[:MOST_TOLD]]
    largest = f"; the largest: {', '.join(told)}" if told else ""
    sentence = f"{at_least}{counted(seen.found, 'item')} above {line} among {of}{largest}"
    at_most: int | None = seen.found if whole else None
    if sizes is not None and not whole:
        estimates = _estimates(seen.facts, sizes)
        if estimates is not None and estimates.items_read:
            high = estimates.count_over(seen.line_bytes, found=sizes.over(seen.line_bytes)).high
            at_most = None if high is None else max(high, seen.found)
    return seen.verdict(OVER, sentence, at_most=at_most)


def _whole(seen: _Seen, sizes: ItemSizes) -> ItemsVerdict:
    changed = _change(seen.facts, sizes)
    exact = f"{count(sizes.scanned)} of {counted(sizes.scanned, 'item')}"
    if changed:
        said = f"0 above {kilobytes(seen.line_bytes)} among {exact} read, but {changed}"
        return seen.verdict(INCONCLUSIVE, said, at_most=None)
    when = _when(seen.reading)
    return seen.verdict(NONE, f"exact: {exact}{when}; writes during or after the scan are not covered", at_most=0)


def _sampled(seen: _Seen, sizes: ItemSizes) -> ItemsVerdict:
    estimates = _estimates(seen.facts, sizes)
    if not sizes.scanned:
        return seen.verdict(INCONCLUSIVE, "; ".join(("the sample holds no item", *_why_stopped(sizes))), at_most=None)
    none = f"0 of {counted(sizes.scanned, 'item')} read are above {kilobytes(seen.line_bytes)}"
    bound: int | None = None
    if estimates is None:
        expected = "how they were drawn is not known, so they say little of the rest"
    elif estimates.keys_read is not None or estimates.missing_share:
        # Of a table whose items share partition keys the sample bounds the share of the keys, of which one may have many items
        expected = about_over(seen.facts.table, sizes, seen.line_bytes)
    else:
        bound, stated = estimates.count_over(seen.line_bytes, found=0).high, estimates.sample.item_count
        of = count(stated) if stated else f"about {count(round(estimates.item_count.value))}"
        expected = "" if bound is None else f"with 95% confidence at most {count(bound)} of {of}"
    return seen.verdict(INCONCLUSIVE, "; ".join(filter(None, (none, expected, *_why_stopped(sizes)))), at_most=bound)


def _unknown(seen: _Seen, why: Unknown) -> ItemsVerdict:
    reason = why.reason.removeprefix("not read: ")
    if not seen.scanned:
        return seen.verdict(NOT_READ, f"no item was read: {reason}", at_most=None)
    none = f"none of the {counted(seen.scanned, 'item')} that were seen is above {kilobytes(seen.line_bytes)}"
    return seen.verdict(NOT_READ, f"too few were read to be a sample: {reason}; {none}", at_most=None)


def _estimates(facts: TableFacts, sizes: ItemSizes) -> Estimates | None:
    return Estimates.of(sizes, sort_key=bool(facts.table.range_attributes))


def _why_stopped(sizes: ItemSizes) -> Iterator[str]:
    """Why it is a sample, where that is not what was asked for."""
    if sizes.sample is not None and STOPPED.get(sizes.sample.stopped_by, "?"):
        yield "read" + STOPPED.get(sizes.sample.stopped_by, f", {sizes.sample.stopped_by}").removeprefix(",")


def _change(facts: TableFacts, sizes: ItemSizes) -> str:
    """What changed of the table while it was read, in words; empty where nothing did, or it was not asked."""
    reading, table = facts.items_reading, facts.table
    if reading is None or not reading.described_again:
        return ""
    if reading.not_described:
        return f"it could not be described again afterwards: {reading.not_described}"
    items = min(table.item_count or 0, reading.item_count_after or 0)
    stated_bytes = min(table.size_bytes or 0, reading.size_bytes_after or 0)
    if not sizes.scanned and items >= EMPTY_AGAINST_ITEMS and stated_bytes >= EMPTY_AGAINST_BYTES:
        stated = f"{counted(items, 'item')} ({size(stated_bytes)})"
        return f"DescribeTable still states {stated}, as AWS counted up to six hours ago"
    for before, after, read, told in (
        (table.item_count, reading.item_count_after, sizes.scanned, lambda number: counted(number, "item")),
        (table.size_bytes, reading.size_bytes_after, sizes.scanned_bytes, size),
    ):
        known = before or read
        if after is None or after == before:
            continue
        if abs(after - known) > CHANGED_SHARE * max(known, 1):
            return f"it changed while it was read: DescribeTable stated {told(before or 0)} before, and {told(after)} after"
    return ""


def _when(reading: ItemsReading | None) -> str:
    """ ", scanned 14:02-14:03Z", with days where they differ."""
    if reading is None:
        return ""
    began, ended = reading.started_at, reading.finished_at
    if began.date() != ended.date():
        return f", scanned {_day(began)}-{_day(ended)}"
    moments = dict.fromkeys((f"{began:%H:%M}", f"{ended:%H:%M}"))
    return f", scanned {'-'.join(moments)}Z"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
