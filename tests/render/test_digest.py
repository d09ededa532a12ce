"""What pages show that no single field of the Report holds."""

import dataclasses
from decimal import Decimal

import pytest

from stj_audit.render import digest, digest_money, digest_tables, filters
from stj_audit.report import (
    CostLine,
    Finding,
    FlowReport,
    NotChecked,
    OverLine,
    Projection,
    StorageAtScale,
    Suppression,
    TrafficReport,
    Units,
)
from tests.builders import a_line
from tests.sample_report import PASSWORD, SUBSCRIBERS, SYSTEM, sample_report


@pytest.mark.parametrize(
    ("component", "index", "part"),
    [
        ("reads", None, "Reads"),
        ("capacity-reads", None, "Reads"),
        ("writes", None, "Writes"),
        ("replicated-writes", None, "Writes"),
        ("index-reads", "i", "Index reads and writes"),
        ("capacity-writes", "i", "Index reads and writes"),
        ("index-writes", None, "Index reads and writes"),
        ("storage", None, "Storage"),
        ("index-storage", "i", "Storage"),
        ("pitr", None, "Backup"),
        ("backup", None, "Backup"),
        ("streams", None, "Other"),
    ],
)
def test_every_component_has_a_part(component: str, index: str | None, part: str) -> None:
    assert digest_money.part_of(a_line(component, index=index)) == part


def with_lines(*lines: CostLine) -> digest_money.Bill:
    report = sample_report()
    projection = Projection(users=10_000, monthly_usd=Decimal(4), lines=lines)
    costs = dataclasses.replace(report.costs, projections=(projection,))
    [bill] = digest_money.bills(dataclasses.replace(report, costs=costs))
    return bill


def test_a_bill_is_split_into_parts() -> None:
    bill = with_lines(
        a_line("reads", "1.00"), a_line("storage", "2.00"), a_line("index-storage", "1.00", index="i"), a_line("pitr", None)
    )
    assert bill.is_target
    assert [(part.title, part.amount_usd, part.complete, part.share) for part in bill.parts] == [
        ("Reads", Decimal("1.00"), True, 0.25),
        ("Storage", Decimal("3.00"), True, 0.75),
        ("Backup", None, False, 0.0),
    ]


def test_a_part_that_is_known_in_part_is_a_lower_bound() -> None:
    [part] = with_lines(a_line("reads", "1.00"), a_line("reads", None)).parts
    assert (part.amount_usd, part.complete) == (Decimal("1.00"), False)
    assert filters.usd_cell(part.amount_usd, part.complete) == "≥ $1.00"
    assert filters.usd_words(part.amount_usd, part.complete) == "at least $1.00"


@pytest.mark.parametrize(
    ("sure", "at_most", "complete", "coverage", "text", "cell"),
    [
        ("4.34", None, True, 1.0, "$4.34", "$4.34"),
        ("4.34", "147", True, 1.0, "$4.34 to $147", "$4.34 to $147"),
        ("4.34", "4.341", True, 1.0, "$4.34", "$4.34"),
        ("0", "0", True, 1.0, "$0.00", "$0.00"),
        ("0.003", "147", True, 1.0, "less than $0.01 to $147", "< $0.01 to $147"),
        ("0", "0", False, 1.0, "at least $0.00", "≥ $0.00"),
        ("0", "0", True, 0.9, "at least $0.00", "≥ $0.00"),
        ("0.003", "0.003", True, 0.9, "more than $0.00", "≥ $0.00"),
        ("0", "0", False, 0.0, "not known", "not known"),
        ("4.34", "4.34", False, 0.0, "at least $4.34", "≥ $4.34"),
        ("4.34", "147", False, 1.0, "$4.34 to at least $147", "$4.34 to ≥ $147"),
        (None, None, False, 1.0, "not known", "not known"),
    ],
)
def test_what_can_be_saved_is_a_lower_bound_while_something_is_open(
    *, sure: str | None, at_most: str | None, complete: bool, coverage: float, text: str, cell: str
) -> None:
    report = sample_report()
    [cost] = [one for one in report.categories if one.id == "cost-optimization"]
    report = dataclasses.replace(report, categories=(dataclasses.replace(cost, coverage=coverage),))
    projection = Projection(
        users=10_000,
        monthly_usd=Decimal(200),
        lines=(),
        complete=complete,
        avoidable_usd=None if sure is None else Decimal(sure),
        avoidable_at_most_usd=None if at_most is None else Decimal(at_most),
    )
    assert digest_money.avoidable(report, projection) == text
    assert digest_money.avoidable_cell(report, projection) == cell
    assert digest_money.avoidable(report, None) == "not known"
    assert digest_money.avoidable(report, dataclasses.replace(projection, monthly_usd=None)) == "not known"


def test_a_user_costs_at_least_what_is_known() -> None:
    projection = Projection(users=1, monthly_usd=Decimal(1), lines=(), per_user_usd=Decimal("0.00843"))
    part = dataclasses.replace(projection, complete=False)
    assert digest_money.per_user(projection) == "$0.0084"
    assert digest_money.per_user(part) == "at least $0.0084"
    assert digest_money.per_user_cell(part) == "≥ $0.0084"
    assert digest_money.per_user(dataclasses.replace(part, monthly_usd=None)) == "not known"
    report = sample_report()
    costs = dataclasses.replace(report.costs, projections=(projection, part))
    assert [bill.per_user for bill in digest_money.bills(dataclasses.replace(report, costs=costs))] == ["$0.0084", "≥ $0.0084"]


@pytest.mark.parametrize(("each", "text"), [("0E-8", "$0.0000000012"), ("1.23E-9", "$0.0000000012"), ("0.0221", "$0.022")])
def test_a_user_among_very_many_costs_more_than_nothing(each: str, text: str) -> None:
    """Run files of older versions have 0E-8 there."""
    projection = Projection(users=10**9, monthly_usd=Decimal("1.234"), lines=(), per_user_usd=Decimal(each))
    assert digest_money.per_user(projection) == digest_money.per_user_cell(projection) == text
    free = dataclasses.replace(projection, monthly_usd=Decimal(0), per_user_usd=Decimal("0E-8"))
    assert digest_money.per_user(free) == "$0.00"
    assert digest_money.per_user(dataclasses.replace(projection, users=0, per_user_usd=Decimal(0))) == "$0.00"


def test_why_a_grade_is_held() -> None:
    assert digest.held("B+", "only 90% of the checks could be made") == "Held at B+ because only 90% of the checks could be made."
    assert digest.held("?", "too little could be checked: x") == "No grade because too little could be checked: x."


def test_storage_is_totalled_only_over_what_is_known() -> None:
    report = sample_report()
    storage = (
        StorageAtScale(table="a", items=1, table_bytes=1_024, index_bytes=1_024),
        StorageAtScale(table="b", items=None, table_bytes=None, index_bytes=0),
    )
    projections = (
        Projection(users=1, monthly_usd=None, lines=(), storage=storage),
        Projection(users=2, monthly_usd=None, lines=(), storage=()),
    )
    report = dataclasses.replace(report, costs=dataclasses.replace(report.costs, projections=projections))
    assert [(row.table, row.what, row.sizes_bytes) for row in digest_money.storage_rows(report)] == [
        ("a", "items", (1_024, None)),
        ("a", "indexes", (1_024, None)),
        ("b", "items", (None, None)),
        ("b", "indexes", (0, None)),
    ]
    assert digest_money.storage_totals(digest_money.storage_rows(report)) == ("≥ 2.0 KB", "not known")
    assert digest_money.storage_costs(report.costs) == ("not known", "not known")


def test_a_part_of_an_item_is_less_than_one() -> None:
    row = digest_money.StorageRow(table="t", what="items", items=(0, 0, 1, 20, None), sizes_bytes=(305, 0, 1_000, None, 7))
    held = [digest_money.items_held(row, place) for place in range(5)]
    assert held == ["less than 1 item", "0 items", "1 item", "20 items", ""]


def test_storage_of_which_nothing_is_known_takes_no_row() -> None:
    report = sample_report()
    storage = tuple(
        StorageAtScale(table=name, items=items, table_bytes=size, index_bytes=None)
        for name, items, size in ((SUBSCRIBERS, 1, None), (PASSWORD, None, None), (SYSTEM, None, None))
    )
    projection = Projection(users=1, monthly_usd=None, lines=(), storage=storage)
    rows = digest_money.storage_rows(
        dataclasses.replace(report, costs=dataclasses.replace(report.costs, projections=(projection,)))
    )
    # stj_system has no index, so there is nothing unknown about its indexes.
    assert [(row.table, row.what) for row in rows] == [
        (SUBSCRIBERS, "items"),
        (SUBSCRIBERS, "indexes"),
        (PASSWORD, "items"),
        (PASSWORD, "indexes"),
        (SYSTEM, "items"),
    ]
    assert {row.table for row in digest_money.storage_known(rows)} == {SUBSCRIBERS}
    assert digest_money.storage_unknown(rows) == f"{PASSWORD}, {SYSTEM}"


def test_the_first_rung_is_now_where_the_users_are_not_known() -> None:
    assert [digest_money.rung_title(users) for users in (0, 1_000)] == ["Now", "At 1,000 users"]


def test_long_lists_are_cut_and_say_so() -> None:
    assert digest.rest(range(50)) == ""
    assert digest.rest(range(51)) == "and 1 more, see the run file"
    assert len(digest.head(range(51))) == 50
    assert digest.listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_what_was_not_read_is_never_off() -> None:
    report = sample_report()
    subscribers, password, system = report.tables
    assert [digest_tables.ttl(report, table) for table in report.tables] == ["off", "on, by expires_at", "not checked"]
    assert [digest_tables.pitr(table) for table in report.tables] == ["on, 35 days", "off", "not checked"]
    assert [digest_tables.tags(table) for table in report.tables] == ["env=production, owner=growth", "none", "not checked"]
    assert [digest_tables.on_demand_backups(table) for table in report.tables] == [
        "1, newest of 1 September 2026",
        "none",
        "not checked",
    ]
    assert digest_tables.scaling(system.auto_scaling) == "not checked"
    assert digest_tables.scaling(subscribers.auto_scaling) == "none"
    assert (
        digest_tables.scaling(password.auto_scaling)
        == "read: 5 to 40, target 70%; write of customer-device-index: 5 to 10, suspended"
    )
    assert digest_tables.billing(password) == "provisioned: 5 read, 5 write units"
    assert digest_tables.capacity(Units(read_units=None, write_units=3)) == "not stated read, 3 write units"
    assert digest_tables.throttles(password.traffic) == digest_tables.throttles(system.traffic) == "not known"
    assert digest_tables.throttles(subscribers.traffic) == "at least 27"
    assert digest_tables.throttles_cell(subscribers.traffic) == "≥ 27"
    assert [digest_tables.largest_cell(table.items) for table in report.tables] == ["387.0 KB", "≥ 1.8 KB", "not known"]
    assert [digest_tables.p99_cell(table.items) for table in report.tables] == ["294.9 KB", "≈ 1.7 KB", "not known"]
    assert digest_tables.sample_note((subscribers, system)) == ""
    assert password.items is not None
    empty = dataclasses.replace(password, items=dataclasses.replace(password.items, max_bytes=None, p99_bytes=None))
    assert digest_tables.largest_cell(empty.items) == digest_tables.p99_cell(empty.items) == "not known"
    assert digest_tables.sample_note((empty,)) == ""
    assert digest_tables.sample_note((empty, password)).startswith("≈ and ≥")
    one_day = dataclasses.replace(subscribers, backups=dataclasses.replace(subscribers.backups, recovery_period_days=1))
    assert digest_tables.pitr(one_day) == "on, 1 day"
    one_entry = dataclasses.replace(subscribers.indexes[0], entry_count=None, item_count=1, size_bytes=512)
    assert digest_tables.index_size(one_entry) == "1 entry, 512 B"
    assert digest_tables.index_size(dataclasses.replace(one_entry, item_count=None)) == "not known, 512 B"


def test_throttles_count_the_indexes() -> None:
    flow = FlowReport(read_units=None, write_units=None, read_throttles=1, write_throttles=2, throttle_reasons={})
    traffic = TrafficReport(
        window_days=30,
        covered_days=Decimal(30),
        read_units=None,
        write_units=None,
        indexes={"i": flow},
        read_throttles=0,
        write_throttles=4,
        throttle_reasons={},
        calls={},
    )
    assert digest_tables.throttles(traffic) == "7"


def test_oversized_items_of_a_sample_are_a_range() -> None:
    line = OverLine(threshold_bytes=307_200, found=3, low=1_040, high=8_990)
    assert digest_tables.over_line(line, "full") == "3"
    assert digest_tables.over_line(line, "sample") == "3 in the sample: 1,040 to 8,990 in the table"
    unbounded = dataclasses.replace(line, high=None)
    assert digest_tables.over_line(unbounded, "sample") == "3 in the sample: at least so many in the table"


def test_not_checked_is_grouped_by_reason_and_call() -> None:
    rows = digest.unseen(sample_report())
    assert [(row.reason, row.call) for row in rows][:2] == [
        ("AccessDeniedException", "dynamodb:Scan"),
        ("AccessDeniedException", "dynamodb:DescribeContinuousBackups"),
    ]
    assert rows[0].places == (SYSTEM,)
    assert rows[0].checks == ("item-near-limit", "large-attribute")
    cloudwatch = next(row for row in rows if row.call == "cloudwatch:GetMetricData")
    assert cloudwatch.places == (f"{PASSWORD} / email-index", PASSWORD)
    assert rows[-1].places == ("the account",)
    assert digest.permission_missing(sample_report())
    other = NotChecked(check=None, table=None, index=None, call="x", reason="not available here")
    assert not digest.permission_missing(dataclasses.replace(sample_report(), not_checked=(other,)))


def test_rules_are_counted_over_tables() -> None:
    rows = {row.check: row for row in digest.rule_rows(sample_report())}
    low = rows["low-cardinality-key"]
    assert (low.found, low.passed, low.not_applicable, low.not_checked, low.reasons) == (1, 1, 1, 0, ("no index",))
    assert digest.rule_summary(sample_report()) == "12 rules on 3 tables: 8 found, 17 passed, 4 not applicable, 7 not checked"


def test_what_is_suppressed_is_counted_by_what_suppresses_it() -> None:
    report = sample_report()
    by_id = {finding.id: finding for finding in report.findings}
    ignored, known = by_id["f-deletion-protection"], by_id["f-no-tags"]

    def told(*findings: Finding) -> str:
        return digest.set_aside(dataclasses.replace(report, findings=findings), "more is", "more are")

    both = "1 more is suppressed by the configuration, and 1 more is known from the baseline"
    assert digest.set_aside(report, "more is", "more are") == both
    assert told(ignored, ignored) == "2 more are suppressed by the configuration"
    assert told(known, known) == "2 more are known from the baseline"
    assert told(by_id["f-no-alarm"]) == ""
    assert (digest.until(ignored), digest.until(known)) == ("31 March 2027", "it gets worse")
    assert digest.until(dataclasses.replace(ignored, suppressed=Suppression(reason="x", expires=None))) == "for good"


def test_the_baseline_in_a_sentence() -> None:
    report = sample_report()
    baseline = report.baseline
    assert baseline is not None
    assert digest.against_baseline(report) == (
        "Against the baseline of 10 November 2026: 6 new, 1 worse, 1 known, 1 fixed, 1 not looked at. "
        "What is known counts neither in the grade nor as avoidable. Were nothing suppressed, the grade would be C-."
    )
    seen = dataclasses.replace(report, overall_unsuppressed=None, baseline=dataclasses.replace(baseline, not_looked_at=(), known=0))
    assert digest.against_baseline(seen) == "Against the baseline of 10 November 2026: 6 new, 1 worse, 0 known, 1 fixed."
    assert [(row.finding.id, row.state) for row in digest.gone_rows(report)] == [
        ("f-CAP-01", "fixed"),
        ("f-STR-10", "not looked at"),
    ]
    without = dataclasses.replace(report, baseline=None)
    assert (digest.against_baseline(without), digest.gone_rows(without)) == ("", ())


def test_how_a_finding_stands_to_the_baseline() -> None:
    by_id = {finding.id: finding for finding in sample_report().findings}
    assert digest.since_baseline(by_id["f-item-near-limit"]) == "worse: it was high"
    assert digest.since_baseline(by_id["f-pitr-off"]) == "new"
    assert digest.since_baseline(by_id["f-deletion-protection"]) == ""


def test_findings() -> None:
    report = sample_report()
    assert [finding.id for finding in digest.first_findings(report)] == ["f-item-near-limit", "f-projection-unread", "f-pitr-off"]
    assert digest.severity_counts(report.findings) == "1 critical, 2 high, 2 medium, 3 low, 1 info"
    assert digest.severity_counts(()) == "none"
    assert [finding.id for finding in digest.suppressed_findings(report)] == ["f-deletion-protection", "f-no-tags"]
    projection = report.findings[1]
    assert digest.saving(projection, 10_000) == "$18.90 a month at 10,000 users"
    assert digest.saving(projection, 7) == "not priced"
    assert [at.users for at in digest.savings(projection)] == ["100", "1,000", "10,000", "50,000", "100,000"]
    one = dataclasses.replace(projection, saving_usd_month={"1": Decimal("0.002")})
    assert digest.saves(one) == "less than $0.01 at 1 user, a month"
    assert digest.saving_short(one, 1) == "< $0.01"
    bound = dataclasses.replace(one, saving_is_bound=True)
    assert digest.saves(bound) == "up to $0.01 at 1 user, a month"
    assert digest.saving(bound, 1) == "up to $0.01 a month at 1 user"
    assert digest.saving_short(bound, 1) == "up to $0.01"
    assert digest.anchor(projection, report) == "finding-2"
    assert [when for when, _ in digest.action_groups(report)] == ["now", "before 1,000 users", "before 50,000 users"]


def test_grades() -> None:
    report = sample_report()
    assert digest.scale_users(report) == ("100", "1000", "10000", "50000", "100000")
    assert digest.scale_rows(report)[-1].grades == ("B", "B-", "C", "D", "D")
    assert digest.grade_range("A", "C") == "C to A"
    assert digest.grade_range("A", "A") == "A"
    assert [digest.grade_word(grade) for grade in ("A+", "B-", "C", "D", "F", "?", "n/a")] == [
        "excellent",
        "good",
        "needs work",
        "poor",
        "failing",
        "too little was seen",
        "nothing to judge",
    ]
    [category, *_] = report.categories
    assert (digest.range_cell(category), digest.seen_cell(category)) != ("–", "–")
    none = dataclasses.replace(category, grade="n/a", best="A+", worst="A+", coverage=1.0, notes="nothing to judge: no index")
    assert (digest.range_cell(none), digest.seen_cell(none)) == ("–", "–")
    assert digest.grade_tone("?") == digest.grade_tone("n/a") == "mute"


def test_names_at_the_start_of_a_sentence_keep_their_case() -> None:
    assert digest.capital("turn it on") == "Turn it on"
    assert digest.capital("re-create it") == "Re-create it"
    assert digest.capital("now") == "Now"
    assert digest.capital("stj_password: turn it on") == "stj_password: turn it on"
    assert digest.capital("webhook2 is big") == "webhook2 is big"
    assert digest.capital("") == ""


def test_tables_of_the_sample_are_the_three_of_the_assessment() -> None:
    assert [table.name for table in sample_report().tables] == [SUBSCRIBERS, PASSWORD, SYSTEM]
