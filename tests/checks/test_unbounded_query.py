import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.unbounded_query import unbounded_query
from stj_audit.config import Scale, TableModel, parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Amount, Flow
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_workload, examined

# Nothing is stored, and eu-north-1 takes 0.1345 dollars for a million read units; a month has ten days here.
# 1,049 bytes: 1,000 items are a page, of 257 steps of 4 KB at half a unit, 128.5 units.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 0\nitem_bytes = 1_049\n'


def pattern(more: str = "items = { share_of_users = 0.5 }\n", *, calls: str = "calls = 1\n", op: str = "Query") -> str:
    return f'[[tables.orders.pattern]]\nname = "top"\nop = "{op}"\n{more}{calls}'


def other(writes_a_day: int) -> str:
    """Each a transaction of 2 units for each of two KB: 4 units."""
    return f'[[tables.orders.pattern]]\nname = "put"\nop = "TransactWriteItems"\ncalls_per_day = {writes_a_day}\n'


def judged(text: str, *, users: int = 10_000, users_now: int | None = 1_000, **context: Any) -> Result:
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    model = config.tables["orders"]
    context.setdefault("workload", declared_workload("orders", model, config.model))
    scale = Scale(target_users=users, users_now=users_now)
    return examined(unbounded_query, declared=model, users=users, scale=scale, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_a_query_that_grows_with_the_users() -> None:
    # 5,000 items are 5 pages of 128.5 units: 642.5; 500 now are 129 steps of 4 KB: 64.5
    # 100,000 calls a month are 64,250,000 units: 8.64 dollars
    result = judged(ORDERS + pattern())
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM  # all of the bill, but less than 50 dollars
    assert problem.message == (
        'pattern "top" has no limit: with 10,000 users a call reads 5,000 items (5.0 MB in 5 pages) and takes 642.5 read units, '
        "against 64.5 now; it makes 100% of the bill, $8.64 a month"
    )
    assert problem.evidence == {
        "pattern": "top",
        "users": 10_000,
        "items_a_call": 5_000.0,
        "read_units_a_call": 642.5,
        "read_units_a_call_now": 64.5,
        "pages_a_call": 5,
        "cost_usd_month": 8.64,
        "share_of_bill": 1.0,
    }
    assert problem.current == "642.5 read units and 5 pages a call with 10,000 users"
    assert problem.fix.startswith("give it a limit")
    assert problem.effort == "hours"
    assert problem.change is None
    assert problem.commands == ()


def test_counts_the_calls_of_ten_times_the_users_a_hundredfold() -> None:
    # 50 pages of 128.5 units, a million times
    assert problem_of(ORDERS + pattern(), users=100_000).evidence["cost_usd_month"] == 864.16


def test_names_the_index() -> None:
    text = (
        ORDERS
        + '[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\n'
        + pattern('index = "by-status"\nitems = { share_of_users = 0.5 }\n')
    )
    assert problem_of(text).index == "by-status"


# --------------------------------------------------------------------------------------------------- severity, thresholds


@pytest.mark.parametrize(
    ("users", "severity"),
    [
        (2_000, Severity.LOW),  # 1,000 items: one page, and cents
        (2_002, Severity.MEDIUM),  # 1,001 items: the application must ask for the second page
        (24_000, Severity.MEDIUM),  # 12 pages of 128.5, 240,000 times: 49.77 dollars
        (24_100, Severity.HIGH),  # 50.24 dollars
    ],
)
def test_is_as_bad_as_its_money_and_medium_from_the_second_page(users: int, severity: Severity) -> None:
    assert judged(ORDERS + pattern(), users=users).severity is severity


@pytest.mark.parametrize(
    ("writes_a_day", "severity"),
    [
        # 1,000 users: 500 items, 64.5 units, 10,000 times: 0.08675 dollars; a write is 4 units at 0.67 dollars a million
        (29_133, Severity.LOW),  # 0.78076 dollars: of both, 10.0 %
        (29_135, Severity.INFO),  # 0.78082
    ],
)
def test_less_than_a_tenth_of_the_bill_is_a_note(writes_a_day: int, severity: Severity) -> None:
    assert judged(ORDERS + pattern() + other(writes_a_day), users=1_000).severity is severity


def test_a_note_says_from_which_users_on_it_matters() -> None:
    # 1,001 items are a second page
    assert problem_of(ORDERS + pattern() + other(10**9), users=1_500).matters_from_users == 2_001


def test_what_matters_already_does_not_wait() -> None:
    assert problem_of(ORDERS + pattern() + other(10**9), users_now=2_001).matters_from_users is None
    assert problem_of(ORDERS + pattern() + other(10**9), users_now=2_000).matters_from_users == 2_001


def test_matters_from_where_its_money_does() -> None:
    # calls are a tenth of the bill below a thousand users: found above
    matters = problem_of(ORDERS + pattern() + other(29_133), users_now=None).matters_from_users
    assert matters is not None
    assert 990 <= matters <= 1_000


def test_without_users_now_there_is_no_now() -> None:
    problem = problem_of(ORDERS + pattern(), users_now=None)
    assert problem.evidence["read_units_a_call_now"] is None
    assert "against" not in problem.message


@pytest.mark.parametrize("more", ['billing_mode = "PROVISIONED"\nrcu = 10\nwcu = 10\n', ""])
def test_pages_are_counted_where_the_money_is_not_known(more: str) -> None:
    problem = problem_of(ORDERS + more + pattern(calls="calls = 1\n" if more else ""))
    assert problem.severity is Severity.MEDIUM
    assert problem.evidence["share_of_bill"] is None
    assert problem.message.endswith("against 64.5 now")


# ----------------------------------------------------------------------------------------------- passes, and nothing to see


def test_passes_a_limit() -> None:
    result = judged(ORDERS + pattern("items = { share_of_users = 0.5 }\nlimit = 10\n"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ['1 pattern of what grows, with a limit: "top"']


def test_a_job_may_read_everything() -> None:
    assert judged(ORDERS + pattern(calls="calls_per_day = 1\n", op="Scan")).status is Status.NOT_APPLICABLE


def test_finds_a_scan_of_a_table_that_grows() -> None:
    # 2 items a user: 20,000 are 20 pages of 128.5 units, and 2,000 of now are 2
    text = ORDERS.replace("items = 0", "items_per_user = 2") + pattern("", op="Scan")
    problem = problem_of(text)
    assert problem.message.startswith(
        'pattern "top" has no limit: with 10,000 users a call reads 20,000 items (20.0 MB in 20 pages) and takes 2,570 read units, '
        "against 257 now"
    )


@pytest.mark.parametrize("more", ["limit = 10\n", "items = 3\n"])
def test_a_scan_that_stops_does_not_grow(more: str) -> None:
    assert not judged(ORDERS.replace("items = 0", "items_per_user = 2") + pattern(more, op="Scan")).problems


def test_a_scan_of_a_table_that_does_not_grow_is_none_of_its_business() -> None:
    result = judged(ORDERS.replace("items = 0", "items = 500") + pattern("", op="Scan"))
    assert result.reason == "what the declared patterns read does not grow with the users"


def test_does_not_judge_items_of_unknown_size() -> None:
    [unknown] = judged(ORDERS.replace("item_bytes = 1_049\n", "") + pattern()).unknowns
    assert unknown.reason == 'pattern "top": `item_bytes` is not declared'


def test_does_not_judge_where_the_users_are_not_known() -> None:
    # the bill is then today's, by what was measured, without patterns
    [unknown] = judged(ORDERS + pattern(), workload=a_workload()).unknowns
    assert unknown.reason == "not known how many users there are now"


def test_an_unknown_share_of_the_bill_is_no_reason() -> None:
    # 500 items are one page
    problem = problem_of(ORDERS + 'billing_mode = "PROVISIONED"\nrcu = 10\nwcu = 10\n' + pattern(), users=1_000)
    assert problem.evidence["share_of_bill"] is None
    assert problem.severity is Severity.INFO


def test_a_pattern_that_is_never_called_has_no_share_of_nothing() -> None:
    problem = problem_of(ORDERS + pattern(calls="calls = 0\n"))
    assert (problem.evidence["cost_usd_month"], problem.evidence["share_of_bill"]) == (0.0, None)
    assert problem.message.endswith("against 64.5 now")


@pytest.mark.parametrize(("gets_a_day", "severity"), [(1_161_000, Severity.LOW), (1_161_001, Severity.INFO)])
def test_exactly_a_tenth_of_the_bill_counts(gets_a_day: int, severity: Severity) -> None:
    # 1,000 calls of 64.5 units a day, and nine times as much in reads of half a unit
    gets = f'[[tables.orders.pattern]]\nname = "get"\nop = "GetItem"\ncalls_per_day = {gets_a_day}\n'
    assert judged(ORDERS + pattern() + gets, users=1_000).severity is severity


def test_no_pattern_is_more_than_the_bill() -> None:
    # measured was less than declared
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{ORDERS + pattern()}", parse_float=Decimal), origin="d.toml")
    workload = declared_workload("orders", config.tables["orders"], config.model)
    measured = Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))
    problem = problem_of(ORDERS + pattern(), workload=replace(workload, flows={(None, "reads"): measured}))
    assert problem.evidence["share_of_bill"] == 1.0


def test_without_users_now_it_can_matter_from_the_first() -> None:
    assert problem_of(ORDERS + pattern(), users_now=None).matters_from_users == 1


def test_names_the_first_pattern_with_a_limit() -> None:
    limited = pattern("items = { share_of_users = 0.5 }\nlimit = 10\n")
    result = judged(ORDERS + limited + limited.replace('"top"', '"second"'))
    assert [good.message for good in result.goods] == ['2 patterns of what grows, with a limit: "top"']


def test_does_not_judge_what_is_fetched_from_a_table_of_unknown_item_size() -> None:
    config = parse_config(
        tomllib.loads(
            f"[model]\ndays = 10\n{ORDERS}"
            '[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\n'
            + pattern('index = "by-status"\nitems = { share_of_users = 0.5 }\n'),
            parse_float=Decimal,
        ),
        origin="d.toml",
    )
    workload = declared_workload("orders", config.tables["orders"], config.model)
    workload = replace(
        workload,
        table=replace(workload.table, mean_bytes=None, note="no item was read"),
        calls=tuple(replace(call, fetches=True) for call in workload.calls),
    )
    scale = Scale(target_users=10_000, users_now=1_000)
    result = examined(unbounded_query, declared=config.tables["orders"], users=10_000, scale=scale, workload=workload)
    assert [unknown.reason for unknown in result.unknowns] == ['pattern "top": no item was read']
    assert not result.problems


@pytest.mark.parametrize("items", ["items = 5_000\n", "items = { per_user = 2 }\n", ""])
def test_what_stays_the_same_is_none_of_its_business(items: str) -> None:
    result = judged(ORDERS + pattern(items))
    assert result.reason == "no declared pattern of a user reads a share of the users, or everything"


def test_has_nothing_to_judge_without_patterns() -> None:
    assert examined(unbounded_query, declared=TableModel()).reason == "no access pattern is declared"


def test_tells_when_it_is_wrong() -> None:
    assert "needs all of the items, and reads every page" in unbounded_query.why
