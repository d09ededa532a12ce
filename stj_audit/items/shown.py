"""
The keys of the largest items in plain text: held in memory for `items --show-keys`, and printed on a terminal. Nothing else may ask for them.
"""

import threading

from stj_audit.entries import Item
from stj_audit.facts import Table
from stj_audit.items.fold import Expiry, ItemFold


class ShownKeys:
    """By table and key hash, the keys of items that were among the largest while they were read. Shared by the threads that read."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        self._lock = threading.Lock()

    def add(self, table: Table, key_hash: str, item: Item) -> None:
        key = tuple((one.attribute, str(item[one.attribute][one.type])) for one in table.key_schema)
        with self._lock:
            self._keys[table.name, key_hash] = key

    def key(self, table: str, key_hash: str) -> tuple[tuple[str, str], ...] | None:
        """Attributes and values, binary ones in base64; None: it was not read by this run."""
        with self._lock:
            return self._keys.get((table, key_hash))


class ShowingFold(ItemFold):
    """As `ItemFold`, and remembers the keys of those that may be among the largest."""

    def __init__(self, table: Table, shown: ShownKeys, *, hash_key: bytes, expiry: Expiry | None = None) -> None:
        super().__init__(table, hash_key=hash_key, expiry=expiry)
        self._shown = shown

    def _hash_of(self, item: Item) -> str:
        key_hash = super()._hash_of(item)
        self._shown.add(self._table, key_hash, item)
        return key_hash
