"""What commands read before they begin: files that the command line names, and the date."""

from typing import TYPE_CHECKING, Any

import click

from stj_audit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from stj_audit.baseline import Baseline
    from stj_audit.config import Config
    from stj_audit.report import Report


def read_config(settings: dict[str, Any]) -> "Config":
    from pathlib import Path

    from stj_audit.config import find_config, load_config

    if settings["no_config"]:
        return load_config(None)
    path = settings["config_path"] or find_config(Path.cwd())
    if path is not None and settings["verbose"]:
        click.echo(f"configuration: {path}", err=True)
    return load_config(path)


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
