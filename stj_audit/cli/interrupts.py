"""
Ctrl-C and SIGTERM: the first ends what is done in good order, and a second at once.

In good order: nothing new begins, calls under way end, and what was read before is judged and written where that was asked for. A call that
takes longer than some seconds is left alone (scanners/ending.py). Who does not want to wait asks again, and loses what was not written by
then; but no file is left half-written.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from stj_audit.unfinished import remove_all

INTERRUPTED = 130  # exit code: 128 + SIGINT, as shells have it
SAME_SECONDS = 1.0  # a Ctrl-C arrives twice where a wrapper, such as `uv run`, hands it on to what the terminal has told already
ENDED = b"ended at once, at the second interrupt: what was not written by then is lost\n"


class _State:
    """Of this process: it has one set of signal handlers."""

    def __init__(self) -> None:
        self.first_at: float | None = None
        self.holding = False
        self.told = ""


_state = _State()


def listen() -> None:
    """From here on, to what is not ignored, as SIGINT is in the background of a shell without job control."""
    if threading.current_thread() is not threading.main_thread():
        return
    for one in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if _state.first_at is None:
        _state.first_at = now
        if _state.told:
            _say(_state.told.encode())
        if not _state.holding:
            raise KeyboardInterrupt
    elif now - _state.first_at >= SAME_SECONDS:
        _end()


def _end() -> NoReturn:
    """Without waiting for threads, which may be in the middle of a call."""
    remove_all()
    _say(ENDED)
    os._exit(INTERRUPTED)


def _say(text: bytes) -> None:
    """Past Python's own buffers: whoever was interrupted may have been writing to them."""
    with contextlib.suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, text)


@contextlib.contextmanager
def telling(sentence: str) -> Iterator[None]:
    """What the first interrupt is answered with, while this lasts."""
    _state.told = f"{sentence}\n" if sentence else ""
    try:
        yield
    finally:
        _state.told = ""


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """
    What is done in here is done to its end: the first interrupt is answered afterwards.

    Raises KeyboardInterrupt then, unless something else is raised.
    """
    before = _state.first_at
    _state.holding = True
    try:
        yield
    finally:
        _state.holding = False
    if _state.first_at is not None and before is None:
        raise KeyboardInterrupt
