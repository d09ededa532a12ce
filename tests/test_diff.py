"""Two runs compared: what became of findings, grades, limits, the gate and tables, and what makes runs hard to compare."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stj_audit import baseline as baselines
from stj_audit.diff import NOT_COMPARABLE, SAME, Diff, compare
from stj_audit.diff.findings import BETTER, FIXED, NEW, NOT_LOOKED_AT, NOT_SUPPRESSED, NOW_SUPPRESSED, WORSE
from stj_audit.diff.lines import side_of
from stj_audit.errors import ConfigError
from stj_audit.facts import AutoScaling, ScalableTarget, Throughput, TimeToLive, Unknown
from stj_audit.report import ScaleLimit, from_json, to_json
from tests.builders import some_items
from tests.compared_runs import DENIED, NO_PITR, audited, bills, orders
from tests.gated_report import a_gate, passed_gate
from tests.sample_report import SUBSCRIBERS, a_scope, sample_report


def states(diff: Diff) -> dict[str, str]:
    return {one.check: one.state for one in diff.findings}


# ------------------------------------------------------------------------------------------------------------- findings


def test_a_run_does_not_differ_from_itself() -> None:
    report = audited(orders(facts=NO_PITR), orders("users", indexes=["by-status"]))
    diff = compare(report, report)
    assert diff.is_empty
    assert (diff.findings, diff.limits) == ((), ())
    assert diff.unchanged == sum(one.suppressed is None for one in report.findings) > 0
    assert diff.overall.direction == SAME
    assert {one.direction for one in diff.categories} == {SAME}
    assert all(cost.delta_usd == 0 and cost.complete and cost.lines == () for cost in bills(diff))
    assert diff.notes == ("Both files are of the same run",)


def test_what_is_found_now_is_new_and_what_is_gone_after_a_look_is_fixed() -> None:
    bad, good = audited(orders(facts=NO_PITR)), audited(orders(), days=1)
    worse, better = compare(good, bad), compare(bad, good)
    assert states(worse)["pitr-off"] == NEW
    assert states(better)["pitr-off"] == FIXED
    [new] = [one for one in worse.findings if one.check == "pitr-off"]
    [fixed] = [one for one in better.findings if one.check == "pitr-off"]
    assert (new.severity_before, new.severity_after, new.reason) == (None, "high", "")
    assert (fixed.severity_before, fixed.severity_after, fixed.reason) == ("high", None, "looked at, and not found any more")
    assert (new.id, new.table) == (fixed.id, "orders")


def test_what_could_not_be_looked_at_any_more_is_not_fixed() -> None:
    bad, unseen = audited(orders(facts=NO_PITR)), audited(orders(facts={"pitr": DENIED}), days=1)
    diff = compare(bad, unseen)
    [row] = [one for one in diff.findings if one.check == "pitr-off"]
    assert (row.state, row.reason) == (NOT_LOOKED_AT, "AccessDeniedException")
    [back] = [one for one in compare(unseen, bad).findings if one.check == "pitr-off"]
    assert (back.state, back.reason) == (NEW, "not looked at before: AccessDeniedException")


def test_the_findings_of_a_table_that_is_not_in_the_new_run_are_not_fixed() -> None:
    both, one = audited(orders(), orders("users", facts=NO_PITR)), audited(orders(), days=1)
    diff = compare(both, one)
    [row] = [found for found in diff.findings if found.check == "pitr-off"]
    assert (row.state, row.reason) == (NOT_LOOKED_AT, "the table is not among those of this audit")
    assert [(table.table, table.state) for table in diff.tables] == [("users", "removed"), ("orders", "in both")]


def test_a_finding_is_worse_or_better_by_its_severity() -> None:
    old = sample_report()
    first = old.findings[0]
    new = replace(old, findings=(replace(first, severity="low"), *old.findings[1:]))
    assert first.severity == "critical"
    for one, other, state in ((old, new, BETTER), (new, old, WORSE)):
        [row] = compare(one, other).findings
        assert (row.id, row.state) == (first.id, state)
        assert {row.severity_before, row.severity_after} == {"critical", "low"}


IGNORE = '[[ignore]]\ncheck = "pitr-off"\nreason = "throw-away data"\n'


def test_what_is_suppressed_is_told_as_that_and_is_not_fixed() -> None:
    open_, ignored = audited(orders(facts=NO_PITR)), audited(orders(facts=NO_PITR), config=IGNORE, days=1)
    [row] = compare(open_, ignored).findings
    assert (row.check, row.state, row.reason) == ("pitr-off", NOW_SUPPRESSED, "throw-away data")
    [row] = compare(ignored, open_).findings
    assert (row.check, row.state, row.reason) == ("pitr-off", NOT_SUPPRESSED, "")


def test_a_new_finding_that_is_suppressed_at_once_says_both() -> None:
    diff = compare(audited(orders()), audited(orders(facts=NO_PITR), config=IGNORE, days=1))
    [row] = [one for one in diff.findings if one.check == "pitr-off"]
    assert (row.state, row.severity_before, row.reason) == (NOW_SUPPRESSED, None, "not found before; throw-away data")


def test_suppressed_in_both_is_no_change_and_fixed_says_that_it_was_suppressed() -> None:
    ignored = audited(orders(facts=NO_PITR), config=IGNORE)
    assert compare(ignored, replace(ignored, audit=replace(ignored.audit, id="b"))).findings == ()
    [row] = [one for one in compare(ignored, audited(orders(), days=1)).findings if one.check == "pitr-off"]
    assert (row.state, row.reason) == (FIXED, "looked at, and not found any more; it was suppressed")


def test_a_baseline_in_one_run_only_suppresses_and_is_told() -> None:
    plain = audited(orders(facts=NO_PITR))
    known = baselines.from_json(baselines.to_json(plain), origin="b.json")
    diff = compare(plain, audited(orders(facts=NO_PITR), baseline=known, days=1))
    assert {one.state for one in diff.findings} == {NOW_SUPPRESSED}
    assert "Only the new run was held against a baseline, which suppresses what it knows" in diff.notes


def test_findings_are_told_in_order_of_urgency() -> None:
    old = sample_report()
    new = replace(old, findings=(replace(old.findings[3], id="other"), replace(old.findings[1], severity="critical")))
    order = [one.state for one in compare(old, new).findings]
    assert order[:2] == [NEW, WORSE]
    assert set(order[2:]) <= {FIXED, NOT_LOOKED_AT}
    assert order == sorted(order, key=[NEW, WORSE, FIXED, NOT_LOOKED_AT].index)


# --------------------------------------------------------------------------------------------------------------- grades


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [
        ("C", "B+", BETTER),
        ("A+", "A", WORSE),
        ("F", "F", SAME),
        ("?", "A", NOT_COMPARABLE),
        ("A", "?", NOT_COMPARABLE),
        ("n/a", "D", NOT_COMPARABLE),
        ("B", "n/a", NOT_COMPARABLE),
        ("?", "n/a", NOT_COMPARABLE),
    ],
)
def test_a_grade_that_says_nothing_is_neither_better_nor_worse(before: str, after: str, direction: str) -> None:
    report = sample_report()
    old, new = (
        replace(
            report,
            overall=replace(report.overall, grade=grade),
            categories=(replace(report.categories[0], grade=grade), *report.categories[1:]),
            grades_by_users={"100": replace(report.grades_by_users["100"], overall=grade)},
        )
        for grade in (before, after)
    )
    diff = compare(old, new)
    assert [diff.overall.direction, diff.categories[0].direction, diff.grades_by_users[0].overall.direction] == [direction] * 3
    assert {one.direction for one in diff.categories[1:]} == {SAME}
    assert diff.is_empty is (direction == SAME)


def test_grades_are_compared_at_the_user_counts_of_both() -> None:
    report = sample_report()
    fewer = replace(report, grades_by_users={key: at for key, at in report.grades_by_users.items() if key != "100"})
    counts = [at.users for at in compare(report, fewer).grades_by_users]
    assert counts == sorted(map(int, fewer.grades_by_users))
    assert 100 not in counts


# --------------------------------------------------------------------------------------------------- limits and the gate


def a_limit(users: int, check: str = "hot-key-outgrown", table: str = SUBSCRIBERS) -> ScaleLimit:
    return ScaleLimit(users=users, table=table, index=None, check=check, code="SCL-01", what="the 3,000 read units")


@pytest.mark.parametrize(
    ("before", "after", "first", "rows"),
    [
        ((a_limit(100),), (a_limit(200),), BETTER, [(100, 200, BETTER)]),
        ((a_limit(200),), (a_limit(100),), WORSE, [(200, 100, WORSE)]),
        ((a_limit(100),), (a_limit(100),), SAME, []),
        ((a_limit(100),), (), NOT_COMPARABLE, [(100, None, NOT_COMPARABLE)]),
        ((), (a_limit(100),), NOT_COMPARABLE, [(None, 100, NOT_COMPARABLE)]),
        ((a_limit(100), a_limit(300, "other")), (a_limit(300, "other"),), NOT_COMPARABLE, [(100, None, NOT_COMPARABLE)]),
        ((a_limit(100), a_limit(300, "other")), (a_limit(400), a_limit(300, "other")), BETTER, [(100, 400, BETTER)]),
    ],
)
def test_a_limit_that_one_run_does_not_know_is_neither_better_nor_worse(
    before: tuple[ScaleLimit, ...], after: tuple[ScaleLimit, ...], first: str, rows: list[Any]
) -> None:
    report = sample_report()
    diff = compare(replace(report, limits=before), replace(report, limits=after))
    assert diff.first_limit is not None
    assert diff.first_limit.direction == first
    assert [(one.users_before, one.users_after, one.direction) for one in diff.limits] == rows


def test_runs_without_limits_have_no_first_one() -> None:
    report = replace(sample_report(), limits=())
    assert compare(report, report).first_limit is None


def test_the_gate_is_compared_where_a_run_has_one() -> None:
    report = sample_report()
    assert compare(report, report).gate is None
    gate = compare(report, replace(report, gate=a_gate(reasons=("1 finding is high",)))).gate
    assert gate is not None
    assert (gate.verdict_before, gate.verdict_after, gate.direction) == (None, "failed", NOT_COMPARABLE)
    assert gate.reasons == ("1 finding is high",)
    passed, failed = replace(report, gate=passed_gate()), replace(report, gate=a_gate())
    directions = [compare(*two).gate for two in ((passed, failed), (failed, passed), (failed, failed))]
    assert [one.direction for one in directions if one is not None] == [WORSE, BETTER, SAME]
    assert not compare(passed, failed).is_empty
    assert compare(passed, passed).is_empty


# ---------------------------------------------------------------------------------------------------- places and notes


def test_runs_of_another_region_or_account_are_refused() -> None:
    here = sample_report()
    for audit, words in (
        (replace(here.audit, region="us-east-1"), "us-east-1 of 123456789012"),
        (replace(here.audit, account="999999999999"), "eu-north-1 of 999999999999"),
    ):
        with pytest.raises(ConfigError, match=f"the old run is of eu-north-1 of 123456789012, and the new one of {words}: "):
            compare(here, replace(here, audit=audit))


def test_an_account_that_is_not_known_is_compared_and_told() -> None:
    here = sample_report()
    there = replace(here, audit=replace(here.audit, account=None, id="b"))
    assert "It is not known whether both runs are of the same account" in compare(here, there).notes


def test_a_region_of_several_that_could_not_be_read_leaves_its_tables_unknown() -> None:
    report = audited(orders(), orders("users"))
    renamed = tuple(
        replace(table, name=f"{region}/{table.name}")
        for table, region in zip(report.tables, ("eu-north-1", "us-east-1"), strict=True)
    )
    audit = replace(report.audit, region="several", scopes=(a_scope("eu-north-1"), a_scope("us-east-1")))
    old = replace(report, audit=audit, tables=renamed, rules=(), findings=())
    scopes = (a_scope("eu-north-1"), a_scope("us-east-1", not_read="the region is not enabled"))
    new = replace(old, audit=replace(audit, id="b", scopes=scopes), tables=renamed[:1])
    assert [(one.table, one.state) for one in compare(old, new).tables] == [
        (renamed[1].name, "not read"),
        (renamed[0].name, "in both"),
    ]
    assert side_of(new).unread(renamed[1].name)
    with pytest.raises(ConfigError, match="their tables are not the same"):
        compare(old, replace(new, audit=replace(new.audit, scopes=scopes[:1])))


def test_what_makes_two_runs_hard_to_compare_is_told() -> None:
    old = sample_report()
    new = replace(
        old,
        tool=replace(old.tool, version="9", policy_version="other"),
        audit=replace(
            old.audit,
            id="b",
            started_at=old.audit.started_at - timedelta(days=1),
            target_users=50_000,
            users_now=None,
            endpoint_url="http://x",
        ),
        costs=replace(old.costs, projections=old.costs.projections[1:]),
        tables=tuple(replace(table, items=None) for table in old.tables),
    )
    told = compare(old, new).notes
    for start in (
        "The old run was made after the new one",
        "stj-audit: 0.1.0 → 9",
        "How grades are made (policy version): 2026-11 → other",
        "Users now: 112 → not known",
        "Target users: 10,000 → 50,000",
        "Only one of the runs has 100 users",
        "Endpoint: AWS → http://x",
        "The items of 2 tables were not read in the same way",
    ):
        assert any(note.startswith(start) for note in told), (start, told)


def test_a_line_that_is_known_in_another_way_is_told() -> None:
    old = sample_report()
    first, *others = old.costs.current.lines
    lines = (replace(first, basis="declared"), *others)
    new = replace(old, costs=replace(old.costs, current=replace(old.costs.current, lines=lines)))
    [told] = [note for note in compare(old, new).notes if "of the bill now" in note]
    assert told.startswith("1 line of the bill now is measured in one run, and declared or assumed in the other")


def test_run_files_without_what_is_optional_load_and_compare() -> None:
    run = json.loads(to_json(sample_report()))
    for optional in ("gate", "sources", "baseline", "limits", "ignores", "overall_unsuppressed"):
        del run[optional]
    old = from_json(json.dumps(run))
    diff = compare(old, sample_report())
    assert diff.gate is None
    assert diff.findings == ()


def test_items_alone_are_a_change_of_the_table() -> None:
    more = some_items({1_000: 999, 350_000: 1})
    diff = compare(audited(orders()), audited(orders(facts={"items": more}), days=1))
    [table] = diff.tables
    assert (table.largest_bytes_before, table.largest_bytes_after) == (1_000, 350_000)
    assert not table.is_same
    assert table.settings == ()


# ----------------------------------------------------------------------------------------------- settings that are not known


def settings(old: AutoScaling | Unknown, new: AutoScaling | Unknown) -> list[tuple[str, str, str]]:
    """What is told of a provisioned table between two answers about its auto scaling."""
    provisioned: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned": Throughput(read_units=10, write_units=10)}
    runs = [audited(orders(facts={"auto_scaling": one}, **provisioned), days=day) for day, one in enumerate((old, new))]
    [table] = compare(*runs).tables
    return [(one.what, one.before, one.after) for one in table.settings]


def test_auto_scaling_that_could_not_be_read_is_not_told_as_none() -> None:
    target = ScalableTarget(index=None, dimension="read", min_units=1, max_units=9, target_utilization_percent=Decimal(70))
    scaled, fixed = AutoScaling(targets=(target,)), AutoScaling(targets=())
    denied = Unknown(call="application-autoscaling:DescribeScalableTargets", reason="AccessDeniedException")
    words = "1 to 9 units at 70 %"
    assert settings(scaled, denied) == [("auto scaling, read", words, "not known")]
    assert settings(denied, scaled) == [("auto scaling, read", "not known", words)]
    # Nor is the capacity gone that auto scaling moves from now on, or may move
    assert settings(fixed, scaled) == [("auto scaling, read", "none", words)]
    assert settings(scaled, fixed) == [("auto scaling, read", words, "none")]
    assert settings(fixed, denied) == settings(denied, fixed) == settings(denied, denied) == []


def test_a_ttl_attribute_that_could_not_be_read_is_not_told_as_none() -> None:
    on, off = TimeToLive(enabled=True, attribute="expires_at"), TimeToLive(enabled=False)
    denied = Unknown(call="dynamodb:DescribeTimeToLive", reason="AccessDeniedException")

    def told(old: TimeToLive | Unknown, new: TimeToLive | Unknown) -> list[tuple[str, str, str]]:
        runs = [audited(orders(facts={"time_to_live": one}), days=day) for day, one in enumerate((old, new))]
        [table] = compare(*runs).tables
        return [(one.what, one.before, one.after) for one in table.settings]

    assert told(on, denied) == [("TTL attribute", "expires_at", "not known")]
    assert told(on, off) == [("TTL attribute", "expires_at", "none")]
