from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.unbounded_attribute import unbounded_attribute
from stj_audit.config import Scale, SizeLines, TableModel
from stj_audit.cost.workload import Amount, Store, Workload, constant
from stj_audit.design import Growth
from stj_audit.facts import AttributeSizes, ItemSizes, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_workload, examined, some_items

KB = 1024
WARN, LIMIT = 300 * KB, 400 * KB
SCALE = Scale(target_users=10_000, users_now=1_000)
ONE_EACH = Amount(today=Decimal(1_000), each_user=Decimal(1))
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def growth(bytes_: int = 1_024, per_user_day: int | str = 1, **fields: Any) -> Growth:
    return Growth(attribute=fields.pop("attribute", "log"), bytes=bytes_, per_user_day=Decimal(per_user_day), **fields)


def stored(items: Amount, *, active: str = "1") -> Workload:
    return replace(
        a_workload(), table=Store(key=("id",), count=items, mean_bytes=Decimal(1_000), basis="measured"), active=Decimal(active)
    )


def judged(
    largest: int,
    *grows: Growth,
    items: Amount = ONE_EACH,
    read: ItemSizes | Unknown | None = None,
    scale: Scale = SCALE,
    active: str = "1",
    size_lines: SizeLines | None = None,
) -> Result:
    """A table with one large item, which grows by 1 KB a day if nothing else is said."""
    return examined(
        unbounded_attribute,
        items=read or some_items({largest: 1}),
        declared=TableModel(growth=grows or (growth(),)),
        workload=stored(items, active=active),
        scale=scale,
        size_lines=size_lines,
    )


def problem_of(result: Result) -> Problem:
    [problem] = result.problems
    return problem


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_the_days_until_the_lines_are_reached() -> None:
    # 200 KB, and a mean of (200 + 3 x 40) / 4 = 80 KB, at 1 KB a day
    result = judged(0, read=some_items({40 * KB: 3, 200 * KB: 1}))
    problem = problem_of(result)
    assert result.severity is Severity.MEDIUM
    assert problem.message == (
        '"log" grows by 365.0 KB a year in an item: the largest of all 4 items (200.0 KB) reaches 300.0 KB in 100 days and '
        "400.0 KB in 200 days"
    )
    assert problem.current == "at the declared growth a mean item (80.0 KB) reaches 300.0 KB in 220 days and 400.0 KB in 320 days"
    assert problem.evidence == {
        "bytes_per_day": 1_024.0,
        "largest_bytes": 204_800,
        "days_to_warn_line": 100,
        "days_to_limit": 200,
        "mean_bytes": 81_920.0,
        "mean_days_to_warn_line": 220,
        "mean_days_to_limit": 320,
        "users": 10_000,
        "items_read": 4,
        "coverage": "full",
    }
    assert problem.benefit.endswith("not those of 80 KB")
    assert problem.matters_from_users is None
    assert problem.commands == ()


def test_an_item_above_the_warn_line_goes_on_to_the_limit() -> None:
    problem = problem_of(judged(350 * KB))
    assert "(350.0 KB, above 300.0 KB already) reaches 400.0 KB in 50 days" in problem.message
    assert (problem.evidence["days_to_warn_line"], problem.evidence["days_to_limit"]) == (None, 50)


def test_an_item_at_the_limit_has_no_day_left() -> None:
    assert problem_of(judged(LIMIT)).evidence["days_to_limit"] == 0


@pytest.mark.parametrize("largest", [LIMIT, LIMIT + 2])
def test_at_the_limit_and_above_there_is_not_a_day_left_however_slow_it_grows(largest: int) -> None:
    problem = problem_of(judged(largest, growth(1), items=constant(Decimal(1_000)), scale=Scale(target_users=1_000)))
    assert problem.evidence["bytes_per_day"] == 1.0
    assert problem.evidence["days_to_limit"] == 0
    assert problem.matters_from_users == 1


def test_an_append_is_paid_by_the_kilobyte_begun() -> None:
    assert problem_of(judged(200 * KB + 1)).benefit.endswith("not those of 201 KB")


def test_an_item_at_the_warn_line_crosses_it_today() -> None:
    # it is not above the line yet, and so no finding of item-over-warn-line
    problem = problem_of(judged(WARN, growth(10)))
    assert "(300.0 KB) reaches 300.0 KB in 0 days and 400.0 KB in 10,240 days" in problem.message
    assert (problem.severity, problem.evidence["days_to_warn_line"]) == (Severity.MEDIUM, 0)


def test_all_growing_attributes_are_added_up() -> None:
    problem = problem_of(judged(200 * KB, growth(24), growth(500, 2, attribute="devices\n")))
    assert problem.message.startswith('"log" and "devices\\n" grow by 365.0 KB a year in an item: ')


def test_the_items_of_a_user_share_the_growth() -> None:
    # ten items for each user, half of the users there on a day: 51.2 bytes a day; 10 KB take 200 days
    problem = problem_of(judged(WARN - 10 * KB, items=Amount(today=Decimal(10_000), each_user=Decimal(10)), active="0.5"))
    assert (problem.evidence["bytes_per_day"], problem.evidence["days_to_warn_line"]) == (51.2, 200)


def test_only_items_that_have_the_attribute_grow() -> None:
    # ten items for each user, one in ten has the log: 1 KB a day in those
    log = AttributeSizes(name="log", types=("L",), present=1, total_bytes=100, max_bytes=100)
    read = some_items({1 * KB: 9, 200 * KB: 1}, attributes=(log,))
    problem = problem_of(judged(0, items=Amount(today=Decimal(10_000), each_user=Decimal(10)), read=read))
    assert problem.evidence["bytes_per_day"] == 1_024.0


def test_the_more_items_have_the_attribute_the_less_grows_each() -> None:
    log = AttributeSizes(name="log", types=("L",), present=2, total_bytes=200, max_bytes=100)
    read = some_items({1 * KB: 9, 200 * KB: 1}, attributes=(log,))
    problem = problem_of(judged(0, items=Amount(today=Decimal(10_000), each_user=Decimal(10)), read=read))
    assert problem.evidence["bytes_per_day"] == 512.0


# -------------------------------------------------------------------------------------------------------------- severity


@pytest.mark.parametrize(
    ("largest", "severity"),
    [
        (LIMIT - 90 * KB + 1, Severity.HIGH),  # a byte less than 90 days
        (LIMIT - 90 * KB, Severity.MEDIUM),
    ],
)
def test_the_limit_within_a_quarter_is_high(largest: int, severity: Severity) -> None:
    assert judged(largest).severity is severity


@pytest.mark.parametrize(
    ("bytes_", "room", "severity"),
    [
        (10, 3_651, None),  # 365.1 days
        (10, 3_650, None),
        (10, 3_649, Severity.MEDIUM),
        (10, 10, Severity.MEDIUM),  # a day to the warn line, and 28 years to the limit
    ],
)
def test_the_warn_line_within_a_year_is_medium(bytes_: int, room: int, severity: Severity | None) -> None:
    assert judged(WARN - room, growth(bytes_)).severity is severity


@pytest.mark.parametrize(("room", "status"), [(3_650, Status.PASSED), (3_649, Status.FOUND)])
def test_above_the_warn_line_the_limit_counts(room: int, status: Status) -> None:
    assert judged(LIMIT - room, growth(10)).status is status


def test_the_lines_are_those_of_the_configuration() -> None:
    problem = problem_of(judged(100 * KB, size_lines=SizeLines(warn_bytes=150 * KB, max_bytes=LIMIT)))
    assert problem.evidence["days_to_warn_line"] == 50


# ----------------------------------------------------------------------------------------------------------------- users


def test_users_fill_a_fixed_number_of_items_faster() -> None:
    # 10,000 users put 10 bytes a day each into 1,000 items: 100 a day; 36,500 bytes are a year of 10,000 users
    problem = problem_of(judged(WARN - 36_499, growth(10), items=constant(Decimal(1_000))))
    assert problem.message.startswith('"log" grows by 35.6 KB a year in an item, with 10,000 users: ')
    assert problem.matters_from_users == 10_000
    assert judged(WARN - 36_500, growth(10), items=constant(Decimal(1_000))).status is Status.PASSED


@pytest.mark.parametrize(("room", "matters_from"), [(3_649, None), (3_650, 1_001), (7_300, 2_001)])
def test_what_binds_today_waits_for_no_users(room: int, matters_from: int | None) -> None:
    # 1,000 users take 3,650 bytes of an item in a year
    assert problem_of(judged(WARN - room, growth(10), items=constant(Decimal(1_000)))).matters_from_users == matters_from


def test_does_not_know_how_many_items_share_it_without_users() -> None:
    result = judged(200 * KB, items=Amount(today=Decimal(1_000)), scale=Scale(target_users=10_000))
    assert result.status is Status.UNKNOWN
    assert result.reason == "not known how many users there are now"
    empty = judged(200 * KB, items=constant(Decimal(0)))
    assert (empty.status, empty.reason) == (Status.UNKNOWN, "the table states no items that could share the declared growth")


# -------------------------------------------------------------------------------------------------- passes, and unknown


def test_passes_what_lasts_for_years() -> None:
    result = judged(200 * KB, growth(10))
    assert result.status is Status.PASSED
    [good] = result.goods
    # 102,400 and 204,800 bytes at 10 a day
    assert good.message == (
        "at the declared growth the largest of the one item (200.0 KB) reaches 300.0 KB in 10,240 days and 400.0 KB in 20,480 days"
    )


def test_an_item_above_the_warn_line_is_no_strength() -> None:
    assert judged(WARN + 1, growth(10)).goods == ()


def test_a_sample_may_lack_the_largest() -> None:
    found = judged(0, read=some_items({200 * KB: 10}, coverage="sample"))
    assert problem_of(found).message.endswith("400.0 KB in 200 days, or sooner, as larger items may not have been read")
    far = judged(0, growth(10), read=some_items({200 * KB: 10}, coverage="sample"))
    assert far.status is Status.UNKNOWN
    assert far.reason.endswith("at the declared growth; others may be larger")


def test_does_not_judge_items_that_were_not_read() -> None:
    assert judged(0, read=DENIED).unknowns == (DENIED,)
    assert judged(0, read=some_items({}, coverage="sample")).reason == "the sample holds no item"
    assert judged(0, read=some_items({})).status is Status.NOT_APPLICABLE


def test_has_nothing_to_judge_where_nothing_is_declared_to_grow() -> None:
    result = examined(unbounded_attribute, items=DENIED)
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no growth of an attribute is declared")
    assert judged(200 * KB, growth(0)).status is Status.NOT_APPLICABLE
    assert judged(200 * KB, growth(10, 0)).status is Status.NOT_APPLICABLE
    assert judged(200 * KB, active="0").status is Status.NOT_APPLICABLE  # no user is ever there


def test_a_value_that_is_replaced_does_not_grow() -> None:
    result = judged(200 * KB, growth(mode="replace"))
    assert result.reason == "what is declared to change is replaced, and does not grow"


def test_tells_when_it_is_wrong() -> None:
    assert "cuts the attribute to a length" in unbounded_attribute.why
