"""What each declared access pattern costs; and the estimate by hand, one unit for each request, beside what the requests really take."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext

from stj_audit.cost.bill import TableBill
from stj_audit.cost.lines import DIGITS, MONEY_STEP, price_key
from stj_audit.cost.workload import Call, Kind, Store, Workload, call_units, calls_a_month, growth_of, held_against, requests
from stj_audit.report import NaiveEstimate, PatternCost
from stj_audit.wording import count, kilobytes, percent

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")


def pattern_costs(bills: Sequence[TableBill]) -> tuple[PatternCost, ...]:
    """Every pattern at the users of the bills, the most expensive first; those whose cost is not known last. On demand only."""
    found = [_cost(bill, call) for bill in bills if not bill.workload.provisioned for call in bill.workload.calls]
    return tuple(sorted(found, key=lambda one: (one.monthly_usd is None, -(one.monthly_usd or 0), one.table, one.pattern)))


def _cost(bill: TableBill, call: Call) -> PatternCost:
    workload, users, pattern = bill.workload, bill.users if bill.users is not None else bill.workload.users_now, call.pattern
    with localcontext(prec=DIGITS):
        reads = _usd(bill, call, users, "reads", workload.stores)
        table = _usd(bill, call, users, "writes", (workload.table,))
        indexes = _usd(bill, call, users, "writes", workload.indexes)
        calls = None
        if users is not None and call.is_declared:
            calls = calls_a_month(workload, call, users, calibrated=_is_calibrated(workload, call))
    parts = (reads, table, indexes)
    return PatternCost(
        table=workload.name,
        pattern=pattern.name,
        operation=pattern.op,
        index=call.index,
        calls=None if calls is None else calls.quantize(Decimal("0.01")),
        reads_usd=reads,
        writes_usd=table,
        index_writes_usd=indexes,
        monthly_usd=None if None in parts else sum((part for part in parts if part is not None), Decimal(0)),
        growth=growth_of(workload, call),
    )


def _is_calibrated(workload: Workload, call: Call) -> bool:
    return held_against(workload, call) in workload.factors


def _usd(bill: TableBill, call: Call, users: int | None, kind: Kind, stores: Sequence[Store]) -> Decimal | None:
    """What a call costs a month in some stores; where measured units stand in for the patterns, as the pattern alone would say."""
    workload = bill.workload
    price = bill.prices.price(price_key(kind, workload.table_class))
    if price is None or users is None:
        return None
    amount = Decimal(0)
    for store in stores:
        units = call_units(workload, call, store, kind, users)
        if units is None:
            continue
        if isinstance(units, str) or not call.is_declared:
            return None
        factor = workload.factors.get((None if store.local else store.index, kind))
        amount += units * calls_a_month(workload, call, users, calibrated=factor is not None) * (1 if factor is None else factor)
    with localcontext(prec=DIGITS):
        return (amount * price.usd).quantize(MONEY_STEP)


# ------------------------------------------------------------------------------------------------------- by hand, and real


def naive_estimate(
    bills: Sequence[TableBill], users: int, measured_calls: Mapping[str, Mapping[str, Decimal]]
) -> NaiveEstimate | None:
    """
    One unit for each request, beside the units that they take: of the tables on demand whose requests are known.

    `measured_calls`: requests a month at `users` users, by table and operation, for tables without patterns. None where nothing is known.
    """
    with localcontext(prec=DIGITS):
        return _naive_estimate(bills, users, measured_calls)


def _naive_estimate(
    bills: Sequence[TableBill], users: int, measured_calls: Mapping[str, Mapping[str, Decimal]]
) -> NaiveEstimate | None:
    reads = writes = Decimal(0)
    units = {"reads": Decimal(0), "writes": Decimal(0), "index-reads": Decimal(0), "index-writes": Decimal(0)}
    naive_usd = usd = Decimal(0)
    compared = []
    for bill in bills:
        calls = _calls(bill, users, measured_calls.get(bill.workload.name))
        if calls is None or bill.workload.provisioned:
            continue
        taken = requests(bill.workload, users)
        one_unit = [bill.prices.price(price_key(kind, "STANDARD")) for kind in ("reads", "writes")]
        if any(quantity.amount is None for quantity in taken) or None in one_unit:
            continue
        naive_usd += sum(
            (number * price.usd for number, price in zip(calls, one_unit, strict=True) if price is not None), Decimal(0)
        )
        reads, writes = reads + calls[0], writes + calls[1]
        for quantity in taken:
            component = quantity.component.removeprefix("replicated-")
            units[component] += quantity.amount or 0
            price = bill.prices.price(price_key(component, bill.workload.table_class))
            usd += (quantity.amount or 0) * (Decimal(0) if price is None else price.usd)
        compared.append(bill)
    if not compared or not reads + writes:
        return None
    return NaiveEstimate(
        users=users,
        reads=_whole(reads),
        writes=_whole(writes),
        naive_usd=naive_usd.quantize(MONEY_STEP),
        read_units=_whole(units["reads"]),
        write_units=_whole(units["writes"]),
        index_read_units=_whole(units["index-reads"]),
        index_write_units=_whole(units["index-writes"]),
        real_usd=usd.quantize(MONEY_STEP),
        why=tuple(_why(compared, reads, writes, units)),
    )


def _whole(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1))


def _calls(bill: TableBill, users: int, measured: Mapping[str, Decimal] | None) -> tuple[Decimal, Decimal] | None:
    """(reads, writes) a month: as measured, else those of the patterns; None: not known."""
    workload = bill.workload
    if not measured and workload.calls:
        if any(not call.is_declared for call in workload.calls):
            return None
        found = {True: Decimal(0), False: Decimal(0)}
        for call in workload.calls:
            found[call.pattern.is_read] += calls_a_month(workload, call, users, calibrated=_is_calibrated(workload, call))
        return found[True], found[False]
    if not measured:
        return None
    return (
        sum((number for operation, number in measured.items() if operation in READS), Decimal(0)),
        sum((number for operation, number in measured.items() if operation in WRITES), Decimal(0)),
    )


def _why(bills: Sequence[TableBill], reads: Decimal, writes: Decimal, units: Mapping[str, Decimal]) -> Iterator[str]:
    """The reasons for the difference, with the numbers."""
    heaviest = max(bills, key=lambda bill: bill.workload.table.mean_bytes or 0).workload
    if heaviest.table.mean_bytes is not None and heaviest.table.mean_bytes > 1024:
        size = kilobytes(heaviest.table.mean_bytes)
        yield f"a read takes half a unit for each 4 KB and a write one for each 1 KB: an item of {heaviest.name} has {size}"
    all_reads, all_writes = units["reads"] + units["index-reads"], units["writes"] + units["index-writes"]
    if reads:
        yield f"units that a read takes on average: {count(all_reads / reads)}"
    if writes:
        yield f"units that a write takes on average: {count(all_writes / writes)}"
    if units["index-writes"]:
        share = units["index-writes"] / all_writes
        yield f"{percent(share)} of the write units are writes to indexes: each index is paid for every change of what it holds"
