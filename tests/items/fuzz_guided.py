"""
The compiled fold against the pure one, with inputs that are kept when they reach something new in the pure one, whose branches are those of
the format. By Atheris, which is libFuzzer for Python; its options are taken:

    python -m tests.items.fuzz_guided -max_total_time=SECONDS [-seed=N] CORPUS

runs for so long and keeps inputs in the folder CORPUS, which begins with some whole pages and lines. It ends with 77 at the first input with
which the two differ, and writes it beside; given a file in place of options and folder, it runs that one.

The first two bytes of an input choose the table, and how the rest is read.
"""

import sys
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["stj_audit"]):  # only what is imported here, for the first time, tells of its branches
    from stj_audit.items.compiled import CompiledFold
    from stj_audit.items.fold import Expiry, ItemFold
    from tests.items.fuzz_folds import NOW, Differs, lines_of, outcome, page_of, tables
    from tests.items.test_fold import SMALL

TABLES = tuple(tables(Random(number)) for number in range(32))
PAGED, WRAPPED, SMALLER, EXPIRING = 1, 2, 4, 8
SEEDS = 200
LARGEST_SEED_BYTES = 2_000
WORDS = (
    *('"Items":[', '"Count":', '"ScannedCount":', '"LastEvaluatedKey":{', '"ConsumedCapacity":{"CapacityUnits":', '{"Item":'),
    *('{"S":"', '{"N":"', '{"B":"', '{"M":{', '{"L":[', '{"SS":["', '{"NS":["', '{"BS":["', '{"BOOL":true}', '{"NULL":true}'),
    *(
        '"},"',
        '"}}',
        '","',
        '"]}',
        '":{"',
        ":{",
        "},",
        "]}",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud800",
        '\\"',
        "\\\\",
        "\r\n",
        "é",
        "😀",
    ),
    *('"id":{"S":"', '"sk":{"N":"', '"b":{"B":"', '"g":{"S":"', '"n":{"N":"1760000000"}', "e+125", "E-130", "AA==", "2025-10-31"),
)


def check(data: bytes) -> None:
    """One input in both folds, twice: what was read before makes a scanner quicker. Raises Differs."""
    if len(data) < 2:
        return
    how, body = data[1], data[2:]
    table = TABLES[data[0] % len(TABLES)]
    expiry = Expiry(attribute="n", now=NOW) if how & EXPIRING else None
    with SMALL if how & SMALLER else nullcontext():
        folds = [fold(table, hash_key=b"key", expiry=expiry) for fold in (CompiledFold, ItemFold)]
        for _ in range(2):
            mine, theirs = (outcome(one, body, paged=bool(how & PAGED), wrapped=bool(how & WRAPPED)) for one in folds)
            if mine != theirs:
                raise Differs(f"{mine!r}, not {theirs!r}")
            if isinstance(theirs, tuple) and "BrokenPage" not in repr(theirs):
                break
        mine, theirs = (
            (one.items, one.item_bytes, one.over(40), one.counts(), one.sizes(coverage="full", read_units=Decimal(1)))
            for one in folds
        )
        if mine != theirs:
            raise Differs(f"{mine!r}, not {theirs!r}")


def seed_of(number: int) -> bytes:
    chance = Random(number)
    at = chance.randrange(len(TABLES))
    how = chance.randrange(16)
    if how & PAGED:
        return bytes((at, how)) + page_of(chance, TABLES[at], odd=0)
    return bytes((at, how)) + lines_of(chance, TABLES[at], odd=0, wrapped=bool(how & WRAPPED))


def _quoted(word: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


def prepare(corpus: Path) -> Path:
    """Fills an empty corpus; gives the dictionary, which is a file beside it."""
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for number in range(SEEDS):
            seed = seed_of(number)
            if len(seed) <= LARGEST_SEED_BYTES:
                (corpus / f"seed-{number}").write_bytes(seed)
    words = corpus.with_suffix(".words")
    words.write_text("\n".join(map(_quoted, WORDS)))
    return words


def main(arguments: list[str]) -> None:
    options = [one for one in arguments if one.startswith("-")]
    [place] = [one for one in arguments if not one.startswith("-")]
    if not Path(place).is_file():
        options = [f"-dict={prepare(Path(place))}", f"-artifact_prefix={place}.", "-detect_leaks=0", *options]
    atheris.Setup([sys.argv[0], *options, place], check)
    atheris.Fuzz()  # does not come back


if __name__ == "__main__":
    main(sys.argv[1:])
