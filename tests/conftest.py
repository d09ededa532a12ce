"""Fixtures for the whole suite."""

import os
import sys

pytest_plugins = ["tests.engines.chromium", "tests.engines.axe", "tests.engines.dynamodb_local", "tests.engines.spark"]

# Many tests start the command: each start finds what the first one compiled, also where the caller's environment keeps no bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
