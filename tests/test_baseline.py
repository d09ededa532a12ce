"""Baselines: what is new, worse, known, fixed or not looked at, the file, and what does not count."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from stj_audit import baseline as baselines
from stj_audit.baseline import Baseline, Recorded, check_belongs, from_json, known_ids
from stj_audit.config import Scale, SizeLines, parse_config
from stj_audit.cost.prices import bundled_sheet
from stj_audit.errors import ConfigError
from stj_audit.facts import MissingTable, Pitr, TableFacts, Throughput, Unknown
from stj_audit.judge import Terms, fingerprint, judge
from stj_audit.report import BaselineFinding, Finding, FindingBaseline, Report
from stj_audit.report import from_json as run_from_json
from stj_audit.report import to_json as run_to_json
from stj_audit.results import Severity
from stj_audit.version import __version__
from tests.builders import (
    SEEN,
    WARM,
    a_flow,
    a_snapshot,
    a_table,
    an_index,
    plain_keys,
    some_entries,
    some_items,
    some_keys,
    some_traffic,
    table_facts,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
ACCOUNT, REGION = "123456789012", "eu-north-1"
IGNORE = '[[ignore]]\ncheck = "pitr-off"\nreason = "throw-away data"\n'


def judged(
    *tables: TableFacts, baseline: Baseline | None = None, config: str = "", target: int = 10_000, **snapshot: Any
) -> Report:
    terms = Terms(
        scale=Scale(users_now=1_000, target_users=target),
        size_lines=SizeLines(),
        prices=bundled_sheet(REGION),
        config=parse_config(tomllib.loads(config, parse_float=Decimal), origin="stj-audit.toml"),
        audit_id="a",
        baseline=baseline,
    )
    return judge(a_snapshot(*tables, **({"started_at": NOW, "finished_at": NOW} | snapshot)), terms)


def unsafe(name: str = "orders", **facts: Any) -> TableFacts:
    """A table without PITR, of which everything is known."""
    return table_facts(a_table(name=name, warm_throughput=WARM), **({"pitr": Pitr(enabled=False), "items": SEEN} | facts))


def safe(name: str = "orders") -> TableFacts:
    return table_facts(a_table(name=name))


def written(report: Report) -> Baseline:
    return from_json(baselines.to_json(report), origin="b.json")


def recorded(check: str = "pitr-off", table: str = "orders", index: str | None = None, **fields: Any) -> Recorded:
    defaults: dict[str, Any] = {
        "id": fingerprint(check, table, index),
        "check": check,
        "code": "BKP-01",
        "table": table,
        "index": index,
        "severity": "high",
    }
    return Recorded(**(defaults | fields))


def a_baseline(*findings: Recorded, **fields: Any) -> Baseline:
    defaults: dict[str, Any] = {
        "kind": "stj-audit baseline",
        "schema_version": 1,
        "tool_version": __version__,
        "account": ACCOUNT,
        "region": REGION,
        "date": date(2026, 11, 20),
        "target_users": 10_000,
        "findings": findings,
    }
    return Baseline(**(defaults | fields))


def found(report: Report, check: str = "pitr-off", table: str = "orders") -> Finding:
    [finding] = [one for one in report.findings if (one.check, one.table) == (check, table)]
    return finding


def fixed(report: Report) -> list[tuple[str, str, str]]:
    assert report.baseline is not None
    return [(one.check, one.table, one.reason) for one in report.baseline.fixed]


def not_looked_at(report: Report) -> list[tuple[str, str, str]]:
    assert report.baseline is not None
    return [(one.check, one.table, one.reason) for one in report.baseline.not_looked_at]


# ------------------------------------------------------------------------------------------------------------- matching


def test_a_known_finding_is_listed_and_does_not_count() -> None:
    plain = judged(unsafe())
    report = judged(unsafe(), baseline=a_baseline(recorded()))
    finding = found(report)
    assert finding.suppressed is not None
    assert (finding.suppressed.reason, finding.suppressed.expires, finding.suppressed.by) == (
        "known from the baseline of 2026-11-20",
        None,
        "baseline",
    )
    assert finding.baseline is not None
    assert (finding.baseline.state, finding.baseline.severity) == ("known", "high")
    assert report.overall_unsuppressed == plain.overall
    assert (report.overall.score or 0) > (plain.overall.score or 0)
    assert finding.id in plain.do_first
    assert finding.id not in report.do_first
    assert finding.id not in {action.finding for action in report.actions}
    assert finding.id in {one.id for one in report.findings if one.id in report.tables[0].findings}


def test_the_grade_of_every_user_count_is_without_what_is_known() -> None:
    known = judged(unsafe(), baseline=a_baseline(recorded()))
    assert {at: one.categories for at, one in known.grades_by_users.items()} == {
        at: one.categories for at, one in judged(unsafe(), config=IGNORE).grades_by_users.items()
    }


def test_what_is_not_in_the_baseline_is_new() -> None:
    report = judged(unsafe(), baseline=a_baseline())
    finding = found(report)
    assert (finding.suppressed, finding.baseline) == (None, FindingBaseline(state="new", severity=None))
    assert report.overall == judged(unsafe()).overall
    assert report.overall_unsuppressed is None
    assert report.baseline is not None
    assert (report.baseline.new, report.baseline.worse, report.baseline.known) == (len(report.findings), 0, 0)


@pytest.mark.parametrize(
    ("severity", "state"), [("low", "worse"), ("medium", "worse"), ("high", "known"), ("critical", "known"), ("info", "worse")]
)
def test_what_is_more_severe_than_recorded_is_worse_and_counts(severity: str, state: str) -> None:
    report = judged(unsafe(), baseline=a_baseline(recorded(severity=severity)))
    finding = found(report)
    assert finding.severity == "high"
    assert finding.baseline == FindingBaseline(state=state, severity=severity)
    assert (finding.suppressed is None) is (state == "worse")
    assert report.baseline is not None
    assert (report.baseline.worse, report.baseline.known) == ((1, 0) if state == "worse" else (0, 1))


def test_what_is_better_is_known_and_its_recorded_severity_is_told() -> None:
    suppressed = found(judged(unsafe(), baseline=a_baseline(recorded(severity="critical")))).suppressed
    assert suppressed is not None
    assert suppressed.reason == "known from the baseline of 2026-11-20, where it was critical"


def test_of_one_check_and_table_only_the_known_index_is_suppressed() -> None:
    idle = some_traffic(indexes={name: a_flow(read_units=Decimal(0)) for name in ("a", "b")})
    facts = table_facts(a_table(indexes=(an_index("a"), an_index("b"))), traffic=idle)
    report = judged(facts, baseline=a_baseline(recorded("unused-index", index="a")))
    states = {one.index: one.suppressed is not None for one in report.findings if one.check == "unused-index"}
    assert states == {"a": True, "b": False}
    assert [run.status for run in report.rules if run.check == "unused-index"] == ["found"]
    applied = {one.finding for at in report.costs.projections for one in at.savings}
    assert fingerprint("unused-index", "orders", "a") not in applied


def test_ids_found_or_recorded_twice_are_matched_by_their_worst() -> None:
    twice = a_baseline(recorded(severity="high"), recorded(severity="low"))
    id_ = fingerprint("pitr-off", "orders", None)
    assert known_ids(twice, [(id_, Severity.HIGH)]) == {id_}
    assert known_ids(twice, [(id_, Severity.CRITICAL), (id_, Severity.LOW)]) == frozenset()
    assert known_ids(None, [(id_, Severity.HIGH)]) == frozenset()


def few_statuses() -> TableFacts:
    """A table with a status as index key: a low finding for 10,000 users, and a worse one beyond."""
    warm = Throughput(read_units=1_000_000_000, write_units=1_000_000_000)
    table = a_table(indexes=(an_index("by-status", warm_throughput=warm),), warm_throughput=warm)
    items = some_items(
        {2_000: 10_000},
        key_shapes=plain_keys(table),
        keys=(some_keys(None, items=10_000), some_keys(3, index="by-status", items=10_000, top_share="0.7")),
        indexes=(some_entries("by-status", 10_000, 200),),
    )
    flow = a_flow(read_units=Decimal(30 * 86_400 * 20), write_units=Decimal(1))
    return table_facts(table, items=items, traffic=some_traffic(indexes={"by-status": flow}))


def test_what_is_known_at_the_target_is_known_at_every_user_count() -> None:
    facts = few_statuses()
    first = judged(facts)
    report = judged(facts, baseline=written(first))
    assert len({at.categories["scalability"] for at in first.grades_by_users.values()}) == 3
    assert {at.categories["scalability"] for at in report.grades_by_users.values()} == {"A+"}
    assert report.baseline is not None
    assert (report.baseline.new, report.baseline.worse, report.baseline.known) == (0, 0, len(first.findings))


def test_what_is_worse_at_the_target_counts_at_every_user_count() -> None:
    """Recorded as low for 10,000 users, and held against an audit for 100,000."""
    plain = judged(few_statuses(), target=100_000)
    report = judged(few_statuses(), target=100_000, baseline=written(judged(few_statuses())))
    worse = [one.check for one in report.findings if one.baseline is not None and one.baseline.state == "worse"]
    assert "low-cardinality-index-key" in worse
    assert {users: at.categories["scalability"] for users, at in report.grades_by_users.items()} == {
        users: at.categories["scalability"] for users, at in plain.grades_by_users.items()
    }


def test_an_ignored_finding_stays_ignored_and_is_not_fixed() -> None:
    report = judged(unsafe(), baseline=a_baseline(recorded()), config=IGNORE)
    finding = found(report)
    assert finding.suppressed is not None
    assert (finding.suppressed.by, finding.baseline) == ("ignore", None)
    assert (fixed(report), not_looked_at(report)) == ([], [])
    assert report.baseline is not None
    assert report.baseline.known == 0


# --------------------------------------------------------------------------------------------------- what is not found


def test_what_was_looked_at_and_is_gone_is_fixed() -> None:
    report = judged(safe(), baseline=a_baseline(recorded()))
    assert fixed(report) == [("pitr-off", "orders", "looked at, and not found any more")]
    assert not_looked_at(report) == []


def test_what_does_not_apply_any_more_is_fixed_and_says_why() -> None:
    report = judged(safe(), baseline=a_baseline(recorded("unused-index", index="gone")))
    assert fixed(report) == [("unused-index", "orders", "does not apply any more: no global secondary index")]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (judged(unsafe(pitr=DENIED), baseline=a_baseline(recorded())), "AccessDeniedException"),
        (judged(unsafe("other"), baseline=a_baseline(recorded())), "the table is not among those of this audit"),
        (
            judged(safe("b"), baseline=a_baseline(recorded()), missing=(MissingTable(name="orders", unknown=DENIED),)),
            "AccessDeniedException",
        ),
    ],
)
def test_what_could_not_be_looked_at_is_not_fixed(report: Report, reason: str) -> None:
    assert fixed(report) == []
    assert not_looked_at(report) == [("pitr-off", "orders", reason)]


def test_a_check_that_is_no_more_could_not_look() -> None:
    report = judged(safe(), baseline=a_baseline(recorded("pitr-offf")))
    assert not_looked_at(report) == [("pitr-offf", "orders", "this version has no such check")]
    assert fixed(report) == []


def test_a_check_that_saw_only_a_part_could_not_look_either() -> None:
    """One index is found unused, of the other nothing is known: what was recorded of that one is not fixed."""
    traffic = some_traffic(indexes={"a": a_flow(read_units=Decimal(0)), "b": a_flow(read_units=None)})
    facts = table_facts(a_table(indexes=(an_index("a"), an_index("b"))), traffic=traffic)
    report = judged(facts, baseline=a_baseline(recorded("unused-index", index="b")))
    [run] = [run for run in report.rules if run.check == "unused-index"]
    [row] = [row for row in report.not_checked if row.check == "unused-index"]
    assert run.status == "found"
    assert not_looked_at(report) == [("unused-index", "orders", row.reason)]
    assert fixed(report) == []


# ------------------------------------------------------------------------------------------------------------ the words


def test_the_verdict_does_not_praise_what_is_known() -> None:
    plain = judged(unsafe())
    report = judged(unsafe(), baseline=written(plain))
    known = len(plain.findings)  # notes among them: the same number as in the line about the baseline
    assert any(one.severity == "info" for one in plain.findings)
    assert report.verdict == f"1 table in eu-north-1: nothing new, {known} findings known from the baseline"
    assert all(rung.status.startswith("nothing new to do; ") for rung in report.recommendations)
    assert next(one.status for one in report.practices if one.practice == "Enable PITR backups") == "BAD"


def test_the_verdict_says_when_only_small_things_are_new_and_when_not_all_was_seen() -> None:
    plain = judged(unsafe())
    lows = {one.id for one in plain.findings if one.severity == "low"}
    before = written(plain)
    without_lows = replace(before, findings=tuple(one for one in before.findings if one.id not in lows))
    assert lows
    assert "nothing new is urgent, " in judged(unsafe(), baseline=without_lows).verdict
    denied = Unknown(call="dynamodb:ListTagsOfResource", reason="AccessDeniedException")
    assert "nothing new in what could be checked, " in judged(unsafe(tags=denied), baseline=before).verdict


def test_a_practice_is_told_as_it_is_where_its_finding_is_ignored_too() -> None:
    report = judged(unsafe(), config=IGNORE)
    assert next(one.status for one in report.practices if one.practice == "Enable PITR backups") == "BAD"


@pytest.mark.parametrize(
    ("fields", "account", "line"),
    [
        (
            {"tool_version": "0.0.1"},
            ACCOUNT,
            f"the baseline was written by stj-audit 0.0.1, this is {__version__}: what only this version looks at counts as new",
        ),
        (
            {"target_users": 50_000},
            ACCOUNT,
            "the baseline was written for 50,000 users, this audit is for 10,000: a finding may be new or worse for that alone",
        ),
        ({"account": None}, ACCOUNT, "it is not known whether the baseline is of this account"),
        ({}, None, "it is not known whether the baseline is of this account"),
    ],
)
def test_a_baseline_that_does_not_quite_compare_is_told(fields: dict[str, Any], account: str | None, line: str) -> None:
    assert line in judged(safe(), baseline=a_baseline(**fields), account=account).trust
    assert not any("the baseline" in one for one in judged(safe(), baseline=a_baseline()).trust)


def test_savings_that_are_left_out_are_told() -> None:
    idle = some_traffic(indexes={"a": a_flow(read_units=Decimal(0))})
    facts = table_facts(a_table(indexes=(an_index("a"),)), traffic=idle)
    report = judged(facts, baseline=a_baseline(recorded("unused-index", index="a")))
    assert "what 1 finding that the baseline knows would save is not in the avoidable part of the bill" in report.trust
    assert not any("would save" in line for line in judged(unsafe(), baseline=a_baseline(recorded())).trust)


def test_without_a_baseline_nothing_is_said_of_one() -> None:
    report = judged(unsafe())
    assert report.baseline is None
    assert {one.baseline for one in report.findings} == {None}
    assert not any("baseline" in line for line in report.trust)


def test_the_run_file_holds_it() -> None:
    report = judged(unsafe(), baseline=a_baseline(recorded(), recorded(table="gone")))
    assert run_from_json(run_to_json(report)) == report


# ------------------------------------------------------------------------------------------------------------- the file


def test_the_file_of_a_report() -> None:
    report = judged(unsafe("b"), unsafe("a"))
    text = baselines.to_json(report)
    assert text.endswith("\n")
    file = json.loads(text)
    rows = file.pop("findings")
    assert file == {
        "kind": "stj-audit baseline",
        "schema_version": 1,
        "tool_version": __version__,
        "account": ACCOUNT,
        "region": REGION,
        "date": "2026-11-28",
        "target_users": 10_000,
        "design": False,
    }
    assert {row["id"] for row in rows} == {one.id for one in report.findings}
    assert rows == sorted(rows, key=lambda row: (row["table"], row["index"] or "", row["check"], row["id"]))
    assert [row for row in rows if row["check"] == "pitr-off"] == [
        {
            "id": found(report, table=name).id,
            "check": "pitr-off",
            "code": "BKP-01",
            "table": name,
            "index": None,
            "severity": "high",
        }
        for name in ("a", "b")
    ]


def test_written_and_read_again_all_is_known() -> None:
    first = judged(unsafe(), unsafe("b"))
    again = judged(unsafe(), unsafe("b"), baseline=written(first))
    assert again.baseline is not None
    assert (again.baseline.new, again.baseline.worse, again.baseline.known) == (0, 0, len(first.findings))
    assert baselines.to_json(again) == baselines.to_json(first)


def test_what_is_ignored_is_not_written_and_what_is_known_is_as_it_is_now() -> None:
    ignored = written(judged(unsafe(), config=IGNORE))
    assert "pitr-off" not in {one.check for one in ignored.findings}
    assert ignored.findings
    better = written(judged(unsafe(), baseline=a_baseline(recorded(severity="critical"))))
    assert [one.severity for one in better.findings if one.check == "pitr-off"] == ["high"]


def test_what_was_not_looked_at_is_kept_and_what_is_fixed_is_not() -> None:
    before = a_baseline(recorded(severity="critical"), recorded(table="b"), recorded("unused-index", "b", "gone"))
    after = written(judged(safe("b"), baseline=before))
    assert [one for one in after.findings if one.table == "orders"] == [recorded(severity="critical")]
    assert not {"pitr-off", "unused-index"} & {one.check for one in after.findings if one.table == "b"}


GOOD = baselines.to_json(judged(unsafe()))


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(GOOD) | fields)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "b.json is empty, and no baseline"),
        (" \n", "b.json is empty, and no baseline"),
        ("{", "b.json is not JSON: Input data was truncated"),
        (b"\xff\xfe", "b.json is not JSON: JSON is malformed: invalid character (byte 0)"),
        ("[" * 100_000, "b.json is not JSON: "),
        ("[]", "b.json is not a baseline of stj-audit"),
        ("{}", "b.json is not a baseline of stj-audit"),
        (run_to_json(judged(safe())), "b.json is not a baseline of stj-audit"),
        (changed(schema_version=2), "b.json has schema_version 2, this version reads 1"),
        (changed(schema_version=None), "b.json has schema_version None, this version reads 1"),
        (changed(region=None), "b.json is not a baseline of stj-audit: Expected `str`, got `null` - at `$.region`"),
        (
            changed(findings=[{"id": "x"}]),
            "b.json is not a baseline of stj-audit: Object missing required field `check` - at `$.findings[0]`",
        ),
        (
            changed(findings=[json.loads(GOOD)["findings"][0] | {"severity": "bad"}]),
            "b.json is not a baseline of stj-audit: Invalid enum value 'bad' - at `$.findings[0].severity`",
        ),
    ],
)
def test_each_mistake_is_one_sentence(text: str | bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        from_json(text, origin="b.json")
    assert str(told.value).startswith(sentence)
    assert "\n" not in str(told.value)
    assert told.value.hint
    assert told.value.exit_code == 2


def test_names_that_a_later_version_adds_are_let_through() -> None:
    assert from_json(changed(more=1), origin="b.json") == from_json(GOOD, origin="b.json")


def test_an_empty_list_of_findings_is_a_baseline() -> None:
    assert from_json(changed(findings=[]), origin="b.json").findings == ()


@pytest.mark.parametrize(
    ("account", "region", "sentence"),
    [
        ("999999999999", REGION, f"the baseline is of account {ACCOUNT}, and this audit of account 999999999999"),
        (ACCOUNT, "eu-west-1", f"the baseline is of {REGION}, and this audit of eu-west-1"),
        (None, "eu-west-1", f"the baseline is of {REGION}, and this audit of eu-west-1"),
    ],
)
def test_a_baseline_of_another_account_or_region_is_refused(account: str | None, region: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        check_belongs(a_baseline(), [(account, region)], design=False)
    assert str(told.value) == sentence
    with pytest.raises(ConfigError) as told:
        judged(safe(), baseline=a_baseline(), account=account, region=region)
    assert str(told.value) == sentence


@pytest.mark.parametrize(("theirs", "ours"), [(None, ACCOUNT), (ACCOUNT, None), (None, None), (ACCOUNT, ACCOUNT)])
def test_an_account_that_is_not_known_is_not_compared(theirs: str | None, ours: str | None) -> None:
    check_belongs(a_baseline(account=theirs), [(ours, REGION)], design=False)
    check_belongs(None, [(ours, REGION)], design=False)


@pytest.mark.parametrize("account", [None, ACCOUNT])
def test_a_baseline_of_a_design_is_not_one_of_tables_that_are_deployed(account: str | None) -> None:
    design = written(judged(unsafe(), templates=("template.yaml",), account=None))
    live = written(judged(unsafe(), account=account))
    assert (design.design, live.design) == (True, False)
    with pytest.raises(ConfigError, match=r"^the baseline is of a design, and this audit of tables that are deployed$"):
        judged(safe(), account=account, baseline=design)
    with pytest.raises(ConfigError, match=r"^the baseline is of deployed tables, and this audit of a design$"):
        judged(safe(), account=None, templates=("template.yaml",), baseline=live)
    told = " ".join(judged(safe(), account=None, templates=("template.yaml",), baseline=design).trust)
    assert "whether the baseline is of this account" not in told
    for old in (replace(design, design=None), replace(live, design=None)):  # an earlier version did not say
        judged(safe(), account=account, baseline=old)
        judged(safe(), account=None, templates=("template.yaml",), baseline=old)


def test_it_holds_no_more_than_is_declared() -> None:
    """What a file may hold of a finding: neither message nor evidence, in which numbers of a table stand."""
    assert set(json.loads(GOOD)["findings"][0]) == {"id", "check", "code", "table", "index", "severity"}
    assert {"reason"} == set(BaselineFinding.__dataclass_fields__) - set(Recorded.__dataclass_fields__)
