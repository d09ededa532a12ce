"""
A backup is worth what can be restored from it, and only a restore shows that: how long it takes, who may do it, and which settings are
missing on the new table. A first restore in an emergency finds all of this out at the worst time.

What is looked at: the newest of the date that is declared as `last_restore_test` under `[backup]`, and of the last restore that AWS Backup
made of the table. AWS keeps no record of other restores. Where AWS Backup may not be asked and nothing of the last year is declared, it is
told that this was not seen.

Wrong when restores are exercised outside of AWS Backup and nobody wrote it down. A table that has neither PITR nor a backup has nothing that
could be tried.
Source: AWS Well-Architected Framework, reliability pillar, "Perform periodic recovery of the data to verify backup integrity and
processes"; AWS Backup API reference, DescribeProtectedResource.

Fix: restore the table under another name, look at data and settings, write down how long it took, and declare the date.
"""

from collections.abc import Iterator
from datetime import date, datetime

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.config import Backup
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import unit_price
from stj_audit.facts import OnDemandBackups, Pitr, ProtectedResource, RecoveryPoints, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, dollars

MAX_AGE_DAYS = 365  # people, code and permissions change within a year
MAX_NAME_CHARACTERS = 255  # AWS developer guide, "Quotas in Amazon DynamoDB": of a table name
SUFFIX = "-restore-test"


@check("A restore was never tried", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-08")
def restore_never_tried(
    table: Table,
    *,
    pitr: Pitr | Unknown,
    on_demand_backups: OnDemandBackups | Unknown,
    recovery_points: RecoveryPoints | Unknown,
    protected_resource: ProtectedResource | Unknown,
    backup_policy: Backup,
    bill: TableBill,
    taken_at: datetime,
) -> Iterator[Said]:
    if _nothing_to_restore(pitr, on_demand_backups, recovery_points):
        yield NotApplicable(reason="neither PITR nor a backup to restore from")
        return
    tries: list[tuple[date, str]] = []
    if backup_policy.last_restore_test:
        tries.append((date.fromisoformat(backup_policy.last_restore_test), "as declared"))
    if isinstance(protected_resource, ProtectedResource) and protected_resource.last_restored_at is not None:
        tries.append((protected_resource.last_restored_at.date(), "by AWS Backup"))
    tried, how = max(tries, default=(None, ""))
    age = None if tried is None else (taken_at.date() - tried).days
    commands = _commands(table, pitr, on_demand_backups, recovery_points)
    if age is not None and age <= MAX_AGE_DAYS:
        yield Good(message=f"the last restore was tried on {tried}, {how}")
    elif isinstance(protected_resource, Unknown):
        yield protected_resource
    elif age is None:
        yield _problem(table, bill, "no restore is declared to have been tried, and AWS Backup made none", None, commands)
    else:
        yield _problem(table, bill, f"the last restore was tried {counted(age, 'day')} ago, on {tried}, {how}", age, commands)


def _nothing_to_restore(
    pitr: Pitr | Unknown, on_demand_backups: OnDemandBackups | Unknown, recovery_points: RecoveryPoints | Unknown
) -> bool:
    """Only what is known for sure: a fact that could not be read may hold a backup."""
    no_pitr = isinstance(pitr, Pitr) and not pitr.enabled
    no_backup = isinstance(on_demand_backups, OnDemandBackups) and not on_demand_backups.backups
    return no_pitr and no_backup and isinstance(recovery_points, RecoveryPoints) and not recovery_points.points


def _problem(table: Table, bill: TableBill, found: str, age: int | None, commands: tuple[str, ...]) -> Problem:
    gigabytes = bill.workload.table.gigabytes(bill.workload.overhead_bytes).today
    price = unit_price("restore", table.table_class, bill.prices)
    usd = None if gigabytes is None or price is None else gigabytes * price
    cost = "" if usd is None else f", about {dollars(usd)} for this table"
    return Problem(
        message=found,
        fix="restore the table under another name, look at data and settings, and declare the date as `last_restore_test` in `[backup]`",
        evidence={
            "last_restore_test_age_days": age,
            "max_age_days": MAX_AGE_DAYS,
            "restore_usd": None if usd is None else round(float(usd), 2),
        },
        current=found,
        benefit="you know that a restore works, how long it takes, and what has to be set anew after it",
        migration=f"none for the table: a restore makes a new one, and is billed by the GB{cost}; delete the new table after the test",
        effort="hours",
        commands=commands,
    )


def _commands(
    table: Table, pitr: Pitr | Unknown, on_demand_backups: OnDemandBackups | Unknown, recovery_points: RecoveryPoints | Unknown
) -> tuple[str, ...]:
    """A restore by PITR; where that is off, or not known, the list of what could be restored."""
    if isinstance(pitr, Unknown) or not pitr.enabled:
        on_demand = isinstance(on_demand_backups, Unknown) or on_demand_backups.backups
        if not on_demand and isinstance(recovery_points, RecoveryPoints) and recovery_points.points:
            return (
                f"aws backup list-recovery-points-by-resource {option('--region', table.region)} {option('--resource-arn', table.arn)}",
            )
        return (f"aws dynamodb list-backups {of_table(table)}",)
    target = table.name[: MAX_NAME_CHARACTERS - len(SUFFIX)] + SUFFIX
    return (
        f"aws dynamodb restore-table-to-point-in-time {option('--region', table.region)} {option('--source-table-name', table.name)} "
        f"{option('--target-table-name', target)} --use-latest-restorable-time",
    )
