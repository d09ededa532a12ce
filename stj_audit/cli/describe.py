"""`doctor`, `rules`, `schema`, `iam-policy`: what stj-audit would do, knows, writes and needs."""

import sys
from typing import Any

import click

from stj_audit.cli.inputs import read_config, read_run
from stj_audit.cli.outputs import INCONCLUSIVE
from stj_audit.cli.requests import places, reading
from stj_audit.cli.terminal import print_json, progress
from stj_audit.options import aws_options_of_several_regions, config_options, option, scan_options


@click.command()
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
    request = Request(patterns=tables, config=read_config(settings), **places(settings), **reading(settings))
    found = diagnose(request, on_progress=progress(settings))
    click.echo("\n" + "\n".join(map(in_lines, found)))
    if settings["strict"] and any(place.denied or place.failure for place in found):
        sys.exit(INCONCLUSIVE)


@click.command()
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

    return explain_grade(read_run(Path(run_file)), category)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the run file."""
    from stj_audit.report import json_schema

    print_json(json_schema())


@click.command("iam-policy")
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@click.option("--account", metavar="ID", default="*", help="Account id in the ARNs.  [default: any]")
@click.option("--region", metavar="REGION", default="*", help="Region in the ARNs.  [default: any]")
@click.option("--no-items", is_flag=True, help="Leave out reading items: sizes stay unknown.")
def iam_policy(tables: tuple[str, ...], account: str, region: str, no_items: bool) -> None:
    """Print the least IAM policy that the audit needs, as JSON."""
    from stj_audit.permissions import ACTIONS, policy

    facts = [fact for fact in ACTIONS if not (no_items and fact == "items")]
    print_json(policy(facts, account=account, region=region, tables=tables or ("*",)))
