"""
Two ways of doing the same, measured against each other.

Both run in turns in one process, round after round, and what counts is the median of the ratios of the rounds: what else the machine does
hits both. CPU time is that of this process; wall time is for what is not done by this process alone.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from stj_audit.cli import GARBAGE_AFTER

PYTHONS_THRESHOLDS = gc.get_threshold()  # nobody has changed them yet

Clock = Literal["CPU", "wall"]
_CLOCKS: dict[Clock, Callable[[], float]] = {"CPU": time.process_time, "wall": time.perf_counter}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """What a ratio is held to: at least `least`, or at most where `at_most`; `aim` is better still."""

    least: float
    aim: float
    at_most: bool = False

    def holds(self, ratio: float, *, margin: float = 1) -> bool:
        """`margin` below 1 leaves room for noise: 0.7 is content with 70 % of what is wanted."""
        return ratio <= self.least / margin if self.at_most else ratio >= self.least * margin

    def reaches_aim(self, ratio: float) -> bool:
        return ratio <= self.aim if self.at_most else ratio >= self.aim


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """
    Two figures in words, with their units, and their ratio: theirs over ours, or ours over theirs where a benchmark says so.

    `floor` is what no design could go below, None where nothing of the kind was measured; `note` is what a reader has to know beside it.
    """

    rival: str
    ours: str
    ratio: float
    floor: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Why there is no figure, as a sentence."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """
    How much is done. The larger, the less the figures drift from run to run.

    Tables have `pages` pages made one by one, `times` over (`corpora.larger`); those for the pure fold `pure_times`.
    """

    rounds: int
    rival_pages: int
    pages: int
    times: int
    pure_times: int
    tables: int
    rival_tables: int
    queries: int
    starts: int
    replayed_bytes: int


SMALL = Effort(
    rounds=3,
    rival_pages=1,
    pages=3,
    times=20,
    pure_times=2,
    tables=40,
    rival_tables=4,
    queries=100,
    starts=5,
    replayed_bytes=64 * 1024**2,
)
DEFAULT = Effort(
    rounds=7,
    rival_pages=3,
    pages=12,
    times=10,
    pure_times=2,
    tables=200,
    rival_tables=20,
    queries=500,
    starts=15,
    replayed_bytes=5 * 1000**3,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds:
    """Seconds for each round, by what was done."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, over: str, under: str) -> float:
        """The median of the ratios of the rounds."""
        return statistics.median(a / b for a, b in zip(self.seconds[over], self.seconds[under], strict=True))


def alternate(rounds: int, clock: Clock, **ways: tuple[Callable[[], object], float]) -> Rounds:
    """
    Do each of `ways` once a round. Each is a function and how many units of work it does; the figures are seconds for one unit.

    `rival` runs as a script does that somebody writes; all others as the command does, in which Python looks for garbage more rarely.
    """
    now = _CLOCKS[clock]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with _thresholds_kept():
        for _ in range(rounds):
            for name, (way, units) in ways.items():
                gc.set_threshold(*(PYTHONS_THRESHOLDS if name == "rival" else (GARBAGE_AFTER,)))
                gc.collect()
                began = now()
                way()
                seconds[name].append((now() - began) / units)
    return Rounds(seconds={name: tuple(taken) for name, taken in seconds.items()})


@contextmanager
def _thresholds_kept() -> Iterator[None]:
    before = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def made_up_keys() -> Iterator[None]:
    """Nothing of the user's AWS settings counts, and nothing goes to AWS."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in theirs:
        del os.environ[name]
    ours = {
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-north-1",
    }
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(theirs)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:,.2f} ms"
