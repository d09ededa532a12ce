"""
Where tables are declared, as lines of files: what annotations, SARIF and JUnit point at. Texts in, lines out: it reads no file.

In a configuration a table's line is that of its first key or header, found by reading it statement by statement with Python's own reader of
TOML, so that no string or comment is taken for a header. In any other file it is the first line that names the table as a whole word.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stj_audit.report import ELSEWHERE, SourceLine

PYPROJECT = "pyproject.toml"
SECTION = ("tool", "stj-audit")  # in pyproject.toml


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A file that stands for the tables: its text, and its path as it is to be told. `is_config`: it is an stj-audit.toml or the like."""

    text: str
    path: str
    is_config: bool

    def sources(self, tables: Iterable[str]) -> dict[str, SourceLine]:
        """As `Report.sources`."""
        return (in_config if self.is_config else in_any_file)(self.text, self.path, tables)


def in_config(text: str, path: str, tables: Iterable[str]) -> dict[str, SourceLine]:
    """
    The lines of `tables` in a configuration; "" is that of [model], or the first. A table that is not in it has none of its own.

    `path` is as it is to be told. A table of several regions, "eu-north-1/orders", is found under that name or under its own.
    """
    prefix = SECTION if path.rsplit("/", 1)[-1] == PYPROJECT else ()
    lines: dict[tuple[str, ...], int] = {}
    for line, places in _statements(text):
        for place in places:
            if place[: len(prefix)] == prefix:
                lines.setdefault(place[len(prefix) :][:2], line)
    model = min((line for place, line in lines.items() if place[:1] == ("model",)), default=1)
    found = {table: lines.get(("tables", table), lines.get(("tables", table.rpartition("/")[2]))) for table in tables}
    return _as_sources(path, found, elsewhere=model)


def in_any_file(text: str, path: str, tables: Iterable[str]) -> dict[str, SourceLine]:
    """The first line of a file that names each of `tables`, which is told as `path`; "", and what is not named, is its first line."""
    lines = text.split("\n")
    found = {table: _mention(lines, table) or _mention(lines, table.rpartition("/")[2]) for table in tables}
    return _as_sources(path, found, elsewhere=1)


def root_folder(environment: Mapping[str, str], working_folder: Path) -> Path:
    """What paths are told relative to: the working folder, or in a job of GitHub Actions the checkout that it is in, as GitHub wants it."""
    checkout = environment.get("GITHUB_WORKSPACE")
    if checkout and working_folder.resolve().is_relative_to(Path(checkout).resolve()):
        return Path(checkout)
    return working_folder


def told_path(path: Path, root: Path) -> str:
    """A path below `root` relative to it, any other absolute; with "/" between its parts."""
    whole, base = path.resolve(), root.resolve()
    return (whole.relative_to(base) if whole.is_relative_to(base) else whole).as_posix()


def _as_sources(path: str, found: Mapping[str, int | None], *, elsewhere: int) -> dict[str, SourceLine]:
    own = {table: SourceLine(path=path, line=line) for table, line in found.items() if line is not None}
    return {ELSEWHERE: SourceLine(path=path, line=elsewhere), **own}


def _mention(lines: list[str], name: str) -> int | None:
    """The first line, from 1, that has `name` as a whole word: of what names of DynamoDB are made of, nothing is beside it."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)")
    return next((number for number, line in enumerate(lines, 1) if word.search(line)), None) if name else None


def _statements(text: str) -> Iterator[tuple[int, tuple[tuple[str, ...], ...]]]:
    """
    The first line of each statement of a TOML document, and the keys that it sets or opens, from the top of the document.

    A statement is the fewest lines that are TOML by themselves: a string, an array or an inline table that is still open is not. What is no
    TOML ends it.
    """
    header: tuple[str, ...] = ()
    start, chunk = 1, ""
    for number, line in enumerate(text.split("\n"), 1):
        chunk += line + "\n"
        try:
            read = tomllib.loads(chunk)
        except ValueError:  # as told by tomllib, or by Python of a number that is too long
            continue
        if chunk.lstrip(" \t").startswith("["):
            header = _keys(read)
            yield start, (header,)
        elif read:
            yield start, tuple((*header, *place) for place in _places(read))
        start, chunk = number + 1, ""


def _keys(opened: dict[str, Any]) -> tuple[str, ...]:
    """The keys of a header, which opens one table: [a."b.c"] and [[a."b.c"]] are ("a", "b.c")."""
    keys: list[str] = []
    value: Any = opened
    while isinstance(value, dict) and value:
        [(key, value)] = value.items()
        keys.append(key)
    return tuple(keys)


def _places(read: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """All keys of a statement, as paths."""
    for key, value in read.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *place) for place in _places(value))
