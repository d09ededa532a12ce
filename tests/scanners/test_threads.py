"""No thread of the pool is held by a call that has to wait, and whoever waits for a call learns of its end."""

import threading
import time
from concurrent.futures import CancelledError, Future, as_completed
from typing import Any

import pytest

from stj_audit.scanners.pace import Pace
from stj_audit.scanners.threads import PACED_CALLS, Threads

LONG = 10  # seconds; nothing here takes so long, unless it hangs


def test_a_call_begins_when_those_it_needs_are_done() -> None:
    order: list[str] = []
    go = threading.Event()

    def first() -> int:
        go.wait(LONG)
        order.append("first")
        return 1

    with Threads(1) as threads:
        one = threads.submit(first)
        two = threads.submit(lambda: one.result() + 1, after=(one,))
        go.set()
        assert two.result(LONG) == 2
    assert order == ["first"]


def test_one_thread_is_enough_however_long_the_chain() -> None:
    with Threads(1) as threads:
        before: list[Future[int]] = []
        for number in range(500):
            after = tuple(before)
            before.append(
                threads.submit(lambda number=number, after=after: number + sum(one.result() for one in after[-1:]), after=after)
            )
        assert before[-1].result(LONG) == sum(range(500))


def test_what_a_call_raises_is_its_own_and_reaches_whoever_asks() -> None:
    def broken() -> None:
        raise ValueError("broken")

    with Threads(2) as threads:
        one = threads.submit(broken)
        two = threads.submit(one.result, after=(one,))
        with pytest.raises(ValueError, match="broken"):
            two.result(LONG)


def test_paced_calls_wait_outside_of_the_threads() -> None:
    """With one call a second and two threads, what is not paced does not wait for what is."""
    slow = Pace(1, sleep=lambda _: None)
    slow.wait(2)  # the turn of the next is in a second or more
    with Threads(2) as threads:
        paced = [threads.submit(slow.wait, pace=slow) for _ in range(20)]
        free = [threads.submit(int) for _ in range(50)]
        for future in free:
            assert future.result(0.9) == 0
        assert not any(future.done() for future in paced)


def test_paced_calls_keep_their_pace_and_are_all_made() -> None:
    pace = Pace(50)
    pace.wait(50)  # a second's worth, at once: each of those that follow waits for its turn
    began = time.monotonic()
    at: list[float] = []

    def call(number: int) -> int:
        pace.wait()
        at.append(time.monotonic() - began)
        return number

    with Threads(8) as threads:
        futures = [threads.submit(call, number, pace=pace) for number in range(20)]
        assert sorted(future.result(LONG) for future in as_completed(futures, LONG)) == list(range(20))
    assert max(at) >= 19 / 50


def test_few_paced_calls_are_under_way_at_a_time() -> None:
    pace, lock = Pace(1_000), threading.Lock()
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1

    with Threads(32) as threads:
        for future in [threads.submit(call, pace=pace) for _ in range(40)]:
            future.result(LONG)
    assert 1 < most <= PACED_CALLS


def test_when_it_is_left_what_has_not_begun_never_does_and_nobody_waits_for_it() -> None:
    began, go = threading.Event(), threading.Event()
    ran: list[str] = []

    def holding() -> None:
        began.set()
        go.wait(LONG)

    slow = Pace(1, sleep=lambda _: None)
    slow.wait(100)
    futures: list[Future[Any]] = []
    with Threads(1) as threads:
        futures.append(threads.submit(holding))
        began.wait(LONG)
        futures.append(threads.submit(ran.append, "queued"))
        futures.append(threads.submit(ran.append, "paced", pace=slow))
        futures.append(threads.submit(ran.append, "after", after=(futures[1],)))
        threading.Timer(0.05, go.set).start()
    assert threads.stop.is_set()
    assert {future.done() for future in as_completed(futures, LONG)} == {True}
    assert ran == []
    with pytest.raises(CancelledError):
        futures[1].result()
    assert threads.submit(int).cancelled()
    threads.close()


def test_what_does_not_end_is_left_alone_by_whoever_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stj_audit.scanners.ending.INTERRUPT_SECONDS", 0.1)
    began, go = threading.Event(), threading.Event()

    def hanging() -> int:
        began.set()
        go.wait(6 * LONG)
        return 1

    with Threads(1) as threads:
        hangs = threads.submit(hanging)
        after = threads.submit(hangs.result, after=(hangs,))
        began.wait(LONG)
        closing = [threading.Thread(target=threads.close, daemon=True) for _ in range(3)]
        for one in closing:
            one.start()
        for one in closing:
            one.join(3 * LONG)
        assert [one.is_alive() for one in closing] == [False] * 3
        assert (hangs.cancelled(), after.cancelled()) == (True, True)
    go.set()
