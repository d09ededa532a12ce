"""Several regions and accounts in one audit: moto plays them, each with its own tables."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest

from stj_audit import baseline
from stj_audit.config import Config, parse_config
from stj_audit.cost.prices import bundled_sheet
from stj_audit.errors import AuditError, ConfigError, NoCredentials, NoTables
from stj_audit.gate import GateTerms
from stj_audit.pipeline import Request, audit
from stj_audit.render import render
from stj_audit.report import Report, from_json, json_schema, to_json
from stj_audit.scanners import AwsOptions, session
from stj_audit.scanners.session import Aws
from stj_audit.targets import targets_of
from tests.faults import fault
from tests.scanners.answers import answer, answer_with, error

NORTH, EAST = "eu-north-1", "us-east-1"
OWN = "123456789012"  # moto's
PROD, TEST = "111122223333", "444455556666"
ACCOUNTS = f"""
[[account]]
name = "prod"
role_arn = "arn:aws:iam::{PROD}:role/audit"
external_id = "x-1"
[[account]]
role_arn = "arn:aws:iam::{TEST}:role/audit"
regions = ["{EAST}"]
"""

pytestmark = [pytest.mark.usefixtures("moto"), pytest.mark.slow]


def config(text: str) -> Config:
    return parse_config(tomllib.loads(text), origin="test.toml")


def create(name: str, region: str, account: str | None = None, **extra: Any) -> None:
    keys: dict[str, str] = {}
    if account is not None:
        role = f"arn:aws:iam::{account}:role/audit"
        given = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    boto3.client("dynamodb", region_name=region, **keys).create_table(**(request | extra))  # type: ignore[call-overload] # any fields


def audited(*regions: str, text: str = "", **request: Any) -> Report:
    return audit(Request(aws=AwsOptions(), regions=regions, config=config(text), users_now=100, **request))


def names(report: Report) -> list[str]:
    return sorted(table.name for table in report.tables)


def refuse(monkeypatch: pytest.MonkeyPatch, region: str, code: str) -> None:
    """A region that answers every call to DynamoDB with `code`."""
    made = Aws._client

    def client(self: Aws, service: str) -> Any:
        found = made(self, service)
        if self.region == region and service == "dynamodb":
            for operation in ("ListTables", "DescribeTable"):
                answer_with(found, f"dynamodb.{operation}", lambda: error(code))
        return found

    monkeypatch.setattr(Aws, "_client", client)


# --------------------------------------------------------------------------------------------------------------- regions


@pytest.fixture
def two_regions(moto: None) -> None:
    create("orders", NORTH)
    create("orders", EAST)
    create("users", EAST)


@pytest.mark.usefixtures("two_regions")
def test_tables_of_all_regions_are_told_with_where_they_are() -> None:
    report = audited(NORTH, EAST)
    assert names(report) == [f"{NORTH}/orders", f"{EAST}/orders", f"{EAST}/users"]
    assert (report.audit.account, report.audit.region) == (OWN, "several")
    assert [(one.account, one.region, one.name, one.tables, one.not_read) for one in report.audit.scopes or ()] == [
        (OWN, NORTH, None, 1, None),
        (OWN, EAST, None, 2, None),
    ]
    assert report.audit.api_calls == sum(one.api_calls for one in report.audit.scopes or ())
    assert f"3 tables in {NORTH} and {EAST}" in report.verdict
    known = set(names(report))
    assert {finding.table for finding in report.findings} == known
    assert {line.table for at in report.costs.projections for line in at.lines} == known
    assert {run.table for run in report.rules} == known
    assert {row.table for row in report.not_checked} <= known
    assert len({finding.id for finding in report.findings}) == len(report.findings)


@pytest.mark.usefixtures("two_regions")
def test_commands_go_to_the_region_and_name_the_table_as_aws_does() -> None:
    report = audited(NORTH, EAST)
    commands = [(finding.table.partition("/")[0], command) for finding in report.findings for command in finding.commands]
    assert {region for region, _ in commands} == {NORTH, EAST}
    for region, command in commands:
        assert f"--region {region}" in command
        assert f"{region}/" not in command


@pytest.mark.usefixtures("two_regions")
def test_each_table_has_the_prices_of_its_region_and_totals_are_their_sum() -> None:
    items = "[tables.orders]\nitems = 1000000\nitem_bytes = 10000\n"
    report = audited(NORTH, EAST, text=items)
    alone = {region: audited(region, text=items) for region in (NORTH, EAST)}
    [here, there] = [next(one for one in report.costs.projections if one.users == 10_000) for _ in range(2)]
    prices = {
        line.region: line.unit_price_usd for line in here.lines if line.component == "storage" and line.table.endswith("/orders")
    }
    sold = {region: bundled_sheet(region).price("storage.standard.gb_month") for region in (NORTH, EAST)}
    assert prices == {region: price.usd for region, price in sold.items() if price is not None}
    apart = [next(at.monthly_usd for at in one.costs.projections if at.users == 10_000) for one in alone.values()]
    assert there.monthly_usd == sum(amount for amount in apart if amount is not None)
    assert report.costs.prices.region == f"{NORTH} and {EAST}"
    assert report.costs.prices.as_of is not None


def test_the_free_tier_is_given_once_for_each_region() -> None:
    for region in (NORTH, EAST):
        create("orders", region)
        create("users", region)
    gigabytes_20 = 20 * 2**30
    text = "".join(f"[tables.{name}]\nitems = {gigabytes_20 // 1000}\nitem_bytes = 900\n" for name in ("orders", "users"))
    costs = audited(NORTH, EAST, text=text, free_tier=True).costs
    [at] = [one for one in costs.projections if one.users == 10_000]
    free = {line.region: line.quantity for line in at.lines if line.component == "free-storage"}
    assert free == {NORTH: Decimal(-25), EAST: Decimal(-25)}
    assert any("once for each account and region" in one for one in costs.assumptions)


@pytest.mark.usefixtures("two_regions")
def test_an_ignore_matches_the_plain_name_and_the_one_with_the_region() -> None:
    def accepted(glob: str) -> set[str]:
        text = f'[[ignore]]\ncheck = "deletion-protection-off"\ntables = ["{glob}"]\nreason = "test"\n'
        return {one.table for one in audited(NORTH, EAST, text=text).findings if one.suppressed is not None}

    assert accepted("orders") == {f"{NORTH}/orders", f"{EAST}/orders"}
    assert accepted(f"{EAST}/*") == {f"{EAST}/orders", f"{EAST}/users"}
    assert accepted(f"{NORTH}/orders") == {f"{NORTH}/orders"}


@pytest.mark.usefixtures("two_regions")
def test_a_design_is_declared_for_one_table_or_for_all_of_the_name() -> None:
    text = f'[tables.orders]\nitems = 7\nitem_bytes = 100\n[tables."{EAST}/orders"]\nitems = 9\nitem_bytes = 100\n'
    [at] = [one for one in audited(NORTH, EAST, text=text).costs.projections if one.users == 10_000]
    assert {one.table: one.items for one in at.storage if one.table.endswith("/orders")} == {
        f"{NORTH}/orders": 7,
        f"{EAST}/orders": 9,
    }
    with pytest.raises(ConfigError, match=rf"at `tables\.{EAST}/orders\.pattern\[0\]"):
        audited(NORTH, EAST, text=f'[[tables."{EAST}/orders".pattern]]\nname = "x"\nop = "Query"\nindex = "no"\ncalls = 1\n')


@pytest.mark.parametrize("regions", [(EAST,), (NORTH, EAST)])
@pytest.mark.usefixtures("two_regions")
def test_a_design_that_does_not_fit_is_told_before_an_item_is_read_and_paid_for(regions: tuple[str, ...]) -> None:
    text = '[[tables.orders.pattern]]\nname = "x"\nop = "Query"\nindex = "no"\ncalls = 1\n'
    told: list[str] = []
    request = Request(aws=AwsOptions(), regions=regions, config=config(text))
    with pytest.raises(ConfigError, match=r"index 'no' is not declared - at `tables\.orders\.pattern\[0\]"):
        audit(request, tell=told.append)
    assert told == []


def test_what_is_declared_for_all_of_the_name_is_not_held_against_one_that_has_its_own() -> None:
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "status")]
    index = {
        "IndexName": "by-status",
        "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    create("orders", NORTH, AttributeDefinitions=attributes, GlobalSecondaryIndexes=[index])
    create("orders", EAST)
    text = f"""
[[tables.orders.pattern]]
name = "x"
op = "Query"
index = "by-status"
key = ["status"]
calls = 1
[[tables."{EAST}/orders".pattern]]
name = "x"
op = "GetItem"
calls = 1
"""
    assert names(audited(NORTH, EAST, text=text)) == [f"{NORTH}/orders", f"{EAST}/orders"]


def test_users_are_those_of_one_table() -> None:
    for region in (NORTH, EAST):
        create("users", region)
    boto3.client("dynamodb", region_name=EAST).put_item(TableName="users", Item={"id": {"S": "a"}})

    def users_now(users_table: str, *patterns: str) -> tuple[int | None, str]:
        text = f'[model]\nusers_table = "{users_table}"\n'
        report = audit(Request(aws=AwsOptions(), regions=(NORTH, EAST), patterns=patterns, config=config(text)))
        return report.audit.users_now, next(one for one in report.costs.assumptions if "users" in one)

    count, told = users_now("users")
    assert count is None
    assert f"the users table users is in several places: name it like {NORTH}/users" in told
    assert users_now(f"{EAST}/users")[0] == 1
    create("orders", NORTH)
    assert users_now(f"{EAST}/users", "orders")[0] == 1


@pytest.mark.usefixtures("two_regions")
def test_a_name_may_be_in_one_region_alone_but_not_in_none() -> None:
    assert names(audited(NORTH, EAST, patterns=["users", "ord*"])) == [f"{NORTH}/orders", f"{EAST}/orders", f"{EAST}/users"]
    report = audited(NORTH, EAST, patterns=["users"])
    assert names(report) == [f"{EAST}/users"]
    assert [(row.table, row.call, row.reason) for row in report.not_checked if row.table == f"{NORTH}/users"] == [
        (f"{NORTH}/users", "dynamodb:DescribeTable", "there is no table of that name here")
    ]
    assert report.overall == audited(EAST, patterns=["users"]).overall
    assert report.costs.current.complete == audited(EAST, patterns=["users"]).costs.current.complete
    with pytest.raises(NoTables, match=f"no table in {NORTH} and {EAST} matches nope"):
        audited(NORTH, EAST, patterns=["users", "nope"])
    with pytest.raises(NoTables, match=f"there is no table in {NORTH} and eu-west-1|no table that nope means in"):
        audited(NORTH, "eu-west-1", patterns=["nope"])
    with pytest.raises(NoTables, match="there is no table in eu-west-1 and eu-west-2"):
        audited("eu-west-1", "eu-west-2")


@pytest.mark.usefixtures("two_regions")
@pytest.mark.parametrize("line", [None, 300 * 1024])
def test_a_gate_does_not_pass_for_a_name_that_one_of_the_regions_does_not_have(line: int | None) -> None:
    terms = GateTerms(fail_item_size=line, every_table=True)
    gates = [audited(NORTH, EAST, patterns=patterns, gate=terms).gate for patterns in (["users"], ["orders"], ["use*"])]

    assert [None if gate is None else gate.exit_code for gate in gates] == [4, 0, 0]
    assert gates[0] is not None
    [reason] = gates[0].reasons
    assert reason.startswith(f"{NORTH}/users: ")
    assert reason.endswith("there is no table of that name here")


@pytest.mark.usefixtures("two_regions")
def test_an_empty_region_takes_two_calls_and_is_no_failure() -> None:
    report = audited(NORTH, "eu-west-1")
    assert names(report) == [f"{NORTH}/orders"]
    empty = list(report.audit.scopes or ())[1]
    assert (empty.region, empty.account, empty.tables, empty.api_calls, empty.not_read) == ("eu-west-1", OWN, 0, 2, None)
    assert not [one for one in report.not_checked if one.scope]


@pytest.mark.usefixtures("two_regions")
def test_one_region_is_told_as_it_always_was() -> None:
    report = audited(EAST)
    again = audit(Request(aws=AwsOptions(region=EAST), config=Config(), users_now=100))
    assert names(report) == names(again) == ["orders", "users"]
    assert {finding.id for finding in report.findings} == {finding.id for finding in again.findings}
    raw = json.loads(to_json(report))
    assert "scopes" not in raw["audit"]
    assert all("scope" not in row for row in raw["not_checked"])
    assert {line["region"] for at in raw["costs"]["projections"] for line in at["lines"]} == {None}
    assert audited(EAST, EAST).audit.region == EAST


@pytest.mark.usefixtures("two_regions")
def test_the_run_file_fits_its_schema_and_is_read_back() -> None:
    report = audited(NORTH, EAST, free_tier=True)
    jsonschema.validate(json.loads(to_json(report)), json_schema())
    assert from_json(to_json(report)).audit == report.audit
    shown = render(from_json(to_json(report)), "table")
    assert f"DynamoDB audit: {NORTH} and {EAST}, account {OWN}, 3 tables" in shown
    for format_ in ("markdown", "html"):
        assert f"{NORTH} and {EAST}" in render(report, format_)
        assert "billed in" not in render(audited(NORTH, EAST), format_)  # the name of the table says it


# ------------------------------------------------------------------------------------------------------------- not read


@pytest.mark.usefixtures("two_regions")
def test_a_region_that_cannot_be_read_leaves_the_others_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, EAST, "AccessDeniedException")
    report = audited(NORTH, EAST)
    assert names(report) == [f"{NORTH}/orders"]
    [row] = [one for one in report.not_checked if one.scope]
    assert (row.scope, row.table, row.call) == (EAST, None, "dynamodb:ListTables")
    assert row.reason == "not read: these credentials may not call ListTables (AccessDeniedException)"
    assert [one.not_read is None for one in report.audit.scopes or ()] == [True, False]
    assert f"1 table in {NORTH} ({EAST} not read)" in report.verdict
    assert not report.costs.current.complete
    assert report.costs.prices.region == NORTH
    shown = render(report, "table")
    assert f"Not read: {EAST}: these credentials may not call ListTables (AccessDeniedException)." in " ".join(shown.split())
    assert EAST in render(report, "markdown")
    assert any(one.startswith(f"{EAST} was not read: ") for one in report.trust)


@pytest.mark.usefixtures("two_regions")
def test_an_account_whose_id_is_not_known_in_one_region_is_no_second_account(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Aws._client

    def client(self: Aws, service: str) -> Any:
        found = made(self, service)
        if (self.region, service) == (EAST, "sts"):
            answer_with(found, "sts.GetCallerIdentity", lambda: error("AccessDenied", status=403))
        return found

    monkeypatch.setattr(Aws, "_client", client)
    report = audited(NORTH, EAST, gate=GateTerms())
    assert [one.account for one in report.audit.scopes or ()] == [OWN, None]
    assert f"3 tables in {NORTH} and {EAST}: " in report.verdict


@fault("a region is not enabled", "the region is not checked, and why, the others are whole", by="event hook")
@pytest.mark.usefixtures("two_regions")
def test_a_region_that_is_not_enabled_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, EAST, "UnrecognizedClientException")
    [row] = [one for one in audited(NORTH, EAST, patterns=["orders"]).not_checked if one.scope]
    assert row.reason.endswith("and it does so in a region that is not enabled for the account")


@pytest.mark.usefixtures("two_regions")
def test_only_where_none_can_be_read_the_audit_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, NORTH, "AccessDeniedException")
    refuse(monkeypatch, EAST, "AccessDeniedException")
    with pytest.raises(AuditError, match="may not call ListTables") as caught:
        audited(NORTH, EAST)
    assert caught.value.exit_code == 1


def test_a_bug_in_one_reading_ends_all(two_regions: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("stj_audit.scanners.tags.read", broken)
    with pytest.raises(AssertionError, match="a bug"):
        audited(NORTH, EAST)


# ------------------------------------------------------------------------------------------------------------- accounts


@pytest.fixture
def two_accounts(moto: None) -> None:
    create("orders", NORTH, PROD)
    create("orders", EAST, TEST)
    create("orders", NORTH)  # of the account that assumes the roles: it is not audited


@pytest.mark.usefixtures("two_accounts")
def test_accounts_are_read_through_their_roles_in_their_regions() -> None:
    report = audited(NORTH, text=ACCOUNTS)
    assert names(report) == [f"{TEST}/{EAST}/orders", f"prod/{NORTH}/orders"]
    assert (report.audit.account, report.audit.region) == ("several", "several")
    assert [(one.account, one.region, one.name, one.tables) for one in report.audit.scopes or ()] == [
        (PROD, NORTH, "prod", 1),
        (TEST, EAST, None, 1),
    ]
    assert f"accounts prod and {TEST}, 2 tables" in render(report, "table")
    assert "of 2 accounts" in report.verdict
    assert all(f":{PROD if table.name.startswith('prod') else TEST}:" in table.arn for table in report.tables)


@pytest.mark.usefixtures("two_accounts")
def test_one_account_alone_is_told_by_its_regions_or_as_it_is() -> None:
    one = f'[[account]]\nname = "prod"\nrole_arn = "arn:aws:iam::{PROD}:role/audit"\n'
    assert names(audited(NORTH, EAST, text=one)) == [f"{NORTH}/orders"]
    alone = audited(NORTH, text=one)
    assert (names(alone), alone.audit.account) == (["orders"], PROD)
    assert "scopes" not in json.loads(to_json(alone))["audit"]


@fault("a role cannot be assumed", "the account is not checked, the others are whole", by="event hook")
@pytest.mark.usefixtures("two_accounts")
def test_a_role_that_cannot_be_assumed_leaves_the_others_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    made = session._assume_role

    def assume(source: Any, options: AwsOptions, role_arn: str, region: str, *, count: Any, folder: Any) -> Any:
        if TEST in role_arn:
            source.get_component("event_emitter").register_first(
                "before-send.sts.AssumeRole",
                lambda **_: answer(
                    b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
                    status=403,
                    headers={"Content-Type": "text/xml"},
                ),
            )
        return made(source, options, role_arn, region, count=count, folder=folder)

    monkeypatch.setattr(session, "_assume_role", assume)
    report = audited(NORTH, text=ACCOUNTS)
    assert names(report) == [f"prod/{NORTH}/orders"]
    [row] = [one for one in report.not_checked if one.scope]
    assert (row.scope, row.call) == (f"{TEST}/{EAST}", "sts:AssumeRole")
    assert row.reason == "not read: the role cannot be assumed (AccessDenied)"
    assert f"Not read: {EAST} of {TEST}: the role cannot be assumed" in " ".join(render(report, "table").split())


def test_every_account_is_asked_with_its_own_external_id() -> None:
    targets = targets_of(AwsOptions(region=NORTH), (), config(ACCOUNTS).account)
    given = [(one.key, one.account, one.aws._options.external_id, one.aws._options.role_arn) for one in targets]
    assert given == [
        (f"prod/{NORTH}", PROD, "x-1", f"arn:aws:iam::{PROD}:role/audit"),
        (f"{TEST}/{EAST}", TEST, None, f"arn:aws:iam::{TEST}:role/audit"),
    ]


def test_each_account_and_region_has_one_pace() -> None:
    paces = [one.aws.paces for one in targets_of(AwsOptions(), (NORTH, EAST), config(ACCOUNTS).account)]
    assert len({id(of["dynamodb:ListBackups"]) for of in paces}) == len(paces) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[account]]\nname = "a"\n', "test.toml: table missing required field `role_arn` - at `account[0]`"),
        ('[[account]]\nrole_arn = "audit"\n', "'audit' is no ARN of a role"),
        (f'[[account]]\nrole_arn = "arn:aws:iam::{PROD}:role/a"\nname = "a/b"\n', "'a/b' is no name for an account"),
        (f'[[account]]\nrole_arn = "arn:aws:iam::{PROD}:role/a"\nregions = ["EU"]\n', "'EU' is no region"),
        (f'[[account]]\nrole_arn = "arn:aws:iam::{PROD}:role/a"\nexternal_id = ""\n', "`external_id` is empty"),
        (f'[[account]]\nrole_arn = "arn:aws:iam::{PROD}:role/a"\nrole = "b"\n', "unknown field `role`"),
        (ACCOUNTS + f'[[account]]\nrole_arn = "arn:aws:iam::{PROD}:role/b"\n', f"account {PROD} is there already, as `account[0]`"),
        (ACCOUNTS + f'[[account]]\nname = "{TEST}"\nrole_arn = "arn:aws:iam::{OWN}:role/b"\n', f"account {TEST} is there already"),
    ],
)
def test_a_mistake_in_an_account_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_role_of_the_command_line_beside_accounts_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--role-arn and \[\[account\]\]"):
        targets_of(AwsOptions(role_arn=f"arn:aws:iam::{OWN}:role/a"), (NORTH,), config(ACCOUNTS).account)


def test_a_wrong_region_among_several_is_a_mistake_and_nothing_is_read() -> None:
    with pytest.raises(ConfigError, match="written like eu-north-1"):
        targets_of(AwsOptions(), (NORTH, "EU"), ())
    with pytest.raises(ConfigError, match="no AWS region"):
        targets_of(AwsOptions(), (), config(ACCOUNTS).account)


def test_without_keys_no_role_can_be_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(NoCredentials, match="to assume the role with"):
        targets_of(AwsOptions(), (NORTH,), config(ACCOUNTS).account)


# ------------------------------------------------------------------------------------------------------------- baselines


@pytest.mark.usefixtures("two_regions")
def test_a_baseline_of_several_fits_those_and_no_others(tmp_path: Path) -> None:
    written = baseline.to_json(audited(NORTH, EAST))
    known = baseline.from_json(written, origin="b.json")
    assert [(one.account, one.region) for one in known.scopes] == [(OWN, NORTH), (OWN, EAST)]
    again = audited(EAST, NORTH, baseline=known)
    assert again.baseline is not None
    assert (again.baseline.new, again.baseline.worse, again.baseline.known) == (0, 0, len(known.findings))
    for regions in ((NORTH,), (NORTH, EAST, "eu-west-1"), (NORTH, "eu-west-1")):
        with pytest.raises(ConfigError, match="a baseline belongs to the accounts and regions that it was written for") as caught:
            audited(*regions, baseline=known)
        assert caught.value.exit_code == 2
    of_one = baseline.from_json(baseline.to_json(audited(NORTH)), origin="b.json")
    with pytest.raises(ConfigError, match=f"it is of {NORTH} of {OWN}, and this audit of {NORTH} and {EAST}"):
        audited(NORTH, EAST, baseline=of_one)


@pytest.mark.usefixtures("two_accounts")
def test_a_baseline_of_other_accounts_is_refused_before_anything_is_read() -> None:
    known = baseline.from_json(baseline.to_json(audited(NORTH, text=ACCOUNTS)), origin="b.json")
    other = ACCOUNTS.replace(TEST, OWN)
    with pytest.raises(ConfigError, match=f"it is of {NORTH} of {PROD} and {EAST} of {TEST}, and this audit of"):
        audited(NORTH, text=other, baseline=known)


# -------------------------------------------------------------------------------------------------------------- progress


@pytest.mark.usefixtures("two_regions")
def test_progress_says_where_and_how_many_are_read() -> None:
    steps: list[tuple[str, int, int]] = []
    request = Request(aws=AwsOptions(), regions=(NORTH, EAST), config=Config(), users_now=100)
    audit(request, on_progress=lambda *step: steps.append(step))
    assert steps[-1] == ("accounts and regions", 2, 2)
    assert {what for what, _, _ in steps} >= {f"tables in {NORTH}, 0 of 2 read", f"tables in {EAST}, 0 of 2 read"}
    assert all(done <= of for _, done, of in steps)
