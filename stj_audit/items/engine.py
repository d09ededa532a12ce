"""
The fold that this machine runs: compiled where it was built, else pure Python. Both give the same answers.

The environment variable STJ_AUDIT_FOLD=pure keeps the compiled one out, to compare them.
"""

import os
from typing import Literal

from stj_audit.facts import Table
from stj_audit.items.fold import Expiry, ItemFold


def _fold() -> type[ItemFold]:
    if os.environ.get("STJ_AUDIT_FOLD") == "pure":
        return ItemFold
    try:
        from stj_audit.items.compiled import CompiledFold  # noqa: PLC0415 - it is not there when it could not be compiled
    except ImportError:
        return ItemFold
    return CompiledFold


_FOLD = _fold()
ENGINE: Literal["compiled", "pure"] = "pure" if _FOLD is ItemFold else "compiled"
"""Which one is in use."""


def new_fold(table: Table, *, hash_key: bytes, expiry: Expiry | None = None) -> ItemFold:
    """An empty fold of the items of `table`; the arguments are those of `ItemFold`."""
    return _FOLD(table, hash_key=hash_key, expiry=expiry)
