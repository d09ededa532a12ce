"""Python's cyclic garbage collector, kept out of the way while a page is counted."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """
    Without the cyclic garbage collector, which was on when this returns if it was on before.

    A page becomes some hundred thousand objects, none of them in a cycle, and the collector would look at them again and again: a third of
    the time. Drop them before leaving, or it looks at them once more. The switch is one for all threads: of several inside at once, the
    first to leave turns it on for the rest, which makes them slower and does no harm, and it never stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
