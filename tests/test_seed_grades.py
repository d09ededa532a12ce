"""
The three tables of the assessment at its own assumptions, read as they are with 100 users, without alarms, deletion protection or a backup
plan: every grade at every user count is the one that the arithmetic gives. The arithmetic is done here a second time, from the findings.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.checks import all_checks
from stj_audit.config import Scale, SizeLines, load_config
from stj_audit.cost.priced_table import PricedTable
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import KINDS, request_units
from stj_audit.explain_grade import explain_grade
from stj_audit.facts import Alarms, AttributeSizes, Flow, OnDemandBackups, TableFacts, Throughput, Unknown
from stj_audit.judge import Terms, judge
from stj_audit.report import CategoryGrade, Report
from stj_audit.results import Category
from tests.builders import a_flow, a_snapshot, a_table, an_index, some_entries, some_items, some_keys, some_traffic, table_facts
from tests.cost.test_model import SCALES, SEED

USERS_NOW = 100
PRICES = bundled_sheet("eu-north-1")
BARE = {
    "alarms": Alarms(alarms=()),
    "on_demand_backups": OnDemandBackups(backups=()),
}
DENIED = Unknown(call="cloudwatch:GetMetricData", reason="not yet")
WARM = Throughput(read_units=12_000, write_units=4_000)  # of a table and an index that are new

POINTS = {"critical": Decimal(45), "high": Decimal(20), "medium": Decimal(8), "low": Decimal(3), "info": Decimal(0)}
CAPS = {"critical": Decimal(59), "high": Decimal(82), "medium": Decimal(92), "low": Decimal(96), "info": Decimal(100)}
BANDS = ("A+ 97", "A 93", "A- 90", "B+ 87", "B 83", "B- 80", "C+ 77", "C 73", "C- 70", "D+ 67", "D 63", "D- 60", "F 0")
SHARES = (Decimal(1), Decimal("0.5"), Decimal("0.25"))
WEIGHTS = (15, 10, 10, 15, 15, 15, 10, 10)


def attribute(name: str, mean_bytes: int, items: int) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=items, total_bytes=mean_bytes * items, max_bytes=mean_bytes)


def as_declared(facts: TableFacts) -> TableFacts:
    """The same, with the traffic of 30 days that the declared patterns make with today's users."""
    bill = PricedTable(facts=facts, config=load_config(SEED), prices=PRICES, users_now=USERS_NOW).at(USERS_NOW)

    def flow(index: str | None) -> Flow:
        reads, writes = (request_units(bill.workload, (index, kind), USERS_NOW) for kind in KINDS)
        return a_flow(read_units=reads, write_units=writes)

    return replace(facts, traffic=some_traffic(flow(None), {index.name: flow(index.name) for index in facts.table.indexes}))


def subscribers() -> TableFacts:
    whole = ("username-index", "email-index", "phone-index")
    board = "subscription-status-username-index"
    table = a_table(
        name="stj_subscribers",
        key=("customer_id",),
        indexes=(
            *(
                an_index(name, (name.removesuffix("-index"),), item_count=100, size_bytes=5_120_000, warm_throughput=WARM)
                for name in whole
            ),
            an_index(
                board,
                ("subscription_status", "username"),
                projection="INCLUDE",
                non_key_attributes=("streak", "avatar"),
                item_count=100,
                size_bytes=40_000,
                warm_throughput=WARM,
            ),
        ),
        item_count=100,
        size_bytes=5_120_000,
        deletion_protection=False,
        warm_throughput=WARM,
    )
    items = some_items(
        {51_200: 100},
        attributes=(
            attribute("customer_id", 30, 100),
            attribute("webhook_data", 30_000, 100),
            attribute("devices", 10_000, 100),
            attribute("commitment_data", 8_000, 100),
            attribute("subscription_status", 30, 100),
            attribute("username", 30, 100),
            attribute("email", 40, 100),
            attribute("phone", 40, 100),
        ),
        indexes=(*(some_entries(name, 100, 51_200) for name in whole), some_entries(board, 100, 400)),
        keys=(
            some_keys(100, items=100, top_share="0.01"),
            *(some_keys(100, index=name, items=100, top_share="0.01") for name in whole),
            some_keys(3, index=board, items=100, top_share="0.7"),
        ),
    )
    return as_declared(table_facts(table, items=items, traffic=DENIED, **BARE))


def password() -> TableFacts:
    table = a_table(
        name="stj_password",
        key=("user_id",),
        indexes=(
            an_index(
                "customer-device-index", ("customer_id", "device_id"), item_count=200, size_bytes=409_600, warm_throughput=WARM
            ),
            an_index("email-index", ("email",), item_count=200, size_bytes=409_600, warm_throughput=WARM),
        ),
        item_count=200,
        size_bytes=409_600,
        deletion_protection=False,
        warm_throughput=WARM,
    )
    names = ("customer-device-index", "email-index")
    items = some_items(
        {2_048: 200},
        attributes=tuple(
            attribute(name, 40, 200)
            for name in (
                "user_id",
                "customer_id",
                "device_id",
                "email",
                "pincode",
                "profileType",
                "deviceName",
                "deviceType",
                "timestamp",
            )
        ),
        indexes=tuple(some_entries(name, 200, 2_048) for name in names),
        keys=(
            some_keys(200, items=200, top_share="0.005"),
            *(some_keys(100, index=name, items=200, top_share="0.01") for name in names),
        ),
    )
    return as_declared(table_facts(table, items=items, traffic=DENIED, **BARE))


def system() -> TableFacts:
    table = a_table(
        name="stj_system", key=("config_key",), item_count=2, size_bytes=10_240, deletion_protection=False, warm_throughput=WARM
    )
    items = some_items(
        {5_120: 2},
        attributes=(attribute("config_key", 30, 2), attribute("config_value", 5_000, 2)),
        keys=(some_keys(2, items=2, top_share="0.5"),),
    )
    return as_declared(table_facts(table, items=items, traffic=DENIED, **BARE))


@pytest.fixture(scope="module")
def reports() -> dict[int, Report]:
    config = load_config(SEED)
    snapshot = a_snapshot(subscribers(), password(), system())
    return {
        users: judge(
            snapshot,
            Terms(
                scale=Scale(target_users=users, users_now=USERS_NOW, users=SCALES),
                size_lines=SizeLines(),
                prices=PRICES,
                config=config,
                audit_id="seed",
            ),
        )
        for users in SCALES
    }


def letter(score: Decimal) -> str:
    return next(name for name, least in (band.split() for band in BANDS) if score >= Decimal(least))


def coverage_cap(report: Report, category: str) -> Decimal:
    weights = {one.code: max(POINTS[one.severity.label], Decimal(1)) for one in all_checks()}
    runs = [run for run in report.rules if run.category == category and run.status != "not applicable"]
    whole = sum((weights[run.code] for run in runs), Decimal(0))
    made = sum((weights[run.code] for run in runs if run.status != "not checked"), Decimal(0))
    if category == Category.COST_OPTIMIZATION.id:
        whole, made = whole + 20, made + 20  # the bill is known
    return Decimal("89.9") if made < whole * Decimal("0.8") else Decimal("96.9") if made < whole else Decimal(100)


def score_of(report: Report, category: str) -> Decimal:
    """What the findings take: the worst of each check and table; a second table half, a third a quarter; and the caps."""
    worst: dict[str, dict[str, str]] = {}
    for finding in report.findings:
        if finding.category == category:
            tables = worst.setdefault(finding.code, {})
            tables[finding.table] = max(tables.get(finding.table, "info"), finding.severity, key=list(POINTS)[::-1].index)
    score, cap = Decimal(100), coverage_cap(report, category)
    for tables in worst.values():
        severities = sorted(tables.values(), key=list(POINTS).index)
        score -= sum((POINTS[one] * share for one, share in zip(severities, SHARES, strict=False)), Decimal(0))
        cap = min(cap, CAPS[severities[0]])
    return max(min(score, cap), Decimal(0))


def cost_score(report: Report) -> Decimal:
    [at] = [one for one in report.costs.projections if one.users == report.audit.target_users]
    assert at.monthly_usd is not None
    assert at.avoidable_usd is not None
    assert at.avoidable_at_most_usd is not None
    floors = ((5, 94), (50, 83), (200, 73))
    floor = next((Decimal(least) for below, least in floors if at.avoidable_usd < below), Decimal(40))
    score = max(100 - 100 * at.avoidable_usd / at.monthly_usd, floor)
    open_cap = Decimal("89.9") if at.avoidable_at_most_usd - at.avoidable_usd >= 5 else Decimal(100)
    return min(score, open_cap, coverage_cap(report, Category.COST_OPTIMIZATION.id))


@pytest.mark.parametrize("users", SCALES)
@pytest.mark.parametrize("category", list(Category), ids=lambda one: one.id)
def test_a_grade_is_what_the_arithmetic_gives_and_the_run_file_explains_it(
    reports: dict[int, Report], category: Category, users: int
) -> None:
    report = reports[users]
    graded = by_id(report)[category.id]
    score = cost_score(report) if category is Category.COST_OPTIMIZATION else score_of(report, category.id)
    assert graded.score == pytest.approx(float(score), abs=0.051)
    assert graded.grade == letter(score)
    assert report.grades_by_users[str(users)].categories[category.id] == graded.grade
    assert f"score {graded.score:g}, grade {graded.grade};" in explain_grade(report, category.id)


@pytest.mark.parametrize("users", SCALES)
def test_the_overall_grade_is_the_weighted_mean_and_its_caps(reports: dict[int, Report], users: int) -> None:
    report = reports[users]
    scores = [Decimal(str(one.score)) for one in report.categories]
    mean = sum(weight * score for weight, score in zip(WEIGHTS, scores, strict=True)) / sum(WEIGHTS)
    cap = Decimal("79.9") if min(scores) < 60 else Decimal("89.9") if min(scores) < 70 else Decimal(100)
    assert report.overall.score == pytest.approx(float(min(mean, cap)), abs=0.1)
    assert report.overall.grade == letter(Decimal(str(report.overall.score)))


def test_more_users_make_no_grade_better(reports: dict[int, Report]) -> None:
    for category in Category:
        scores = [by_id(report)[category.id].score or 0.0 for report in reports.values()]
        assert scores == sorted(scores, reverse=True), category.id


def test_the_cost_grade_falls_with_what_can_be_avoided(reports: dict[int, Report]) -> None:
    letters = [by_id(report)["cost-optimization"].grade for report in reports.values()]
    assert letters[0].startswith("A")  # less than 5 dollars a month, however large the share
    assert letters[2:] == ["F", "F", "F"]


def by_id(report: Report) -> dict[str, CategoryGrade]:
    return {one.id: one for one in report.categories}
