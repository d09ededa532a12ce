"""docs/schedule.md and the Dockerfile: each block is run as it stands, but that folders of the system are scratch ones."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from stj_audit.cli import cli
from stj_audit.config import load_config
from tests.blocks import Finished, an_engine_with_orders, blocks, environment_of_a_build, run_step
from tests.engines.mail_server import MailServer, mail_server
from tests.test_deploy import DEPLOY, loaded

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/schedule.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
INSTALL_COMMAND = 'pip install "stj-audit[email] @ git+https://github.com/OWNER/stj-audit@v1"'
CONFIG = """
[history]
path = "history"

[email]
from = "audits@example.com"
to = ["team@example.com"]
smtp = {{ host = "localhost", port = {port}, starttls = false }}
"""
NO_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="NOT TESTED: units by systemd-analyze, install systemd"
)

# ---------------------------------------------------------------------------------------------------------- Dockerfile


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    base: str
    name: str
    instructions: tuple[tuple[str, str], ...]

    def all(self, keyword: str) -> list[str]:
        return [value for one, value in self.instructions if one == keyword]


def stages() -> list[Stage]:
    lines = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    instructions = [tuple(line.split(maxsplit=1)) for line in lines.splitlines() if line.strip()]
    found: list[Stage] = []
    for keyword, value in instructions:
        if keyword == "FROM":
            base, _, name = value.partition(" AS ")
            found.append(Stage(base=base, name=name, instructions=()))
        else:
            last = found.pop()
            found.append(Stage(base=last.base, name=last.name, instructions=(*last.instructions, (keyword, value))))
    return found


BUILD, FINAL = stages()


def copied(stage: Stage) -> list[tuple[str, str]]:
    """What is copied from this folder, one source each, and where to."""
    words = [shlex.split(one) for one in stage.all("COPY") if "--from" not in one]
    return [(source, target) for *sources, target in words for source in sources]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment_of_a_build(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The environment that the first stage of the Dockerfile makes, by its own COPY and RUN."""
    scratch = tmp_path_factory.mktemp("image")
    source, made = scratch / "source", scratch / "stj-audit"
    source.mkdir()
    for name, target in copied(BUILD):
        place = source / target
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(ROOT / name, place)
    for script in BUILD.all("RUN"):
        done = run_step(script.replace("/opt/stj-audit", str(made)), cwd=source, environment=environment)
        assert done.returncode == 0
    return made


def test_the_image_is_slim_and_nobody_in_it_is_root() -> None:
    assert (FINAL.base, BUILD.base, BUILD.name) == ("python:3.13-slim", "python:3.13", "build")
    [user] = FINAL.all("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)  # a number is what Kubernetes knows to be no root
    keywords = [one for one, _ in FINAL.instructions]
    assert keywords.index("USER") > keywords.index("RUN")
    assert json.loads(FINAL.all("ENTRYPOINT")[0]) == ["stj-audit"]
    assert FINAL.all("COPY") == ["--from=build /opt/stj-audit /opt/stj-audit"]
    assert all("--no-cache-dir" in one for one in BUILD.all("RUN") if "pip install" in one)
    assert [path.partition(":")[0] for path in re.findall(r"PATH=(\S+)", FINAL.all("ENV")[0])] == ["/opt/stj-audit/bin"]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    everything, *allowed = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]
    assert everything == "*"
    sources = [source for source, _ in copied(BUILD)]
    assert all((ROOT / source).exists() for source in sources)
    assert sorted(line.removeprefix("!") for line in allowed if line.startswith("!")) == sorted(sources)
    assert not [line for line in allowed if line.startswith("!") and "*" in line]


@pytest.mark.process
@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or shutil.which("useradd") is None,
    reason="NOT TESTED: the user of the image, which takes root and useradd",
)
def test_the_user_of_the_image_is_made_and_has_its_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        (tmp_path / "etc" / name).touch()
    [script] = FINAL.all("RUN")
    here = re.sub(r"\b(groupadd|useradd) ", rf"\1 --prefix {tmp_path} ", script).replace("/work", str(tmp_path / "work"))
    assert run_step(here, cwd=tmp_path, environment={"PATH": os.environ["PATH"]}).returncode == 0
    made = (tmp_path / "etc/passwd").read_text(encoding="utf-8").split(":")
    assert f"{made[2]}:{made[3]}" == FINAL.all("USER")[0]
    folder = (tmp_path / FINAL.all("WORKDIR")[0].strip("/")).stat()
    assert f"{folder.st_uid}:{folder.st_gid}" == FINAL.all("USER")[0]


@pytest.mark.process
def test_what_the_image_runs_answers(installed: Path, tmp_path: Path) -> None:
    [entry] = json.loads(FINAL.all("ENTRYPOINT")[0])
    arguments = json.loads(FINAL.all("CMD")[0])
    ran = subprocess.run(
        [entry, *arguments],
        cwd=tmp_path,
        env={"PATH": f"{installed}/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Usage: stj-audit" in ran.stdout


def test_the_line_that_runs_the_image_is_one_of_the_command() -> None:
    _, run = blocks(PAGE, "A container", "bash")[0].replace("\\\n", " ").splitlines()
    words = shlex.split(run)
    command = words[words.index("stj-audit") + 1 :]
    assert cli.commands[command[0]].make_context(command[0], command[1:]).params["reports"] == ("run.json",)
    assert words[:3] == ["docker", "run", "--rm"]


# ------------------------------------------------------------------------------------------------------------ schedules


@pytest.fixture(scope="module")
def live() -> Iterator[dict[str, str]]:
    with an_engine_with_orders() as variables:
        yield variables


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def place(installed: Path, mail: MailServer, tmp_path: Path) -> Path:
    """A folder with the command and its configuration."""
    (tmp_path / "bin").symlink_to(installed / "bin")
    (tmp_path / "stj-audit.toml").write_text(CONFIG.format(port=mail.port), encoding="utf-8")
    return tmp_path


def runs_in(folder: Path) -> list[Path]:
    return list((folder / "runs").rglob("*.json"))


def test_schedules_are_off_the_hour_and_not_on_the_first() -> None:
    """The first is in the month before in UTC, by which mails are counted, where the day begins early; the hour is when all others come."""
    [crontab] = blocks(PAGE, "cron", "cron")
    [workflow] = blocks(PAGE, "GitHub Actions", "yaml")
    events = loaded(DEPLOY / "template.yaml")["Resources"]["Function"]["Properties"]["Events"]
    _, timer = blocks(PAGE, "systemd", "ini")
    assert re.findall(r"^17 6 2 \* \* ", crontab, flags=re.MULTILINE)
    assert re.findall(r'cron: "17 6 2 \* \* *"', workflow)
    assert events["Monthly"]["Properties"]["ScheduleExpression"] == "cron(17 6 2 * ? *)"
    assert "\nOnCalendar=*-*-02 06:17:00\n" in timer


class Cron:
    """What cron does with a crontab of one line, as far as this one needs it."""

    def __init__(self, place: Path, live: dict[str, str]) -> None:
        [crontab] = blocks(PAGE, "cron", "cron")
        *variables, line = crontab.splitlines()
        self.variables = dict(one.split("=", 1) for one in variables)
        self.command = line.split(maxsplit=5)[5].replace("/srv/stj-audit", str(place))
        self._environment = {"HOME": str(place), "PATH": "/usr/bin:/bin", **self.variables, **live}

    def start(self, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["/bin/sh", "-c", self.command],
            env={**self._environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.process
@pytest.mark.dynamodb_local
@pytest.mark.skipif(shutil.which("flock") is None, reason="NOT TESTED: the crontab, which takes flock of util-linux")
def test_cron_started_twice_audits_and_mails_once(place: Path, live: dict[str, str], mail: MailServer) -> None:
    cron = Cron(place, live)
    assert "%" not in cron.command  # cron makes a line break of it
    assert {"MAILTO", "AWS_REGION"} == set(cron.variables)
    both = [cron.start(), cron.start()]
    assert [ended(one) for one in both] == [(0, "", ""), (0, "", "")]  # cron mails whatever is said
    assert len(runs_in(place / "history")) == 1
    [(sender, recipients, _)] = mail.got
    assert (sender, recipients) == ("audits@example.com", ("team@example.com",))
    assert "orders" in (place / "report.txt").read_text(encoding="utf-8")

    assert ended(cron.start()) == (0, "", "")  # later: audited again, and this month's mail was sent
    assert (len(runs_in(place / "history")), len(mail.got)) == (2, 1)

    code, out, err = ended(cron.start(STJ_AUDIT_ENDPOINT_URL="http://127.0.0.1:9", STJ_AUDIT_MAX_ATTEMPTS="1"))
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("error: ")
    assert len(mail.got) == 1


Unit = dict[str, list[tuple[str, str]]]


def unit(text: str) -> Unit:
    """Sections of a unit, each with its settings in order; some are given more than once."""
    found: Unit = {}
    for line in text.splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = section = []
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.append((key, value))
    return found


SERVICE_TEXT, TIMER_TEXT = blocks(PAGE, "systemd", "ini")
SERVICE, TIMER = unit(SERVICE_TEXT), unit(TIMER_TEXT)


def commands_of(service: Unit) -> list[str]:
    return [value for key, value in service["Service"] if key == "ExecStart"]


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_service_does_what_it_starts(place: Path, live: dict[str, str], mail: MailServer) -> None:
    settings = dict(SERVICE["Service"])
    state = place / "state"
    state.mkdir()

    def here(text: str) -> str:
        for folder, instead in (
            ("/opt/stj-audit", place),
            ("/etc/stj-audit", place),
            (f"/var/lib/{settings['StateDirectory']}", state),
        ):
            text = text.replace(folder, str(instead))
        return text

    assert here(settings["WorkingDirectory"]) == str(state)
    variables = dict(line.split("=", 1) for line in here(blocks(PAGE, "systemd", "bash")[1]).splitlines())
    for command in commands_of(SERVICE):
        done = subprocess.run(
            shlex.split(here(command)),
            cwd=state,
            env={"PATH": "/usr/bin:/bin", **variables, **live},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert len(runs_in(state / "history")) == 1
    assert len(mail.got) == 1
    assert {path.name for path in state.iterdir()} == {"history", "run.json"}  # nowhere else is anything written


def test_the_service_may_write_to_its_own_folder_only() -> None:
    settings = dict(SERVICE["Service"])
    assert settings["Type"] == "oneshot"
    assert settings["ProtectSystem"] == "strict"
    assert {settings[name] for name in ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateTmp")} == {"yes"}
    assert settings["WorkingDirectory"] == f"/var/lib/{settings['StateDirectory']}"
    assert "ReadWritePaths" not in settings
    assert dict(TIMER["Timer"])["Persistent"] == "true"
    assert TIMER["Install"] == [("WantedBy", "timers.target")]


@pytest.mark.process
@NO_SYSTEMD
def test_systemd_takes_the_units(place: Path) -> None:
    units = place / "units"
    units.mkdir()
    (units / "stj-audit.service").write_text(SERVICE_TEXT.replace("/opt/stj-audit/", f"{place}/"), encoding="utf-8")
    (units / "stj-audit.timer").write_text(TIMER_TEXT, encoding="utf-8")

    def analyze(*words: str) -> Finished:
        return subprocess.run(
            ["systemd-analyze", *words],
            cwd=units,
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
            capture_output=True,
            text=True,
            check=False,
        )

    checked = analyze("verify", "stj-audit.service", "stj-audit.timer")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert analyze("calendar", dict(TIMER["Timer"])["OnCalendar"]).returncode == 0
    (units / "stj-audit.service").write_text(SERVICE_TEXT.replace("PrivateTmp", "PrivatTmp"), encoding="utf-8")
    assert "PrivatTmp" in analyze("verify", "stj-audit.service").stderr  # that it looks


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_workflow_does_what_it_runs(installed: Path, place: Path, live: dict[str, str], mail: MailServer) -> None:
    [text] = blocks(PAGE, "GitHub Actions", "yaml")
    workflow = yaml.safe_load(text)
    [job] = workflow["jobs"].values()
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}
    assert [one["uses"].partition("@")[0] for one in job["steps"] if "uses" in one] == [
        "actions/checkout",
        "actions/setup-python",
        "aws-actions/configure-aws-credentials",
    ]
    assert job["env"]["STJ_AUDIT_HISTORY"].startswith("s3://")
    install, *scripts = [one["run"] for one in job["steps"] if "run" in one]
    assert install == INSTALL_COMMAND
    summary = place / "summary.md"
    variables = {
        "PATH": f"{installed}/bin:/usr/bin:/bin",
        "GITHUB_STEP_SUMMARY": str(summary),
        "STJ_AUDIT_HISTORY": str(place / "kept"),
    }
    for script in scripts:
        done = run_step(script, cwd=place, environment=live | variables)
        assert done.returncode == 0
    assert len(runs_in(place / "kept")) == 1
    assert len(mail.got) == 1
    assert "orders" in summary.read_text(encoding="utf-8")


def test_all_are_installed_in_one_way() -> None:
    """As the action of this repository installs it, which is tested there."""
    assert set(re.findall(r"pip install .*", PAGE)) == {INSTALL_COMMAND}
    for section, folder in (("cron", "/srv/stj-audit"), ("systemd", "/opt/stj-audit")):
        make, install, *_ = blocks(PAGE, section, "bash")[0].splitlines()
        assert make == f"python3 -m venv {folder}"
        assert install == f"{folder}/bin/{INSTALL_COMMAND}"


def options_in(command: str) -> dict[str, Any]:
    words = shlex.split(command.replace("\\\n", " "))
    return {word: words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("--")}


def test_the_stack_is_made_of_what_is_there() -> None:
    parameters = loaded(DEPLOY / "template.yaml")["Parameters"]
    deploy, invoke = blocks(PAGE, "AWS Lambda", "bash")
    build, package, make_stack = re.split(r"\n(?=aws )", deploy.strip())
    assert (ROOT / options_in(package)["--template-file"]).is_file()
    assert options_in(package)["--output-template-file"] == options_in(make_stack)["--template-file"]
    words = shlex.split(make_stack.replace("\\\n", " "))
    given = words[words.index("--parameter-overrides") + 1 :]
    assert {one.split("=")[0] for one in given} <= set(parameters)
    assert options_in(make_stack)["--capabilities"] == "CAPABILITY_IAM"  # for the role; and for the transform:
    assert "CAPABILITY_AUTO_EXPAND" in words
    [target] = re.findall(r"^make (\w+)", build)
    [recipe] = re.findall(rf"^{target}:.*\n\t(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    script, out = recipe.split()[1:]
    assert (ROOT / script).is_file()
    code = loaded(DEPLOY / "template.yaml")["Resources"]["Function"]["Properties"]["CodeUri"]
    assert (DEPLOY / code).resolve() == ROOT / out
    assert re.findall(r"OutputKey=='(\w+)'", invoke) == ["FunctionName"]
    assert json.loads(options_in(invoke.splitlines()[2])["--payload"]) == {}
    table = [line for line in PAGE.split("## AWS Lambda")[1].split("\n## ")[0].splitlines() if line.startswith("| `")]
    told = {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == set(parameters)


BY_HAND = blocks(PAGE, "The first, by hand", "bash")[0].splitlines()
SETTINGS = blocks(PAGE, "The first, by hand", "toml")[0]


def test_the_readme_has_the_blocks_of_the_page() -> None:
    for kind, section in (("bash", "The first, by hand"), ("toml", "The first, by hand"), ("cron", "cron")):
        assert blocks(README, "Every month", kind) == blocks(PAGE, section, kind)


def test_what_goes_into_a_configuration_is_one(tmp_path: Path) -> None:
    path = tmp_path / "stj-audit.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    config = load_config(path)
    assert (config.email.name, config.email.period, config.history.path) == ("prod", "month", "s3://my-audits/dynamodb")


@pytest.mark.process
@pytest.mark.dynamodb_local
def test_the_first_by_hand(installed: Path, live: dict[str, str], mail: MailServer, tmp_path: Path) -> None:
    install, init, *lines = BY_HAND
    assert install == INSTALL_COMMAND
    variables = {"PATH": f"{installed}/bin:/usr/bin:/bin", **live}

    def run(line: str) -> str:
        done = run_step(line, cwd=tmp_path, environment=variables)
        assert done.returncode == 0
        return done.stdout

    run(init)
    with (tmp_path / "stj-audit.toml").open("a", encoding="utf-8") as file:
        server = f'smtp = {{ host = "localhost", port = {mail.port}, starttls = false }}\n'
        file.write("\n" + SETTINGS.replace("s3://my-audits/dynamodb", "history") + server)
    doctor, audit, look, send = lines
    assert "mail: the mail server" in run(doctor)
    run(audit)
    assert "nothing was sent" in run(look)
    assert mail.got == []
    assert (tmp_path / "mail.eml").read_text(encoding="utf-8").startswith("From: DynamoDB audits <audits@example.com>")
    run(send)
    assert len(mail.got) == 1
    assert "was sent on" in run(send)
    assert len(mail.got) == 1
