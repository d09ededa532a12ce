"""Reports to files, and to S3: checked before the audit, written whole or not at all."""

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stj_audit.errors import CannotWrite, ConfigError
from stj_audit.unfinished import temporary_file

if TYPE_CHECKING:
    from stj_audit.deliver.objects import S3Object

FORMAT_BY_SUFFIX = {
    ".sarif.json": "sarif",  # SARIF 2.1.0, 3.2, allows it too; it is looked for before .json
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".json": "json",
    ".txt": "table",
    ".xml": "junit",
    ".sarif": "sarif",
    ".csv": "csv",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A report to write: its format and where."""

    format: str
    path: "Path | S3Object"


def destination(
    text: str, formats: tuple[str, ...], *, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None
) -> Destination:
    """
    `[FORMAT=]PATH` as given to --report; what is in S3 is reached by the rest. Raises ConfigError when the format is missing and the suffix
    does not say it.
    """
    name, equals, rest = text.partition("=")
    has_format = bool(equals) and name in formats
    where = rest if has_format else text
    if not where:
        raise ConfigError("--report: the path is missing", hint="write --report report.html")
    named = name if has_format else next((one for suffix, one in FORMAT_BY_SUFFIX.items() if where.lower().endswith(suffix)), None)
    if named is None:
        raise ConfigError(
            f"--report {text}: the format is not clear from the name",
            hint=f"write FORMAT=PATH with one of {', '.join(formats)}, or end the path in {', '.join(FORMAT_BY_SUFFIX)}",
        )
    if not where.startswith("s3://"):
        return Destination(format=named, path=Path(where))
    from stj_audit.deliver.objects import s3_object  # noqa: PLC0415 - botocore takes long to import, and most reports are files

    return Destination(format=named, path=s3_object(where, profile=profile, region=region, endpoint_url=endpoint_url))


def check_writable(target: Destination) -> None:
    """Find out before the audit whether a report could be written there. Raises CannotWrite. Leaves nothing behind."""
    if not isinstance(target.path, Path):
        target.path.check()
        return
    try:
        if _is_device(target.path):
            return
        path = target.path.resolve()
        if path.is_dir():
            raise CannotWrite(f"cannot write {target.path}: it is a folder", hint="give the path of a file")
        if not path.parent.is_dir():
            raise CannotWrite(f"cannot write {target.path}: the folder {path.parent} does not exist", hint="make the folder first")
        descriptor, probe = tempfile.mkstemp(dir=path.parent, prefix=".stj-audit-")
    except OSError as error:
        raise CannotWrite(
            f"cannot write {target.path}: {error.strerror}", hint="choose another name, or a folder that you may write to"
        ) from error
    os.close(descriptor)
    Path(probe).unlink()


def write(target: Destination, text: str) -> None:
    """
    Write a report under a temporary name and rename it: a reader sees the old file or the new one, never a part.

    A symbolic link is followed; a device or a pipe (/dev/stdout) is written to, never replaced. Raises CannotWrite.
    """
    if not isinstance(target.path, Path):
        target.path.write(text, target.format)
        return
    try:
        if _is_device(target.path):
            target.path.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace(target.path.resolve(), text)
    except OSError as error:
        hint = "nothing was written there; choose another place, or make room"
        raise CannotWrite(f"cannot write {target.path}: {error.strerror}", hint=hint) from error


def _is_device(path: Path) -> bool:
    """
    A pipe, a terminal or the like. /dev/stdout is one even where a shell has sent it to a file. Raises OSError for what can be no file: a
    name that is too long, or a link to itself.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not stat.S_ISDIR(mode) and (not stat.S_ISREG(mode) or path.is_relative_to("/dev"))


def _replace(path: Path, text: str) -> None:
    with temporary_file(path.parent) as (descriptor, name):
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else usual_mode())
        Path(name).replace(path)


def usual_mode() -> int:
    """What a new file may be used for, as the umask has it; mkstemp makes files that only the owner may read."""
    # NOTE: the only way to read the umask is to set it.
    umask = os.umask(0o022)
    os.umask(umask)
    return 0o666 & ~umask
