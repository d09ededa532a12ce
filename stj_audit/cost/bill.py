"""
What a table costs a month at a user count, what a change to it would save, and how bad it is to leave that unsaved.

A saving is the bill before less the bill of the changed table: nothing is saved by rule of thumb.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from functools import cached_property

from stj_audit.cost.changes import apply, is_known
from stj_audit.cost.free_tier import Billed, billed
from stj_audit.cost.lines import DIGITS, STORAGE, PricedLine
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.workload import Cost, Workload, costs, priced_lines
from stj_audit.facts import Unknown
from stj_audit.report import CostLine
from stj_audit.results import Change, Severity

BACKUP_CALLS = {"pitr": "dynamodb:DescribeContinuousBackups", "backup": "dynamodb:ListBackups"}

# How bad unsaved money is: by its share of the table's bill, and at most so bad as its amount allows.
SEVERITY_BY_SHARE = ((Decimal("0.25"), Severity.HIGH), (Decimal("0.10"), Severity.MEDIUM), (Decimal(0), Severity.LOW))
MEDIUM_AT_MOST_BELOW_FLOORS = 10  # below ten times the floor (USD 50 at the default of USD 5) at most medium


def why_unknown(lines: Sequence[CostLine], prices: PriceSheet) -> Unknown | None:
    """The first thing that is missing to price some lines: a price, a size, a capacity or the requests; None where all are known."""
    unpriced = next((line for line in lines if line.unit_price_usd is None and line.quantity is not None), None)
    if unpriced is not None:
        return Unknown(call="pricing:GetProducts", reason=f"no price is known in {prices.region}")
    missing = next((line for line in lines if line.quantity is None), None)
    if missing is None:
        return None
    if missing.component in STORAGE:
        which = "the table" if missing.index is None else f"index {missing.index}"
        return Unknown(call="dynamodb:DescribeTable", reason=f"the size of {which} is not known")
    call = BACKUP_CALLS.get(missing.component, "cloudwatch:GetMetricData")
    if "capacity" in missing.component:
        call = "dynamodb:DescribeTable"
    reason = f"{missing.component} of a user: {missing.note}" if missing.basis == "declared" else missing.note
    return Unknown(call=call, reason=reason)


def by_scope(bills: "Iterable[TableBill]") -> "dict[str, list[TableBill]]":
    """The bills of each account and region, in their order; all have one where only one is audited."""
    found: dict[str, list[TableBill]] = {}
    for bill in bills:
        found.setdefault(bill.workload.scope, []).append(bill)
    return found


@dataclass(frozen=True, kw_only=True)
class TableBill:
    """
    The monthly lines of one table with `users` users; None: today's, as measured.

    Lines whose quantity or price is not known have `monthly_usd` None and take no part in sums.
    """

    workload: Workload
    users: int | None
    prices: PriceSheet
    currency_floor_usd: Decimal = Decimal(5)
    before: "TableBill | None" = field(default=None, compare=False, repr=False)
    """The bill before a change, at the same prices and users: what the change leaves alone is not priced again."""

    @cached_property
    def priced_lines(self) -> list[PricedLine]:
        """The lines, each with how it grows."""
        return priced_lines(self.workload, self.prices, self.users)

    @cached_property
    def lines(self) -> tuple[CostLine, ...]:
        return tuple(one.line for one in self.priced_lines)

    @cached_property
    def billed(self) -> Billed:
        """What of it AWS's free tier applies to."""
        return billed(self.lines, self.workload.table_class)

    @cached_property
    def costs(self) -> list[Cost]:
        """The amounts of the lines."""
        before = self.before
        if before is None or before.workload.table_class != self.workload.table_class:
            return costs(self.workload, self.prices, self.users)
        return costs(self.workload, self.prices, self.users, before.by_meter)

    @cached_property
    def by_meter(self) -> dict[int, Cost]:
        """The amounts by the ids of their meters, which the workload keeps."""
        if len(self.costs) < len(self.workload.meters):
            return {}
        return {id(meter): cost for meter, cost in zip(self.workload.meters, self.costs, strict=False)}

    @cached_property
    def monthly_usd(self) -> Decimal:
        """The sum of the known lines."""
        return sum((usd for _, _, usd in self.costs if usd is not None), Decimal(0))

    @cached_property
    def _after(self) -> "dict[Change, TableBill | None]":
        return {}

    def after(self, change: Change) -> "TableBill | None":
        """The bill after a change; None when what the change depends on is not known, or not there."""
        if change not in self._after:
            self._after[change] = self._changed_by(change)
        return self._after[change]

    def _changed_by(self, change: Change) -> "TableBill | None":
        known = self.workload.changed
        if change not in known:
            with localcontext(prec=DIGITS):
                known[change] = apply(self.workload, change)
        changed = known[change]
        if changed is None:
            return None
        bill = replace(self, workload=changed, before=self)
        return bill if is_known(change, self.costs, bill.costs) else None

    def saving(self, change: Change) -> Decimal | None:
        """US dollars a month that `change` saves; negative when it costs more; None when something it depends on is not known."""
        changed = self.after(change)
        return None if changed is None else self.monthly_usd - changed.monthly_usd

    def severity(self, saving_usd: Decimal) -> Severity:
        """How bad it is to leave `saving_usd` a month unsaved: by its share of the bill, held down by its amount."""
        share = saving_usd / self.monthly_usd if self.monthly_usd else Decimal(0)
        by_share = next((severity for least, severity in SEVERITY_BY_SHARE if share >= least), Severity.LOW)
        if saving_usd < self.currency_floor_usd:
            return min(by_share, Severity.LOW)
        if saving_usd < self.currency_floor_usd * MEDIUM_AT_MOST_BELOW_FLOORS:
            return min(by_share, Severity.MEDIUM)
        return by_share
