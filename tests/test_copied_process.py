"""A command that runs in a copy of a process says and does what one that is started anew does."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import commands
from tests.commands import KEYS, stj_audit

pytestmark = [pytest.mark.process, pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be copied here")]


@pytest.fixture(scope="module")
def copied() -> Iterator[commands._Copied]:
    one = commands._Copied(os.environ | {"PYTHONWARNINGS": "default"})
    yield one
    one.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["schema"], 0),
        (["run", "--help"], 0),
        (["run", "--no-such-option"], 2),
        (["render", "none.json"], 2),
        (["run", "-v", "--region", "eu-north-1", "--endpoint-url", "http://127.0.0.1:1"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_it_ends_as_one_that_is_started_anew(words: list[str], code: int, copied: commands._Copied, tmp_path: Path) -> None:
    environment = os.environ | KEYS | {"HOME": str(tmp_path), "PYTHONWARNINGS": "default"}
    anew = commands._anew([sys.executable, "-m", "stj_audit", *words], tmp_path, environment)
    for _ in range(2):
        assert copied.run(words, tmp_path, environment) == anew
    assert anew.code == code
    assert anew.out or anew.err


def test_each_copy_has_the_folder_and_the_environment_of_its_command(tmp_path: Path) -> None:
    for users in ("7", "8"):
        folder = tmp_path / users
        folder.mkdir()
        (folder / "m.toml").write_text('[model]\nregion = "eu-north-1"\n[tables.t]\nkey = ["id"]\nitem_bytes = 9\n')
        priced = [stj_audit("cost", "--model", "m.toml", "-f", "json", cwd=folder, STJ_AUDIT_USERS=users) for _ in range(3)]
        assert {ran.code for ran in priced} == {0}
        assert {one["users"] for ran in priced for one in json.loads(ran.out)["costs"]["projections"]} == {int(users)}


def test_what_is_read_while_it_is_imported_is_read(tmp_path: Path) -> None:
    for _ in range(3):
        stj_audit("doctor", "--region", "nowhere!", cwd=tmp_path)
    assert "pure" in stj_audit("doctor", "--region", "nowhere!", cwd=tmp_path, STJ_AUDIT_FOLD="pure").out
