"""
Where the reading of a table stands, in a file: which segments were read, and what was counted of them. An interrupted audit goes on from it.

The file holds no item data: sizes, attribute names, and hashes of keys, and of names that may be data, under a key that is not in the file.
That key is made once for a user of a machine, readable by nobody else, and stays there. The position within a segment, which would be a key
of the table, is not kept: a segment that was not finished is read again.
"""

import contextlib
import hmac
import os
import re
import secrets
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import msgspec

from stj_audit.errors import CannotWrite, ConfigError
from stj_audit.facts import SampledSegment, Table
from stj_audit.items.counts import Counts
from stj_audit.items.dynamic import hidden
from stj_audit.items.plan import Reading
from stj_audit.unfinished import temporary_file

VERSION = 3  # of what is in the file: 2 had no seal
EVERY_SECONDS = 10
MAX_AGE = timedelta(days=1)  # what was read longer ago is not the table of today
KEY_BYTES = 32
NAME_LENGTH = 200  # of the 255 bytes that a file's name may have
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """
    What was read of one table until a moment. `seed` gives the order of the segments; `done` are those that were read, and `segments` what
    each of them held, in the same order. `began_at`: by whose clock TTL was judged.
    """

    seed: int
    began_at: datetime
    total_segments: int
    done: tuple[int, ...]
    segments: tuple[SampledSegment, ...]
    counts: Counts
    read_units: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """`seal` is of all that the progress says, and of which table: nobody without the key has changed it, or put it elsewhere."""

    seal: str
    progress: msgspec.Raw


class Checkpoint:
    """
    The file of one table in `folder`. `time_to_live` is the attribute that TTL watches; None: it is off or not known.

    Raises ConfigError or CannotWrite where the folder cannot be used.
    """

    def __init__(self, folder: Path, table: Table, *, hash_key: bytes, now: datetime, time_to_live: str | None = None) -> None:
        self._path = folder / f"{_file_name(table.arn)}.json"
        self._of = _fingerprint(table, time_to_live)
        self._table, self._hash_key = table, hash_key
        self._now = now
        self._lock = threading.Lock()
        self._written = time.monotonic()
        make_folder(folder)

    def load(self, reading: Reading) -> Progress | None:
        """What is there, if it is of this table as it is now, of the same key, of today, and of the same division into segments."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_File)
            if not hmac.compare_digest(found.seal.encode(), self._seal(bytes(found.progress)).encode()):
                return None
            before = msgspec.json.decode(found.progress, type=Progress)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"cannot read {self._path}: {error.strerror}", hint="choose another folder for --resume") from error
        except ValueError:
            return None
        fits = self._now - before.began_at <= MAX_AGE
        # a full reading of a table that has grown a little is divided otherwise: what was divided first stays
        return before if fits and (reading.coverage == "full" or before.total_segments == reading.total_segments) else None

    def is_due(self) -> bool:
        """Whether it is time to write again; true for one thread only."""
        with self._lock:
            now = time.monotonic()
            due = now - self._written >= EVERY_SECONDS
            if due:
                self._written = now
            return due

    def write(self, read: Progress) -> None:
        """In the place of what was there before, whole or not at all. Raises CannotWrite."""
        told = replace(read, counts=hidden(read.counts, self._table, hash_key=self._hash_key))
        progress = msgspec.json.encode(told)
        try:
            _replace(self._path, msgspec.json.encode(_File(seal=self._seal(progress), progress=msgspec.Raw(progress))))
        except OSError as error:
            raise CannotWrite(f"cannot write {self._path}: {error.strerror}", hint="choose another folder for --resume") from error

    def _seal(self, progress: bytes) -> str:
        return hmac.digest(self._hash_key, self._of + progress, "sha256").hex()

    def remove(self) -> None:
        """The table was read to its end."""
        self._path.unlink(missing_ok=True)


def machine_key() -> bytes:
    """
    The key for hashes that must be the same after an interrupt: made once, in $XDG_STATE_HOME/stj-audit, readable by its owner only.

    Raises CannotWrite when there is no place for it.
    """
    try:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    except RuntimeError as error:  # a user whom the system does not know, as in some containers
        raise CannotWrite("the key of --resume has no place: the home folder is not known", hint="set XDG_STATE_HOME") from error
    path = folder / "stj-audit" / "hash.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_once(path, secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise CannotWrite(f"cannot keep the key of --resume in {path}: {error.strerror}", hint="set XDG_STATE_HOME") from error
    if len(key) != KEY_BYTES:
        raise CannotWrite(f"{path} is not the key that --resume made", hint="remove it, and start again")
    return key


def make_folder(folder: Path) -> None:
    """Raises CannotWrite when it can be neither made nor written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotWrite(
            f"cannot write to the folder {folder}: {error.strerror}", hint="choose another folder for --resume"
        ) from error


def _fingerprint(table: Table, time_to_live: str | None) -> bytes:
    """
    Of which table: another one of the same name, with another key, other indexes or another TTL, is another table. What TTL makes of the
    items was counted by the attribute that it watched then, and is not known of another.
    """
    schema = repr(
        (
            VERSION,
            table.arn,
            table.created_at,
            table.key_schema,
            [(one.name, one.key_schema, one.projection, one.non_key_attributes) for one in table.indexes],
            time_to_live,
        )
    )
    return sha256(schema.encode()).digest()


def _file_name(arn: str) -> str:
    """Of a table: what a name of a file may hold, and not too long for one. A table's own name may have 255 characters."""
    name = _UNSAFE.sub("-", arn)
    return name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}-{sha256(arn.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _make_once(path: Path, content: bytes) -> None:
    """A file that its owner alone can read. Of several that make it at the same time one does, and none reads half of it."""
    with temporary_file(path.parent) as (descriptor, name):
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)


def _replace(path: Path, content: bytes) -> None:
    with temporary_file(path.parent) as (descriptor, name):
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
