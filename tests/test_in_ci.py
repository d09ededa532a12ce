"""The action, the hook and the blocks of the README's "In CI": their shell steps are run as they stand."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.blocks import Finished, an_engine_with_orders, blocks, environment_of_a_build, run_step

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
GITHUB, GITLAB, PRE_COMMIT = (yaml.safe_load(block) for block in blocks(README, "In CI", "yaml"))
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
INSTALL, CHECK = ACTION["runs"]["steps"]

GOOD = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: true
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
BAD = GOOD.replace("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false")

pytestmark = pytest.mark.process


def named(expression: str) -> str:
    """The input that an expression stands for."""
    found = EXPRESSION.fullmatch(expression)
    assert found is not None
    assert found[1].startswith("inputs.")
    return found[1].removeprefix("inputs.")


class Runner:
    """What GitHub's runner does with the steps of a composite action, as far as this one needs it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._outputs = folder / "outputs.txt"
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._environment = environment | {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self._outputs),
            "RUNNER_TEMP": str(self._temporary),
        }

    def run(self, inputs: dict[str, str], **more: str) -> tuple[int, str, dict[str, str]]:
        """Exit code, stdout and outputs of the last step. `inputs` that the action does not have are a mistake."""
        assert set(inputs) <= set(ACTION["inputs"])
        given = {name: inputs.get(name, one["default"]) for name, one in ACTION["inputs"].items()}
        self._outputs.write_text("", encoding="utf-8")
        self.installed()
        done = self._step(CHECK, given, more)
        lines = self._outputs.read_text(encoding="utf-8").splitlines()
        return done.returncode, done.stdout, dict(line.split("=", 1) for line in lines)

    def installed(self) -> Path:
        """Where the command is that the action installs, which it does once."""
        folder = self._temporary / "stj-audit/bin"
        if not (folder / "stj-audit").exists():
            done = self._step(INSTALL, {"python": sys.executable}, {})
            assert done.returncode == 0, done.stderr
        return folder

    def _step(self, step: dict[str, Any], inputs: dict[str, str], more: dict[str, str]) -> Finished:
        environment = {name: self._value(text, inputs) for name, text in step["env"].items()}
        return run_step(step["run"], cwd=self.folder, environment={**self._environment, **more, **environment})

    @staticmethod
    def _value(text: str, inputs: dict[str, str]) -> str:
        return inputs[named(text)]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment_of_a_build(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Runner:
    return Runner(tmp_path_factory.mktemp("work"), environment)


@pytest.fixture(scope="module")
def live(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a build with credentials, for an engine of its own that has one table, `orders`, with an item above the line."""
    with an_engine_with_orders() as variables:
        yield environment | variables


def test_no_expression_is_in_a_script() -> None:
    for step in (INSTALL, CHECK):
        assert not EXPRESSION.search(step["run"])
        assert step["shell"] == "bash"


def test_the_inputs_of_the_action_are_options() -> None:
    options = subprocess.run([sys.executable, "-m", "stj_audit", "check", "--help"], capture_output=True, text=True, check=True)
    known = set(re.findall(r"--([a-z-]+)", options.stdout))
    assert set(ACTION["inputs"]) - {"tables", "python"} <= known
    assert {named(text) for step in (INSTALL, CHECK) for text in step["env"].values()} == set(ACTION["inputs"])


def test_the_action_fails_a_build_and_passes_another(runner: Runner) -> None:
    (runner.folder / "template.yaml").write_text(BAD, encoding="utf-8")
    code, shown, outputs = runner.run({"template": "template.yaml", "region": "eu-north-1"})
    assert code == 3
    assert outputs["exit-code"] == "3"
    assert re.search(r"^::error .*file=template\.yaml,line=3", shown, flags=re.MULTILINE)
    assert "pitr-off" in Path(outputs["run-file"]).read_text(encoding="utf-8")
    assert Path(outputs["comment-file"]).read_text(encoding="utf-8").startswith("<!-- stj-audit -->")

    (runner.folder / "template.yaml").write_text(GOOD, encoding="utf-8")
    code, _, outputs = runner.run({"template": "template.yaml", "region": "eu-north-1"})
    assert (code, outputs["exit-code"]) == (0, "0")

    code, _, outputs = runner.run({"template": "template.yaml", "region": "eu-north-1", "fail-on": "low"})
    assert (code, outputs["exit-code"]) == (3, "3")


def test_a_step_takes_several_templates_and_leaves_those_before_it_what_they_wrote(runner: Runner) -> None:
    (runner.folder / "template.yaml").write_text(GOOD, encoding="utf-8")
    (runner.folder / "the users.yaml").write_text(GOOD.replace("orders", "users").replace("Orders", "Users"), encoding="utf-8")
    code, _, first = runner.run({"template": "template.yaml\nthe users.yaml\n", "region": "eu-north-1"})
    assert code == 0
    audit = json.loads(Path(first["run-file"]).read_bytes())["audit"]
    assert audit["templates"] == ["template.yaml", "the users.yaml"]

    code, _, second = runner.run({"template": "gone.yaml", "region": "eu-north-1"})
    assert (code, second["exit-code"]) == (2, "2")
    assert not Path(second["run-file"]).exists()
    assert not Path(second["comment-file"]).exists()
    assert Path(first["run-file"]).exists()


def test_what_is_in_an_input_is_never_run(runner: Runner) -> None:
    (runner.folder / "template.yaml").write_text(GOOD, encoding="utf-8")
    for hostile in ("$(touch stolen)", "`touch stolen`", "; touch stolen", "--help", "a\n$(touch stolen)\n*"):
        code, _, outputs = runner.run({"template": "template.yaml", "region": "eu-north-1", "tables": hostile})
        assert code == int(outputs["exit-code"]) != 0
        assert not (runner.folder / "stolen").exists()


@pytest.mark.dynamodb_local
def test_the_block_for_github(runner: Runner, live: dict[str, str]) -> None:
    [step] = [one for one in GITHUB["jobs"]["stj-audit"]["steps"] if one["uses"].startswith("OWNER/stj-audit@")]
    code, shown, outputs = runner.run(step["with"], **live)
    assert code == 3
    assert "::error" in shown
    gate = json.loads(Path(outputs["run-file"]).read_bytes())["gate"]
    assert [(one["table"], one["verdict"]) for one in gate["items"]] == [("orders", "over")]


# What stands at GitHub is a wheel that was built before: that one can be built of the repository, the action shows
BACKEND = """
import pathlib, shutil

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    [wheel] = pathlib.Path(__file__).parent.glob("*.whl")
    return pathlib.Path(shutil.copy(wheel, wheel_directory)).name
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def in_place_of_github(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment in which git finds this checkout, as it is packaged and tagged, where the README has its repository."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, env=environment, check=True, capture_output=True)
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    as_someone = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    for words in (("init", "--quiet"), ("add", "--all", "--force"), ("commit", "--quiet", "--message", "all"), ("tag", "v1")):
        subprocess.run(["git", *as_someone, *words], cwd=folder, env=environment, check=True)
    return environment | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/OWNER/stj-audit",
        "GIT_TERMINAL_PROMPT": "0",
    }


@pytest.mark.dynamodb_local
@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_the_block_for_gitlab(runner: Runner, live: dict[str, str], tmp_path: Path) -> None:
    """Every line as it stands, in an environment that has what the package depends on."""
    job, repository, build = GITLAB["dynamodb"], tmp_path / "repository", tmp_path / "build"
    repository.mkdir()
    build.mkdir()
    commands = runner.installed()  # if the block does not bring it back, the action will
    subprocess.run([commands / "pip", "uninstall", "--quiet", "--yes", "stj-audit"], env=live, check=True, capture_output=True)
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join((*job.get("before_script", ()), *job["script"]))],
        cwd=build,
        env=in_place_of_github(repository, live) | {"PATH": f"{commands}:{live['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    [direct_url] = commands.parent.glob("lib/python*/site-packages/stj_audit-*.dist-info/direct_url.json")
    came_from = json.loads(direct_url.read_text(encoding="utf-8"))
    assert (came_from["url"], came_from["vcs_info"]["requested_revision"]) == ("https://github.com/OWNER/stj-audit", "v1")
    assert {*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]} == {path.name for path in build.iterdir()}


def test_the_hook(runner: Runner, environment: dict[str, str], tmp_path: Path) -> None:
    [hook] = HOOKS
    [repo] = PRE_COMMIT["repos"]
    [used] = repo["hooks"]
    assert used["id"] == hook["id"]
    for pattern in (used["files"], hook["files"]):
        assert re.search(pattern, "template.yaml")
    for text, code in ((BAD, 3), (GOOD, 0)):
        (tmp_path / "template.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*shlex.split(hook["entry"]), *used["args"]],
            cwd=tmp_path,
            env=environment | {"PATH": f"{runner.installed()}:{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert not done.stderr
    for args in ([], ["orders"], ["--from", "run.json"]):  # live tables are nothing for a commit
        done = subprocess.run(
            [*shlex.split(hook["entry"]), *args],
            cwd=tmp_path,
            env=environment | {"PATH": f"{runner.installed()}:{environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "give --template: --require-template looks at no live tables" in done.stderr
