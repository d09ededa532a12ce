"""`run` and `demo`: an audit, and its report."""

import sys
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.history import find_history, keep
from stj_audit.cli.inputs import read_baseline, read_config, tell_ignores_from_above
from stj_audit.cli.interrupts import held_back
from stj_audit.cli.outputs import (
    INCONCLUSIVE,
    anchored,
    audited,
    check_apart,
    deliver,
    destinations,
    exit_code,
    find_anchor,
    new_baseline,
    told,
)
from stj_audit.cli.prices import warn_of_old_prices
from stj_audit.cli.requests import judging, places
from stj_audit.cli.terminal import printable, progress
from stj_audit.errors import AuditError, CannotWrite
from stj_audit.options import (
    FilePath,
    aws_options_of_several_regions,
    config_options,
    gate_options,
    judging_options,
    output_options,
    price_options,
    scan_options,
    shown_options,
    timeout_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.gate import GateTerms
    from stj_audit.report import Report


@click.command()
@click.argument("tables", nargs=-1, metavar="[TABLE or GLOB]...")
@aws_options_of_several_regions
@config_options
@judging_options
@price_options
@scan_options
@timeout_option
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

    outputs = [*destinations(settings["reports"], settings), *new_baseline(settings)]
    check_apart(outputs, settings)
    config = read_config(settings)
    tell_ignores_from_above(config, settings)
    anchor = find_anchor(outputs, config, settings)
    history = find_history(settings, config)
    terms = judging(settings, config)
    request = Request(
        patterns=tables, config=config, baseline=read_baseline(settings), gate=_gate(settings), **places(settings), **terms
    )
    report = audited(request, outputs, settings)
    with held_back():
        report = anchored(report, anchor)
        if history is not None:
            report = history.remembered(report)
        failures = deliver(report, outputs, settings)
        warn_of_old_prices(report.costs.prices, config, settings)
        _tell_not_known(report)
        told([*failures, *keep(history, report, settings)])
    code = exit_code(report)
    if not code and not report.tables:
        raise AuditError("no table could be looked at", hint=_why_nothing(report))
    sys.exit(code)


@click.command()
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
    own = (str(output_dir / name) for name in ("report.html", "report.md", "run.json"))
    outputs = destinations((*own, *settings["reports"]), settings)
    outputs += new_baseline(settings)
    check_apart(outputs, settings)
    config, known = demo_config(), read_baseline(settings)
    anchor = find_anchor(outputs, config, settings)
    with demo_tables() as aws:
        request = Request(aws=aws, config=config, baseline=known, gate=_gate(settings), **judging(settings, config))
        report = audit(request, on_progress=progress(settings))
    with held_back():
        failures = deliver(anchored(report, anchor), outputs, settings)
        _tell_not_known(report)
        told(failures)
    sys.exit(exit_code(report))


def _why_nothing(report: "Report") -> str:
    from stj_audit.aws_failures import DENIED_CODES

    if any(code in one.reason for one in report.not_checked for code in DENIED_CODES):
        return "allow what the report lists: `stj-audit iam-policy` prints the permissions"
    return "the report lists why; run it again, with -v for the details"


def _gate(settings: dict[str, Any]) -> "GateTerms":
    """What `run` and `demo` are held against: the findings alone."""
    from stj_audit.gate import GateTerms

    return GateTerms(fail_on=settings["fail_on"], strict=settings["strict"])


def _tell_not_known(report: "Report") -> None:
    """Why `run` and `demo` end with 4."""
    for reason in report.gate.reasons if report.gate is not None and report.gate.exit_code == INCONCLUSIVE else ():
        click.echo(printable(reason), err=True)


def _make_folder(folder: "Path") -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot make the folder {folder}: {error.strerror}", hint="choose another --output-dir") from error
