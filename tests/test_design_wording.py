"""A report on tables that are not there yet says nothing of what was read, measured or seen of them, in any format."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from tests.test_check_template import PATTERNS, TABLE, TEMPLATES, USAGE

# The list of all rules, at the end, is left out: it says what they are about
SENTENCES_OF_TABLES_THAT_ARE_THERE = (
    "were not read",
    "was read",
    "could not be read",
    "DescribeTable",
    " as measured",
    "measured;",
    "| measured",
    ">measured",
    "Today, line by line",
    "as the tables are today",
    "as it is now",
    "A month now",
    "a month now",
    " now, at least",
    " now, not known",
    "- Now: ",
    "stated yet",
    "the commands",
    "The same in CloudFormation",
    "Audit again by",
    "cannot be seen from the tables",
    "What the reads of the audit itself cost",
    "whichever comes first",
    "not checked |",
    "run again later",
)
RULES = re.compile(r"(?s)## Every rule that ran.*|<h2 id=\"rules\">.*")
DESIGNS = sorted(path.name for path in TEMPLATES.iterdir() if path.suffix != ".md")
REGIONS = {"plan-encryption.json": "us-east-1"}


def reports(folder: Path, template: Path, *more: str) -> dict[str, str]:
    """What a design is told as, by format, without the list of all rules."""
    files = {name: folder / f"report.{name}" for name in ("txt", "md", "html")}
    words = ["check", "--template", str(template), *more, "-q", "--no-step-summary"]
    result = CliRunner().invoke(cli, [*words, *(word for path in files.values() for word in ("--report", str(path)))])
    assert result.exit_code in (0, 3, 4), result.stderr
    texts = {name: path.read_text() for name, path in files.items()} | {"gate": result.stdout}
    return {name: RULES.sub("", text) for name, text in texts.items()}


@pytest.mark.parametrize("name", DESIGNS)
def test_nothing_is_told_as_of_a_table_that_is_there(name: str, tmp_path: Path) -> None:
    texts = reports(tmp_path, TEMPLATES / name, "--no-config", "--region", REGIONS.get(name, "eu-north-1"))
    for text in texts.values():
        plain = " ".join(text.split())
        assert [one for one in SENTENCES_OF_TABLES_THAT_ARE_THERE if one in plain] == []


def test_nor_where_its_use_is_declared(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TABLE)
    (tmp_path / "stj-audit.toml").write_text(USAGE + PATTERNS)
    texts = reports(tmp_path, tmp_path / "template.yaml", "--config", str(tmp_path / "stj-audit.toml"))
    for text in texts.values():
        plain = " ".join(text.split())
        assert [one for one in SENTENCES_OF_TABLES_THAT_ARE_THERE if one in plain] == []
    assert "Cost a month: $0.01 once deployed, " in texts["txt"]
    assert "| A month once deployed, with 50 users |" in texts["md"]
    assert "### Once deployed, line by line" in texts["md"]
    assert "- Once deployed: $0.01 a month" in texts["md"]
    assert "| Created | not yet |" in texts["md"]
    assert "| On-demand backups | none yet: nothing is deployed |" in texts["md"]
    assert "| `orders` | none yet: nothing is deployed | not known |" in texts["md"]
    assert "<p>None yet: nothing is deployed.</p>" in texts["html"]
    assert "### Next review\n\nOnce it is deployed" in texts["md"]
    assert "- [ ] Audit the tables once they are deployed: " in texts["md"]


def test_a_line_of_the_bill_that_nobody_declares_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TABLE)
    texts = reports(tmp_path, tmp_path / "template.yaml", "--no-config", "--region", "eu-north-1")
    assert (
        "| reads | `orders` | not known | $0.1345 per million read request units | not known | declared; no pattern is declared |"
        in (texts["md"])
    )


def test_the_change_to_a_template_gives_the_table_no_other_name(tmp_path: Path) -> None:
    """Its name is in the template, or is made at deployment: a name that is added then would make another table of it."""
    texts = reports(tmp_path, TEMPLATES / "orders.yaml", "--no-config", "--region", "eu-north-1")
    change = re.search(r"(?s)```yaml\n(.*?)```", texts["md"])
    assert change is not None
    assert "PointInTimeRecoveryEnabled: true" in change[1]
    assert "TableName" not in texts["md"]


def test_a_gate_that_a_missing_parameter_leaves_open_asks_for_it_and_not_for_permissions(tmp_path: Path) -> None:
    texts = reports(tmp_path, TEMPLATES / "named-key.yaml", "--no-config", "--region", "eu-north-1")
    assert "iam-policy" not in texts["gate"]
    assert "Give what is not known yet with --parameter NAME=VALUE" in texts["gate"]
    assert "**0 tables and 1 not known yet in eu-north-1, before deployment: " in texts["md"]
