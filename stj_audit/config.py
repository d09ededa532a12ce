"""
`stj-audit.toml`, or `[tool.stj-audit]` in pyproject.toml, as frozen values.

Reading is strict: an unknown key, a wrong type or a value out of range is a ConfigError that names the file and the place in it.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from stj_audit.errors import ConfigError
from stj_audit.facts import MAX_ITEM_BYTES

FILE_NAME = "stj-audit.toml"
SCALES = (100, 1_000, 10_000, 50_000, 100_000)  # the user counts of the assessment
TARGET_USERS = 10_000
PEAK_FACTOR = 10  # busiest minute over mean, until traffic says otherwise
WARN_ITEM_BYTES = 300 * 1024
SCAN_BUDGET_USD = "0.05"  # what reading a table whole may cost under `--scan auto`: about 3 GiB
ScanMode = Literal["auto", "full", "none"]
MAX_SCAN_BUDGET_USD = 10_000  # a typing error, not a budget
CURRENCY_FLOOR_USD = 5  # savings below it are at most "low"

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB)?", re.IGNORECASE | re.ASCII)
_UNIT_BYTES = {"b": 1, "kb": 1024, "mb": 1024**2}

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """For whom the tables are judged: the user counts to project to, the one the headline grade is for, and today's (None: not known)."""

    target_users: int = TARGET_USERS
    users_now: int | None = None
    users: tuple[int, ...] = SCALES
    peak_factor: int = PEAK_FACTOR


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeLines:
    """The two size lines: an item above `warn_bytes` needs care, one above `max_bytes` cannot be written."""

    warn_bytes: int = WARN_ITEM_BYTES
    max_bytes: int = MAX_ITEM_BYTES


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[model]`: how many users there are and will be, and what each of them does."""

    users_table: str | None = None
    users_now: Positive | None = None
    scales: Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=20)] = SCALES
    target: Positive = TARGET_USERS
    peak_factor: Positive = PEAK_FACTOR
    days: Positive = 30


class TableModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tables.NAME]`: requests of one user a day where there is no measured traffic, and `items` for a table that does not grow."""

    items: Count | None = None
    reads_per_user_day: Rate | None = None
    writes_per_user_day: Rate | None = None


class Scan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[scan]`: how much of each table is read, and what that may cost."""

    mode: ScanMode = "auto"
    budget_usd: Annotated[float, Meta(ge=0, le=MAX_SCAN_BUDGET_USD)] | None = None


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[thresholds]`: the two size lines, as "300KB" or in bytes."""

    warn_item_size: str | int | None = None
    max_item_size: str | int | None = None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `path` is where it came from, None for the defaults."""

    model: Model = msgspec.field(default_factory=Model)
    tables: dict[str, TableModel] = {}
    scan: Scan = msgspec.field(default_factory=Scan)
    thresholds: Thresholds = msgspec.field(default_factory=Thresholds)
    path: str | None = None


def parse_size(text: str | int) -> int:
    """ "300KB", "2 MB" or 307200 as bytes; KB and MB are powers of 1024. Raises ValueError with a sentence for a person."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"{text!r} is no size; write it like 300KB, 1.5MB or 307200")
    number, unit = match.groups()
    return int(float(number) * _UNIT_BYTES[(unit or "B").lower()])


def size_lines(thresholds: Thresholds) -> SizeLines:
    """The size lines of a configuration. Raises ConfigError when one is no size, or the warn line lies above the limit."""
    defaults = SizeLines()
    try:
        lines = SizeLines(
            warn_bytes=defaults.warn_bytes if thresholds.warn_item_size is None else parse_size(thresholds.warn_item_size),
            max_bytes=defaults.max_bytes if thresholds.max_item_size is None else parse_size(thresholds.max_item_size),
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if not 0 < lines.warn_bytes <= lines.max_bytes:
        raise ConfigError(
            f"the warn line ({lines.warn_bytes} bytes) must be above 0 and not above the limit ({lines.max_bytes} bytes)",
            hint="set --warn-item-size below --max-item-size",
        )
    return lines


def find_config(start: Path) -> Path | None:
    """The nearest stj-audit.toml, or pyproject.toml with a [tool.stj-audit] table, in `start` or a folder above it."""
    for folder in (start, *start.parents):
        own = folder / FILE_NAME
        if own.is_file():
            return own
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file() and "stj-audit" in _read_toml(pyproject).get("tool", {}):
            return pyproject
    return None


def load_config(path: Path | None) -> Config:
    """The configuration in `path`; the defaults for None. Raises ConfigError."""
    if path is None:
        return Config()
    raw = _read_toml(path)
    if path.name == "pyproject.toml":
        raw = raw.get("tool", {}).get("stj-audit", {})
    if "path" in raw:
        raise ConfigError(f"{path}: unknown key `path`", hint="remove it")
    return parse_config(raw, origin=str(path))


def parse_config(raw: dict[str, Any], *, origin: str) -> Config:
    """A configuration from TOML that was already read. Raises ConfigError that names `origin` and the place."""
    try:
        config = msgspec.convert(raw, Config)
        size_lines(config.thresholds)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {in_toml_words(str(error))}", hint="see `stj-audit run --help` and the README") from error
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error} - at `thresholds`", hint=error.hint) from error
    return msgspec.structs.replace(config, path=origin)


def in_toml_words(message: str) -> str:
    """msgspec's message, with its JSON path and words turned to TOML's: "Object ... `$.model`" to "table ... `model`"."""
    words = (("Object", "table"), (" | null", ""), ("`$.", "`"), ("- at `$`", "at the top level"), ("`$[...]", "`"))
    for theirs, ours in words:
        message = message.replace(theirs, ours)
    return message


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint="check the path given with --config") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="mend the line it names") from error
