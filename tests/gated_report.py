"""The sample report as a build sees it: held against a gate, with the files in which its tables are declared."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from stj_audit.report import GateReport, ItemsVerdict, Largest, Report, SourceLine
from tests.sample_report import HOSTILE, PASSWORD, SUBSCRIBERS, SYSTEM, hostile, sample_report

LINE_BYTES = 300 * 1024
OVER = ItemsVerdict(
    table=SUBSCRIBERS,
    verdict="over",
    sentence="1 item above 300.0 KB among 112 items; the largest: 396,288 bytes (key hash 5f0c2a9e41d7)",
    threshold_bytes=LINE_BYTES,
    found=1,
    scanned=112,
    item_count=112,
    at_most=1,
    largest=(Largest(bytes=396_288, key_hash="5f0c2a9e41d7"),),
)
SAMPLED = ItemsVerdict(
    table=PASSWORD,
    verdict="inconclusive",
    sentence="0 of 90 items read are above 300.0 KB; with 95% confidence at most 4 of 150",
    threshold_bytes=LINE_BYTES,
    found=0,
    scanned=90,
    item_count=150,
    at_most=4,
)
UNREAD = ItemsVerdict(
    table=SYSTEM,
    verdict="not read",
    sentence="no item was read: AccessDeniedException",
    threshold_bytes=LINE_BYTES,
    found=0,
    scanned=0,
    item_count=3,
    at_most=None,
)
NONE = dataclasses.replace(
    SAMPLED, verdict="none", sentence="exact: 150 of 150 items, scanned 06:00-06:00Z", scanned=150, at_most=0
)
SOURCES = {
    "": SourceLine(path="stj-audit.toml", line=3),
    SUBSCRIBERS: SourceLine(path="stj-audit.toml", line=12),
    PASSWORD: SourceLine(path="infra/tables, old.yaml", line=40),
}


def a_gate(**fields: Any) -> GateReport:
    defaults: dict[str, Any] = {
        "fail_on": "high",
        "fail_item_size": LINE_BYTES,
        "inconclusive": "fail",
        "strict": False,
        "verdict": "failed",
        "exit_code": 3,
        "reasons": (
            f"{OVER.table}: {OVER.sentence}",
            f"{SUBSCRIBERS}: critical, item-near-limit: 1 item is over 300 KB",
            f"{SUBSCRIBERS} / email-index: high, projection-unread: email-index projects ALL",
            f"{PASSWORD}: high, pitr-off: point-in-time recovery is off",
            f"{PASSWORD}: {SAMPLED.sentence}",
            f"{SYSTEM}: {UNREAD.sentence}",
        ),
        "failing": ("f-item-near-limit", "f-projection-unread", "f-pitr-off"),
        "items": (OVER, SAMPLED, UNREAD),
    }
    return GateReport(**(defaults | fields))


def gated_report(**fields: Any) -> Report:
    """Findings that fail the gate and findings that do not, and a verdict on items of each kind but "none"."""
    return dataclasses.replace(sample_report(), sources=SOURCES, **({"gate": a_gate()} | fields))


def passed_gate(**fields: Any) -> GateReport:
    """One at which nothing fails, and of which all is known."""
    defaults: dict[str, Any] = {"verdict": "passed", "exit_code": 0, "reasons": (), "failing": (), "items": (NONE,)}
    return a_gate(**(defaults | fields))


def no_gate(**fields: Any) -> GateReport:
    """What `stj-audit run` holds an audit against when nothing is asked for."""
    return passed_gate(**({"fail_on": "never", "fail_item_size": None, "items": ()} | fields))


def hostile_gated_report(*, words_too: bool = False, texts: Sequence[str] = HOSTILE) -> Report:
    """With hostile text in every string, as `hostile_report`; each table has a file to point to."""
    report = hostile(gated_report(), words_too=words_too, texts=texts)
    return dataclasses.replace(report, sources={"": SourceLine(path="a:b,c%\n\u202e\ud800/</x>.toml", line=1), **report.sources})


def a_large_report(findings: int = 1_000) -> Report:
    """Very many findings with long texts, all of which fail, in many tables."""
    report = gated_report()
    first = report.findings[0]
    many = tuple(
        dataclasses.replace(
            first,
            id=f"f-{number}",
            table=f"{SUBSCRIBERS}-{number % 40}",
            message=f"{number}: {first.message} " * 5,
            commands=(f"aws dynamodb describe-table --table-name {number} " * 20,),
        )
        for number in range(findings)
    )
    reasons = tuple(f"{one.table}: {one.severity}, {one.check}: {one.message}" for one in many)
    gate = a_gate(failing=tuple(one.id for one in many), reasons=reasons)
    return dataclasses.replace(report, findings=many, gate=gate)
