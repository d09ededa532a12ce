"""The arithmetic of a grade, line by line, from a saved run: for whoever doubts a letter."""

from collections.abc import Mapping, Sequence

from stj_audit import grade
from stj_audit.checks import all_checks
from stj_audit.errors import ConfigError
from stj_audit.report import Projection, Report, RuleRun
from stj_audit.results import Category, Check, Severity, Status
from stj_audit.wording import count, dollars


def explain_grade(report: Report, category: str) -> str:
    """
    The arithmetic of one category's grade in a saved run, line by line, for the user count that it is for.

    `category` is its id or its title, in any case. Raises ConfigError for one that there is not, and for a run of another grading policy,
    whose arithmetic was another one.
    """
    graded = next((one for one in report.categories if category.lower() in (one.id, one.title.lower())), None)
    if graded is None:
        raise ConfigError(f"there is no category {category!r}", hint=f"use one of {', '.join(one.id for one in report.categories)}")
    if report.tool.policy_version != grade.POLICY_VERSION:
        raise ConfigError(
            f"the run was graded by policy {report.tool.policy_version}, and this version has policy {grade.POLICY_VERSION}",
            hint="use the stj-audit that wrote it",
        )
    by_code = {one.code: one for one in all_checks()}
    runs = [run for run in report.rules if run.category == graded.id]
    target = next((one for one in report.costs.projections if one.users == report.audit.target_users), None)
    is_cost = graded.id == Category.COST_OPTIMIZATION.id
    found = [] if is_cost else _failed(report, graded.id, by_code)
    lines = [f"{graded.title}: {graded.grade} at {count(report.audit.target_users)} users (grading policy {grade.POLICY_VERSION})"]
    lines += _of_money(target) if is_cost else _of_findings(found)
    lines += _of_coverage(runs, by_code, target if is_cost else None, is_cost=is_cost)
    score = "none" if graded.score is None else f"{graded.score:g}"
    lines.append(f"score {score}, grade {graded.grade}; between {graded.worst} and {graded.best}")
    return "\n".join(lines)


def _failed(report: Report, category: str, by_code: Mapping[str, Check]) -> list[tuple[Check, Severity, str]]:
    """The worst finding of each check and table, that is not suppressed."""
    worst: dict[tuple[str, str], Severity] = {}
    for finding in report.findings:
        if finding.category == category and finding.suppressed is None and finding.code in by_code:
            key = (finding.code, finding.table)
            worst[key] = max(worst.get(key, Severity.INFO), Severity[finding.severity.upper()])
    return [(by_code[code], severity, table) for (code, table), severity in worst.items()]


def _of_findings(found: Sequence[tuple[Check, Severity, str]]) -> list[str]:
    lines, score, cap = ["100    to begin with"], 100.0, 100.0
    for code in sorted({one.code for one, _, _ in found}):
        of = sorted(
            ((severity, one, table) for one, severity, table in found if one.code == code), key=lambda row: (-row[0], row[2])
        )
        for place, (severity, one, table) in enumerate(of):
            factor = grade.REPEAT_FACTORS[place] if place < len(grade.REPEAT_FACTORS) else 0.0
            points = grade.PENALTIES[severity] * factor
            score -= points
            times = "" if factor == 1.0 else f", {factor:.0%} for table {place + 1}"
            lines.append(f"{-points:<6g} {one.code} {one.title}, {severity.label}: {table}{times}")
        cap = min(cap, grade.CAPS[of[0][0]])
    lines.append(f"{max(score, 0.0):<6g} left" + (f", and at most {cap:g} by the worst finding" if cap < score else ""))
    return lines


def _of_money(target: Projection | None) -> list[str]:
    if target is None or target.monthly_usd is None or target.avoidable_usd is None:
        return ["nothing is known of the bill"]
    bill, sure = target.monthly_usd, target.avoidable_usd
    at_most = target.avoidable_at_most_usd or sure
    lines = [
        f"bill {dollars(bill)} a month, {dollars(sure)} of it avoidable" + (f", up to {dollars(at_most)}" if at_most > sure else "")
    ]
    share = float(sure / bill) if bill else 0.0
    floor = next((floor for below, floor in grade.COST_FLOORS if sure < below), grade.COST_FLOOR)
    lines.append(f"100 less {share:.1%} avoidable is {100 - 100 * share:.1f}; at least {floor:g} for that amount")
    if at_most - sure >= grade.COST_FLOORS[0][0]:
        lines.append(f"at most {grade.OPEN_SAVING_CAP:g} while it is open how much can be saved")
    return lines


def _of_coverage(runs: Sequence[RuleRun], by_code: Mapping[str, Check], bill: Projection | None, *, is_cost: bool) -> list[str]:
    weights = [
        (grade.CHECK_WEIGHTS[by_code[run.code].severity], run.status != Status.UNKNOWN.value)
        for run in runs
        if run.code in by_code and run.status != Status.NOT_APPLICABLE.value
    ]
    if is_cost:
        weights.append((grade.BILL_WEIGHT, bill is not None and bill.complete))
    whole, made = sum(weight for weight, _ in weights), sum(weight for weight, could in weights if could)
    if not whole:
        return ["nothing to judge"]
    share = made / whole
    line = f"coverage {made:g} of {whole:g} by the weight of the checks ({share:.1%})"
    cap = min((cap for below, cap in grade.COVERAGE_CAPS if share < below), default=None)
    if share < grade.NO_LETTER_BELOW_COVERAGE:
        return [line + ": too little for a letter"]
    return [line + ("" if cap is None else f": at most {cap:g}")]
