"""
Point-in-time recovery can restore up to about five minutes ago. When its latest restorable time stands still, everything written since is
without a backup, and nothing else tells.

What is compared: the latest restorable time with the moment in which the audit began. It was asked for after that moment, so the true lag is
a little longer.

Wrong when the clock of the computer that audits is fast.
Source: AWS developer guide, "Point-in-time backups for DynamoDB": the latest restorable time is typically five minutes before the current
one.

Fix: look at the latest restorable time again; if it still stands, make an on-demand backup and open a case with AWS Support.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stj_audit.checks import check
from stj_audit.commands import of_table, option
from stj_audit.facts import Pitr, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted

MAX_LAG = timedelta(minutes=15)  # three times the lag that AWS calls typical


@check("Recovery lags behind", Category.BACKUP_STRATEGY, Severity.MEDIUM, code="BKP-04")
def restore_lag(table: Table, pitr: Pitr, taken_at: datetime) -> Iterator[Said]:
    if not pitr.enabled:
        yield NotApplicable(reason="PITR is off")
        return
    latest = pitr.latest_restorable_at
    if latest is None:
        yield Unknown(call="dynamodb:DescribeContinuousBackups", reason="the latest restorable time is not stated")
        return
    lag = taken_at - latest
    if lag <= MAX_LAG:
        yield Good(message=f"all that was written until {latest:%Y-%m-%d %H:%M} UTC can be restored")
        return
    minutes = lag // timedelta(minutes=1)
    yield Problem(
        message=f"nothing that was written since {latest:%Y-%m-%d %H:%M} UTC can be restored: the latest restorable time is at least "
        f"{counted(minutes, 'minute')} old",
        fix="look again; if the time still stands, make an on-demand backup and open a case with AWS Support",
        evidence={
            "latest_restorable_at": latest.isoformat(timespec="seconds"),
            "taken_at": taken_at.isoformat(timespec="seconds"),
            "lag_minutes_at_least": minutes,
        },
        current=f"LatestRestorableDateTime is {latest.isoformat(timespec='seconds')}; about five minutes before now is usual",
        benefit="what was written since can be restored again",
        migration="none; the backup is billed by the GB until it is deleted",
        effort="minutes",
        commands=(
            f"aws dynamodb describe-continuous-backups {of_table(table)}",
            f"aws dynamodb create-backup {of_table(table)} {option('--backup-name', f'{table.name}-now')}",
        ),
    )
