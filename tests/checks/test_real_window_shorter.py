import shlex
from datetime import UTC, datetime, timedelta

import pytest

from stj_audit.checks.real_window_shorter import real_window_shorter
from stj_audit.facts import Pitr, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, examined

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def judged(window: timedelta, period: int | None = 35, *, created_at: datetime | None = datetime(2025, 1, 1, tzinfo=UTC)) -> Result:
    pitr = Pitr(enabled=True, recovery_period_days=period, earliest_restorable_at=NOW - window)
    return examined(real_window_shorter, a_table(created_at=created_at), pitr=pitr, taken_at=NOW)


def problem_of(result: Result) -> Problem:
    [problem] = result.problems
    return problem


def test_tells_how_much_can_be_restored() -> None:
    result = judged(timedelta(days=10, hours=12))
    problem = problem_of(result)
    assert result.severity is Severity.INFO
    assert problem.message == "only 10.5 days can be restored, since 2026-03-21 00:00 UTC, of the 35 configured"
    assert problem.evidence == {
        "window_days": 10.5,
        "recovery_period_days": 35,
        "earliest_restorable_at": "2026-03-21T00:00:00+00:00",
    }
    assert problem.benefit == "from 2026-04-25 on the whole period can be restored"  # 21 March and 35 days


@pytest.mark.parametrize(("hours", "reach"), [(23, "less than a day can"), (24, "only 1 day can")])
def test_a_few_hours_are_not_told_as_no_day(hours: int, reach: str) -> None:
    assert problem_of(judged(timedelta(hours=hours))).message.startswith(reach)


def test_its_command_only_looks() -> None:
    [command] = problem_of(judged(timedelta(days=10))).commands
    assert shlex.split(command)[1:] == [
        "dynamodb",
        "describe-continuous-backups",
        "--region",
        "eu-north-1",
        "--table-name",
        "orders",
    ]


@pytest.mark.parametrize(
    ("window", "status"),
    [
        (timedelta(days=34), Status.FOUND),
        (timedelta(days=34, seconds=1), Status.PASSED),
        (timedelta(days=35), Status.PASSED),
    ],
)
def test_a_whole_day_must_be_missing(window: timedelta, status: Status) -> None:
    assert judged(window).status is status


def test_the_lag_of_the_latest_restorable_time_is_not_counted_here() -> None:
    pitr = Pitr(
        enabled=True,
        recovery_period_days=35,
        earliest_restorable_at=NOW - timedelta(days=35),
        latest_restorable_at=NOW - timedelta(days=3),
    )
    assert examined(real_window_shorter, pitr=pitr, taken_at=NOW).status is Status.PASSED


def test_says_since_when_the_whole_period_can_be_restored() -> None:
    [good] = judged(timedelta(days=35)).goods
    assert good.message == "the whole recovery period of 35 days can be restored, since 2026-02-24"


@pytest.mark.parametrize(("hours", "status"), [(23, Status.PASSED), (24, Status.FOUND)])
def test_a_young_table_lacks_nothing(hours: int, status: Status) -> None:
    result = judged(timedelta(days=3), created_at=NOW - timedelta(days=3, hours=hours))
    assert result.status is status


def test_says_that_a_young_table_can_be_restored_to_its_beginning() -> None:
    [good] = judged(timedelta(days=3), created_at=NOW - timedelta(days=3)).goods
    assert good.message == "every state since the table was made on 2026-03-28 can be restored"


def test_an_age_that_is_not_known_excuses_nothing() -> None:
    assert judged(timedelta(days=3), created_at=None).status is Status.FOUND


def test_does_not_judge_what_is_not_stated() -> None:
    assert judged(timedelta(days=3), None).reason == "the recovery period is not stated"
    result = examined(real_window_shorter, pitr=Pitr(enabled=True, recovery_period_days=35))
    assert (result.status, result.reason) == (Status.UNKNOWN, "the earliest restorable time is not stated")
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    assert examined(real_window_shorter, pitr=denied).unknowns == (denied,)


def test_does_not_apply_without_pitr() -> None:
    result = examined(real_window_shorter, pitr=Pitr(enabled=False))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "PITR is off")
