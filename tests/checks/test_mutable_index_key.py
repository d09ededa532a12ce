import tomllib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks.mutable_index_key import mutable_index_key
from stj_audit.config import TableModel, parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.workload import Amount, Flow, Other, Workload, constant
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined

# Nothing is stored; a million write units are 0.67 dollars in eu-north-1, and a month has ten days here.
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 0\nitem_bytes = 1_000\n'
INDEX = '[[tables.orders.index]]\nname = "by-score"\nkey = ["league", "score"]\n'
TABLE = a_table(indexes=(an_index("by-score", key=("league", "score")),))


def write(*sets: str, more: str = "", calls: int | None = 100_000, op: str = "UpdateItem", name: str = "play") -> str:
    counted = "" if calls is None else f"calls_per_day = {calls}\n"
    listed = f"sets = {list(sets)}\n" if sets else ""
    return f'[[tables.orders.pattern]]\nname = "{name}"\nop = "{op}"\n{counted}{listed}{more}'


def judged(text: str, *, table: Any = TABLE, change: Any = None, **context: Any) -> Result:
    config = parse_config(tomllib.loads(f"[model]\ndays = 10\n{text}", parse_float=Decimal), origin="d.toml")
    model = config.tables["orders"]
    workload: Workload = declared_workload("orders", model, config.model)
    return examined(mutable_index_key, table, declared=model, users=1, workload=change(workload) if change else workload, **context)


def problem_of(text: str, **context: Any) -> Problem:
    [problem] = judged(text, **context).problems
    return problem


def changes(probability: str) -> str:
    return f"key_change = {{ by-score = {probability} }}\n"


def test_finds_a_key_that_changes_with_each_write() -> None:
    # a million updates write the entry twice, and once if the key stayed: a million units
    result = judged(ORDERS + INDEX + write("score", "note"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.index == "by-score"
    assert problem.message == '"score" of its key is set by "play", and moves the entry with each write: two writes of it'
    assert problem.fix == 'keep "score" out of the key, or change it only now and then'
    assert problem.evidence == {"attributes": "score", "patterns": "play", "key_change": 1.0, "saving_usd_month": 0.67}
    assert problem.current == 'key ("league", "score"), of which "score" changes with each write'
    assert problem.benefit == "$0.67 a month if the key stayed the same, by the declared patterns"
    assert problem.effort == "days"
    assert (problem.change, problem.commands) == (None, ())


def test_an_index_that_holds_nothing_else_is_then_not_written_at_all() -> None:
    keys_only = INDEX + 'projection = "KEYS_ONLY"\nentry_bytes = 100\n'
    assert problem_of(ORDERS + keys_only + write("score")).evidence["saving_usd_month"] == 1.34


def test_counts_how_often_the_value_differs() -> None:
    problem = problem_of(ORDERS + INDEX + write("score", more=changes("0.5")))
    assert problem.message.endswith("moves the entry in 50% of the writes: two writes of it")
    assert problem.evidence["saving_usd_month"] == 0.34


def test_several_writes_of_one_index_are_one_problem() -> None:
    problem = problem_of(ORDERS + INDEX + write("score") + write("league", name="move"))
    assert problem.message == (
        '"league" and "score" of its key are set by "play" and "move", and move the entry with each write: two writes of it'
    )
    assert problem.fix == 'keep "league" and "score" out of the key, or change them only now and then'
    assert problem.current == 'key ("league", "score"), of which "league" and "score" change with each write'
    assert problem.evidence["saving_usd_month"] == 1.34


@pytest.mark.parametrize(("probability", "status"), [("0.1", Status.FOUND), ("0.09", Status.PASSED), ("0", Status.PASSED)])
def test_a_key_that_seldom_changes_is_left_alone(probability: str, status: Status) -> None:
    assert judged(ORDERS + INDEX + write("score", more=changes(probability))).status is status


@pytest.mark.parametrize(
    ("calls", "severity"),
    [
        (746_268, Severity.LOW),  # 4.999996 dollars
        (746_269, Severity.MEDIUM),  # 5.000002, a third of the bill
        (74_626_900, Severity.MEDIUM),  # 500 dollars: it is paid for something
    ],
)
def test_is_as_bad_as_its_money_and_medium_at_most(calls: int, severity: Severity) -> None:
    assert judged(ORDERS + INDEX + write("score", calls=calls)).severity is severity


def test_is_low_where_it_is_a_small_part_of_the_bill() -> None:
    # 6.70 of 20.10 and 56.00 dollars: 8.8 %
    backup = Other(component="backup", amount=constant(Decimal(560)))
    result = judged(ORDERS + INDEX + write("score", calls=1_000_000), change=lambda one: replace(one, others=(backup,)))
    assert result.severity is Severity.LOW


def test_a_put_that_replaces_is_a_write_like_others() -> None:
    assert judged(ORDERS + INDEX + write("score", op="PutItem", more="replaces = true\n")).status is Status.FOUND


@pytest.mark.parametrize("more", ['billing_mode = "PROVISIONED"\nrcu = 10\nwcu = 10\n', ""])
def test_is_told_without_money_where_that_is_not_known(more: str) -> None:
    problem = problem_of(ORDERS + more + INDEX + write("score", calls=100_000 if more else None))
    assert problem.evidence["saving_usd_month"] is None
    assert problem.benefit == "one write for each change instead of two, or none"


def test_measured_writes_do_not_tell_what_of_them_are_moves() -> None:
    flow = Flow(units=Amount(today=Decimal(1), each_user=Decimal(1)))
    problem = problem_of(ORDERS + INDEX + write("score"), change=lambda one: replace(one, flows={("by-score", "writes"): flow}))
    assert problem.evidence["saving_usd_month"] is None


def test_the_writes_of_another_index_need_not_be_known() -> None:
    other = INDEX.replace("by-score", "by-day").replace('["league", "score"]', '["day"]')
    flow = Flow(units=Amount(today=None), note="CloudWatch has no datapoint")
    problem = problem_of(
        ORDERS + INDEX + other + write("score"), change=lambda one: replace(one, flows={("by-day", "writes"): flow})
    )
    assert problem.evidence["saving_usd_month"] == 0.67


def test_an_index_that_is_not_in_the_bill_has_no_money() -> None:
    assert problem_of(ORDERS + write("score")).evidence["saving_usd_month"] is None


def test_passes_writes_that_touch_no_key() -> None:
    result = judged(ORDERS + INDEX + write("note"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no key of by-score changes often, by 1 declared write"]


def test_does_not_judge_writes_that_say_nothing() -> None:
    result = judged(ORDERS + INDEX + write())
    assert [unknown.reason for unknown in result.unknowns] == ['`sets` of pattern "play" is not declared']
    assert result.goods == ()


@pytest.mark.parametrize("op", ["PutItem", "DeleteItem"])
def test_new_items_and_those_that_go_change_no_key(op: str) -> None:
    assert judged(ORDERS + INDEX + write(op=op)).reason == "no declared pattern changes items that stay"


def test_has_nothing_to_judge_without_an_index() -> None:
    assert judged(ORDERS + write("score"), table=a_table()).reason == "no index"
    assert examined(mutable_index_key, TABLE, declared=TableModel()).status is Status.NOT_APPLICABLE


def test_tells_that_a_list_of_high_scores_has_its_price() -> None:
    assert "a list of high scores" in mutable_index_key.why
