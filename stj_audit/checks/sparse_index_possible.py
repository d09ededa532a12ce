"""
An index holds only items that have its key. When nine in ten entries carry one value that nobody asks for, such as "done" beside "open", most
of the index is written and stored for nothing: with a key attribute that only the wanted items have, it holds those alone.

What is compared: the declared queries over a global index with how its entries are spread over the values of its partition key, among all
items read. Which value a query asks for is not declared. So an index is judged only where every declared read of it is a Query of the whole
partition key and nothing else, without a limit, that says how many items it reads: one that reads fewer than a tenth of the entries cannot be
a query of a value that carries nine tenths of them.

Wrong when something that is not declared queries the frequent value, or the queries were declared with too few items.
Source: AWS developer guide, "Take advantage of sparse indexes".

Fix: index an attribute that only the wanted items have, and take it away when they are wanted no more.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale, TableModel
from stj_audit.design import Pattern
from stj_audit.facts import Index, ItemSizes, KeyCardinality, Table
from stj_audit.results import Category, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, counted, listed, percent, printable

UNWANTED_SHARE = Decimal("0.9")  # of the entries, in the most frequent value: AWS's advice is for queries that filter out more
WANTED_SHARE = Decimal("0.1")
SAME_COUNT_SHARE = Decimal("0.01")  # an index with fewer entries than that below the items is sparse already
ENOUGH_ENTRIES = 100  # below, the shares say nothing


@check("An index could be sparse", Category.GSI_PROJECTIONS, Severity.LOW, code="PRJ-08")
def sparse_index_possible(table: Table, items: ItemSizes, declared: TableModel, scale: Scale) -> Iterator[Said]:
    read = {
        index.name: [one for one in declared.pattern if one.is_read and one.index == index.name] for index in table.global_indexes
    }
    if not any(read.values()):
        yield NotApplicable(reason="no declared pattern reads a global index of the table")
        return
    if items.coverage != "full":
        yield NotApplicable(reason="only a sample was read, which does not show how the entries are spread")
        return
    spread, silent = [], []
    for index in table.global_indexes:
        values, patterns = items.key_cardinality(index.name), read[index.name]
        if not patterns:
            continue
        if values is None or not _is_filled(values, items.scanned):
            spread.append(index.name)
        elif not all(_reads_few(pattern, index, values, scale) for pattern in patterns):
            silent.append(index.name)
        else:
            yield _problem(index, values, patterns)
    if spread:
        yield NotApplicable(reason=f"no one value fills {a_few(spread)}")
    if silent:
        yield NotApplicable(
            reason=f"the declared patterns do not show that the most frequent value of {a_few(silent)} is not wanted"
        )


def _is_filled(values: KeyCardinality, scanned: int) -> bool:
    """Whether nearly every item is in the index, most of them under one of several values; only where all values are counted."""
    if values.items < ENOUGH_ENTRIES or values.items < (1 - SAME_COUNT_SHARE) * scanned:
        return False
    return values.distinct is not None and values.distinct > 1 and (values.top_share or 0) >= UNWANTED_SHARE


def _reads_few(pattern: Pattern, index: Index, values: KeyCardinality, scale: Scale) -> bool:
    if (
        pattern.op != "Query"
        or pattern.limit is not None
        or pattern.items is None
        or set(pattern.key) != set(index.hash_attributes)
    ):
        return False
    if pattern.follows_users and not scale.users_now:
        return False
    return pattern.items_at(scale.users_now or 0) < WANTED_SHARE * values.items


def _problem(index: Index, values: KeyCardinality, patterns: list[Pattern]) -> Problem:
    key = " with ".join(printable(name) for name in index.hash_attributes)
    share = values.top_share or Decimal(0)
    names = listed([printable(pattern.name) for pattern in patterns])
    seen = f"one value of {key} carries {percent(share)} of {counted(values.items, 'entry', 'entries')}"
    return Problem(
        message=f"{seen}, and no declared query reads so many: {names} {'read' if len(patterns) > 1 else 'reads'} other values",
        fix="index an attribute that only the wanted items have, and take it away when they are wanted no more",
        evidence={
            "entries": values.items,
            "distinct_values": values.distinct,
            "top_share": round(float(share), 4),
            "patterns": ", ".join(pattern.name for pattern in patterns),
        },
        index=index.name,
        current=seen,
        benefit=f"about {percent(share)} of the index is not stored, {count(int(share * values.items))} entries, nor written",
        migration="write the new attribute into the items that are wanted, add an index by it, switch the queries, then remove the old one",
        effort="days",
    )
