"""`stj-audit init` from outside: what it writes is priced as `run` prices the tables, and nothing is lost or half-written."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stj_audit.config import parse_config
from stj_audit.demo import SUBSCRIBERS, demo_tables
from stj_audit.pipeline import Request, gather
from stj_audit.starter import starter
from tests import public_schemas
from tests.commands import Ran, stj_audit
from tests.engines.answering import answering
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name
from tests.public_schemas import ALL_TABLES, PublishedTable
from tests.test_cli import assert_one_sentence
from tests.test_privacy import HOSTILE_NAMES, Markers, everything, found, invisible, key_schema, make_hostile, marked
from tests.test_starter import filled_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.process

FILLED = tuple(table for table in ALL_TABLES if table.items)  # 13 of them: an empty table has no sizes
USERS_NOW, USERS = 10, 10_000_000  # so many that the rounding of quantities to a millionth of a GB does not show
ITEMS = 30
ELSEWHERE = ("--region", REGION, "--endpoint-url", "http://127.0.0.1:1")


# --------------------------------------------------------------------------------------------------- published tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The published tables on an engine, each under `prefix` and its own name."""

    engine: DynamoDBLocal
    prefix: str

    def name(self, table: PublishedTable) -> str:
        return self.prefix + table.name

    def run(self, command: str, *arguments: str | Path, cwd: Path) -> Ran:
        return stj_audit(command, *arguments, "--endpoint-url", self.engine.endpoint_url, "--region", REGION, cwd=cwd)


@pytest.fixture(scope="module")
def published(dynamodb_local: DynamoDBLocal) -> Iterator[Published]:
    client = dynamodb_local.client()
    made = Published(engine=dynamodb_local, prefix=fresh_name("init") + "-")
    for table in ALL_TABLES:
        public_schemas.create(client, table, made.name(table))
        public_schemas.fill(client, made.name(table), public_schemas.items_of(table))
    yield made
    for table in ALL_TABLES:
        public_schemas.delete(client, table, made.name(table))
    client.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The file that `init` wrote for all of them, its folder, and the bills: of `run` without the file, and of `cost --model`."""

    ran: Ran
    folder: Path
    text: str
    run: Any
    model: Any


@pytest.fixture(scope="module")
def written(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("init")
    ran = published.run("init", f"{published.prefix}*", "--users-now", str(USERS_NOW), cwd=folder)
    assert ran.code == 0, ran.err
    scale = ("--users", str(USERS), "-f", "json")
    audited = published.run("run", f"{published.prefix}*", "--no-config", "--users-now", str(USERS_NOW), *scale, cwd=folder)
    priced = stj_audit("cost", "--model", "stj-audit.toml", *scale, cwd=folder, keys=False)
    assert (priced.code, priced.err) == (0, "")
    text = (folder / "stj-audit.toml").read_text(encoding="utf-8")
    return Written(ran=ran, folder=folder, text=text, run=costs_of(audited), model=costs_of(priced))


def costs_of(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out, parse_float=Decimal)["costs"]


def lines_of(costs: Any, table: str, *, users: int = USERS) -> dict[tuple[str, str | None], Decimal | None]:
    [at] = [one for one in costs["projections"] if one["users"] == users]
    return {(line["component"], line["index"]): line["monthly_usd"] for line in at["lines"] if line["table"] == table}


@pytest.mark.dynamodb_local
def test_it_says_what_to_do_next(written: Written) -> None:
    assert written.ran.out == ""
    assert (
        written.ran.err.splitlines()[-1] + "\n"
        == "wrote stj-audit.toml: fill in the patterns, then stj-audit cost --model stj-audit.toml\n"
    )
    assert [path.name for path in written.folder.iterdir()] == ["stj-audit.toml"]


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("table", FILLED, ids=[table.name for table in FILLED])
def test_a_table_is_priced_as_run_prices_it(table: PublishedTable, published: Published, written: Written) -> None:
    audited, priced = (lines_of(costs, published.name(table)) for costs in (written.run, written.model))
    local = {index.name for index in table.indexes if index.kind == "LSI"}
    compared = {
        (component, index): amount
        for (component, index), amount in audited.items()
        if ("storage" in component or "capacity" in component) and index not in local
    }
    assert ("storage", None) in compared
    assert len(compared) >= 1 + len(table.indexes) - len(local)
    for place, amount in compared.items():
        told = priced[place]
        assert amount is not None
        assert told is not None
        assert abs(told - amount) <= amount / 100, place
    told_apart = {place for place in priced if place not in compared}
    assert {component.removeprefix("index-") for component, _ in told_apart} <= {"reads", "writes"}
    assert {priced[place] for place in told_apart} <= {None}, "nothing says yet what is requested"


@pytest.mark.dynamodb_local
def test_filled_in_it_is_priced_and_audited(published: Published, written: Written, tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text(filled_in(written.text), encoding="utf-8")
    costs = costs_of(stj_audit("cost", "--model", "stj-audit.toml", "-f", "json", cwd=tmp_path, keys=False))
    for table in FILLED:
        lines = lines_of(costs, published.name(table), users=10_000)
        assert all(amount is not None for (component, _), amount in lines.items() if component == "reads")
    audited = published.run("run", f"{published.prefix}*", "-v", "-f", "json", cwd=tmp_path)
    assert f"configuration: {tmp_path / 'stj-audit.toml'}" in audited.err
    at_first = {(line["table"], line["index"]): line["quantity"] for line in storage(written.run)}
    assert {(line["table"], line["index"]): line["quantity"] for line in storage(costs_of(audited))} == at_first


def storage(costs: Any) -> list[Any]:
    return [line for line in costs["current"]["lines"] if line["component"].endswith("storage")]


@pytest.mark.dynamodb_local
def test_an_empty_table_is_in_it_without_sizes(published: Published, written: Written) -> None:
    table = tomllib.loads(written.text)["tables"][published.name(public_schemas.STATE_LOCK)]
    assert table == {"key": ["LockID"]}


@pytest.mark.dynamodb_local
def test_items_that_are_not_read_are_left_open(published: Published, tmp_path: Path) -> None:
    name = published.name(public_schemas.ODD_KEYS)
    ran = published.run("init", name, "--scan", "none", "-q", "--output", "-", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert list(tmp_path.iterdir()) == []
    assert "40 items, as DescribeTable counts them" in ran.out
    assert "(dynamodb:Scan: not read: --scan none): sizes of attributes are not known." in ran.out
    model = parse_config(tomllib.loads(ran.out, parse_float=Decimal), origin="-").tables[name]
    assert model.item_bytes
    assert model.attributes == {}


@pytest.mark.dynamodb_local
def test_the_users_table_of_a_configuration_is_counted(published: Published, tmp_path: Path) -> None:
    users = published.name(public_schemas.SESSIONS)
    (tmp_path / "stj-audit.toml").write_text(f'[model]\nusers_table = "{users}"\n', encoding="utf-8")
    ran = published.run("init", f"{published.prefix}[Fs]*", "--force", cwd=tmp_path)
    assert ran.code == 0, ran.err
    written = tomllib.loads((tmp_path / "stj-audit.toml").read_text(encoding="utf-8"))
    assert written["model"] == {"region": REGION, "users_table": users}
    assert written["tables"][users]["items_per_user"] == 1
    assert written["tables"][published.name(public_schemas.FORUM)]["items_per_user"] == 0.075
    overruled = published.run("init", users, "--users-now", "4", "--output", "-", cwd=tmp_path)
    assert tomllib.loads(overruled.out)["tables"][users]["items_per_user"] == 10


def test_the_demo_has_calls_to_explain_and_a_users_table_to_suggest() -> None:
    with demo_tables() as aws:
        snapshot = gather(Request(aws=aws, config=parse_config({}, origin="none")))
    text = starter(snapshot)
    assert f'#users_table = "{SUBSCRIBERS}"' in text
    assert re.search(r"^#     GetItem +[0-9,]+ +[0-9,.]+ a day$", text, re.MULTILINE)
    filled = parse_config(tomllib.loads(filled_in(text), parse_float=Decimal), origin="demo")
    assert [pattern.op for pattern in filled.tables["stj_system"].pattern] == ["GetItem"]
    assert "example" not in text, "no e-mail address of anybody"


# ------------------------------------------------------------------------------------------------------- names, values


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("options", [("-vv",), ("-vv", "--output", "-"), ("-vv", "--users-now", "7")])
def test_no_value_of_an_item_is_in_it(options: tuple[str, ...], dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    client, name, markers = dynamodb_local.client(), fresh_name("init-secrets"), Markers()
    make_secret(client, name, markers)
    ran = stj_audit("init", name, *options, "--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION, cwd=tmp_path)
    client.delete_table(TableName=name)
    client.close()
    assert ran.code == 0, ran.err
    left = everything(ran, tmp_path)
    assert f"All {ITEMS} items were read" in left, "the items must have been read, else this test shows nothing"
    assert "password = " in left
    assert found(left, frozenset(markers.traces())) == []
    assert "Left out: the names that too few items have to be schema." in left


def make_secret(client: "DynamoDBClient", name: str, markers: Markers) -> None:
    """A table in which every value is a marker, and of each item the name of an attribute is one too."""
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("customer", "status")],
        KeySchema=key_schema("customer"),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {"IndexName": "by-status", "KeySchema": key_schema("status"), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    for _ in range(ITEMS):
        client.put_item(TableName=name, Item=marked(markers, large=False) | {markers.key(): markers.number()})


@pytest.mark.dynamodb_local
def test_hostile_names_do_no_harm(dynamodb_local: DynamoDBLocal, tmp_path: Path) -> None:
    client, name = dynamodb_local.client(), fresh_name("init-hostile")
    make_hostile(client, name, HOSTILE_NAMES[0], HOSTILE_NAMES[4])
    ran = stj_audit("init", name, "--endpoint-url", dynamodb_local.endpoint_url, "--region", REGION, cwd=tmp_path)
    client.delete_table(TableName=name)
    client.close()
    assert ran.code == 0, ran.err
    text = (tmp_path / "stj-audit.toml").read_text(encoding="utf-8")
    assert invisible(text) == set()
    for one in (text, filled_in(text)):
        table = tomllib.loads(one)["tables"][name]
        assert table["key"] == [HOSTILE_NAMES[0]]
        assert set(table["attributes"]) == set(HOSTILE_NAMES)
        assert [index["name"] for index in table["index"]] == ["by-hostile"]
    (tmp_path / "stj-audit.toml").write_text(filled_in(text), encoding="utf-8")
    assert stj_audit("cost", "--model", "stj-audit.toml", cwd=tmp_path, keys=False).code == 0


# ------------------------------------------------------------------------------------------------------------- the file


def test_it_has_help(tmp_path: Path) -> None:
    ran = stj_audit("init", "--help", cwd=tmp_path)
    assert ran.code == 0
    for option in ("--output", "--force", "--users-now", "--scan-budget", "--role-arn", "--config"):
        assert option in ran.out


@pytest.mark.parametrize("options", [(), ("--output", "stj-audit.toml"), ("--output", "./link.toml")])
def test_a_file_that_is_there_is_kept_and_nothing_is_read(options: tuple[str, ...], tmp_path: Path) -> None:
    kept = tmp_path / "stj-audit.toml"
    kept.write_text("# years of work\n", encoding="utf-8")
    (tmp_path / "link.toml").symlink_to("stj-audit.toml")
    ran = stj_audit("init", *options, cwd=tmp_path, keys=False)  # without keys or a region: it would fail otherwise
    assert_one_sentence(ran, 2, "is there already", "--force")
    assert kept.read_text(encoding="utf-8") == "# years of work\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.toml", "stj-audit.toml"]


@pytest.mark.dynamodb_local
def test_force_overwrites_it(published: Published, tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text("", encoding="utf-8")
    (tmp_path / "stj-audit.toml").chmod(0o640)
    ran = published.run("init", published.name(public_schemas.FORUM), "--force", "-q", cwd=tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "[tables." in (tmp_path / "stj-audit.toml").read_text(encoding="utf-8")
    assert (tmp_path / "stj-audit.toml").stat().st_mode & 0o777 == 0o640


@pytest.mark.dynamodb_local
def test_output_goes_where_it_is_sent(published: Published, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    name = published.name(public_schemas.FORUM)
    ran = published.run("init", name, "--output", "conf/my design.toml", cwd=tmp_path)
    assert (
        ran.err.splitlines()[-1] + "\n"
        == "wrote conf/my design.toml: fill in the patterns, then stj-audit cost --model 'conf/my design.toml'\n"
    )
    text = (tmp_path / "conf" / "my design.toml").read_text(encoding="utf-8")
    ran = published.run("init", name, "--output", "-", cwd=tmp_path)
    assert ran.out == text
    assert all(line.startswith("read") for line in ran.err.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


@pytest.mark.parametrize(
    ("output", "word"),
    [("folder", "it is a folder"), ("", "it is a folder"), ("nowhere/x.toml", "does not exist"), ("/proc/x.toml", "cannot write")],
)
def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(output: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert_one_sentence(stj_audit("init", "--output", output, cwd=tmp_path, keys=False), 1, word)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_broken_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text("[model\n", encoding="utf-8")
    assert_one_sentence(stj_audit("init", *ELSEWHERE, "--force", cwd=tmp_path), 2, "not valid TOML")
    assert_one_sentence(stj_audit("init", *ELSEWHERE, "--force", "--no-config", cwd=tmp_path), 1, "reach")
    assert (tmp_path / "stj-audit.toml").read_text(encoding="utf-8") == "[model\n"


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("options", "keys", "code", "word"),
    [
        (("--region", REGION), False, 1, "credentials"),
        ((), True, 2, "region"),
        (ELSEWHERE, True, 1, "reach"),
        (("--users-now", "0"), True, 2, "0"),
        (("--scan", "some"), True, 2, "some"),
    ],
)
def test_each_mistake_is_one_sentence(options: tuple[str, ...], keys: bool, code: int, word: str, tmp_path: Path) -> None:
    assert_one_sentence(stj_audit("init", *options, cwd=tmp_path, keys=keys), code, word)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.dynamodb_local
@pytest.mark.parametrize(
    ("name", "word"),
    [("nobody-has-this", "nobody-has-this"), ("nobody-has-*", "matches nobody-has-*"), ("x", "x")],
)
def test_without_a_table_there_is_no_file(name: str, word: str, published: Published, tmp_path: Path) -> None:
    assert_one_sentence(published.run("init", name, cwd=tmp_path), 1, word)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def denying() -> Iterator[str]:
    """A DynamoDB that lists two tables, and allows nothing else."""

    def answer(operation: str, *_: object) -> tuple[int, bytes]:
        denied = {"__type": "com.amazonaws#AccessDeniedException", "message": "zqx0001 \x1b[31m"}
        lists = operation == "ListTables"
        return 200 if lists else 400, json.dumps({"TableNames": ["orders", "users"]} if lists else denied).encode()

    with answering(answer) as url:
        yield url


@pytest.mark.parametrize("names", [(), ("orders",)])
def test_without_permission_there_is_no_file(names: tuple[str, ...], denying: str, tmp_path: Path) -> None:
    ran = stj_audit("init", *names, "--endpoint-url", denying, "--region", REGION, cwd=tmp_path)
    assert_one_sentence(ran, 1, "could", "be described", "dynamodb:DescribeTable: AccessDeniedException", "iam-policy")
    assert "zqx0001" not in ran.err
    assert list(tmp_path.iterdir()) == []
