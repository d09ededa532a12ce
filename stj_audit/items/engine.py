"""
The fold that this machine runs: compiled where it was built, else pure Python. Both give the same answers.

The environment variable STJ_AUDIT_FOLD=pure keeps the compiled one out, to compare them.
"""

from typing import Literal

from stj_audit.facts import Table
from stj_audit.items.fold import Expiry, ItemFold

ENGINE: Literal["compiled", "pure"] = "pure"
"""Which one is in use."""


def new_fold(table: Table, *, hash_key: bytes, expiry: Expiry | None = None) -> ItemFold:
    """An empty fold of the items of `table`; the arguments are those of `ItemFold`."""
    return ItemFold(table, hash_key=hash_key, expiry=expiry)
