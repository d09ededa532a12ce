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
from stj_audit.cost.capacity_mode import outgrown
from stj_audit.cost.free_tier import about_free_tier
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.lines import DIGITS, HOURS_PER_MONTH, oldest_price
from stj_audit.cost.patterns import naive_estimate, pattern_costs
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.projection import place, projection
from stj_audit.cost.savings import Plan, Proposal, plan, proposals, worthwhile
from stj_audit.cost.usage import check_prices
from stj_audit.design import undeclared_index
from stj_audit.errors import ConfigError
from stj_audit.report import Costs, CurrentCost, PriceSource
from stj_audit.results import Change
from stj_audit.wording import a_few


def price_model(
    config: Config, *, prices: PriceSheet, users: Sequence[int], free_tier: bool = False, target_users: int | None = None
) -> Costs:
    """
    What the declared tables cost a month at `prices`, at each of `users`; and at `[model] users_now`, when that is declared.

    Patterns and the naive estimate are told at `target_users`, which is priced too, or else at the target of the model where it is among
    `users`, or at the most of them. Raises ConfigError, which names the file and the place, for a design that cannot be priced.
    """
    _check(config, prices)
    with localcontext(prec=DIGITS):
        workloads = [declared_workload(name, table, config.model) for name, table in config.tables.items()]
    target = target_users or (config.model.target if config.model.target in users else max(users))
    users = tuple(sorted({*users, target}))
    counts = (*users, *(() if config.model.users_now is None else (config.model.users_now,)))
    bills = {count: [TableBill(workload=workload, users=count, prices=prices) for workload in workloads] for count in counts}
    something = {
        place(line)
        for of in bills.values()
        for bill in of
        for line in bill.lines
        if line.quantity != 0 or "storage" in line.component
    }
    suggested = [tuple(proposals(workload)) for workload in workloads]
    at = {
        count: projection(
            of,
            count,
            _saved(of, suggested, free_tier=free_tier),
            config.tables,
            free_tier=free_tier,
            shown=something,
        )
        for count, of in bills.items()
    }
    projections = tuple(at[count] for count in users)
    now = None if config.model.users_now is None else at[config.model.users_now]
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
        assumptions=tuple(_assumptions(config, then, prices, free_tier=free_tier)),
        patterns=pattern_costs(then),
        naive=naive_estimate(then, target, {}),
        target_users=target,
    )


def _check(config: Config, prices: PriceSheet) -> None:
    origin = config.path or "the configuration"
    check_prices(prices, origin=f"{origin}: ")
    if not config.tables:
        raise ConfigError(f"{origin}: no [tables.NAME]: there is nothing to price", hint="declare a table")
    for name, table in config.tables.items():
        wrong = undeclared_index(table.index, table.pattern)
        if wrong is not None:
            place, problem = wrong
            raise ConfigError(f"{origin}: {problem} - at `tables.{name}.{place}`", hint=f"add a [[tables.{name}.index]]")


def _saved(bills: Sequence[TableBill], suggested: Sequence[Sequence[Change]], *, free_tier: bool) -> Plan:
    """What the sizes and patterns of the tables suggest by themselves: `suggested` for each of the bills."""
    proposed = [
        Proposal(place=number, change=change)
        for number, (bill, changes) in enumerate(zip(bills, suggested, strict=True))
        for change in worthwhile(bill, changes)
    ]
    return plan(bills, proposed, free_tier=free_tier)


def _assumptions(config: Config, bills: Sequence[TableBill], prices: PriceSheet, *, free_tier: bool) -> Iterator[str]:
    model = config.model
    yield "every size and request is as declared, nothing was measured"
    yield f"requests are those of {model.days} days, provisioned capacity that of {HOURS_PER_MONTH} hours"
    yield "a GB is 2^30 bytes"
    if model.active != 1:
        yield f"{Decimal(model.active) * 100:f} % of the users are active on a day"
    yield about_free_tier(prices, free_tier=free_tier)
    single = [
        pattern.name
        for table in config.tables.values()
        for pattern in table.pattern
        if pattern.op == "Query" and pattern.items is None
    ]
    if single:
        yield f"a Query without `items` is taken to read 1 item: {a_few(single)}"
    whole = [pattern.name for table in config.tables.values() for pattern in table.pattern if pattern.reads_everything]
    if whole:
        yield f"a Scan without `items` is taken to read everything that is there: {a_few(whole)}"
    if any(table.reads_per_user_day is not None or table.writes_per_user_day is not None for table in config.tables.values()):
        yield (
            "requests without patterns are eventually consistent reads and writes of a mean item, and each write touches every index that "
            "projects ALL, and no other"
        )
    if any(table.growth for table in config.tables.values()):
        yield "items are priced at the size that they have now; what a year of the declared growth adds is told apart"
    if any(table.billing_mode == "PROVISIONED" for table in config.tables.values()):
        yield "provisioned capacity stays as declared, whether or not it is enough for the requests"
    small = [bill.workload.name for bill in bills if bill.workload.provisioned and outgrown(bill)]
    if small:
        yield f"the declared requests to {a_few(small)} are more than the declared capacity serves at {bills[0].users:,} users"
