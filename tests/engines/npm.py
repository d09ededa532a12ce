"""Packages of the npm registry that tests use, fetched once into the cache outside the repo, each at one pinned version."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.engines import cache_folder

DOWNLOAD_SECONDS = 300


class NotFetched(Exception):
    """A package cannot be had here; the message says what to install or to run."""


def npm_package(name: str, version: str) -> Path:
    """The folder with the contents of a package, fetched on first use. Raises NotFetched."""
    unpacked = cache_folder() / f"{name}-{version}"
    if not unpacked.is_dir():
        _fetch(name, version, unpacked)
    return unpacked / "package"


def _fetch(name: str, version: str, unpacked: Path) -> None:
    """Download and unpack into a folder of our own, then rename: another process sees all of it or nothing."""
    if shutil.which("npm") is None:
        raise NotFetched("install npm")
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=unpacked.parent) as work:
        command = ("npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", work)
        try:
            subprocess.run(command, cwd=work, check=True, capture_output=True, timeout=DOWNLOAD_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NotFetched(f"`npm pack {name}@{version}` failed; run it by hand") from error
        (tarball,) = Path(work).glob("*.tgz")
        contents = Path(work) / "contents"
        with tarfile.open(tarball) as archive:
            archive.extractall(contents, filter="data")
        try:
            contents.rename(unpacked)
        except OSError:
            if not unpacked.is_dir():
                raise
