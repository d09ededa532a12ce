import pytest

from stj_audit.checks.projected_attribute_budget import projected_attribute_budget
from stj_audit.facts import Index
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined


def including(name: str, number: int, *, start: int = 0, kind: str = "GSI") -> Index:
    attributes = tuple(f"a{place}" for place in range(start, start + number))
    return an_index(name, kind=kind, projection="INCLUDE", non_key_attributes=attributes)


def judged(*indexes: Index) -> Result:
    return examined(projected_attribute_budget, a_table(indexes=indexes))


def test_finds_that_the_budget_is_nearly_used_up() -> None:
    # 5 indexes with the same 17 attributes, and a local one with 4 others
    result = judged(*(including(f"g{place}", 17) for place in range(5)), including("local", 4, start=50, kind="LSI"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "the indexes include 89 attributes of 100 that they may, 11 left; 21 of them are different"
    assert problem.evidence == {"included": 89, "different": 21, "budget": 100, "indexes": 6}
    assert problem.current == "most are in g0 (17), g1 (17), g2 (17) and 3 more"


@pytest.mark.parametrize(("last", "status"), [(19, Status.PASSED), (20, Status.FOUND)])
def test_four_fifths_are_near(last: int, status: Status) -> None:
    assert judged(*(including(f"g{place}", 20) for place in range(3)), including("last", last)).status is status


@pytest.mark.parametrize("last", [20, 21])
def test_says_that_none_is_left(last: int) -> None:
    [problem] = judged(*(including(f"g{place}", 20) for place in range(4)), including("last", last)).problems
    assert ", none left;" in problem.message


def test_says_how_many_are_included() -> None:
    [good] = judged(including("a", 3), including("b", 2), an_index("whole")).goods
    assert good.message == "indexes include 5 of 100 attributes that they may"


def test_does_not_apply_without_included_attributes() -> None:
    for result in (judged(), judged(an_index("whole"), an_index("keys", projection="KEYS_ONLY"))):
        assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no index includes single attributes")


def test_tells_that_no_more_indexes_may_come() -> None:
    assert "no more indexes" in projected_attribute_budget.why
