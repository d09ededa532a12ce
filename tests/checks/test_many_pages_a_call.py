import tomllib
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.many_pages_a_call import many_pages_a_call
from stj_audit.config import Scale, TableModel, parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_workload, examined

# 1,024 items of 1,024 bytes are a page of 1 MB.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems_per_user = 1\nitem_bytes = 1_024\n'


def pattern(more: str = "", *, op: str = "Query", calls: str = "calls = 1\n") -> str:
    return f'[[tables.orders.pattern]]\nname = "list"\nop = "{op}"\n{more}{calls}'


def judged(text: str, *, users: int = 10_000, users_now: int | None = 1_000, **context: Any) -> Result:
    config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")
    model = config.tables["orders"]
    context.setdefault("workload", declared_workload("orders", model, config.model))
    scale = Scale(target_users=users, users_now=users_now)
    return examined(many_pages_a_call, declared=model, users=users, scale=scale, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


def test_finds_a_call_of_many_pages() -> None:
    # 5,120 items are 5 pages; a fourth begins with item 3,073, at 6,145 users, half of whom are 3,072.5
    result = judged(ORDERS + pattern("items = { share_of_users = 0.5 }\n"), users=10_240)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == 'pattern "list" takes 5 pages of 1 MB in a row with 10,240 users: 5,120 items of 1.0 KB'
    assert problem.evidence == {
        "pattern": "list",
        "users": 10_240,
        "pages_a_call": 5,
        "items_a_call": 5_120.0,
        "item_bytes": 1_024,
    }
    assert problem.current == "5.0 MB for each call with 10,240 users"
    assert problem.matters_from_users == 6_145
    assert problem.effort == "hours"


@pytest.mark.parametrize(("items", "status"), [(3_072, Status.PASSED), (3_073, Status.FOUND)])
def test_three_pages_are_not_many(items: int, status: Status) -> None:
    assert judged(ORDERS + pattern(f"items = {items}\n")).status is status


def test_a_page_ends_with_the_item_that_crosses_its_end() -> None:
    # 1,025 bytes: 1,023 items are 47 bytes short of 1 MB, so a page has 1,024
    text = ORDERS.replace("1_024", "1_025") + pattern("items = 3_073\n")
    assert problem_of(text).evidence["pages_a_call"] == 4


@pytest.mark.parametrize(("limit", "status"), [(3_072, Status.PASSED), (3_073, Status.FOUND)])
def test_a_limit_bounds_what_is_read(limit: int, status: Status) -> None:
    assert judged(ORDERS + pattern(f"items = 9_999\nlimit = {limit}\n")).status is status


def test_a_scan_without_items_reads_everything() -> None:
    problem = problem_of(ORDERS + pattern(op="Scan"), users=10_240)
    assert problem.evidence["items_a_call"] == 10_240.0
    assert problem.matters_from_users == 3_073


def test_a_scan_with_a_limit_reads_so_much() -> None:
    assert judged(ORDERS + pattern("limit = 10\n", op="Scan")).status is Status.PASSED


def test_counts_the_entries_of_an_index() -> None:
    index = '[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\nentry_bytes = 100\nprojection = "KEYS_ONLY"\n'
    assert judged(ORDERS + index + pattern('index = "by-status"\nitems = 3_073\n')).status is Status.PASSED


def test_what_is_slow_already_does_not_wait() -> None:
    assert problem_of(ORDERS + pattern("items = 9_999\n")).matters_from_users is None


@pytest.mark.parametrize(("users_now", "matters_from"), [(3_072, 3_073), (3_073, None)])
def test_what_becomes_slow_with_the_users_of_today_does_not_wait(users_now: int, matters_from: int | None) -> None:
    assert problem_of(ORDERS + pattern(op="Scan"), users_now=users_now).matters_from_users == matters_from


def test_where_nobody_counted_users_it_matters_from_the_first_on() -> None:
    assert problem_of(ORDERS + pattern("items = 9_999\n"), users_now=None).matters_from_users == 1


@pytest.mark.parametrize(("items", "told"), [(10, "1 page"), (2_000, "2 pages"), (3_072, "3 pages")])
def test_passes_a_call_of_few_pages(items: int, told: str) -> None:
    result = judged(ORDERS + pattern(f"items = {items}\n"))
    assert [good.message for good in result.goods] == [f"no declared call takes more than {told} with 10,000 users"]


def test_jobs_and_calls_of_one_item_are_left_out_beside_a_query() -> None:
    job = pattern(op="Scan", calls="calls_per_day = 1\n").replace('"list"', '"job"')
    batch = pattern("items = 100\n", op="BatchGetItem").replace('"list"', '"batch"')
    result = judged(ORDERS.replace("1_024", "102_400") + pattern("items = 1\n") + job + batch)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no declared call takes more than 1 page with 10,000 users"]


def test_does_not_judge_items_of_unknown_size() -> None:
    result = judged(ORDERS.replace("item_bytes = 1_024\n", "") + pattern("items = 1\n"))
    assert result.goods == ()
    [unknown] = result.unknowns
    assert unknown.reason == 'pattern "list": `item_bytes` is not declared'


def test_does_not_judge_a_scan_of_unknown_many_items() -> None:
    [unknown] = judged(ORDERS.replace("items_per_user = 1\n", "") + pattern(op="Scan")).unknowns
    assert unknown.reason == 'pattern "list": neither `items` nor `items_per_user` is declared'


def test_does_not_judge_where_the_users_are_not_known() -> None:
    [unknown] = judged(ORDERS + pattern(), workload=a_workload()).unknowns
    assert unknown.reason == "not known how many users there are now"


@pytest.mark.parametrize("text", [pattern(op="GetItem"), pattern(op="Scan", calls="calls_per_day = 1\n")])
def test_nobody_waits_for_a_job_and_one_item_is_no_page(text: str) -> None:
    assert judged(ORDERS + text).reason == "no Query or Scan of a user is declared"


def test_has_nothing_to_judge_without_patterns() -> None:
    assert examined(many_pages_a_call, declared=TableModel()).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "shown one at a time" in many_pages_a_call.why
