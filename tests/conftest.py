"""Fixtures for the whole suite, and what makes it quicker without leaving anything out."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from stj_audit.cli import GARBAGE_AFTER

pytest_plugins = ["tests.engines.chromium", "tests.engines.axe", "tests.engines.dynamodb_local", "tests.engines.spark"]

# How long an example takes tells about the machine, which others use too, and nothing about the code
settings.register_profile("stj-audit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stj-audit")

# Many tests start the command: each start finds what the first one compiled, also where the caller's environment keeps no bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# With several workers a long file at the end leaves all but one of them without work, and xdist does not know how long a file takes.
LONGEST_FIRST = (
    "items/test_sanitized.py",
    "test_wheel.py",
    "test_in_ci.py",
    "test_benchmarks.py",
    "test_privacy.py",
    "test_check_from.py",
    "test_baseline_command.py",
    "test_demo.py",
    "test_run_on_dynamodb_local.py",
    "render/test_accessible.py",
    "render/test_in_browser.py",
)


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """`main` answers signals for as long as its process lives: here that is the rest of the tests."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files, in an order that every worker finds; the tests of a file stay as they are."""

    def place(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0].removeprefix("tests/")
        return LONGEST_FIRST.index(file) if file in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Thousands of tests are there for good: they are not looked through for garbage, nor is the rest after every 700 objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
