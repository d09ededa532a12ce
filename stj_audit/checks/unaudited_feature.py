"""
DescribeTable shows that the table uses something that no check here judges and no line of the bill here prices, such as vector indexes. A
grade and a bill without it are not wrong, but they are not the whole.

What is looked at are the features that were recognized as such. What DescribeTable does not show, or does not show yet, cannot be told.

Wrong never; it is a note on how far this audit reaches, and costs no points.
Source: AWS API reference, TableDescription.

Fix: look at the feature's own documentation, quotas and prices.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import Table
from stj_audit.results import Category, NotApplicable, Problem, Said, Severity
from stj_audit.wording import listed


@check("A feature that is not audited", Category.SCALABILITY, Severity.INFO, code="SCL-13")
def unaudited_feature(table: Table) -> Iterator[Said]:
    if not table.unaudited:
        yield NotApplicable(reason="no feature is seen that is left out here")
        return
    features = listed(table.unaudited)
    yield Problem(
        message=f"the table uses {features}, left out here: neither judged nor priced",
        fix="look at limits and prices of what is left out, and add them to this report",
        evidence={"features": ", ".join(table.unaudited)},
        current=f"it has {features}",
        benefit="nobody takes the grade and the bill for the whole",
        migration="none",
        effort="minutes",
        commands=(f"aws dynamodb describe-table {of_table(table)}",),
    )
