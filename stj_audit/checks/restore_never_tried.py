"""
A backup is worth what can be restored from it, and only a restore shows that: how long it takes, who may do it, and which settings are
missing on the new table. A first restore in an emergency finds all of this out at the worst time.

AWS keeps no record of restores that were made outside of AWS Backup, so the last one has to be declared: `last_restore_test` under
`[backup]`. Its age is taken against the newest moment that is known of the table, which lies before now, so a test that is found too old is
too old. Where no such moment is known, the date alone is told.

Wrong when restores are exercised and nobody wrote it down. A table that has neither PITR nor a backup has nothing that could be tried.
Source: AWS Well-Architected Framework, reliability pillar, "Perform periodic recovery of the data to verify backup integrity and
processes".

Fix: restore the table under another name, look at data and settings, write down how long it took, and declare the date.
"""

from collections.abc import Iterator
from datetime import date

from stj_audit.checks import check
from stj_audit.config import Backup
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import unit_price
from stj_audit.facts import OnDemandBackups, Pitr, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, dollars

MAX_AGE_DAYS = 365  # people, code and permissions change within a year
MAX_NAME_CHARACTERS = 255  # AWS developer guide, "Quotas in Amazon DynamoDB": of a table name
SUFFIX = "-restore-test"


@check("A restore was never tried", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-08")
def restore_never_tried(
    table: Table, pitr: Pitr | Unknown, on_demand_backups: OnDemandBackups | Unknown, backup_policy: Backup, bill: TableBill
) -> Iterator[Said]:
    if _nothing_to_restore(pitr, on_demand_backups):
        yield NotApplicable(reason="neither PITR nor an on-demand backup to restore from")
        return
    if not backup_policy.last_restore_test:
        yield _problem(table, pitr, bill, "no restore is declared to have been tried", None)
        return
    tried = date.fromisoformat(backup_policy.last_restore_test)
    today = _newest(table, pitr, on_demand_backups)
    age = None if today is None else (today - tried).days
    if age is not None and age > MAX_AGE_DAYS:
        yield _problem(table, pitr, bill, f"the last restore was tried {counted(age, 'day')} ago, on {tried}", age)
    else:
        yield Good(message=f"the last restore was tried on {tried}, as declared")


def _nothing_to_restore(pitr: Pitr | Unknown, backups: OnDemandBackups | Unknown) -> bool:
    """Only what is known for sure: a fact that could not be read may hold a backup."""
    no_pitr = isinstance(pitr, Pitr) and not pitr.enabled
    return no_pitr and isinstance(backups, OnDemandBackups) and not backups.backups


def _newest(table: Table, pitr: Pitr | Unknown, backups: OnDemandBackups | Unknown) -> date | None:
    moments = [table.created_at, None if isinstance(pitr, Unknown) else pitr.latest_restorable_at]
    moments += [] if isinstance(backups, Unknown) else [backup.created_at for backup in backups.backups]
    return max((moment.date() for moment in moments if moment is not None), default=None)


def _problem(table: Table, pitr: Pitr | Unknown, bill: TableBill, found: str, age: int | None) -> Problem:
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
        commands=_commands(table, pitr),
    )


def _commands(table: Table, pitr: Pitr | Unknown) -> tuple[str, ...]:
    if isinstance(pitr, Unknown) or not pitr.enabled:
        return (f"aws dynamodb list-backups --region {table.region} --table-name {table.name}",)
    target = table.name[: MAX_NAME_CHARACTERS - len(SUFFIX)] + SUFFIX
    return (
        f"aws dynamodb restore-table-to-point-in-time --region {table.region} --source-table-name {table.name} "
        f"--target-table-name {target} --use-latest-restorable-time",
    )
