"""The table format of `stj-audit check`: a few lines for each table, what fails first, and at the end how it came out and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stj_audit.render import digest, filters
from stj_audit.render.escape import cut, escape_terminal
from stj_audit.render.page import Page
from stj_audit.report import Finding, GateReport, ItemsVerdict, NotChecked, Report
from stj_audit.wording import a_few, counted, kilobytes

FAIL, UNKNOWN, OK = "FAIL", "UNKNOWN", "ok"
COLORS = {FAIL: "1;31", UNKNOWN: "33", OK: "32"}
INDENT = " " * 9
MOST_TABLES = 50  # of each kind; the run file has all of them
MOST_REASONS = 2  # why something was not checked, told of one table
SCAN = "dynamodb:Scan"


def render_gate(report: Report, gate: GateReport, *, color: bool) -> str:
    """How the gate came out, for a terminal or the log of a build; with ANSI colours when `color`."""
    page = Page(color=color)
    audit = report.audit
    tables = _tables(report, gate)
    where = f"{digest.regions(audit)}, {digest.accounts(audit)}, {counted(len(tables), 'table')}"
    page.text(f"DynamoDB check: {where}, {filters.on_date(audit.started_at)}")
    if report.judged_again:
        page.text(filters.sentence(digest.capital(report.judged_again)))
    page.text(f"Fails on {_bars(gate)}.")
    page.raw("")
    for line in digest.not_read(audit):
        _state_line(page, UNKNOWN, line)
    for state in (FAIL, UNKNOWN, OK):
        shown = [table for table in tables if table.state == state]
        for table in digest.head(shown, MOST_TABLES):
            _table(page, table)
        if digest.rest(shown, MOST_TABLES):
            page.text(digest.rest(shown, MOST_TABLES), indent=INDENT, first=INDENT)
    page.raw("")
    page.text(summary(report, gate))
    return str(page)


def summary(report: Report, gate: GateReport) -> str:
    """How it came out, why, and what to do, in one line."""
    return " ".join([filters.sentence(f"{gate.verdict}: {_why(report, gate)}"), *map(filters.sentence, _to_do(gate))])


# ----------------------------------------------------------------------------------------------------------- the tables


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """What the gate says of one table; `others` is how many findings do not fail it."""

    name: str
    state: str
    items: ItemsVerdict | None
    failing: tuple[Finding, ...]
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
    made = []
    for name in names:
        failing = tuple(one for one in findings[name] if one.id in gate.failing)
        suppressed = sum(one.suppressed is not None for one in findings[name])
        made.append(
            _Table(
                name=name,
                state=_state(name, items.get(name), failing, report, gate),
                items=items.get(name),
                failing=failing,
                others=len(findings[name]) - len(failing) - suppressed,
                suppressed=suppressed,
                not_checked=tuple(not_checked[name]),
            )
        )
    return tuple(made)


def _state(name: str, items: ItemsVerdict | None, failing: Sequence[Finding], report: Report, gate: GateReport) -> str:
    if failing or (items is not None and items.verdict == "over"):
        return FAIL
    described = any(table.name == name for table in report.tables)
    return UNKNOWN if not described or (items is not None and _is_open(items, gate)) else OK


def _is_open(items: ItemsVerdict, gate: GateReport) -> bool:
    return items.verdict == "not read" or (items.verdict == "inconclusive" and gate.inconclusive == "fail")


def _table(page: Page, table: _Table) -> None:
    _state_line(page, table.state, cut(table.name))
    if table.items is not None:
        page.text(f"items: {filters.sentence(table.items.sentence)}", indent=INDENT, first=INDENT)
    for finding in table.failing:
        page.text(_finding_line(finding), indent=INDENT + "  ", first=INDENT)
    told = _lesser(table)
    if told:
        page.text(told, indent=INDENT, first=INDENT)


def _state_line(page: Page, state: str, text: str) -> None:
    page.raw(page.painted(state, COLORS[state]) + " " * (len(INDENT) - len(state)) + escape_terminal(text))


def _finding_line(finding: Finding) -> str:
    place = "" if finding.index is None else f" ({cut(finding.index)})"
    since = digest.since_baseline(finding)
    return f"{finding.severity} {finding.check}{place}: {filters.sentence(finding.message)}" + (f" ({since})" if since else "")


def _lesser(table: _Table) -> str:
    """What does not fail the table, and what was not looked at."""
    told = [f"{counted(table.others, 'other finding')}"] if table.others else []
    told += [f"{table.suppressed} suppressed"] if table.suppressed else []
    told += [f"not checked: {_not_checked(table)}"] if _rows_told(table) else []
    return filters.sentence("; ".join(told))


def _rows_told(table: _Table) -> list[NotChecked]:
    """What was not checked, without what the verdict on the items says already."""
    return [row for row in table.not_checked if table.items is None or row.call != SCAN]


def _not_checked(table: _Table) -> str:
    calls: dict[str, dict[str, None]] = {}
    for row in _rows_told(table):
        calls.setdefault(row.reason, {})[row.call] = None
    most_first = sorted(calls.items(), key=lambda one: -len(one[1]))
    told = [f"{a_few(of, at_most=2)} ({cut(reason)})" for reason, of in most_first[:MOST_REASONS]]
    rest = len(most_first) - MOST_REASONS
    return "; ".join(told) + (f"; and {rest} more" if rest > 0 else "")


# --------------------------------------------------------------------------------------------------------- all together


def _bars(gate: GateReport) -> str:
    """What fails, in words."""
    bars = [] if gate.fail_item_size is None else [f"an item above {kilobytes(gate.fail_item_size)}"]
    if gate.fail_on.startswith("grade:"):
        bars.append(f"grade {gate.fail_on.removeprefix('grade:')} or worse")
    elif gate.fail_on != "never":
        bars.append("a critical finding" if gate.fail_on == "critical" else f"a finding at or above {gate.fail_on}")
    return " and on ".join(bars) or "nothing: --fail-on never, --fail-item-size off"


def _why(report: Report, gate: GateReport) -> str:
    over = sum(one.verdict == "over" for one in gate.items)
    if gate.verdict == "failed":
        why = [f"{counted(over, 'table')} with an item above {kilobytes(gate.fail_item_size or 0)}"] if over else []
        if gate.failing:
            why.append(f"{counted(len(gate.failing), 'finding')} at or above {gate.fail_on}")
        if gate.fail_on.startswith("grade:") and (not over or len(gate.reasons) > over):
            why.append(next((one for one in gate.reasons if "grade" in one and "worse fails" in one), ""))
        return ", ".join(filter(None, why))
    if gate.verdict == "inconclusive":
        rest = len(gate.reasons) - 1
        return gate.reasons[0] + (f"; and {counted(rest, 'more reason')}" if rest else "")
    bars = [] if gate.fail_item_size is None else [_items_passed(gate)]
    bars += [] if gate.fail_on == "never" else [_findings_passed(report, gate)]
    return ", ".join(bars) or "nothing was asked for"


def _items_passed(gate: GateReport) -> str:
    line, open_ = kilobytes(gate.fail_item_size or 0), sum(one.verdict != "none" for one in gate.items)
    seen = f"no item above {line}"
    return f"{seen} was seen, and {counted(open_, 'table')} not read to the end (--inconclusive pass)" if open_ else seen


def _findings_passed(report: Report, gate: GateReport) -> str:
    told = f"grade {report.overall.grade}" if gate.fail_on.startswith("grade:") else f"no finding at or above {gate.fail_on}"
    return f"{told} among what could be checked" if report.not_checked else told


def _to_do(gate: GateReport) -> Iterator[str]:
    if any(one.verdict == "over" for one in gate.items):
        yield "Make the large items smaller, or give a higher --fail-item-size for items that are meant to be there"
    if gate.failing:
        yield "Fix the findings (`stj-audit rules NAME` says how), or accept one with [[ignore]] or --baseline"
    if gate.verdict != "inconclusive":
        return
    verdicts = [one for one in gate.items if _is_open(one, gate)]
    if any(one.verdict == "inconclusive" for one in verdicts):
        yield (
            "Read every item with --scan full, when nobody loads or clears the table and no cap ends it; or let a sample pass with "
            "--inconclusive pass"
        )
    if any(one.verdict == "not read" for one in verdicts):
        yield "Let the items be read (--scan, `stj-audit iam-policy`), or leave their sizes out with --fail-item-size off"
    if gate.strict and not verdicts:
        yield "Allow what is missing (`stj-audit iam-policy`), or leave out --strict"
