"""
What the formats for builds have in common: which findings fail, which verdicts on items count, and where a table is declared.

A report that was held against nothing (`gate` is null) is shown as `stj-audit check` would judge it without options: findings fail from
high on, and nothing is said of oversized items.
"""

from dataclasses import dataclass

from stj_audit.render import digest, digest_money, filters
from stj_audit.render.escape import NAME_LENGTH, cut, cut_name
from stj_audit.report import (
    ELSEWHERE,
    FAILED,
    INCONCLUSIVE,
    NONE,
    NOT_READ,
    OVER,
    PASSED,
    Finding,
    GateReport,
    ItemsVerdict,
    Report,
    SourceLine,
)
from stj_audit.wording import a_few, counted, kilobytes, listed

FAILING_WITHOUT_GATE = ("critical", "high")
AGAINST_NOTHING = "fails on nothing"
MOST_REASONS = 10  # in a comment, which has a table of each kind below
ITEM_RULE = "oversized-item"  # what the gate on item sizes is called, where checks have their names
ALL_TABLES = "all tables"
BRIEF = 300  # characters of a text in a comment: whoever wants more reads the report
GATE_SHAPES = {PASSED: "✓", FAILED: "✗"}
GATE_TONES = {PASSED: "ok", FAILED: "bad"}
VERDICT_SHAPES = {OVER: "✗", NONE: "✓"}
VERDICT_TONES = {OVER: "bad", NONE: "ok"}
VERDICT_WORDS = {OVER: "oversized items", NONE: "no oversized item", INCONCLUSIVE: "not known", NOT_READ: "not read"}


# ------------------------------------------------------------------------------------------------------------- findings


def fails(report: Report, finding: Finding) -> bool:
    """Whether a finding makes the build fail."""
    if report.gate is None:
        return finding.suppressed is None and finding.severity in FAILING_WITHOUT_GATE
    return finding.id in report.gate.failing


def failing_findings(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in worst_first(report) if fails(report, finding))


def worst_first(report: Report) -> tuple[Finding, ...]:
    """The findings that are not suppressed: those that fail first, the worse before the less bad, else in the report's order."""
    return tuple(sorted(digest.open_findings(report), key=lambda one: (not fails(report, one), rank(one.severity))))


def rank(severity: str) -> int:
    """0 for the worst; a word that is not known comes last."""
    return digest.SEVERITIES.index(severity) if severity in digest.SEVERITIES else len(digest.SEVERITIES)


def place_of(finding: Finding) -> str:
    """ "orders / by-status"; names are cut."""
    table = cut_name(finding.table) or ALL_TABLES
    return table if finding.index is None else f"{table} / {cut_name(finding.index)}"


# ----------------------------------------------------------------------------------------------------------------- gate


def item_verdicts(report: Report) -> tuple[ItemsVerdict, ...]:
    """Those on oversized items, what fails first; none where item sizes were not looked at."""
    if report.gate is None:
        return ()
    gate = report.gate
    return tuple(sorted(gate.items, key=lambda one: (one.verdict != OVER, not leaves_open(gate, one))))


def leaves_open(gate: GateReport, verdict: ItemsVerdict) -> bool:
    """Whether a verdict makes the gate inconclusive: nothing was read at all, or a part was, and that does not pass."""
    return verdict.verdict == NOT_READ or (verdict.verdict == INCONCLUSIVE and gate.inconclusive == "fail")


def fails_because(report: Report) -> tuple[str, ...]:
    """Why the gate is not passed, the worst first; nothing where it is, or there is none."""
    return () if report.gate is None or report.gate.verdict == PASSED else report.gate.reasons


def first_reasons(report: Report, most: int) -> tuple[str, ...]:
    return fails_because(report)[: min(most, MOST_REASONS)]


def real_gate(report: Report) -> GateReport | None:
    """The gate, where it asks for anything, or came out otherwise than passed: `stj-audit run` as it is asks for nothing."""
    gate = report.gate
    if gate is None or (gate.verdict == PASSED and held_against(gate) == AGAINST_NOTHING):
        return None
    return gate


def headline(report: Report) -> str:
    """The outcome in a few words: "gate failed", "gate passed", or the grade where there was no gate."""
    gate = real_gate(report)
    return f"grade {cut_name(report.overall.grade)}" if gate is None else f"gate {cut_name(gate.verdict)}"


def held_against(gate: GateReport) -> str:
    """What the gate asks for: "fails on a finding at or above high and on an item above 300.0 KB"."""
    if gate.fail_on.startswith("grade:"):
        asked = [f"on grade {gate.fail_on.removeprefix('grade:')} or worse"]
    else:
        bar = "on a critical finding" if gate.fail_on == "critical" else f"on a finding at or above {cut_name(gate.fail_on)}"
        asked = [] if gate.fail_on == "never" else [bar]
    if gate.fail_item_size is not None:
        asked.append(f"on an item above {kilobytes(gate.fail_item_size)}")
    if gate.strict:
        asked.append("where anything could not be checked")
    return f"fails {listed(asked)}" if asked else AGAINST_NOTHING


def verdict_word(verdict: ItemsVerdict) -> str:
    return VERDICT_WORDS.get(verdict.verdict, verdict.verdict)


def gate_shape(gate: GateReport) -> str:
    return GATE_SHAPES.get(gate.verdict, "?")


def gate_tone(gate: GateReport) -> str:
    return GATE_TONES.get(gate.verdict, "warn")


def verdict_shape(verdict: ItemsVerdict) -> str:
    return VERDICT_SHAPES.get(verdict.verdict, "?")


def verdict_tone(verdict: ItemsVerdict) -> str:
    return VERDICT_TONES.get(verdict.verdict, "warn")


def verdict_of(report: Report, table: str) -> ItemsVerdict | None:
    """What the gate says of the item sizes of a table; None where it does not look at them."""
    return next((one for one in report.gate.items if one.table == table), None) if report.gate is not None else None


# ---------------------------------------------------------------------------------------------------------------- where


def source_of(report: Report, table: str) -> SourceLine | None:
    """Where a table is declared, or what stands for it; None where no file is known at all."""
    return report.sources.get(table, report.sources.get(ELSEWHERE))


# --------------------------------------------------------------------------------------------------- for a short comment


def brief(text: str) -> str:
    return cut(text, BRIEF)


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingGroup:
    """The findings of one table, as many of them as there is room for."""

    table: str
    grade: str
    findings: tuple[Finding, ...]


def finding_groups(report: Report, most: int) -> tuple[FindingGroup, ...]:
    """The `most` worst findings by table, in the order of the tables."""
    grades = {table.name: table.grade for table in report.tables}
    shown = worst_first(report)[:most]
    names = [*grades, *(one.table for one in shown if one.table not in grades)]
    groups = {name: tuple(one for one in shown if one.table == name) for name in dict.fromkeys(names)}
    return tuple(
        FindingGroup(table=name, grade=grades.get(name, ""), findings=findings) for name, findings in groups.items() if findings
    )


def with_commands(report: Report) -> tuple[Finding, ...]:
    return tuple(finding for finding in worst_first(report) if finding.commands)


def and_more(rows: tuple[object, ...], most: int) -> str:
    """What to say of the rows for which there was no room: "and 12 more"; nothing where all are shown."""
    return f"and {len(rows) - most:,} more: see the whole report" if len(rows) > most else ""


def cost_line(report: Report) -> str:
    """ "Cost a month: $0.95 now, $90.46 at 10,000 users, of which avoidable: $38.40." """
    current, target = report.costs.current, digest_money.target_bill(report)
    line = f"Cost a month: {filters.usd_words(current.monthly_usd, current.complete)} {digest.at_first(report.audit)}"
    if target is None:
        return f"{line}, not known at {filters.users(report.audit.target_users)}."
    line += f", {filters.usd_words(target.monthly_usd, target.complete)} at {filters.users(target.users)}"
    return filters.sentence(f"{line}, of which avoidable: {digest_money.avoidable(report, target)}")


def unseen_line(report: Report) -> str:
    """What could not be checked, in a sentence: how much, through which calls, and why."""
    if not report.not_checked:
        return "Everything could be checked."
    calls = a_few(dict.fromkeys(f"{cut_name(row.call)} ({cut(row.reason, NAME_LENGTH)})" for row in report.not_checked))
    return f"Not checked: {counted(len(report.not_checked), 'thing')}: {calls}."
