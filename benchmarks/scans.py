"""Items: pages to counts, with and without a network, export files, and the memory that a long scan takes."""

import importlib
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3

from benchmarks import naive, stub
from benchmarks.corpora import PAGE_BYTES, Corpus, RawPage, a_table, larger, pages
from benchmarks.measuring import Effort, Measured, Skipped, alternate, milliseconds
from benchmarks.replay import answer_with
from stj_audit.facts import ItemSizes
from stj_audit.items import engine
from stj_audit.items.files import fold_file_part, parts_of
from stj_audit.items.fold import ItemFold
from stj_audit.items.lines import CHUNK_BYTES, GZIP_WINDOW_BITS
from stj_audit.items.wire import BrokenPage
from stj_audit.scanners import AwsOptions, ItemsPlan, open_session
from stj_audit.scanners import items as scanner
from stj_audit.scanners.guard import RAW

HASH_KEY = bytes(32)
REGION = "eu-north-1"
NAME = "orders"
COMPRESSION_LEVEL = 6
SETTLED = 3  # times as many rounds where two quick things are compared by the clock on the wall: medians of few differ by 15 %
NOT_BUILT = Skipped(why="the compiled fold is not built here")

FoldFactory = Callable[[], ItemFold]


def is_compiled() -> bool:
    return engine.ENGINE == "compiled"


# ------------------------------------------------------------------------------------------------- pages without a network


def pages_compiled(corpus: Corpus, effort: Effort) -> Measured | Skipped:
    return _pages(corpus, effort, _fold_in_use, times=effort.times) if is_compiled() else NOT_BUILT


def pages_pure(corpus: Corpus, effort: Effort) -> Measured | Skipped:
    return _pages(corpus, effort, lambda: ItemFold(a_table(NAME), hash_key=HASH_KEY), times=effort.pure_times)


def _fold_in_use() -> ItemFold:
    return engine.new_fold(a_table(NAME), hash_key=HASH_KEY)


def _pages(corpus: Corpus, effort: Effort, new_fold: FoldFactory, *, times: int) -> Measured:
    made = larger(pages(corpus, effort.pages), times)
    theirs = made[: effort.rival_pages]
    bodies = [page.body(None if page is made[-1] else number + 1) for number, page in enumerate(made)]
    table = boto3.Session().resource("dynamodb", region_name=REGION).Table(NAME)
    answer_with(
        table.meta.client,
        "dynamodb.Scan",
        lambda sent: theirs[sent % len(theirs)].body(None if sent % len(theirs) == len(theirs) - 1 else sent % len(theirs) + 1),
    )

    def rival() -> None:
        _expect(theirs, sum(naive.size(item) for item in naive.scan(table)))

    def ours() -> None:
        fold = new_fold()
        for body in bodies:
            fold.add_page(body)
        _expect(made, fold.item_bytes)

    rounds = alternate(effort.rounds, "CPU", rival=(rival, _mib(theirs)), ours=(ours, _mib(made)))
    return Measured(
        rival=f"{milliseconds(rounds.median('rival'))} a MiB",
        ours=f"{milliseconds(rounds.median('ours'))} a MiB",
        ratio=rounds.ratio("rival", "ours"),
        note=f"a table of {_mib(made):.0f} MiB",
    )


# ----------------------------------------------------------------------------------------------------------- over HTTP


def end_to_end(corpus: Corpus, effort: Effort) -> Measured | Skipped:
    return _over_http(corpus, effort) if is_compiled() else NOT_BUILT


def _over_http(corpus: Corpus, effort: Effort) -> Measured:
    made = larger(pages(corpus, effort.pages), effort.times)
    theirs = made[: effort.rival_pages]
    with stub.running(theirs, length=len(theirs)) as their_url, stub.running(made, length=len(made)) as our_url:
        table = boto3.Session().resource("dynamodb", region_name=REGION, endpoint_url=their_url).Table(NAME)

        def rival() -> None:
            _expect(theirs, sum(naive.size(item) for item in naive.scan(table)))

        rounds = alternate(
            effort.rounds,
            "wall",
            rival=(rival, _mib(theirs)),
            ours=(lambda: _expect(made, read_whole(our_url, len(made))), _mib(made)),
            bare=(lambda: without_sizing(our_url, len(made)), _mib(made)),
        )
    return Measured(
        rival=_speed(rounds.median("rival")),
        ours=_speed(rounds.median("ours")),
        ratio=rounds.ratio("rival", "ours"),
        floor=f"{_speed(rounds.median('bare'))} without sizing",
        note=f"a table of {_mib(made):.0f} MiB",
    )


def over_no_sizing(corpus: Corpus, effort: Effort) -> Measured | Skipped:
    if not is_compiled():
        return NOT_BUILT
    made = larger(pages(corpus, effort.pages), effort.times)
    with stub.running(made, length=len(made)) as url:
        rounds = alternate(
            SETTLED * effort.rounds,
            "wall",
            bare=(lambda: without_sizing(url, len(made)), _mib(made)),
            ours=(lambda: _expect(made, read_whole(url, len(made))), _mib(made)),
        )
    return Measured(rival=_speed(rounds.median("bare")), ours=_speed(rounds.median("ours")), ratio=rounds.ratio("bare", "ours"))


def read_whole(url: str, length: int) -> int:
    """Read a table of `length` pages as an audit does; gives the bytes of all items."""
    aws = open_session(AwsOptions(region=REGION, endpoint_url=url))
    table = replace(a_table(NAME, pages=length), size_bytes=0)  # of no known size: in one piece, by one thread
    sizes, _ = scanner.read(aws, table, ItemsPlan(mode="full", budget_usd=Decimal(0)), hash_key=HASH_KEY)
    if not isinstance(sizes, ItemSizes):
        raise TypeError(f"the table was not read: {sizes.reason}")
    return sum(size * count for size, count in sizes.sizes)


def without_sizing(url: str, length: int) -> None:
    """The same requests through the same session; of each page only its key is looked at, which is at the end."""
    aws = open_session(AwsOptions(region=REGION, endpoint_url=url))
    request: dict[str, Any] = {"TableName": NAME, "ReturnConsumedCapacity": "TOTAL"}
    seen = 0
    while True:
        body = cast("dict[str, Any]", aws.dynamodb.scan(**request))[RAW]
        seen += 1
        place = body.rfind(b'"LastEvaluatedKey"', max(0, len(body) - 200))
        if place < 0:
            break
        key = body[place:].split(b'"')
        request["ExclusiveStartKey"] = {"pk": {"S": key[7].decode()}, "sk": {"S": key[13].decode()}}
    if seen != length:
        raise BrokenPage("the stub did not send all pages")


# --------------------------------------------------------------------------------------------------------- export files


def export(corpus: Corpus, effort: Effort) -> Measured | Skipped:
    if not is_compiled():
        return NOT_BUILT
    made = larger(pages(corpus, effort.pages), effort.times)
    with _export_file(made) as path:
        parts = parts_of((path,))

        def ours() -> None:
            counted = [fold_file_part(part, table=a_table(NAME), hash_key=HASH_KEY) for part in parts]
            _expect(made, sum(size * times for counts in counted for size, times in counts.sizes.items()))

        rounds = alternate(effort.rounds, "CPU", bare=(lambda: _decompress(path), _mib(made)), ours=(ours, _mib(made)))
    return Measured(
        rival=f"{milliseconds(rounds.median('bare'))} a MiB",
        ours=f"{milliseconds(rounds.median('ours'))} a MiB",
        ratio=rounds.ratio("ours", "bare"),
        note=f"one file, {_mib(made):.0f} MiB of items, {'zlib: isal is not installed' if _gzip_library() is zlib else 'isal'}",
    )


def _gzip_library() -> Any:
    """What files are decompressed with here."""
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return zlib


def _decompress(path: Path) -> None:
    unpack = _gzip_library().decompressobj(GZIP_WINDOW_BITS)
    with path.open("rb") as packed:
        while chunk := packed.read(CHUNK_BYTES):
            unpack.decompress(chunk)


@contextmanager
def _export_file(made: tuple[RawPage, ...]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stj-audit-benchmark-") as folder:
        pack = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS)
        path = Path(folder) / "items.json.gz"
        path.write_bytes(b"".join(pack.compress(page.lines()) for page in made) + pack.flush())
        yield path


# --------------------------------------------------------------------------------------------------------------- memory


def memory(effort: Effort) -> Measured | Skipped:
    """The ratio is MB: there is no rival, because the naive reader need not hold anything either."""
    if not is_compiled() and effort.replayed_bytes > 1000**3:
        return Skipped(why="the compiled fold is not built here, and without it 5 GB take ten minutes")
    replayed = larger(pages("mix", effort.pages), effort.times)
    length = effort.replayed_bytes // PAGE_BYTES
    with stub.running(replayed, length=length) as url:
        finished = subprocess.run(
            [sys.executable, "-m", "benchmarks.peak_memory", url, str(length)],
            cwd=stub.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode:
        raise RuntimeError(f"the scan failed: {finished.stderr[-500:]}")
    before, peak = (int(word) / 1000**2 for word in finished.stdout.split())
    return Measured(
        rival="-",
        ours=f"{peak:,.0f} MB",
        ratio=peak,
        floor=f"{before:,.0f} MB before the first page",
        note=f"{length * PAGE_BYTES / 1000**3:.2g} GB replayed, {engine.ENGINE} fold",
    )


# ---------------------------------------------------------------------------------------------------------------- common


@cache
def _total(made: tuple[RawPage, ...]) -> int:
    return sum(page.item_bytes for page in made)


def _mib(made: tuple[RawPage, ...]) -> float:
    return _total(made) / 1024**2


def _expect(made: tuple[RawPage, ...], item_bytes: int) -> None:
    """Whoever counts otherwise is not compared."""
    if item_bytes != _total(made):
        raise ValueError(f"{item_bytes} bytes were counted where there are {_total(made)}")


def _speed(seconds_per_mib: float) -> str:
    return f"{1 / seconds_per_mib:,.1f} MiB/s"
