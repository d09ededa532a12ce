"""What AWS Backup holds of a table: ListRecoveryPointsByResource, and DescribeProtectedResource for the last restore."""

from datetime import UTC

from botocore.exceptions import ClientError

from stj_audit.aws_failures import code_of
from stj_audit.facts import ProtectedResource, RecoveryPoint, RecoveryPoints
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

POINTS_CALL = "backup:ListRecoveryPointsByResource"
RESOURCE_CALL = "backup:DescribeProtectedResource"

# AWS Backup API reference, RecoveryPointByResource: the others are being made or deleted, or are not whole
RESTORABLE = frozenset({"COMPLETED", "AVAILABLE"})
NEVER_BACKED_UP = "ResourceNotFoundException"


def read_points(aws: Aws, table_arn: str) -> RecoveryPoints:
    """The recovery points that could be restored now. ListBackups has DynamoDB's own backups, so those are left out here."""
    listed = pages(
        "ListRecoveryPointsByResource",
        aws.backup.list_recovery_points_by_resource,
        ResourceArn=table_arn,
        ManagedByAWSBackupOnly=True,
    )
    return RecoveryPoints(
        points=tuple(
            RecoveryPoint(created_at=one["CreationDate"].astimezone(UTC), size_bytes=one.get("BackupSizeBytes"))
            for page in listed
            for one in page.get("RecoveryPoints", ())
            if one.get("Status") in RESTORABLE and "CreationDate" in one
        )
    )


def read_resource(aws: Aws, table_arn: str) -> ProtectedResource:
    """The last restore that AWS Backup made of the table. That it does not know the table means that it never backed it up."""
    try:
        answer = aws.backup.describe_protected_resource(ResourceArn=table_arn)
    except ClientError as error:
        if code_of(error) != NEVER_BACKED_UP:
            raise
        return ProtectedResource(last_restored_at=None)
    restored = answer.get("LatestRestoreJobCreationDate")
    return ProtectedResource(last_restored_at=None if restored is None else restored.astimezone(UTC))
