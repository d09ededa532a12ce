"""
Spark on two processors of this machine, started once a session.

It comes with the extra `spark`, half a gigabyte, so `make test` does without it, also where skipping is forbidden. `make test-cluster` sets
STJ_AUDIT_REQUIRE_CLUSTER=1, which makes skipping a failure.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

REQUIRE = "STJ_AUDIT_REQUIRE_CLUSTER"
MASTER = "local[2]"
MISSING = "NOT TESTED ON SPARK: make test-cluster"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mark, because pytest tells all tests that have the same one in one line."""
    if find_spec("pyspark") is None and os.environ.get(REQUIRE) != "1":
        for item in items:
            if item.get_closest_marker("cluster") is not None:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def spark_master() -> str:
    """A master to start Spark with. Tests that use it are marked `cluster`."""
    if find_spec("pyspark") is None:
        pytest.fail(MISSING, pytrace=False)
    return MASTER


@pytest.fixture(scope="session")
def spark(spark_master: str) -> Iterator[str]:
    """Spark, running: what is started with the master given here joins it."""
    from stj_audit.items.cluster import context  # noqa: PLC0415 - every test run loads this file

    with context(spark_master):
        yield spark_master
