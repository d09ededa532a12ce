"""
Files while they are written: under a temporary name beside the one they will have, so that a reader sees the old file or the new one.

Whatever ends the writing, nothing is left of it. Where the process ends at once, without leaving its `with` blocks, `remove_all` sees to
that.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator

PREFIX = ".stj-audit-"

_under_way: set[str] = set()


@contextlib.contextmanager
def temporary_file(folder: "str | os.PathLike[str]") -> Iterator[tuple[int, str]]:
    """
    (descriptor, path) of a new file in `folder`, for its owner alone; it is gone afterwards unless it got another name. The caller closes
    the descriptor. Raises OSError.
    """
    path = os.path.join(folder, f"{PREFIX}{secrets.token_hex(8)}")  # noqa: PTH118 - pathlib is imported late, for a quick --help
    _under_way.add(path)  # before it is there: an interrupt may come in between
    try:
        yield os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), path
    finally:
        _remove(path)


def remove_all() -> None:
    """What is under way now, by whichever thread; to be called at the very end."""
    for path in tuple(_under_way):
        _remove(path)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - see above
    _under_way.discard(path)
