from decimal import Decimal

import pytest

from stj_audit.cost.lines import CLASS_KEYS, OTHER_PRICES, PRICE_KEYS
from stj_audit.cost.prices import bundled_regions, bundled_sheet


def test_there_is_a_sheet_for_each_of_36_regions() -> None:
    assert len(bundled_regions()) == 36
    assert {"us-east-1", "eu-north-1", "us-gov-west-1"} <= set(bundled_regions())


@pytest.mark.parametrize("region", bundled_regions())
def test_every_price_that_a_line_can_need_is_known_everywhere(region: str) -> None:
    sheet = bundled_sheet(region)
    assert sheet.region == region
    assert sheet.source
    sold_in_some = {"streams.read_request", "export.incremental.gb"}
    for key in {key for key, _ in PRICE_KEYS.values()} - OTHER_PRICES.keys() - sold_in_some:
        for table_class in CLASS_KEYS.values():
            price = sheet.price(key.format(table_class=table_class))
            assert price is not None
            assert price.usd > 0
            assert price.as_of >= "2025"


@pytest.mark.parametrize(
    ("region", "key", "usd"),
    [
        ("us-east-1", "on_demand.standard.write_request_unit", "0.000000625"),
        ("us-east-1", "on_demand.standard.read_request_unit", "0.000000125"),
        ("us-east-1", "storage.standard.gb_month", "0.25"),
        ("us-east-1", "backup.pitr.gb_month", "0.2"),
        ("eu-north-1", "on_demand.standard.write_request_unit", "0.00000067"),
        ("eu-north-1", "provisioned.standard.wcu_hour", "0.000698"),
        ("sa-east-1", "storage.ia.gb_month", "0.15"),
    ],
)
def test_prices_are_exact(region: str, key: str, usd: str) -> None:
    price = bundled_sheet(region).price(key)
    assert price is not None
    assert price.usd == Decimal(usd)


def test_a_price_that_is_not_sold_is_missing_not_zero() -> None:
    assert bundled_sheet("il-central-1").price("streams.read_request") is None


def test_the_free_band_is_kept_apart_from_the_price() -> None:
    storage = bundled_sheet("us-east-1").price("storage.standard.gb_month")
    on_demand = bundled_sheet("us-east-1").price("on_demand.standard.read_request_unit")
    assert storage is not None
    assert storage.free_monthly == 25
    assert on_demand is not None
    assert on_demand.free_monthly is None


@pytest.mark.parametrize("region", ["ddblocal", "eu-west-9", "../eu-north-1", ""])
def test_an_unknown_region_has_no_prices(region: str) -> None:
    sheet = bundled_sheet(region)
    assert not sheet.prices
    assert sheet.region == region
