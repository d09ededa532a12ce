"""
A table keyed by a made-up id, with an index (A, B) that holds every one of its items, often hides its natural key: the pair (A, B). With
A as partition key and B as sort key in the table itself the index is not needed, and with it go its storage and a second write for every
write. Listing the children of A then is a strongly consistent query of the table.

What is measured: the index holds as many items as the table (to 1 %), and its partition key looks like a parent: more than 20 values, and
clearly fewer than items. 20 or fewer look like a status. Where the items were not read, or have more values than are counted, the counts
alone decide: then the finding is low, is not priced, and says so. Whether each pair is unique is not measured, unless the pair contains the
table's own key. A sort key that is named like the moment of something (createdDate, updated_at, timestamp) orders the children and does not
name them: the orders of a user by date are an index as it should be, and such an index is left alone. A date alone may name a child, as the
report of a day.

Wrong when two items may share the pair, when B changes after the item is written, or when the id is what most callers have in their hands.
Source: AWS's DynamoDB data modelling guide, "Identifying relationships".

Fix: if each pair is unique, move the items to a table with A as partition key and B as sort key, and leave the index out.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.facts import Index, ItemSizes, KeyCardinality, Table, Unknown
from stj_audit.results import Category, MergeIndex, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, printable

SAME_COUNT_SHARE = Decimal("0.01")  # DescribeTable's counts are hours old and not taken at one moment
STATUS_VALUES = 20  # at most so many values look like a status, not like a parent
# The last word of a name that tells when something happened, and those that do so behind another word only: "createdDate", not "date"
MOMENTS = frozenset({"at", "created", "datetime", "modified", "time", "timestamp", "ts", "updated"})
MOMENTS_OF = frozenset({"date", "day"})
ENOUGH_ENTRIES = 100  # of a sample: fewer have few values, whatever there is
PARENT_SHARE = Decimal("0.9")  # a parent has at most so many values for each item; above, the attribute is nearly unique itself


@check("The natural key is hidden behind an id", Category.PRIMARY_KEY_DESIGN, Severity.MEDIUM, code="KEY-08")
def hidden_composite_key(table: Table, items: ItemSizes | Unknown) -> Iterator[Said]:
    if table.range_attributes:
        yield NotApplicable(reason="the table has a sort key")
        return
    pairs = [index for index in table.global_indexes if len(index.hash_attributes) == len(index.range_attributes) == 1]
    pairs = [index for index in pairs if index.hash_attributes != table.hash_attributes]
    if not pairs:
        yield NotApplicable(reason="no global secondary index with one partition key and one sort key attribute")
        return
    if isinstance(items, ItemSizes) and items.coverage == "full" and items.scanned == 0:
        yield NotApplicable(reason="the table is empty")
        return
    for index in pairs:
        child = index.range_attributes[0]
        if child not in table.hash_attributes and _is_moment(child):
            yield NotApplicable(
                reason=f"no index looks like a natural key: {printable(child)} of index {index.name} is a moment, by its name, "
                "which orders items and does not name them"
            )
            continue
        counts = _counts(table, index, items)
        yield counts if isinstance(counts, Unknown) else _judged(table, index, items, *counts)


def _is_moment(name: str) -> bool:
    """Whether an attribute is named like the moment of something: "createdDate", "updated_at", "LastPostDateTime"."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    return bool(words) and (words[-1] in MOMENTS or (len(words) > 1 and words[-1] in MOMENTS_OF))


def _counts(table: Table, index: Index, items: ItemSizes | Unknown) -> tuple[int, int] | Unknown:
    """How many items the index holds, and of how many: among the items read, else as DescribeTable states them."""
    if isinstance(items, ItemSizes) and items.scanned:
        read = items.index_entries(index.name)
        if read is not None:
            return read.entries, items.scanned
    # a stated 0 may only mean that nothing was counted yet
    if not index.item_count or not table.item_count:
        return Unknown(
            call="dynamodb:DescribeTable", reason=f"the item count of the table or of index {index.name} is not stated yet"
        )
    return index.item_count, table.item_count


def _is_sampled(index: Index, items: ItemSizes | Unknown) -> bool:
    """Whether the counts are those of a sample."""
    return isinstance(items, ItemSizes) and items.coverage == "sample" and items.index_entries(index.name) is not None


def _judged(table: Table, index: Index, items: ItemSizes | Unknown, entries: int, of: int) -> Said:
    sample = " in a sample" if _is_sampled(index, items) else ""
    if abs(entries - of) > SAME_COUNT_SHARE * of:
        held = f"index {index.name} holds {count(entries)} of {counted(of, 'item')}{sample}"
        return NotApplicable(reason=f"no index looks like a natural key: {held}")
    values = items.key_cardinality(index.name) if isinstance(items, ItemSizes) else None
    if values is None or values.distinct is None:
        return _problem(table, index, entries, of, sample, distinct=None)
    if values.distinct > STATUS_VALUES and values.distinct <= PARENT_SHARE * values.items:
        return _problem(table, index, entries, of, sample, distinct=values.distinct)
    sampled = isinstance(items, ItemSizes) and items.coverage == "sample"
    if sampled and values.distinct <= STATUS_VALUES and values.items < ENOUGH_ENTRIES:
        few = counted(values.items, "entry", "entries")
        reason = f"a sample of {few} does not show how many partition key values index {index.name} has"
        return Unknown(call="dynamodb:Scan", reason=reason)
    if values.distinct > STATUS_VALUES and sampled:
        reason = f"a sample does not show how many items share one partition key value of index {index.name}"
        return Unknown(call="dynamodb:Scan", reason=reason)
    return NotApplicable(reason=f"no index looks like a natural key: {_no_parent(index, values, values.distinct, sample)}")


def _no_parent(index: Index, values: KeyCardinality, distinct: int, sample: str) -> str:
    kind = "so few that it is a status, not a parent" if distinct <= STATUS_VALUES else "so many that it has no children"
    parent = printable(index.hash_attributes[0])
    return f"{parent} of index {index.name} has {counted(distinct, 'value')} for {counted(values.items, 'item')}{sample}, {kind}"


def _problem(table: Table, index: Index, entries: int, of: int, sample: str, *, distinct: int | None) -> Problem:
    key, parent, child = (printable(name) for name in (*table.hash_attributes, *index.hash_attributes, *index.range_attributes))
    certain, guessed = child == key, distinct is None and child != key
    unique = f"as {key} is unique" if certain else "if each pair is unique"
    seen = ", judged by the counts alone" if distinct is None else f", with {counted(distinct, 'value')} of {parent}"
    proof = "first make sure that no two items share a pair, and that neither part changes; then "
    return Problem(
        message=f"({parent}, {child}) is the natural key, {unique}: the index holds {count(entries)} of {counted(of, 'item')}{sample}{seen}",
        fix=f"{'move' if certain else 'if each pair is unique, move'} the items to a table keyed by {parent} and {child}, "
        "without the index",
        evidence={"index_entries": entries, "items": of, "distinct_values": distinct},
        index=index.name,
        current=f"partition key {key} without a sort key; the index holds every item a second time",
        benefit=f"no index to store and to write, and the items of one {parent} can be read strongly consistent",
        migration=f"{'' if certain else proof}create a table with this key, write to both, copy the items, switch the readers; "
        f"callers that know only {key} need another way in",
        effort="days",
        severity=Severity.LOW if guessed else None,
        change=None if guessed else MergeIndex(index=index.name, into=None),
    )
