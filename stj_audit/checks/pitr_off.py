"""
Without point-in-time recovery (PITR) a bad deploy, a wrong script or a deleted table cannot be undone: on-demand backups restore only to
the moment they were made. PITR lets the table be restored to any second of the last 1 to 35 days.

Wrong when the data is derived and can be rebuilt, or the table is throw-away: a finding in such a table can be ignored with a reason.
Source: AWS developer guide, "Point-in-time backups for DynamoDB"; AWS Security Hub control DynamoDB.2.

Fix: turn PITR on; it changes nothing for readers and writers, and is billed per GB of table and local indexes.
"""

from collections.abc import Iterator

from stj_audit.checks import check
from stj_audit.cloudformation import table_template
from stj_audit.commands import of_table
from stj_audit.facts import Pitr, Table
from stj_audit.results import Category, Good, Problem, Said, Severity


@check("PITR is off", Category.BACKUP_STRATEGY, Severity.HIGH, code="BKP-01")
def pitr_off(table: Table, pitr: Pitr) -> Iterator[Said]:
    if pitr.enabled:
        yield Good(message="PITR is on")
        return
    yield Problem(
        message="point-in-time recovery is off: a bad write or a deleted table cannot be undone",
        fix="turn on point-in-time recovery",
        current="PointInTimeRecoveryStatus is DISABLED",
        benefit="the table can be restored to any second of the last 35 days",
        migration="none: it is switched on while the table is in use",
        effort="minutes",
        commands=(
            f"aws dynamodb update-continuous-backups {of_table(table)} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35",
        ),
        template=table_template(
            table, {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}}
        ),
    )
