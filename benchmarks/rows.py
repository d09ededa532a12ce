"""The benchmarks by name: what is measured, and what it is held to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks import control_plane, sampling, scans, starts
from benchmarks.corpora import CORPORA
from benchmarks.measuring import Bound, Effort, Measured, Skipped

NAIVE = "boto3 Table.scan with a plain sizer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """One row. `what` says what is held against what, and in which time; `unit` is that of the ratio."""

    name: str
    what: str
    bound: Bound
    measure: Callable[[Effort], Measured | Skipped]
    unit: str = "x"


def _of_each(name: str, what: str, bound: Bound, measure: Callable[..., Measured | Skipped]) -> tuple[Benchmark, ...]:
    """One for each corpus."""
    return tuple(
        Benchmark(name=f"{name}-{corpus}", what=f"{corpus}: {what}", bound=bound, measure=partial(measure, corpus))
        for corpus in CORPORA
    )


BENCHMARKS: tuple[Benchmark, ...] = (
    *_of_each(
        "pages",
        f"pages in memory to counts, compiled; against {NAIVE} (CPU)",
        Bound(least=80, aim=250),
        scans.pages_compiled,
    ),
    *_of_each(
        "pure",
        f"pages in memory to counts, pure Python; against {NAIVE} (CPU)",
        Bound(least=8, aim=15),
        scans.pages_pure,
    ),
    *_of_each(
        "scan",
        f"a scan over HTTP, one thread, compiled; against {NAIVE} (wall)",
        Bound(least=40, aim=90),
        scans.end_to_end,
    ),
    *_of_each(
        "bare",
        "a scan over HTTP, one thread, compiled; its speed as a share of that of the same requests without sizing (wall)",
        Bound(least=0.6, aim=0.8),
        scans.over_no_sizing,
    ),
    *_of_each(
        "export",
        "gzip export files, one core, compiled; its time over that of decompressing alone (CPU)",
        Bound(least=2.5, aim=1.6, at_most=True),
        scans.export,
    ),
    Benchmark(
        name="memory",
        what="the most resident memory in a full scan",
        bound=Bound(least=200, aim=120, at_most=True),
        measure=scans.memory,
        unit=" MB",
    ),
    Benchmark(
        name="start",
        what="stj-audit --help; its time over that of aws --version (wall)",
        bound=Bound(least=1 / 4, aim=1 / 7, at_most=True),
        measure=starts.show_help,
    ),
    Benchmark(
        name="tables",
        what="what is asked about each table, 30 ms a call; against one call after the other with boto3 (wall)",
        bound=Bound(least=8, aim=12),
        measure=control_plane.tables,
    ),
    Benchmark(
        name="metrics",
        what=f"an answer of GetMetricData, {control_plane.POINTS} points a query; against botocore's parser (CPU)",
        bound=Bound(least=30, aim=80),
        measure=control_plane.metrics,
    ),
    Benchmark(
        name="sampling",
        what="read units that bound the share of oversized items of a table of 10 GB to 0.1 %, over those of a full scan (simulated)",
        bound=Bound(least=1 / 20, aim=1 / 100, at_most=True),
        measure=sampling.read_units,
    ),
)
