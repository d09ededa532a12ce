"""Names that a shell, YAML or TOML would read: they stay names in what is to be pasted."""

import shlex
from random import Random

import pytest

from stj_audit.commands import of_table, option, update_table
from tests.builders import a_table
from tests.checks.hostile_names import facts_of, faults_of_commands, faults_of_names, findings_of


@pytest.mark.parametrize("seed", range(3))
def test_names_stay_names_in_what_is_pasted(seed: int) -> None:
    assert list(faults_of_names(seed)) == []


def test_many_commands_were_looked_at() -> None:
    told = {one.check for facts in facts_of(Random(1)) for one in findings_of(facts) if one.commands}
    assert len(told) >= 10, told


def test_a_name_that_is_not_quoted_would_be_seen() -> None:
    facts, _ = facts_of(Random(1))
    assert list(faults_of_commands(facts, [("a", "aws dynamodb list-backups --table-name $(echo x)")])) != []
    assert list(faults_of_commands(facts, [("a", "aws dynamodb list-backups --region x;touch x")])) != []


@pytest.mark.parametrize("name", ["-rf", "--endpoint-url=https://example.invalid", "a b", "$(touch x)", "`id`", "it's", "a\nb", ""])
def test_a_name_is_one_word_and_no_option(name: str) -> None:
    words = shlex.split(update_table(a_table(name=name), "--deletion-protection-enabled"))
    told = f"--table-name={name}" if name.startswith("-") else name
    assert words.count(told) == 1
    assert not [word for word in words if word.startswith("--endpoint-url")]
    assert shlex.split(option("--x", name)) == ([f"--x={name}"] if name.startswith("-") else ["--x", name])


def test_plain_names_are_written_as_they_are() -> None:
    assert of_table(a_table(name="orders_2-a.b")) == "--region eu-north-1 --table-name orders_2-a.b"
