"""
Two bills side by side: what they come to, and how much of the difference is the price list, the usage, and the configuration.

The rule is in `lines`. The three parts add up to the difference exactly, and the difference is the bill after less the bill before
where all of both is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext

from stj_audit.cost.lines import DIGITS
from stj_audit.diff.lines import LineChange, LineKey, Pair, Side, line_change
from stj_audit.errors import ConfigError
from stj_audit.report import CostLine, CurrentCost, Projection

MOST_USD = Decimal(10**15)  # a month; more than there is


@dataclass(frozen=True, kw_only=True, slots=True)
class CostChange:
    """
    Two bills of a month. `before_usd` and `after_usd` are the sums of what is known (null: nothing is), all of it where `..._complete`.

    `delta_usd` is the difference of what is known in both, the sum of the three parts; null where nothing is known in both. It is that of
    the whole bills only where `complete`. `delta_share` is its part of the bill before, null where that is nothing or not all known.
    `tables_usd` is the part of `configuration_usd` that is whole tables, which only one run has. `unknown_lines` have no difference.
    """

    before_usd: Decimal | None
    before_complete: bool
    after_usd: Decimal | None
    after_complete: bool
    delta_usd: Decimal | None
    complete: bool
    delta_share: Decimal | None
    price_list_usd: Decimal
    usage_usd: Decimal
    configuration_usd: Decimal
    tables_usd: Decimal
    unknown_lines: int
    lines: tuple[LineChange, ...]
    """Those that differ, or are not known, the largest difference first; what is not known comes last."""

    @property
    def is_same(self) -> bool:
        """Whether nothing is known to differ."""
        return self.before_complete == self.after_complete and all(line.is_same for line in self.lines)


Bill = CurrentCost | Projection


def compare_bills(before: Bill, after: Bill, old: Side, new: Side) -> CostChange:
    """The difference of two bills, split by the rule of `lines`. Raises ConfigError for amounts of a damaged file."""
    amounts = (line.monthly_usd for bill in (before, after) for line in bill.lines)
    if any(amount is not None and abs(amount) > MOST_USD for amount in amounts):
        raise _out_of_range()
    try:
        return _compared(before, after, old, new)
    except InvalidOperation as error:
        raise _out_of_range() from error


def _known_usd(bill: Bill) -> Decimal | None:
    """The sum of the known lines; None where nothing is known."""
    known = [line.monthly_usd for line in bill.lines if line.monthly_usd is not None]
    return sum(known, Decimal(0)) if known or bill.complete else None


def _out_of_range() -> ConfigError:
    return ConfigError(
        "a line of the bill in one of the run files has an amount that is out of range",
        hint="give files as --report json=PATH wrote them",
    )


def _compared(before: Bill, after: Bill, old: Side, new: Side) -> CostChange:
    with localcontext(prec=DIGITS):
        then, now = _by_key(before.lines), _by_key(after.lines)
        changes = [
            line_change(Pair(key=key, before=then.get(key, ()), after=now.get(key, ()), old=old, new=new))
            for key in dict.fromkeys((*then, *now))
        ]
        known = [one for one in changes if one.delta_usd is not None]
        complete = before.complete and after.complete and len(known) == len(changes)
        delta = sum((one.delta_usd for one in known if one.delta_usd is not None), Decimal(0)) if known or complete else None
        before_usd = _known_usd(before)
        return CostChange(
            before_usd=before_usd,
            before_complete=before.complete,
            after_usd=_known_usd(after),
            after_complete=after.complete,
            delta_usd=delta,
            complete=complete,
            delta_share=round(delta / before_usd, 6) if complete and before_usd and delta is not None else None,
            price_list_usd=sum((one.price_list_usd for one in known), Decimal(0)),
            usage_usd=sum((one.usage_usd for one in known), Decimal(0)),
            configuration_usd=sum((one.configuration_usd for one in known), Decimal(0)),
            tables_usd=sum((one.configuration_usd for one in known if _is_whole_table(one.table, old, new)), Decimal(0)),
            unknown_lines=len(changes) - len(known),
            lines=tuple(sorted(filter(_differs, changes), key=_by_size)),
        )


def _by_key(lines: Iterable[CostLine]) -> dict[LineKey, list[CostLine]]:
    found: dict[LineKey, list[CostLine]] = {}
    for line in lines:
        found.setdefault((line.table, line.index, line.component, line.unit, line.region), []).append(line)
    return found


def _by_size(change: LineChange) -> tuple[bool, Decimal]:
    return change.delta_usd is None, -abs(change.delta_usd or Decimal(0))


def _is_whole_table(table: str, old: Side, new: Side) -> bool:
    return (table in old.tables) != (table in new.tables)


def _differs(change: LineChange) -> bool:
    """Whether a line is worth telling: it is not the same in both, or not known."""
    return (
        change.delta_usd is None
        or bool(change.delta_usd)
        or change.quantity_before != change.quantity_after
        or change.unit_price_usd_before != change.unit_price_usd_after
    )
