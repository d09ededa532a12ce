"""What a command writes is no file that it reads, nor written twice; and which configuration it is held against is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stj_audit.cli import cli
from tests.test_check_template import TABLE

CHECK = ("check", "--template", "template.yaml", "--region", "eu-north-1", "--fail-on", "never")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "template.yaml").write_text(TABLE, encoding="utf-8")
    (tmp_path / "stj-audit.toml").write_text("[model]\n", encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to("template.yaml")
    assert run(*CHECK, "--report", "run.json", "--write-baseline", "known.json").exit_code == 0
    return tmp_path


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, arguments, env=environment)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*CHECK, "--report", "json=template.yaml"), "--report template.yaml would overwrite the template that is read"),
        ((*CHECK, "--report", "json=link.yaml"), "--report link.yaml would overwrite the template that is read"),
        ((*CHECK, "--report", "json=stj-audit.toml"), "--report stj-audit.toml would overwrite the configuration that is read"),
        ((*CHECK, "--baseline", "known.json", "--report", "known.json"), "would overwrite the baseline that is read"),
        ((*CHECK, "--sarif-anchor", "run.json", "--report", "run.json"), "would overwrite the file of --sarif-anchor that is read"),
        ((*CHECK, "--report", "a.json", "--report", "table=./a.json"), "--report a.json would overwrite a report that is written"),
        ((*CHECK, "--report", "a.json", "--write-baseline", "a.json"), "--write-baseline a.json would overwrite a report that is"),
        ((*CHECK, "--write-baseline", "template.yaml"), "--write-baseline template.yaml would overwrite the template"),
        (("check", "--from", "run.json", "--report", "run.json"), "--report run.json would overwrite the run of --from"),
        (("render", "run.json", "--report", "run.json"), "--report run.json would overwrite the run file that is read"),
        (("run", "--report", "json=stj-audit.toml"), "--report stj-audit.toml would overwrite the configuration"),
        (("demo", "--report", "json=stj-audit-demo/run.json"), "run.json would overwrite a report that is written too"),
    ],
)
def test_no_output_takes_the_place_of_what_is_read_or_written(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    raised = run(*arguments).exception

    assert said in str(raised)
    assert getattr(raised, "exit_code", None) == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_baseline_is_brought_up_to_date_and_devices_take_several(folder: Path) -> None:
    assert run(*CHECK, "--baseline", "known.json", "--write-baseline", "known.json").exit_code == 0
    assert run(*CHECK, "--report", "json=/dev/null", "--report", "table=/dev/null").exit_code == 0
    assert run(*CHECK, "--no-config", "--report", "json=stj-audit.toml").exit_code == 0  # which is not read


def test_a_configuration_and_none_is_a_mistake_unless_the_environment_says_the_one(folder: Path) -> None:
    result = run(*CHECK, "--no-config", "--config", "stj-audit.toml")
    assert result.exit_code == 2
    assert "give --config or --no-config, not both" in result.stderr
    assert run(*CHECK, "--no-config", STJ_AUDIT_CONFIG="stj-audit.toml").exit_code == 0


def test_ignores_that_were_found_above_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignore = '[[ignore]]\ncheck = "pitr-off"\nreason = "x"\n'
    below = folder / "below"
    below.mkdir()
    (below / "template.yaml").write_text(TABLE, encoding="utf-8")

    def told(*more: str) -> bool:
        return f"note: the [[ignore]] of {folder / 'stj-audit.toml'} hold" in run(*CHECK, *more).stderr

    (folder / "stj-audit.toml").write_text(ignore, encoding="utf-8")
    assert not told()
    monkeypatch.chdir(below)
    assert told()
    assert not told("-q")
    assert not told("--config", "../stj-audit.toml")
    (folder / "stj-audit.toml").write_text("[model]\n", encoding="utf-8")
    assert not told()
