"""
A global secondary index is always a moment behind its table. DynamoDB refuses a Query or Scan of one that asks for a strongly consistent
answer, with a ValidationException, each time: the call has never worked, or the pattern does not say what the application does.

What is looked at: declared patterns with `consistent = true` and an `index` that is a global one of the live table. A local index can be read
consistently, and is left alone.

Wrong when the pattern was declared with the wrong index, or the application has left ConsistentRead out.
Source: AWS API reference, Query and Scan, ConsistentRead; AWS developer guide, "Using Global Secondary Indexes in DynamoDB".

Fix: read without ConsistentRead where an answer that may be a second old will do; else read the table by its own key.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.config import TableModel
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, printable


@check("A strong read of a global index", Category.GSI_COVERAGE, Severity.HIGH, code="COV-03")
def strong_read_on_index(table: Table, declared: TableModel) -> Iterator[Said]:
    names = {index.name for index in table.global_indexes}
    reads = [pattern for pattern in declared.pattern if pattern.index in names]
    if not reads:
        yield NotApplicable(reason="no declared pattern reads a global index of the table")
        return
    for pattern in reads:
        if pattern.consistent:
            yield Problem(
                message=f"pattern {printable(pattern.name)} reads index {pattern.index} consistently, which DynamoDB refuses",
                fix="leave ConsistentRead out where an answer that may be a second old will do, else read the table by its own key",
                evidence={"pattern": pattern.name, "operation": pattern.op, "index": pattern.index},
                index=pattern.index,
                subject=pattern.name,
                current=f"ConsistentRead in a {pattern.op} of index {pattern.index}",
                benefit="the call works",
                migration="change the call in the application; nothing changes in the table",
                effort="minutes",
            )
    eventual = sum(not pattern.consistent for pattern in reads)
    if eventual:
        yield Good(message=f"{counted(eventual, 'declared pattern')} of a global index without ConsistentRead")
