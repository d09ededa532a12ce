"""Which options the environment may give, and which it may not."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stj_audit.cli import cli
from stj_audit.report import to_json
from tests.sample_report import sample_report
from tests.test_check_template import TABLE

NOT_FROM_THE_ENVIRONMENT = {
    *(("check", "--from"), ("check", "--template"), ("items", "--from")),  # what a command is about
    *(("send", "--again"), ("send", "--dry-run"), ("demo", "--output-dir"), ("rules", "--format"), ("rules", "--explain-grade")),
    *(("iam-policy", name) for name in ("--account", "--region", "--no-items", "--history", "--send-from")),  # of the policy
}


def test_every_option_is_a_variable_but_these() -> None:
    options = {(name, one) for name, command in cli.commands.items() for one in command.params if isinstance(one, click.Option)}
    assert {(name, one.opts[-1]) for name, one in options if not one.envvar} == NOT_FROM_THE_ENVIRONMENT
    for _, one in options:
        long = next(word for word in one.opts if word.startswith("--"))
        assert not one.envvar or one.envvar[0] == "STJ_AUDIT_" + long.removeprefix("--").replace("-", "_").upper()


@pytest.mark.parametrize("command", ["check", "items"])
def test_a_gate_of_live_tables_stays_one(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(to_json(sample_report()), encoding="utf-8")
    (tmp_path / "template.yaml").write_text(TABLE, encoding="utf-8")
    wrong = {"STJ_AUDIT_FROM": "run.json", "STJ_AUDIT_TEMPLATE": "template.yaml", "STJ_AUDIT_REGION": "EU"}
    result = CliRunner().invoke(cli, [command, "orders"], env=wrong)
    assert "the AWS region is not written like eu-north-1" in str(result.exception)


def test_the_help_says_so() -> None:
    told = " ".join(CliRunner().invoke(cli, ["--help"]).stdout.split())
    assert "Options are also environment variables, STJ_AUDIT_ and the name: STJ_AUDIT_TARGET_USERS=10000." in told
    assert "--from of check and items, and --template" in told
