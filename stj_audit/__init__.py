"""Reads DynamoDB tables without touching them, and says how healthy they are, what they cost and what to do first."""

from typing import TYPE_CHECKING, Any

from stj_audit.version import __version__

if TYPE_CHECKING:
    from stj_audit.sizing import item_size

__all__ = ["__version__", "audit", "item_size"]


def __getattr__(name: str) -> Any:
    # Late: sizing an item does not import boto3, and asking for help imports neither.
    if name == "item_size":
        from stj_audit.sizing import item_size

        return item_size
    if name == "audit":
        from stj_audit.pipeline import audit

        return audit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
