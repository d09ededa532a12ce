"""
What the read-only guard refused, in this process. Whoever catches the exception: the list stays, and a run that has something on it fails.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from stj_audit.errors import WriteRefused

REPORT_IT = "this is a bug in stj-audit; nothing was sent, please report it"

_lock = threading.Lock()
_refused: list[str] = []


def refuse(sentence: str) -> NoReturn:
    """Raise WriteRefused, and never forget it. `sentence` has no value of a parameter."""
    with _lock:
        _refused.append(sentence)
    raise WriteRefused(sentence, hint=REPORT_IT)


def refused() -> tuple[str, ...]:
    """All that was refused since this process began, in that order."""
    with _lock:
        return tuple(_refused)


@contextmanager
def never_swallowed() -> Iterator[None]:
    """Raises WriteRefused at the end where something was refused within, and whatever caught that went on."""
    before = len(refused())
    yield
    later = refused()[before:]
    if later:
        raise WriteRefused(later[0], hint=REPORT_IT)
