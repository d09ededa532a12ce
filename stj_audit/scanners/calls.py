"""Calls under way: each ends with its answer, or with the Unknown that stands for it."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any, TypeVar

from stj_audit.aws_failures import FAILURES
from stj_audit.facts import Unknown
from stj_audit.scanners.chosen_tables import Progress
from stj_audit.scanners.failures import unknown
from stj_audit.scanners.pace import Pace
from stj_audit.scanners.session import Aws
from stj_audit.scanners.spending import Spending
from stj_audit.scanners.threads import Threads

PROGRESS_SECONDS = 0.5

T = TypeVar("T")


def unread_fact(call: str, reason: str) -> Unknown:
    return Unknown(call=call, reason=reason)


class Calls:
    """Calls under way in the threads: each ends with its answer, or with the Unknown that stands for it."""

    def __init__(self, aws: Aws, threads: Threads) -> None:
        self._custom_endpoint = aws.endpoint_url is not None
        self._paces = aws.paces
        self._threads = threads
        self._futures: list[Future[Any]] = []

    def submit(
        self, call: str, read: Callable[..., T], *arguments: Any, after: "Sequence[Future[Any]]" = ()
    ) -> "Future[T | Unknown]":
        return self.follow(
            self.answer, call, read, *arguments, after=after, pace=self._paces.get(call), unread=partial(unread_fact, call)
        )

    def follow(
        self,
        read: Callable[..., T],
        *arguments: Any,
        after: "Sequence[Future[Any]]" = (),
        pace: Pace | None = None,
        unread: Callable[[str], T],
    ) -> "Future[T]":
        """
        `read` turns failures into Unknown itself. It begins when `after` are done, whose results it may ask for. `unread` makes the answer
        out of the reason where it did not begin before the threads were closed, or did not end in time.
        """
        asked: Future[T] = self._threads.submit(read, *arguments, after=after, pace=pace)
        answered: Future[T] = Future()
        self._futures.append(answered)
        asked.add_done_callback(partial(self._hand_on, answered, unread))
        return answered

    def finish(self, on_progress: Progress, spending: Spending) -> None:
        """Wait for all. What is raised here is no failed call but a bug, or the read-only guard, and stops the audit."""
        left: set[Future[Any]] = set(self._futures)
        on_progress("calls", 0, len(self._futures))
        while left:
            seconds_left = self._threads.stop.seconds_left
            if seconds_left == 0:
                self._threads.expire()
            wait_seconds = PROGRESS_SECONDS if seconds_left is None else min(PROGRESS_SECONDS, seconds_left)
            done, left = wait(left, timeout=wait_seconds, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            read, planned = spending.segments
            if done or read == planned:
                on_progress("calls", len(self._futures) - len(left), len(self._futures))
            else:
                on_progress("segments", read, planned)

    def in_time(self, asked: "Future[T]") -> T:
        """The answer, waited for as long as there is time; after that, why there is none. `asked` is of this one's own."""
        wait([asked], timeout=self._threads.stop.seconds_left)
        if not asked.done():
            self._threads.expire()
        return asked.result()

    def answer(self, call: str, read: Callable[..., T], *arguments: Any) -> T | Unknown:
        try:
            return read(*arguments)
        except FAILURES as error:
            return unknown(call, error, custom_endpoint=self._custom_endpoint)

    def _hand_on(self, answered: "Future[T]", unread: Callable[[str], T], asked: "Future[T]") -> None:
        """What was asked for is answered in any case: of a call that never began, or did not end, with why."""
        if asked.cancelled():
            answered.set_result(unread(self._threads.stop.reason))
        elif (error := asked.exception()) is not None:
            answered.set_exception(error)
        else:
            answered.set_result(asked.result())
