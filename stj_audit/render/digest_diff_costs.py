"""What two bills differ in, as sections of plain text: the bills at each user count, and the lines that moved."""

from collections.abc import Iterator
from decimal import Decimal

from stj_audit.diff import Diff
from stj_audit.diff.costs import CostChange
from stj_audit.diff.lines import NEW, OLD, LineChange
from stj_audit.render import filters
from stj_audit.render.sections import Place, Section
from stj_audit.wording import counted

SHOWN_AS_TIMES_FROM = 10  # "+1,200%" is read less easily than "13 times as much"
NO_CHANGE, NOTHING = "no change", "–"


def money(amount: Decimal) -> str:
    """ "$2.10", "$0.0011"; never "$0.00" for more than nothing."""
    return filters.usd_fine(amount) if abs(amount) < filters.FINE_BELOW else filters.usd(amount)


def change(amount: Decimal) -> str:
    """ "+$2.10", "-$0.0011"; "–" for nothing."""
    return NOTHING if not amount else f"{'+' if amount > 0 else '-'}{money(abs(amount))}"


def delta(cost: CostChange) -> str:
    """The difference of two bills in words: "+$2.10 (+66%)", "+$2.10 (known part)"."""
    if cost.delta_usd is None:
        return filters.NOT_KNOWN
    if not cost.complete:
        known = change(cost.delta_usd) if cost.delta_usd else NO_CHANGE
        return f"{known} (known part)"
    if not cost.delta_usd:
        return NO_CHANGE
    return change(cost.delta_usd) + _share(cost.delta_share)


def _share(share: Decimal | None) -> str:
    if share is None:
        return ""
    if share >= SHOWN_AS_TIMES_FROM:
        return f" ({filters.times(1 + share)} times as much)"
    return f" ({'+' if share >= 0 else '-'}{filters.percent(abs(share))})"


def before_after(cost: CostChange) -> tuple[str, str]:
    return _bill(cost.before_usd, cost.before_complete), _bill(cost.after_usd, cost.after_complete)


def _bill(amount: Decimal | None, complete: bool) -> str:
    """A bill, as fine as its change is told: "$5.30", "≥ $0.00035" where a part of it is not known."""
    if amount is None or amount < 0 or amount >= filters.FINE_BELOW:
        return filters.usd_cell(amount, complete, cents=True)
    return money(amount) if complete else f"{filters.AT_LEAST} {money(amount)}"


def labelled_costs(diff: Diff, *, headline: bool = False) -> Iterator[tuple[str, CostChange]]:
    yield "now", diff.costs.current
    for at in diff.costs.projections:
        target = " (target)" if at.users == diff.new.target_users else ""
        if target or not headline:
            yield f"at {filters.users(at.users)}{target}", at.cost


def bills(diff: Diff) -> Section:
    found = [(label, cost) for label, cost in labelled_costs(diff) if not cost.is_same or not cost.complete]
    tables = [cost.tables_usd for _, cost in found if cost.tables_usd]
    whole = f"Configuration has whole tables in it that only one run has: {change(tables[0])} {found[0][0]}." if tables else ""
    return Section(
        id="bills",
        title="Cost a month, and why it changed",
        heads=("Users", "Before", "After", "Change", "Price list", "Usage", "Configuration"),
        rows=tuple(
            (
                label.removeprefix("at "),
                *before_after(cost),
                delta(cost),
                change(cost.price_list_usd),
                change(cost.usage_usd),
                change(cost.configuration_usd),
            )
            for label, cost in found
        ),
        numbers=frozenset({1, 2, 4, 5, 6}),
        note=whole,
    )


def moved_lines(diff: Diff) -> Iterator[Section]:
    """The lines of the bill that moved, now and at the target."""
    users, at_target = headline_cost(diff)
    yield _line_section("lines-now", "Lines of the bill now", diff.costs.current)
    if users is not None:
        yield _line_section("lines-target", f"Lines of the bill at {filters.users(users)}", at_target)


def _line_section(id_: str, title_: str, cost: CostChange) -> Section:
    found = [line for line in cost.lines if not line.is_same]
    unknown = sum(line.is_same and line.delta_usd is None for line in cost.lines)
    return Section(
        id=id_,
        title=title_,
        heads=("What", "Where", "Before", "After", "Change", "Because"),
        rows=tuple(
            (
                line.component.replace("pitr", "PITR").replace("-", " "),
                Place(table=line.table, index=line.index),
                _side(line.monthly_usd_before, on_bill=line.on_bill != NEW),
                _side(line.monthly_usd_after, on_bill=line.on_bill != OLD),
                filters.NOT_KNOWN if line.delta_usd is None else change(line.delta_usd),
                because(line),
            )
            for line in found
        ),
        numbers=frozenset({2, 3, 4}),
        note=f"{counted(unknown, 'line')} more {'is' if unknown == 1 else 'are'} known in neither run." if unknown else "",
    )


def _side(amount: Decimal | None, *, on_bill: bool) -> str:
    if amount is not None:
        return money(amount)
    return filters.NOT_KNOWN if on_bill else NOTHING


def because(line: LineChange) -> str:
    """ "price list +$0.10, usage +$0.20: ..."; what a part comes from after it."""
    parts = [("price list", line.price_list_usd), ("usage", line.usage_usd), ("configuration", line.configuration_usd)]
    known = [(name, amount) for name, amount in parts if amount]
    words = known[0][0] if len(known) == 1 else ", ".join(f"{name} {change(amount)}" for name, amount in known)
    return ": ".join(one for one in (words, line.why) if one)


def headline_cost(diff: Diff) -> tuple[int | None, CostChange]:
    """The bill at the new run's target users, or now where that is not in both runs."""
    at = next((at for at in diff.costs.projections if at.users == diff.new.target_users), None)
    return (None, diff.costs.current) if at is None else (at.users, at.cost)
