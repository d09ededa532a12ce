"""
Point-in-time recovery reaches back 35 days at most, and lives in the same account as its table. An error that is noticed later, or a rule
that asks for older states, needs a backup that stays: an on-demand backup, or a plan of AWS Backup, which can also copy to another account.

What is looked at: on-demand backups (made by you or by AWS Backup, not those that AWS makes of a deleted table) of the last 35 days. Their
age is taken against the latest restorable time, the only clock among the facts. Where PITR is off, or not known, the age of a backup is not
known either. A declared `retention_days` that PITR itself covers passes: nobody asked for more.

Wrong when AWS Backup protects the table: ListBackups does not list its recovery points, so they cannot be seen here. The command shows
them.
Source: AWS Security Hub control DynamoDB.4; AWS API reference, ListBackups; AWS developer guide, "Point-in-time backups for DynamoDB".

Fix: protect the table by a plan of AWS Backup with the retention that you need and a copy to another account, or make on-demand backups.
"""

from collections.abc import Iterator
from datetime import timedelta

from stj_audit.checks import check
from stj_audit.config import Backup
from stj_audit.facts import OnDemandBackups, Pitr, Table, Unknown
from stj_audit.results import Category, Good, Problem, Said, Severity
from stj_audit.wording import counted

PITR_DAYS = 35  # AWS developer guide: the longest recovery period
LASTING = ("USER", "AWS_BACKUP")  # SYSTEM backups are those that AWS makes of a table that is deleted, and keeps for 35 days
NOT_SEEN = "recovery points of AWS Backup are not seen here"


@check("Nothing beyond PITR", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-06")
def nothing_beyond_pitr(
    table: Table, pitr: Pitr | Unknown, on_demand_backups: OnDemandBackups, backup_policy: Backup
) -> Iterator[Said]:
    wanted = backup_policy.retention_days
    covered = 0 if isinstance(pitr, Unknown) or not pitr.enabled else pitr.recovery_period_days or 0
    if wanted is not None and wanted <= covered:
        yield Good(message=f"PITR keeps {counted(covered, 'day')}, and `retention_days` asks for {wanted}")
        return
    made = [backup.created_at for backup in on_demand_backups.backups if backup.type in LASTING]
    newest = max(made, default=None)
    seen = None if isinstance(pitr, Unknown) else pitr.latest_restorable_at
    if seen is not None and newest is not None and seen - newest <= timedelta(days=PITR_DAYS):
        yield Good(message=f"the newest of {counted(len(made), 'on-demand backup')} is of {newest:%Y-%m-%d}")
    elif wanted is not None and wanted <= PITR_DAYS and (doubt := _doubt(pitr)) is not None:
        yield doubt
    elif newest is None:
        yield _problem(table, "no on-demand backup was found", wanted, None)
    elif seen is None:
        yield Unknown(
            call="dynamodb:DescribeContinuousBackups",
            reason=f"the newest backup is of {newest:%Y-%m-%d}; how old that is cannot be told without a latest restorable time",
        )
    else:
        age = (seen - newest).days
        yield _problem(table, f"the newest on-demand backup is {counted(age, 'day')} old ({newest:%Y-%m-%d})", wanted, age)


def _doubt(pitr: Pitr | Unknown) -> Unknown | None:
    """Why it is not known how far back PITR reaches; None where it is."""
    if isinstance(pitr, Unknown):
        return pitr
    if pitr.enabled and pitr.recovery_period_days is None:
        return Unknown(call="dynamodb:DescribeContinuousBackups", reason="the recovery period is not stated")
    return None


def _problem(table: Table, found: str, wanted: int | None, age: int | None) -> Problem:
    longer = wanted is not None and wanted > PITR_DAYS
    asked = f", while `retention_days` asks for {wanted} days" if longer else ""
    return Problem(
        message=f"{found}{asked}; {NOT_SEEN}",
        fix="look at the recovery points of AWS Backup; if there are none, let a plan of AWS Backup protect the table, with a copy to "
        "another account, or make an on-demand backup",
        severity=Severity.MEDIUM if longer else Severity.LOW,
        evidence={"newest_backup_age_days": age, "retention_days": wanted, "pitr_days_at_most": PITR_DAYS},
        current=found,
        benefit=f"a state of more than {PITR_DAYS} days ago can be restored, and the loss of the table does not end it",
        migration="none for the table; a backup is billed by the GB until it is deleted",
        effort="hours",
        commands=(
            f"aws backup list-recovery-points-by-resource --region {table.region} --resource-arn {table.arn}",
            f"aws dynamodb create-backup --region {table.region} --table-name {table.name} --backup-name {table.name}-kept",
        ),
    )
