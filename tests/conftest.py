"""Fixtures for the whole suite."""

pytest_plugins = ["tests.engines.dynamodb_local", "tests.engines.chromium", "tests.engines.spark"]
