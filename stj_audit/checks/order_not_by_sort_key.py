"""
A Query gives items in the order of the sort key, and in no other. One that is to be ordered by something else has to read everything that
it finds, and sort it in the application; with a limit it gives the wrong items, because DynamoDB counts them before anyone has sorted them.

What is compared: `order_by` of every declared Query with the sort key of the live table or index that it reads, from its first attribute
on, without those that `key` fixes. A Scan has no order at all.

At most 100 items are sorted in the application without harm, so that is a lesser finding; they are those that the pattern finds (`items`) at
the users that are judged, whatever its `limit`. Where `items` is left out, it is not known how many they are.

Wrong when the application sorts a result that never grows.
Source: AWS developer guide, "Querying tables in DynamoDB" (results are sorted by the sort key); "Sorting and limits": Limit.

Fix: query an index with the same partition key, and the attribute that is sorted by as its sort key.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.pattern_without_index import Source, source_of
from stj_audit.config import Scale, TableModel
from stj_audit.design import COLLECTION_READS, Pattern
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.new_index import Schema, index_name, new_index
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, listed, printable

FEW_ITEMS = 100  # sorted in the application in no time; a list that a person sees is seldom longer


@check("The order is not that of the sort key", Category.GSI_COVERAGE, Severity.HIGH, code="COV-02")
def order_not_by_sort_key(table: Table, items: ItemSizes | Unknown, declared: TableModel, scale: Scale) -> Iterator[Said]:
    ordered = [pattern for pattern in declared.pattern if pattern.op in COLLECTION_READS and pattern.order_by]
    sources = [(pattern, source) for pattern in ordered if (source := source_of(table, pattern)) is not None]
    if not ordered:
        yield NotApplicable(reason="no declared pattern says what it is ordered by")
        return
    if not sources:
        yield NotApplicable(reason="the indexes of the patterns that are ordered are not there")
        return
    fitting = []
    for pattern, source in sources:
        if pattern.op == "Query" and _ordered(pattern, source):
            fitting.append(printable(pattern.name))
        else:
            yield _problem(table, items, pattern, source, scale.target_users)
    if fitting:
        yield Good(message=f"ordered by the sort key of what they read: {a_few(fitting)}")


def _ordered(pattern: Pattern, source: Source) -> bool:
    if pattern.order_by in (*source.hash_attributes, *pattern.key):
        return True  # one value, or a range of the sort key
    left = [name for name in source.range_attributes if name not in pattern.key]
    return bool(left) and left[0] == pattern.order_by


def _problem(table: Table, items: ItemSizes | Unknown, pattern: Pattern, source: Source, users: int) -> Problem:
    found = None if pattern.items is None else Decimal(pattern.items_at(users))
    few = found is not None and found <= FEW_ITEMS
    wanted = printable(pattern.order_by or "")
    where = "the table" if isinstance(source, Table) else f"index {source.name}"
    sort_key = listed([printable(name) for name in source.range_attributes])
    given = f"{where} sorts by {sort_key}" if sort_key else f"{where} has no sort key"
    if pattern.op == "Scan":
        given = "a Scan has no order"
    many = "" if found is None else f", and {counted(found, 'item')} have to be sorted in the application for each call"
    if pattern.limit is not None:
        many = f", so a limit of {pattern.limit} gives the wrong ones"
    schema = _schema(pattern, source)
    has_partition_key = any(role == "HASH" for _, role in schema)
    key = f"the key {', '.join(printable(name) for name, _ in schema)}"
    if not has_partition_key:
        key = f"a partition key that is one value for all that is listed, and the sort key {wanted}"
    new = (
        new_index(table, items, index_name(table, schema), schema, pattern.reads, everything=not pattern.reads)
        if has_partition_key
        else None
    )
    return Problem(
        message=f"pattern {printable(pattern.name)} is ordered by {wanted}: {given}{many}",
        fix=f"query an index with {key}",
        evidence={
            "pattern": pattern.name,
            "order_by": pattern.order_by,
            "sort_key": ", ".join(source.range_attributes) or None,
            "items_a_call": None if found is None else float(found),
            "limit": pattern.limit,
        },
        severity=Severity.MEDIUM if few else Severity.HIGH,
        index=pattern.index,
        subject=pattern.name,
        current=given,
        benefit="the items come in order, and with a limit only those that are shown are read",
        migration="an index is built while the table stays in use; an item without the attribute is not in it, and each change of the "
        "attribute moves its entry: two writes",
        effort="hours",
        commands=() if new is None else (new.command,),
        template="" if new is None else new.template,
    )


def _schema(pattern: Pattern, source: Source) -> Schema:
    """The same partition key (a Scan's: what it looks for), what the pattern fixes of the sort key, and then what it sorts by."""
    if pattern.op == "Scan":
        hashes, fixed = pattern.key[:1], pattern.key[1:]
    else:
        hashes, fixed = source.hash_attributes, tuple(name for name in source.range_attributes if name in pattern.key)
    ranges = dict.fromkeys((*fixed, pattern.order_by or ""))
    return [*((name, "HASH") for name in hashes), *((name, "RANGE") for name in ranges)]
