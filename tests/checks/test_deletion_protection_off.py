from stj_audit.checks.deletion_protection_off import deletion_protection_off
from stj_audit.facts import Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined, some_items

NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")


def test_finds_a_table_that_one_call_deletes() -> None:
    result = examined(deletion_protection_off, a_table(name="users", item_count=12_345), items=NOT_READ)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "deletion protection is off: one call deletes the table and its 12,345 items"
    assert problem.evidence == {"deletion_protection_enabled": "false", "item_count": 12_345}
    assert problem.commands == ("aws dynamodb update-table --region eu-north-1 --table-name users --deletion-protection-enabled",)


def test_needs_no_item_count() -> None:
    [problem] = examined(deletion_protection_off, a_table(item_count=None), items=NOT_READ).problems
    assert problem.severity is None
    assert problem.message == "deletion protection is off: one call deletes the table"


def test_an_empty_table_has_nothing_to_lose_yet() -> None:
    read = examined(deletion_protection_off, items=some_items({}))
    stated = examined(deletion_protection_off, a_table(item_count=0), items=NOT_READ)
    for result in (read, stated):
        assert result.severity is Severity.LOW
        assert result.problems[0].message == "deletion protection is off: one call deletes the table"


def test_the_items_read_count_more_than_a_stated_zero() -> None:
    full = examined(deletion_protection_off, a_table(item_count=0), items=some_items({100: 5}))
    sample = examined(deletion_protection_off, a_table(item_count=0), items=some_items({100: 5}, coverage="sample"))
    assert full.severity is sample.severity is Severity.MEDIUM
    assert full.problems[0].message.endswith("deletes the table and its 5 items")
    assert sample.problems[0].message.endswith("deletes the table")


def test_passes_a_protected_table() -> None:
    result = examined(deletion_protection_off, a_table(deletion_protection=True))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["deletion protection is on"]


def test_tells_that_throw_away_tables_need_none() -> None:
    assert "throw-away tables" in deletion_protection_off.why
