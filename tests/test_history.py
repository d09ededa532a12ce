"""What is kept of a run: its summary, which is small and holds no value of an item, and the name of its files."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.errors import ConfigError
from stj_audit.history import from_json, is_name, name_of, scopes_of, summary, time_order, to_json
from stj_audit.trend import trend
from tests.sample_report import HOSTILE, PASSWORD, SUBSCRIBERS, a_scope, hostile_report, sample_report


def test_a_summary_has_what_a_trend_needs() -> None:
    report = sample_report()
    kept = summary(report)
    assert (kept.id, kept.grade, kept.score, kept.target_users) == (report.audit.id, "C", 71.4, 10_000)
    assert kept.cost_usd == report.costs.current.monthly_usd
    assert kept.cost_at_target_usd == next(one.monthly_usd for one in report.costs.projections if one.users == 10_000)
    assert kept.scopes == ("123456789012/eu-north-1",)
    items = report.tables[0].items
    assert items is not None
    table = kept.tables[SUBSCRIBERS]
    assert (table.max_bytes, table.p99_bytes, table.sampled) == (items.max_bytes, items.p99_bytes, False)
    assert (table.items, table.size_bytes) == (report.tables[0].item_count, report.tables[0].size_bytes)
    assert set(kept.findings) == {one.id for one in report.findings if one.suppressed is None}
    assert {one.id for one in report.findings if one.suppressed} - set(kept.findings), "one of them is suppressed"


def test_what_is_not_known_is_null() -> None:
    report = sample_report()
    table = replace(report.tables[0], items=None, traffic=None, item_count=None, size_bytes=None)
    costs = replace(report.costs, projections=())
    kept = summary(replace(report, tables=(table,), costs=costs)).tables[SUBSCRIBERS]
    assert (kept.items, kept.size_bytes, kept.max_bytes, kept.p99_bytes, kept.throttles) == (None,) * 5
    assert summary(replace(report, costs=costs)).cost_at_target_usd is None
    assert not summary(replace(report, costs=costs)).cost_at_target_complete
    assert summary(replace(report, costs=costs)).cost_complete is report.costs.current.complete


def test_a_table_without_items_is_not_one_that_was_not_read() -> None:
    report = sample_report()
    items = report.tables[0].items
    assert items is not None
    none = replace(items, coverage="full", max_bytes=None)
    for seen, empty in ((none, True), (replace(none, coverage="sample"), False), (None, False), (items, False)):
        assert summary(replace(report, tables=(replace(report.tables[0], items=seen),))).tables[SUBSCRIBERS].seen_empty is empty


def test_a_summary_of_before_is_read_as_not_seen_to_be_empty() -> None:
    older = re.sub(r',"seen_empty":(true|false)', "", GOOD)
    assert "seen_empty" not in older
    assert from_json(older) == from_json(GOOD)


def test_it_is_read_as_it_was_written_and_small() -> None:
    kept = summary(sample_report())
    text = to_json(kept)
    assert from_json(text) == kept
    assert text.count("\n") == 1
    assert len(text.encode()) < 2_048


def test_it_has_names_numbers_and_ids_only() -> None:
    told = msgspec.json.decode(to_json(summary(sample_report())))
    assert set(told["tables"][PASSWORD]) == {"items", "size_bytes", "max_bytes", "p99_bytes", "sampled", "throttles", "seen_empty"}
    assert "key_hash" not in str(told)
    assert all(isinstance(value, int | float | bool | None) for table in told["tables"].values() for value in table.values())


def test_its_name_is_account_region_and_time() -> None:
    report = sample_report()
    assert name_of(report) == "123456789012/eu-north-1/2026/11/22T0600Z-20261122T060000Z-3f9c1e.json"
    elsewhere = datetime(2027, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    unknown = replace(report, audit=replace(report.audit, account=None, started_at=elsewhere, id="a/../b"))
    assert name_of(unknown) == "unknown/eu-north-1/2026/12/31T2330Z-a----b.json"


def test_names_of_hostile_reports_are_names() -> None:
    report = hostile_report(words_too=True)
    for text in HOSTILE:
        named = name_of(replace(report, audit=replace(report.audit, account=text, region=text, id=text)))
        assert re.fullmatch(r"[A-Za-z0-9-]*/[A-Za-z0-9-]*/\d{4}/\d\d/\d\dT\d{4}Z-[A-Za-z0-9-]*\.json", named)


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "1/r/2026/11/22T0600Z-a.json.tmp", "1/r/2026/11/.22T0600Z-a.json", "../1/r/2026/11/22T0600Z-a.json", ""],
)
def test_other_names_are_none_of_ours(name: str) -> None:
    assert is_name("1/r/2026/11/22T0600Z-a.json")
    assert not is_name(name)


def test_names_sort_by_time() -> None:
    names = ["b/r/2026/02/01T0000Z-a.json", "a/r/2026/11/22T0600Z-a.json", "c/r/2025/12/31T2359Z-z.json"]
    assert sorted(names, key=time_order) == [names[2], names[0], names[1]]


def test_several_accounts_are_all_of_its_scopes() -> None:
    report = sample_report()
    places = [("2", "eu-north-1"), ("1", "us-east-1")]
    scopes = tuple(a_scope(region, account=account) for account, region in places)
    audit = replace(report.audit, account="several", region="several", scopes=scopes)
    several = replace(report, audit=audit)
    assert scopes_of(several) == ("1/us-east-1", "2/eu-north-1")
    assert re.fullmatch(r"several-([0-9a-f]{8})/several-\1/2026/11/22T0600Z-[A-Za-z0-9-]+\.json", name_of(several))
    assert is_name(name_of(several))
    turned = replace(report, audit=replace(audit, scopes=scopes[::-1]))
    assert name_of(turned) == name_of(several), "their order is none of what was audited"
    assert name_of(replace(report, audit=replace(audit, scopes=scopes[:1]))) != name_of(several)


GOOD = to_json(summary(sample_report()))


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "it is no summary of a run: Input data was truncated"),
        ("[]", "it is no summary of a run: Expected `object`, got `array`"),
        ("{}", "it is no summary of a run: Object missing required field `schema_version`"),
        ('{"schema_version": 2}', "it has schema_version 2, this version reads 1"),
        (GOOD.replace("Z", ""), "it is no summary of a run: `started_at` is no time of a run, with a time zone"),
        (re.sub(r'"cost_usd":[0-9.]+', '"cost_usd":1e999', GOOD), "it is no summary of a run: its cost is no amount"),
        (GOOD.replace("2026-11-22T", "0001-01-01T"), "it is no summary of a run: `started_at` is no time of a run"),
        (GOOD.replace('"grade":"C"', '"grade":"\x1b[31m"'), "it is no summary of a run: "),
        (GOOD.replace('"sampled":false', '"sampled":false,"x":1,"items":-1'), "it is no summary of a run: Expected `int` >= 0"),
        (GOOD.replace('"score":71.4', '"score":1e300'), "it is no summary of a run: Expected `float` <= 100.0"),
        ("[" * 100_000, "it is no summary of a run: "),
        (GOOD.encode() + b"\xff", "it is no summary of a run: "),
    ],
)
def test_what_is_no_summary_says_why(text: str | bytes, because: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(because)}"):
        from_json(text)


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_damaged_files_are_refused_or_read_and_never_a_crash(rubbish: bytes, place: int, cut: int) -> None:
    text = GOOD.encode()[:place] + rubbish + GOOD.encode()[place + cut :]
    try:
        kept = from_json(text)
    except ConfigError:
        return
    now = replace(summary(sample_report()), id="now", started_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert trend([kept], now).runs[-1].id == "now"


def test_times_are_in_utc() -> None:
    assert from_json(GOOD).started_at == datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
