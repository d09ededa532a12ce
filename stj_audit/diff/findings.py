"""
What became of the findings between two runs.

Fixed is only what its check looked at again in the new run, by the same size lines; what could not be looked at, or is in a table that the
new run does not have, is "not looked at".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stj_audit.baseline import gone
from stj_audit.diff.terms import OF_LINES, other_lines
from stj_audit.report import Finding, Report
from stj_audit.results import Severity

NEW, FIXED, WORSE, BETTER = "new", "fixed", "worse", "better"
NOW_SUPPRESSED, NOT_SUPPRESSED, NOT_LOOKED_AT = "now suppressed", "no longer suppressed", "not looked at"
STATES = (NEW, WORSE, NOT_SUPPRESSED, BETTER, FIXED, NOW_SUPPRESSED, NOT_LOOKED_AT)
"""In the order in which they are told: what needs somebody first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingChange:
    """
    A finding that is not the same in both runs; `state` is one of STATES. `severity_before` and `severity_after` are null where it was not
    found. `reason` says why it is fixed, not looked at or suppressed; of a new one, whether the old run had looked. `message` is that of the
    run that found it last.
    """

    id: str
    check: str
    code: str
    table: str
    index: str | None
    title: str
    message: str
    state: str
    severity_before: str | None
    severity_after: str | None
    reason: str

    @property
    def severity(self) -> str:
        return self.severity_after or self.severity_before or ""


def finding_changes(old: Report, new: Report) -> tuple[FindingChange, ...]:
    """Every finding that is not the same in both, what needs somebody first."""
    return tuple(sorted((*_findings(old, new), *_gone(old, new)), key=_order))


def _by_id(report: Report) -> dict[str, Finding]:
    """The findings by id; of two with one id the open one, then the worse one."""
    found: dict[str, Finding] = {}
    for one in sorted(report.findings, key=lambda one: (one.suppressed is None, _rank(one.severity))):
        found[one.id] = one
    return found


def _rank(severity: str | None) -> int:
    return Severity[severity.upper()] if severity is not None and severity.upper() in Severity.__members__ else -1


def _findings(old: Report, new: Report) -> Iterator[FindingChange]:
    """Those of the new run."""
    before, after, lines = _by_id(old), _by_id(new), other_lines(old, new)
    unseen = {one.id: reason for one, looked, reason in gone(after.values(), set(before), old.rules, old.not_checked) if not looked}
    for id_, finding in after.items():
        state = _state(before.get(id_), finding)
        if state is None:
            continue
        reason = "" if finding.suppressed is None else finding.suppressed.reason
        if id_ in unseen:
            reason = "; ".join(filter(None, (reason, f"not looked at before: {unseen[id_]}")))
        elif id_ not in before and finding.suppressed is not None:
            reason = f"not found before; {reason}"
        if lines and finding.check in OF_LINES:
            reason = "; ".join(filter(None, (reason, lines)))
        yield _change(finding, state, reason, before=before.get(id_), after=finding)


def _state(before: Finding | None, after: Finding) -> str | None:
    """None: the same as it was."""
    if after.suppressed is not None:
        return None if before is not None and before.suppressed is not None else NOW_SUPPRESSED
    if before is None:
        return NEW
    if before.suppressed is not None:
        return NOT_SUPPRESSED
    was, is_now = _rank(before.severity), _rank(after.severity)
    return None if was == is_now else WORSE if is_now > was else BETTER


def _gone(old: Report, new: Report) -> Iterator[FindingChange]:
    """Those of the old run that the new one does not have."""
    lines = other_lines(old, new)
    for finding, is_fixed, reason in gone(_by_id(old).values(), {one.id for one in new.findings}, new.rules, new.not_checked):
        if is_fixed and lines and finding.check in OF_LINES:
            is_fixed, reason = False, f"not looked at by the same line: {lines}"  # noqa: PLW2901 - the answer holds for one line
        suppressed = "" if finding.suppressed is None else "; it was suppressed"
        yield _change(finding, FIXED if is_fixed else NOT_LOOKED_AT, reason + suppressed, before=finding, after=None)


def _change(finding: Finding, state: str, reason: str, *, before: Finding | None, after: Finding | None) -> FindingChange:
    return FindingChange(
        id=finding.id,
        check=finding.check,
        code=finding.code,
        table=finding.table,
        index=finding.index,
        title=finding.title,
        message=finding.message,
        state=state,
        severity_before=None if before is None else before.severity,
        severity_after=None if after is None else after.severity,
        reason=reason,
    )


def _order(one: FindingChange) -> tuple[int, int, str, str, str]:
    return STATES.index(one.state), -_rank(one.severity), one.table, one.index or "", one.code


def unchanged(old: Report, new: Report) -> int:
    before = _by_id(old)
    return sum(one.suppressed is None and one.id in before and _state(before[one.id], one) is None for one in _by_id(new).values())
