"""Whole reports: compared with golden files, and fed with hostile text."""

import dataclasses
import itertools
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from stj_audit.errors import ConfigError
from stj_audit.render import FORMATS, render
from stj_audit.render import templates as template_module
from stj_audit.report import GrowthParts, KeyElement, NotChecked, Report, StorageAtScale, Suppression, TableReport, from_json
from tests.render.reading import DIFFERS, FENCED, SECTIONS, Reader, golden, invisible, markdown_tables
from tests.sample_report import HOSTILE, hostile_report, sample_report

SUFFIX = {"table": "txt", "markdown": "md", "html": "html", "json": "json"}


@pytest.mark.parametrize("format_name", SUFFIX)
def test_golden(format_name: str) -> None:
    text = render(sample_report(), format_name)
    assert text == golden(f"report.{SUFFIX[format_name]}", text), DIFFERS


def test_an_unknown_format_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="'pdf' is no report format") as error:
        render(sample_report(), "pdf")
    assert error.value.hint == f"use one of {', '.join(FORMATS)}"


@pytest.mark.parametrize("words_too", [False, True])
@pytest.mark.parametrize("format_name", SUFFIX)
def test_hostile_text_is_harmless(format_name: str, words_too: bool) -> None:
    text = render(hostile_report(words_too=words_too), format_name, color=False)
    assert not invisible(text)
    text.encode("utf-8")
    assert text.endswith("\n")
    assert "red" in text, "hostile text must be in the report, else this test shows nothing"
    if format_name in {"html", "markdown"}:
        text = FENCED.sub("", text) if format_name == "markdown" else text  # in a fence of Markdown nothing is markup
        assert "<script" not in text
        assert "<img" not in text
        assert "49" not in re.findall(r"\b7\*7\b|\b49\b(?=\{)", text)


@pytest.mark.parametrize("words_too", [False, True])
@pytest.mark.parametrize("color", [False, True])
def test_terminal_gets_only_its_own_colours(words_too: bool, color: bool) -> None:
    text = render(hostile_report(words_too=words_too), "table", color=color)
    rest = re.sub(r"\x1b\[(?:\d;)?\d{1,2}m", "", text)
    assert not invisible(rest)
    assert ("\x1b[" in text) is color
    assert text.count("\x1b[0m") * 2 == text.count("\x1b[")


@pytest.mark.parametrize(
    "report", [sample_report(), hostile_report(), hostile_report(words_too=True)], ids=["sample", "hostile", "all"]
)
def test_markdown_tables_keep_their_columns(report: Report) -> None:
    tables = markdown_tables(render(report, "markdown"))
    assert len(tables) >= 12
    for widths in tables:
        assert len(set(widths)) == 1, widths
        assert widths[0] >= 2


@pytest.mark.parametrize("report", [hostile_report(), hostile_report(words_too=True)], ids=["hostile", "all"])
def test_markdown_has_no_markup_of_others(report: Report) -> None:
    text = FENCED.sub("", render(report, "markdown"))
    assert not re.search(r"<(?!/?details>|/?summary>|!-- -->| \$\d)", text)
    assert not re.search(r"(?<!\\)(?:\\\\)*\]\(", text)
    assert "https://" not in text
    assert [line for line in text.split("\n") if re.match(r"#+ ", line)] == [
        line for line in text.split("\n") if re.match(r"#{1,4} (\d+\. )?\S", line)
    ]
    sections = re.findall(r"(?m)^## (.*)$", text)
    assert sections == list(SECTIONS)


@pytest.mark.parametrize(
    "report", [sample_report(), hostile_report(), hostile_report(words_too=True)], ids=["sample", "hostile", "all"]
)
def test_html_is_well_formed(report: Report) -> None:
    page = Reader(render(report, "html"))
    assert page.tangled == []
    names = {tag for tag, _ in page.tags}
    assert not names & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "link",
        "base",
        "audio",
        "video",
        "foreignobject",
        "use",
    }
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style", "action"}]
        assert attributes.get("href", "#").startswith("#")
    for widths in page.rows:
        assert len(set(widths)) == 1, widths
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for _, attributes in page.tags if "href" in attributes]
    assert set(links) <= set(ids)
    labels = [one for _, attributes in page.tags for one in attributes.get("aria-labelledby", "").split()]
    assert set(labels) <= set(ids)


def test_html_is_accessible_in_its_structure() -> None:
    text = render(sample_report(), "html")
    page = Reader(text)
    assert ("html", {"lang": "en"}) in page.tags
    assert "<title>DynamoDB audit: grade C, eu-north-1, 22 November 2026</title>" in text
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert [title for level, title in page.headings if level == 2] == list(SECTIONS)
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in page.tags if tag == "th")
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(charts) == 1 + 2 * 8
    assert all(chart["role"] == "img" and len(chart["aria-labelledby"].split()) == 2 for chart in charts)
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", text)
    assert "url(" not in text


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_everything_of_the_report_is_there(format_name: str) -> None:
    report = sample_report()
    text = render(report, format_name).replace("&#39;", "'").replace("&#34;", '"')
    wanted = [report.verdict, str(report.overall.held_by), *report.trust, *report.costs.assumptions]
    wanted += [
        line for part in (report.summary.strengths, report.summary.improvements, report.summary.cost_efficiency) for line in part
    ]
    for finding in report.findings:
        wanted += (
            [finding.title]
            if finding.suppressed
            else [finding.message, finding.fix, finding.current, finding.benefit, finding.migration]
        )
        wanted += [] if finding.suppressed else finding.commands
    wanted += [message for point in report.good for message in (point.title, *point.messages)]
    wanted += [word for practice in report.practices for word in (practice.practice, practice.status, practice.notes)]
    wanted += [word for category in report.categories for word in (category.title, category.notes)]
    wanted += [item.text for rung in report.recommendations for item in rung.items]
    wanted += [action.text for action in report.actions]
    wanted += [word for row in report.not_checked for word in (row.call, row.reason, row.check or "", row.table or "")]
    wanted += [word for rule in report.rules for word in (rule.check, rule.code, rule.title)]
    for table in report.tables:
        wanted += [table.name, table.table_class, table.encryption]
        wanted += [word for index in table.indexes for word in (index.name, index.projection, index.usage)]
        wanted += [one.name for one in table.items.attributes] if table.items else []
        wanted += [one.key_hash for one in table.items.largest] if table.items else []
    wanted += ["re-created by the deployment in a minute", "31 March 2027", "22 May 2027", "5,000 users", "2025-09"]
    missing = [word for word in wanted if word and word not in text]
    assert missing == []


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_long_lists_are_cut_with_a_word(format_name: str) -> None:
    report = sample_report()
    finding = dataclasses.replace(report.findings[0], id="x")
    many = tuple(dataclasses.replace(finding, id=f"x{number}", table=f"table-{number}") for number in range(53))
    text = render(dataclasses.replace(report, findings=many, do_first=()), format_name)
    assert "and 3 more, see the run file" in text
    assert "table-49" in text
    assert "table-50" not in text
    assert "Nothing is urgent" in text


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_praise_is_cut_sooner(format_name: str) -> None:
    report = sample_report()
    point = dataclasses.replace(report.good[0], messages=tuple(f"praise-{number}" for number in range(8)))
    text = render(dataclasses.replace(report, good=(point,)), format_name)
    assert "praise-5" in text
    assert "praise-6" not in text
    assert "and 2 more, see the run file" in text


def test_a_folded_finding_shows_its_numbers() -> None:
    report = sample_report()
    text = render(report, "html")
    gists = re.findall(r'<span class="gist">(.*?)</span></summary>', text)
    assert len(gists) == sum(finding.suppressed is None for finding in report.findings)
    assert report.findings[0].message in gists


def test_the_reason_for_a_grade_is_a_sentence_of_its_own() -> None:
    text = render(sample_report(), "markdown")
    assert "one item is at 97% of the limit. Held at D because a critical finding holds a category at D. |" in text
    assert not re.search(r"[^.|] Held at", text)


def test_numbers_are_not_swallowed() -> None:
    text = render(sample_report(), "markdown")
    assert (
        "| 10,000 (target) | $3.43 (4%) | $20.95 (23%) | $65.60 (73%) | $0.38 (0.4%) | ≥ $0.10 (0.1%) |"
        " **≥ $90.46** | $38.40 to ≥ $39.20 | ≥ $0.0090 |" in text
    )
    assert (
        "| `stj_subscribers` | every item (112) | 46.5 KB | 29.1 KB | 115.3 KB | 294.9 KB | 387.0 KB | 1 over 300.0 KB | 0 over 400.0 KB |"
        in text
    )
    assert "| `stj_password` | a sample: 150 of about 225 |" in text
    assert "0 in the sample: 0 to 2 in the table over 300.0 KB" in text
    assert "- [x] turn on PITR for stj_subscribers" in text
    assert "- [ ] turn on PITR for stj_password" in text
    assert "| **Total** | **14.6 MB** | **145.8 MB** | **1.4 GB** | **7.1 GB** | **14.2 GB** |" in text


COST_SECTIONS = (
    "How the bill grows",
    "By access pattern",
    "What the fixes save together at 10,000 users",
    "From how many users a change pays off",
    "Commitments, for information",
    "Why not $3.78?",
    "Declared patterns against what was measured",
)


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_what_drives_the_bill_is_told(format_name: str) -> None:
    report = sample_report()
    text = render(report, format_name).replace("&#39;", "'")
    for title in COST_SECTIONS:
        assert re.search(rf"(?m)^(?:### |<h3>){re.escape(title)}(?:</h3>)?$", text), title
    plain = re.sub(r"[*`]|<[^> ][^>]*>", "", text)
    wanted = [
        "At 10,000 users, at least $5.40 a month (6% of what is known) grows with the square of the users: twice the users make it four",
        "It is in index reads of subscription-status-username-index in stj_subscribers ($5.40 in all).",
        "for each declared pattern of tables on demand:",
        "After a year of growth: the same users, with items that have grown for a year as declared.",
        "Where the money goes at 10,000 users",
        "12 more lines",
        "1 line without an amount",
        "with the square of the users",
        "≥ $89.13",
        "The amounts do not overlap",
        "up to $0.80",
        "Together, at most",
        "stj_subscribers: provisioned capacity with auto scaling pays off from about 41,000 users (replayed over",
        "stj_password: provisioned capacity with auto scaling pays off at none of the counts up to 100,000 users; replayed over",
        "It is in no total, and not in what is avoidable.",
        "The real amount is 24 times the one by hand.",
        "25,500,000 units, and 48,378,571 in indexes",
        "wrong patterns: measured is 0.4 times what the patterns say",
        "not measured: as declared",
        "$0.67 per million write request units",
        "billed in eu-west-1",
    ]
    wanted += [one.pattern for one in report.costs.patterns]
    wanted += [one.change.partition(" ")[2] for one in report.costs.projections[2].savings]
    assert report.costs.naive is not None
    wanted += [reason[1:] for reason in report.costs.naive.why]
    assert [word for word in wanted if word not in plain] == []


@pytest.mark.parametrize("format_name", SUFFIX)
def test_a_run_file_from_before_has_none_of_it(format_name: str) -> None:
    """Its costs are as they were: without what only newer versions put there."""
    run = json.loads(render(sample_report(), "json"))
    for name in ("patterns", "calibrations", "naive", "break_even", "commitments", "target_users"):
        del run["costs"][name]
    for at in run["costs"]["projections"]:
        for name in ("parts", "savings", "after_year_usd"):
            del at[name]
    for line in [*run["costs"]["current"]["lines"], *(line for at in run["costs"]["projections"] for line in at["lines"])]:
        del line["growth"], line["region"]
    report = from_json(json.dumps(run))
    assert report.costs.naive is None
    text = render(report, format_name)
    if format_name != "json":
        for title in (*COST_SECTIONS, "By hand", "grows for a year", "four times as much", "pays off"):
            assert title not in text
        assert "$90.46" in text
    if format_name in {"markdown", "html"}:
        assert "Where the money goes at 10,000 users" in text
    if format_name == "html":
        assert Reader(text).tangled == []
        assert 'class="square"' not in text


def test_the_terminal_says_what_drives_the_bill_in_a_line_each() -> None:
    text = " ".join(render(sample_report(), "table").split())
    assert "At 10,000 users, at least $5.40 a month (6% of what is known) grows with the square of the users" in text
    assert "stj_subscribers: provisioned capacity with auto scaling pays off from about 41,000 users." in text
    assert "at none of" not in text
    assert "requests at 10,000 users would be $3.78 a month; with the units that they take it is $89.13." in text
    report = sample_report()
    many = report.costs.break_even[:1] * 5
    text = " ".join(render(dataclasses.replace(report, costs=dataclasses.replace(report.costs, break_even=many)), "table").split())
    assert text.count("pays off from") == 2


def _all_read(table: TableReport) -> TableReport:
    return table if table.items is None else dataclasses.replace(table, items=dataclasses.replace(table.items, coverage="full"))


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_sizes_of_a_sample_are_marked_as_such_in_every_format(format_name: str) -> None:
    report = sample_report()
    text = render(report, format_name)
    assert "≥ 1.8 KB" in text
    assert "≈ 1.7 KB" in text
    note = "≈ and ≥ before the size of an item: only a sample of the table was read"
    assert text.count(note) == (1 if format_name == "table" else 2)
    text = render(dataclasses.replace(report, tables=tuple(_all_read(table) for table in report.tables)), format_name)
    assert "1.7 KB" in text
    assert "≈" not in text
    assert "≥ 1.8 KB" not in text


@pytest.mark.parametrize(
    ("format_name", "row"),
    [
        ("table", r"n/a +Indexes +– +– +nothing to judge: no index"),
        ("markdown", r"\| Indexes \| \*\*n/a\*\* \| – \| – \| nothing to judge: no index \|"),
        (
            "html",
            r">Indexes</th><td><b class=\"mute\">n/a</b></td><td>–</td><td class=\"n\">–</td><td class=\"wide\">nothing to judge: no index<",
        ),
    ],
)
def test_where_there_is_nothing_to_judge_nothing_was_seen(format_name: str, row: str) -> None:
    report = sample_report()
    none = dataclasses.replace(
        report.categories[0], title="Indexes", grade="n/a", best="A+", worst="A+", coverage=1.0, notes="nothing to judge: no index"
    )
    text = render(dataclasses.replace(report, categories=(none, *report.categories[1:])), format_name)
    assert re.search(row, text)


def test_the_heading_of_a_sample_says_at_least() -> None:
    text = render(sample_report(), "html")
    assert "largest item at least 1.8 KB" in text
    assert "of a sample of 150 items: half are at most about 1.3 KB, the largest is at least 1.8 KB." in text
    assert "largest item 387.0 KB" in text


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_a_lower_bound_has_one_spelling_and_is_explained_where_it_is(format_name: str) -> None:
    report = sample_report()
    text = render(report, format_name)
    assert text.count("≥ means at least: a part is not known.") == 1
    assert not re.search(r"\$[\d,.]*\+|or more|over \$|A plus|at least less", text)
    assert "≥ $90.46" in text
    assert "at least $90.46" in text or format_name == "html"
    whole = [dataclasses.replace(at, complete=True) for at in report.costs.projections]
    lines = [[line for line in at.lines if line.monthly_usd is not None] for at in whole]
    known = dataclasses.replace(
        report,
        categories=tuple(dataclasses.replace(one, coverage=1.0) for one in report.categories),
        tables=tuple(
            dataclasses.replace(_all_read(table), traffic=None, cost=dataclasses.replace(table.cost, complete=True))
            for table in report.tables
        ),
        costs=dataclasses.replace(
            report.costs,
            current=dataclasses.replace(report.costs.current, complete=True),
            projections=tuple(dataclasses.replace(at, lines=tuple(some)) for at, some in zip(whole, lines, strict=True)),
            patterns=report.costs.patterns[:-1],
        ),
    )
    text = render(known, format_name)
    assert "≥" not in text
    assert "at least $" not in text


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_a_bill_of_which_nothing_is_known_needs_no_mark(format_name: str) -> None:
    report = sample_report()
    unknown = [
        dataclasses.replace(at, monthly_usd=None, lines=(), parts=None, after_year_usd=None, savings=(), per_user_usd=None)
        for at in report.costs.projections
    ]
    costs = dataclasses.replace(
        report.costs,
        projections=tuple(unknown),
        current=dataclasses.replace(report.costs.current, monthly_usd=None),
        patterns=(),
    )
    tables = tuple(
        dataclasses.replace(_all_read(table), traffic=None, cost=dataclasses.replace(table.cost, complete=True))
        for table in report.tables
    )
    text = render(dataclasses.replace(report, costs=costs, tables=tables), format_name)
    assert "not known" in text
    assert "≥" not in text


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_what_is_free_of_charge_is_told_apart(format_name: str) -> None:
    report = sample_report()
    at = [
        dataclasses.replace(
            one,
            complete=True,
            monthly_usd=Decimal("57.50"),
            parts=GrowthParts(
                constant_usd=Decimal("60.22"), linear_usd=Decimal(4), super_linear_usd=Decimal(0), free_usd=Decimal("-6.72")
            ),
        )
        for one in report.costs.projections
    ]
    text = render(dataclasses.replace(report, costs=dataclasses.replace(report.costs, projections=tuple(at))), format_name)
    plain = " ".join(re.sub(r"<[^> ][^>]*>|\|", " ", text).split())
    assert "A month Growing with the users Fixed Free of charge After a year" in plain
    assert "10,000 target $57.50 $4.00 $60.22 -$6.72" in plain.replace("(target)", "target")
    assert "Free of charge is what the free tier takes off: with it the parts add up to the bill." in plain
    assert "the part that does not grow" not in plain


@pytest.mark.parametrize("format_name", ["markdown", "html"])
@pytest.mark.parametrize(("at_users", "told"), [(None, "22 May 2027."), (0, "22 May 2027."), (1, "2027, or at 1 user, whichever")])
def test_a_review_is_at_some_users_or_none(format_name: str, at_users: int | None, told: str) -> None:
    report = sample_report()
    review = dataclasses.replace(report.next_review, at_users=at_users)
    text = render(dataclasses.replace(report, next_review=review), format_name)
    assert told in text
    assert "0 users, whichever" not in text


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_two_estimates_that_agree_are_not_explained(format_name: str) -> None:
    report = sample_report()
    assert report.costs.naive is not None
    near = dataclasses.replace(report.costs.naive, naive_usd=Decimal("0.20"), real_usd=Decimal("0.20"))
    text = render(dataclasses.replace(report, costs=dataclasses.replace(report.costs, naive=near)), format_name)
    assert "Why not" not in text
    assert "By hand" not in text
    assert "agree" not in text


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_notes_under_savings_and_commitments_are_printed_where_they_apply(format_name: str) -> None:
    report = sample_report()
    notes = ("Rounded amounts may differ from the total by a cent.", "do not apply to the same units")
    text = render(report, format_name)
    assert not any(note in text for note in notes)
    at = report.costs.projections[2]
    savings = tuple(dataclasses.replace(one, saving_usd=Decimal("1.004"), is_bound=False) for one in at.savings)
    reserved = dataclasses.replace(report.costs.commitments[0], offer="reserved capacity, 1 year: 100 RCU")
    costs = dataclasses.replace(
        report.costs,
        projections=(*report.costs.projections[:2], dataclasses.replace(at, savings=savings), *report.costs.projections[3:]),
        commitments=(*report.costs.commitments, reserved),
    )
    text = render(dataclasses.replace(report, costs=costs), format_name)
    assert all(text.count(note) == 1 for note in notes)


def test_the_terminal_names_prices_that_were_asked_for() -> None:
    report = sample_report()
    prices = dataclasses.replace(
        report.costs.prices, source="the public price file on 2026-11-22, because the Price List API is denied"
    )
    costs = dataclasses.replace(report.costs, prices=prices)
    text = render(dataclasses.replace(report, costs=costs), "table")
    assert "Prices: the public price file on 2026-11-22, because the Price List API is denied.\n" in text
    assert "Prices: " not in render(report, "table")


def test_the_terminal_breaks_no_number() -> None:
    report = sample_report()
    tables = tuple(
        dataclasses.replace(table, item_count=15_000_000_000, cost=dataclasses.replace(table.cost, monthly_usd=Decimal(10**7)))
        for table in report.tables
    )
    bills = tuple(
        dataclasses.replace(
            at,
            monthly_usd=Decimal(10**12),
            avoidable_usd=Decimal(10**11),
            avoidable_at_most_usd=Decimal(10**12),
            per_user_usd=Decimal(10**9),
        )
        for at in report.costs.projections
    )
    text = render(dataclasses.replace(report, tables=tables, costs=dataclasses.replace(report.costs, projections=bills)), "table")
    for number in ("15,000,000,000", "$10,000,000", "≥ $1,000,000,000,000", "≥ $1,000,000,000.00"):
        assert re.search(rf"(?<![\d,]){re.escape(number)}(?![\d,])", text), number
    assert "$100,000,000,000 to  " in text  # and the other end of the range in the next line
    assert max(map(len, text.splitlines())) <= 100


def test_a_saving_links_to_its_finding_where_there_is_one() -> None:
    report = sample_report()
    text = render(report, "html")
    table = text[text.index("What the fixes save together") :]
    assert '<a class="flag" href="#finding-4">IDX-01</a>' in table
    assert "Remove index phone-index (IDX-01)" in render(report, "markdown")
    gone = dataclasses.replace(report, findings=(), do_first=())
    text = render(gone, "html")
    assert "IDX-01</a>" not in text
    assert "Remove index phone-index" in text


def test_an_empty_report_says_so() -> None:
    report = sample_report()
    empty = dataclasses.replace(
        report,
        overall=dataclasses.replace(report.overall, grade="?", score=None, held_by=None),
        do_first=(),
        grades_by_users={},
        categories=(),
        tables=(),
        findings=(),
        not_checked=(),
        costs=dataclasses.replace(
            report.costs,
            current=dataclasses.replace(report.costs.current, monthly_usd=None, lines=()),
            projections=(),
            assumptions=(),
            patterns=(),
            calibrations=(),
            naive=None,
            break_even=(),
            commitments=(),
        ),
        good=(),
        practices=(),
        recommendations=(),
        actions=(),
        rules=(),
        trust=(),
    )
    for format_name in SUFFIX:
        text = render(empty, format_name)
        if format_name != "json":
            assert "not known" in text
            assert "too little was seen" in text
            assert "No finding among what was checked." in text
            assert not invisible(text)
    assert Reader(render(empty, "html")).tangled == []


def test_the_run_file_is_read_back() -> None:
    report = sample_report()
    text = render(report, "json")
    assert from_json(text) == report
    assert json.loads(text)["costs"]["projections"][2]["monthly_usd"] == pytest.approx(90.4569)


def test_nothing_is_a_plain_0_in_the_run_file() -> None:
    report = sample_report()
    zeros = [Decimal(text) for text in ("0E-8", "-0E-8", "0E+3", "1.2E-10", "0.00")]
    projections = [dataclasses.replace(at, per_user_usd=zero) for at, zero in zip(report.costs.projections, zeros, strict=True)]
    finding = dataclasses.replace(report.findings[0], message='a: 0E-8", "b": 0E-8', saving_usd_month={"100": zeros[0]})
    shown = dataclasses.replace(
        report, costs=dataclasses.replace(report.costs, projections=tuple(projections)), findings=(finding,), do_first=()
    )
    text = render(shown, "json")
    assert re.findall(r'(?<="per_user_usd": )[^,\n]*', text) == ["0", "0", "0", "1.2E-10", "0.00"]
    assert '"100": 0\n' in text
    assert from_json(text) == shown


def test_a_hostile_run_file_is_read_back() -> None:
    report = hostile_report()
    again = from_json(render(report, "json"))
    assert again.audit.read_units == Decimal("742.5")
    assert again.tables[0].tags is not None
    texts = json.dumps(json.loads(render(report, "json")))
    assert "half \\\\ud800 a pair \\\\udfff" in texts
    # Only what UTF-8 cannot hold is changed: the other hostile strings come back as they were.
    values = set(_strings(json.loads(render(report, "json"))))
    for hostile in HOSTILE:
        if "\ud800" not in hostile:
            assert any(value.startswith(hostile) for value in values)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in [key, *_strings(one)]]
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    return []


def test_terminal_lines_are_narrow_and_whole() -> None:
    text = render(sample_report(), "table")
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "…" not in text
    words = " ".join(re.split(r"[\s|]+", text))
    for finding in sample_report().findings:
        assert finding.suppressed or finding.message.split()[-1] in words
    assert "Grade C - needs work, 71 of 100, between C- and B; 93% of the checks could be made" in text
    cost = "Cost a month: at least $0.95 now, at least $90.46 at 10,000 users, of which avoidable: $38.40 to at least $39.20."
    assert cost in " ".join(text.split())


def test_a_terminal_without_an_open_finding_says_what_is_suppressed() -> None:
    report = sample_report()
    suppressed = tuple(finding for finding in report.findings if finding.suppressed)
    text = render(dataclasses.replace(report, findings=suppressed), "table")
    assert (
        "No finding among what was checked.\n1 finding suppressed by the configuration, and 1 finding known from the baseline.\n"
        in text
    )


def test_terminal_colours_follow_the_option() -> None:
    plain, colored = render(sample_report(), "table"), render(sample_report(), "table", color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31mcritical\x1b[0m" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


def test_templates_of_a_checkout_and_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (template_module.CHECKOUT / "report.html.j2").is_file()
    monkeypatch.setattr(template_module, "CARRIED", tmp_path / "none")
    assert template_module.template_folder() == template_module.CHECKOUT
    monkeypatch.setattr(template_module, "CARRIED", tmp_path)
    assert template_module.template_folder() == tmp_path


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_long_names_are_cut_everywhere(format_name: str) -> None:
    """An attribute name may have 64 KB, a table name 255 characters."""
    report = sample_report()
    long = "n" * 300
    table = report.tables[0]
    assert table.items is not None
    assert table.traffic is not None
    items = dataclasses.replace(
        table.items,
        attributes=tuple(dataclasses.replace(one, name=long) for one in table.items.attributes),
        largest=tuple(dataclasses.replace(one, key_hash=long) for one in table.items.largest),
    )
    index = dataclasses.replace(
        table.indexes[0], name=long, non_key_attributes=(long,), key_schema=(KeyElement(attribute=long, type="S", role="HASH"),)
    )
    flow = table.traffic.indexes["subscription-status-username-index"]
    table = dataclasses.replace(
        table,
        name=long,
        items=items,
        indexes=(index,),
        ttl_attribute=long,
        key_schema=index.key_schema,
        replicas=(long,),
        traffic=dataclasses.replace(table.traffic, indexes={long: flow}, throttle_reasons={long: 1}),
    )
    finding = dataclasses.replace(report.findings[0], table=long, index=long)
    line = dataclasses.replace(report.costs.current.lines[0], table=long, index=long)
    projection = dataclasses.replace(
        report.costs.projections[2], lines=(line,), storage=(StorageAtScale(table=long, items=1, table_bytes=1, index_bytes=1),)
    )
    report = dataclasses.replace(
        report,
        tables=(table,),
        findings=(finding, dataclasses.replace(finding, id="x", suppressed=Suppression(reason="", expires=None))),
        not_checked=(NotChecked(check=long, table=long, index=None, call="x", reason="y"),),
        costs=dataclasses.replace(
            report.costs,
            current=dataclasses.replace(report.costs.current, lines=(line,)),
            projections=(projection,),
            patterns=(dataclasses.replace(report.costs.patterns[0], pattern=long, table=long, index=long),),
        ),
        rules=(dataclasses.replace(report.rules[0], check=long),),
    )
    text = render(report, format_name)
    assert "n" * 68 not in text
    assert ("n" * 67 + "…" + "n" * 33 in text) or format_name == "table"
