import shlex

from stj_audit.checks.legacy_global_table import legacy_global_table
from stj_audit.results import Severity, Status
from tests.builders import a_table, examined


def test_finds_a_legacy_table() -> None:
    result = examined(legacy_global_table, a_table(global_table_version="2017.11.29"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "the global table has version 2017.11.29, which takes more write units than 2019.11.21"
    assert problem.evidence == {"global_table_version": "2017.11.29", "current_version": "2019.11.21"}
    assert "no way back" in problem.migration


def test_its_command_only_looks() -> None:
    [problem] = examined(legacy_global_table, a_table(name="users", global_table_version="2017.11.29")).problems
    words = shlex.split(problem.commands[0])
    assert words == ["aws", "dynamodb", "describe-global-table", "--region", "eu-north-1", "--global-table-name", "users"]


def test_passes_with_the_current_version() -> None:
    result = examined(legacy_global_table, a_table(global_table_version="2019.11.21"))
    assert [good.message for good in result.goods] == ["the global table has version 2019.11.21"]


def test_does_not_apply_where_no_version_is_named() -> None:
    result = examined(legacy_global_table)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no version of global tables is named")


def test_tells_that_code_may_use_its_attributes() -> None:
    assert "aws:rep:" in legacy_global_table.why
