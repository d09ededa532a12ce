"""The table format of `stj-audit check`: a few lines for each table, what fails first, and at the end how it came out and what to do."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stj_audit.gate import finding_reason, grade_reason
from stj_audit.render import digest, digest_gate, filters
from stj_audit.render.escape import NAME_LENGTH, cut, cut_name, escape_terminal
from stj_audit.render.page import WIDTH, Page
from stj_audit.report import (
    FAILED,
    INCONCLUSIVE,
    NONE,
    NOT_READ,
    OVER,
    PASSED,
    Finding,
    GateReport,
    ItemsVerdict,
    NotChecked,
    Report,
)
from stj_audit.wording import counted, kilobytes, listed

FAIL, UNKNOWN, OK = "FAIL", "UNKNOWN", "ok"
COLORS = {FAIL: "1;31", UNKNOWN: "33", OK: "32"}
VERDICT_COLORS = {FAILED: "1;31", INCONCLUSIVE: "33", PASSED: "32"}
INDENT = " " * 9
MOST_TABLES = 50  # of each kind; the run file has all of them
MOST_CALLS = 3  # that are missing; the run file has all of them
SCAN = "dynamodb:Scan"


def render_gate(report: Report, gate: GateReport, *, color: bool) -> str:
    """How the gate came out, for a terminal or the log of a build; with ANSI colours when `color`."""
    page = Page(color=color)
    audit = report.audit
    tables = _tables(report, gate)
    where = f"{digest.regions(audit)}, {digest.accounts(audit)}, {counted(len(tables), 'table')}"
    _text(page, f"DynamoDB check: {where}, {filters.on_date(audit.started_at)}")
    if report.judged_again:
        _text(page, filters.sentence(digest.capital(report.judged_again)))
    _text(page, filters.sentence(digest.capital(digest_gate.held_against(gate))))
    page.raw("")
    for line in digest.not_read(audit):
        _state_line(page, UNKNOWN, line)
    for state in (FAIL, UNKNOWN, OK):
        shown = [table for table in tables if table.state == state]
        for table in digest.head(shown, MOST_TABLES):
            _table(page, table, is_design=bool(audit.templates))
        if digest.rest(shown, MOST_TABLES):
            _text(page, digest.rest(shown, MOST_TABLES), INDENT)
    page.raw("")
    if _missing_calls(report):
        _text(page, _missing_calls(report))
        page.raw("")
    # In one line however long it is, for who looks at the last line alone
    word, colon, rest = escape_terminal(summary(report, gate)).partition(":")
    page.raw(page.painted(word, VERDICT_COLORS.get(gate.verdict, "")) + colon + rest)
    return str(page)


def summary(report: Report, gate: GateReport) -> str:
    """How it came out, why, and what to do, in one line."""
    return " ".join([filters.sentence(f"{gate.verdict}: {_why(report, gate)}"), *map(filters.sentence, _to_do(report, gate))])


# ----------------------------------------------------------------------------------------------------------- the tables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """What the gate says of one table. `failing` says in words why its findings fail it, `others` is how many do not."""

    name: str
    state: str
    items: ItemsVerdict | None
    failing: tuple[str, ...]
    others: int
    suppressed: int
    not_checked: tuple[NotChecked, ...]


def _tables(report: Report, gate: GateReport) -> tuple[_Table, ...]:
    items = {one.table: one for one in gate.items}
    missing = [row.table for row in report.not_checked if row.table is not None and row.check is None]
    names = dict.fromkeys((*(table.name for table in report.tables), *items, *missing))
    findings: dict[str, list[Finding]] = {name: [] for name in names}
    not_checked: dict[str, list[NotChecked]] = {name: [] for name in names}
    for finding in report.findings:
        findings.setdefault(finding.table, []).append(finding)
    for row in report.not_checked:
        if row.table is not None:
            not_checked[row.table].append(row)
    described = {table.name for table in report.tables}
    made = []
    for name in names:
        failing = [one for one in findings[name] if one.id in gate.failing]
        suppressed = sum(one.suppressed is not None for one in findings[name])
        made.append(
            _Table(
                name=name,
                state=_state(items.get(name), failing, gate, described=name in described),
                items=items.get(name),
                failing=tuple(_without_table(finding_reason(one, report.ignores), name) for one in failing),
                others=len(findings[name]) - len(failing) - suppressed,
                suppressed=suppressed,
                not_checked=tuple(not_checked[name]),
            )
        )
    return tuple(made)


def _without_table(reason: str, table: str) -> str:
    """It is told below the table."""
    return reason.removeprefix(f"{table}: ").removeprefix(f"{table} / ")


def _state(items: ItemsVerdict | None, failing: Sequence[Finding], gate: GateReport, *, described: bool) -> str:
    if failing or (items is not None and items.verdict == OVER):
        return FAIL
    return UNKNOWN if not described or (items is not None and digest_gate.leaves_open(gate, items)) else OK


def _table(page: Page, table: _Table, *, is_design: bool) -> None:
    """A table of a design has no items, and nothing is said of them unless they are declared to be too large."""
    _state_line(page, table.state, cut_name(table.name))
    if table.items is None and not is_design:
        _text(page, "items: their sizes do not matter to this gate.", INDENT)
    elif table.items is not None:
        _text(page, f"items: {filters.sentence(table.items.sentence)}", INDENT)
    for reason in table.failing:
        _text(page, filters.sentence(reason), INDENT)
    told = _lesser(table)
    if told:
        _text(page, told, INDENT)


def _state_line(page: Page, state: str, text: str) -> None:
    page.raw(page.painted(state, COLORS[state]) + " " * (len(INDENT) - len(state)) + escape_terminal(text))


def _text(page: Page, text: str, indent: str = "") -> None:
    """A paragraph that breaks at spaces alone: options and commands stay whole, to be copied."""
    hang = indent + "  " if indent else ""
    for line in textwrap.wrap(escape_terminal(text), WIDTH, initial_indent=indent, subsequent_indent=hang, break_on_hyphens=False):
        page.raw(line)


def _lesser(table: _Table) -> str:
    """What does not fail the table, and what was not looked at."""
    told = [counted(table.others, "other finding")] if table.others else []
    told += [f"{table.suppressed} suppressed"] if table.suppressed else []
    rules = len({row.check for row in table.not_checked if row.check is not None})
    told += [f"{counted(rules, 'rule')} not checked, or only in part"] if rules else []
    return filters.sentence("; ".join(told))


def _missing_calls(report: Report) -> str:
    """Which calls would have told what was not checked; those of the items are told with each table."""
    calls: dict[str, list[str]] = {}
    for row in report.not_checked:
        if row.call != SCAN:
            calls.setdefault(row.call, []).append(row.reason)
    most_first = sorted(calls, key=lambda call: -len(calls[call]))
    told = [f"{call} ({cut(min(calls[call], key=len), NAME_LENGTH)})" for call in most_first[:MOST_CALLS]]
    told += [counted(len(calls) - MOST_CALLS, "more call")] if len(calls) > MOST_CALLS else []
    return f"Not checked for want of {listed(told)}." if told else ""


# --------------------------------------------------------------------------------------------------------- all together


def _why(report: Report, gate: GateReport) -> str:
    over = sum(one.verdict == OVER for one in gate.items)
    if gate.verdict == FAILED:
        why = [f"{counted(over, 'table')} with an item above {kilobytes(gate.fail_item_size or 0)}"] if over else []
        if gate.failing:
            why.append(f"{counted(len(gate.failing), 'finding')} at or above {gate.fail_on}")
        grade = grade_reason(report, gate.fail_on)
        return ", ".join([*why, *([] if grade is None else [grade])])
    if gate.verdict == INCONCLUSIVE:
        rest = len(gate.reasons) - 1
        return gate.reasons[0] + (f"; and {counted(rest, 'more reason')}" if rest else "")
    bars = [] if gate.fail_item_size is None else [_items_passed(gate)]
    bars += [] if gate.fail_on == "never" else [_findings_passed(report, gate)]
    return ", ".join(bars) or "nothing was asked for"


def _items_passed(gate: GateReport) -> str:
    line, open_ = kilobytes(gate.fail_item_size or 0), sum(one.verdict != NONE for one in gate.items)
    seen = f"no item above {line}"
    return f"{seen} was seen, and {counted(open_, 'table')} may have one all the same (--inconclusive pass)" if open_ else seen


def _findings_passed(report: Report, gate: GateReport) -> str:
    told = f"grade {report.overall.grade}" if gate.fail_on.startswith("grade:") else f"no finding at or above {gate.fail_on}"
    return f"{told} among what could be checked" if report.not_checked else told


def _to_do(report: Report, gate: GateReport) -> Iterator[str]:
    if any(one.verdict == OVER for one in gate.items):
        yield "Make the large items smaller, or give a higher --fail-item-size for items that are meant to be there"
    if gate.failing:
        yield "Fix the findings (`stj-audit rules NAME` says how), or accept one with [[ignore]] or --baseline"
    if gate.verdict != INCONCLUSIVE:
        return
    described = {table.name for table in report.tables}
    absent = [one for one in gate.items if one.verdict == NOT_READ and one.table not in described]
    verdicts = {one.verdict for one in gate.items if digest_gate.leaves_open(gate, one) and one not in absent}
    if INCONCLUSIVE in verdicts:
        yield "Read every item with --scan full, while nobody loads or clears the table; or let a sample pass with --inconclusive pass"
    if NOT_READ in verdicts:
        yield (
            "Let the items be read (--scan, --scan-budget, --max-read-units; `stj-audit iam-policy` prints the permissions), or leave their "
            "sizes out with --fail-item-size off"
        )
    if absent:
        yield "See that each of these tables is there and may be described (`stj-audit iam-policy` prints the permissions), or leave it out"
    elif not verdicts and report.audit.templates:
        yield "Give what is not known yet with --parameter NAME=VALUE, or in stj-audit.toml; or name the tables that are to be judged"
    elif not verdicts:
        strict = ", or leave out --strict" if gate.strict else ""
        yield f"See that all of it is there and may be read (`stj-audit iam-policy` prints the permissions){strict}"
