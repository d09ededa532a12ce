"""
An index is written a moment after its table. Two sign-ups at the same time both ask the index whether a name is taken, both find it free,
and both write it: nothing makes the second one fail. A local index that is read consistently does not help, because the question and the
write are still two requests.

What is looked at: declared patterns with `purpose = "uniqueness"`. One that asks the table by its own key can be made safe with a condition
on the write; whether there is one cannot be seen, and no defect is told of.

Wrong when the question only warns a person early, and the write that follows is guarded by a condition or a transaction.
Source: AWS developer guide, "Global secondary indexes" (reads are eventually consistent); AWS Database Blog, "Simulating Amazon DynamoDB
unique constraints using transactions".

Fix: write an item whose key is the value itself, with attribute_not_exists, in the same TransactWriteItems as the item that has it.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.config import TableModel
from stj_audit.design import Pattern
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, listed, printable

PURPOSE = "uniqueness"
LOOKUP_WRITE_UNITS = 2  # AWS developer guide, "Amazon DynamoDB Transactions": twice the one unit of a small item


@check("Uniqueness rests on an index", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-04")
def uniqueness_by_index(table: Table, declared: TableModel) -> Iterator[Said]:
    asking = [pattern for pattern in declared.pattern if pattern.purpose == PURPOSE]
    if not asking:
        yield NotApplicable(reason=f'no declared pattern has `purpose = "{PURPOSE}"`')
        return
    for pattern in asking:
        if pattern.index is not None:
            yield _problem(table, pattern, pattern.index)
    safe = [printable(pattern.name) for pattern in asking if pattern.index is None]
    if safe:
        yield Good(message=f"uniqueness is asked of the table itself, and of no index: {a_few(safe)}")


def _problem(table: Table, pattern: Pattern, index: str) -> Problem:
    value = listed([printable(name) for name in pattern.key]) or "the value"
    verb = "are" if len(pattern.key) > 1 else "is"
    local = any(one.name == index for one in table.local_indexes)
    why = "between the question and the write another can take it" if local else "an index is a moment behind its table"
    return Problem(
        message=f"pattern {printable(pattern.name)} asks the index whether {value} {verb} taken, and {why}: "
        "two writers can both find it free",
        fix=f"write an item whose key is {value} itself in the same TransactWriteItems, with attribute_not_exists; keep the question for "
        "an early warning",
        evidence={"pattern": pattern.name, "key": ", ".join(pattern.key) or None, "index_kind": "LSI" if local else "GSI"},
        index=index,
        subject=pattern.name,
        current=f"{pattern.op} of index {index} before the write",
        benefit="the second of two writers fails, instead of both of them having the same value",
        migration="write the lookup items of what is there first, and look for doubles in doing so; each new value then takes "
        f"{LOOKUP_WRITE_UNITS} write units more, its own item is written at twice the units, and a change of the value deletes the old "
        "lookup item",
        effort="days",
    )
