"""
In a table with local secondary indexes, all items with one partition key value and their index entries may have 10 GB together. Where users
share the values, as with a key by country, type or tenant, the largest collection grows with the users, and at some number of them DynamoDB
refuses its next write. A local index cannot be removed then: it takes a new table, and it is better to know that before.

The largest collection of today is estimated as by the check local-index-collection-size, and taken to grow with the users in step. A table
with a value for each of today's users, or more, is not judged: new users bring new values. With more values than are counted one by one it
is not known whether they do.

Wrong when new users mostly bring new values, such as new tenants, or when old items of the value are deleted.
Source: AWS developer guide, "Local secondary indexes", item collection size limit; 8 GB is the line of AWS's DynamoDB health inspection.

Fix: before that many users, move to a table with global secondary indexes in place of the local ones, or spread the value over several.
"""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.checks.local_index_collection_size import (
    FAR_BYTES,
    MAX_COLLECTION_BYTES,
    NEAR_BYTES,
    Collection,
    bytes_with_local_entries,
    largest_collection,
)
from stj_audit.config import Scale, TableModel
from stj_audit.cost.workload import NO_USERS
from stj_audit.facts import ItemSizes, Table, Unknown
from stj_audit.results import Category, Good, Limit, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, listed, percent, printable, round_figure, size


@check("A local index collection outgrows 10 GB", Category.SCALABILITY, Severity.HIGH, code="SCL-07")
def local_index_collection_outgrown(table: Table, items: ItemSizes | Unknown, declared: TableModel, scale: Scale) -> Iterator[Said]:
    whole = bytes_with_local_entries(table, items)
    if isinstance(whole, NotApplicable):
        yield whole
    elif declared.items is not None:
        yield NotApplicable(reason=f"the table is declared to have {counted(declared.items, 'item')} at any number of users")
    elif isinstance(whole, Unknown):
        yield whole
    elif not scale.users_now:
        yield Unknown(call="dynamodb:DescribeTable", reason=NO_USERS)
    else:
        yield from _judged(table, items, whole, scale, scale.users_now)


def _judged(table: Table, items: ItemSizes | Unknown, whole: int, scale: Scale, users_now: int) -> Iterator[Said]:
    factor = Decimal(scale.target_users) / users_now
    users = counted(scale.target_users, "user")
    if whole * factor < NEAR_BYTES:
        if whole * factor <= FAR_BYTES:
            yield Good(
                message=f"with {users} the table has {size(whole * factor)} with its local index entries, and no collection 10 GB"
            )
        return
    found = largest_collection(items, whole)
    if isinstance(found, Unknown):
        yield found
        return
    key = printable(table.hash_attributes[0])
    values = found.distinct_limit if found.distinct is None else found.distinct
    if values >= users_now:
        more = "more than " if found.distinct is None else ""
        yield NotApplicable(
            reason=f"{key} has {more}{counted(values, 'value')} for {counted(users_now, 'user')}: new users bring new values"
        )
        return
    then = found.size_bytes * factor
    if found.distinct is not None and found.size_bytes:
        yield Limit(what=f"10 GB of one value of {key}, with its local index entries", users=_users_max(found, users_now))
    if then < NEAR_BYTES:
        if then <= FAR_BYTES:
            yield Good(
                message=f"with {users} the largest collection, of one value of {key}, has {found.about} {size(then)} of 10 GB"
            )
    elif found.distinct is None:
        reason = f"{key} has more than {counted(values, 'value')}: whether new users bring new ones is not known"
        yield Unknown(call="dynamodb:Scan", reason=reason)
    else:
        yield _problem(table, found, then, scale, users_now)


def _problem(table: Table, found: Collection, then: Decimal, scale: Scale, users_now: int) -> Problem:
    key = printable(table.hash_attributes[0])
    users_max = _users_max(found, users_now)
    users = counted(scale.target_users, "user")
    return Problem(
        message=f"with {users} the largest collection, of one value of {key}, has about {size(then)}; the limit of 10 GB is reached at "
        f"about {counted(round_figure(users_max), 'user')}: an estimate, by its {percent(found.top_share)} of the items",
        fix=f"before that, move to a table with global secondary indexes in place of {listed([one.name for one in table.local_indexes])}, "
        f"or spread the value of {key} over several by a suffix",
        evidence={
            "collection_bytes_now": int(found.size_bytes),
            "collection_bytes_at_target": int(then),
            "limit_bytes": MAX_COLLECTION_BYTES,
            "top_share": round(float(found.top_share), 4),
            "distinct_values": found.distinct,
            "max_users": users_max,
        },
        current=f"about {size(found.size_bytes)} in the largest collection, with {counted(users_now, 'user')}",
        benefit="no write is refused because of what other items of the same key take, at any number of users",
        migration="a local index can be neither removed nor added: create the new table, write to both, copy the items, switch the readers; "
        "queries that read a local index strongly consistent need another way",
        effort="days",
        matters_from_users=users_max if users_max > users_now else None,
    )


def _users_max(found: Collection, users_now: int) -> int:
    return int(users_now * MAX_COLLECTION_BYTES / found.size_bytes)
