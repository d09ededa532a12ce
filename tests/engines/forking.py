"""
The command as a process of its own, quickly: a process that has imported everything forks for each call.

What differs from `tests.commands.stj_audit` is what was imported before; environment, folder, exit code and outputs are those of a process.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.commands import Ran

ROOT = Path(__file__).parent.parent.parent
MOST_SECONDS = 60
ROOM_BYTES = 9_000

_SERVER = """
import json, os, resource, signal, sys, traceback
import boto3, botocore.session, moto  # moto is what pytest has loaded too
from stj_audit import demo, pipeline, render
from stj_audit.cli import cli, entry
import stj_audit.cli.outputs, stj_audit.deliver.history, stj_audit.deliver.objects

def child(told):
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(told["folder"] + "/" + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["cwd"])
    sys.argv = ["stj-audit", *told["arguments"]]
    if told["file_bytes"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["file_bytes"], told["file_bytes"]))
    signal.alarm(told["most_seconds"])
    entry.main()

for line in sys.stdin:
    told = json.loads(line)
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            child(told)
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush(); sys.stderr.flush()
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class Forking:
    """Runs `stj-audit` with an environment in which nothing but what is given leads anywhere."""

    def __init__(self, server: "subprocess.Popen[str]", folder: Path) -> None:
        self._server = server
        self._folder = folder

    def __call__(self, *arguments: str | Path, cwd: Path, **environment: str) -> Ran:
        return self._run(arguments, cwd, environment)

    def on_full_disk(self, *arguments: str | Path, cwd: Path, **environment: str) -> Ran:
        """No file can get larger than `ROOM_BYTES`."""
        return self._run(arguments, cwd, environment, file_bytes=ROOM_BYTES)

    def _run(self, arguments: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], *, file_bytes: int = 0) -> Ran:
        isolated = {
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(cwd / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(cwd / "aws-credentials"),
        }
        told = {
            "arguments": [str(one) for one in arguments],
            "environment": {**isolated, **environment},
            "cwd": str(cwd),
            "folder": str(self._folder),
            "file_bytes": file_bytes,
            "most_seconds": MOST_SECONDS,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        out, err = ((self._folder / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return Ran(code=code, out=out, err=err)


@contextmanager
def forking() -> Iterator[Forking]:
    with (
        tempfile.TemporaryDirectory(prefix="stj-audit-test-") as folder,
        subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STJ_AUDIT_", "GITHUB_"))},
        ) as server,
    ):
        yield Forking(server, Path(folder))
        assert server.stdin is not None
        server.stdin.close()
