import json
import shlex
import tomllib
from decimal import Decimal
from typing import Any

import pytest
import yaml

from stj_audit.checks.big_unread_attribute_in_index import big_unread_attribute_in_index
from stj_audit.config import parse_config
from stj_audit.cost.from_model import declared_workload
from stj_audit.facts import Throughput, Unknown
from stj_audit.results import Problem, Result, Severity, Status
from tests.builders import a_table, an_index, examined

PROVISIONED = 'billing_mode = "PROVISIONED"\nrcu = 10\nwcu = 10\n'
ORDERS = '[tables.orders]\nkey = ["id"]\nitems = 10\nitem_bytes = 51_200\n'
SIZES = "[tables.orders.attributes]\nid = 38\nemail = 42\nblob = 40_960\n"
INDEX = '[[tables.orders.index]]\nname = "by-email"\nkey = ["email"]\n'
TABLE = a_table(
    indexes=(an_index("by-email", key=("email",)),),
    billing_mode="PROVISIONED",
    provisioned=Throughput(read_units=5, write_units=6),
)


def query(reads: str = '["status"]', *, calls: str = "calls = 1\n") -> str:
    return f'[[tables.orders.pattern]]\nname = "q"\nop = "Query"\nindex = "by-email"\nreads = {reads}\n{calls}'


def judged(text: str, *, table: Any = TABLE) -> Result:
    config = parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")
    workload = declared_workload("orders", config.tables["orders"], config.model)
    return examined(big_unread_attribute_in_index, table, workload=workload, users=1)


def problem_of(text: str) -> Problem:
    [problem] = judged(text).problems
    return problem


def test_finds_a_large_attribute_that_no_query_reads() -> None:
    # 51,200 bytes are 50 units, and without 40,960 of them 10
    result = judged(ORDERS + PROVISIONED + SIZES + INDEX + query())
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.index == "by-email"
    assert problem.message == (
        'holds "blob", 40.0 KB of the 50.0 KB of its entry (80%), and no declared pattern reads it there: '
        "50 write units for each write, 10 units without"
    )
    assert problem.fix == 'replace the index by one that leaves out "blob"'
    assert problem.evidence == {
        "attributes": "blob",
        "unread_bytes": 40_960.0,
        "entry_bytes": 51_200.0,
        "write_units": 50.0,
        "write_units_without": 10.0,
    }
    assert problem.current == "projection ALL: 50.0 KB for each entry"
    assert problem.change is None
    assert problem.migration.endswith("the table stays in use")


def test_the_heaviest_is_told_first_and_all_of_them_together() -> None:
    sizes = "[tables.orders.attributes]\nid = 38\nlight = 12_800\nheavy = 20_480\n"
    problem = problem_of(ORDERS + PROVISIONED + sizes + INDEX + query())
    assert (problem.evidence["attributes"], problem.evidence["unread_bytes"]) == ("heavy, light", 33_280.0)


def test_what_weighs_the_same_is_told_by_name() -> None:
    sizes = "[tables.orders.attributes]\nid = 38\nb = 12_800\na = 12_800\n"
    assert problem_of(ORDERS + PROVISIONED + sizes + INDEX + query()).evidence["attributes"] == "a, b"


def test_an_attribute_that_is_declared_larger_than_the_entry_is_all_of_it() -> None:
    problem = problem_of(ORDERS.replace("51_200", "2_000") + PROVISIONED + SIZES + INDEX + query())
    assert problem.message == (
        'holds "blob", 40.0 KB of the 2.0 KB of its entry (100%), and no declared pattern reads it there: '
        "2 write units for each write, 1 unit without"
    )


@pytest.mark.parametrize(("blob_bytes", "status"), [(12_799, Status.PASSED), (12_800, Status.FOUND)])
def test_is_large_from_a_quarter_of_the_entry(blob_bytes: int, status: Status) -> None:
    sizes = f"[tables.orders.attributes]\nblob = {blob_bytes}\n"
    assert judged(ORDERS + PROVISIONED + sizes + INDEX + query()).status is status


@pytest.mark.parametrize(("blob_bytes", "status"), [(1_023, Status.PASSED), (1_024, Status.FOUND)])
def test_is_large_from_one_kilobyte(blob_bytes: int, status: Status) -> None:
    text = ORDERS.replace("51_200", "2_000") + PROVISIONED + f"[tables.orders.attributes]\nblob = {blob_bytes}\n"
    assert judged(text + INDEX + query()).status is status


def test_where_the_requests_are_not_known_nothing_is_priced_either() -> None:
    assert judged(ORDERS + SIZES + INDEX + query(calls="")).status is Status.FOUND


def test_what_can_be_priced_is_told_by_another_check() -> None:
    result = judged(ORDERS + SIZES + INDEX + query())
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "projects-unread-attributes prices what the indexes hold"


def test_its_command_adds_an_index_without_it() -> None:
    [command] = problem_of(ORDERS + PROVISIONED + SIZES + INDEX + query()).commands
    words = shlex.split(command)
    assert words[:7] == ["aws", "dynamodb", "update-table", "--region", "eu-north-1", "--table-name", "orders"]
    [update] = json.loads(words[-1])
    assert update["Create"] == {
        "IndexName": "by-email-narrow",
        "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status"]},
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    }


def test_has_a_template_too_and_neither_where_the_capacity_is_not_known() -> None:
    text = ORDERS + PROVISIONED + SIZES + INDEX + query()
    [resource] = yaml.safe_load(problem_of(text).template)["Resources"].values()
    assert "by-email-narrow" in [index["IndexName"] for index in resource["Properties"]["GlobalSecondaryIndexes"]]
    [problem] = judged(text, table=a_table(indexes=TABLE.indexes, billing_mode="PROVISIONED")).problems
    assert (problem.commands, problem.template) == ((), "")


@pytest.mark.parametrize(
    "text",
    [
        SIZES + INDEX + query('["blob"]'),
        SIZES.replace("40_960", "100") + INDEX + query(),
        SIZES.replace("blob", "email_", 1) + INDEX.replace('"email"', '"email_"') + query(),  # a key is held anyway
        SIZES + INDEX + 'projection = "INCLUDE"\nattributes = ["status"]\nentry_bytes = 100\n' + query(),
    ],
)
def test_passes_an_index_without_a_large_unread_attribute(text: str) -> None:
    result = judged(ORDERS + PROVISIONED + text)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == ["no large attribute goes unread in by-email"]


def test_does_not_judge_attributes_that_it_has_not_seen() -> None:
    [unknown] = judged(ORDERS + PROVISIONED + INDEX + query()).unknowns
    assert unknown == Unknown(call="dynamodb:Scan", reason="the sizes of the attributes are not known")


def test_does_not_judge_an_index_of_unknown_size() -> None:
    [unknown] = judged(ORDERS.replace("item_bytes = 51_200\n", "") + PROVISIONED + SIZES + INDEX + query()).unknowns
    assert unknown.reason == "the size of index by-email is not known"


def test_has_nothing_to_judge_where_no_pattern_says_what_it_reads() -> None:
    assert judged(ORDERS + PROVISIONED + SIZES + INDEX + query("[]")).status is Status.NOT_APPLICABLE
    assert judged(ORDERS + PROVISIONED + SIZES + INDEX).status is Status.NOT_APPLICABLE


def test_tells_when_it_is_wrong() -> None:
    assert "read more than was declared" in big_unread_attribute_in_index.why
