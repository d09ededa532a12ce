"""
Why a line of the bill differs between two runs: what of the difference is the price list, the usage, or the configuration.

The rule, line by line (a line is its table, index, component, unit and region):

1. A line that only one bill has is configuration: an index made or removed, PITR switched, another capacity mode, a table made or removed.
2. In a line that both have, with prices p0 and p1 and quantities q0 and q1, the price's part is (p1 - p0) * (q0 + q1) / 2 and the quantity's
   is what is left of the difference. Without rounding that is (q1 - q0) * (p0 + p1) / 2: each is told at the mean of the other, so that what
   both did together is shared in halves, and the comparison the other way round has the same amounts with the opposite sign.
3. The price's part is the price list; unless the price hangs on the table class, and that is another: then it is configuration.
4. The quantity's part is usage; unless a setting that decides the quantity (SETTINGS) differs: then it is configuration. How much of a
   quantity a setting has changed cannot be known from two bills: all of it is counted there, also what the load did meanwhile.

An amount that is not known on one side has no difference: it takes no part in sums, and makes them incomplete. So the three parts add up to
the difference exactly, and the difference is the bill after less the bill before where all of both is known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from stj_audit.cost.lines import MONEY_STEP, PRICE_KEYS, depends_on_class
from stj_audit.report import CostLine, IndexReport, Report, TableReport

BOTH, OLD, NEW = "both", "old", "new"
FREE = "free-"  # how the components of the free tier begin

LineKey = tuple[str, str | None, str, str, str | None]
"""(table, index, component, unit, region)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineChange:
    """
    A line of the bill; `on_bill` is "both", "old" or "new": which bills have it.

    `quantity_...`, `unit_price_usd_...` and `monthly_usd_...` are null where the line is not there, or not known. `delta_usd` is null where
    one side is not known; else it is the sum of the three parts. `why` is what the configuration's part, or the unknown, comes from.
    """

    table: str
    index: str | None
    component: str
    unit: str
    region: str | None
    on_bill: str
    quantity_before: Decimal | None
    quantity_after: Decimal | None
    unit_price_usd_before: Decimal | None
    unit_price_usd_after: Decimal | None
    monthly_usd_before: Decimal | None
    monthly_usd_after: Decimal | None
    delta_usd: Decimal | None
    price_list_usd: Decimal
    usage_usd: Decimal
    configuration_usd: Decimal
    why: str

    @property
    def is_same(self) -> bool:
        """Whether nothing is known to differ: the same amount, or none that is known."""
        if self.delta_usd is None:
            return self.on_bill == BOTH and self.monthly_usd_before is None and self.monthly_usd_after is None
        return not self.delta_usd


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """What there is to know of a run beside its bills. `unread` says of a table that is not in it whether it could not be read."""

    tables: Mapping[str, TableReport]
    free_tier: bool
    unread: Callable[[str], bool] = field(repr=False)


def side_of(report: Report) -> Side:
    return Side(
        tables={table.name: table for table in report.tables},
        free_tier=report.costs.free_tier,
        unread=lambda name: unread(report, name),
    )


def unread(report: Report, table: str) -> bool:
    """Whether a table was to be audited and could not be read, alone or with all of its account or region."""
    if any(one.name == table for one in report.tables):
        return False
    if any(run.table == table for run in report.rules):
        return True
    places = [one for one in report.audit.scopes or () if one.not_read is not None]
    keys = [key for one in places for key in (one.region, f"{one.name}/{one.region}", f"{one.account}/{one.region}")]
    return any(table.startswith(f"{key}/") for key in keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A line in both bills: `before` or `after` is empty where a bill does not have it, and has one line, in every bill that we write."""

    key: LineKey
    before: Sequence[CostLine]
    after: Sequence[CostLine]
    old: Side
    new: Side

    @property
    def table(self) -> str:
        return self.key[0]

    @property
    def index(self) -> str | None:
        return self.key[1]

    @property
    def component(self) -> str:
        return self.key[2]

    @property
    def unit(self) -> str:
        return self.key[3]

    @property
    def region(self) -> str | None:
        return self.key[4]

    @property
    def old_table(self) -> TableReport | None:
        return self.old.tables.get(self.table)

    @property
    def new_table(self) -> TableReport | None:
        return self.new.tables.get(self.table)

    @property
    def is_one_sided(self) -> bool:
        return not self.before or not self.after


# ------------------------------------------------------------------------------------------------------- what decides what

Shape = tuple[object, ...]


def _shape(index: IndexReport | None) -> Shape:
    return () if index is None else (index.kind, index.key_schema, index.projection, frozenset(index.non_key_attributes))


def _own_index(table: TableReport, line: CostLine) -> object:
    return _shape(next((index for index in table.indexes if index.name == line.index), None))


def _local_indexes(table: TableReport, _line: CostLine) -> object:
    """Their entries are written, read and backed up with the table."""
    return frozenset((index.name, _shape(index)) for index in table.indexes if index.kind == "LSI")


def _replicas(table: TableReport, _line: CostLine) -> object:
    return frozenset(table.replicas)


def _stream(table: TableReport, _line: CostLine) -> object:
    return table.stream


def _policies(table: TableReport, line: CostLine) -> object:
    kind = "write" if line.component.endswith("writes") else "read"
    return tuple(
        (one.min_units, one.max_units, one.target_utilization_percent)
        for one in table.auto_scaling or ()
        if (one.index, one.dimension) == (line.index, kind) and not one.suspended
    )


def _capacity(table: TableReport, line: CostLine) -> object:
    """With a policy the load decides, within its bounds; without one the quantity is what somebody has set."""
    return _policies(table, line) or ("set", line.quantity)


def _set(_table: TableReport, line: CostLine) -> object:
    return line.quantity


# What of a table's definition decides the quantity of a component, beside the load. What is not here follows the load alone.
Setting = tuple[str, Callable[[TableReport, CostLine], object]]
INDEX: Setting = ("the definition of the index", _own_index)
LOCAL: Setting = ("the local indexes", _local_indexes)
REPLICAS: Setting = ("the replicas", _replicas)
CAPACITY: Setting = ("the provisioned capacity", _capacity)
SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "storage": (REPLICAS,),  # the items of a global table are larger by what AWS keeps in them
    "index-storage": (INDEX,),
    "reads": (LOCAL,),
    "writes": (LOCAL,),
    "replicated-writes": (LOCAL, REPLICAS),
    "index-reads": (INDEX,),
    "index-writes": (INDEX,),
    "capacity-reads": (CAPACITY,),
    "capacity-writes": (CAPACITY,),
    "replicated-capacity-writes": (CAPACITY, REPLICAS),
    "index-capacity-reads": (CAPACITY,),
    "index-capacity-writes": (CAPACITY,),
    "pitr": (LOCAL,),
    "streams": (("the stream", _stream),),
    "alarms": (("the number of alarms", _set),),
}


def _setting_changed(pair: Pair) -> str:
    """What of the definition differs that decides the quantity; empty where nothing does, or a table is not there to say."""
    if pair.old_table is None or pair.new_table is None:
        return ""
    before, after = pair.before[0], pair.after[0]
    differing = (name for name, of in SETTINGS.get(pair.component, ()) if of(pair.old_table, before) != of(pair.new_table, after))
    return next(differing, "")


def _class_changed(pair: Pair) -> bool:
    """Whether the price hangs on the table class, and that is another."""
    component = pair.component.removeprefix(FREE)
    if component not in PRICE_KEYS or pair.old_table is None or pair.new_table is None:
        return False
    return depends_on_class(component) and pair.old_table.table_class != pair.new_table.table_class


# ------------------------------------------------------------------------------------------------------------------ a line


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    quantity: Decimal | None
    price: Decimal | None
    usd: Decimal | None

    @property
    def per_unit(self) -> Decimal:
        """What a unit really costs: of what is free, nothing."""
        return self.usd / self.quantity if self.quantity and self.usd is not None else self.price or Decimal(0)


NOTHING = Amount(quantity=None, price=None, usd=Decimal(0))


def _amount(lines: Sequence[CostLine]) -> Amount:
    """Lines of one key, which are one line in every bill that this project writes, taken together."""
    if not lines:
        return NOTHING
    quantities = [line.quantity for line in lines if line.quantity is not None]
    amounts = [line.monthly_usd for line in lines if line.monthly_usd is not None]
    prices = {line.unit_price_usd for line in lines}
    return Amount(
        quantity=sum(quantities, Decimal(0)) if len(quantities) == len(lines) else None,
        price=prices.pop() if len(prices) == 1 else None,
        usd=sum(amounts, Decimal(0)) if len(amounts) == len(lines) else None,
    )


def line_change(pair: Pair) -> LineChange:
    """What became of a line, by the rule above."""
    before, after = _amount(pair.before), _amount(pair.after)
    why = _why_unknown(pair)
    by_price = usage = by_setting = Decimal(0)
    delta = None if why or before.usd is None or after.usd is None else after.usd - before.usd
    if delta is not None and pair.is_one_sided:
        by_setting, why = delta, _why_one_sided(pair)
    elif delta is not None:
        by_price, usage, by_setting, why = _parts(pair, *split(before, after, delta))
    return LineChange(
        table=pair.table,
        index=pair.index,
        component=pair.component,
        unit=pair.unit,
        region=pair.region,
        on_bill=OLD if not pair.after else NEW if not pair.before else BOTH,
        quantity_before=before.quantity,
        quantity_after=after.quantity,
        unit_price_usd_before=before.price,
        unit_price_usd_after=after.price,
        monthly_usd_before=before.usd if pair.before else None,
        monthly_usd_after=after.usd if pair.after else None,
        delta_usd=delta,
        price_list_usd=by_price,
        usage_usd=usage,
        configuration_usd=by_setting,
        why=why,
    )


def _why_unknown(pair: Pair) -> str:
    """Why a line has no difference; empty where it has one."""
    for lines, side, when in ((pair.before, pair.old, "before"), (pair.after, pair.new, "now")):
        if not lines and side.unread(pair.table):
            return f"the table could not be read {when}"
        missing = next((line for line in lines if line.monthly_usd is None), None)
        if missing is not None:
            return f"not known {when}" + (f": {missing.note}" if missing.note else "")
    return ""


def split(before: Amount, after: Amount, delta: Decimal) -> tuple[Decimal, Decimal]:
    """(the price's part, the quantity's part) of a difference: together they are `delta`, to the last digit."""
    if before.price == after.price:
        return Decimal(0), delta
    if before.quantity == after.quantity:
        return delta, Decimal(0)
    quantities = (before.quantity or Decimal(0)) + (after.quantity or Decimal(0))
    by_price = ((after.per_unit - before.per_unit) * quantities / 2).quantize(MONEY_STEP, rounding=ROUND_HALF_UP)
    return by_price, delta - by_price


def _parts(pair: Pair, by_price: Decimal, by_quantity: Decimal) -> tuple[Decimal, Decimal, Decimal, str]:
    """(price list, usage, configuration, why it is configuration) of a line that both bills have."""
    setting = _setting_changed(pair) if by_quantity else ""
    table_class = "the table class" if by_price and _class_changed(pair) else ""
    by_setting = (by_price if table_class else Decimal(0)) + (by_quantity if setting else Decimal(0))
    why = " and ".join(filter(None, (table_class, setting)))
    return (
        Decimal(0) if table_class else by_price,
        Decimal(0) if setting else by_quantity,
        by_setting,
        f"{why} changed" if why else "",
    )


def _why_one_sided(pair: Pair) -> str:
    """What a line comes from that only one bill has: the first of the reasons that there is."""
    made, one, other = not pair.before, pair.old_table, pair.new_table
    if pair.component.startswith(FREE) and pair.old.free_tier != pair.new.free_tier:
        return f"the free tier is subtracted {'now' if made else 'no more'}"
    if one is None or other is None:
        return "" if one is other else f"the table is {'new in this audit' if made else 'not in this audit any more'}"
    switched, indexed = ("on", "added") if made else ("off", "removed")
    reasons = (
        (_has(one, pair.index) != _has(other, pair.index), f"the index was {indexed}"),
        (one.billing_mode != other.billing_mode, f"the billing mode is {other.billing_mode}, was {one.billing_mode}"),
        (set(one.replicas) != set(other.replicas), "the replicas changed"),
        (pair.component == "pitr" and one.backups.pitr != other.backups.pitr, f"PITR was switched {switched}"),
        (pair.component == "streams" and one.stream != other.stream, f"the stream was switched {switched}"),
    )
    otherwise = "not on the bill before" if made else "not on the bill any more"
    return next((words for is_it, words in reasons if is_it), otherwise)


def _has(table: TableReport, index: str | None) -> bool:
    return any(one.name == index for one in table.indexes)
