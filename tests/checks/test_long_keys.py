import pytest

from stj_audit.checks.long_keys import long_keys
from stj_audit.facts import AttributeSizes, Index, ItemSizes, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items

KEY = ("customer", "path")


def an_attribute(name: str, mean_bytes: int, items: int = 10) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=items, total_bytes=mean_bytes * items, max_bytes=mean_bytes)


def read(customer: int, path: int, *, mean: int = 2_000, coverage: str = "full") -> ItemSizes:
    """Ten items."""
    attributes = (an_attribute("body", mean), an_attribute("path", path), an_attribute("customer", customer))
    return some_items({mean: 10}, attributes=attributes, coverage=coverage)


def judged(items: ItemSizes, *indexes: Index) -> Result:
    return examined(long_keys, a_table(key=KEY, indexes=indexes), items=items)


def problem_of(items: ItemSizes, *indexes: Index) -> Problem:
    [problem] = judged(items, *indexes).problems
    return problem


def test_finds_a_key_that_is_stored_several_times() -> None:
    # 200 + 300 of 2,000 bytes
    items = read(200, 300)
    indexes = (an_index("a"), an_index("b", projection="KEYS_ONLY"))
    problem = problem_of(items, *indexes)
    assert judged(items, *indexes).severity is Severity.LOW
    assert problem.message == (
        'the keys are long, 25% of what is stored: "customer" and "path" have 500 B of 2.0 KB in the mean of all 10 items, '
        "and once more in each entry of 2 indexes"
    )
    assert problem.evidence == {
        "key_bytes": 500.0,
        "mean_item_bytes": 2_000.0,
        "share": 0.25,
        "indexes": 2,
        "items_read": 10,
        "coverage": "full",
    }
    assert problem.benefit.startswith("each byte that the key is shorter is saved 3 times")


def test_without_an_index_the_key_is_stored_once() -> None:
    problem = problem_of(read(200, 300))
    assert problem.message.endswith("in the mean of all 10 items")
    assert problem.benefit.startswith("each byte that the key is shorter is saved in each item")


def test_a_table_without_a_sort_key_has_one_attribute() -> None:
    items = some_items({2_000: 10}, attributes=(an_attribute("id\n", 400),))
    [problem] = examined(long_keys, a_table(key=("id\n",)), items=items).problems
    assert '"id\\n" has 400 B of 2.0 KB' in problem.message


@pytest.mark.parametrize(("path", "status"), [(200, Status.FOUND), (199, Status.PASSED)])
def test_a_fifth_of_the_item_is_the_line(path: int, status: Status) -> None:
    assert judged(read(200, path)).status is status


@pytest.mark.parametrize(("path", "praised"), [(100, True), (101, False)])
def test_only_short_keys_are_praised(path: int, praised: bool) -> None:
    result = judged(read(100, path))
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


def test_tells_how_short_the_keys_are() -> None:
    [good] = judged(read(20, 30, coverage="sample")).goods
    assert good.message == 'the keys are short: "customer" and "path" have 50 B of 2.0 KB in the mean of a sample of 10 items'


@pytest.mark.parametrize(("mean", "status"), [(1_024, Status.FOUND), (1_023, Status.NOT_APPLICABLE)])
def test_small_items_take_one_unit_whatever_the_key(mean: int, status: Status) -> None:
    assert judged(read(300, 300, mean=mean)).status is status


def test_tells_why_small_items_are_left_alone() -> None:
    assert judged(read(300, 300, mean=800)).reason == "a mean item has 800 B: below 1 KB a shorter key saves no write unit"


def test_does_not_judge_what_was_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(long_keys, items=denied).unknowns == (denied,)
    assert judged(some_items({}, coverage="sample")).reason == "the sample holds no item"
    half = some_items({2_000: 10}, attributes=(an_attribute("path", 500),))
    assert (judged(half).status, judged(half).reason) == (Status.UNKNOWN, "the sizes of the key attributes are not known")


def test_does_not_apply_to_an_empty_table() -> None:
    assert judged(some_items({})).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "queried by prefix" in long_keys.why
