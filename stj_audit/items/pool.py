"""Parts of a table folded by several processes: as fast as the machine, and each answer as soon as it is there."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from stj_audit.errors import AuditError
from stj_audit.refusals import never_swallowed

P = TypeVar("P")
R = TypeVar("R")

GARBAGE_AFTER = 50_000  # objects, as in the command: items come and go by the thousand, and hold no cycles
QUEUED = 2  # parts under way or waiting, for each process: what comes of them does not pile up where it is taken in slowly


def processes_here() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fold_parts(parts: Sequence[P], fold_part: Callable[[P], R], *, processes: int) -> Iterator[tuple[P, R]]:
    """
    Each part with what `fold_part` makes of it, its `Counts`, in the order in which they are done. Both are sent to other processes, so they
    must be picklable; with one process, or one part, all is done in this one.

    What `fold_part` raises is raised here, and nothing more is begun. Raises AuditError when a process was ended from outside.
    """
    workers = min(processes, len(parts))
    if workers <= 1:
        for part in parts:
            yield part, fold_part(part)
        return
    with _pool(workers) as pool:
        waiting = iter(parts)
        running: dict[Future[R], P] = {}
        try:
            with _interrupts_later():  # processes begin with the first part, and inherit that Ctrl-C is not for them
                running = {pool.submit(_guarded, fold_part, part): part for part in islice(waiting, workers * QUEUED)}
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    part, made = running.pop(done), done.result()
                    running.update((pool.submit(_guarded, fold_part, following), following) for following in islice(waiting, 1))
                    yield part, made
        except BrokenProcessPool:
            raise AuditError(
                "a process that read items was ended from outside", hint="the memory may be full: use fewer with --processes"
            ) from None


def _guarded(fold_part: Callable[[P], R], part: P) -> R:
    """What the guard refuses in another process is known there alone."""
    with never_swallowed():
        return fold_part(part)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end at once when this is left by an exception, Ctrl-C included."""
    # Not fork: other threads may hold locks at that moment, and the child would wait for them for ever
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Ctrl-C is held back, and arrives at the end; processes that are started meanwhile never get it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In each process: not to be ended by Ctrl-C, which the parent answers, but with the parent, however that ends."""
    gc.set_threshold(GARBAGE_AFTER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
