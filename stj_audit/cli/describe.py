"""`doctor`, `rules`, `schema`, `iam-policy`: what stj-audit would do, knows, writes and needs."""

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.history import find_history
from stj_audit.cli.inputs import read_config, read_run
from stj_audit.cli.outputs import INCONCLUSIVE
from stj_audit.cli.requests import places, reading
from stj_audit.cli.terminal import print_json, printable, progress
from stj_audit.errors import AuditError
from stj_audit.options import MailAddress, aws_options_of_several_regions, config_options, option, scan_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from stj_audit.config import Config
    from stj_audit.email_settings import Email


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@aws_options_of_several_regions
@config_options
@scan_options
@option("--history", metavar="DIR|s3://BUCKET/PREFIX", help="Where runs are to be kept.  [default: [history] path]")
@option(
    "--strict",
    is_flag=True,
    help="Exit with 4 when a call is denied, a place cannot be audited, the history not be used, or mail not be sent.",
)
@option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
@option("--no-progress", is_flag=True, help="No progress on a terminal.")
def doctor(tables: tuple[str, ...], **settings: Any) -> None:
    """
    Say what an audit would do here: which tables, how many calls and read units, and what it may not.

    Reads the first table's settings and one item of it, to find out what is denied; and says whether items are counted by the compiled fold.
    With an [email] in the configuration, also whether its sender is verified in SES, or its mail server answers. With a history, how many
    runs are in it, or why it cannot be read.
    """
    from stj_audit.doctor import about_installation, diagnose, in_lines
    from stj_audit.pipeline import Request

    click.echo(about_installation())
    config = read_config(settings)
    is_ready = all([_tell_of_history(config, settings), _tell_of_mail(config.email, settings)])
    request = Request(patterns=tables, config=config, **places(settings), **reading(settings))
    found = diagnose(request, on_progress=progress(settings))
    click.echo("\n" + "\n".join(map(in_lines, found)))
    if settings["strict"] and not (is_ready and all(not place.denied and place.failure is None for place in found)):
        sys.exit(INCONCLUSIVE)


def _tell_of_history(config: "Config", settings: dict[str, Any]) -> bool:
    """Whether it can be used, as far as is known without writing to it; true where no run is kept."""
    from stj_audit.doctor import about_history

    try:
        history = find_history({**settings, "keep": None}, config)
        if history is not None:
            click.echo(printable(f"history: {about_history(history.store)}"))
    except AuditError as error:
        click.echo(printable(f"history: {' - '.join(filter(None, (str(error), error.hint)))}"))
        return False
    return True


def _tell_of_mail(email: "Email", settings: dict[str, Any]) -> bool:
    """Whether it would be sent; true where none is to be."""
    from stj_audit.doctor import about_mail

    if not email.is_set:
        return True
    region = settings["regions"][0] if settings["regions"] else None
    found = about_mail(email, region=region, profile=settings["profile"], endpoint_url=settings["endpoint_url"])
    click.echo(printable(f"mail: {found.words}"))
    return found.state is True


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


def _for_an_arn(pattern: str, problem: str) -> "Callable[[click.Context, click.Parameter, Any], Any]":
    """Checks one text, or each of several: IAM takes a policy whose ARNs are those of nothing, and the audit is then denied what it asks."""

    def checked(_context: click.Context, _parameter: click.Parameter, given: Any) -> Any:
        for text in (given,) if isinstance(given, str) else given:
            if re.fullmatch(pattern, text) is None:
                raise click.BadParameter(f"{text!r} {problem}")
        return given

    return checked


@click.command("iam-policy")
@click.argument(
    "tables",
    nargs=-1,
    metavar="[TABLE or GLOB]...",
    callback=_for_an_arn(
        r"[A-Za-z0-9_.*?-]+", "is no name of a table, or a pattern that IAM knows; use letters, digits, _ . - and * ?"
    ),
)
@click.option(
    "--account",
    metavar="ID",
    default="*",
    callback=_for_an_arn(r"\*|[0-9]{12}", "is no id of an account; it has 12 digits"),
    help="Account id in the ARNs.  [default: any]",
)
@click.option(
    "--region",
    metavar="REGION",
    default="*",
    callback=_for_an_arn(r"[a-z0-9*?]+(-[a-z0-9*?]+)*", "is no region; write it like eu-north-1"),
    help="Region in the ARNs.  [default: any]",
)
@click.option("--no-items", is_flag=True, help="Leave out reading items: sizes stay unknown.")
@click.option("--history", metavar="s3://BUCKET/PREFIX", help="Also keep runs, and what was mailed, there.")
@click.option("--send-from", type=MailAddress(), help="Also mail reports from this address through SES.")
def iam_policy(tables: tuple[str, ...], **settings: Any) -> None:
    """
    Print the least IAM policy that the audit needs, as JSON.

    With --history and --send-from also what keeping runs in S3 and mailing reports take: of whoever runs stj-audit, not of a role that it
    assumes for the audit.
    """
    from stj_audit.permissions import ACTIONS, policy

    facts = [fact for fact in ACTIONS if not (settings["no_items"] and fact == "items")]
    account, region = settings["account"], settings["region"]
    found = policy(facts, account=account, region=region, tables=tables or ("*",))
    print_json({**found, "Statement": [*found["Statement"], *_delivering(account, region, settings)]})


def _delivering(account: str, region: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    from stj_audit.deliver.stores import SCHEME, bucket_and_prefix
    from stj_audit.email_settings import parse_address
    from stj_audit.permissions import history_statements, mail_statements

    statements: list[dict[str, Any]] = []
    if settings["history"] is not None:
        if not settings["history"].startswith(SCHEME):
            raise click.UsageError("--history of a policy is in S3: give s3://bucket/prefix")
        bucket, prefix = bucket_and_prefix(settings["history"])
        statements += history_statements(bucket, prefix, region=region)
    if settings["send_from"] is not None:
        address = parse_address(settings["send_from"], "--send-from").addr_spec
        statements += mail_statements(address, account=account, region=region)
    return statements
