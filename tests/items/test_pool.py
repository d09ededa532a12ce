"""Parts in several processes: every one once, errors as they are, and no process left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stj_audit.errors import AuditError, UnreadableItems
from stj_audit.items.counts import AttributeCounts, Counts, KeyCounts
from stj_audit.items.pool import fold_parts, processes_here

pytestmark = pytest.mark.slow

NOTHING = AttributeCounts(present=0, total_bytes=0, max_bytes=0, types=())


def counted(size: int) -> Counts:
    return Counts(
        sizes={size: 1},
        attributes={},
        other=NOTHING,
        keys=KeyCounts(items=0, buckets={}, values={}),
        indexes=(),
        largest=(),
        compressed=(),
        shapes=(),
        time_to_live=None,
    )


def failing(size: int) -> Counts:
    if size == 7:
        raise UnreadableItems("a.json, line 7: not JSON", hint="look at it")
    return counted(size)


def dying(_size: int) -> Counts:
    os._exit(9)


def where(_size: int) -> Counts:
    return counted(os.getpid())


@pytest.mark.parametrize("processes", [1, 3])
def test_each_part_is_counted_once_and_comes_with_its_counts(processes: int) -> None:
    found = list(fold_parts(range(40), counted, processes=processes))
    assert sorted(part for part, _ in found) == list(range(40))
    assert all(counts == counted(part) for part, counts in found)
    assert list(fold_parts([], counted, processes=processes)) == []


def test_one_process_is_this_one_and_many_are_others() -> None:
    alone = {pid for _, counts in fold_parts(range(4), where, processes=1) for pid in counts.sizes}
    others = {pid for _, counts in fold_parts(range(4), where, processes=2) for pid in counts.sizes}
    assert alone == {os.getpid()}
    assert os.getpid() not in others
    assert processes_here() >= 1


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_arrives_as_it_is(processes: int) -> None:
    with pytest.raises(UnreadableItems, match="line 7") as caught:
        list(fold_parts(range(1_000), failing, processes=processes))
    assert caught.value.hint == "look at it"
    assert multiprocessing.active_children() == []


def test_a_process_that_is_ended_from_outside_is_an_error_not_a_missing_part() -> None:
    with pytest.raises(AuditError, match="ended from outside") as caught:
        list(fold_parts(range(10), dying, processes=2))
    assert "--processes" in caught.value.hint


def test_whoever_stops_listening_ends_the_processes() -> None:
    for _part, _counts in fold_parts(range(1_000), counted, processes=2):
        break
    assert multiprocessing.active_children() == []


SLOW = """
import sys, time
from stj_audit.items.pool import fold_parts
def slow(part):
    open(f"{part}.begun", "w").close()
    time.sleep(600)
if __name__ == "__main__":
    try:
        list(fold_parts(["a", "b"], slow, processes=2))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def begun(folder: Path) -> "subprocess.Popen[str]":
    (folder / "slow.py").write_text(SLOW)
    running = subprocess.Popen(
        [sys.executable, "slow.py"], cwd=folder, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    until(lambda: (folder / "a.begun").exists() and (folder / "b.begun").exists())
    return running


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.process
def test_ctrl_c_ends_all_of_them_without_a_word(tmp_path: Path) -> None:
    running = begun(tmp_path)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, "")
    until(lambda: not alive(running.pid))


@pytest.mark.process
def test_they_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    running = begun(tmp_path)
    running.kill()
    running.communicate(timeout=60)
    until(lambda: not alive(running.pid))
