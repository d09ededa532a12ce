"""
Parts of a table, such as files of an export, folded by a Spark cluster.

Each part is one task: an executor reads it, folds it, and hands on what it counted. Counts of many parts are added up on the executors
first, so that the driver adds up a few. No item leaves the executor that read it, and what fails says so without what it read.

Everything a task needs travels with it by name, so the executors must have this package, with what it needs and in the same version.
"""

import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson

from stj_audit import errors
from stj_audit.errors import AuditError, ConfigError
from stj_audit.items.counts import Counts
from stj_audit.items.fold import ItemFold

Part = TypeVar("Part")

APPLICATION = "stj-audit"
LOCAL_MASTER = "local[*]"  # where neither the user nor spark-submit names one: all processors of this machine
MAX_TASKS = 10_000  # Spark's driver keeps a record of each; beyond that a task takes several parts
ADDED_UP_BY_DRIVER = 16  # counts of so many tasks go to the driver as they are: adding them up elsewhere takes longer
# The names of settings are Spark's, from its configuration guide
QUIET = {"spark.ui.showConsoleProgress": "false"}
LOCAL_SETTINGS = {"spark.ui.enabled": "false"}  # nobody can look at it when the command has ended
LOG_LEVEL = "ERROR"

# Apache Spark, "Submitting applications", Master URLs
_MASTER = re.compile(r"local(\[(\*|\d+)(,\d+)?\])?|spark://.+|yarn|k8s://.+")
# The sentence of a failed part, in the middle of what Spark says about it
_SENTENCE = re.compile(r"stj-audit-failure\(([A-Za-z0-9+/=]+)\)")
_DEPLOY = "see deploy/README.md on how it gets there"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metered:
    """
    What was counted, the read units that took, and why it is not all; None: it is. `held`: of files, the largest items by size and key hash,
    with the number of the part that each is in; of several the first.
    """

    counts: Counts
    read_units: Decimal = Decimal(0)
    problem: str | None = None
    held: tuple[tuple[int, str, int], ...] = ()


def fold_all(
    parts: Sequence[Part], fold_part: Callable[[Part], Counts], empty: Callable[[], ItemFold], *, master: str | None = None
) -> Counts:
    """
    What all parts together count, each folded by an executor of the cluster.

    `fold_part` and `empty` are pickled, as are the parts; `empty` gives a fold to add up in, of the table and hash key of all parts.
    `master` is Spark's URL of the cluster; None: as spark-submit says, else all processors of this machine.

    A part that fails is tried again as often as the cluster is set to (`spark.task.maxFailures`). Raises the AuditError that `fold_part`
    raised; ConfigError where Spark or Java is missing; AuditError for whatever else goes wrong.
    """
    return fold_held(parts, fold_part, empty, master=master).counts


def fold_held(
    parts: Sequence[Part], fold_part: Callable[[Part], Counts], empty: Callable[[], ItemFold], *, master: str | None = None
) -> Metered:
    """As `fold_all`, and tells in which of the parts the largest items are."""
    return fold_metered(list(enumerate(parts)), partial(_free, fold_part), empty, master=master)


def fold_metered(
    parts: Sequence[Part], fold_part: Callable[[Part], Metered], empty: Callable[[], ItemFold], *, master: str | None = None
) -> Metered:
    """As `fold_all`, of parts that cost read units. A problem is no failure: its part is not tried again, and the first one is told."""
    if not parts:
        return Metered(counts=empty().counts())
    with context(master) as spark:
        try:
            tasks = spark.parallelize(parts, min(len(parts), MAX_TASKS)).mapPartitions(_Folding(fold_part, empty))
            return _added_up(tasks, empty)
        except Exception as error:  # noqa: BLE001 - py4j raises many kinds, and none of their texts may be shown
            raise _explained(error) from None


def _free(fold_part: Callable[[Part], Counts], numbered: tuple[int, Part]) -> Metered:
    number, part = numbered
    counts = fold_part(part)
    return Metered(counts=counts, held=tuple([(*entry, number) for entry in counts.largest]))


@contextmanager
def context(master: str | None = None) -> Iterator[Any]:
    """
    The SparkContext to work in: the one that is running, or a new one, stopped at the end.

    Raises ConfigError where Spark or Java is missing, AuditError where it does not start.
    """
    try:
        from pyspark import SparkContext
    except ImportError:
        raise ConfigError("--engine spark needs PySpark", hint="pip install 'stj-audit[spark]'") from None
    running = SparkContext._active_spark_context  # noqa: SLF001 - getOrCreate does not tell whose it is
    if running is not None:
        yield running
        return
    started = _started(master)
    try:
        yield started
    finally:
        started.stop()


def _started(master: str | None) -> Any:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if master is not None and not _MASTER.fullmatch(master):
        raise ConfigError(
            f"{master!r} is no Spark master",
            hint="--spark-master takes local[N], spark://HOST:PORT, yarn or k8s://https://HOST:PORT",
        )
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit started Java, and this process
    if master is None and not submitted:
        master = LOCAL_MASTER
    settings = dict(QUIET)
    if master is not None and master.startswith("local"):
        settings |= LOCAL_SETTINGS
        # Spark would take the first python3 on the PATH, in which this package need not be
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings |= {"spark.app.name": APPLICATION} | ({} if master is None else {"spark.master": master})
    configuration = SparkConf()
    for name, value in settings.items():
        configuration.set(name, value)
    if not submitted and not _java_is_there():
        raise ConfigError("--engine spark needs Java 17 or newer", hint="install it, or point JAVA_HOME to it")
    try:
        # What Java and Spark say while they start cannot be turned off by settings. One Java is for all contexts of a process, and under
        # spark-submit it runs already.
        if SparkContext._gateway is None:  # noqa: SLF001 - nothing public tells it
            gateway = launch_gateway(configuration, {"stderr": subprocess.DEVNULL})
            started = SparkContext(conf=configuration, gateway=gateway)
        else:
            started = SparkContext(conf=configuration)
    except Exception as error:  # noqa: BLE001 - of many kinds
        raise _not_started(error, master) from None
    started.setLogLevel(LOG_LEVEL)
    return started


def _java_is_there() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin") if home else None) is not None


def _not_started(error: Exception, master: str | None) -> AuditError:
    if "JAVA_GATEWAY_EXITED" in str(error):
        return ConfigError("Java did not start Spark", hint="Spark 4 needs Java 17 or newer: install it, or point JAVA_HOME to it")
    named = "" if master is None else f" with the master {master}"
    return AuditError(f"Spark did not start{named}", hint="is the cluster reachable from here? Its own log says more")


class _Folding:
    """The work of one task, as Spark takes it: parts to what they come to, in JSON. A class, because it is pickled by name."""

    def __init__(self, fold_part: Callable[[Any], Metered], empty: Callable[[], ItemFold]) -> None:
        self._fold_part = fold_part
        self._empty = empty

    def __call__(self, parts: Iterable[Any]) -> Iterator[bytes]:
        every = list(parts)  # file names and the like
        if every:
            yield _to_json(_sum((_telling(self._fold_part, part) for part in every), self._empty))


class _AddingUp:
    """The work of one task of the second stage: what many tasks came to, in one, in JSON."""

    def __init__(self, empty: Callable[[], ItemFold]) -> None:
        self._empty = empty

    def __call__(self, group: tuple[int, Iterable[bytes]]) -> bytes:
        return _to_json(_sum(map(_from_json, group[1]), self._empty))


class _Grouping:
    """Names the group of what each task came to."""

    def __init__(self, groups: int) -> None:
        self._groups = groups

    def __call__(self, task: int, results: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        return ((task % self._groups, one) for one in results)


def _added_up(tasks: Any, empty: Callable[[], ItemFold]) -> Metered:
    """The sum over an RDD, in a tree of two levels: about the square root of the tasks in each."""
    count = tasks.getNumPartitions()
    if count > ADDED_UP_BY_DRIVER:
        groups = isqrt(count)
        tasks = tasks.mapPartitionsWithIndex(_Grouping(groups)).groupByKey(groups).map(_AddingUp(empty))
    return _sum(map(_from_json, tasks.collect()), empty)


def _sum(results: Iterable[Metered], empty: Callable[[], ItemFold]) -> Metered:
    fold, read_units, problem = empty(), Decimal(0), None
    held: dict[tuple[int, str], int] = {}
    for one in results:
        fold.add_counts(one.counts)
        read_units += one.read_units
        problem = problem or one.problem
        for size, hashed, number in one.held:
            held[size, hashed] = min(number, held.get((size, hashed), number))
    counts = fold.counts()
    return Metered(
        counts=counts,
        read_units=read_units,
        problem=problem,
        held=tuple([(*entry, held[entry]) for entry in counts.largest if entry in held]),
    )


def _to_json(result: Metered) -> bytes:
    return msgspec.json.encode(result)


def _from_json(text: bytes) -> Metered:
    return msgspec.json.decode(text, type=Metered)


class _PartFailed(Exception):
    """Raised on an executor: its text has the sentence for the user, and nothing else of what happened."""


def _telling(fold_part: Callable[[Part], Metered], part: Part) -> Metered:
    """
    Fold a part; what it raises is raised as a sentence, because Spark prints and keeps the texts of exceptions, and those of others may
    quote what was read.
    """
    try:
        return fold_part(part)
    except AuditError as error:
        failure = {"kind": type(error).__name__, "message": str(error), "hint": error.hint}
    except Exception as error:  # noqa: BLE001 - of all others only the kind is told
        failure = {"kind": "", "message": f"a part could not be read on the cluster ({type(error).__name__})", "hint": ""}
    raise _PartFailed(f"stj-audit-failure({b64encode(orjson.dumps(failure)).decode()})")


def _explained(error: Exception) -> AuditError:
    """The sentence of the part that failed, or one about Spark. The text of the error is searched, and not shown."""
    if isinstance(error, AuditError):
        return error
    said = str(error)
    found = _SENTENCE.search(said)
    if found is not None:
        failure = orjson.loads(b64decode(found[1]))
        kind: type[AuditError] = getattr(errors, failure["kind"], AuditError)
        return kind(failure["message"], hint=failure["hint"])
    if "ModuleNotFoundError" in said:
        return ConfigError("the executors of the cluster do not have stj-audit, or not all it needs", hint=_DEPLOY)
    if "PYTHON_VERSION_MISMATCH" in said:
        return ConfigError(
            "the executors of the cluster run another version of Python than this command",
            hint="point PYSPARK_PYTHON to the same one",
        )
    if "SparkContext has been shutdown" in said or "SparkContext was shut down" in said:
        return AuditError("the cluster did not answer, or was lost", hint="is --spark-master right, and reachable from here?")
    return AuditError("the cluster gave up", hint="Spark's own log says why")
