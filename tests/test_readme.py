"""The README says what the code does."""

import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from stj_audit import item_size
from stj_audit.checks import all_checks
from stj_audit.cli import cli
from stj_audit.config import parse_config
from stj_audit.explain import list_checks_as_markdown
from stj_audit.permissions import ACTIONS
from tests.blocks import blocks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BEGIN, END = "(tests/test_readme.py keeps this table in step with the code) -->\n", "<!-- checks: end -->"


def test_the_table_of_checks_is_that_of_the_code() -> None:
    """Rewritten with STJ_AUDIT_REWRITE_GOLDEN=1."""
    before, rest = README.split(BEGIN)
    written, after = rest.split(END)
    table = f"\n{list_checks_as_markdown()}\n\n"
    if os.environ.get("STJ_AUDIT_REWRITE_GOLDEN") == "1":
        (ROOT / "README.md").write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")
        return
    assert written == table


def test_every_runtime_dependency_is_justified() -> None:
    section = README.split("| library | why |")[1].split("\n\n")[0]
    justified = re.findall(r"^\| ([a-z][a-z0-9-]*) \| ", section, flags=re.MULTILINE)
    named = [re.match(r"[a-z0-9]+", wanted) for wanted in PYPROJECT["project"]["dependencies"]]
    wanted = {match.group() for match in named if match}
    assert wanted | {"isal", "moto", "pyspark", "resvg-py"} == set(justified)


def test_every_option_that_it_shows_exists() -> None:
    known = {name for command in cli.commands.values() for option in command.params for name in option.opts}
    known |= {"--upgrade", "--editable", "--group"}  # pip's
    known |= {"--nonblock", "--conflict-exit-code"}  # those of flock
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_shown(command: str) -> None:
    assert f"stj-audit {command}" in README


def test_every_permission_is_named() -> None:
    named = set(re.findall(r"`((?:dynamodb|cloudwatch|application-autoscaling|backup|servicequotas):\w+)`", README))
    assert named == {action for actions in ACTIONS.values() for action in actions}


def test_its_configuration_is_valid() -> None:
    [example] = blocks(README, "Configuration", "toml")
    [accounts] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/several.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [one.label for one in parse_config(tomllib.loads(accounts), origin="README.md").account] == ["prod", "staging"]
    config = parse_config(tomllib.loads(example), origin="README.md")
    assert config.model.target == 50_000
    assert config.tables["settings"].items == 12


def test_its_python_example_is_right() -> None:
    [(item, expected)] = re.findall(r"^item_size\((.*)\)  # (\d+):", README, flags=re.MULTILINE)
    assert item_size(eval(item)) == int(expected)  # a literal of our own README


def test_its_files_exist() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_the_changelog_counts_the_checks() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"- {len(all_checks())} checks of" in changelog


def command_lines() -> list[str]:
    """Those in running text and those in blocks, without what the shell does with them."""
    inline = re.findall(r"`(stj-audit [a-z][^`]*)`", README.replace("\n", " "))
    found = (*inline, *re.findall(r"^stj-audit .*", README, flags=re.MULTILINE))
    return sorted({re.split(r" +(?:#|>|\||&&) ", line)[0] for line in found})


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_that_it_shows_is_taken(line: str) -> None:
    _, command, *arguments = shlex.split(line)
    if "-h" not in arguments:
        cli.commands[command].make_context(command, arguments)
