"""Workflow commands: read back as GitHub's runner does (actions/runner, ActionCommand), whatever is in them."""

import dataclasses

import pytest
from hypothesis import given, settings

from stj_audit.render import render
from stj_audit.report import Report
from tests.gated_report import (
    NONE,
    OVER,
    SAMPLED,
    UNREAD,
    a_gate,
    a_large_report,
    gated_report,
    hostile_gated_report,
    passed_gate,
)
from tests.render.reading import texts
from tests.sample_report import PASSWORD, sample_report

COMMANDS = {"error", "warning", "notice"}


@dataclasses.dataclass(frozen=True)
class Command:
    """A command as the runner takes it from a line of output."""

    name: str
    properties: dict[str, str]
    data: str


def command(line: str) -> Command | None:
    """
    The runner's grammar: "::", a name, a blank and properties "key=value" with commas between, "::", and the message. A property is
    percent-decoded, and so is the message, where ":" and "," mean themselves.
    """
    line = line.lstrip()
    if not line.startswith("::") or "::" not in line[2:]:
        return None
    info, data = line[2:].split("::", 1)
    name, _, told = info.partition(" ")
    if name not in COMMANDS:
        return None
    properties = {}
    for one in filter(None, told.strip().split(",")):
        key, _, value = one.partition("=")
        if value:
            properties[key.lower()] = decoded(value, {"%3A": ":", "%2C": ","})
    return Command(name, properties, decoded(data, {}))


def decoded(text: str, more: dict[str, str]) -> str:
    for code, character in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, character)
    return text


def commands(report: Report) -> list[Command]:
    """All lines, each of which is a command."""
    found = [command(line) for line in render(report, "github").split("\n")[:-1]]
    assert all(found), "a line is no command"
    return [one for one in found if one is not None]


def test_oversized_items_come_first_then_what_fails_then_the_rest() -> None:
    found = commands(gated_report())
    assert [one.name for one in found] == ["error"] * 6 + ["warning"] * 2 + ["notice"] * 2
    assert [one.properties["title"] for one in found[:4]] == [
        "oversized items: stj_subscribers",
        "not known: stj_password",
        "not read: stj_system",
        "critical: stj_subscribers: Items near the 400 KB limit",
    ]
    assert not any("deletion" in one.data for one in found), "what is suppressed is not annotated"


def test_a_finding_is_at_the_line_that_declares_its_table() -> None:
    pitr = next(one for one in commands(gated_report()) if "PITR" in one.properties["title"])
    assert pitr.properties == {"file": "infra/tables, old.yaml", "line": "40", "title": "high: stj_password: PITR is off"}
    assert pitr.data == (
        "stj_password: point-in-time recovery is off: a bad write or a deleted table cannot be undone.\n"
        "fix: turn on point-in-time recovery."
    )


def test_a_percent_sign_stays_one() -> None:
    [sampled] = [one for one in commands(gated_report()) if one.properties["title"] == "not known: stj_password"]
    assert "with 95% confidence" in sampled.data


def test_without_a_file_there_is_no_place() -> None:
    assert all(set(one.properties) == {"title"} for one in commands(sample_report()))


def test_without_a_gate_it_fails_from_high_on() -> None:
    assert [one.name for one in commands(sample_report())] == ["error"] * 3 + ["warning"] * 2 + ["notice"] * 2


def test_no_more_than_ten_and_the_last_says_how_many_more() -> None:
    found = commands(a_large_report(1_000))
    assert len(found) == 10
    assert [one.name for one in found] == ["error"] * 10
    assert found[-1].data == "and 994 more (994 errors): see the step summary or the report"
    assert len(commands(a_large_report(7))) == 10, "exactly ten need no such line"


def test_the_rest_is_counted_by_level() -> None:
    report = gated_report()
    more = tuple(dataclasses.replace(one, id=f"{one.id}-2") for one in report.findings if one.severity == "medium")
    found = commands(dataclasses.replace(report, findings=(*report.findings, *more)))
    assert (found[-1].name, found[-1].data) == (
        "warning",
        "and 3 more (1 warning, 2 notices): see the step summary or the report",
    )


@pytest.mark.parametrize(
    ("items", "inconclusive", "level"),
    [(OVER, "pass", "error"), (SAMPLED, "fail", "error"), (SAMPLED, "pass", "notice"), (UNREAD, "pass", "error")],
)
def test_what_nobody_knows_is_an_error_where_it_counts(items: object, inconclusive: str, level: str) -> None:
    gate = a_gate(items=(items,), inconclusive=inconclusive, failing=(), verdict="passed", reasons=(), exit_code=0)
    [found] = commands(dataclasses.replace(gated_report(gate=gate), findings=()))
    assert found.name == level


def test_a_grade_that_fails_is_told() -> None:
    gate = a_gate(fail_on="grade:B", failing=(), items=(), reasons=("the grade is C, and B or worse fails",))
    first = commands(gated_report(gate=gate))[0]
    assert (first.name, first.properties["title"]) == ("error", "gate failed")
    assert first.properties["file"] == "stj-audit.toml"
    assert first.data == "the grade is C, and B or worse fails."


def test_nothing_to_annotate_is_a_line_of_its_own() -> None:
    report = dataclasses.replace(gated_report(gate=passed_gate(items=(NONE,))), findings=())
    assert render(report, "github") == "stj-audit: gate passed, nothing to annotate\n"


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_makes_no_command(words_too: bool) -> None:
    report = hostile_gated_report(words_too=words_too)
    assert 1 < len(commands(report)) <= 10


@given(texts=texts)
@settings(max_examples=30)
def test_any_text_is_read_back(texts: list[str]) -> None:
    report = hostile_gated_report(texts=texts)
    for one in commands(report):
        assert set(one.properties) <= {"file", "line", "title"}
        assert one.properties.get("line", "1").isdecimal()
        assert not {*one.properties["title"]} & {"\n", "\r"}


@given(texts=texts)
@settings(max_examples=30)
def test_names_come_back_as_they_were(texts: list[str]) -> None:
    name = "".join(texts)[:50].replace("\r", "").replace("\n", "")
    report = dataclasses.replace(gated_report(gate=a_gate(items=(dataclasses.replace(OVER, table=name),))), findings=())
    [found] = commands(report)
    if name.isprintable() and name.strip() == name:
        assert found.properties["title"] == f"oversized items: {name}".strip()
        assert found.data.startswith(f"{name}: 1 item above")


def test_the_sources_of_other_tables_are_not_taken() -> None:
    found = commands(gated_report())
    assert {one.properties["file"] for one in found if "stj_password" in one.properties["title"]} == {"infra/tables, old.yaml"}
    assert PASSWORD in gated_report().sources
