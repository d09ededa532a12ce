"""The soak (`python -m tests.soak`) in small, with more faults than it has; and that its comparison would find what it looks for."""

import copy
from collections.abc import Iterator

import pytest

from stj_audit.aws_failures import BrokenAnswer
from tests.engines.breaking_proxy import FAULTS, SLOW_SECONDS
from tests.engines.dynamodb_local import DynamoDBLocal
from tests.soak import Document, compared, made_up_keys, make_tables, run_file, soak

pytestmark = pytest.mark.dynamodb_local
TABLES, RUNS, SHARE = 6, 2, 0.3


@pytest.fixture(scope="module")
def names(dynamodb_local: DynamoDBLocal) -> Iterator[list[str]]:
    client = dynamodb_local.client()
    with made_up_keys():
        made = make_tables(client, TABLES)
        yield made
    for name in made:
        client.delete_table(TableName=name)
    client.close()


@pytest.fixture(scope="module")
def calm(names: list[str], dynamodb_local: DynamoDBLocal) -> Document:
    return run_file(dynamodb_local.endpoint_url, names)


def test_disturbed_runs_say_the_same_of_what_they_checked_and_list_the_rest(
    names: list[str], dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    monkeypatch.setattr("stj_audit.scanners.spending.BACK_OFF_SECONDS", 0.05)
    monkeypatch.setattr("tests.engines.breaking_proxy.SLOW_SECONDS", SLOW_SECONDS / 10)
    found = soak(dynamodb_local.endpoint_url, names, runs=RUNS, share=SHARE, seed=3)
    assert found.differences == []
    assert found.runs == RUNS
    assert len(found.stopped) < RUNS
    assert found.injected.keys() == set(FAULTS)
    assert found.injected.total() > found.calls * SHARE / 2


def test_two_undisturbed_runs_are_the_same(names: list[str], calm: Document, dynamodb_local: DynamoDBLocal) -> None:
    differences, rows = compared(calm, run_file(dynamodb_local.endpoint_url, names))
    assert (differences, rows.total()) == ([], 0)


def test_a_fact_that_changed_is_a_difference(calm: Document) -> None:
    changed = copy.deepcopy(calm)
    changed["facts"]["gathered"]["snapshot"]["tables"][0]["table"]["item_count"] = 10**9
    assert any(": table differs: item_count " in one for one in compared(calm, changed)[0])


def test_a_fact_that_is_missing_and_not_listed_is_a_difference(calm: Document) -> None:
    changed = copy.deepcopy(calm)
    facts = changed["facts"]["gathered"]["snapshot"]["tables"][0]
    facts["time_to_live"] = {**facts["tags"], "call": "dynamodb:DescribeTimeToLive", "reason": "500"}
    assert compared(calm, changed)[0] == [f"{facts['table']['name']}: time_to_live is not known, and not listed"]


def test_what_ttl_alone_tells_of_items_is_no_difference_without_it(
    names: list[str], calm: Document, dynamodb_local: DynamoDBLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BrokenAnswer("DescribeTimeToLive")

    monkeypatch.setattr("stj_audit.scanners.time_to_live.read", fail)
    differences, rows = compared(calm, run_file(dynamodb_local.endpoint_url, names))
    assert differences == []
    assert rows["dynamodb:DescribeTimeToLive"] >= TABLES


def test_a_table_that_is_missing_and_not_listed_is_a_difference(calm: Document) -> None:
    changed = copy.deepcopy(calm)
    gone = changed["facts"]["gathered"]["snapshot"]["tables"].pop()["table"]["name"]
    changed["not_checked"] = [row for row in changed["not_checked"] if row["table"] != gone]
    assert f"{gone}: not described, and not listed" in compared(calm, changed)[0]


def test_a_check_that_came_to_something_else_is_a_difference(calm: Document) -> None:
    changed = copy.deepcopy(calm)
    rule = next(one for one in changed["rules"] if one["status"] == "passed")
    rule["status"] = "found"
    assert any(f"{rule['table']}: {rule['check']} was passed, is found" in one for one in compared(calm, changed)[0])


def test_a_table_that_vanished_from_the_costs_is_a_difference(calm: Document) -> None:
    changed = copy.deepcopy(calm)
    changed["costs"] = {}
    assert compared(calm, changed)[0] == ["costs"]
