"""What `stj-audit items` prints of samples, of tables that were not read, and of names that mean harm."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from stj_audit.config import SizeLines
from stj_audit.errors import ConfigError
from stj_audit.facts import AttributeSizes, ItemSizes, LargestItem
from stj_audit.profile import KeyValues, Profile, Source, TableProfile
from stj_audit.render.items import render_items
from stj_audit.report import ItemsReport, KeyElement, NotChecked, OverLine, Tool
from stj_audit.table_report import items_report

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def some_items() -> ItemsReport:
    sizes = ItemSizes(
        coverage="full",
        sizes=((1_000, 99), (307_201, 1)),
        read_units=Decimal(50),
        attributes=(AttributeSizes(name="a|b\x1b[31m`<i>", types=("S",), present=100, total_bytes=406_201, max_bytes=307_190),),
        largest=(LargestItem(size_bytes=307_201, key_hash="0123456789abcdef"),),
    )
    return items_report(sizes, SizeLines(), sort_key=False)


def a_profile(items: ItemsReport | None, *not_checked: NotChecked) -> Profile:
    return Profile(
        tool=Tool(name="stj-audit", version="0", policy_version="1"),
        region="eu-north-1",
        started_at=NOW,
        finished_at=NOW,
        tables=(
            TableProfile(
                name="orders",
                arn=None,
                key_schema=(KeyElement(attribute="id", type="S", role="HASH"),),
                items=items,
                keys=(KeyValues(index=None, items=100, distinct=3, distinct_limit=1_024, top_share=0.5),),
                source=Source(kind="table", location="orders"),
            ),
        ),
        not_checked=not_checked,
        read_units=Decimal(50),
        api_calls=3,
        cost_usd=Decimal("0.00000625"),
    )


def words(profile: Profile, format_: str = "table") -> str:
    return " ".join(render_items(profile, format_).split())


def test_of_a_sample_a_range_is_told() -> None:
    sample = replace(
        some_items(), coverage="sample", over_warn=OverLine(threshold_bytes=307_200, found=1, low=1, high=40), sample=None
    )
    assert "1 in the sample: 1 to 40 in the table" in words(a_profile(sample))
    assert "A sample of 100 items" in words(a_profile(sample))
    open_end = replace(sample, over_warn=replace(sample.over_warn, high=None))
    assert "1 in the sample: at least so many in the table" in words(a_profile(open_end))


def test_a_table_that_was_not_read_says_why() -> None:
    told = words(
        a_profile(None, NotChecked(check=None, table="orders", index=None, call="dynamodb:Scan", reason="not read: --scan none"))
    )
    assert "Its items were not read." in told
    assert "orders: not read: --scan none (dynamodb:Scan)." in told
    assert "Sizes" not in told.replace("Item sizes", "")


def test_keys_and_cost() -> None:
    told = words(a_profile(some_items()))
    assert "id: 3 different values; the most frequent is in 50% of the items." in told
    assert "50 read units, less than $0.01; 3 calls to AWS." in told


def test_names_are_made_harmless() -> None:
    for format_ in ("table", "markdown", "json"):
        assert "\x1b" not in render_items(a_profile(some_items()), format_)
    assert "<i>" not in render_items(a_profile(some_items()), "markdown")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match="no format for item sizes"):
        render_items(a_profile(some_items()), "html")
