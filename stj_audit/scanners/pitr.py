"""Point-in-time recovery: DescribeContinuousBackups."""

from datetime import UTC, datetime

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.facts import Pitr
from stj_audit.scanners.session import Aws

CALL = "dynamodb:DescribeContinuousBackups"


def read(aws: Aws, table: str) -> Pitr:
    """
    Whether point-in-time recovery is on.

    ContinuousBackupsStatus, which stands beside it in the answer, is ENABLED for every table and tells nothing.
    """
    answer = aws.dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = answer.get("PointInTimeRecoveryDescription", {})
    if "PointInTimeRecoveryStatus" not in recovery:
        raise BrokenAnswer("DescribeContinuousBackups")
    return Pitr(
        enabled=recovery["PointInTimeRecoveryStatus"] == "ENABLED",
        recovery_period_days=recovery.get("RecoveryPeriodInDays"),
        earliest_restorable_at=_utc(recovery.get("EarliestRestorableDateTime")),
        latest_restorable_at=_utc(recovery.get("LatestRestorableDateTime")),
    )


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time is not None else None
