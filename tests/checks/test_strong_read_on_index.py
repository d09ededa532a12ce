from typing import Any

import pytest

from stj_audit.checks.strong_read_on_index import strong_read_on_index
from stj_audit.config import TableModel
from stj_audit.design import Pattern
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

TABLE = a_table(
    key=("id", "day"), indexes=(an_index("by-email", key=("email",)), an_index("local", key=("id", "status"), kind="LSI"))
)


def judged(*patterns: Pattern) -> Result:
    return examined(strong_read_on_index, TABLE, declared=TableModel(pattern=patterns))


def a_query(index: str | None = "by-email", *, op: Any = "Query", consistent: bool = True) -> Pattern:
    return Pattern(name="find", op=op, index=index, consistent=consistent)


@pytest.mark.parametrize("op", ["Query", "Scan"])
def test_finds_a_strong_read_of_a_global_index(op: str) -> None:
    result = judged(a_query(op=op))
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == 'pattern "find" reads index by-email consistently, which DynamoDB refuses'
    assert problem.evidence == {"pattern": "find", "operation": op, "index": "by-email"}
    assert problem.index == "by-email"


def test_passes_reads_without_it() -> None:
    result = judged(a_query(consistent=False))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["1 declared pattern of a global index without ConsistentRead"]


def test_one_of_two_is_told_and_the_other_not_praised_away() -> None:
    result = judged(a_query(), a_query(consistent=False))
    assert (result.status, len(result.problems)) == (Status.FOUND, 1)


@pytest.mark.parametrize("index", [None, "local", "by-day"])
def test_the_table_and_local_indexes_can_be_read_consistently(index: str | None) -> None:
    # "by-day" is declared and not built: there is nothing yet that could refuse
    assert judged(a_query(index)).status is Status.NOT_APPLICABLE


def test_has_nothing_to_judge_without_patterns() -> None:
    assert judged().reason == "no declared pattern reads a global index of the table"


def test_tells_when_it_is_wrong() -> None:
    assert "declared with the wrong index" in strong_read_on_index.why
