"""`items`: item sizes only, of live tables or of files."""

import sys
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import read_config, refuse
from stj_audit.cli.requests import item_size_lines, reading, session_options
from stj_audit.cli.terminal import in_color, print_text, progress, teller
from stj_audit.errors import AuditError
from stj_audit.options import (
    ENGINES,
    ITEMS_FORMATS,
    SCAN_OPTIONS,
    TIMEOUT_OPTION,
    aws_options,
    config_options,
    option,
    scan_options,
    size_options,
    source_option,
    timeout_option,
)

if TYPE_CHECKING:
    from stj_audit.config import Config
    from stj_audit.items.shown import ShownKeys
    from stj_audit.profile import Profile

FILE_OPTIONS = {
    "key": "--key",
    "table_name": "--table-name",
    "find_largest": "--find-largest",
    "processes": "--processes",
}


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@source_option(
    "--from", "location", metavar="PATH", help="Read files instead of tables: a file, a folder, a glob, or s3://bucket/prefix."
)
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
@option(
    "--show-keys",
    is_flag=True,
    help="Of live tables, on a terminal only: the keys of the largest items in plain text. They are in no file.",
)
@size_options
@scan_options
@timeout_option
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
    from stj_audit.render.items import render_items, render_keys

    location = settings["location"]
    if location is None:
        refuse(ctx, FILE_OPTIONS, "is for files (--from)")
    else:
        refuse(ctx, SCAN_OPTIONS | TIMEOUT_OPTION, "is for live tables, not for --from")
    spark = settings["engine"] == "spark"
    if settings["spark_master"] is not None and not spark:
        raise click.UsageError("--spark-master goes with --engine spark")
    if spark and ctx.get_parameter_source("processes") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--processes is for this machine: how many tasks Spark runs at once is a setting of the cluster")
    if spark and settings["resume"] is not None:
        raise click.UsageError("--resume is not for --engine spark, which keeps no checkpoints")
    if location is not None and tables:
        raise click.UsageError("give table names or --from, not both; --table-name says which table the files are of")
    shown = _shown_keys(settings)
    config = read_config(settings)
    profile = _table_items(tables, config, settings, shown) if location is None else _file_items(location, config, settings)
    print_text(render_items(profile, settings["format_"], color=in_color(settings["color"])))
    if shown is not None:
        print_text(render_keys(profile, shown, color=in_color(settings["color"])))
    if all(table.items is None for table in profile.tables):
        raise AuditError("the items of no table were read", hint="the reason is told with each of them")


def _shown_keys(settings: dict[str, Any]) -> "ShownKeys | None":
    """What keys are remembered in; None: they are told by their hashes alone. Keys go to eyes, never to a file or a pipe."""
    from stj_audit.items.shown import ShownKeys

    if not settings["show_keys"]:
        return None
    if settings["location"] is not None:
        raise click.UsageError("--show-keys is for live tables; of files, --find-largest tells the lines")
    if settings["engine"] == "spark":
        raise click.UsageError("--show-keys is not for --engine spark")
    if settings["format_"] != "table":
        raise click.UsageError("--show-keys goes with --format table")
    if not sys.stdout.isatty():
        raise click.UsageError("--show-keys prints keys of items in plain text: only on a terminal, never to a file or a pipe")
    return ShownKeys()


def _table_items(tables: tuple[str, ...], config: "Config", settings: dict[str, Any], shown: "ShownKeys | None") -> "Profile":
    from stj_audit.measure import measure_tables
    from stj_audit.pipeline import Request

    request = Request(
        patterns=tables,
        aws=session_options(settings),
        config=config,
        size_lines=item_size_lines(settings, config),
        **reading(settings),
    )
    return measure_tables(
        request,
        item_size_lines(settings, config),
        engine=settings["engine"],
        spark_master=settings["spark_master"],
        on_progress=progress(settings),
        tell=teller(settings),
        shown=shown,
    )


def _file_items(location: str, config: "Config", settings: dict[str, Any]) -> "Profile":
    from stj_audit.measure import FilesRequest, key_of, measure_files

    request = FilesRequest(
        location=location,
        table=settings["table_name"],
        key=() if settings["key"] is None else key_of(settings["key"]),
        config=config,
        size_lines=item_size_lines(settings, config),
        processes=settings["processes"],
        engine=settings["engine"],
        spark_master=settings["spark_master"],
        find_largest=settings["find_largest"],
        aws=session_options(settings),
    )
    return measure_files(request, on_progress=progress(settings))
