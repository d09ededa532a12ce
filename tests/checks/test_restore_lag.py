import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.restore_lag import restore_lag
from stj_audit.facts import Backup, Encryption, OnDemandBackups, Pitr, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined

LATEST = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PITR = Pitr(enabled=True, recovery_period_days=35, latest_restorable_at=LATEST)
NOTHING_NEWER = "nothing is known of the table that is newer than its latest restorable time"


def judged(*after: timedelta) -> Result:
    backups = tuple(Backup(created_at=LATEST + one, size_bytes=1, type="USER") for one in after)
    return examined(restore_lag, pitr=PITR, on_demand_backups=OnDemandBackups(backups=backups))


def test_a_newer_backup_shows_that_recovery_stands_still() -> None:
    result = judged(timedelta(minutes=-5), timedelta(hours=2))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "the latest restorable time is at least 120 minutes old: 2026-03-31 12:00 UTC, and a backup was made at 2026-03-31 14:00 UTC"
    )
    assert problem.evidence == {
        "latest_restorable_at": "2026-03-31T12:00:00+00:00",
        "newest_known_at": "2026-03-31T14:00:00+00:00",
        "lag_minutes_at_least": 120,
    }


def test_its_commands_look_again_and_make_a_backup() -> None:
    [problem] = judged(timedelta(hours=2)).problems
    look, save = (shlex.split(command) for command in problem.commands)
    assert look[2] == "describe-continuous-backups"
    assert save[2:] == ["create-backup", "--region", "eu-north-1", "--table-name", "orders", "--backup-name", "orders-now"]


@pytest.mark.parametrize(
    ("lag", "status"),
    [
        (timedelta(minutes=15), Status.NOT_APPLICABLE),
        (timedelta(minutes=15, seconds=1), Status.FOUND),
    ],
)
def test_a_quarter_of_an_hour_is_too_long(lag: timedelta, status: Status) -> None:
    assert judged(lag).status is status


def test_a_lost_key_shows_it_too() -> None:
    encryption = Encryption(type="KMS", inaccessible_since=LATEST + timedelta(minutes=30))
    [problem] = examined(restore_lag, a_table(encryption=encryption), pitr=PITR).problems
    assert problem.message.endswith("the encryption key was lost at 2026-03-31 12:30 UTC")


def test_never_claims_that_there_is_no_lag() -> None:
    assert (judged().status, judged().reason) == (Status.NOT_APPLICABLE, NOTHING_NEWER)
    assert judged(timedelta(days=-1)).reason == NOTHING_NEWER


def test_backups_that_are_not_known_show_nothing() -> None:
    denied = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")
    assert examined(restore_lag, pitr=PITR, on_demand_backups=denied).status is Status.NOT_APPLICABLE


def test_does_not_judge_what_is_not_stated() -> None:
    result = examined(restore_lag, pitr=Pitr(enabled=True))
    assert (result.status, result.reason) == (Status.UNKNOWN, "the latest restorable time is not stated")
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    assert examined(restore_lag, pitr=denied).unknowns == (denied,)


def test_does_not_apply_without_pitr() -> None:
    assert examined(restore_lag, pitr=Pitr(enabled=False)).reason == "PITR is off"
