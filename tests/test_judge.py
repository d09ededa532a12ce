from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.checks import all_checks
from stj_audit.config import Backup, Config, Model, Scale, SizeLines, TableModel
from stj_audit.cost.prices import bundled_sheet
from stj_audit.design import Pattern
from stj_audit.facts import (
    Alarm,
    AlarmMetric,
    Alarms,
    AttributeSizes,
    Flow,
    KeyShape,
    MissingTable,
    OnDemandBackups,
    Pitr,
    ResourcePolicy,
    Table,
    TableFacts,
    Tags,
    Throughput,
    Unknown,
)
from stj_audit.facts import Backup as BackupFact
from stj_audit.judge import Terms, fingerprint, judge
from stj_audit.report import Finding, Report, from_json, to_json
from tests.builders import (
    AUDITED_AT,
    a_flow,
    a_snapshot,
    a_table,
    an_index,
    some_entries,
    some_items,
    some_keys,
    some_traffic,
    table_facts,
)

DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


READ_AT = AUDITED_AT - timedelta(minutes=5)
# What a careful owner declares, and has seen to beside what `table_facts` gives every table
CAREFUL = Config(backup=Backup(retention_days=35, last_restore_test="2026-10-22"))
CARE: dict[str, Any] = {
    "items": some_items(
        attributes=(AttributeSizes(name="id", types=("S",), present=1_000, total_bytes=1_000_000, max_bytes=1_000),),
        keys=(some_keys(1_000),),
        key_shapes=(KeyShape(attribute="id", values=1_000),),
    ),
    "pitr": Pitr(
        enabled=True,
        recovery_period_days=35,
        earliest_restorable_at=READ_AT - timedelta(days=35),
        latest_restorable_at=READ_AT,
    ),
    "on_demand_backups": OnDemandBackups(
        backups=(BackupFact(created_at=READ_AT - timedelta(minutes=1), size_bytes=0, type="USER"),)
    ),
}


def judged(*tables: TableFacts, config: Config | None = None, scale: Scale | None = None, **snapshot: Any) -> Report:
    config = config or Config()
    region = snapshot.get("region", "eu-north-1")
    terms = Terms(
        scale=scale or Scale(users_now=1_000), size_lines=SizeLines(), prices=bundled_sheet(region), config=config, audit_id="a1"
    )
    return judge(a_snapshot(*tables, **snapshot), terms)


def found(report: Report, check: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.check == check]


def unprotected(name: str = "orders", **fields: Any) -> Table:
    return a_table(name=name, deletion_protection=False, **fields)


def test_the_run_file_is_the_report() -> None:
    report = judged(
        table_facts(a_table(indexes=(an_index(),))), table_facts(unprotected("b"), pitr=Pitr(enabled=False), items=DENIED)
    )
    assert from_json(to_json(report)) == report


def test_the_audit_says_what_it_took() -> None:
    audit = judged(table_facts(), read_units=Decimal("1000000.5"), api_calls=7).audit
    assert (audit.read_units, audit.api_calls) == (Decimal("1000000.5"), 7)
    assert audit.cost_usd == Decimal("1000000.5") * Decimal("0.0000001345")


def test_without_prices_the_cost_of_the_audit_is_not_known() -> None:
    report = judged(table_facts(), region="ddblocal")
    assert report.audit.cost_usd is None
    assert report.costs.prices.as_of is None
    assert report.costs.current.monthly_usd is None
    assert any("no prices are known for ddblocal" in line for line in report.trust)


def test_the_age_of_the_prices_is_the_oldest_month_of_those_used() -> None:
    assert judged(table_facts()).costs.prices.as_of == "2025-09"


# ------------------------------------------------------------------------------------------------------------- findings


def test_a_finding_has_the_same_id_in_every_run_and_another_for_another_index() -> None:
    first, second = (judged(table_facts(pitr=Pitr(enabled=False))) for _ in range(2))
    assert found(first, "pitr-off")[0].id == found(second, "pitr-off")[0].id == fingerprint("pitr-off", "orders", None)
    assert fingerprint("unused-index", "orders", "a") != fingerprint("unused-index", "orders", "b")


def test_two_patterns_that_no_key_fits_are_two_findings() -> None:
    lost = tuple(Pattern(name=name, op="Query", key=(name,), calls=1) for name in ("email", "phone"))
    report = judged(
        table_facts(), config=Config(tables={"orders": TableModel(pattern=lost, attributes={"email": 20, "phone": 20})})
    )
    assert len({finding.id for finding in found(report, "pattern-without-index")}) == 2


def test_one_check_has_one_row_for_what_one_call_did_not_tell() -> None:
    indexes = tuple(an_index(f"by-{number}") for number in range(4))
    report = judged(table_facts(a_table(indexes=indexes), traffic=DENIED))
    [row] = [row for row in report.not_checked if row.check == "table-quota-outgrown"]
    assert row.reason == (
        "the peak of 10,000 users in reads of the table is not known; the peak of 10,000 users in writes of the table is not known; "
        "and 8 more of this kind"
    )


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (ResourcePolicy(statements=0, open_to_anyone=False), "none"),
        (ResourcePolicy(statements=2, open_to_anyone=False), "2 statements"),
        (ResourcePolicy(statements=1, open_to_anyone=True), "1 statement, at least one of them for everyone, without a condition"),
        (DENIED, None),
    ],
)
def test_a_resource_policy_is_told_and_not_graded(policy: ResourcePolicy | Unknown, words: str | None) -> None:
    report = judged(table_facts(resource_policy=policy))
    assert report.tables[0].resource_policy == words


def test_limits_are_sorted_by_the_users_at_which_they_bind() -> None:
    warm = Throughput(read_units=12_000, write_units=4_000)
    busy = some_traffic(Flow(read_units=Decimal(0), write_units=Decimal(30 * 86_400)), covered_days=Decimal(30))
    quiet = some_traffic(Flow(read_units=Decimal(30 * 86_400), write_units=Decimal(0)), covered_days=Decimal(30))
    report = judged(
        table_facts(a_table(name="a", warm_throughput=warm), traffic=quiet),
        table_facts(a_table(name="b", warm_throughput=warm), traffic=busy),
    )
    # a unit a second of 1,000 users is at the peak of ten times the mean a hundredth of a unit for each user
    assert [limit.users for limit in report.limits] == sorted(limit.users for limit in report.limits)
    # to the hundred: a day's mean times the days of a month is no whole number
    assert sorted((round(limit.users, -2), limit.table, limit.code, limit.what) for limit in report.limits) == [
        (400_000, "b", "SCL-03", "4,000 warm write units a second"),
        (1_200_000, "a", "SCL-03", "12,000 warm read units a second"),
        (4_000_000, "a", "SCL-04", "the quota of 40,000 read units a second"),
        (4_000_000, "b", "SCL-04", "the quota of 40,000 write units a second"),
    ]


def test_findings_are_sorted_the_worst_first() -> None:
    report = judged(table_facts(unprotected("a")), table_facts(unprotected("b"), pitr=Pitr(enabled=False)))
    ranks = [("info", "low", "medium", "high", "critical").index(finding.severity) for finding in report.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert report.findings[0].check == "pitr-off"


def test_at_most_three_things_come_first_and_none_that_can_wait() -> None:
    tables = [table_facts(unprotected(name), pitr=Pitr(enabled=False), items=some_items({320_000: 5})) for name in ("a", "b")]
    report = judged(*tables)
    by_id = {finding.id: finding for finding in report.findings}
    first = [by_id[one] for one in report.do_first]
    assert 1 <= len(first) <= 3
    assert first[0].check == "pitr-off"
    assert {one.when for one in first} == {"now"}
    assert len({one.check for one in first}) == len(first)


def test_a_table_without_defect_needs_nothing_first() -> None:
    report = judged(healthy(), config=CAREFUL)
    assert report.do_first == ()
    assert [(finding.code, finding.severity) for finding in report.findings] == [
        ("BKP-09", "info")
    ]  # a note, of what a restore leaves out


def healthy(**facts: Any) -> TableFacts:
    """A table in which no check finds anything: watched, protected, small."""
    table = a_table(
        deletion_protection=True,
        on_demand_limit=Throughput(read_units=4_000, write_units=4_000),
        warm_throughput=Throughput(read_units=12_000, write_units=4_000),
    )
    watched = table_facts(table)
    alarms = Alarms(alarms=tuple(_alarm(metric) for metric in ("ReadThrottleEvents", "WriteThrottleEvents")))
    return replace(watched, alarms=alarms, **(CARE | facts))


def _alarm(metric: str) -> Alarm:
    watched = AlarmMetric(
        namespace="AWS/DynamoDB", metric=metric, dimensions={"TableName": "orders"}, statistic="Sum", period_seconds=60
    )
    return Alarm(name=metric, metrics=(watched,), actions_enabled=True, action_count=1, state="OK")


# ------------------------------------------------------------------------------------------------------- what is unknown


def test_what_was_not_looked_at_is_listed_and_not_praised() -> None:
    unknown = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
    report = judged(table_facts(pitr=unknown))
    rows = [row for row in report.not_checked if row.call == unknown.call]
    assert {row.check for row in rows} >= {"pitr-off", "short-recovery-window"}
    assert all(row.reason.endswith("AccessDeniedException") and row.table == "orders" for row in rows)
    assert not any("PITR" in message for point in report.good for message in point.messages)
    assert next(row for row in report.practices if row.practice == "Enable PITR backups").status == "NOT CHECKED"
    assert report.tables[0].backups.pitr is None


def test_a_missing_fact_that_no_check_needs_is_listed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.judge.all_checks", lambda: tuple(one for one in all_checks() if "tags" not in one.needs))
    tags = Unknown(call="dynamodb:ListTagsOfResource", reason="AccessDeniedException")
    rows = [row for row in judged(table_facts(tags=tags)).not_checked if row.call == tags.call]
    assert [(row.check, row.table) for row in rows] == [(None, "orders")]


def test_a_table_that_could_not_be_described_is_listed() -> None:
    missing = MissingTable(name="gone", unknown=Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException"))
    report = judged(healthy(), missing=(missing,))
    assert [(row.table, row.call) for row in report.not_checked] == [("gone", "dynamodb:DescribeTable")]


MISSING = MissingTable(name="gone", unknown=Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException"))


def test_an_audit_that_could_read_no_table_has_no_grade_and_no_praise() -> None:
    report = judged(missing=(MISSING,))
    assert (report.overall.grade, report.overall.coverage) == ("?", 0.0)
    assert {category.grade for category in report.categories} == {"?"}
    assert {one.overall for one in report.grades_by_users.values()} == {"?"}
    assert (report.costs.current.monthly_usd, report.costs.current.complete) == (None, False)
    assert report.good == ()
    assert {row.status for row in report.practices} == {"NOT CHECKED"}
    assert report.verdict.startswith("0 tables and 1 that could not be read in eu-north-1: too little could be checked")
    assert "no changes needed" not in " ".join(rung.status for rung in report.recommendations)


def test_a_table_that_could_not_be_read_lowers_the_coverage_beside_one_that_could() -> None:
    whole, part = judged(healthy(), config=CAREFUL), judged(healthy(), missing=(MISSING,))
    assert (whole.overall.grade, whole.overall.coverage) == ("A+", 1.0)
    assert part.overall.coverage < 0.6
    assert part.overall.grade not in ("A+", "A", "A-")
    assert not part.costs.current.complete
    assert not any(projection.complete for projection in part.costs.projections)
    assert {row.status for row in part.rules if row.table == "gone"} == {"not checked"}


def test_a_feature_that_is_not_audited_is_listed() -> None:
    report = judged(table_facts(a_table(unaudited=("vector indexes",))))
    assert "vector indexes are not audited" in [row.reason for row in report.not_checked]


def test_no_changes_needed_is_said_only_when_everything_was_looked_at() -> None:
    silent = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    seen, unseen = judged(healthy(), config=CAREFUL), judged(healthy(items=DENIED, traffic=silent), config=CAREFUL)
    assert "no changes needed" in seen.recommendations[0].status
    assert seen.verdict == "1 table in eu-north-1: ready for 10,000 users"
    assert "nothing found in what could be checked" in unseen.recommendations[0].status
    assert unseen.verdict.endswith("nothing found in what could be checked")
    assert "too little could be checked for a grade at 10,000 users" in unseen.verdict


@pytest.mark.parametrize("lows", [1, 2])
def test_the_verdict_counts_what_is_open_though_nothing_is_urgent(lows: int) -> None:
    table = healthy(tags=Tags(values={}))
    if lows == 2:
        table = replace(table, table=replace(table.table, on_demand_limit=None))
    seen = judged(table, config=CAREFUL)
    assert [one.severity for one in seen.findings if one.severity != "info"] == ["low"] * lows
    told = "1 low finding" if lows == 1 else "2 low findings"
    assert seen.verdict.endswith(f" in eu-north-1: ready for 10,000 users; {told}")
    silent = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
    unseen = judged(replace(table, traffic=silent), config=CAREFUL)
    assert unseen.verdict.endswith(f"nothing urgent in what could be checked, {told}")


def practice(report: Report, name: str) -> tuple[str, str]:
    [row] = [row for row in report.practices if row.practice == name]
    return row.status, row.notes


def test_practices_are_told_from_the_facts_where_no_check_judges_them() -> None:
    keys_only = judged(table_facts())
    assert practice(keys_only, "Use composite sort keys")[0] == "NOT USED"
    assert practice(keys_only, "Use sparse indexes") == ("N/A", "no table has an index")
    assert practice(keys_only, "Use GSIs for alternate access patterns")[0] == "NOT USED"
    index = an_index("by-phone")
    items = some_items({900: 100}, indexes=(some_entries("by-phone", 49, 40),), keys=(some_keys(100, items=100),))
    composite = judged(table_facts(a_table(key=("id", "at"), indexes=(index,)), items=items))
    assert practice(composite, "Use composite sort keys") == ("GOOD", "in use: orders")
    assert practice(composite, "Use sparse indexes") == ("GOOD", "by-phone of orders holds 49% of the items")
    assert practice(composite, "Use GSIs for alternate access patterns")[0] == "NOT CHECKED"


def test_every_check_is_listed_for_every_table_however_it_ended() -> None:
    report = judged(healthy(items=DENIED), table_facts(a_table(name="b")))
    assert len(report.rules) == 2 * len(all_checks())
    assert {row.status for row in report.rules} == {"found", "passed", "not applicable", "not checked"}


# ---------------------------------------------------------------------------------------------------------------- money


def test_the_bill_is_the_sum_of_its_lines() -> None:
    costs = judged(table_facts(), table_facts(a_table(name="b"))).costs
    assert costs.current.monthly_usd == sum(line.monthly_usd or 0 for line in costs.current.lines)
    assert costs.current.complete
    assert [one.users for one in costs.projections] == [100, 1_000, 10_000, 50_000, 100_000]
    ten_thousand = costs.projections[2]
    assert ten_thousand.monthly_usd is not None
    assert costs.current.monthly_usd is not None
    assert round(ten_thousand.monthly_usd, 4) == round(costs.current.monthly_usd * 10, 4)
    assert ten_thousand.per_user_usd == (ten_thousand.monthly_usd / 10_000).quantize(Decimal("0.00000001"))


def test_without_the_users_of_today_nothing_is_projected_and_it_says_so() -> None:
    report = judged(table_facts(), scale=Scale())
    assert report.audit.users_now is None
    assert all(one.monthly_usd is None for one in report.costs.projections)
    assert any("today's users are not known" in line for line in report.costs.assumptions)
    assert report.costs.current.monthly_usd is not None


def test_the_users_table_says_how_many_users_there_are() -> None:
    config = Config(model=Model(users_table="people"))
    people = table_facts(a_table(name="people"), items=some_items({500: 1_234}))
    report = judged(people, table_facts(), config=config, scale=Scale())
    assert report.audit.users_now == 1_234
    assert any("1,234 (the items of people)" in line for line in report.costs.assumptions)


def test_a_users_table_that_is_not_audited_is_told() -> None:
    report = judged(table_facts(), config=Config(model=Model(users_table="people")), scale=Scale())
    assert report.audit.users_now is None
    assert any("the users table people is not among the tables of this audit" in line for line in report.costs.assumptions)


def test_a_declared_table_that_is_not_audited_is_told() -> None:
    report = judged(table_facts(), config=Config(tables={"order": TableModel(items=5)}))
    assert any(line.endswith("not among the tables of this audit: order") for line in report.costs.assumptions)


def test_a_declared_size_takes_the_place_of_the_measured_one_and_is_labelled() -> None:
    report = judged(table_facts(), config=Config(tables={"orders": TableModel(item_bytes=5_000)}))
    [at] = [one for one in report.costs.projections if one.users == 1_000]
    [storage] = [line for line in at.lines if line.component == "storage"]
    assert storage.basis == "declared"
    assert storage.quantity == (Decimal(1_000 * 5_100) / 2**30).quantize(Decimal("0.000001"))
    [now] = [line for line in report.costs.current.lines if line.component == "storage"]
    assert now.basis == "measured"


def test_provisioned_capacity_does_not_follow_the_users() -> None:
    table = a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=5))
    report = judged(table_facts(table))
    capacity = [line for one in report.costs.projections for line in one.lines if line.component == "capacity-reads"]
    assert {line.quantity for line in capacity} == {Decimal(5 * 730)}
    assert not any(line.per_user for line in capacity)
    assert any("it does not follow the users: orders" in line for line in report.costs.assumptions)


def test_provisioned_capacity_that_serves_less_than_is_priced_is_told() -> None:
    # 5 units serve 432,000 writes a day; 30 days of them are a month of 730 hours
    pattern = Pattern(name="write", op="PutItem", calls=1)
    config = Config(tables={"orders": TableModel(item_bytes=500, pattern=(pattern,))})
    table = table_facts(a_table(billing_mode="PROVISIONED", provisioned=Throughput(read_units=5, write_units=5)))
    told = "the requests to orders are more than that capacity serves at {} users"
    for most, is_told in ((438_000, False), (438_001, True)):
        report = judged(table, config=config, scale=Scale(users=(100, most)))
        assert (told.format(f"{most:,}") in report.costs.assumptions) is is_told


def test_given_users_win_over_the_users_table() -> None:
    config = Config(model=Model(users_table="orders"))
    assert judged(table_facts(), config=config, scale=Scale(users_now=7)).audit.users_now == 7


def test_declared_requests_are_told_as_declared() -> None:
    config = Config(tables={"orders": TableModel(reads_per_user_day=100, writes_per_user_day=10)})
    silent = Unknown(call="cloudwatch:GetMetricData", reason="no data in the last 30 days")
    report = judged(table_facts(traffic=silent), config=config)
    assert {line.basis for line in report.costs.current.lines if line.component in ("reads", "writes")} == {"declared"}
    assert any("orders are declared per user and day" in line for line in report.costs.assumptions)


def test_a_table_that_does_not_grow_keeps_its_storage_at_every_scale() -> None:
    report = judged(table_facts(), config=Config(tables={"orders": TableModel(items=1_000)}))
    assert {one.storage[0].items for one in report.costs.projections} == {1_000}
    grown = judged(table_facts())
    assert [one.storage[0].items for one in grown.costs.projections] == [100, 1_000, 10_000, 50_000, 100_000]


def test_an_unused_index_is_priced_at_every_scale_and_makes_up_the_avoidable_part() -> None:
    index = an_index("idle")
    traffic = some_traffic(indexes={"idle": a_flow(read_units=Decimal(0))})
    report = judged(table_facts(a_table(indexes=(index,)), traffic=traffic))
    [finding] = found(report, "unused-index")
    assert finding.saving_usd_month is not None
    assert list(finding.saving_usd_month) == ["100", "1000", "10000", "50000", "100000"]
    at_target = next(one for one in report.costs.projections if one.users == 10_000)
    of_index = sum(line.monthly_usd or 0 for line in at_target.lines if line.index == "idle")
    assert finding.saving_usd_month["10000"] == round(of_index, 4)
    assert at_target.avoidable_usd == of_index
    assert at_target.monthly_usd is not None
    assert of_index < at_target.monthly_usd


# ------------------------------------------------------------------------------------------------------- grades by users


def test_a_grade_belongs_to_a_user_count() -> None:
    """An index on a status whose busiest value has room for some users and not for many."""
    warm = Throughput(read_units=1_000_000_000, write_units=1_000_000_000)
    index = an_index("by-status", warm_throughput=warm)
    items = some_items(
        {2_000: 10_000},
        keys=(some_keys(None, items=10_000), some_keys(3, index="by-status", items=10_000, top_share="0.7")),
        indexes=(some_entries("by-status", 10_000, 200),),
        key_shapes=tuple(KeyShape(attribute=name, values=10_000) for name in ("id", "status")),
    )
    # Half a unit a second and user on average: ten times that at peak, of which 70 % fall on one value.
    flow = a_flow(read_units=Decimal(30 * 86_400 * 20), write_units=Decimal(1))
    table = a_table(indexes=(index,), warm_throughput=warm)
    report = judged(table_facts(table, items=items, traffic=some_traffic(indexes={"by-status": flow})))
    grades = {users: one.categories["scalability"] for users, one in report.grades_by_users.items()}
    assert list(grades) == ["100", "1000", "10000", "50000", "100000"]
    # One value is full with 21,428 users: far beyond ten times a thousand, twice ten thousand, less than fifty thousand.
    assert list(grades.values()) == ["A+", "A+", "A-", "B-", "B-"]
    [finding] = found(report, "low-cardinality-index-key")
    assert finding.when == "before 21,000 users"


def test_a_target_outside_the_scales_is_graded_and_priced_too() -> None:
    report = judged(table_facts(), scale=Scale(target_users=7_777, users_now=1_000))
    assert report.grades_by_users["7777"].overall == report.overall.grade
    assert [one.users for one in report.costs.projections] == [100, 1_000, 7_777, 10_000, 50_000, 100_000]
    assert not any("not known" in line for line in report.summary.cost_efficiency)


def test_the_summary_and_the_ladder_tell_a_part_of_a_bill_in_one_way() -> None:
    tiny = table_facts(a_table(item_count=2, size_bytes=40), items=some_items({20: 2}), traffic=Unknown(call="c", reason="r"))
    report = judged(tiny)
    at = next(one for one in report.costs.projections if one.users == 10_000)
    assert at.monthly_usd is not None
    assert 0 < at.monthly_usd < Decimal("0.01")
    assert not at.complete
    assert report.summary.cost_efficiency[1] == "At 10,000 users: more than $0.00 a month"
    assert next(one for one in report.recommendations if one.users == 10_000).status.endswith("more than $0.00 a month")
    assert not any("at least less" in line or "or more" in line for line in report.summary.cost_efficiency)


# ------------------------------------------------------------------------------------------------- the ladder, checklist


def test_each_finding_is_on_exactly_one_rung_of_the_ladder() -> None:
    tables = [table_facts(unprotected(name), pitr=Pitr(enabled=False), items=some_items({320_000: 5, 900: 100})) for name in "ab"]
    report = judged(*tables)
    on_rungs = [item.finding for rung in report.recommendations for item in rung.items]
    assert sorted(filter(None, on_rungs)) == sorted(finding.id for finding in report.findings if finding.severity != "info")
    assert [rung.users for rung in report.recommendations] == [1_000, 10_000, 50_000, 100_000]


def test_the_checklist_has_every_finding_undone() -> None:
    report = judged(table_facts(unprotected(), pitr=Pitr(enabled=False)))
    assert {action.finding for action in report.actions} >= {
        finding.id for finding in report.findings if finding.severity != "info"
    }
    assert not any(action.done for action in report.actions)


@pytest.mark.parametrize(
    ("facts", "on"),
    [
        (healthy(), date(2027, 5, 22)),
        (table_facts(unprotected()), date(2027, 2, 22)),
        (table_facts(pitr=Pitr(enabled=False)), date(2026, 12, 22)),
    ],
)
def test_the_next_review_is_the_sooner_the_worse_it_is(facts: TableFacts, on: date) -> None:
    report = judged(facts)
    assert report.next_review.date == on
    assert report.next_review.at_users == 5_000
    [again] = [one for one in report.actions if one.finding is None and one.text.startswith("Audit again")]
    assert again.text == f"Audit again by 22 {on:%B %Y}: item sizes, throttles, cost"
    assert again.when == "before 5,000 users"


def test_past_half_the_target_the_next_review_is_at_the_next_scale() -> None:
    assert judged(healthy(), scale=Scale(users_now=6_000)).next_review.at_users == 10_000
    assert judged(healthy(), scale=Scale(users_now=200_000)).next_review.at_users is None


# ------------------------------------------------------------------------------------------------------------ the tables


def test_a_table_is_told_with_what_was_read_of_its_items() -> None:
    index = an_index("by-status", projection="KEYS_ONLY")
    items = some_items(
        {100: 90, 307_200: 9, 307_201: 1}, indexes=(some_entries("by-status", 50, 40),), keys=(some_keys(100, items=100),)
    )
    [table] = judged(table_facts(a_table(indexes=(index,), item_count=7, size_bytes=7), items=items)).tables
    assert table.item_count == 100
    assert table.size_bytes == 90 * 100 + 9 * 307_200 + 307_201
    assert table.items is not None
    assert (table.items.p50_bytes, table.items.p90_bytes, table.items.p99_bytes) == (100, 100, 307_200)
    assert (table.items.over_warn.found, table.items.over_max.found) == (1, 0)
    assert sum(bar.count for bar in table.items.histogram) == 100
    assert {bar.le_bytes: bar.count for bar in table.items.histogram if bar.count} == {128: 90, 307_200: 9, 409_600: 1}
    [told] = table.indexes
    assert (told.item_count, told.size_bytes, told.entry_mean_bytes) == (50, 2_000, 40.0)


def test_without_items_a_table_is_told_by_describe_table() -> None:
    [table] = judged(table_facts(a_table(item_count=7, size_bytes=70), items=DENIED)).tables
    assert (table.item_count, table.size_bytes, table.items) == (7, 70, None)


@pytest.mark.parametrize(
    ("flow", "usage"),
    [
        (a_flow(read_units=Decimal(0), write_units=Decimal(5)), "never read, 5 written in 30 days"),
        (a_flow(read_units=Decimal(1_000), write_units=None), "1,000 units read, writes not known in 30 days"),
        (Flow(), "reads not known, writes not known in 30 days"),
    ],
)
def test_the_use_of_an_index_is_told_in_words(flow: Flow, usage: str) -> None:
    facts = table_facts(a_table(indexes=(an_index("i"),)), traffic=some_traffic(indexes={"i": flow}))
    assert judged(facts).tables[0].indexes[0].usage == usage


def test_half_a_character_in_a_name_is_no_bug() -> None:
    halves = {fingerprint("pitr-off", name, None) for name in ("a\ud800", "a\udfff", "a?")}
    assert len(halves) == 3
