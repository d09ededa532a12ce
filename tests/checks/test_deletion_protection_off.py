from stj_audit.checks.deletion_protection_off import deletion_protection_off
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined


def test_finds_a_table_that_one_call_deletes() -> None:
    result = examined(deletion_protection_off, a_table(name="users", item_count=12_345))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "deletion protection is off: one call deletes the table and its 12,345 items"
    assert problem.evidence == {"deletion_protection_enabled": "false", "item_count": 12_345}
    assert problem.commands == ("aws dynamodb update-table --region eu-north-1 --table-name users --deletion-protection-enabled",)


def test_needs_no_item_count() -> None:
    [problem] = examined(deletion_protection_off, a_table(item_count=None)).problems
    assert problem.message == "deletion protection is off: one call deletes the table"


def test_passes_a_protected_table() -> None:
    result = examined(deletion_protection_off, a_table(deletion_protection=True))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["deletion protection is on (DeletionProtectionEnabled is true)"]


def test_tells_that_throw_away_tables_need_none() -> None:
    assert "throw-away tables" in deletion_protection_off.why
