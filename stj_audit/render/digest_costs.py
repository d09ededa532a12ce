"""What a page shows of what drives a bill: how it grows, its largest lines, its access patterns, its requests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.render.digest import capital, listed
from stj_audit.render.digest_money import CENT, line_title, money, money_short
from stj_audit.render.escape import cut
from stj_audit.report import CostLine, Costs, PatternCost, Projection
from stj_audit.wording import counted

LARGEST = 8  # lines of a bill; after them each is a few per cent
CONSTANT_MATTERS = Decimal("0.05")  # of a bill: less of it can be left unsaid
SUPER_LINEAR = "super-linear"
GROWTH_WORDS = {"constant": "not with the users", "linear": "with the users", SUPER_LINEAR: "with the square of the users"}
NOTHING = "–"
ALL_TABLES = "all tables"


def target_projection(costs: Costs) -> Projection | None:
    """The projection that a page on costs alone is about: that of the target, of the largest user count where no target is set."""
    at_target = [one for one in costs.projections if one.users == costs.target_users]
    return next(iter(at_target or costs.projections[-1:]), None)


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
    parts = [at.parts for at in costs.projections]
    square = GrowthPart(
        title="growing with their square", amounts_usd=tuple(None if one is None else one.super_linear_usd for one in parts)
    )
    has_square = any(square.amounts_usd)
    if not has_square and not any(_fixed_matters(at) for at in costs.projections):
        return ()
    linear = GrowthPart(title="growing with the users", amounts_usd=tuple(None if one is None else one.linear_usd for one in parts))
    fixed = GrowthPart(title="fixed", amounts_usd=tuple(None if one is None else one.constant_usd for one in parts))
    has_fixed = any(amount is not None and abs(amount) >= CENT / 2 for amount in fixed.amounts_usd)
    return (linear, *([square] if has_square else []), *([fixed] if has_fixed else []))


def _fixed_matters(at: Projection) -> bool:
    if at.parts is None or not at.monthly_usd:
        return False
    return abs(at.parts.constant_usd) >= CONSTANT_MATTERS * abs(at.monthly_usd)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthRow:
    """One user count: an amount for each head of the table."""

    users: int
    is_target: bool
    amounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrowthTable:
    """
    Bills by how they grow with the users, and, if `has_year`, in time.

    `takes_off_free`: what AWS gives away for free was taken off the part that does not grow.
    """

    heads: tuple[str, ...]
    rows: tuple[GrowthRow, ...]
    has_year: bool
    takes_off_free: bool


def growth_table(costs: Costs, target_users: int | None) -> GrowthTable | None:
    """None where a bill is linear in the users and no growth of the items is declared: then the ladder says it all."""
    parts = growth_parts(costs)
    has_year = any(at.after_year_usd is not None for at in costs.projections)
    if not parts and not has_year:
        return None
    rows = []
    for place, at in enumerate(costs.projections):
        amounts = [money_short(at.monthly_usd, at.complete), *(filters.usd(part.amounts_usd[place]) for part in parts)]
        if has_year:
            amounts.append(money_short(at.after_year_usd, at.complete))
        rows.append(GrowthRow(users=at.users, is_target=at.users == target_users, amounts=tuple(amounts)))
    return GrowthTable(
        heads=("A month", *(capital(part.title) for part in parts), *(["After a year of growth"] if has_year else [])),
        rows=tuple(rows),
        has_year=has_year,
        takes_off_free=bool(parts) and costs.free_tier,
    )


def growth_sentence(at: Projection | None) -> str:
    """What of a bill grows with the square of the users, and what that means; empty where nothing does."""
    if at is None or at.parts is None or at.parts.super_linear_usd <= 0:
        return ""
    amount = at.parts.super_linear_usd
    share = f" ({filters.percent(amount / at.monthly_usd)})" if at.monthly_usd else ""
    return (
        f"At {filters.users(at.users)}, {filters.usd(amount)} a month{share} grows with the square of the users: "
        "twice the users make it four times as much."
    )


def square_lines(at: Projection | None) -> str:
    """The lines of a bill that grow with the square of the users: "index reads of i in t"; empty where none does."""
    lines = () if at is None else at.lines
    return listed([f"{line_title(line)} of {_place(line)}" for line in lines if growth_of(line) == SUPER_LINEAR], 3)


def _place(line: CostLine) -> str:
    table = cut(line.table) if line.table else ALL_TABLES
    return table if line.index is None else f"{cut(line.index)} in {table}"


def basis(line: CostLine) -> str:
    """What a line rests on, and what is special about it: "declared, fixed", "measured, grows with the square of the users"."""
    square = GROWTH_WORDS[SUPER_LINEAR]
    growth = {"constant": ", fixed", SUPER_LINEAR: "" if square in line.note else f", grows {square}"}.get(growth_of(line), "")
    return f"{line.basis}{growth}" + (f", billed in {line.region}" if line.region is not None else "")


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
            amount=filters.usd(amount),
            share=filters.percent(amount / whole),
        )
        for line, amount in shown
    ]
    others = billed[len(shown) :]
    if others:
        amount = sum((amount for _, amount in others), Decimal(0))
        rows.append(_together(f"{len(others)} more lines", filters.usd(amount), filters.percent(amount / whole)))
    if free:
        rows.append(_together("given away for free", filters.usd(sum(free, Decimal(0))), NOTHING))
    unknown = sum(line.monthly_usd is None for line in at.lines)
    if unknown:
        rows.append(_together(f"{counted(unknown, 'line')} without an amount", filters.NOT_KNOWN, filters.NOT_KNOWN))
    return tuple(rows)


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
            total=filters.usd(one.monthly_usd),
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
    return NOTHING if amount == 0 else filters.usd(amount)


def patterns_total(costs: Costs) -> str:
    known = [one.monthly_usd for one in costs.patterns if one.monthly_usd is not None]
    return money(sum(known, Decimal(0)) if known else None, len(known) == len(costs.patterns))


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
    known = [line.monthly_usd for line in lines if line.monthly_usd is not None]
    return money_short(sum(known, Decimal(0)) if known else None, len(known) == len(lines))


def _quantity(quantities: Iterable[Decimal | None]) -> str:
    every = list(quantities)
    known = [one for one in every if one is not None]
    return filters.quantity(sum(known, Decimal(0)) if known else None) + ("+" if known and len(known) < len(every) else "")


def _prices(lines: Sequence[CostLine]) -> str:
    """One price, or from the lowest to the highest where table classes or regions differ."""
    prices = sorted({line.unit_price_usd for line in lines if line.unit_price_usd is not None})
    texts = [filters.unit_price(price, lines[0].unit) for price in prices]
    if len(texts) < 2:
        return next(iter(texts), filters.NOT_KNOWN)
    return f"{texts[0].partition(' per ')[0]} to {texts[-1]}"
