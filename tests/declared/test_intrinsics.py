"""Intrinsic functions: what the template decides is the value, what it does not decide is never guessed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.declared.intrinsics import NO_VALUE, Resolver, Unresolved, first_unresolved, is_resolved
from stj_audit.errors import ConfigError

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
        "Open": {"Type": "String"},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
        "Units": {"Type": "Number", "Default": 5},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "x"},
        "FromStore": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/path"},
    },
    "Mappings": {"ByStage": {"dev": {"Units": 1, "Zones": ["x", "y"]}, "prod": {"Units": 50}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]},
        "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
        "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsOpen"}]},
        "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsOpen"}]},
        "Undecided": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsOpen"}]},
    },
}


def resolver(**given_values: str) -> Resolver:
    return Resolver(TEMPLATE, given=given_values, region="eu-north-1")


def value(written: Any, **given_values: str) -> Any:
    return resolver(**given_values).value(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Names"}, ["a", "b", "c"]),
        ({"Ref": "Units"}, 5),
        ({"Ref": "AWS::Region"}, "eu-north-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Fn::Sub": "${Stage}-orders-${AWS::Region}"}, "dev-orders-eu-north-1"),
        ({"Fn::Sub": ["${name}-${Stage}", {"name": {"Fn::Select": [1, {"Ref": "Names"}]}}]}, "b-dev"),
        ({"Fn::Sub": "a ${!Literal}"}, "a ${Literal}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 3]]}, "a-dev-3"),
        ({"Fn::Join": ["/", {"Ref": "Names"}]}, "a/b/c"),
        ({"Fn::FindInMap": ["ByStage", {"Ref": "Stage"}, "Units"]}, 1),
        ({"Fn::FindInMap": ["ByStage", "gone", "Units", {"DefaultValue": 7}]}, 7),
        ({"Fn::Select": ["0", {"Fn::Split": ["|", "x|y"]}]}, "x"),
        ({"Fn::Length": {"Ref": "Names"}}, 3),
        ({"Fn::If": ["IsProd", 50, 1]}, 1),
        ({"Fn::If": ["IsOpen", "same", "same"]}, "same"),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
    ],
)
def test_what_the_template_decides_is_the_value(written: Any, expected: Any) -> None:
    assert value(written) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"Ref": "Open"}, "parameter Open has no default: give --parameter Open=VALUE"),
        ({"Ref": "Secret"}, "kept secret"),
        ({"Ref": "FromStore"}, "Systems Manager"),
        ({"Ref": "AWS::AccountId"}, "give --parameter AWS::AccountId=VALUE"),
        ({"Ref": "Bucket"}, "name of resource Bucket"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "Fn::GetAtt is decided at deployment"),
        ({"Fn::ImportValue": "other"}, "Fn::ImportValue is decided at deployment"),
        ({"Fn::Sub": "${Stage}-${Open}"}, "parameter Open"),
        ({"Fn::Sub": "${Key.Arn}"}, "Key.Arn is decided at deployment"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Open"}]]}, "parameter Open"),
        ({"Fn::FindInMap": ["ByStage", {"Ref": "Open"}, "Units"]}, "parameter Open"),
        ({"Fn::FindInMap": ["ByStage", "dev", "Gone"]}, "the mappings have no ByStage dev Gone"),
        ({"Fn::If": ["IsOpen", 1, 2]}, "condition IsOpen is decided at deployment"),
        ({"Fn::If": ["Undecided", 1, 2]}, "condition Undecided"),
        ({"Fn::If": ["Circle", 1, 2]}, "needs itself"),
        ({"Fn::If": ["Gone", 1, 2]}, "there is no condition 'Gone'"),
        ({"Fn::Select": [9, {"Ref": "Names"}]}, "long enough"),
        ("{{resolve:ssm:/a/b}}", "read at deployment"),
        ("${self:service}-table", "for lack of Fn::Sub"),
    ],
)
def test_what_it_does_not_decide_is_unresolved_with_the_reason(written: Any, reason: str) -> None:
    found = value(written)

    assert isinstance(found, Unresolved)
    assert reason in found.reason


def test_a_secret_default_is_in_no_reason() -> None:
    template = {"Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": "hunter2"}}}
    found = Resolver(template, given={"Password": "hunter3"}, region="eu-north-1").value({"Fn::Sub": "a-${Password}"})

    assert isinstance(found, Unresolved)
    assert "hunter" not in found.reason


def test_a_given_parameter_comes_before_its_default() -> None:
    one = resolver(Stage="prod", Open="yes")

    assert one.value({"Fn::If": ["Both", {"Ref": "Stage"}, 0]}) == "prod"
    assert one.defaults_used == set()


def test_a_used_default_is_told() -> None:
    one = resolver()
    one.value({"Fn::Sub": "${Stage}"})

    assert one.defaults_used == {"Stage"}


def test_pseudo_parameters_may_be_given() -> None:
    assert Resolver(TEMPLATE, given={"AWS::AccountId": "012345678901"}, region="eu-north-1").value(
        {"Fn::Sub": "t-${AWS::AccountId}"}
    ) == ("t-012345678901")


def test_a_value_that_the_template_does_not_allow_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"--parameter Stage=test: the template allows dev, prod"):
        value({"Ref": "Stage"}, Stage="test")


def test_a_list_keeps_what_is_known_of_it() -> None:
    found = value([{"Ref": "Stage"}, {"Ref": "Open"}])

    assert found[0] == "dev"
    assert not is_resolved(found)
    assert first_unresolved(found) == found[1]


def test_texts_that_double_at_each_level_end() -> None:
    written: Any = "x"
    for _ in range(60):
        written = {"Fn::Sub": ["${a}${a}", {"a": written}]}

    assert isinstance(value(written), Unresolved)


def test_conditions_that_double_at_each_level_are_each_decided_once() -> None:
    conditions: dict[str, Any] = {"C0": {"Fn::Equals": ["a", "a"]}}
    for place in range(1, 80):
        conditions[f"C{place}"] = {"Fn::And": [{"Condition": f"C{place - 1}"}] * 2}

    assert Resolver({"Conditions": conditions}, given={}, region="eu-north-1").condition("C79") is True


TEXT = st.text(alphabet="abAB${}!.:- 019", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT, inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("Ref", "Fn::If", "Fn::Sub", "Fn::Join", "Fn::FindInMap", "Fn::Select", "Fn::Split", "Fn::Length", "Fn::GetAtt")
            ),
            inner,
            min_size=1,
            max_size=1,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(JSON)
def test_whatever_is_written_is_a_value_or_unresolved(written: Any) -> None:
    found = value(written)

    # never an exception; and no function is left in what is taken for known
    if is_resolved(found) and found is not NO_VALUE:
        assert not _calls(found)


@settings(max_examples=200)
@given(JSON, st.booleans())
def test_a_decided_condition_takes_its_branch_and_an_open_one_takes_neither(written: Any, production: bool) -> None:
    stage = "prod" if production else "dev"
    branches = [written, "other"]

    assert value({"Fn::If": ["IsProd", *branches]}, Stage=stage) == value(branches[0 if production else 1], Stage=stage)
    taken = value({"Fn::If": ["IsOpen", *branches]})
    assert isinstance(taken, Unresolved) or taken == "other"


def _calls(found: Any) -> bool:
    if isinstance(found, dict):
        is_call = len(found) == 1 and next(iter(found)).startswith(("Fn::", "Ref"))
        return is_call or any(map(_calls, found.values()))
    return isinstance(found, list) and any(map(_calls, found))
