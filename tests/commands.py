"""Running the command as a user does: in a process of its own, with an environment that leads nowhere by itself."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TIMEOUT_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def stj_audit(*arguments: str | Path, cwd: Path, keys: bool = True, **environment: str) -> Ran:
    """Run `stj-audit ARGUMENTS` in `cwd`, with made-up AWS keys unless `keys` is false, and nothing of the user's own AWS settings."""
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
    finished = subprocess.run(
        [sys.executable, "-m", "stj_audit", *map(str, arguments)],
        cwd=cwd,
        env=kept | isolated | (KEYS if keys else {}) | environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Ran(code=finished.returncode, out=finished.stdout, err=finished.stderr)
