"""What a page shows of what drives a bill: how it grows, its largest lines, its access patterns, its requests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.render.digest import capital
from stj_audit.render.digest_money import line_title
from stj_audit.render.escape import cut, cut_name
from stj_audit.report import CostLine, Costs, GrowthParts, PatternCost, PriceSource, Projection
from stj_audit.wording import a_few, counted

LARGEST = 8  # lines of a bill; after them each is a few per cent
CONSTANT_MATTERS = Decimal("0.05")  # of a bill: less of it can be left unsaid
SUPER_LINEAR = "super-linear"
FREE_OF_CHARGE = "free of charge"
ZERO = Decimal(0)
GROWTH_WORDS = {"constant": "not with the users", "linear": "with the users", SUPER_LINEAR: "with the square of the users"}
NOTHING = "–"
LIVE_PRICES = ("the Price List API", "the public price file")  # how the source starts of prices that were asked for
NOT_AS_SHIPPED = (*LIVE_PRICES, "bundled list prices")  # and of those that stand in for them
REASON_LENGTH = 60  # the run file has all of it
ALL_TABLES = "all tables"


def target_projection(costs: Costs) -> Projection | None:
    """The projection that a page on costs alone is about: that of the target, of the largest user count where no target is set."""
    at_target = [one for one in costs.projections if one.users == costs.target_users]
    return next(iter(at_target or costs.projections[-1:]), None)


def price_source(prices: PriceSource) -> str:
    """Where prices are from, and why from there, in a short line; empty for those that come with this version and are as they came."""
    what, _, why = prices.source.partition(", because ")
    kind = next((kind for kind in NOT_AS_SHIPPED if what.startswith(kind)), None)
    if kind is None:
        return ""
    since = what.partition(",")[0].removeprefix(kind) if kind in LIVE_PRICES else ""
    return filters.sentence(f"Prices: {kind}{since}" + (f", because {cut(why, REASON_LENGTH)}" if why else ""))


# --------------------------------------------------------------------------------------------------------------- growth


def growth_of(line: CostLine) -> str:
    """How a line grows with the users: constant, linear or super-linear."""
    return line.growth if line.per_user else "constant"


def growth_words(growth: str) -> str:
    return GROWTH_WORDS.get(growth, growth)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthPart:
    """What of the bills grows in one way, by user count in the order of the projections; None where it is not known."""

    title: str
    amounts_usd: tuple[Decimal | None, ...]


def growth_parts(costs: Costs) -> tuple[GrowthPart, ...]:
    """The bills by how they grow; nothing where they are as good as linear in the users, for then there is nothing to tell apart."""

    def part(title: str, of: Callable[[GrowthParts], Decimal]) -> GrowthPart:
        return GrowthPart(title=title, amounts_usd=tuple(None if at.parts is None else of(at.parts) for at in costs.projections))

    linear = part("growing with the users", lambda parts: parts.linear_usd)
    square = part("growing with their square", lambda parts: parts.super_linear_usd)
    fixed = part("fixed", lambda parts: parts.constant_usd)
    free = part(FREE_OF_CHARGE, lambda parts: parts.free_usd)
    if not _is_seen(square) and not any(_fixed_matters(at) for at in costs.projections):
        return ()
    return (linear, *filter(_is_seen, (square, fixed, free)))


def _is_seen(part: GrowthPart) -> bool:
    """Whether there is a cent of it at any user count."""
    return any(amount is not None and filters.to_cents(amount) for amount in part.amounts_usd)


def _fixed_matters(at: Projection) -> bool:
    """Whether what does not grow, or what is given away for free, is more than can be left unsaid."""
    if at.parts is None or not at.monthly_usd:
        return False
    return max(abs(at.parts.constant_usd), abs(at.parts.free_usd)) >= CONSTANT_MATTERS * abs(at.monthly_usd)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthRow:
    """One user count: an amount for each head of the table."""

    users: int
    is_target: bool
    amounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthTable:
    """Bills by how they grow with the users, and, if `has_year`, in time; if `has_free`, with what AWS gives away for free."""

    heads: tuple[str, ...]
    rows: tuple[GrowthRow, ...]
    has_year: bool
    has_free: bool


def growth_table(costs: Costs, target_users: int | None) -> GrowthTable | None:
    """None where a bill is linear in the users and no growth of the items is declared: then the ladder says it all."""
    parts = growth_parts(costs)
    has_year = any(at.after_year_usd is not None for at in costs.projections)
    if not parts and not has_year:
        return None
    rows = []
    for place, at in enumerate(costs.projections):
        amounts = [at.monthly_usd, *(part.amounts_usd[place] for part in parts), *([at.after_year_usd] if has_year else [])]
        cells = tuple(filters.usd_cell(amount, at.complete) for amount in amounts)
        rows.append(GrowthRow(users=at.users, is_target=at.users == target_users, amounts=cells))
    return GrowthTable(
        heads=("A month", *(capital(part.title) for part in parts), *(["After a year of growth"] if has_year else [])),
        rows=tuple(rows),
        has_year=has_year,
        has_free=any(part.title == FREE_OF_CHARGE for part in parts),
    )


def growth_sentence(at: Projection | None) -> str:
    """What of a bill grows with the square of the users, and what that means; empty where nothing does."""
    if at is None or at.parts is None or at.parts.super_linear_usd <= 0:
        return ""
    amount = at.parts.super_linear_usd
    billed = (at.monthly_usd or ZERO) - at.parts.free_usd
    share = f" ({filters.percent(amount / billed)}{'' if at.complete else ' of what is known'})" if billed > 0 else ""
    return (
        f"At {filters.users(at.users)}, {filters.usd_words(amount, at.complete)} a month{share} grows with the square of the users: "
        "twice the users make it four times as much."
    )


def square_lines(at: Projection | None) -> str:
    """The lines of a bill in which something grows with the square of the users, with all that they cost; empty where none does."""
    lines = [] if at is None else [line for line in at.lines if growth_of(line) == SUPER_LINEAR]
    lines.sort(key=lambda line: line.monthly_usd or ZERO, reverse=True)
    return a_few([f"{line_title(line)} of {_place(line)} ({_in_all(line)})" for line in lines])


def _in_all(line: CostLine) -> str:
    return filters.NOT_KNOWN if line.monthly_usd is None else f"{filters.usd(line.monthly_usd)} in all"


def _place(line: CostLine) -> str:
    table = cut_name(line.table) if line.table else ALL_TABLES
    return table if line.index is None else f"{cut_name(line.index)} in {table}"


def basis(line: CostLine) -> str:
    """What a line rests on, and what is special about it: "declared, fixed", "measured, grows with the square of the users"."""
    square = GROWTH_WORDS[SUPER_LINEAR]
    growth = {"constant": ", fixed", SUPER_LINEAR: "" if square in line.note else f", grows {square}"}.get(growth_of(line), "")
    return f"{line.basis}{growth}" + (f", billed in {elsewhere(line)}" if elsewhere(line) else "")


def elsewhere(line: CostLine) -> str:
    """The region that a line is billed in, where that is not plain: a table of an audit of several regions says its own in its name."""
    return "" if line.region is None or f"{line.region}/" in line.table else line.region


# ------------------------------------------------------------------------------------------------- where the money goes


@dataclass(frozen=True, kw_only=True, slots=True)
class SpendingRow:
    """A line of a bill, or, with `table` None, several of them together."""

    what: str
    table: str | None
    index: str | None
    amount: str
    share: str


def largest_lines(at: Projection, length: int = LARGEST) -> tuple[SpendingRow, ...]:
    """
    The largest lines of a bill; then the rest of it, what is given away for free, and how many lines are not known, in one row each.

    Shares are of what is billed before anything is given away for free.
    """
    known = [(line, line.monthly_usd) for line in at.lines if line.monthly_usd is not None]
    billed = sorted(((line, amount) for line, amount in known if amount > 0), key=lambda one: -one[1])
    free = [amount for _, amount in known if amount < 0]
    whole = sum((amount for _, amount in billed), Decimal(0))
    shown = billed if len(billed) == length + 1 else billed[:length]  # a row for one other line says less than the line
    rows = [
        SpendingRow(
            what=line_title(line),
            table=line.table or ALL_TABLES,
            index=line.index,
            amount=filters.usd_cell(amount),
            share=filters.percent(amount / whole),
        )
        for line, amount in shown
    ]
    others = billed[len(shown) :]
    if others:
        amount = sum((amount for _, amount in others), Decimal(0))
        rows.append(_together(counted(len(others), "more line"), filters.usd_cell(amount), filters.percent(amount / whole)))
    if free:
        rows.append(_together(FREE_OF_CHARGE, filters.usd_cell(sum(free, Decimal(0))), NOTHING))
    unknown = sum(line.monthly_usd is None for line in at.lines)
    if unknown:
        rows.append(_together(f"{counted(unknown, 'line')} without an amount", filters.NOT_KNOWN, filters.NOT_KNOWN))
    return tuple(rows)


def share_head(at: Projection) -> str:
    """What the shares of `largest_lines` are of."""
    known = at.complete and all(line.monthly_usd is not None for line in at.lines)
    return "Share" if known else "Share of what is known"


def _together(what: str, amount: str, share: str) -> SpendingRow:
    return SpendingRow(what=what, table=None, index=None, amount=amount, share=share)


@dataclass(frozen=True, kw_only=True, slots=True)
class PatternRow:
    """A declared access pattern: its requests to the table or to the index it reads, and what its writes take in the indexes."""

    pattern: str
    operation: str
    table: str
    index: str | None
    calls: str
    own: str
    in_indexes: str
    total: str
    grows: str


def pattern_rows(costs: Costs) -> tuple[PatternRow, ...]:
    return tuple(
        PatternRow(
            pattern=one.pattern,
            table=one.table,
            operation=one.operation,
            index=one.index,
            calls=filters.quantity(one.calls),
            own=_or_nothing(_own(one)),
            in_indexes=_or_nothing(one.index_writes_usd),
            total=filters.usd_cell(one.monthly_usd),
            grows=growth_words(one.growth),
        )
        for one in costs.patterns
    )


def _own(one: PatternCost) -> Decimal | None:
    known = [amount for amount in (one.reads_usd, one.writes_usd) if amount is not None]
    if not known or (one.monthly_usd is None and len(known) < 2):
        return None
    return sum(known, Decimal(0))


def _or_nothing(amount: Decimal | None) -> str:
    return NOTHING if amount == 0 else filters.usd_cell(amount)


def patterns_total(costs: Costs) -> str:
    """What all patterns cost together, for a table."""
    return filters.usd_cell(*_sum([one.monthly_usd for one in costs.patterns]))


def patterns_sum(costs: Costs) -> str:
    """As `patterns_total`, for a sentence."""
    return filters.usd_words(*_sum([one.monthly_usd for one in costs.patterns]))


def _sum(amounts: Sequence[Decimal | None]) -> tuple[Decimal | None, bool]:
    """The sum of what is known, None where nothing is, and whether all is."""
    known = [amount for amount in amounts if amount is not None]
    return (sum(known, ZERO) if known else None), len(known) == len(amounts)


# ------------------------------------------------------------------------------------------------------------- requests


REQUESTS = {
    "reads": "Reads",
    "writes": "Writes",
    "replicated-writes": "Replicated writes",
    "capacity-reads": "Read capacity",
    "capacity-writes": "Write capacity",
    "replicated-capacity-writes": "Replicated write capacity",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """All reads, or all writes, of all tables, or of all their indexes."""

    title: str
    units: str
    price: str
    amount: str


def request_rows(at: Projection) -> tuple[RequestRow, ...]:
    """Requests and capacity of all tables together: reads and writes apart, tables and indexes apart."""
    groups: dict[tuple[bool, str, str], list[CostLine]] = {}
    for line in at.lines:
        component = line.component.removeprefix("index-")
        if component in REQUESTS:
            groups.setdefault((line.index is not None, component, line.unit), []).append(line)
    order = list(REQUESTS)
    return tuple(
        RequestRow(
            title=f"{REQUESTS[component]}, {'indexes' if of_index else 'tables'}",
            units=_quantity(line.quantity for line in lines),
            price=_prices(lines),
            amount=requests_total(lines),
        )
        for (of_index, component, _), lines in sorted(groups.items(), key=lambda one: (one[0][0], order.index(one[0][1])))
    )


def request_lines(at: Projection) -> tuple[CostLine, ...]:
    """The lines that `request_rows` sums up."""
    return tuple(line for line in at.lines if line.component.removeprefix("index-") in REQUESTS)


def requests_total(lines: Sequence[CostLine]) -> str:
    return filters.usd_cell(*_sum([line.monthly_usd for line in lines]))


def _quantity(quantities: Iterable[Decimal | None]) -> str:
    known, complete = _sum(list(quantities))
    mark = "" if known is None or complete else f"{filters.AT_LEAST} "
    return mark + filters.quantity(known)


def _prices(lines: Sequence[CostLine]) -> str:
    """One price, or from the lowest to the highest where table classes or regions differ."""
    prices = sorted({line.unit_price_usd for line in lines if line.unit_price_usd is not None})
    texts = [filters.unit_price(price, lines[0].unit) for price in prices]
    if len(texts) < 2:
        return next(iter(texts), filters.NOT_KNOWN)
    return f"{texts[0].partition(' per ')[0]} to {texts[-1]}"
