"""`render` and `diff`: run files shown again, and compared; no AWS call."""

from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import read_run
from stj_audit.cli.outputs import anchored, check_apart, deliver, destinations, find_anchor, told
from stj_audit.cli.terminal import in_color, print_text
from stj_audit.options import DIFF_FORMATS, FilePath, option, shown_options

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.report import Report


@click.command()
@click.argument("run_file", metavar="RUN.json", type=FilePath(dir_okay=False))
@shown_options
def render(run_file: "Path", **settings: Any) -> None:
    """Show a saved run in any format, without an AWS call."""
    outputs = destinations(settings["reports"], settings)
    check_apart(outputs, settings, run_file=run_file)
    report = read_run(run_file)
    anchor = None if settings["sarif_anchor"] is None else find_anchor(outputs, None, settings)
    told(deliver(anchored(report, anchor), outputs, settings))


@click.command()
@click.argument("runs", nargs=-1, metavar="[OLD.json] [NEW.json]", type=FilePath(dir_okay=False))
@option(
    "--since",
    type=click.Choice(("last",)),
    help="Compare with the newest earlier run in --history of the same accounts and regions, instead of OLD.json.",
)
@option("--history", metavar="DIR|s3://BUCKET/PREFIX", help="With --since: where `run --history` keeps runs.")
@option("--profile", env=("AWS_PROFILE",), help="With a history in S3: profile of ~/.aws/config.")
@option(
    "-f", "--format", "format_", type=click.Choice(DIFF_FORMATS), default="table", show_default=True, help="What goes to stdout."
)
@option("--color", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True, help="Colour on stdout.")
@option("-v", "--verbose", count=True, help="Where an error came from, on stderr.")
def diff(runs: "tuple[Path, ...]", **settings: Any) -> None:
    """
    Say what is new, fixed, worse and better in a run, compared with an earlier one, without an AWS call but to a history in S3.

    Findings, grades, settings, sizes and limits; and what a month costs before and after, now and at each user count, with how much of the
    difference is the price list, the usage, or the configuration. What could not be looked at any more is told as that, never as fixed.

    \b
      stj-audit run --report json=old.json
      ...change something, wait for it...
      stj-audit run --report json=new.json
      stj-audit diff old.json new.json

    Of runs that are kept, the last two, or a run file and the one before it:

    \b
      stj-audit diff --since last --history audits/
      stj-audit diff --since last --history s3://bucket/audits new.json

    For a pull request there is Markdown, never too long for a comment, with a tag in front by which the comment is found again:

    \b
      stj-audit diff main.json branch.json --format markdown > comment.md
      gh pr comment --edit-last --create-if-none --body-file comment.md

    The exit code is 0 however they differ: `stj-audit check` is the gate.
    """
    from stj_audit.diff import compare
    from stj_audit.render.diff import render_diff

    old, new = _from_history(runs, settings) if settings["since"] else _two_files(runs, settings)
    print_text(render_diff(compare(old, new), settings["format_"], color=in_color(settings["color"])))


def _two_files(runs: "tuple[Path, ...]", settings: dict[str, Any]) -> "tuple[Report, Report]":
    if len(runs) != 2:
        raise click.UsageError("give two run files, OLD.json and NEW.json, or --since last with --history")
    given = click.get_current_context().get_parameter_source("history")
    if settings["history"] and given is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--history goes with --since last")
    old, new = runs
    return read_run(old), read_run(new)


def _from_history(runs: "tuple[Path, ...]", settings: dict[str, Any]) -> "tuple[Report, Report]":
    """The run of the file that is given, or the last that is kept, and the one before it."""
    if settings["history"] is None:
        raise click.UsageError("--since last needs --history: where the runs are kept")
    if len(runs) > 1:
        raise click.UsageError("with --since last give one run file, or none for the last that is kept")
    from stj_audit.deliver.history import last_before, last_two
    from stj_audit.deliver.stores import open_store

    new = read_run(runs[0]) if runs else None
    store = open_store(settings["history"], profile=settings["profile"])
    return last_two(store) if new is None else (last_before(store, new), new)
