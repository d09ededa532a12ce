"""On-demand backups: ListBackups. Recovery points of AWS Backup are not in its answer."""

from datetime import UTC

from stj_audit.facts import Backup, OnDemandBackups
from stj_audit.scanners.session import Aws

CALL = "dynamodb:ListBackups"


def read(aws: Aws, table: str) -> OnDemandBackups:
    """The backups that could be restored now, in AWS's order: those being made or deleted are left out."""
    pages = aws.dynamodb.get_paginator("list_backups").paginate(TableName=table)
    return OnDemandBackups(
        backups=tuple(
            Backup(
                created_at=one["BackupCreationDateTime"].astimezone(UTC),
                size_bytes=one.get("BackupSizeBytes"),
                type=one.get("BackupType", "USER"),
            )
            for page in pages
            for one in page.get("BackupSummaries", ())
            if one.get("BackupStatus", "AVAILABLE") == "AVAILABLE" and "BackupCreationDateTime" in one
        )
    )
