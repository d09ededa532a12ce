"""The run file as text that can be written anywhere: valid UTF-8, and safe to print."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from stj_audit.render.escape import escape_json, without_surrogates
from stj_audit.report import Report, to_json

# A number at the end of its line that is 0 with an exponent; text ends in quotes there.
_ZERO = re.compile(r"(?m)(?<=[ :])-?0E[+-]?\d+(?=,?$)")


def render_json(report: Report) -> str:
    """The run file. Lone surrogates, which DynamoDB Local can return and JSON in UTF-8 cannot hold, are written out as text."""
    try:
        text = to_json(report)
    except UnicodeEncodeError:
        text = to_json(mended(report))
    return escape_json(plain_zeros(text))


def plain_zeros(text: str) -> str:
    """Indented JSON with 0 where a Decimal that was rounded to nothing would be 0E-8."""
    return _ZERO.sub("0", text)


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
