"""The prices that a design or bare quantities are priced by, and whether prices are old."""

import os
from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import today
from stj_audit.cli.requests import session_options
from stj_audit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.config import Config
    from stj_audit.cost.prices import PriceSheet
    from stj_audit.report import PriceSource


def price_region(path: "Path", regions: tuple[str, ...], declared: str | None, hint: str) -> str:
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


def prices_of(region: str, settings: dict[str, Any], config: "Config") -> "PriceSheet":
    """The prices of a region that no audit is made of."""
    from stj_audit.cost.prices import bundled_sheet

    if (settings["prices"] or config.prices.source) == "bundled":
        return bundled_sheet(region)
    from stj_audit.scanners.prices import live_sheet

    return live_sheet(session_options(settings, region), region, today=today())


def warn_of_old_prices(prices: "PriceSource", config: "Config", settings: dict[str, Any]) -> None:
    from stj_audit.cost.prices import about_age

    warning = about_age(prices.as_of, today=today(), max_age_months=config.prices.max_age_months)
    if settings["quiet"]:
        return
    if warning:
        click.echo(f"warning: {warning}", err=True)
    if (settings.get("prices") or config.prices.source) == "live" and prices.source.startswith("bundled"):
        click.echo(f"warning: {prices.source}", err=True)
