"""What an audit is held against, and how it comes out: every row of the verdict, the exit codes, and what must hold whatever was read."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
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
    ItemsReading,
    LargestItem,
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
from stj_audit.report import GateReport, ItemsVerdict, Report, from_json, to_json
from stj_audit.scanners import AwsOptions
from tests.builders import a_reading, a_sample, a_snapshot, a_table, some_items, table_facts

LINE = 300 * 1024
KEY_HASH = "0123456789abcdef"
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


def verdict(items: ItemSizes | Unknown, reading: ItemsReading | None = None, line: int = LINE, **table: Any) -> ItemsVerdict:
    return of_table(table_facts(a_table(**table), items=items, items_reading=reading), line)


# ------------------------------------------------------------------------------------------------ the verdict on a table


def test_one_found_is_proof_in_a_whole_table() -> None:
    items = some_items({1_000: 4_999, LINE + 1: 1}, largest=(LargestItem(size_bytes=LINE + 1, key_hash=KEY_HASH),))
    found = verdict(items)
    assert (found.verdict, found.found, found.scanned, found.item_count, found.at_most) == ("over", 1, 5_000, 5_000, 1)
    assert found.sentence == f"1 item above 300.0 KB among 5,000 items; the largest: 307,201 bytes (key hash {KEY_HASH})"
    assert [(one.bytes, one.key_hash) for one in found.largest] == [(LINE + 1, KEY_HASH)]


def test_one_found_is_proof_in_a_sample() -> None:
    found = verdict(a_sample({1_000: 999, LINE + 1: 1}, lines=(LINE,)), item_count=100_000)
    assert (found.verdict, found.found, found.scanned, found.item_count) == ("over", 1, 1_000, 100_000)
    assert found.at_most is not None
    assert found.at_most > 100
    assert found.sentence.startswith("at least 1 item above 300.0 KB among 1,000 items read")


@pytest.mark.parametrize("items", [DENIED, a_sample()], ids=["too few to judge by", "a sample"])
def test_one_found_is_proof_on_a_page_of_a_segment_that_was_cut_short(items: ItemSizes | Unknown) -> None:
    largest = LargestItem(size_bytes=LINE + 1, key_hash=KEY_HASH)
    reading = a_reading(scanned=1_200, large=((LINE + 1, 1),), largest=(largest,), described_again=False)
    found = verdict(items, reading)
    assert (found.verdict, found.found, found.scanned) == ("over", 1, 1_200)
    assert KEY_HASH in found.sentence


def test_the_line_itself_is_not_above_it() -> None:
    assert verdict(some_items({LINE: 3})).verdict == "none"
    assert verdict(some_items({LINE + 1: 1})).verdict == "over"


def test_none_in_a_table_that_was_read_to_its_end() -> None:
    reading = a_reading(scanned=10_000, item_count_after=10_000)
    found = verdict(some_items({100: 10_000}), reading, item_count=10_000, size_bytes=1_000_000)
    assert (found.verdict, found.found, found.at_most, found.item_count) == ("none", 0, 0, 10_000)
    assert found.sentence == (
        "exact: 10,000 of 10,000 items, scanned 14:02-14:03Z; writes during or after the scan are not covered"
    )


def test_the_days_are_told_where_a_reading_went_on_from_an_earlier_one() -> None:
    reading = a_reading(started_at=datetime(2026, 11, 21, 23, 50, tzinfo=UTC))
    assert "scanned 2026-11-21 23:50Z-2026-11-22 14:03Z" in verdict(some_items(), reading).sentence


def test_none_in_an_empty_table() -> None:
    reading = a_reading(scanned=0, item_count_after=0, size_bytes_after=0)
    found = verdict(some_items({}), reading, item_count=0, size_bytes=0)
    assert (found.verdict, found.scanned, found.item_count, found.at_most) == ("none", 0, 0, 0)


def test_none_in_a_sample_bounds_what_may_be_there() -> None:
    """0 of 1,000 out of 10,000: by the hypergeometric distribution at most 28."""
    items = a_sample({1_000: 1_000}, segments=100, total_segments=1_000, item_count=10_000, lines=(LINE,))
    found = verdict(items, item_count=10_000)
    assert (found.verdict, found.found, found.scanned, found.item_count, found.at_most) == ("inconclusive", 0, 1_000, 10_000, 28)
    assert found.sentence == (
        "0 of 1,000 items read are above 300.0 KB; with 95% confidence at most 28 of 10,000; read as far as the scan budget goes"
    )


def test_a_sample_of_collections_bounds_no_number_of_items() -> None:
    found = verdict(a_sample(lines=(LINE,)), key=("id", "part"), item_count=100_000)
    assert (found.verdict, found.at_most) == ("inconclusive", None)
    assert "of the partition key values" in found.sentence


def test_a_sample_says_why_there_is_not_more_of_it() -> None:
    items = a_sample(lines=(LINE,))
    assert items.sample is not None
    throttled = replace(items, sample=replace(items.sample, stopped_by="throttled"))
    found = verdict(throttled, item_count=100_000)
    assert (found.verdict, found.sentence.endswith("read until the table was throttled")) == ("inconclusive", True)
    asked_for = replace(items, sample=replace(items.sample, stopped_by="precision"))
    assert verdict(asked_for, item_count=100_000).sentence.endswith("of 100,000")


def test_a_sample_that_is_not_known_to_be_fair_says_little() -> None:
    found = verdict(some_items(coverage="sample"))
    assert (found.verdict, found.at_most) == ("inconclusive", None)


def test_a_sample_without_an_item_says_nothing() -> None:
    found = verdict(a_sample({}, lines=(LINE,)))
    assert (found.verdict, found.at_most, found.scanned) == ("inconclusive", None, 0)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("AccessDeniedException", "no item was read: AccessDeniedException"),
        ("not read: --scan none", "no item was read: --scan none"),
    ],
)
def test_what_was_not_read_is_told_with_its_reason(reason: str, told: str) -> None:
    found = verdict(Unknown(call="dynamodb:Scan", reason=reason))
    assert (found.verdict, found.sentence, found.scanned, found.at_most) == ("not read", told, 0, None)
    assert found.item_count == 1_000


def test_too_few_to_be_a_sample_are_not_taken_for_one() -> None:
    found = verdict(Unknown(call="dynamodb:Scan", reason="the cap on read units was reached"), a_reading(scanned=40))
    assert (found.verdict, found.scanned) == ("not read", 40)
    assert found.sentence == (
        "too few were read to be a sample: the cap on read units was reached; none of the 40 items that were seen is above 300.0 KB"
    )


def test_a_count_of_0_that_the_items_contradict_is_not_known() -> None:
    assert verdict(DENIED, item_count=0).item_count is None


# ------------------------------------------------------------------------------------------- changed while it was read


@pytest.mark.parametrize(
    ("stated", "after", "changed"),
    [
        ((1_000, 1_000_000), (1_000, 1_000_000), False),
        ((1_000, 1_000_000), (1_050, 1_050_000), False),
        ((1_000, 1_000_000), (1_051, 1_050_000), True),
        ((1_000, 1_000_000), (949, 1_000_000), True),
        ((1_000, 1_000_000), (1_000, 1_060_000), True),  # as many items, and larger ones
        ((800, 800_000), (800, 800_000), False),  # hours old: a table that grows is not held up for it
        ((1_500, 1_500_000), (1_500, 1_500_000), False),
        ((0, 0), (0, 0), False),  # a new table, of which AWS states nothing yet
        ((None, None), (None, None), False),
        ((0, 0), (1_000, 1_000_000), False),  # AWS has counted meanwhile, and counts what was read
        ((0, 0), (1_100, 1_100_000), True),
        ((1_000, 1_000_000), (0, 0), True),
    ],
)
def test_a_table_that_changed_by_more_than_a_twentieth_while_it_was_read_is_not_known(
    stated: tuple[int | None, int | None], after: tuple[int | None, int | None], changed: bool
) -> None:
    reading = a_reading(item_count_after=after[0], size_bytes_after=after[1])
    found = verdict(some_items(), reading, item_count=stated[0], size_bytes=stated[1])
    assert found.verdict == ("inconclusive" if changed else "none")
    if changed:
        assert "0 above 300.0 KB among 1,000 of 1,000 items read, but it changed while it was read" in found.sentence
        assert found.at_most is None


def test_an_empty_table_that_filled_while_it_was_read_is_not_known() -> None:
    reading = a_reading(scanned=0, item_count_after=1, size_bytes_after=100)
    assert verdict(some_items({}), reading, item_count=0, size_bytes=0).verdict == "inconclusive"


def test_a_table_that_could_not_be_described_again_is_not_known() -> None:
    found = verdict(some_items(), a_reading(not_described="gone during the audit", item_count_after=None, size_bytes_after=None))
    assert found.verdict == "inconclusive"
    assert found.sentence.endswith("it could not be described again afterwards: gone during the audit")


def test_a_change_does_not_undo_what_was_found() -> None:
    assert verdict(some_items({LINE + 1: 1}), a_reading(item_count_after=9_000)).verdict == "over"


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


@given(SIZES, st.integers(1, 400 * 1024), st.integers(1, 400 * 1024))
def test_a_higher_line_never_finds_more(sizes: dict[int, int], one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert verdict(some_items(sizes), line=high).found <= verdict(some_items(sizes), line=low).found


@given(SIZES, st.integers(0, 5_000), st.integers(0, 5_000), st.booleans())
def test_only_a_whole_reading_passes(sizes: dict[int, int], before: int, after: int, failed: bool) -> None:
    reading = a_reading(
        scanned=sum(sizes.values()),
        item_count_after=after,
        not_described="ThrottlingException" if failed else "",
        large=tuple(sorted((size, number) for size, number in sizes.items() if size > LINE)),
    )
    found = verdict(some_items(sizes), reading, item_count=before)
    if found.verdict == "none":
        assert not failed
        assert all(size <= LINE for size in sizes)
    assert verdict(a_sample(sizes, lines=(LINE,)), item_count=before).verdict != "none"
    assert verdict(DENIED, replace(reading, described_again=False)).verdict in {"over", "not read"}


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
    found = verdict(items, item_count=5_001)
    assert codes(items)[0] == (3 if place in drawn else 4)
    assert found.at_most is not None
    assert found.at_most >= 1  # what was not drawn is within the bound
