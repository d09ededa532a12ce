"""Sizes as facts: one line each, every one of them counted by AWS's engine too (test_sizing_against_engine.py)."""

from typing import Any

import pytest

from stj_audit.sizing import attribute_size, item_size, number_parts, text_size, value_size

# Where a common rule of thumb is wrong, the comment says what it would give.
NUMBERS: dict[str, int] = {
    "0": 1,  # half the digits plus one: 2
    "-0": 1,
    "0.0": 1,
    "0.00": 1,
    "0e10": 1,
    "1": 2,
    "12": 2,
    "+5": 2,
    ".5": 2,
    "5.": 2,
    "001": 2,
    "1.00": 2,
    "123": 3,
    # pairs are counted from the decimal point, so that the place of a digit matters, not only how many there are
    "0.12": 2,
    "0.012": 3,  # .01 20; half the digits plus one: 2
    "12e-3": 3,
    "0.05": 2,
    "0.5": 2,
    "100": 2,
    "1000": 2,
    "110": 3,  # 1 10
    "120": 3,  # 1 20; half the significant digits plus one: 2
    "1010": 3,
    "12000": 3,  # 1 20 00
    "1200": 2,
    "1.1": 3,
    "1.5": 3,
    "100.01": 4,  # 1 00 .01
    "100.5": 4,
    "1700000000": 2,  # 17, then only zeros; half the digits plus one: 6
    "1718000000": 3,
    "1718000000000": 4,  # 1 71 80; half the significant digits plus one: 3
    # the sign
    "-1": 3,
    "-12": 3,
    "-42": 3,
    "-123": 4,
    "-0.012": 4,
    # the ends of the range
    "1e125": 2,
    "1E125": 2,
    "1E-130": 2,
    "-1e-130": 3,
    "9.9999999999999999999999999999999999999e125": 20,
    "1" + "0" * 50: 2,
    "9" * 38: 20,
    "-" + "9" * 38: 21,
    "1." + "1" * 37: 21,
    "-1." + "1" * 37: 21,  # 20 pairs, and no byte left for the sign; without the cap: 22
    "-6425550349106549121035034466379563094000000": 21,  # read as a double: 9
    "0.00000000601993283": 6,  # .00 00 00 00 60 19 93 28 30
}

VALUES: list[tuple[dict[str, Any], int]] = [
    ({"S": ""}, 0),
    ({"S": "a"}, 1),
    ({"S": "é"}, 2),  # characters: 1
    ({"S": "中"}, 3),
    ({"S": "😀"}, 4),  # UTF-16 units: 2
    ({"S": "\x00"}, 1),
    ({"B": ""}, 0),
    ({"B": "lA=="}, 1),  # as base64 text: 4
    ({"B": "AAAA"}, 3),
    ({"BOOL": True}, 1),
    ({"BOOL": False}, 1),
    ({"NULL": True}, 1),
    ({"SS": ["a", "bb", "ccc"]}, 6),  # with the overhead of a list: 12
    ({"NS": ["1", "-1", "0"]}, 6),
    ({"BS": ["AA==", "AAA="]}, 3),
    ({"L": []}, 3),
    ({"M": {}}, 3),
    ({"L": [{"S": "a"}]}, 5),  # without a byte for the element: 4
    ({"M": {"a": {"S": "a"}}}, 6),
    ({"M": {"é": {"S": "é"}}}, 8),
    ({"L": [{"M": {}}]}, 7),
    ({"M": {"a": {"M": {"b": {"L": [{"NULL": True}, {"N": "120"}]}}}}}, 3 + 1 + 1 + (3 + 1 + 1 + (3 + 2 + 4))),
]


@pytest.mark.parametrize(("text", "size"), NUMBERS.items())
def test_numbers_are_counted_in_base_100_digits(text: str, size: int) -> None:
    assert value_size({"N": text}) == size


@pytest.mark.parametrize(("value", "size"), VALUES)
def test_values(value: dict[str, Any], size: int) -> None:
    assert value_size(value) == size


def test_an_item_is_its_names_and_values_and_nothing_else() -> None:
    assert item_size({}) == 0
    assert item_size({"id": {"S": "a"}, "größe": {"N": "120"}}) == 2 + 1 + 7 + 3


def test_an_attribute_is_its_name_and_its_value() -> None:
    assert attribute_size("é", {"L": [{"M": {"中": {"N": "-1"}}}]}) == 2 + 3 + (1 + 3 + (1 + 3 + 3))


@pytest.mark.parametrize("text", ["=", "=="])
def test_nothing_but_padding_is_no_base64(text: str) -> None:
    for value in ({"B": text}, {"BS": ["YQ==", text]}, {"L": [{"B": text}]}, {"M": {"": {"B": text}}}):
        with pytest.raises(ValueError, match="base64 text or bytes"):
            value_size(value)


def test_bytes_and_base64_are_the_same_binary() -> None:
    for raw, base64 in ((b"", ""), (b"a", "YQ=="), (b"ab", "YWI="), (b"abc", "YWJj"), (b"abcd", "YWJjZA==")):
        assert value_size({"B": raw}) == value_size({"B": base64}) == len(raw)
        assert value_size({"BS": [raw, b"xyz"]}) == value_size({"BS": [base64, "eHl6"]}) == len(raw) + 3


def test_overheads_do_not_grow_with_length() -> None:
    assert value_size({"L": [{"NULL": True}] * 65_536}) == 3 + 65_536 * 2
    assert value_size({"M": {f"{place:05}": {"BOOL": False} for place in range(16_384)}}) == 3 + 16_384 * (1 + 5 + 1)
    assert value_size({"SS": [f"{place:05}" for place in range(65_536)]}) == 65_536 * 5


def test_a_surrogate_that_utf8_cannot_hold_counts_one_byte() -> None:
    assert text_size("\ud800") == 1
    assert text_size("a\udfffé") == 1 + 1 + 2
    assert text_size("\ud83d\ude00") == text_size("😀") == 4
    assert text_size("\ude00\ud83d") == 2


@pytest.mark.parametrize("text", ["-1.20e3", "-1200", "-0001200.000", "-12E+2", "-120000e-2"])
def test_equal_numbers_have_equal_parts(text: str) -> None:
    assert number_parts(text) == (True, "12", 2)


def test_every_zero_is_the_same_zero() -> None:
    assert {number_parts(text) for text in ("0", "-0", "0.00", "+0e10", "000", "-0.0E-7")} == {(False, "", 0)}


def test_more_digits_than_decimal_can_hold_are_counted() -> None:
    assert value_size({"N": "1" + "0" * 50}) == 2
    assert value_size({"N": "1" * 5_000}) == 21
    assert value_size({"N": f"0.{'0' * 5_000}1"}) == 2


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"X": "secret"}, "'a'"),
        ({}, "'a'"),
        ({"S": "secret", "N": "1"}, "'a'"),
        ("secret", "'a'"),
        (None, "'a'"),
        ({"S": 41_414}, "'a'"),
        ({"S": b"secret"}, "'a'"),
        ({"N": 41_414}, "'a'"),
        ({"N": "secret"}, "'a'"),
        ({"N": ""}, "'a'"),
        ({"N": "."}, "'a'"),
        ({"N": "--1"}, "'a'"),
        ({"N": "1e"}, "'a'"),
        ({"N": "1e2e3"}, "'a'"),
        ({"N": "1e1_0"}, "'a'"),
        ({"N": "1 "}, "'a'"),
        ({"N": "1_0"}, "'a'"),
        ({"N": "NaN"}, "'a'"),
        ({"N": "Infinity"}, "'a'"),
        ({"N": "41414" + "\uff11"}, "'a'"),
        ({"N": "1e" + "41414" * 1_000}, "'a'"),
        ({"B": ["secret"]}, "'a'"),
        ({"BOOL": "secret"}, "'a'"),
        ({"NULL": "secret"}, "'a'"),
        ({"SS": "secret"}, "'a'"),
        ({"NS": ["1", "secret"]}, "'a'"),
        ({"L": {"secret": 1}}, "'a'"),
        ({"M": ["secret"]}, "'a'"),
        ({"L": [{"S": "x"}, "secret"]}, "'a[1]'"),
        ({"L": [{"NULL": True}, {"NULL": True}, {"M": {"b": {"L": [{"N": "secret"}]}}}]}, "'a[2].b[0]'"),
        ({"M": {"b": {"M": {"c": {"S": 41_414}}}}}, "'a.b.c'"),
    ],
)
def test_what_is_no_item_is_refused_by_its_place_and_never_by_its_value(value: Any, place: str) -> None:
    with pytest.raises(ValueError, match="not DynamoDB JSON") as refused:
        item_size({"id": {"S": "x"}, "a": value})
    assert f"at attribute {place}:" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "41414" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("item", [["secret"], "secret", None, 7])
def test_what_is_no_mapping_is_refused(item: Any) -> None:
    with pytest.raises(ValueError, match=r"^not DynamoDB JSON: expected a mapping of attributes$"):
        item_size(item)


def test_a_name_that_is_no_string_is_refused() -> None:
    nameless: Any = {7: {"S": "secret"}}
    with pytest.raises(ValueError, match=r"expected attribute names that are strings$"):
        item_size(nameless)
