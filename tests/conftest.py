"""Fixtures for the whole suite."""

pytest_plugins = ["tests.engines.chromium", "tests.engines.axe", "tests.engines.dynamodb_local", "tests.engines.spark"]
