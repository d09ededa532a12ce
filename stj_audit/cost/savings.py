"""
What could be changed about a table, seen from its sizes and declared patterns alone; and what several changes save together.

Changes are applied one after the other, each to what the ones before it left, so that no line is saved twice and the sum never exceeds the
bill. One that saves nothing any more is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import combinations

from stj_audit.cost.bill import TableBill, by_scope
from stj_audit.cost.free_tier import NOTHING_BILLED, Billed, free_lines
from stj_audit.cost.lines import total
from stj_audit.cost.workload import Store, Workload, attributes_read
from stj_audit.facts import TableClass
from stj_audit.report import AppliedSaving
from stj_audit.results import (
    Change,
    CompressAttribute,
    MergeIndex,
    NarrowIndex,
    RemoveIndex,
    RemoveTable,
    SplitAttribute,
    UseBillingMode,
    UseTableClass,
    WidenIndex,
    is_bound,
)
from stj_audit.wording import listed, printable

BIG_ATTRIBUTE_BYTES = 1_024  # a smaller one rarely moves a write to another step of 1 KB
BIG_ATTRIBUTE_SHARE = Decimal("0.10")  # of the item; below it a table more is not worth what it takes to keep
COMPRESSIBLE_TO = Decimal("0.5")  # gzip must leave at most so much: below, reading it back is not worth the time
OTHER_CLASS: Mapping[TableClass, TableClass] = {
    "STANDARD": "STANDARD_INFREQUENT_ACCESS",
    "STANDARD_INFREQUENT_ACCESS": "STANDARD",
}
MIN_SAVING_USD = Decimal("0.005")  # what would be shown as $0.00 is no saving


# ------------------------------------------------------------------------------------------------------------- proposals


def proposals(workload: Workload) -> Iterator[Change]:
    """Every change that a design suggests by itself, whether or not it saves anything; what takes the least work first."""
    yield from unread_indexes(workload)
    yield from redundant_indexes(workload)
    yield from narrower_indexes(workload)
    yield from big_attributes(workload)
    yield from compressible_attributes(workload)
    yield UseTableClass(table_class=OTHER_CLASS[workload.table_class])


def unread_indexes(workload: Workload) -> Iterator[RemoveIndex]:
    """Indexes that no declared pattern reads, and that were not measured to be read either."""
    if not workload.calls:
        return
    read = {call.index for call in workload.calls if call.pattern.is_read}
    for store in workload.indexes:
        if store.index is not None and store.index not in read and (store.index, "reads") not in workload.flows and not store.local:
            yield RemoveIndex(index=store.index)


def redundant_indexes(workload: Workload) -> Iterator[MergeIndex]:
    """Indexes whose every query another index can answer: the same partition key, a longer sort key, at least the same attributes."""
    gone: set[str] = set()
    for one, other in combinations(workload.indexes, 2):
        for index, cover in ((one, other), (other, one)):
            if not gone & {index.index, cover.index} and _covers(cover, index, workload.table):
                gone.add(str(index.index))
                yield MergeIndex(index=str(index.index), into=cover.index)
                break


def _covers(cover: Store, index: Store, table: Store) -> bool:
    if cover.local or index.local or not index.key or cover.key[: len(index.key)] != index.key:
        return False
    if (cover.count.each_user, cover.count.fixed) != (index.count.each_user, index.count.fixed):
        return False
    if cover.projection == "ALL":
        return True
    held = {*table.key, *cover.key, *cover.attributes}
    return index.projection != "ALL" and {*index.key, *index.attributes} <= held


def narrower_indexes(workload: Workload) -> Iterator[NarrowIndex]:
    """Indexes that hold more than the patterns read over them; not where a pattern does not say what it reads."""
    for store in workload.indexes:
        wanted = attributes_read(workload, store)
        if wanted is not None and (store.projection == "ALL" or set(wanted) < set(store.attributes)):
            yield NarrowIndex(index=str(store.index), attributes=wanted)


def big_attributes(workload: Workload) -> Iterator[SplitAttribute]:
    """Attributes that are a large part of the items, and that some pattern does without."""
    for name in _large(workload):
        if any(_does_without(call.pattern.reads or call.pattern.sets, name) for call in workload.calls):
            yield SplitAttribute(attribute=name)


def _does_without(named: Sequence[str], attribute: str) -> bool:
    return bool(named) and attribute not in named


def compressible_attributes(workload: Workload) -> Iterator[CompressAttribute]:
    """Large attributes that gzip makes much smaller, measured on items of the table."""
    for name in _large(workload):
        left = workload.attributes[name].compresses_to
        if left is not None and left <= COMPRESSIBLE_TO:
            yield CompressAttribute(attribute=name, estimated=not workload.calls or bool(workload.flows))


def _large(workload: Workload) -> list[str]:
    """Attributes that weigh, the heaviest first; keys stay where they are."""
    if not workload.table.mean_bytes:
        return []
    keys = {name for store in workload.stores for name in store.key}
    least = max(Decimal(BIG_ATTRIBUTE_BYTES), workload.table.mean_bytes * BIG_ATTRIBUTE_SHARE)
    large = [(one.mean_bytes, name) for name, one in workload.attributes.items() if name not in keys and one.mean_bytes >= least]
    return [name for _, name in sorted(large, key=lambda pair: (-pair[0], pair[1]))]


# -------------------------------------------------------------------------------------------------------------- together


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A change to one table (its place among the bills), and the finding that proposes it."""

    place: int
    change: Change
    finding: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The changes that save, in the order in which they are applied; and the bills that they leave."""

    steps: tuple[AppliedSaving, ...]
    bills: tuple[TableBill, ...]

    @property
    def sure_usd(self) -> Decimal:
        return sum((step.saving_usd for step in self.steps if not step.is_bound), Decimal(0))

    @property
    def at_most_usd(self) -> Decimal:
        return sum((step.saving_usd for step in self.steps), Decimal(0))


def plan(bills: Sequence[TableBill], proposed: Iterable[Proposal], *, free_tier: bool = False) -> Plan:
    """
    What the proposals save together; with `free_tier` less what AWS gives of the bills in any case, once for each account and region.

    Those that are sure come first, in the order given, then those that are only bounded; one for each index, attribute and setting.
    """
    left = list(bills)
    ordered = sorted(proposed, key=lambda one: is_bound(one.change))
    steps: list[AppliedSaving] = []
    done: set[tuple[int, str]] = set()
    free = {
        scope: reduce(Billed.plus, (bill.billed for bill in of), NOTHING_BILLED) if free_tier else NOTHING_BILLED
        for scope, of in by_scope(left).items()
    }
    for proposal in ordered:
        before = left[proposal.place]
        change = _as_it_is_now(before.workload, proposal.change)
        target = (proposal.place, _changes(change))
        after = None if target in done else before.after(change)
        if after is None:
            continue
        scope = before.workload.scope
        saving, free_after = before.monthly_usd - after.monthly_usd, free[scope]
        if free_tier:
            free_after = free[scope].minus(before.billed).plus(after.billed)
            saving += total(free_lines(free[scope], before.prices)) - total(free_lines(free_after, after.prices))
        if saving < MIN_SAVING_USD:
            continue
        left[proposal.place], free[scope] = after, free_after
        done.add(target)
        steps.append(
            AppliedSaving(
                finding=proposal.finding,
                table=before.workload.name,
                index=getattr(change, "index", None),
                change=in_words(change),
                saving_usd=saving,
                is_bound=is_bound(change),
            )
        )
    return Plan(steps=tuple(steps), bills=tuple(left))


def _as_it_is_now(workload: Workload, change: Change) -> Change:
    """An index that has taken over the queries of another is narrowed to what all of them read."""
    match change:
        case NarrowIndex(index=index, attributes=tuple()):
            store = workload.store(index)
            wanted = None if store is None else attributes_read(workload, store)
            return change if wanted is None else NarrowIndex(index=index, attributes=wanted)
        case _:
            return change


def _changes(change: Change) -> str:
    """What is changed: nobody narrows an index, and then removes it."""
    match change:
        case RemoveIndex(index=name) | MergeIndex(index=name) | NarrowIndex(index=name) | WidenIndex(index=name):
            return f"index {name}"
        case SplitAttribute(attribute=name) | CompressAttribute(attribute=name):
            return f"attribute {name}"
        case _:
            return type(change).__name__


def worthwhile(bill: TableBill, changes: Iterable[Change]) -> list[Change]:
    """The changes that save something alone, in the order given; those that cannot be priced are left out."""
    return [change for change in changes if (saving := bill.saving(change)) is not None and saving >= MIN_SAVING_USD]


def in_words(change: Change) -> str:  # noqa: PLR0911 - one arm for each change
    """What is changed, in a few words."""
    match change:
        case RemoveTable():
            return "remove the table"
        case RemoveIndex(index=index):
            return f"remove index {index}"
        case MergeIndex(index=index, into=into):
            return f"read from {'the table' if into is None else f'index {into}'} instead of index {index}, and remove it"
        case UseTableClass(table_class=table_class):
            return f"use table class {table_class}"
        case UseBillingMode(billing_mode=mode):
            return "use on-demand capacity" if mode == "PAY_PER_REQUEST" else "use provisioned capacity with auto scaling"
        case NarrowIndex(index=index, attributes=attributes):
            added = "" if not attributes else f" and {listed([printable(name) for name in attributes])}"
            return f"project only the keys{added} in index {index}"
        case WidenIndex(index=index, attributes=attributes):
            return f"project {listed([printable(name) for name in attributes])} too in index {index}"
        case SplitAttribute(attribute=attribute):
            return f"move {printable(attribute)} to a table of its own"
        case CompressAttribute(attribute=attribute):
            return f"store {printable(attribute)} compressed"
