from typing import Any

import pytest

from stj_audit.checks.ttl_values_unusable import ttl_values_unusable
from stj_audit.facts import TimeToLive, TimeToLiveValues, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import examined, some_items

ON = TimeToLive(enabled=True, attribute="until")


def judged(*, coverage: Any = "full", **values: int) -> Result:
    counted = TimeToLiveValues(attribute="until", **values)
    items = some_items({100: counted.items}, coverage=coverage, time_to_live_values=counted)
    return examined(ttl_values_unusable, time_to_live=ON, items=items)


def test_finds_milliseconds() -> None:
    result = judged(milliseconds=10, later=980, due=10)
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == 'TTL passes over 10 of all 1,000 items, for ever: "until" is milliseconds in 10'
    assert problem.fix == 'write "until" as a Number of seconds since 1970, and correct the items that are there'
    assert problem.current == '990 items of 1,000 will go by "until"'
    assert problem.subject == "values"
    assert problem.evidence == {
        "ttl_attribute": "until",
        "items": 1_000,
        "missing": 0,
        "not_numbers": 0,
        "milliseconds": 10,
        "ignored": 0,
        "overdue": 0,
        "due": 10,
        "later": 980,
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"not_numbers": 1}, "not a Number in 1"),
        ({"ignored": 1}, "0, negative or more than five years past in 1"),
        (
            {"not_numbers": 3, "milliseconds": 2, "ignored": 1},
            "not a Number in 3, milliseconds in 2 and 0, negative or more than five years past in 1",
        ),
    ],
)
def test_one_value_that_ttl_cannot_use_is_enough(values: dict[str, int], said: str) -> None:
    number = sum(values.values())
    [problem] = judged(later=1_000 - number, **values).problems
    assert problem.severity is Severity.HIGH
    assert problem.message == f'TTL passes over {number} of all 1,000 items, for ever: "until" is {said}'


@pytest.mark.parametrize(("missing", "found"), [(50, False), (51, True)])
def test_items_without_the_attribute(missing: int, found: bool) -> None:
    result = judged(missing=missing, later=1_000 - missing)
    assert [(problem.subject, problem.severity) for problem in result.problems] == ([("missing", Severity.LOW)] if found else [])
    for problem in result.problems:
        assert problem.message == '51 of all 1,000 items (5%) have no "until": TTL never deletes them'
    assert [good.message for good in result.goods] == ([] if found else ['TTL can use "until" of 950 of all 1,000 items'])


@pytest.mark.parametrize(("overdue", "found"), [(100, False), (101, True)])
def test_expired_items_that_are_still_there(overdue: int, found: bool) -> None:
    result = judged(overdue=overdue, due=200, later=800 - overdue)
    assert [problem.subject for problem in result.problems] == (["overdue"] if found else [])
    for problem in result.problems:
        assert problem.severity is Severity.MEDIUM
        assert problem.message == (
            "101 of all 1,000 items (10%) expired more than 7 days ago and are still there: AWS deletes within a few days"
        )


def test_every_cause_is_a_finding_of_its_own() -> None:
    result = judged(missing=300, not_numbers=300, overdue=300, later=100)
    assert [problem.subject for problem in result.problems] == ["values", "missing", "overdue"]
    assert result.goods == ()


def test_a_sample_is_called_so() -> None:
    result = judged(later=10, coverage="sample")
    assert (result.status, result.goods) == (Status.UNKNOWN, ())
    assert result.reason == 'TTL can use "until" of 10 of a sample of 10 items; only reading every item can exclude others'
    [problem] = judged(later=9, not_numbers=1, coverage="sample").problems
    assert problem.severity is Severity.HIGH  # one such value is proof, however few were read
    assert problem.current == '9 items of a sample of 10 items will go by "until"'


@pytest.mark.parametrize(("items", "severities"), [(99, [Severity.INFO, Severity.LOW]), (100, [Severity.LOW, Severity.MEDIUM])])
def test_shares_of_a_thin_sample_weigh_less(items: int, severities: list[Severity]) -> None:
    problems = judged(missing=30, overdue=items - 30, coverage="sample").problems
    assert [problem.severity for problem in problems] == severities


@pytest.mark.parametrize("items", [some_items(), some_items({}, coverage="sample")])
def test_what_was_not_looked_at_is_not_judged(items: Any) -> None:
    result = examined(ttl_values_unusable, time_to_live=ON, items=items)
    assert (result.status, result.reason) == (Status.UNKNOWN, "the values of the TTL attribute were not looked at")


def test_an_empty_count_is_no_praise() -> None:
    items = some_items({}, coverage="sample", time_to_live_values=TimeToLiveValues(attribute="until"))
    assert examined(ttl_values_unusable, time_to_live=ON, items=items).status is Status.UNKNOWN


def test_needs_ttl_and_the_items() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    off = examined(ttl_values_unusable, time_to_live=TimeToLive(enabled=False), items=denied)
    assert (off.status, off.reason) == (Status.NOT_APPLICABLE, "TTL is off")
    assert examined(ttl_values_unusable, time_to_live=ON, items=denied).unknowns == (denied,)
    empty = examined(ttl_values_unusable, time_to_live=ON, items=some_items({}))
    assert (empty.status, empty.reason) == (Status.NOT_APPLICABLE, "the table has no items that could expire")
    hidden = Unknown(call="dynamodb:DescribeTimeToLive", reason="AccessDeniedException")
    assert examined(ttl_values_unusable, time_to_live=hidden).unknowns == (hidden,)


def test_items_that_are_meant_to_stay_are_named_and_no_deadline_is_promised() -> None:
    assert "Wrong when some items are meant to stay" in ttl_values_unusable.why
    assert "48" not in ttl_values_unusable.why
