"""What a table costs: its lines, and what a change to the table would save of them."""

from dataclasses import dataclass
from decimal import Decimal

from stj_audit.cost.prices import PriceSheet
from stj_audit.facts import Table
from stj_audit.report import CostLine
from stj_audit.results import Change, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class TableBill:
    """
    The monthly lines of one table at the user count that it is judged for (today's when the number of users is not known).

    Lines whose quantity or price is not known have `monthly_usd` None and take no part in sums.
    """

    table: Table
    lines: tuple[CostLine, ...]
    prices: PriceSheet
    currency_floor_usd: Decimal = Decimal(5)

    @property
    def monthly_usd(self) -> Decimal:
        """The sum of the known lines."""
        return sum((line.monthly_usd for line in self.lines if line.monthly_usd is not None), Decimal(0))

    def saving(self, change: Change) -> Decimal | None:
        """US dollars a month that `change` saves, by re-pricing; negative when it costs more; None when a line it needs is not known."""
        raise NotImplementedError

    def severity(self, saving_usd: Decimal) -> Severity:
        """How bad it is to leave `saving_usd` a month unsaved: by its share of the bill, held down by its amount."""
        raise NotImplementedError
