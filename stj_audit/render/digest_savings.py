"""What a page shows of spending less: changes applied one after the other, from where on others pay off, and commitments."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.render.digest import capital
from stj_audit.render.escape import cut_name
from stj_audit.report import AppliedSaving, BreakEven, Commitment, Costs, Finding, Projection, Report


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
    """
    The changes in the order in which they are applied. `at_most` is None where every change is sure.

    `note` tells that the rows do not add up to the totals as they are shown; empty where they do.
    """

    rows: tuple[SavingRow, ...]
    sure: str
    at_most: str | None
    note: str


def applied_savings(at: Projection | None) -> Savings | None:
    """What the changes save of a bill, each amount rounded to the cent by itself; None: no change is priced."""
    if at is None or not at.savings:
        return None
    sure = [one for one in at.savings if not one.is_bound]
    has_bound = len(sure) < len(at.savings)
    return Savings(
        rows=tuple(
            SavingRow(
                change=one.change,
                table=one.table,
                index=one.index,
                finding=one.finding,
                amount=filters.usd_saved(one.saving_usd, is_bound=one.is_bound, cents=True),
            )
            for one in at.savings
        ),
        sure=filters.usd(_together(sure), cents=True),
        at_most=filters.usd(_together(at.savings), cents=True) if has_bound else None,
        note=_rounding(max(_lost(sure), _lost(at.savings))),
    )


def _together(savings: Sequence[AppliedSaving]) -> Decimal:
    return sum((one.saving_usd for one in savings), Decimal(0))


def _lost(savings: Sequence[AppliedSaving]) -> Decimal:
    """How far the sum of the rounded amounts is from the rounded sum."""
    rounded = sum((filters.to_cents(one.saving_usd) for one in savings), Decimal(0))
    return abs(rounded - filters.to_cents(_together(savings)))


def _rounding(lost: Decimal) -> str:
    if not lost:
        return ""
    return f"Rounded amounts may differ from the total by {'a cent' if lost <= filters.CENT else 'a few cents'}."


def finding_by_id(report: Report, finding: str | None) -> Finding | None:
    return next((one for one in report.findings if one.id == finding), None)


def break_even_lines(costs: Costs) -> tuple[str, ...]:
    """ "orders: provisioned capacity pays off from about 41,000 users (at 70% utilisation)"; one for each change that was looked at."""
    return tuple((f"{cut_name(one.table)}: " if one.table else "") + _pays_off(one) for one in costs.break_even)


def break_even_short(costs: Costs) -> tuple[str, ...]:
    """As `break_even_lines`, without what they rest on, and only of the changes that pay off."""
    paying = tuple(dataclasses.replace(one, note="") for one in costs.break_even if one.from_users is not None)
    return break_even_lines(dataclasses.replace(costs, break_even=paying))


def _pays_off(one: BreakEven) -> str:
    if one.from_users is not None:
        # Capacity comes in whole units: around that count the cheaper of the two changes more than once.
        about = "about " if one.from_users > 1 else ""
        return f"{one.change} pays off from {about}{filters.users(one.from_users)}" + (f" ({one.note})" if one.note else "")
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


def commitments_note(costs: Costs) -> str:
    """What to know where commitments of both kinds are listed; else empty."""
    kinds = {_is_plan(one) for one in costs.commitments}
    if len(kinds) < 2:
        return ""
    return (
        "A Savings Plan and reserved capacity do not apply to the same units: for each of them only one of the two counts, "
        "so their amounts cannot be added up."
    )


def _is_plan(one: Commitment) -> bool:
    return "savings plan" in one.offer.lower()
