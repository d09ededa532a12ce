"""
A Query needs the whole partition key of the table or of an index, and may then narrow the sort key from its first attribute on. What fits no
key fails, or is done with a Scan: that reads and is paid for every item, however few of them are wanted.

What is compared: `key` of every declared Query and Scan with the keys of the live table, all of their attributes where there are several. An
index that is declared, and not built, is one that is missing. A Scan that names a `key` looks for something; it counts as low as long as
all that it reads fits in one page of 1 MB at the users that are judged, because a table of settings may well be scanned.

Wrong when a pattern was declared with the wrong attributes, or when a job scans the table on purpose, such as an export.
Source: AWS developer guide, "Key condition expressions for the Query operation"; "Best practices for querying and scanning data in DynamoDB".

Fix: add an index whose partition key is what the pattern looks for, and query it; where some key fits already, query that.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.config import TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.requests import PAGE_BYTES, collection_units
from stj_audit.design import COLLECTION_READS, IndexModel, Pattern, finds
from stj_audit.facts import Index, ItemSizes, Table, Unknown
from stj_audit.new_index import NewIndex, Schema, index_name, new_index
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, listed, printable

Source = Table | Index


@check("No key fits an access pattern", Category.GSI_COVERAGE, Severity.HIGH, code="COV-01")
def pattern_without_index(table: Table, items: ItemSizes | Unknown, declared: TableModel, bill: TableBill) -> Iterator[Said]:
    if not declared.pattern:
        yield NotApplicable(reason="no access pattern is declared")
        return
    keyed = [pattern for pattern in declared.pattern if pattern.op in COLLECTION_READS and pattern.key]
    if not keyed:
        yield NotApplicable(reason="no declared Query or Scan says which attributes it finds items by")
        return
    fitting = []
    for pattern in keyed:
        source = source_of(table, pattern)
        if pattern.op == "Query" and source is not None and _fits(pattern, source):
            fitting.append(f"{printable(pattern.name)} ({_title(source)})")
        else:
            yield _problem(table, items, declared, bill, pattern)
    if fitting:
        yield Good(message=f"{counted(len(fitting), 'declared query', 'declared queries')} by a key: {a_few(fitting)}")


def source_of(table: Table, pattern: Pattern) -> Source | None:
    """The live table or index that a pattern reads; None: the index is not there."""
    return table if pattern.index is None else next((index for index in table.indexes if index.name == pattern.index), None)


def _fits(pattern: Pattern, source: Source) -> bool:
    return finds(pattern.key, source.hash_attributes, source.range_attributes)


def _title(source: Source) -> str:
    return "the table" if isinstance(source, Table) else f"index {source.name}"


def _problem(table: Table, items: ItemSizes | Unknown, declared: TableModel, bill: TableBill, pattern: Pattern) -> Problem:
    fitting = next(
        (source for source in (source_of(table, pattern), table, *table.indexes) if source and _fits(pattern, source)), None
    )
    wanted = listed([printable(name) for name in pattern.key])
    scanned = _scanned(bill, pattern) if pattern.op == "Scan" else None
    units = None if scanned is None else collection_units(*scanned)
    small = scanned is not None and scanned[0] * scanned[1] <= PAGE_BYTES
    read = f" and takes {counted(units, 'read unit')} each time" if units is not None else ""
    how = f"scans for items by {wanted}{read}" if pattern.op == "Scan" else f"finds items by {wanted}"
    if pattern.index is not None and source_of(table, pattern) is None:
        how = f"{how} in index {pattern.index}, which the table does not have"
    found = f"the key of {_title(fitting)} fits" if fitting else "no key of the table or of an index fits"
    definition = next((index for index in declared.index if index.name == pattern.index), None)
    new = None if fitting else _new_index(table, items, pattern, definition)
    return Problem(
        message=f"pattern {printable(pattern.name)} {how}: {found}",
        fix=f"use a Query of {_title(fitting)}"
        if fitting
        else f"add an index with the key {_key(pattern, definition)}, and query it",
        evidence={
            "pattern": pattern.name,
            "operation": pattern.op,
            "key": ", ".join(pattern.key),
            "fitting": None if fitting is None else _title(fitting),
            "scan_read_units": None if units is None else float(units),
        },
        severity=Severity.LOW if small else None,
        index=pattern.index,
        subject=pattern.name,
        current=f"{pattern.op} of {'the table' if pattern.index is None else f'index {pattern.index}'}; {found}",
        benefit="only the items that are wanted are read, and paid",
        migration="change the call in the application"
        if fitting
        else "an index is built while the table stays in use; each write of what it holds is then paid once more",
        effort="minutes" if fitting else "hours",
        commands=() if new is None else (new.command,),
        template="" if new is None else new.template,
    )


def _scanned(bill: TableBill, pattern: Pattern) -> tuple[Decimal, int] | None:
    """(items, bytes of each) of everything that a Scan reads, at the users of the bill; None: not known."""
    store = bill.workload.store(pattern.index)
    number = None if store is None else store.count.at(bill.users)
    return None if store is None or number is None or store.size_bytes is None else (number, store.size_bytes)


def _key(pattern: Pattern, definition: IndexModel | None) -> str:
    return ", ".join(printable(name) for name, _ in _schema(pattern, definition))


def _schema(pattern: Pattern, definition: IndexModel | None) -> Schema:
    """The declared key of the index, else what the pattern looks for and then sorts by: the first is the partition key."""
    sorted_by = (pattern.order_by,) if pattern.order_by and pattern.order_by not in pattern.key else ()
    names = (*pattern.key, *sorted_by) if definition is None else definition.key
    return [(name, "RANGE" if place else "HASH") for place, name in enumerate(names)]


def _new_index(table: Table, items: ItemSizes | Unknown, pattern: Pattern, definition: IndexModel | None) -> NewIndex | None:
    schema = _schema(pattern, definition)
    if definition is not None:
        return new_index(table, items, definition.name, schema, definition.attributes, everything=definition.projection == "ALL")
    return new_index(table, items, index_name(table, schema), schema, pattern.reads, everything=not pattern.reads)
