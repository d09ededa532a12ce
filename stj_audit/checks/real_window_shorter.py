"""
The recovery period says how far back point-in-time recovery shall reach; the earliest restorable time says how far it does. Where the
second is less, a restore to a moment inside the configured period fails, and it fails on the day it is needed.

What is compared: the time from the earliest restorable moment to the beginning of the audit with RecoveryPeriodInDays. Less than a day of
difference is left alone. A table that is younger than its period lacks nothing, as every state that it ever had can be restored: that passes.

Wrong only in alarm: after PITR was turned on, or its period was made longer, the window fills by itself, day by day. It is told so that
nobody counts on days that are not there. Whoever turned PITR off for a moment has lost all states before.
Source: AWS API reference, PointInTimeRecoveryDescription; AWS developer guide, "Point-in-time backups for DynamoDB".

Fix: leave PITR on and wait until the window is full; make an on-demand backup if a state from before must stay.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from stj_audit.checks import check
from stj_audit.commands import of_table
from stj_audit.facts import Pitr, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted

TOLERANCE = timedelta(days=1)  # the period is given in whole days
DAY = timedelta(days=1)


@check("The recovery window is not full", Category.BACKUP_STRATEGY, Severity.INFO, code="BKP-03")
def real_window_shorter(table: Table, pitr: Pitr, taken_at: datetime) -> Iterator[Said]:
    earliest, period = pitr.earliest_restorable_at, pitr.recovery_period_days
    if not pitr.enabled:
        yield NotApplicable(reason="PITR is off")
    elif period is None:
        yield Unknown(call="dynamodb:DescribeContinuousBackups", reason="the recovery period is not stated")
    elif earliest is None:
        yield Unknown(call="dynamodb:DescribeContinuousBackups", reason="the earliest restorable time is not stated")
    elif period * DAY - (taken_at - earliest) < TOLERANCE:
        yield Good(message=f"the whole recovery period of {counted(period, 'day')} can be restored, since {earliest:%Y-%m-%d}")
    elif table.created_at is not None and earliest - table.created_at < TOLERANCE:
        yield Good(message=f"every state since the table was made on {table.created_at:%Y-%m-%d} can be restored")
    else:
        days = Decimal((taken_at - earliest) // timedelta(seconds=1)) / 86_400
        reach = "less than a day" if days < 1 else f"only {counted(days, 'day')}"
        yield Problem(
            message=f"{reach} can be restored, since {earliest:%Y-%m-%d %H:%M} UTC, of the {period} configured",
            fix="leave PITR on and wait until the window is full; a state from before can no longer be restored by it",
            evidence={
                "window_days": round(float(days), 2),
                "recovery_period_days": period,
                "earliest_restorable_at": earliest.isoformat(timespec="seconds"),
            },
            current=f"EarliestRestorableDateTime is {earliest.isoformat(timespec='seconds')}",
            benefit=f"from {earliest + period * DAY:%Y-%m-%d} on the whole period can be restored",
            migration="none: the window grows by itself, and starts anew whenever PITR is turned off",
            effort="minutes",
            commands=(f"aws dynamodb describe-continuous-backups {of_table(table)}",),
        )
