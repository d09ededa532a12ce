"""Item sizes alone, as `stj-audit items` shows them: for a terminal, as Markdown, or as JSON with the keys of the run file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tabulate import tabulate

from stj_audit.errors import ConfigError
from stj_audit.facts import DYNAMIC_ATTRIBUTES
from stj_audit.items.shown import ShownKeys
from stj_audit.items.told import STOPPED
from stj_audit.profile import KeyValues, Place, Profile, TableProfile, to_json
from stj_audit.render import digest_tables, filters
from stj_audit.render.escape import cut_name, escape_json, escape_markdown, escape_terminal, markdown_code
from stj_audit.render.page import Page, wrapped_name
from stj_audit.render.run_file import mended, plain_zeros
from stj_audit.report import HistogramBar, ItemsReport
from stj_audit.wording import count, counted, dollars, items_read, kilobytes, percent, size

MOST_ATTRIBUTES = 15  # JSON has all of them
BAR_WIDTH = 40
BAR, SMALLEST_BAR = "█", "▏"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A title with sentences and a table below it; `name` is the column of names from outside, `numbers` those set flush right."""

    title: str = ""
    texts: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[int, ...] = ()
    numbers: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()


def render_items(profile: Profile, format: str, *, color: bool = False) -> str:  # noqa: A002 - the option's name is the parameter's name
    """The profile in one of FORMATS, as text that ends in a newline. Raises ConfigError for an unknown format."""
    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no format for item sizes", hint=f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](profile, color)


def render_keys(profile: Profile, shown: ShownKeys, *, color: bool = False) -> str:
    """The keys of the largest items, for a terminal alone."""
    page = Page(color=color)
    for table in profile.tables:
        if table.items is None or not table.items.largest:
            continue
        page.title(f"Keys of the largest items of {table.name or table.source.location}")
        for one in table.items.largest:
            key = shown.key(table.name or "", one.key_hash)
            told = (
                "not read by this run" if key is None else ", ".join(f"{cut_name(name)} = {cut_name(value)}" for name, value in key)
            )
            page.raw(f"{one.key_hash}  {escape_terminal(told)}")
    return str(page)


def _table(profile: Profile, color: bool) -> str:
    page = Page(color=color)
    for part in _parts(profile):
        if part.title:
            page.title(part.title)
        for text in part.texts:
            page.text(text)
        if part.rows:
            rows = [[escape_terminal(cut_name(cell)) for cell in row] for row in part.rows]
            page.table(part.head, rows, part.widths, numbers=part.numbers, wrap=wrapped_name)
    return str(page)


def _markdown(profile: Profile, _color: bool) -> str:
    lines: list[str] = []
    for place, part in enumerate(_parts(profile)):
        if part.title:
            lines += [f"{'#' if place == 0 else '##'} {escape_markdown(part.title)}", ""]
        lines += [line for text in part.texts for line in (escape_markdown(text), "")]
        if part.rows:
            rows = [
                [markdown_code(cell) if column in part.names else escape_markdown(cell) for column, cell in enumerate(row)]
                for row in part.rows
            ]
            align = ["right" if column in part.numbers else "left" for column in range(len(part.head))]
            table = tabulate(rows, headers=part.head, tablefmt="pipe", disable_numparse=True, colalign=align)
            lines += [*table.splitlines(), ""]
    return "\n".join(lines).strip("\n") + "\n"


def _json(profile: Profile, _color: bool) -> str:
    try:
        text = to_json(profile)
    except UnicodeEncodeError:
        text = to_json(mended(profile))
    return escape_json(plain_zeros(text))


FORMATS: dict[str, Callable[[Profile, bool], str]] = {"table": _table, "markdown": _markdown, "json": _json}


def _parts(profile: Profile) -> Iterator[_Part]:
    for table in profile.tables:
        yield from _table_parts(table)
    reasons = [f"{one.table}: {one.reason} ({one.call})" for one in profile.not_checked]
    if reasons:
        yield _Part(title="Not read", texts=tuple(map(filters.sentence, reasons)))
    told = _taken(profile)
    if told:
        yield _Part(title="What reading took", texts=(told,))


def _taken(profile: Profile) -> str:
    kinds = {table.source.kind for table in profile.tables}
    if "table" in kinds or not kinds:
        price = "" if profile.cost_usd is None else f", {dollars(profile.cost_usd)}" if profile.cost_usd else ", $0.00"
        return f"{counted(profile.read_units, 'read unit')}{price}; {counted(profile.api_calls, 'call')} to AWS."
    if profile.api_calls:
        return f"No read unit of the table; {counted(profile.api_calls, 'call')} to AWS. S3 bills the requests, and what leaves its region."
    return ""


def _table_parts(table: TableProfile) -> Iterator[_Part]:
    name = table.name or table.source.location
    yield _Part(title=f"Item sizes of {name}", texts=tuple(_origin(table)))
    items = table.items
    if items is None or not items.scanned:
        return
    yield _sizes(items)
    yield _histogram(items)
    yield _attributes(items)
    yield _largest(table, items)
    yield _Part(title="Partition keys", texts=tuple(_keys(table)))


def _origin(table: TableProfile) -> Iterator[str]:
    source, items = table.source, table.items
    if items is None:
        yield "Its items were not read."
        return
    whole = items_read(items.scanned, items.coverage) if items.scanned else "no item"
    told = f"{whole[0].upper()}{whole[1:]}, {size(items.scanned_bytes)}"
    if source.kind == "table":
        yield f"{told}."
        yield from _sample(items)
        return
    yield f"{told}, from {counted(source.files or 0, 'file')} of {size(source.bytes or 0)}: {source.location}"
    if source.export is not None:
        export = source.export
        when = "" if export.exported_at is None else f" as of {filters.on_date(export.exported_at)}"
        yield (
            f"Export of the table{when}: counts and checksums of {count(export.agreeing_files)} of {counted(export.files, 'file')} "
            f"agree with the manifest, {counted(export.item_count, 'item')} in all."
        )


def _sample(items: ItemsReport) -> Iterator[str]:
    """What a sample says of the whole table."""
    if items.coverage == "full":
        return
    yield "The figures below are those of the items read; what is told of the table is a range."
    sample = items.sample
    if sample is None:
        return
    most = "or more" if sample.item_count_high is None else f"to {count(sample.item_count_high)}"
    read = f"{count(sample.segments)} of {counted(sample.total_segments, 'segment')}"
    yield f"Read were {read} of the table, which has {count(sample.item_count_low)} {most} items by that{STOPPED.get(sample.stopped_by, '')}."
    if sample.mean_low is not None and sample.mean_high is not None:
        yield f"The mean of the table is {kilobytes(sample.mean_low)} to {kilobytes(sample.mean_high)}."


def _sizes(items: ItemsReport) -> _Part:
    rows = [
        ("smallest", _bytes(items.min_bytes)),
        ("mean", _bytes(items.mean_bytes)),
        ("half of them at most", _bytes(items.p50_bytes)),
        ("90% at most", _bytes(items.p90_bytes)),
        ("99% at most", _bytes(items.p99_bytes)),
        ("largest", _bytes(items.max_bytes)),
        (f"items over {kilobytes(items.over_warn.threshold_bytes)}", digest_tables.over_line(items.over_warn, items.coverage)),
        (f"items over {kilobytes(items.over_max.threshold_bytes)}", digest_tables.over_line(items.over_max, items.coverage)),
    ]
    return _Part(title="Sizes", head=("", "Size"), rows=tuple(rows), widths=(30, 40), numbers=frozenset({1}))


def _bytes(amount: float | None) -> str:
    """In bytes, and from a KB on in KB too: limits are compared in bytes."""
    if amount is None:
        return filters.NOT_KNOWN
    exact = f"{count(Decimal(str(amount)))} B"
    return exact if amount < 1024 else f"{kilobytes(amount)} ({exact})"


def _histogram(items: ItemsReport) -> _Part:
    bars = list(items.histogram)
    while bars and not bars[-1].count:
        bars.pop()
    first = next((place for place, bar in enumerate(bars) if bar.count), 0)
    longest = max(bar.count for bar in bars)
    return _Part(
        title="Histogram",
        head=("Up to", "Items", ""),
        rows=tuple((kilobytes(bar.le_bytes), count(bar.count), _bar(bar, longest)) for bar in bars[first:]),
        widths=(12, 16, BAR_WIDTH),
        numbers=frozenset({0, 1}),
    )


def _bar(bar: HistogramBar, longest: int) -> str:
    """At least a line where there is one item."""
    return BAR * (bar.count * BAR_WIDTH // longest) or (SMALLEST_BAR if bar.count else "")


def _attributes(items: ItemsReport) -> _Part:
    shown, rest = items.attributes[:MOST_ATTRIBUTES], items.attributes[MOST_ATTRIBUTES:]
    rows = tuple(
        (
            one.name,
            " ".join(one.types),
            count(one.present),
            size(one.total_bytes),
            percent(one.share),
            kilobytes(one.mean_bytes),
            kilobytes(one.max_bytes),
        )
        for one in shown
    )
    told = f"And {counted(len(rest), 'attribute')} more, {size(sum(one.total_bytes for one in rest))}; JSON has all of them."
    texts = [told] if rest else []
    if any(one.name == DYNAMIC_ATTRIBUTES for one in items.attributes):
        texts.append(
            f"{DYNAMIC_ATTRIBUTES}: names that may be data, because next to no item has them, or they look like an address."
        )
    return _Part(
        title="Attributes by bytes",
        texts=tuple(texts),
        head=("Attribute", "Types", "In items", "Bytes", "Share", "Mean", "Largest"),
        rows=rows,
        widths=(30, 12, 14, 12, 8, 12, 12),
        numbers=frozenset({2, 3, 4, 5, 6}),
        names=frozenset({0}),
    )


def _largest(table: TableProfile, items: ItemsReport) -> _Part:
    hashed = "their primary keys" if table.key_schema else "all that is in them, because the key is not known"
    rows: list[tuple[str, ...]] = [(one.key_hash, _bytes(one.bytes)) for one in items.largest]
    texts = [f"Told by a keyed hash of {hashed}; another run has another key."]
    if not table.places:
        return _largest_part(texts, ("Key hash", "Size"), rows)
    places: list[tuple[str, ...]] = [
        (*row, _file(place, table), _line(place)) for row, place in zip(rows, table.places, strict=True)
    ]
    if all(place.line is None for place in table.places):
        texts.append("The lines are looked for with --find-largest.")
        places = [row[:-1] for row in places]
    return _largest_part(texts, ("Key hash", "Size", "File", "Line")[: len(places[0])], places)


def _largest_part(texts: Sequence[str], head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> _Part:
    return _Part(
        title="Largest items",
        texts=tuple(texts),
        head=head,
        rows=tuple(rows),
        widths=(20, 30, 48, 14)[: len(head)],
        numbers=frozenset({1, 3}) & frozenset(range(len(head))),
        names=frozenset({0, 2}),
    )


def _file(place: Place, table: TableProfile) -> str:
    """As seen from the folder that was read."""
    below = place.file.removeprefix(table.source.location).lstrip("/")
    return below or place.file


def _line(place: Place) -> str:
    return filters.NOT_KNOWN if place.line is None else count(place.line)


def _keys(table: TableProfile) -> Iterator[str]:
    if not table.key_schema:
        yield "Not looked at: the key is not known. Give it with --key, or as `key` in the configuration."
    for one in table.keys:
        where = f"index {one.index}" if one.index is not None else _partition_key(table)
        yield filters.sentence(f"{where}: {_values(one)}")


def _partition_key(table: TableProfile) -> str:
    return ", ".join(key.attribute for key in table.key_schema if key.role == "HASH")


def _values(key: KeyValues) -> str:
    if not key.items or key.top_share is None:
        return "no value"
    if key.distinct is None:
        share = percent(key.top_share)
        at_most = share if share.startswith("less") else f"at most {share}"
        return f"more than {count(key.distinct_limit)} different values; each is in {at_most} of the items"
    return f"{counted(key.distinct, 'different value')}; the most frequent is in {percent(key.top_share)} of the items"
