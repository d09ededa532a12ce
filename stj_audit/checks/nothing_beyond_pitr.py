"""
Point-in-time recovery reaches back 35 days at most, and lives in the same account as its table. An error that is noticed later, or a rule
that asks for older states, needs a backup that stays: an on-demand backup, or a plan of AWS Backup, which can also copy to another account.

What is looked at: on-demand backups (not those that AWS makes of a deleted table) and recovery points of AWS Backup, made in the 35 days
before the audit. Where one of the two may not be read and the other has nothing so young, it is told that this was not seen. A declared
`retention_days` that PITR itself covers passes: nobody asked for more.

Wrong when the backups are kept in another region or account: only those of the table's own are listed.
Source: AWS Security Hub control DynamoDB.4; AWS API reference, ListBackups; AWS Backup API reference, ListRecoveryPointsByResource; AWS
developer guide, "Point-in-time backups for DynamoDB".

Fix: protect the table by a plan of AWS Backup with the retention that you need and a copy to another account, or make on-demand backups.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.config import Backup
from stj_audit.facts import OnDemandBackups, Pitr, RecoveryPoints, Table, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted

PITR_DAYS = 35  # AWS developer guide: the longest recovery period
LASTING = ("USER", "AWS_BACKUP")  # SYSTEM backups are those that AWS makes of a table that is deleted, and keeps for 35 days


@check("Nothing beyond PITR", Category.BACKUP_STRATEGY, Severity.MEDIUM, code="BKP-06")
def nothing_beyond_pitr(
    table: Table,
    *,
    pitr: Pitr | Unknown,
    on_demand_backups: OnDemandBackups | Unknown,
    recovery_points: RecoveryPoints | Unknown,
    backup_policy: Backup,
    taken_at: datetime,
) -> Iterator[Said]:
    wanted = backup_policy.retention_days
    covered = 0 if isinstance(pitr, Unknown) or not pitr.enabled else pitr.recovery_period_days or 0
    if wanted is not None and wanted <= covered:
        yield Good(message=f"PITR keeps {counted(covered, 'day')}, and `retention_days` asks for {wanted}")
        return
    made: list[datetime] = []
    if not isinstance(on_demand_backups, Unknown):
        made += [backup.created_at for backup in on_demand_backups.backups if backup.type in LASTING]
    if not isinstance(recovery_points, Unknown):
        made += [point.created_at for point in recovery_points.points]
    newest = max(made, default=None)
    unseen = [fact for fact in (on_demand_backups, recovery_points) if isinstance(fact, Unknown)]
    if newest is not None and taken_at - newest <= timedelta(days=PITR_DAYS):
        yield Good(message=f"the newest of {counted(len(made), 'backup')} is of {newest:%Y-%m-%d}")
    elif wanted is not None and wanted <= PITR_DAYS and (doubt := _doubt(pitr)) is not None:
        yield doubt
    elif unseen:
        yield from unseen
    elif newest is None:
        yield _problem(table, "there is neither an on-demand backup nor a recovery point of AWS Backup", wanted, None)
    else:
        age = (taken_at - newest).days
        yield _problem(table, f"the newest backup is {counted(age, 'day')} old ({newest:%Y-%m-%d})", wanted, age)


def _doubt(pitr: Pitr | Unknown) -> Unknown | None:
    """Why it is not known how far back PITR reaches; None where it is."""
    if isinstance(pitr, Unknown):
        return pitr
    if pitr.enabled and pitr.recovery_period_days is None:
        return Unknown(call="dynamodb:DescribeContinuousBackups", reason="the recovery period is not stated")
    return None


def _problem(table: Table, found: str, wanted: int | None, age: int | None) -> Problem:
    asked = "" if wanted is None else f", while `retention_days` asks for {counted(wanted, 'day')}"
    return Problem(
        message=f"{found}{asked}",
        fix="let a plan of AWS Backup protect the table, with a copy to another account, or make an on-demand backup",
        severity=Severity.LOW if wanted is not None and wanted <= PITR_DAYS else None,
        evidence={"newest_backup_age_days": age, "retention_days": wanted, "pitr_days_at_most": PITR_DAYS},
        current=found,
        benefit=f"a state of more than {PITR_DAYS} days ago can be restored, and the loss of the table does not end it",
        migration="none for the table; a backup is billed by the GB until it is deleted",
        effort="hours",
        commands=(f"aws dynamodb create-backup {of_table(table)} {option('--backup-name', f'{table.name}-kept')}",),
    )
