import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.restore_lag import restore_lag
from stj_audit.facts import Pitr, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined

NOW = datetime(2026, 3, 31, 14, 0, tzinfo=UTC)


def judged(lag: timedelta) -> Result:
    pitr = Pitr(enabled=True, recovery_period_days=35, latest_restorable_at=NOW - lag)
    return examined(restore_lag, pitr=pitr, taken_at=NOW)


def test_finds_a_recovery_that_stands_still() -> None:
    result = judged(timedelta(hours=2, seconds=59))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        "nothing that was written since 2026-03-31 11:59 UTC can be restored: the latest restorable time is at least 120 minutes old"
    )
    assert problem.evidence == {
        "latest_restorable_at": "2026-03-31T11:59:01+00:00",
        "taken_at": "2026-03-31T14:00:00+00:00",
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
        (timedelta(minutes=15), Status.PASSED),
        (timedelta(minutes=15, seconds=1), Status.FOUND),
    ],
)
def test_a_quarter_of_an_hour_is_too_long(lag: timedelta, status: Status) -> None:
    assert judged(lag).status is status


@pytest.mark.parametrize(("lag", "until"), [(timedelta(minutes=5), "13:55"), (timedelta(minutes=-1), "14:01")])
def test_says_until_when_all_can_be_restored(lag: timedelta, until: str) -> None:
    [good] = judged(lag).goods
    assert good.message == f"all that was written until 2026-03-31 {until} UTC can be restored"


def test_does_not_judge_what_is_not_stated() -> None:
    result = examined(restore_lag, pitr=Pitr(enabled=True))
    assert (result.status, result.reason) == (Status.UNKNOWN, "the latest restorable time is not stated")
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    assert examined(restore_lag, pitr=denied).unknowns == (denied,)


def test_does_not_apply_without_pitr() -> None:
    result = examined(restore_lag, pitr=Pitr(enabled=False))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "PITR is off")


def test_tells_when_it_is_wrong() -> None:
    assert "clock of the computer that audits is fast" in restore_lag.why
