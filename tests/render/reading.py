"""Reading what was rendered: golden files, pages and tables as a reader takes them, and texts that are hard on formats."""

import os
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import strategies as st

GOLDEN = Path(__file__).parent.parent / "golden"
REWRITE = "STJ_AUDIT_REWRITE_GOLDEN"
DIFFERS = f"the golden file differs; {REWRITE}=1 rewrites it"

SECTIONS = (
    "Do these first",
    "What it will cost",
    "Current schema",
    "What is good",
    "What could be improved",
    "Best practices",
    "Storage and cost analysis",
    "Recommendations by user scale",
    "Item size check",
    "Final assessment",
    "Action items",
    "Summary",
    "How far to trust this",
    "Every rule that ran",
)
FENCED = re.compile(r"(?ms)^(`{3,})(?:sh|yaml)\n.*?\n\1$")
VOID = {"meta", "br", "hr", "img", "input", "link"}
# Texts that mean something to one of the formats, or to none: controls, ends of what holds them, halves of pairs, very long ones.
texts = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.text(alphabet="%\r\n:,=+-@\t;'\"<>&]`|{}[]()\\#!\x00\x1b\x85\ufffe\uffff\u2028\u202e\ud800\U000e0001", max_size=40),
        st.sampled_from(
            ["]]>", "-->", "<!-- stj-audit -->", "</details>", "::error::", "##[error]", "%0A::error::x", "![i](http://x)"]
        ),
        st.sampled_from(["@", "\U000e0001", "%", "é", "|", "://"]).map(lambda one: one * 3_000),
    ),
    min_size=1,
    max_size=8,
)


def golden(name: str, text: str) -> str:
    """
    What the golden file of that name says. With STJ_AUDIT_REWRITE_GOLDEN=1 it is rewritten with `text`: look at the difference before you
    keep it.
    """
    path = GOLDEN / name
    if os.environ.get(REWRITE) == "1":
        path.write_bytes(text.encode())
    return path.read_bytes().decode()


class Reader(HTMLParser):
    """Collects what a page consists of, and that its tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[tuple[int, str]] = []
        self.rows: list[list[int]] = []
        self.tangled: list[str] = []
        self._open: list[str] = []
        self._heading = ""
        self.feed(text)
        self.tangled += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag == "table":
            self.rows.append([])
        if tag == "tr":
            self.rows[-1].append(0)
        if tag in {"td", "th"}:
            self.rows[-1][-1] += int(values.get("colspan", "1"))
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self._heading = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.tangled.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), " ".join(self._heading.split())))

    def handle_data(self, data: str) -> None:
        self._heading += data


def markdown_tables(text: str) -> list[list[int]]:
    """The number of cells of every row, by table; fenced blocks are no tables."""
    tables: list[list[int]] = []
    fence = ""
    before = ""
    for line in text.split("\n"):
        run = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif run:
            fence = run.group()
        elif line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            tables[-1].append(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1)
        before = line
    return tables


def invisible(text: str) -> set[str]:
    return {one for one in text if one != "\n" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
