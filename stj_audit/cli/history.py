"""Where `run` and `check` keep runs, and what they remember of earlier ones."""

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from stj_audit.cli.limits import storing
from stj_audit.cli.terminal import printable
from stj_audit.errors import ConfigError, UnusableHistory

if TYPE_CHECKING:
    from stj_audit.config import Config
    from stj_audit.deliver.stores import Folder, Store
    from stj_audit.report import Report


class History(NamedTuple):  # dataclasses would be imported for --help
    """Where runs are kept; `most` is how many of an account and region, None: all."""

    store: "Store"
    most: int | None

    def remembered(self, report: "Report", settings: dict[str, Any]) -> "Report":
        """The report with the trend up to it. Where earlier runs cannot be read, that is said in the trend."""
        from dataclasses import replace

        from stj_audit.deliver.history import earlier
        from stj_audit.history import summary
        from stj_audit.trend import trend

        try:
            runs, notes = storing(settings, self.store, UnusableHistory, earlier, self.store, report)
        except UnusableHistory as error:
            runs, notes = [], [str(error)]
        return replace(report, trend=trend(runs, summary(report), notes=notes))

    def keep(self, report: "Report", settings: dict[str, Any]) -> None:
        """Raises UnusableHistory."""
        from functools import partial

        from stj_audit.deliver.history import keep_run

        name = storing(settings, self.store, UnusableHistory, partial(keep_run, most=self.most), self.store, report)
        if not settings["quiet"]:
            click.echo(printable(f"kept {self.store}/{name}"), err=True)


def keep(history: History | None, report: "Report", settings: dict[str, Any]) -> list[UnusableHistory]:
    """Keep the run where runs are kept; what went wrong with it, to be raised when all the rest is done."""
    try:
        if history is not None:
            history.keep(report, settings)
    except UnusableHistory as error:
        return [error]
    return []


def find_history(settings: dict[str, Any], config: "Config") -> History | None:
    """
    As the command line says, else the configuration; None where no run is kept. Nothing is read yet.

    Raises ConfigError, and UnusableHistory for a folder that cannot be written to.
    """
    from stj_audit.deliver.stores import SCHEME, Folder, open_store

    where = history_place(settings, config)
    most = settings["keep"] if settings["keep"] is not None else config.history.keep
    if where is None:
        if settings["keep"] is not None:
            raise ConfigError("--keep says how many runs stay, and none are kept", hint="give --history DIR too")
        return None
    if most is not None and where.startswith(SCHEME):
        raise ConfigError(
            "how many runs stay in a bucket is for its lifecycle rules to say; nothing is removed from S3",
            hint="leave out --keep and `keep` of [history], and let a lifecycle rule expire `runs/` and `summary/`",
        )
    region = settings["regions"][0] if settings["regions"] else None
    store = open_store(where, profile=settings["profile"], region=region, endpoint_url=settings["endpoint_url"])
    if isinstance(store, Folder):
        store.check_writable()
    return History(store=store, most=most)


def folder_to_read(settings: dict[str, Any], config: "Config") -> "Folder | None":
    """The history in a folder, to read and not to write; None where there is none, or it is in S3. Raises ConfigError."""
    from stj_audit.deliver.stores import SCHEME, Folder, open_store

    where = history_place(settings, config)
    store = None if where is None or where.startswith(SCHEME) else open_store(where)
    return store if isinstance(store, Folder) else None


def history_place(settings: dict[str, Any], config: "Config") -> str | None:
    """A folder or s3://bucket/prefix, as the command line says, else the configuration."""
    return settings["history"] or _configured(config)


def _configured(config: "Config") -> str | None:
    """A folder in the configuration is seen from where that is: it is found from any folder below."""
    from pathlib import Path

    from stj_audit.deliver.stores import SCHEME

    where = config.history.path
    if where is None or where.startswith(SCHEME) or config.path is None:
        return where
    return str(Path(config.path).parent / where)
