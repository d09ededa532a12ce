"""
A table without a sort key has one item for each partition key value. A Query of it that is to list the children of a parent (the orders of a
customer) therefore finds one item at most: either the children are a list inside that item, which grows towards 400 KB and is read and
written whole, or they are collected with a Scan, or the pattern does not work.

What is looked at: declared patterns with a Query of the table itself, no index, that reads more than one item, against the keys that the
table has. To get single items by an id no sort key is needed. Children that are found over an index, by a pair that is the natural key of
the table, are the matter of the check hidden-composite-key.

Wrong when the pattern reads an index and its declaration leaves `index` out, or `items` is not what one call reads.
Source: AWS developer guide, "Core components of Amazon DynamoDB" (primary key); "Best practices for using sort keys to organize data".

Fix: keep the children as items under their parent: the parent as partition key, the child as sort key, in a new table or a new index.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import Scale, TableModel
from stj_audit.design import Pattern
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, count, printable


@check("No sort key for children", Category.TABLE_STRUCTURE, Severity.MEDIUM, code="STR-15")
def no_sort_key_for_children(table: Table, declared: TableModel, scale: Scale) -> Iterator[Said]:
    if table.range_attributes:
        yield NotApplicable(reason="the table has a sort key")
        return
    queries = [pattern for pattern in declared.pattern if pattern.op == "Query" and pattern.index is None]
    if not queries:
        yield NotApplicable(reason="no declared pattern queries the table itself")
        return
    found = [(pattern, wanted) for pattern in queries if (wanted := _wanted(pattern, scale)) > 1]
    for pattern, wanted in found:
        yield _problem(table, pattern, wanted)
    if not found:
        yield Good(
            message=f"no declared query of the table needs a sort key ({a_few(printable(one.name) for one in queries)} looked at)"
        )


def _wanted(pattern: Pattern, scale: Scale) -> Decimal:
    """The items that one call is to find."""
    wanted = Decimal(pattern.items_at(scale.target_users))
    return wanted if pattern.limit is None else min(wanted, Decimal(pattern.limit))


def _problem(table: Table, pattern: Pattern, wanted: Decimal) -> Problem:
    key, name = printable(table.hash_attributes[0]), printable(pattern.name)
    return Problem(
        message=f"pattern {name} is to find {count(wanted)} items with a Query, and a table without a sort key has one for each value of "
        f"{key}",
        fix=f"keep what {name} lists as items of their own: {key} as partition key, an id of the child as sort key",
        evidence={"pattern": pattern.name, "items_wanted": float(wanted), "items_possible": 1},
        subject=pattern.name,
        current=f"partition key {key} without a sort key",
        benefit="children are read by the page, in order, and each is written by itself; no item grows with their number",
        migration="a sort key cannot be added: create a table with both keys, write to both, move the children over, switch the readers",
        effort="days",
    )
