"""
Global tables of version 2017.11.29 take more write units than those of version 2019.11.21, because they keep the attributes by which they
replicate in the items: over two regions a put of 1 KB takes four replicated units and not two, an update or a delete three. A region can be
added only while all replicas are empty.

What is looked at is the version that DescribeTable names. AWS names it for the current version for sure; a legacy table may name none, and
then this check does not apply although the table is one. The command tells.

Wrong when the application itself reads or writes the attributes that begin with "aws:rep:": the current version does not have them.
Source: AWS developer guide, "DynamoDB global tables versions"; "Upgrading DynamoDB global tables".

Fix: update the global table to the current version in the console; it stays in use.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity

LEGACY = "2017.11.29"  # AWS developer guide, "DynamoDB global tables versions"
CURRENT = "2019.11.21"


@check("A legacy global table", Category.SCALABILITY, Severity.LOW, code="SCL-12")
def legacy_global_table(table: Table) -> Iterator[Said]:
    version = table.global_table_version
    if version is None:
        yield NotApplicable(reason="no version of global tables is named")
    elif version != LEGACY:
        yield Good(message=f"the global table has version {version}")
    else:
        yield Problem(
            message=f"the global table has version {LEGACY}, which takes more write units than {CURRENT}",
            fix=f"update it to version {CURRENT}, which only the console can do (tab Global tables)",
            evidence={"global_table_version": version, "current_version": CURRENT},
            current=f"GlobalTableVersion is {version}",
            benefit="a third to a half of the write units less, and regions can be added to a table that holds items",
            migration="the table stays in use, and there is no way back; first grant the permissions that the update asks for, and see "
            'that no code relies on attributes that begin with "aws:rep:"',
            effort="hours",
            commands=(
                f"aws dynamodb describe-global-table {option('--region', table.region)} {option('--global-table-name', table.name)}",
            ),
        )
