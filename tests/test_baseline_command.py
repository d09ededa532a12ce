"""`--baseline` and `--write-baseline` as a gate uses them: with the demo's tables, in a process of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stj_audit.report import json_schema
from tests.commands import Ran, stj_audit

pytestmark = pytest.mark.process


@dataclass(frozen=True, kw_only=True, slots=True)
class Gated:
    """What a run of the demo left behind."""

    ran: Ran
    folder: Path

    @property
    def run(self) -> Any:
        return json.loads((self.folder / "stj-audit-demo" / "run.json").read_text(encoding="utf-8"))

    @property
    def baseline(self) -> Any:
        return json.loads((self.folder / "b.json").read_text(encoding="utf-8"))

    def text(self, name: str) -> str:
        return " ".join((self.folder / "stj-audit-demo" / name).read_text(encoding="utf-8").split())


def gate(*arguments: str, folder: Path, baseline: Any = None) -> Gated:
    if baseline is not None:
        (folder / "b.json").write_text(json.dumps(baseline), encoding="utf-8")
    return Gated(ran=stj_audit("demo", *arguments, cwd=folder, keys=False), folder=folder)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Gated:
    """A gate that nobody has set up: it fails, and what is open is written down."""
    return gate("--write-baseline", "b.json", "--fail-on", "high", folder=tmp_path_factory.mktemp("first"))


def test_what_is_open_is_written_beside_the_reports(first: Gated) -> None:
    assert first.ran.code == 3
    assert "wrote b.json" in first.ran.err.splitlines()
    assert sorted(path.name for path in first.folder.iterdir()) == ["b.json", "stj-audit-demo"]
    run = first.run
    assert {one["id"] for one in first.baseline["findings"]} == {one["id"] for one in run["findings"]}
    assert (first.baseline["account"], first.baseline["region"]) == (run["audit"]["account"], run["audit"]["region"])
    assert run["baseline"] is None


def test_what_is_known_does_not_fail_the_gate_and_every_format_says_so(first: Gated, tmp_path: Path) -> None:
    again = gate("--baseline", "b.json", "--fail-on", "low", folder=tmp_path, baseline=first.baseline)
    assert again.ran.code == 0, again.ran.err
    run, known = again.run, len(first.baseline["findings"])
    jsonschema.Draft202012Validator(json_schema()).validate(run)
    assert (run["baseline"]["known"], run["baseline"]["new"], run["baseline"]["worse"]) == (known, 0, 0)
    assert {one["suppressed"]["by"] for one in run["findings"]} == {"baseline"}
    assert run["overall_unsuppressed"] == first.run["overall"]
    grade = first.run["overall"]["grade"]
    assert run["overall"]["score"] > first.run["overall"]["score"]
    line = (
        f"0 new, 0 worse, {known} known, 0 fixed. What is known counts neither in the grade nor as avoidable. "
        f"Were nothing suppressed, the grade would be {grade}."
    )
    for text in (again.text("report.html"), again.text("report.md"), " ".join(again.ran.out.split())):
        assert line in text
    assert again.baseline == first.baseline


def test_what_is_new_or_worse_fails_it_and_one_file_is_brought_up_to_date(first: Gated, tmp_path: Path) -> None:
    rows = first.baseline["findings"]
    new, worse = [row for row in rows if row["severity"] == "high"][:2]
    gone = new | {"id": "0" * 16, "check": "pitr-off", "code": "BKP-01", "severity": "low"}
    elsewhere = gone | {"id": "1" * 16, "table": "elsewhere"}
    kept = [row | {"severity": "medium"} if row == worse else row for row in rows if row != new]
    baseline = first.baseline | {"findings": [*kept, gone, elsewhere]}
    again = gate(
        "--baseline", "b.json", "--write-baseline", "b.json", "--fail-on", "high", "-q", folder=tmp_path, baseline=baseline
    )
    assert again.ran.code == 3
    told = again.run["baseline"]
    assert (told["new"], told["worse"], told["known"]) == (1, 1, len(rows) - 2)
    assert [one["id"] for one in told["fixed"]] == ["0" * 16]
    assert [(one["id"], one["reason"]) for one in told["not_looked_at"]] == [
        ("1" * 16, "the table is not among those of this audit")
    ]
    by_id = {one["id"]: one for one in again.run["findings"]}
    assert by_id[new["id"]]["baseline"] == {"state": "new", "severity": None}
    assert by_id[worse["id"]]["baseline"] == {"state": "worse", "severity": "medium"}
    assert {id_ for id_, one in by_id.items() if one["suppressed"] is None} == {new["id"], worse["id"]}
    assert {row["id"]: row["severity"] for row in again.baseline["findings"]} == {
        row["id"]: row["severity"] for row in [*rows, elsewhere]
    }


def test_a_baseline_of_another_region_is_refused_and_nothing_is_written(first: Gated, tmp_path: Path) -> None:
    foreign = first.baseline | {"region": "us-east-1"}
    refused = gate("--baseline", "b.json", "--write-baseline", "b.json", folder=tmp_path, baseline=foreign)
    assert (refused.ran.code, refused.ran.out) == (2, "")
    [line] = refused.ran.err.splitlines()
    assert line == (
        "error: the baseline is of us-east-1, and this audit of eu-north-1"
        " - give the baseline of this account and region, or write one with --write-baseline FILE"
    )
    assert refused.baseline == foreign
    assert list((tmp_path / "stj-audit-demo").iterdir()) == []


def test_a_baseline_of_another_account_is_refused(first: Gated, tmp_path: Path) -> None:
    refused = gate("--baseline", "b.json", folder=tmp_path, baseline=first.baseline | {"account": "999999999999"})
    assert (refused.ran.code, refused.ran.out) == (2, "")
    assert "the baseline is of account 999999999999, and this audit of account 123456789012 - " in refused.ran.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read b.json: No such file or directory - write one with --write-baseline FILE"),
        ("", "b.json is empty, and no baseline"),
        ("nonsense", "b.json is not JSON"),
        ('{"schema_version": 1}', "b.json is not a baseline of stj-audit"),
        ('{"kind": "stj-audit baseline", "schema_version": 9}', "b.json has schema_version 9, this version reads 1"),
    ],
)
def test_a_mistake_in_the_file_is_told_before_anything_is_read(content: str | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "b.json").write_text(content, encoding="utf-8")
    ran = stj_audit("run", "--baseline", "b.json", cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert line.startswith(f"error: {words}")


@pytest.mark.parametrize(("path", "words"), [(".", "it is a folder"), ("nowhere/b.json", "does not exist")])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(path: str, words: str, tmp_path: Path) -> None:
    ran = stj_audit("run", "--write-baseline", path, cwd=tmp_path, keys=False)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert list(tmp_path.iterdir()) == []


def test_both_are_variables_of_the_environment_too(tmp_path: Path) -> None:
    ran = stj_audit("run", cwd=tmp_path, keys=False, STJ_AUDIT_BASELINE="none.json")
    assert "cannot read none.json" in ran.err
    ran = stj_audit("run", cwd=tmp_path, keys=False, STJ_AUDIT_WRITE_BASELINE="nowhere/b.json")
    assert "cannot write nowhere/b.json" in ran.err
