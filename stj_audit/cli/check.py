"""`check`: an audit as a gate, of live tables, of templates before they are deployed, or of a saved run."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.history import find_history, keep
from stj_audit.cli.inputs import read_baseline, read_config, read_run, refuse, tell_ignores_from_above, today
from stj_audit.cli.interrupts import held_back
from stj_audit.cli.limits import before_audit, start_clock
from stj_audit.cli.outputs import anchored, audited, check_apart, deliver, destinations, exit_code, find_anchor, new_baseline, told
from stj_audit.cli.prices import price_region, prices_of, warn_of_old_prices
from stj_audit.cli.requests import item_size_lines, judging, places
from stj_audit.cli.terminal import printable
from stj_audit.options import (
    SCAN_OPTIONS,
    TIMEOUT_OPTION,
    FilePath,
    aws_options_of_several_regions,
    check_options,
    config_options,
    judging_options,
    output_options,
    price_options,
    scan_options,
    source_option,
    template_options,
    timeout_option,
)

if TYPE_CHECKING:
    from stj_audit.config import Config
    from stj_audit.gate import GateTerms
    from stj_audit.pipeline import Request
    from stj_audit.report import Report

ROLE_OPTIONS = {"role_arn": "--role-arn", "external_id": "--external-id"}
HISTORY_OPTIONS = {"history": "--history", "keep": "--keep"}
# There is no table to read with --template
LIVE_OPTIONS = SCAN_OPTIONS | TIMEOUT_OPTION | ROLE_OPTIONS | HISTORY_OPTIONS | {"inconclusive": "--inconclusive"}
# With --from nothing is read
OPTIONS_OF_READING = {
    "profile": "--profile",
    "regions": "--region",
    "endpoint_url": "--endpoint-url",
    "max_attempts": "--max-attempts",
    **ROLE_OPTIONS,
    **SCAN_OPTIONS,
    **TIMEOUT_OPTION,
}


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@source_option(
    "--from",
    "run_path",
    type=FilePath(dir_okay=False),
    metavar="RUN.json",
    help="Judge a saved run again instead, on these options and at its prices unless --prices bundled; no AWS call.",
)
@template_options
@check_options
@scan_options
@timeout_option
@aws_options_of_several_regions
@config_options
@judging_options
@price_options
@output_options
@click.pass_context
def check(ctx: click.Context, /, tables: tuple[str, ...], **settings: Any) -> None:
    """
    Fail a build for an oversized item or a bad finding: the audit of `run`, held against a gate.

    One item above --fail-item-size is proof, however few were read; that there is none is known only when every item was read. So --scan full
    answers for a table of any size, and a sample does not pass unless --inconclusive pass says so.

    [[ignore]] in the configuration and --baseline accept findings, until they expire or get worse. They never accept an item above
    --fail-item-size: where such items are meant to be, give a higher one.

    With --template it is a design that is judged, before it is deployed and without a call to AWS: keys, indexes, backups, capacity, and with
    the items and patterns of stj-audit.toml what it costs at any user count. TABLE is then a name, or the logical id.

    With --from a run file that `run` or `check` wrote is judged by the options and the configuration of this command line; those of that
    run are not taken over. Every age is that of the run, and only an ignore that has expired since does not hold any more.

    \b
    Exit codes:
      0   every item was read and none is above --fail-item-size, and no finding is at or above --fail-on
      1   the audit failed: no credentials, not reachable, no such table
      2   wrong command line or configuration
      3   an item is above --fail-item-size, or a finding at or above --fail-on
      4   not known: no such item was seen, but not every item either, or a table could not be looked at at all, or it
          changed by more than 5 % while it was read, or --timeout was over; with --strict, anything that could not be
          checked
      130 interrupted; what was read is in the run file, where --report json=PATH asks for one
    """
    from stj_audit.pipeline import Request

    _check_source(ctx, settings)
    start_clock(settings)
    reports = before_audit(settings, "it was known whether the reports can be written", destinations, settings["reports"], settings)
    outputs = [*reports, *new_baseline(settings)]
    check_apart(outputs, settings)
    config = read_config(settings)
    tell_ignores_from_above(config, settings)
    anchor = find_anchor(outputs, config, settings, declared=bool(settings["templates"]) or settings["run_path"] is not None)
    gate = _gate(settings, config)
    is_live = not settings["templates"] and settings["run_path"] is None
    kept = "it was known where runs are kept"
    history = before_audit(settings, kept, find_history, settings, config) if is_live else None
    request = Request(
        patterns=tables,
        config=config,
        baseline=read_baseline(settings),
        gate=gate,
        **places(settings),
        **judging(settings, config),
    )
    if settings["templates"]:
        report = _design_report(request, settings)
    elif settings["run_path"] is not None:
        report = _judged_again(ctx, request, settings)
    else:
        report = audited(request, outputs, settings)
    with held_back():
        report = anchored(report, anchor)
        if history is not None:
            report = history.remembered(report, settings)
        failures = deliver(report, outputs, settings, terse=True)
        warn_of_old_prices(report.costs.prices, config, settings)
        _tell_gate(report, settings)
        told([*failures, *keep(history, report, settings)])
    sys.exit(exit_code(report))


def _check_source(ctx: click.Context, settings: dict[str, Any]) -> None:
    """Live tables, templates or a saved run: each with the options that go with it. Raises UsageError."""
    if settings["templates"] and settings["run_path"] is not None:
        raise click.UsageError("give --template or --from, not both")
    if settings["require_template"] and not settings["templates"]:
        raise click.UsageError("give --template: --require-template looks at no live tables and no saved run")
    if settings["parameters"] and not settings["templates"]:
        raise click.UsageError("--parameter is of a template: give --template too")
    if settings["run_path"] is not None:
        refuse(ctx, OPTIONS_OF_READING, "says how tables are read, and --from reads none")
        refuse(ctx, HISTORY_OPTIONS, "is for audits, and the run of --from is one that was made already")
        if settings["prices"] == "live" and ctx.get_parameter_source("prices") is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("--prices live asks AWS, and --from makes no AWS call: leave it out for the prices of the run")
    if settings["templates"]:
        refuse(ctx, LIVE_OPTIONS, "is for live tables, not for --template")


def _gate(settings: dict[str, Any], config: "Config") -> "GateTerms":
    """What `check` is held against: the items too, at the warn line unless another is given or they are off."""
    from stj_audit.gate import GateTerms

    line = settings["fail_item_size"]
    if line is None:
        line = item_size_lines(settings, config).warn_bytes
    return GateTerms(
        fail_on=settings["fail_on"],
        fail_item_size=line or None,
        inconclusive=settings["inconclusive"],
        strict=settings["strict"],
        every_table=True,
    )


def _design_report(request: "Request", settings: dict[str, Any]) -> "Report":
    from stj_audit.before_deployment import DesignRequest, audit_design
    from stj_audit.declared.source import read_source

    sources = [read_source(path) for path in settings["templates"]]
    config = request.config
    hint = "give --region, or `region` in the [model] of stj-audit.toml"
    region = price_region(settings["templates"][0], settings["regions"], config.model.region, hint)
    prices = prices_of(region, settings, config)
    design = DesignRequest(audit=request, sources=sources, parameters=dict(settings["parameters"]), prices=prices)
    report = _from_root(audit_design(design))
    for note in () if settings["quiet"] else report.audit.notes or ():
        click.echo(printable(f"note: {note}"), err=True)
    if not prices.prices and not settings["quiet"]:  # no call fails for a region that there is not
        click.echo(printable(f"warning: no prices are known for {region}, so nothing is priced: check --region"), err=True)
    return report


def _from_root(report: "Report") -> "Report":
    """The report with the paths of templates told as those of other files that findings point at."""
    from dataclasses import replace
    from pathlib import Path

    from stj_audit.anchors import root_folder, told_path

    root = root_folder(os.environ, Path.cwd())
    sources = {table: replace(one, path=told_path(Path(one.path), root)) for table, one in report.sources.items()}
    return replace(report, sources=sources)


def _judged_again(ctx: click.Context, request: "Request", settings: dict[str, Any]) -> "Report":
    """The report of --from, on the terms of this command line."""
    from msgspec import UNSET

    from stj_audit.again import ASKS_ANEW, gate_as_it_is, judge_again

    path = settings["run_path"]
    saved, origin = read_run(path), str(path)
    if saved.facts is UNSET:
        defaults = (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)
        asked = [words for name, words in ASKS_ANEW.items() if ctx.get_parameter_source(name) not in defaults]
        return gate_as_it_is(saved, request.gate, request.config, origin=origin, asked=asked)
    return judge_again(saved, request, origin=origin, today=today(), new_prices=settings["prices"] == "bundled")


def _tell_gate(report: "Report", settings: dict[str, Any]) -> None:
    """How the gate came out, on stderr, where stdout does not tell it to a person."""
    from stj_audit.render.gate import summary

    if report.gate is not None and settings["format_"] != "table" and not settings["quiet"]:
        click.echo(printable(summary(report, report.gate)), err=True)
