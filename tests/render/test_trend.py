"""The trend as people read it: compared with golden files, fed with hostile text, and absent where no history is kept."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from stj_audit.history import summary
from stj_audit.render import render
from stj_audit.render.digest_trend import cost_growth, growth_rows, outlooks, run_rows, signed_size, trend_notes
from stj_audit.render.sparkline import sparklines
from stj_audit.report import Forecast, TableTrend, Trend, from_json, to_json
from stj_audit.trend import trend
from tests.render.reading import DIFFERS, golden, invisible
from tests.sample_report import HOSTILE, hostile, sample_report
from tests.trended_report import earlier_runs, trended_report

SECTION = {
    "table": re.compile(r"^Trend of 13 runs\n.*?(?=^Not checked$)", re.DOTALL | re.MULTILINE),
    "markdown": re.compile(r"^## Trend\n.*?(?=^## Current schema$)", re.DOTALL | re.MULTILINE),
    "html": re.compile(r'^<h2 id="trend">.*?(?=^<h2 id="schema">)', re.DOTALL | re.MULTILINE),
}
SUFFIX = {"table": "txt", "markdown": "md", "html": "html"}


def a_table_trend(*forecasts: Forecast, **fields: Any) -> TableTrend:
    given: dict[str, Any] = {"runs": 5, "items_per_month": 1.0, "bytes_per_month": 2.0, "largest_bytes": 100 * 1024}
    given |= {"largest_bytes_per_month": 3.0, "sampled_runs": 0}
    return TableTrend(table="orders", forecasts=forecasts, **given | fields)


def words(*forecasts: Forecast, **fields: Any) -> str:
    whole = replace(found(), tables=(a_table_trend(*forecasts, **fields),))
    (one,) = outlooks(whole)
    return one.words


def found() -> Trend:
    report = trended_report()
    assert isinstance(report.trend, Trend)
    return report.trend


@pytest.mark.parametrize("format_name", SECTION)
def test_golden(format_name: str) -> None:
    section = SECTION[format_name].search(render(trended_report(), format_name, color=False))
    assert section is not None
    assert section.group() == golden(f"trend.{SUFFIX[format_name]}", section.group()), DIFFERS


@pytest.mark.parametrize("format_name", SECTION)
def test_without_a_trend_nothing_of_it_is_there(format_name: str) -> None:
    with_it, without = (render(report, format_name, color=False) for report in (trended_report(), sample_report()))
    assert not re.search("[Tt]rend", without)
    rest = SECTION[format_name].sub("", with_it)
    rest = rest.replace('<li><a href="#trend">Trend</a></li>', "").replace(
        "svg .spark, svg .least { fill: none; stroke: var(--part0); stroke-width: 2; }\n", ""
    )
    assert re.sub(r"\n+", "\n", rest) == re.sub(r"\n+", "\n", without)


def test_it_is_in_the_run_file_and_read_again() -> None:
    report = trended_report()
    assert from_json(to_json(report)).trend == report.trend
    assert '"trend"' not in to_json(sample_report())


@pytest.mark.parametrize("format_name", SECTION)
def test_hostile_text_is_harmless(format_name: str) -> None:
    text = render(hostile(trended_report(), texts=HOSTILE), format_name, color=False)
    assert not invisible(text)
    if format_name == "html":
        assert "<script" not in text


def test_charts_have_titles_and_marks_within_their_frame() -> None:
    page = render(trended_report(), "html")
    section = SECTION["html"].search(page)
    assert section is not None
    svgs = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", section.group(), re.DOTALL)]
    assert len(svgs) == 4, "two charts, each for wide and for narrow screens"
    for svg in svgs:
        labels = svg.attrib["aria-labelledby"].split()
        named = {one.attrib["id"]: one.text for one in svg.iter() if "id" in one.attrib}
        assert all(named[label] for label in labels)
        width, height = map(float, svg.attrib["viewBox"].split()[2:])
        dots = svg.findall("circle")
        assert len(dots) in {12, 13}
        assert all(0 <= float(dot.attrib["cx"]) <= width and 0 <= float(dot.attrib["cy"]) <= height for dot in dots)
        assert all(dot.findtext("title") for dot in dots)


def test_a_value_that_is_not_known_breaks_the_line() -> None:
    score, cost = sparklines(found())
    assert [len(line.split()) for line in score.lines] == [3, 9], "the fourth run has no score"
    assert [len(line.split()) for line in cost.lines] == [12], "the last cost is not known in full"
    assert (score.label, cost.label) == ("71 of 100", "≥ $0.95")


def test_a_cost_that_is_known_in_part_is_an_open_dot_without_a_line() -> None:
    runs = found().runs
    whole = replace(found(), runs=tuple(replace(run, cost_complete=place not in {0, 5, 12}) for place, run in enumerate(runs)))
    cost = sparklines(whole)[-1]
    assert [place for place, dot in enumerate(cost.dots) if dot.is_open] == [0, 5, 12]
    assert [len(line.split()) for line in cost.lines] == [4, 6]
    opened = {f"{dot.x},{dot.y}" for dot in cost.dots if dot.is_open}
    assert opened.isdisjoint(" ".join(cost.lines).split())
    assert cost.dots[5].tip.rpartition(": ")[2].startswith("≥ $")
    assert "An open dot is the least that it can be." in cost.description
    page = render(replace(trended_report(), trend=whole), "html")
    assert page.count('<circle class="least"') == 6, "three, on wide and on narrow screens"
    complete = replace(whole, runs=tuple(replace(run, cost_complete=True) for run in runs))
    assert "open" not in sparklines(complete)[-1].description
    assert '<circle class="least"' not in render(replace(trended_report(), trend=complete), "html")


def test_without_any_score_there_is_no_chart_of_it() -> None:
    whole = replace(found(), runs=tuple(replace(run, score=None, grade="?") for run in found().runs))
    assert [chart.name for chart in sparklines(whole)] == ["Cost a month now"]
    page = render(replace(trended_report(), trend=whole), "html")
    assert re.findall('aria-label="Chart: ([a-z ]+) by run"', page) == ["cost a month"]


def test_one_run_has_no_chart_and_says_that_it_is_too_early() -> None:
    report = sample_report()
    report = replace(report, trend=trend([], summary(report)))
    assert "spark" not in re.sub(r"<style>.*?</style>", "", render(report, "html"), flags=re.DOTALL)
    for format_name in SECTION:
        told = render(report, format_name, color=False)
        assert "too early: 1 run, and it takes 4 over two months" in re.sub(r"\s+", " ", told)
    assert isinstance(report.trend, Trend)
    assert (growth_rows(report.trend), outlooks(report.trend), cost_growth(report.trend)) == ((), (), "")


def test_a_bill_for_other_users_says_so() -> None:
    runs = earlier_runs()
    whole = trend([replace(runs[-1], target_users=500)], summary(sample_report()))
    assert [row.cost_at_target.partition(":")[0] for row in run_rows(whole)] == ["at 500 users", "≥ $90.46"]


def test_runs_of_one_day_are_told_by_their_time() -> None:
    kept = summary(sample_report())
    before = replace(kept, id="before", started_at=kept.started_at - timedelta(minutes=90))
    assert [row.date for row in run_rows(trend([before], kept))] == ["2026-11-22 04:30", "2026-11-22 06:00"]


LINE, LIMIT = 300 * 1024, 400 * 1024


def test_dates_say_how_sure_they_are() -> None:
    between = Forecast(
        line_bytes=LINE, state="dated", expected=date(2027, 3, 1), earliest=date(2027, 2, 1), latest=date(2027, 5, 1)
    )
    unsure = Forecast(line_bytes=LIMIT, state="dated", expected=date(2028, 3, 1), earliest=date(2027, 6, 1))
    assert words(between, unsure) == (
        "the largest item (now 100.0 KB) reaches 300 KB about 1 March 2027, between 1 February 2027 and 1 May 2027 (95 %); "
        "reaches 400 KB about 1 March 2028, not before 1 June 2027, and maybe never: that it grows is not sure."
    )
    day = date(2027, 3, 1)
    even = Forecast(line_bytes=LINE, state="dated", expected=day, earliest=day, latest=day)
    assert "reaches 300 KB on 1 March 2027, if it grows as evenly as it did" in words(even, unsure)
    assert words(even, unsure, sampled_runs=2).endswith(
        "; 2 runs of 5 read a sample only, so that it may be larger, and the date sooner."
    )


@pytest.mark.parametrize(
    ("state", "because", "told"),
    [
        ("reached", "", "the largest item (now 100.0 KB) has reached 300 KB and 400 KB."),
        ("never", "", "the largest item (now 100.0 KB) does not grow, and so never reaches 300 KB or 400 KB."),
        ("far", "", "the largest item (now 100.0 KB) does not reach 300 KB or 400 KB within 20 years at this growth."),
        ("too early", "few", "the largest item (now 100.0 KB) reaches 300 KB or 400 KB at a time that is not known: few."),
    ],
)
def test_no_date_says_why(state: str, because: str, told: str) -> None:
    assert words(*(Forecast(line_bytes=line, state=state, because=because) for line in (LINE, LIMIT))) == told


def test_what_was_last_read_says_when() -> None:
    gone = [Forecast(line_bytes=line, state="reached", because="when last read, on 2 May 2026") for line in (LINE, LIMIT)]
    assert words(*gone, largest_bytes=None) == "the largest item had reached 300 KB and 400 KB when last read, on 2 May 2026."


def test_what_is_not_sure_says_from_when_on() -> None:
    line, limit = (Forecast(line_bytes=one, state="unsure", earliest=date(2027, 1, 1)) for one in (LINE, LIMIT))
    assert words(line, limit) == (
        "the largest item (now 100.0 KB) does not grow as far as can be told, and reaches 300 KB or 400 KB not before "
        "1 January 2027, if ever."
    )
    later = replace(limit, earliest=date(2028, 2, 1))
    assert words(line, later) == (
        "the largest item (now 100.0 KB) does not grow as far as can be told, and reaches 300 KB not before 1 January 2027, if ever; "
        "does not grow as far as can be told, and reaches 400 KB not before 1 February 2028, if ever."
    )


@pytest.mark.parametrize(
    ("now", "at_target", "told"),
    [
        (
            Decimal("-2.00"),
            Decimal("3.50"),
            "falls by $2.00 each month; what a month costs at 10,000 users grows by $3.50 each month.",
        ),
        (Decimal("0.00"), None, "stays the same."),
    ],
)
def test_a_cost_that_falls_does_not_grow(now: Decimal, at_target: Decimal | None, told: str) -> None:
    whole = replace(found(), cost_usd_per_month=now, cost_at_target_usd_per_month=at_target)
    assert cost_growth(whole) == f"What a month costs now {told}"


def test_growth_has_a_sign() -> None:
    assert [signed_size(size) for size in (2048.0, -2048.0, 0.2, 0.0)] == ["+2.0 KB", "-2.0 KB", "0 B", "0 B"]
    whole = replace(
        found(),
        tables=(a_table_trend(Forecast(line_bytes=LINE, state="too early"), items_per_month=-1_234.5, bytes_per_month=None),),
    )
    (row,) = growth_rows(whole)
    assert (row.items, row.size, row.largest) == ("-1,234.5", "too early", "+3 B")


def test_notes_are_sentences() -> None:
    assert all(note.endswith(".") for note in trend_notes(found()))
