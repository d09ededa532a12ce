"""
What is kept of a run so that later ones can be compared with it: where it goes, and its summary, which is small. Pure.

A run is two files of the same name, the run file in `runs/` and its summary in `summary/`, both sorted by account, region and time:
`runs/111122223333/eu-north-1/2026/11/22T0600Z-3f9c1e.json`. Both are written once. Of several accounts or regions the name has "several" and
a hash of them, so that runs of others have another folder; what was kept before that is in "several" alone.

A summary has names of tables, numbers and ids of findings: nothing of any item but sizes.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta

from stj_audit.errors import ConfigError
from stj_audit.report import SEVERAL, Report, TableReport

SUMMARY_VERSION = 1
RUNS, SUMMARIES = "runs", "summary"
UNKNOWN_ACCOUNT = "unknown"  # in names of files, where STS could not be asked

_NAME = re.compile(
    r"(?P<account>[A-Za-z0-9-]+)/(?P<region>[A-Za-z0-9-]+)/(?P<year>\d{4})/(?P<month>\d\d)/(?P<rest>\d\dT\d{4}Z-[A-Za-z0-9-]+\.json)",
    re.ASCII,
)
NAME_LENGTH = 100  # of a folder, and of the id of a run: more than AWS or we give; a file name may have 255 bytes
SCOPES_HASH_LENGTH = 8
_NOT_FOR_NAMES = re.compile(r"[^A-Za-z0-9-]", re.ASCII)

GRADE = r"^([A-F][+-]?|\?|n/a)$"
YEARS = range(2012, 9_000)  # DynamoDB is of 2012
MAX_EXPONENT = 30  # 10**30 dollars are no amount, and a number of a million digits takes a day to add up

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSummary:
    """
    One table on one day. `items` and `size_bytes` as DescribeTable has them; `max_bytes` and `p99_bytes` of the items read, null where none
    were; `sampled`: not all were read, so that the largest may not be among them; `seen_empty`: all were read, and there are none.
    `throttles`: reads and writes, null: not known.
    """

    items: Count | None
    size_bytes: Count | None
    max_bytes: Count | None
    p99_bytes: Count | None
    sampled: bool
    throttles: Count | None
    seen_empty: bool = False  # runs that were kept before it was asked do not have it


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSummary:
    """
    What a trend needs of one run: about 300 bytes, 140 for each table, and 19 for each finding that is open.

    `scopes` are what was audited, "account/region", sorted: runs of other scopes are not compared. `cost_usd` is a month now and
    `cost_at_target_usd` at `target_users`, null where nothing of it is known; `cost_complete` and `cost_at_target_complete` say whether all
    of it is. `prices_as_of` is how old their prices are, as in the run file.
    """

    schema_version: int
    id: str
    started_at: datetime
    scopes: tuple[str, ...]
    target_users: Count
    grade: Annotated[str, Meta(pattern=GRADE)]
    score: Annotated[float, Meta(ge=0, le=100)] | None
    cost_usd: Decimal | None
    cost_at_target_usd: Decimal | None
    cost_complete: bool
    cost_at_target_complete: bool
    prices_as_of: str | None
    tables: Mapping[str, TableSummary]
    findings: tuple[str, ...]


def summary(report: Report) -> RunSummary:
    """What is kept of a report beside the whole of it. Suppressed findings are not among its findings."""
    audit, current = report.audit, report.costs.current
    target = next((one for one in report.costs.projections if one.users == audit.target_users), None)
    return RunSummary(
        schema_version=SUMMARY_VERSION,
        id=audit.id,
        started_at=audit.started_at,
        scopes=scopes_of(report),
        target_users=audit.target_users,
        grade=report.overall.grade,
        score=report.overall.score,
        cost_usd=current.monthly_usd,
        cost_at_target_usd=None if target is None else target.monthly_usd,
        cost_complete=current.complete,
        cost_at_target_complete=target is not None and target.complete,
        prices_as_of=report.costs.prices.as_of,
        tables={table.name: _table(table) for table in report.tables},
        findings=tuple(finding.id for finding in report.findings if finding.suppressed is None),
    )


def scopes_of(report: Report) -> tuple[str, ...]:
    """What was audited: "account/region", sorted."""
    audit = report.audit
    places = [(audit.account, audit.region)] if audit.scopes is UNSET else [(one.account, one.region) for one in audit.scopes]
    return tuple(sorted(f"{account or UNKNOWN_ACCOUNT}/{region}" for account, region in places))


def _table(table: TableReport) -> TableSummary:
    items, traffic = table.items, table.traffic
    throttles = [] if traffic is None else [traffic.read_throttles, traffic.write_throttles]
    known = [events for events in throttles if events is not None]
    return TableSummary(
        items=table.item_count,
        size_bytes=table.size_bytes,
        max_bytes=None if items is None else items.max_bytes,
        p99_bytes=None if items is None else items.p99_bytes,
        sampled=items is not None and items.coverage != "full",
        throttles=sum(known) if known else None,
        seen_empty=items is not None and items.coverage == "full" and items.max_bytes is None,
    )


# -------------------------------------------------------------------------------------------------------------- names


def name_of(report: Report) -> str:
    """
    "account/region/2026/11/22T0600Z-id.json": below `runs/` and below `summary/`. Several accounts or regions are "several-5d1c09ab", by a
    hash of all of them.
    """
    audit = report.audit
    started = audit.started_at.astimezone(UTC)
    run = _for_names(audit.id)
    return f"{folder_of(report)}/{started:%Y/%m/%dT%H%M}Z-{run}.json"


def folder_of(report: Report) -> str:
    """The first two parts of `name_of`: where runs are that may be compared with this one."""
    audit = report.audit
    return "/".join(_for_names(place_name(report, place)) for place in (audit.account or UNKNOWN_ACCOUNT, audit.region))


def older_folder_of(report: Report) -> str | None:
    """Where runs of several accounts or regions were before their folder had a hash, with those of others; None where that is `folder_of`."""
    audit = report.audit
    older = "/".join(_for_names(place) for place in (audit.account or UNKNOWN_ACCOUNT, audit.region))
    return None if older == folder_of(report) else older


def place_name(report: Report, place: str) -> str:
    """The account or the region of a report in names: of several, which ones is in a hash of them."""
    return f"{place}-{scopes_hash(report)}" if place == SEVERAL and report.audit.scopes is not UNSET else place


def scopes_hash(report: Report) -> str:
    """Which accounts and regions those of several are, for names."""
    known = "\n".join(scopes_of(report)).encode("utf-8", "replace")
    return hashlib.sha256(known).hexdigest()[:SCOPES_HASH_LENGTH]


def _for_names(text: str) -> str:
    return _NOT_FOR_NAMES.sub("-", text[:NAME_LENGTH])


def is_name(name: str) -> bool:
    """Whether a file below `runs/` or `summary/` can be one of ours; others are left alone."""
    return _NAME.fullmatch(name) is not None


def time_order(name: str) -> tuple[str, ...]:
    """To sort names by time, whatever account and region they are of; which of one minute is the newer only their files say."""
    return tuple(name.split("/")[2:])


def minute_of(name: str) -> str:
    """ "2026/11/22T0600Z": to be compared with those of other names."""
    return "/".join(name.split("/")[2:]).partition("-")[0]


def month_of(name: str) -> str:
    """ "2026/11"."""
    return "/".join(name.split("/")[2:4])


# -------------------------------------------------------------------------------------------------------------- files

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(kept: RunSummary) -> str:
    """One line of JSON, ending in a newline."""
    return _encoder.encode(kept).decode() + "\n"


class _Head(msgspec.Struct):
    schema_version: Any = None


def from_json(text: bytes | str) -> RunSummary:
    """A summary. Raises ConfigError, which says why it is none."""
    try:
        version = msgspec.json.decode(text, type=_Head).schema_version
        if version is not None and version != SUMMARY_VERSION:
            raise ConfigError(f"it has schema_version {version}, this version reads {SUMMARY_VERSION}")
        kept = msgspec.json.decode(text, type=RunSummary)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigError(f"it is no summary of a run: {error}") from error
    if kept.started_at.tzinfo is None or kept.started_at.year not in YEARS:
        raise ConfigError("it is no summary of a run: `started_at` is no time of a run, with a time zone")
    amounts = (kept.cost_usd, kept.cost_at_target_usd)
    if any(
        amount is not None and not (amount.is_finite() and -MAX_EXPONENT <= amount.adjusted() <= MAX_EXPONENT) for amount in amounts
    ):
        raise ConfigError("it is no summary of a run: its cost is no amount")
    return kept
