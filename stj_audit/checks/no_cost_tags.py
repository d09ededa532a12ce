"""
The bill and Cost Explorer show what DynamoDB costs, and not which table. Only a tag splits it: by table, by owner, by environment. It works
from the day it is activated, so a tag that is missing today is missing in next year's comparison.

What is looked at: whether the table has any tag of yours. Those that begin with "aws:" are set by AWS. Which keys you ask for is not known
here.

Wrong when an account holds one application only, and its bill is the answer.
Source: AWS Security Hub control DynamoDB.5; AWS developer guide, "Evaluate your costs at the table level" and "Adding tags and labels to
resources".

Fix: tag the table, with its own name at the least, and activate the key as a cost allocation tag in the billing console.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import option
from stj_audit.facts import Table, Tags
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import a_few, counted, printable

RESERVED = "aws:"  # AWS General Reference, tag naming: AWS sets them, and nobody else can
KEY = "table_name"  # AWS developer guide, "Evaluate your costs at the table level": a table tagged with its own name


@check("No tags to split costs by", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-06")
def no_cost_tags(table: Table, tags: Tags) -> Iterator[Said]:
    own = sorted(key for key in tags.values if not key.startswith(RESERVED))
    if own:
        yield Good(message=f"tagged: {a_few(printable(key) for key in own)}")
        return
    only = f"only {counted(len(tags.values), 'tag')} set by AWS" if tags.values else "no tag"
    yield Problem(
        message=f"{only}: no bill and no report can tell what this table costs",
        fix="tag the table with its own name, or with what you split costs by, and activate the key as a cost allocation tag",
        evidence={"tags": 0, "tags_set_by_aws": len(tags.values)},
        current=only,
        benefit="Cost Explorer shows the table, its indexes and its backups by themselves",
        migration="none; it takes up to 24 hours until a new key can be activated, and costs before that stay without it",
        effort="minutes",
        commands=(
            f"aws dynamodb tag-resource {option('--region', table.region)} {option('--resource-arn', table.arn)} "
            f"{option('--tags', f'Key={KEY},Value={table.name}')}",
        ),
        template=table_template(table, {"Tags": [{"Key": KEY, "Value": table.name}]}),
    )
