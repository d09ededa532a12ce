"""
`stj-audit check --template`: a design is judged before it is deployed, held together with the usage model, and no call is made for it.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from stj_audit.cli import cli
from stj_audit.report import json_schema
from tests.commands import stj_audit

pytestmark = pytest.mark.slow

TEMPLATES = Path(__file__).parent / "templates"
REGION = ("--region", "eu-north-1")

TABLE = """\
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: customer_id, AttributeType: S}
        - {AttributeName: order_id, AttributeType: S}
        - {AttributeName: status, AttributeType: S}
        - {AttributeName: created_at, AttributeType: S}
      KeySchema:
        - {AttributeName: customer_id, KeyType: HASH}
        - {AttributeName: order_id, KeyType: RANGE}
      GlobalSecondaryIndexes:
        - IndexName: by-status
          KeySchema: [{AttributeName: status, KeyType: HASH}, {AttributeName: created_at, KeyType: RANGE}]
          Projection: {ProjectionType: KEYS_ONLY}
        - IndexName: by-day
          KeySchema: [{AttributeName: created_at, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      DeletionProtectionEnabled: true
"""
USAGE = """
[model]
region = "eu-north-1"
users_now = 50
[tables.orders]
items_per_user = 12
item_bytes = 3_500
[tables.orders.attributes]
customer_id = 40
order_id = 40
status = 12
created_at = 35
"""
DEFINITION = """
key = ["customer_id", "order_id"]
pitr = true
[[tables.orders.index]]
name = "by-status"
key = ["status", "created_at"]
projection = "KEYS_ONLY"
share = 0.5
[[tables.orders.index]]
name = "by-day"
key = ["created_at"]
"""
SHARE = """
[[tables.orders.index]]
name = "by-status"
key = ["status", "created_at"]
projection = "KEYS_ONLY"
share = 0.5
"""
PATTERNS = """
[[tables.orders.pattern]]
name = "mine"
op = "Query"
key = ["customer_id"]
items = 12
calls = 3
[[tables.orders.pattern]]
name = "open"
op = "Query"
index = "by-status"
key = ["status"]
items = 5
calls = 1
[[tables.orders.pattern]]
name = "buy"
op = "PutItem"
calls = 0.5
[[tables.orders.pattern]]
name = "ship"
op = "UpdateItem"
sets = ["status"]
calls = 0.5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, without anything that says where AWS is: a call would fail."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "template.yaml").write_text(TABLE)
    return tmp_path


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


def report_of(*arguments: str | Path) -> Any:
    return json.loads(check(*arguments, "-f", "json").stdout)


def failure(*arguments: str | Path) -> tuple[str, str, int]:
    """(what it says, the hint, exit code) of an error that is no usage error."""
    raised = check(*arguments).exception
    assert raised is not None
    return str(raised), getattr(raised, "hint", ""), getattr(raised, "exit_code", -1)


def declare(folder: Path, *parts: str) -> None:
    (folder / "stj-audit.toml").write_text("".join(parts))


def test_a_sound_design_passes_and_says_that_it_is_one(folder: Path) -> None:
    result = check("--template", "template.yaml", *REGION)

    assert result.exit_code == 0, result.output
    assert "before deployment, as defined in template.yaml" in result.stdout
    assert "passed" in result.stdout


def test_the_run_file_says_what_was_judged_and_where_it_is(folder: Path) -> None:
    declare(folder, USAGE, PATTERNS)
    report = report_of("--template", "template.yaml")

    jsonschema.validate(report, json_schema())
    assert report["audit"]["templates"] == ["template.yaml"]
    assert (report["audit"]["account"], report["audit"]["api_calls"]) == (None, 0)
    assert report["sources"] == {"": {"path": "template.yaml", "line": 1}, "orders": {"path": "template.yaml", "line": 2}}
    (table,) = report["tables"]
    assert (table["item_count"], table["size_bytes"], table["items"], table["traffic"]) == (None, None, None, None)
    assert table["backups"] == {
        "pitr": "ENABLED",
        "recovery_period_days": 35,
        "earliest_restorable_at": None,
        "latest_restorable_at": None,
        "on_demand": None,
    }
    assert sum("this is a design" in line for line in report["trust"]) == 1
    assert report["gate"]["items"] == []
    assert report["gate"]["fail_item_size"] is None


def test_what_needs_the_table_counts_neither_for_nor_against_the_design(folder: Path) -> None:
    declare(folder, USAGE, SHARE, PATTERNS)
    report = report_of("--template", "template.yaml")

    status = {row["check"]: (row["status"], row["reason"]) for row in report["rules"]}
    for name in ("item-near-limit", "throttled", "idle-table", "index-not-active", "unused-index"):
        assert status[name] == ("not applicable", "nothing is deployed yet"), name
    for name in ("pitr-off", "deletion-protection-off", "pattern-without-index", "redundant-index", "warm-throughput-outgrown"):
        assert status[name][0] == "passed", name
    assert report["not_checked"] == []
    assert report["overall"]["coverage"] == 1.0
    assert report["overall"]["grade"].startswith("A")


def test_without_a_usage_model_what_it_would_tell_is_not_checked(folder: Path) -> None:
    report = report_of("--template", "template.yaml", *REGION)

    assert {row["call"] for row in report["not_checked"]} == {"stj-audit.toml"}
    grades = {one["id"]: one["grade"] for one in report["categories"]}
    assert grades["table-structure"] == "n/a"
    assert grades["cost-optimization"] == "?"
    assert report["overall"]["grade"] == "?"
    assert report["costs"]["current"]["monthly_usd"] is None


def test_it_costs_what_the_same_design_costs_that_is_declared_as_a_whole(folder: Path) -> None:
    (folder / "whole.toml").write_text(
        USAGE.replace("[tables.orders.attributes]", f"{_scalars(DEFINITION)}\n[tables.orders.attributes]")
        + _indexes(DEFINITION)
        + PATTERNS
    )
    declare(folder, USAGE, SHARE, PATTERNS)

    priced = CliRunner().invoke(cli, ["cost", "--model", "whole.toml", "-f", "json"])
    alone = json.loads(priced.stdout)
    alone = alone.get("costs", alone)
    checked = report_of("--template", "template.yaml")["costs"]

    assert [(one["users"], one["monthly_usd"]) for one in checked["projections"]] == [
        (one["users"], one["monthly_usd"]) for one in alone["projections"]
    ]
    assert checked["projections"][2]["monthly_usd"] > 1
    assert all(one["complete"] for one in checked["projections"])
    assert checked["current"]["monthly_usd"] == alone["current"]["monthly_usd"] > 0


def _scalars(definition: str) -> str:
    return definition[: definition.index("[[")].strip()


def _indexes(definition: str) -> str:
    return definition[definition.index("[[") :]


def test_a_finding_fails_the_build_and_its_fix_is_in_the_template(folder: Path) -> None:
    (folder / "template.yaml").write_text(TABLE.replace("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"))
    result = check("--template", "template.yaml", *REGION)
    report = report_of("--template", "template.yaml", *REGION)

    assert result.exit_code == 3
    assert "pitr-off" in result.stdout
    (finding,) = [one for one in report["findings"] if one["check"] == "pitr-off"]
    assert finding["severity"] == "high"
    assert finding["commands"] == []
    assert "PointInTimeRecoverySpecification" in finding["template"]


@pytest.mark.parametrize(("size", "code"), [(300_000, 0), (350_000, 3)])
def test_items_that_are_declared_too_large_fail_whatever_else(folder: Path, size: int, code: int) -> None:
    declare(folder, USAGE.replace("3_500", str(size)))
    result = check("--template", "template.yaml", "--fail-on", "never")

    assert result.exit_code == code, result.output
    assert ("the mean item is declared with 350,000 bytes, above 300.0 KB" in " ".join(result.stdout.split())) is (code == 3)
    assert check("--template", "template.yaml", "--fail-on", "never", "--fail-item-size", "off").exit_code == 0


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('key = ["order_id"]', r"the key is \['order_id'\] here, and \['customer_id', 'order_id'\] in the template"),
        ("pitr = false", "PITR is off here, and on in the template"),
        ('table_class = "STANDARD_INFREQUENT_ACCESS"', "table_class is STANDARD_INFREQUENT_ACCESS here, and STANDARD in the"),
        ('billing_mode = "PROVISIONED"\nrcu = 1\nwcu = 1', "billing_mode is PROVISIONED here, and PAY_PER_REQUEST in the template"),
        ('[[tables.orders.index]]\nname = "new"\nkey = ["a"]', "there is an index 'new' here, and none of that name"),
        ('[[tables.orders.index]]\nname = "by-day"\nkey = ["status"]', r"the key of index 'by-day' is \['status'\] here, and"),
        (
            '[[tables.orders.index]]\nname = "by-day"\nkey = ["created_at"]\nprojection = "KEYS_ONLY"',
            "index 'by-day' projects KEYS_ONLY here, and ALL in the template",
        ),
    ],
)
def test_a_declaration_that_says_otherwise_is_an_error_with_both_places(folder: Path, declared: str, said: str) -> None:
    declare(folder, f'[model]\nregion = "eu-north-1"\n[tables.orders]\n{declared}\n')
    message, hint, code = failure("--template", "template.yaml")

    assert code == 2
    assert re.search(said, message)
    assert "template.yaml, line 2" in message
    assert "stj-audit.toml" in message
    assert "at `tables.orders." in message
    assert hint


def test_a_pattern_over_an_index_that_nobody_defines_is_an_error(folder: Path) -> None:
    declare(folder, USAGE, '[[tables.orders.pattern]]\nname = "x"\nop = "Query"\nindex = "gone"\ncalls = 1\n')

    assert "index 'gone' is not declared" in failure("--template", "template.yaml")[0]


@pytest.mark.parametrize("named", ["!Sub '${AWS::StackName}-orders'", "purchases"])
def test_a_declared_table_that_no_template_defines_is_not_known(folder: Path, named: str) -> None:
    (folder / "template.yaml").write_text(TABLE.replace("TableName: orders", f"TableName: {named}"))
    declare(folder, USAGE.replace("3_500", "350_000"))
    result = check("--template", "template.yaml", "--fail-on", "never")

    told = "purchases" if named == "purchases" else "Orders"
    assert result.exit_code == 4, result.output
    assert (
        "orders: the configuration declares the table, and nothing in template.yaml is called so: declare it as it is told here "
        f"({told}), or give the template that defines it too" in " ".join(result.stdout.split())
    )
    assert check(told, "--template", "template.yaml", "--fail-on", "never").exit_code == 0  # of others nothing is said
    (folder / "stj-audit.toml").write_text(USAGE.replace("3_500", "350_000").replace("tables.orders", f"tables.{told}"))
    assert check("--template", "template.yaml", "--fail-on", "never").exit_code == 3


def test_a_declared_table_of_another_stack_takes_its_template(folder: Path) -> None:
    other = TABLE.replace("Orders:", "Users:").replace("TableName: orders", "TableName: users")
    (folder / "users.yaml").write_text(other)
    declare(folder, USAGE, "[tables.users]\nitem_bytes = 100\n")

    assert check("--template", "template.yaml", "--fail-on", "never").exit_code == 4
    assert check("--template", "template.yaml", "--template", "users.yaml", "--fail-on", "never").exit_code == 0


def test_a_table_without_a_name_is_declared_by_its_logical_id(folder: Path) -> None:
    (folder / "template.yaml").write_text(TABLE.replace("      TableName: orders\n", ""))
    declare(folder, USAGE.replace("tables.orders", "tables.Orders"), PATTERNS.replace("tables.orders", "tables.Orders"))
    result = check("--template", "template.yaml", "-f", "json")

    report = json.loads(result.stdout)
    assert [one["name"] for one in report["tables"]] == ["Orders"]
    assert report["costs"]["projections"][0]["monthly_usd"] is not None
    assert "note: Orders gets its name at deployment, and is told by its id in the file" in result.stderr


def test_parameters_decide_and_a_default_is_told(folder: Path) -> None:
    text = "Parameters:\n  Stage: {Type: String, Default: dev}\n" + TABLE.replace(
        "TableName: orders", 'TableName: !Sub "${Stage}-orders"'
    )
    (folder / "template.yaml").write_text(text)

    by_default = check("--template", "template.yaml", *REGION)
    given = check("--template", "template.yaml", "--parameter", "Stage=prod", *REGION)

    assert "dev-orders" in by_default.stdout
    assert by_default.stderr.count("default of parameter Stage") == 1
    assert "prod-orders" in given.stdout
    assert "default of parameter" not in given.stderr
    assert "Stage" not in check("--template", "template.yaml", "-q", *REGION).stderr


def test_a_table_that_the_deployment_decides_is_inconclusive(folder: Path) -> None:
    result = check("--template", TEMPLATES / "named-key.yaml", *REGION)

    assert result.exit_code == 4
    assert "give --parameter HashKeyElementName=VALUE" in " ".join(result.stdout.split())
    assert check("--template", TEMPLATES / "named-key.yaml", "--parameter", "HashKeyElementName=id", *REGION).exit_code == 0


def test_tables_are_chosen_by_name_or_glob(folder: Path) -> None:
    report = report_of("*SecondaryIndex*", "--template", TEMPLATES / "cdk-tables.json", *REGION)

    assert {one["name"] for one in report["tables"]} == {
        "TableWithGlobalAndLocalSecondaryIndexBC540710",
        "TableWithGlobalSecondaryIndexCC8E841E",
        "TableWithLocalSecondaryIndex4DA3D08F",
    }
    message, _, code = failure("gone", "--template", "template.yaml", *REGION)
    assert (message, code) == ("no table of the template is called gone", 1)


def test_several_files_are_one_design(folder: Path) -> None:
    report = report_of("--template", "template.yaml", "--template", TEMPLATES / "plan-auto-scaling.json", *REGION)

    assert {one["name"] for one in report["tables"]} == {"orders", "my-table-good-cat"}
    (finding,) = [one for one in report["findings"] if one["check"] == "pitr-off"]
    assert (finding["table"], finding["template"]) == ("my-table-good-cat", "")


@pytest.mark.parametrize(
    "option",
    [
        ("--scan", "full"),
        ("--scan-budget", "1"),
        ("--max-read-units", "1"),
        ("--read-units-per-second", "1"),
        ("--resume", "x"),
        ("--role-arn", "arn:aws:iam::123456789012:role/x"),
        ("--inconclusive", "pass"),
    ],
)
def test_options_that_say_how_tables_are_read_are_refused(folder: Path, option: tuple[str, str]) -> None:
    result = check("--template", "template.yaml", *REGION, *option)

    assert result.exit_code == 2
    assert f"{option[0]} is for live tables, not for --template" in result.stderr


def test_parameters_go_with_a_template(folder: Path) -> None:
    assert "give --template too" in check("--parameter", "A=b").stderr
    assert "write it like Stage=prod" in check("--template", "template.yaml", "--parameter", "Ab").stderr


@pytest.mark.parametrize(
    ("name", "content", "said", "hint"),
    [
        ("gone.yaml", None, "cannot read gone.yaml", "CloudFormation or SAM template"),
        ("main.tf", 'resource "x" "y" {}', "Terraform's language", "terraform show -json"),
        (
            "terraform.tfstate",
            '{"version": 4, "terraform_version": "1", "lineage": "x"}',
            "Terraform state",
            "terraform show -json",
        ),
        ("cdk.json", '{"app": "x"}', "how a CDK application is run", "cdk synth"),
        ("manifest.json", '{"version": "36.0.0", "artifacts": {}}', "lists what the CDK made", "cdk synth"),
        ("serverless.yml", "service: a\nprovider: {name: aws}\n", "of the Serverless Framework", "serverless package"),
        ("bucket.yaml", "Resources:\n  B: {Type: AWS::S3::Bucket}\n", "no DynamoDB table in bucket.yaml", ""),
        ("other.json", '{"a": 1}', "neither Resources nor planned_values", ""),
        ("broken.yaml", "a: [", "no YAML", ""),
    ],
)
def test_what_is_no_design_is_one_sentence(folder: Path, name: str, content: str | None, said: str, hint: str) -> None:
    if content is not None:
        (folder / name).write_text(content)
    message, advice, code = failure("--template", name, *REGION)

    assert code == 2
    assert said in message
    assert hint in advice
    assert "\n" not in message


def test_prices_need_a_region_and_the_file_is_looked_at_first(folder: Path) -> None:
    assert failure("--template", "template.yaml")[0] == "template.yaml: no `region`"
    assert "cannot read gone.yaml" in failure("--template", "gone.yaml")[0]


def test_findings_point_at_the_template_in_every_format_for_machines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = folder / "stacks"
    stacks.mkdir()
    (stacks / "template.yaml").write_text(TABLE.replace("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.chdir(stacks)

    annotations = check("--template", "template.yaml", *REGION, "-f", "github").stdout
    sarif = json.loads(check("--template", "template.yaml", *REGION, "-f", "sarif").stdout)

    assert "file=stacks/template.yaml,line=2" in annotations
    places = [
        (place["physicalLocation"]["artifactLocation"]["uri"], place["physicalLocation"]["region"]["startLine"])
        for result in sarif["runs"][0]["results"]
        for place in result["locations"]
    ]
    assert set(places) == {("stacks/template.yaml", 2)}


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_every_format_for_people_says_that_it_is_a_design(folder: Path, name: str) -> None:
    assert "before deployment, as defined in template.yaml" in check("--template", "template.yaml", *REGION, "-f", name).stdout


@pytest.mark.process
def test_as_a_user_starts_it(folder: Path) -> None:
    declare(folder, USAGE, SHARE, PATTERNS)
    ran = stj_audit("check", "--template", "template.yaml", "--report", "run.json", cwd=folder, keys=False)

    assert ran.code == 0, ran.err
    assert "orders" in ran.out
    assert "Traceback" not in ran.err
    assert json.loads((folder / "run.json").read_text())["audit"]["templates"] == ["template.yaml"]

    again = stj_audit("check", "--template", "main.tf", "--region", "eu-north-1", cwd=folder, keys=False)
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith("error: cannot read main.tf")


@pytest.mark.parametrize("file", sorted(path.name for path in TEMPLATES.iterdir() if path.suffix in (".json", ".yaml")))
def test_what_others_published_can_be_checked(folder: Path, file: str) -> None:
    region = ("--region", "us-east-1") if file == "plan-encryption.json" else REGION  # which its provider is configured for
    result = check("--template", TEMPLATES / file, *region, "-f", "json")

    assert result.exit_code in (0, 3, 4), result.output
    report = json.loads(result.stdout)
    jsonschema.validate(report, json_schema())
    assert {row["call"] for row in report["not_checked"]} <= {"stj-audit.toml", "template"}
    told = {one["name"] for one in report["tables"]} | {row["table"] for row in report["not_checked"] if row["table"]}
    assert set(report["sources"]) == told | {""}
    assert {place["path"].rsplit("/", 1)[-1] for place in report["sources"].values()} == {file}
