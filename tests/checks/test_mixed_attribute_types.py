import json
import shlex

import pytest

from stj_audit.checks.mixed_attribute_types import mixed_attribute_types
from stj_audit.facts import AttributeSizes, ItemSizes, Table, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items

INDEXED = a_table(key=("id", "at"), indexes=(an_index("by-status", ("status",)),))


def an_attribute(name: str, *types: str) -> AttributeSizes:
    return AttributeSizes(name=name, types=types, present=900, total_bytes=9_000, max_bytes=10)


def read(*attributes: AttributeSizes, coverage: str = "full") -> ItemSizes:
    return some_items(attributes=attributes, coverage=coverage)


def judged(*attributes: AttributeSizes, table: Table | None = None, coverage: str = "full") -> Result:
    return examined(mixed_attribute_types, table or a_table(), items=read(*attributes, coverage=coverage))


# ------------------------------------------------------------------------------------------------------- any attribute


def test_finds_an_attribute_of_two_types() -> None:
    result = judged(an_attribute("id", "S"), an_attribute("age\n", "N", "S"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == '1 attribute of several types in all 1,000 items: "age\\n" (number and string)'
    assert problem.evidence == {
        "attributes": 1,
        "first_attribute": "age\n",
        "first_types": "N, S",
        "items_read": 1_000,
        "coverage": "full",
    }
    assert problem.commands == ()


def test_tells_a_few_of_many_in_one_finding() -> None:
    attributes = [an_attribute(name, "BOOL", "M", "SS") for name in "abc"]
    [problem] = judged(*attributes, an_attribute("d", "N", "S")).problems
    kinds = "(boolean, map and string set)"
    assert problem.message.endswith(f': "a" {kinds}, "b" {kinds}, "c" {kinds} and 1 more')
    assert problem.evidence["attributes"] == 4
    assert (problem.evidence["first_attribute"], problem.evidence["first_types"]) == ("a", "BOOL, M, SS")


def test_null_beside_one_type_is_no_mix() -> None:
    assert judged(an_attribute("age", "N", "NULL")).status is Status.PASSED
    [problem] = judged(an_attribute("age", "N", "NULL", "S")).problems
    assert '"age" (number and string)' in problem.message


def test_many_names_that_are_summed_as_one_are_no_attribute() -> None:
    result = judged(an_attribute("id", "S"), an_attribute(OTHER_ATTRIBUTES, "N", "S"))
    assert result.status is Status.PASSED


# ---------------------------------------------------------------------------------------------------- keys of an index


def test_a_key_of_an_index_is_worse() -> None:
    result = judged(an_attribute("status", "N", "S"), table=INDEXED)
    [problem] = result.problems
    assert (result.severity, problem.index) == (Severity.MEDIUM, "by-status")
    assert problem.message == (
        '"status", a key of the index, is also number in all 1,000 items, and the index takes only string: '
        "items with another type are not in it, and new ones are refused"
    )
    assert problem.evidence == {"attribute": "status", "index_type": "S", "types": "N, S", "items_with_attribute": 900}


@pytest.mark.parametrize(
    ("types", "status"),
    [(("S",), Status.PASSED), (("N",), Status.FOUND), (("NULL", "S"), Status.FOUND)],
)
def test_the_type_that_the_index_declares_is_the_only_one(types: tuple[str, ...], status: Status) -> None:
    assert judged(an_attribute("status", *types), table=INDEXED).status is status


def test_each_index_and_the_other_attributes_are_told() -> None:
    table = a_table(indexes=(an_index("a", ("status",)), an_index("b", ("status", "at"))))
    result = judged(an_attribute("status", "N", "S"), an_attribute("age", "N", "S"), table=table)
    assert [(problem.index, problem.severity) for problem in result.problems] == [
        ("a", Severity.MEDIUM),
        ("b", Severity.MEDIUM),
        (None, None),
    ]


@pytest.mark.parametrize("name", ["status", "it's $(rm) `x`", "größe\n"])
def test_the_command_finds_the_items(name: str) -> None:
    table = a_table(name="sessions", key=("id", "at"), indexes=(an_index("i", (name,)),))
    [problem] = judged(an_attribute(name, "N", "S"), table=table).problems
    [command] = problem.commands
    words = shlex.split(command)
    assert words[:7] == ["aws", "dynamodb", "scan", "--region", "eu-north-1", "--table-name", "sessions"]
    after = dict(zip(words[7::2], words[8::2], strict=True))
    assert after["--filter-expression"] == "attribute_exists(#a) AND NOT attribute_type(#a, :type)"
    assert json.loads(after["--expression-attribute-names"]) == {"#a": name, "#k0": "id", "#k1": "at"}
    assert json.loads(after["--expression-attribute-values"]) == {":type": {"S": "S"}}
    assert (after["--projection-expression"], after["--max-items"]) == ("#k0, #k1", "5")
    assert "\n" not in command


# -------------------------------------------------------------------------------------------------- passes, and unknown


def test_passes_where_each_has_one_type() -> None:
    result = judged(an_attribute("id", "S"), an_attribute("status", "S"), table=INDEXED)
    assert [good.message for good in result.goods] == ["each of 2 attributes has one type in all 1,000 items"]
    assert judged(an_attribute("id", "S")).goods[0].message == "the one attribute has one type in all 1,000 items"


@pytest.mark.parametrize("coverage", ["full", "sample"])
@pytest.mark.parametrize("mixed", ["status", "age"])
def test_says_nothing_of_the_others_where_one_is_mixed(mixed: str, coverage: str) -> None:
    result = judged(an_attribute("id", "S"), an_attribute(mixed, "N", "S"), table=INDEXED, coverage=coverage)
    assert (len(result.problems), result.goods, result.unknowns) == (1, (), ())


def test_a_sample_can_show_a_mix_and_not_exclude_it() -> None:
    assert judged(an_attribute("age", "N", "S"), coverage="sample").status is Status.FOUND
    result = judged(an_attribute("age", "N"), coverage="sample")
    assert result.status is Status.UNKNOWN
    assert result.reason == "no attribute of several types in a sample of 1,000 items; only reading every item can exclude it"


def test_does_not_judge_what_was_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(mixed_attribute_types, items=denied).unknowns == (denied,)
    assert examined(mixed_attribute_types, items=some_items({}, coverage="sample")).reason == "the sample holds no item"
    assert judged().reason == "the types of the attributes are not known"


def test_does_not_apply_to_an_empty_table() -> None:
    assert examined(mixed_attribute_types, items=some_items({})).status is Status.NOT_APPLICABLE


def test_tells_that_kinds_of_items_may_differ() -> None:
    assert "single-table design" in mixed_attribute_types.why
