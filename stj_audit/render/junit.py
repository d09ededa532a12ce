"""
The `junit` format: a test suite for each table, in it a test case for each check, and one for its oversized items where the gate asks.

A test case fails where a finding fails the gate; findings that do not are told in its output, and it passes. What was not checked is skipped
with its reason, never passed; so is what does not apply, and what an ignore or the baseline suppresses. Where nobody knows whether there is
an oversized item, and that counts, it is an error, not a failure. The gate has a test case of its own, for what no table's shows: a grade, or
--strict.

It is valid against Jenkins's junit-10.xsd, which does not know the attributes `file` and `line` of a test case that some add, and refuses
them: where a table is declared stands in the text of what failed, and the file as an attribute of its suite. GitLab shows the text of a
failure and nothing of its attributes, so the text says it all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from stj_audit.render import digest, digest_gate, filters
from stj_audit.render.escape import TEXT_LENGTH, TITLE_LENGTH, cut, cut_name, visible
from stj_audit.report import FAILED, NONE, OVER, PASSED, Finding, GateReport, ItemsVerdict, Report, RuleRun
from stj_audit.wording import kilobytes

GATE = "stj-audit gate"  # its suite: no table can be called so
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # visible() leaves them; XML 1.0 (2.2) has no place for them
# What GitHub Actions takes for a command at the start of a line of output; XML has another way to write a character
_COMMAND = re.compile(r"^(\s*)([:#])(?=:|#\[)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test case. `ended` is passed, failure, error or skipped; `kind` says why in a word, `text` in sentences."""

    name: str
    ended: str = "passed"
    kind: str = ""
    message: str = ""
    text: str = ""


def render_junit(report: Report) -> str:
    """The report as JUnit XML."""
    suites = [*_gate_suite(report), *((name, cases) for name, cases in _table_suites(report) if cases)]
    seconds = f"{(report.audit.finished_at - report.audit.started_at).total_seconds():.3f}"
    root = ET.Element(
        "testsuites", {"name": "stj-audit", "time": seconds, **_counts([one for _, cases in suites for one in cases])}
    )
    for name, cases in suites:
        _add_suite(root, report, name, cases)
    ET.indent(root)
    text = _COMMAND.sub(lambda found: f"{found[1]}&#{ord(found[2])};", ET.tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_suite(root: ET.Element, report: Report, name: str, cases: Sequence[Case]) -> None:
    attributes = {"name": _title(name), **_counts(cases), "skipped": str(_ended(cases, "skipped"))}
    attributes["timestamp"] = f"{report.audit.started_at:%Y-%m-%dT%H:%M:%S}"
    source = report.sources.get(name)  # of this table alone: what stands for all of them declares none
    if source is not None:
        attributes["file"] = _clean(source.path)
    suite = ET.SubElement(root, "testsuite", attributes)
    for case in cases:
        _add_case(suite, _title(name), case)


def _add_case(suite: ET.Element, table: str, case: Case) -> None:
    element = ET.SubElement(suite, "testcase", {"name": _clean(case.name), "classname": table})
    if case.ended == "passed":
        if case.text:
            ET.SubElement(element, "system-out").text = _clean(case.text)
        return
    ended = ET.SubElement(element, case.ended, {"type": _clean(case.kind), "message": _clean(cut(case.message, TEXT_LENGTH))})
    ended.text = _clean(case.text or case.message)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    return {"tests": str(len(cases)), "failures": str(_ended(cases, "failure")), "errors": str(_ended(cases, "error"))}


def _ended(cases: Sequence[Case], how: str) -> int:
    return sum(case.ended == how for case in cases)


def _title(table: str) -> str:
    return _clean(cut_name(table, TITLE_LENGTH)) or digest_gate.ALL_TABLES


def _clean(text: str) -> str:
    """Text that XML can hold, and nobody has to guess at: what cannot be seen is written out, but for line breaks."""
    return _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", visible(text, keep="\n"))


# ---------------------------------------------------------------------------------------------------------------- cases


def _gate_suite(report: Report) -> Iterator[tuple[str, list[Case]]]:
    gate = digest_gate.real_gate(report)
    if gate is None:
        return
    ended = {PASSED: "passed", FAILED: "failure"}.get(gate.verdict, "error")
    text = "\n".join(gate.reasons) or digest_gate.held_against(gate)
    message = gate.reasons[0] if gate.reasons else gate.verdict
    yield GATE, [Case(name=digest_gate.held_against(gate), ended=ended, kind=gate.verdict, message=message, text=text)]


def _table_suites(report: Report) -> Iterator[tuple[str, list[Case]]]:
    """The tables of the report in its order, then what else was looked at, or could not be."""
    findings: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault((finding.table, finding.check), []).append(finding)
    runs = {(run.table, run.check): run for run in report.rules}
    verdicts = digest_gate.item_verdicts(report)
    named = [
        *(table.name for table in report.tables),
        *(one.table for one in verdicts),
        *(table for table, _ in (*runs, *findings)),
    ]
    for name in dict.fromkeys(named):
        cases = [_items_case(report.gate, one) for one in verdicts if one.table == name and report.gate is not None]
        cases += [_check_case(report, run, findings.get(place, [])) for place, run in runs.items() if place[0] == name]
        cases += [_finding_case(report, found) for place, found in findings.items() if place[0] == name and place not in runs]
        yield name, cases


def _items_case(gate: GateReport, verdict: ItemsVerdict) -> Case:
    name = f"no item above {kilobytes(verdict.threshold_bytes)} ({digest_gate.ITEM_RULE})"
    if verdict.verdict == NONE:
        return Case(name=name, text=filters.sentence(verdict.sentence))
    not_known = "error" if digest_gate.leaves_open(gate, verdict) else "skipped"
    ended = "failure" if verdict.verdict == OVER else not_known
    text = filters.sentence(f"{cut_name(verdict.table)}: {verdict.sentence}")
    return Case(name=name, ended=ended, kind=verdict.verdict, message=verdict.sentence, text=text)


def _check_case(report: Report, run: RuleRun, found: Sequence[Finding]) -> Case:
    if found:
        return _finding_case(report, found)
    name = _case_name(run.check, run.code)
    if run.status in {"passed", "found"}:
        return Case(name=name, text=filters.sentence(run.reason))
    reason = f"{run.status}: {run.reason}" if run.reason else run.status
    return Case(name=name, ended="skipped", kind=run.status, message=reason, text=f"{run.title}: {reason}")


def _finding_case(report: Report, found: Sequence[Finding]) -> Case:
    """All that one check found in one table."""
    name = _case_name(found[0].check, found[0].code)
    failing = [one for one in found if digest_gate.fails(report, one)]
    open_ones = [one for one in found if one.suppressed is None]
    text = "\n\n".join(_told(report, one) for one in (*failing, *(one for one in found if one not in failing)))
    if failing:
        return Case(name=name, ended="failure", kind=failing[0].severity, message=failing[0].message, text=text)
    if open_ones:
        return Case(name=name, text=text)
    reason = _suppressed(found[0])
    return Case(name=name, ended="skipped", kind="suppressed", message=reason, text=text)


def _case_name(check: str, code: str) -> str:
    return f"{cut_name(check)} ({cut_name(code)})"


def _told(report: Report, finding: Finding) -> str:
    lines = [
        f"{finding.severity}: {digest_gate.place_of(finding)}: {filters.sentence(cut(finding.message, TEXT_LENGTH))}",
        f"Fix: {filters.sentence(cut(finding.fix, TEXT_LENGTH))}",
    ]
    if finding.suppressed is not None:
        lines.append(filters.sentence(_suppressed(finding)))
    source = report.sources.get(finding.table)
    if source is not None:
        lines.append(f"Declared at {source.path}:{source.line}")
    return "\n".join(lines)


def _suppressed(finding: Finding) -> str:
    if finding.suppressed is None:
        return ""
    until = f", until {filters.on_date(finding.suppressed.expires)}" if finding.suppressed.expires else ""
    return f"suppressed by the {_BY.get(finding.suppressed.by, finding.suppressed.by)}: {finding.suppressed.reason}{until}"


_BY = {"ignore": "configuration", digest.BY_BASELINE: "baseline"}
