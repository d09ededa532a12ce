"""Reads DynamoDB tables without touching them, and says how healthy they are, what they cost and what to do first."""

from typing import Any

from stj_audit.sizing import item_size
from stj_audit.version import __version__

__all__ = ["__version__", "audit", "item_size"]


def __getattr__(name: str) -> Any:
    # Late, so that sizing an item, or asking for help, does not import boto3.
    if name == "audit":
        from stj_audit.pipeline import audit

        return audit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
