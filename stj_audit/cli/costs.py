"""`cost`: what live tables, a declared design or bare quantities cost."""

from typing import TYPE_CHECKING, Any

import click

from stj_audit.cli.inputs import read_config, refuse
from stj_audit.cli.prices import price_region, prices_of, warn_of_old_prices
from stj_audit.cli.requests import judging, places
from stj_audit.cli.terminal import print_text, progress, teller
from stj_audit.options import (
    COST_FORMATS,
    SCAN_OPTIONS,
    FilePath,
    aws_options_of_several_regions,
    config_options,
    judging_options,
    option,
    price_options,
    scan_options,
)

if TYPE_CHECKING:
    from pathlib import Path

    from stj_audit.config import Config
    from stj_audit.report import Costs

LIVE_OPTIONS = {  # they say how tables are read, and there are none with --model and --usage
    "config_path": "--config",
    "no_config": "--no-config",
    **SCAN_OPTIONS,
    "warn_item_size": "--warn-item-size",
    "max_item_size": "--max-item-size",
}


@click.command()
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
    print_text(render_costs(costs, settings["format_"]))
    warn_of_old_prices(costs.prices, config, settings)


def _refuse_options_of_live_tables(ctx: click.Context) -> None:
    refuse(ctx, LIVE_OPTIONS, "is for live tables, not for --model and --usage")


def _table_costs(tables: tuple[str, ...], settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.pipeline import Request, audit

    config = read_config(settings)
    request = Request(patterns=tables, config=config, **places(settings), **judging(settings, config))
    return audit(request, on_progress=progress(settings), tell=teller(settings)).costs, config


def _model_costs(path: "Path", settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.config import load_config, with_users_now
    from stj_audit.cost.model import price_model

    config = with_users_now(load_config(path, option="--model"), settings["users_now"])
    region = price_region(path, settings["regions"], config.model.region, "add `region` to its [model], or give --region")
    costs = price_model(
        config,
        prices=prices_of(region, settings, config),
        users=settings["users"] or tuple(sorted(set(config.model.scales))),
        free_tier=config.prices.free_tier if settings["free_tier"] is None else settings["free_tier"],
        target_users=settings["target_users"],
    )
    return costs, config


def _usage_costs(path: "Path", settings: dict[str, Any]) -> "tuple[Costs, Config]":
    from stj_audit.config import Config
    from stj_audit.cost.usage import load_usage, price_usage

    usage, config = load_usage(path), Config()
    region = price_region(path, settings["regions"], usage.region, "add one to the file, or give --region")
    free_tier = usage.free_tier if settings["free_tier"] is None else settings["free_tier"]
    return price_usage(usage, prices=prices_of(region, settings, config), free_tier=free_tier), config
