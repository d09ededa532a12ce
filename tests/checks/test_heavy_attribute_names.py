import pytest

from stj_audit.checks.heavy_attribute_names import heavy_attribute_names
from stj_audit.facts import AttributeSizes, ItemSizes, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items


def an_attribute(name: str, *, present: int = 10, total_bytes: int = 5_000) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=present, total_bytes=total_bytes, max_bytes=total_bytes)


def read(*attributes: AttributeSizes, mean: int = 2_000, coverage: str = "full") -> ItemSizes:
    """Ten items."""
    return some_items({mean: 10}, attributes=attributes, coverage=coverage)


def judged(*attributes: AttributeSizes, **fields: object) -> Result:
    return examined(heavy_attribute_names, items=read(*attributes, **fields))  # type: ignore[arg-type] # any fields


def test_finds_names_that_weigh_much() -> None:
    # 400 bytes in 5 items and 200 + 60 + 20 in all 10: 4,800 of 20,000
    long, half = "l" * 200, "h" * 400
    result = judged(an_attribute("m" * 60), an_attribute(half, present=5), an_attribute("s" * 20), an_attribute(long))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        "attribute names make 24% of the bytes of all 10 items: 480 B of a mean item of 2.0 KB; "
        f'the heaviest are "{"h" * 40}…{"h" * 20}", "{"l" * 40}…{"l" * 20}" and "{"m" * 60}"'
    )
    assert problem.evidence == {
        "name_bytes_per_item": 480.0,
        "mean_item_bytes": 2_000.0,
        "share": 0.24,
        "names": 4,
        "items_read": 10,
        "coverage": "full",
    }
    assert problem.current == "4 names beside the keys, 480 B in a mean item"


def test_names_are_counted_in_utf8() -> None:
    # 150 letters of two bytes: 15 % of 2,000
    assert judged(an_attribute("é" * 150)).status is Status.FOUND


@pytest.mark.parametrize(("letters", "status"), [(300, Status.FOUND), (299, Status.PASSED)])
def test_fifteen_percent_is_the_line(letters: int, status: Status) -> None:
    assert judged(an_attribute("n" * letters)).status is status


@pytest.mark.parametrize(("letters", "praised"), [(150, True), (151, False)])
def test_only_light_names_are_praised(letters: int, praised: bool) -> None:
    result = judged(an_attribute("n" * letters))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_tells_how_light_the_names_are() -> None:
    [good] = judged(an_attribute("n" * 20), coverage="sample").goods
    assert good.message == "attribute names are light: 1% of the bytes of a sample of 10 items"


@pytest.mark.parametrize(("mean", "status"), [(1_025, Status.FOUND), (1_024, Status.NOT_APPLICABLE)])
def test_small_items_take_one_unit_whatever_the_names(mean: int, status: Status) -> None:
    assert judged(an_attribute("n" * 400), mean=mean).status is status


def test_names_of_keys_cannot_be_changed() -> None:
    index = an_index("by-long", key=("i" * 400,))
    items = read(an_attribute("k" * 400), an_attribute("i" * 400))
    assert examined(heavy_attribute_names, a_table(key=("k" * 400,), indexes=(index,)), items=items).status is Status.PASSED


def test_names_that_are_not_told_apart_make_a_lower_bound() -> None:
    others = an_attribute(OTHER_ATTRIBUTES, total_bytes=10_000)
    [problem] = judged(an_attribute("n" * 400), others).problems
    assert problem.message.startswith("attribute names make at least 20% of the bytes")
    assert problem.evidence["names"] == 1


@pytest.mark.parametrize(
    ("other_bytes", "status"),
    [(2_000, Status.UNKNOWN), (1_999, Status.PASSED)],  # 1,000 bytes of names and these, of 20,000
)
def test_names_that_are_not_told_apart_may_be_all_that_weighs(other_bytes: int, status: Status) -> None:
    assert judged(an_attribute("n" * 100), an_attribute(OTHER_ATTRIBUTES, total_bytes=other_bytes)).status is status


def test_names_that_are_not_told_apart_make_an_upper_bound_of_what_is_praised() -> None:
    [good] = judged(an_attribute("n" * 20), an_attribute(OTHER_ATTRIBUTES, total_bytes=400)).goods
    assert good.message == "attribute names are light: at most 3% of the bytes of all 10 items"


def test_does_not_judge_what_was_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(heavy_attribute_names, items=denied).unknowns == (denied,)
    assert examined(heavy_attribute_names, items=some_items({}, coverage="sample")).reason == "the sample holds no item"
    assert judged().reason == "the sizes of the attributes are not known"


def test_does_not_apply_to_an_empty_table() -> None:
    assert examined(heavy_attribute_names, items=some_items({})).status is Status.NOT_APPLICABLE


def test_tells_what_it_does_not_count() -> None:
    assert "Names inside maps are not\ncounted" in heavy_attribute_names.why
