"""The whole report as Markdown tells how the gate came out, as the page does."""

import re

import pytest

from stj_audit.render import render
from stj_audit.report import GateReport
from tests.gated_report import OVER, a_gate, gated_report, hostile_gated_report, no_gate, passed_gate
from tests.render.reading import FENCED, invisible, markdown_tables
from tests.sample_report import SUBSCRIBERS, sample_report

FIRST_SECTION = "## Do these first"


def top(text: str) -> str:
    head, found, _ = text.partition(FIRST_SECTION)
    assert found
    return head


def test_the_verdict_is_told_before_the_first_section() -> None:
    gate = a_gate()
    head = top(render(gated_report(gate=gate), "markdown"))
    assert "\n\n✗ **Gate failed**, exit code 3. It fails on a finding at or above high and on an item above 300.0 KB.\n\n- " in head
    assert head.index("Gate failed") < head.index("| A month now")
    bullets = re.findall(r"(?m)^- (.*)$", head)
    assert bullets == [f"{one}." for one in (*gate.reasons[:5], *gate.reasons)]
    assert head.index("<summary>6 reasons in all</summary>") < head.rindex("\n- ") < head.index("</details>")


def test_five_reasons_or_less_are_told_once() -> None:
    head = top(render(gated_report(gate=a_gate(reasons=("one", "two"))), "markdown"))
    assert re.findall(r"(?m)^- (.*)$", head) == ["one.", "two."]
    assert "<details>" not in head


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (passed_gate(), "✓ **Gate passed**, exit code 0."),
        (a_gate(verdict="inconclusive", exit_code=4), "? **Gate inconclusive**, exit code 4."),
    ],
)
def test_every_verdict_has_its_shape(gate: GateReport, told: str) -> None:
    assert f"\n\n{told} It fails on " in top(render(gated_report(gate=gate), "markdown"))


def test_nothing_is_told_of_a_gate_that_asks_for_nothing() -> None:
    for report in (gated_report(gate=no_gate()), sample_report()):
        assert "Gate" not in render(report, "markdown")
        assert "against the gate" not in render(report, "markdown")


def test_each_table_has_the_verdict_on_its_items() -> None:
    text = render(gated_report(), "markdown")
    told = f"#### Items of `{SUBSCRIBERS}` against the gate\n\n✗ **Oversized items** above 300.0 KB: {OVER.sentence}.\n\n"
    assert told in text
    assert text.count("against the gate\n") == len(gated_report().tables)


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_reasons_are_harmless(words_too: bool) -> None:
    text = render(hostile_gated_report(words_too=words_too), "markdown")
    assert not invisible(text)
    assert "<script" not in FENCED.sub("", text)
    for table in markdown_tables(text):
        assert len(set(table)) == 1
