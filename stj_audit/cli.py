"""
The command line: options, one call, echo, exit code. What is imported late is imported late so that --help is quick.

Results go to stdout, everything else to stderr. Exit codes: 0 audited, 1 the audit failed, 2 wrong command line or configuration, 130
interrupted; 3 and 4 are those of the gate (see gate.py): found, and not known.
"""

import gc
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import click

from stj_audit.errors import AuditError, CannotWrite, ConfigError
from stj_audit.options import (
    COST_FORMATS,
    DIFF_FORMATS,
    ENGINES,
    FORMATS,
    ITEMS_FORMATS,
    FilePath,
    aws_options,
    aws_options_of_several_regions,
    check_options,
    config_options,
    gate_options,
    judging_options,
    option,
    output_options,
    price_options,
    scan_options,
    shown_options,
    size_options,
    template_options,
)
from stj_audit.version import __version__

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from stj_audit.anchors import Anchor
    from stj_audit.baseline import Baseline
    from stj_audit.config import Config, SizeLines
    from stj_audit.cost.prices import PriceSheet
    from stj_audit.gate import GateTerms
    from stj_audit.pipeline import Request
    from stj_audit.profile import Profile
    from stj_audit.report import Costs, PriceSource, Report

INCONCLUSIVE, INTERRUPTED = 4, 130
BASELINE = "baseline"  # as the format of an output; it is no report


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", message="stj-audit %(version)s")
def cli() -> None:
    """
    Read DynamoDB tables without touching them: how healthy they are, what they cost, what to do first.

    Every option is also an environment variable, STJ_AUDIT_ and its name: STJ_AUDIT_TARGET_USERS=10000.
    """


# ------------------------------------------------------------------------------------------------------------- commands


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@aws_options_of_several_regions
@config_options
@judging_options
@price_options
@scan_options
@output_options
@gate_options
def run(tables: tuple[str, ...], **settings: Any) -> None:
    """
    Audit tables and report; every table of the region when none is named.

    Several regions, and several accounts with a role to assume in each, are read at the same time and told in one report, in which a table is
    called by where it is: eu-north-1/orders, or prod/eu-north-1/orders. Accounts are listed in stj-audit.toml:

    \b
      [[account]]
      name = "prod"                   # what its tables are told by; default: its id
      role_arn = "arn:aws:iam::111122223333:role/stj-audit"
      external_id = "..."             # where the role asks for one
      regions = ["eu-north-1"]        # default: those of the command line
    """
    from stj_audit.pipeline import Request

    outputs = [*_destinations(settings["reports"]), *_new_baseline(settings)]
    config = _config(settings)
    anchor = _anchor(outputs, config, settings)
    judging = _judging(settings, config)
    request = Request(
        patterns=tables, config=config, baseline=_baseline(settings), gate=_gate(settings), **_places(settings), **judging
    )
    report = _audited(request, outputs, settings)
    _deliver(_anchored(report, anchor), outputs, settings)
    _warn_of_old_prices(report.costs.prices, config, settings)
    _tell_not_known(report)
    sys.exit(_exit_code(report))


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@option(
    "--from",
    "run_path",
    type=FilePath(dir_okay=False),
    metavar="RUN.json",
    help="Judge a saved run again instead, on these options and at its prices unless --prices bundled; no AWS call.",
)
@template_options
@check_options
@scan_options
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
          changed by more than 5 % while it was read; with --strict, anything that could not be checked
      130 interrupted; what was read is in the run file, where --report json=PATH asks for one
    """
    from stj_audit.pipeline import Request

    _check_source(ctx, settings)
    outputs = [*_destinations(settings["reports"]), *_new_baseline(settings)]
    config = _config(settings)
    anchor = _anchor(outputs, config, settings, declared=bool(settings["templates"]) or settings["run_path"] is not None)
    gate = _check_gate(settings, config)
    request = Request(
        patterns=tables,
        config=config,
        baseline=_baseline(settings),
        gate=gate,
        **_places(settings),
        **_judging(settings, config),
    )
    if settings["templates"]:
        report = _design_report(request, settings)
    elif settings["run_path"] is not None:
        report = _judged_again(ctx, request, settings)
    else:
        report = _audited(request, outputs, settings)
    _deliver(_anchored(report, anchor), outputs, settings, terse=True)
    _warn_of_old_prices(report.costs.prices, config, settings)
    _tell_gate(report, settings)
    sys.exit(_exit_code(report))


def _check_source(ctx: click.Context, settings: dict[str, Any]) -> None:
    """Live tables, templates or a saved run: each with the options that go with it. Raises UsageError."""
    if settings["templates"] and settings["run_path"] is not None:
        raise click.UsageError("give --template or --from, not both")
    if settings["parameters"] and not settings["templates"]:
        raise click.UsageError("--parameter is of a template: give --template too")
    if settings["run_path"] is not None:
        _refuse_options_of_reading(ctx)
    for name, words in LIVE_CHECK_OPTIONS.items() if settings["templates"] else ():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{words} is for live tables, not for --template")


LIVE_CHECK_OPTIONS = {  # of `check`: they say how tables are read, and there are none with --template
    "scan": "--scan",
    "scan_budget": "--scan-budget",
    "max_read_units": "--max-read-units",
    "read_units_per_second": "--read-units-per-second",
    "resume": "--resume",
    "role_arn": "--role-arn",
    "external_id": "--external-id",
    "inconclusive": "--inconclusive",
}


def _design_report(request: "Request", settings: dict[str, Any]) -> "Report":
    from stj_audit.before_deployment import DesignRequest, audit_design
    from stj_audit.declared.source import read_source

    sources = [read_source(path) for path in settings["templates"]]
    config = request.config
    hint = "give --region, or `region` in the [model] of stj-audit.toml"
    region = _price_region(settings["templates"][0], settings["regions"], config.model.region, hint)
    design = DesignRequest(
        audit=request, sources=sources, parameters=dict(settings["parameters"]), prices=_prices(region, settings, config)
    )
    report = _from_root(audit_design(design))
    for note in () if settings["quiet"] else report.audit.notes or ():
        click.echo(_printable(f"note: {note}"), err=True)
    return report


def _from_root(report: "Report") -> "Report":
    """The report with the paths of templates told as those of other files that findings point at."""
    from dataclasses import replace
    from pathlib import Path

    from stj_audit.anchors import root_folder, told_path

    root = root_folder(os.environ, Path.cwd())
    sources = {table: replace(one, path=told_path(Path(one.path), root)) for table, one in report.sources.items()}
    return replace(report, sources=sources)


@cli.command()
@click.option("--output-dir", type=FilePath(file_okay=False), default="stj-audit-demo", show_default=True)
@judging_options
@scan_options
@shown_options
@gate_options
def demo(output_dir: "Path", **settings: Any) -> None:
    """Audit an embedded copy of the three Screen Time Journey tables; needs no AWS account and no network."""
    from stj_audit.demo import demo_config, demo_tables
    from stj_audit.pipeline import Request, audit

    _make_folder(output_dir)
    outputs = _destinations((*(str(output_dir / name) for name in ("report.html", "report.md", "run.json")), *settings["reports"]))
    outputs += _new_baseline(settings)
    config, known = demo_config(), _baseline(settings)
    anchor = _anchor(outputs, config, settings)
    with demo_tables() as aws:
        request = Request(aws=aws, config=config, baseline=known, gate=_gate(settings), **_judging(settings, config))
        report = audit(request, on_progress=_progress(settings))
    _deliver(_anchored(report, anchor), outputs, settings)
    _tell_not_known(report)
    sys.exit(_exit_code(report))


@cli.command()
@click.argument("run_file", metavar="RUN.json", type=FilePath(dir_okay=False))
@shown_options
def render(run_file: "Path", **settings: Any) -> None:
    """Show a saved run in any format, without an AWS call."""
    from stj_audit.report import from_json

    outputs = _destinations(settings["reports"])
    report = from_json(_read(run_file))
    anchor = None if settings["sarif_anchor"] is None else _anchor(outputs, None, settings)
    _deliver(_anchored(report, anchor), outputs, settings)


@cli.command()
@click.argument("old", metavar="OLD.json", type=FilePath(dir_okay=False))
@click.argument("new", metavar="NEW.json", type=FilePath(dir_okay=False))
@option(
    "-f", "--format", "format_", type=click.Choice(DIFF_FORMATS), default="table", show_default=True, help="What goes to stdout."
)
@option("--color", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True, help="Colour on stdout.")
@option("-v", "--verbose", count=True, help="Where an error came from, on stderr.")
def diff(old: "Path", new: "Path", **settings: Any) -> None:
    """
    Say what is new, fixed, worse and better in a run, compared with an earlier one, without an AWS call.

    Findings, grades, settings, sizes and limits; and what a month costs before and after, now and at each user count, with how much of the
    difference is the price list, the usage, or the configuration. What could not be looked at any more is told as that, never as fixed.

    \b
      stj-audit run --report json=old.json
      ...change something, wait for it...
      stj-audit run --report json=new.json
      stj-audit diff old.json new.json

    For a pull request there is Markdown, never too long for a comment, with a tag in front by which the comment is found again:

    \b
      stj-audit diff main.json branch.json --format markdown > comment.md
      gh pr comment --edit-last --create-if-none --body-file comment.md

    The exit code is 0 however they differ: `stj-audit check` is the gate.
    """
    from stj_audit.diff import compare
    from stj_audit.render.diff import render_diff

    _print(render_diff(compare(_run_file(old), _run_file(new)), settings["format_"], color=_color(settings["color"])))


def _run_file(path: "Path") -> "Report":
    """A run file; where that is wrong, it is told in which of several."""
    from stj_audit.report import from_json

    try:
        return from_json(_read(path))
    except ConfigError as error:
        words = str(error)
        raise ConfigError(words if str(path) in words else f"{path}: {words}", hint=error.hint) from error


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@option("--model", "model_path", type=FilePath(), metavar="FILE", help="Declared design to price: an stj-audit.toml.")
@option("--usage", "usage_path", type=FilePath(), metavar="FILE", help="Monthly quantities to price.")
@aws_options_of_several_regions
@config_options
@judging_options
@price_options
@scan_options
@option(
    "-f", "--format", "format_", type=click.Choice(COST_FORMATS), default="table", show_default=True, help="What goes to stdout."
)
@option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
@option("--no-progress", is_flag=True, help="No progress on a terminal.")
@click.pass_context
def cost(ctx: click.Context, /, tables: tuple[str, ...], **settings: Any) -> None:
    """
    Price live tables (TABLE or GLOB, '*' for all), a declared design (--model), or bare monthly quantities (--usage).

    With --model and --usage no AWS call is made, unless for --prices live.

    Quantities are in a file of TOML. One that is left out is 0; rcu, wcu and rwcu are provisioned units for each hour of the month:

    \b
      region = "eu-north-1"
      free_tier = false               # default
      hours = 730                     # default
      [[usage]]                       # one for each table
      name = "orders"
      table_class = "STANDARD"        # default; or STANDARD_INFREQUENT_ACCESS
      read_request_units = 8_000_000
      write_request_units = 3_000_000
      storage_gb = 230
      reserved = { term = "1yr", rcu = 0, wcu = 0 }

    Also replicated_write_request_units, rcu, wcu, rwcu, pitr_gb, backup_gb, restore_gb, export_gb, incremental_export_gb, import_gb and
    stream_read_requests.

    A model is an stj-audit.toml that says what is in the tables, and what one user does a day (`stj-audit init` writes one for tables that
    are there):

    \b
      [model]
      region = "eu-north-1"
      [tables.orders]
      key = ["customer_id", "order_id"]
      items_per_user = 12             # or items = 2
      item_bytes = 3_500
      pitr = true
      [[tables.orders.index]]
      name = "by-status"
      key = ["status", "created_at"]
      projection = "KEYS_ONLY"        # or ALL, or INCLUDE with attributes = [...]
      entry_bytes = 180
      [[tables.orders.pattern]]
      name = "ship"
      op = "UpdateItem"
      sets = ["status"]
      calls = 0.5                     # of one user, a day; calls_per_day are those of a job, whatever the users
    """
    from stj_audit.render.costs import render_costs

    model_path, usage_path = settings["model_path"], settings["usage_path"]
    if sum((model_path is not None, usage_path is not None, bool(tables))) != 1:
        raise click.UsageError("give one of --model, --usage and table names ('*' for every table)")
    for name in ("users", "users_now", "target_users") if usage_path is not None else ():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is for tables and --model: bare quantities are of no user count")
    if model_path is not None or usage_path is not None:
        _refuse_options_of_live_tables(ctx)
    if model_path is not None:
        costs, config = _model_costs(model_path, settings)
    elif usage_path is not None:
        costs, config = _usage_costs(usage_path, settings)
    else:
        costs, config = _table_costs(tables, settings)
    _print(render_costs(costs, settings["format_"]))
    _warn_of_old_prices(costs.prices, config, settings)


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@option("--from", "location", metavar="PATH", help="Read files instead of tables: a file, a folder, a glob, or s3://bucket/prefix.")
@option(
    "--key", metavar="KEY", help="With --from: the table's key, id[:S][,sort[:N]].  [default: [tables.NAME] of the configuration]"
)
@option("--table-name", metavar="NAME", help="With --from: the table that the items are of.  [default: that of the export]")
@option("--find-largest", is_flag=True, help="With --from: tell the lines of the largest items too; reads their files again.")
@option("--processes", type=click.IntRange(1, 1_024), metavar="N", help="With --from: how many read at once.  [default: all cores]")
@option(
    "--engine",
    type=click.Choice(ENGINES),
    default="local",
    show_default=True,
    help="What reads: this machine, or Spark; of live tables Spark reads the large ones with --scan full.",
)
@option(
    "--spark-master",
    metavar="URL",
    help="Spark's cluster, local[4] or spark://HOST:PORT.  [default: spark-submit's, else local[*]]",
)
@size_options
@scan_options
@aws_options
@config_options
@option(
    "-f", "--format", "format_", type=click.Choice(ITEMS_FORMATS), default="table", show_default=True, help="What goes to stdout."
)
@option("--color", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True, help="Colour on stdout.")
@option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
@option("--no-progress", is_flag=True, help="No progress on a terminal.")
@click.pass_context
def items(ctx: click.Context, /, tables: tuple[str, ...], **settings: Any) -> None:
    """
    Item sizes only: of live tables (every table of the region when none is named), or of files (--from).

    Files hold DynamoDB JSON, one item a line, plain or .gz, bare or as exports have it:

    \b
      {"id": {"S": "a"}, "total": {"N": "9.99"}}
      {"Item": {"id": {"S": "a"}, "total": {"N": "9.99"}}}

    Of a folder all files in it and below it are read that end in .json, .jsonl or .ndjson, or in one of these and .gz. An export to S3, there
    or copied to a folder, is found by its manifests, and each of its files is held against them: item counts and checksums.
    """
    from stj_audit.render.items import render_items

    location = settings["location"]
    for name, words in (FILE_OPTIONS if location is None else LIVE_ITEMS_OPTIONS).items():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{words} is for {'files (--from)' if location is None else 'live tables, not for --from'}")
    spark = settings["engine"] == "spark"
    if settings["spark_master"] is not None and not spark:
        raise click.UsageError("--spark-master goes with --engine spark")
    if spark and ctx.get_parameter_source("processes") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--processes is for this machine: how many tasks Spark runs at once is a setting of the cluster")
    if spark and settings["resume"] is not None:
        raise click.UsageError("--resume is not for --engine spark, which keeps no checkpoints")
    if location is not None and tables:
        raise click.UsageError("give table names or --from, not both; --table-name says which table the files are of")
    config = _config(settings)
    profile = _table_items(tables, config, settings) if location is None else _file_items(location, config, settings)
    _print(render_items(profile, settings["format_"], color=_color(settings["color"])))
    if profile.tables and all(table.items is None for table in profile.tables):
        raise AuditError("the items of no table were read", hint="the reason is told with each of them")


FILE_OPTIONS = {
    "key": "--key",
    "table_name": "--table-name",
    "find_largest": "--find-largest",
    "processes": "--processes",
}
LIVE_ITEMS_OPTIONS = {
    "scan": "--scan",
    "scan_budget": "--scan-budget",
    "max_read_units": "--max-read-units",
    "read_units_per_second": "--read-units-per-second",
    "resume": "--resume",
}


def _table_items(tables: tuple[str, ...], config: "Config", settings: dict[str, Any]) -> "Profile":
    from stj_audit.measure import measure_tables
    from stj_audit.pipeline import Request

    request = Request(
        patterns=tables,
        aws=_aws_options(settings),
        config=config,
        size_lines=_size_lines(settings, config),
        **_reading(settings),
    )
    return measure_tables(
        request,
        _size_lines(settings, config),
        engine=settings["engine"],
        spark_master=settings["spark_master"],
        on_progress=_progress(settings),
        tell=_teller(settings),
    )


def _file_items(location: str, config: "Config", settings: dict[str, Any]) -> "Profile":
    from stj_audit.measure import FilesRequest, key_of, measure_files

    if settings["find_largest"] and settings["engine"] == "spark":
        raise click.UsageError("--find-largest is not for --engine spark, which does not tell in which file an item is")
    request = FilesRequest(
        location=location,
        table=settings["table_name"],
        key=() if settings["key"] is None else key_of(settings["key"]),
        config=config,
        size_lines=_size_lines(settings, config),
        processes=settings["processes"],
        engine=settings["engine"],
        spark_master=settings["spark_master"],
        find_largest=settings["find_largest"],
        aws=_aws_options(settings),
    )
    return measure_files(request, on_progress=_progress(settings))


LIVE_OPTIONS = {  # of `cost`: they say how tables are read, and there are none with --model and --usage
    "config_path": "--config",
    "no_config": "--no-config",
    "scan": "--scan",
    "scan_budget": "--scan-budget",
    "max_read_units": "--max-read-units",
    "read_units_per_second": "--read-units-per-second",
    "resume": "--resume",
    "warn_item_size": "--warn-item-size",
    "max_item_size": "--max-item-size",
}


def _refuse_options_of_live_tables(ctx: click.Context) -> None:
    for name, words in LIVE_OPTIONS.items():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{words} is for live tables, not for --model and --usage")


def _table_costs(tables: tuple[str, ...], settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.pipeline import Request, audit

    config = _config(settings)
    request = Request(patterns=tables, config=config, **_places(settings), **_judging(settings, config))
    return audit(request, on_progress=_progress(settings), tell=_teller(settings)).costs, config


def _model_costs(path: "Path", settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.config import load_config, with_users_now
    from stj_audit.cost.model import price_model

    config = with_users_now(load_config(path, option="--model"), settings["users_now"])
    region = _price_region(path, settings["regions"], config.model.region, "add `region` to its [model], or give --region")
    costs = price_model(
        config,
        prices=_prices(region, settings, config),
        users=settings["users"] or tuple(sorted(set(config.model.scales))),
        free_tier=config.prices.free_tier if settings["free_tier"] is None else settings["free_tier"],
        target_users=settings["target_users"],
    )
    return costs, config


def _usage_costs(path: "Path", settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.config import Config
    from stj_audit.cost.usage import load_usage, price_usage

    usage, config = load_usage(path), Config()
    region = _price_region(path, settings["regions"], usage.region, "add one to the file, or give --region")
    free_tier = usage.free_tier if settings["free_tier"] is None else settings["free_tier"]
    return price_usage(usage, prices=_prices(region, settings, config), free_tier=free_tier), config


def _price_region(path: "Path", regions: tuple[str, ...], declared: str | None, hint: str) -> str:
    if len(regions) > 1:
        raise click.UsageError("a design has the prices of one region: give --region once")
    given = regions[0] if regions else None
    # The region of the environment is the last resort here: it must not silently re-price a file that names its own.
    context = click.get_current_context()
    explicit = context.get_parameter_source("regions") is click.core.ParameterSource.COMMANDLINE or "STJ_AUDIT_REGION" in os.environ
    region = (given if explicit else None) or declared or given
    if region is None:
        raise ConfigError(f"{path}: no `region`", hint=hint)
    return region


def _prices(region: str, settings: dict[str, Any], config: "Config") -> "PriceSheet":
    """The prices of a region that no audit is made of."""
    from stj_audit.cost.prices import bundled_sheet

    if (settings["prices"] or config.prices.source) == "bundled":
        return bundled_sheet(region)
    from stj_audit.scanners.prices import live_sheet

    return live_sheet(_aws_options(settings, region), region, today=_today())


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@aws_options_of_several_regions
@config_options
@scan_options
@option("--strict", is_flag=True, help="Exit with 4 when a call is denied, or a place cannot be audited.")
@option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
@option("--no-progress", is_flag=True, help="No progress on a terminal.")
def doctor(tables: tuple[str, ...], **settings: Any) -> None:
    """
    Say what an audit would do here: which tables, how many calls and read units, and what it may not.

    Reads the first table's settings and one item of it, to find out what is denied; and says whether items are counted by the compiled fold.
    """
    from stj_audit.doctor import about_installation, diagnose, in_lines
    from stj_audit.pipeline import Request

    click.echo(about_installation())
    request = Request(patterns=tables, config=_config(settings), **_places(settings), **_reading(settings))
    places = diagnose(request, on_progress=_progress(settings))
    click.echo("\n" + "\n".join(map(in_lines, places)))
    if settings["strict"] and any(place.denied or place.failure for place in places):
        sys.exit(INCONCLUSIVE)


@cli.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@option("--output", default="stj-audit.toml", show_default=True, metavar="PATH", help="Where to write it; - is stdout.")
@option("--force", is_flag=True, help="Overwrite a file that is there.")
@option("--users-now", type=click.IntRange(1), metavar="N", help="Users today.  [default: items of [model] users_table]")
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
    config = _config(settings)
    request = Request(
        patterns=tables,
        aws=_aws_options(settings),
        config=config,
        **_reading(settings),
    )
    snapshot = gather(request, on_progress=_progress(settings), tell=_teller(settings))
    model = config.model
    text = starter(snapshot, users_now=settings["users_now"] or model.users_now, users_table=model.users_table)
    if target is None:
        _print(text)
        return
    _write_new(target, text, force=settings["force"])
    if not settings["quiet"]:
        from shlex import quote

        path = quote(str(target.path))
        click.echo(_printable(f"wrote {target.path}: fill in the patterns, then stj-audit cost --model {path}"), err=True)


def _new_file(output: str, *, force: bool) -> Any:
    """Where to write a new file; None is stdout. Nothing is read from AWS when it cannot be written, or is there already."""
    from pathlib import Path

    from stj_audit.deliver.files import Destination, check_writable

    if output == "-":
        return None
    target = Destination(format="toml", path=Path(output))
    check_writable(target)
    _refuse_existing(target.path, force=force)
    return target


def _write_new(target: Any, text: str, *, force: bool) -> None:
    """Once more: the file may have appeared while the tables were read."""
    from stj_audit.deliver.files import write

    _refuse_existing(target.path, force=force)
    write(target, text)


def _refuse_existing(path: "Path", *, force: bool) -> None:
    if path.is_file() and not force:
        raise ConfigError(f"{path} is there already", hint="add --force to overwrite it, or write elsewhere with --output")


@cli.command()
@click.argument("rule", required=False, metavar="[ID]")
@click.option(
    "--explain-grade",
    nargs=2,
    metavar="RUN.json CATEGORY",
    help="Instead: the arithmetic of a category's grade in a saved run, line by line.",
)
@click.option(
    "--format", "format_name", type=click.Choice(("text", "markdown")), default="text", help="Markdown: the whole of each check."
)
def rules(rule: str | None, explain_grade: tuple[str, str] | None, format_name: str) -> None:
    """List the checks, or explain one by its name or code: why, when it fires, how to fix it, what permissions it needs."""
    from stj_audit.explain import document, explain_check, list_checks

    if explain_grade is not None:
        if rule is not None:
            raise click.UsageError("give an ID or --explain-grade, not both")
        click.echo(_explained(*explain_grade))
    elif format_name == "markdown":
        click.echo(document(rule))
    else:
        click.echo(list_checks() if rule is None else explain_check(rule))


def _explained(run_file: str, category: str) -> str:
    from pathlib import Path

    from stj_audit.explain_grade import explain_grade
    from stj_audit.report import from_json

    return explain_grade(from_json(_read(Path(run_file))), category)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of the run file."""
    from stj_audit.report import json_schema

    _print_json(json_schema())


@cli.command("iam-policy")
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@click.option("--account", metavar="ID", default="*", help="Account id in the ARNs.  [default: any]")
@click.option("--region", metavar="REGION", default="*", help="Region in the ARNs.  [default: any]")
@click.option("--no-items", is_flag=True, help="Leave out reading items: sizes stay unknown.")
def iam_policy(tables: tuple[str, ...], account: str, region: str, no_items: bool) -> None:
    """Print the least IAM policy that the audit needs, as JSON."""
    from stj_audit.permissions import ACTIONS, policy

    facts = [fact for fact in ACTIONS if not (no_items and fact == "items")]
    _print_json(policy(facts, account=account, region=region, tables=tables or ("*",)))


# -------------------------------------------------------------------------------------------------- what commands share


def _places(settings: dict[str, Any]) -> dict[str, Any]:
    """The part of a Request that says where to read: in the regions of the command line, however many."""
    regions = settings["regions"]
    return {"aws": _aws_options(settings, regions[0] if len(regions) == 1 else None), "regions": regions}


def _aws_options(settings: dict[str, Any], region: str | None = None) -> Any:
    from stj_audit.scanners.session import AwsOptions

    return AwsOptions(
        profile=settings["profile"],
        region=region or settings.get("region"),
        endpoint_url=settings["endpoint_url"],
        role_arn=settings["role_arn"],
        external_id=settings["external_id"],
        max_attempts=settings["max_attempts"],
    )


def _config(settings: dict[str, Any]) -> "Config":
    from pathlib import Path

    from stj_audit.config import find_config, load_config

    if settings["no_config"]:
        return load_config(None)
    path = settings["config_path"] or find_config(Path.cwd())
    if path is not None and settings["verbose"]:
        click.echo(f"configuration: {path}", err=True)
    return load_config(path)


def _judging(settings: dict[str, Any], config: "Config") -> dict[str, Any]:
    """The part of a Request that every auditing command takes the same options for."""
    return {
        "users": settings["users"],
        "target_users": settings["target_users"],
        "users_now": settings["users_now"],
        **_reading(settings),
        "size_lines": _size_lines(settings, config),
        "prices": settings.get("prices") or config.prices.source,
        "free_tier": config.prices.free_tier if settings.get("free_tier") is None else settings["free_tier"],
    }


def _reading(settings: dict[str, Any]) -> dict[str, Any]:
    """The part of a Request that says how items are read."""
    return {
        "scan": settings["scan"],
        "scan_budget_usd": settings["scan_budget"],
        "max_read_units": settings["max_read_units"],
        "read_units_per_second": settings["read_units_per_second"],
        "resume": settings["resume"],
    }


def _size_lines(settings: dict[str, Any], config: "Config") -> "SizeLines":
    from stj_audit.config import Thresholds, size_lines

    warn, most = settings["warn_item_size"], settings["max_item_size"]
    return size_lines(
        Thresholds(
            warn_item_size=config.thresholds.warn_item_size if warn is None else warn,
            max_item_size=config.thresholds.max_item_size if most is None else most,
        )
    )


def _warn_of_old_prices(prices: "PriceSource", config: "Config", settings: dict[str, Any]) -> None:
    from stj_audit.cost.prices import about_age

    warning = about_age(prices.as_of, today=_today(), max_age_months=config.prices.max_age_months)
    if settings["quiet"]:
        return
    if warning:
        click.echo(f"warning: {warning}", err=True)
    if (settings.get("prices") or config.prices.source) == "live" and prices.source.startswith("bundled"):
        click.echo(f"warning: {prices.source}", err=True)


def _destinations(reports: tuple[str, ...]) -> list[Any]:
    from stj_audit.deliver.files import check_writable, destination

    targets = [destination(text, FORMATS) for text in reports]
    for target in targets:
        check_writable(target)
    return targets


def _baseline(settings: dict[str, Any]) -> "Baseline | None":
    from stj_audit.baseline import WRITE_ONE, from_json

    path = settings["baseline_path"]
    return None if path is None else from_json(_read(path, hint=WRITE_ONE), origin=str(path))


def _new_baseline(settings: dict[str, Any]) -> list[Any]:
    """Where a new baseline is to be written, found out before the audit; it is written with the reports, after it."""
    from stj_audit.deliver.files import Destination, check_writable

    path = settings["write_baseline"]
    if path is None:
        return []
    target = Destination(format=BASELINE, path=path)
    check_writable(target)
    return [target]


def _audited(request: "Request", outputs: list[Any], settings: dict[str, Any]) -> "Report":
    """The report. What was read before Ctrl-C is not lost where a run file was asked for: it is written, and nothing else is."""
    from dataclasses import replace

    from stj_audit.deliver.files import write
    from stj_audit.pipeline import Interrupted, audit
    from stj_audit.render import render as render_report

    run_files = [target for target in outputs if target.format == "json"]
    try:
        return audit(replace(request, keep=bool(run_files)), on_progress=_progress(settings), tell=_teller(settings))
    except Interrupted as stopped:
        for target in run_files:
            write(target, render_report(stopped.report, target.format))
            if not settings["quiet"]:
                click.echo(f"wrote {target.path}: what was read before the interrupt", err=True)
        raise


def _deliver(report: "Report", outputs: list[Any], settings: dict[str, Any], *, terse: bool = False) -> None:
    """Render everything first, then write: a format that fails leaves no other half-written. `terse`: table, markdown as a gate has them."""
    from stj_audit.baseline import to_json
    from stj_audit.deliver.files import write
    from stj_audit.render import render as render_report
    from stj_audit.render import render_gate

    color = _color(settings["color"])
    if terse and settings["format_"] == "table":
        shown = render_gate(report, color=color)
    else:
        short = terse and settings["format_"] == "markdown"
        shown = render_report(report, "comment" if short else settings["format_"], color=color)
    texts = [(target, to_json(report) if target.format == BASELINE else render_report(report, target.format)) for target in outputs]
    for target, text in texts:
        write(target, text)
    _summarize(report, settings)
    _print(shown)
    if not settings["quiet"]:
        for target in outputs:
            click.echo(f"wrote {target.path}", err=True)


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
        click.echo(_printable(f"warning: {warning}"), err=True)


def _anchor(outputs: list[Any], config: "Config | None", settings: dict[str, Any], *, declared: bool = False) -> "Anchor | None":
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
    text = _read(path, hint="check the path given with --sarif-anchor").decode("utf-8", "replace")
    return Anchor(text=text, path=told_path(path, root_folder(os.environ, Path.cwd())), is_config=given is None)


def _anchored(report: "Report", anchor: "Anchor | None") -> "Report":
    """The report with where its tables are declared; what it knows of that itself goes before the configuration."""
    from dataclasses import replace

    if anchor is None:
        return report
    found = anchor.sources(table.name for table in report.tables)
    return replace(report, sources={**found, **report.sources} if anchor.is_config else {**report.sources, **found})


def _print(text: str) -> None:
    """To stdout, at once, so that a full disk behind it is told as such."""
    try:
        click.echo(text, nl=not text.endswith("\n"), color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _close_stdout()
        raise CannotWrite(f"cannot write to standard output: {error.strerror}", hint="make room, or use --report") from error


def _print_json(answer: object) -> None:
    import json

    click.echo(json.dumps(answer, indent=2))


def _today() -> "date":
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _close_stdout() -> None:
    """Whatever is still unwritten goes nowhere: Python must not try again, and complain, when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _color(choice: str) -> bool:
    # NOTE: click does not know NO_COLOR (https://no-color.org).
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _progress(settings: dict[str, Any]) -> Callable[[str, int, int], None] | None:
    if settings["no_progress"] or settings["quiet"] or not sys.stderr.isatty():
        return None

    def show(what: str, done: int, of: int) -> None:
        line = f"{done:,} of {of:,} {what}"
        click.echo(f"\r\x1b[K{line}" if done < of else "\r\x1b[K", nl=False, err=True)

    return show


def _teller(settings: dict[str, Any]) -> Callable[[str], None] | None:
    return None if settings["quiet"] else lambda sentence: click.echo(sentence, err=True)


def _gate(settings: dict[str, Any]) -> "GateTerms":
    """What `run` and `demo` are held against: the findings alone."""
    from stj_audit.gate import GateTerms

    return GateTerms(fail_on=settings["fail_on"], strict=settings["strict"])


def _check_gate(settings: dict[str, Any], config: "Config") -> "GateTerms":
    """What `check` is held against: the items too, at the warn line unless another is given or they are off."""
    from stj_audit.gate import GateTerms

    line = settings["fail_item_size"]
    if line is None:
        line = _size_lines(settings, config).warn_bytes
    return GateTerms(
        fail_on=settings["fail_on"],
        fail_item_size=line or None,
        inconclusive=settings["inconclusive"],
        strict=settings["strict"],
        every_table=True,
    )


OPTIONS_OF_READING = {  # of `check`, which reads nothing with --from
    "profile": "--profile",
    "regions": "--region",
    "endpoint_url": "--endpoint-url",
    "role_arn": "--role-arn",
    "external_id": "--external-id",
    "max_attempts": "--max-attempts",
    "scan": "--scan",
    "scan_budget": "--scan-budget",
    "max_read_units": "--max-read-units",
    "read_units_per_second": "--read-units-per-second",
    "resume": "--resume",
}


def _refuse_options_of_reading(ctx: click.Context) -> None:
    given = [name for name, value in ctx.params.items() if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    for name in given:
        if name in OPTIONS_OF_READING:
            raise click.UsageError(f"{OPTIONS_OF_READING[name]} says how tables are read, and --from reads none")
        if name == "prices" and ctx.params[name] == "live":
            raise click.UsageError("--prices live asks AWS, and --from makes no AWS call: leave it out for the prices of the run")


def _judged_again(ctx: click.Context, request: "Request", settings: dict[str, Any]) -> "Report":
    """The report of --from, on the terms of this command line."""
    from msgspec import UNSET

    from stj_audit.again import ASKS_ANEW, gate_as_it_is, judge_again
    from stj_audit.report import from_json

    path = settings["run_path"]
    saved, origin = from_json(_read(path)), str(path)
    if saved.facts is UNSET:
        defaults = (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)
        asked = [words for name, words in ASKS_ANEW.items() if ctx.get_parameter_source(name) not in defaults]
        return gate_as_it_is(saved, request.gate, origin=origin, asked=asked)
    return judge_again(saved, request, origin=origin, today=_today(), new_prices=settings["prices"] == "bundled")


def _exit_code(report: "Report") -> int:
    if report.gate is None:
        raise AssertionError("an audit is always held against a gate")
    return report.gate.exit_code


def _tell_gate(report: "Report", settings: dict[str, Any]) -> None:
    """How the gate came out, on stderr, where stdout does not tell it to a person."""
    from stj_audit.render.gate import summary

    if report.gate is not None and settings["format_"] != "table" and not settings["quiet"]:
        click.echo(_printable(summary(report, report.gate)), err=True)


def _tell_not_known(report: "Report") -> None:
    """Why `run` and `demo` end with 4."""
    for reason in report.gate.reasons if report.gate is not None and report.gate.exit_code == INCONCLUSIVE else ():
        click.echo(_printable(reason), err=True)


def _read(path: "Path", *, hint: str = "give a file written by --report json=PATH") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=hint) from error


def _make_folder(folder: "Path") -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot make the folder {folder}: {error.strerror}", hint="choose another --output-dir") from error


# --------------------------------------------------------------------------------------------------- the one way in, out


GARBAGE_AFTER = (
    50_000  # objects; a run makes many and keeps most, and looking through them after every 700 takes a quarter of its time
)


def main() -> NoReturn:
    """Run the command line and exit. An error is one sentence and what to do; a traceback only with -v."""
    gc.set_threshold(GARBAGE_AFTER)
    verbose = any(re.fullmatch(r"-[a-z]*v[a-z]*|--verbose", word) for word in sys.argv[1:])
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except AuditError as error:
        _show(str(error), error.hint, verbose=verbose)
        code = error.exit_code
    except BrokenPipeError:
        _close_stdout()  # the reader of stdout has gone, as `| head` does: nothing more to say
        code = 0
    except Exception as error:  # noqa: BLE001 - the last resort: a bug is reported in one sentence, and with -v in full
        notes = " ".join(getattr(error, "__notes__", ()))
        _show(
            f"stj-audit has a bug: {type(error).__name__} {notes}".rstrip(),
            "run it again with -v and report what it prints",
            verbose=verbose,
        )
        code = 1
    sys.exit(code)


def _show(sentence: str, hint: str, *, verbose: bool) -> None:
    if verbose:
        click.echo("\n".join(map(_printable, _frames(sys.exception()))), err=True)
    click.echo(_printable(f"error: {sentence}" + (f" - {hint}" if hint else "")), err=True)


def _printable(text: str) -> str:
    """Whatever is in a path or an error text, it does not reach the terminal as a control character."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _frames(error: BaseException | None) -> Iterator[str]:
    """
    Where an error came from, its causes first: types, files and lines.

    The messages are left out: those of AWS's libraries quote what a service sent, and that may be an item or a token.
    """
    import traceback

    if error is None:
        return
    yield from _frames(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"


if __name__ == "__main__":
    main()
