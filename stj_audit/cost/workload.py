"""
One table with everything that is billed of it, as a function of the number of users: what is stored, requests or capacity, backups.

A workload is made from what was measured (`observed`), from what was declared (`declared`), or from both; changes turn it into another one
(`changes`), so that every saving is the difference of two bills. Requests come from declared access patterns, counted call by call, times
the factor that CloudWatch's figures call for, or from CloudWatch's figures alone, which follow the users in step.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from types import MappingProxyType
from typing import Literal

from stj_audit.cost.auto_scaling import Policy, Replay, replay
from stj_audit.cost.lines import (
    CONSTANT,
    DIGITS,
    GB,
    HOURS_PER_MONTH,
    LINEAR,
    MONEY_STEP,
    QUANTITY_STEP,
    SUPER_LINEAR,
    PricedLine,
    Quantity,
    priced,
    unit_price,
)
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.requests import fetch_call, index_writes, read_call, table_write_call
from stj_audit.cost.units import write_units
from stj_audit.design import Pattern
from stj_audit.facts import BILLED_OVERHEAD_BYTES, Projection, TableClass
from stj_audit.report import CostLine
from stj_audit.results import Change

Kind = Literal["reads", "writes"]
KINDS: tuple[Kind, ...] = ("reads", "writes")
Key = tuple[str | None, Kind]
"""The reads or writes of the table (None) or of one index: what is metered, and provisioned, apart."""

SCALE_DENOMINATOR = 10**9
REPLICATED = (
    "storage",
    "index-storage",
    "index-writes",
    "index-capacity-writes",
    "replicated-writes",
    "replicated-capacity-writes",
)
SQUARE = "grows with the square of the users, because each call reads more: "
NO_USERS = "not known how many users there are now"
NOT_SEEN = "auto scaling follows the requests, and none of the kind was measured whose shape is known"
NOT_FOLLOWED = "auto scaling follows the requests, which are not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """
    A number that may follow the users: `today`'s, and at any user count `fixed` plus `each_user` for each of them.

    None is "not known": today's of a design that is not built, or how a measured number follows users that nobody counted.
    """

    today: Decimal | None
    fixed: Decimal = Decimal(0)
    each_user: Decimal | None = None

    def at(self, users: int | None) -> Decimal | None:
        """The number at `users` users; None: today's."""
        if users is None:
            return self.today
        return None if self.each_user is None else self.fixed + self.each_user * users

    def times(self, factor: Decimal) -> "Amount":
        """The same number, multiplied."""
        return Amount(
            today=None if self.today is None else self.today * factor,
            fixed=self.fixed * factor,
            each_user=None if self.each_user is None else self.each_user * factor,
        )

    @property
    def growth(self) -> str:
        return CONSTANT if self.each_user == 0 else LINEAR


def added(one: Amount, other: Amount) -> Amount:
    """Two amounts together; not known where either is not."""
    return Amount(
        today=None if one.today is None or other.today is None else one.today + other.today,
        fixed=one.fixed + other.fixed,
        each_user=None if one.each_user is None or other.each_user is None else one.each_user + other.each_user,
    )


def constant(number: Decimal | None) -> Amount:
    """A number that does not follow the users."""
    return Amount(today=number, fixed=number or Decimal(0), each_user=None if number is None else Decimal(0))


def in_step(today: Decimal | None, users_now: int | None) -> Amount:
    """A measured number that follows the users in step."""
    return Amount(today=today, each_user=None if today is None or users_now is None else today / users_now)


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """
    The table itself (`index` None) or one of its indexes: how many items or entries, and their mean size without overhead.

    `attributes` are those that an index with projection INCLUDE holds beside the keys. Where count or size is not known, `note` says why.
    """

    index: str | None = None
    local: bool = False
    key: tuple[str, ...] = ()
    projection: Projection = "ALL"
    attributes: tuple[str, ...] = ()
    count: Amount
    mean_bytes: Decimal | None
    basis: str = "declared"
    note: str = ""

    @property
    def size_bytes(self) -> int | None:
        """The mean size in whole bytes, as request units are counted by it."""
        return None if self.mean_bytes is None else int(self.mean_bytes.to_integral_value(ROUND_CEILING))

    def gigabytes(self, overhead_bytes: int) -> Amount:
        """GB that are billed; nothing, of whatever size, is nothing."""
        if self.mean_bytes is not None:
            return self.count.times((self.mean_bytes + overhead_bytes) / GB)
        return (
            constant(Decimal(0))
            if self.count == constant(Decimal(0))
            else Amount(today=Decimal(0) if self.count.today == 0 else None)
        )


def share_of(entries: Store, items: Store) -> Decimal:
    """The part of the items of a table that has an entry in an index; all of them where it is not known."""
    for ours, theirs in (
        (entries.count.each_user, items.count.each_user),
        (entries.count.fixed, items.count.fixed),
        (entries.count.today, items.count.today),
    ):
        if ours is not None and theirs:
            return min(ours / theirs, Decimal(1))
    return Decimal(1)


def holds(store: Store, table: Store, attribute: str) -> bool:
    """Whether the items or entries of a store have the attribute, where the item has it."""
    return store.projection == "ALL" or attribute in (*table.key, *store.key, *store.attributes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Monthly request units of one `Key` that follow the users as they are, without patterns; `note` says why they are not known."""

    units: Amount
    basis: str = "measured"
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """
    A declared access pattern, with the index that it reads (a change may send it elsewhere) and its calls: of one user a day, and of a
    day whatever the users. `fetches`: each entry that it finds is then read from the table, one by one. `factor` is that of another table,
    which the call comes from. Both calls None: not declared. `unknown` says why it cannot be told what the call reads.
    """

    pattern: Pattern
    index: str | None
    fetches: bool = False
    factor: Decimal | None = None
    unknown: str = ""

    @property
    def a_user_day(self) -> Decimal | None:
        return None if self.pattern.calls is None else Decimal(self.pattern.calls)

    @property
    def a_day(self) -> Decimal | None:
        return None if self.pattern.calls_per_day is None else Decimal(self.pattern.calls_per_day)

    @property
    def is_declared(self) -> bool:
        return self.pattern.calls is not None or self.pattern.calls_per_day is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """
    Provisioned units of one `Key`: `units` as they are on average; with a `policy` and a series they follow the load as auto scaling
    would let them. `replayed`: nothing is provisioned yet, and `units` is what the replay alone gives.
    """

    units: Decimal | None
    basis: str = "measured"
    note: str = ""
    policy: Policy | None = None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """Mean bytes of a top-level attribute, its name included: over all items of the table, and over those that have it."""

    mean_bytes: Decimal
    present_bytes: Decimal
    basis: str = "measured"
    compresses_to: Decimal | None = None
    """What gzip leaves of a byte of its value, measured on a few items; None: not measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """What is billed beside storage and requests: a quantity of `component`, in another region where `region` is set."""

    component: str
    amount: Amount
    basis: str = "measured"
    note: str = ""
    free: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Abroad:
    """The replica of a global table in another region: every write of the table is one there, and everything is stored once more."""

    region: str
    prices: PriceSheet


@dataclass(frozen=True, kw_only=True)
class Workload:
    """
    Everything that is billed of one table.

    A `Key` in `flows` is billed as measured; all others by the `calls`, times their factor in `factors`, which is 1 where none is given.
    `annexes` are tables that a change has split off. `series` are the measured units of each period, for replays. `scope` is the account and
    region that it is billed in, where there are several.
    """

    name: str
    scope: str = ""
    table_class: TableClass = "STANDARD"
    provisioned: bool = False
    table: Store
    indexes: tuple[Store, ...] = ()
    overhead_bytes: int = BILLED_OVERHEAD_BYTES
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    days: Decimal = Decimal(30)
    measured_days: Decimal = Decimal(30)
    active: Decimal = Decimal(1)
    factors: Mapping[Key, Decimal] = field(default_factory=dict)
    flows: Mapping[Key, Flow] = field(default_factory=dict)
    capacity: Mapping[Key, Capacity] = field(default_factory=dict)
    series: Mapping[Key, tuple[int, ...]] = field(default_factory=dict)
    series_period_seconds: int = 3_600
    users_now: int | None = None
    pitr: bool = False
    pitr_note: str = ""
    """Why it is not known whether PITR is on."""
    others: tuple[Other, ...] = ()
    replicas: tuple[Abroad, ...] = ()
    annexes: tuple["Workload", ...] = ()
    origin: "Workload | None" = field(default=None, compare=False, repr=False)
    """What it was before a change: the requests that the change leaves alone are not counted again."""

    @cached_property
    def stores(self) -> tuple[Store, ...]:
        return (self.table, *self.indexes)

    def store(self, index: str | None) -> Store | None:
        return next((store for store in self.stores if store.index == index), None)

    @cached_property
    def meters(self) -> "tuple[Meter, ...]":
        """What is billed, worked out once for all user counts."""
        return meters(self)

    @cached_property
    def storage_meters(self) -> "dict[str | None, Meter]":
        """What is stored of the table and of each index."""
        with localcontext(prec=DIGITS):
            return {store.index: _storage_meter(self, store) for store in self.stores}

    @cached_property
    def request_meters(self) -> "dict[Key, Meter | None]":
        """The request units of each `Key`, whatever the capacity mode; None: nothing of the kind can be there."""
        with localcontext(prec=DIGITS):
            return {(store.index, kind): _request_meter(self, store, kind) for store in self.stores for kind in KINDS}

    @cached_property
    def calls_to(self) -> dict[Key, tuple[Call, ...]]:
        """The calls that can take units of each `Key`: the reads of a store, and every write."""
        writes = tuple(call for call in self.calls if not call.pattern.is_read)
        found: dict[Key, tuple[Call, ...]] = {}
        for store in self.stores:
            found[store.index, "writes"] = writes
            found[store.index, "reads"] = tuple(
                call
                for call in self.calls
                if call.pattern.is_read and (call.index == store.index or (call.fetches and store.index is None))
            )
        return found

    @cached_property
    def changed(self) -> "dict[Change, Workload | None]":
        """What changes made of it, kept so that each is worked out once for all user counts."""
        return {}

    @cached_property
    def metered(self) -> tuple[str | None, ...]:
        """What has units of its own: the table and its global indexes. A local index's are the table's."""
        return tuple(store.index for store in self.stores if not store.local)


def attributes_read(workload: Workload, store: Store) -> tuple[str, ...] | None:
    """The attributes beside the keys that the patterns read over an index; None: a pattern does not say, or none reads it."""
    reads = [call.pattern for call in workload.calls if call.index == store.index and call.pattern.is_read]
    if not reads or any(not pattern.reads for pattern in reads) or store.local:
        return None
    keys = {*workload.table.key, *store.key}
    return tuple(sorted({name for pattern in reads for name in pattern.reads} - keys))


# ------------------------------------------------------------------------------------------------------------ quantities


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """
    One thing that is billed, worked out for every user count at once: `amount` a month, and what the `varying` patterns add to it.

    `why` says why it is not known, where it is not; `note` is told in any case.
    """

    component: str
    index: str | None
    amount: Amount
    basis: str
    why: str = ""
    note: str = ""
    growth: str = LINEAR
    free: bool = False
    varying: "_Varying | None" = None

    def at(self, users: int | None) -> Quantity:
        amount, faster = self.amount.at(users), Decimal(0)
        names: tuple[str, ...] = ()
        if self.varying is not None and users is not None and amount is not None:
            more, faster, names = self.varying.at(users)
            amount += more
        unknown = (self.why or self.note or NO_USERS) if amount is None else ""
        stays = Decimal(0) if amount is None else amount if self.growth == CONSTANT else min(self.amount.fixed, amount)
        return Quantity(
            component=self.component,
            index=self.index,
            amount=amount,
            growth=SUPER_LINEAR if names else self.growth,
            basis=self.basis,
            note=unknown or self.note or (SQUARE + ", ".join(names) if names else ""),
            super_linear=faster,
            constant=stays,
            free=self.free,
        )


def meters(workload: Workload) -> tuple[Meter, ...]:
    """Everything that is billed, but for provisioned capacity and replicas."""
    with localcontext(prec=DIGITS):
        return (*_storage(workload), *(() if workload.provisioned else _requests(workload)), *_others(workload))


def quantities(workload: Workload, users: int | None) -> Iterator[Quantity]:
    """Everything that is billed for a month with `users` users (None: today, as measured)."""
    for meter in workload.meters:
        yield meter.at(_count(workload, meter, users))
    if workload.provisioned:
        yield from _capacity(workload, users)
    for annex in workload.annexes:
        for quantity in quantities(annex, users):
            yield replace(quantity, table=annex.name)


def _count(workload: Workload, meter: Meter, users: int | None) -> int | None:
    """Patterns know no today but that of today's users."""
    return workload.users_now if users is None and meter.varying is not None else users


def lines(workload: Workload, prices: PriceSheet, users: int | None) -> tuple[CostLine, ...]:
    """The bill of a month with `users` users (None: today)."""
    return tuple(one.line for one in priced_lines(workload, prices, users))


def priced_lines(workload: Workload, prices: PriceSheet, users: int | None) -> list[PricedLine]:
    """The same, each line with how it grows."""
    with localcontext(prec=DIGITS):
        here = list(quantities(workload, users))
        found = [_priced(workload, quantity, prices) for quantity in here]
        for replica in workload.replicas:
            found += [_priced(workload, quantity, replica.prices) for quantity in _abroad(replica, here)]
        return found


def _priced(workload: Workload, quantity: Quantity, prices: PriceSheet) -> PricedLine:
    line = priced(quantity, workload.name, workload.table_class, prices)
    if line.unit_price_usd is None or line.monthly_usd is None or quantity.free:
        return PricedLine(line=line, constant_usd=Decimal(0), super_linear_usd=Decimal(0))
    if quantity.growth == CONSTANT:
        return PricedLine(line=line, constant_usd=line.monthly_usd, super_linear_usd=Decimal(0))
    constant = min((quantity.constant * line.unit_price_usd).quantize(MONEY_STEP), line.monthly_usd)
    faster = min((quantity.super_linear * line.unit_price_usd).quantize(MONEY_STEP), line.monthly_usd - constant)
    return PricedLine(line=line, constant_usd=constant, super_linear_usd=faster)


Cost = tuple[str, str | None, Decimal | None]
"""(component, index, US dollars a month): a line of the bill without its words."""


def costs(
    workload: Workload, prices: PriceSheet, users: int | None, known: Mapping[int, Cost] = MappingProxyType({})
) -> list[Cost]:
    """
    The amounts of `lines`, and much faster: a saving takes two bills, and of the second one nothing but the amounts is wanted.

    `known` are those of meters, by their id, that were priced before: in the same table class, at the same prices and users.
    """
    if workload.provisioned or workload.replicas or users is None:
        return [(line.component, line.index, line.monthly_usd) for line in lines(workload, prices, users)]
    found: list[Cost] = []
    with localcontext(prec=DIGITS):
        for meter in workload.meters:
            if id(meter) in known:
                found.append(known[id(meter)])
                continue
            amount = meter.amount.at(users)
            if amount is not None and meter.varying is not None:
                amount += meter.varying.at(users)[0]
            usd = unit_price(meter.component, workload.table_class, prices)
            if amount is None or usd is None:
                found.append((meter.component, meter.index, None))
            else:
                monthly = Decimal(0) if meter.free else (amount.quantize(QUANTITY_STEP) * usd).quantize(MONEY_STEP)
                found.append((meter.component, meter.index, monthly))
    for annex in workload.annexes:
        found += costs(annex, prices, users)
    return found


def _storage(workload: Workload) -> Iterator[Meter]:
    table = workload.table
    yield from workload.storage_meters.values()
    if workload.pitr_note:
        unknown = Amount(today=None)
        yield Meter(
            component="pitr", index=None, amount=unknown, basis=table.basis, why=workload.pitr_note, growth=table.count.growth
        )
    elif workload.pitr:
        copied = [store for store in workload.stores if store.index is None or store.local]
        backed_up = [workload.storage_meters[store.index].amount for store in copied]
        why = next((store.note for store in copied if store.note), "")
        yield Meter(
            component="pitr", index=None, amount=reduce(added, backed_up), basis=table.basis, why=why, growth=table.count.growth
        )


def _storage_meter(workload: Workload, store: Store) -> Meter:
    before = workload.origin
    if before is not None and before.store(store.index) is store:  # the overhead is that of a global table, which no change touches
        return before.storage_meters[store.index]
    return Meter(
        component="storage" if store.index is None else "index-storage",
        index=store.index,
        amount=store.gigabytes(workload.overhead_bytes if store.index is None else BILLED_OVERHEAD_BYTES),
        basis=store.basis,
        why=store.note,
        growth=store.count.growth,
    )


def _others(workload: Workload) -> Iterator[Meter]:
    for other in workload.others:
        yield Meter(
            component=other.component,
            index=None,
            amount=other.amount,
            basis=other.basis,
            note=other.note,
            growth=other.amount.growth,
            free=other.free,
        )


def _requests(workload: Workload) -> Iterator[Meter]:
    """The request units of a month: those of the table first, then each index's."""
    return (meter for meter in workload.request_meters.values() if meter is not None)


def _request_meter(workload: Workload, store: Store, kind: Kind) -> Meter | None:
    """The meter of one `Key`: that of the workload before a change, where the change touches nothing that it depends on."""
    before, key = workload.origin, (store.index, kind)
    if before is None or before.store(store.index) is not store or workload.flows != before.flows:
        return _requests_of(workload, store, kind)
    if workload.calls_to[key] != before.calls_to[key]:
        return _requests_of(workload, store, kind)
    if kind == "writes" and not _same_items(workload.table, before.table):
        return _requests_of(workload, store, kind)  # the share of the items that an index holds
    return before.request_meters[key]


def _same_items(one: Store, other: Store) -> bool:
    return one is other or (one.count == other.count and one.key == other.key)


def requests(workload: Workload, users: int | None) -> list[Quantity]:
    """The request units of a month, whatever the capacity mode."""
    with localcontext(prec=DIGITS):
        return [meter.at(_count(workload, meter, users)) for meter in _requests(workload)]


def request_units(workload: Workload, key: Key, users: int | None) -> Decimal | None:
    """The units of a month of one `Key`, those of local indexes with their table's; None: not known."""
    index, kind = key
    with localcontext(prec=DIGITS):
        found = [
            meter.at(_count(workload, meter, users)).amount
            for store in workload.stores
            if store.index == index or (index is None and store.local)
            if (meter := workload.request_meters[store.index, kind]) is not None
        ]
        return None if None in found else sum((amount for amount in found if amount is not None), Decimal(0))


def varies(workload: Workload, key: Key) -> bool:
    """Whether a call of one `Key` takes more with more users, so that its units are no straight line over the users."""
    meters = (
        workload.request_meters[store.index, key[1]]
        for store in workload.stores
        if store.index == key[0] or (key[0] is None and store.local)
    )
    return any(meter is not None and meter.varying is not None for meter in meters)


def _component(workload: Workload, store: Store, kind: Kind) -> str:
    if store.index is None:
        # AWS bills every write of a global table as a replicated one, also in the region where it was made
        return "replicated-writes" if kind == "writes" and workload.replicas else kind
    return f"index-{kind}"


def _requests_of(workload: Workload, store: Store, kind: Kind) -> Meter | None:
    """None: nothing of the kind can be there."""
    component = _component(workload, store, kind)
    flow = workload.flows.get((store.index, kind))
    if flow is not None:
        return Meter(
            component=component, index=store.index, amount=flow.units, basis=flow.basis, why=flow.note, growth=flow.units.growth
        )
    if store.local and (None, kind) in workload.flows:
        return None  # CloudWatch counts them with the table's
    if not workload.calls:
        return None
    demand = _demand(workload, store, kind)
    now = None if workload.users_now is None else demand.constant + demand.each_user * workload.users_now
    unknown = Amount(today=None)
    return Meter(
        component=component,
        index=store.index,
        amount=unknown if demand.note else Amount(today=now, fixed=demand.constant, each_user=demand.each_user),
        basis="declared, calibrated" if demand.calibrated else "declared",
        why=demand.note,
        growth=CONSTANT if demand.constant and not demand.each_user and not demand.varying else LINEAR,
        varying=_Varying(workload=workload, store=store, kind=kind, calls=demand.varying) if demand.varying else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Varying:
    """Calls that read more as the users grow: what they take of a store is counted for each user count."""

    workload: Workload
    store: Store
    kind: Kind
    calls: tuple[tuple[Call, Decimal | None], ...]

    def at(self, users: int) -> tuple[Decimal, Decimal, tuple[str, ...]]:
        """(units of a month, those of them that grow with the square of the users, the names of their patterns)."""
        amount, faster, names = Decimal(0), Decimal(0), []
        for call, scale in self.calls:
            units, least = (_known(call_units(self.workload, call, self.store, self.kind, count)) for count in (users, 0))
            often, as_a_job = (_calls_a_month(self.workload, call, count, scale) for count in (users, 0))
            amount += units * often
            # what a call takes at the least, and what a job calls, does not grow twice
            square = (units - least) * (often - as_a_job)
            if growth_of(self.workload, call) == SUPER_LINEAR and square:
                faster += square
                names.append(repr(call.pattern.name))
        return amount, faster, tuple(dict.fromkeys(names))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Demand:
    """
    What the declared patterns take of one `Key` a month: `constant` and `each_user` of the calls that read or write the same at any user
    count, and the `varying` others, each with its factor. `note`: why it is not known.
    """

    note: str = ""
    constant: Decimal = Decimal(0)
    each_user: Decimal = Decimal(0)
    varying: tuple[tuple[Call, Decimal | None], ...] = ()
    calibrated: bool = False


def _known(units: Decimal | str | None) -> Decimal:
    """The units of a call that are known by now: where they were not, the demand says so."""
    return Decimal(0) if isinstance(units, str | None) else units


def _demand(workload: Workload, store: Store, kind: Kind) -> _Demand:
    factor = workload.factors.get((None if store.local else store.index, kind))
    constant, each_user, varying = Decimal(0), Decimal(0), []
    for call in workload.calls_to[store.index, kind]:
        units = call_units(workload, call, store, kind, 1)
        if units is None:
            continue
        if isinstance(units, str):
            return _Demand(note=units)
        if units and not call.is_declared:
            return _Demand(note=f"`calls` of pattern {call.pattern.name!r} is not declared")
        scale = factor if call.factor is None else call.factor
        if _varies(workload, call):
            varying.append((call, scale))
        elif units:
            fixed = _calls_a_month(workload, call, 0, scale)
            constant += units * fixed
            each_user += units * (_calls_a_month(workload, call, 1, scale) - fixed)
    return _Demand(constant=constant, each_user=each_user, varying=tuple(varying), calibrated=factor is not None)


def _calls_a_month(workload: Workload, call: Call, users: int, scale: Decimal | None) -> Decimal:
    """The calls, times the factor where there is one."""
    calls = calls_a_month(workload, call, users, calibrated=scale is not None)
    return calls if scale is None else calls * scale


def reads_more(workload: Workload, call: Call) -> bool:
    """Whether one call reads more as the users grow, and nothing limits it."""
    return call.pattern.limit is None and _varies(workload, call)


def growth_of(workload: Workload, call: Call) -> str:
    """How the units of a call grow: with its calls, and with what one call reads."""
    degree = (1 if call.pattern.calls else 0) + (1 if reads_more(workload, call) else 0)
    return (CONSTANT, LINEAR, SUPER_LINEAR)[degree]


def held_against(workload: Workload, call: Call) -> Key:
    """The measured units that the calls of a pattern are held against; of a local index, those of its table."""
    store = workload.store(call.index) if call.pattern.is_read else None
    return (None if store is None or store.local else store.index), "reads" if call.pattern.is_read else "writes"


def calls_a_month(workload: Workload, call: Call, users: int, *, calibrated: bool) -> Decimal:
    """A month of the model's days; of 730 hours where the units are held against a measured month."""
    days = workload.measured_days if calibrated else workload.days
    return ((call.a_user_day or 0) * workload.active * users + (call.a_day or 0)) * days


def _varies(workload: Workload, call: Call) -> bool:
    """Whether what one call reads depends on the number of users."""
    if not call.pattern.reads_everything:
        return call.pattern.follows_users
    store = workload.store(call.index)
    return store is not None and store.count.growth != CONSTANT


def items_a_call(workload: Workload, call: Call, users: int) -> Decimal | str:
    """What one call finds before its limit: a Scan that does not say so, everything that is there. A sentence: why it is not known."""
    if not call.pattern.reads_everything:
        return Decimal(call.pattern.items_at(users))
    store = workload.store(call.index)
    found = None if store is None else store.count.at(users)
    return ("" if store is None else store.note) or NO_USERS if found is None else found


def call_units(workload: Workload, call: Call, store: Store, kind: Kind, users: int) -> Decimal | str | None:
    """Units of one call in one store; None: it takes none there; a sentence: why they are not known."""
    if call.pattern.is_read != (kind == "reads"):
        return None
    if kind == "reads":
        return _read(workload, call, store, users)
    if store.index is not None:
        return _index_write(workload, call.pattern, store, users)
    return store.note if store.size_bytes is None else table_write_call(call.pattern, store.size_bytes, users)


def _read(workload: Workload, call: Call, store: Store, users: int) -> Decimal | str | None:
    fetches = call.fetches and store.index is None
    if call.index != store.index and not fetches:
        return None
    items = items_a_call(workload, call, users)
    if call.unknown or isinstance(items, str):
        return call.unknown or str(items)
    if store.size_bytes is None:
        return store.note or "its size is not known"
    return (fetch_call if fetches else read_call)(call.pattern, items, store.size_bytes)


def _index_write(workload: Workload, pattern: Pattern, store: Store, users: int) -> Decimal | str:
    """Write units of one call in one index; those of a transaction are not doubled there."""
    index = store.index or ""
    held = frozenset({*workload.table.key, *store.attributes} - {*store.key})
    written = index_writes(pattern, index, held, store.key, store.projection)
    if written is None:
        return f"`sets` of pattern {pattern.name!r} is not declared"
    writes = written * share_of(store, workload.table) * Decimal(pattern.items_at(users))
    if not writes:
        return Decimal(0)
    if store.size_bytes is None:
        return store.note
    return writes * write_units(store.size_bytes)


# -------------------------------------------------------------------------------------------------------------- capacity


def _capacity(workload: Workload, users: int | None) -> Iterator[Quantity]:
    for index in workload.metered:
        for kind in KINDS:
            capacity = workload.capacity.get((index, kind), Capacity(units=None, note="the provisioned capacity is not known"))
            hours = capacity_hours(workload, (index, kind), capacity, users)
            follows = capacity.policy is not None and (index, kind) in workload.series
            replicated = index is None and kind == "writes" and bool(workload.replicas)
            note = capacity.note if hours is None or capacity.basis == "simulated" else ""
            if hours is None and not note:
                note = _no_hours(workload, (index, kind), users)
            yield Quantity(
                component=f"{'index-' if index is not None else 'replicated-' if replicated else ''}capacity-{kind}",
                index=index,
                amount=hours,
                growth=LINEAR if follows else CONSTANT,  # else it follows the users only when someone raises it
                basis=capacity.basis,
                note=note,
            )


def _no_hours(workload: Workload, key: Key, users: int | None) -> str:
    """Why it is not known what auto scaling would make of capacity that is."""
    if request_units(workload, key, users) is not None:
        return NOT_SEEN
    return NO_USERS if workload.users_now is None else NOT_FOLLOWED


def capacity_hours(workload: Workload, key: Key, capacity: Capacity, users: int | None) -> Decimal | None:
    """Unit-hours of a month: those of now, times what a replay says of more load, where auto scaling follows it."""
    now = None if capacity.units is None else capacity.units * HOURS_PER_MONTH
    series = workload.series.get(key)
    if capacity.policy is None or series is None:
        return now
    if capacity.replayed:
        return _replayed_hours(workload, key, capacity.policy, users)
    if users is None or now is None:
        return now
    then = _replayed_hours(workload, key, capacity.policy, users)
    base = _replayed_hours(workload, key, capacity.policy, None)
    return None if then is None or not base else now * then / base


def _replayed_hours(workload: Workload, key: Key, policy: Policy, users: int | None) -> Decimal | None:
    scale = load_scale(workload, key, users)
    if scale is None:
        return None
    return _replay(workload.series[key], workload.series_period_seconds, policy, scale).unit_hours_a_month


def replays(workload: Workload, users: int | None) -> Iterator[tuple[Key, Replay]]:
    """What auto scaling at 70 % would have done with each measured series, at the load of `users` users."""
    for key, series in workload.series.items():
        scale = load_scale(workload, key, users)
        if scale is not None:
            yield key, _replay(series, workload.series_period_seconds, Policy(), scale)


@lru_cache(maxsize=256)
def _replay(series: tuple[int, ...], period_seconds: int, policy: Policy, scale: Fraction) -> Replay:
    # kept, because the same load is priced, looked at for throttling, and weighed against other changes
    return replay(series, period_seconds, policy=policy, scale=scale)


def load_scale(workload: Workload, key: Key, users: int | None) -> Fraction | None:
    """By how much the measured series is to be multiplied for the load at `users` users; None: not known."""
    series = workload.series.get(key)
    units = request_units(workload, key, users)
    if series is None or units is None:
        return None
    hours = Fraction(len(series) * workload.series_period_seconds, 3_600)
    measured = Fraction(sum(series)) / hours * HOURS_PER_MONTH if series else Fraction(0)
    if not measured:
        return Fraction(1) if not units else None  # what was never seen has no shape
    # a ratio of measured units is no more exact than this, and a hair above 1 would provision another unit
    return (Fraction(units) / measured).limit_denominator(SCALE_DENOMINATOR)


# -------------------------------------------------------------------------------------------------------------- replicas


def _abroad(replica: Abroad, here: Iterable[Quantity]) -> Iterator[Quantity]:
    """
    What a replica is billed for in its own region: each write of the table once more, those of its global indexes, and its storage.

    Source: AWS developer guide, "Understanding Amazon DynamoDB billing for global tables". Its reads and backups are its own.
    """
    for quantity in here:
        if quantity.component in REPLICATED:
            yield replace(quantity, region=replica.region)
