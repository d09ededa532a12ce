"""The run file as text that can be written anywhere: valid UTF-8, and safe to print."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from stj_audit.render.escape import escape_json, without_surrogates
from stj_audit.report import Report, to_json


def render_json(report: Report) -> str:
    """The run file. Lone surrogates, which DynamoDB Local can return and JSON in UTF-8 cannot hold, are written out as text."""
    try:
        text = to_json(report)
    except UnicodeEncodeError:
        text = to_json(mended(report))
    return escape_json(text)


def mended(value: Any) -> Any:
    """The same value with every lone surrogate in it written out as text."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, tuple | list):
        return tuple(mended(one) for one in value)
    if isinstance(value, Mapping):
        return {mended(key): mended(one) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{field.name: mended(getattr(value, field.name)) for field in dataclasses.fields(value)})
    return value
