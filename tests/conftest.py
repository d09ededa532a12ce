"""Fixtures for the whole suite."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.engines.chromium", "tests.engines.axe", "tests.engines.dynamodb_local", "tests.engines.spark"]

# How long an example takes tells about the machine, which others use too, and nothing about the code
settings.register_profile("stj-audit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stj-audit")
