"""The facts in a run file: what is written is read again exactly, and whatever else is there is one sentence."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stj_audit.again import judge_again, narrowed
from stj_audit.config import Config, SizeLines
from stj_audit.cost.prices import bundled_sheet
from stj_audit.errors import AuditError, ConfigError, NoTables
from stj_audit.facts import (
    ItemSample,
    ItemSizes,
    ItemsReading,
    LargestItem,
    MissingTable,
    Pitr,
    RegionTables,
    Scope,
    TableFacts,
    Unknown,
)
from stj_audit.gate import GateTerms
from stj_audit.pipeline import Request, judged
from stj_audit.render import render
from stj_audit.report import Report, SourceLine, from_json, json_schema, to_json
from stj_audit.saved import FACTS_VERSION, Gathered, decode, encode
from stj_audit.scanners.session import AwsOptions
from tests.builders import AUDITED_AT, a_sample, a_snapshot, a_table, an_index, some_items, table_facts

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 30)
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def gathered(*tables: TableFacts, **changed: Any) -> Gathered:
    return Gathered(snapshot=a_snapshot(*tables, **changed), prices={"eu-north-1": bundled_sheet("eu-north-1")})


def request(**terms: Any) -> Request:
    return Request(aws=AwsOptions(), config=terms.pop("config", Config()), **terms)


def reported(what: Gathered, **terms: Any) -> Report:
    return judged(what, request(**terms), audit_id="a1")


def again(report: Report, **terms: Any) -> Report:
    return judge_again(report, request(**terms), origin="run.json", today=TODAY)


def rich() -> Gathered:
    """Two tables: one of which everything is known, and one that a sample was read of, with an index."""
    table = a_table(name="users", indexes=(an_index(),))
    sampled = table_facts(table, items=a_sample(lines=(307_200, 409_600)), pitr=DENIED)
    return gathered(table_facts(), sampled, read_units=Decimal("1000.5"))


def test_a_run_of_no_table_does_not_pass() -> None:
    nothing = reported(gathered())
    for line in (None, 300 * 1024):
        found = again(nothing, gate=GateTerms(fail_item_size=line, every_table=True)).gate
        assert found is not None
        assert (found.exit_code, found.reasons) == (4, ("no table was looked at",))


# ---------------------------------------------------------------------------------------------------------- round trip

MOST = 2**63 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
COUNTS = st.integers(0, MOST)
MOMENTS = st.datetimes(min_value=datetime(2010, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants it so
QUANTITIES = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9)
PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    int: COUNTS,
    str: TEXTS,
    bool: st.booleans(),
    Decimal: QUANTITIES,
    datetime: MOMENTS,
    type(None): st.none(),
}
HISTOGRAMS = st.dictionaries(COUNTS, st.integers(1, MOST), max_size=4).map(lambda sizes: tuple(sorted(sizes.items())))
HISTOGRAM_FIELDS = {(ItemSizes, "sizes"), (ItemsReading, "large")}


@cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotation of the facts."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint).items()
        return st.builds(
            hint, **{name: HISTOGRAMS if (hint, name) in HISTOGRAM_FIELDS else st.deferred(of(one)) for name, one in hints}
        )
    kind, arguments = get_origin(hint), get_args(hint)
    if kind in (UnionType, Union):  # the latter where an alias is in it
        return st.one_of(*map(values, arguments))
    if kind is Literal:
        return st.sampled_from(arguments)
    if kind is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if kind is Mapping:
        return st.dictionaries(*map(values, arguments), max_size=2)
    raise AssertionError(f"no facts are of type {hint}")


def of(hint: Any) -> Callable[[], st.SearchStrategy[Any]]:
    return lambda: values(hint)


@settings(max_examples=60, suppress_health_check=[HealthCheck.data_too_large])
@given(what=values(Gathered))
@example(what=rich())
def test_what_is_written_is_read_again_exactly(what: Gathered) -> None:
    raw = encode(what)
    read = decode(raw, origin="run.json")
    assert read == what
    assert bytes(encode(read)) == bytes(raw)
    json.loads(bytes(raw))


def test_numbers_keep_their_digits() -> None:
    what = gathered(read_units=Decimal("1.50"))
    read = decode(encode(what), origin="run.json")
    assert str(read.snapshot.read_units) == "1.50"
    assert read.snapshot.started_at.tzinfo is UTC


def test_each_table_is_a_line_of_the_file() -> None:
    text = to_json(reported(rich()))
    heads = [line[:24] for line in text.splitlines() if line.startswith('{"table"')]
    assert heads == ['{"table":{"name":"orders', '{"table":{"name":"users"']


def test_a_histogram_is_two_columns() -> None:
    sizes = {size: 1 + size % 3 for size in range(100_000, 150_000)}
    raw = encode(gathered(table_facts(items=some_items(sizes))))
    assert len(bytes(raw)) < 4 * len(sizes) + 10_000
    found = json.loads(bytes(raw))["gathered"]["snapshot"]["tables"][0]["items"]["sizes"]
    assert (found["steps_bytes"][:3], found["items"][:3]) == ([100_000, 1, 1], [2, 3, 1])


def test_halves_of_surrogate_pairs_are_written_out_as_in_the_report() -> None:
    table = a_table(name="users", indexes=(an_index(key=("\ud800status",)),))
    report = reported(gathered(table_facts(table)))
    shown = from_json(render(report, "json"))
    assert shown.tables[0].indexes[0].key_schema[0].attribute == "\\ud800status"
    assert again(shown).tables == shown.tables


# The names and types of everything that is saved. Where this differs, raise FACTS_VERSION, and pin what it is now.
PINNED = (3, "fc19d45c547b6f43")


def test_the_version_is_raised_with_every_change_of_the_facts() -> None:
    assert (FACTS_VERSION, shape()) == PINNED


def shape() -> str:
    """All classes that are saved, with the names and types of their fields, as a short fingerprint."""
    lines: dict[str, str] = {}

    def told(hint: Any) -> str:
        if isinstance(hint, type) and is_dataclass(hint):
            if hint.__name__ not in lines:
                lines[hint.__name__] = ""
                hints = get_type_hints(hint)
                lines[hint.__name__] = ", ".join(f"{one.name}: {told(hints[one.name])}" for one in fields(hint))
            return hint.__name__
        kind, arguments = get_origin(hint), get_args(hint)
        if kind is Literal:
            return repr(arguments)
        if arguments:
            return f"{'union' if kind in (UnionType, Union) else kind.__name__}[{', '.join(map(told, arguments))}]"
        return "..." if hint is ... else str(hint.__name__)

    told(Gathered)
    text = "\n".join(f"{name}: {line}" for name, line in sorted(lines.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------------------- the run file


def test_a_run_file_keeps_its_facts_through_rendering() -> None:
    report = reported(rich())
    once = from_json(to_json(report))
    assert once == report
    assert from_json(render(once, "json")) == report
    assert to_json(once) == to_json(report)
    assert json.loads(to_json(report))["facts"]["version"] == FACTS_VERSION


def test_a_run_file_without_facts_has_no_such_member() -> None:
    text = to_json(replace(reported(rich()), facts=msgspec.UNSET))
    assert "facts" not in json.loads(text)
    assert from_json(text).facts is msgspec.UNSET


def test_facts_that_are_not_used_are_not_looked_at() -> None:
    text = json.dumps(json.loads(to_json(reported(rich()))) | {"facts": {"version": 9, "more": [1, {"a": None}]}})
    assert render(from_json(text), "table").startswith("DynamoDB audit")
    assert json.loads(to_json(from_json(text)))["facts"] == {"version": 9, "more": [1, {"a": None}]}


def test_the_schema_says_that_facts_are_an_object() -> None:
    schema = json_schema()
    told = schema["$defs"]["Report"]["properties"]["facts"]
    assert (told["type"], told["required"]) == ("object", ["version"])
    assert "facts" not in schema["$defs"]["Report"]["required"]


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"facts":' * 100_000, b'{"schema_version": 1, "facts": {"a": "\xff"}}'])
def test_a_hostile_run_file_is_a_sentence(text: bytes) -> None:
    with pytest.raises(ConfigError, match="not a run file"):
        from_json(text)


# ------------------------------------------------------------------------------------------------------------- damage


def changed(place: str, value: Any) -> bytes:
    """The facts of `rich` with another value at a place like "gathered.snapshot.tables.0.pitr"; ... removes it."""
    tree = json.loads(bytes(encode(rich())))
    *way, last = place.split(".")
    node = tree
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is ...:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return json.dumps(tree).encode()


TABLE, SAMPLED = "gathered.snapshot.tables.0", "gathered.snapshot.tables.1.items"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (f"{TABLE}.pitr", None, r"Expected `object`, got `null` - at `facts\.gathered\.snapshot\.tables\[0\]\.pitr`"),
        (f"{TABLE}.pitr", ..., "missing required field `pitr`"),
        (f"{TABLE}.pitr", {"fact": "Alarms", "alarms": []}, "Invalid value 'Alarms'"),
        (f"{TABLE}.pitr", {"enabled": True}, "missing required field `fact`"),
        (f"{TABLE}.pitr.enabled", "yes", r"Expected `bool`, got `str` - at `facts.*pitr.enabled`"),
        (f"{TABLE}.pitr.more", 1, "unknown field `more`"),
        (f"{TABLE}.more", 1, "unknown field `more`"),
        (f"{TABLE}.table.item_count", -1, r"`int` >= 0 .*table.item_count`"),
        (f"{TABLE}.table.item_count", "5", "Expected `int | null`, got `str`"),
        (f"{TABLE}.table.item_count", 1.5, "Expected `int | null`, got `float`"),
        (f"{TABLE}.table.item_count", 10**30, "item_count"),
        (f"{TABLE}.table.created_at", "yesterday", "Invalid RFC3339"),
        (f"{TABLE}.table.created_at", "2026-01-01T00:00:00", "timezone"),
        (f"{TABLE}.table.key_schema.0.role", "LEFT", "Invalid enum value 'LEFT'"),
        (f"{TABLE}.traffic.covered_days", "NaN", "NaN is no quantity"),
        (f"{TABLE}.traffic.covered_days", "1E+999999", r"1E\+999999 is no quantity"),
        (f"{TABLE}.traffic.covered_days", "9" * 5_000, "is no quantity"),
        (f"{TABLE}.traffic.covered_days", "thirty", "Invalid decimal"),
        (f"{TABLE}.items.sizes", [[1000, 5]], "Expected `object`, got `array`"),
        (f"{TABLE}.items.sizes", {"steps_bytes": [5, 5], "items": [1]}, "not as many sizes as counts"),
        (f"{TABLE}.items.sizes", {"steps_bytes": [5, 0], "items": [1, 1]}, "not ascending"),
        (f"{TABLE}.items.sizes", {"steps_bytes": [5], "items": [0]}, "a size that no item has"),
        (f"{SAMPLED}.sample.segments.bytes", [1], "not of one length"),
        (f"{SAMPLED}.sample.segments.over", {"300KB": []}, "Expected `int`"),
        (f"{SAMPLED}.read_units", None, "read_units"),
        ("gathered.prices.eu-north-1.prices", [], "prices"),
        ("gathered", ..., "missing required field `gathered`"),
        ("gathered", None, "gathered"),
        ("more", 1, "unknown field `more`"),
        ("version", "1", "version"),
    ],
)
def test_damage_is_a_sentence_that_names_the_place(place: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        decode(changed(place, value), origin="run.json")
    assert str(error.value).startswith("the facts in run.json are damaged: ")
    assert error.value.exit_code == 2
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("version", [0, FACTS_VERSION + 1, 10**40])
def test_facts_of_another_version_are_not_read(version: int) -> None:
    with pytest.raises(ConfigError, match=r"the facts in run\.json") as error:
        decode(json.dumps({"version": version, "gathered": 1}).encode(), origin="run.json")
    assert error.value.hint.endswith("again")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", "[" * 100_000, '{"version": 1, "gathered": ' + "[" * 100_000])
def test_what_are_no_facts_at_all_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"the facts in run\.json are damaged"):
        decode(text.encode(), origin="run.json")


def members(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every member of a tree of JSON, and the way to it."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [(way, node), *(leaf for key, child in children for leaf in members(child, (*way, key)))]


def put(node: Any, way: tuple[Any, ...], value: Any) -> None:
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = value


FACTS = json.loads(bytes(encode(rich())))
SAVED = reported(rich())
NUMBERS: list[Any] = [0, 1, 10**15, MOST]
DECIMALS: list[Any] = ["0", "-1", "0.000001", "1E+30"]
TIMES: list[Any] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
LEAVES = [
    (way, value)
    for way, value in members(FACTS["gathered"]["snapshot"])
    if not isinstance(value, bool) and not (isinstance(value, dict | list) and value)
]


def other_than(value: Any) -> list[Any]:
    """What may stand in the place of a value: of its kind, more often than not."""
    if isinstance(value, int):
        return NUMBERS
    if isinstance(value, str):
        return TIMES if re.match(r"\d{4}-", value) else DECIMALS if re.fullmatch(r"[\d.]+", value) else ["", "x"]
    return [None, [], {}, *NUMBERS[:2], *DECIMALS[:2], *TIMES]


@settings(max_examples=150)
@given(
    places=st.lists(st.sampled_from(LEAVES).flatmap(lambda leaf: st.tuples(st.just(leaf[0]), st.sampled_from(other_than(leaf[1])))))
)
def test_whatever_stands_in_the_facts_there_is_a_report_or_a_sentence(places: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = json.loads(json.dumps(FACTS))
    for way, value in places:
        put(tree["gathered"]["snapshot"], way, value)
    saved = replace(SAVED, facts=msgspec.Raw(json.dumps(tree).encode()))
    try:
        report = again(saved, users=(1_000,), target_users=1_000)
    except AuditError:
        return
    assert render(report, "json")


def test_facts_that_contradict_each_other_are_a_sentence() -> None:
    sample = a_sample()
    assert sample.sample is not None
    torn = replace(sample, sample=replace(sample.sample, total_segments=0))
    saved = replace(reported(rich()), facts=encode(gathered(table_facts(items=torn))))
    with pytest.raises(ConfigError, match=r"the facts in run\.json cannot be judged \(\w+\)"):
        again(saved)


# -------------------------------------------------------------------------------------------------------- judged again


def test_on_the_same_terms_the_report_is_the_same() -> None:
    report = reported(rich(), users_now=500)
    anew = again(from_json(to_json(report)), users_now=500)
    assert anew.judged_again == "judged again on 2026-11-30, from a run of 2026-11-22 12:00 UTC"
    assert anew.trust[0].startswith(f"{anew.judged_again}: nothing was read anew, every age is that of then")
    assert replace(anew, judged_again=msgspec.UNSET, trust=anew.trust[1:]) == report


def test_where_tables_are_declared_is_found_by_whoever_judges_again() -> None:
    sources = {"orders": SourceLine(path="template.yaml", line=7)}
    assert again(replace(reported(rich()), sources=sources)).sources == {}


def test_another_version_of_the_tool_is_told() -> None:
    report = reported(rich())
    assert "that stj-audit 0.0.1 read" in str(again(replace(report, tool=replace(report.tool, version="0.0.1"))).judged_again)


SCOPES = tuple(
    Scope(key=key, account="123456789012", region=key, name="", endpoint_url=None, tables=2, read_units=Decimal(1), api_calls=9)
    for key in ("eu-north-1", "us-east-1")
)


def placed(name: str, scope: str, first: str = "apples") -> TableFacts:
    table = a_table(name=name, scope=scope, region=scope)
    return table_facts(table, region_tables=RegionTables(count=2, first=first))


def test_some_of_the_tables_are_judged_as_if_they_had_been_read_alone() -> None:
    missing = (MissingTable(name="pears", unknown=DENIED, scope="eu-north-1"), MissingTable(name="plums", unknown=DENIED))
    everything = a_snapshot(
        *(placed(name, scope) for scope in ("eu-north-1", "us-east-1") for name in ("apples", "oranges")),
        missing=missing,
        scopes=SCOPES,
    )
    some = narrowed(everything, ("orang*", "plums"), origin="run.json")
    assert [facts.table.title for facts in some.tables] == ["eu-north-1/oranges", "us-east-1/oranges"]
    assert [facts.region_tables for facts in some.tables] == [RegionTables(count=2, first="oranges")] * 2
    assert [one.name for one in some.missing] == ["plums"]
    assert [one.tables for one in some.scopes] == [1, 1]
    assert narrowed(everything, (), origin="run.json") is everything


@pytest.mark.parametrize("pattern", ["nothing", "no*"])
def test_a_table_that_is_not_in_the_file_is_told(pattern: str) -> None:
    with pytest.raises(NoTables, match=f"no table in run.json matches {pattern.replace('*', '.')}") as error:
        narrowed(rich().snapshot, (pattern, "orders"), origin="run.json")
    assert error.value.hint == "it has orders and users"


@pytest.mark.parametrize(
    ("users_table", "patterns", "known"),
    [
        ("users", (), 1_000),
        ("users", ("orders",), 1_000),  # read, and not judged: what DescribeTable stated is what the audit would have asked for
        ("accounts", (), 77),  # not read: the audit asked for it
        ("others", (), None),
    ],
)
def test_today_s_users_are_those_that_the_audit_would_have_known(
    users_table: str, patterns: tuple[str, ...], known: int | None
) -> None:
    what = replace(rich(), users_table="accounts", users_elsewhere=77)
    config = msgspec.convert({"model": {"users_table": users_table}}, Config)
    saved = reported(what)
    report = again(saved, config=config, patterns=patterns)
    assert report.audit.users_now == known
    assert again(report, config=config, patterns=patterns).audit.users_now == known, "judged from what was judged again"


def test_prices_are_those_of_the_run_unless_those_of_this_version_are_wanted() -> None:
    sheet = bundled_sheet("eu-north-1")
    dear = {key: replace(price, usd=price.usd * 10) for key, price in sheet.prices.items()}
    what = replace(rich(), prices={"eu-north-1": replace(sheet, prices=dear, source="the Price List API")})
    saved = reported(what)
    assert again(saved).costs == saved.costs
    cheap = judge_again(saved, request(), origin="run.json", today=TODAY, new_prices=True)
    assert cheap.costs == reported(rich()).costs
    assert "prices are those of stj-audit" in cheap.trust[0]
    assert again(cheap).costs == cheap.costs


def test_an_ignore_ends_by_the_calendar_and_ages_by_the_run() -> None:
    ignore = {"check": "pitr-off", "reason": "soon", "expires": date(2026, 11, 25)}
    what = gathered(table_facts(pitr=Pitr(enabled=False)))
    config = msgspec.convert({"ignore": [ignore]}, Config)
    saved = reported(what, config=config)
    [before] = [one for one in saved.findings if one.check == "pitr-off"]
    [after] = [one for one in again(saved, config=config).findings if one.check == "pitr-off"]
    assert (before.suppressed is not None, after.suppressed) == (True, None)
    assert again(saved, config=config).next_review == again(saved).next_review
    assert again(saved).next_review == reported(what).next_review


def test_an_item_that_was_seen_is_above_a_lower_line_too() -> None:
    """Of segments that were cut short only the sizes above the lines of the run were kept, and the largest items whatever their size."""
    reading = ItemsReading(
        started_at=AUDITED_AT,
        finished_at=AUDITED_AT,
        scanned=900,
        large=(),
        largest=tuple(LargestItem(size_bytes=size, key_hash="0" * 16) for size in (9_000, 8_000, 500)),
    )
    saved = reported(gathered(table_facts(items=DENIED, items_reading=reading)))
    for line, found, verdict in ((10_000, 0, "not read"), (8_500, 1, "over"), (600, 2, "over")):
        gate = again(saved, gate=GateTerms(fail_item_size=line)).gate
        assert gate is not None
        assert [(one.found, one.verdict) for one in gate.items] == [(found, verdict)]


def test_a_sample_is_counted_over_other_lines_by_its_histogram() -> None:
    sample = a_sample({1_000: 900, 350_000: 100}, lines=(307_200, 409_600))
    saved = reported(gathered(table_facts(items=sample)))
    [table] = again(saved, size_lines=SizeLines(warn_bytes=340_000, max_bytes=409_600)).tables
    assert table.items is not None
    assert (table.items.over_warn.threshold_bytes, table.items.over_warn.found) == (340_000, 100)
    assert isinstance(sample.sample, ItemSample)
