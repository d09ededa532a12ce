"""
All indexes of a table together may name 100 attributes in projections of type INCLUDE, and an attribute that two indexes include counts
twice. When the budget is used up, the next index can only hold keys, or whole items, which is the dearest way.

What is counted are NonKeyAttributes over all secondary indexes, global and local. Keys, and projections of type ALL and KEYS_ONLY, do not
count.

Wrong when the table will get no more indexes.
Source: AWS API reference, Projection; AWS developer guide, "Quotas in Amazon DynamoDB".

Fix: include what the queries read and no more, and bring indexes together that include the same.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.facts import Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few

BUDGET = 100  # AWS API reference, Projection: summed across all secondary indexes
NEAR_BUDGET = 80  # 80 % of it; one index may take 20


@check("Projected attributes near the quota", Category.GSI_PROJECTIONS, Severity.LOW, code="PRJ-09")
def projected_attribute_budget(table: Table) -> Iterator[Said]:
    including = [index for index in table.indexes if index.projection == "INCLUDE"]
    if not including:
        yield NotApplicable(reason="no index includes single attributes")
        return
    used = sum(len(index.non_key_attributes) for index in including)
    distinct = len({name for index in including for name in index.non_key_attributes})
    if used < NEAR_BUDGET:
        yield Good(message=f"indexes include {used} of {BUDGET} attributes that they may")
        return
    largest = sorted(including, key=lambda index: (-len(index.non_key_attributes), index.name))
    left = f"{BUDGET - used} left" if used < BUDGET else "none left"
    yield Problem(
        message=f"the indexes include {used} attributes of {BUDGET} that they may, {left}; {distinct} of them are different",
        fix="include only what the queries read, and bring indexes together that include the same attributes",
        evidence={"included": used, "different": distinct, "budget": BUDGET, "indexes": len(including)},
        current="most are in " + a_few(f"{index.name} ({len(index.non_key_attributes)})" for index in largest),
        benefit="room for the next index to include what it needs, and smaller entries in the others",
        migration="a projection cannot be changed: an index that includes less is built beside the old one, which is then removed",
        effort="days",
    )
