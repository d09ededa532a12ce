"""
Spark on two processors of this machine, started once a session. It comes with the extra `spark`: half a gigabyte, so `make test` does
without it, and `make test-cluster` sets STJ_AUDIT_REQUIRE_CLUSTER=1, which makes skipping a failure.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.engines import engine_missing

REQUIRE = "STJ_AUDIT_REQUIRE_CLUSTER"
MASTER = "local[2]"


@pytest.fixture(scope="session")
def spark_master() -> str:
    """A master to start Spark with, where that is possible. Tests that use it are marked `cluster`."""
    if find_spec("pyspark") is None:
        engine_missing("SPARK", "make test-cluster", require=REQUIRE)
    return MASTER


@pytest.fixture(scope="session")
def spark(spark_master: str) -> Iterator[str]:
    """Spark, running: what is started with the master given here joins it."""
    from stj_audit.items.cluster import context  # noqa: PLC0415 - every test run loads this file

    with context(spark_master):
        yield spark_master
