"""
AWS's free monthly quantities: bands of the price list that are given once for the account and region, not once for each table.

They apply to prices of class STANDARD and to streams, in the region of the audit, and to what is billed at all. Requests on demand have none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from stj_audit.cost.lines import ALL_TABLES, CONSTANT, DIGITS, PRICE_KEYS, at_price, depends_on_class, price_key
from stj_audit.cost.prices import PriceSheet
from stj_audit.facts import TableClass
from stj_audit.report import CostLine

FREE_COMPONENTS = ("storage", "capacity-reads", "capacity-writes", "replicated-capacity-writes", "streams")


@dataclass(frozen=True, kw_only=True, slots=True)
class Billed:
    """What the free tier applies to, by component: the quantities of a month, and what they cost in US dollars before it."""

    quantities: Mapping[str, Decimal]
    paid_usd: Mapping[str, Decimal]

    def plus(self, other: "Billed") -> "Billed":
        return Billed(quantities=_sums(self.quantities, other.quantities, 1), paid_usd=_sums(self.paid_usd, other.paid_usd, 1))

    def minus(self, other: "Billed") -> "Billed":
        return Billed(quantities=_sums(self.quantities, other.quantities, -1), paid_usd=_sums(self.paid_usd, other.paid_usd, -1))


def _sums(one: Mapping[str, Decimal], other: Mapping[str, Decimal], sign: int) -> dict[str, Decimal]:
    with localcontext(prec=DIGITS):  # exact, so that what is taken away again leaves no trace
        return {component: one[component] + sign * other[component] for component in FREE_COMPONENTS}


NOTHING_BILLED = Billed(quantities=dict.fromkeys(FREE_COMPONENTS, Decimal(0)), paid_usd=dict.fromkeys(FREE_COMPONENTS, Decimal(0)))


def billed(lines: Iterable[CostLine], table_class: TableClass) -> Billed:
    """What of the lines of a table the free tier applies to; an index counts as its table."""
    quantities, paid = dict(NOTHING_BILLED.quantities), dict(NOTHING_BILLED.paid_usd)
    with localcontext(prec=DIGITS):
        for line in lines:
            component = line.component.removeprefix("index-")
            if component not in FREE_COMPONENTS or (table_class != "STANDARD" and depends_on_class(component)):
                continue
            if line.region is None and line.monthly_usd:
                quantities[component] += line.quantity or 0
                paid[component] += line.monthly_usd
    return Billed(quantities=quantities, paid_usd=paid)


def free_lines(of: Billed, prices: PriceSheet) -> list[CostLine]:
    """What the free tier gives, as lines of their own with negative amounts: never more than what it is taken off."""
    found = []
    for line in free_quantities(of.quantities, prices):
        paid = of.paid_usd[line.component.removeprefix("free-")]
        # rounded one by one, the parts of an amount may be a hair less than the amount
        given = None if line.monthly_usd is None else max(line.monthly_usd, -paid)
        found.append(replace(line, monthly_usd=given))
    return found


def free_quantities(quantities: Mapping[str, Decimal], prices: PriceSheet) -> Iterable[CostLine]:
    """What the free tier gives of `quantities` by component, each at its price."""
    for component, quantity in quantities.items():
        unit, key = PRICE_KEYS[component][1], price_key(component, "STANDARD")
        price = prices.price(key)
        if quantity and price is not None and price.free_monthly is not None:
            line = CostLine(
                table=ALL_TABLES,
                index=None,
                component=f"free-{component}",
                quantity=-min(quantity, price.free_monthly),
                unit=unit,
                unit_price_usd=None,
                monthly_usd=None,
                basis="declared",
                per_user=False,
                growth=CONSTANT,
                note=f"{price.free_monthly:,f} {unit}s a month are free, once for the account and region",
            )
            yield at_price(line, prices, key)


def about_free_tier(prices: PriceSheet, *, free_tier: bool) -> str:
    """The sentence that says whether the free monthly quantities are in the amounts."""
    if not free_tier:
        return "AWS's free monthly quantities are not subtracted"
    if any(price.free_monthly is not None for price in prices.prices.values()):
        return "AWS's free monthly quantities are subtracted, once for all tables together; requests on demand have none"
    return f"AWS has no free monthly quantities in {prices.region}"
