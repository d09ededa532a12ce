"""
What the audit needs to be allowed: the IAM actions behind each fact, and the least policy that grants them; and what keeping runs in S3 and
mailing reports take.

Which actions work on single tables and which only on "*" is from AWS's Service Authorization Reference.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# fact in `facts.TableFacts` -> the IAM actions that read it
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "table": ("dynamodb:ListTables", "dynamodb:DescribeTable"),
    "pitr": ("dynamodb:DescribeContinuousBackups",),
    "on_demand_backups": ("dynamodb:ListBackups",),
    "recovery_points": ("backup:ListRecoveryPointsByResource",),
    "protected_resource": ("backup:DescribeProtectedResource",),
    "contributor_insights": ("dynamodb:DescribeContributorInsights",),
    "hot_keys": ("dynamodb:DescribeContributorInsights", "cloudwatch:GetInsightRuleReport"),
    "kinesis_destinations": ("dynamodb:DescribeKinesisStreamingDestination",),
    "resource_policy": ("dynamodb:GetResourcePolicy",),
    "quotas": ("servicequotas:ListServiceQuotas",),
    "region_tables": ("dynamodb:ListTables",),
    "time_to_live": ("dynamodb:DescribeTimeToLive",),
    "tags": ("dynamodb:ListTagsOfResource",),
    "auto_scaling": ("application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"),
    "traffic": ("cloudwatch:GetMetricData",),
    "operations": ("cloudwatch:GetMetricData",),
    "account_capacity": ("cloudwatch:GetMetricData",),
    "alarms": ("cloudwatch:DescribeAlarms",),
    "items": ("dynamodb:Scan",),
}
ACCOUNT_WIDE = frozenset(  # these know no resource level: their Resource must be "*"
    {
        "dynamodb:ListTables",
        "dynamodb:ListBackups",
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "backup:ListRecoveryPointsByResource",
        "backup:DescribeProtectedResource",
        "cloudwatch:GetMetricData",
        "cloudwatch:DescribeAlarms",
        "servicequotas:ListServiceQuotas",
    }
)
ASKED_OF_INDEXES = frozenset({"dynamodb:DescribeContributorInsights"})  # of a table and, under the index's own ARN, of an index
ASKED_OF_RULES = frozenset({"cloudwatch:GetInsightRuleReport"})  # of a rule of CloudWatch, under an ARN of its own
PARTITION_KEY_RULES = (
    "DynamoDBContributorInsights-PK*"  # what DynamoDB calls its rules of partition keys: sort keys are not asked for
)
PARTITIONS = (("us-gov-", "aws-us-gov"), ("cn-", "aws-cn"))  # region prefix -> ARN partition, "aws" for the others
READ_ITEMS = ACTIONS["items"]
WRITES = tuple(  # denied outright, so that the role stays read-only whatever else is attached to it
    f"dynamodb:{verb}*"
    for verb in (
        "Associate",
        "BatchWrite",
        "Cancel",
        "Create",
        "Delete",
        "Disable",
        "Enable",
        "Export",
        "Import",
        "PartiQL",
        "Purchase",
        "Put",
        "Restore",
        "Start",
        "Tag",
        "Untag",
        "Update",
    )
)


def actions_for(facts: Iterable[str]) -> tuple[str, ...]:
    """The IAM actions behind some facts, sorted, each once; names that are no facts (a check's context) need none."""
    return tuple(sorted({action for fact in facts for action in ACTIONS.get(fact, ())}))


def policy(facts: Iterable[str], *, account: str = "*", region: str = "*", tables: Iterable[str] = ("*",)) -> dict[str, Any]:
    """The least IAM policy that lets the audit read `facts` of `tables` (names or patterns), and nothing written."""
    actions = actions_for({"table", *facts})
    wide = [action for action in actions if action in ACCOUNT_WIDE]
    apart = {*ACCOUNT_WIDE, *READ_ITEMS, *ASKED_OF_RULES}
    narrow = [action for action in actions if action not in apart]
    partition = _partition(region)
    arns = [f"arn:{partition}:dynamodb:{region}:{account}:table/{table}" for table in tables]
    statements: list[dict[str, Any]] = [
        {"Sid": "AccountWideNoResourceLevel", "Effect": "Allow", "Action": wide, "Resource": "*"},
        {"Sid": "TableConfiguration", "Effect": "Allow", "Action": narrow, "Resource": arns},
    ]
    of_indexes = [action for action in narrow if action in ASKED_OF_INDEXES]
    if of_indexes:
        indexes = [f"{arn}/index/*" for arn in arns]
        statements.append({"Sid": "IndexConfiguration", "Effect": "Allow", "Action": of_indexes, "Resource": indexes})
    of_rules = [action for action in actions if action in ASKED_OF_RULES]
    if of_rules:
        rules = f"arn:{partition}:cloudwatch:{region}:{account}:insight-rule/{PARTITION_KEY_RULES}"
        statements.append({"Sid": "ContributorInsightsReports", "Effect": "Allow", "Action": of_rules, "Resource": rules})
    if set(actions) & set(READ_ITEMS):
        statements.append({"Sid": "ReadItemsToSizeThem", "Effect": "Allow", "Action": list(READ_ITEMS), "Resource": arns})
    statements.append({"Sid": "NeverWrite", "Effect": "Deny", "Action": list(WRITES), "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


def history_statements(bucket: str, prefix: str, *, region: str = "*") -> list[dict[str, Any]]:
    """To keep runs, and what was mailed, below a prefix of a bucket ("": in all of it). Nothing is overwritten or removed."""
    arn = f"arn:{_partition(region)}:s3:::{bucket}"
    below = f"{prefix}/*" if prefix else "*"
    return [
        {
            "Sid": "ListHistory",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": below}},
        },
        {"Sid": "KeepHistory", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{arn}/{below}"},
    ]


def mail_statements(address: str, *, account: str = "*", region: str = "*") -> list[dict[str, Any]]:
    """
    To mail from one address, which is verified itself or by its domain, or one above that. The API asks for ses:SendEmail, and for
    ses:SendRawEmail where the message is whole, as ours is. In the sandbox of SES recipients are identities too: it is the condition that
    says who may send.
    """
    start = f"arn:{_partition(region)}:ses:{region}:{account}"
    return [
        {
            "Sid": "MailReports",
            "Effect": "Allow",
            "Action": ["ses:SendEmail", "ses:SendRawEmail"],
            "Resource": [f"{start}:identity/*", f"{start}:configuration-set/*"],
            "Condition": {"StringEquals": {"ses:FromAddress": address}},
        },
        {"Sid": "MailIdentity", "Effect": "Allow", "Action": "ses:GetEmailIdentity", "Resource": f"{start}:identity/*"},
    ]


def _partition(region: str) -> str:
    return next((name for start, name in PARTITIONS if region.startswith(start)), "aws")
