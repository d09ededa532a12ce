import pytest

from stj_audit.checks.short_recovery_window import short_recovery_window
from stj_audit.facts import Pitr, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined


@pytest.mark.parametrize(
    ("days", "severity"),
    [(1, Severity.MEDIUM), (6, Severity.MEDIUM), (7, Severity.LOW), (34, Severity.LOW), (35, None)],
)
def test_is_medium_below_a_week_and_low_below_35_days(days: int, severity: Severity | None) -> None:
    assert examined(short_recovery_window, pitr=Pitr(enabled=True, recovery_period_days=days)).severity is severity


def test_tells_the_window_and_that_a_longer_one_costs_the_same() -> None:
    [problem] = examined(short_recovery_window, a_table(name="users"), pitr=Pitr(enabled=True, recovery_period_days=1)).problems
    assert problem.message == "PITR reaches back only 1 day; 35 days cost the same"
    assert problem.evidence == {"recovery_period_days": 1, "longest_days": 35}
    assert problem.commands == (
        "aws dynamodb update-continuous-backups --region eu-north-1 --table-name users "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35",
    )


def test_passes_with_the_longest_window() -> None:
    result = examined(short_recovery_window, pitr=Pitr(enabled=True, recovery_period_days=35))
    assert [good.message for good in result.goods] == ["the recovery window is 35 days, the longest"]


def test_does_not_apply_without_pitr() -> None:
    result = examined(short_recovery_window, pitr=Pitr(enabled=False, recovery_period_days=1))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "PITR is off")


def test_does_not_judge_a_window_that_is_not_stated() -> None:
    assert examined(short_recovery_window, pitr=Pitr(enabled=True)).reason == "the recovery period is not stated"
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    assert examined(short_recovery_window, pitr=denied).unknowns == (denied,)
    assert examined(short_recovery_window, pitr=Pitr(enabled=True)).status is Status.UNKNOWN


def test_tells_that_retention_rules_may_ask_for_it() -> None:
    assert "a rule on data retention" in short_recovery_window.why
