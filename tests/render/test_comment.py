"""The comment on a pull request: short whatever is in it, and whole Markdown whatever was left out."""

import dataclasses
import re

import pytest
from hypothesis import given, settings

from stj_audit.render import render
from stj_audit.render.comment import MOST_BYTES, SIZES, render_comment
from stj_audit.render.templates import render_short_markdown
from stj_audit.report import Report
from tests.gated_report import a_gate, a_large_report, gated_report, hostile_gated_report, no_gate, passed_gate
from tests.render.reading import FENCED, markdown_tables, texts
from tests.sample_report import sample_report

GITHUB_CHARACTERS = 65_536  # GitHub answers 422 to a longer comment
TAG = "<!-- stj-audit -->"
LONGEST = ("\U000e0001" * 3_000, "@" * 3_000, "www." * 1_000)  # what grows most when it is escaped


def whole(text: str) -> str:
    """The text, of which nothing was cut in the middle: folds, fences and rows are closed, and no markup is of others."""
    assert text.startswith(f"{TAG}\n")
    assert len(text) < GITHUB_CHARACTERS
    bare = FENCED.sub("", text)  # in a fence nothing is markup
    assert bare.count(TAG) == 1
    assert "```" not in bare, "a fence is not closed"
    assert re.findall(r"</?details>", bare) == ["<details>", "</details>"] * bare.count("<details>")
    assert bare.count("<details>") == bare.count("<summary>") == bare.count("</summary>")
    tags = set(re.findall(r"<[a-zA-Z/!][^>]*>", bare.replace("<!-- -->", "")))
    assert tags <= {TAG, "<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"}
    for table in markdown_tables(text):
        assert len(set(table)) == 1
        assert len(table) > 2, "a table without a row"
    return text


@pytest.mark.parametrize("report", [gated_report(), sample_report(), gated_report(gate=passed_gate())])
def test_it_is_whole(report: Report) -> None:
    whole(render(report, "comment"))


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_is_whole(words_too: bool) -> None:
    whole(render(hostile_gated_report(words_too=words_too), "comment"))


@given(texts=texts)
@settings(max_examples=30)
def test_any_text_is_whole(texts: list[str]) -> None:
    whole(render(hostile_gated_report(texts=texts), "comment"))


def test_the_verdict_comes_first_with_its_reasons() -> None:
    lines = whole(render(gated_report(), "comment")).split("\n")
    assert lines[1] == "## DynamoDB audit: gate failed"
    assert lines[3] == "The gate fails on a finding at or above high and on an item above 300.0 KB."
    assert lines[5].startswith("- stj_subscribers: 1 item above 300.0 KB among 112 items")


def test_what_it_tells() -> None:
    text = whole(render(gated_report(), "comment"))
    places = [
        text.index(part)
        for part in (
            "### Do first",
            "1. critical, `stj_subscribers`",
            "### 3 findings fail",
            "### Items above 300.0 KB",
            "| `stj_password` | not known | 0 of 90 items read",
            "Cost a month: at least $0.95 now, at least $90.46 at 10,000 users, of which avoidable: $38.40 to at least $39.20.",
            "Not checked: 8 things: dynamodb:Scan (AccessDeniedException)",
            "<details><summary>All findings: 1 critical, 2 high, 2 medium, 1 low, 1 info</summary>",
            "**`stj_password`**, grade B-",
            "<details><summary>Commands that fix</summary>",
            "aws dynamodb update-continuous-backups",
        )
    ]
    assert places == sorted(places)


def test_without_a_gate_it_has_the_grade() -> None:
    text = whole(render(sample_report(), "comment"))
    assert "## DynamoDB audit: grade C\n" in text
    assert "gate" not in text
    assert "### Items above" not in text
    assert "### 3 findings fail" in text


def test_a_gate_that_asks_for_nothing_is_none_and_nothing_fails() -> None:
    text = whole(render(gated_report(gate=no_gate()), "comment"))
    assert "## DynamoDB audit: grade C\n" in text
    assert "gate" not in text
    assert "fail\n" not in text
    unread = no_gate(verdict="inconclusive", exit_code=4, reasons=("lost: not read",))
    assert "## DynamoDB audit: gate inconclusive\n\nThe gate fails on nothing.\n\n- lost: not read.\n" in whole(
        render(gated_report(gate=unread), "comment")
    )


def test_a_gate_that_passed_has_no_list_of_what_failed() -> None:
    text = whole(render(gated_report(gate=passed_gate()), "comment"))
    assert "## DynamoDB audit: gate passed\n" in text
    assert "fail\n" not in text
    assert "no oversized item | exact: 150 of 150 items" in text


def test_a_thousand_findings_lose_rows_with_a_word() -> None:
    text = whole(render(a_large_report(1_000), "comment"))
    assert len(text.encode()) <= MOST_BYTES
    assert "### 1,000 findings fail" in text
    rows = len(re.findall(r"(?m)^\| ◆ critical \|", text))
    [more] = set(re.findall(r"and (\d+) more: see the whole report", text)) - {"990"}
    assert rows == 2 * (1_000 - int(more)), "each finding is among those that fail, and among all"
    assert "and 990 more: see the whole report" in text, "of the reasons ten are told"


def test_commands_go_before_findings_do() -> None:
    report = gated_report()
    first = dataclasses.replace(report.findings[0], commands=("x" * MOST_BYTES,))
    text = whole(render(dataclasses.replace(report, findings=(first, *report.findings[1:])), "comment"))
    assert "Commands that fix" not in text
    assert "All findings" in text


@pytest.mark.parametrize("longest", LONGEST)
def test_the_smallest_always_fits(longest: str) -> None:
    """Texts as long as they are ever shown, of the character that grows most: nothing is left but the heads of the lists."""
    report = hostile_gated_report(texts=(longest,), words_too=True)
    most, with_fixes = SIZES[-1]
    assert len(render_short_markdown(report, most=most, with_fixes=with_fixes).encode()) <= MOST_BYTES
    whole(render(report, "comment"))


def test_it_can_be_shorter() -> None:
    full, short = render_comment(gated_report()), render_comment(gated_report(), most_bytes=3_500)
    assert len(whole(short).encode()) <= 3_500 < len(full.encode())


def test_reasons_are_told_whole_or_not_at_all() -> None:
    reasons = tuple(f"reason {number}" for number in range(12))
    text = whole(render(gated_report(gate=a_gate(reasons=reasons)), "comment"))
    assert "- reason 9.\n" in text
    assert "reason 10" not in text
    assert "and 2 more: see the whole report" in text
