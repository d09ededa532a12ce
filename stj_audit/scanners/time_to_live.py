"""Time to live: DescribeTimeToLive."""

from stj_audit.facts import TimeToLive
from stj_audit.scanners.session import Aws

CALL = "dynamodb:DescribeTimeToLive"


def read(aws: Aws, table: str) -> TimeToLive:
    """Whether TTL is on, or being turned on, and by which attribute."""
    answer = aws.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return TimeToLive(enabled=answer.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"), attribute=answer.get("AttributeName"))
