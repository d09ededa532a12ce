"""
An index that is being created cannot be queried, and while it is filled its counts, sizes and metrics are those of a part. What other
checks say of it, or do not say, holds only when it is ACTIVE. Building one takes from minutes to hours; a build that stands still for
longer wants a look.

What is looked at: the status of each global secondary index, and whether it is backfilling. Local secondary indexes have no status.

Wrong never, but soon out of date: it tells the moment of the audit.
Source: AWS API reference, GlobalSecondaryIndexDescription; AWS developer guide, "Managing Global Secondary Indexes in DynamoDB".

Fix: wait until the index is ACTIVE, and audit again.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import NOT_DEPLOYED, Index, Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted

DOING = {  # AWS API reference, IndexStatus
    "CREATING": "it is being created, and cannot be queried yet",
    "DELETING": "it is being deleted",
    "UPDATING": "it is being updated, and can be queried as before",
}


@check("An index is not ACTIVE", Category.GSI_COVERAGE, Severity.INFO, code="COV-12")
def index_not_active(table: Table) -> Iterator[Said]:
    if not table.global_indexes:
        yield NotApplicable(reason="local secondary indexes have no status" if table.local_indexes else "no secondary index")
        return
    if table.defined_in is not None:
        yield NotApplicable(reason=NOT_DEPLOYED)
        return
    busy = [index for index in table.global_indexes if index.status != "ACTIVE" or index.backfilling]
    for index in busy:
        yield _problem(table, index)
    if not busy:
        number = counted(len(table.global_indexes), "global secondary index is", "global secondary indexes are")
        yield Good(message=f"{number} ACTIVE")


def _problem(table: Table, index: Index) -> Problem:
    doing = DOING.get(index.status, f"its status is {index.status}")
    if index.backfilling:
        doing = "it is being filled from the table, and cannot be queried yet"
    return Problem(
        message=f"{doing}: what is told of it here may be incomplete",
        fix="audit again when the index is gone"
        if index.status == "DELETING"
        else "wait until the index is ACTIVE, and audit again",
        evidence={"status": index.status, "backfilling": str(index.backfilling).lower()},
        index=index.name,
        current=f"IndexStatus is {index.status}" + (", Backfilling is true" if index.backfilling else ""),
        benefit="the index is judged by what it is, not by a part of it",
        migration="none",
        effort="minutes",
        commands=(
            f"aws dynamodb describe-table {of_table(table)} "
            "--query 'Table.GlobalSecondaryIndexes[].[IndexName,IndexStatus,Backfilling]' --output table",
        ),
    )
