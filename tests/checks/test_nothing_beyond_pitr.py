import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.nothing_beyond_pitr import nothing_beyond_pitr
from stj_audit.config import Backup as Policy
from stj_audit.facts import Backup, OnDemandBackups, Pitr, RecoveryPoint, RecoveryPoints, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PITR = Pitr(enabled=True, recovery_period_days=35, latest_restorable_at=NOW)
OFF = Pitr(enabled=False)
PITR_DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
LIST_DENIED = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")
POINTS_DENIED = Unknown(call="backup:ListRecoveryPointsByResource", reason="AccessDeniedException")


def backups(*ages: timedelta, kind: str = "USER") -> OnDemandBackups:
    return OnDemandBackups(backups=tuple(Backup(created_at=NOW - age, size_bytes=1, type=kind) for age in ages))


def points(*ages: timedelta) -> RecoveryPoints:
    return RecoveryPoints(points=tuple(RecoveryPoint(created_at=NOW - age, size_bytes=1) for age in ages))


def judged(
    on_demand: OnDemandBackups | Unknown | None = None,
    recovery_points: RecoveryPoints | Unknown | None = None,
    *,
    wanted: int | None = None,
    pitr: Pitr | Unknown = PITR,
) -> Result:
    return examined(
        nothing_beyond_pitr,
        pitr=pitr,
        on_demand_backups=on_demand or backups(),
        recovery_points=recovery_points or points(),
        backup_policy=Policy(retention_days=wanted),
        taken_at=NOW,
    )


def test_finds_a_table_without_a_lasting_backup() -> None:
    result = judged()
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "there is neither an on-demand backup nor a recovery point of AWS Backup"
    assert problem.evidence == {"newest_backup_age_days": None, "retention_days": None, "pitr_days_at_most": 35}


def test_says_what_the_policy_asks_for() -> None:
    [problem] = judged(wanted=365).problems
    assert problem.message.endswith(" of AWS Backup, while `retention_days` asks for 365 days")


@pytest.mark.parametrize(("wanted", "severity"), [(35, Severity.LOW), (36, Severity.MEDIUM)])
def test_a_short_retention_that_nothing_covers_is_low(wanted: int, severity: Severity) -> None:
    assert judged(wanted=wanted, pitr=OFF).severity is severity
    assert judged(wanted=wanted, pitr=Pitr(enabled=True, recovery_period_days=7)).severity is severity


@pytest.mark.parametrize(("wanted", "status"), [(35, Status.PASSED), (36, Status.FOUND)])
def test_what_pitr_covers_is_enough(wanted: int, status: Status) -> None:
    assert judged(wanted=wanted).status is status


def test_without_pitr_not_even_a_day_is_covered() -> None:
    off = judged(wanted=1, pitr=OFF)
    assert (off.status, off.goods) == (Status.FOUND, ())
    assert judged(wanted=1, pitr=PITR_DENIED).unknowns == (PITR_DENIED,)
    assert judged(wanted=1, pitr=Pitr(enabled=True)).reason == "the recovery period is not stated"


def test_says_what_pitr_covers() -> None:
    [good] = judged(wanted=30).goods
    assert good.message == "PITR keeps 35 days, and `retention_days` asks for 30"


def test_pitr_that_is_not_known_may_cover_a_short_retention() -> None:
    assert judged(wanted=35, pitr=PITR_DENIED).unknowns == (PITR_DENIED,)
    assert judged(wanted=35, pitr=Pitr(enabled=True)).reason == "the recovery period is not stated"
    assert judged(wanted=36, pitr=PITR_DENIED).status is Status.FOUND  # PITR cannot cover that


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(days=35), Status.PASSED),
        (timedelta(days=35, seconds=1), Status.FOUND),
    ],
)
def test_a_backup_may_be_35_days_old(age: timedelta, status: Status) -> None:
    assert judged(backups(timedelta(days=100), age)).status is status
    assert judged(None, points(timedelta(days=100), age)).status is status


def test_tells_how_old_the_newest_of_both_kinds_is() -> None:
    [problem] = judged(backups(timedelta(days=100)), points(timedelta(days=60))).problems
    assert problem.message == "the newest backup is 60 days old (2026-01-30)"
    assert problem.evidence["newest_backup_age_days"] == 60


def test_passes_with_a_backup_of_this_month() -> None:
    [good] = judged(backups(timedelta(days=40)), points(timedelta(days=3)), wanted=365).goods
    assert good.message == "the newest of 2 backups is of 2026-03-28"


@pytest.mark.parametrize("pitr", [OFF, PITR_DENIED])
def test_the_age_of_a_backup_does_not_depend_on_pitr(pitr: Pitr | Unknown) -> None:
    assert judged(backups(timedelta(days=1)), pitr=pitr).status is Status.PASSED
    assert judged(backups(timedelta(days=36)), pitr=pitr).status is Status.FOUND


@pytest.mark.parametrize(("kind", "status"), [("AWS_BACKUP", Status.PASSED), ("SYSTEM", Status.FOUND)])
def test_the_backup_of_a_deleted_table_is_none(kind: str, status: Status) -> None:
    assert judged(backups(timedelta(days=1), kind=kind)).status is status


def test_its_command_makes_a_backup() -> None:
    [problem] = judged().problems
    [save] = problem.commands
    assert shlex.split(save)[1:] == [
        *("dynamodb", "create-backup", "--region", "eu-north-1"),
        *("--table-name", "orders", "--backup-name", "orders-kept"),
    ]


def test_does_not_claim_what_it_may_not_see() -> None:
    result = judged(backups(timedelta(days=60)), POINTS_DENIED)
    assert (result.status, result.unknowns, result.problems) == (Status.UNKNOWN, (POINTS_DENIED,), ())
    assert judged(LIST_DENIED).unknowns == (LIST_DENIED,)
    assert judged(LIST_DENIED, POINTS_DENIED).unknowns == (LIST_DENIED, POINTS_DENIED)


def test_one_young_backup_that_is_seen_is_enough() -> None:
    assert judged(backups(timedelta(days=1)), POINTS_DENIED).status is Status.PASSED
    assert judged(LIST_DENIED, points(timedelta(days=1))).status is Status.PASSED


def test_tells_when_it_is_wrong() -> None:
    assert "kept in another region or account" in nothing_beyond_pitr.why
