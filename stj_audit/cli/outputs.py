"""
From an audit to its outputs: destinations, which are known to be writable before the audit, the file that findings point at, and the exit
code.
"""

import os
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import config_file, read_file
from stj_audit.cli.interrupts import telling
from stj_audit.cli.limits import storing
from stj_audit.cli.terminal import in_color, print_text, printable, progress, teller
from stj_audit.errors import AuditError, CannotWrite, ConfigError
from stj_audit.options import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.anchors import Anchor
    from stj_audit.config import Config
    from stj_audit.pipeline import Request
    from stj_audit.report import Report

KEPT = "interrupted: the calls under way end, and what was read is written; interrupt again to end at once, without it"
BASELINE = "baseline"  # as the format of an output; it is no report
INCONCLUSIVE = 4  # exit code


def audited(request: "Request", outputs: list[Any], settings: dict[str, Any]) -> "Report":
    """The report. What was read before Ctrl-C is not lost where a run file was asked for: it is written, and nothing else is."""
    from dataclasses import replace

    from stj_audit.deliver.files import write
    from stj_audit.pipeline import Interrupted, audit
    from stj_audit.render import render as render_report

    run_files = [target for target in outputs if target.format == "json"]
    answer = KEPT if run_files and not settings["quiet"] else ""
    try:
        with telling(answer):
            return audit(replace(request, keep=bool(run_files)), on_progress=progress(settings), tell=teller(settings))
    except Interrupted as stopped:
        for target in run_files:
            storing(settings, target.path, CannotWrite, write, target, render_report(stopped.report, target.format))
            if not settings["quiet"]:
                click.echo(f"wrote {target.path}: what was read before the interrupt", err=True)
        raise


def destinations(reports: tuple[str, ...], settings: dict[str, Any]) -> list[Any]:
    """Where `reports` go, each known to be writable; those in S3 are reached by the options of `settings`, where it has such."""
    from stj_audit.deliver.files import check_writable, destination

    regions = settings.get("regions") or (None,)
    reached = {"profile": settings.get("profile"), "region": regions[0], "endpoint_url": settings.get("endpoint_url")}
    targets = [destination(text, FORMATS, **reached) for text in reports]
    for target in targets:
        check_writable(target)
    return targets


def check_apart(outputs: list[Any], settings: dict[str, Any], *, run_file: "Path | None" = None) -> None:
    """
    Raise ConfigError where an output would overwrite what the command reads, or another output. A baseline may be written over the one that
    is read: so it is brought up to date. `run_file` is one that the command takes as its argument.
    """
    config = config_file(settings) if "no_config" in settings else None
    read: list[tuple[Any, str]] = [
        (run_file, "the run file"),
        *((path, "the template") for path in settings.get("templates", ())),
        (settings.get("run_path"), "the run of --from"),
        (settings.get("baseline_path"), "the baseline"),
        (settings["sarif_anchor"], "the file of --sarif-anchor"),
        (config, "the configuration"),
    ]
    seen: list[tuple[Any, str, str]] = [(path, told, "") for path, told in read if path is not None]
    for target in outputs:
        option = "--write-baseline" if target.format == BASELINE else "--report"
        for path, told, format_ in seen:
            is_update = target.format == BASELINE and told == "the baseline"
            if not is_update and _are_one(target.path, path):
                what = f"a {format_} that is written too" if format_ else f"{told} that is read"
                raise ConfigError(f"{option} {target.path} would overwrite {what}", hint="give it another name")
        seen.append((target.path, "", BASELINE if target.format == BASELINE else "report"))


def _are_one(one: Any, other: Any) -> bool:
    """Whether two paths, or objects in S3, are the same file. To a device or a pipe several may be written, one after the other."""
    from pathlib import Path

    if not (isinstance(one, Path) and isinstance(other, Path)):
        return str(one) == str(other)
    if one.is_relative_to("/dev") or (one.exists() and not one.is_file()):
        return False
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def new_baseline(settings: dict[str, Any]) -> list[Any]:
    """Where a new baseline is to be written, found out before the audit; it is written with the reports, after it."""
    from stj_audit.deliver.files import Destination, check_writable

    path = settings["write_baseline"]
    if path is None:
        return []
    target = Destination(format=BASELINE, path=path)
    check_writable(target)
    return [target]


def deliver(report: "Report", outputs: list[Any], settings: dict[str, Any], *, terse: bool = False) -> "list[AuditError]":
    """
    Render everything first, then write: a format that fails leaves no other half-written. `terse`: table, markdown as a gate has them.

    What could not be written loses nothing else: it is given, to be raised when all the rest is done (`told`).
    """
    from stj_audit.baseline import to_json
    from stj_audit.deliver.files import write
    from stj_audit.render import render as render_report
    from stj_audit.render import render_gate

    color = in_color(settings["color"])
    if terse and settings["format_"] == "table":
        shown = render_gate(report, color=color)
    else:
        short = terse and settings["format_"] == "markdown"
        shown = render_report(report, "comment" if short else settings["format_"], color=color)
    texts = [(target, to_json(report) if target.format == BASELINE else render_report(report, target.format)) for target in outputs]
    failures: list[AuditError] = []
    written = []
    for target, text in texts:
        try:
            storing(settings, target.path, CannotWrite, write, target, text)
            written.append(target.path)
        except CannotWrite as error:
            failures.append(error)
    _summarize(report, settings)
    print_text(shown)
    if not settings["quiet"]:
        for path in written:
            click.echo(f"wrote {path}", err=True)
    return failures


def told(failures: "list[AuditError]") -> None:
    """Say what could not be written, the last by raising it."""
    for error in failures[:-1]:
        click.echo(printable(f"error: {error} - {error.hint}"), err=True)
    if failures:
        raise failures[-1]


def _summarize(report: "Report", settings: dict[str, Any]) -> None:
    """Append to the summary of a step of GitHub Actions, where there is one, and the command does so. The gate does not fail for it."""
    from pathlib import Path

    from stj_audit.deliver.step_summary import VARIABLE, append
    from stj_audit.render import render as render_report

    path = os.environ.get(VARIABLE)
    if not path or settings.get("no_step_summary", True):
        return
    warning = append(Path(path), render_report(report, "comment"))
    if warning and not settings["quiet"]:
        click.echo(printable(f"warning: {warning}"), err=True)


def find_anchor(
    outputs: list[Any], config: "Config | None", settings: dict[str, Any], *, declared: bool = False
) -> "Anchor | None":
    """
    The file that findings point at: --sarif-anchor, else the configuration. It is read before the audit. `declared`: the report will bring
    places of its own.

    Raises ConfigError where it cannot be read, or a format is asked for that needs one.
    """
    from pathlib import Path

    from stj_audit.anchors import Anchor, root_folder, told_path

    given: Path | None = settings["sarif_anchor"]
    configured = None if config is None or config.path is None else Path(config.path)
    path = configured if given is None else given
    if path is None or (given is None and not path.is_file()):  # the demo's is no file
        needed = "sarif" in {settings["format_"], *(target.format for target in outputs)}
        if needed and not declared:
            raise ConfigError(
                "sarif needs a file to point at, and there is no configuration",
                hint="give --sarif-anchor PATH: any file of the repository, at best the one that declares the tables",
            )
        return None
    text = read_file(path, hint="check the path given with --sarif-anchor").decode("utf-8", "replace")
    return Anchor(text=text, path=told_path(path, root_folder(os.environ, Path.cwd())), is_config=given is None)


def anchored(report: "Report", anchor: "Anchor | None") -> "Report":
    """The report with where its tables are declared; what it knows of that itself goes before the configuration."""
    from dataclasses import replace

    if anchor is None:
        return report
    found = anchor.sources(table.name for table in report.tables)
    return replace(report, sources={**found, **report.sources} if anchor.is_config else {**report.sources, **found})


def exit_code(report: "Report") -> int:
    if report.gate is None:
        raise AssertionError("an audit is always held against a gate")
    return report.gate.exit_code
