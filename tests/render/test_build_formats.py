"""What builds read: compared with golden files, and fed with hostile text. Each format has its own tests beside this."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stj_audit.options import FORMATS as OPTIONS
from stj_audit.render import FORMATS, render
from stj_audit.report import Report, from_json
from tests.gated_report import gated_report, hostile_gated_report
from tests.render.reading import DIFFERS, GOLDEN, golden, invisible, texts
from tests.render.test_formats import SUFFIX
from tests.sample_report import sample_report

BUILD_FORMATS = {"comment": "comment.md", "csv": "csv", "junit": "junit.xml", "sarif": "sarif", "github": "github.txt"}


def test_the_options_name_every_format() -> None:
    assert tuple(FORMATS) == OPTIONS
    assert set(FORMATS) == {*SUFFIX, *BUILD_FORMATS}


@pytest.mark.parametrize("format_name", BUILD_FORMATS)
def test_golden(format_name: str) -> None:
    text = render(gated_report(), format_name)
    assert text == golden(f"gated.{BUILD_FORMATS[format_name]}", text), DIFFERS


@pytest.mark.parametrize("words_too", [False, True])
@pytest.mark.parametrize("format_name", BUILD_FORMATS)
def test_hostile_text_is_harmless(format_name: str, words_too: bool) -> None:
    assert_harmless(hostile_gated_report(words_too=words_too), format_name)


@pytest.mark.slow
@given(texts=texts, words_too=st.booleans())
@settings(max_examples=15)
def test_no_text_breaks_any_of_them(texts: list[str], words_too: bool) -> None:
    report = hostile_gated_report(words_too=words_too, texts=texts)
    for format_name in BUILD_FORMATS:
        assert_harmless(report, format_name)


def assert_harmless(report: Report, format_name: str) -> None:
    text = render(report, format_name)
    text.encode("utf-8")
    assert text.endswith("\n")
    assert not invisible(text.replace("\r\n", "\n") if format_name == "csv" else text)


@pytest.mark.parametrize("format_name", sorted({*BUILD_FORMATS} - {"sarif"}))
def test_a_report_without_a_gate_or_a_file_is_shown_too(format_name: str) -> None:
    text = render(sample_report(), format_name)
    assert "pitr-off" in text or "point-in-time recovery is off" in text
    assert "stj-audit.toml" not in text


def test_the_gate_and_its_files_are_in_the_run_file() -> None:
    assert from_json(render(gated_report(), "json")) == gated_report()


def test_golden_files_are_all_in_use() -> None:
    assert {path.name for path in GOLDEN.glob("gated.*")} == {f"gated.{suffix}" for suffix in BUILD_FORMATS.values()}
