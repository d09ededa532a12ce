"""
On-demand backups: ListBackups. Recovery points of AWS Backup are not in its answer.

It may be called five times a second. So the backups of many tables are listed together, a hundred a page, unless that takes more pages than
there are tables.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from itertools import islice
from typing import Any

from stj_audit.facts import Backup, OnDemandBackups
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws

CALL = "dynamodb:ListBackups"
LISTED_TOGETHER_FROM = 20  # tables; fewer are asked one by one, which takes four seconds at most

Listed = Mapping[str, OnDemandBackups] | None
"""The backups by the name of each table; None: not listed, they are to be asked of each table."""


def read(aws: Aws, table: str) -> OnDemandBackups:
    """The backups that could be restored now, in AWS's order: those being made or deleted are left out."""
    listed = _pages(aws, TableName=table)
    return OnDemandBackups(
        backups=tuple(backup for page in listed for one in page.get("BackupSummaries", ()) if (backup := _backup(one)) is not None)
    )


def read_together(aws: Aws, tables: Collection[str]) -> Listed:
    """Those of all tables, as `read` gives them of each. None where there are few tables, or more pages than tables."""
    if len(tables) < LISTED_TOGETHER_FROM:
        return None
    found: dict[str, list[Backup]] = {name: [] for name in tables}
    for page in islice(_pages(aws), len(tables)):
        for one in page.get("BackupSummaries", ()):
            backup = _backup(one)
            if backup is not None and one.get("TableName") in found:
                found[one["TableName"]].append(backup)
        if not page.get("LastEvaluatedBackupArn"):
            return {name: OnDemandBackups(backups=tuple(backups)) for name, backups in found.items()}
    return None


def _pages(aws: Aws, **asked: Any) -> Iterator[Mapping[str, Any]]:
    token = ("ExclusiveStartBackupArn", "LastEvaluatedBackupArn")
    return pages("ListBackups", aws.dynamodb.list_backups, token=token, **asked)


def _backup(summary: Any) -> Backup | None:
    if summary.get("BackupStatus", "AVAILABLE") != "AVAILABLE" or "BackupCreationDateTime" not in summary:
        return None
    return Backup(
        created_at=summary["BackupCreationDateTime"].astimezone(UTC),
        size_bytes=summary.get("BackupSizeBytes"),
        type=summary.get("BackupType", "USER"),
    )
