"""Counts as JSON: there and back, and one text for equal counts."""

from random import Random

import pytest

from stj_audit.items.counts import from_json, to_json
from stj_audit.items.engine import new_fold
from tests.builders import a_table, an_index

TABLE = a_table(indexes=(an_index("by-status"),))
ITEMS = [{"id": {"S": f"key-{place}"}, "status": {"S": "x" * (place * 37 % 2_000 + 1)}} for place in range(300)]


def test_there_and_back() -> None:
    fold = new_fold(TABLE, hash_key=b"k")
    fold.add(ITEMS)
    assert from_json(to_json(fold.counts())) == fold.counts()


def test_the_order_of_items_does_not_show() -> None:
    texts = set()
    for seed in range(3):
        fold = new_fold(TABLE, hash_key=b"k")
        fold.add(Random(seed).sample(ITEMS, len(ITEMS)))
        texts.add(to_json(fold.counts()))
    assert len(texts) == 1


def test_other_json_is_refused() -> None:
    with pytest.raises(ValueError, match="required field `sizes`"):
        from_json(b"{}")
