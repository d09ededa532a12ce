"""
That the benchmarks compare like with like; and, as ratios in one run, that nothing has become slower than what is promised.

Small runs are noisy: a ratio may fall short of its bound by 30 %, and the better of two runs counts.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

import boto3
import orjson
import pytest

from benchmarks import __main__ as command
from benchmarks import naive, scans, stub
from benchmarks.corpora import CORPORA, PAGE_BYTES, Corpus, a_table, larger, pages, tail
from benchmarks.measuring import SMALL, Bound, Measured, Skipped, alternate, made_up_keys
from benchmarks.replay import answer_with
from benchmarks.rows import BENCHMARKS
from stj_audit.items import engine
from stj_audit.items.fold import ItemFold
from stj_audit.sizing import item_size
from tests.engines import engine_missing

pytestmark = pytest.mark.slow

MARGIN = 0.7
TINY = replace(SMALL, rounds=2, starts=3, tables=30, rival_tables=2, replayed_bytes=24 * 1024**2)
BY_NAME = {one.name: one for one in BENCHMARKS}


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    with made_up_keys():
        yield


# ------------------------------------------------------------------------------------------------------------- like with like


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_rival_counts_the_same_sizes(corpus: Corpus) -> None:
    (page,) = pages(corpus, 1)
    table = boto3.Session().resource("dynamodb", region_name="eu-north-1").Table("orders")
    answer_with(table.meta.client, "dynamodb.Scan", lambda _: page.body(None))
    assert [naive.size(item) for item in naive.scan(table)] == [item_size(item) for item in orjson.loads(page.body(None))["Items"]]


@pytest.mark.parametrize("corpus", CORPORA)
def test_pages_are_full_and_the_same_every_time(corpus: Corpus) -> None:
    made = pages(corpus, 2)
    pages.cache_clear()
    assert pages(corpus, 2) == made
    for page in made:
        fold = ItemFold(a_table("orders"), hash_key=bytes(32))
        answer = fold.add_page(page.body(7))
        assert (answer.items, answer.item_bytes) == (page.items, page.item_bytes)
        assert PAGE_BYTES - 70_000 < page.item_bytes <= PAGE_BYTES
        assert answer.last_key == {"pk": {"S": "page#000000000007"}, "sk": {"S": "o#000000000001"}}
        assert fold.add_page(page.body(None)).last_key is None
        lines = ItemFold(a_table("orders"), hash_key=bytes(32))
        assert lines.add_lines(page.lines(), wrapped=True) == page.items
        assert lines.item_bytes == page.item_bytes


def test_a_larger_table_has_the_same_items_under_other_keys() -> None:
    made = pages("flat", 1)
    first, second = larger(made, 2)
    assert first is made[0]
    assert (second.items, second.item_bytes) == (first.items, first.item_bytes)
    assert second.start.count(b'"k001#') == first.start.count(b'"k000#') == first.items


@pytest.mark.process
def test_the_stub_replays_pages_whole_and_by_segment() -> None:
    made = pages("web", 2)
    with stub.running(made, length=5) as url:
        table = boto3.Session().resource("dynamodb", region_name="eu-north-1", endpoint_url=url).Table("orders")
        assert sum(naive.size(item) for item in naive.scan(table)) == sum(made[number % 2].item_bytes for number in range(5))
        assert scans.read_whole(url, 5) == sum(made[number % 2].item_bytes for number in range(5))
        answers = [table.scan(Segment=segment, TotalSegments=8)["Count"] for segment in range(8)]
    assert sorted(answers)[:3] == [0, 0, 0]
    assert sum(answers) == sum(made[number % 2].items for number in range(5))


def test_who_counts_otherwise_is_not_compared() -> None:
    made = pages("web", 1)
    with pytest.raises(ValueError, match="bytes were counted"):
        scans._expect(made, made[0].item_bytes - 1)


# --------------------------------------------------------------------------------------------------------------- the figures


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    rounds = alternate(3, "CPU", rival=(lambda: sum(range(300_000)), 1), ours=(lambda: sum(range(300_000)), 10))
    assert rounds.ratio("rival", "ours") == pytest.approx(10, rel=0.9)
    assert len(rounds.seconds["rival"]) == 3


def test_a_bound_holds_from_below_or_from_above() -> None:
    most, least = Bound(least=2.5, aim=1.6, at_most=True), Bound(least=8, aim=15)
    assert most.holds(2.5)
    assert not most.holds(2.6)
    assert most.holds(2.6, margin=0.9)
    assert most.reaches_aim(1.6)
    assert least.holds(8)
    assert not least.holds(7.9)
    assert least.holds(7.9, margin=0.9)
    assert not least.reaches_aim(14)


def test_the_results_say_what_was_not_measured_and_what_does_not_hold() -> None:
    one = BY_NAME["pages-flat"]
    good = Measured(rival="400 ms", ours="4 ms", ratio=100.0, floor="1 ms", note="a note")
    rows = [command.row(one, found) for found in (good, replace(good, ratio=79.0), Skipped(why="there is no compiler"))]
    assert [found[-1] for found in rows] == ["yes", "no", ""]
    text = command.results(rows, small=False)
    assert "not measured: there is no compiler" in text
    assert "4 ms (a note)" in text
    assert "python -m benchmarks --write" in text
    assert "Provisional" not in text
    assert "a load of 900 on" in command.results(rows, small=False, load=900)
    assert "Provisional" in command.results(rows, small=True)


def test_names_can_be_listed_and_wrong_ones_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(BY_NAME)
    for arguments in (["pagse"], ["--write", "pages"]):
        with pytest.raises(SystemExit):
            command.main(arguments)
    assert "there is no benchmark named pagse" in capsys.readouterr().err


def test_the_tail_of_a_page_ends_it() -> None:
    assert tail(None) == b"}"
    assert tail(random.Random(1).randrange(10**6)).endswith(b"}}")


# ---------------------------------------------------------------------------------------------------------------- the bounds


@pytest.mark.parametrize("name", ["pure-mix", "metrics", "sampling"])
def test_nothing_has_become_slower(name: str) -> None:
    holds(name)


@pytest.mark.process
@pytest.mark.parametrize("name", ["memory", "start", "tables"])
def test_no_process_has_become_slower_or_larger(name: str) -> None:
    holds(name)


@pytest.mark.process
@pytest.mark.parametrize("name", ["pages-mix", "scan-mix", "bare-mix", "export-mix"])
def test_the_compiled_fold_has_not_become_slower(name: str) -> None:
    if engine.ENGINE != "compiled":
        engine_missing("THE COMPILED FOLD", "it is not built: install again where there is a C compiler")
    holds(name)


def holds(name: str) -> None:
    one, ratios = BY_NAME[name], []
    for _ in range(2):
        found = one.measure(TINY)
        if isinstance(found, Skipped):
            pytest.skip(found.why)
        if one.bound.holds(found.ratio, margin=MARGIN):
            return
        ratios.append(found.ratio)
    pytest.fail(f"{name}: {ratios} where {one.bound} is wanted")
