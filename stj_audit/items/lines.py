"""
Streams of bytes to blocks of whole lines, and those into a fold: plain or gzip, wherever they come from.

Only a block, and a line that is longer than one, are in memory at a time. Line numbers count from 1, at the ends "\\n".
"""

import importlib
import zlib
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from stj_audit.errors import UnreadableItems
from stj_audit.items.fold import ItemFold
from stj_audit.items.wire import BrokenLine, decode
from stj_audit.sizing import item_size

CHUNK_BYTES = 128 * 1024  # read at once
BLOCK_BYTES = 1024 * 1024  # given to the fold at once, or a little more: what stays in the caches of a processor
# The longest line of an item of 400 KB: 136,000 numbers such as 1E+125 written out, 135 characters for 3 bytes
MAX_LINE_BYTES = 20 * 1024 * 1024

GZIP_START = b"\x1f\x8b"
GZIP_WINDOW_BITS = 31  # of zlib: gzip, with its header and checksum
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some editors begin UTF-8 with it
KNOWN_STARTS = (
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd", "decompress it first: zstd -d"),
    (b"BZh", "it is compressed with bzip2", "decompress it first: bzip2 -d"),
    (b"\xfd7zXZ\x00", "it is compressed with xz", "decompress it first: xz -d"),
    (b"PK\x03\x04", "it is a zip archive", "unpack it first"),
    (b"PAR1", "it is Parquet", "DynamoDB JSON is read, one item a line"),
    (b"$ion_1_0", "it is Amazon Ion", "export again with the format DynamoDB JSON (DYNAMODB_JSON)"),
    (b"\xe0\x01\x00\xea", "it is Amazon Ion", "export again with the format DynamoDB JSON (DYNAMODB_JSON)"),
)
EXPECTED = 'each line must be one item in DynamoDB JSON, {"id": {"S": "..."}} or {"Item": {...}}'
AS_LINES = "turn it into lines of items: jq -c '.Items[]'"


def _zlib() -> Any:
    """zlib, or what has its interface and is faster, where the extra `fast` is installed."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return zlib


class Checksum:
    """The number and MD5 of the bytes that came by."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._md5 = md5(usedforsecurity=False)

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size_bytes += len(chunk)
            self._md5.update(chunk)
            yield chunk

    @property
    def md5(self) -> str:
        """In base64, as in S3's Content-MD5 and the manifests of exports."""
        return b64encode(self._md5.digest()).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the manifest of an export says of one file: its items, and the MD5 of the file as it is stored, in base64."""

    items: int
    md5: str


def check_expected(name: str, expected: Expected, *, items: int, md5: str) -> None:
    """Raises UnreadableItems when a file is not what its manifest says."""
    if md5 != expected.md5:
        raise UnreadableItems(
            f"{name}: its MD5 checksum is not the one in the manifest", hint="the file is damaged: fetch it again"
        )
    if items != expected.items:
        raise UnreadableItems(
            f"{name}: it holds {items:,} items, and the manifest says {expected.items:,}",
            hint="the export is damaged: export it again",
        )


def unpacked(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The text of a gzip file that may have several members; pieces of at most BLOCK_BYTES. Raises UnreadableItems."""
    library = _zlib()
    member: Any = None
    for chunk in chunks:
        rest, more = chunk, False  # more: all of it was taken in, and not all was given out
        while rest or more:
            if member is None:
                rest = rest.lstrip(b"\0")  # some tools pad the end with zeros
                if not rest:
                    break
                member = library.decompressobj(wbits=GZIP_WINDOW_BITS)
            try:
                text = member.decompress(rest, BLOCK_BYTES)
            except (zlib.error, library.error):
                raise UnreadableItems(f"{name}: the compressed data is damaged", hint="fetch the file again") from None
            if text:
                yield text
            if member.eof:
                rest, member, more = member.unused_data, None, False
            else:
                rest, more = member.unconsumed_tail, len(text) == BLOCK_BYTES
    if member is not None:
        raise UnreadableItems(
            f"{name}: it ends in the middle of the compressed data", hint="the file was cut short: fetch it again"
        )


def blocks(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Whole lines, about BLOCK_BYTES of them at a time; the last may lack its end. Raises UnreadableItems for a line too long to be one."""
    kept: list[bytes] = []
    kept_bytes = 0
    for chunk in chunks:
        kept.append(chunk)
        kept_bytes += len(chunk)
        if kept_bytes < BLOCK_BYTES:
            continue
        end = chunk.rfind(b"\n") + 1
        if end:
            kept[-1] = chunk[:end]
            yield b"".join(kept)
            kept, kept_bytes = [chunk[end:]], len(chunk) - end
        elif kept_bytes > MAX_LINE_BYTES:
            whole = b"".join(kept)
            end = whole.rfind(b"\n") + 1
            if len(whole) - end > MAX_LINE_BYTES:
                raise UnreadableItems(
                    f"{name}: a line of more than {MAX_LINE_BYTES // 1024**2} MB, longer than an item can be", hint=EXPECTED
                )
            yield whole[:end]
            kept, kept_bytes = [whole[end:]], len(whole) - end
    if kept_bytes:
        yield b"".join(kept)


def first_line(chunks: Iterable[bytes], name: str) -> bytes | None:
    """The first line that is not empty, None where there is none. Raises UnreadableItems for what is no text."""
    for place, block in enumerate(blocks(chunks, name)):
        if place == 0:
            check_text(block, name)
        line = next((line for line in block.split(b"\n") if line.strip()), None)
        if line is not None:
            return line
    return None


def check_text(start: bytes, name: str) -> None:
    """Raises UnreadableItems when a file that begins so is no text."""
    for known, what, hint in KNOWN_STARTS:
        if start.startswith(known):
            raise UnreadableItems(f"{name}: {what}", hint=hint)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableItems(f"{name}: it is UTF-16", hint="save it as UTF-8")
    if b"\0" in start:
        raise UnreadableItems(f"{name}: it is no text", hint=EXPECTED)


def is_wrapped(line: bytes, name: str) -> bool:
    """
    Whether the first line of a file is {"Item": item}, and not an item with an attribute of that name.

    Raises UnreadableItems for what else is known and cannot be read: the answer to a Scan, an incremental export.
    """
    try:
        found = decode(line)
    except (ValueError, RecursionError):
        if line.strip() in (b"{", b"["):
            raise UnreadableItems(f"{name}: its JSON stands over many lines", hint=AS_LINES) from None
        return False
    if isinstance(found, list) or (isinstance(found, dict) and isinstance(found.get("Items"), list)):
        raise UnreadableItems(f"{name}: it is the answer to a Scan, not one item a line", hint=AS_LINES)
    if not isinstance(found, dict):
        return False
    if "Keys" in found and not {"NewImage", "OldImage", "Metadata"}.isdisjoint(found):
        raise UnreadableItems(
            f"{name}: it is of an incremental export, which holds changes and not the items", hint="use a full export"
        )
    if found.keys() != {"Item"} or not isinstance(found["Item"], dict):
        return False
    try:
        item_size(found["Item"])
    except (ValueError, RecursionError):
        return False
    return True


def item_of_line(line: bytes, *, wrapped: bool) -> dict[str, Any] | None:
    """The item in a line, None when there is none."""
    try:
        found = decode(line)
    except (ValueError, RecursionError):
        return None
    item = found.get("Item") if wrapped and isinstance(found, dict) else found
    return item if isinstance(item, dict) else None


def fold_chunks(
    fold: ItemFold, chunks: Iterable[bytes], name: str, *, wrapped: bool, lines_before: Callable[[], int] = lambda: 0
) -> None:
    """
    Count the items of a file, or of a part of it that begins after `lines_before()` lines. `chunks` are decompressed.

    Raises UnreadableItems for the first line that is no item.
    """
    before = 0
    for block in blocks(chunks, name):
        try:
            before += fold.add_lines(block, wrapped=wrapped)
        except BrokenLine as error:
            number, reason = error.line, error.reason
        else:
            continue
        raise UnreadableItems(f"{name}, line {lines_before() + before + number:,}: {reason}", hint=EXPECTED)


Entry = tuple[int, str]
"""One of the largest items as `Counts.largest` has it: its size and key hash."""


def find_lines(
    chunks: Iterable[bytes], name: str, *, wrapped: bool, wanted: Collection[Entry], empty_fold: Callable[[], ItemFold]
) -> dict[Entry, int]:
    """
    The numbers of the lines, from 1, in which the wanted items are, which must be among the largest of this file or part of one.

    `empty_fold` makes folds with the hash key that the entries have. An item that is there twice is found once.
    """
    found: dict[Entry, int] = {}
    smallest = min((size for size, _ in wanted), default=0)
    before = 0
    for block in blocks(chunks, name):
        rows = block.split(b"\n")
        if max(map(len, rows)) >= smallest:  # a line is longer than the item in it
            for entry in _largest_in(rows, wrapped, empty_fold).intersection(wanted).difference(found):
                found[entry] = before + _row_of(entry, rows, wrapped, empty_fold) + 1
        before += len(rows) - 1
    return found


def _largest_in(rows: Sequence[bytes], wrapped: bool, empty_fold: Callable[[], ItemFold]) -> set[Entry]:
    fold = empty_fold()
    fold.add_lines(b"\n".join(rows), wrapped=wrapped)
    return set(fold.counts().largest)


def _row_of(entry: Entry, rows: Sequence[bytes], wrapped: bool, empty_fold: Callable[[], ItemFold]) -> int:
    """By halves: what is among the largest of a whole is among the largest of its part."""
    start, end = 0, len(rows)
    while end - start > 1:
        middle = (start + end) // 2
        if entry in _largest_in(rows[start:middle], wrapped, empty_fold):
            end = middle
        else:
            start = middle
    return start
