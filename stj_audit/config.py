"""
`stj-audit.toml`, or `[tool.stj-audit]` in pyproject.toml, as frozen values.

Reading is strict: an unknown key, a wrong type or a value out of range is a ConfigError that names the file and the place in it.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from stj_audit.design import (
    BillingMode,
    Growth,
    IndexModel,
    Number,
    Operation,
    Pattern,
    Projection,
    TableClass,
    check_key,
    contradiction,
    in_range,
)
from stj_audit.email_settings import Carrier, Email, Occasion, Period
from stj_audit.errors import ConfigError
from stj_audit.facts import MAX_ITEM_BYTES, Table

FILE_NAME = "stj-audit.toml"
SCALES = (100, 1_000, 10_000, 50_000, 100_000)  # the user counts of the assessment
TARGET_USERS = 10_000
MAX_USERS = 10**9  # a typing error above it
PEAK_FACTOR = 10  # busiest minute over mean, until traffic says otherwise
WARN_ITEM_BYTES = 300 * 1024
SCAN_BUDGET_USD = "0.05"  # what reading a table whole may cost under `--scan auto`: about 3 GiB
ScanMode = Literal["auto", "full", "sample", "none"]
MAX_SCAN_BUDGET_USD = 10_000  # a typing error, not a budget
MAX_PRICE_AGE_MONTHS = 18  # AWS changed DynamoDB's prices about every two years (2022, 2024)
CURRENCY_FLOOR_USD = 5  # savings below it are at most "low"

HINTS = {"--config": "see `stj-audit run --help` and the README", "--model": "see `stj-audit cost --help` and the README"}

REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")  # AWS IAM user guide, "IAM identifiers"
_ACCOUNT_NAME = re.compile(r"[A-Za-z0-9_.-]+")  # no slash: what a table is called has one after it
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB)?", re.IGNORECASE | re.ASCII)
_NUMBER_WORDS = (("int | decimal", "number"), ("`decimal`", "`number`"), ("| object`", "| table`"), ("`object", "`table"))
_UNIT_BYTES = {"b": 1, "kb": 1024, "mb": 1024**2}

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
UserCount = Annotated[int, Meta(ge=1, le=MAX_USERS)]


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
    """`[model]`: how many users there are and will be, and what each of them does. `active` is the part of them that is there on a day."""

    users_table: str | None = None
    users_now: UserCount | None = None
    scales: Annotated[tuple[UserCount, ...], Meta(min_length=1, max_length=20)] = SCALES
    target: UserCount = TARGET_USERS
    peak_factor: Positive = PEAK_FACTOR
    days: Positive = 30
    active: Number = 1
    region: str | None = None
    currency_floor: Number = CURRENCY_FLOOR_USD

    def __post_init__(self) -> None:
        in_range("active", self.active, most=1)
        in_range("currency_floor", self.currency_floor)


class TableModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[tables.NAME]`: what is declared of a table.

    `stj-audit cost --model` prices a design that is wholly declared: items or items for each user, sizes in bytes (an attribute's with its
    name), indexes, patterns. Where a table is audited, what is declared takes the place of what was measured, in the projections; what is
    left out is as measured. Only `reads_per_user_day` and `writes_per_user_day` stand back: they count where no traffic was measured.
    """

    items: Count | None = None
    reads_per_user_day: Number | None = None
    writes_per_user_day: Number | None = None
    key: tuple[str, ...] = ()
    items_per_user: Number | None = None
    item_bytes: Count | None = None
    billing_mode: BillingMode | None = None
    rcu: Number | None = None
    wcu: Number | None = None
    table_class: TableClass | None = None
    pitr: bool | None = None
    stream_readers: Literal["lambda", "application"] = "lambda"
    growth: tuple[Growth, ...] = ()
    attributes: dict[str, Count] = {}
    index: tuple[IndexModel, ...] = ()
    pattern: tuple[Pattern, ...] = ()

    @property
    def attribute_names(self) -> frozenset[str]:
        """All attributes that it names."""
        names = {*self.key, *self.attributes, *(growth.attribute for growth in self.growth)}
        names |= {name for index in self.index for name in (*index.key, *index.attributes)}
        for pattern in self.pattern:
            names |= {*pattern.key, *pattern.reads, *pattern.sets, *((pattern.order_by,) if pattern.order_by else ())}
        return frozenset(names)

    def __post_init__(self) -> None:
        in_range("reads_per_user_day", self.reads_per_user_day)
        in_range("writes_per_user_day", self.writes_per_user_day)
        in_range("items_per_user", self.items_per_user)
        in_range("item_bytes", self.item_bytes, most=MAX_ITEM_BYTES)
        if self.key:
            check_key(self.key)
        if self.items is not None and self.items_per_user is not None:
            raise ValueError("`items` and `items_per_user` are both given, and only one of them can hold")
        if self.pattern and (self.reads_per_user_day is not None or self.writes_per_user_day is not None):
            raise ValueError("requests are declared twice, as patterns and as `reads_per_user_day` or `writes_per_user_day`")
        in_range("rcu", self.rcu)
        in_range("wcu", self.wcu)
        capacity = (self.rcu, self.wcu, *(unit for index in self.index for unit in (index.rcu, index.wcu)))
        if self.billing_mode != "PROVISIONED" and any(unit is not None for unit in capacity):
            raise ValueError('`rcu` and `wcu` go with `billing_mode = "PROVISIONED"`')


class Backup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backup]`: how long data must be kept, and the ISO date of the last restore that was tried ("": never)."""

    retention_days: Positive | None = None
    last_restore_test: str = ""

    def __post_init__(self) -> None:
        if self.last_restore_test:
            date.fromisoformat(self.last_restore_test)


class Scan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[scan]`: how much of each table is read, and what that may cost."""

    mode: ScanMode = "auto"
    budget_usd: Number | None = None

    def __post_init__(self) -> None:
        in_range("scan.budget_usd", self.budget_usd, most=MAX_SCAN_BUDGET_USD)


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[thresholds]`: the two size lines, as "300KB" or in bytes."""

    warn_item_size: str | int | None = None
    max_item_size: str | int | None = None


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[prices]`: where list prices come from, from what age on they are warned of, and whether AWS's free quantities are subtracted."""

    source: Literal["bundled", "live"] = "bundled"
    max_age_months: Positive = MAX_PRICE_AGE_MONTHS
    free_tier: bool = False


class History(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[history]`: where runs are kept, a folder (seen from this file) or s3://bucket/prefix; and how many stay in a folder, all where it is
    left out.
    """

    path: str | None = None
    keep: Positive | None = None

    def __post_init__(self) -> None:
        if self.path is not None and not self.path.strip():
            raise ValueError("`history.path` is empty; give a folder or s3://bucket/prefix")


class Ignore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[ignore]]`: findings that the owner accepts. `check` is a name or a code, `tables` are globs; from `expires` on it is void."""

    check: str
    tables: tuple[str, ...] = ("*",)
    reason: str
    expires: date | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("`reason` is empty, and whoever reads the report must know why")
        if not self.tables:
            raise ValueError('`tables` names none; leave it out, or write ["*"], for all')


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[[account]]`: an account that is audited by assuming a role in it. `regions`: none for those of the run. `name` is what its tables are
    told by, the account's id where it is left out.
    """

    role_arn: str
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if _ROLE_ARN.fullmatch(self.role_arn) is None:
            raise ValueError(f"{self.role_arn!r} is no ARN of a role; write it like arn:aws:iam::123456789012:role/audit")
        if self.external_id == "":
            raise ValueError("`external_id` is empty; leave it out where the role asks for none")
        if self.name and _ACCOUNT_NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} is no name for an account; use letters, digits, dots, dashes and underscores")
        wrong = next((region for region in self.regions if REGION.fullmatch(region) is None), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no region; write it like eu-north-1")

    @property
    def id(self) -> str:
        """The twelve digits."""
        return self.role_arn.split(":")[4]

    @property
    def label(self) -> str:
        return self.name or self.id


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `path` is where it came from, None for the defaults."""

    schema: Literal[1] = 1
    model: Model = msgspec.field(default_factory=Model)
    backup: Backup = msgspec.field(default_factory=Backup)
    tables: dict[str, TableModel] = {}
    scan: Scan = msgspec.field(default_factory=Scan)
    thresholds: Thresholds = msgspec.field(default_factory=Thresholds)
    prices: Prices = msgspec.field(default_factory=Prices)
    history: History = msgspec.field(default_factory=History)
    email: Email = msgspec.field(default_factory=Email)
    ignore: tuple[Ignore, ...] = ()
    account: tuple[Account, ...] = ()
    path: str | None = None

    def declared(self, table: Table) -> TableModel | None:
        """What is declared of a table: under its title, or else under its name, which holds wherever a table is called so."""
        return self.tables.get(table.title, self.tables.get(table.name))


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


def load_config(path: Path | None, *, option: str = "--config") -> Config:
    """The configuration in `path`, which came from `option`; the defaults for None. Raises ConfigError."""
    if path is None:
        return Config()
    raw = _read_toml(path, option)
    if path.name == "pyproject.toml":
        raw = raw.get("tool", {}).get("stj-audit", {})
    if "path" in raw:
        raise ConfigError(f"{path}: unknown key `path`", hint="remove it")
    return parse_config(raw, origin=str(path), hint=HINTS.get(option, HINTS["--config"]))


def parse_config(raw: dict[str, Any], *, origin: str, hint: str = HINTS["--config"]) -> Config:
    """A configuration from TOML that was already read. Raises ConfigError that names `origin` and the place."""
    raw = _exact(raw)
    try:
        # NOTE: told that Decimal is a built-in type, msgspec does not take text for a number.
        config = msgspec.convert(raw, Config, builtin_types=(Decimal,))
        size_lines(config.thresholds)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {_with_choices(_with_table(in_toml_words(str(error)), raw))}", hint=hint) from error
    except ConfigError as error:
        raise ConfigError(f"{origin}: {error} - at `thresholds`", hint=error.hint) from error
    _check_accounts(config.account, origin)
    if "" in config.tables:
        raise ConfigError(f"{origin}: a table without a name - at `tables`", hint="name it as DynamoDB does")
    for name, table in config.tables.items():
        wrong = contradiction(table.key, table.index, table.pattern)
        if wrong is not None:
            place, problem = wrong
            raise ConfigError(f"{origin}: {problem} - at `tables.{name}.{place}`", hint="make the two agree")
    return msgspec.structs.replace(config, path=origin)


def _check_accounts(accounts: Sequence[Account], origin: str) -> None:
    """Raise ConfigError where two could not be told apart, or one would be read twice."""
    seen: dict[str, int] = {}
    for place, account in enumerate(accounts):
        for what in dict.fromkeys((account.id, account.label)):
            if what in seen:
                raise ConfigError(
                    f"{origin}: account {what} is there already, as `account[{seen[what]}]` - at `account[{place}]`",
                    hint="list an account once, with all its `regions`, and give each its own `name`",
                )
            seen[what] = place


def with_users_now(config: Config, users_now: int | None) -> Config:
    """The configuration with another number of users now, where one is given."""
    if users_now is None:
        return config
    return msgspec.structs.replace(config, model=msgspec.structs.replace(config.model, users_now=users_now))


def _exact(value: Any) -> Any:
    """TOML with every float as the Decimal that was written."""
    if isinstance(value, dict):
        return {key: _exact(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_exact(one) for one in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def _with_table(message: str, raw: dict[str, Any]) -> str:
    """The message with the name of the table that msgspec leaves out of its path."""
    for name, table in raw.get("tables", {}).items() if "`tables[...]" in message else ():
        try:
            msgspec.convert(table, TableModel, builtin_types=(Decimal,))
        except msgspec.ValidationError:
            return message.replace("`tables[...]", f"`tables.{name}")
    return message


CHOICES: dict[str, Any] = {  # the last part of a place -> what may stand there
    "op": Operation,
    "projection": Projection,
    "billing_mode": BillingMode,
    "table_class": TableClass,
    "mode": ScanMode,
    "source": Literal["bundled", "live"],
    "stream_readers": Literal["lambda", "application"],
    "via": Carrier,
    "send": Occasion,
    "period": Period,
}


def _with_choices(message: str) -> str:
    """The message of a wrong word, with the words that are right."""
    place = message.rpartition(".")[2].rstrip("`")
    if not message.startswith("Invalid enum value") or place not in CHOICES:
        return message
    wrong, _, where = message.partition(" - at ")
    return f"{wrong}; use {', '.join(get_args(CHOICES[place]))} - at {where}"


def in_toml_words(message: str) -> str:
    """msgspec's message, with its JSON path and words turned to TOML's: "Object ... `$.model`" to "table ... `model`"."""
    words = (("Object", "table"), (" | null", ""), ("`$.", "`"), ("- at `$`", "at the top level"), ("`$[...]", "`"), *_NUMBER_WORDS)
    for theirs, ours in words:
        message = message.replace(theirs, ours)
    return message


def _read_toml(path: Path, option: str = "--config") -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=f"check the path given with {option}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: Python refuses whole numbers of thousands of digits
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="mend the line it names") from error
