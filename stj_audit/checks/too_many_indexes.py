"""
A table may have 20 global secondary indexes, unless AWS raised the quota for the account, and 5 local ones. Near the quota a new query can
only be served after an old index is gone, and building an index takes a pass over the whole table. Each index that holds an item also pays
for each write to it.

Five local secondary indexes are a lesser matter: they are fixed when the table is made, so the quota blocks nothing later; but all of them
share the 10 GB that the items of one partition key value may have.

What is looked at: the number of indexes beside the account's quota of global ones; where Service Quotas does not tell it, AWS's default is
taken, and named so.

Wrong when AWS's default is taken although the quota was raised: more than 20 indexes show that it was.
Source: AWS developer guide, "Quotas in Amazon DynamoDB"; Service Quotas, L-F7858A77.

Fix: find the indexes that overlap or are not read and bring them together; a key of several attributes can replace several indexes.
"""

from collections.abc import Iterator
from fractions import Fraction

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import Quotas, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity

GLOBAL_QUOTA = 20  # AWS developer guide, "Quotas in Amazon DynamoDB": default, can be raised
NEAR_SHARE = Fraction(4, 5)
LOCAL_QUOTA = 5  # same page: cannot be raised
NEAR_LOCAL_QUOTA = 4  # from here on there is no room worth a praise


@check("Many indexes", Category.GSI_COVERAGE, Severity.MEDIUM, code="COV-11")
def too_many_indexes(table: Table, quotas: Quotas | Unknown) -> Iterator[Said]:
    if not table.indexes:
        yield NotApplicable(reason="no secondary index")
        return
    global_count, local_count = len(table.global_indexes), len(table.local_indexes)
    applied = None if isinstance(quotas, Unknown) else quotas.global_indexes
    quota = GLOBAL_QUOTA if applied is None else applied
    if global_count >= quota * NEAR_SHARE:
        yield _global_problem(table, global_count, quota, "default quota" if applied is None else "account's quota")
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
    if global_count < quota * NEAR_SHARE and local_count < LOCAL_QUOTA:
        local = f" and {local_count} of {LOCAL_QUOTA} local" if local_count < NEAR_LOCAL_QUOTA else ""
        used = f"{global_count} of {quota} global{local} secondary indexes are used"
        yield Good(message=f"there is room for more indexes: {used}")


def _global_problem(table: Table, count: int, quota: int, whose: str) -> Problem:
    if count > quota:
        left = f"more than the {whose} of {quota}, so it was raised; to what is not known here"
    elif count == quota:
        left = f"the {whose} of {quota} is used up"
    else:
        left = f"{quota - count} left of the {whose} of {quota}"
    return Problem(
        message=f"{count} global secondary indexes: {left}",
        fix="bring indexes that overlap together and remove those that are not read; ask for a higher quota only after that",
        evidence={"global_indexes": count, "quota": quota, "default_quota": GLOBAL_QUOTA},
        severity=Severity.HIGH if count == quota else None,
        current=f"{count} global secondary indexes, {left}",
        benefit="room for the next query, and fewer writes for each change of an item",
        migration="one index at a time: send its queries to the index that takes over, then remove it; the table stays in use",
        effort="days",
        commands=(f"aws service-quotas list-service-quotas {option('--region', table.region)} --service-code dynamodb",),
    )
