import shlex
from typing import Any

import pytest

from stj_audit.checks.index_not_active import index_not_active
from stj_audit.results import Problem, Severity, Status
from tests.builders import a_table, an_index, examined


def problem_of(**fields: Any) -> Problem:
    [problem] = examined(index_not_active, a_table(indexes=(an_index(**fields),))).problems
    return problem


def test_an_index_in_the_making_is_a_note() -> None:
    result = examined(index_not_active, a_table(indexes=(an_index("new", status="CREATING"), an_index("old"))))
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.message == "it is being created, and cannot be queried yet: what is told of it here may be incomplete"
    assert problem.index == "new"
    assert problem.evidence == {"status": "CREATING", "backfilling": "false"}


@pytest.mark.parametrize("status", ["ACTIVE", "CREATING"])
def test_tells_that_it_is_being_filled(status: str) -> None:
    problem = problem_of(status=status, backfilling=True)
    assert problem.message.startswith("it is being filled from the table, and cannot be queried yet")
    assert problem.current == f"IndexStatus is {status}, Backfilling is true"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("UPDATING", "it is being updated"),
        ("DELETING", "it is being deleted"),
        ("SLEEPING", "its status is SLEEPING"),
    ],
)
def test_tells_what_is_done_with_it(status: str, said: str) -> None:
    assert problem_of(status=status).message.startswith(said)


def test_nobody_waits_for_a_deleted_index_to_be_active() -> None:
    assert problem_of(status="DELETING").fix == "audit again when the index is gone"


def test_its_command_shows_the_states() -> None:
    words = shlex.split(problem_of(status="CREATING").commands[0])
    assert words[2:7] == ["describe-table", "--region", "eu-north-1", "--table-name", "orders"]
    assert words[8] == "Table.GlobalSecondaryIndexes[].[IndexName,IndexStatus,Backfilling]"


def test_passes_when_all_are_active() -> None:
    one = examined(index_not_active, a_table(indexes=(an_index(),)))
    two = examined(index_not_active, a_table(indexes=(an_index("a"), an_index("b"))))
    assert [good.message for good in one.goods] == ["1 global secondary index is ACTIVE"]
    assert [good.message for good in two.goods] == ["2 global secondary indexes are ACTIVE"]


def test_does_not_apply_without_global_indexes() -> None:
    result = examined(index_not_active)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no secondary index")
    local = examined(index_not_active, a_table(indexes=(an_index(kind="LSI"),)))
    assert local.reason == "local secondary indexes have no status"


def test_tells_that_it_is_of_the_moment() -> None:
    assert "soon out of date" in index_not_active.why
