"""What is printed: results to stdout, all else to stderr."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from stj_audit.errors import CannotWrite


def print_text(text: str) -> None:
    """To stdout, at once, so that a full disk behind it is told as such."""
    try:
        click.echo(text, nl=not text.endswith("\n"), color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        close_stdout()
        raise CannotWrite(f"cannot write to standard output: {error.strerror}", hint="make room, or use --report") from error


def print_json(answer: object) -> None:
    import json

    click.echo(json.dumps(answer, indent=2))


def close_stdout() -> None:
    """Whatever is still unwritten goes nowhere: Python must not try again, and complain, when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_color(choice: str) -> bool:
    # NOTE: click does not know NO_COLOR (https://no-color.org).
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def printable(text: str) -> str:
    """Whatever is in a path or an error text, it does not reach the terminal as a control character."""
    return "".join(character if character.isprintable() else "?" for character in text)


def progress(settings: dict[str, Any]) -> Callable[[str, int, int], None] | None:
    if settings["no_progress"] or settings["quiet"] or not sys.stderr.isatty():
        return None

    def show(what: str, done: int, of: int) -> None:
        line = f"{done:,} of {of:,} {what}"
        click.echo(f"\r\x1b[K{line}" if done < of else "\r\x1b[K", nl=False, err=True)

    return show


def teller(settings: dict[str, Any]) -> Callable[[str], None] | None:
    return None if settings["quiet"] else lambda sentence: click.echo(sentence, err=True)
