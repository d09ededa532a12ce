"""
An on-demand backup is billed by the GB every month until somebody deletes it, and each is a whole copy of the table. Those that a script or
a worried evening made, and that nobody needs any more, add up without a line of their own in anyone's plan.

What is counted: backups that you made (not those of AWS Backup, whose plans delete them) and that are more than 90 days old. They count when
together they cost at least the currency floor a month.

Wrong when they are kept on purpose, by a legal hold or a rule on data retention.
Source: AWS developer guide, "Using on-demand DynamoDB backup and restore"; Amazon DynamoDB pricing, on-demand backup.

Fix: delete those that nobody needs; let a plan of AWS Backup, which ends each backup by itself, take over the others.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import GB, unit_price
from stj_audit.facts import Backup, OnDemandBackups, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted, dollars, size

OLD_DAYS = 90  # a quarter: what was made before a release or a migration has served by then


@check("Old backups pile up", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-07")
def old_backups_piling_up(table: Table, on_demand_backups: OnDemandBackups, bill: TableBill, taken_at: datetime) -> Iterator[Said]:
    made = [backup for backup in on_demand_backups.backups if backup.type == "USER"]
    price = unit_price("backup", table.table_class, bill.prices)
    if not made:
        yield NotApplicable(reason="no on-demand backup")
        return
    if price is None:
        yield Unknown(call="pricing:GetProducts", reason=f"no price is known in {bill.prices.region}")
        return
    old = [backup for backup in made if taken_at - backup.created_at > timedelta(days=OLD_DAYS)]
    if _usd(old, price) >= bill.currency_floor_usd:
        yield _problem(table, old, price, bill)
    elif any(backup.size_bytes is None for backup in old):
        yield Unknown(call="dynamodb:ListBackups", reason="the size of a backup is not stated")
    elif not old:
        yield Good(message=f"none of {counted(len(made), 'on-demand backup')} is older than {OLD_DAYS} days")
    else:
        yield Good(message=f"backups of more than {OLD_DAYS} days cost {dollars(_usd(old, price))} a month")


def _bytes(backups: list[Backup]) -> int:
    return sum(backup.size_bytes or 0 for backup in backups)


def _usd(backups: list[Backup], price: Decimal) -> Decimal:
    """A month of the backups whose size is stated."""
    return Decimal(_bytes(backups)) / GB * price


def _problem(table: Table, old: list[Backup], price: Decimal, bill: TableBill) -> Problem:
    usd = _usd(old, price)
    oldest = min(backup.created_at for backup in old)
    all_sized = all(backup.size_bytes is not None for backup in old)
    least = "" if all_sized else "at least "
    return Problem(
        message=f"{counted(len(old), 'on-demand backup')} of more than {OLD_DAYS} days, {least}{size(_bytes(old))} in all, "
        f"{'costs' if len(old) == 1 else 'cost'} {least}{dollars(usd)} a month",
        fix="delete the backups that nobody needs, and let a plan of AWS Backup end the others by itself",
        severity=bill.severity(usd),
        evidence={
            "old_backups": len(old),
            "old_backup_bytes": _bytes(old),
            "oldest": oldest.isoformat(timespec="seconds"),
            "saving_usd_month": round(float(usd), 2),
        },
        current=f"the oldest is of {oldest:%Y-%m-%d}",
        benefit=f"{f'at most {dollars(usd)}' if all_sized else f'{dollars(usd)} and more'} a month, if none of them is needed",
        migration="ask the owner first: a backup that was deleted cannot be brought back; the command lists them, with the ARN that "
        "delete-backup takes",
        effort="minutes",
        commands=(_list(table, old),),
    )


def _list(table: Table, old: list[Backup]) -> str:
    before: datetime = max(backup.created_at for backup in old) + timedelta(seconds=1)
    return f"aws dynamodb list-backups {of_table(table)} --backup-type USER --time-range-upper-bound {before:%Y-%m-%dT%H:%M:%SZ}"
