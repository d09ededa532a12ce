"""
A table that is encrypted with a KMS key can be read only as long as DynamoDB may use that key. When the key is disabled, scheduled for
deletion, or closed to DynamoDB by its policy, the table becomes INACCESSIBLE_ENCRYPTION_CREDENTIALS; after seven days AWS makes a backup of
it, encrypted by the same key, and archives the table. A key that was deleted is gone, and with it every item and every backup.

What is looked at: the table's status, and the time since which DescribeTable says that the key cannot be reached.

Wrong when the key was shut off on purpose to end the table's life. A key that AWS owns cannot be lost: the check does not apply there.
Source: AWS API reference, SSEDescription (InaccessibleEncryptionDateTime) and TableDescription (TableStatus); AWS developer guide,
"DynamoDB encryption at rest usage notes".

Fix: enable the key, or cancel its deletion, and let DynamoDB use it again, within seven days.
"""

from collections.abc import Iterator
from datetime import timedelta

from stj_audit.checks import check
from stj_audit.commands import option
from stj_audit.facts import NOT_DEPLOYED, Table
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity

AT_RISK = ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED")  # AWS API reference, TableStatus
ARCHIVED_AFTER = timedelta(days=7)  # AWS API reference, SSEDescription


@check("The encryption key cannot be used", Category.BACKUP_STRATEGY, Severity.CRITICAL, code="BKP-10")
def encryption_key_at_risk(table: Table) -> Iterator[Said]:
    since, key = table.encryption.inaccessible_since, table.encryption.kms_key_arn
    if since is None and table.status not in AT_RISK:
        if table.encryption.type == "AWS_OWNED":
            yield NotApplicable(reason="encrypted with a key that AWS owns, which cannot be lost")
        elif table.defined_in is not None:
            yield NotApplicable(reason=NOT_DEPLOYED)
        else:
            yield Good(message=f"DynamoDB can use the {table.encryption.type} key: the table is {table.status}")
        return
    region = table.region
    commands = () if key is None else (f"aws kms describe-key {option('--region', region)} {option('--key-id', key)}",)
    yield Problem(
        message=f"DynamoDB cannot use the encryption key: {_state(table)}",
        fix="enable the KMS key, or cancel its deletion, and let DynamoDB use it again"
        + (f" before {since + ARCHIVED_AFTER:%Y-%m-%d %H:%M} UTC" if since is not None and table.status not in AT_RISK[1:] else "")
        + ("; then restore the table from the backup that AWS made of it" if table.status == "ARCHIVED" else ""),
        evidence={
            "table_status": table.status,
            "inaccessible_since": None if since is None else since.isoformat(timespec="seconds"),
            "encryption": table.encryption.type,
        },
        current=f"the table is {table.status}, encrypted with {key or 'a KMS key'}",
        benefit="the items can be read and written again; without the key they and their backups are lost",
        migration="none for the table; if the key is enabled already, look at what its policy and grants allow DynamoDB",
        effort="minutes",
        commands=commands,
    )


def _state(table: Table) -> str:
    since = table.encryption.inaccessible_since
    at = "" if since is None else f" since {since:%Y-%m-%d %H:%M} UTC"
    if table.status == "ARCHIVED":
        return f"the table is archived, without access{at}"
    if table.status == "ARCHIVING":
        return f"the table is being archived, without access{at}"
    return f"no access{at}, and after {ARCHIVED_AFTER.days} days the table is archived"
