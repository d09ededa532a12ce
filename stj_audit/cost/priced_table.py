"""A table that was read, with what it costs now and at any user count, each worked out once."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cached_property

from stj_audit.config import Config, TableModel
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_facts import projected, today
from stj_audit.cost.lines import DIGITS, is_complete
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.workload import Workload
from stj_audit.facts import TableFacts
from stj_audit.report import Calibration, CostLine


@dataclass(frozen=True, kw_only=True)
class PricedTable:
    """`users_now` None: not known, and what was measured cannot be scaled."""

    facts: TableFacts
    config: Config
    prices: PriceSheet
    users_now: int | None

    @property
    def name(self) -> str:
        return self.facts.table.title

    @cached_property
    def model(self) -> TableModel:
        """What is declared of the table; nothing, by default."""
        return self.config.declared(self.facts.table) or TableModel()

    @cached_property
    def today(self) -> Workload:
        """As it was measured; of a table that is not there yet, as it would be with today's users."""
        if self.facts.table.defined_in is not None:
            return self.projected
        with localcontext(prec=DIGITS):
            return today(self.facts, self.model, self.config.model, users_now=self.users_now)

    @cached_property
    def _projected(self) -> tuple[Workload, tuple[Calibration, ...]]:
        with localcontext(prec=DIGITS):
            return projected(self.facts, self.model, self.config.model, users_now=self.users_now)

    @property
    def projected(self) -> Workload:
        return self._projected[0]

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        return self._projected[1]

    @cached_property
    def now(self) -> tuple[CostLine, ...]:
        """What the table costs now, as measured."""
        return self._bill(self.today, None).lines

    @cached_property
    def _bills(self) -> dict[int, TableBill]:
        return {}

    def at(self, users: int) -> TableBill:
        """The bill with `users` users."""
        if users not in self._bills:
            self._bills[users] = self._bill(self.projected, users)
        return self._bills[users]

    def judged_at(self, users: int) -> TableBill:
        """The bill that checks see: with `users` users, or today's where nobody knows how many there are now."""
        bill = self.at(users)
        return self._bill(self.today, None) if self.users_now is None and not is_complete(bill.lines) else bill

    def _bill(self, workload: Workload, users: int | None) -> TableBill:
        floor = Decimal(self.config.model.currency_floor)
        return TableBill(workload=workload, users=users, prices=self.prices, currency_floor_usd=floor)
