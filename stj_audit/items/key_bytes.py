"""The keys of a table: their attributes, and of items their values as bytes and as hashes."""

import marshal
from base64 import b64decode
from collections.abc import Iterable
from hashlib import blake2b
from itertools import chain, repeat
from typing import Any, cast

import orjson

from stj_audit.entries import Item
from stj_audit.facts import KeyAttribute, Table
from stj_audit.sizing import number_parts

ITEM_HASH_BYTES = 8
VALUE_HASH_BYTES = 16
MARSHAL_WITHOUT_REFERENCES = 2  # so that equal items have equal bytes
DERIVED_KEY_BYTES = 32


def value_hash_key(hash_key: bytes) -> bytes:
    """The key that partition key values are hashed with (BLAKE2b): few values, such as PINs, could be found out from plain hashes."""
    return blake2b(hash_key, digest_size=DERIVED_KEY_BYTES, person=b"distinct values").digest()


def item_hash_key(hash_key: bytes) -> bytes:
    """The key that the keys of the largest items are hashed with (BLAKE2b)."""
    return blake2b(hash_key, digest_size=DERIVED_KEY_BYTES, person=b"largest items").digest()


def all_keys(table: Table) -> Iterable[KeyAttribute]:
    """The key attributes of the table and of its indexes, some of them more than once."""
    return chain(table.key_schema, *(index.key_schema for index in table.indexes))


def key_names(table: Table) -> frozenset[str]:
    return frozenset(key.attribute for key in all_keys(table))


def key_hash(table: Table, key_of_hash: bytes, item: Item) -> str:
    """`key_of_hash` is what `item_hash_key` gives."""
    if table.key_schema:
        key = key_bytes(table.key_schema, item)
    else:
        try:
            key = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # nested deeper than DynamoDB allows
            key = marshal.dumps(cast("Any", item), MARSHAL_WITHOUT_REFERENCES)
    return blake2b(key, key=key_of_hash, digest_size=ITEM_HASH_BYTES).hexdigest()


def key_bytes(schema: tuple[KeyAttribute, ...], item: Item) -> bytes:
    """The values of a key as bytes: equal for equal values however they are written, different for different ones."""
    parts = [_content_bytes(key.type, item[key.attribute][key.type]) for key in schema]
    return parts[0] if len(parts) == 1 else b"".join(map(_with_length, parts))


def keys_bytes(schema: tuple[KeyAttribute, ...], contents: Iterable[Any]) -> list[bytes]:
    """`key_bytes` of many items: of what their values hold, in tuples when the key has several attributes."""
    if len(schema) > 1:
        kinds = [key.type for key in schema]
        return [b"".join(map(_with_length, map(_content_bytes, kinds, parts))) for parts in contents]
    (key,) = schema
    if key.type == "S":
        return list(map(str.encode, contents, repeat("utf-8"), repeat("surrogatepass")))
    return list(map(_content_bytes, repeat(key.type), contents))


def _content_bytes(kind: str, content: Any) -> bytes:
    if kind == "S":
        return cast("bytes", content.encode("utf-8", "surrogatepass"))
    return repr(number_parts(content)).encode() if kind == "N" else binary(content)


def _with_length(part: bytes) -> bytes:
    return b"%d:%b" % (len(part), part)


def binary(content: str | bytes | bytearray) -> bytes:
    return b64decode(content) if isinstance(content, str) else bytes(content)
