"""Hostile texts by the number, and what each format must still be with them in it: parsed as its format, with nothing active."""

import csv
import dataclasses
import email
import email.policy
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt

from stj_audit.deliver.mail import Envelope, attachment, issue_of, message
from stj_audit.diff import compare
from stj_audit.email_settings import parse_address
from stj_audit.history import name_of
from stj_audit.render import FORMATS, render, render_gate
from stj_audit.render.costs import FORMATS as COSTS_FORMATS
from stj_audit.render.costs import render_costs
from stj_audit.render.csv_cells import FORMULA_STARTS
from stj_audit.render.diff import render_diff
from stj_audit.render.mail import PICTURE_CID, MailBody, mail_body
from stj_audit.render.mail_picture import picture_svg
from stj_audit.report import Report, SourceLine
from tests.gated_report import a_gate, gated_report
from tests.render.reading import Reader, invisible
from tests.render.test_sarif import VALIDATOR
from tests.sample_report import HOSTILE, hostile
from tests.trended_report import trended_report

LINK = "https://example.invalid/report.html"
PIECES = (
    *HOSTILE,
    *(
        "<svg/onload=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "</td></tr></table><iframe src=//example.invalid>",
        "<!--",
        "-->",
    ),
    *(
        "]]>",
        "<![CDATA[",
        "&#x3c;script&#x3e;",
        "&lt;",
        "'",
        '"',
        "`",
        "```",
        "~~~",
        "\\",
        "|",
        "$(touch x)",
        "`id`",
        "; rm -rf ~ #",
    ),
    *(
        "-rf",
        "--endpoint-url=https://example.invalid",
        "../../etc/passwd",
        "/",
        "\\..\\",
        "C:\\x",
        "=cmd|' /C calc'!A0",
        "+1",
        "@SUM(A1)",
    ),
    *("\t=1+1", "\uff1d1", "\x1b]8;;http://example.invalid\x07x\x1b]8;;\x07", "\x1b[2J", "\x9b2J", "\x07", "\x00", "\x7f", "\x85"),
    *("\u202e", "\u2066", "\u2069", "\u200b", "\ufeff", "\u2028", "\u2029", "\U000e0041", "\ud800", "\udfff", "\ufffe", "\ue000"),
    *(
        "\r\nBcc: a@example.invalid\r\n\r\n",
        "%0A::error::x",
        "::error::x",
        "##[error]",
        "{{ 7*7 }}",
        "{% raw %}",
        "${x}",
        "%s",
        "{0}",
    ),
    *("[x]: javascript:alert(1)", "<https://example.invalid>", "![i](//example.invalid/i.png)", "[x][y]", "www.example.invalid"),
    *(
        "https://example.invalid",
        "mailto:a@example.invalid",
        "@everyone",
        "#1",
        "    code",
        "> q",
        "- l",
        "1. n",
        "***",
        "| a | b |",
    ),
    *("a" * 20, "é", "日本", "😀", " ", "  ", "\n", "\n\n"),
)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALPHABET = "".join(sorted({letter for piece in PIECES for letter in piece}))
LONG_CHARACTERS = 64 * 1024  # an attribute name may have so many bytes
LONGEST_NAME = 255  # of a file, in bytes
LONG_SHARE = 0.002
OURS_IN_MARKDOWN = re.compile(r"(?:</?(?:details|summary|b|sub|br)>|<!-- [^<>]*-->|<!-- -->|\s)*(?:[^<>]*</summary>)?\s*")
SGR = re.compile(r"\x1b\[(?:\d;)?\d{1,2}m")
ATTRIBUTES_OF_LINKS = ("href", "src", "action", "xlink:href", "formaction", "srcset", "background", "data")


class Texts(Sequence[str]):
    """As many as are asked for, each another one; `given` says how many that were."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.given = 0

    def __len__(self) -> int:
        return 10**9

    def __getitem__(self, number: Any) -> Any:
        self.given += 1
        return text_of(random.Random(f"{self._seed}/{number}"))


def text_of(draw: random.Random) -> str:
    if draw.random() < LONG_SHARE:
        return (draw.choice(PIECES) * LONG_CHARACTERS)[:LONG_CHARACTERS]
    return "".join(
        draw.choice(PIECES) if draw.random() < 0.7 else "".join(draw.choices(ALPHABET, k=draw.randint(1, 12)))
        for _ in range(draw.randint(1, 5))
    )


@cache
def whole_report() -> Report:
    """With all that there is to be rendered: a gate, files, a trend."""
    report = gated_report()
    return dataclasses.replace(report, trend=trended_report().trend, gate=a_gate(), judged_again="again")


def hostile_report(texts: Sequence[str]) -> Report:
    report = hostile(whole_report(), texts=texts)
    return dataclasses.replace(report, sources={"": SourceLine(path=texts[0] or "x", line=1), **report.sources})


def faults(report: Report) -> Iterator[str]:
    """What is wrong with any format of a report with hostile text in it; nothing when all is well."""
    for name in FORMATS:
        text = render(report, name)
        yield from (f"{name}: {fault}" for fault in (*_plain(text, name), *_OF_FORMAT[name](text, name)))
    yield from (f"colours: {fault}" for fault in _plain(SGR.sub("", render(report, "table", color=True)), "table"))
    if report.gate is not None:
        yield from (f"gate: {fault}" for fault in _plain(render_gate(report), "table"))
    for name in COSTS_FORMATS:
        text = render_costs(report.costs, name)
        of_format = _OF_FORMAT["costs.csv" if name == "csv" else name]
        yield from (f"costs {name}: {fault}" for fault in (*_plain(text, name), *of_format(text, f"costs.{name}")))
    later = dataclasses.replace(report, findings=report.findings[1:], tables=report.tables[:-1])
    for name in ("table", "markdown", "json"):
        text = render_diff(compare(report, later), name)
        yield from (f"diff {name}: {fault}" for fault in (*_plain(text, name), *_OF_FORMAT[name](text, f"diff.{name}")))
    yield from (f"mail: {fault}" for fault in _of_mail(report))
    yield from (f"names: {fault}" for fault in _of_names(report))


def _plain(text: str, name: str) -> Iterator[str]:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        yield f"no UTF-8: {error}"
    bare = text.replace("\r\n", "\n") if name == "csv" else text
    hidden = {repr(one) for one in bare if ord(one) < 32 or ord(one) > 126} if not bare.isascii() else set()
    if hidden or not bare.isprintable():
        found = invisible(bare)
        if found:
            yield f"cannot be seen: {sorted(map(repr, found))[:5]}"
    if not text.endswith("\n"):
        yield "does not end in a newline"
    yield from (f"a command of GitHub Actions: {line[:80]!r}" for line in _COMMANDS.findall(text) if name not in _LINES_OF_TEXT)


_LINES_OF_TEXT = {"github", "mail", "table"}  # `github` has a test of its own; the others have no second way to write a colon
_COMMANDS = re.compile(r"^\s*(?:::|##\[).*", re.MULTILINE)


def _nothing(_text: str, _name: str) -> Iterator[str]:
    return iter(())


def _of_markdown(text: str, _name: str) -> Iterator[str]:
    for token in MARKDOWN.parse(text):
        for one in (token, *(token.children or ())):
            if one.type in {"link_open", "image"}:
                yield f"a link or an image: {one.attrs}"
            if one.type in {"html_block", "html_inline"} and not OURS_IN_MARKDOWN.fullmatch(one.content):
                yield f"HTML: {one.content[:200]!r}"


@cache
def _of_ours(name: str) -> tuple[frozenset[str], frozenset[str]]:
    report = whole_report()
    if name == "mail":
        text = mail_body(report, name="prod", link=LINK).html
    elif name.startswith("costs"):
        text = render_costs(report.costs, "html")
    else:
        text = render(report, "html")
    tags = Reader(text).tags
    return frozenset(tag for tag, _ in tags), frozenset(attribute for _, values in tags for attribute in values)


def _of_html(text: str, name: str) -> Iterator[str]:
    reader = Reader(text)
    if reader.tangled:
        yield f"tangled: {reader.tangled[:3]}"
    tags, attributes = _of_ours(name)
    for tag, values in reader.tags:
        if tag not in tags or tag in {"script", "iframe", "object", "embed", "form"}:
            yield f"<{tag}>"
        for attribute, value in values.items():
            if attribute not in attributes or attribute.startswith("on"):
                yield f"<{tag} {attribute}>"
            if attribute in ATTRIBUTES_OF_LINKS and not (value.startswith("#") or value in {LINK, f"cid:{PICTURE_CID}"}):
                yield f"<{tag} {attribute}={value[:80]!r}>"
            if attribute == "style" and re.search(r"url\(|expression|@import", value):
                yield f"<{tag} style={value[:80]!r}>"


def _of_json(text: str, _name: str) -> Iterator[str]:
    json.loads(text)
    return iter(())


def _of_sarif(text: str, _name: str) -> Iterator[str]:
    yield from (error.message[:200] for error in VALIDATOR.iter_errors(json.loads(text)))


def _of_junit(text: str, _name: str) -> Iterator[str]:
    tags = {one.tag for one in ET.fromstring(text.encode()).iter()}
    unknown = tags - {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out", "system-err"}
    unknown -= {"properties", "property"}
    if unknown:
        yield f"elements {unknown}"


def _of_csv(text: str, _name: str) -> Iterator[str]:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if len({len(row) for row in rows}) != 1:
        yield "rows of several widths"
    for row in rows[1:]:
        for cell in row:
            if cell.startswith(FORMULA_STARTS) and not re.fullmatch(r"-?\d+(?:\.\d+)?", cell):
                yield f"a formula: {cell[:80]!r}"


_COMMAND = re.compile(r"::(?:error|warning|notice)(?: [^\r\n]*?)?::[^\r\n]*")


def _of_github(text: str, _name: str) -> Iterator[str]:
    for line in text.split("\n"):
        if ("::" in line.lstrip()[:2] or line.lstrip().startswith("##[")) and not _COMMAND.fullmatch(line):
            yield f"a command: {line[:80]!r}"


_OF_FORMAT = {
    **dict.fromkeys(("table", "lines"), _nothing),
    **dict.fromkeys(("markdown", "comment"), _of_markdown),
    "html": _of_html,
    "json": _of_json,
    "sarif": _of_sarif,
    "junit": _of_junit,
    "csv": _of_csv,
    "costs.csv": _of_csv,
    "github": _of_github,
}
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Id"}


def _of_mail(report: Report) -> Iterator[str]:
    body = mail_body(report, name=report.tables[0].name, link=LINK)
    yield from (*_plain(body.text + "\n", "mail"), *_of_html(body.html, "mail"))
    if invisible(body.subject) or "\n" in body.subject:
        yield f"subject {body.subject!r}"
    svg = picture_svg(report)
    if svg is not None:
        elements = {one.tag.rpartition("}")[2] for one in ET.fromstring(svg).iter()}
        if elements & {"script", "image", "a", "foreignObject"}:
            yield f"picture: {elements}"
    yield from _of_message(report, body)


def _of_message(report: Report, body: MailBody) -> Iterator[str]:
    issue = issue_of(report, report.tables[0].name, "month")
    sender = parse_address("audit@example.com", "from")
    envelope = Envelope(
        sender=sender, recipients=(sender,), issue=issue, message_id=issue.message_id("example.com"), unsubscribe=None
    )
    whole = attachment(report, issue, body.html)
    raw = message(body, envelope, picture_cid=PICTURE_CID, attached=whole, now=datetime(2026, 11, 1, tzinfo=UTC))
    found = email.message_from_bytes(raw, policy=email.policy.default)
    if set(found.keys()) - {"MIME-Version", "Content-Type"} != HEADERS or found.defects:
        yield f"headers {found.keys()} {found.defects}"
    names = [part.get_filename() for part in found.walk() if part.get_filename()]
    if any(re.search(r"[^A-Za-z0-9._-]", str(name)) or len(str(name)) > LONGEST_NAME for name in names):
        yield f"file names {names}"


def _of_names(report: Report) -> Iterator[str]:
    text = report.tables[0].name
    named = name_of(dataclasses.replace(report, audit=dataclasses.replace(report.audit, account=text, region=text, id=text)))
    if not re.fullmatch(r"[A-Za-z0-9-]*/[A-Za-z0-9-]*/\d{4}/\d\d/\d\dT\d{4}Z-[A-Za-z0-9-]*\.json", named):
        yield f"a run file called {named!r}"
    if max(map(len, named.split("/"))) > LONGEST_NAME:
        yield "a run file with too long a name"
