"""What the HTML report tells of the gate that the audit was held against."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.render import render
from stj_audit.render.digest_gate import verdict_of
from stj_audit.render.digest_tables import worst_tables
from stj_audit.report import Report
from tests.gated_report import OVER, SAMPLED, UNREAD, a_gate, gated_report, no_gate, passed_gate
from tests.sample_report import PASSWORD, SUBSCRIBERS, SYSTEM, sample_report


def header(report: Report) -> str:
    (found,) = re.findall(r"<header.*?</header>", render(report, "html"), re.DOTALL)
    return str(found)


@pytest.mark.parametrize(
    ("gate", "shape", "word", "code"),
    [
        (a_gate(), "✗", "failed", 3),
        (passed_gate(), "✓", "passed", 0),
        (a_gate(verdict="inconclusive", exit_code=4, failing=(), reasons=("all of it: not read",)), "?", "inconclusive", 4),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_outcome_is_a_shape_and_a_word_and_says_what_was_asked(gate: object, shape: str, word: str, code: int) -> None:
    told = header(gated_report(gate=gate))
    assert f'<span aria-hidden="true">{shape}</span> Gate {word}</b>, exit code {code}.' in told
    assert "It fails on a finding at or above high and on an item above 300.0 KB." in told


def test_the_reasons_are_told_the_worst_first_and_many_are_folded() -> None:
    reasons = tuple(f"table-{number}: it fails" for number in range(60))
    told = header(gated_report(gate=a_gate(reasons=reasons)))
    before, folded = told.split("<details")
    assert re.findall(r"<li>(.*?)</li>", before) == [f"{one}." for one in reasons[:5]]
    assert "60 reasons in all" in folded
    assert re.findall(r"<li>(.*?)</li>", folded) == [f"{one}." for one in reasons[:50]]
    assert "and 10 more, see the run file" in folded
    assert "<details" not in header(gated_report(gate=a_gate(reasons=reasons[:5])))


def test_a_passed_gate_has_no_reason() -> None:
    assert "<li>" not in header(gated_report(gate=passed_gate()))


@pytest.mark.parametrize("report", [sample_report(), gated_report(gate=no_gate())], ids=["no gate", "one that asks for nothing"])
def test_where_nothing_was_asked_nothing_is_told(report: Report) -> None:
    assert "Gate" not in header(report)
    assert "Items against the gate" not in render(report, "html")


def test_each_table_has_its_verdict_on_items() -> None:
    page = render(gated_report(), "html")
    sections = dict(
        re.findall(r"<summary><h3>Table \d: <code>(\w+)</code>.*?<h4>Items against the gate</h4>\n<p>(.*?)</p>", page, re.DOTALL)
    )
    assert sections.keys() == {SUBSCRIBERS, PASSWORD, SYSTEM}
    for table, words, verdict in (
        (SUBSCRIBERS, '<b class="bad"><span aria-hidden="true">✗</span> Oversized items</b>', OVER),
        (PASSWORD, '<b class="warn"><span aria-hidden="true">?</span> Not known</b>', SAMPLED),
        (SYSTEM, '<b class="warn"><span aria-hidden="true">?</span> Not read</b>', UNREAD),
    ):
        assert sections[table].startswith(f"{words} above 300.0 KB: ")
        assert verdict.sentence in sections[table]


def test_a_table_that_was_not_looked_at_has_no_verdict() -> None:
    assert verdict_of(gated_report(gate=passed_gate()), SYSTEM) is None
    assert verdict_of(sample_report(), SUBSCRIBERS) is None


def test_the_worst_table_is_first_and_the_dearer_of_two() -> None:
    sample = sample_report()
    first = sample.tables[0]
    grades = ("A+", "?", "n/a", "B-", "F", "D+", "D-", "C", "X")
    tables = [replace(first, name=grade, grade=grade) for grade in grades]
    dear = replace(first, name="dear", grade="C", cost=replace(first.cost, monthly_usd=Decimal(1_000)))
    unpriced = replace(first, name="unpriced", grade="C", cost=replace(first.cost, monthly_usd=None))
    shown = worst_tables(replace(sample, tables=(*tables, unpriced, dear)))
    assert [one.name for one in shown] == ["F", "D-", "D+", "dear", "C", "unpriced", "?", "B-", "A+", "n/a", "X"]
