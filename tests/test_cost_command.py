"""`stj-audit cost --usage` and `--model` from outside."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from stj_audit.report import json_schema
from tests.commands import stj_audit

pytestmark = pytest.mark.process

SEED = Path(__file__).parent / "cost" / "seed_design.toml"

USAGE = """
region = "us-east-2"

[[usage]]
name = "orders"
read_request_units = 8_000_000
write_request_units = 3_000_000
storage_gb = 230
stream_read_requests = 2_000_000

[[usage]]
name = "a|b\\u001b[31m<i>_x_"
rcu = 10
reserved = { term = "3yr", rcu = 100 }
"""


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    path = tmp_path / "usage.toml"
    path.write_text(USAGE, encoding="utf-8")
    return path


def test_json_has_the_costs_of_a_run_file(usage: Path, tmp_path: Path) -> None:
    ran = stj_audit("cost", "--usage", usage, "--format", "json", cwd=tmp_path, keys=False)
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    schema = json_schema()
    jsonschema.validate(answer["costs"], {"$ref": "#/$defs/Costs", "$defs": schema["$defs"]})
    costs = answer["costs"]
    assert costs["prices"]["region"] == "us-east-2"
    assert costs["free_tier"] is False
    assert costs["projections"] == []
    assert costs["current"]["monthly_usd"] == answer["monthly_usd"] == pytest.approx(60.775)
    lines = {one["component"]: one for one in costs["current"]["lines"]}
    assert lines["reads"] == {
        "table": "orders",
        "index": None,
        "component": "reads",
        "quantity": 8000000,
        "unit": "read request unit",
        "unit_price_usd": 1.25e-07,
        "monthly_usd": 1.0,
        "basis": "declared",
        "per_user": False,
        "note": "",
        "growth": "constant",
        "region": None,
    }
    assert lines["reserved-reads"]["monthly_usd"] is None
    assert lines["reserved-reads"]["note"] == "no price is known in us-east-2"
    assert costs["current"]["complete"] is False
    assert "\x1b" not in ran.out


def test_the_table_is_to_the_cent_and_says_what_is_not_known(usage: Path, tmp_path: Path) -> None:
    ran = stj_audit("cost", "--usage", "usage.toml", cwd=tmp_path, keys=False)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("DynamoDB cost a month in us-east-2\n")
    rows = [re.split("  +", one) for one in ran.out.splitlines()]
    assert ["orders", "storage", "230", "$0.25 per GB-month", "$57.50"] in rows
    assert ["orders", "reads", "8,000,000", "$0.125 per million", "$1.00"] in rows
    assert "not known, per RCU-hour" in ran.out
    assert "at least $60.78" in ran.out
    assert "AWS's free monthly quantities are not subtracted." in ran.out
    assert "no price is known in us-east-2." in " ".join(ran.out.split())
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_markdown_keeps_its_cells(usage: Path, tmp_path: Path) -> None:
    ran = stj_audit("cost", "--usage", usage, "-f", "markdown", cwd=tmp_path, keys=False)
    assert ran.code == 0
    assert ran.out.startswith("# DynamoDB cost a month in us-east-2\n")
    rows = [one for one in ran.out.splitlines() if one.startswith("|")]
    assert len(rows) == 2 + 6 + 1  # head, lines, total
    assert {one.replace("\\|", "").count("|") for one in rows} == {6}
    assert "<i>" not in ran.out


def test_the_free_tier_of_the_command_line_wins(usage: Path, tmp_path: Path) -> None:
    def monthly(*options: str, **environment: str) -> float:
        ran = stj_audit("cost", "--usage", usage, "-f", "json", *options, cwd=tmp_path, keys=False, **environment)
        amount: float = json.loads(ran.out)["monthly_usd"]
        return amount

    assert monthly("--free-tier") == pytest.approx(60.775 - 6.25 - 0.40)
    assert monthly(STJ_AUDIT_FREE_TIER="1") == pytest.approx(60.775 - 6.25 - 0.40)
    usage.write_text("free_tier = true\n" + USAGE, encoding="utf-8")
    assert monthly() == pytest.approx(60.775 - 6.25 - 0.40)
    assert monthly("--no-free-tier") == pytest.approx(60.775)


def test_the_region_of_the_command_line_wins_and_that_of_aws_is_the_last_resort(usage: Path, tmp_path: Path) -> None:
    def region(*options: str, **environment: str) -> str:
        ran = stj_audit("cost", "--usage", usage, "-f", "json", *options, cwd=tmp_path, keys=False, **environment)
        name: str = json.loads(ran.out)["costs"]["prices"]["region"]
        return name

    assert region("--region", "eu-north-1") == "eu-north-1"
    assert region(STJ_AUDIT_REGION="eu-north-1") == "eu-north-1"
    assert region(AWS_REGION="eu-west-1") == "us-east-2"
    usage.write_text("[[usage]]\nrcu = 1\n", encoding="utf-8")
    assert region(AWS_REGION="eu-west-1") == "eu-west-1"
    assert region(AWS_DEFAULT_REGION="eu-west-1") == "eu-west-1"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("[[usage]]\nrcu = -1\n", (), ("usage.toml", "rcu", "usage[0]")),
        ("[[usage]]\nrcu = 1\n", (), ("usage.toml", "region", "--region")),
        ("[[usage]]\nrcu = 1\n", ("--region", "eu-north-9"), ("eu-north-9", "did you mean")),
        ("\x00", (), ("usage.toml", "TOML")),
    ],
)
def test_a_mistake_is_one_sentence(text: str, options: tuple[str, ...], words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "usage.toml").write_text(text, encoding="utf-8")
    ran = stj_audit("cost", "--usage", "usage.toml", *options, cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (2, "")
    [sentence] = ran.err.splitlines()
    for word in words:
        assert word in sentence


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    ran = stj_audit("cost", "--usage", "no.toml", cwd=tmp_path)
    assert (ran.code, ran.err) == (2, "error: cannot read no.toml: No such file or directory - check the path given with --usage\n")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert "UTF-8" in stj_audit("cost", "--usage", "bytes.toml", cwd=tmp_path).err


def test_without_a_file_there_is_nothing_to_price(tmp_path: Path) -> None:
    ran = stj_audit("cost", cwd=tmp_path)
    assert ran.code == 2
    assert "--usage" in ran.err


def test_the_example_of_its_help_can_be_priced(tmp_path: Path) -> None:
    shown = stj_audit("cost", "--help", cwd=tmp_path).out
    example = shown[shown.index('region = "eu-north-1"') : shown.index("Also replicated")]
    (tmp_path / "usage.toml").write_text("\n".join(one.strip() for one in example.splitlines()), encoding="utf-8")
    ran = stj_audit("cost", "--usage", "usage.toml", "-f", "json", cwd=tmp_path)
    assert ran.code == 0
    assert json.loads(ran.out)["monthly_usd"] == pytest.approx(8 * 0.1345 + 3 * 0.67 + 230 * 0.269)


# ------------------------------------------------------------------------------------------------------- declared designs


def test_a_model_is_priced_at_each_user_count(tmp_path: Path) -> None:
    ran = stj_audit("cost", "--model", SEED, "--region", "us-east-1", "--users", "1K,10K", "-f", "json", cwd=tmp_path, keys=False)
    assert (ran.code, ran.err) == (0, "")
    answer = json.loads(ran.out)
    schema = json_schema()
    jsonschema.validate(answer["costs"], {"$ref": "#/$defs/Costs", "$defs": schema["$defs"]})
    projections = {at["users"]: at for at in answer["costs"]["projections"]}
    assert projections[1_000]["monthly_usd"] == pytest.approx(20.69, rel=0.01)
    assert projections[10_000]["monthly_usd"] == pytest.approx(218, rel=0.01)
    assert answer["costs"]["current"]["monthly_usd"] is None  # no `users_now`
    assert [one["name"] for one in answer["tables"]] == ["stj_subscribers", "stj_password", "stj_system"]
    for users, at in projections.items():
        assert sum(one["monthly_usd"][str(users)] for one in answer["tables"]) == pytest.approx(at["monthly_usd"])


def test_the_table_of_a_model_has_a_column_for_each_scale_and_a_total_for_each_table(tmp_path: Path) -> None:
    ran = stj_audit("cost", "--model", SEED, cwd=tmp_path, keys=False)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("DynamoDB cost a month in eu-north-1\n")
    rows = [re.split("  +", one.strip()) for one in ran.out.splitlines()]
    assert ["Table", "Component", "100 users", "1,000", "10,000", "50,000", "100,000"] in rows
    assert ["Total", "$2.21", "$22.18", "$234.26", "$1,448.19", "$3,588.37"] in rows
    assert ["stj_system", "$0.01", "$0.11", "$1.09", "$5.45", "$10.89"] in rows
    assert "grows with the square of the users" in " ".join(ran.out.split())
    assert max(map(len, ran.out.splitlines())) <= 110


def test_the_markdown_of_a_model_says_what_is_not_known_and_keeps_its_cells(tmp_path: Path) -> None:
    text = '[model]\nregion = "us-east-1"\nusers_now = 5\n[tables."a|b"]\nitems = 1_000_000\nitem_bytes = 5_000\n'
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    ran = stj_audit("cost", "--model", "m.toml", "--users", "10", "-f", "markdown", cwd=tmp_path, keys=False)
    assert ran.code == 0
    rows = [one for one in ran.out.splitlines() if one.startswith("|")]
    assert {one.replace("\\|", "").count("|") for one in rows} == {4}
    assert "≥ $1.19" in next(one for one in rows if one.startswith("| Total"))
    assert "not known" in ran.out
    assert "no pattern is declared" in ran.out
    assert "at least $1.19 a month" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--usage", "m.toml", "--model", "m.toml"), ("--model", "--usage")),
        (("--usage", "m.toml", "--users", "10"), ("--users is for tables and --model",)),
        (("--model", "none.toml"), ("cannot read none.toml", "--model")),
        (("--model", "m.toml"), ("m.toml: no `region`", "--region")),
        (("--model", "m.toml", "--region", "eu-north-9"), ("eu-north-9", "did you mean")),
        (("--model", "m.toml", "--region", "eu-north-1"), ("index 'i' is not declared", "tables.t.pattern[0]")),
    ],
)
def test_a_mistake_with_a_model_is_told(arguments: tuple[str, ...], words: tuple[str, ...], tmp_path: Path) -> None:
    text = '[tables.t]\nitems = 1\n[[tables.t.pattern]]\nname = "p"\nop = "Query"\nindex = "i"\n'
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    ran = stj_audit("cost", *arguments, cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (2, "")
    for word in words:
        assert word in ran.err


def test_the_model_of_its_help_can_be_priced(tmp_path: Path) -> None:
    shown = stj_audit("cost", "--help", cwd=tmp_path).out
    example = shown[shown.index("[model]\n") : shown.index("Options:")]
    (tmp_path / "m.toml").write_text("\n".join(one.strip() for one in example.splitlines()), encoding="utf-8")
    ran = stj_audit("cost", "--model", "m.toml", "-f", "json", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    at = next(one for one in json.loads(ran.out)["costs"]["projections"] if one["users"] == 10_000)
    assert at["complete"] is True
    writes = {one["component"]: one["quantity"] for one in at["lines"]}
    assert (writes["writes"], writes["index-writes"]) == (150_000 * 4, 150_000 * 2)
