"""
A table may have 20 global secondary indexes, unless AWS raised the quota for the account, and 5 local ones. Near the quota a new query can
only be served after an old index is gone, and building an index takes a pass over the whole table. Each index that holds an item also pays
for each write to it.

Five local secondary indexes are a lesser matter: they are fixed when the table is made, so the quota blocks nothing later; but all of them
share the 10 GB that the items of one partition key value may have.

Wrong when the quota was raised: it is not read here, and more than 20 indexes show that it was.
Source: AWS developer guide, "Quotas in Amazon DynamoDB".

Fix: find the indexes that overlap or are not read and bring them together; a key of several attributes can replace several indexes.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity

GLOBAL_QUOTA = 20  # AWS developer guide, "Quotas in Amazon DynamoDB": default, can be raised
NEAR_GLOBAL_QUOTA = 16  # 80 % of it
LOCAL_QUOTA = 5  # same page: cannot be raised


@check("Many indexes", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-11")
def too_many_indexes(table: Table) -> Iterator[Said]:
    if not table.indexes:
        yield NotApplicable(reason="no secondary index")
        return
    global_count, local_count = len(table.global_indexes), len(table.local_indexes)
    if global_count >= NEAR_GLOBAL_QUOTA:
        yield _global_problem(table, global_count)
    if local_count >= LOCAL_QUOTA:
        yield Problem(
            message=f"{local_count} local secondary indexes, the most that a table can have",
            fix="in the next version of the table, replace the local indexes that need no strong consistency with global ones",
            evidence={"local_indexes": local_count, "quota": LOCAL_QUOTA},
            severity=Severity.LOW,
            current=f"{local_count} of {LOCAL_QUOTA} local secondary indexes",
            benefit="fewer writes for each change, and more room in the 10 GB of one partition key value",
            migration="local indexes cannot be removed from a table: it takes a new table and a copy of the items",
            effort="days",
        )
    if global_count < NEAR_GLOBAL_QUOTA and local_count < LOCAL_QUOTA:
        used = f"{global_count} of {GLOBAL_QUOTA} global and {local_count} of {LOCAL_QUOTA} local secondary indexes are used"
        yield Good(message=f"there is room for more indexes: {used}")


def _global_problem(table: Table, count: int) -> Problem:
    if count > GLOBAL_QUOTA:
        left = f"more than the default quota of {GLOBAL_QUOTA}, so it was raised; to what is not known here"
    elif count == GLOBAL_QUOTA:
        left = f"the default quota of {GLOBAL_QUOTA} is used up"
    else:
        left = f"{GLOBAL_QUOTA - count} left of the default quota of {GLOBAL_QUOTA}"
    return Problem(
        message=f"{count} global secondary indexes: {left}",
        fix="bring indexes that overlap together and remove those that are not read; ask for a higher quota only after that",
        evidence={"global_indexes": count, "default_quota": GLOBAL_QUOTA},
        severity=Severity.HIGH if count == GLOBAL_QUOTA else None,
        current=f"{count} global secondary indexes, {left}",
        benefit="room for the next query, and fewer writes for each change of an item",
        migration="one index at a time: send its queries to the index that takes over, then remove it; the table stays in use",
        effort="days",
        commands=(f"aws service-quotas list-service-quotas --region {table.region} --service-code dynamodb",),
    )
