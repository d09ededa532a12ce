"""The summary of a step of GitHub Actions: appended, within GitHub's limit, and never a reason for a build to fail."""

from pathlib import Path

import pytest

from stj_audit.deliver.step_summary import MOST_BYTES, append

GITHUB_LIMIT_BYTES = 1024 * 1024


def test_it_is_made_and_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    assert append(path, "# one\n") == ""
    assert append(path, "# två\n") == ""
    assert path.read_bytes().decode() == "# one\n\n\n# två\n"


def test_what_others_left_without_a_line_break_stays_apart(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("| a | b |", encoding="utf-8")
    append(path, "# one\n")
    assert path.read_text(encoding="utf-8") == "| a | b |\n\n# one\n"


@pytest.mark.parametrize(("room", "written"), [(0, True), (1, False)])
def test_it_never_gets_too_large_for_github(room: int, written: bool, tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    there = "x" * (MOST_BYTES - len("\n\né\n".encode()) + room)
    path.write_text(there, encoding="utf-8")
    warning = append(path, "é\n")
    assert (warning == "") is written
    assert path.read_text(encoding="utf-8") == (f"{there}\n\né\n" if written else there)
    assert path.stat().st_size <= MOST_BYTES < GITHUB_LIMIT_BYTES


def test_a_text_that_is_too_large_by_itself_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    assert append(path, "x" * (MOST_BYTES + 1)) == "nothing was added to the step summary: with it, it would be over 1,000 KB"
    assert not path.exists()


@pytest.mark.parametrize("name", [".", "nowhere/summary.md"])
def test_what_cannot_be_written_is_a_sentence(name: str, tmp_path: Path) -> None:
    assert append(tmp_path / name, "text\n").startswith(f"the step summary {tmp_path / name} could not be written: ")
