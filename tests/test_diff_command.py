"""`stj-audit diff` as a user runs it: two real runs of a table that was changed between them, and files that are wrong."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stj_audit.report import to_json
from tests.commands import Ran, stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, create_plain_table, fresh_name
from tests.sample_report import sample_report

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.process

GB = 2**30
STORAGE_USD = Decimal("0.269")  # AWS price list, eu-north-1, Standard, a GB-month
OVERHEAD_BYTES = 100  # an item, or an index entry
MONEY_STEP = Decimal("0.00000001")
ITEMS, ITEM_BYTES = 40, 20_000
ACTIVE_SECONDS = 60


def diff(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    return stj_audit("diff", *arguments, cwd=cwd, keys=False, **environment)


# ------------------------------------------------------------------------------------------------------ real runs


class Orders:
    """A table on DynamoDB Local, and runs of it."""

    def __init__(self, engine: DynamoDBLocal, folder: Path) -> None:
        self.engine, self.folder, self.name = engine, folder, fresh_name("diff")
        self.client: DynamoDBClient = engine.client()
        create_plain_table(self.client, self.name)

    def put(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            item = {"id": {"S": f"{number:06}"}, "status": {"S": "open"}, "note": {"S": "n" * ITEM_BYTES}}
            self.client.put_item(TableName=self.name, Item=item)

    def add_index(self) -> None:
        self.client.update_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "status", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[
                {
                    "Create": {
                        "IndexName": "by-status",
                        "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                }
            ],
        )
        until = time.monotonic() + ACTIVE_SECONDS
        while time.monotonic() < until:
            [index] = self.client.describe_table(TableName=self.name)["Table"]["GlobalSecondaryIndexes"]
            if index["IndexStatus"] == "ACTIVE":
                return
            time.sleep(0.1)
        pytest.fail("the index does not become active")

    def run(self, name: str, *arguments: str) -> Any:
        where = ("--endpoint-url", self.engine.endpoint_url, "--region", REGION, "--no-config", "--users-now", "10")
        ran = stj_audit("run", self.name, *where, "--report", name, *arguments, cwd=self.folder)
        assert ran.code == 0, ran.err
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def compare(self, old: str = "old.json", new: str = "new.json") -> Any:
        ran = diff(old, new, "--format", "json", cwd=self.folder)
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out, parse_float=Decimal)


@pytest.fixture
def orders(dynamodb_local: DynamoDBLocal, tmp_path: Path) -> Orders:
    made = Orders(dynamodb_local, tmp_path)
    made.put(0, ITEMS)
    return made


def stored_bytes(items: int) -> int:
    """By hand: names and values of the three attributes, and what AWS adds to each item."""
    return items * (len("id") + 6 + len("status") + len("open") + len("note") + ITEM_BYTES + OVERHEAD_BYTES)


def usd(size_bytes: int) -> Decimal:
    gigabytes = (Decimal(size_bytes) / GB).quantize(Decimal("0.000001"))
    return (gigabytes * STORAGE_USD).quantize(MONEY_STEP)


def parts(cost: Any) -> dict[str, Decimal]:
    return {name: Decimal(cost[f"{name}_usd"]) for name in ("price_list", "usage", "configuration")}


@pytest.mark.dynamodb_local
def test_more_items_alone_are_usage(orders: Orders) -> None:
    orders.run("old.json")
    orders.put(ITEMS, ITEMS)
    orders.run("new.json")
    answer = orders.compare()
    cost = answer["costs"]["current"]
    grown = usd(stored_bytes(2 * ITEMS)) - usd(stored_bytes(ITEMS))
    assert grown > 0
    assert parts(cost) == {"price_list": 0, "usage": grown, "configuration": 0}
    assert cost["delta_usd"] == grown
    assert not cost["complete"]  # requests are not known on this engine: it has no CloudWatch
    [table] = answer["tables"]
    assert (table["item_count_before"], table["item_count_after"], table["settings"]) == (ITEMS, 2 * ITEMS, [])
    for at in answer["costs"]["projections"]:
        assert parts(at["cost"])["configuration"] == parts(at["cost"])["price_list"] == 0


@pytest.mark.dynamodb_local
def test_an_index_alone_is_configuration(orders: Orders) -> None:
    orders.run("old.json")
    orders.add_index()
    orders.run("new.json")
    answer = orders.compare()
    cost = answer["costs"]["current"]
    assert parts(cost) == {"price_list": 0, "usage": 0, "configuration": usd(stored_bytes(ITEMS))}
    lines = {(line["component"], line["index"]): line for line in cost["lines"]}
    assert lines["index-storage", "by-status"]["why"] == "the index was added"
    assert lines["index-writes", "by-status"]["delta_usd"] is None
    [table] = answer["tables"]
    assert table["settings"] == [{"what": "index by-status", "before": "none", "after": "GSI on status (S), ALL"}]
    assert [one for one in answer["findings"] if one["state"] == "new" and one["index"] == "by-status"]
    back = orders.compare("new.json", "old.json")
    assert parts(back["costs"]["current"])["configuration"] == -usd(stored_bytes(ITEMS))
    assert not [one for one in back["findings"] if one["state"] == "new"]
    states = {one["id"]: one["state"] for one in back["findings"]}
    assert {states[one["id"]] for one in answer["findings"] if one["state"] == "new"} <= {"fixed", "not looked at"}


@pytest.mark.dynamodb_local
def test_an_index_and_more_items_together_are_told_apart(orders: Orders) -> None:
    orders.run("old.json")
    orders.add_index()
    orders.put(ITEMS, 2)
    orders.run("new.json")
    cost = orders.compare()["costs"]["current"]
    grown = usd(stored_bytes(ITEMS + 2)) - usd(stored_bytes(ITEMS))
    assert parts(cost) == {"price_list": 0, "usage": grown, "configuration": usd(stored_bytes(ITEMS + 2))}


@pytest.mark.dynamodb_local
def test_another_capacity_mode_is_configuration(orders: Orders) -> None:
    orders.run("old.json")
    orders.client.update_table(
        TableName=orders.name, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
    )
    orders.run("new.json")
    answer = orders.compare()
    cost = answer["costs"]["current"]
    assert parts(cost)["configuration"] == Decimal(cost["after_usd"]) - usd(stored_bytes(ITEMS)) > 0
    assert parts(cost)["usage"] == parts(cost)["price_list"] == 0
    assert {"what": "billing mode", "before": "PAY_PER_REQUEST", "after": "PROVISIONED"} in answer["tables"][0]["settings"]


@pytest.mark.dynamodb_local
def test_another_price_list_alone_is_the_price_list(orders: Orders) -> None:
    run = orders.run("old.json")

    def dearer(line: Any) -> Any:
        names = [name for name in ("unit_price_usd", "monthly_usd") if line[name] is not None]
        return line | {name: line[name] * 2 for name in names}

    for bill in (run["costs"]["current"], *run["costs"]["projections"]):
        bill["lines"] = [dearer(line) for line in bill["lines"]]
    run["costs"]["prices"]["as_of"] = "2027-01"
    (orders.folder / "new.json").write_text(json.dumps(run), encoding="utf-8")
    answer = orders.compare()
    assert parts(answer["costs"]["current"]) == {"price_list": usd(stored_bytes(ITEMS)), "usage": 0, "configuration": 0}
    assert any(note.startswith("Prices: ") and note.endswith(" → 2027-01") for note in answer["notes"])


@pytest.mark.dynamodb_local
def test_nothing_is_called_fixed_that_was_not_read_again(orders: Orders) -> None:
    """The items are over the warning line in the first run; the second one does not read them."""
    note = {"id": {"S": "large"}, "note": {"S": "n" * 390_000}}
    orders.client.put_item(TableName=orders.name, Item=note)
    orders.run("old.json")
    orders.run("new.json", "--scan", "none")
    answer = orders.compare()
    states = {one["check"]: one["state"] for one in answer["findings"]}
    assert states["item-near-limit"] == "not looked at"
    assert any("not read in the same way" in note for note in answer["notes"])


@pytest.mark.dynamodb_local
def test_what_a_person_reads_of_two_runs(orders: Orders) -> None:
    orders.run("old.json")
    orders.add_index()
    orders.run("new.json")
    table, comment = (diff("old.json", "new.json", "--format", name, cwd=orders.folder) for name in ("table", "markdown"))
    assert (table.code, comment.code) == (0, 0)
    assert "index by-status" in table.out
    assert "GSI on status (S)" in table.out
    assert comment.out.startswith("<!-- stj-audit diff -->\n### DynamoDB audit: ")
    assert "configuration: the index was added" in comment.out
    same = diff("old.json", "old.json", cwd=orders.folder)
    assert same.code == 0
    assert same.out.startswith("Nothing changed between the run of ")


# ------------------------------------------------------------------------------------------------------ files


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "old.json").write_text(to_json(sample_report()), encoding="utf-8")
    return tmp_path


def test_a_run_file_without_a_gate_loads(saved: Path) -> None:
    run = json.loads((saved / "old.json").read_text(encoding="utf-8"))
    del run["gate"], run["sources"]
    (saved / "plain.json").write_text(json.dumps(run), encoding="utf-8")
    ran = diff("plain.json", "old.json", cwd=saved)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Nothing changed")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _run: None, "cannot read new.json: No such file or directory - give a file written by --report json=PATH"),
        (lambda _run: "", "new.json: not a run file of stj-audit: "),
        (lambda _run: "[1]", "new.json: not a run file of stj-audit: "),
        (
            lambda run: json.dumps(run | {"schema_version": 99}),
            "new.json: the run file has schema_version 99, this version reads 1 - ",
        ),
        (
            lambda run: json.dumps(run | {"audit": run["audit"] | {"region": "us-east-1"}}),
            "the old run is of eu-north-1 of 123456789012, and the new one of us-east-1 of 123456789012: their tables are not the same - ",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence_and_exit_code_2(saved: Path, change: Callable[[Any], str | None], words: str) -> None:
    content = change(json.loads((saved / "old.json").read_text(encoding="utf-8")))
    if content is not None:
        (saved / "new.json").write_text(content, encoding="utf-8")
    ran = diff("old.json", "new.json", cwd=saved)
    assert (ran.code, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert line.startswith(f"error: {words}")


def test_colours_are_for_terminals_unless_asked_for(saved: Path) -> None:
    run = json.loads((saved / "old.json").read_text(encoding="utf-8"))
    (saved / "new.json").write_text(json.dumps(run | {"findings": run["findings"][:1]}), encoding="utf-8")
    assert "\x1b[" not in diff("old.json", "new.json", cwd=saved).out
    assert "\x1b[32mfixed\x1b[0m" in diff("old.json", "new.json", "--color", "always", cwd=saved).out


def test_the_format_is_a_variable_of_the_environment_too(saved: Path) -> None:
    ran = diff("old.json", "old.json", cwd=saved, STJ_AUDIT_FORMAT="json")
    assert json.loads(ran.out)["kind"] == "stj-audit diff"


def test_two_files_are_asked_for(saved: Path) -> None:
    ran = diff("old.json", cwd=saved)
    assert ran.code == 2
    assert "give two run files, OLD.json and NEW.json, or --since last with --history" in ran.err
