"""The compiled fold: what it counts is what the pure one counts, and what is usual it counts itself."""

import json
import pickle
import threading
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import product
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("stj_audit.items._scanner", reason="the scanner is not compiled here")

from stj_audit import entries
from stj_audit.facts import KeyAttribute, Table
from stj_audit.items import engine
from stj_audit.items.compiled import CompiledFold
from stj_audit.items.fold import Expiry, ItemFold
from stj_audit.items.shapes import shape_of
from stj_audit.items.wire import BrokenLine, BrokenPage
from tests.builders import a_table, an_index
from tests.items import fuzz_folds, test_fold
from tests.items.test_fold import *  # noqa: F403 - all cases of the pure fold, run again below with the compiled one
from tests.items.test_fold import Item

pytestmark = pytest.mark.slow

DEEPER, LESS_DEEP = '{"L":[', "]}"
KEY = b"a key of this run"
RAW = b'{"Items":[%s],"Count":%d,"ScannedCount":%d}'


class Paged(CompiledFold):
    """Items that are added one by one come as Scan answers, where they can be written as such."""

    paging = False

    def add(self, items: Iterable[entries.Item]) -> None:
        if self.paging:  # what was not scanned
            super().add(items)
            return
        for item in items:
            try:
                body = json.dumps({"Items": [item], "Count": 1, "ScannedCount": 1}, ensure_ascii=False).encode()
            except (TypeError, UnicodeEncodeError, RecursionError):  # B as bytes; half a surrogate pair
                super().add([item])
                continue
            self.paging = True
            try:
                self.add_page(body)
            finally:
                self.paging = False


@pytest.fixture(autouse=True, scope="module")
def _compiled_in_the_cases_of_the_pure_one() -> Iterator[None]:
    with patch.object(test_fold, "ItemFold", Paged):
        yield


def compiled(table: Table | None = None, expiry: Expiry | None = None) -> CompiledFold:
    return CompiledFold(table or a_table(), hash_key=KEY, expiry=expiry)


def page(*items: str | Item) -> bytes:
    texts = ",".join(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in items)
    return RAW % (texts.encode(), len(items), len(items))


def is_scanned(*items: str | Item, table: Table | None = None) -> bool:
    """Whether a page is counted by the scanner itself; and that it counts what the pure fold does."""
    table = table or a_table()
    mine, pure = compiled(table), ItemFold(table, hash_key=KEY)
    assert mine.add_page(page(*items)) == pure.add_page(page(*items))
    scanned = mine.scanned_items
    assert mine.counts() == pure.counts()
    assert scanned in (0, len(items))
    return bool(scanned)


# ------------------------------------------------------------------------------------------------- the same, whatever comes


@settings(max_examples=200)
@given(seed=st.integers(0, 2**48))
def test_both_folds_count_and_refuse_the_same(seed: int) -> None:
    fuzz_folds.case(seed)


def test_most_of_what_is_whole_is_scanned() -> None:
    with patch.multiple(fuzz_folds, mutated=lambda _, body: body):
        tally = sum((fuzz_folds.case(seed) for seed in range(60)), fuzz_folds.Tally())
    assert tally.scanned > tally.items / 2


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_an_answer_that_ends_early_counts_nothing(cut: int) -> None:
    body = page({"id": {"S": "a"}, "v": {"M": {"x": {"L": [{"N": "1"}, {"SS": ["b"]}]}}}, "w": {"S": "x" * 300}})
    one = compiled()
    with pytest.raises(BrokenPage, match=r"^(not JSON|no answer to Scan)$"):
        one.add_page(body[: min(cut, len(body) - 1)])
    assert one.items == 0
    assert one.counts() == compiled().counts()


EVERY_KIND: list[Item] = [
    {
        "id": {"S": f"order-{place}"},
        "n": {"N": "-1.5"},
        "b": {"B": "AAE="},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "none": {"NULL": True},
        "tags": {"SS": ["a", "b"]},
        "map": {"M": {"text": {"S": "x"}, "list": {"L": [{"N": "1"}, {"M": {}}]}}},
    }
    for place in (1, 2)
]
BYTES = b'",}x \\\xa2'


@pytest.mark.parametrize("paged", [True, False])
@pytest.mark.parametrize("again", [True, False])
def test_with_any_byte_another_both_say_the_same(paged: bool, again: bool) -> None:
    """`again`: what was read before, which is much the same, makes a scanner quicker."""
    whole = (
        RAW % (json.dumps(EVERY_KIND, separators=(",", ":"))[1:-1].encode(), len(EVERY_KIND), len(EVERY_KIND))
        if paged
        else "".join(json.dumps(item, separators=(",", ":")) + "\n" for item in EVERY_KIND).encode()
    )

    def new() -> list[ItemFold]:
        return [fold(a_table(), hash_key=KEY) for fold in (CompiledFold, ItemFold)]

    folds = new()
    for place, byte in product(range(len(whole)), BYTES):
        if not again:
            folds = new()
        changed = whole[:place] + bytes((byte,)) + whole[place + 1 :]
        mine, theirs = ((fuzz_folds.outcome(one, changed, paged=paged, wrapped=False), one.item_bytes) for one in folds)
        assert mine == theirs, changed
    assert folds[0].counts() == folds[1].counts()


def orders(*places: int) -> list[Item]:
    """Items with the same attributes, each of another size."""
    return [
        {"id": {"S": f"a{place}"}, "total": {"N": f"{place}.5"}, "paid": {"BOOL": place % 2 == 0}, "note": {"S": "x" * place}}
        for place in places
    ]


@pytest.mark.parametrize("cut", range(1, 120, 3))
def test_of_an_answer_that_ends_early_nothing_is_kept_of_names_known_before(cut: int) -> None:
    one, other = compiled(), compiled()
    for fold in (one, other):
        fold.add_page(page(*orders(1, 2)))
    with pytest.raises(BrokenPage):
        one.add_page(page(*orders(30, 40, 50))[:-cut])
    assert one.counts() == other.counts()


def test_what_was_read_and_not_counted_is_taken_back_after_an_interrupt() -> None:
    one, other = compiled(), compiled()
    for fold in (one, other):
        fold.add_page(page(*orders(1, 2)))
    with patch("stj_audit.items.compiled.page_of", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        one.add_page(page(*orders(30, 40)))
    assert one.counts() == other.counts()


@pytest.mark.parametrize(
    "odd", ['{"id":{"S":"odd"},"total":{"N":"7"},"n\\u0061me":{"S":"a"}}', '{"id":{"S":"odd"},"note":{"S":"b"},"total":{"N": "7"}}']
)
def test_lines_before_and_after_an_odd_one_count_once(odd: str) -> None:
    usual = [json.dumps(item, separators=(",", ":")) for item in orders(*range(40))]
    block = "\n".join([*usual[:20], odd, *usual[20:], odd]).encode()
    one, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    for fold in (one, pure):
        for _ in range(2):  # the second time, the names are known
            assert fold.add_lines(block, wrapped=False) == 42
    assert one.scanned_items >= 80
    assert one.counts() == pure.counts()


@pytest.mark.parametrize("length", range(70))
def test_values_close_to_the_end_of_the_input(length: int) -> None:
    """Where fewer than 32 bytes are left, and right before that."""
    one, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    for fold in (one, pure):
        fold.add_lines(b'{"id":{"S":"b"},"x":{"S":"y"},"n":{"N":"1"},"m":{"M":{"x":{"S":"y"}}}}', wrapped=False)
        for end in ('"x":{"S":"%s"}', '"n":{"N":"1%s"}', '"m":{"M":{"x":{"S":"%s"}}}', '"x":{"BOOL":true},"s":{"SS":["%s"]}'):
            text = ("0" if '"N"' in end else "z") * length
            fold.add_lines(('{"id":{"S":"a"},' + end % text + "}").encode(), wrapped=False)
    assert one.scanned_items == 5
    assert one.counts() == pure.counts()


# ------------------------------------------------------------------------------------------------------ what is usual, and what is not


@pytest.mark.parametrize(
    "item",
    [
        '{"id":{"S":"a"}}',
        ' { "id" : { "S" : "a" } , "n" :\n{ "N" : "-1.5E+3" } } ',
        r'{"id":{"S":"a\"\\\/\b\f\n\r\tb"}}',
        r'{"id":{"S":"\u00e9\u65e5\ud83d\ude00\u0000"}}',
        '{"id":{"S":"日本語 é 😀"},"日本":{"S":"x"}}',
        '{"id":{"S":""},"":{"S":""},"b":{"B":""},"m":{"M":{}},"l":{"L":[]},"s":{"SS":[]}}',
        '{"id":{"S":"a"},"t":{"BOOL":true},"f":{"BOOL":false},"z":{"NULL":true}}',
        '{"id":{"S":"a"},"b":{"B":"AAE="},"bs":{"BS":["AA==","AAEC"]},"ns":{"NS":["1","2.50",".5","+1e-7"]},"ss":{"SS":["x","é"]}}',
        '{"id":{"S":"a"},"m":{"M":{"M":{"M":{"S":{"S":"S"}}},"L":{"L":[{"L":[{"N":"1"}]}]}}}}',
        {"id": {"S": "a"}, "m": {"M": {f"name-{at}": {"N": str(at)} for at in range(500)}}},
        {"id": {"S": "a"}, **{f"name-{at}": {"N": str(at)} for at in range(500)}},
        f'{{"id":{{"S":"a"}},"d":{DEEPER * 32}{{"N":"1"}}{LESS_DEEP * 32}}}',
        {"id": {"S": "a"}, "v": {"S": "x" * 390_000}},
        {"id": {"S": "a"}, "v": {"S": "é" * 1_000_000}},
    ],
)
def test_what_tables_hold_is_scanned(item: str | Item) -> None:
    assert is_scanned(item)
    assert is_scanned(*[item] * 3)


def tight(items: Iterable[Item]) -> bytes:
    """An answer as DynamoDB writes it: without blanks."""
    made = list(items)
    return json.dumps(
        {"Items": made, "Count": len(made), "ScannedCount": len(made)}, ensure_ascii=False, separators=(",", ":")
    ).encode()


def is_scanned_as_one(body: bytes, table: Table | None = None) -> bool:
    """Whether all items of an answer are counted by the scanner itself; and that it counts what the pure fold does."""
    mine, pure = compiled(table), ItemFold(table or a_table(), hash_key=KEY)
    assert mine.add_page(body) == pure.add_page(body)
    scanned = mine.scanned_items
    assert mine.counts() == pure.counts()
    return scanned == mine.items


@pytest.mark.parametrize("before", range(20))
@pytest.mark.parametrize("escape", ['"', "\\", '\\"', '"\\', "\\\\", "\n", "\t\r\b\f", "\x00", "\\u0041", "é\n", "\n日本"])
def test_escapes_at_every_place_of_sixteen_bytes(before: int, escape: str) -> None:
    texts = ["x" * before + escape * times + "y" * after for times in (1, 2, 9) for after in (0, 1, 15, 40)]
    assert is_scanned_as_one(tight({"id": {"S": text}, "v": {"S": text}, "m": {"L": [{"S": text}]}} for text in texts))


@pytest.mark.parametrize("sign", ["", "-", "+"])
@pytest.mark.parametrize("length", range(1, 20))
def test_numbers_of_every_length_with_a_point_at_every_place(length: int, sign: str) -> None:
    table = a_table(key_schema=(KeyAttribute(attribute="id", type="N", role="HASH"),))
    digits = [
        *(("0" * zeros + "123456789" * 3)[:length] for zeros in range(length)),
        *(("1" + "0" * at + "5" * length)[:length] for at in range(4)),
    ]
    numbers = [sign + number[:at] + point + number[at:] for number in digits for at in range(length + 1) for point in ("", ".")]
    assert is_scanned_as_one(tight({"id": {"N": number}, "v": {"NS": [number]}} for number in numbers), table)


def test_names_in_maps_that_begin_as_those_before() -> None:
    chance = Random(7)
    names = [
        "",
        "a",
        "ab",
        "abc",
        "abcd",
        "abcde",
        "abcdefgh",
        "abcdefghi",
        "abcdefgh" * 2,
        "abcdefgh" * 2 + "i",
        "é",
        "éa",
        'S":{"',
        "日本",
    ]
    values: list[Item] = [{"S": "x"}, {"N": "1"}, {"BOOL": False}, {"NULL": True}, {"M": {}}, {"L": [{"M": {"ab": {"S": ""}}}]}]
    made: list[Item] = [
        {"id": {"S": str(at)}, "m": {"M": {name: chance.choice(values) for name in chance.sample(names[:12], 6)}}}
        for at in range(400)
    ]
    assert is_scanned_as_one(tight(made))
    parts = [
        json.dumps(item, ensure_ascii=False, separators=chance.choice(((",", ":"), (", ", ": "), (" ,", " :")))) for item in made
    ]
    assert is_scanned(*parts)
    twice = '{"id":{"S":"a"},"m":{"M":{"x":{"S":"b"},"y":{"S":"b"},%s}}}'
    assert is_scanned(*[twice % '"z":{"S":"c"}'] * 3)
    assert not is_scanned(*[twice % '"z":{"S":"c"}'] * 3, twice % '"x":{"S":"c"}')


def test_values_that_are_nearly_usual_are_refused() -> None:
    for value in (
        '{"BOOL":trux}',
        '{"BOOL":falsx}',
        '{"BOOL":true,}',
        '{"BOOL":false]',
        '{"NULL":trua}',
        '{"S":"a"]',
        '{"N":""}',
        '{"N":"."}',
        '{"N":"1]}',
    ):
        for filled in ("", "x" * 40):
            body = page(f'{{"id":{{"S":"a"}},"v":{value},"w":{{"S":"{filled}"}}}}')
            mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
            with pytest.raises(ValueError) as expected:  # noqa: PT011 - of every kind, and the same
                pure.add_page(body)
            with pytest.raises(ValueError) as found:  # noqa: PT011 - compared below
                mine.add_page(body)
            assert (found.type, str(found.value)) == (expected.type, str(expected.value))
            assert mine.scanned_items == 0


@pytest.mark.parametrize(
    "item",
    [
        r'{"id":{"S":"a"},"n\u0061me":{"S":"b"}}',
        r'{"id":{"S":"a"},"m":{"M":{"n\"":{"S":"b"}}}}',
        '{"id":{"S":"a"},"x":{"S":"b"},"x":{"S":"c"}}',
        '{"id":{"S":"a"},"id":{"S":"b"}}',
        '{"id":{"S":"a"},"m":{"M":{"x":{"S":"b"},"y":{"S":"b"},"x":{"S":"c"}}}}',
        r'{"id":{"S":"\ud800"}}',
        '{"id":{"S":"a"},"n":{"N":"1e0000000001"}}',
        f'{{"id":{{"S":"a"}},"d":{DEEPER * 100}{{"N":"1"}}{LESS_DEEP * 100}}}',
    ],
)
def test_what_is_odd_is_left_to_the_pure_fold(item: str) -> None:
    assert not is_scanned(item)


def test_one_odd_page_is_added_to_what_was_scanned() -> None:
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    for body in (
        page({"id": {"S": "a"}}),
        page(r'{"id":{"S":"b"},"n\u0061me":{"S":"b"}}'),
        page({"id": {"S": "c"}, "name": {"S": "d"}}),
    ):
        assert mine.add_page(body) == pure.add_page(body)
    assert (mine.items, mine.scanned_items, mine.item_bytes, mine.over(3)) == (3, 2, pure.item_bytes, 2)
    assert mine.counts() == pure.counts()


CONTRADICTIONS = (
    b'"Count":1',
    b'"ScannedCount":1',
    b'"Count":50,"ScannedCount":50',
    b'"Count":1,"ScannedCount":2',
    b'"Count":0,"ScannedCount":1',
    b'"Count":1,"ScannedCount":0',
    b'"Count":-1,"ScannedCount":-1',
    b'"Count":true,"ScannedCount":true',
    b'"Count":1.0,"ScannedCount":1.0',
    b'"Count":1,"ScannedCount":null',
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"Items":[]}',
        b'{"Items":{},"Count":0,"ScannedCount":0}',
        b'{"Items":[],"Count":0,"ScannedCount":"0"}',
        b'{"Items":[],"Count":0,"ScannedCount":0}x',
        b'{"Items":[],"Count":0,"ScannedCount":0',
        b'{"Items":[{"id":{"S":"a"}}],"Count":1,"ScannedCount":1,"x":01}',
        b'{"Items":[{"id":{"S":"a"}}],"Count":1,"ScannedCount":1,"x":"\xff"}',
        b'{"Items":[{"id":{"S":"a\xed\xa0\x80"}},"Count":1,"ScannedCount":1}',
        b'{"Items":[{"id":{"S":"a\n"}}],"Count":1,"ScannedCount":1}',
        b'{"Items":[{"id":{"S":"a"}},],"Count":1,"ScannedCount":1}',
        b'\xef\xbb\xbf{"Items":[],"Count":0,"ScannedCount":0}',
        *(b'{"Items":[{"id":{"S":"a"}}],%s}' % counts for counts in CONTRADICTIONS),
        *(
            b'{"Items":[],"Count":0,"ScannedCount":0,"ConsumedCapacity":{"CapacityUnits":%s}}' % units
            for units in (b"-1", b"-0.5", b"true", b"1e300", b"1e400", b"10001", b'"1"', b"[]")
        ),
    ],
)
def test_what_is_no_answer_to_scan_counts_nothing(body: bytes) -> None:
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    with pytest.raises(BrokenPage) as expected:
        pure.add_page(body)
    with pytest.raises(BrokenPage) as found:
        mine.add_page(body)
    assert str(found.value) == str(expected.value)
    assert mine.counts() == compiled().counts()


# --------------------------------------------------------------------------------------------------------- shapes of values

SEPARATED = ("", "a", "-", "+47", "000", "12345", "@", "b.c", ".", "#", "|", "::", ":", " ", "(212)", "555-1234", "1.2.3.4", "fe80")


def shapes_by_both(texts: Iterable[str]) -> tuple[list[int], list[int]]:
    """How many of the texts have which shape: by the compiled fold, and by `shape_of`."""
    one = compiled()
    expected = [0] * 64
    every = list(texts)
    one.add_page(page(*({"id": {"S": text}} for text in every)))
    for text in every:
        expected[shape_of(text)] += 1
    assert one.scanned_items == len(every)
    return list(one.counts().shapes[0]), expected


@pytest.mark.parametrize("first", SEPARATED)
def test_shapes_of_joined_parts_are_those_of_shape_of(first: str) -> None:
    mine, expected = shapes_by_both("".join((first, *rest)) for rest in product(SEPARATED, repeat=2))
    assert mine == expected


@settings(max_examples=100)
@given(
    texts=st.lists(
        st.one_of(
            st.from_regex(r"[12][0-9]{9,13}\.?[0-9]{0,3}|20[0-9]{2}-?[01]?[0-9]-?[0-3]?[0-9]([Tt ][0-9:.,]{0,16}[Zz+0-9:-]{0,6})?"),
            st.text("0123456789+-. ()", max_size=18),
            st.text("ab1@.# ", max_size=9),
            st.text(),
        )
    )
)
def test_shapes_are_those_of_shape_of(texts: list[str]) -> None:
    mine, expected = shapes_by_both(text for text in texts if not any(0xD800 <= ord(one) < 0xE000 for one in text))
    assert mine == expected


# ------------------------------------------------------------------------------------------------------------------ lines


def line(place: int, **more: Item) -> bytes:
    return json.dumps({"id": {"S": f"k{place}"}, "n": {"N": str(place)}, **more}).encode()


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\n \t\n"])
def test_lines_are_scanned(end: bytes, wrapped: bool) -> None:
    lines = [b'{"Item":%s}' % line(place) if wrapped else line(place) for place in range(200)]
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    for block in (end.join(lines), end.join(lines) + end, b"", end):
        assert mine.add_lines(block, wrapped=wrapped) == pure.add_lines(block, wrapped=wrapped)
    assert mine.scanned_items == 400
    assert mine.counts() == pure.counts()


def test_an_odd_line_is_the_only_one_that_is_not_scanned() -> None:
    lines = [line(place) for place in range(100)]
    lines[50] = rb'{"id":{"S":"x"},"n\u0061me":{"S":"b"}}'
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    block = b"\n".join(lines)
    assert mine.add_lines(block, wrapped=False) == pure.add_lines(block, wrapped=False) == 100
    assert mine.scanned_items == 99
    assert mine.counts() == pure.counts()


@pytest.mark.parametrize(
    "broken", [b"x", b"[]", b'{"n":{"N":"1"}}', line(1)[:-1], line(1) + b"x", b'{"Item":{}}', b'{"id":{"S":"\xff"}}', b"\x0b{"]
)
@pytest.mark.parametrize("before", [0, 3, 20_000])
def test_a_broken_line_has_its_number(broken: bytes, before: int) -> None:
    block = b"\n\r\n".join([*(line(place) for place in range(before)), broken, line(1)])
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    with pytest.raises(BrokenLine) as expected:
        pure.add_lines(block, wrapped=False)
    with pytest.raises(BrokenLine) as found:
        mine.add_lines(block, wrapped=False)
    assert str(found.value) == str(expected.value)
    assert found.value.line == 2 * before + 1
    assert mine.counts() == pure.counts()


# ---------------------------------------------------------------------------------------------------------- tables, and the rest


def test_tables_that_the_scanner_does_not_take() -> None:
    some = tuple(an_index(f"index-{at}", (f"k{at}",)) for at in range(26))
    twice = an_index("twice", key_schema=(KeyAttribute(attribute="id", type="N", role="HASH"),))
    for table in (a_table(indexes=some), a_table(indexes=(twice,))):
        assert not is_scanned({"id": {"S": "a"}, "k1": {"S": "b"}}, table=table)
    assert is_scanned({"id": {"S": "a"}, "k1": {"S": "b"}}, table=a_table(indexes=some[:25]))


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 255, 256, 1_000])
@pytest.mark.parametrize("hash_key", [b"", b"k", b"k" * 64, b"k" * 65])
def test_hashes_of_keys_of_every_length(length: int, hash_key: bytes) -> None:
    mine, pure = (kind(a_table(), hash_key=hash_key) for kind in (CompiledFold, ItemFold))
    for one in (mine, pure):
        one.add_page(page({"id": {"S": "x" * length}}))
    assert mine.counts() == pure.counts()


@pytest.mark.parametrize("value", [{"B": "="}, {"B": "=="}, {"BS": ["YQ==", "="]}, {"L": [{"B": "=="}]}])
def test_nothing_but_padding_is_no_binary(value: Item) -> None:
    for count in (1, 9):  # alone, and by columns
        for one in (compiled(), ItemFold(a_table(), hash_key=KEY)):
            with pytest.raises(ValueError, match="base64 text or bytes"):
                one.add_page(page(*[{"id": {"S": "a"}, "": value}] * count))
            assert not one.items


def test_names_that_push_each_other_out() -> None:
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    places = list(range(30_000))
    Random(3).shuffle(places)
    for start in range(0, len(places), 1_000):
        body = page({"id": {"S": "a"}, **{f"name-{place:05}": {"N": str(place)} for place in places[start : start + 1_000]}})
        for one in (mine, pure):
            one.add_page(body)
    assert mine.scanned_items == 30
    assert mine.counts() == pure.counts()


def test_counting_goes_on_after_counts_were_taken() -> None:
    mine, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    for place in range(5):
        body = page(*({"id": {"S": f"{place}-{at}"}, "v": {"S": "x" * 2_000}} for at in range(400)))
        for one in (mine, pure):
            one.add_page(body)
        assert mine.counts() == pure.counts()
        mine = pickle.loads(pickle.dumps(mine))
    assert mine.sizes(coverage="full", read_units=Decimal(1)) == pure.sizes(coverage="full", read_units=Decimal(1))


def test_compiled_and_pure_folds_merge() -> None:
    mine, pure, both = compiled(), ItemFold(a_table(), hash_key=KEY), ItemFold(a_table(), hash_key=KEY)
    one, other = page({"id": {"S": "a"}}), page({"id": {"S": "b"}, "n": {"N": "1"}})
    mine.add_page(one)
    pure.add_page(other)
    both.add_page(one)
    both.add_page(other)
    mine.merge(pure)
    assert mine.counts() == both.counts()
    pure.merge(mine)
    assert pure.items == 3


def test_threads_take_turns() -> None:
    body = page(*({"id": {"S": str(place)}, "v": {"S": "x" * 1_500}} for place in range(2_000)))
    one, pure = compiled(), ItemFold(a_table(), hash_key=KEY)
    threads = [threading.Thread(target=one.add_page, args=(body,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in threads:
        pure.add_page(body)
    assert one.counts() == pure.counts()


def test_no_value_is_kept_by_the_scanner() -> None:
    one = compiled()
    one.add_page(page({"id": {"S": "secret-key"}, "v": {"S": "secret-text" * 200}}))
    assert b"secret" not in pickle.dumps(one)


def test_it_is_the_fold_in_use() -> None:
    assert engine.ENGINE == "compiled"
    assert isinstance(engine.new_fold(a_table(), hash_key=KEY), CompiledFold)
