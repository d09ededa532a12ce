"""SARIF: valid against the published schema, and with a place in a file for each result, without which GitHub takes none."""

import dataclasses
import json
import urllib.parse
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from stj_audit.errors import ConfigError
from stj_audit.render import render
from stj_audit.report import Report, SourceLine
from tests.gated_report import (
    LINE_BYTES,
    NONE,
    SAMPLED,
    SOURCES,
    a_gate,
    a_large_report,
    gated_report,
    hostile_gated_report,
)
from tests.render.reading import texts
from tests.sample_report import PASSWORD, SUBSCRIBERS, sample_report

SCHEMA = json.loads((Path(__file__).parent.parent / "published" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"})
Json = dict[str, Any]


def run_of(report: Report) -> Json:
    """The one run of the file, which is valid, and whose references lead somewhere."""
    log = json.loads(render(report, "sarif"))
    errors = [f"{list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(log)]
    assert not errors
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["kind"] == "fail" or result["level"] == "none", "SARIF 3.27.10"
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        uri = urllib.parse.urlsplit(place["artifactLocation"]["uri"])
        assert uri.path.isascii()
        assert (uri.scheme, place["artifactLocation"].get("uriBaseId")) in {("", "%SRCROOT%"), ("file", None)}
    found = run
    assert isinstance(found, dict)
    return found


def result_of(report: Report, rule: str, table: str) -> Json:
    [found] = [
        one
        for one in run_of(report)["results"]
        if one["ruleId"] == rule and one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].split("/")[0] == table
    ]
    assert isinstance(found, dict)
    return found


def test_the_schema_refuses_what_is_wrong() -> None:
    log = json.loads(render(gated_report(), "sarif"))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not VALIDATOR.is_valid(log)
    log = json.loads(render(gated_report(), "sarif"))
    log["runs"][0]["results"][0]["colour"] = "red"
    assert not VALIDATOR.is_valid(log)


@pytest.mark.parametrize("report", [gated_report(), gated_report(gate=None), a_large_report()], ids=["gate", "no gate", "large"])
def test_it_is_valid(report: Report) -> None:
    run_of(report)


@pytest.mark.parametrize("words_too", [False, True])
def test_hostile_text_is_valid(words_too: bool) -> None:
    run_of(hostile_gated_report(words_too=words_too))


@given(texts=texts)
@settings(max_examples=20)
def test_any_text_is_valid(texts: list[str]) -> None:
    run_of(hostile_gated_report(texts=texts))


@pytest.mark.parametrize("sources", [{}, {SUBSCRIBERS: SOURCES[SUBSCRIBERS]}])
def test_without_a_file_to_point_at_there_is_none(sources: dict[str, SourceLine]) -> None:
    with pytest.raises(ConfigError, match="sarif needs a file to point at") as error:
        render(dataclasses.replace(gated_report(), sources=sources), "sarif")
    assert "--sarif-anchor PATH" in error.value.hint


def test_each_table_is_at_its_own_line_and_the_rest_at_the_files() -> None:
    places = {
        one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].split("/")[0]: one["locations"][0]["physicalLocation"]
        for one in run_of(gated_report())["results"]
    }
    assert {table: (place["artifactLocation"]["uri"], place["region"]["startLine"]) for table, place in places.items()} == {
        "stj_subscribers": ("stj-audit.toml", 12),
        "stj_password": ("infra/tables%2C%20old.yaml", 40),
        "stj_system": ("stj-audit.toml", 3),
    }


@pytest.mark.parametrize(
    ("path", "artifact"),
    [
        ("a/b.toml", {"uri": "a/b.toml", "uriBaseId": "%SRCROOT%"}),
        ("c:d.toml", {"uri": "file:///c:d.toml"}),
        ("/etc/stj audit.toml", {"uri": "file:///etc/stj%20audit.toml"}),
        ("C:/repo/x#1.toml", {"uri": "file:///C:/repo/x%231.toml"}),
        ("caf\u00e9.toml", {"uri": "caf%C3%A9.toml", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_paths_are_uris(path: str, artifact: Json) -> None:
    report = dataclasses.replace(gated_report(), sources={"": SourceLine(path=path, line=1)})
    assert run_of(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == artifact


def test_levels_follow_the_severity() -> None:
    levels = {one["properties"]["severity"]: one["level"] for one in run_of(gated_report(gate=None))["results"]}
    assert levels == {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}


def test_a_rule_for_each_check_also_of_those_that_found_nothing() -> None:
    report = gated_report()
    rules = {rule["id"]: rule for rule in run_of(report)["tool"]["driver"]["rules"]}
    assert set(rules) == {*(one.check for one in (*report.rules,)), *(one.check for one in report.findings), "oversized-item"}
    pitr = rules["pitr-off"]
    assert (pitr["name"], pitr["shortDescription"]["text"]) == ("BKP-01", "PITR is off")
    assert pitr["defaultConfiguration"]["level"] == "error"
    assert pitr["properties"]["tags"] == ["dynamodb", "Backup Strategy"]
    assert "helpUri" not in pitr
    assert rules["throttled"]["defaultConfiguration"]["level"] == "warning"


def test_what_is_suppressed_says_why() -> None:
    result = result_of(gated_report(), "deletion-protection-off", "stj_system")
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "re-created by the deployment in a minute"}
    ]
    assert "suppressions" not in result_of(gated_report(), "pitr-off", PASSWORD)


def test_fingerprints_are_those_of_findings_in_every_run() -> None:
    before = {one["partialFingerprints"]["primaryLocationLineHash"] for one in run_of(gated_report())["results"]}
    moved = dataclasses.replace(gated_report(), sources={"": SourceLine(path="other.toml", line=99)})
    assert {one["partialFingerprints"]["primaryLocationLineHash"] for one in run_of(moved)["results"]} == before
    assert {one.id for one in gated_report().findings} < before
    assert len(before) == len(run_of(gated_report())["results"]), "two results of one line stay two"


def test_verdicts_on_items() -> None:
    over = result_of(gated_report(), "oversized-item", SUBSCRIBERS)
    assert (over["kind"], over["level"]) == ("fail", "error")
    assert over["message"]["text"].startswith("stj_subscribers: 1 item above 300.0 KB among 112 items")
    sampled = result_of(gated_report(), "oversized-item", PASSWORD)
    assert (sampled["kind"], sampled["level"]) == ("open", "none")
    none = run_of(gated_report(gate=a_gate(items=(NONE,))))
    assert not [one for one in none["results"] if one["ruleId"] == "oversized-item"]
    assert [one for one in none["tool"]["driver"]["rules"] if one["id"] == "oversized-item"]


def test_the_run_says_what_it_could_not_look_at_and_how_it_ended() -> None:
    [invocation] = run_of(gated_report())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["exitCode"] == 3
    assert invocation["startTimeUtc"] == "2026-11-22T06:00:00Z"
    notes = invocation["toolExecutionNotifications"]
    assert len(notes) == len(gated_report().not_checked)
    assert notes[0]["message"]["text"] == "stj_system: not checked: dynamodb:Scan: AccessDeniedException"
    assert notes[0]["associatedRule"]["id"] == "item-near-limit"
    assert "associatedRule" not in notes[4], "a fact that no check needs"


def test_no_name_makes_a_placeholder_or_a_link() -> None:
    hostile = "{0} [x](javascript:alert(1))"
    verdict = dataclasses.replace(SAMPLED, table=hostile, threshold_bytes=LINE_BYTES)
    [result] = [one for one in run_of(gated_report(gate=a_gate(items=(verdict,))))["results"] if one["ruleId"] == "oversized-item"]
    assert result["message"]["text"].startswith("{{0}} [x] (javascript:alert(1)): 0 of 90")


def test_without_a_gate_there_is_no_exit_code() -> None:
    [invocation] = run_of(dataclasses.replace(sample_report(), sources=SOURCES))["invocations"]
    assert "exitCode" not in invocation


def test_long_names_that_differ_in_the_middle_are_told_apart() -> None:
    tables = [f"shop/eu-north-1/{'a' * 120}-{stage}-{'b' * 120}" for stage in ("prod", "test")]
    [finding, *_] = gated_report().findings
    findings = tuple(dataclasses.replace(finding, table=table, index=None) for table in tables)
    results = run_of(dataclasses.replace(gated_report(gate=None), findings=findings))["results"]
    assert [one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for one in results] == tables
