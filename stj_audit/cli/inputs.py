"""What commands read before they begin: files that the command line names, and the date."""

from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.terminal import printable
from stj_audit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from stj_audit.baseline import Baseline
    from stj_audit.config import Config
    from stj_audit.report import Report


def read_config(settings: dict[str, Any]) -> "Config":
    from stj_audit.config import load_config

    path = config_file(settings)
    if path is not None and settings["verbose"]:
        click.echo(f"configuration: {path}", err=True)
    return load_config(path)


def config_file(settings: dict[str, Any]) -> "Path | None":
    """The configuration that is given, else the one that is found; None: there is none, or none is to be used. Raises UsageError."""
    from pathlib import Path

    from stj_audit.config import find_config

    given: Path | None = settings["config_path"]
    if not settings["no_config"]:
        return given or find_config(Path.cwd())
    # One command may leave out what the environment says to all
    is_said_here = click.get_current_context().get_parameter_source("config_path") is click.core.ParameterSource.COMMANDLINE
    if given is not None and is_said_here:
        raise click.UsageError("give --config or --no-config, not both")
    return None


def tell_ignores_from_above(config: "Config", settings: dict[str, Any]) -> None:
    """Name a configuration that was found in a folder above and accepts findings: who looks at this folder alone does not see it."""
    from pathlib import Path

    if settings["config_path"] is not None or config.path is None or not config.ignore or settings["quiet"]:
        return
    if Path(config.path).resolve().parent != Path.cwd().resolve():
        click.echo(printable(f"note: the [[ignore]] of {config.path} hold: it was found above this folder"), err=True)


def read_baseline(settings: dict[str, Any]) -> "Baseline | None":
    from stj_audit.baseline import WRITE_ONE, from_json

    path = settings["baseline_path"]
    return None if path is None else from_json(read_file(path, hint=WRITE_ONE), origin=str(path))


def refuse(ctx: click.Context, options: "Mapping[str, str]", why: str) -> None:
    """Raise UsageError, "--scan " and `why`, for the first of `options` (by parameter, in the user's words) on the command line."""
    for name, words in options.items():
        if name in ctx.params and ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{words} {why}")


def read_file(path: "Path", *, hint: str = "give a file written by --report json=PATH") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=hint) from error


def read_run(path: "Path") -> "Report":
    """A run file; where that is wrong, it is told in which."""
    from stj_audit.report import from_json

    try:
        return from_json(read_file(path))
    except ConfigError as error:
        words = str(error)
        raise ConfigError(words if str(path) in words else f"{path}: {words}", hint=error.hint) from error


def today() -> "date":
    from datetime import UTC, datetime

    return datetime.now(UTC).date()
