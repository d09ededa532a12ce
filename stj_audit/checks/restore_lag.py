"""
Point-in-time recovery can restore up to about five minutes ago. When its latest restorable time stands still, everything written since is
without a backup, and nothing else tells.

There is no clock among the facts. What is compared is the latest restorable time with the newest moment that the same table is known to
have reached: its newest on-demand backup, or the loss of its encryption key. The true lag is at least as long, so a lag that is found is
real; that there is none is never claimed, and where nothing newer is known the check does not apply.

Wrong when the on-demand backups were listed long after the restorable time was read, in an audit that took more than a quarter of an hour.
Source: AWS developer guide, "Point-in-time backups for DynamoDB": the latest restorable time is typically five minutes before the current
one.

Fix: look at the latest restorable time again; if it still stands, make an on-demand backup and open a case with AWS Support.
"""

from collections.abc import Iterator
from datetime import timedelta

from stj_audit.checks import check
from stj_audit.facts import OnDemandBackups, Pitr, Table, Unknown
from stj_audit.results import Category, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted

MAX_LAG = timedelta(minutes=15)  # three times the lag that AWS calls typical


@check("Recovery lags behind", Category.BACKUP_STRATEGY, Severity.MEDIUM, code="BKP-04")
def restore_lag(table: Table, pitr: Pitr, on_demand_backups: OnDemandBackups | Unknown) -> Iterator[Said]:
    if not pitr.enabled:
        yield NotApplicable(reason="PITR is off")
        return
    latest = pitr.latest_restorable_at
    if latest is None:
        yield Unknown(call="dynamodb:DescribeContinuousBackups", reason="the latest restorable time is not stated")
        return
    backups = () if isinstance(on_demand_backups, Unknown) else on_demand_backups.backups
    moments = [(backup.created_at, "a backup was made") for backup in backups]
    if table.encryption.inaccessible_since is not None:
        moments.append((table.encryption.inaccessible_since, "the encryption key was lost"))
    newest, what = max(moments, default=(latest, ""))
    lag = newest - latest
    if lag <= MAX_LAG:
        yield NotApplicable(reason="nothing is known of the table that is newer than its latest restorable time")
        return
    minutes = lag // timedelta(minutes=1)
    yield Problem(
        message=f"the latest restorable time is at least {counted(minutes, 'minute')} old: {latest:%Y-%m-%d %H:%M} UTC, "
        f"and {what} at {newest:%Y-%m-%d %H:%M} UTC",
        fix="look again; if the time still stands, make an on-demand backup and open a case with AWS Support",
        evidence={
            "latest_restorable_at": latest.isoformat(timespec="seconds"),
            "newest_known_at": newest.isoformat(timespec="seconds"),
            "lag_minutes_at_least": minutes,
        },
        current=f"LatestRestorableDateTime is {latest.isoformat(timespec='seconds')}; about five minutes before now is usual",
        benefit="what was written since can be restored again",
        migration="none; the backup is billed by the GB until it is deleted",
        effort="minutes",
        commands=(
            f"aws dynamodb describe-continuous-backups --region {table.region} --table-name {table.name}",
            f"aws dynamodb create-backup --region {table.region} --table-name {table.name} --backup-name {table.name}-now",
        ),
    )
