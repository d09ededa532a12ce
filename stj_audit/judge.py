"""
A snapshot to a report: bill every table, run every check, grade for every user count, and put the assessment together. Pure.

A grade belongs to a user count. So the checks that look at money or scale are run again for each count, on what the table will cost then;
the others are run once.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from msgspec import UNSET

from stj_audit import assessment, grade, money
from stj_audit.baseline import KNOWN, Baseline, about_baseline, check_belongs, compared, known_ids, marked
from stj_audit.checks import Context, all_checks, examine
from stj_audit.combine import cost_of_reading, scope_reports, unread_places, whereabouts
from stj_audit.config import CURRENCY_FLOOR_USD, Config, Scale, SizeLines
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_facts import misfit, stored_bytes, unlike
from stj_audit.cost.lines import is_complete, sum_or_none, total
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import PriceSheet
from stj_audit.cost.projection import free_lines_of
from stj_audit.cost.savings import Plan, Proposal, plan
from stj_audit.errors import ConfigError
from stj_audit.facts import Snapshot, Table, TableFacts, Unknown
from stj_audit.gate import GateTerms, gated
from stj_audit.ignores import Ignores, about_ignores, check_names
from stj_audit.report import (
    SCHEMA_VERSION,
    Audit,
    Finding,
    GradesAtScale,
    NextReview,
    NotChecked,
    Overall,
    Report,
    RuleRun,
    ScaleLimit,
    Tool,
)
from stj_audit.results import Change, Problem, Result, Severity, Status, is_bound
from stj_audit.table_report import table_cost, table_report
from stj_audit.version import __version__

MAX_FIRST_THINGS = 3
MAX_REASONS = 2  # why a check could not look, told in full
EFFORTS = ("minutes", "hours", "days")  # ascending


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """On what terms to judge: `scale.users_now` None lets the users table of the model say it; `audit_id` names the run."""

    scale: Scale
    size_lines: SizeLines
    prices: PriceSheet
    """Those of the region; of several, what there is to say of them all, and each has its own in `prices_by_region`."""
    config: Config
    audit_id: str
    free_tier: bool = False
    users_elsewhere: int | None = None
    """The items of the users table where that is not among the tables that are judged."""
    baseline: Baseline | None = None
    gate: GateTerms = field(default_factory=GateTerms)
    prices_by_region: Mapping[str, PriceSheet] = field(default_factory=dict)
    today: date | None = None
    """The day on which ignores hold; None: that of the snapshot. Whatever has an age has it at the time of the snapshot."""
    asked: tuple[str, ...] = ()
    """The names and globs of the tables that were asked for; empty: every table was."""

    def prices_of(self, region: str) -> PriceSheet:
        return self.prices_by_region.get(region, self.prices)


def judge(snapshot: Snapshot, terms: Terms) -> Report:
    """The whole report of a snapshot. Raises ConfigError for a declared design that does not fit the tables, and a foreign baseline."""
    places = [(one.account, one.region) for one in snapshot.scopes or (snapshot,)]
    check_belongs(terms.baseline, places, design=bool(snapshot.templates))
    _check_design(snapshot, terms.config)
    check_names(terms.config.ignore, all_checks(), origin=terms.config.path or "the configuration")
    ignores = Ignores(ignores=terms.config.ignore, today=terms.today or snapshot.finished_at.date())
    users_now, users_source = _users_now(snapshot, terms)
    everyone = tuple(sorted({*terms.scale.users, terms.scale.target_users}))  # the headline's user count is a scale like the others
    scale = replace(terms.scale, users_now=users_now, users=everyone)
    judged = [
        _Judged(facts=facts, terms=terms, scale=scale, ignores=ignores, taken_at=snapshot.started_at) for facts in snapshot.tables
    ]
    judged.sort(key=lambda one: (-total(one.now), one.name))  # the table that costs most is read first
    at_target = scale.target_users
    unread = _unread(snapshot)
    plans = {users: _plan(judged, users, terms) for users in scale.users}
    graded = {users: _grade(judged, users, plans[users], terms, unread) for users in scale.users}
    findings = marked(_findings(judged, scale, ignores), terms.baseline)
    still_open = tuple(finding for finding in findings if finding.suppressed is None)
    found_in: dict[str, list[Finding]] = {}
    for finding in findings:
        found_in.setdefault(finding.table, []).append(finding)
    costs = money.costs(
        [one.priced for one in judged],
        plans,
        prices=terms.prices,
        scale=scale,
        free_tier=terms.free_tier,
        whole=all(one.is_absent for one in snapshot.missing) and not any(scope.not_read for scope in snapshot.scopes),
        assumptions=assessment.assumptions([one.priced for one in judged], scale, users_source, free_tier=terms.free_tier),
    )
    results = [result for one in judged for result in one.open_results(at_target)]
    not_checked = _not_checked(snapshot, results)
    rules = tuple(_rule_run(result) for result in (*results, *unread))
    overall, categories = graded[at_target].overall, graded[at_target].categories
    review = _next_review(still_open, scale, snapshot.finished_at.date())
    telling = assessment.Telling(
        facts=snapshot.tables,
        results=[*results, *unread],
        findings=tuple(finding for finding in still_open if finding.severity != Severity.INFO.label),  # a note is nothing to do
        costs=costs,
        graded={users: one.overall for users, one in graded.items()},
        scale=scale,
        not_checked=not_checked,
        known=sum(one.baseline is not None and one.baseline.state == KNOWN for one in findings),
        is_design=bool(snapshot.templates),
        unaccepted=[*(result for one in judged for result in one.results(at_target)), *unread],
    )
    report = Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool(name="stj-audit", version=__version__, policy_version=grade.POLICY_VERSION),
        audit=_audit(snapshot, terms, scale),
        overall=overall,
        verdict=assessment.verdict(telling, whereabouts(snapshot)),
        do_first=_do_first(still_open, scale),
        grades_by_users={
            str(users): GradesAtScale(
                overall=one.overall.grade, categories={category.id: category.grade for category in one.categories}
            )
            for users, one in graded.items()
        },
        categories=categories,
        tables=tuple(
            table_report(
                one.facts,
                size_lines=terms.size_lines,
                cost=table_cost(one.now),
                grade=_grade([one], at_target, _plan([one], at_target, terms), terms).overall.grade,
                findings=tuple(found_in.get(one.name, ())),
            )
            for one in judged
        ),
        findings=findings,
        not_checked=not_checked,
        costs=costs,
        good=assessment.good(telling),
        practices=assessment.practices(telling),
        recommendations=assessment.recommendations(telling),
        actions=assessment.actions(telling, review),
        summary=assessment.summary(telling),
        next_review=review,
        rules=rules,
        ignores=ignores.reports(),
        limits=_limits(judged, scale),
        baseline=compared(terms.baseline, findings, rules, not_checked),
        overall_unsuppressed=_unsuppressed(judged, scale, terms, unread) if len(still_open) < len(findings) else None,
        trust=(
            *assessment.trust(
                telling, snapshot, max_price_age_months=terms.config.prices.max_age_months, size_lines=terms.size_lines
            ),
            *about_ignores(ignores.reports()),
            *about_baseline(terms.baseline, findings, account=snapshot.account, target_users=at_target),
        ),
    )
    return replace(report, gate=gated(report, snapshot, terms.gate))


# --------------------------------------------------------------------------------------------------- one table, judged


class _Judged:
    """One table with its lines and results at every user count, each worked out once."""

    def __init__(self, *, facts: TableFacts, terms: Terms, scale: Scale, ignores: Ignores, taken_at: datetime) -> None:
        self.facts = facts
        self.taken_at = taken_at
        self.name = facts.table.title
        prices = terms.prices_of(facts.table.region)
        self.priced = PricedTable(facts=facts, config=terms.config, prices=prices, users_now=scale.users_now)
        self.now = self.priced.now
        self._terms = terms
        self._scale = scale
        self._ignores = ignores
        self._results: dict[int, tuple[Result, ...]] = {}

    def bill(self, users: int) -> TableBill:
        """The bill that checks see."""
        return self.priced.judged_at(users)

    def results(self, users: int) -> tuple[Result, ...]:
        """Every check at `users` users; those that look at neither money nor scale are taken from an earlier count."""
        if users not in self._results:
            context = Context(
                facts=self.facts,
                scale=replace(self._scale, target_users=users),
                size_lines=self._terms.size_lines,
                bill=self.bill(users),
                declared=self.priced.model,
                backup_policy=self._terms.config.backup,
                taken_at=self.taken_at,
            )
            earlier = {one.check.code: one for one in next(iter(self._results.values()), ())}
            self._results[users] = tuple(
                earlier[check.code]
                if check.code in earlier and not {"bill", "scale"} & set(check.needs)
                else examine(check, context)
                for check in all_checks()
            )
        return self._results[users]

    def open_results(self, users: int) -> tuple[Result, ...]:
        """The same without what the owner accepts and what the baseline knows."""
        return tuple(_with(result, self._open_problems(result)) for result in self.results(users))

    def _open_problems(self, result: Result) -> tuple[Problem, ...]:
        if not result.problems or self._ignores.suppresses(result.check, self.name):
            return ()
        return tuple(one for one in result.problems if not self._known or self._id(result, one) not in self._known)

    @cached_property
    def _known(self) -> frozenset[str]:
        """What the baseline knows: known at the target is known at every user count."""
        found = ((one, result) for result in self.results(self._scale.target_users) for one in result.problems)
        return known_ids(self._terms.baseline, ((self._id(result, one), _severity(result, one)) for one, result in found))

    def _id(self, result: Result, problem: Problem) -> str:
        return fingerprint(result.check.name, self.name, problem.index, problem.subject)

    def proposals(self, place: int, users: int) -> list[tuple[int, Decimal, Proposal]]:
        """The priced changes that the findings propose, each with its effort and with what it saves alone."""
        found = []
        for result in self.open_results(users):
            for problem in result.problems:
                saving = None if problem.change is None else self.bill(users).saving(problem.change)
                if problem.change is not None and saving is not None:
                    proposal = Proposal(place=place, change=problem.change, finding=self._id(result, problem))
                    found.append((EFFORTS.index(problem.effort), saving, proposal))
        return found


def _plan(judged: Sequence[_Judged], users: int, terms: Terms) -> Plan:
    """What the findings of some tables save together at `users` users: what takes the least work first, then what saves most."""
    found = [one for place, table in enumerate(judged) for one in table.proposals(place, users)]
    found.sort(key=lambda one: (one[0], -one[1]))
    bills = [one.bill(users) for one in judged]
    return plan(bills, [proposal for _, _, proposal in found], free_tier=terms.free_tier)


def _check_design(snapshot: Snapshot, config: Config) -> None:
    for facts in snapshot.tables:
        model = config.declared(facts.table)
        _refuse(facts.table, config, None if model is None else misfit(facts, model))


def check_tables(tables: Iterable[Table], config: Config) -> None:
    """Raise ConfigError where what is declared does not fit a table, as far as its description tells: before its items are paid for."""
    for table in tables:
        model = config.declared(table)
        _refuse(table, config, None if model is None else unlike(table, model))


def _refuse(table: Table, config: Config, wrong: tuple[str, str] | None) -> None:
    if wrong is None:
        return
    place, problem = wrong
    declared_as = table.title if table.title in config.tables else table.name
    raise ConfigError(
        f"{config.path or 'the configuration'}: {problem} - at `tables.{declared_as}.{place}`",
        hint="make it fit the table, or declare it",
    )


def _severity(result: Result, problem: Problem) -> Severity:
    return result.check.severity if problem.severity is None else problem.severity


def _unread(snapshot: Snapshot) -> tuple[Result, ...]:
    """A table that could not be described was not checked by any check: it must not leave the grade to the others as if it were not there."""
    return tuple(
        Result(check=check, table=missing.title, status=Status.UNKNOWN, unknowns=(missing.unknown,), reason=missing.unknown.reason)
        for missing in snapshot.missing
        if not missing.is_absent
        for check in all_checks()
    )


def _with(result: Result, problems: tuple[Problem, ...]) -> Result:
    """A result with those problems only. Where all are accepted it was looked at, and nothing is praised."""
    if len(problems) == len(result.problems):
        return result
    if problems:
        return replace(result, problems=problems)
    status = Status.UNKNOWN if result.unknowns else Status.PASSED
    return replace(result, status=status, problems=(), goods=(), reason=result.unknowns[0].reason if result.unknowns else "")


def _unsuppressed(judged: Sequence[_Judged], scale: Scale, terms: Terms, unread: Sequence[Result]) -> Overall:
    """The overall grade at the target if nothing were suppressed."""
    nothing = Ignores(ignores=(), today=date.min)
    terms = replace(terms, baseline=None)
    plain = [_Judged(facts=one.facts, terms=terms, scale=scale, ignores=nothing, taken_at=one.taken_at) for one in judged]
    return _grade(plain, scale.target_users, _plan(plain, scale.target_users, terms), terms, unread).overall


def _grade(judged: Sequence[_Judged], users: int, plan: Plan, terms: Terms, unread: Sequence[Result] = ()) -> grade.Graded:
    bills = [one.bill(users) for one in judged]
    lines = [line for bill in bills for line in bill.lines]
    if terms.free_tier:
        lines += free_lines_of(bills)
    amounts = grade.Money(
        monthly_usd=sum_or_none(lines),
        avoidable_usd=plan.sure_usd,
        at_most_usd=plan.at_most_usd,
        # a bill of today is none of this user count
        complete=bool(lines) and not unread and is_complete(lines) and all(bill.users is not None for bill in bills),
    )
    return grade.grade([*(result for one in judged for result in one.open_results(users)), *unread], amounts)


# ------------------------------------------------------------------------------------------------------------- findings


def _findings(judged: Sequence[_Judged], scale: Scale, ignores: Ignores) -> tuple[Finding, ...]:
    """Every problem at the target, the worst first; within a severity the one that saves most."""
    found = [
        _finding(one, result, problem, scale, ignores)
        for one in judged
        for result in one.results(scale.target_users)
        for problem in result.problems
    ]
    return tuple(sorted(found, key=lambda one: _urgency(one, scale)))


def _finding(one: _Judged, result: Result, problem: Problem, scale: Scale, ignores: Ignores) -> Finding:
    check = result.check
    severity = _severity(result, problem)
    savings = _savings(one, problem.change, scale)
    return Finding(
        id=fingerprint(check.name, one.name, problem.index, problem.subject),
        check=check.name,
        code=check.code,
        category=check.category.id,
        severity=severity.label,
        table=one.name,
        index=problem.index,
        title=check.title,
        message=problem.message,
        evidence=dict(problem.evidence),
        fix=problem.fix,
        commands=problem.commands if one.facts.table.defined_in is None else (),  # there is no table yet to call them on
        template=problem.template if one.facts.table.defined_in != "Terraform" else "",
        saving_usd_month=savings,
        suppressed=ignores.suppression(check, one.name),
        current=problem.current,
        benefit=problem.benefit,
        migration=problem.migration,
        effort=problem.effort,
        when=assessment.when(severity, problem.matters_from_users, savings, scale),
        saving_is_bound=is_bound(problem.change),
    )


def _limits(judged: Sequence[_Judged], scale: Scale) -> tuple[ScaleLimit, ...]:
    """What binds first, first: no table serves more users than its own first limit, and all together no more than the first of all."""
    found = [
        ScaleLimit(
            users=limit.users,
            table=one.name,
            index=limit.index,
            check=result.check.name,
            code=result.check.code,
            what=limit.what,
        )
        for one in judged
        for result in one.results(scale.target_users)
        for limit in result.limits
    ]
    return tuple(sorted(found, key=lambda limit: limit.users))


def fingerprint(check: str, table: str, index: str | None, subject: str = "") -> str:
    """The same in every run for the same check, table, index and subject."""
    parts = (check, table, index or "", *((subject,) if subject else ()))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _savings(one: _Judged, change: Change | None, scale: Scale) -> dict[str, Decimal] | None:
    if change is None:
        return None
    savings = {}
    for users in scale.users:
        bill = one.bill(users)
        if bill.users is None:
            return None  # today's bill, because nobody knows how many users there are: what it saves is of no user count
        saving = bill.saving(change)
        if saving is None:
            return None
        savings[str(users)] = round(saving, 4)
    return savings


def _urgency(finding: Finding, scale: Scale) -> tuple[int, Decimal, int, str]:
    """The worst first, then what saves most (small money does not count), then what is done soonest; else the tables as they are."""
    saving = (finding.saving_usd_month or {}).get(str(scale.target_users), Decimal(0))
    worth = saving if saving >= CURRENCY_FLOOR_USD else Decimal(0)
    effort = EFFORTS.index(finding.effort) if finding.effort in EFFORTS else len(EFFORTS)
    return (-Severity[finding.severity.upper()], -worth, effort, finding.code)


def _do_first(findings: Iterable[Finding], scale: Scale) -> tuple[str, ...]:
    """The worst findings due by the target, at most three; one a table and category, since several of these have one cause."""
    first: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        if assessment.due_at(finding) <= scale.target_users and Severity[finding.severity.upper()] >= Severity.MEDIUM:
            first.setdefault((finding.table, finding.category), finding)
    one_a_check: dict[str, Finding] = {}
    for finding in first.values():
        one_a_check.setdefault(finding.check, finding)
    return tuple(finding.id for finding in sorted(one_a_check.values(), key=lambda one: _urgency(one, scale)))[:MAX_FIRST_THINGS]


def _not_checked(snapshot: Snapshot, results: Iterable[Result]) -> tuple[NotChecked, ...]:
    """One row for each check and call that was missing; facts that no check needs, and tables that could not be read, too."""
    rows = [
        NotChecked(check=None, table=missing.title, index=None, call=missing.unknown.call, reason=missing.unknown.reason)
        for missing in snapshot.missing
    ]
    for result in results:
        by_call: dict[str, list[str]] = {}
        for unknown in result.unknowns:
            by_call.setdefault(unknown.call, []).append(unknown.reason)
        rows.extend(
            NotChecked(check=result.check.name, table=result.table, index=None, call=call, reason=_together(reasons))
            for call, reasons in by_call.items()
        )
    rows.extend(unread_places(snapshot))
    seen = {(row.table, row.call) for row in rows}
    for facts in snapshot.tables:
        rows.extend(
            NotChecked(check=None, table=facts.table.title, index=None, call=value.call, reason=value.reason)
            for value in (getattr(facts, field.name) for field in fields(TableFacts))
            if isinstance(value, Unknown) and not value.is_not_deployed and (facts.table.title, value.call) not in seen
        )
        rows.extend(
            NotChecked(
                check=None, table=facts.table.title, index=None, call="dynamodb:DescribeTable", reason=f"{feature} are not audited"
            )
            for feature in facts.table.unaudited
        )
    return tuple(rows)


def _together(reasons: Sequence[str]) -> str:
    """Several reasons of one check in a sentence: a table with twenty indexes has no forty rows of the same kind."""
    different = list(dict.fromkeys(reasons))
    more = len(different) - MAX_REASONS
    return "; ".join(different[:MAX_REASONS]) + (f"; and {more} more of this kind" if more > 0 else "")


def _rule_run(result: Result) -> RuleRun:
    return RuleRun(
        check=result.check.name,
        code=result.check.code,
        title=result.check.title,
        category=result.check.category.id,
        table=result.table,
        status=result.status.value,
        reason=result.reason,
    )


# ---------------------------------------------------------------------------------------------------------------- users


def _users_now(snapshot: Snapshot, terms: Terms) -> tuple[int | None, str]:
    """(today's users, where that is known from)."""
    if terms.scale.users_now is not None:
        return terms.scale.users_now, "given"
    users_table = terms.config.model.users_table
    found = [facts for facts in snapshot.tables if users_table in (facts.table.name, facts.table.title)]
    if len(found) > 1:
        return None, f"the users table {users_table} is in several places: name it like {found[0].table.title}"
    for facts in found:
        stored = stored_bytes(facts)
        count = stored[0] if stored is not None else facts.table.item_count
        if count:
            return count, f"the items of {users_table}"
        return None, f"the items of {users_table} are not known"
    if users_table is not None and terms.users_elsewhere:
        return terms.users_elsewhere, f"the items of {users_table}, as DescribeTable states them"
    return None, "" if users_table is None else f"the users table {users_table} is not among the tables of this audit"


def _audit(snapshot: Snapshot, terms: Terms, scale: Scale) -> Audit:
    return Audit(
        id=terms.audit_id,
        account=snapshot.account,
        region=snapshot.region,
        endpoint_url=snapshot.endpoint_url,
        started_at=snapshot.started_at,
        finished_at=snapshot.finished_at,
        target_users=scale.target_users,
        users_now=scale.users_now,
        read_units=snapshot.read_units,
        api_calls=snapshot.api_calls,
        cost_usd=cost_of_reading(snapshot, terms.prices_of),
        scopes=scope_reports(snapshot),
        templates=snapshot.templates or UNSET,
        notes=snapshot.notes or UNSET,
        unseen=snapshot.unseen or UNSET,
        asked=terms.asked or UNSET,
    )


REVIEW_AFTER_MONTHS = {Severity.CRITICAL: 1, Severity.HIGH: 1, Severity.MEDIUM: 3}
REVIEW_AFTER_MONTHS_ELSE = 6  # as in the first assessment
LAST_DAY_IN_EVERY_MONTH = 28


def _next_review(findings: Sequence[Finding], scale: Scale, today: date) -> NextReview:
    """The sooner the worse the worst finding is; and halfway to the target, or to the first scale above today's users."""
    worst = max((Severity[finding.severity.upper()] for finding in findings), default=Severity.INFO)
    months = today.month - 1 + REVIEW_AFTER_MONTHS.get(worst, REVIEW_AFTER_MONTHS_ELSE)
    on = date(today.year + months // 12, months % 12 + 1, min(today.day, LAST_DAY_IN_EVERY_MONTH))
    halfway = scale.target_users // 2
    if scale.users_now is not None and scale.users_now >= halfway:
        return NextReview(date=on, at_users=next((users for users in scale.users if users > (scale.users_now or 0)), None))
    return NextReview(date=on, at_users=halfway)
