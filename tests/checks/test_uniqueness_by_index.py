from typing import Any

from stj_audit.checks.uniqueness_by_index import uniqueness_by_index
from stj_audit.config import TableModel
from stj_audit.design import Pattern
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

TABLE = a_table(indexes=(an_index("by-name", key=("name",)), an_index("by-nick", key=("id", "nick"), kind="LSI")))


def asks(index: str | None = "by-name", *, op: Any = "Query", key: tuple[str, ...] = ("name",), **fields: Any) -> Pattern:
    return Pattern(**({"name": "is it free?", "op": op, "index": index, "key": key, "purpose": "uniqueness"} | fields))


def judged(*patterns: Pattern) -> Result:
    return examined(uniqueness_by_index, TABLE, declared=TableModel(pattern=patterns))


def test_finds_a_question_to_an_index() -> None:
    result = judged(asks())
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.index == "by-name"
    assert problem.message == (
        'pattern "is it free?" asks the index whether "name" is taken, and an index is a moment behind its table: '
        "two writers can both find it free"
    )
    assert problem.fix.startswith(
        'write an item whose key is "name" itself in the same TransactWriteItems, with attribute_not_exists'
    )
    assert problem.evidence == {"pattern": "is it free?", "key": "name", "index_kind": "GSI"}
    assert problem.current == "Query of index by-name before the write"
    assert "2 write units more" in problem.migration
    assert problem.effort == "days"
    assert problem.commands == ()  # it is the application that has to write


def test_a_local_index_that_is_read_consistently_is_too_early_as_well() -> None:
    [problem] = judged(asks("by-nick", key=("id", "nick"), consistent=True)).problems
    assert problem.message.startswith(
        'pattern "is it free?" asks the index whether "id" and "nick" are taken, and between the question'
    )
    assert problem.evidence["index_kind"] == "LSI"


def test_a_question_without_a_key_is_told_of_as_well() -> None:
    [problem] = judged(asks(key=())).problems
    assert "asks the index whether the value is taken" in problem.message


def test_each_question_is_a_problem_of_its_own() -> None:
    assert len(judged(asks(), asks("by-nick")).problems) == 2


def test_passes_what_asks_the_table_itself() -> None:
    result = judged(asks(None, op="GetItem", key=("id",)))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ['uniqueness is asked of the table itself, and of no index: "is it free?"']


def test_other_purposes_are_none_of_its_business() -> None:
    result = judged(asks(purpose="login"), asks(purpose=None))
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == 'no declared pattern has `purpose = "uniqueness"`'


def test_has_nothing_to_judge_without_patterns() -> None:
    assert judged().status is Status.NOT_APPLICABLE


def test_tells_that_an_early_warning_is_no_defect() -> None:
    assert "only warns a person early" in uniqueness_by_index.why
