"""
What `stj-audit items` says: frozen values whose names are the keys of its JSON.

`tables[].items` is the object of that name in the run file; names may be added, never renamed or removed without raising SCHEMA_VERSION.
Sizes are bytes, times are UTC, money is US dollars, shares are 0 to 1; unknown is null, with a row in `not_checked` where it was asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from stj_audit.report import SCHEMA_VERSION, ItemsReport, KeyElement, NotChecked, Tool

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyValues:
    """
    Partition key values of the table (`index` null) or of an index. `distinct` is null when there are more than `distinct_limit`;
    `top_share` is that of the most frequent value, and an upper bound then.
    """

    index: str | None
    items: int
    distinct: int | None
    distinct_limit: int
    top_share: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportSource:
    """An export to S3, as its manifests describe it: items and MD5 of all `files` were held against them, and agree."""

    export_arn: str | None
    exported_at: datetime | None
    item_count: int
    billed_size_bytes: int | None
    files: int
    agreeing_files: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where the items came from. `files` and `bytes` (as they are stored) are null for a table."""

    kind: Literal["table", "files", "export"]
    location: str
    files: int | None = None
    bytes: int | None = None
    export: ExportSource | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where one of the largest items is: the file, and the line in it from 1, decompressed; `line` null: not looked for."""

    key_hash: str
    file: str
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TableProfile:
    """
    One table, or files of one. `name` and `arn` are null where nothing names it; `key_schema` is empty where the key is not known. `places`
    are those of `items.largest`, in that order; empty for a table.
    """

    name: str | None
    arn: str | None
    key_schema: tuple[KeyElement, ...]
    items: ItemsReport | None
    keys: tuple[KeyValues, ...]
    source: Source
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """
    Everything. `cost_usd` is what the read units cost, 0 where none were used; null: no price is known, or AWS bills something else (reading
    S3).
    """

    schema_version: int = SCHEMA_VERSION
    tool: Tool
    region: str | None
    started_at: datetime
    finished_at: datetime
    tables: tuple[TableProfile, ...]
    not_checked: tuple[NotChecked, ...] = ()
    read_units: Decimal
    api_calls: int
    cost_usd: Decimal | None


def to_json(profile: Profile) -> str:
    """Indented JSON, Decimal as JSON numbers, ending in a newline."""
    return msgspec.json.format(_encoder.encode(profile), indent=2).decode() + "\n"
