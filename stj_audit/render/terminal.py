"""The `table` format: what a person reads in a terminal, at most 100 columns wide, without a cut cell."""

from stj_audit.render import (
    digest,
    digest_costs,
    digest_estimates,
    digest_money,
    digest_savings,
    digest_tables,
    filters,
    terminal_trend,
)
from stj_audit.render.escape import cut_name, escape_terminal
from stj_audit.render.page import Page
from stj_audit.report import Finding, Report
from stj_audit.wording import counted

MAX_BREAK_EVENS = 2  # the report has all of them
SEVERITY_COLORS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "info": "2"}
TONE_COLORS = {"ok": "32", "warn": "33", "bad": "31", "mute": "2"}


def _name(text: str) -> str:
    return escape_terminal(cut_name(text))


def render_table(report: Report, *, color: bool) -> str:
    """The report for a terminal; with ANSI colours when `color`."""
    page = Page(color=color)
    _head(page, report)
    _first(page, report)
    _findings(page, report)
    _gone(page, report)
    _categories(page, report)
    _tables(page, report)
    _ladder(page, report)
    if report.trend:
        terminal_trend.show(page, report.trend)
    _not_checked(page, report)
    return str(page)


def _head(page: Page, report: Report) -> None:
    overall, audit = report.overall, report.audit
    tables = counted(len(report.tables), "table")
    page.text(f"DynamoDB audit: {digest.regions(audit)}, {digest.accounts(audit)}, {tables}, {filters.on_date(audit.started_at)}")
    for line in digest.not_read(audit):
        page.text(f"Not read: {filters.sentence(line)}", indent="  ")
    page.raw("")
    score = "no score" if overall.score is None else f"{overall.score:.0f} of 100"
    grade = escape_terminal(f"Grade {overall.grade}")
    spread = "" if overall.best == overall.worst else f", between {overall.worst} and {overall.best}"
    words = f"{digest.grade_word(overall.grade)}, {score}{spread}; {filters.percent(overall.coverage)} of the checks could be made"
    page.raw(page.painted(grade, f"1;{TONE_COLORS[digest.grade_tone(overall.grade)]}") + " - " + escape_terminal(words))
    page.text(filters.sentence(report.verdict))
    if overall.held_by:
        page.text(digest.held(overall.grade, overall.held_by))
    if digest.against_baseline(report):
        page.text(digest.against_baseline(report))
    current, target = report.costs.current, digest_money.target_bill(report)
    line = f"Cost a month: {filters.usd_words(current.monthly_usd, current.complete)} {digest.at_first(audit)}"
    if target is not None:
        line += f", {filters.usd_words(target.monthly_usd, target.complete)} at {filters.users(target.users)}"
        line += f", of which avoidable: {digest_money.avoidable(report, target)}"
    page.text(filters.sentence(line))


def _first(page: Page, report: Report) -> None:
    first = digest.first_findings(report)
    if not first:
        return
    page.title("Do these first")
    for number, finding in enumerate(first, 1):
        gain = f" Gain: {digest.saving(finding, report.audit.target_users)}." if finding.saving_usd_month else ""
        effort = f" Effort: {finding.effort}." if finding.effort else ""
        place = finding.table if finding.index is None else f"{finding.table} / {finding.index}"
        text = (
            f"{cut_name(place)}: {filters.sentence(finding.message)} {digest.capital(filters.sentence(finding.fix))}{gain}{effort}"
        )
        page.text(text, indent="   ", first=f"{number}. ")


def _findings(page: Page, report: Report) -> None:
    findings = digest.open_findings(report)
    page.title(f"Findings ({digest.severity_counts(findings)})")
    if not findings:
        page.text("No finding among what was checked.")
        _set_aside(page, report)
        return
    target = report.audit.target_users
    page.table(
        ("Severity", "Table", "Finding", "Saves/month"),
        [
            (
                escape_terminal(finding.severity),
                _name(finding.table if finding.index is None else f"{finding.table} / {finding.index}"),
                escape_terminal(_message(finding)),
                digest.saving_short(finding, target),
            )
            for finding in digest.head(findings)
        ],
        (9, 24, 45, 14),
        numbers=frozenset({3}),
        colors=[SEVERITY_COLORS.get(finding.severity, "") for finding in digest.head(findings)],
    )
    if digest.rest(findings):
        page.text(digest.rest(findings))
    page.text(f"Savings are those at {filters.users(target)}.")
    _set_aside(page, report)


def _message(finding: Finding) -> str:
    """All that is open is new or worse where there is a baseline: only the latter is marked."""
    worse = finding.baseline is not None and finding.baseline.severity is not None
    return f"{finding.message} ({digest.since_baseline(finding)})" if worse else finding.message


def _set_aside(page: Page, report: Report) -> None:
    told = digest.set_aside(report, "finding", "findings")
    if told:
        page.text(filters.sentence(told))


def _gone(page: Page, report: Report) -> None:
    rows = digest.gone_rows(report)
    if not rows:
        return
    page.title("Fixed since the baseline, or not looked at")
    page.table(
        ("State", "Table", "Rule", "Because"),
        [
            (
                row.state,
                _name(row.finding.table if row.finding.index is None else f"{row.finding.table} / {row.finding.index}"),
                _name(row.finding.check),
                escape_terminal(row.finding.reason),
            )
            for row in digest.head(rows)
        ],
        (13, 24, 25, 32),
    )
    if digest.rest(rows):
        page.text(digest.rest(rows))


def _categories(page: Page, report: Report) -> None:
    page.title("Grades")
    page.table(
        ("Grade", "Category", "Range", "Seen", "Notes"),
        [
            (
                escape_terminal(one.grade),
                escape_terminal(one.title),
                escape_terminal(digest.range_cell(one)),
                digest.seen_cell(one),
                escape_terminal(one.notes or filters.NOT_KNOWN),
            )
            for one in report.categories
        ],
        (7, 22, 10, 5, 46),
        numbers=frozenset({3}),
        colors=[TONE_COLORS[digest.grade_tone(one.grade)] for one in report.categories],
    )


def _tables(page: Page, report: Report) -> None:
    page.title("Tables")
    page.table(
        ("Grade", "Table", "Items", "Size", "p99 item", "Largest", "Throttles", "Cost/month"),
        [
            (
                escape_terminal(table.grade),
                _name(table.name),
                filters.count(table.item_count),
                filters.size(table.size_bytes),
                digest_tables.p99_cell(table.items),
                digest_tables.largest_cell(table.items),
                digest_tables.throttles_cell(table.traffic),
                filters.usd_cell(table.cost.monthly_usd, table.cost.complete),
            )
            for table in digest.head(report.tables)
        ],
        (7, 24, 12, 10, 10, 10, 10, 11),
        numbers=frozenset({2, 3, 4, 5, 6, 7}),
        colors=[TONE_COLORS[digest.grade_tone(table.grade)] for table in digest.head(report.tables)],
    )
    if digest_tables.sample_note(digest.head(report.tables)):
        page.text(digest_tables.sample_note(digest.head(report.tables)))
    if digest.rest(report.tables):
        page.text(digest.rest(report.tables))


def _ladder(page: Page, report: Report) -> None:
    page.title("What it will cost, a month")
    grades = {users: at.overall for users, at in report.grades_by_users.items()}
    page.table(
        ("Users", "Total", "Avoidable", "Per user", "Grade"),
        [
            (
                f"{bill.users:,}" + (" (target)" if bill.is_target else ""),
                filters.usd_cell(bill.monthly_usd, bill.complete),
                bill.avoidable,
                bill.per_user,
                escape_terminal(grades.get(str(bill.users), filters.NOT_KNOWN)),
            )
            for bill in digest_money.bills(report)
        ],
        (18, 14, 26, 14, 10),
        numbers=frozenset({1, 2, 3}),
    )
    if filters.marks_explained(str(page)):
        page.text(filters.marks_explained(str(page)))
    _what_drives_it(page, report)
    if report.limits:
        limit = report.limits[0]
        place = limit.table if limit.index is None else f"{limit.table} / {limit.index}"
        page.text(f"The first limit binds at {filters.users(limit.users)}: {limit.what}, in {cut_name(place)}.")
    prices = report.costs.prices
    as_of = "not known for this region" if prices.as_of is None else f"as of {prices.as_of}"
    page.text(f"List prices of {prices.region}, {as_of}; free tier {'subtracted' if report.costs.free_tier else 'not subtracted'}.")
    if digest_costs.price_source(prices):
        page.text(digest_costs.price_source(prices))


def _what_drives_it(page: Page, report: Report) -> None:
    """What makes the bill what it is, in a line each."""
    costs = report.costs
    growth = digest_costs.growth_sentence(digest_money.target_bill(report))
    if growth:
        page.text(growth)
    for line in digest_savings.break_even_short(costs)[:MAX_BREAK_EVENS]:
        page.text(filters.sentence(line))
    naive = digest_estimates.naive_estimate(costs)
    if naive is not None:
        page.text(digest_estimates.naive_line(naive))


def _not_checked(page: Page, report: Report) -> None:
    unseen = digest.unseen(report)
    page.title("Not checked")
    if not unseen:
        page.text("Nothing: every check could be made.")
        return
    page.table(
        ("Why", "Call", "Where"),
        [
            (
                escape_terminal(one.reason),
                escape_terminal(one.call),
                escape_terminal(digest.listed(one.places)),
            )
            for one in digest.head(unseen)
        ],
        (26, 38, 32),
    )
    if digest.rest(unseen):
        page.text(digest.rest(unseen))
    if digest.permission_missing(report):
        page.text("`stj-audit iam-policy` prints the permissions that the audit needs; all of them only read.")
