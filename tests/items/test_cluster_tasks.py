"""What can be said of the work on a cluster where there is none."""

import sys
import traceback
from functools import partial

import pytest

from stj_audit.errors import ConfigError, UnreadableItems
from stj_audit.items import cluster
from stj_audit.items.counts import Counts, from_json, to_json
from stj_audit.items.engine import new_fold
from tests.builders import a_table

SECRET = "4111 1111 1111 1111"

empty = partial(new_fold, a_table(), hash_key=b"k")


def counted(*keys: str) -> Counts:
    fold = empty()
    fold.add([{"id": {"S": key}} for key in keys])
    return fold.counts()


def quoting(part: str) -> Counts:
    """A fold with a bug: what it raises quotes an item."""
    raise KeyError(f"no such attribute in {part}")


def refusing(part: str) -> Counts:
    raise UnreadableItems(f"{part}, line 7: not JSON", hint="fetch it again")


def test_a_task_adds_up_its_parts() -> None:
    [text] = cluster._Folding(counted, empty)(["a", "bb", "cc"])
    assert text == to_json(counted("a", "bb", "cc"))


def test_a_task_without_parts_says_nothing() -> None:
    assert list(cluster._Folding(counted, empty)([])) == []


def test_the_counts_of_tasks_are_added_up_by_group() -> None:
    texts = [to_json(counted(key)) for key in ("a", "bb", "cc", "d", "e")]
    grouped = [cluster._Grouping(2)(task, [text]) for task, text in enumerate(texts)]
    groups = [group for those in grouped for group, _ in those]
    assert groups == [0, 1, 0, 1, 0]
    assert from_json(cluster._AddingUp(empty)((0, texts))) == from_json(to_json(counted("a", "bb", "cc", "d", "e")))


def test_executors_do_not_log_what_quotes_an_item() -> None:
    with pytest.raises(Exception, match=r"^stj-audit-failure\(") as raised:
        list(cluster._Folding(quoting, empty)([SECRET]))
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    told = cluster._explained(raised.value)
    assert str(told) == "a part could not be read on the cluster (KeyError)"


def test_the_sentence_about_a_part_comes_back_whole() -> None:
    with pytest.raises(Exception, match=r"^stj-audit-failure\(") as raised:
        list(cluster._Folding(refusing, empty)(["s3://bucket/1.json.gz"]))
    told = cluster._explained(RuntimeError(f"Job aborted due to stage failure: {raised.value}\n\tat org.apache.spark"))
    assert type(told) is UnreadableItems
    assert (str(told), told.hint) == ("s3://bucket/1.json.gz, line 7: not JSON", "fetch it again")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ModuleNotFoundError: No module named 'stj_audit'",
            "the executors of the cluster do not have stj-audit, or not all it needs",
        ),
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker",
            "the executors of the cluster run another version of Python than this command",
        ),
        ("java.lang.IllegalStateException: SparkContext has been shutdown", "the cluster did not answer, or was lost"),
        (f"org.apache.spark.SparkException: {SECRET}", "the cluster gave up"),
    ],
)
def test_of_what_spark_says_only_the_kind_is_told(said: str, sentence: str) -> None:
    told = cluster._explained(RuntimeError(said))
    assert str(told) == sentence
    assert told.hint


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ConfigError, match=r"^--engine spark needs PySpark$") as raised:
        cluster.fold_all(["a"], counted, empty)
    assert raised.value.hint == "pip install 'stj-audit[spark]'"


def test_no_parts_need_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    assert cluster.fold_all([], counted, empty) == empty().counts()
