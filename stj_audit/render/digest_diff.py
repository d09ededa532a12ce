"""
A comparison as sections of plain text, for a terminal and a comment alike: what each shows, and in which words.

Nothing here is escaped: that is for the format.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from stj_audit import diff_tables
from stj_audit.diff import (
    BETTER,
    FIXED,
    NEW,
    NOT_COMPARABLE,
    NOT_LOOKED_AT,
    NOT_SUPPRESSED,
    NOW_SUPPRESSED,
    SAME,
    STATES,
    WORSE,
    Diff,
    FindingChange,
    GradeChange,
)
from stj_audit.diff_costs import CostChange
from stj_audit.diff_lines import NEW as NEW_BILL
from stj_audit.diff_lines import OLD as OLD_BILL
from stj_audit.diff_lines import LineChange
from stj_audit.diff_tables import TableChange
from stj_audit.render import digest, filters
from stj_audit.render.escape import cut
from stj_audit.report import SEVERAL
from stj_audit.wording import a_few, count, counted, listed

CELL_LENGTH = 300  # a longer message is in the run file
TO_LOOK_AT = (NEW, WORSE, NOT_SUPPRESSED)
MOST_COUNTS = 5  # user counts in one cell
SHOWN_AS_TIMES_FROM = 10  # "+1,200%" is read less easily than "13 times as much"
NO_CHANGE, NOTHING, UNKNOWN_GRADE, NO_GRADE = "no change", "–", "?", "n/a"
TONES = {WORSE: "bad", NEW: "bad", NOT_SUPPRESSED: "bad", BETTER: "ok", FIXED: "ok"}
LIMIT_WORDS = {SAME: NO_CHANGE, NOT_COMPARABLE: "not comparable: only one run knows this limit"}
GATE_WORDS = {SAME: NO_CHANGE, NOT_COMPARABLE: "not comparable: only one run has a gate"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A table, or an index of it: names of others, which each format sets apart. No table: all of them."""

    table: str
    index: str | None = None

    def __str__(self) -> str:
        table = cut(self.table) if self.table else "all tables"
        return table if self.index is None else f"{table} / {cut(self.index)}"


Cell = str | Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A titled table. `numbers` are the columns set flush right, `tones` those of the rows, `more` how many rows are left out."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()
    tones: tuple[str, ...] = ()
    note: str = ""
    more: str = ""
    folded: bool = True


def shortened(section: Section, most: int) -> Section:
    """The section with at most `most` rows, the others counted, and no cell longer than a few lines."""
    left = len(section.rows) - most
    rows = tuple(tuple(cut(cell, CELL_LENGTH) if isinstance(cell, str) else cell for cell in row) for row in section.rows[:most])
    return replace(section, rows=rows, more=f"and {left:,} more" if left > 0 else "")


# ------------------------------------------------------------------------------------------------------------- the top


def title(diff: Diff) -> str:
    """What changed, in one sentence without a full stop: findings, grade, money at the target."""
    parts = []
    users, cost = _headline_cost(diff)
    when = "now" if users is None else f"at {filters.users(users)}"
    if cost.delta_usd and cost.complete:
        parts.append(f"{money(abs(cost.delta_usd))} {'more' if cost.delta_usd > 0 else 'less'} a month {when}")
    elif not cost.complete:
        parts.append(f"cost a month {when}: {delta(cost)}")
    parts.append(f"findings: {_counts(diff.findings, STATES) or NO_CHANGE}")
    if diff.overall.direction != SAME:
        why = f" ({_direction(diff.overall)})" if diff.overall.direction == NOT_COMPARABLE else ""
        parts.append(f"grade {_grades(diff.overall)}{why}")
    return digest.capital("; ".join(parts))


def unchanged(diff: Diff) -> str:
    """Where nothing changed, that in one sentence."""
    same = f"Nothing changed between the run of {filters.at_time(diff.old.started_at)} and that of {filters.at_time(diff.new.started_at)}"
    still = f"{counted(diff.unchanged, 'finding')} {'is' if diff.unchanged == 1 else 'are'} open in both" if diff.unchanged else ""
    unknown = max(cost.unknown_lines for cost in (diff.costs.current, *(at.cost for at in diff.costs.projections)))
    lines = f"{counted(unknown, 'line')} of the bill could not be compared" if unknown else ""
    more = listed([one for one in (still, lines) if one])
    return f"{same}: {more}." if more else f"{same}."


def runs(diff: Diff) -> str:
    """Which runs: "22 November 2026, 06:00 UTC → 28 November 2026, 06:00 UTC; eu-north-1, account 123456789012"."""
    account, region = diff.new.account, diff.new.region
    where = "several regions" if region == SEVERAL else region
    where += "" if account is None else ", several accounts" if account == SEVERAL else f", account {account}"
    return f"{filters.at_time(diff.old.started_at)} → {filters.at_time(diff.new.started_at)}; {where}"


def still_open(diff: Diff) -> str:
    """What is open in both runs; empty where nothing is."""
    if not diff.unchanged:
        return ""
    return f"{counted(diff.unchanged, 'finding')} {'is' if diff.unchanged == 1 else 'are'} open in both runs, as severe as before."


def notes(diff: Diff) -> tuple[str, ...]:
    return tuple(short(filters.sentence(one)) for one in diff.notes)


def short(text: str) -> str:
    return cut(text, CELL_LENGTH)


def _counts(findings: Iterable[FindingChange], states: Iterable[str]) -> str:
    """ "2 new, 1 worse"."""
    found = [one.state for one in findings]
    return ", ".join(f"{found.count(state)} {state}" for state in states if state in found)


def _headline_cost(diff: Diff) -> tuple[int | None, CostChange]:
    """The bill at the new run's target users, or now where that is not in both runs."""
    at = next((at for at in diff.costs.projections if at.users == diff.new.target_users), None)
    return (None, diff.costs.current) if at is None else (at.users, at.cost)


def sections(diff: Diff) -> Iterator[Section]:
    """All that there is to tell, what needs a look first; a section without a row is left out."""
    yield _summary(diff)
    for section in (
        _findings(diff, "look", "What needs a look", TO_LOOK_AT, folded=False),
        _findings(diff, "rest", "Better, fixed, suppressed or not looked at", (BETTER, FIXED, NOW_SUPPRESSED, NOT_LOOKED_AT)),
        _bills(diff),
        *_lines(diff),
        _settings(diff),
        _tables(diff),
        _grades_section(diff),
        _limits(diff),
    ):
        if section.rows:
            yield section


def _summary(diff: Diff) -> Section:
    rows: list[tuple[Cell, ...]] = [("Grade", diff.overall.before, diff.overall.after, _direction(diff.overall))]
    tones = [TONES.get(diff.overall.direction, "")]
    rows.append(("Open findings", str(diff.old.findings), str(diff.new.findings), _counts(diff.findings, STATES) or NO_CHANGE))
    tones.append("")
    for label, cost in _labelled_costs(diff, headline=True):
        rows.append((f"Cost a month {label}", *_before_after(cost), delta(cost)))
        tones.append("")
    if diff.gate is not None:
        before, after = (verdict or "no gate" for verdict in (diff.gate.verdict_before, diff.gate.verdict_after))
        rows.append(("Gate", before, after, GATE_WORDS.get(diff.gate.direction, diff.gate.direction)))
        tones.append(TONES.get(diff.gate.direction, ""))
    if diff.first_limit is not None:
        one = diff.first_limit
        rows.append(
            (
                "First limit binds at",
                _limit_users(one.users_before),
                _limit_users(one.users_after),
                LIMIT_WORDS.get(one.direction, one.direction),
            )
        )
        tones.append(TONES.get(one.direction, ""))
    return Section(
        id="summary", title="", heads=("", "Before", "After", "Change"), rows=tuple(rows), tones=tuple(tones), folded=False
    )


# ------------------------------------------------------------------------------------------------------------- findings


def _findings(diff: Diff, id_: str, title_: str, states: tuple[str, ...], *, folded: bool = True) -> Section:
    found = [one for one in diff.findings if one.state in states]
    return Section(
        id=id_,
        title=title_,
        heads=("Change", "Severity", "Where", "Finding"),
        rows=tuple((one.state, _severity(one), Place(table=one.table, index=one.index), _told(one)) for one in found),
        tones=tuple(TONES.get(one.state, "mute") for one in found),
        folded=folded,
    )


def _severity(one: FindingChange) -> str:
    if one.severity_before and one.severity_after and one.severity_before != one.severity_after:
        return f"{one.severity_before} → {one.severity_after}"
    return one.severity


def _told(one: FindingChange) -> str:
    """What is there in full; of what is gone, its title."""
    text = filters.sentence(one.message if one.severity_after else one.title)
    return f"{text} {digest.capital(filters.sentence(one.reason))}" if one.reason else text


# ---------------------------------------------------------------------------------------------------------------- money


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


def _before_after(cost: CostChange) -> tuple[str, str]:
    return _bill(cost.before_usd, cost.before_complete), _bill(cost.after_usd, cost.after_complete)


def _bill(amount: Decimal | None, complete: bool) -> str:
    """A bill, as fine as its change is told: "$5.30", "≥ $0.00035" where a part of it is not known."""
    if amount is None or amount < 0 or amount >= filters.FINE_BELOW:
        return filters.usd_cell(amount, complete, cents=True)
    return money(amount) if complete else f"{filters.AT_LEAST} {money(amount)}"


def _labelled_costs(diff: Diff, *, headline: bool = False) -> Iterator[tuple[str, CostChange]]:
    yield "now", diff.costs.current
    for at in diff.costs.projections:
        target = " (target)" if at.users == diff.new.target_users else ""
        if target or not headline:
            yield f"at {filters.users(at.users)}{target}", at.cost


def _bills(diff: Diff) -> Section:
    found = [(label, cost) for label, cost in _labelled_costs(diff) if not cost.is_same or not cost.complete]
    tables = [cost.tables_usd for _, cost in found if cost.tables_usd]
    whole = f"Configuration has whole tables in it that only one run has: {change(tables[0])} {found[0][0]}." if tables else ""
    return Section(
        id="bills",
        title="Cost a month, and why it changed",
        heads=("Users", "Before", "After", "Change", "Price list", "Usage", "Configuration"),
        rows=tuple(
            (
                label.removeprefix("at "),
                *_before_after(cost),
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


def _lines(diff: Diff) -> Iterator[Section]:
    """The lines of the bill that moved, now and at the target."""
    users, at_target = _headline_cost(diff)
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
                _side(line.monthly_usd_before, on_bill=line.on_bill != NEW_BILL),
                _side(line.monthly_usd_after, on_bill=line.on_bill != OLD_BILL),
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


# --------------------------------------------------------------------------------------------------------------- tables


def _settings(diff: Diff) -> Section:
    states = {diff_tables.ADDED: "only in the new run", diff_tables.REMOVED: "only in the old run: deleted, or not audited"}
    states |= {diff_tables.NOT_READ: "could not be read now", diff_tables.READ_AGAIN: "could not be read before"}
    rows: list[tuple[Cell, ...]] = []
    for one in diff.tables:
        if one.state in states:
            rows.append((Place(table=one.table), "the table", NOTHING, states[one.state]))
        rows += [(Place(table=one.table), setting.what, setting.before, setting.after) for setting in one.settings]
    return Section(id="settings", title="Tables and settings", heads=("Table", "Setting", "Before", "After"), rows=tuple(rows))


def _tables(diff: Diff) -> Section:
    found = [one for one in diff.tables if one.state == diff_tables.SAME and not replace(one, settings=()).is_same]
    return Section(
        id="tables",
        title="Size of tables",
        heads=("Table", "Grade", "Items", "Size", "Largest item read"),
        rows=tuple(
            (
                Place(table=one.table),
                _moved(one.grade_before or filters.NOT_KNOWN, one.grade_after or filters.NOT_KNOWN),
                _moved(filters.count(one.item_count_before), filters.count(one.item_count_after)),
                _moved(filters.size(one.size_bytes_before), filters.size(one.size_bytes_after)),
                _moved(*_largest(one)),
            )
            for one in found
        ),
    )


def _largest(one: TableChange) -> tuple[str, str]:
    """The largest item of each run; where both were not read alike, with how."""
    alike = one.largest_of_before == one.largest_of_after
    sides = ((one.largest_bytes_before, one.largest_of_before), (one.largest_bytes_after, one.largest_of_after))
    before, after = (
        filters.size(size) + ("" if alike or of is None else f" ({'all read' if of == 'full' else 'a sample'})")
        for size, of in sides
    )
    return before, after


def _moved(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


# ---------------------------------------------------------------------------------------------------- grades and limits


def _grades(one: GradeChange) -> str:
    return f"{one.before} → {one.after}"


def _direction(one: GradeChange) -> str:
    """What became of a grade; of one that says nothing, why it cannot be told."""
    if one.direction == SAME:
        return "too little was seen in both" if one.after == UNKNOWN_GRADE else NO_CHANGE
    if one.direction != NOT_COMPARABLE:
        return one.direction
    if UNKNOWN_GRADE in (one.before, one.after):
        return f"not comparable: too little was seen {'before' if one.before == UNKNOWN_GRADE else 'now'}"
    if NO_GRADE in (one.before, one.after):
        return f"not comparable: nothing to judge {'before' if one.before == NO_GRADE else 'now'}"
    return NOT_COMPARABLE


def _grades_section(diff: Diff) -> Section:
    found: dict[GradeChange, list[int]] = {}
    for at in diff.grades_by_users:
        for one in (at.overall, *at.categories):
            if one.direction != SAME:
                found.setdefault(one, []).append(at.users)
    counts = [at.users for at in diff.grades_by_users]
    rows = [(_at(users, counts), one) for one, users in found.items()]
    if diff.old.target_users != diff.new.target_users or diff.new.target_users not in counts:
        rows = [*(("at the target", one) for one in diff.categories if one.direction != SAME), *rows]
    return Section(
        id="grades",
        title="Grades",
        heads=("Category", "Grade", "Change", "Where"),
        rows=tuple((one.title, _grades(one), _direction(one), where) for where, one in rows),
        tones=tuple(TONES.get(one.direction, "") for _, one in rows),
    )


def _at(users: list[int], counts: list[int]) -> str:
    """ "at every user count", "at 100 and 1,000 users"."""
    if users == counts:
        return "at every user count"
    return f"at {a_few(map(count, users), at_most=MOST_COUNTS)} users"


def _limits(diff: Diff) -> Section:
    return Section(
        id="limits",
        title="From how many users a limit binds",
        heads=("Where", "Limit", "Before", "After"),
        rows=tuple(
            (Place(table=one.table, index=one.index), one.what, _limit_users(one.users_before), _limit_users(one.users_after))
            for one in diff.limits
        ),
        numbers=frozenset({2, 3}),
        tones=tuple(TONES.get(one.direction, "") for one in diff.limits),
    )


def _limit_users(users: int | None) -> str:
    return "none known" if users is None else filters.users(users)
