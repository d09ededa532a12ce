"""
A comparison as sections of plain text, for a terminal and a comment alike: what each shows, and in which words.

Nothing here is escaped: that is for the format.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from stj_audit.diff import NOT_COMPARABLE, SAME, Diff, GradeChange
from stj_audit.diff import tables as changed_tables
from stj_audit.diff.findings import BETTER, FIXED, NEW, NOT_LOOKED_AT, NOT_SUPPRESSED, NOW_SUPPRESSED, STATES, WORSE, FindingChange
from stj_audit.diff.tables import TableChange
from stj_audit.render import digest, filters
from stj_audit.render.digest_diff_costs import (
    NO_CHANGE,
    NOTHING,
    before_after,
    bills,
    delta,
    headline_cost,
    labelled_costs,
    money,
    moved_lines,
)
from stj_audit.render.escape import cut
from stj_audit.render.sections import CELL_LENGTH, Cell, Place, Section
from stj_audit.report import SEVERAL
from stj_audit.wording import a_few, count, counted, listed

TO_LOOK_AT = (NEW, WORSE, NOT_SUPPRESSED)
MOST_COUNTS = 5  # user counts in one cell
UNKNOWN_GRADE, NO_GRADE = "?", "n/a"
TONES = {WORSE: "bad", NEW: "bad", NOT_SUPPRESSED: "bad", BETTER: "ok", FIXED: "ok"}
LIMIT_WORDS = {SAME: NO_CHANGE, NOT_COMPARABLE: "not comparable: only one run knows this limit"}
GATE_WORDS = {SAME: NO_CHANGE, NOT_COMPARABLE: "not comparable: only one run has a gate"}


# ------------------------------------------------------------------------------------------------------------- the top


def title(diff: Diff) -> str:
    """What changed, in one sentence without a full stop: findings, grade, money at the target."""
    parts = []
    users, cost = headline_cost(diff)
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


def sections(diff: Diff) -> Iterator[Section]:
    """All that there is to tell, what needs a look first; a section without a row is left out."""
    yield _summary(diff)
    for section in (
        _findings(diff, "look", "What needs a look", TO_LOOK_AT, folded=False),
        _findings(diff, "rest", "Better, fixed, suppressed or not looked at", (BETTER, FIXED, NOW_SUPPRESSED, NOT_LOOKED_AT)),
        bills(diff),
        *moved_lines(diff),
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
    for label, cost in labelled_costs(diff, headline=True):
        rows.append((f"Cost a month {label}", *before_after(cost), delta(cost)))
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


# --------------------------------------------------------------------------------------------------------------- tables


def _settings(diff: Diff) -> Section:
    states = {changed_tables.ADDED: "only in the new run", changed_tables.REMOVED: "only in the old run: deleted, or not audited"}
    states |= {changed_tables.NOT_READ: "could not be read now", changed_tables.READ_AGAIN: "could not be read before"}
    rows: list[tuple[Cell, ...]] = []
    for one in diff.tables:
        if one.state in states:
            rows.append((Place(table=one.table), "the table", NOTHING, states[one.state]))
        rows += [(Place(table=one.table), setting.what, setting.before, setting.after) for setting in one.settings]
    return Section(id="settings", title="Tables and settings", heads=("Table", "Setting", "Before", "After"), rows=tuple(rows))


def _tables(diff: Diff) -> Section:
    found = [one for one in diff.tables if one.state == changed_tables.SAME and not replace(one, settings=()).is_same]
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
