"""
Item sizes alone: of live tables, of files, of exports. What `stj-audit items` does, without its options and its output.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar, cast

from stj_audit.combine import READ_PRICE
from stj_audit.config import Config, SizeLines
from stj_audit.cost.prices import bundled_sheet
from stj_audit.errors import ConfigError
from stj_audit.facts import AttributeType, ItemSizes, KeyAttribute, KeyRole, Table, Unknown
from stj_audit.grade import POLICY_VERSION
from stj_audit.items import cluster, exports, files
from stj_audit.items.counts import Counts
from stj_audit.items.dynamic import without_dynamic_names
from stj_audit.items.engine import new_fold
from stj_audit.items.fold import ItemFold
from stj_audit.items.lines import Entry
from stj_audit.items.plan import spent_in_words
from stj_audit.items.pool import fold_parts, processes_here
from stj_audit.items.shown import ShownKeys
from stj_audit.pipeline import (
    HASH_KEY_BYTES,
    Request,
    Tell,
    end_reading,
    ends_at_of,
    hash_key_for,
    items_plan,
    out_of_time_in_words,
    tell_plan,
)
from stj_audit.profile import ExportSource, KeyValues, Place, Profile, Source, TableProfile
from stj_audit.refusals import never_swallowed
from stj_audit.report import KeyElement, NotChecked, Tool
from stj_audit.scanners import exports as s3
from stj_audit.scanners import items
from stj_audit.scanners.cluster_items import ClusterReader, ReadItems
from stj_audit.scanners.session import AwsOptions, open_session
from stj_audit.scanners.snapshot import measure_items
from stj_audit.scanners.threads import within
from stj_audit.table_report import items_report
from stj_audit.version import __version__

MOST_HELD = 1_000
PROCESS_BYTES = 16 * 1024 * 1024  # as they are stored: of fewer, starting a process takes longer than reading them here
KEY_TYPES = ("S", "N", "B")
S3_START = "s3://"

Progress = Callable[[str, int, int], None]


class _Part(Protocol):
    @property
    def size_bytes(self) -> int: ...


P = TypeVar("P", bound=_Part)


@dataclass(frozen=True, kw_only=True, slots=True)
class FilesRequest:
    """
    What to read: `location` is a file, a folder, a glob, or the address of an export in S3. `key` is that of the table as `key_of` gives it;
    empty: the configuration's, under the name of the table, which is `table` or the export's. `find_largest`: read the files of the largest
    items once more, for the lines in which those are. `processes` None: all processors, where there is enough to read for them.

    `engine`: who counts, `processes` of this machine or the Spark of `spark_master` (as `items.cluster` takes it). Lines are looked for by
    this machine in any case.
    """

    location: str
    table: str | None = None
    key: tuple[tuple[str, AttributeType | None], ...] = ()
    config: Config
    size_lines: SizeLines
    processes: int | None = None
    engine: Literal["local", "spark"] = "local"
    spark_master: str | None = None
    find_largest: bool = False
    aws: AwsOptions


def key_of(text: str) -> tuple[tuple[str, AttributeType | None], ...]:
    """`id[:S][,sort[:N]]` as attributes and types, None where the type is left out. Raises ConfigError."""
    key = []
    for part in text.split(","):
        name, colon, kind = part.rpartition(":")
        typed = bool(colon) and kind in KEY_TYPES
        key.append((name if typed else part, cast("AttributeType", kind) if typed else None))
    names = [name for name, _ in key]
    if not all(names) or len(names) > len(("HASH", "RANGE")) or len(set(names)) < len(names):
        raise ConfigError(f"--key {text}: it is no key", hint="write it like id, id:S or id:S,sort:N")
    return tuple(key)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading(Generic[P]):
    """
    How files are read: `fold_part` counts one of `parts` in any process, `find_in_part` finds lines in it, `first_item` tells types. `calls`:
    those to AWS so far.
    """

    parts: Sequence[P]
    fold_part: Callable[..., Counts]
    find_in_part: Callable[..., dict[Entry, int]]
    first_item: Callable[[], dict[str, Any] | None]
    location: str
    files: int
    export: exports.Export | None
    calls: Callable[[], int] | None = None


def measure_files(request: FilesRequest, *, on_progress: Progress | None = None) -> Profile:
    """
    The sizes of all items in files or in an export.

    Raises UnreadableItems for what is missing, damaged or no DynamoDB JSON, and for an export that does not agree with its manifests; nothing
    is told of a part.
    """
    if request.location.startswith(S3_START):
        return _measure(request, _from_s3(request), on_progress or _no_progress)
    return _measure(request, _from_disk(request), on_progress or _no_progress)


def _from_disk(request: FilesRequest) -> _Reading[files.FilePart]:
    path = Path(request.location)
    if not request.location:
        raise ConfigError("--from names nothing", hint="give a file, a folder, a glob, or s3://bucket/prefix")
    if path.name in exports.MANIFEST_NAMES and files.exists(path):
        path = path.parent
    if path.name == exports.DATA and files.is_file(path.parent / exports.SUMMARY):
        path = path.parent
    folders = exports.export_folders(path) if files.exists(path) and path.is_dir() else ()
    if folders:
        path = Path(exports.one_export([str(one) for one in folders], request.location))
        export = exports.read_export(path)
        parts, number, location = exports.export_parts(path, export), len(export.files), str(path)
    else:
        found = files.find_files(request.location)
        export, parts, number, location = None, files.parts_of(found), len(found), request.location
    return _Reading(
        parts=parts,
        fold_part=files.fold_file_part,
        find_in_part=files.find_in_file_part,
        first_item=partial(files.first_item, parts),
        location=location,
        files=number,
        export=export,
    )


def _from_s3(request: FilesRequest) -> _Reading[s3.S3Part]:
    named = s3.s3_folder(request.location)
    aws = open_session(request.aws, folder=named)
    folder = s3.find_export(aws, named)
    export = s3.read_export(aws, folder)
    parts = s3.export_parts(aws, folder, export)
    return _Reading(
        parts=parts,
        fold_part=partial(s3.fold_s3_part, options=request.aws),
        find_in_part=partial(s3.find_in_s3_part, options=request.aws),
        first_item=partial(s3.first_item, aws, parts),
        location=str(folder),
        files=len(parts),
        export=export,
        calls=lambda: aws.api_calls,
    )


def _measure(request: FilesRequest, reading: _Reading[P], on_progress: Progress) -> Profile:
    started_at = datetime.now(UTC)
    export = reading.export
    name = request.table or (None if export is None else export.table)
    table = _table(name, export, _key_schema(request, name, reading.first_item))
    source = _source(reading)
    # A key of this run alone: the hashes find an item again within the output, and cannot be reversed by guessing keys
    hash_key = secrets.token_bytes(HASH_KEY_BYTES)
    empty = partial(new_fold, table, hash_key=hash_key)
    fold = empty()
    fold_part = partial(reading.fold_part, table=table, hash_key=hash_key)
    largest_first = sorted(reading.parts, key=lambda part: -part.size_bytes)  # so that all processes end at about the same time
    whole_bytes, read_bytes = source.bytes or 0, 0
    held: dict[Entry, int] = {}  # an item that may be among the largest of all, and the number of the first part that has it
    try:
        on_progress("MB", 0, _megabytes(whole_bytes) + 1)
        for of_these, part_bytes, counts in _counted(request, largest_first, fold_part, empty):
            fold.add_counts(counts)
            held.update((entry, min(number, held.get(entry, number))) for entry, number in of_these.items())
            if len(held) > MOST_HELD:
                held = {entry: held[entry] for entry in fold.counts().largest}
            read_bytes += part_bytes
            on_progress("MB", _megabytes(read_bytes), _megabytes(whole_bytes) + 1)
    finally:
        on_progress("MB", 1, 1)
    model = request.config.tables.get(table.name)
    declared = frozenset() if model is None else model.attribute_names
    sizes = without_dynamic_names(fold.sizes(coverage="full", read_units=Decimal(0)), table, declared=declared)
    largest = [(one.size_bytes, one.key_hash) for one in sizes.largest]
    find_in_part = partial(reading.find_in_part, table=table, hash_key=hash_key)
    part_of = {entry: largest_first[held[entry]] for entry in largest}
    found = _find(part_of, find_in_part, _processes(request, reading.parts)) if request.find_largest else {}
    places = tuple(
        [Place(key_hash=entry[1], file=str(part_of[entry]), line=found.get(entry)) for entry in largest]
    )  # one may be there twice
    again = len(set(part_of.values())) if request.find_largest else 0
    return Profile(
        tool=_tool(),
        region=table.region or None,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        tables=(replace(_profile(table, sizes, source, request.size_lines, name=name), places=places),),
        read_units=Decimal(0),
        # The files were read by other processes: what those had to ask again is not counted
        api_calls=0 if reading.calls is None else reading.calls() + len(reading.parts) + again,
        cost_usd=Decimal(0) if reading.calls is None else None,
    )


def _counted(
    request: FilesRequest, parts: Sequence[P], fold_part: Callable[[P], Counts], empty: Callable[[], ItemFold]
) -> Iterator[tuple[dict[Entry, int], int, Counts]]:
    """What was counted in a part, or in all of them, because a cluster adds up by itself; with the largest items, each in which part."""
    if request.engine == "spark":
        made = cluster.fold_held(parts, fold_part, empty, master=request.spark_master)
        held = {(size, hashed): number for size, hashed, number in made.held}
        yield held, sum(part.size_bytes for part in parts), made.counts
        return
    numbers = {part: number for number, part in enumerate(parts)}
    for part, counts in fold_parts(parts, fold_part, processes=_processes(request, parts)):
        yield dict.fromkeys(counts.largest, numbers[part]), part.size_bytes, counts


def _processes(request: FilesRequest, parts: Sequence[_Part]) -> int:
    return request.processes or min(processes_here(), 1 + sum(part.size_bytes for part in parts) // PROCESS_BYTES)


def _find(part_of: Mapping[Entry, P], find_in_part: Callable[..., dict[Entry, int]], processes: int) -> dict[Entry, int]:
    """The lines of the largest items: only the parts that have some of them are read again, by this machine."""
    parts = list(dict.fromkeys(part_of.values()))
    return {
        entry: line
        for part, lines in fold_parts(parts, partial(find_in_part, wanted=frozenset(part_of)), processes=processes)
        for entry, line in lines.items()
        if part_of[entry] == part
    }


def _megabytes(size_bytes: int) -> int:
    return size_bytes // 1024**2


def measure_tables(
    request: Request,
    size_lines: SizeLines,
    *,
    engine: Literal["local", "spark"] = "local",
    spark_master: str | None = None,
    on_progress: Progress | None = None,
    tell: Tell | None = None,
    shown: ShownKeys | None = None,
) -> Profile:
    """
    The sizes of the items of live tables, as far as the plan of the request goes. `engine` and `spark_master` are as in `FilesRequest`.
    `tell` is given sentences, before and after, on how much is read and what it costs; `shown`, the keys of the largest items, which Spark
    does not tell. Raises AuditError when there is nothing to read.
    """
    if engine == "spark":
        reader = ClusterReader(options=request.aws, master=spark_master)
        with cluster.context(spark_master):  # tables are read by threads, and Spark is started once
            return _measure_tables(request, size_lines, reader.read, on_progress, tell)
    return _measure_tables(request, size_lines, partial(items.read, shown=shown), on_progress, tell)


@never_swallowed()
def _measure_tables(
    request: Request, size_lines: SizeLines, read_items: ReadItems, on_progress: Progress | None, tell: Tell | None
) -> Profile:
    ends_at = ends_at_of(request)
    aws = within(ends_at, "there was an AWS session", open_session, request.aws)
    started_at = datetime.now(UTC)
    prices = bundled_sheet(aws.region)
    plan = items_plan(request, prices)
    hash_key = hash_key_for(plan)
    say = tell or _untold
    measured = measure_items(
        aws,
        request.patterns,
        items=plan,
        hash_key=hash_key,
        now=started_at,
        on_progress=on_progress or _no_progress,
        on_plan=lambda readings: tell_plan(readings, plan, say),
        read_items=read_items,
        ends_at=ends_at,
    )
    if measured.out_of_time:
        say(f"warning: {out_of_time_in_words(request)}")
    else:
        end_reading(plan, [(one.table, one.items) for one in measured.tables], hash_key=hash_key)
    if measured.read_units:
        say(spent_in_words(measured.read_units, plan))
    unknown = [(one.name, one.unknown) for one in measured.missing]
    unknown += [(one.table.name, one.items) for one in measured.tables if isinstance(one.items, Unknown)]
    price = prices.price(READ_PRICE)
    return Profile(
        tool=_tool(),
        region=aws.region,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        tables=tuple(
            _profile(one.table, one.items, Source(kind="table", location=one.table.name), size_lines, name=one.table.name)
            for one in measured.tables
        ),
        not_checked=tuple(
            NotChecked(check=None, table=name, index=None, call=why.call, reason=why.reason) for name, why in unknown
        ),
        read_units=measured.read_units,
        api_calls=aws.api_calls,
        cost_usd=None if price is None else measured.read_units * price.usd,
    )


def _source(reading: _Reading[P]) -> Source:
    export = reading.export
    return Source(
        kind="files" if export is None else "export",
        location=reading.location,
        files=reading.files,
        bytes=sum(part.size_bytes for part in reading.parts),
        export=None
        if export is None
        else ExportSource(
            export_arn=export.export_arn,
            exported_at=export.exported_at,
            item_count=export.items,
            billed_size_bytes=export.billed_size_bytes,
            files=len(export.files),
            # What does not agree raises where it is read: all of them agree where this is told
            agreeing_files=len(export.files),
        ),
    )


def _key_schema(
    request: FilesRequest, name: str | None, first_item: Callable[[], dict[str, Any] | None]
) -> tuple[KeyAttribute, ...]:
    """The key that was given or is declared; types that were left out are those of the first item."""
    key, origin = request.key, "--key"
    declared = request.config.tables.get(name) if name is not None else None
    if not key and declared is not None:
        key, origin = tuple((attribute, None) for attribute in declared.key), f"`key` of [tables.{name}]"
    item = first_item() if any(kind is None for _, kind in key) else {}
    if item is None:
        return ()
    roles: Iterable[KeyRole] = ("HASH", "RANGE")
    return tuple(
        KeyAttribute(attribute=attribute, type=kind or _type_in(item, attribute, origin), role=role)
        for (attribute, kind), role in zip(key, roles, strict=False)
    )


def _type_in(item: dict[str, Any], attribute: str, origin: str) -> AttributeType:
    value = item.get(attribute)
    kinds = tuple(value) if isinstance(value, dict) else ()
    if len(kinds) != 1 or kinds[0] not in KEY_TYPES:
        raise ConfigError(
            f"{origin}: the first item has no attribute {attribute!r} that could be a key", hint="correct the name, or the files"
        )
    return cast("AttributeType", kinds[0])


def _table(name: str | None, export: exports.Export | None, key_schema: tuple[KeyAttribute, ...]) -> Table:
    """As much of a table as files tell."""
    arn = "" if export is None else export.table_arn
    return Table(
        name=name or "",
        arn=arn,
        region=arn.split(":")[3] if arn.count(":") > 3 else "",
        status="ACTIVE",
        created_at=None,
        billing_mode="PAY_PER_REQUEST",
        table_class="STANDARD",
        key_schema=key_schema,
    )


def _profile(table: Table, items: ItemSizes | Unknown, source: Source, size_lines: SizeLines, *, name: str | None) -> TableProfile:
    return TableProfile(
        name=name,
        arn=table.arn or None,
        key_schema=tuple(KeyElement(attribute=key.attribute, type=key.type, role=key.role) for key in table.key_schema),
        items=None if isinstance(items, Unknown) else items_report(items, size_lines, sort_key=len(table.key_schema) > 1),
        keys=()
        if isinstance(items, Unknown)
        else tuple(
            KeyValues(
                index=key.index,
                items=key.items,
                distinct=key.distinct,
                distinct_limit=key.distinct_limit,
                top_share=None if key.top_share is None else round(float(key.top_share), 6),
            )
            for key in items.keys
        ),
        source=source,
    )


def _tool() -> Tool:
    return Tool(name="stj-audit", version=__version__, policy_version=POLICY_VERSION)


def _untold(_sentence: str) -> None:
    """For callers that listen to nothing."""


def _no_progress(_what: str, _done: int, _of: int) -> None:
    """For callers that show none."""
