"""`send`: mail a report, once for a period."""

import sys
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.history import find_history, folder_to_read, history_place
from stj_audit.cli.inputs import read_config, read_run
from stj_audit.cli.terminal import printable
from stj_audit.errors import ConfigError
from stj_audit.options import FilePath, config_options, mail_options, option

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.config import Config
    from stj_audit.email_settings import Email
    from stj_audit.report import Report

_OF_EMAIL = (
    *("from_", "to", "name", "via", "ses_region", "ses_configuration_set", "send", "min_saving", "link", "attach", "unsubscribe"),
    "period",
)
_OF_SMTP = ("host", "port", "starttls", "username", "password_env")


@click.command()
@click.argument("run_file", metavar="RUN.json", type=FilePath(dir_okay=False, allow_dash=True))
@mail_options
@option("--history", metavar="DIR|s3://BUCKET/PREFIX", help="Where it is kept what was sent.  [default: [history] path]")
@click.option("--again", is_flag=True, help="Send it although it was sent.")
@click.option(
    "--dry-run",
    type=FilePath(dir_okay=False, allow_dash=True),
    metavar="OUT.eml",
    help="Write the message there (- is stdout) and send nothing: no network, no claim, whatever the occasion.",
)
@option("--profile", env=("AWS_PROFILE",), help="Profile of ~/.aws/config, for SES and a history in S3.")
@option("--region", env=("AWS_REGION", "AWS_DEFAULT_REGION"), help="AWS region of SES, and of a history in S3.")
@option("--endpoint-url", metavar="URL", help="Send every call there instead of to AWS.")
@config_options
@option("-q", "--quiet", is_flag=True, help="Nothing but errors.")
@option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from.")
def send(run_file: "Path", **settings: Any) -> None:
    """
    E-mail the report of a saved run (- reads it from stdin), once for a period.

    It goes from and to the addresses of [email] in stj-audit.toml, or of the options, through Amazon SES or a mail server:

    \b
      [email]
      from = "DynamoDB audits <audits@example.com>"
      to = ["team@example.com"]
      name = "prod"
      via = "ses"                     # or "smtp", with
      smtp = { host = "smtp.example.com", username = "audits", password_env = "SMTP_PASSWORD" }
      send = "changed"                # or "always", "grade-drop", "finding>=high"
      min_saving = 50                 # only if 50 USD a month can be saved

    With --history it is sent once for the month, however often this is run, and by however many: whoever is first claims it there. The month
    is that in which the audit began. What stopped an attempt is told, and the next run tries again. Look at the message before:

    \b
      stj-audit send run.json --dry-run out.eml

    The exit code is 0 also where there was no occasion to send, or it was sent before; that is said.
    """
    from stj_audit.report import from_json

    config = read_config(settings)
    email = _settings(config.email, settings)
    stdin = str(run_file) == "-"
    report = from_json(sys.stdin.buffer.read()) if stdin else read_run(run_file)
    if settings["dry_run"] is None:
        _say(_sent(report, email, config, settings), settings)
    else:
        _write(report, email, config, settings)


def _settings(email: "Email", settings: dict[str, Any]) -> "Email":
    """`[email]`, with what the command line says instead. Raises ConfigError."""
    import msgspec

    from stj_audit.email_settings import MOST_RECIPIENTS, Smtp, addressed

    given = {name: settings[name] for name in _OF_EMAIL if settings[name] not in (None, ())}
    server = {name: settings[f"smtp_{name}"] for name in _OF_SMTP if settings[f"smtp_{name}"] is not None}
    try:
        if server:
            server = ({} if email.smtp is None else msgspec.structs.asdict(email.smtp)) | server
            if "host" not in server:
                raise ConfigError("the mail server has no host", hint="give --smtp-host, or `smtp.host` of [email]")
            given["smtp"] = Smtp(**server)
        merged = msgspec.structs.replace(email, **given)
    except ValueError as error:
        raise ConfigError(str(error), hint="see `stj-audit send --help`") from error
    if len(merged.to) > MOST_RECIPIENTS:
        raise ConfigError(
            f"{len(merged.to)} recipients are too many: one mail goes to {MOST_RECIPIENTS} at most", hint="mail to a list"
        )
    addressed(merged)
    return merged


def check_mail(*arguments: str) -> None:
    """Find out before there is a run whether `send RUN.json ARGUMENTS` knows how to mail it; nothing is sent. Raises ConfigError."""
    from stj_audit.deliver.carriers import open_carrier

    with send.make_context("send", ["RUN.json", *arguments]) as context:
        settings = context.params
        email = _settings(read_config(settings).email, settings)
        open_carrier(email, region=settings["region"], profile=settings["profile"], endpoint_url=settings["endpoint_url"])


def _write(report: "Report", email: "Email", config: "Config", settings: dict[str, Any]) -> None:
    from datetime import UTC, datetime

    from stj_audit.deliver.files import Destination, check_writable, write
    from stj_audit.mailing import compared, write_mail

    path = settings["dry_run"]
    to_stdout = str(path) == "-"
    target = Destination(format="eml", path=path)
    if not to_stdout:
        check_writable(target)
    store = folder_to_read(settings, config)
    if store is None and (where := history_place(settings, config)) is not None:
        _note(f"the history {where} is not asked in a dry run: what is sent is compared with the runs in it", settings)
    report, _ = compared(report, store)
    mail = write_mail(report, email, now=datetime.now(UTC), tell=lambda sentence: _note(sentence, settings))
    if to_stdout:
        click.echo(mail.raw, nl=False)
        return
    write(target, mail.raw.decode("ascii"))
    _say(f"wrote {path}; nothing was sent", settings)


def _sent(report: "Report", email: "Email", config: "Config", settings: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    from stj_audit.deliver.carriers import open_carrier
    from stj_audit.mailing import Way, mail_report

    regions = (settings["region"],) if settings["region"] else ()
    history = find_history({**settings, "keep": None, "regions": regions}, config)
    way = Way(
        carrier=open_carrier(email, region=settings["region"], profile=settings["profile"], endpoint_url=settings["endpoint_url"]),
        store=None if history is None else history.store,
        clock=lambda: datetime.now(UTC),
        again=settings["again"],
    )
    return mail_report(report, email, way, tell=lambda sentence: _note(sentence, settings))


def _say(sentence: str, settings: dict[str, Any]) -> None:
    if not settings["quiet"]:
        click.echo(printable(sentence))


def _note(sentence: str, settings: dict[str, Any]) -> None:
    if not settings["quiet"]:
        click.echo(printable(f"note: {sentence}"), err=True)
