from typing import Any

import pytest

from stj_audit.checks.joined_index_key import joined_index_key
from stj_audit.facts import KeyAttribute, KeyShape, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items

INDEX = an_index("by-state", ("state_day",))


def judged(*shapes: KeyShape, indexes: Any = (INDEX,), key: tuple[str, ...] = ("id",)) -> Result:
    return examined(joined_index_key, a_table(key=key, indexes=indexes), items=some_items(key_shapes=shapes))


def joined(number: int, values: int = 1_000, attribute: str = "state_day") -> KeyShape:
    return KeyShape(attribute=attribute, values=values, joined=number)


def test_finds_joined_text() -> None:
    result = judged(joined(1_000))
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.message == (
        '"state_day" is text joined of several parts in 100% of 1,000 values; '
        "an index may have up to 4 + 4 key attributes, and needs no joined text"
    )
    assert problem.fix == 'build the index by the parts of "state_day" themselves, and stop writing "state_day"'
    assert (problem.index, problem.subject) == ("by-state", "state_day")
    assert problem.evidence == {"attribute": "state_day", "share": 1.0, "values": 1_000}


@pytest.mark.parametrize(("number", "status"), [(900, Status.FOUND), (899, Status.PASSED), (0, Status.PASSED)])
def test_nine_in_ten_are_joined(number: int, status: Status) -> None:
    assert judged(joined(number)).status is status


def test_only_what_has_no_joined_text_at_all_is_praised() -> None:
    assert [good.message for good in judged(joined(0)).goods] == ['no joined text in "state_day" of index by-state']
    assert judged(joined(1)).goods == ()


@pytest.mark.parametrize(("values", "status"), [(10, Status.FOUND), (9, Status.NOT_APPLICABLE)])
def test_few_values_are_not_judged(values: int, status: Status) -> None:
    result = judged(joined(values, values))
    assert result.status is status
    if status is Status.NOT_APPLICABLE:
        assert result.reason == "no index has 10 key values among the items read: too few to judge them by"


def test_each_attribute_of_each_index_is_looked_at() -> None:
    indexes = (INDEX, an_index("by-place", ("place", "state_day")))
    result = judged(joined(1_000), joined(0, attribute="place"), indexes=indexes)
    assert [problem.index for problem in result.problems] == ["by-state", "by-place"]
    assert [good.message for good in result.goods] == ['no joined text in "place" of index by-place']


@pytest.mark.parametrize(
    ("indexes", "key"),
    [
        ((), ("id",)),
        ((an_index("turned", ("sk", "id")),), ("id", "sk")),
        ((an_index("local", ("id", "state_day"), kind="LSI"),), ("id", "sk")),
        ((an_index("by-number", key_schema=(KeyAttribute(attribute="n", type="N", role="HASH"),)),), ("id",)),
    ],
    ids=["no index", "the table's own key", "local", "number"],
)
def test_other_keys_are_left_alone(indexes: Any, key: tuple[str, ...]) -> None:
    shapes = [joined(1_000, attribute=name) for name in ("id", "sk", "state_day", "n")]
    result = judged(*shapes, indexes=indexes, key=key)
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "no global secondary index has a text key of its own",
    )


def test_what_was_not_looked_at_is_not_judged() -> None:
    assert judged().reason == 'the values of "state_day" of index by-state were not looked at'
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(joined_index_key, a_table(indexes=(INDEX,)), items=denied).unknowns == (denied,)


def test_a_separator_that_is_data_is_named() -> None:
    assert "the character is part of the data" in joined_index_key.why
