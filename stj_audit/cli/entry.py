"""The one way in and out: the group of all commands, the exit code, and errors in one sentence."""

import gc
import os
import re
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

import click

from stj_audit.cli.audits import demo, run
from stj_audit.cli.check import check
from stj_audit.cli.costs import cost
from stj_audit.cli.describe import doctor, iam_policy, rules, schema
from stj_audit.cli.interrupts import INTERRUPTED, listen
from stj_audit.cli.items import items
from stj_audit.cli.saved import diff, render
from stj_audit.cli.send import send
from stj_audit.cli.starting import init
from stj_audit.cli.terminal import close_stdout, printable
from stj_audit.errors import AuditError, WriteRefused
from stj_audit.refusals import REPORT_IT, refused
from stj_audit.version import __version__

GARBAGE_AFTER = (
    50_000  # objects; a run makes many and keeps most, and looking through them after every 700 takes a quarter of its time
)

LEFT_ALONE = ("stj-audit_", "scan_")  # the names of threads that read


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    commands=(check, cost, demo, diff, doctor, iam_policy, init, items, render, rules, run, schema, send),
)
@click.version_option(__version__, "-V", "--version", message="stj-audit %(version)s")
def cli() -> None:
    """
    Read DynamoDB tables without touching them: how healthy they are, what they cost, what to do first.

    Options are also environment variables, STJ_AUDIT_ and the name: STJ_AUDIT_TARGET_USERS=10000. What a command is about is not:
    --from of check and items, and --template.
    """


def main() -> NoReturn:
    """Run the command line and exit. An error is one sentence and what to do; a traceback only with -v."""
    gc.set_threshold(GARBAGE_AFTER)
    listen()
    verbose = any(re.fullmatch(r"-[a-z]*v[a-z]*|--verbose", word) for word in sys.argv[1:])
    before, told = len(refused()), None
    code: str | int | None
    try:
        code = cli.main(standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except AuditError as error:
        _show(str(error), error.hint, verbose=verbose)
        code, told = error.exit_code, error
    except BrokenPipeError:
        close_stdout()  # the reader of stdout has gone, as `| head` does: nothing more to say
        code = 0
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is reported in one sentence, and with -v in full
        notes = " ".join(getattr(error, "__notes__", ()))
        _show(
            f"stj-audit has a bug: {type(error).__name__} {notes}".rstrip(),
            "run it again with -v and report what it prints",
            verbose=verbose,
        )
        code = 1
    # Whatever caught it: a run in which the guard was needed has failed
    if refused()[before:] and not isinstance(told, WriteRefused):
        _show(refused()[before], REPORT_IT, verbose=verbose)
        code = WriteRefused.exit_code
    _leave(code)


def _leave(code: str | int | None) -> NoReturn:
    """
    Exit. Python waits for every thread first; one that was left alone when the time was over may hang for ever, so then that is not waited
    for.
    """
    if any(thread.name.startswith(LEFT_ALONE) and not thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))
    sys.exit(code)


def _show(sentence: str, hint: str, *, verbose: bool) -> None:
    if verbose:
        click.echo("\n".join(map(printable, frames(sys.exception()))), err=True)
    click.echo(printable(f"error: {sentence}" + (f" - {hint}" if hint else "")), err=True)


def frames(error: BaseException | None) -> Iterator[str]:
    """
    Where an error came from, its causes first: types, files and lines.

    The messages are left out: those of AWS's libraries quote what a service sent, and that may be an item or a token.
    """
    import traceback

    if error is None:
        return
    yield from frames(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
