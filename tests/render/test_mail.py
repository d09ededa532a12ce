"""What a mail says: compared with golden files, short whatever the account, harmless whatever the names."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.history import summary
from stj_audit.render import digest_mail, mail_picture
from stj_audit.render.mail import MOST_HTML_BYTES, MailBody, mail_body
from stj_audit.report import Forecast, Report
from stj_audit.trend import trend
from tests.gated_report import a_gate, a_large_report, gated_report, hostile_gated_report, no_gate, passed_gate
from tests.large_report import a_report_of
from tests.render.reading import DIFFERS, Reader, golden, invisible
from tests.sample_report import HOSTILE, STARTED_AT, a_scope, hostile, sample_report
from tests.trended_report import earlier_runs, trended_report

pytestmark = pytest.mark.slow

LINK = "https://reports.example.invalid/prod/2026-11/report.html"
NBSP = "\u00a0"


drawn_once = cache(mail_picture._rasterised)


@pytest.fixture(autouse=True)
def _each_picture_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes most of the time of a mail, and most of these tests have the same picture."""
    monkeypatch.setattr(mail_picture, "_rasterised", drawn_once)


def whole_report() -> Report:
    return replace(trended_report(), gate=a_gate())


@cache
def whole() -> MailBody:
    return mail_body(whole_report(), name="prod", link=LINK)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(NBSP, " "))


def unmarked(html: str) -> str:
    """The words of a page."""
    return plain(re.sub(r"<[^>]+>", " ", html))


def unknown_report(**fields: Any) -> Report:
    """Nothing is known: no score, no price, no item."""
    report = sample_report()
    lines = replace(report.costs.current, monthly_usd=None, complete=False, lines=())
    bills = tuple(
        replace(one, monthly_usd=None, complete=False, lines=(), avoidable_usd=None, avoidable_at_most_usd=None, parts=None)
        for one in report.costs.projections
    )
    return replace(
        report,
        overall=replace(report.overall, grade="?", score=None, best="A", worst="F", coverage=0.1, held_by="too little was seen"),
        costs=replace(report.costs, current=lines, projections=bills, prices=replace(report.costs.prices, as_of=None)),
        tables=tuple(
            replace(one, grade="?", items=None, cost=replace(one.cost, monthly_usd=None, complete=False)) for one in report.tables
        ),
        findings=(),
        do_first=(),
        baseline=None,
        **fields,
    )


@pytest.mark.parametrize("part", ["html", "text"])
def test_golden(part: str) -> None:
    text = whole().html if part == "html" else f"{whole().subject}\n\n{whole().text}"
    assert text == golden("mail.html" if part == "html" else "mail.txt", text), DIFFERS


def test_it_is_the_same_again() -> None:
    assert mail_body(whole_report(), name="prod", link=LINK) == whole()


# ------------------------------------------------------------------------------------------------------------- subject


def subject_of(report: Report, name: str = "prod") -> str:
    return digest_mail.subject(report, name)


def test_the_subject_carries_the_verdict() -> None:
    assert subject_of(trended_report()) == "[prod] DynamoDB health: C (71, +1), at least $0.95/month"
    assert subject_of(sample_report(), "") == "DynamoDB health: C (71), at least $0.95/month"
    assert subject_of(unknown_report()) == "[prod] DynamoDB health: ? (no score), cost not known"


@pytest.mark.parametrize(
    ("known", "complete", "words"),
    [("0", False, "cost not known"), ("0", True, "$0.00/month"), ("0.004", False, "more than $0.00/month")],
)
def test_the_subject_names_no_bound_that_says_nothing(*, known: str, complete: bool, words: str) -> None:
    report = sample_report()
    current = replace(report.costs.current, monthly_usd=Decimal(known), complete=complete)
    assert subject_of(replace(report, costs=replace(report.costs, current=current))).endswith(f"(71), {words}")


@pytest.mark.parametrize(
    ("gate", "end"),
    [(a_gate(), ", gate failed"), (passed_gate(), ""), (no_gate(), ""), (a_gate(verdict="inconclusive"), ", gate inconclusive")],
)
def test_the_subject_says_when_the_gate_is_not_passed(gate: Any, end: str) -> None:
    assert subject_of(replace(sample_report(), gate=gate)) == f"[prod] DynamoDB health: C (71), at least $0.95/month{end}"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (68.4, 71.4, "(71, +3)"),
        (74.0, 71.4, "(71, -3)"),
        (71.4, 70.6, "(71, same)"),
        (None, 71.4, "(71)"),
        (71.4, None, "(no score)"),
    ],
)
def test_the_change_is_that_of_the_scores_that_are_shown(before: float | None, now: float | None, told: str) -> None:
    report = replace(sample_report(), overall=replace(sample_report().overall, score=now))
    earlier = replace(summary(report), id="earlier", started_at=STARTED_AT - timedelta(days=30), score=before)
    report = replace(report, trend=trend([earlier], summary(report)))
    assert told in subject_of(report)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.sampled_from(HOSTILE))
def test_a_subject_is_one_line_whatever_the_names_hold(name: str, grade: str) -> None:
    report = replace(sample_report(), overall=replace(sample_report().overall, grade=grade))
    subject = subject_of(report, name)
    assert not invisible(subject)
    assert "\n" not in subject
    subject.encode("utf-8")
    assert len(subject) < 1_000


# ---------------------------------------------------------------------------------------------------------------- words


def test_every_part_is_there_in_its_order() -> None:
    words = unmarked(whole().html)
    order = (
        "stj_subscribers: 1 item is over 300 KB",  # the preheader
        "Well keyed and cheap today",
        "Held at C because",
        "a month now, 112 users",
        "of it can be saved",
        "Gate failed: it fails on a finding at or above high and on an item above 300.0 KB.",
        "What changed since 22 October 2026",
        "Do these first",
        "What it will cost",
        "10,000 (target)",
        "Tables Table Grade",
        "Item sizes to come",
        "reaches 400 KB about 20 June 2027",
        "Not checked: 8 things",
        "Open the full report , which is attached too.",
        "stj-audit 0.1.0, run 20261122T060000Z-3f9c1e",
        "as of 2025-09",
    )
    places = [words.index(one) for one in order]
    assert places == sorted(places)


def test_an_action_has_its_fact_its_consequence_its_command_its_gain_and_its_effort() -> None:
    for text in (plain(whole().text), unmarked(whole().html)):
        assert "1 item is over 300 KB: the largest is 387.0 KB of the 400 KB that an item may have." in text
        assert "Move webhook_data" in text
        assert "No write fails for its size" in text
        assert "stj-audit items stj_subscribers --over 300KB --keys-only" in text
        assert "Gain: not in money. Effort: days. When: now." in text
        assert "Gain: $18.90 a month at 10,000 users. Effort: hours." in text


def test_no_line_of_the_text_is_too_long_but_commands_and_the_link() -> None:
    commands = [finding.commands[0] for finding in whole_report().findings if finding.commands]
    for line in whole().text.split("\n"):
        assert len(line) < 78 or line.strip() in commands or line == LINK
    assert LINK in whole().text.split("\n")


def test_the_text_has_every_number_of_the_page() -> None:
    numbers = set(re.findall(r"[≥$]+ ?[\d,.]*\d", plain(whole().html)))
    assert len(numbers) > 15
    told = plain(whole().text).replace("at least ", "≥ ")
    assert {one for one in numbers if one not in told} == set()


def test_what_is_not_known_is_said_and_nothing_is_praised() -> None:
    body = mail_body(unknown_report(), attached=False)
    for text in (plain(body.text), unmarked(body.html)):
        assert "No grade because too little was seen." in text
        assert "Nothing is urgent among what was checked." in text
        assert "10% of the checks could be made" in text
        assert "not known" in text
        assert "of a date that is not known" in text
        assert "Not known: no earlier run is kept." in text
        assert "attached" not in text
        assert "none seen, not all checked" in text
        assert not re.search(r"\$0\b|excellent|well done|\bgood\b", text)
    assert body.picture is None


def test_a_table_that_was_seen_whole_and_has_no_finding_has_none() -> None:
    report = replace(sample_report(), findings=(), not_checked=())
    words = unmarked(mail_body(report).html)
    assert words.count("findings: none") == 3
    assert "none seen" not in words
    assert "Everything could be checked." in words


def test_without_user_counts_the_cost_at_scale_is_not_known() -> None:
    report = replace(sample_report(), costs=replace(sample_report().costs, projections=()))
    body = mail_body(report)
    assert "Not known: no user counts were projected." in body.html
    assert "Not known: no user counts were projected." in body.text


def test_without_tables_it_says_so() -> None:
    body = mail_body(replace(sample_report(), tables=(), findings=(), do_first=()))
    assert "No table was audited." in body.html
    assert "No table was audited." in body.text


def test_a_passed_gate_is_told_and_none_is_not() -> None:
    assert "Gate passed: it fails on" in unmarked(mail_body(gated_report(gate=passed_gate())).html)
    for report in (sample_report(), gated_report(gate=no_gate())):
        assert "Gate" not in unmarked(mail_body(report).html)


def test_accounts_that_could_not_be_read_come_first() -> None:
    audit = sample_report().audit
    scope = a_scope("us-west-2", not_read="the role cannot be assumed")
    body = mail_body(replace(sample_report(), audit=replace(audit, scopes=(scope,))))
    for text in (plain(body.text), unmarked(body.html)):
        assert "Not read: us-west-2: the role cannot be assumed. Not checked:" in text


@pytest.mark.parametrize(
    ("link", "attached", "text", "html"),
    [
        (LINK, True, "The full report, which is attached too:", "Open the full report , which is attached too."),
        (LINK, False, "The full report:", "Open the full report ."),
        ("s3://r/x.html", False, "The full report:", "The full report: s3://r/x.html"),
        (None, True, "The full report is attached.", "The full report is attached."),
        (None, False, "The full report is with whoever runs stj-audit.", "The full report is with whoever runs stj-audit."),
    ],
)
def test_where_the_full_report_is(link: str | None, attached: bool, text: str, html: str) -> None:
    body = mail_body(sample_report(), link=link, attached=attached)
    words = unmarked(body.html)
    assert text in body.text.split("\n")
    assert html in words
    assert ("attached" in body.text) == ("attached" in words) == attached
    assert link is None or link in body.text.split("\n")
    assert body.html.count("<a ") == (link == LINK)


def test_only_an_address_of_the_web_can_be_clicked_and_a_signed_one_stays_whole() -> None:
    for link in ("s3://reports/prod.html", "javascript:alert(1)", "\njavascript:alert(1)", "data:text/html,x"):
        html = mail_body(sample_report(), link=link).html
        assert "<a " not in html
        assert "javascript:" not in re.sub(r">[^<]*<", "><", html)
    signed = f'{LINK}?a=1&b="2"&X-Amz-Security-Token={"t" * 3_000}'
    html = mail_body(sample_report(), link=signed).html
    assert "a=1&amp;b=&#34;2&#34;&amp;X-Amz-Security-Token=" + "t" * 3_000 + '"' in html
    assert signed in mail_body(sample_report(), link=signed).text.split("\n")


# --------------------------------------------------------------------------------------------------------------- change


def since(**fields: Any) -> tuple[str, ...]:
    """What is told of a run a month before this one that differs in `fields`."""
    report = replace(sample_report(), baseline=None)
    earlier = replace(summary(report), id="earlier", started_at=STARTED_AT - timedelta(days=30), **fields)
    return digest_mail.changes(replace(report, trend=trend([earlier], summary(report))))


def test_what_changed_is_told_and_what_did_not_too() -> None:
    same = "Unchanged: grade, cost a month now, cost a month at 10,000 users, open findings, tables, items, size."
    assert since() == (same, "No finding is new, and none is gone.")
    told = since(grade="D", score=50.0, findings=("f-no-alarm", "x"))
    assert told[:2] == ("Grade: D (50), now C (71).", "Open findings: 2, now 7.")
    assert told[-2:] == (
        "New: 6 findings (stj_subscribers: Items near the 400 KB limit; stj_subscribers / email-index: Index projects more than is read; "
        "stj_password: PITR is off; and 3 more).",
        "Gone: 1 finding, fixed, suppressed or not looked at.",
    )


def test_bills_for_other_users_are_not_compared() -> None:
    told = " ".join(since(target_users=500))
    assert "Cost a month at" not in told
    assert "made for different numbers of users" in told


def test_the_last_runs_are_told_the_newest_first() -> None:
    report = trended_report()
    assert report.trend
    rows = digest_mail.last_runs(report, 13)
    assert [row.date for row in rows] == [f"{run.started_at:%Y-%m-%d}" for run in reversed(report.trend.runs)]
    assert len(rows) == 13
    assert digest_mail.last_runs(report, 2) == rows[:2]
    assert "?" in [row.score for row in rows]
    body = mail_body(report)
    for text in (body.text, body.html):
        assert [text.count(row.date) for row in rows] == [1] * 13
    alone = replace(report, trend=trend([], summary(report)))
    assert "The last" not in mail_body(alone).text + mail_body(alone).html


def test_the_first_run_and_no_history_say_why_nothing_is_compared() -> None:
    report = replace(sample_report(), baseline=None)
    assert digest_mail.changes(report) == ("Not known: no earlier run is kept. With --history, runs are kept and compared.",)
    first = replace(report, trend=trend([], summary(report)))
    assert digest_mail.changes(first) == ("Not known: this is the first run that is kept.",)
    later = replace(
        report, trend=trend([], summary(report), notes=["1 kept run is dated later than this one, and is not compared"])
    )
    assert digest_mail.changes(later) == (
        "Not known: no earlier run is kept that this one can be compared with.",
        "1 kept run is dated later than this one, and is not compared.",
    )
    assert "it is too early: 1 run" in digest_mail.no_forecast(first)
    assert digest_mail.changes_title(first) == "What changed"


def test_the_soonest_forecast_comes_first() -> None:
    assert [one.table for one in digest_mail.soonest(trended_report())] == ["stj_subscribers"]
    assert digest_mail.soonest(sample_report()) == ()
    earlier = [
        replace(one, tables={name: replace(table, max_bytes=9) for name, table in one.tables.items()}) for one in earlier_runs()
    ]
    now = summary(sample_report())
    flat = replace(now, tables={name: replace(table, max_bytes=9) for name, table in now.tables.items()})
    still = replace(sample_report(), trend=trend(earlier, flat))
    assert digest_mail.soonest(still) == ()
    assert digest_mail.no_forecast(still) == "No table's largest item is known to grow towards 300 or 400 KB."


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("unsure", "When items reach 300 and 400 KB is not known: that the largest item of a table grows is not sure."),
        ("not known", "When items reach 300 and 400 KB is not known: too little is known of the largest items."),
        ("reached", ""),
    ],
)
def test_where_no_date_is_known_nothing_is_said_to_be_sure(state: str, told: str) -> None:
    report = trended_report()
    assert report.trend
    forecasts = [(Forecast(line_bytes=300 * 1024, state=one),) for one in (state, *["never"] * (len(report.trend.tables) - 1))]
    tables = tuple(replace(one, forecasts=its) for one, its in zip(report.trend.tables, forecasts, strict=True))
    assert digest_mail.no_forecast(replace(report, trend=replace(report.trend, tables=tables))) == told


# ----------------------------------------------------------------------------------------------------------------- size


@pytest.mark.parametrize("tables", [200, 1_000])
def test_gmail_does_not_cut_it(tables: int) -> None:
    body = mail_body(a_report_of(tables), name="prod", link=LINK)
    size = len(body.html.encode())
    sys.stdout.write(f"{tables} tables: {size:,} bytes of HTML, {len(body.text.encode()):,} of text\n")
    assert size < MOST_HTML_BYTES
    more = f"and {tables - 10:,} more in the full report; shown are those with the worst grades."
    assert more in unmarked(body.html)
    assert more in plain(body.text)
    assert len(body.text.splitlines()) < 200


WORST = ("\U000e0041" * 3_000, "&" * 3_000, "\u8868" * 3_000)


@pytest.mark.parametrize("text", WORST, ids=["invisible", "markup", "three bytes"])
def test_nor_where_every_text_is_as_long_as_can_be(text: str) -> None:
    report = hostile(replace(whole_report(), judged_again="again"), words_too=True, texts=(text,))
    body = mail_body(report, name=text, link=LINK)
    assert len(body.html.encode()) < MOST_HTML_BYTES
    assert len(body.text.encode()) < 2 * MOST_HTML_BYTES
    assert mail_body(a_large_report(200)).html.count("<tr") < 80


def test_a_long_command_is_left_to_the_report() -> None:
    report = sample_report()
    long = replace(report.findings[0], commands=("x" * 2_000, "y"))
    body = mail_body(replace(report, findings=(long, *report.findings[1:])))
    for text in (plain(body.text), unmarked(body.html)):
        assert "xxx" not in text
        assert "2 commands in the full report." in text


# -------------------------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_is_harmless(words_too: bool) -> None:
    report = hostile(replace(whole_report(), judged_again="again"), words_too=words_too)
    body = mail_body(report, name=HOSTILE[1] + HOSTILE[2], link=LINK)
    for part in (body.subject, body.text, body.html, body.picture_alt):
        assert not invisible(part)
        part.encode("utf-8")
    assert "red" in body.html
    reader = Reader(body.html)
    assert reader.tangled == []
    of_ours = Reader(whole().html).tags
    assert {tag for tag, _ in reader.tags} <= {tag for tag, _ in of_ours}
    assert {name for _, values in reader.tags for name in values} <= {name for _, values in of_ours for name in values}
    assert "{{ 7*7 }}" in body.html, "what looks like a template is not run"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_environments_stay_in_their_place(name: str) -> None:
    body = mail_body(sample_report(), name=name)
    assert not invisible(body.subject + body.text.replace("\n", "") + body.html.replace("\n", ""))
    assert "\n" not in body.subject
    assert Reader(body.html).tangled == []
    assert len(body.text.split("\n")[0]) <= 76


@pytest.mark.parametrize("report", [gated_report, trended_report, hostile_gated_report, unknown_report])
def test_headings_are_in_order_and_tables_of_numbers_have_full_rows(report: Callable[[], Report]) -> None:
    reader = Reader(mail_body(report()).html)
    assert reader.tangled == []
    assert [level for level, _ in reader.headings][:1] == [1]
    assert {level for level, _ in reader.headings[1:]} == {2}
    of_numbers = [[cells for cells in rows if cells == 4] for rows in reader.rows]
    assert sum(len(rows) > 2 for rows in of_numbers) == 2
