"""What a page shows of estimates held against what is: the one by hand against the bill, declared patterns against CloudWatch."""

from dataclasses import dataclass
from decimal import Decimal

from stj_audit.render import filters
from stj_audit.report import Calibration, Costs, NaiveEstimate

DIFFERS_FROM = Decimal("0.05")  # of the estimate by hand: one that is nearer needs no explanation


def naive_estimate(costs: Costs) -> NaiveEstimate | None:
    """The estimate by hand, where there is a difference to explain: not between amounts of less than a cent, nor where both agree."""
    naive = costs.naive
    if naive is None or min(naive.naive_usd, naive.real_usd) < filters.CENT:
        return None
    return naive if abs(naive.real_usd - naive.naive_usd) >= DIFFERS_FROM * naive.naive_usd else None


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
    real = _counted(units, "unit")
    if index_units:
        real += f", and {filters.quantity(index_units)} in indexes"
    return NaiveRow(what=what, by_hand=f"{_counted(calls, 'call')}, 1 unit each", real=real)


def _counted(number: Decimal, noun: str) -> str:
    return f"{filters.quantity(number)} {noun}{'' if number == 1 else 's'}"


def naive_sentence(naive: NaiveEstimate) -> str:
    """How far apart the two are."""
    return f"The real amount is {filters.times(naive.real_usd / naive.naive_usd)} times the one by hand."


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
    times = filters.times(one.factor)
    words = "measured is what the patterns say" if times == "1" else f"measured is {times} times what the patterns say"
    return f"{words}: {one.note}" if one.note else words
