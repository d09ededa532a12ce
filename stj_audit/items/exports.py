"""
Exports of a table to S3, by their manifests: what was exported, which files there are, and what each must hold.

An export is a folder with manifest-summary.json, manifest-files.json, a checksum beside each, and the files in data/. DynamoDB writes the
manifests last: a folder that has only `_started` is of an export that is under way, or failed. Source: AWS developer guide, "DynamoDB table
export output format".
"""

import json
import os
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from pathlib import Path

import msgspec

from stj_audit.errors import ConfigError, UnreadableItems
from stj_audit.items.files import FilePart, exists, is_file, opened
from stj_audit.items.lines import GZIP_START, Expected
from stj_audit.wording import a_few, counted

SUMMARY, FILES, STARTED, DATA = "manifest-summary.json", "manifest-files.json", "_started", "data"
CHECKSUM_SUFFIXES = (".md5", ".checksum")  # what AWS writes, and what its guide calls it
MANIFESTS = (SUMMARY, FILES)
MANIFEST_NAMES = (*MANIFESTS, *(f"{Path(name).stem}{suffix}" for name in MANIFESTS for suffix in CHECKSUM_SUFFIXES))
MAX_MANIFEST_BYTES = 256 * 1024 * 1024  # a million files

_HEX = re.compile(r"[0-9a-fA-F]{32}")
_BLANK = re.compile(r"\s*")
_MD5_BYTES = 16


class _Summary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """manifest-summary.json, as far as it is used."""

    table_arn: str
    item_count: int
    output_format: str
    billed_size_bytes: int | None = None
    export_arn: str | None = None
    export_time: datetime | None = None
    export_type: str = "FULL_EXPORT"  # left out of exports before there were incremental ones


class _File(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of manifest-files.json."""

    item_count: int
    md5_checksum: str
    data_file_s3_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFile:
    """One file of an export, by its name in the folder `data`."""

    name: str
    expected: Expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """
    A full export in DynamoDB JSON, as its manifests describe it. `billed_size_bytes` is what AWS billed the export by; None: not stated.
    """

    table_arn: str
    table: str
    export_arn: str | None
    exported_at: datetime | None
    items: int
    billed_size_bytes: int | None
    files: tuple[ExportFile, ...]


def parse_export(manifests: Mapping[str, bytes], where: str) -> Export:
    """
    An export from those of MANIFEST_NAMES that are there. `where` names its folder.

    Raises UnreadableItems when they are not whole, do not agree, or describe what cannot be read: Amazon Ion, or an incremental export.
    """
    for name in MANIFESTS:
        if name not in manifests:
            raise UnreadableItems(f"{where}: {name} is missing", hint="copy the whole folder of the export")
        _check_checksum(name, manifests, where)
    try:
        summary = msgspec.json.decode(manifests[SUMMARY], type=_Summary)
    except msgspec.MsgspecError as error:
        raise UnreadableItems(f"{where}: {SUMMARY} is no manifest of an export: {error}", hint="copy it again") from None
    if summary.export_type != "FULL_EXPORT":
        raise UnreadableItems(
            f"{where}: it is an incremental export, which holds changes and not the items", hint="use a full export"
        )
    if summary.output_format != "DYNAMODB_JSON":
        raise UnreadableItems(
            f"{where}: the format of the export is {_short(summary.output_format)}, and only DYNAMODB_JSON is read",
            hint="export again with the format DynamoDB JSON",
        )
    files = tuple(_files(manifests[FILES], where))
    twice = [name for name, times in Counter(file.name for file in files).items() if times > 1]
    if twice:
        raise UnreadableItems(f"{where}: {FILES} lists {a_few(twice)} more than once", hint="copy it again")
    listed = sum(file.expected.items for file in files)
    if listed != summary.item_count:
        raise UnreadableItems(
            f"{where}: {FILES} lists {listed:,} items, and {SUMMARY} says {summary.item_count:,}", hint="copy both again"
        )
    return Export(
        table_arn=summary.table_arn,
        table=summary.table_arn.rpartition("/")[2],
        export_arn=summary.export_arn,
        exported_at=summary.export_time,
        items=summary.item_count,
        billed_size_bytes=summary.billed_size_bytes,
        files=files,
    )


def one_export(folders: Sequence[str], where: str) -> str:
    """The only one of the folders that hold exports. Raises ConfigError when there are several."""
    if len(folders) > 1:
        raise ConfigError(
            f"{where}: there are {len(folders)} exports below it: {a_few(sorted(folders), at_most=5)}",
            hint="name one of them with --from",
        )
    return folders[0]


def not_finished(where: str) -> UnreadableItems:
    """For a folder with `_started` and no manifest."""
    return UnreadableItems(
        f"{where}: the export has not finished, or failed: it has no manifest", hint="wait until it is completed"
    )


def export_folders(folder: Path) -> tuple[Path, ...]:
    """
    The folders of exports in a folder or below it.

    Raises UnreadableItems when the only ones have no manifest, or a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise UnreadableItems(f"{error.filename}: {error.strerror}", hint="check who may read it") from error

    found, begun = [], []
    for where, folders, names in os.walk(folder, onerror=refuse):
        if not {SUMMARY, FILES}.isdisjoint(names):
            found.append(Path(where))
            folders.clear()
        elif STARTED in names:
            begun.append(Path(where))
            folders.clear()
    if begun and not found:
        raise not_finished(str(begun[0]))
    return tuple(sorted(found))


def read_export(folder: Path) -> Export:
    """The export in a folder. Raises UnreadableItems."""
    manifests = {}
    for name in MANIFEST_NAMES:
        if exists(folder / name):
            with opened(folder / name) as file:
                manifests[name] = file.read(MAX_MANIFEST_BYTES)
    return parse_export(manifests, str(folder))


def export_parts(folder: Path, export: Export) -> tuple[FilePart, ...]:
    """Every file of an export that was copied here, whole. Raises UnreadableItems when one is missing."""
    names = [file.name for file in export.files]
    missing = [name for name in names if not is_file(folder / DATA / name)]
    if missing:
        raise missing_files(f"{folder / DATA}", missing, of=len(names))
    return tuple(_part(folder / DATA / file.name, file.expected) for file in export.files)


def missing_files(where: str, missing: Sequence[str], *, of: int) -> UnreadableItems:
    return UnreadableItems(
        f"{where}: {len(missing):,} of {counted(of, 'file')} in the manifest missing: {a_few(missing)}",
        hint="copy the whole folder of the export",
    )


def _part(path: Path, expected: Expected) -> FilePart:
    with opened(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        compressed = file.read(len(GZIP_START)) == GZIP_START
    return FilePart(path=str(path), size_bytes=size_bytes, wrapped=True, compressed=compressed, expected=expected)


def _files(text: bytes, where: str) -> Iterator[ExportFile]:
    """One JSON object after the other, a line each or over many."""
    broken = UnreadableItems(f"{where}: {FILES} is no manifest of an export", hint="copy it again")
    decoder = json.JSONDecoder()
    try:
        rest = text.decode()
    except UnicodeDecodeError:
        raise broken from None
    place = _skip(rest, 0)
    while place < len(rest):
        try:
            found, end = decoder.raw_decode(rest, place)
            file = msgspec.convert(found, _File)
            b64decode(file.md5_checksum, validate=True)
        except (ValueError, RecursionError):
            raise broken from None
        name = file.data_file_s3_key.rpartition("/")[2]
        if name in ("", ".", ".."):
            raise broken
        yield ExportFile(name=name, expected=Expected(items=file.item_count, md5=file.md5_checksum))
        place = _skip(rest, end)


def _skip(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return place if found is None else found.end()


def _check_checksum(name: str, manifests: Mapping[str, bytes], where: str) -> None:
    """Against the checksum that AWS wrote beside a manifest, where there is one: MD5, in base64 or in hexadecimal digits."""
    for suffix in CHECKSUM_SUFFIXES:
        told = _md5_in(manifests.get(f"{Path(name).stem}{suffix}", b""))
        if told is not None and told != md5(manifests[name], usedforsecurity=False).digest():
            raise UnreadableItems(f"{where}: {name} does not agree with its checksum", hint="copy both again")


def _md5_in(text: bytes) -> bytes | None:
    words = text.decode("ascii", "replace").split()
    if not words:
        return None
    if _HEX.fullmatch(words[0]):
        return bytes.fromhex(words[0])
    try:
        found = b64decode(words[0], validate=True)
    except (NotBase64, ValueError):
        return None
    return found if len(found) == _MD5_BYTES else None


def _short(text: str) -> str:
    return text[:40]
