"""
The function for AWS Lambda: `stj-audit run`, then `stj-audit send`, as a schedule starts them.

Both are the commands themselves, so that what is true of them is true here: STJ_AUDIT_ variables are their options, and stj-audit.toml is
found in the package. What is different is that STJ_AUDIT_CONFIG may be s3://bucket/key, and that tables are named by the event, which may
have {"tables": ["orders*"]}; without it every table of the region is audited.
"""

import contextlib
import gc
import io
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import botocore
import click

from stj_audit.cli.entry import GARBAGE_AFTER, cli, frames
from stj_audit.cli.send import check_mail
from stj_audit.config import FILE_NAME, find_config, load_config
from stj_audit.deliver.stores import SCHEME, Unreadable, open_store
from stj_audit.errors import AuditError, ConfigError
from stj_audit.history import name_of
from stj_audit.refusals import never_swallowed
from stj_audit.report import from_json

OLDEST_BOTOCORE = (1, 40)  # as in pyproject.toml; the one that Lambda brings is used where the package has none
CONFIG, REPORT, TIMEOUT = "STJ_AUDIT_CONFIG", "STJ_AUDIT_REPORT", "STJ_AUDIT_TIMEOUT"
MARGIN_SECONDS = (
    60  # of the function's time, for what comes after reading: judging, the history, the mail; a quarter where it has little
)
SCHEDULERS = frozenset({"aws.events", "aws.scheduler"})  # `source` of what they send where a schedule has no input of its own
KEYS = frozenset({"tables"})
FROM, TO = "STJ_AUDIT_FROM", "STJ_AUDIT_TO"
NOT_CONFIGURED = "not sent: neither [email] of the configuration nor STJ_AUDIT_TO says who gets it"


class AuditFailed(Exception):
    """What Lambda is told: one sentence. Nothing that AWS's libraries said goes with it: that may quote an item or a token."""


def handler(event: object, context: object) -> dict[str, Any]:
    """
    {"grade": "B", "score": 81.2, "run": "111122223333/eu-north-1/2026/11/22T0600Z-3f9c1e.json", "exit_code": 0, "mail": "..."}

    `exit_code` is what `stj-audit run` ends with, 3 and 4 too: they are said of an audit that was made, and another one would say the same.
    `mail` is what `stj-audit send` says, or why it was not asked. Raises AuditFailed, so that a failure is tried again and told, as the
    function is set to.
    """
    try:
        done = _audit(event, context)
    except click.ClickException as error:
        failure = error.format_message()
    except AuditError as error:
        failure = f"{error} - {error.hint}" if error.hint else str(error)
    except Exception as error:  # noqa: BLE001 - the last resort, as on the command line: where it was goes to the log, without its message
        print("\n".join(frames(error)), file=sys.stderr)  # noqa: T201 - what a function prints is its log
        failure = f"stj-audit has a bug: {type(error).__name__}"
    else:
        print(json.dumps(done), file=sys.stderr)  # noqa: T201 - likewise: what a schedule started has nobody to answer to
        return done
    raise AuditFailed(failure)


def _audit(event: object, context: object) -> dict[str, Any]:
    tables = _tables(event)
    _check_botocore(botocore.__version__)
    gc.set_threshold(GARBAGE_AFTER)
    with TemporaryDirectory(prefix="stj-audit-") as folder:
        config = _config(Path(folder))
        configured = [] if config is None else [f"--config={config}"]
        run_file = Path(folder) / "run.json"
        reports = [f"--report={one}" for one in os.environ.get(REPORT, "").split()]  # as click splits it; an option takes its place
        is_mailed = load_config(config).email.is_set or os.environ.get(FROM) or os.environ.get(TO)
        if is_mailed:
            check_mail(*configured)  # an audit costs reads, and is made again when the function is tried again
        code, _ = _command("run", *reports, *_timeout(context), f"--report=json={run_file}", *configured, "--", *tables)
        report = from_json(run_file.read_bytes())
        mail = _command("send", str(run_file), *configured)[1] if is_mailed else NOT_CONFIGURED
    return {
        "grade": report.overall.grade,
        "score": report.overall.score,
        "run": name_of(report),
        "exit_code": code,
        "mail": mail.strip(),
    }


def _tables(event: object) -> tuple[str, ...]:
    """What the event names. An event that says something else is no wish for every table."""
    if event is None or (isinstance(event, dict) and event.get("source") in SCHEDULERS):
        return ()
    tables = event.get("tables", []) if isinstance(event, dict) and set(event) <= KEYS else None
    if not isinstance(tables, list) or not all(isinstance(one, str) and one for one in tables):
        raise ConfigError("the event is not understood", hint='send {} for every table, or {"tables": ["orders*"]}')
    return tuple(tables)


def _timeout(context: object) -> list[str]:
    """--timeout, so that what was read is judged, kept and mailed before Lambda ends the function; nothing where a variable says it."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    if os.environ.get(TIMEOUT) or left is None:
        return []
    seconds = left() / 1_000
    return [f"--timeout={max(1, int(seconds - min(MARGIN_SECONDS, seconds / 4)))}"]


def _check_botocore(version: str) -> None:
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < OLDEST_BOTOCORE:
        raise ConfigError(
            f"this runtime has botocore {version}, and {'.'.join(map(str, OLDEST_BOTOCORE))} is the oldest that stj-audit works with",
            hint="build the package with --with-boto3",
        )


def _config(folder: Path) -> Path | None:
    """The configuration: a copy in `folder` of that in S3, which is read with the function's own role, else a file in the package."""
    where = os.environ.get(CONFIG, "")
    if not where.startswith(SCHEME):
        return Path(where) if where else find_config(Path.cwd())
    place, _, name = where.rpartition("/")
    try:
        content = open_store(place, writes=False).read(name)
    except Unreadable as error:
        raise ConfigError(f"cannot read {where}: {error}", hint=f"put it there, or set {CONFIG} to another place") from error
    path = folder / FILE_NAME
    path.write_bytes(content)
    return path


def _command(*arguments: str) -> tuple[int, str]:
    """Exit code and stdout of a command; what it says on stderr goes to the log."""
    shown = io.StringIO()
    with never_swallowed(), contextlib.redirect_stdout(shown):
        try:
            cli.main(list(arguments), prog_name="stj-audit", standalone_mode=False)
        except SystemExit as ended:
            return int(ended.code or 0), shown.getvalue()
    return 0, shown.getvalue()
