"""What two runs differ in, as people read it: golden files, hostile text, and comments that are never too long."""

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stj_audit.diff import Diff, compare
from stj_audit.errors import ConfigError
from stj_audit.render.diff import COMMENT_LENGTH, TAG, WIDTHS, render_diff
from stj_audit.render.digest_diff import sections
from stj_audit.render.digest_diff_costs import because, change, delta
from stj_audit.render.page import WIDTH
from stj_audit.report import CostLine, GradesAtScale, Report, Suppression
from tests.gated_report import a_gate
from tests.render.reading import DIFFERS, Reader, golden, invisible, markdown_tables
from tests.sample_report import HOSTILE, PASSWORD, SUBSCRIBERS, SYSTEM, hostile_report, sample_report

FORMATS = {"table": "txt", "markdown": "md", "json": "json"}
GITHUB = 65_536  # characters of a comment


def changed(report: Report) -> Report:
    """A later run of the same tables, in which something of everything has changed."""
    first, second, third, *others = report.findings
    findings = (
        replace(first, severity="medium"),
        replace(second, suppressed=Suppression(reason="on purpose until the migration", expires=None)),
        replace(third, id="f-new", severity="critical"),
        *others[1:],
    )
    [subscribers, password, system] = report.tables
    new_table = replace(system, name=f"{system.name}-archive", findings=())
    tables = (
        replace(
            subscribers,
            grade="B",
            item_count=130,
            table_class="STANDARD_INFREQUENT_ACCESS",
            indexes=tuple(replace(one, projection="KEYS_ONLY") for one in subscribers.indexes[:-1]),
        ),
        replace(password, stream=None, ttl_attribute="expires_at"),
        new_table,
    )
    gate = a_gate(reasons=("1 finding is critical", "1 finding is high"), failing=("f-new",), items=())
    costs, grades = report.costs, {report.categories[0].id: "A", report.categories[1].id: "?"}
    return replace(
        report,
        audit=replace(report.audit, id="later", started_at=report.audit.started_at + timedelta(days=7), users_now=130),
        overall=replace(report.overall, grade="B-"),
        categories=tuple(replace(one, grade=grades.get(one.id, one.grade)) for one in report.categories),
        grades_by_users={
            users: replace(at, overall="B-", categories={**at.categories, **grades}) for users, at in report.grades_by_users.items()
        },
        tables=tables,
        findings=findings,
        rules=tuple(run for run in report.rules if run.table != system.name),
        limits=report.limits[1:],
        gate=gate,
        costs=replace(
            costs,
            prices=replace(costs.prices, as_of="2026-11"),
            current=replace(costs.current, lines=tuple(_moved(costs.current.lines))),
            projections=tuple(replace(at, lines=tuple(_moved(at.lines))) for at in costs.projections),
        ),
    )


def _moved(lines: tuple[CostLine, ...]) -> Iterator[CostLine]:
    """PITR is dearer, there are more writes of the first table, and an index and a table are not there any more."""
    first = lines[0].table
    for line in lines:
        if line.table == lines[-1].table:
            continue
        factor = Decimal("1.5") if line.component == "writes" and line.table == first else Decimal(1)
        dearer = Decimal("1.2") if line.component == "pitr" else Decimal(1)
        if line.index == "phone-index":
            continue
        yield replace(
            line,
            quantity=None if line.quantity is None else line.quantity * factor,
            unit_price_usd=None if line.unit_price_usd is None else line.unit_price_usd * dearer,
            monthly_usd=None if line.monthly_usd is None else line.monthly_usd * factor * dearer,
        )


def a_diff() -> Diff:
    return compare(sample_report(), changed(sample_report()))


def hostile_diff(*, words_too: bool = False) -> Diff:
    """The same with hostile text in every string; places stay comparable, because the same text is the same in both."""
    report = hostile_report(words_too=words_too)
    later = changed(report)
    return compare(report, later)


def many(report: Report, times: int) -> Report:
    """The same findings, tables and lines many times, under long names."""

    def named(value: Any, number: int) -> Any:
        return replace(value, table=f"{value.table}-{number}-{'x|@' * 80}")

    findings = tuple(
        replace(named(one, number), id=f"{one.id}-{number}", message=f"{one.message} {'@somebody <b> ' * 200}")
        for number in range(times)
        for one in report.findings
    )
    tables = tuple(replace(one, name=f"{one.name}-{number}-{'x|@' * 80}") for number in range(times) for one in report.tables)
    lines = tuple(named(line, number) for number in range(times) for line in report.costs.current.lines)
    costs = replace(report.costs, current=replace(report.costs.current, lines=lines))
    return replace(report, findings=findings, tables=tables, costs=costs)


@pytest.mark.parametrize("format_name", FORMATS)
def test_golden(format_name: str) -> None:
    text = render_diff(a_diff(), format_name)
    assert text == golden(f"diff.{FORMATS[format_name]}", text), DIFFERS


def test_every_section_is_in_the_golden_files() -> None:
    found = [section.id for section in sections(a_diff())]
    assert found == list(WIDTHS), "the sample must show each"
    for section in sections(a_diff()):
        assert len(WIDTHS[section.id]) == len(section.heads)
        assert {len(row) for row in section.rows} == {len(section.heads)}
        assert section.tones == () or len(section.tones) == len(section.rows)


def test_an_unknown_format_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="'html' is no format of a comparison"):
        render_diff(a_diff(), "html")


# ------------------------------------------------------------------------------------------------------------- terminal


def test_a_terminal_page_is_no_wider_than_a_terminal() -> None:
    assert max(map(len, render_diff(a_diff(), "table").splitlines())) <= WIDTH


def test_colours_change_nothing_else() -> None:
    plain, coloured = (render_diff(a_diff(), "table", color=color) for color in (False, True))
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert re.search(r"\x1b\[31mnew\x1b\[0m", coloured)
    assert re.search(r"\x1b\[32mfixed\x1b\[0m", coloured)


def test_nothing_changed_is_one_sentence() -> None:
    old = sample_report()
    new = replace(old, audit=replace(old.audit, id="later", started_at=old.audit.started_at + timedelta(days=1)))
    text = " ".join(render_diff(compare(old, new), "table").split())
    assert text == (
        "Nothing changed between the run of 22 November 2026, 06:00 UTC and that of 23 November 2026, 06:00 UTC: "
        f"{sum(one.suppressed is None for one in old.findings)} findings are open in both and 1 line of the bill could not be compared."
    )
    [tag, sentence] = render_diff(compare(old, new), "markdown").splitlines()
    assert (tag, sentence) == (TAG, text)


# -------------------------------------------------------------------------------------------------------------- comment


def as_github(text: str) -> Reader:
    """The page that GitHub makes of Markdown: tables, and the HTML that is in it."""
    return Reader(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_the_comment_begins_with_its_tag_and_says_the_most_in_its_first_line() -> None:
    tag, first, *_ = render_diff(a_diff(), "markdown").splitlines()
    assert tag == TAG == "<!-- stj-audit diff -->"
    assert first.startswith("### DynamoDB audit: ")
    assert "findings: 1 new, 1 better, 2 fixed, 1 now suppressed; " in first
    assert "grade C → B-" in first


def test_the_comment_is_folded_as_a_page_shows_it() -> None:
    page = as_github(render_diff(a_diff(), "markdown"))
    assert page.tangled == []
    names = [name for name, _ in page.tags]
    folded = [section for section in sections(a_diff()) if section.folded]
    assert names.count("details") == names.count("summary") == len(folded) > 5
    assert names.count("table") == len(list(sections(a_diff())))
    assert names.index("table") < names.index("details")
    for widths in page.rows:
        assert len(set(widths)) == 1


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_stays_text(words_too: bool) -> None:
    diff = hostile_diff(words_too=words_too)
    for format_name in FORMATS:
        text = render_diff(diff, format_name)
        assert not invisible(text)
        text.encode("utf-8")
        assert "gnp.exe" in text, "hostile text must be in it, else this test shows nothing"
    text = render_diff(diff, "markdown")
    for widths in markdown_tables(text):
        assert len(set(widths)) == 1
    page = as_github(text)
    assert page.tangled == []
    allowed = {"h3", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "p", "strong", "ul", "li", "code", "sub"}
    assert {name for name, _ in page.tags} <= allowed
    assert not re.search(r"@(?!<!-- -->)", text)
    assert not re.search(r"(?m)^#(?!## DynamoDB audit)", text)


def test_hostile_names_are_all_in_the_sample() -> None:
    assert len(HOSTILE) > 10
    assert len({table.name for table in hostile_report().tables}) == 3


@pytest.mark.parametrize("times", [40, 150])
def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out(times: int) -> None:
    old, new = many(sample_report(), times), many(changed(sample_report()), times)
    text = render_diff(compare(old, new), "markdown")
    assert len(text) <= COMMENT_LENGTH < GITHUB
    assert len(text.encode("utf-16-le")) // 2 <= GITHUB
    assert text.startswith(TAG)
    assert re.search(r"(?m)^and [\d,]+ more$", text)
    assert as_github(text).tangled == []
    look = next(section for section in sections(compare(old, new)) if section.id == "look")
    shown = text.split("**What needs a look**")[1].split("<details>")[0]
    rows = len(re.findall(r"(?m)^\| (?:new|worse|no longer suppressed) ", shown))
    [left] = re.findall(r"(?m)^and ([\d,]+) more$", shown)
    assert rows + int(left.replace(",", "")) == len(look.rows)


def test_even_notes_and_names_without_end_fit() -> None:
    old = hostile_report()
    long = "@<|`" * 5_000
    old = replace(
        old,
        tool=dataclasses.replace(old.tool, version=long, policy_version=long),
        costs=replace(old.costs, prices=replace(old.costs.prices, source=long, as_of=long)),
        audit=replace(old.audit, endpoint_url=long),
    )
    new = changed(hostile_report())
    assert new.gate is not None
    new = replace(new, gate=replace(new.gate, reasons=(long,) * 9))
    text = render_diff(compare(old, new), "markdown")
    assert len(text) <= COMMENT_LENGTH


# ----------------------------------------------------------------------------------------------------------------- JSON


def test_json_has_stable_keys_and_money_as_numbers() -> None:
    answer = json.loads(render_diff(a_diff(), "json"))
    assert (answer["kind"], answer["schema_version"]) == ("stj-audit diff", 1)
    assert list(answer) == [field.name for field in dataclasses.fields(Diff)]
    cost = answer["costs"]["current"]
    assert isinstance(cost["before_usd"], float)
    assert isinstance(cost["configuration_usd"], float)
    parts = sum(Decimal(str(cost[name])) for name in ("price_list_usd", "usage_usd", "configuration_usd"))
    assert abs(parts - Decimal(str(cost["delta_usd"]))) < Decimal("1e-9")
    assert {at["users"] for at in answer["costs"]["projections"]} == {100, 1_000, 10_000, 50_000, 100_000}
    assert {one["state"] for one in answer["findings"]} >= {"new", "better", "now suppressed"}


# ---------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "–"),
        ("2.1", "+$2.10"),
        ("-3.456", "-$3.46"),
        ("1347.2", "+$1,347"),
        ("0.0011", "+$0.0011"),
        ("-0.00000001", "-$0.000000010"),
    ],
)
def test_a_change_of_money_has_a_sign_and_is_never_rounded_to_nothing(amount: str, words: str) -> None:
    assert change(Decimal(amount)) == words


@given(amount=st.decimals(min_value=-(10**6), max_value=10**6, places=8))
def test_every_change_has_its_sign(amount: Decimal) -> None:
    words = change(amount)
    assert words[0] == ("–" if not amount else "+" if amount > 0 else "-")
    assert not amount or re.search(r"[1-9]", words)


@pytest.mark.parametrize(
    ("difference", "share", "complete", "words"),
    [
        ("2", "0.66", True, "+$2.00 (+66%)"),
        ("-2", "-0.66", True, "-$2.00 (-66%)"),
        ("2", "14", True, "+$2.00 (15 times as much)"),
        ("2", None, True, "+$2.00"),
        ("0", "0", True, "no change"),
        ("2", None, False, "+$2.00 (known part)"),
        ("0", None, False, "no change (known part)"),
        (None, None, False, "not known"),
    ],
)
def test_a_difference_says_how_much_of_it_is_known(difference: str | None, share: str | None, complete: bool, words: str) -> None:
    cost = replace(
        a_diff().costs.current,
        delta_usd=None if difference is None else Decimal(difference),
        delta_share=None if share is None else Decimal(share),
        complete=complete,
    )
    assert delta(cost) == words


def test_grades_that_differ_alike_at_several_user_counts_are_one_row() -> None:
    report = sample_report()
    before = {users: GradesAtScale(overall="C", categories={"scalability": "D"}) for users in report.grades_by_users}
    after = {users: GradesAtScale(overall="A" if users == "100" else "C", categories={"scalability": "F"}) for users in before}
    old, new = (replace(report, grades_by_users=grades) for grades in (before, after))
    [section] = [one for one in sections(compare(old, new)) if one.id == "grades"]
    assert section.rows == (
        ("Overall", "C → A", "better", "at 100 users"),
        ("Scalability", "D → F", "worse", "at every user count"),
    )


def test_a_grade_that_neither_run_knows_is_no_steady_grade() -> None:
    old = sample_report()
    unknown = replace(old, overall=replace(old.overall, grade="?"))
    fewer = replace(unknown, findings=unknown.findings[1:])
    [summary, *_] = sections(compare(unknown, fewer))
    assert summary.rows[0] == ("Grade", "?", "?", "too little was seen in both")


def test_a_small_bill_is_told_as_finely_as_its_change() -> None:
    line = replace(a_diff().costs.current, before_usd=Decimal("0.0002"), after_usd=Decimal("0.0006"), after_complete=True)
    diff = replace(a_diff(), costs=replace(a_diff().costs, current=line))
    [summary, *_] = sections(diff)
    assert summary.rows[2][1:3] == ("≥ $0.00020", "$0.00060")


def test_a_line_says_what_it_comes_from() -> None:
    lines = {(line.table, line.index, line.component): line for line in a_diff().costs.current.lines}
    assert because(lines[SUBSCRIBERS, None, "writes"]) == "usage"
    assert because(lines[SUBSCRIBERS, None, "pitr"]) == "price list"
    assert because(lines[SYSTEM, None, "storage"]) == "configuration: the table is not in this audit any more"
    both = replace(lines[SUBSCRIBERS, None, "pitr"], usage_usd=Decimal(1), price_list_usd=Decimal(2))
    assert because(both) == "price list +$2.00, usage +$1.00"
    assert (PASSWORD, None, "reads") not in lines
