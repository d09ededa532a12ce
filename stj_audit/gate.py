"""
The gate: what an audit is held against, and how it came out, as exit code and in words. Pure.

"No item is above the line" is a statement about every item. One item above it disproves it, however few were read; only a reading of all of
them proves it. What was not looked at is never fine: a sample bounds what may be there, and what was not read at all says nothing.

The exit code is 3 for what was found, else 4 for what is not known, else 0. So looking at more can turn 0 or 4 into 3, and 4 into 0; finding
more never makes it better.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from stj_audit.facts import INTERRUPTED, NOT_LOOKED_AT, OUT_OF_TIME, Snapshot
from stj_audit.grade import GRADES
from stj_audit.ignores import EXPIRED, covers
from stj_audit.items.verdict import declared_over, not_read, of_table
from stj_audit.report import FAILED, INCONCLUSIVE, NOT_READ, OVER, PASSED, Finding, GateReport, IgnoreReport, ItemsVerdict, Report
from stj_audit.results import Severity
from stj_audit.wording import a_few, counted

FOUND, NOT_KNOWN = 3, 4  # exit codes
VERDICTS = {0: PASSED, FOUND: FAILED, NOT_KNOWN: INCONCLUSIVE}
NEVER, GRADE = "never", "grade:"
NO_TABLE = "no table was looked at"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateTerms:
    """
    What an audit is held against. `fail_on`: never, a severity, or "grade:C". `fail_item_size` in bytes: an item above it fails; None: item
    sizes are not looked at. `inconclusive`: what a sample without such an item means. `strict`: whatever could not be checked makes it
    inconclusive. `every_table`: so does a table, an account or a region of which nothing could be read, whatever else is asked; and one of
    `expected`, tables that the configuration declares, by name or title, that is not there.
    """

    fail_on: str = NEVER
    fail_item_size: int | None = None
    inconclusive: Literal["fail", "pass"] = "fail"
    strict: bool = False
    every_table: bool = False
    expected: tuple[str, ...] = ()
    declared_over: Mapping[str, int] = field(default_factory=dict)
    """Of a design: the tables whose mean item is declared to be above `fail_item_size`, with its bytes. Of the others nothing is known."""


def gated(report: Report, snapshot: Snapshot, terms: GateTerms) -> GateReport:
    """
    How an audit came out: `report` is what was judged of `snapshot`.

    Nothing that was found is undone by what was not looked at, and an ignore or a baseline suppresses findings, never an item above the line.
    """
    items = _declared_verdicts(terms) if snapshot.templates else item_verdicts(report, snapshot, terms)
    failing = failing_findings(report.findings, terms.fail_on)
    found = [
        *(f"{one.table}: {one.sentence}" for one in items if one.verdict == OVER),
        *filter(None, (grade_reason(report, terms.fail_on),)),
        *(finding_reason(one, report.ignores) for one in failing),
    ]
    not_known = list(_not_known(report, snapshot, terms, items))
    if terms.every_table and not report.tables and not not_known:
        not_known = [NO_TABLE]
    exit_code = FOUND if found else NOT_KNOWN if not_known else 0
    return GateReport(
        fail_on=terms.fail_on,
        fail_item_size=terms.fail_item_size,
        inconclusive=terms.inconclusive,
        strict=terms.strict,
        verdict=VERDICTS[exit_code],
        exit_code=exit_code,
        reasons=(*found, *not_known),
        failing=tuple(one.id for one in failing),
        items=items,
    )


def item_verdicts(report: Report, snapshot: Snapshot, terms: GateTerms) -> tuple[ItemsVerdict, ...]:
    """Of every table, in the report's order, and of those that are not there or not described; none where item sizes are not looked at."""
    line_bytes = terms.fail_item_size
    if line_bytes is None:
        return ()
    order = {table.name: place for place, table in enumerate(report.tables)}
    described = sorted(snapshot.tables, key=lambda facts: order.get(facts.table.title, len(order)))
    return (
        *(of_table(facts, line_bytes) for facts in described),
        *(not_read(name, f"no item was read: {why}", line_bytes) for name, why in _absent(snapshot, terms)),
    )


def _declared_verdicts(terms: GateTerms) -> tuple[ItemsVerdict, ...]:
    return tuple(declared_over(table, size, terms.fail_item_size or 0) for table, size in terms.declared_over.items())


def _absent(snapshot: Snapshot, terms: GateTerms) -> Iterator[tuple[str, str]]:
    """(what it is called, why it could not be looked at) of each table that could not be described, or is not there."""
    for missing in snapshot.missing:
        failed = "" if missing.is_absent else f"{missing.unknown.call} failed: "
        yield missing.title, failed + missing.unknown.reason
    yield from ((name, "the configuration declares the table, and it is not there") for name in _not_there(snapshot, terms))


def _not_there(snapshot: Snapshot, terms: GateTerms) -> Iterator[str]:
    """The tables that were expected, and of which nothing is known."""
    there = {name for one in snapshot.missing for name in (one.name, one.title)}
    there |= {name for facts in snapshot.tables for name in (facts.table.name, facts.table.title)}
    yield from (name for name in terms.expected if name not in there)


def _undefined(snapshot: Snapshot) -> str:
    """Of a table that is declared, and that no template defines: what that means, and what to do."""
    told = [*(facts.table.name for facts in snapshot.tables), *(one.name for one in snapshot.missing)]
    return (
        f"the configuration declares the table, and nothing in {a_few(snapshot.templates)} is called so: declare it as it is told here "
        f"({a_few(told)}), or give the template that defines it too"
    )


def failing_findings(findings: Iterable[Finding], fail_on: str) -> tuple[Finding, ...]:
    """Those that are not suppressed, at or above a severity; none where it is "never" or a grade that fails."""
    if fail_on == NEVER or fail_on.startswith(GRADE):
        return ()
    bar = Severity[fail_on.upper()]
    return tuple(one for one in findings if one.suppressed is None and Severity[one.severity.upper()] >= bar)


def grade_reason(report: Report, fail_on: str) -> str | None:
    """Why the grade fails; None where it does not, or is not asked about."""
    if not fail_on.startswith(GRADE):
        return None
    bar, grade = fail_on.removeprefix(GRADE), report.overall.grade
    if grade not in GRADES:  # an unknown grade is no pass: it fails as the worst letter would
        return f"there is no grade, because too little was seen, and {bar} or worse fails"
    return f"the grade is {grade}, and {bar} or worse fails" if GRADES.index(grade) >= GRADES.index(bar) else None


def finding_reason(finding: Finding, ignores: Iterable[IgnoreReport]) -> str:
    """Why a finding fails: what it is, and what of it had been accepted."""
    place = finding.table if finding.index is None else f"{finding.table} / {finding.index}"
    said = f"{place}: {finding.severity}, {finding.check}: {finding.message}"
    if finding.baseline is not None and finding.baseline.severity is not None:
        said += f"; in the baseline it was {finding.baseline.severity}"
    expired = [one for one in ignores if one.state == EXPIRED and one.check in (finding.check, finding.code)]
    expired = [one for one in expired if covers(one.tables, finding.table)]
    return said + "".join(f"; its ignore expired on {one.expires}: {one.reason}" for one in expired[:1])


def _not_known(report: Report, snapshot: Snapshot, terms: GateTerms, items: Sequence[ItemsVerdict]) -> Iterator[str]:
    if snapshot.interrupted:
        yield INTERRUPTED
    if terms.every_table:
        if snapshot.out_of_time:
            yield OUT_OF_TIME
        yield from (f"{one.key}: not read: {one.not_read.reason}" for one in snapshot.scopes if one.not_read is not None)
        if snapshot.templates:
            yield from (f"{one.title}: not known before deployment: {one.unknown.reason}" for one in snapshot.missing)
            yield from (f"{name}: {_undefined(snapshot)}" for name in _not_there(snapshot, terms))
        elif not items:
            yield from (f"{name}: not read: {why}" for name, why in _absent(snapshot, terms))
    for one in items:
        if one.verdict == NOT_READ or (one.verdict == INCONCLUSIVE and terms.inconclusive == "fail"):
            yield f"{one.table}: {one.sentence}"
    if terms.strict:
        yield from (f"{NOT_LOOKED_AT} {one} (--strict)" for one in snapshot.unseen)
    if terms.strict and report.not_checked:
        yield f"{counted(len(report.not_checked), 'thing')} could not be checked (--strict)"
