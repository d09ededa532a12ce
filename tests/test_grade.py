from collections.abc import Iterator
from decimal import Decimal

import pytest

from stj_audit.checks import all_checks
from stj_audit.facts import Unknown
from stj_audit.grade import LETTERS, WEIGHTS, Money, grade, letter
from stj_audit.report import CategoryGrade, Overall
from stj_audit.results import Category, Check, Problem, Result, Said, Severity, Status

FREE = Money(monthly_usd=Decimal(0), avoidable_usd=Decimal(0), at_most_usd=Decimal(0), complete=True)
CODE_NUMBERS = iter(range(1, 100_000))


def nothing() -> Iterator[Said]:
    yield from ()


def a_check(category: Category, severity: Severity = Severity.MEDIUM, code: str = "") -> Check:
    code = code or f"T-{next(CODE_NUMBERS)}"
    return Check(
        code=code,
        name=code.lower(),
        title=f"title of {code}",
        category=category,
        severity=severity,
        find=nothing,
        needs=(),
        accepts_unknown=frozenset(),
        why="",
        fix="",
    )


def found(category: Category, severity: Severity, *, table: str = "orders", check: Check | None = None) -> Result:
    problem = Problem(message="", fix="", severity=severity)
    return Result(check=check or a_check(category, severity), table=table, status=Status.FOUND, problems=(problem,))


def passed(category: Category, severity: Severity = Severity.MEDIUM) -> Result:
    return Result(check=a_check(category, severity), table="orders", status=Status.PASSED)


def unknown(category: Category, severity: Severity = Severity.MEDIUM) -> Result:
    reason = Unknown(call="x:Y", reason="AccessDeniedException")
    return Result(
        check=a_check(category, severity), table="orders", status=Status.UNKNOWN, unknowns=(reason,), reason=reason.reason
    )


def absent(category: Category) -> Result:
    return Result(check=a_check(category), table="orders", status=Status.NOT_APPLICABLE, reason="no index")


def all_passed() -> list[Result]:
    return [passed(category) for category in Category]


def of(category: Category, *results: Result, money: Money = FREE) -> CategoryGrade:
    return next(one for one in grade(results, money).categories if one.id == category.id)


def overall(*results: Result, money: Money = FREE) -> Overall:
    """Everything else passed."""
    seen = {result.check.category for result in results}
    return grade([*results, *(passed(category) for category in Category if category not in seen)], money).overall


KEY, BACKUP, COST = Category.PRIMARY_KEY_DESIGN, Category.BACKUP_STRATEGY, Category.COST_OPTIMIZATION


@pytest.mark.parametrize(
    ("score", "expected"), [(100, "A+"), (97, "A+"), (96.9, "A"), (90, "A-"), (89.9, "B+"), (60, "D-"), (59.9, "F"), (0, "F")]
)
def test_letters(score: float, expected: str) -> None:
    assert letter(score) == expected


@pytest.mark.parametrize(
    ("least", "at", "below"),
    [
        (97, "A+", "A"),
        (93, "A", "A-"),
        (90, "A-", "B+"),
        (87, "B+", "B"),
        (83, "B", "B-"),
        (80, "B-", "C+"),
        (77, "C+", "C"),
        (73, "C", "C-"),
        (70, "C-", "D+"),
        (67, "D+", "D"),
        (63, "D", "D-"),
        (60, "D-", "F"),
    ],
)
def test_each_letter_begins_where_it_begins(least: int, at: str, below: str) -> None:
    assert (letter(least), letter(least - 0.001)) == (at, below)


def test_letters_descend_and_weights_are_a_hundred() -> None:
    assert [least for least, _ in LETTERS] == sorted((least for least, _ in LETTERS), reverse=True)
    assert sum(WEIGHTS.values()) == 100
    assert set(WEIGHTS) == set(Category)


# ----------------------------------------------------------------------------------------------------------- a category


@pytest.mark.parametrize(
    ("severities", "score"),
    [
        ([], 100),
        ([Severity.INFO], 100),
        ([Severity.LOW], 96),  # 97 by points, 96 by the cap
        ([Severity.MEDIUM], 92),
        ([Severity.HIGH], 80),
        ([Severity.CRITICAL], 55),
        ([Severity.MEDIUM, Severity.MEDIUM], 84),
        ([Severity.HIGH, Severity.MEDIUM, Severity.LOW], 69),
        ([Severity.CRITICAL, Severity.CRITICAL, Severity.CRITICAL], 0),
    ],
)
def test_points_are_taken_for_each_check_and_the_worst_caps(severities: list[Severity], score: float) -> None:
    assert of(KEY, passed(KEY), *(found(KEY, severity) for severity in severities)).score == score


def test_the_same_check_on_more_tables_counts_half_a_quarter_and_no_more() -> None:
    check = a_check(KEY, Severity.HIGH)
    tables = [found(KEY, Severity.HIGH, table=f"t{number}", check=check) for number in range(10)]
    assert of(KEY, *tables[:2]).score == 70
    assert of(KEY, *tables[:3]).score == 65
    assert of(KEY, *tables).score == 65


def test_the_worst_table_counts_whole_in_whatever_order() -> None:
    check = a_check(KEY, Severity.HIGH)
    low, high = (found(KEY, severity, table=severity.label, check=check) for severity in (Severity.LOW, Severity.HIGH))
    assert of(KEY, low, high).score == of(KEY, high, low).score == 78.5


@pytest.mark.parametrize(
    ("severity", "weight"),
    [(Severity.CRITICAL, 45), (Severity.HIGH, 20), (Severity.MEDIUM, 8), (Severity.LOW, 3), (Severity.INFO, 1)],
)
def test_a_check_weighs_in_the_coverage_what_it_could_take(severity: Severity, weight: int) -> None:
    graded = of(KEY, passed(KEY, severity), unknown(KEY, Severity.MEDIUM))
    assert graded.coverage == pytest.approx(weight / (weight + 8), abs=0.0005)


def test_the_bill_weighs_as_a_check_of_high_severity() -> None:
    unseen = Money(monthly_usd=None, avoidable_usd=Decimal(0), at_most_usd=Decimal(0), complete=False)
    assert of(COST, passed(COST, Severity.LOW), money=unseen).coverage == pytest.approx(3 / 23, abs=0.0005)


def test_the_share_of_checks_made_caps_the_score() -> None:
    def with_missing(made: int) -> float | None:
        return of(KEY, *(passed(KEY) for _ in range(made)), unknown(KEY)).score

    assert (with_missing(3), with_missing(4), with_missing(9)) == (89.9, 96.9, 96.9)


@pytest.mark.parametrize(
    ("made", "missing", "notes"),
    [
        (1, 0, "1 check passed"),
        (2, 0, "2 checks passed"),
        (2, 1, "2 checks passed, 1 could not be made everywhere"),
    ],
)
def test_the_note_of_what_passed(made: int, missing: int, notes: str) -> None:
    assert of(KEY, *(passed(KEY) for _ in range(made)), *(unknown(KEY) for _ in range(missing))).notes == notes


def test_a_check_that_was_not_made_on_every_table_did_not_pass() -> None:
    check = a_check(KEY)
    made = Result(check=check, table="a", status=Status.PASSED)
    missing = Result(check=check, table="b", status=Status.UNKNOWN)
    assert of(KEY, made, missing).notes == "no check could be made everywhere"


def test_several_problems_of_one_check_in_one_table_count_once() -> None:
    problems = tuple(Problem(message="", fix="", index=str(number)) for number in range(10))
    result = Result(check=a_check(KEY, Severity.MEDIUM), table="orders", status=Status.FOUND, problems=problems)
    assert of(KEY, result).score == 92


def test_what_does_not_apply_takes_no_part() -> None:
    assert of(KEY, absent(KEY), passed(KEY)).grade == "A+"
    graded = of(KEY, absent(KEY))
    assert (graded.grade, graded.score, graded.notes) == ("n/a", None, "nothing to judge: no index")


def test_unknown_gives_no_points_and_takes_none_but_widens_the_range() -> None:
    graded = of(KEY, *(passed(KEY) for _ in range(9)), unknown(KEY, Severity.HIGH))
    assert graded.coverage == pytest.approx(72 / 92, abs=0.001)
    assert (graded.best, graded.worst) == ("A+", "B-")


@pytest.mark.parametrize(
    ("made", "missing", "expected"), [(10, 0, "A+"), (9, 1, "A"), (8, 2, "A"), (7, 3, "B+"), (5, 5, "B+"), (4, 6, "?"), (0, 3, "?")]
)
def test_low_coverage_caps_the_grade_and_then_takes_the_letter(made: int, missing: int, expected: str) -> None:
    graded = of(KEY, *(passed(KEY) for _ in range(made)), *(unknown(KEY) for _ in range(missing)))
    assert graded.grade == expected
    assert (graded.score is None) == (expected == "?")
    if missing:
        assert "of the checks could be made" in (graded.held_by or "")


def test_a_bad_grade_is_not_made_better_by_low_coverage() -> None:
    assert of(KEY, found(KEY, Severity.CRITICAL), passed(KEY), unknown(KEY)).grade == "F"


def test_held_by_names_the_worst_finding_and_where() -> None:
    check = a_check(BACKUP, Severity.HIGH, code="T-PITR")
    graded = of(BACKUP, found(BACKUP, Severity.LOW), *(found(BACKUP, Severity.HIGH, table=t, check=check) for t in ("a", "b")))
    assert graded.held_by == "title of T-PITR (high): a and 1 more"
    assert graded.notes == "title of T-PITR (high): a and 1 more; 1 more"


# ----------------------------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize(
    ("monthly", "avoidable", "score"),
    [
        ("1000", "0", 100),
        ("1000", "100", 90),
        ("1000", "500", 50),
        ("1000", "990", 40),
        ("5", "4.99", 94),  # below 5 dollars no more than an A
        ("5", "5", 83),
        ("50", "49.99", 83),
        ("60", "50", 73),
        ("60", "49.99", 83),
        ("200", "199.99", 73),
        ("200", "199", 73),
        ("210", "200", 40),
        ("0", "0", 100),
    ],
)
def test_cost_is_graded_by_the_avoidable_share_with_a_floor_for_small_amounts(monthly: str, avoidable: str, score: float) -> None:
    money = Money(monthly_usd=Decimal(monthly), avoidable_usd=Decimal(avoidable), at_most_usd=Decimal(avoidable), complete=True)
    graded = of(COST, passed(COST), money=money)
    assert graded.score == score


def test_the_note_says_what_could_be_avoided() -> None:
    money = Money(monthly_usd=Decimal(400), avoidable_usd=Decimal(394), at_most_usd=Decimal(394), complete=True)
    assert of(COST, money=money).notes == "98% of the bill can be avoided ($394 a month)"


def test_a_saving_that_is_only_bounded_widens_the_range_and_forbids_the_best_letter() -> None:
    money = Money(monthly_usd=Decimal(400), avoidable_usd=Decimal(4), at_most_usd=Decimal(280), complete=True)
    graded = of(COST, *(passed(COST, Severity.HIGH) for _ in range(3)), money=money)
    assert (graded.best, graded.worst, graded.grade, graded.score) == ("A+", "F", "B+", 89.9)
    assert graded.notes == "1% to 70% of the bill ($4.00 to $280 a month) can be avoided, by what the queries need"
    assert graded.held_by == graded.notes
    assert graded.coverage == 1


@pytest.mark.parametrize(("at_most", "expected"), [("4.99", "A+"), ("5", "B+")])
def test_a_bounded_saving_of_small_change_leaves_the_grade_alone(at_most: str, expected: str) -> None:
    money = Money(monthly_usd=Decimal(10), avoidable_usd=Decimal(0), at_most_usd=Decimal(at_most), complete=True)
    assert of(COST, money=money).grade == expected


def test_a_bill_that_is_not_known_takes_the_letter_of_cost() -> None:
    money = Money(monthly_usd=None, avoidable_usd=Decimal(0), at_most_usd=Decimal(0), complete=False)
    graded = of(COST, passed(COST, Severity.LOW), money=money)
    assert graded.grade == "?"
    assert (graded.best, graded.worst) == ("A+", "F")


# -------------------------------------------------------------------------------------------------------------- overall


def test_all_passed_is_an_a_plus_and_nothing_holds_it() -> None:
    assert overall() == Overall(grade="A+", score=100.0, best="A+", worst="A+", coverage=1.0, held_by=None)


def test_the_overall_score_is_the_weighted_mean() -> None:
    assert overall(found(KEY, Severity.HIGH)).score == 100 - 0.15 * 20
    assert (
        overall(
            found(COST, Severity.HIGH),
            money=Money(monthly_usd=Decimal(1000), avoidable_usd=Decimal(200), at_most_usd=Decimal(200), complete=True),
        ).score
        == 98
    )


def test_a_category_that_does_not_apply_leaves_its_weight_to_the_others() -> None:
    results = [*(passed(one) for one in Category if one not in (KEY, BACKUP)), found(KEY, Severity.HIGH), absent(BACKUP)]
    assert grade(results, FREE).overall.score == round(100 - 20 * 15 / 85, 1)


@pytest.mark.parametrize(
    ("severities", "score", "held_by"),
    [
        ([Severity.CRITICAL], 79.9, "Backup Strategy is F; without that it would be A"),
        ([Severity.HIGH, Severity.MEDIUM, Severity.MEDIUM], 89.9, "Backup Strategy is D; without that it would be A"),
        ([Severity.HIGH], 97.0, None),
        ([Severity.HIGH, Severity.LOW], 96.5, "Backup Strategy is C+: title of X (high): orders"),
    ],
)
def test_a_bad_category_caps_the_overall_grade(severities: list[Severity], score: float, held_by: str | None) -> None:
    results = [found(BACKUP, one, check=a_check(BACKUP, one, code="X" if one is Severity.HIGH else "")) for one in severities]
    graded = overall(*results)
    assert graded.score == pytest.approx(score, abs=0.06)
    assert graded.held_by == held_by


def test_the_caps_begin_below_60_and_below_70() -> None:
    def of_backup(*severities: Severity) -> float | None:
        return overall(*(found(BACKUP, one) for one in severities)).score

    twice = a_check(BACKUP, Severity.HIGH)
    at_70 = overall(*(found(BACKUP, Severity.HIGH, table=table, check=twice) for table in "ab"))
    assert at_70.score == 95.5  # 70 in a category of weight 15, and no cap
    assert of_backup(Severity.HIGH, Severity.HIGH) == 89.9  # 60
    assert of_backup(Severity.HIGH, Severity.HIGH, Severity.LOW) == 79.9  # 57


def test_two_unknown_categories_leave_no_overall_letter() -> None:
    one = overall(unknown(KEY, Severity.HIGH), unknown(BACKUP, Severity.HIGH))
    assert (one.grade, one.score) == ("?", None)
    assert one.held_by == "too little could be checked: Primary Key Design, Backup Strategy"
    assert (one.best, one.worst) == ("A+", "A")


def test_one_unknown_category_lowers_the_coverage_only() -> None:
    one = overall(unknown(KEY))
    assert one.coverage == 0.85
    assert one.grade == "A"
    assert one.held_by == "only 85% of the checks could be made"


def test_nothing_at_all_is_no_grade() -> None:
    nothing_known = Money(monthly_usd=None, avoidable_usd=Decimal(0), at_most_usd=Decimal(0), complete=False)
    assert grade([], nothing_known).overall.grade == "?"


def test_the_worst_end_of_the_range_falls_under_the_same_caps() -> None:
    assert overall(*(passed(BACKUP) for _ in range(20)), unknown(BACKUP, Severity.CRITICAL)).worst == "C+"


def test_every_real_check_belongs_to_a_category_that_is_weighted() -> None:
    assert {check.category for check in all_checks()} == set(WEIGHTS)
