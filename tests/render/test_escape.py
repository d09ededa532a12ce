"""Every format's escaping, fed with the hostile strings one by one."""

import json
import re
import unicodedata
from collections.abc import Callable

import pytest

from stj_audit.render import escape
from tests.sample_report import HOSTILE

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def invisible(text: str) -> set[str]:
    return {one for one in text if unicodedata.category(one) in INVISIBLE}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 表 🎉", "plain é 表 🎉"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("\x9b", r"\x9b"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\ud800", r"\ud800"),
        ("\u2028", r"\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("\ufeff\u200b\u00ad", r"\ufeff\u200b\xad"),
        ("\x00", r"\x00"),
    ],
)
def test_invisible_characters_are_written_out(text: str, shown: str) -> None:
    assert escape.visible(text) == shown


def test_line_breaks_can_be_kept() -> None:
    assert escape.visible("a\nb\x07", keep="\n") == "a\nb\\x07"


def test_names_are_cut_at_100_characters() -> None:
    assert escape.cut("n" * 100, 100) == "n" * 100
    assert escape.cut("n" * 101, 100) == "n" * 100 + "…"


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert escape.cut_name("n" * 100) == "n" * 100
    one, other = (f"{'production-of-the-shop-' * 5}{which}" for which in ("orders", "orders-archive"))
    assert len({escape.cut_name(name) for name in (one, other)}) == 2
    for name in (one, other):
        cut = escape.cut_name(name)
        assert len(cut) == escape.NAME_LENGTH + 1
        assert name.startswith(cut.partition("…")[0])
        assert name.endswith(cut.partition("…")[2])
        assert cut.partition("…")[2].endswith(name[-10:])
    assert escape.cut_name("abcdef", 3) == "ab…f"
    assert escape.cut_name("abcdef", 1) == "a…"


@pytest.mark.parametrize("escaped", [escape.escape_html, escape.escape_markdown, escape.escape_terminal])
def test_sentences_are_cut_at_2000_characters(escaped: Callable[[str], str]) -> None:
    assert str(escaped("n" * 3_000)) == "n" * 2_000 + "…"


@pytest.mark.parametrize("text", HOSTILE)
def test_html_is_text(text: str) -> None:
    escaped = str(escape.escape_html(text))
    assert not invisible(escaped)
    assert not re.search(r"[<>\"']", escaped)
    escaped.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_terminal_gets_no_control_character(text: str) -> None:
    escaped = escape.escape_terminal(text)
    assert not invisible(escaped)
    escaped.encode("utf-8")


def test_amounts_need_no_escape_in_markdown() -> None:
    amounts = ("< $0.01", "-$6.73", "≥ $5.00", "$1.00 to ≥ $2.00")
    assert [str(escape.escape_markdown(text)) for text in amounts] == list(amounts)
    others = {"<$0.01": "&lt;$0.01", "< b>": "&lt; b>", "- $6": r"\- $6", "-a": r"\-a", "> -$0.01": r"\> -$0.01", "a <": "a &lt;"}
    assert {text: str(escape.escape_markdown(text)) for text in others} == others


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("stj_subscribers", "stj_subscribers"),
        ("_it_", r"\_it\_"),
        ("a|b", r"a\|b"),
        ("`x`", r"\`x\`"),
        ("*b* ~~c~~", r"\*b\* \~\~c\~\~"),
        ("<script>", "&lt;script>"),
        ("<!-- c", "&lt;!-- c"),
        ("&lt;b>", "&amp;lt;b>"),
        ("](javascript:1)", r"\](javascript:1)"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("> quote", r"\> quote"),
        ("=== line", r"\=== line"),
        ("1. one", r"1\. one"),
        ("1.5 GB", "1.5 GB"),
        ("a - b > c # d", "a - b > c # d"),
        ("two\nlines", r"two\\nlines"),
        ("back\\slash", r"back\\slash"),
        ("http://e.invalid", "http&#58;//e.invalid"),
        ("www.e.invalid", "www&#46;e.invalid"),
        ("mailto:a", "mailto&#58;a"),
        ("@all", "@<!-- -->all"),
        ("\x1b[31m", r"\\x1b\[31m"),
    ],
)
def test_markdown_is_text(text: str, escaped: str) -> None:
    assert str(escape.escape_markdown(text)) == escaped


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_stays_in_its_cell(text: str) -> None:
    for escaped in (str(escape.escape_markdown(text)), str(escape.markdown_code(text))):
        assert not invisible(escaped)
        assert "\n" not in escaped
        assert not re.search(r"(?<!\\)\|", escaped)
        assert not re.search(r"<(?!!-- -->)", escaped)


def test_code_spans_hold_only_what_they_can_carry() -> None:
    assert str(escape.markdown_code("by-status_2.x")) == "`by-status_2.x`"
    assert str(escape.markdown_code("a|b")) == r"a\|b"
    assert str(escape.markdown_code("a`b")) == r"a\`b"
    assert str(escape.markdown_code("@all")) == "@<!-- -->all"
    assert str(escape.markdown_code(" ")) == " "
    assert str(escape.markdown_code("n" * 300)) == "n" * 67 + "…" + "n" * 33


@pytest.mark.parametrize(("command", "fence"), [("aws x", "```"), ("a ``` b", "````"), ("`````", "``````"), ("a\n```\nb", "````")])
def test_a_fence_is_longer_than_what_it_holds(command: str, fence: str) -> None:
    assert str(escape.markdown_fence(command)) == f"{fence}sh\n{command}\n{fence}"


def test_a_fenced_command_is_whole() -> None:
    assert "x" * 5_000 in escape.markdown_fence("x" * 5_000)


def test_json_keeps_its_value() -> None:
    text = json.dumps({"a": "\u202e\x9b\u2028\U000e0041é表\x1b\x7f"}, ensure_ascii=False)
    escaped = escape.escape_json(text)
    assert not invisible(escaped)
    assert json.loads(escaped) == json.loads(text)
    assert "é表" in escaped


def test_lone_surrogates_are_written_out() -> None:
    assert escape.without_surrogates("a\ud800\u202e") == "a\\ud800\u202e"
