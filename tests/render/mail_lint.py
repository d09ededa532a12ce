"""
A mail's HTML held against what mail programs can show, by the list of tests/published/caniemail.json.

Everything that a body uses must be in that list or in UNTESTED: what nobody has tested is no more allowed than what is known to fail.
"""

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

PUBLISHED = Path(__file__).parent.parent / "published" / "caniemail.json"
MUST_SHOW = ("Gmail web", "Gmail iOS", "Gmail Android", "Gmail mobile web", "Outlook Windows")

# What caniemail has no test of, and why it is used all the same.
UNTESTED = {
    "element": {
        "html": "without it there is no place for the language",
        "head": "where the character set is declared",
        "meta": "the character set and the width of the screen; a program that drops it loses nothing",
        "title": "what a browser shows that opens the mail",
        "a": "HTML 2, in every program",
        "b": "HTML 2, in every program",
        "br": "HTML 2, in every program",
    },
    "attribute": {
        "alt": "what is read where pictures are not shown",
        "border": "HTML 3.2; Outlook draws borders without it",
        "charset": "of meta",
        "colspan": "HTML 3.2",
        "content": "of meta",
        "href": "HTML 2",
        "name": "of meta",
        "scope": "which cells a head belongs to, for screen readers; it changes nothing for others",
        "src": "HTML 2",
        "style": "without it there is no style at all: its properties are in the list",
    },
    "property": {"color": "CSS 1"},
}
# What a program in MUST_SHOW does not support, and why it is there all the same.
DESPITE = {
    "display:none": "the preheader; Gmail in the browser of a phone shows it as a first line, which says nothing that is not so",
    "doctype": "without it browsers and webmail count widths as of 1998; Outlook ignores it, and draws tables in its own way with or without",
}

_DECLARATION = re.compile(r"\s*([\w-]+)\s*:\s*([^;]+)")
_FUNCTION = re.compile(r"([a-z-]+)\(")
_UNIT = re.compile(r"(?<![#\w.-])-?[\d.]+([a-z]+|%)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Support:
    """By client: y, a (in part), n or u (not tested)."""

    feature: str
    by_client: dict[str, str]

    def missing(self) -> list[str]:
        return [client for client in MUST_SHOW if self.by_client[client] in {"n", "u"}]


def _published() -> dict[tuple[str, str], Support]:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    clients = published["clients"]
    return {
        (one["kind"], name): Support(feature=one["feature"], by_client=dict(zip(clients, one["support"].split(), strict=True)))
        for one in published["features"]
        for name in one["names"]
    }


class _Used(HTMLParser):
    """What a body uses, as (kind, name)."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.used: dict[tuple[str, str], None] = {}
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._use("element", tag)
        self._in_style = tag == "style"
        for name, value in attrs:
            self._use("attribute", name)
            text = value or ""
            if name == "style":
                self._declarations(text)
            elif name in {"src", "background"}:
                self._image(text)
            elif tag == "meta" and name == "name" and text != "viewport":
                self._use("meta", text)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            return
        for rule in re.findall(r"@[\w-]+", data):
            self._use("rule", rule)
        for selector, declarations in re.findall(r"([^{}@]+)\{([^{}]*)\}", data):
            for pseudo in re.findall(r"::?[\w-]+", selector):
                self._use("selector", pseudo)
            kinds = {"class": r"\.\w", "id": r"#\w", "attribute": r"\[", "type": r"(?<![.#\w:-])[a-z]"}
            for kind, pattern in kinds.items():
                if re.search(pattern, selector):
                    self._use("selector", kind)
            self._declarations(declarations)

    def handle_decl(self, decl: str) -> None:
        self._use("declaration", "doctype")

    def handle_comment(self, data: str) -> None:
        self._use("declaration", "comment")

    def _declarations(self, style: str) -> None:
        for name, value in _DECLARATION.findall(style):
            self._use("property", name.lower())
            if name.startswith("--"):
                self._use("function", "var")
            if f"{name}:{value.strip()}" in {"display:flex", "display:grid", "display:none"}:
                self._use("value", f"{name}:{value.strip()}")
            for function in _FUNCTION.findall(value):
                self._use("function", function)
            for unit in _UNIT.findall(value):
                self._use("unit", unit)

    def _image(self, address: str) -> None:
        """A picture comes with the mail, as a PNG; whatever else is known by how its address ends."""
        if address.startswith("cid:"):
            self._use("image", "png")
        elif address.startswith("data:"):
            self._use("image", "data")
        else:
            self._use("image", address.rpartition(".")[2])

    def _use(self, kind: str, name: str) -> None:
        self.used[kind, name] = None


def problems(html: str) -> list[str]:
    """What Gmail or Outlook on Windows does not show of a body, and what is not known of any program: one line each; none is good."""
    published = _published()
    found = []
    for kind, name in _Used(html).used:
        if name in DESPITE or name in UNTESTED.get(kind, {}):
            continue
        support = _of(published, kind, name)
        if support is None:
            found.append(f"{kind} {name}: nobody has tested it")
        elif support.missing():
            found.append(f"{kind} {name}: not in {', '.join(support.missing())}")
    return found


def _of(published: dict[tuple[str, str], Support], kind: str, name: str) -> Support | None:
    """`border-bottom` is a case of `border`."""
    while (kind, name) not in published:
        if kind != "property" or "-" not in name:
            return None
        name = name.rpartition("-")[0]
    return published[kind, name]


def used(html: str, kind: str) -> set[str]:
    return {name for of, name in _Used(html).used if of == kind}
