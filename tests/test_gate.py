"""What an audit is held against, and how it comes out: exit codes, ignores and baselines, and what must hold whatever was read."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.baseline import Baseline
from stj_audit.baseline import from_json as baseline_from_json
from stj_audit.baseline import to_json as baseline_to_json
from stj_audit.config import Config, Ignore, Scale, SizeLines
from stj_audit.cost.prices import bundled_sheet
from stj_audit.facts import (
    ItemSample,
    ItemSizes,
    MissingTable,
    Pitr,
    SampledSegment,
    Scope,
    TableFacts,
    Unknown,
)
from stj_audit.gate import GateTerms, gated
from stj_audit.items.verdict import of_table
from stj_audit.judge import Terms, judge
from stj_audit.pipeline import Request, items_plan
from stj_audit.report import GateReport, Report, from_json, to_json
from stj_audit.scanners import AwsOptions
from tests.builders import a_sample, a_snapshot, a_table, some_items, table_facts

LINE = 300 * 1024
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
CHECK = GateTerms(fail_on="high", fail_item_size=LINE, every_table=True)


def judged(
    *tables: TableFacts,
    terms: GateTerms = CHECK,
    config: Config | None = None,
    baseline: Baseline | None = None,
    **snapshot: Any,
) -> Report:
    judging = Terms(
        scale=Scale(users_now=1_000),
        size_lines=SizeLines(),
        prices=bundled_sheet("eu-north-1"),
        config=config or Config(),
        audit_id="a1",
        gate=terms,
        baseline=baseline,
    )
    return judge(a_snapshot(*tables, **snapshot), judging)


def gate(*tables: TableFacts, terms: GateTerms = CHECK, **fields: Any) -> GateReport:
    found = judged(*tables, terms=terms, **fields).gate
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------------------ exit codes

CLEAN = table_facts(items=some_items({1_000: 1_000}))
OVER = table_facts(items=some_items({LINE + 1: 1}))
SAMPLED = table_facts(items=a_sample(lines=(LINE,)))
UNREAD = table_facts(items=DENIED)
HIGH = table_facts(items=some_items({360 * 1024: 1}))


def terms(**fields: Any) -> GateTerms:
    return replace(CHECK, **fields)


@pytest.mark.parametrize(
    ("facts", "held_against", "code"),
    [
        (CLEAN, terms(), 0),
        (OVER, terms(), 3),
        (OVER, terms(fail_on="never"), 3),
        (OVER, terms(fail_item_size=LINE + 1), 0),
        (OVER, terms(fail_item_size=None), 0),
        (OVER, terms(fail_item_size=None, fail_on="medium"), 3),
        (SAMPLED, terms(), 4),
        (SAMPLED, terms(inconclusive="pass"), 0),
        (SAMPLED, terms(fail_item_size=None), 0),
        (UNREAD, terms(), 4),
        (UNREAD, terms(inconclusive="pass"), 4),
        (UNREAD, terms(fail_item_size=None), 0),
        (UNREAD, terms(fail_item_size=None, strict=True), 4),
        (HIGH, terms(fail_item_size=None), 3),
        (HIGH, terms(fail_item_size=None, fail_on="critical"), 0),
        (HIGH, terms(fail_item_size=None, fail_on="never"), 0),
        (UNREAD, GateTerms(), 0),
        (OVER, GateTerms(), 0),
        (UNREAD, GateTerms(strict=True), 4),
        (UNREAD, GateTerms(strict=True, fail_on="grade:A+"), 3),
    ],
)
def test_exit_codes(facts: TableFacts, held_against: GateTerms, code: int) -> None:
    found = gate(facts, terms=held_against)
    assert found.exit_code == code, found.reasons
    assert found.verdict == {0: "passed", 3: "failed", 4: "inconclusive"}[code]
    assert bool(found.reasons) is (code != 0)
    assert bool(found.items) is (held_against.fail_item_size is not None)


def test_found_wins_over_not_known_and_both_are_told() -> None:
    other = table_facts(a_table(name="users"), items=DENIED)
    found = gate(table_facts(a_table(name="orders"), items=OVER.items), other, terms=terms(strict=True))
    assert found.exit_code == 3
    assert [reason.split(":")[0] for reason in found.reasons[:2]] == ["orders", "users"]
    assert found.reasons[-1].endswith("could not be checked (--strict)")


@pytest.mark.parametrize("held_against", [terms(), terms(inconclusive="pass"), terms(fail_item_size=None, fail_on="never")])
def test_a_table_that_could_not_be_described_is_never_fine(held_against: GateTerms) -> None:
    missing = MissingTable(name="users", unknown=Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException"))
    for tables in ((CLEAN,), ()):
        found = gate(*tables, terms=held_against, missing=(missing,))
        assert found.exit_code == 4
        assert any(
            one.startswith("users: ") and "dynamodb:DescribeTable failed: AccessDeniedException" in one for one in found.reasons
        )
    assert gate(CLEAN, terms=GateTerms(), missing=(missing,)).exit_code == 0  # `run` reports, and passes


@pytest.mark.parametrize("line", [LINE, None])
def test_a_declared_table_that_is_not_there_is_never_fine(line: int | None) -> None:
    held_against = terms(fail_item_size=line, expected=("orders", "users"), inconclusive="pass")
    found = gate(CLEAN, terms=held_against)
    assert found.exit_code == 4
    assert found.reasons[0].startswith("users: ")
    assert "the configuration declares the table, and it is not there" in found.reasons[0]
    assert gate(CLEAN, table_facts(a_table(name="users")), terms=held_against).exit_code == 0
    assert gate(CLEAN, terms=GateTerms(expected=("users",))).exit_code == 0  # `run` tells it among its assumptions


def test_no_table_at_all_is_never_fine() -> None:
    found = gate(terms=terms(fail_on="never"))
    assert (found.exit_code, found.reasons) == (4, ("no table was looked at",))
    assert gate(terms=GateTerms()).exit_code == 0  # `run` fails by itself


@pytest.mark.parametrize(("strict", "code"), [(True, 4), (False, 0)])
def test_a_part_of_a_design_that_was_left_out_is_not_known_where_all_is_to_be(strict: bool, code: int) -> None:
    unseen = ("nested stacks, give their templates too: Data",)
    notes = (f"not looked at: {unseen[0]}", "the default of parameter Stage is taken")
    found = gate(CLEAN, terms=terms(fail_item_size=None, strict=strict), templates=("a.yaml",), notes=notes, unseen=unseen)
    assert found.exit_code == code
    assert (f"not looked at: {unseen[0]} (--strict)" in found.reasons) is strict
    assert not any("Stage" in one for one in found.reasons)


def test_a_region_that_could_not_be_read_is_never_fine() -> None:
    scope: dict[str, Any] = {
        "account": "123456789012",
        "name": "",
        "endpoint_url": None,
        "tables": 1,
        "read_units": Decimal(0),
        "api_calls": 1,
    }
    scopes = (
        Scope(key="eu-north-1", region="eu-north-1", **scope),
        Scope(key="us-west-2", region="us-west-2", not_read=Unknown(call="sts:AssumeRole", reason="denied"), **scope),
    )
    found = gate(CLEAN, scopes=scopes)
    assert (found.exit_code, found.reasons) == (4, ("us-west-2: not read: denied",))


def test_an_interrupted_audit_is_never_fine() -> None:
    assert gate(CLEAN, terms=GateTerms(), interrupted=True).reasons == ("the audit was interrupted",)
    assert gate(OVER, interrupted=True).exit_code == 3


@pytest.mark.parametrize(("bar", "code"), [("A+", 3), ("F", 0)])
def test_a_grade_is_held_against_the_bar(bar: str, code: int) -> None:
    report = judged(table_facts(pitr=Pitr(enabled=False)), terms=GateTerms(fail_on=f"grade:{bar}"))
    assert report.gate is not None
    assert (report.gate.exit_code, report.gate.failing) == (code, ())
    if code:
        assert report.gate.reasons == (f"the grade is {report.overall.grade}, and A+ or worse fails",)


def test_no_grade_is_no_pass() -> None:
    every: dict[str, Any] = {
        name: Unknown(call="x:Y", reason="AccessDeniedException") for name in ("pitr", "traffic", "items", "alarms", "tags")
    }
    every |= dict.fromkeys(("on_demand_backups", "recovery_points", "auto_scaling", "operations", "time_to_live"), every["pitr"])
    found = gate(table_facts(**every), terms=GateTerms(fail_on="grade:F"))
    assert (found.exit_code, found.reasons) == (3, ("there is no grade, because too little was seen, and F or worse fails",))


# ------------------------------------------------------------------------------------------------- ignores and baselines


def an_ignore(**fields: Any) -> Config:
    return Config(ignore=(Ignore(**({"check": "item-near-limit", "reason": "an archive"} | fields)),), path="stj-audit.toml")


def test_an_ignored_finding_does_not_fail_and_an_expired_ignore_does_not_help() -> None:
    findings_alone = terms(fail_item_size=None)
    assert gate(HIGH, terms=findings_alone, config=an_ignore()).exit_code == 0
    expired = gate(HIGH, terms=findings_alone, config=an_ignore(expires=date(2026, 11, 1)))
    assert expired.exit_code == 3
    [reason] = expired.reasons
    assert reason.startswith("orders: high, item-near-limit: ")
    assert reason.endswith("; its ignore expired on 2026-11-01: an archive")
    elsewhere = gate(HIGH, terms=findings_alone, config=an_ignore(expires=date(2026, 11, 1), tables=("users",)))
    assert "expired" not in elsewhere.reasons[0]


def test_an_ignore_or_a_baseline_does_not_hide_an_item_above_the_line() -> None:
    assert gate(HIGH, terms=terms(fail_on="never"), config=an_ignore()).exit_code == 3
    known = baseline_from_json(baseline_to_json(judged(HIGH)).encode(), origin="b.json")
    held = gate(HIGH, baseline=known)
    assert (held.exit_code, held.failing, len(held.reasons)) == (3, (), 1)


def test_of_a_baseline_only_what_is_new_or_worse_fails() -> None:
    findings_alone = terms(fail_item_size=None)
    known = baseline_from_json(baseline_to_json(judged(HIGH, terms=findings_alone)).encode(), origin="b.json")
    assert gate(HIGH, terms=findings_alone, baseline=known).exit_code == 0
    worse = gate(table_facts(items=some_items({396 * 1024: 1})), terms=findings_alone, baseline=known)
    assert worse.exit_code == 3
    assert any(reason.endswith("; in the baseline it was high") for reason in worse.reasons)


def test_the_run_file_keeps_it() -> None:
    report = judged(OVER, SAMPLED)
    assert from_json(to_json(report)) == report


def test_reasons_are_in_the_order_of_what_fails() -> None:
    """Renderers take them apart by it."""
    report = judged(HIGH, terms=terms(fail_on="low"))
    assert report.gate is not None
    by_id = {finding.id: finding for finding in report.findings}
    failing = report.gate.reasons[1 : 1 + len(report.gate.failing)]
    assert len(failing) == len(report.gate.failing) > 1
    for id_, reason in zip(report.gate.failing, failing, strict=True):
        assert reason.startswith(f"orders: {by_id[id_].severity}, {by_id[id_].check}: ")


# ---------------------------------------------------------------------------------------------------- how items are read


def test_the_line_of_the_gate_is_counted_segment_by_segment() -> None:
    def lines(line: int | None) -> tuple[tuple[int, ...], int | None]:
        request = Request(aws=AwsOptions(), config=Config(), gate=GateTerms(fail_item_size=line))
        plan = items_plan(request, bundled_sheet("eu-north-1"))
        return plan.lines, plan.none_above

    assert lines(None) == ((LINE, 400 * 1024), None)
    assert lines(LINE) == ((LINE, 400 * 1024), LINE)
    assert lines(1_000) == ((LINE, 400 * 1024, 1_000), 1_000)


# ------------------------------------------------------------------------------------------------------ whatever is read

SIZES = st.dictionaries(st.integers(1, 400 * 1024), st.integers(1, 50), max_size=6)
REPORT = judged(CLEAN)


def codes(items: ItemSizes | Unknown) -> list[int]:
    """The exit code where a sample fails, and where it passes."""
    snapshot = a_snapshot(table_facts(items=items))
    ways = [terms(inconclusive=way, fail_on="never") for way in ("fail", "pass")]
    return [gated(REPORT, snapshot, way).exit_code for way in ways]


@given(SIZES, st.integers(LINE + 1, 400 * 1024), st.booleans())
def test_an_item_above_the_line_always_fails(sizes: dict[int, int], large: int, sampled: bool) -> None:
    """Adding one turns nothing into a pass."""
    build = (lambda histogram: a_sample(histogram, lines=(LINE,))) if sampled else some_items
    assert codes(build(sizes | {large: sizes.get(large, 0) + 1})) == [3, 3]


@given(SIZES, st.integers(1, LINE), st.booleans())
def test_one_more_small_item_changes_nothing(sizes: dict[int, int], small: int, sampled: bool) -> None:
    build = (lambda histogram: a_sample(histogram, lines=(LINE,))) if sampled else some_items
    assert codes(build(sizes | {small: sizes.get(small, 0) + 1})) == codes(build(sizes or {small: 1}))


@settings(max_examples=200)
@given(st.integers(0, 2**64 - 1), st.integers(0, 299))
def test_a_sample_of_a_table_that_has_one_never_passes_whatever_is_drawn(seed: int, place: int) -> None:
    """One item of 307,201 bytes in 5,000, in 300 segments, of which 40 are drawn as the audit draws them, by any seed."""
    segments = [[200] * (5_000 // 300) for _ in range(300)]
    segments[place].append(LINE + 1)
    drawn = random.Random(seed).sample(range(300), 40)
    sizes: dict[int, int] = {}
    for size in (size for segment in drawn for size in segments[segment]):
        sizes[size] = sizes.get(size, 0) + 1
    read = tuple(
        SampledSegment(items=len(segments[one]), bytes=sum(segments[one]), over={LINE: sum(size > LINE for size in segments[one])})
        for one in drawn
    )
    sample = ItemSample(total_segments=300, segments=read, item_count=5_001, size_bytes=1_300_000, stopped_by="budget")
    items = replace(some_items(sizes, coverage="sample"), sample=sample)
    found = of_table(table_facts(a_table(item_count=5_001), items=items), LINE)
    assert codes(items)[0] == (3 if place in drawn else 4)
    assert found.at_most is not None
    assert found.at_most >= 1  # what was not drawn is within the bound
