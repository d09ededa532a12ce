"""A mail as plain text, which reads well by itself: for programs that show no HTML, for search, and for screen readers."""

from stj_audit.render import digest, digest_gate, digest_mail, filters
from stj_audit.render.escape import cut, cut_name, escape_terminal, visible
from stj_audit.render.page import Page, wrapped
from stj_audit.report import Report

WIDTH = 76  # RFC 5322 wants lines under 78; commands and addresses stay whole
ROWS = 10
RUNS = 13
BRIEF = 300


def mail_text(report: Report, *, name: str, link: str | None, attached: bool) -> str:
    """The report as the text of a mail, at most 76 columns wide but for commands and the link."""
    page = Page(color=False, width=WIDTH)
    _head(page, report, name)
    _changes(page, report)
    _actions(page, report)
    _ladder(page, report)
    _tables(page, report)
    _sizes(page, report)
    _trend(page, report)
    _end(page, report, link, attached)
    return str(page)


def _title(page: Page, title: str) -> None:
    page.title(title)
    page.raw("-" * len(wrapped(visible(title), WIDTH)[0]))


def _head(page: Page, report: Report, name: str) -> None:
    overall = report.overall
    of = f" of {cut(name.strip(), digest_mail.ENVIRONMENT_LENGTH)}" if name.strip() else ""
    grade = digest_mail.letter(overall.grade)
    page.text(f"DynamoDB health{of}: grade {grade} ({digest.grade_word(overall.grade)}), {digest_mail.score_words(report)}")
    if overall.best != overall.worst:
        ends = f"{digest_mail.letter(overall.worst)} to {digest_mail.letter(overall.best)}"
        page.text(f"Depending on what was not checked: {ends}.")
    page.raw("")
    page.text(filters.sentence(cut(report.verdict, BRIEF)))
    if overall.held_by:
        page.text(digest.held(grade, cut(overall.held_by, BRIEF)))
    page.raw("")
    page.text(digest_gate.cost_line(report))
    if digest_mail.gate_words(report):
        page.raw("")
        page.text(digest_mail.gate_words(report))
    for reason in digest_mail.gate_reasons(report, BRIEF):
        page.text(reason, indent="  ", first="- ")


def _changes(page: Page, report: Report) -> None:
    _title(page, digest_mail.changes_title(report))
    for line in digest_mail.changes(report):
        page.text(cut(line, BRIEF), indent="  ", first="- ")


def _actions(page: Page, report: Report) -> None:
    _title(page, "Do these first")
    actions = digest_mail.mail_actions(report, BRIEF)
    for number, one in enumerate(actions, 1):
        page.text(f"{one.severity.upper()}, {one.place}: {one.fact}", indent="   ", first=f"{number}. ")
        page.text(f"{one.fix} {one.consequence}".strip(), indent="   ")
        if one.command:
            page.raw("")
            page.raw(f"     {visible(one.command)}")
            page.raw("")
        page.text(f"{digest_mail.action_notes(one)} {one.about_command}".strip(), indent="   ")
        if number < len(actions):
            page.raw("")
    if not actions:
        page.text("Nothing is urgent among what was checked.")


def _ladder(page: Page, report: Report) -> None:
    _title(page, "What it will cost, a month")
    rows = digest_mail.ladder_rows(report, ROWS)
    if not rows:
        page.text("Not known: no user counts were projected.")
        return
    page.table(
        ("Users", "Total", "Can be saved", "Grade"),
        [
            (f"{row.users} (target)" if row.is_target else row.users, row.cost, row.avoidable, escape_terminal(row.grade))
            for row in rows
        ],
        (18, 14, 24, 9),
        numbers=frozenset({1, 2}),
    )
    _more(page, digest_mail.more_in_report(report.costs.projections, ROWS))


def _tables(page: Page, report: Report) -> None:
    _title(page, "Tables")
    if not report.tables:
        page.text("No table was audited.")
        return
    page.table(
        ("Table", "Grade", "A month", "Largest", "Findings"),
        [
            (escape_terminal(row.name), escape_terminal(row.grade), row.cost, row.largest, row.findings)
            for row in digest_mail.mail_tables(report, ROWS)
        ],
        (30, 5, 12, 12, 16),
        numbers=frozenset({2, 3}),
    )
    more = digest_mail.more_in_report(report.tables, ROWS)
    _more(page, more and f"{more}; shown are those with the worst grades.")
    _more(page, filters.marks_explained(str(page)))


def _more(page: Page, words: str) -> None:
    if words:
        page.text(words)


def _sizes(page: Page, report: Report) -> None:
    said, reason = digest_mail.soonest(report), digest_mail.no_forecast(report)
    if not said and not reason:
        return
    _title(page, "Item sizes to come")
    for one in said[: digest_mail.MOST_OUTLOOKS]:
        page.text(f"{cut_name(one.table)}: {one.words}", indent="  ", first="- ")
    _more(page, digest_mail.more_in_report(said, digest_mail.MOST_OUTLOOKS))
    _more(page, reason)


def _trend(page: Page, report: Report) -> None:
    rows = digest_mail.last_runs(report, RUNS)
    if not rows:
        return
    _title(page, f"The last {len(rows)} runs")
    page.table(
        ("Run", "Grade", "Score", "A month", f"At {filters.users(report.audit.target_users)}", "Size"),
        [(row.date, escape_terminal(row.grade), row.score, row.cost, row.cost_at_target, row.size) for row in rows],
        (16, 5, 5, 12, 16, 10),
        numbers=frozenset({2, 3, 4, 5}),
    )


def _end(page: Page, report: Report, link: str | None, attached: bool) -> None:
    _title(page, "How far to trust this")
    page.text(cut(digest_mail.not_seen(report, BRIEF), 2 * BRIEF))
    page.raw("")
    page.text(digest_mail.link_words(link, attached))
    if link:
        page.raw(visible(link))
    page.raw("")
    page.raw("-- ")
    for line in digest_mail.footer(report):
        page.text(line)
