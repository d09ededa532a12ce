"""
Text from the outside world made harmless: one function per output format.

Table names, attribute names, tags and AWS's error messages may hold anything: HTML, Markdown, terminal escapes, text that runs backwards,
halves of surrogate pairs. Characters that nobody can see are written out (`\\x1b`, `\\u202e`), so that a reader sees that they are there.
"""

import re
import unicodedata

from markupsafe import Markup
from markupsafe import escape as escape_markup

NAME_LENGTH = 100  # an attribute name may have 64 KB; nobody reads more than this of it
# A table may have 255 characters, and before them its account and region: where a name tells tables apart, it is whole
TITLE_LENGTH = 400
TEXT_LENGTH = 2_000  # a sentence with such a name in it
ELLIPSIS = "…"

# Cc controls, Cf format (bidi, zero width, tags), Cs surrogates, Co private use, Zl and Zp line separators: nothing that prints by itself.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_MARKDOWN_ANYWHERE = re.compile(r"[\\`*\[\]|~]")
_MARKDOWN_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # within a word an underscore means nothing
_MARKDOWN_ENTITY = re.compile(r"&(?=#?\w+;)")
_MARKDOWN_TAG = re.compile(r"<(?! \$\d)")  # less than an amount is no tag, and an amount below 0 no list
# Of two colons GitHub Actions makes a command, where the text goes to the output of a step
_MARKDOWN_START = re.compile(r"^(\s*)(?:([#+=>]|-(?!\$\d)|:(?=:))|(\d+)([.)])(?=\s|$))")
_MARKDOWN_LINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.|(?<=[Mm][Aa][Ii][Ll][Tt][Oo]):")
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_.,:;/ ()=#%+'\"-]+")
_BACKTICKS = re.compile(r"`+")
_NOT_PLAIN = re.compile(r"[^\x00-\x7e]")  # JSON escapes the controls before the blank by itself, and not the one behind the tilde


def cut(text: str, length: int) -> str:
    """`text`, or its first `length` characters and an ellipsis."""
    return text if len(text) <= length else text[:length] + ELLIPSIS


def cut_name(name: str, length: int = NAME_LENGTH) -> str:
    """`name`, or the beginning and the end of it with an ellipsis between: names of one application often differ only at their ends."""
    end = length // 3
    return name if len(name) <= length else name[: length - end] + ELLIPSIS + name[len(name) - end :]


def visible(text: str, *, keep: str = "") -> str:
    """`text` with every character that cannot be seen written out; those in `keep` stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one if one in keep or unicodedata.category(one) not in INVISIBLE else _SHORT.get(one) or _written_out(one) for one in text
    )


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escape_html(text: str) -> Markup:
    """Text for HTML, in elements and in quoted attributes alike."""
    return escape_markup(visible(cut(text, TEXT_LENGTH)))


def escape_html_code(text: str) -> Markup:
    """A command for <pre>: whole, with its line breaks."""
    return escape_markup(visible(text, keep="\n"))


def escape_markdown(text: str) -> Markup:
    """Text for one line of GitHub's Markdown, in paragraphs, lists and table cells alike: it stays text, and stays in its cell."""
    line = visible(cut(text, TEXT_LENGTH))
    line = _MARKDOWN_ENTITY.sub("&amp;", line)
    line = _MARKDOWN_ANYWHERE.sub(r"\\\g<0>", line)
    line = _MARKDOWN_UNDERSCORE.sub(r"\\_", line)
    line = _MARKDOWN_START.sub(_escape_start, line)
    line = _MARKDOWN_LINK.sub(lambda found: f"&#{ord(found.group())};", line)
    # "@name" would send a mail to somebody when the report is posted as a comment; GitHub looks for it after it has read entities.
    return Markup(_MARKDOWN_TAG.sub("&lt;", line).replace("@", "@<!-- -->"))  # noqa: S704 - every character that means something is escaped above


def _escape_start(found: re.Match[str]) -> str:
    blank, mark, number, stop = found.groups()
    return f"{blank}\\{mark}" if mark else f"{blank}{number}\\{stop}"


def markdown_code(text: str) -> Markup:
    """
    A name as a code span; as escaped text when it holds a character that a code span cannot carry.

    Nothing can be escaped in a code span, and a pipe in it splits a table cell.
    """
    name = cut_name(text)
    if _PLAIN_CODE.fullmatch(name) and name == name.strip():
        return Markup(f"`{name}`")  # noqa: S704 - only harmless characters are in it
    return escape_markdown(name)


def markdown_fence(text: str, language: str = "sh") -> Markup:
    """A command or a template as a fenced block, whole; the fence is longer than any row of backticks in it."""
    body = visible(text, keep="\n")
    fence = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(body)), 3)
    return Markup(f"{fence}{language}\n{body}\n{fence}")  # noqa: S704 - nothing in a fenced block means anything but its fence


def escape_terminal(text: str) -> str:
    """Text for a terminal: no control sequence, nothing that runs backwards, valid UTF-8."""
    return visible(cut(text, TEXT_LENGTH))


def escape_json(text: str) -> str:
    """JSON with every invisible character that it leaves as it is as its \\u escape: the same value, and nothing a terminal would obey."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_PLAIN.sub(lambda found: _json_escape(one) if unicodedata.category(one := found[0]) in INVISIBLE else one, text)


def _json_escape(character: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _utf16(character))


def _utf16(character: str) -> tuple[int, ...]:
    raw = character.encode("utf-16-be", "surrogatepass")
    return tuple(int.from_bytes(raw[place : place + 2]) for place in range(0, len(raw), 2))


def without_surrogates(text: str) -> str:
    """`text` with lone surrogates written out: UTF-8 has no place for them."""
    return "".join(_written_out(one) if unicodedata.category(one) == "Cs" else one for one in text)
