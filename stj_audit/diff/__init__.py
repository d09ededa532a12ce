"""
Two runs compared: what is new, fixed, worse and better in findings, tables, grades, limits and the gate; the bills are in `costs`.

Pure, and all of it values: renderers read a `Diff` and nothing else. The field names are the keys of `diff --format json`.

A grade that is not known ("?") or of nothing ("n/a") is neither better nor worse than another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from stj_audit.baseline import Place, named, same_places
from stj_audit.diff.costs import CostChange, compare_bills
from stj_audit.diff.findings import BETTER, WORSE, FindingChange, finding_changes, unchanged
from stj_audit.diff.lines import side_of
from stj_audit.diff.notes import notes
from stj_audit.diff.tables import TableChange, table_changes
from stj_audit.diff.terms import CATEGORY_OF_LINES, gated_tables, other_lines, other_terms
from stj_audit.errors import ConfigError
from stj_audit.grade import GRADES
from stj_audit.report import FAILED, INCONCLUSIVE, PASSED, Report, ScaleLimit

SCHEMA_VERSION = 1
KIND = "stj-audit diff"

SAME, NOT_COMPARABLE = "same", "not comparable"
OTHER_TERMS, OTHER_TABLES = "not comparable: held against other terms", "not comparable: held against other tables"
"""Directions of a gate."""

VERDICTS = (PASSED, INCONCLUSIVE, FAILED)
"""Of a gate, the best first."""
_RANKS = {letter: place for place, letter in enumerate(reversed(GRADES))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """Which run it is. `account` and `region` are "several" where they differ within it."""

    id: str
    started_at: datetime
    tool_version: str
    account: str | None
    region: str
    users_now: int | None
    target_users: int
    tables: int
    findings: int
    """That are open: not suppressed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeChange:
    """`direction` is better, worse, same or not comparable; `before` and `after` are letters, "?" or "n/a"."""

    id: str
    title: str
    before: str
    after: str
    direction: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GradesAtUsers:
    """The grades at one user count that both runs have: overall, and the categories that differ."""

    users: int
    overall: GradeChange
    categories: tuple[GradeChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitChange:
    """
    From how many users on a limit binds; null: none is known to, in a run that may not have been able to tell.

    `direction` is better, worse, same, or not comparable where only one run knows of it.
    """

    table: str
    index: str | None
    check: str
    code: str
    what: str
    users_before: int | None
    users_after: int | None
    direction: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GateChange:
    """
    How each run came out against its gate; null: it was held against none. `verdict_...` is passed, failed or inconclusive; `direction` is
    better, worse, same, or not comparable where one run was held against nothing; of two that were held against other terms, or came out
    otherwise where that may be for other tables, OTHER_TERMS and OTHER_TABLES.
    """

    verdict_before: str | None
    verdict_after: str | None
    fail_on_before: str | None
    fail_on_after: str | None
    direction: str
    reasons: tuple[str, ...]
    """Why the new run is not passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostAtUsers:
    users: int
    cost: CostChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """What both bills are now, and at each user count that both runs have."""

    current: CostChange
    projections: tuple[CostAtUsers, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """Everything that two runs differ in. `notes` say what makes them hard to compare; `unchanged` are findings open in both, as bad."""

    kind: str
    schema_version: int
    old: Run
    new: Run
    notes: tuple[str, ...]
    findings: tuple[FindingChange, ...]
    unchanged: int
    tables: tuple[TableChange, ...]
    overall: GradeChange
    categories: tuple[GradeChange, ...]
    grades_by_users: tuple[GradesAtUsers, ...]
    first_limit: LimitChange | None
    limits: tuple[LimitChange, ...]
    gate: GateChange | None
    costs: Costs

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known to differ."""
        grades = [self.overall, *self.categories, *(grade for at in self.grades_by_users for grade in (at.overall, *at.categories))]
        return not (
            self.findings
            or self.limits
            or any(grade.before != grade.after for grade in grades)
            or any(not table.is_same for table in self.tables)
            or (self.gate is not None and self.gate.verdict_before != self.gate.verdict_after)
            or any(not cost.is_same for cost in (self.costs.current, *(at.cost for at in self.costs.projections)))
        )


def compare(old: Report, new: Report) -> Diff:
    """What the new run has that the old one had not, and the other way round. Raises ConfigError for runs of different places."""
    _check_places(old, new)
    limits = tuple(_limits(old, new))
    return Diff(
        kind=KIND,
        schema_version=SCHEMA_VERSION,
        old=_run(old),
        new=_run(new),
        notes=tuple(notes(old, new)),
        findings=finding_changes(old, new),
        unchanged=unchanged(old, new),
        tables=table_changes(old, new),
        overall=_grade("overall", "Overall", old.overall.grade, new.overall.grade, lines=bool(other_lines(old, new))),
        categories=tuple(_categories(old, new)),
        grades_by_users=tuple(_grades_by_users(old, new)),
        first_limit=_first_limit(old, new),
        limits=limits,
        gate=_gate(old, new),
        costs=_costs(old, new),
    )


def _check_places(old: Report, new: Report) -> None:
    """Tables of the same name in another account or region have findings of the same id, and another price list."""
    theirs, ours = _places(old), _places(new)
    if not same_places(theirs, ours):
        raise ConfigError(
            f"the old run is of {named(theirs)}, and the new one of {named(ours)}: their tables are not the same",
            hint="give two runs of the same accounts and regions",
        )


def _places(report: Report) -> list[Place]:
    return [(one.account, one.region) for one in report.audit.scopes or (report.audit,)]


def _run(report: Report) -> Run:
    return Run(
        id=report.audit.id,
        started_at=report.audit.started_at,
        tool_version=report.tool.version,
        account=report.audit.account,
        region=report.audit.region,
        users_now=report.audit.users_now,
        target_users=report.audit.target_users,
        tables=len(report.tables),
        findings=sum(one.suppressed is None for one in report.findings),
    )


# --------------------------------------------------------------------------------------------------------------- grades


def _grade(id_: str, title: str, before: str, after: str, *, lines: bool) -> GradeChange:
    """`lines`: the runs have other size lines, so that a grade in which they count cannot be compared."""
    if before == after:
        direction = SAME
    elif before not in _RANKS or after not in _RANKS or (lines and id_ in ("overall", CATEGORY_OF_LINES)):
        direction = NOT_COMPARABLE
    else:
        direction = BETTER if _RANKS[after] > _RANKS[before] else WORSE
    return GradeChange(id=id_, title=title, before=before, after=after, direction=direction)


def _categories(old: Report, new: Report) -> Iterator[GradeChange]:
    before, lines = {one.id: one.grade for one in old.categories}, bool(other_lines(old, new))
    for one in new.categories:
        if one.id in before:
            yield _grade(one.id, one.title, before[one.id], one.grade, lines=lines)


def _grades_by_users(old: Report, new: Report) -> Iterator[GradesAtUsers]:
    titles, lines = {one.id: one.title for one in new.categories}, bool(other_lines(old, new))
    for users in _in_both(old.grades_by_users, new.grades_by_users):
        before, after = old.grades_by_users[users], new.grades_by_users[users]
        grades = [
            _grade(id_, titles.get(id_, id_), before.categories[id_], after.categories[id_], lines=lines)
            for id_ in after.categories
            if id_ in before.categories
        ]
        yield GradesAtUsers(
            users=int(users),
            overall=_grade("overall", "Overall", before.overall, after.overall, lines=lines),
            categories=tuple(one for one in grades if one.direction != SAME),
        )


def _in_both(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted((users for users in after if users in before and users.isdecimal()), key=int)


# --------------------------------------------------------------------------------------------------- limits and the gate

LimitKey = tuple[str, str | None, str]
"""(table, index, check)"""


def _limits(old: Report, new: Report) -> Iterator[LimitChange]:
    """The limits that bind at another user count, the soonest first."""
    before, after = _limits_by_key(old.limits), _limits_by_key(new.limits)
    found = [_limit(before.get(key), after.get(key)) for key in dict.fromkeys((*after, *before))]
    changed = [one for one in found if one is not None and one.users_before != one.users_after]
    yield from sorted(changed, key=lambda one: min(filter(None, (one.users_before, one.users_after)), default=0))


def _limits_by_key(limits: Iterable[ScaleLimit]) -> dict[LimitKey, ScaleLimit]:
    """The first of each check in each table or index."""
    found: dict[LimitKey, ScaleLimit] = {}
    for one in sorted(limits, key=lambda one: one.users):
        found.setdefault((one.table, one.index, one.check), one)
    return found


def _limit(before: ScaleLimit | None, after: ScaleLimit | None) -> LimitChange | None:
    told = after or before
    if told is None:
        return None
    return LimitChange(
        table=told.table,
        index=told.index,
        check=told.check,
        code=told.code,
        what=told.what,
        users_before=None if before is None else before.users,
        users_after=None if after is None else after.users,
        direction=_limit_direction(before, after),
    )


def _limit_direction(before: ScaleLimit | None, after: ScaleLimit | None) -> str:
    if before is None or after is None:
        return NOT_COMPARABLE
    return SAME if before.users == after.users else BETTER if after.users > before.users else WORSE


def _first_limit(old: Report, new: Report) -> LimitChange | None:
    """
    The limit that binds first in each run, which need not be the same one; the place is that of the new run. None: neither has one.

    Where it has moved because a limit has come or gone, of which the other run does not know, it cannot be compared.
    """
    before, after = (min(report.limits, key=lambda one: one.users, default=None) for report in (old, new))
    found = _limit(before, after)
    if before is None or after is None or found is None or found.direction == SAME:
        return found
    sooner, others = (before, new.limits) if before.users < after.users else (after, old.limits)
    is_in_both = (sooner.table, sooner.index, sooner.check) in _limits_by_key(others)
    return found if is_in_both else replace(found, direction=NOT_COMPARABLE)


def _gate(old: Report, new: Report) -> GateChange | None:
    before, after = old.gate, new.gate
    if before is None and after is None:
        return None
    return GateChange(
        verdict_before=None if before is None else before.verdict,
        verdict_after=None if after is None else after.verdict,
        fail_on_before=None if before is None else before.fail_on,
        fail_on_after=None if after is None else after.fail_on,
        direction=_gate_direction(old, new),
        reasons=() if after is None else after.reasons,
    )


def _gate_direction(old: Report, new: Report) -> str:
    before, after = old.gate, new.gate
    if before is None or after is None or not {before.verdict, after.verdict} <= set(VERDICTS):
        return NOT_COMPARABLE
    if any(other_terms(old, new)):
        return OTHER_TERMS
    was, is_now = VERDICTS.index(before.verdict), VERDICTS.index(after.verdict)
    # More tables never make a gate pass, and fewer never make it fail: what they may have done is told as that
    left_out, added = gated_tables(old) - gated_tables(new), gated_tables(new) - gated_tables(old)
    if was != is_now and (added if is_now > was else left_out):
        return OTHER_TABLES
    return SAME if was == is_now else WORSE if is_now > was else BETTER


# ---------------------------------------------------------------------------------------------------------------- costs


def _costs(old: Report, new: Report) -> Costs:
    one, other = side_of(old), side_of(new)
    before = {at.users: at for at in old.costs.projections}
    return Costs(
        current=compare_bills(old.costs.current, new.costs.current, one, other),
        projections=tuple(
            CostAtUsers(users=at.users, cost=compare_bills(before[at.users], at, one, other))
            for at in sorted(new.costs.projections, key=lambda at: at.users)
            if at.users in before
        ),
    )
