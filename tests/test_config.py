import tomllib
from pathlib import Path

import pytest

from stj_audit.config import Config, SizeLines, Thresholds, find_config, load_config, parse_config, parse_size, size_lines
from stj_audit.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("300KB", 307_200), ("400 kb", 409_600), ("1.5MB", 1_572_864), ("2mb", 2_097_152), ("512B", 512), ("307200", 307_200), (5, 5)],
)
def test_sizes_are_in_powers_of_1024(text: str | int, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "KB", "-1KB", "300KiB", "300 K B", "1e3", "١KB", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        parse_size(text)


def test_the_lines_default_to_300_and_400_kb() -> None:
    assert size_lines(Thresholds()) == SizeLines(warn_bytes=307_200, max_bytes=409_600)
    assert size_lines(Thresholds(warn_item_size="400KB")).warn_bytes == 409_600


@pytest.mark.parametrize(("warn", "most"), [("401KB", None), (0, None), ("2KB", "1KB")])
def test_the_warn_line_lies_between_nothing_and_the_limit(warn: str | int, most: str | None) -> None:
    with pytest.raises(ConfigError, match="must be above 0 and not above the limit"):
        size_lines(Thresholds(warn_item_size=warn, max_item_size=most))


def test_the_nearest_file_above_is_used(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_config(inner) in (None, find_config(tmp_path))
    (tmp_path / "stj-audit.toml").write_text("[model]\ntarget = 5\n", encoding="utf-8")
    assert find_config(inner) == tmp_path / "stj-audit.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n", encoding="utf-8")
    assert find_config(inner) == tmp_path / "stj-audit.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.stj-audit.model]\ntarget = 7\n", encoding="utf-8")
    assert find_config(inner) == tmp_path / "a" / "pyproject.toml"
    assert load_config(find_config(inner)).model.target == 7
    (inner / "stj-audit.toml").write_text("[model]\ntarget = 9\n", encoding="utf-8")
    assert load_config(find_config(inner)).model.target == 9


def test_no_file_means_the_defaults() -> None:
    assert load_config(None) == Config()
    assert Config().model.scales == (100, 1_000, 10_000, 50_000, 100_000)
    assert Config().scan.mode == "auto"


def test_where_it_came_from_is_kept_and_cannot_be_set(tmp_path: Path) -> None:
    path = tmp_path / "stj-audit.toml"
    path.write_text('path = "x"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key `path`"):
        load_config(path)
    path.write_text("", encoding="utf-8")
    assert load_config(path).path == str(path)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({"model": {"target": "many"}}, "model.target"),
        ({"model": {"days": 0}}, "model.days"),
        ({"model": {"scales": [0]}}, "model.scales"),
        ({"tables": {"orders": {"item": 1}}}, "tables"),
        ({"scan": {"mode": "sometimes"}}, "scan.mode"),
        ({"history": {"path": " "}}, "history.path"),
        ({"history": {"keep": 0}}, "history.keep"),
        ({"history": {"where": "audits"}}, "where"),
        ({"other": 1}, "other"),
    ],
)
def test_a_mistake_is_told_with_file_and_place(raw: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(raw, origin="here.toml")
    assert str(caught.value).startswith("here.toml: ")
    assert place in str(caught.value)
    assert "$" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[tables.t.pattern]]\nname = "x"\nop = "getItem"\n', ("'getItem'; use GetItem, Query", "tables.t.pattern[0].op")),
        ('[tables.t]\nbilling_mode = "ON_DEMAND"\n', ("use PAY_PER_REQUEST, PROVISIONED", "tables.t.billing_mode")),
        ('[scan]\nmode = "all"\n', ("use auto, full, sample, none", "scan.mode")),
        ('[tables.""]\nitems = 1\n', ("a table without a name",)),
        ("[model]\ntarget = 1_000_000_001\n", ("1000000000", "model.target")),
    ],
)
def test_a_wrong_word_is_told_with_those_that_are_right(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as told:
        parse_config(tomllib.loads(text), origin="c.toml")
    for word in words:
        assert word in str(told.value)
