"""
`check --from RUN.json` says what the live audit would have said, whatever its options: the same tables are audited live with them, and judged
again from a run that was made without.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from msgspec import UNSET

from stj_audit.again import gate_as_it_is, judge_again
from stj_audit.baseline import from_json as baseline_from_json
from stj_audit.baseline import to_json as baseline_to_json
from stj_audit.config import Config, SizeLines, parse_config
from stj_audit.demo import demo_config, demo_tables
from stj_audit.gate import GateTerms
from stj_audit.pipeline import Request, audit
from stj_audit.render import render
from stj_audit.report import Report, from_json
from stj_audit.saved import FACTS_VERSION
from stj_audit.scanners.session import Aws, AwsOptions
from tests.commands import Ran, stj_audit
from tests.engines.dynamodb_local import REGION, DynamoDBLocal, fresh_name
from tests.scanners.answers import answer_with, error
from tests.scanners.conftest import moto, no_real_aws, one_loader

pytestmark = pytest.mark.slow

__all__ = ["moto", "no_real_aws", "one_loader"]

EAST, WEST = "us-east-1", "us-west-2"
LARGE_BYTES = 320_000
TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def one_hash_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every audit hashes keys in the same way: else the largest items are told by other hashes."""
    monkeypatch.setattr("stj_audit.pipeline.secrets.token_bytes", bytes)


def config(text: str) -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="stj-audit.toml")


def same(live: Report, again: Report) -> None:
    """Both say the same, but for when the tables were read, and what reading them took: a gate describes some of them once more."""
    assert again.judged_again is not UNSET
    assert again.trust[0].startswith(str(again.judged_again))
    again = replace(again, trust=again.trust[1:], judged_again=UNSET)
    assert told(again) == told(live)


def told(report: Report) -> Any:
    shown = json.loads(render(replace(report, facts=UNSET), "json"))
    for name in ("id", "started_at", "finished_at", "read_units", "api_calls", "cost_usd"):
        del shown["audit"][name]
    for scope in shown["audit"].get("scopes", ()):
        del scope["read_units"], scope["api_calls"]
    assert shown["trust"].pop(next(place for place, line in enumerate(shown["trust"]) if line.startswith("the audit made")))
    for one in (shown.get("gate") or {}).get("items", ()):
        one["sentence"] = without_clock(one["sentence"])
    return shown


def without_clock(text: str) -> str:
    return re.sub(r", scanned \d\d:\d\d(-\d\d:\d\d)?Z", "", text)


def again(text: str, request: Request) -> Report:
    return judge_again(from_json(text), request, origin="run.json", today=TODAY)


# ---------------------------------------------------------------------------------------------------------------- demo

DEMO_IGNORES = """
[model]
users_table = "stj_subscribers"
scales = [100, 20_000]
target = 20_000
peak_factor = 3
[[ignore]]
check = "projects-everything"
tables = ["stj_sub*"]
reason = "known"
[[ignore]]
check = "throttled"
reason = "was once accepted"
expires = 2025-01-01
[[tables.stj_subscribers.pattern]]
name = "look up"
op = "GetItem"
calls = 40
"""


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[AwsOptions, str]]:
    """The demo's tables, and the run file of their audit."""
    with demo_tables() as aws, pytest.MonkeyPatch.context() as patched:
        patched.setattr("stj_audit.pipeline.secrets.token_bytes", bytes)
        yield aws, render(audit(Request(aws=aws, config=demo_config())), "json")


DEMO_TERMS: Mapping[str, Mapping[str, Any]] = {
    "users and lines": {
        "users": (1_000, 100_000),
        "target_users": 100_000,
        "users_now": 112,
        "size_lines": SizeLines(warn_bytes=60_000, max_bytes=300_000),
        "gate": GateTerms(fail_on="medium", fail_item_size=2_000, strict=True, every_table=True),
    },
    "another configuration": {"config": config(DEMO_IGNORES), "free_tier": True, "gate": GateTerms(fail_on="grade:B")},
    "some tables": {"patterns": ("stj_p*", "stj_system"), "gate": GateTerms(fail_item_size=4_000)},
}


@pytest.mark.parametrize("terms", DEMO_TERMS.values(), ids=DEMO_TERMS.keys())
def test_the_demo_is_judged_again_as_it_would_be_audited(terms: Mapping[str, Any], demo: tuple[AwsOptions, str]) -> None:
    aws, text = demo
    request = Request(**{"aws": aws, "config": demo_config(), **terms})
    live = audit(request)
    assert live.findings
    same(live, again(text, request))


# ----------------------------------------------------------------------------------------------- several regions (moto)


def create(name: str, region: str, items: int) -> None:
    client = boto3.client("dynamodb", region_name=region)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(items):
        client.put_item(TableName=name, Item={"id": {"S": str(number)}, "body": {"S": "x" * 400 * number}})


def refuse(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """A region where nothing of DynamoDB is allowed."""
    made = Aws._client

    def client(self: Aws, service: str) -> Any:
        found = made(self, service)
        if (self.region, service) == (region, "dynamodb"):
            for operation in ("ListTables", "DescribeTable"):
                answer_with(found, f"dynamodb.{operation}", lambda: error("AccessDeniedException"))
        return found

    monkeypatch.setattr(Aws, "_client", client)


@pytest.mark.usefixtures("moto")
def test_several_regions_are_judged_again_each_at_its_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, WEST)
    create("orders", REGION, 12)
    create("orders", EAST, 4)
    create("users", EAST, 7)
    terms: dict[str, Any] = {"aws": AwsOptions(), "regions": (REGION, EAST, WEST), "config": Config()}
    text = render(audit(Request(**terms)), "json")
    for more in (
        {"config": config('[model]\nusers_table = "users"\ntarget = 500\n'), "free_tier": True},
        {"patterns": ("users*",), "users_now": 5, "gate": GateTerms(fail_on="low", fail_item_size=2_000, every_table=True)},
        {"config": config(f'[model]\nusers_table = "{EAST}/users"\n'), "patterns": ("ord*",)},
    ):
        request = Request(**(terms | more))
        live = audit(request)
        same(live, again(text, request))
        assert {line.region for line in live.costs.current.lines} <= {REGION, EAST}
        assert [scope.not_read is None for scope in live.audit.scopes or ()] == [True, True, False]
    assert live.audit.users_now == 7


# ------------------------------------------------------------------------------------------------------- DynamoDB Local


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Two tables on AWS's own engine, and the run file of their audit."""

    engine: DynamoDBLocal
    orders: str
    users: str
    text: str

    @property
    def aws(self) -> AwsOptions:
        return AwsOptions(endpoint_url=self.engine.endpoint_url, region=REGION)


@pytest.fixture(scope="module")
def shop(dynamodb_local: DynamoDBLocal) -> Iterator[Shop]:
    client, prefix = dynamodb_local.client(), fresh_name("shop")
    orders, users = f"{prefix}.orders", f"{prefix}.users"
    client.create_table(
        TableName=orders,
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("customer", "at", "status")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-status",
                "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    client.create_table(
        TableName=users,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 5},
    )
    for number in range(60):
        client.put_item(
            TableName=orders,
            Item={
                "customer": {"S": f"c{number % 7}"},
                "at": {"S": f"2026-11-{1 + number % 28:02d}T{number % 24:02d}:00:00Z"},
                "status": {"S": ("open", "done")[number % 2]},
                "body": {"S": "x" * (LARGE_BYTES if number == 30 else 100 * number)},
            },
        )
    for number in range(25):
        client.put_item(TableName=users, Item={"id": {"S": f"u{number}"}, "email": {"S": f"{number}@example.com"}})
    aws = AwsOptions(endpoint_url=dynamodb_local.endpoint_url, region=REGION)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ACCESS_KEY_ID", "local")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "local")
        patched.setattr("stj_audit.pipeline.secrets.token_bytes", bytes)
        text = render(audit(Request(aws=aws, patterns=(f"{prefix}.*",), config=Config())), "json")
    yield Shop(engine=dynamodb_local, orders=orders, users=users, text=text)
    for name in (orders, users):
        client.delete_table(TableName=name)
    client.close()


def shop_config(shop: Shop) -> Config:
    return config(f"""
        [model]
        users_table = "{shop.users}"
        target = 5_000
        [tables."{shop.orders}"]
        items_per_user = 4
        [[tables."{shop.orders}".pattern]]
        name = "order"
        op = "PutItem"
        calls = 2
        [[ignore]]
        check = "item-over-warn-line"
        reason = "meant to be there"
        [[ignore]]
        check = "deletion-protection-off"
        tables = ["shop-*.users"]
        reason = "not yet"
        expires = 2099-01-01
        """)


SHOP_TERMS: Mapping[str, Mapping[str, Any]] = {
    "as it was": {},
    "a line of its own": {"gate": GateTerms(fail_on="high", fail_item_size=5_000, every_table=True)},
    "lines": {"size_lines": SizeLines(warn_bytes=1_000, max_bytes=4_000), "gate": GateTerms(fail_item_size=409_600, strict=True)},
    "users": {"users_now": 25, "users": (100, 1_000_000), "target_users": 1_000_000},
    "a grade": {"gate": GateTerms(fail_on="grade:A"), "free_tier": True},
}


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("declared", [False, True], ids=["plain", "declared"])
@pytest.mark.parametrize("terms", SHOP_TERMS.values(), ids=SHOP_TERMS.keys())
def test_tables_are_judged_again_as_they_would_be_audited(terms: Mapping[str, Any], declared: bool, shop: Shop) -> None:
    request = Request(aws=shop.aws, patterns=(shop.orders, shop.users), config=shop_config(shop) if declared else Config(), **terms)
    live = audit(request)
    assert live.tables[0].items is not None
    same(live, again(shop.text, request))


@pytest.mark.dynamodb_local
def test_one_table_is_judged_again_with_the_users_of_the_other(shop: Shop) -> None:
    request = Request(aws=shop.aws, patterns=(shop.orders,), config=shop_config(shop))
    live = audit(request)
    assert live.audit.users_now == 25
    same(live, again(shop.text, request))


@pytest.mark.dynamodb_local
def test_a_baseline_holds_for_a_run_that_is_judged_again(shop: Shop) -> None:
    known = baseline_from_json(baseline_to_json(from_json(shop.text)), origin="b.json")
    request = Request(
        aws=shop.aws, patterns=(shop.orders, shop.users), config=Config(), baseline=known, gate=GateTerms(fail_on="low")
    )
    live = audit(request)
    assert live.gate is not None
    assert live.gate.exit_code == 0
    same(live, again(shop.text, request))


@pytest.mark.dynamodb_local
def test_a_declared_table_that_the_run_did_not_find_is_not_known_then_either(shop: Shop) -> None:
    gone = shop.orders.replace("orders", "gone")
    declared = config(f'[tables."{gone}"]\nitem_bytes = 100\n[tables.elsewhere]\nitem_bytes = 100\n')
    held = GateTerms(fail_item_size=409_600, every_table=True)
    request = Request(aws=shop.aws, patterns=(f"{shop.orders[:-7]}.*",), config=declared, gate=held)
    live = audit(request)
    judged = again(shop.text, replace(request, patterns=()))
    for report in (live, judged):
        assert report.gate is not None
        assert report.gate.exit_code == 4
        assert report.gate.reasons == (f"{gone}: no item was read: the configuration declares the table, and it is not there",)
    assert judged.audit.asked == (f"{shop.orders[:-7]}.*",)  # elsewhere: the run was not of that one
    alone = again(shop.text, replace(request, patterns=(shop.orders,)))
    assert alone.gate is not None
    assert alone.gate.exit_code == 0
    assert render(from_json(render(judged, "json")), "json") == render(judged, "json")


@pytest.mark.dynamodb_local
def test_a_run_without_facts_is_held_against_what_is_declared(shop: Shop) -> None:
    saved = replace(from_json(shop.text), facts=UNSET)
    gone = shop.orders.replace("orders", "gone")
    for name, code in ((shop.orders, 0), (gone, 4), ("elsewhere", 0)):
        declared = config(f'[tables."{name}"]\nitem_bytes = 100\n')
        report = gate_as_it_is(saved, GateTerms(every_table=True), declared, origin="run.json", asked=())
        assert report.gate is not None
        assert report.gate.exit_code == code, name


# ---------------------------------------------------------------------------------------------------------- the command


@pytest.fixture
def run_file(shop: Shop, tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    path.write_text(shop.text, encoding="utf-8")
    return path


def check(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    """Without keys, and with an endpoint where nothing answers: whoever makes an AWS call is found out."""
    return stj_audit("check", *arguments, cwd=cwd, keys=False, AWS_ENDPOINT_URL="http://127.0.0.1:9", **environment)


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_command_ends_as_the_live_one_does_without_an_aws_call(shop: Shop, tmp_path: Path) -> None:
    live = ("--endpoint-url", shop.engine.endpoint_url, "--region", REGION)
    made = stj_audit("run", shop.orders, shop.users, *live, "-q", "--report", "run.json", "--no-config", cwd=tmp_path)
    assert made.code == 0, made.err
    for options, code in (
        ((), 3),
        (("--fail-item-size", "350KB"), 0),
        (("--fail-item-size", "350KB", "--fail-on", "low"), 3),
        (("--fail-item-size", "350KB", "--strict"), 4),
        (("--fail-item-size", "off", "--fail-on", "never"), 0),
    ):
        said = stj_audit("check", shop.orders, shop.users, *live, "--no-config", "-q", *options, cwd=tmp_path)
        again = check("--from", "run.json", "--no-config", "-q", *options, cwd=tmp_path)
        assert (again.code, said.code, again.err) == (code, code, "")
        first, second, *rest = again.out.splitlines()
        assert re.fullmatch(r"Judged again on \d{4}-\d\d-\d\d, from a run of \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", second)
        assert scrubbed("\n".join([first, *rest])) == scrubbed(said.out)


def scrubbed(text: str) -> str:
    """Without hashes, which each run has its own of, and line breaks that depend on what is left out."""
    return " ".join(without_clock(re.sub(r"\b[0-9a-f]{16}\b", "HASH", text)).split())


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_what_is_judged_again_can_be_saved_and_rendered(run_file: Path, tmp_path: Path) -> None:
    ran = check(
        "--from", run_file, "--report", "again.json", "--report", "again.html", "--users-now", "25", "-f", "json", cwd=tmp_path
    )
    assert ran.code == 3
    assert "Judged again on" in (tmp_path / "again.html").read_text(encoding="utf-8")
    assert json.loads(ran.out)["audit"]["users_now"] == 25
    once = check("--from", "again.json", "--users-now", "25", "-f", "json", cwd=tmp_path)
    assert once.out == (tmp_path / "again.json").read_text(encoding="utf-8") == ran.out
    assert stj_audit("render", "again.json", "-f", "json", cwd=tmp_path, keys=False).out == ran.out


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_configuration_of_the_folder_and_the_environment_hold(run_file: Path, tmp_path: Path) -> None:
    (tmp_path / "stj-audit.toml").write_text('[thresholds]\nwarn_item_size = "1KB"\n[model]\ntarget = 77\n', encoding="utf-8")
    found = json.loads(check("--from", run_file, "-f", "json", cwd=tmp_path, STJ_AUDIT_USERS_NOW="9").out)
    assert (found["audit"]["target_users"], found["audit"]["users_now"]) == (77, 9)
    assert found["gate"]["fail_item_size"] == 1_024


@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--scan", "full"), 2, "--scan says how tables are read, and --from reads none"),
        (("--region", "eu-north-1"), 2, "--region says how tables are read"),
        (("--profile", "default"), 2, "--profile says how tables are read"),
        (("--prices", "live"), 2, "--prices live asks AWS"),
        (("nothing-*",), 1, "run.json matches nothing-*"),
        (("--config", "none.toml"), 2, "cannot read none.toml"),
    ],
)
def test_what_does_not_go_with_it_is_a_sentence(
    options: tuple[str, ...], code: int, said: str, run_file: Path, tmp_path: Path
) -> None:
    ran = check("--from", run_file, *options, cwd=tmp_path)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def with_facts(path: Path, facts: Any) -> None:
    run = json.loads(path.read_text(encoding="utf-8"))
    del run["facts"]
    path.write_text(json.dumps(run | ({} if facts is None else {"facts": facts})), encoding="utf-8")


@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.parametrize(
    ("facts", "options", "said"),
    [
        (None, (), "written without facts: the sizes of its items are not known one by one - add --fail-item-size off, or run"),
        (None, ("--fail-item-size", "off", "--users-now", "5"), "it cannot be judged again, as --users-now asks for"),
        (None, ("--fail-item-size", "off", "--no-free-tier"), "as --free-tier asks for"),
        (None, ("--fail-item-size", "off", "orders"), "as a table asks for"),
        ({"version": FACTS_VERSION + 1}, (), f"are of version {FACTS_VERSION + 1}, this stj-audit reads version {FACTS_VERSION}"),
        ({"version": FACTS_VERSION, "gathered": {}}, (), "are damaged: Object missing required field"),
        ("x", (), "are damaged: Expected `object`, got `str`"),
    ],
)
def test_a_file_that_cannot_be_judged_again_is_a_sentence(
    facts: Any, options: tuple[str, ...], said: str, run_file: Path, tmp_path: Path
) -> None:
    with_facts(run_file, facts)
    ran = check("--from", "run.json", *options, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_findings_of_a_file_without_facts_are_held_against_the_gate_as_they_are(run_file: Path, tmp_path: Path) -> None:
    with_facts(run_file, None)
    for fail_on, code in (("low", 3), ("critical", 0)):
        ran = check("--from", "run.json", "--fail-item-size", "off", "--fail-on", fail_on, cwd=tmp_path)
        assert ran.code == code, ran.err
        assert "Held against the gate as it was judged on" in ran.out
