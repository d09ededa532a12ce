"""
Results to letters: tables of policy, and the few functions that read them.

A category starts at 100 and loses points for each check that found something; the worst severity caps it. What could not be checked neither
gives nor takes points: it widens the range from `worst` to `best` and lowers the coverage, and low coverage caps the grade or takes the
letter away. Cost is graded by the share of the bill that could be avoided. A grade belongs to a user count: judge again for another one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stj_audit.report import CategoryGrade, Overall
from stj_audit.results import Category, Check, Result, Severity, Status
from stj_audit.wording import dollars, percent

POLICY_VERSION = "1"

PENALTIES = {Severity.CRITICAL: 45.0, Severity.HIGH: 20.0, Severity.MEDIUM: 8.0, Severity.LOW: 3.0, Severity.INFO: 0.0}
CAPS = {Severity.CRITICAL: 59.0, Severity.HIGH: 82.0, Severity.MEDIUM: 92.0, Severity.LOW: 96.0, Severity.INFO: 100.0}
REPEAT_FACTORS = (1.0, 0.5, 0.25)  # the same check on a second and a third table; more tables add nothing
CHECK_WEIGHTS = {Severity.CRITICAL: 45.0, Severity.HIGH: 20.0, Severity.MEDIUM: 8.0, Severity.LOW: 3.0, Severity.INFO: 1.0}
BILL_WEIGHT = 20.0  # in the coverage of the cost category, knowing the bill counts as much as a check of high severity

LETTERS = (
    (97.0, "A+"),
    (93.0, "A"),
    (90.0, "A-"),
    (87.0, "B+"),
    (83.0, "B"),
    (80.0, "B-"),
    (77.0, "C+"),
    (73.0, "C"),
    (70.0, "C-"),
    (67.0, "D+"),
    (63.0, "D"),
    (60.0, "D-"),
    (0.0, "F"),
)
GRADES = tuple(letter for _, letter in LETTERS)
"""The best first."""
WEIGHTS = {
    Category.PRIMARY_KEY_DESIGN: 15.0,
    Category.GSI_COVERAGE: 10.0,
    Category.GSI_PROJECTIONS: 10.0,
    Category.TABLE_STRUCTURE: 15.0,
    Category.CAPACITY_PLANNING: 15.0,
    Category.BACKUP_STRATEGY: 15.0,
    Category.COST_OPTIMIZATION: 10.0,
    Category.SCALABILITY: 10.0,
}
OVERALL_CAPS = ((60.0, 79.9, "F"), (70.0, 89.9, "D"))  # a category below the first score caps the overall score at the second
COVERAGE_CAPS = ((0.8, 89.9), (1.0, 96.9))  # below the share of checks made, the score is at most this
NO_LETTER_BELOW_COVERAGE = 0.5
NO_OVERALL_FROM_UNKNOWN_CATEGORIES = 2
# However large the share is, a small avoidable amount (USD a month) does not ruin the cost grade.
COST_FLOORS = ((Decimal(5), 94.0), (Decimal(50), 83.0), (Decimal(200), 73.0))
COST_FLOOR = 40.0
OPEN_SAVING_CAP = 89.9  # while it is open how much can be saved, the cost grade is at most this

UNKNOWN, NOT_APPLICABLE = "?", "n/a"


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """
    The bill at the user count that is graded. `monthly_usd` None: nothing is known of it; `complete`: every line is known.

    `avoidable_usd` could be saved for sure, `at_most_usd` if all that is only bounded could be saved too.
    """

    monthly_usd: Decimal | None
    avoidable_usd: Decimal
    at_most_usd: Decimal
    complete: bool

    @property
    def is_open(self) -> bool:
        """Whether it is open how much can be saved, by more than the smallest cost floor."""
        return self.at_most_usd - self.avoidable_usd >= COST_FLOORS[0][0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Graded:
    """Every category and the overall grade, for one user count."""

    overall: Overall
    categories: tuple[CategoryGrade, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scored:
    """A category before it is put into words. `score` None: no letter, `shown` instead; `best` and `worst` as if all else were known."""

    category: Category
    shown: str
    score: float | None
    best: float
    worst: float
    coverage: float
    notes: str
    held_by: str | None


def letter(score: float) -> str:
    """The letter of a score from 0 to 100."""
    return next(name for least, name in LETTERS if score >= least)


def grade(results: Sequence[Result], money: Money) -> Graded:
    """Grade all results, of one table or of many, for one user count."""
    scored = [_category(category, [one for one in results if one.check.category is category], money) for category in Category]
    return Graded(overall=_overall(scored), categories=tuple(_in_words(one) for one in scored))


def _in_words(scored: _Scored) -> CategoryGrade:
    absent = scored.shown == NOT_APPLICABLE
    return CategoryGrade(
        id=scored.category.id,
        title=scored.category.title,
        grade=scored.shown,
        score=None if scored.score is None else round(scored.score, 1),
        best=NOT_APPLICABLE if absent else letter(scored.best),
        worst=NOT_APPLICABLE if absent else letter(scored.worst if scored.score is None else min(scored.worst, scored.score)),
        coverage=scored.coverage,
        notes=scored.notes,
        held_by=scored.held_by,
    )


# ------------------------------------------------------------------------------------------------------- one category


def _category(category: Category, results: Sequence[Result], money: Money) -> _Scored:
    is_cost = category is Category.COST_OPTIMIZATION
    applicable = [one for one in results if one.status is not Status.NOT_APPLICABLE]
    coverage = _coverage(applicable, money if is_cost else None)
    if coverage is None:
        reason = next((one.reason for one in results if one.reason), "no check looks at it")
        return _Scored(
            category=category,
            shown=NOT_APPLICABLE,
            score=None,
            best=100.0,
            worst=100.0,
            coverage=1.0,
            notes=f"nothing to judge: {reason}",
            held_by=None,
        )
    best, worst = _cost_range(applicable, money) if is_cost else _range(applicable)
    found = [one for one in applicable if one.status is Status.FOUND]
    held_by = _avoidable(money) if is_cost else _worst_finding(found)
    notes = held_by or _passed(applicable)
    if others := len({one.check.code for one in found}) - 1 if held_by and not is_cost else 0:
        notes += f"; {others} more"
    if coverage < NO_LETTER_BELOW_COVERAGE:
        shown, score = UNKNOWN, None
        notes = held_by = _too_little(coverage)
    else:
        open_cap = OPEN_SAVING_CAP if is_cost and money.is_open else 100.0
        score = min(_capped_by_coverage(best, coverage), open_cap)
        shown = letter(score)
        if score < min(best, open_cap):
            held_by = _too_little(coverage)
    return _Scored(
        category=category, shown=shown, score=score, best=best, worst=worst, coverage=coverage, notes=notes, held_by=held_by
    )


def _coverage(applicable: Sequence[Result], money: Money | None) -> float | None:
    """The weighted share of checks that could be made; None when none applies."""
    weights = [(CHECK_WEIGHTS[one.check.severity], one.status is not Status.UNKNOWN) for one in applicable]
    if money is not None:
        weights.append((BILL_WEIGHT, money.complete))
    whole = sum(weight for weight, _ in weights)
    return _as_shown(sum(weight for weight, made in weights if made) / whole) if whole else None


def _as_shown(coverage: float) -> float:
    """Rounded once, where it comes from, so that every text says the same; only all of it is all."""
    return min(round(coverage, 3), 0.999) if coverage < 1.0 else 1.0


def _range(applicable: Sequence[Result]) -> tuple[float, float]:
    """(score if all unknown checks passed, score if all of them failed at their own severity)."""
    found = [(one.check, one.severity) for one in applicable if one.severity is not None]
    unknown = [(one.check, one.check.severity) for one in applicable if one.status is Status.UNKNOWN]
    return _score(found), _score([*found, *unknown])


def _score(failed: Iterable[tuple[Check, Severity]]) -> float:
    by_check: dict[str, list[Severity]] = {}
    for one, severity in failed:
        by_check.setdefault(one.code, []).append(severity)
    score, cap = 100.0, 100.0
    for severities in by_check.values():
        for factor, severity in zip(REPEAT_FACTORS, sorted(severities, reverse=True), strict=False):
            score -= PENALTIES[severity] * factor
        cap = min(cap, CAPS[max(severities)])
    return max(0.0, min(score, cap))


def _cost_range(applicable: Sequence[Result], money: Money) -> tuple[float, float]:
    best, worst = _cost_score(money, money.avoidable_usd), _cost_score(money, money.at_most_usd)
    known = money.complete and all(one.status is not Status.UNKNOWN for one in applicable)
    return best, worst if known else min(worst, COST_FLOOR)


def _cost_score(money: Money, avoidable_usd: Decimal) -> float:
    share = float(avoidable_usd / money.monthly_usd) if money.monthly_usd else 0.0
    floor = next((floor for below, floor in COST_FLOORS if avoidable_usd < below), COST_FLOOR)
    return max(100.0 - 100.0 * share, floor)


def _capped_by_coverage(score: float, coverage: float) -> float:
    return min([score, *(cap for below, cap in COVERAGE_CAPS if coverage < below)])


def _too_little(coverage: float) -> str:
    return f"only {percent(coverage)} of the checks could be made"


def _avoidable(money: Money) -> str | None:
    if not money.at_most_usd or not money.monthly_usd:
        return None
    share, amount = f"{money.avoidable_usd / money.monthly_usd:.0%}", dollars(money.avoidable_usd)
    if money.is_open:
        share = f"{share} to {money.at_most_usd / money.monthly_usd:.0%}"
        amount = f"{amount} to {dollars(money.at_most_usd)}"
        return f"{share} of the bill ({amount} a month) can be avoided, by what the queries need"
    return f"{share} of the bill can be avoided ({amount} a month)" if money.avoidable_usd else None


def _worst_finding(found: Sequence[Result]) -> str | None:
    worst = max(found, key=lambda one: one.severity or Severity.INFO, default=None)
    if worst is None or worst.severity is None:
        return None
    others = len({one.table for one in found if one.check is worst.check}) - 1
    where = worst.table + (f" and {others} more" if others else "")
    return f"{worst.check.title} ({worst.severity.label}): {where}"


def _passed(applicable: Sequence[Result]) -> str:
    unknown = {one.check.code for one in applicable if one.status is Status.UNKNOWN}
    made = {one.check.code for one in applicable} - unknown
    passed = f"{len(made)} {'check' if len(made) == 1 else 'checks'} passed" if made else "no check could be made everywhere"
    return passed + (f", {len(unknown)} could not be made everywhere" if unknown and made else "")


# ------------------------------------------------------------------------------------------------------------ overall


def _overall(scored: Sequence[_Scored]) -> Overall:
    judged = [one for one in scored if one.shown != NOT_APPLICABLE]
    lettered = [one for one in judged if one.score is not None]
    unknown = [one.category.title for one in judged if one.score is None]
    coverage = _as_shown(_mean([(one, one.coverage) for one in judged]))
    best, _ = _capped_by_category(_mean([(one, one.best) for one in judged]), [one.best for one in judged])
    worst, _ = _capped_by_category(_mean([(one, one.worst) for one in judged]), [one.worst for one in judged])
    if not lettered or len(unknown) >= NO_OVERALL_FROM_UNKNOWN_CATEGORIES or coverage < NO_LETTER_BELOW_COVERAGE:
        held_by = f"too little could be checked: {', '.join(unknown) or 'nothing to judge'}"
        return Overall(grade=UNKNOWN, score=None, best=letter(best), worst=letter(worst), coverage=coverage, held_by=held_by)
    mean = _mean([(one, one.score or 0.0) for one in lettered])
    held, cap_letter = _capped_by_category(mean, [one.score or 0.0 for one in lettered])
    score = _capped_by_coverage(held, coverage)
    return Overall(
        grade=letter(score),
        score=round(score, 1),
        best=letter(max(best, score)),
        worst=letter(min(worst, score)),
        coverage=coverage,
        held_by=_held_by(lettered, score=score, held=held, mean=mean, cap_letter=cap_letter, coverage=coverage),
    )


def _held_by(
    lettered: Sequence[_Scored], *, score: float, held: float, mean: float, cap_letter: str | None, coverage: float
) -> str | None:
    """Why the overall grade is not higher: a cap first, else the category that costs the most points; None at the top."""
    if score >= LETTERS[0][0]:
        return None
    if score < held:
        return _too_little(coverage)
    if held < mean and cap_letter is not None:
        names = [one.category.title for one in lettered if one.shown.startswith(cap_letter)]
        return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {cap_letter}; without that it would be {letter(mean)}"
    worst = max(lettered, key=lambda one: WEIGHTS[one.category] * (100.0 - (one.score or 0.0)))
    return f"{worst.category.title} is {worst.shown}" + (f": {worst.held_by}" if worst.held_by else "")


def _mean(scores: Sequence[tuple[_Scored, float]]) -> float:
    whole = sum(WEIGHTS[one.category] for one, _ in scores)
    return sum(WEIGHTS[one.category] * score for one, score in scores) / whole if whole else 0.0


def _capped_by_category(score: float, of_categories: Sequence[float]) -> tuple[float, str | None]:
    lowest = min(of_categories, default=100.0)
    for below, cap, cap_letter in OVERALL_CAPS:
        if lowest < below and score > cap:
            return cap, cap_letter
    return score, None
