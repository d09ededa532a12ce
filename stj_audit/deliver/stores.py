"""
Where runs are kept: a folder or a bucket, in which a file is written once and never overwritten.

The bucket is the caller's own, not the audited account's: it is reached with the caller's credentials, without the role of the audit, by a
client that is made here and used for nothing else. All that it may send is ListObjectsV2, GetObject and PutObject with `If-None-Match: *`,
below the prefix that was named.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError

from stj_audit.aws_failures import FAILURES, BrokenAnswer, code_of
from stj_audit.deliver.clients import explained, own_client
from stj_audit.deliver.files import usual_mode
from stj_audit.endpoints import asked_at, check_no_path
from stj_audit.errors import ConfigError, UnusableHistory
from stj_audit.history import SUMMARIES
from stj_audit.read_only import Place, Rule, Rules
from stj_audit.unfinished import temporary_file

SCHEME = "s3://"
MAX_SUMMARY_BYTES = 2**20  # of some thousand tables; what is larger is something else
CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, ATTEMPTS = 5, 15, 4
NEEDS = "it takes s3:ListBucket on the bucket, and s3:GetObject and s3:PutObject on what is in it"

# AWS S3 user guide, "General purpose bucket naming rules"
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class AlreadyThere(Exception):
    """There is something of that name."""


class Unreadable(Exception):
    """One file, not all of them; `str()` says why."""


class Store(Protocol):
    """
    Files below a folder or prefix, by names with slashes: runs, their summaries, and what was mailed. All but `AlreadyThere` and `Unreadable`
    is raised as UnusableHistory.
    """

    def __str__(self) -> str: ...

    def names(self, below: str) -> list[str]:
        """All that is below a folder, in no order, each without that folder; none where there is no such folder."""

    def read(self, name: str) -> bytes:
        """Raises Unreadable; also where it has more than MAX_SUMMARY_BYTES and is no run file."""

    def write(self, name: str, text: str) -> None:
        """Whole or not at all. Raises AlreadyThere."""


def open_store(
    where: str,
    *,
    profile: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    writes: bool = True,
) -> Store:
    """
    The store at a folder or `s3://bucket/prefix`; nothing is read or sent yet. Without `writes` a bucket is only read. Raises ConfigError.
    """
    if not where.startswith(SCHEME):
        if not where.strip():
            raise ConfigError("the history has no path", hint="give a folder or s3://bucket/prefix")
        return Folder(path=Path(where))
    bucket, prefix = bucket_and_prefix(where)
    rules = store_rules(bucket, prefix, writes=writes)
    client = s3_client(f"the history {where}", rules, profile=profile, region=region, endpoint_url=endpoint_url)
    return Bucket(name=bucket, prefix=prefix, client=client)


def store_rules(bucket: str, prefix: str, *, writes: bool = True) -> Rules:
    """What may be sent to S3 for a store. Nothing of it can be overwritten or removed."""
    place = Place(bucket=bucket, prefix=f"{prefix}/" if prefix else "")
    write = Rule(may=frozenset({"Body", "Bucket", "ContentType", "Key"}), must={"IfNoneMatch": "*"}, place=place, method="PUT")
    read = {
        "GetObject": Rule(may=frozenset({"Bucket", "Key"}), place=place),
        # By botocore, where the bucket is in another region
        "HeadBucket": Rule(may=frozenset({"Bucket"}), place=place, method="HEAD"),
        "ListObjectsV2": Rule(may=frozenset({"Bucket", "ContinuationToken", "Prefix"}), place=place),
    }
    return {"s3": {**read, "PutObject": write} if writes else read}


def bucket_and_prefix(where: str) -> tuple[str, str]:
    """Those of s3://bucket/prefix; the prefix has no slash at its ends, and may be empty. Raises ConfigError."""
    bucket, _, prefix = where.removeprefix(SCHEME).partition("/")
    if not BUCKET_NAME.fullmatch(bucket):
        raise ConfigError(f"{where} names no bucket", hint="write the history like s3://bucket/prefix")
    return bucket, prefix.strip("/")


# -------------------------------------------------------------------------------------------------------------- folder


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def check_writable(self) -> None:
        """Find out before an audit whether its run could be kept. Raises UnusableHistory. Leaves nothing behind, nor makes the folder."""
        try:
            path = self.path.absolute()
            there = next(folder for folder in (path, *path.parents) if folder.exists() or folder.is_symlink())
            with temporary_file(there) as (descriptor, _):
                os.close(descriptor)
        except OSError as error:
            raise _not_written(self, error) from error

    def names(self, below: str) -> list[str]:
        root = self.path / below
        found: list[str] = []

        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise UnusableHistory(f"cannot read the history {error.filename}: {error.strerror}", hint="give another --history")

        for folder, _, files in os.walk(root, onerror=fail):
            found += [(Path(folder) / file).relative_to(root).as_posix() for file in files]
        return found

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            if not path.is_file():
                raise Unreadable("it is no file")
            if name.startswith(f"{SUMMARIES}/") and path.stat().st_size > MAX_SUMMARY_BYTES:
                raise Unreadable("it is too large for a summary")
            return path.read_bytes()
        except OSError as error:
            raise Unreadable(error.strerror or "it cannot be read") from error

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path, text)
        except FileExistsError as error:
            if path.exists():
                raise AlreadyThere from error
            raise _not_written(self, error) from error
        except OSError as error:
            raise _not_written(self, error) from error

    def remove(self, name: str) -> None:
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise UnusableHistory(
                f"cannot remove {self.path / name}, which --keep says to: {error.strerror}", hint="remove it by hand"
            ) from error


def _not_written(folder: Folder, error: OSError) -> UnusableHistory:
    return UnusableHistory(
        f"cannot keep the run in {folder}: {error.strerror}",
        hint="choose a folder for --history that you may write to, or make room",
    )


def _create(path: Path, text: str) -> None:
    """A new file, whole at once: two processes that write the same name make one file. Raises FileExistsError."""
    with temporary_file(path.parent) as (descriptor, name):
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(usual_mode())
        try:
            path.hardlink_to(name)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links: not whole at once, but still never over another
            _create_plain(path, text)


def _create_plain(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


# -------------------------------------------------------------------------------------------------------------- bucket


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    name: str
    prefix: str
    client: Any  # no stubs: three calls

    def __str__(self) -> str:
        return f"{SCHEME}{self.name}/{self.prefix}".rstrip("/")

    def names(self, below: str) -> list[str]:
        start = self._key(below) + "/"
        found: list[str] = []
        with self._told("read"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=start):
                keys = [one.get("Key") for one in page.get("Contents", ())]
                if "KeyCount" not in page or None in keys:  # any XML is read without complaint, and would be an empty history
                    raise BrokenAnswer("ListObjectsV2")
                found += [key.removeprefix(start) for key in keys]
        return found

    def read(self, name: str) -> bytes:
        with self._told("read"):
            try:
                answer = self.client.get_object(Bucket=self.name, Key=self._key(name))
            except ClientError as error:
                raise Unreadable(str(code_of(error))) from error
            if name.startswith(f"{SUMMARIES}/") and answer["ContentLength"] > MAX_SUMMARY_BYTES:
                answer["Body"].close()
                raise Unreadable("it is too large for a summary")
            return bytes(answer["Body"].read())

    def write(self, name: str, text: str) -> None:
        with self._told("keep the run in"):
            try:
                self.client.put_object(
                    Bucket=self.name, Key=self._key(name), Body=text.encode(), ContentType="application/json", IfNoneMatch="*"
                )
            except ClientError as error:
                if code_of(error) in _THERE_ALREADY:
                    raise AlreadyThere from error
                raise

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """What a call fails with, as one sentence."""
        try:
            yield
        except ClientError as error:
            raise UnusableHistory(f"cannot {doing} the history {self}: {code_of(error)}", hint=NEEDS) from error
        except FAILURES as error:
            said = explained(error)
            raise UnusableHistory(f"cannot {doing} the history {self}: {said}", hint=said.hint) from error


def s3_client(what: str, rules: Rules, *, profile: str | None, region: str | None, endpoint_url: str | None) -> Any:
    """A client of S3 for `what`, with the credentials of the caller; nothing is sent yet, and only by `rules`. Raises ConfigError."""
    elsewhere = asked_at("s3", endpoint_url) or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        s3={"addressing_style": "path"} if elsewhere else None,
    )
    try:
        client = own_client("s3", rules, config, profile=profile, region=region, endpoint_url=endpoint_url)
        check_no_path(client.meta.endpoint_url)
    except FAILURES as error:
        said = explained(error)
        raise ConfigError(f"{what} cannot be reached: {said}", hint=said.hint) from error
    return client
