"""What a page shows of estimates held against what is: the one by hand against the bill, declared patterns against CloudWatch."""

from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.report import Calibration, Costs, NaiveEstimate

AGREES = (Decimal("0.95"), Decimal("1.05"))  # an estimate by hand that is so near needs no factor


@dataclass(frozen=True, kw_only=True, slots=True)
class NaiveRow:
    what: str
    by_hand: str
    real: str


def naive_title(naive: NaiveEstimate) -> str:
    return f"Why not {filters.usd(naive.naive_usd)}?"


def naive_rows(naive: NaiveEstimate) -> tuple[NaiveRow, ...]:
    """Reads, writes and the amount: what the estimate by hand takes, and what DynamoDB bills."""
    return (
        _units_row("Reads", naive.reads, naive.read_units, naive.index_read_units),
        _units_row("Writes", naive.writes, naive.write_units, naive.index_write_units),
        NaiveRow(what="A month", by_hand=filters.usd(naive.naive_usd), real=filters.usd(naive.real_usd)),
    )


def _units_row(what: str, calls: Decimal, units: Decimal, index_units: Decimal) -> NaiveRow:
    real = f"{filters.quantity(units)} units"
    if index_units:
        real += f", and {filters.quantity(index_units)} in indexes"
    return NaiveRow(what=what, by_hand=f"{filters.quantity(calls)} calls, 1 unit each", real=real)


def naive_sentence(naive: NaiveEstimate) -> str:
    """How far apart the two are."""
    if not naive.naive_usd:
        return "By hand the requests cost nothing."
    factor = naive.real_usd / naive.naive_usd
    if AGREES[0] <= factor <= AGREES[1]:
        return "The two agree within 5%."
    return f"The real amount is {filters.times(factor)} times the one by hand."


def naive_line(naive: NaiveEstimate) -> str:
    """Both estimates in one sentence."""
    return (
        f"By hand, with 1 unit for each call, requests at {filters.users(naive.users)} would be {filters.usd(naive.naive_usd)} a month; "
        f"with the units that they take it is {filters.usd(naive.real_usd)}."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationRow:
    """`is_off`: the patterns do not describe what was measured."""

    table: str
    index: str | None
    what: str
    declared: str
    measured: str
    says: str
    is_off: bool


def calibration_rows(costs: Costs) -> tuple[CalibrationRow, ...]:
    return tuple(
        CalibrationRow(
            table=one.table,
            index=one.index,
            what=one.what,
            declared=filters.quantity(one.declared_units),
            measured=filters.quantity(one.measured_units),
            says=_says(one),
            is_off=one.factor is not None and not one.in_range,
        )
        for one in costs.calibrations
    )


def _says(one: Calibration) -> str:
    if one.factor is None:
        return one.note or "not applied"
    words = f"measured is {filters.times(one.factor)} times what the patterns say"
    return f"{words}: {one.note}" if one.note else words
