"""
A transaction takes twice the units of the same reads or writes by themselves: DynamoDB prepares and commits each item. That is the price of
"all or nothing" over several items. For one item it buys nothing: a write with a condition is as safe at half the price, and a strongly
consistent read sees every write that was answered.

What is counted are the calls that CloudWatch saw: half of the writing calls or more are TransactWriteItems, or half of the reading ones are
TransactGetItems. How many items a call has is not seen, nor which of them need each other; so the money is an upper bound, the half of what
the table's writes or reads cost. Where that is less than the currency floor, or fewer than 1,000 calls were seen, it is a note. PartiQL's
calls are left out, as they read and write under one name.

Wrong when the items really change together: transfers, a counter with its entry, a unique name with its owner.
Source: AWS developer guide, "Amazon DynamoDB Transactions: How it works"; "Best practices for transactions".

Fix: use plain conditional writes, and strongly consistent reads, wherever a call is about one item.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from stj_audit.checks import check
from stj_audit.cost.bill import TableBill
from stj_audit.cost.units import TRANSACTION_FACTOR
from stj_audit.facts import Traffic
from stj_audit.results import Category, Good, NotApplicable, Problem, Said, Severity
from stj_audit.wording import count, counted, dollars, percent

MOSTLY = Decimal("0.5")  # from half of the calls on they are the rule and not the exception
ENOUGH_CALLS = 1_000  # in the days covered: fewer are a person or a test, whatever their price
KINDS = {
    "writes": ("TransactWriteItems", ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")),
    "reads": ("TransactGetItems", ("GetItem", "BatchGetItem", "Query", "Scan")),
}
INSTEAD = {
    "writes": "write single items with PutItem, UpdateItem or DeleteItem and a condition",
    "reads": "read single items with GetItem, strongly consistent where that is needed",
}


@check("Mostly transactions", Category.COST_OPTIMIZATION, Severity.LOW, code="CST-04")
def mostly_transactions(traffic: Traffic, bill: TableBill) -> Iterator[Said]:
    if not any(traffic.calls.get(name) for name in chain.from_iterable((one, *others) for one, others in KINDS.values())):
        yield NotApplicable(reason="CloudWatch saw no call that reads or writes")
        return
    few = []
    for kind, (transaction, others) in KINDS.items():
        transactions = traffic.calls.get(transaction, 0)
        calls = transactions + sum(traffic.calls.get(name, 0) for name in others)
        if not calls:
            continue
        share = Decimal(transactions) / calls
        if share >= MOSTLY:
            yield _problem(kind, transactions, calls, traffic, bill)
        else:
            few.append(f"{percent(share)} of {counted(calls, 'call')} that {kind.removesuffix('s')}")
    if few:
        yield Good(message=f"transactions make {' and '.join(few)}")


def _problem(kind: str, transactions: int, calls: int, traffic: Traffic, bill: TableBill) -> Problem:
    transaction, _ = KINDS[kind]
    share = Decimal(transactions) / calls
    bound = _at_most(kind, bill)
    small = calls < ENOUGH_CALLS or (bound is not None and bound < bill.currency_floor_usd)
    return Problem(
        message=f"{percent(share)} of the calls that {kind.removesuffix('s')} are {transaction} ({count(transactions)} of {count(calls)} "
        f"in {counted(traffic.covered_days, 'day')}), at {TRANSACTION_FACTOR} times the units",
        fix=f"{INSTEAD[kind]}; keep {transaction} for items that have to change together"
        if kind == "writes"
        else f"{INSTEAD[kind]}; keep {transaction} for items that have to be seen together",
        severity=Severity.INFO if small else Severity.LOW,
        evidence={
            "kind": kind,
            "transactions": transactions,
            "calls": calls,
            "share": round(float(share), 4),
            "saving_usd_month_at_most": None if bound is None else round(float(bound), 2),
        },
        subject=kind,
        current=f"{counted(transactions, 'call')} of {transaction}",
        benefit="half of the units of each call that is about one item"
        + ("" if bound is None else f": {dollars(bound)} a month at the very most"),
        migration="in the application only, one call at a time; look which of them hold a single item first",
        effort="hours",
    )


def _at_most(kind: str, bill: TableBill) -> Decimal | None:
    """Half of what the table's reads or writes cost; None: not known, or capacity, which does not fall by itself."""
    amounts = [usd for component, index, usd in bill.costs if index is None and component in (kind, f"replicated-{kind}")]
    known = [usd for usd in amounts if usd is not None]
    return None if not known or len(known) < len(amounts) else sum(known, Decimal(0)) / TRANSACTION_FACTOR
