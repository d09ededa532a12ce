"""
Findings that were open on an earlier day: the file that holds them, and what became of each.

What the file knows is listed and does not count, as long as it is no worse than recorded; so a gate can be put in front of tables that have
findings already. Ids name table and index, not the account: a baseline belongs to one account and region, or to all that one audit was of.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal, Protocol, TypeVar

import msgspec

from stj_audit.errors import ConfigError
from stj_audit.facts import NOT_DEPLOYED
from stj_audit.report import BaselineFinding, BaselineReport, Finding, FindingBaseline, NotChecked, Report, RuleRun, Suppression
from stj_audit.results import Severity, Status
from stj_audit.version import __version__
from stj_audit.wording import a_few, count, counted

SCHEMA_VERSION = 1
KIND = "stj-audit baseline"
NEW, WORSE, KNOWN = "new", "worse", "known"
WRITE_ONE = "write one with --write-baseline FILE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One finding that was open: `id` as in the run file, and what a person needs to know which it is."""

    id: str
    check: str
    code: str
    table: str
    index: str | None
    severity: Literal["critical", "high", "medium", "low", "info"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedScope:
    account: str | None
    region: str


Place = tuple[str | None, str]
"""(account, region)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """The file. `date` is the day of the audit in UTC; `target_users` the user count that the severities are for."""

    kind: Literal["stj-audit baseline"]
    schema_version: int
    tool_version: str
    account: str | None
    region: str
    date: date
    target_users: int
    findings: tuple[Recorded, ...]
    scopes: tuple[RecordedScope, ...] = ()
    """Where it was written for several accounts or regions: all of them."""
    design: bool | None = None
    """Whether it was written for templates, before they were deployed; None: an earlier version did not say."""

    def severities(self) -> dict[str, Severity]:
        """The recorded severity of each id; the worst where an id is there twice."""
        worst: dict[str, Severity] = {}
        for one in self.findings:
            worst[one.id] = max(worst.get(one.id, Severity.INFO), Severity[one.severity.upper()])
        return worst


# ------------------------------------------------------------------------------------------------------------- the file


def from_json(text: bytes | str, *, origin: str) -> Baseline:
    """A baseline from its file, which `origin` names. Raises ConfigError when it is empty, or no baseline that this version reads."""
    if not text.strip():
        raise ConfigError(f"{origin} is empty, and no baseline", hint=WRITE_ONE)
    try:
        head = msgspec.json.decode(text)
        if not isinstance(head, dict) or head.get("kind") != KIND:
            raise ConfigError(f"{origin} is not a baseline of stj-audit", hint=WRITE_ONE)
        if head.get("schema_version") != SCHEMA_VERSION:
            raise ConfigError(
                f"{origin} has schema_version {head.get('schema_version')}, this version reads {SCHEMA_VERSION}",
                hint="use the stj-audit that wrote it, or a newer one",
            )
        return msgspec.json.decode(text, type=Baseline)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin} is not a baseline of stj-audit: {error}", hint=WRITE_ONE) from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigError(f"{origin} is not JSON: {error}", hint=WRITE_ONE) from error


def to_json(report: Report) -> str:
    """
    The baseline that a report makes: what is open, known or not, in an order that stays, without what an ignore suppresses.

    What an earlier baseline knows and this audit did not look at is kept: nobody knows that it is gone.
    """
    rows: list[Finding | BaselineFinding] = [
        one for one in report.findings if one.suppressed is None or one.suppressed.by == "baseline"
    ]
    rows += [] if report.baseline is None else report.baseline.not_looked_at
    rows.sort(key=lambda one: (one.table, one.index or "", one.check, one.id))
    scopes = [{"account": one.account, "region": one.region} for one in report.audit.scopes or ()]
    file = {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "tool_version": report.tool.version,
        "account": report.audit.account,
        "region": report.audit.region,
        "date": report.audit.finished_at.date().isoformat(),
        "target_users": report.audit.target_users,
        **({"scopes": scopes} if scopes else {}),
        "design": bool(report.audit.templates),
        "findings": [
            {
                "id": one.id,
                "check": one.check,
                "code": one.code,
                "table": one.table,
                "index": one.index,
                "severity": one.severity,
            }
            for one in rows
        ],
    }
    return json.dumps(file, indent=2) + "\n"


def check_belongs(baseline: Baseline | None, places: Sequence[Place], *, design: bool) -> None:
    """
    Raise ConfigError for a baseline of another account or region, or of a design where tables are audited, and the other way round: tables
    of the same name there have findings of the same id, and a gate must not let one pass for the other. `places` are those of the audit; one
    of several must have been written for all of them, and no more. What is not known (None) is not compared: an account, or whether a
    baseline of an earlier version is of a design.
    """
    if baseline is None:
        return
    if baseline.design not in (None, design):
        theirs, ours = ("a design", "tables that are deployed") if baseline.design else ("deployed tables", "a design")
        raise ConfigError(
            f"the baseline is of {theirs}, and this audit of {ours}", hint="give the baseline of these, or " + WRITE_ONE
        )
    written_for = [(one.account, one.region) for one in baseline.scopes] or [(baseline.account, baseline.region)]
    if len(written_for) > 1 or len(places) > 1:
        _check_all_belong(written_for, places)
        return
    [(account, region)] = places
    if baseline.region != region:
        theirs, ours = baseline.region, region
    elif baseline.account is not None and account is not None and baseline.account != account:
        theirs, ours = f"account {baseline.account}", f"account {account}"
    else:
        return
    raise ConfigError(
        f"the baseline is of {theirs}, and this audit of {ours}",
        hint="give the baseline of this account and region, or " + WRITE_ONE,
    )


def _check_all_belong(written_for: Sequence[Place], places: Sequence[Place]) -> None:
    if not same_places(written_for, places):
        raise ConfigError(
            f"a baseline belongs to the accounts and regions that it was written for: it is of {named(written_for)}, and this audit of "
            f"{named(places)}",
            hint="audit the one that it is of, or write one for all of them with --write-baseline FILE",
        )


def same_places(theirs: Sequence[Place], ours: Sequence[Place]) -> bool:
    """Whether they are the same accounts and regions; where an account is not known (None) the regions alone are compared."""
    known = all(account is not None for account, _ in (*theirs, *ours))
    one, other = (Counter(of if known else [(None, region) for _, region in of]) for of in (theirs, ours))
    return one == other


def named(places: Sequence[Place]) -> str:
    """Accounts and regions in words."""
    return a_few(region if account is None else f"{region} of {account}" for account, region in places)


# ------------------------------------------------------------------------------------------------------------- matching


def known_ids(baseline: Baseline | None, found: Iterable[tuple[str, Severity]]) -> frozenset[str]:
    """The ids of what was found, with its severity, that the baseline knows as no less severe."""
    if baseline is None:
        return frozenset()
    recorded = baseline.severities()
    worst: dict[str, Severity] = {}
    for id_, severity in found:
        worst[id_] = max(worst.get(id_, Severity.INFO), severity)
    return frozenset(id_ for id_, severity in worst.items() if id_ in recorded and severity <= recorded[id_])


def marked(findings: Sequence[Finding], baseline: Baseline | None) -> tuple[Finding, ...]:
    """The findings, each new, worse or known; a known one is suppressed. What an ignore suppresses stays as it is."""
    if baseline is None:
        return tuple(findings)
    recorded = baseline.severities()
    known = known_ids(baseline, ((one.id, Severity[one.severity.upper()]) for one in findings))
    return tuple(one if one.suppressed is not None else _marked(one, recorded.get(one.id), known, baseline) for one in findings)


def _marked(finding: Finding, before: Severity | None, known: frozenset[str], baseline: Baseline) -> Finding:
    if before is None:
        return replace(finding, baseline=FindingBaseline(state=NEW, severity=None))
    if finding.id not in known:
        return replace(finding, baseline=FindingBaseline(state=WORSE, severity=before.label))
    better = f", where it was {before.label}" if finding.severity != before.label else ""
    reason = f"known from the baseline of {baseline.date}{better}"
    return replace(
        finding,
        suppressed=Suppression(reason=reason, expires=None, by="baseline"),
        baseline=FindingBaseline(state=KNOWN, severity=before.label),
    )


def compared(
    baseline: Baseline | None, findings: Sequence[Finding], rules: Sequence[RuleRun], not_checked: Sequence[NotChecked]
) -> BaselineReport | None:
    """What the report says of a baseline. `findings` are marked; `rules` is how every check ended on every table."""
    if baseline is None:
        return None
    states = [one.baseline.state for one in findings if one.baseline is not None]
    fixed: list[BaselineFinding] = []
    not_looked_at: list[BaselineFinding] = []
    for one, is_fixed, reason in gone(baseline.findings, {one.id for one in findings}, rules, not_checked):
        (fixed if is_fixed else not_looked_at).append(BaselineFinding(**asdict(one), reason=reason))
    return BaselineReport(
        date=baseline.date,
        tool_version=baseline.tool_version,
        target_users=baseline.target_users,
        new=states.count(NEW),
        worse=states.count(WORSE),
        known=states.count(KNOWN),
        fixed=tuple(fixed),
        not_looked_at=tuple(not_looked_at),
    )


class Known(Protocol):
    """What it takes of an earlier finding to say what became of it."""

    @property
    def id(self) -> str: ...
    @property
    def check(self) -> str: ...
    @property
    def table(self) -> str: ...


_Known = TypeVar("_Known", bound=Known)


def gone(
    earlier: Iterable[_Known], found: Set[str], rules: Sequence[RuleRun], not_checked: Sequence[NotChecked]
) -> Iterator[tuple[_Known, bool, str]]:
    """
    (finding, whether it is fixed, why) of each earlier finding whose id is not among `found`.

    Fixed is only what its check looked at again, in a table that is there; all else was not looked at, and nobody knows.
    """
    runs = {(run.check, run.table): run for run in rules}
    tables = {run.table for run in rules}
    in_part = {(row.check, row.table): row.reason for row in not_checked}
    for one in earlier:
        if one.id in found:
            continue
        run = runs.get((one.check, one.table))
        unseen = in_part.get((one.check, one.table))
        if one.table not in tables:
            yield one, False, "the table is not among those of this audit"
        elif run is None:
            yield one, False, "this version has no such check"
        elif run.status == Status.UNKNOWN.value or run.reason == NOT_DEPLOYED or unseen is not None:
            yield one, False, unseen or run.reason
        elif run.status == Status.NOT_APPLICABLE.value:
            yield one, True, f"does not apply any more: {run.reason}"
        else:
            yield one, True, "looked at, and not found any more"


def about_baseline(
    baseline: Baseline | None, findings: Sequence[Finding], *, account: str | None, target_users: int
) -> Iterator[str]:
    """What the report says of a baseline that does not quite compare, and of what the known findings leave out."""
    if baseline is None:
        return
    if baseline.tool_version != __version__:
        yield (
            f"the baseline was written by stj-audit {baseline.tool_version}, this is {__version__}: "
            "what only this version looks at counts as new"
        )
    if baseline.target_users != target_users:
        yield (
            f"the baseline was written for {count(baseline.target_users)} users, this audit is for {count(target_users)}: "
            "a finding may be new or worse for that alone"
        )
    if not baseline.design and (baseline.account is None or account is None):
        yield "it is not known whether the baseline is of this account"
    priced = [one for one in findings if one.baseline is not None and one.baseline.state == KNOWN and one.saving_usd_month]
    if priced:
        saves = f"{counted(len(priced), 'finding')} that the baseline knows would save"
        yield f"what {saves} is not in the avoidable part of the bill"
