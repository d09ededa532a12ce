"""Running the command as a user does: in a process of its own, with an environment that leads nowhere by itself."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.copied_process import SIZE

INSTALLED = Path(sys.executable).with_name("stj-audit")  # what `pip install` has made
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TIMEOUT_SECONDS = 120
ROOM_BYTES = 9_000
COPIED = 2  # processes that are copied in turn: strings hash otherwise in each, so an order that depends on it is seen
READ_BY_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "TZ", "STJ_AUDIT_FOLD")  # or while stj_audit is imported


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def stj_audit(*arguments: str | Path, cwd: Path, keys: bool = True, **environment: str) -> Ran:
    """
    Run `stj-audit ARGUMENTS` in `cwd`, with made-up AWS keys unless `keys` is false, and nothing of the user's own AWS settings.

    Each command is started anew at first, and then from a process that has imported it: importing is more than half of what most take.
    """
    words, whole = list(map(str, arguments)), _isolated(cwd) | (KEYS if keys else {}) | environment
    special = any(name.startswith(READ_BY_THE_INTERPRETER) for name in environment)
    if special or words[:1] not in _started or not hasattr(os, "fork"):
        _started.append(words[:1])
        return _anew([sys.executable, "-m", "stj_audit", *words], cwd, whole)
    return _one_that_is_copied(whole).run(words, cwd, whole)


def stj_audit_on_full_disk(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    """The same where no file can get larger than ROOM_BYTES; it takes POSIX."""
    whole = _isolated(cwd) | KEYS | environment
    return _one_that_is_copied(whole).run(list(map(str, arguments)), cwd, whole, file_bytes=ROOM_BYTES)


def installed_stj_audit(*arguments: str | Path, cwd: Path) -> Ran:
    """The same by the very file that was installed."""
    return _anew([INSTALLED, *arguments], cwd, _isolated(cwd) | KEYS)


def _isolated(cwd: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "STJ_AUDIT_", "HTTP_", "HTTPS_", "NO_COLOR", "GITHUB_"))
    }
    isolated = {
        "HOME": str(cwd),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(cwd / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(cwd / "no-aws-credentials"),
        "PYTHONWARNINGS": "default",
    }
    return kept | isolated


def _anew(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> Ran:
    finished = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Ran(code=finished.returncode, out=finished.stdout, err=finished.stderr)


# ------------------------------------------------------------------------------------------------------ from a copy


class _Copied:
    """A process that has imported everything, and is copied for each command."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._requests, its_end = socket.socketpair()
        with its_end:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("copied_process.py")), str(its_end.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its_end.fileno()],
                start_new_session=True,
            )
        self._requests.settimeout(TIMEOUT_SECONDS)
        atexit.register(self.close)

    def run(self, words: list[str], cwd: Path, environment: Mapping[str, str], *, file_bytes: int | None = None) -> Ran:
        told = {"arguments": words, "folder": str(cwd), "environment": dict(environment), "file_bytes": file_bytes}
        request = json.dumps(told).encode()
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        with (
            os.fdopen(out, encoding="utf-8") as out_text,
            os.fdopen(err, encoding="utf-8") as err_text,
            ThreadPoolExecutor(2) as reading,
        ):
            try:
                socket.send_fds(self._requests, [SIZE.pack(len(request))], [its_out, its_err])
            finally:
                os.close(its_out)
                os.close(its_err)
            texts = [reading.submit(text.read) for text in (out_text, err_text)]
            try:
                self._requests.sendall(request)
                code = SIZE.unpack(self._requests.recv(SIZE.size, socket.MSG_WAITALL))[0]
            except TimeoutError:
                os.killpg(self._process.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, TIMEOUT_SECONDS) from None
            return Ran(code=code, out=texts[0].result(), err=texts[1].result())

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


def _one_that_is_copied(environment: Mapping[str, str]) -> _Copied:
    if len(_copied) < COPIED:
        _copied.append(_Copied(environment))
    return _copied[next(_turns) % COPIED]


_started: list[list[str]] = []
_copied: list[_Copied] = []
_turns = count()
