"""How long it takes until the command says something."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import Effort, Measured, Skipped, milliseconds

NO_AWS_CLI = Skipped(why="the AWS CLI is not here: `pip install awscli` puts it on the PATH")


def show_help(effort: Effort) -> Measured | Skipped:
    """Wall time of whole processes, in turns."""
    aws = _aws_cli()
    if aws is None:
        return NO_AWS_CLI
    ways = {
        "rival": (str(aws), "--version"),
        "ours": _ours(),
        "click": (sys.executable, "-c", "import click"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for command in ways.values():
        _run(command)  # once before it counts, so that Python has compiled what is imported, as it has on a user's machine
    for _ in range(effort.starts):
        for name, command in ways.items():
            seconds[name].append(_run(command))
    return Measured(
        rival=milliseconds(statistics.median(seconds["rival"])),
        ours=milliseconds(statistics.median(seconds["ours"])),
        ratio=statistics.median(ours / rival for ours, rival in zip(seconds["ours"], seconds["rival"], strict=True)),
        floor=f"{milliseconds(statistics.median(seconds['click']))} for Python and click",
    )


def _ours() -> tuple[str, ...]:
    """The installed command where there is one beside this Python, as users start it."""
    command = Path(sys.executable).with_name("stj-audit")
    return (str(command), "--help") if command.exists() else (sys.executable, "-m", "stj_audit", "--help")


def _run(command: tuple[str, ...]) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL
    began = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    return time.perf_counter() - began


def _aws_cli() -> Path | None:
    """The command itself: a version manager's shim in front of it would make it look slow."""
    for folder in os.get_exec_path():
        path = Path(folder) / "aws"
        if not os.access(path, os.X_OK) or not path.is_file():
            continue
        if "pyenv" in path.read_bytes()[:400].decode("ascii", "replace"):
            found = _behind_pyenv()
            if found is not None:
                return found
            continue
        return path
    return None


def _behind_pyenv() -> Path | None:
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return None
    told = subprocess.run([pyenv, "which", "aws"], capture_output=True, text=True, check=False)
    return Path(told.stdout.strip()) if told.returncode == 0 else None
