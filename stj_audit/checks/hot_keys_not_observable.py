"""
When one key gets more traffic than a partition takes, requests are throttled while the table has capacity left. No metric of DynamoDB names
that key; CloudWatch Contributor Insights does, if it was on when it happened. In the mode of throttled keys it is billed by the rule, and by
each event of throttling alone: next to nothing on a healthy table.

What is looked at: the status of Contributor Insights of the table and of each global secondary index. It is a note, and costs no grade.

Wrong where keys are personal or secret: key values then stand in CloudWatch in plain text. A table that is encrypted with a key of KMS is
left out for that reason, as AWS advises. Wrong too where the clients log the keys of throttled requests by themselves.
Source: AWS API reference, UpdateContributorInsights; AWS developer guide, "CloudWatch Contributor Insights for DynamoDB: How it works".

Fix: turn Contributor Insights on for throttled keys, on the table and on each of its indexes.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.facts import ContributorInsights, Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import a_few, counted, resource

MODE = "THROTTLED_KEYS"
IN_PLAIN_TEXT = "key values then stand in CloudWatch in plain text: not where keys are personal or secret"


@check("Hot keys could not be seen", Category.PRIMARY_KEY_DESIGN, Severity.INFO, code="KEY-06")
def hot_keys_not_observable(table: Table, contributor_insights: ContributorInsights) -> Iterator[Said]:
    off = [one.index for one in contributor_insights.settings if not one.enabled]
    if not off:
        indexes = counted(len(table.global_indexes), "global secondary index", "global secondary indexes")
        also = f" and its {indexes}" if table.global_indexes else ""
        yield Good(message=f"Contributor Insights names the keys that are throttled, of the table{also}")
        return
    if keys_are_encrypted(table):
        yield NotApplicable(
            reason="its keys are encrypted with a key of KMS, and Contributor Insights would show them in plain text"
        )
        return
    yield Problem(
        message=f"Contributor Insights is off for {a_few(map(resource, off))}: if a key gets too hot, nothing tells which",
        fix="turn Contributor Insights on for throttled keys",
        evidence={"off": len(off), "resources": len(contributor_insights.settings)},
        current=f"Contributor Insights is on for {len(contributor_insights.settings) - len(off)} of "
        f"{counted(len(contributor_insights.settings), 'table or index', 'tables and indexes')}",
        benefit="a hot key is named when it is throttled, and not looked for afterwards",
        migration=f"none, and it does not slow the table down; {IN_PLAIN_TEXT}; it is billed by the rule and by the throttled event",
        effort="minutes",
        commands=tuple(turn_on(table, index) for index in off),
    )


def keys_are_encrypted(table: Table) -> bool:
    """Whether the owners chose a key of KMS: AWS then advises against Contributor Insights."""
    return table.encryption.type == "KMS"


def turn_on(table: Table, index: str | None) -> str:
    """The command that names throttled keys from then on; it also narrows a mode that follows all keys."""
    which = "" if index is None else f" {option('--index-name', index)}"
    return (
        f"aws dynamodb update-contributor-insights {of_table(table)}{which} "
        f"--contributor-insights-action ENABLE --contributor-insights-mode {MODE}"
    )
