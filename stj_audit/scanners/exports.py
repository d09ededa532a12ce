"""
Exports in S3: found below a folder, and their files streamed into folds, nothing of them stored. ListObjectsV2 and GetObject, no more.

A body that breaks off is continued where it broke, of the same version of the file; in the end its length, and the MD5 of the manifest,
must agree.
"""

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore import exceptions as aws_errors
from botocore.parsers import ResponseParserError

from stj_audit.aws_failures import DENIED_CODES, FAILURES, UNKNOWN_OPERATION_CODES, BrokenAnswer, code_of, explain
from stj_audit.errors import AuditError, ConfigError, UnreadableItems
from stj_audit.facts import Table
from stj_audit.items.counts import Counts
from stj_audit.items.engine import new_fold
from stj_audit.items.exports import (
    DATA,
    FILES,
    MANIFEST_NAMES,
    MAX_MANIFEST_BYTES,
    STARTED,
    SUMMARY,
    Export,
    missing_files,
    not_finished,
    one_export,
    parse_export,
)
from stj_audit.items.fold import Expiry
from stj_audit.items.lines import (
    CHUNK_BYTES,
    GZIP_START,
    Checksum,
    Entry,
    Expected,
    check_expected,
    find_lines,
    first_line,
    fold_chunks,
    item_of_line,
    unpacked,
)
from stj_audit.scanners.guard import S3Folder
from stj_audit.scanners.session import Aws, AwsOptions, open_session

MAX_FOLDERS = 200  # looked into for exports: below the top of a bucket there may be millions
ATTEMPTS = 5  # for a body that breaks off, without anything that came in between
RETRY_AFTER_SECONDS = 0.5

_URL = re.compile(r"s3://([A-Za-z0-9._-]{3,255})(?:/(.*))?")
_CUT_SHORT = (aws_errors.ConnectionError, aws_errors.HTTPClientError, aws_errors.IncompleteReadError)


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Part:
    """A file of an export in S3. `folder` is what the session may read."""

    folder: S3Folder
    key: str
    size_bytes: int
    expected: Expected

    def __str__(self) -> str:
        return f"s3://{self.folder.bucket}/{self.key}"


def s3_folder(url: str) -> S3Folder:
    """`s3://bucket/prefix`, also the address of a manifest, as a folder. Raises ConfigError."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ConfigError(f"{url}: it is no address in S3", hint="write it like s3://bucket/prefix")
    prefix = (found[2] or "").strip("/")
    if prefix.rpartition("/")[2] in MANIFEST_NAMES:
        prefix = prefix.rpartition("/")[0]
    return S3Folder(bucket=found[1], prefix=f"{prefix}/" if prefix else "")


def find_export(aws: Aws, folder: S3Folder) -> S3Folder:
    """
    The folder of the export in a folder or below it; `aws` was opened for that.

    Raises ConfigError when there are several, UnreadableItems when there is none.
    """
    waiting, found, begun = [folder.prefix], [], []
    for looked_into in range(MAX_FOLDERS):
        if looked_into >= len(waiting):
            break
        prefix = waiting[looked_into]
        keys, below = _list(aws, folder.bucket, prefix)
        names = {key.removeprefix(prefix) for key in keys}
        if not names.isdisjoint((SUMMARY, FILES)):
            found.append(prefix)
        elif STARTED in names:
            begun.append(prefix)
        else:
            waiting += below
    else:
        if len(waiting) > MAX_FOLDERS:
            raise ConfigError(f"{folder}: there are more than {MAX_FOLDERS} folders below it", hint="name the folder of the export")
    if not found and begun:
        raise not_finished(f"s3://{folder.bucket}/{begun[0]}")
    if not found:
        raise UnreadableItems(
            f"{folder}: there is no export in it or below it: no {SUMMARY}", hint="check the address given with --from"
        )
    address = one_export([f"s3://{folder.bucket}/{prefix}" for prefix in found], str(folder))
    return S3Folder(bucket=folder.bucket, prefix=address.removeprefix(f"s3://{folder.bucket}/"))


def read_export(aws: Aws, folder: S3Folder) -> Export:
    """The manifests of the export in this folder. Raises UnreadableItems."""
    keys, _ = _list(aws, folder.bucket, folder.prefix)
    manifests = {}
    for name in MANIFEST_NAMES:
        if f"{folder.prefix}{name}" in keys:
            manifests[name] = b"".join(_body(aws, folder.bucket, f"{folder.prefix}{name}", at_most=MAX_MANIFEST_BYTES))
    return parse_export(manifests, str(folder))


def export_parts(aws: Aws, folder: S3Folder, export: Export) -> tuple[S3Part, ...]:
    """Every file of the export. Raises UnreadableItems when one is missing."""
    prefix = f"{folder.prefix}{DATA}/"
    keys, _ = _list(aws, folder.bucket, prefix)
    missing = [file.name for file in export.files if f"{prefix}{file.name}" not in keys]
    if missing:
        raise missing_files(f"s3://{folder.bucket}/{prefix}", missing, of=len(export.files))
    return tuple(
        S3Part(folder=folder, key=f"{prefix}{file.name}", size_bytes=keys[f"{prefix}{file.name}"], expected=file.expected)
        for file in export.files
    )


def first_item(aws: Aws, parts: tuple[S3Part, ...]) -> dict[str, Any] | None:
    """The first item of the first file that has one; None when none has, or the first line is no item."""
    for part in parts:
        line = first_line(_text(_body(aws, part.folder.bucket, part.key), str(part)), str(part)) if part.expected.items else None
        if line is not None:
            return item_of_line(line, wrapped=True)
    return None


def fold_s3_part(part: S3Part, *, options: AwsOptions, table: Table, hash_key: bytes, expiry: Expiry | None = None) -> Counts:
    """
    What a fold counts in one file. Each process opens a session of its own, once.

    Raises UnreadableItems, or what `explain` makes of credentials or an endpoint that fail.
    """
    aws = _session(options, part.folder)
    fold, checksum = new_fold(table, hash_key=hash_key, expiry=expiry), Checksum()
    fold_chunks(fold, _text(checksum.watch(_body(aws, part.folder.bucket, part.key)), str(part)), str(part), wrapped=True)
    check_expected(str(part), part.expected, items=fold.items, md5=checksum.md5)
    return fold.counts()


def find_in_s3_part(
    part: S3Part, *, options: AwsOptions, table: Table, hash_key: bytes, wanted: Collection[Entry]
) -> dict[Entry, int]:
    """The lines of the file in which those of `wanted` are that are among its largest; see `lines.find_lines`."""
    chunks = _text(_body(_session(options, part.folder), part.folder.bucket, part.key), str(part))
    return find_lines(chunks, str(part), wrapped=True, wanted=wanted, empty_fold=lambda: new_fold(table, hash_key=hash_key))


@lru_cache(maxsize=1)
def _session(options: AwsOptions, folder: S3Folder) -> Aws:
    return open_session(options, folder=folder)


def _text(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Decompressed, where it is compressed."""
    start = b""
    while len(start) < len(GZIP_START) and (chunk := next(chunks, b"")):
        start += chunk
    whole = _put_back(start, chunks)
    return unpacked(whole, name) if start.startswith(GZIP_START) else whole


def _put_back(start: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from chunks


def _list(aws: Aws, bucket: str, prefix: str) -> tuple[dict[str, int], list[str]]:
    """The files of one folder with their sizes, and the folders in it, but for those of an export's data."""
    keys: dict[str, int] = {}
    folders: list[str] = []
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
    try:
        while True:
            page = aws.s3.list_objects_v2(**request)
            if page.get("Name") != bucket:
                raise BrokenAnswer("ListObjectsV2")
            keys.update((one["Key"], one["Size"]) for one in page.get("Contents") or ())
            folders += [one["Prefix"] for one in page.get("CommonPrefixes") or ()]
            if not page.get("IsTruncated"):
                break
            request["ContinuationToken"] = page["NextContinuationToken"]
    except (*FAILURES, KeyError) as error:
        raise _in_words(error, f"s3://{bucket}/{prefix}") from error
    return keys, [folder for folder in folders if not folder.endswith(f"/{DATA}/")]


def _body(aws: Aws, bucket: str, key: str, *, at_most: int | None = None) -> Iterator[bytes]:
    """A file, piece by piece, whole: what breaks off is continued."""
    name = f"s3://{bucket}/{key}"
    try:
        yield from _pieces(aws, bucket, key, name, at_most)
    except (*FAILURES, KeyError) as error:
        raise _in_words(error, name) from error


def _pieces(aws: Aws, bucket: str, key: str, name: str, at_most: int | None) -> Iterator[bytes]:
    request: dict[str, Any] = {"Bucket": bucket, "Key": key}
    size_bytes, place, failures = None, 0, 0
    while size_bytes is None or place < size_bytes:
        try:
            answer = aws.s3.get_object(**request)
            if size_bytes is None:
                size_bytes = answer["ContentLength"]
                request["IfMatch"] = answer["ETag"]
                if at_most is not None and size_bytes > at_most:
                    raise UnreadableItems(f"{name}: it is larger than any manifest", hint="check the address given with --from")
            elif place and not str(answer.get("ContentRange")).startswith(f"bytes {place}-"):
                raise BrokenAnswer("GetObject")
            with answer["Body"] as body:
                while piece := body.read(CHUNK_BYTES):
                    place, failures = place + len(piece), 0
                    yield piece
        except _CUT_SHORT:
            if size_bytes is None:
                raise
        if place < size_bytes:
            failures += 1
            if failures == ATTEMPTS:
                raise UnreadableItems(f"{name}: it broke off {ATTEMPTS} times", hint="check the network, and run it again")
            time.sleep(RETRY_AFTER_SECONDS * failures)
            request |= {"Range": f"bytes={place}-"} if place else {}
    if place > size_bytes:
        raise BrokenAnswer("GetObject")


def _in_words(error: BaseException, name: str) -> AuditError:
    code = code_of(error)
    if isinstance(error, (BrokenAnswer, ResponseParserError, KeyError)) or code in UNKNOWN_OPERATION_CODES:
        return UnreadableItems(f"{name}: what answers there is not S3", hint="check the network, and --endpoint-url")
    if code in DENIED_CODES or code == "403":
        return AuditError(
            f"these credentials may not read {name} ({code})",
            hint="allow s3:ListBucket and s3:GetObject there, and kms:Decrypt where the export is encrypted with a KMS key",
        )
    if code in _WORDS:
        what, hint = _WORDS[code]
        return UnreadableItems(f"{name}: {what}", hint=hint)
    return explain(error)


_WORDS = {
    "NoSuchBucket": ("there is no such bucket", "check the address given with --from"),
    "NoSuchKey": ("there is no such file any more", "was the export deleted meanwhile?"),
    "PreconditionFailed": ("it was replaced while it was read", "run it again when nothing writes to it"),
    "412": ("it was replaced while it was read", "run it again when nothing writes to it"),
    "InvalidObjectState": ("it is archived in Glacier", "restore it in S3 first"),
    "PermanentRedirect": ("the bucket is in another region", "give that region with --region"),
    "IllegalLocationConstraintException": ("the bucket is in another region", "give that region with --region"),
}
