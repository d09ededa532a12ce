"""
The recovery period is how far back point-in-time recovery reaches. A wrong deletion is often noticed only after a weekend or at the end of
the month; with a window of a few days it is then too late. The price is the same for 1 day and for 35.

Wrong when a rule on data retention asks that old states are gone after a certain time.
Source: AWS developer guide, "Point-in-time backups for DynamoDB".

Fix: set the recovery period to 35 days, the longest.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import of_table
from stj_audit.facts import Pitr, Table, Unknown
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import counted

LONGEST_DAYS = 35  # AWS developer guide: 1 to 35 days
WEEK_DAYS = 7  # below it, an error of one weekend can be out of reach


@check("Short recovery window", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-02")
def short_recovery_window(table: Table, pitr: Pitr) -> Iterator[Said]:
    days = pitr.recovery_period_days
    if not pitr.enabled:
        yield NotApplicable(reason="PITR is off")
    elif days is None:
        yield Unknown(call="dynamodb:DescribeContinuousBackups", reason="the recovery period is not stated")
    elif days >= LONGEST_DAYS:
        yield Good(message=f"the recovery window is {counted(days, 'day')}, the longest")
    else:
        yield Problem(
            message=f"PITR reaches back only {counted(days, 'day')}; {LONGEST_DAYS} days cost the same",
            fix=f"set the recovery period to {LONGEST_DAYS} days",
            severity=Severity.MEDIUM if days < WEEK_DAYS else Severity.LOW,
            evidence={"recovery_period_days": days, "longest_days": LONGEST_DAYS},
            current=f"RecoveryPeriodInDays is {days}",
            benefit=f"an error can still be undone {LONGEST_DAYS} days later, at the same price",
            migration=f"none; the window grows day by day from {days} to {LONGEST_DAYS}, as older states are gone already",
            effort="minutes",
            commands=(
                f"aws dynamodb update-continuous-backups {of_table(table)} "
                f"--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays={LONGEST_DAYS}",
            ),
            template=table_template(
                table,
                {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": LONGEST_DAYS}},
            ),
        )
