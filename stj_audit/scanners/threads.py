"""
The threads that all calls of an audit share, however many accounts and regions it reads.

No thread is held by a call that has to wait: neither for another call whose answer it needs, nor for its turn where AWS lets an operation
through only so many times a second. Both wait outside, and the thread does something else.
"""

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from stj_audit.scanners.ending import Ending, OutOfTime
from stj_audit.scanners.pace import Pace

THREADS = 32
"""Beyond that Python is the limit, not the network (`python -m benchmarks tables`)."""
PACED_CALLS = 4
"""Of one paced operation under way at a time: ten calls a second need no more while each takes less than 400 ms."""

T = TypeVar("T")


class Threads:
    """A pool to be left by `with`: by an exception or Ctrl-C too, nothing new begins then, and `stop` ends long readings at their page."""

    def __init__(self, number: int = THREADS, *, ends_at: float | None = None, patience: bool = True) -> None:
        self.stop = Ending(ends_at, patience=patience)
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="stj-audit")
        self._clock = _Clock()
        self._lanes: dict[int, _Lane] = {}
        # Whoever takes a future out of these ends it, so that each is ended once
        self._waiting: set[Future[Any]] = set()
        self._under_way: set[Future[Any]] = set()
        self._left_alone = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """
        Begin nothing more, and wait for what has begun, as long as `stop` has patience. All futures are done then: what did not end is
        cancelled, and its thread left alone. May be called by several, and again.
        """
        self.stop.set()
        self._clock.close()
        with self._lock:
            waiting, self._waiting = self._waiting, set()
            under_way = set(self._under_way)
        for future in waiting:
            _cancel(future)
        wait(under_way, timeout=self.stop.patience_seconds)
        with self._lock:
            late, self._under_way = self._under_way, set()
            self._left_alone |= bool(late)
        for future in late:
            _cancel(future)
        self._pool.shutdown(wait=not self._left_alone, cancel_futures=True)

    def expire(self) -> None:
        """The time is over: as `close`."""
        self.stop.expire()
        self.close()

    def in_time(self, before: str, read: Callable[..., T], *arguments: Any) -> T:
        """
        What `read` gives or raises. In a thread where the time is limited, or an interrupt of the main thread is to end it. Raises OutOfTime
        when the time is over, "before ...".
        """
        if self.stop.seconds_left is None and threading.current_thread() is threading.main_thread():
            return read(*arguments)
        asked = self.submit(read, *arguments)
        wait([asked], timeout=self.stop.seconds_left)
        if not asked.done():
            self.expire()
        if asked.cancelled() and self.stop.out_of_time:
            raise OutOfTime(before)
        return asked.result()

    def submit(
        self, read: Callable[..., T], *arguments: Any, after: Sequence["Future[Any]"] = (), pace: Pace | None = None
    ) -> "Future[T]":
        """`read(*arguments)` when all of `after` are done, and in its turn where it is paced. What it raises is the future's."""
        future: Future[T] = Future()
        with self._lock:
            closed = self.stop.is_set()
            if not closed:
                self._waiting.add(future)
        if closed:
            _cancel(future)
            return future
        begin = partial(self._begin, future, partial(read, *arguments))
        if pace is not None:
            begin = partial(self._lane(pace).add, future, begin)
        to_come = _Countdown(len(after) + 1, begin)
        for one in after:
            one.add_done_callback(to_come.one_less)
        to_come.one_less()
        return future

    def _lane(self, pace: Pace) -> "_Lane":
        with self._lock:
            return self._lanes.setdefault(id(pace), _Lane(pace, self._clock))

    def _begin(self, future: "Future[Any]", read: Callable[[], Any]) -> None:
        with suppress(RuntimeError):  # the pool was left, and the future cancelled
            self._pool.submit(self._run, future, read)

    def _run(self, future: "Future[Any]", read: Callable[[], Any]) -> None:
        with self._lock:
            if future not in self._waiting:
                return
            self._waiting.remove(future)
            self._under_way.add(future)
        try:
            end = partial(future.set_result, read())
        except BaseException as error:  # noqa: BLE001 - as the pool itself does: whoever asks for the result gets it
            end = partial(future.set_exception, error)
        with self._lock:
            in_time = future in self._under_way
            self._under_way.discard(future)
        if in_time:
            end()


def within(ends_at: float | None, before: str, read: Callable[..., T], *arguments: Any) -> T:
    """What `read` gives or raises, by `ends_at` on the clock of `time.monotonic`. Raises OutOfTime after that, "before ..."."""
    with Threads(1, ends_at=ends_at, patience=False) as threads:
        return threads.in_time(before, read, *arguments)


def _cancel(future: "Future[Any]") -> None:
    """Also whoever waits for it by `as_completed` learns of it."""
    future.cancel()
    future.set_running_or_notify_cancel()


class _Countdown:
    """Calls `then` when `one_less` has been called `number` times."""

    def __init__(self, number: int, then: Callable[[], None]) -> None:
        self._number = number
        self._then = then
        self._lock = threading.Lock()

    def one_less(self, _: object = None) -> None:
        with self._lock:
            self._number -= 1
            last = self._number == 0
        if last:
            self._then()


class _Lane:
    """The calls of one paced operation. One begins when its turn has come; the turn itself is taken when its request is sent."""

    def __init__(self, pace: Pace, clock: "_Clock") -> None:
        self._pace = pace
        self._clock = clock
        self._waiting: deque[tuple[Future[Any], Callable[[], None]]] = deque()
        self._under_way = 0
        self._called_back_later = False
        self._lock = threading.Lock()

    def add(self, future: "Future[Any]", begin: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append((future, begin))
        self._go_on()

    def _go_on(self) -> None:
        while (one := self._next()) is not None:
            future, begin = one
            future.add_done_callback(self._done)
            begin()

    def _next(self) -> tuple["Future[Any]", Callable[[], None]] | None:
        with self._lock:
            while self._waiting and self._waiting[0][0].done():  # cancelled
                self._waiting.popleft()
            if not self._waiting or self._under_way >= PACED_CALLS:
                return None
            seconds = self._pace.seconds_left()
            if seconds <= 0:
                self._under_way += 1
                return self._waiting.popleft()
            if not self._called_back_later:
                self._called_back_later = True
                self._clock.call_in(seconds, self._turn_has_come)
            return None

    def _turn_has_come(self) -> None:
        with self._lock:
            self._called_back_later = False
        self._go_on()

    def _done(self, _: object) -> None:
        with self._lock:
            self._under_way -= 1
        self._go_on()


class _Clock:
    """Calls back after some seconds, from one thread for all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._times: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._open = True
        self._thread: threading.Thread | None = None

    def call_in(self, seconds: float, callback: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._times, (time.monotonic() + seconds, next(self._number), callback))
            if self._thread is None and self._open:
                self._thread = threading.Thread(target=self._run, name="stj-audit-clock", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._open and (not self._times or self._times[0][0] > time.monotonic()):
                    self._changed.wait(self._times[0][0] - time.monotonic() if self._times else None)
                if not self._open:
                    return
                _, _, callback = heapq.heappop(self._times)
            callback()
