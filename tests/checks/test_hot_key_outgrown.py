import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.hot_key_outgrown import hot_key_outgrown
from stj_audit.config import Scale, TableModel, parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Workload
from stj_audit.facts import ItemSizes, KeyCardinality, Table, Unknown
from stj_audit.results import Limit, Problem, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined, some_items, some_keys

# A day has 86,400 seconds and the peak is ten times the mean: 8,640 units of a day are one unit a second at the peak.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems_per_user = 1\nitem_bytes = 4_096\n'  # read: 1 step, half a unit; written: 4
INDEX = '[[tables.orders.index]]\nname = "by-status"\nkey = ["status"]\n'
TABLE = a_table(indexes=(an_index("by-status"),))


def pattern(op: str = "Query", more: str = 'index = "by-status"\n', *, calls: str = "calls = 1\n") -> str:
    return f'[[tables.orders.pattern]]\nname = "{op}"\nop = "{op}"\n{more}{calls}'


LEADERBOARD = pattern(more='index = "by-status"\nitems = { share_of_users = 0.7 }\n')


def values(distinct: int | None = 3, top_share: str = "0.5", **fields: Any) -> ItemSizes:
    """Of the index; the table has a key of its own for each item."""
    return some_items(keys=(some_keys(1_000), some_keys(distinct, index="by-status", top_share=top_share)), **fields)


def judged(
    text: str,
    items: Any = None,
    *,
    users: int = 10_000,
    users_now: int | None = 1_000,
    table: Table = TABLE,
    change: Callable[[Workload], Workload] = lambda workload: workload,
    **context: Any,
) -> Result:
    config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")
    model = config.tables["orders"]
    context.setdefault("workload", change(declared_workload("orders", model, config.model)))
    scale = Scale(target_users=users, users_now=users_now)
    return examined(
        hot_key_outgrown, table, items=values() if items is None else items, declared=model, users=users, scale=scale, **context
    )


def problem_of(text: str, items: Any = None, **context: Any) -> Problem:
    [problem] = judged(text, items, **context).problems
    return problem


# ---------------------------------------------------------------------------------------------------------------- finds


def test_finds_a_value_that_all_users_read() -> None:
    # 20 calls of half a unit, by 10,000 users, half of them of the most frequent value: 50,000 units a day, 5.787 a second at the peak
    # 0.0005787 for each user: 3,000 at 5,184,000 of them; here each call takes 100 items, 50 units: at 51,840
    result = judged(ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 100\n', calls="calls = 20\n"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.index == "by-status"
    assert problem.message == (
        'with 10,000 users at the peak the most frequent value of "status" takes 19% of the 3,000 read units a second that one value can; '
        "the limit is reached at 51,840 users"
    )
    assert problem.evidence == {
        "users": 10_000,
        "kind": "reads",
        "units_a_second": 578.704,
        "share_of_limit": 0.1929,
        "top_share": 0.5,
        "distinct_values": 3,
        "max_users": 51_840,
    }
    assert problem.current == '"status" has 3 values, the most frequent with 50% of 1,000 entries'
    assert problem.matters_from_users == 51_840
    assert problem.effort == "days"


def test_writes_of_the_index_have_a_limit_of_their_own() -> None:
    # a put writes 4 units into the index, half of them to one value: 2 a day and user; 1,000 a second at 4,320,000 users
    problem = problem_of(ORDERS + INDEX + pattern("PutItem", ""), users=1_000_000)
    assert problem.message.startswith(
        'with 1,000,000 users at the peak the most frequent value of "status" takes 23% of the 1,000 write'
    )
    assert problem.evidence["max_users"] == 4_320_000


def test_the_load_of_a_query_without_limit_grows_with_the_square_of_the_users() -> None:
    # 7,000 items of 4,096 bytes are 3,500 units; 10,000 calls: 35 million a day, 4,050.9 a second: all of them of one value, as 70 % of the
    # users are more than all other values have; 3,000 at 10,000 / sqrt(1.3503) users
    problem = problem_of(ORDERS + INDEX + LEADERBOARD)
    assert problem.severity is Severity.HIGH
    assert problem.evidence["units_a_second"] == 4_050.926
    assert problem.evidence["max_users"] == 8_606


def test_a_call_that_need_not_be_of_the_most_frequent_value_is_shared_out() -> None:
    # 30 % of the users are less than the 50 % that the other values have: half of 1,500 units
    problem = problem_of(ORDERS + INDEX + LEADERBOARD.replace("0.7", "0.3"))
    assert problem.evidence["units_a_second"] == 868.056


def test_a_table_with_few_keys_has_the_same_limit() -> None:
    # a get takes half a unit; half of 10,000 x 2,000 calls: 5 million units a day
    items = some_items(keys=(some_keys(2, items=2, top_share="0.5"),))
    problem = problem_of(ORDERS + pattern("GetItem", "", calls="calls = 2_000\n"), items)
    assert problem.index is None
    assert problem.evidence["units_a_second"] == 578.704
    assert problem.current == '"id" has 2 values, the most frequent with 50% of 2 entries'


def test_patterns_of_one_key_add_up() -> None:
    twice = LEADERBOARD + LEADERBOARD.replace('"Query"', '"Query"', 1)
    assert problem_of(ORDERS + INDEX + twice).evidence["units_a_second"] == 8_101.852


def test_a_call_of_a_fixed_number_of_items_is_shared_out_however_many_they_are() -> None:
    # 6,000 items are more than the 5,000 entries of all other values, with 10,000 users: 3,000 units, half of them
    problem = problem_of(ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 6_000\n'))
    assert problem.evidence["units_a_second"] == 1_736.111


def test_a_call_that_reads_as_much_as_all_other_values_may_be_of_them() -> None:
    # 5,000 items, 2,500 units, half of them; with 5,001 all are of the most frequent value: 2,500.5 units, of 10,000 calls
    assert problem_of(ORDERS + INDEX + LEADERBOARD.replace("0.7", "0.5")).evidence["units_a_second"] == 1_446.759
    assert problem_of(ORDERS + INDEX + LEADERBOARD.replace("0.7", "0.5001")).evidence["units_a_second"] == 2_894.097


def test_calls_are_counted_by_the_factor_of_what_was_measured() -> None:
    few = some_items(keys=(some_keys(2, items=2, top_share="0.5"),))
    factors = {("by-status", "reads"): Decimal(2), (None, "reads"): Decimal(3)}
    of_index = problem_of(ORDERS + INDEX + LEADERBOARD, change=lambda one: replace(one, factors=factors))
    assert of_index.evidence["units_a_second"] == 8_101.852
    gets = ORDERS + pattern("GetItem", "", calls="calls = 2_000\n")
    of_table = problem_of(gets, few, change=lambda one: replace(one, factors=factors))
    assert of_table.evidence["units_a_second"] == 1_736.111


LOCAL = '[[tables.orders.index]]\nname = "by-day"\nkey = ["id", "day"]\n'


def with_local(workload: Workload) -> Workload:
    """A model has no local indexes: by-day is one here."""
    return replace(workload, indexes=tuple(replace(store, local=store.index == "by-day") for store in workload.indexes))


def test_a_local_index_shares_the_limit_of_the_table_and_not_of_another_index() -> None:
    table = a_table(key=("id", "at"), indexes=(an_index("by-status"), an_index("by-day", key=("id", "day"), kind="LSI")))
    keys = (some_keys(2, items=2, top_share="0.5"), some_keys(3, index="by-status", top_share="0.5"))
    text = ORDERS.replace('["id"]', '["id", "at"]') + INDEX + LOCAL + pattern("PutItem", "", calls="calls = 1_000\n")
    problems = judged(text, some_items(keys=keys), table=table, change=with_local).problems
    # a put of 4,096 bytes takes 4 units of the table and of each index: half of 40 million a day, and twice that with the local index
    assert [(one.index, one.evidence["units_a_second"]) for one in problems] == [(None, 4_629.63), ("by-status", 2_314.815)]


def test_what_a_local_index_takes_is_counted_by_the_factor_of_the_table() -> None:
    table = a_table(key=("id", "at"), indexes=(an_index("by-day", key=("id", "day"), kind="LSI"),))
    text = ORDERS.replace('["id"]', '["id", "at"]') + LOCAL + pattern(more='index = "by-day"\n', calls="calls = 2_000\n")
    few = some_items(keys=(some_keys(2, items=2, top_share="0.5"),))
    assert problem_of(text, few, table=table, change=with_local).evidence["units_a_second"] == 578.704
    twice = problem_of(text, few, table=table, change=lambda one: replace(with_local(one), factors={(None, "reads"): Decimal(2)}))
    assert twice.evidence["units_a_second"] == 1_157.407


def test_counts_only_the_users_that_are_there_on_a_day() -> None:
    active = "[model]\nactive = 0.5\n"
    assert problem_of(active + ORDERS + INDEX + LEADERBOARD).evidence["units_a_second"] == 2_025.463


# -------------------------------------------------------------------------------------------------------------- severity


@pytest.mark.parametrize(
    ("calls", "severity"),
    [
        # a call of 200 items is 100 units, half of it of one value; 86,400 calls a day take 500 units a second at the peak
        (51_839, None),
        (51_840, Severity.LOW),  # 300 of 3,000
        (259_199, Severity.LOW),
        (259_200, Severity.MEDIUM),  # 1,500
        (518_399, Severity.MEDIUM),
        (518_400, Severity.HIGH),  # 3,000
        (1_555_199, Severity.HIGH),
        (1_555_200, Severity.CRITICAL),  # 9,000
    ],
)
def test_is_as_bad_as_its_share_of_the_limit(calls: int, severity: Severity | None) -> None:
    text = ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 200\n', calls=f"calls_per_day = {calls}\n")
    result = judged(text)
    assert result.severity is severity
    assert result.status is (Status.PASSED if severity is None else Status.FOUND)


def test_the_load_of_a_job_reaches_the_limit_at_no_number_of_users() -> None:
    text = ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 200\n', calls="calls_per_day = 100_000\n")
    problem = problem_of(text)
    assert problem.evidence["max_users"] is None
    assert judged(text).limits == ()
    assert problem.matters_from_users is None
    assert problem.message.endswith("that one value can")


def test_what_is_over_the_limit_already_does_not_wait() -> None:
    assert problem_of(ORDERS + INDEX + LEADERBOARD, users_now=8_606).matters_from_users is None
    assert problem_of(ORDERS + INDEX + LEADERBOARD, users_now=8_605).matters_from_users == 8_606
    # one user, of whom nobody knows whether there is one yet: 518,400 calls of 100 units, half of them of one value
    alone = ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 200\n', calls="calls = 518_400\n")
    assert problem_of(alone, users_now=None).matters_from_users == 1
    assert problem_of(alone, users_now=1).matters_from_users is None


# ------------------------------------------------------------------------------------------------------------ thresholds


@pytest.mark.parametrize(
    ("distinct", "top_share", "status"),
    [
        (20, "0.1", Status.FOUND),
        (21, "0.1", Status.NOT_APPLICABLE),
        (21, "0.49", Status.NOT_APPLICABLE),
        (21, "0.5", Status.FOUND),
        (None, "0.5", Status.FOUND),
    ],
)
def test_judges_few_values_or_one_with_half_of_the_entries(distinct: int | None, top_share: str, status: Status) -> None:
    assert judged(ORDERS + INDEX + LEADERBOARD, values(distinct, top_share)).status is status


@pytest.mark.parametrize(("entries", "status"), [(99, Status.NOT_APPLICABLE), (100, Status.FOUND)])
def test_few_entries_have_few_values(entries: int, status: Status) -> None:
    counted = some_items(keys=(some_keys(1_000), some_keys(3, index="by-status", items=entries, top_share="0.5")))
    assert judged(ORDERS + INDEX + LEADERBOARD, counted).status is status


@pytest.mark.parametrize(
    ("users_now", "coverage", "status"),
    [
        (3, "full", Status.FOUND),
        (2, "full", Status.NOT_APPLICABLE),  # a key for each of today's users
        (None, "full", Status.UNKNOWN),
        (3, "sample", Status.UNKNOWN),  # cannot show that there are few
    ],
)
def test_a_table_of_few_users_has_few_keys_too(users_now: int | None, coverage: Any, status: Status) -> None:
    items = some_items(keys=(some_keys(2, items=2, top_share="0.5"),), coverage=coverage)
    text = ORDERS + pattern("GetItem", "", calls="calls = 2_000\n")
    assert judged(text, items, users_now=users_now).status is status


# ----------------------------------------------------------------------------------------------- passes, and nothing to see


def test_passes_a_value_with_little_load() -> None:
    result = judged(ORDERS + INDEX + pattern())
    assert result.status is Status.PASSED
    # half a unit by half of 10,000 calls: 2,500 a day, 0.289 a second
    assert [good.message for good in result.goods] == [
        'with 10,000 users the most frequent value of "status" takes less than 0.1% of the 3,000 read units a second that one value can'
    ]


def test_keys_that_grow_with_the_users_are_not_judged() -> None:
    result = judged(ORDERS + INDEX + LEADERBOARD, values(1_000, "0.001"))
    assert result.reason == "no key of the table or of an index has few values"


def test_an_index_that_no_pattern_touches_is_not_judged() -> None:
    assert judged(ORDERS + INDEX + pattern("GetItem", "")).status is Status.NOT_APPLICABLE


def test_an_index_is_read_without_the_table_unless_its_entries_are_fetched_from_there() -> None:
    text = ORDERS + INDEX + pattern(more='index = "by-status"\n')
    only_index = some_items(keys=(some_keys(3, index="by-status", top_share="0.5"),))
    assert judged(text, only_index).unknowns == ()

    def fetching(workload: Workload) -> Workload:
        return replace(workload, calls=tuple(replace(call, fetches=True) for call in workload.calls))

    [unknown] = judged(text, only_index, change=fetching).unknowns
    assert unknown.reason == "the key values of the table were not counted"


def test_an_index_that_is_not_the_one_that_is_fetched_from_is_not_judged() -> None:
    table = a_table(indexes=(an_index("by-status"), an_index("by-day", key=("day",))))
    other = INDEX.replace("by-status", "by-day").replace('"status"', '"day"')
    text = ORDERS + INDEX + other + pattern(more='index = "by-status"\n')
    result = judged(
        text,
        table=table,
        change=lambda one: replace(one, calls=tuple(replace(call, fetches=True) for call in one.calls)),
    )
    assert (result.status, result.unknowns) == (Status.PASSED, ())


def test_does_not_judge_what_was_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="denied")
    assert judged(ORDERS + INDEX + LEADERBOARD, denied).unknowns == (denied,)


def test_does_not_judge_values_that_were_not_counted() -> None:
    [unknown] = judged(ORDERS + INDEX + LEADERBOARD, some_items(keys=(some_keys(1_000),))).unknowns
    assert unknown.reason == "the key values of index by-status were not counted"


def test_does_not_judge_without_the_most_frequent_value() -> None:
    few = KeyCardinality(index="by-status", items=1_000, distinct=3, distinct_limit=1_024, top_share=None)
    [unknown] = judged(ORDERS + INDEX + LEADERBOARD, some_items(keys=(some_keys(1_000), few))).unknowns
    assert unknown.reason == "the most frequent key value of index by-status is not known"


def test_does_not_judge_calls_that_are_not_declared() -> None:
    [unknown] = judged(ORDERS + INDEX + pattern(calls="")).unknowns
    assert unknown.reason == "reads of index by-status: `calls` of pattern 'Query' is not declared"


def test_does_not_judge_items_of_unknown_size() -> None:
    [unknown] = judged(ORDERS.replace("item_bytes = 4_096\n", "") + INDEX + pattern()).unknowns
    assert unknown.reason == "reads of index by-status: `item_bytes` is not declared"


def test_does_not_judge_where_the_users_are_not_known() -> None:
    [unknown] = judged(ORDERS + INDEX + LEADERBOARD, workload=a_workload(TABLE)).unknowns
    assert unknown.reason == "not known how many users there are now"


def test_has_nothing_to_judge_without_patterns() -> None:
    assert examined(hot_key_outgrown, TABLE, declared=TableModel()).reason == "no access pattern is declared"


def test_tells_when_it_is_wrong() -> None:
    assert "splits the value's items by sort key" in hot_key_outgrown.why


def test_tells_when_one_value_takes_all_that_it_can() -> None:
    text = ORDERS + INDEX + pattern(more='index = "by-status"\nitems = 100\n', calls="calls = 20\n")
    expected = (Limit(what='the 3,000 read units a second of one value of "status"', users=51_840, index="by-status"),)
    assert judged(text).limits == expected
    assert judged(text, users=100).limits == expected  # where it is far, too
