import shlex

from stj_audit.checks.unaudited_feature import unaudited_feature
from stj_audit.results import Problem, Severity, Status
from tests.builders import a_table, examined


def problem_of(*features: str) -> Problem:
    [problem] = examined(unaudited_feature, a_table(unaudited=features)).problems
    return problem


def test_a_feature_that_is_left_out_is_a_note() -> None:
    assert examined(unaudited_feature, a_table(unaudited=("vector indexes",))).severity is Severity.INFO
    problem = problem_of("vector indexes")
    assert problem.message == "the table uses vector indexes, left out here: neither judged nor priced"
    assert problem.evidence == {"features": "vector indexes"}


def test_names_them_all() -> None:
    problem = problem_of("vector indexes", "multi-Region strong consistency")
    assert problem.message.startswith("the table uses vector indexes and multi-Region strong consistency,")
    assert problem.evidence == {"features": "vector indexes, multi-Region strong consistency"}


def test_its_command_only_looks() -> None:
    [command] = problem_of("vector indexes").commands
    assert shlex.split(command) == ["aws", "dynamodb", "describe-table", "--region", "eu-north-1", "--table-name", "orders"]


def test_does_not_apply_to_other_tables() -> None:
    result = examined(unaudited_feature)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no feature is seen that is left out here")


def test_tells_that_it_is_a_note() -> None:
    assert "costs no points" in unaudited_feature.why
