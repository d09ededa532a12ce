from stj_audit.checks.pitr_off import pitr_off
from stj_audit.facts import Pitr, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined


def test_finds_a_table_without_pitr() -> None:
    result = examined(pitr_off, a_table(name="orders"), pitr=Pitr(enabled=False))
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert "--table-name orders" in problem.commands[0]


def test_passes_with_pitr_and_does_not_praise_its_window() -> None:
    result = examined(pitr_off, pitr=Pitr(enabled=True, recovery_period_days=7))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["PITR is on"]  # short-recovery-window judges the 7 days


def test_passes_when_the_window_is_not_stated() -> None:
    assert [good.message for good in examined(pitr_off, pitr=Pitr(enabled=True)).goods] == ["PITR is on"]


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    result = examined(pitr_off, pitr=denied)
    assert result.status is Status.UNKNOWN
    assert result.unknowns == (denied,)
