"""The options of the command line, as click decorators, nearly all also environment variables. What is imported late keeps --help quick."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import os
    from pathlib import Path

FORMATS = ("table", "markdown", "html", "json", "comment", "csv", "junit", "sarif", "github")
ENGINES = ("local", "spark")
ITEMS_FORMATS = ("table", "markdown", "json")
DIFF_FORMATS = ("table", "markdown", "json")
COST_FORMATS = ("table", "markdown", "html", "json", "csv")
MAX_USERS = 10**9  # as in the configuration, which is read late
PRICE_SOURCES = ("bundled", "live")
SCAN_MODES = ("auto", "full", "sample", "none")
SEVERITIES = ("low", "medium", "high", "critical")
GRADES = ("A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F")  # as in grade.py, which is read late
MAIL_CARRIERS = ("ses", "smtp")
MAIL_OCCASIONS = ("always", "changed", "grade-drop", "finding>=low", "finding>=medium", "finding>=high", "finding>=critical")
MAIL_PERIODS = ("month", "week", "run")
OFF = "off"
SCAN_OPTIONS = {  # how items are read: by parameter, as the user writes it
    "scan": "--scan",
    "scan_budget": "--scan-budget",
    "max_read_units": "--max-read-units",
    "read_units_per_second": "--read-units-per-second",
    "resume": "--resume",
    "scan_throttled": "--scan-throttled",
}
MAX_ITEM_BYTES = 400 * 1024  # as in the facts, which are read late

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Users(click.ParamType[tuple[int, ...]]):
    """User counts: 100,1000,10K."""

    name = "N[,N...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        counts = [_user_count(part) for part in value.split(",")]
        users = tuple(sorted({one for one in counts if one is not None}))
        if None in counts:
            self.fail(f"{value!r} is no list of user counts; write it like 100,1000,10K", param, ctx)
        if users[-1] > MAX_USERS:
            self.fail(_too_many(users[-1]), param, ctx)
        return users


class UserCount(click.ParamType[int]):
    """One user count: 100, or 10K."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        users = _user_count(value)
        if users is None:
            return self.fail(f"{value!r} is no user count; write it like 1000 or 10K", param, ctx)
        if users > MAX_USERS:
            self.fail(_too_many(users), param, ctx)
        return users


def _user_count(text: str) -> int | None:
    match = re.fullmatch(r"([1-9][0-9]*)([kKmM]?)", text.strip().replace("_", ""))
    return None if match is None else int(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()]


def _too_many(users: int) -> str:
    return f"{users:,} users are a typing error; at most {MAX_USERS:,} can be projected"


class Size(click.ParamType[int]):
    """A size in bytes: 300KB, 1.5MB, 307200."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from stj_audit.config import parse_size

        try:
            return parse_size(value)
        except ValueError as error:
            return self.fail(str(error), param, ctx)


class ItemLine(Size):
    """A size that no item may be above, in bytes; 0: off."""

    name = "SIZE|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.lower() == OFF:
            return 0
        line = super().convert(value, param, ctx)
        if not 0 < line <= MAX_ITEM_BYTES:
            self.fail(f"{value!r} is no line for items: give a size up to 400KB, which no item is above, or {OFF}", param, ctx)
        return line


class Parameter(click.ParamType[tuple[str, str]]):
    """NAME=VALUE, as two texts."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        name, equals, text = value.partition("=")
        if not (name and equals):
            self.fail(f"{value!r} is no parameter; write it like Stage=prod", param, ctx)
        return name, text


class FilePath(click.Path):
    """A path as a `pathlib.Path`: click's own `path_type` would have pathlib imported for --help."""

    def coerce_path_result(self, value: "str | os.PathLike[str]") -> "Path":
        from pathlib import Path

        return Path(value)


class Dollars(click.ParamType[Any]):
    """An amount in US dollars, exact."""

    name = "USD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from decimal import Decimal, InvalidOperation

        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is no amount; write it like 0.05", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is no amount of money to spend", param, ctx)
        return amount


class MailAddress(click.ParamType[str]):
    """An address of e-mail, "team@example.com" or "Team <team@example.com>"; several in the environment with commas between them."""

    name = "ADDRESS"
    _ONE = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^,])+')  # a name in quotes may have commas

    def split_envvar_value(self, rv: str) -> list[str]:
        return self._ONE.findall(rv)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from stj_audit.email_settings import parse_address

        text = str(value).strip()
        try:
            parse_address(text, param.opts[-1] if param else "address")
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return text


class FailOn(click.ParamType[str]):
    """never, a severity, or grade:C."""

    name = "never|low|medium|high|critical|grade:C"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        word = str(value).lower()
        if word.startswith("grade:"):
            word = "grade:" + word.removeprefix("grade:").upper()
        if word == "never" or word in SEVERITIES or (word.startswith("grade:") and word.removeprefix("grade:") in GRADES):
            return word
        return self.fail(f"{value!r}: use never, {', '.join(SEVERITIES)} or grade:C", param, ctx)


def option(*names: str, env: tuple[str, ...] = (), **settings: Any) -> Callable[[_Command], _Command]:
    """A click option that is also STJ_AUDIT_<OPTION>, whatever the command."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    variable = "STJ_AUDIT_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=[variable, *env], show_envvar=False, **settings)


def source_option(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """
    A click option that says what a command is about, and is no environment variable: a gate of live tables must not become one of a saved
    run, or of a template, because of a variable that was meant for another command.
    """
    return click.option(*names, **settings)


def options(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Several options as one decorator, in the order in which they are listed."""

    def decorate(command: _Command) -> _Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_profile_option = option("--profile", env=("AWS_PROFILE",), help="Profile of ~/.aws/config.")
_role_options = options(
    option("--endpoint-url", metavar="URL", help="Send every call there instead of to AWS."),
    option("--role-arn", metavar="ARN", help="Role to assume for the audit."),
    option("--external-id", metavar="ID", help="External id for that role."),
    option("--max-attempts", type=click.IntRange(1, 10), default=4, show_default=True, help="Attempts per call, retries included."),
)
size_options = options(
    option("--warn-item-size", type=Size(), help="Items above it need care.  [default: 300KB]"),
    option("--max-item-size", type=Size(), help="Items above it cannot be written.  [default: 400KB]"),
)
aws_options = options(_profile_option, option("--region", env=_REGION_VARIABLES, help="AWS region."), _role_options)
aws_options_of_several_regions = options(
    _profile_option,
    option(
        "--region",
        "regions",
        multiple=True,
        metavar="REGION[,...]",
        callback=lambda _context, _parameter, given: tuple(
            filter(None, (word.strip() for one in given for word in one.split(",")))
        ),
        env=_REGION_VARIABLES,
        help="AWS region; of several, all tables are in one report.",
    ),
    _role_options,
)
judging_options = options(
    option("--users", type=Users(), help="User counts to project to.  [default: 100,1000,10000,50000,100000]"),
    option("--target-users", type=UserCount(), help="User count that the headline grade is for.  [default: 10000]"),
    option("--users-now", type=UserCount(), help="Users today.  [default: items of [model] users_table]"),
    size_options,
)
price_options = options(
    option(
        "--prices",
        type=click.Choice(PRICE_SOURCES),
        help="List prices that came with this version, or those that AWS publishes now.  [default: bundled]",
    ),
    option(
        "--free-tier/--no-free-tier",
        default=None,
        help="Subtract AWS's free monthly quantities, once for an account and region.  [default: no]",
    ),
)
config_options = options(
    option("--config", "config_path", type=FilePath(), help="Configuration.  [default: stj-audit.toml here or above]"),
    option("--no-config", is_flag=True, help="Use no configuration file."),
)
scan_options = options(
    option(
        "--scan",
        type=click.Choice(SCAN_MODES),
        help="Read items: all while that is within the budget, else a sample (auto), all (full), a sample, or none.  [default: auto]",
    ),
    option("--scan-budget", type=Dollars(), help="What reading one table may cost under auto and sample, in USD.  [default: 0.05]"),
    option("--max-read-units", type=click.IntRange(1), metavar="N", help="Read no more than that, all tables together."),
    option("--read-units-per-second", type=click.IntRange(1), metavar="N", help="Read no faster than that, all tables together."),
    option(
        "--resume",
        type=FilePath(file_okay=False),
        metavar="DIR",
        help="Keep checkpoints there, and go on from those of an interrupted run.",
    ),
    option("--scan-throttled", is_flag=True, help="Read items also of tables that were throttled in the last hour."),
)
timeout_option = option(
    "--timeout",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Stop reading then; what was read by then is judged, the rest is told as not checked.  [default: none]",
)
TIMEOUT_OPTION = {"timeout": "--timeout"}
shown_options = options(
    option(
        "-f", "--format", "format_", type=click.Choice(FORMATS), default="table", show_default=True, help="What goes to stdout."
    ),
    option(
        "--report",
        "reports",
        multiple=True,
        metavar="[FORMAT=]PATH",
        help="Also write a report there, to a file or s3://bucket/key; repeatable.",
    ),
    option(
        "--sarif-anchor",
        type=FilePath(dir_okay=False),
        metavar="PATH",
        help="File that sarif, github and junit point at, such as a template with the tables.  [default: the configuration]",
    ),
    option("--color", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True, help="Colour on stdout."),
    option("-q", "--quiet", is_flag=True, help="Nothing on stderr but errors."),
    option("-v", "--verbose", count=True, help="Say more on stderr; where an error came from."),
)
history_option = option(
    "--history",
    metavar="DIR|s3://BUCKET/PREFIX",
    help="Keep the run there, and show the trend of those that are there.  [default: [history] path]",
)
output_options = options(
    shown_options,
    history_option,
    option(
        "--keep",
        type=click.IntRange(1),
        metavar="N",
        help="With a folder: remove the oldest runs of an account and region above that.  [default: all stay]",
    ),
    option("--no-step-summary", is_flag=True, help="Append nothing to the file that GITHUB_STEP_SUMMARY names."),
)


def _gate_options(*more: Callable[[Any], Any], fail_on: str) -> Callable[[Any], Any]:
    """What an audit is held against. `more` are options that only one command has."""
    return options(
        option("--fail-on", type=FailOn(), default=fail_on, show_default=True, help="Exit with 3 from this finding on."),
        *more,
        option("--strict", is_flag=True, help="Exit with 4 when something could not be checked."),
        option(
            "--baseline",
            "baseline_path",
            type=FilePath(),
            metavar="FILE",
            help="What is in it does not count, only what is new or worse.",
        ),
        option(
            "--write-baseline",
            "write_baseline",
            type=FilePath(),
            metavar="FILE",
            help="Write the findings that are open now there, for --baseline.",
        ),
        option("--no-progress", is_flag=True, help="No progress on a terminal."),
    )


gate_options = _gate_options(fail_on="never")
check_options = _gate_options(
    option(
        "--fail-item-size",
        type=ItemLine(),
        metavar="SIZE|off",
        help="Exit with 3 for any item above it, whatever --fail-on says; off: item sizes do not matter.  [default: the warn line]",
    ),
    option(
        "--inconclusive",
        type=click.Choice(("fail", "pass")),
        default="fail",
        show_default=True,
        help="What a sample without such an item means: exit 4, or nothing.",
    ),
    fail_on="high",
)
mail_options = options(
    option("--from", "from_", type=MailAddress(), help="Who sends it.  [default: [email] from]"),
    option("--to", multiple=True, type=MailAddress(), help="Who gets it; repeatable.  [default: [email] to]"),
    option(
        "--name", metavar="NAME", help="What the environment is called, in the subject and for once-only.  [default: the account]"
    ),
    option("--via", type=click.Choice(MAIL_CARRIERS), help="What carries it.  [default: smtp where a host is given, else ses]"),
    option("--smtp-host", metavar="HOST", help="The mail server."),
    option(
        "--smtp-port", type=click.IntRange(1, 65_535), metavar="PORT", help="Its port; 465 has TLS from the start.  [default: 587]"
    ),
    option("--smtp-starttls/--no-smtp-starttls", default=None, help="Whether other ports are encrypted.  [default: yes]"),
    option("--smtp-username", metavar="NAME", help="Who signs in there."),
    option("--smtp-password-env", metavar="VARIABLE", help="The environment variable that has the password."),
    option("--ses-region", metavar="REGION", help="The region whose SES sends it.  [default: --region]"),
    option("--ses-configuration-set", metavar="NAME", help="Configuration set of SES."),
    option("--send", type=click.Choice(MAIL_OCCASIONS), help="On what occasion it is mailed.  [default: always]"),
    option("--min-saving", type=Dollars(), help="Only if at least that can be saved a month.  [default: any]"),
    option("--link", metavar="URL", help="Where the whole report is, for the mail to say."),
    option("--attach/--no-attach", default=None, help="Attach the whole report in HTML.  [default: yes]"),
    option("--unsubscribe", metavar="ADDRESS", help="Where to write to get it no more."),
    option(
        "--period",
        type=click.Choice(MAIL_PERIODS),
        help="How often it is mailed at most, by the date of the run.  [default: month]",
    ),
)
template_options = options(
    source_option(
        "--template",
        "templates",
        type=FilePath(),
        multiple=True,
        metavar="FILE",
        help="Judge the tables that a CloudFormation or SAM template, or the JSON of a Terraform plan defines; repeatable.",
    ),
    option(
        "--parameter",
        "parameters",
        type=Parameter(),
        multiple=True,
        metavar="NAME=VALUE",
        help="With --template: a parameter of the deployment; repeatable.  [default: its Default]",
    ),
    option("--require-template", is_flag=True, help="Look at no live tables: without --template it is a mistake."),
)
