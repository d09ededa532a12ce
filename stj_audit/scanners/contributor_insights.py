"""Whether CloudWatch Contributor Insights names the busiest keys: DescribeContributorInsights. Its reports are read by `hot_keys`."""

from typing import Any, cast

from stj_audit.facts import ContributorInsights, InsightsSetting, Table
from stj_audit.scanners.session import Aws

CALL = "dynamodb:DescribeContributorInsights"


def read(aws: Aws, table: Table) -> ContributorInsights:
    """The setting of the table and of each global index, one call each. Where it never was on, AWS says DISABLED."""
    return ContributorInsights(
        settings=tuple(_setting(aws, table, index) for index in (None, *(one.name for one in table.global_indexes)))
    )


def _setting(aws: Aws, table: Table, index: str | None) -> InsightsSetting:
    request = {"TableName": table.name} | ({} if index is None else {"IndexName": index})
    answer = cast("dict[str, Any]", aws.dynamodb.describe_contributor_insights(**request))
    return InsightsSetting(
        index=index,
        status=answer["ContributorInsightsStatus"],
        mode=answer.get("ContributorInsightsMode"),
        rules=tuple(answer.get("ContributorInsightsRuleList", ())),
    )
