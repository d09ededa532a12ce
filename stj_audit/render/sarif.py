"""
The `sarif` format: SARIF 2.1.0 (OASIS), for code scanning. Plain dictionaries, written as JSON.

A table of a cloud has no line of code, and GitHub refuses a whole file in which one result has no place in a file: each result points to
where its table is declared, else to the file that stands for all. Without either there is no SARIF.

A file below the working folder is told relative to it, with the base %SRCROOT%; any other as an absolute file: URI, which GitHub holds
against the checkout. A finding that an ignore or the baseline suppresses is a result with `suppressions`. An oversized item is a result of a
rule of its own; where nobody knows whether there is one, its kind is "open" and its level, as the standard wants it, "none".
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from stj_audit.errors import ConfigError
from stj_audit.render import digest_gate, filters
from stj_audit.render.escape import TEXT_LENGTH, TITLE_LENGTH, cut, cut_name, escape_json, escape_markdown, visible
from stj_audit.report import NONE, OVER, Finding, GateReport, ItemsVerdict, NotChecked, Report, RuleRun, SourceLine

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}  # GitHub's words for rules that are not of security
HASH = (
    "primaryLocationLineHash"  # the one that GitHub tells results apart by; it is no hash of a line that several tables could share
)
Json = dict[str, Any]


def render_sarif(report: Report) -> str:
    """The report as SARIF. Raises ConfigError where no file is known to point to."""
    _check_places(report)
    rules = _Rules(report)
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, rules)]}
    return escape_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _check_places(report: Report) -> None:
    tables = [*(one.table for one in report.findings), *(one.table for one in digest_gate.item_verdicts(report))]
    if not report.sources or any(digest_gate.source_of(report, table) is None for table in tables):
        raise ConfigError(
            "sarif needs a file to point at, and no configuration or template declares the tables",
            hint="give --sarif-anchor PATH: any file of the repository, at best the one that declares them",
        )


def _run(report: Report, rules: "_Rules") -> Json:
    audit = report.audit
    driver = {
        "name": visible(report.tool.name),
        "version": visible(report.tool.version),
        "rules": rules.descriptors,
        "properties": {"policy_version": visible(report.tool.policy_version)},
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"stj-audit/{_text(audit.region)}/{_text(audit.id)}"},
        "invocations": [_invocation(report, rules)],
        "results": [*_of_items(report, rules), *(_of_finding(report, one, rules) for one in report.findings)],
        "columnKind": "unicodeCodePoints",
        "properties": {"account": visible(audit.account or filters.NOT_KNOWN), "grade": visible(report.overall.grade)},
    }


# ---------------------------------------------------------------------------------------------------------------- rules


class _Rules:
    """The rules of a run, each once: their descriptors in order, and where each of them is."""

    def __init__(self, report: Report) -> None:
        self.descriptors: list[Json] = []
        self._places: dict[str, int] = {}
        titles = {category.id: category.title for category in report.categories}
        levels: dict[str, list[str]] = {}
        for finding in report.findings:
            levels.setdefault(finding.check, []).append(finding.severity)
        known: list[RuleRun | Finding] = [*report.rules, *report.findings]
        for one in known:
            if one.check not in self._places:
                worst = min(levels.get(one.check, ["medium"]), key=digest_gate.rank)
                self._add(one.check, _rule(one.check, one.code, one.title, titles.get(one.category, one.category), worst))
        if digest_gate.item_verdicts(report):
            self._add(digest_gate.ITEM_RULE, _items_rule(report.gate))

    def _add(self, check: str, descriptor: Json) -> None:
        self._places[check] = len(self.descriptors)
        self.descriptors.append(descriptor)

    def reference(self, check: str) -> Json:
        """The `ruleId` and `ruleIndex` of a result."""
        place = self._places[check]
        return {"ruleId": self.descriptors[place]["id"], "ruleIndex": place}

    def associated(self, check: str | None) -> Json:
        """The rule that a notification is about; nothing where it is about none of them."""
        if check is None or check not in self._places:
            return {}
        place = self._places[check]
        return {"associatedRule": {"id": self.descriptors[place]["id"], "index": place}}


def _rule(check: str, code: str, title: str, category: str, severity: str) -> Json:
    level = LEVELS.get(severity, "note")
    explain = f"stj-audit rules {check}"
    return {
        "id": visible(check),
        "name": visible(code),
        "shortDescription": {"text": _message(title)},
        "fullDescription": {"text": _message(f"{filters.sentence(title)} A check of {category}.")},
        "help": {
            "text": _message(f"{filters.sentence(title)} Why, when it fires and how to fix it: {explain}"),
            "markdown": f"**{escape_markdown(title)}**, a check of {escape_markdown(category)}.\n\n"
            f"Why, when it fires and how to fix it: run `stj-audit rules` with {escape_markdown(check)}.",
        },
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["dynamodb", visible(category)], "problem.severity": PROBLEMS[level]},
    }


def _items_rule(gate: GateReport | None) -> Json:
    title = "An item is larger than the build allows"
    asked = f"The build {digest_gate.held_against(gate)}." if gate is not None else ""
    return _rule(digest_gate.ITEM_RULE, digest_gate.ITEM_RULE, title, "item sizes", "critical") | {
        "fullDescription": {"text": _message(f"{title}. {asked}")},
        "help": {
            "text": _message(f"{asked} stj-audit items tells how large the items are, and which attributes make them so."),
            "markdown": f"{escape_markdown(asked)}\n\n`stj-audit items` tells how large the items are, and which attributes make them so.",
        },
    }


# -------------------------------------------------------------------------------------------------------------- results


def _of_items(report: Report, rules: _Rules) -> Iterator[Json]:
    for verdict in digest_gate.item_verdicts(report):
        if verdict.verdict != NONE:
            yield {
                **rules.reference(digest_gate.ITEM_RULE),
                **_state_of_items(verdict),
                "message": {"text": _message(f"{cut_name(verdict.table)}: {filters.sentence(verdict.sentence)}")},
                "locations": [_location(report, verdict.table, None)],
                "partialFingerprints": _fingerprints(f"{digest_gate.ITEM_RULE}:{verdict.table}"),
                "properties": {"verdict": visible(verdict.verdict), "found": verdict.found, "scanned": verdict.scanned},
            }


def _state_of_items(verdict: ItemsVerdict) -> Json:
    if verdict.verdict == OVER:
        return {"kind": "fail", "level": "error"}
    return {"kind": "open", "level": "none"}


def _of_finding(report: Report, finding: Finding, rules: _Rules) -> Json:
    told = [f"{digest_gate.place_of(finding)}: {cut(finding.message, TEXT_LENGTH)}", f"Fix: {cut(finding.fix, TEXT_LENGTH)}"]
    result: Json = {
        **rules.reference(finding.check),
        "kind": "fail",
        "level": LEVELS.get(finding.severity, "note"),
        "message": {"text": "\n".join(_message(filters.sentence(line)) for line in told)},
        "locations": [_location(report, finding.table, finding.index)],
        "partialFingerprints": _fingerprints(finding.id),
        "properties": {
            "severity": visible(finding.severity),
            "category": visible(finding.category),
            "code": visible(finding.code),
            "fails": digest_gate.fails(report, finding),
        },
    }
    if finding.suppressed is not None:
        justification = _message(finding.suppressed.reason)
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _fingerprints(stable: str) -> Json:
    return {HASH: visible(stable), "stjAuditFinding/v1": visible(stable)}


def _location(report: Report, table: str, index: str | None) -> Json:
    source = digest_gate.source_of(report, table)
    names = [table or digest_gate.ALL_TABLES, *([] if index is None else [index])]
    logical = {"name": _text(names[-1]), "fullyQualifiedName": "/".join(map(_whole, names)), "kind": "resource"}
    return {"physicalLocation": {} if source is None else _physical(source), "logicalLocations": [logical]}


def _physical(source: SourceLine) -> Json:
    path = quote(source.path, safe="/", errors="replace")
    if source.path.startswith("/"):
        artifact = {"uri": f"file://{path}"}
    elif source.path[1:2] == ":":  # a drive of Windows
        artifact = {"uri": f"file:///{quote(source.path, safe='/:', errors='replace')}"}
    else:
        artifact = {"uri": path, "uriBaseId": BASE}
    return {"artifactLocation": artifact, "region": {"startLine": source.line}}


# ------------------------------------------------------------------------------------------------------ the run of audit


def _invocation(report: Report, rules: _Rules) -> Json:
    """The audit itself went through, whatever it found: what it could not look at is told by notifications."""
    told: Json = {
        "executionSuccessful": True,
        "startTimeUtc": _moment(report.audit.started_at),
        "endTimeUtc": _moment(report.audit.finished_at),
        "toolExecutionNotifications": [_notification(one, rules) for one in report.not_checked],
    }
    if report.gate is not None:
        told["exitCode"] = report.gate.exit_code
        told["exitCodeDescription"] = visible(f"gate {report.gate.verdict}: it {digest_gate.held_against(report.gate)}")
    return told


def _notification(row: NotChecked, rules: _Rules) -> Json:
    place = cut_name(row.table) if row.table else digest_gate.ALL_TABLES
    if row.index is not None:
        place += f" / {cut_name(row.index)}"
    text = f"{place}: not checked: {cut_name(row.call)}: {cut(row.reason, TEXT_LENGTH)}"
    return {"level": "warning", "message": {"text": _message(text)}, **rules.associated(row.check)}


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _text(name: str) -> str:
    return visible(cut_name(name))


def _whole(name: str) -> str:
    """What tells a table or an index apart from others."""
    return visible(cut_name(name, TITLE_LENGTH))


def _message(text: str) -> str:
    """
    Text of a message: braces are doubled, as the standard wants it of those that are no placeholders (3.11.5), and a bracket is kept apart
    from a parenthesis, so that no name makes a link (3.11.6).
    """
    return visible(cut(text, TEXT_LENGTH)).replace("{", "{{").replace("}", "}}").replace("](", "] (")
