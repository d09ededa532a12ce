"""What a page shows of spending less: changes applied one after the other, from where on others pay off, and commitments."""

import dataclasses
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from stj_audit.render import filters
from stj_audit.render.digest import capital
from stj_audit.render.escape import cut
from stj_audit.report import BreakEven, Costs, Finding, Projection, Report

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True, slots=True)
class SavingRow:
    """One change and what it saves after those before it; `finding` is the id of the finding that proposes it."""

    change: str
    table: str
    index: str | None
    finding: str | None
    amount: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Savings:
    """The changes in the order in which they are applied. `at_most` is None where every change is sure."""

    rows: tuple[SavingRow, ...]
    sure: str
    at_most: str | None


def applied_savings(at: Projection | None) -> Savings | None:
    """What the changes save of a bill, to the cent, so that the amounts shown add up to the totals shown; None: no change is priced."""
    if at is None or not at.savings:
        return None
    sure = sum((one.saving_usd for one in at.savings if not one.is_bound), Decimal(0))
    bound = sum((one.saving_usd for one in at.savings if one.is_bound), Decimal(0))
    so_far = {False: Decimal(0), True: sure}
    rows = []
    for one in at.savings:
        before = so_far[one.is_bound]
        so_far[one.is_bound] = before + one.saving_usd
        # Rounded as parts of the running sum: single amounts, each rounded for itself, would not add up.
        cents = _cents(so_far[one.is_bound]) - _cents(before)
        amount = "less than $0.01" if cents == 0 < one.saving_usd else usd_cents(cents)
        rows.append(
            SavingRow(
                change=one.change,
                table=one.table,
                index=one.index,
                finding=one.finding,
                amount=f"up to {amount}" if one.is_bound else amount,
            )
        )
    has_bound = any(one.is_bound for one in at.savings)
    return Savings(rows=tuple(rows), sure=usd_cents(sure), at_most=usd_cents(sure + bound) if has_bound else None)


def usd_cents(amount: Decimal) -> str:
    """Money to the cent, also above a hundred dollars: "$1,347.20"."""
    cents = _cents(amount)
    return f"{'-' if cents < 0 else ''}${abs(cents):,f}"


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def finding_by_id(report: Report, finding: str | None) -> Finding | None:
    return next((one for one in report.findings if one.id == finding), None)


def break_even_lines(costs: Costs) -> tuple[str, ...]:
    """ "orders: provisioned capacity pays off from 41,000 users (at 70% utilisation)"; one for each change that was looked at."""
    return tuple((f"{cut(one.table)}: " if one.table else "") + _pays_off(one) for one in costs.break_even)


def break_even_short(costs: Costs) -> tuple[str, ...]:
    """As `break_even_lines`, without what they rest on, and only of the changes that pay off."""
    paying = tuple(dataclasses.replace(one, note="") for one in costs.break_even if one.from_users is not None)
    return break_even_lines(dataclasses.replace(costs, break_even=paying))


def _pays_off(one: BreakEven) -> str:
    if one.from_users is not None:
        return f"{one.change} pays off from {filters.users(one.from_users)}" + (f" ({one.note})" if one.note else "")
    if not one.note or one.note.startswith("at none"):
        return f"{one.change} pays off {one.note or 'at none of the user counts that were looked at'}"
    return f"{one.change}: {one.note}"


def commitment_lines(costs: Costs) -> tuple[str, ...]:
    """ "Savings Plan, 1 year, saves $12.80 of $64.00 a month; 20% off requests on demand"."""
    return tuple(
        f"{capital(one.offer)}, saves {filters.usd(one.saving_usd)} of {filters.usd(one.of_usd)} a month"
        + (f"; {one.note}" if one.note else "")
        for one in costs.commitments
    )
