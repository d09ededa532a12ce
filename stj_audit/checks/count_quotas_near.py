"""
An account may have 2,500 tables in a region, unless AWS raised the quota, and a table 5 local secondary indexes. At the first, the next
deployment fails; a system with a table for each customer or each test run gets there without a plan.

What is looked at: the number of tables in the region, told once, of the first table of the audit; and a table with 4 local indexes, from 80 %
of each quota on. The quota of tables is the account's own, or AWS's default where Service Quotas does not tell. The last local index is told
by `too_many_indexes`, as are global indexes; attributes in projections by `projected_attribute_budget`.

Wrong for local indexes of a table that will get no more queries: they cannot be added to it any more, only to its next version.
Source: AWS developer guide, "Quotas in Amazon DynamoDB"; Service Quotas, L-F98FE922.

Fix: remove tables that nobody uses, put tenants into one table, and ask for a higher quota in time.
"""

from collections.abc import Iterator
from fractions import Fraction

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import Quotas, RegionTables, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count

TABLES = 2_500  # AWS developer guide, "Quotas in Amazon DynamoDB": default for a region, can be raised
LOCAL_INDEXES = 5  # same page: cannot be raised
NEAR_SHARE = Fraction(4, 5)
QUOTA_CODE = "L-F98FE922"
CALL = "servicequotas:ListServiceQuotas"


@check("A quota on numbers is near", Category.SCALABILITY, Severity.LOW, code="SCL-10")
def count_quotas_near(table: Table, region_tables: RegionTables | Unknown, quotas: Quotas | Unknown) -> Iterator[Said]:
    local = len(table.local_indexes)
    if NEAR_SHARE * LOCAL_INDEXES <= local < LOCAL_INDEXES:
        yield _local_problem(local)
    if isinstance(region_tables, Unknown):
        yield region_tables
    elif region_tables.first == table.name:
        yield from _tables(table.region, region_tables.count, quotas)
    else:
        yield NotApplicable(reason=f"the tables of the region are told of {region_tables.first}")


def _tables(region: str, number: int, quotas: Quotas | Unknown) -> Iterator[Said]:
    applied = None if isinstance(quotas, Unknown) else quotas.tables
    quota, whose = (TABLES, "AWS's default quota") if applied is None else (applied, "the account's quota")
    if applied is None and number > TABLES:
        yield Unknown(call=CALL, reason=f"there are {count(number)} tables: the quota was raised, to what is not known")
        return
    if number < NEAR_SHARE * quota:
        yield Good(message=f"region {region} has {count(number)} of the {count(quota)} tables that {whose} allows")
        return
    yield Problem(
        message=f"region {region} has {count(number)} tables, and {whose} is {count(quota)}",
        fix="remove tables that nobody uses, and ask for a higher quota in time",
        subject="tables",
        evidence={"tables": number, "quota": quota, "quota_is_default": applied is None},
        current=f"{count(number)} of {count(quota)} tables",
        benefit="the next table can be made",
        migration="none; AWS answers a request for a higher quota in days",
        effort="hours",
        commands=(
            f"aws service-quotas get-service-quota {option('--region', region)} --service-code dynamodb --quota-code {QUOTA_CODE}",
        ),
    )


def _local_problem(local: int) -> Problem:
    return Problem(
        message=f"{local} local secondary indexes of the {LOCAL_INDEXES} that a table can have, and none can be added to it",
        fix="in the next version of the table, replace the local indexes that need no strong consistency with global ones",
        subject="local indexes",
        evidence={"local_indexes": local, "quota": LOCAL_INDEXES},
        current=f"{local} of {LOCAL_INDEXES} local secondary indexes",
        benefit="fewer writes for each change, and more room in the 10 GB of one partition key value",
        migration="local indexes cannot be removed from a table: it takes a new table and a copy of the items",
        effort="days",
    )
