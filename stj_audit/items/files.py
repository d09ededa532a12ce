"""
Files of items in DynamoDB JSON, one a line, plain or gzip: found, cut into parts, and each part folded on its own, in any process.

A part is plain data that can be sent to another process or machine; only its path must lead to the same file there.
"""

import errno
import glob
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from stj_audit.errors import UnreadableItems
from stj_audit.facts import Table
from stj_audit.items.counts import Counts
from stj_audit.items.engine import new_fold
from stj_audit.items.fold import Expiry
from stj_audit.items.lines import (
    BYTE_ORDER_MARK,
    CHUNK_BYTES,
    GZIP_START,
    MAX_LINE_BYTES,
    Checksum,
    Entry,
    Expected,
    check_expected,
    find_lines,
    first_line,
    fold_chunks,
    is_wrapped,
    item_of_line,
    unpacked,
)

PART_BYTES = 64 * 1024 * 1024  # of a plain file: a second's work or so, and little lost where a part must be done again
SUFFIXES = (".json", ".jsonl", ".ndjson")
NOT_ITEMS = ("manifest-summary.json", "manifest-files.json")  # of exports, which a glob may take in
FILE_SUFFIXES = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES))


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePart:
    """
    A file, or `size_bytes` of a plain one from byte `start` on: whole lines.

    `wrapped`: its lines are {"Item": item}. `expected`: what the manifest of an export says of the file; None: there is none.
    """

    path: str
    size_bytes: int
    wrapped: bool
    compressed: bool = False
    start: int = 0
    expected: Expected | None = None

    def __str__(self) -> str:
        return self.path


def fold_file_part(part: FilePart, *, table: Table, hash_key: bytes, expiry: Expiry | None = None) -> Counts:
    """What a fold counts in one part; its arguments are those of `ItemFold`. Raises UnreadableItems, which names the file and the line."""
    fold = new_fold(table, hash_key=hash_key, expiry=expiry)
    checksum = Checksum()
    with opened(part.path) as file:
        chunks = _chunks(file, part)
        stored = chunks if part.expected is None else checksum.watch(chunks)
        fold_chunks(
            fold,
            _text(stored, part),
            part.path,
            wrapped=part.wrapped,
            lines_before=lambda: _lines(file, until=part.start),
        )
    if part.expected is not None:
        check_expected(part.path, part.expected, items=fold.items, md5=checksum.md5)
    return fold.counts()


def find_in_file_part(part: FilePart, *, table: Table, hash_key: bytes, wanted: Collection[Entry]) -> dict[Entry, int]:
    """The lines of the file in which those of `wanted` are that are among the largest of this part; see `lines.find_lines`."""
    with opened(part.path) as file:
        found = find_lines(
            _text(_chunks(file, part), part),
            part.path,
            wrapped=part.wrapped,
            wanted=wanted,
            empty_fold=lambda: new_fold(table, hash_key=hash_key),
        )
        before = _lines(file, until=part.start)
    return {entry: before + line for entry, line in found.items()}


def find_files(path: str) -> tuple[Path, ...]:
    """
    The files that a path stands for: a file, a glob, or all in a folder and below it that end in FILE_SUFFIXES; in order. A link to one of
    them is the same file.

    Raises UnreadableItems when there is none.
    """
    found = Path(path)
    if not exists(found):
        matches = _matches(path) if glob.has_magic(path) else []
        if not matches:
            what = "no file matches it" if glob.has_magic(path) else "there is no such file or folder"
            raise UnreadableItems(f"{path}: {what}", hint="check the path given with --from")
        below = (file for match in matches for file in (_below(Path(match)) if Path(match).is_dir() else (Path(match),)))
        return _once(file for file in below if file.name not in NOT_ITEMS)
    if not found.is_dir():
        return (found,)
    files = _below(found)
    if not files:
        raise UnreadableItems(
            f"{path}: no file in this folder or below it ends in {', '.join(FILE_SUFFIXES)}", hint="name the file, or write a glob"
        )
    return _once(files)


def parts_of(files: Sequence[Path], *, part_bytes: int = PART_BYTES) -> tuple[FilePart, ...]:
    """Files as parts of about `part_bytes`, cut at the ends of lines; compressed ones are whole. Raises UnreadableItems."""
    return tuple(part for file in files for part in _parts(file, part_bytes))


def first_item(parts: Iterable[FilePart]) -> dict[str, Any] | None:
    """The first item of the first part that has one; None when none has, or the first line is no item."""
    for part in parts:
        with opened(part.path) as file:
            line = _first_line(file, part)
        if line is not None:
            return item_of_line(line, wrapped=part.wrapped)
    return None


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """A file to read. Whatever the system says against it is raised as UnreadableItems."""
    try:
        if not Path(path).is_file() and exists(Path(path)):
            raise UnreadableItems(f"{path}: it is no file", hint="give a file, a folder or a glob")
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise UnreadableItems(
            f"{path}: {error.strerror or 'it cannot be read'}", hint="check the path and who may read it"
        ) from error


def exists(path: Path) -> bool:
    """Raises UnreadableItems where the system does not even look: the name is too long, or what is above it may not be read."""
    return _looked_at(path, Path.exists)


def is_file(path: Path) -> bool:
    """Raises UnreadableItems as `exists` does."""
    return _looked_at(path, Path.is_file)


def _looked_at(path: Path, look: Callable[[Path], bool]) -> bool:
    try:
        return look(path)
    except OSError as error:
        raise UnreadableItems(f"{path}: {error.strerror}", hint="check the path and who may read it") from error


def _matches(pattern: str) -> list[str]:
    """
    What a glob stands for, in order. Raises UnreadableItems for a folder on its way that may not be read: `glob` passes over it in silence,
    and what is left would be taken for all.
    """
    above = pattern
    while glob.has_magic(above):
        above = str(Path(above).parent)
        for folder in _globbed(above):
            if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):  # noqa: PTH112 - raises nothing
                raise UnreadableItems(f"{folder}: {os.strerror(errno.EACCES)}", hint="check who may read it")
    return _globbed(pattern)


def _globbed(pattern: str) -> list[str]:
    # Path.glob knows neither absolute patterns nor those with ..
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - the user's own words


def _once(files: Iterable[Path]) -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for file in files:
        found.setdefault(os.path.realpath(file), file)
    return tuple(found.values())


def _below(folder: Path) -> tuple[Path, ...]:
    """The files of items in a folder and below it, hidden ones left out."""

    def refuse(error: OSError) -> None:
        raise UnreadableItems(f"{error.filename}: {error.strerror}", hint="check who may read it") from error

    found = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(where, name) for name in names if name.lower().endswith(FILE_SUFFIXES) and not name.startswith(".")]
    return tuple(sorted(found))


def _parts(path: Path, part_bytes: int) -> Iterator[FilePart]:
    with opened(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        head = file.read(len(BYTE_ORDER_MARK))
        compressed, start = head.startswith(GZIP_START), len(BYTE_ORDER_MARK) if head == BYTE_ORDER_MARK else 0
        whole = FilePart(path=str(path), size_bytes=size_bytes - start, start=start, compressed=compressed, wrapped=False)
        line = _first_line(file, whole)
        wrapped = line is not None and is_wrapped(line, str(path))
        end = start
        while end < size_bytes:
            start, end = end, size_bytes if compressed else _line_end(file, end + part_bytes, size_bytes)
            yield FilePart(path=str(path), size_bytes=end - start, start=start, compressed=compressed, wrapped=wrapped)


def _first_line(file: BinaryIO, part: FilePart) -> bytes | None:
    return first_line(_text(_chunks(file, part), part), part.path)


def _text(chunks: Iterator[bytes], part: FilePart) -> Iterator[bytes]:
    """Decompressed, where it is compressed, and without a byte order mark, after which parts of plain files begin."""
    if not part.compressed:
        yield from chunks
        return
    text = unpacked(chunks, part.path)
    yield next(text, b"").removeprefix(BYTE_ORDER_MARK)
    yield from text


def _line_end(file: BinaryIO, place: int, size_bytes: int) -> int:
    """The first place from `place` on where a line begins; the end of the file, where there is none within the length of a line."""
    if place >= size_bytes:
        return size_bytes
    file.seek(place - 1)
    return place - 1 + len(file.readline(MAX_LINE_BYTES))


def _chunks(file: BinaryIO, part: FilePart) -> Iterator[bytes]:
    file.seek(part.start)
    left = part.size_bytes
    while left:
        chunk = file.read(min(left, CHUNK_BYTES))
        if not chunk:
            raise UnreadableItems(
                f"{part.path}: it became shorter while it was read", hint="run it again when nothing writes to it"
            )
        left -= len(chunk)
        yield chunk


def _lines(file: BinaryIO, *, until: int) -> int:
    """How many lines end before a place."""
    file.seek(0)
    found = 0
    while until:
        chunk = file.read(min(until, CHUNK_BYTES))
        if not chunk:
            break
        found += chunk.count(b"\n")
        until -= len(chunk)
    return found
