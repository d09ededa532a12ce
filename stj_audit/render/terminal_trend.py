"""The trend in a terminal: a row for each run that is kept, growth in a month, and when the largest items reach a line."""

from stj_audit.render import digest, digest_trend, filters
from stj_audit.render.escape import cut_name, escape_terminal
from stj_audit.render.page import Page
from stj_audit.report import Trend


def show(page: Page, trend: Trend) -> None:
    page.title(f"Trend of {len(trend.runs)} runs" if len(trend.runs) > 1 else "Trend")
    target = trend.runs[-1].target_users
    page.table(
        ("Run", "Grade", "Score", "Now/month", f"At {filters.users(target)}", "Items", "Size", "Findings"),
        [
            (
                row.date,
                escape_terminal(row.grade),
                row.score,
                row.cost,
                row.cost_at_target,
                row.items,
                row.size,
                row.findings,
            )
            for row in digest_trend.run_rows(trend)
        ],
        (16, 7, 9, 12, 16, 14, 10, 9),
        numbers=frozenset({2, 3, 4, 5, 6, 7}),
    )
    if digest_trend.cost_growth(trend):
        page.text(digest_trend.cost_growth(trend))
    rows = digest_trend.growth_rows(trend)
    if rows:
        page.raw("")
        page.table(
            ("In a month", "Runs", "Items", "Size", "Largest item"),
            [(escape_terminal(cut_name(row.table)), row.runs, row.items, row.size, row.largest) for row in digest.head(rows)],
            (36, 5, 16, 12, 12),
            numbers=frozenset({1, 2, 3, 4}),
        )
        if digest.rest(rows):
            page.text(digest.rest(rows))
    for one in digest.head(digest_trend.outlooks(trend)):
        page.text(f"{cut_name(one.table)}: {one.words}", indent="  ", first="- ")
    for note in digest_trend.trend_notes(trend):
        page.text(note)
