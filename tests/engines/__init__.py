"""
The real engines that tests run on: DynamoDB Local and Chromium. Each is found, or fetched into a cache outside the repo, and started here.

Where what it needs is missing, its tests are skipped with one loud line; with STJ_AUDIT_REQUIRE_ENGINES=1 (as in CI) they fail instead.
"""

import os
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRE = "STJ_AUDIT_REQUIRE_ENGINES"


def cache_folder() -> Path:
    """Where big downloads live: $XDG_CACHE_HOME/stj-audit-tests, made if missing."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "stj-audit-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def engine_missing(engine: str, install: str) -> NoReturn:
    """Skip the test that needs `engine`, or fail it where skipping is forbidden. `install` says what to install."""
    sentence = f"NOT TESTED ON {engine}: {install}"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
