"""
Designs that others published, through the whole audit: read, judged, printed. Every finding is pinned, each of them held against its design
by hand. A pin is changed by hand as well: no switch writes them anew.
"""

import tomllib
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache
from html import unescape
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest
from msgspec import UNSET

from stj_audit.again import judge_again
from stj_audit.config import TARGET_USERS, parse_config
from stj_audit.pipeline import Request, audit
from stj_audit.render import render
from stj_audit.report import Report, from_json
from stj_audit.scanners.session import AwsOptions
from tests.corpus.design import Design, Pin, deployed
from tests.corpus.healthy import DESIGN as HEALTHY
from tests.scanners.answers import REGION

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NOT_DESIGNS = ("__init__", "conftest", "design", "healthy")
NAMES = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_DESIGNS and not path.stem.startswith("test_"))
FORMATS = ("table", "markdown", "html", "json")

Key = tuple[str, str, str | None]
"""A finding by code, severity, and index."""

each_design = pytest.mark.parametrize("name", NAMES)


def design_of(name: str) -> Design:
    found = import_module(f"tests.corpus.{name}").DESIGN
    assert isinstance(found, Design)
    return found


@cache
def audited(name: str) -> Report:
    return audit_of(design_of(name))


def request_for(design: Design) -> Request:
    config = parse_config(tomllib.loads(dedent(design.config), parse_float=Decimal), origin="stj-audit.toml")
    # findings are those at the target: fewer other user counts to judge for take less time
    return Request(aws=AwsOptions(region=REGION), config=config, users=(TARGET_USERS,))


def audit_of(design: Design) -> Report:
    """What `stj-audit run` makes of the design."""
    with pytest.MonkeyPatch.context() as patched:
        # a table of one unit is read at a fifth of that pace, which takes longer than a test may
        patched.setattr("stj_audit.items.plan.SHARE_OF_CAPACITY", Decimal(1_000))
        with deployed(design):
            return audit(request_for(design))


# ------------------------------------------------------------------------------------------------------- what is found


def differences(design: Design, report: Report) -> list[str]:
    """What differs from the pins, a line each, ready to be judged: first what is new, then what is gone."""
    pinned: Counter[Key] = Counter()
    for pin in design.findings:
        pinned[(pin.code, pin.severity, pin.index)] += pin.times
    found: Counter[Key] = Counter((one.code, one.severity, one.index) for one in report.findings)
    lines = []
    for finding in report.findings:
        key = (finding.code, finding.severity, finding.index)
        if found[key] > pinned[key]:
            lines.append(f"found, and not pinned: {_named(key)}, {found[key]} of it, pinned {pinned[key]}: {finding.message}")
    reasons = {(run.code, run.status): run.reason for run in report.rules}
    for key in sorted(pinned - found, key=str):
        now = next((f"{status} {reason}".strip() for (code, status), reason in reasons.items() if code == key[0]), "no such check")
        lines.append(f"pinned, and not found: {_named(key)}, pinned {pinned[key]}, {found[key]} of it; the check is now: {now}")
    return lines


def _named(key: Key) -> str:
    """The pin to be copied, once there is something to put between the last quotes."""
    code, severity, index = key
    return f'Pin("{code}", "{severity}", ""' + ("" if index is None else f', index="{index}"') + ")"


def test_there_are_at_least_ten_of_them() -> None:
    assert len(NAMES) >= 10
    assert len({design_of(name).source for name in NAMES}) == len(NAMES)


@each_design
def test_what_is_found_was_held_against_the_design_by_hand(name: str) -> None:
    lines = differences(design_of(name), audited(name))
    assert not lines, f"tests/corpus/{name}.py:\n" + "\n".join(lines)


@each_design
def test_each_pin_says_why_it_is_right_and_is_there_once(name: str) -> None:
    pins = design_of(name).findings
    assert all(pin.why.strip() for pin in pins)
    keys = [(pin.code, pin.severity, pin.index) for pin in pins]
    assert len(set(keys)) == len(keys)


@each_design
def test_the_table_is_told_as_it_was_published(name: str) -> None:
    design, [told] = design_of(name), audited(name).tables
    assert told.name == design.table.name
    assert told.billing_mode == ("PAY_PER_REQUEST" if design.table.units is None else "PROVISIONED")
    assert [key.attribute for key in told.key_schema] == list(design.table.keys)
    indexes = {index.name: (index.kind, index.projection, [key.attribute for key in index.key_schema]) for index in told.indexes}
    assert indexes == {index.name: (index.kind, index.projection, list(index.keys)) for index in design.table.indexes}
    assert (told.ttl_attribute, told.stream) == (design.table.ttl, design.table.stream)
    assert told.deletion_protection is design.table.deletion_protection
    assert (told.backups.pitr, told.backups.recovery_period_days) == (
        ("DISABLED", None) if design.pitr_days is None else ("ENABLED", design.pitr_days)
    )
    assert told.tags == dict(design.tags)
    assert told.auto_scaling is not None
    assert len(told.auto_scaling) == 2 * len(design.scaling)
    assert told.items is not None
    assert (told.items.scanned, told.items.coverage) == (len(design.items), "full")
    assert (told.traffic is None) is (design.load is None)


@each_design
def test_what_is_found_is_printed_in_every_format(name: str) -> None:
    report = audited(name)
    texts = {format_: render(report, format_) for format_ in FORMATS}
    assert from_json(texts["json"]).findings == report.findings
    assert texts["table"].startswith(f"DynamoDB audit: {REGION}, account 123456789012, 1 table")
    page = unescape(texts["html"])
    for told in (report.tables[0].name, *(finding.title for finding in report.findings)):
        assert told in texts["markdown"]
        assert told in page


@each_design
def test_judged_again_from_its_run_file_it_is_told_the_same(name: str) -> None:
    report = audited(name)
    today = report.audit.finished_at.date()
    again = judge_again(from_json(render(report, "json")), request_for(design_of(name)), origin="run.json", today=today)
    assert replace(again, judged_again=UNSET, trust=again.trust[1:]) == report


# ------------------------------------------------------------------------------------------------ how a mismatch is told


@each_design
def test_every_finding_has_an_id_of_its_own(name: str) -> None:
    findings = audited(name).findings
    assert len({finding.id for finding in findings}) == len(findings)


def test_a_mismatch_names_what_is_new_and_what_is_gone() -> None:
    design, report = design_of("todos"), audited("todos")
    [pitr] = [one for one in design.findings if one.code == "BKP-01"]
    kept = tuple(one for one in design.findings if one is not pitr)
    assert differences(replace(design, findings=kept), report) == [
        'found, and not pinned: Pin("BKP-01", "high", ""), 1 of it, pinned 0: '
        "point-in-time recovery is off: a bad write or a deleted table cannot be undone"
    ]
    wrong = replace(pitr, severity="low", index="gone", times=2)
    assert differences(replace(design, findings=(*design.findings, wrong)), report) == [
        'pinned, and not found: Pin("BKP-01", "low", "", index="gone"), pinned 2, 0 of it; the check is now: found'
    ]
    unknown = Pin("XXX-01", "low", "there is no such check")
    assert differences(replace(design, findings=(*design.findings, unknown)), report) == [
        'pinned, and not found: Pin("XXX-01", "low", ""), pinned 1, 0 of it; the check is now: no such check'
    ]


# ------------------------------------------------------------------------------------------------------ a healthy table


@cache
def healthy() -> Report:
    return audit_of(HEALTHY)


def test_a_healthy_table_has_no_finding_above_low() -> None:
    assert [f"{one.code} {one.severity}: {one.message}" for one in healthy().findings if one.severity not in ("low", "info")] == []


def test_what_is_found_of_a_healthy_table_was_judged_by_hand() -> None:
    lines = differences(HEALTHY, healthy())
    assert not lines, "tests/corpus/healthy.py:\n" + "\n".join(lines)


def test_everything_of_a_healthy_table_was_looked_at() -> None:
    assert healthy().not_checked == ()
    assert healthy().overall.coverage == 1.0


def test_the_grades_of_a_healthy_table_are_the_best() -> None:
    best = ("A+", "A", "A-")
    assert healthy().overall.grade in best
    assert [(one.title, one.grade, one.held_by) for one in healthy().categories if one.grade not in best] == []
