"""`init`: the first stj-audit.toml."""

from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import read_config
from stj_audit.cli.requests import reading, session_options
from stj_audit.cli.terminal import print_text, printable, progress, teller
from stj_audit.errors import ConfigError
from stj_audit.options import UserCount, aws_options, config_options, option, scan_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@option("--output", default="stj-audit.toml", show_default=True, metavar="PATH", help="Where to write it; - is stdout.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@option("--users-now", type=UserCount(), help="Users today.  [default: items of [model] users_table]")
@aws_options
@config_options
@scan_options
@option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
@option("--no-progress", is_flag=True, help="No progress on a terminal.")
def init(tables: tuple[str, ...], **settings: Any) -> None:
    """
    Write a commented stj-audit.toml for tables that are there: measured sizes, indexes, and access patterns to fill in.

    Every table of the region when none is named. `stj-audit cost --model` then prices it, and `stj-audit run` holds it against what
    CloudWatch measured.
    """
    from stj_audit.pipeline import Request, gather
    from stj_audit.starter import starter

    target = _new_file(settings["output"], force=settings["force"])
    config = read_config(settings)
    request = Request(
        patterns=tables,
        aws=session_options(settings),
        config=config,
        **reading(settings),
    )
    snapshot = gather(request, on_progress=progress(settings), tell=teller(settings))
    model = config.model
    text = starter(snapshot, users_now=settings["users_now"] or model.users_now, users_table=model.users_table)
    if target is None:
        print_text(text)
        return
    _write_new(target, text, force=settings["force"])
    if not settings["quiet"]:
        from shlex import quote

        path = quote(str(target.path))
        click.echo(printable(f"wrote {target.path}: fill in the patterns, then stj-audit cost --model {path}"), err=True)


def _new_file(output: str, *, force: bool) -> Any:
    """Where to write a new file; None is stdout. Nothing is read from AWS when it cannot be written, or is there already."""
    from pathlib import Path

    from stj_audit.deliver.files import Destination, check_writable

    if output == "-":
        return None
    path = Path(output)
    target = Destination(format="toml", path=path)
    check_writable(target)
    _refuse_existing(path, force=force)
    return target


def _write_new(target: Any, text: str, *, force: bool) -> None:
    """Once more: the file may have appeared while the tables were read."""
    from stj_audit.deliver.files import write

    _refuse_existing(target.path, force=force)
    write(target, text)


def _refuse_existing(path: "Path", *, force: bool) -> None:
    if path.is_file() and not force:
        raise ConfigError(f"{path} is there already", hint="add --force to overwrite it, or write elsewhere with --output")
