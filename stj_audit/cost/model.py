"""
A declared design, priced at any user count: the tables, indexes and access patterns of `stj-audit.toml`, without an AWS call.

Request units are counted call by call, with the rules of `cost.units`, and multiplied by users, the active part of them, calls a day and
days. What is not declared is not known: its line has no amount, takes no part in sums, and makes the projection incomplete. Savings are
what the sizes and patterns suggest by themselves, each re-priced at each user count.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from stj_audit.config import Config
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_model import declared_workload, grown
from stj_audit.cost.lines import (
    DIGITS,
    HOURS_PER_MONTH,
    MONEY_STEP,
    growth_parts,
    is_complete,
    oldest_price,
    sum_or_none,
    total,
)
from stj_audit.cost.patterns import naive_estimate, pattern_costs
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.savings import Proposal, free_quantities, plan, proposals, worthwhile
from stj_audit.cost.usage import about_free_tier, check_prices, free_lines
from stj_audit.cost.workload import Workload
from stj_audit.design import undeclared_index
from stj_audit.errors import ConfigError
from stj_audit.report import CostLine, Costs, CurrentCost, PriceSource, Projection, StorageAtScale

MAX_USERS = 10**9  # a typing error above it
YEAR_DAYS = 365


def price_model(
    config: Config, *, prices: PriceSheet, users: Sequence[int], free_tier: bool = False, target_users: int | None = None
) -> Costs:
    """
    What the declared tables cost a month at `prices`, at each of `users`; and at `[model] users_now`, when that is declared.

    Patterns and the naive estimate are told at `target_users`, or at the target of the model. Raises ConfigError, which names the file and
    the place, for a design that cannot be priced as it stands.
    """
    _check(config, prices, users)
    with localcontext(prec=DIGITS):
        workloads = [declared_workload(name, table, config.model) for name, table in config.tables.items()]
    counts = (*users, *(() if config.model.users_now is None else (config.model.users_now,)))
    bills = {count: [TableBill(workload=workload, users=count, prices=prices) for workload in workloads] for count in counts}
    something = {
        _place(line) for of in bills.values() for bill in of for line in bill.lines if line.quantity != 0 or "storage" in line.component
    }
    at = {count: _projection(config, of, prices, count, something, free_tier=free_tier) for count, of in bills.items()}
    projections = tuple(at[count] for count in users)
    now = None if config.model.users_now is None else at[config.model.users_now]
    target = target_users or config.model.target
    then = [TableBill(workload=workload, users=target, prices=prices) for workload in workloads]
    classes = {workload.name: workload.table_class for workload in workloads}
    used = ((line, classes[line.table]) for one in projections for line in one.lines if line.table)
    return Costs(
        prices=PriceSource(region=prices.region, as_of=oldest_price(used, prices), source=prices.source),
        free_tier=free_tier,
        current=CurrentCost(monthly_usd=None, lines=(), complete=False)
        if now is None
        else CurrentCost(monthly_usd=now.monthly_usd, lines=now.lines, complete=now.complete),
        projections=projections,
        assumptions=tuple(_assumptions(config, prices, free_tier=free_tier)),
        patterns=pattern_costs(then),
        naive=naive_estimate(then, target, prices, {}),
        target_users=target,
    )


def _place(line: CostLine) -> tuple[str, str | None, str]:
    return line.table, line.index, line.component


def _check(config: Config, prices: PriceSheet, users: Sequence[int]) -> None:
    origin = config.path or "the configuration"
    check_prices(prices, origin=f"{origin}: ")
    if not config.tables:
        raise ConfigError(f"{origin}: no [tables.NAME]: there is nothing to price", hint="declare a table")
    if max((*users, config.model.users_now or 0)) > MAX_USERS:
        raise ConfigError(
            f"{origin}: more than {MAX_USERS:,} users cannot be priced", hint="lower `scales`, `users_now` or --users"
        )
    for name, table in config.tables.items():
        wrong = undeclared_index(table.index, table.pattern)
        if wrong is not None:
            place, problem = wrong
            raise ConfigError(f"{origin}: {problem} - at `tables.{name}.{place}`", hint=f"add a [[tables.{name}.index]]")


def _projection(
    config: Config,
    bills: Sequence[TableBill],
    prices: PriceSheet,
    users: int,
    something: set[tuple[str, str | None, str]],
    *,
    free_tier: bool,
) -> Projection:
    """`something`: the lines that are more than nothing at some user count; the others, reads that no pattern makes, are left out."""
    lines: list[CostLine] = [line for bill in bills for line in bill.lines if _place(line) in something]
    if free_tier:
        lines += free_lines_of(bills, prices)
    monthly = sum_or_none(lines) if lines else Decimal(0)
    proposed = [
        Proposal(place=place, change=change)
        for place, bill in enumerate(bills)
        for change in worthwhile(bill, proposals(bill.workload))
    ]
    saved = plan(bills, proposed, free_usd=(lambda left: total(free_lines_of(left, prices))) if free_tier else None)
    return Projection(
        users=users,
        monthly_usd=monthly,
        lines=tuple(lines),
        complete=is_complete(lines),
        avoidable_usd=None if monthly is None else saved.sure_usd,
        avoidable_at_most_usd=None if monthly is None else saved.at_most_usd,
        per_user_usd=None if monthly is None else (monthly / users).quantize(MONEY_STEP),
        storage=tuple(stored_at(bill.workload, users) for bill in bills),
        parts=None if monthly is None else growth_parts(lines, sum((bill.super_linear_usd for bill in bills), Decimal(0))),
        savings=saved.steps,
        after_year_usd=after_year(config, [bill.workload for bill in bills], prices, users),
    )


def free_lines_of(bills: Sequence[TableBill], prices: PriceSheet) -> list[CostLine]:
    """What the free tier gives for all tables together, as lines of their own."""
    return list(free_lines(free_quantities((line, bill.workload.table_class) for bill in bills for line in bill.lines), prices))


def after_year(config: Config, workloads: Sequence[Workload], prices: PriceSheet, users: int) -> Decimal | None:
    """The bill when the items have grown for a year as declared, before the free tier; None where no growth is declared, or not of what."""
    if not any(config.tables[workload.name].growth for workload in workloads if workload.name in config.tables):
        return None
    amount = Decimal(0)
    for workload in workloads:
        table = config.tables.get(workload.name)
        with localcontext(prec=DIGITS):
            then = workload if table is None or not table.growth else grown(workload, table.growth, YEAR_DAYS)
        if then is None:
            return None
        amount += TableBill(workload=then, users=users, prices=prices).monthly_usd
    return amount


def stored_at(workload: Workload, users: int) -> StorageAtScale:
    """What the table and its indexes hold at `users` users, without the overhead that is billed."""
    with localcontext(prec=DIGITS):
        table, items = workload.table, workload.table.count.at(users)
        parts = [(store.count.at(users), store.mean_bytes) for store in workload.indexes]
        known = [count * size for count, size in parts if count is not None and size is not None]
        return StorageAtScale(
            table=workload.name,
            items=None if items is None else int(items),
            table_bytes=None if items is None or table.mean_bytes is None else round(items * table.mean_bytes),
            index_bytes=None if items is None or len(known) < len(parts) else round(sum(known, Decimal(0))),
        )


def _assumptions(config: Config, prices: PriceSheet, *, free_tier: bool) -> Iterator[str]:
    model = config.model
    yield "every size and request is as declared, nothing was measured"
    yield f"requests are those of {model.days} days, provisioned capacity that of {HOURS_PER_MONTH} hours"
    yield "a GB is 2^30 bytes"
    if model.active != 1:
        yield f"{Decimal(model.active) * 100:f} % of the users are active on a day"
    yield about_free_tier(prices, free_tier=free_tier)
    scans = [
        pattern.name
        for table in config.tables.values()
        for pattern in table.pattern
        if pattern.op == "Scan" and pattern.items is None
    ]
    if scans:
        yield f"a Scan without `items` is taken to read 1 item: {', '.join(scans)}"
    if any(table.reads_per_user_day is not None or table.writes_per_user_day is not None for table in config.tables.values()):
        yield (
            "requests without patterns are eventually consistent reads and writes of a mean item, and each write touches every index that "
            "projects ALL, and no other"
        )
    if any(table.growth for table in config.tables.values()):
        yield "items are priced at the size that they have now; what a year of the declared growth adds is told apart"
    if any(table.billing_mode == "PROVISIONED" for table in config.tables.values()):
        yield "provisioned capacity stays as declared, whether or not it is enough for the requests"
