import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.nothing_beyond_pitr import nothing_beyond_pitr
from stj_audit.config import Backup as Policy
from stj_audit.facts import Backup, OnDemandBackups, Pitr, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PITR = Pitr(enabled=True, recovery_period_days=35, latest_restorable_at=NOW)
OFF = Pitr(enabled=False)


def backups(*ages: timedelta, kind: str = "USER") -> OnDemandBackups:
    return OnDemandBackups(backups=tuple(Backup(created_at=NOW - age, size_bytes=1, type=kind) for age in ages))


def judged(found: OnDemandBackups, *, wanted: int | None = None, pitr: Pitr | Unknown = PITR) -> Result:
    return examined(nothing_beyond_pitr, pitr=pitr, on_demand_backups=found, backup_policy=Policy(retention_days=wanted))


def test_finds_a_table_without_a_lasting_backup() -> None:
    result = judged(backups())
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "no on-demand backup was found; recovery points of AWS Backup are not seen here"
    assert problem.evidence == {"newest_backup_age_days": None, "retention_days": None, "pitr_days_at_most": 35}


def test_is_worse_when_the_policy_asks_for_longer() -> None:
    result = judged(backups(), wanted=365)
    assert result.severity is Severity.MEDIUM
    assert "while `retention_days` asks for 365 days" in result.problems[0].message


@pytest.mark.parametrize(("wanted", "severity"), [(35, None), (36, Severity.MEDIUM)])
def test_what_pitr_covers_is_enough(wanted: int, severity: Severity | None) -> None:
    assert judged(backups(), wanted=wanted).severity is severity


def test_pitr_that_is_not_known_may_cover_a_short_retention() -> None:
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    assert judged(backups(), wanted=35, pitr=denied).unknowns == (denied,)
    assert judged(backups(), wanted=35, pitr=Pitr(enabled=True)).reason == "the recovery period is not stated"
    assert judged(backups(), wanted=36, pitr=denied).severity is Severity.MEDIUM  # PITR cannot cover that


def test_says_what_pitr_covers() -> None:
    [good] = judged(backups(), wanted=30).goods
    assert good.message == "PITR keeps 35 days, and `retention_days` asks for 30"


@pytest.mark.parametrize("pitr", [OFF, Pitr(enabled=True, recovery_period_days=7)])
def test_a_short_retention_that_nothing_covers_is_low(pitr: Pitr) -> None:
    assert judged(backups(), wanted=30, pitr=pitr).severity is Severity.LOW


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(days=35), Status.PASSED),
        (timedelta(days=35, seconds=1), Status.FOUND),
    ],
)
def test_a_backup_may_be_35_days_old(age: timedelta, status: Status) -> None:
    assert judged(backups(timedelta(days=100), age)).status is status


def test_tells_how_old_the_newest_is() -> None:
    [problem] = judged(backups(timedelta(days=100), timedelta(days=60))).problems
    assert problem.message.startswith("the newest on-demand backup is 60 days old (2026-01-30)")
    assert problem.evidence["newest_backup_age_days"] == 60


def test_passes_with_a_backup_of_this_month() -> None:
    [good] = judged(backups(timedelta(days=40), timedelta(days=3)), wanted=365).goods
    assert good.message == "the newest of 2 on-demand backups is of 2026-03-28"


@pytest.mark.parametrize(("kind", "status"), [("AWS_BACKUP", Status.PASSED), ("SYSTEM", Status.FOUND)])
def test_the_backup_of_a_deleted_table_is_none(kind: str, status: Status) -> None:
    assert judged(backups(timedelta(days=1), kind=kind)).status is status


def test_its_commands_show_aws_backup_first() -> None:
    [problem] = judged(backups()).problems
    look, save = (shlex.split(command) for command in problem.commands)
    assert look[:3] == ["aws", "backup", "list-recovery-points-by-resource"]
    assert look[-1] == "arn:aws:dynamodb:eu-north-1:123456789012:table/orders"
    assert save[2:] == ["create-backup", "--region", "eu-north-1", "--table-name", "orders", "--backup-name", "orders-kept"]


@pytest.mark.parametrize("pitr", [OFF, Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")])
def test_without_a_clock_no_age_is_known(pitr: Pitr | Unknown) -> None:
    result = judged(backups(timedelta(days=1)), pitr=pitr)
    assert result.status is Status.UNKNOWN
    assert result.reason.startswith("the newest backup is of 2026-03-30; how old that is cannot be told")


def test_does_not_judge_backups_that_it_may_not_list() -> None:
    denied = Unknown(call="dynamodb:ListBackups", reason="AccessDeniedException")
    assert examined(nothing_beyond_pitr, on_demand_backups=denied).unknowns == (denied,)


def test_tells_that_aws_backup_is_not_seen() -> None:
    assert "ListBackups does not list its recovery points" in nothing_beyond_pitr.why
