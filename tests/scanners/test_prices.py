"""Live prices: every trap of the Price List, and what is said when it cannot be had. Only 127.0.0.1 is ever asked."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from stj_audit.cost.prices import PriceSheet, bundled_sheet
from stj_audit.errors import WriteRefused
from stj_audit.scanners import Aws, AwsOptions, guard, open_session, prices
from stj_audit.scanners.prices import FILE_LIMIT_BYTES, PRICE_FILES, live_sheet
from tests.engines.web import Quiet, web_server
from tests.scanners.answers import REGION, answer, answer_with, before_send, error

pytestmark = pytest.mark.slow

TODAY = date(2026, 10, 5)
OPTIONS = AwsOptions(region=REGION)
NOWHERE = "http://127.0.0.1:1"
HAD_ENOUGH = "the reader had enough"

# What a product with a group is: its productFamily and its operation
PER_REQUEST = ("Amazon DynamoDB PayPerRequest Throughput", "PayPerRequestThroughput")
COMMITTED = ("Provisioned IOPS", "CommittedThroughput")
REPLICATED = ("DDB-Operation-ReplicatedWrite", "CommittedThroughput")
RWRU, RWCU = "ReplicatedWriteRequestUnits", "ReplicatedWriteCapacityUnit-Hrs"
# key -> what it is, group, usage type, unit
GROUPS: Mapping[str, tuple[tuple[str | None, str], str, str, str]] = {
    "on_demand.standard.read_request_unit": (PER_REQUEST, "DDB-ReadUnits", "ReadRequestUnits", "ReadRequestUnits"),
    "on_demand.standard.write_request_unit": (PER_REQUEST, "DDB-WriteUnits", "WriteRequestUnits", "WriteRequestUnits"),
    "on_demand.standard.replicated_write_request_unit": (PER_REQUEST, "DDB-ReplicatedWriteUnits", "ReplWriteRequestUnits", RWRU),
    "on_demand.ia.read_request_unit": (PER_REQUEST, "DDB-ReadUnitsIA", "IA-ReadRequestUnits", "ReadRequestUnits"),
    "on_demand.ia.write_request_unit": (PER_REQUEST, "DDB-WriteUnitsIA", "IA-WriteRequestUnits", "WriteRequestUnits"),
    "on_demand.ia.replicated_write_request_unit": (PER_REQUEST, "DDB-ReplicatedWriteUnitsIA", "IA-ReplWriteRequestUnits", RWRU),
    "provisioned.standard.rcu_hour": (COMMITTED, "DDB-ReadUnits", "ReadCapacityUnit-Hrs", "ReadCapacityUnit-Hrs"),
    "provisioned.standard.wcu_hour": (COMMITTED, "DDB-WriteUnits", "WriteCapacityUnit-Hrs", "WriteCapacityUnit-Hrs"),
    "provisioned.standard.rwcu_hour": (REPLICATED, "DDB-ReplicatedWriteUnits", "ReplWriteCapacityUnit-Hrs", RWCU),
    "provisioned.ia.rcu_hour": (COMMITTED, "DDB-ReadUnitsIA", "IA-ReadCapacityUnit-Hrs", "ReadCapacityUnit-Hrs"),
    "provisioned.ia.wcu_hour": (COMMITTED, "DDB-WriteUnitsIA", "IA-WriteCapacityUnit-Hrs", "WriteCapacityUnit-Hrs"),
    "provisioned.ia.rwcu_hour": (REPLICATED, "DDB-ReplicatedWriteUnitsIA", "IA-ReplWriteCapacityUnit-Hrs", RWCU),
    "streams.read_request": (("API Request", "GetRecords"), "DDB-StreamsReadRequests", "Streams-Requests", "Requests"),
    "cdc.kinesis_unit": (
        (None, "DelegatedOperations"),
        "DDB-Kinesis",
        "ChangeDataCaptureUnits-Kinesis",
        "ChangeDataCaptureUnits",
    ),
}
PITR = "Point-In-Time-Restore (PITR) Backup Storage"
# key -> productFamily, the end of volumeType, usage type, unit
VOLUMES: Mapping[str, tuple[str, str, str, str]] = {
    "storage.standard.gb_month": ("Database Storage", "Indexed DataStore", "TimedStorage-ByteHrs", "GB-Mo"),
    "storage.ia.gb_month": ("Database Storage", "Indexed DataStore - IA", "IA-TimedStorage-ByteHrs", "GB-Mo"),
    "backup.pitr.gb_month": ("Database Storage", PITR, "TimedPITRStorage-ByteHrs", "GB-Mo"),
    "backup.on_demand.gb_month": (
        "Amazon DynamoDB On-Demand Backup Storage",
        "On-Demand Backup Storage",
        "TimedBackupStorage-ByteHrs",
        "GB-Month",
    ),
    "backup.restore.gb": ("Amazon DynamoDB Restore Data Size", "Backup Restore Size", "RestoreDataSize-Bytes", "GB"),
    "export.full.gb": ("Amazon DynamoDB Export Data Size", "Export Size", "ExportDataSize-Bytes", "GB"),
    "export.incremental.gb": ("Amazon DynamoDB Export Data Size", "Incremental Export", "IncrementalExportDataSize-Bytes", "GB"),
    "import.gb": ("Amazon DynamoDB Import Data Size", "Import Size", "ImportDataSize-Bytes", "GB"),
}
RRU, WRU = "on_demand.standard.read_request_unit", "on_demand.standard.write_request_unit"
RCU, STORAGE = "provisioned.standard.rcu_hour", "storage.standard.gb_month"
FREE_STORAGE = (("0", "25", "0.0000000000"), ("25", "Inf", "0.3690000000"))

Offer = dict[str, Any]
Bands = Sequence[tuple[str, str, str]]  # from, to, US dollars


def flat(usd: str) -> Bands:
    return (("0", "Inf", usd),)


def dimensions(bands: Bands, unit: str, rate: str) -> Offer:
    return {
        f"{rate}.{number}": {
            "rateCode": f"{rate}.{number}",
            "description": "$... per ...",
            "unit": unit,
            "beginRange": begin,
            "endRange": end,
            "pricePerUnit": {"USD": usd},
            "appliesTo": [],
        }
        for number, (begin, end, usd) in enumerate(bands)
    }


def row(key: str) -> tuple[str | None, dict[str, str], str]:
    """The family of a product, the attributes that are its own, and the unit of its prices."""
    if key in GROUPS:
        (family, operation), group, usage, unit = GROUPS[key]
        return family, {"group": group, "operation": operation, "usagetype": usage}, unit
    volume_family, volume, usage, unit = VOLUMES[key]
    return volume_family, {"volumeType": f"Amazon DynamoDB - {volume}", "operation": "", "usagetype": usage}, unit


def offer(key: str, bands: Bands | str, *, sku: str = "", region: str = REGION, prefix: str = "EUN1-", **attributes: str) -> Offer:
    """A product of the tables above, with one term on demand, as GetProducts gives it."""
    family, told, unit = row(key)
    sku = sku or key.upper()
    told |= {
        "servicecode": "AmazonDynamoDB",
        "servicename": "Amazon DynamoDB",
        "locationType": "AWS Region",
        "location": "somewhere",
    }
    told |= {"regionCode": region, "usagetype": prefix + told["usagetype"]} | attributes
    product = {"attributes": told, "sku": sku} | ({} if family is None else {"productFamily": family})
    bands = flat(bands) if isinstance(bands, str) else bands
    term = f"{sku}.JRTCKXETXF"
    on_demand = {
        term: {"sku": sku, "offerTermCode": "JRTCKXETXF", "priceDimensions": dimensions(bands, unit, term), "termAttributes": {}}
    }
    return {"product": product, "serviceCode": "AmazonDynamoDB", "terms": {"OnDemand": on_demand}, "version": "20260929"}


def with_reserved(of: Offer, years: str, upfront: str, hour: str, *, purchase: str = "Heavy Utilization") -> Offer:
    """The offer with a reserved term more. An upfront fee has no range."""
    sku = of["product"]["sku"]
    (term,) = of["terms"]["OnDemand"].values()
    unit = next(iter(term["priceDimensions"].values()))["unit"]
    name = f"{sku}.{years}{purchase}"
    fee = {"unit": "Quantity", "description": "Upfront Fee", "pricePerUnit": {"USD": upfront}}
    of["terms"].setdefault("Reserved", {})[name] = {
        "priceDimensions": {f"{name}.FEE": fee} | dimensions(flat(hour), unit, name),
        "termAttributes": {"LeaseContractLength": years, "OfferingClass": "standard", "PurchaseOption": purchase},
    }
    return of


def whole_offer(region: str) -> list[Offer]:
    """What the Price List would have of a region if the bundled sheet was right, with what is in it besides."""
    sheet, offers = bundled_sheet(region), []
    for key in (*GROUPS, *VOLUMES):
        price = sheet.price(key)
        if price is None:
            continue
        usd, free = f"{price.usd:.10f}", price.free_monthly
        made = offer(key, usd if free is None else (("0", str(free), "0.0"), (str(free), "Inf", usd)), region=region)
        what = {"provisioned.standard.rcu_hour": "rcu", "provisioned.standard.wcu_hour": "wcu"}.get(key)
        for years in ("1yr", "3yr"):
            upfront, hour = sheet.price(f"reserved.{years}.{what}_upfront"), sheet.price(f"reserved.{years}.{what}_hour")
            if upfront is not None and hour is not None:
                with_reserved(made, years, f"{upfront.usd:.10f}", f"{hour.usd:.10f}")
        offers.append(made)
    return [*offers, *besides(region)]


def besides(region: str) -> list[Offer]:
    """What a region's offer has that no key is of: vector search and data transfer, both without `group`."""
    vector = offer(RRU, "0.0020000000", sku="VECTOR", region=region, usagetype="EUN1-VectorSearch")
    del vector["product"]["attributes"]["group"]
    transfer = {
        "product": {
            "productFamily": "Data Transfer",
            "attributes": {
                "servicecode": "AWSDataTransfer",
                "fromRegionCode": region,
                "transferType": "AWS Outbound",
                "operation": "",
            },
            "sku": "TRANSFER",
        },
        "terms": {"OnDemand": {"T": {"priceDimensions": dimensions(flat("0.09"), "GB", "T"), "termAttributes": {}}}},
    }
    return [vector, transfer]


def price_file(offers: Sequence[Offer]) -> Offer:
    """The same as AWS's file of a region has it: products and terms apart."""
    by_sku = {one["product"]["sku"]: one for one in offers}
    kinds = {kind for one in offers for kind in one["terms"]}
    return {
        "formatVersion": "v1.0",
        "offerCode": "AmazonDynamoDB",
        "products": {sku: one["product"] for sku, one in by_sku.items()},
        "terms": {kind: {sku: one["terms"][kind] for sku, one in by_sku.items() if kind in one["terms"]} for kind in kinds},
    }


# ---------------------------------------------------------------------------------------------------- the two sources, played


@pytest.fixture(autouse=True)
def hosts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were looked up. None but this machine is found."""
    for name in ("AWS_ENDPOINT_URL_PRICING", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def only_here(host: Any, *arguments: Any, **keys: Any) -> Any:
        asked.append(str(host))
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "no test asks the internet")
        return look_up(host, *arguments, **keys)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    monkeypatch.setattr("stj_audit.scanners.guard.RETRY_AFTER_SECONDS", 0)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    return asked


@pytest.fixture
def play_api(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Let AWS's own endpoint answer as told; gives the requests as they come in."""

    def play(*answers: Callable[[], AWSResponse]) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = []

        def opened(options: AwsOptions) -> Aws:
            aws = open_session(options)
            requests.append({"region": aws.pricing.meta.region_name})
            answer_with(aws.pricing, "pricing.GetProducts", *answers)
            before_send(aws.pricing, "pricing.GetProducts", lambda request, **_: requests.append(json.loads(request.body)))
            return aws

        monkeypatch.setattr(prices, "open_session", opened)
        return requests

    return play


def products(*offers: Offer, **extra: str) -> Callable[[], AWSResponse]:
    return lambda: answer({"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in offers], **extra})


def denied() -> AWSResponse:
    return error("AccessDeniedException")


@contextmanager
def serving(
    answers: Callable[[str], tuple[int, bytes]], headers: Mapping[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server of this machine: its address, and the paths it was asked for, with `HAD_ENOUGH` where one was not read to its end."""
    asked: list[str] = []

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            try:
                self.answer(*answers(self.path), dict(headers or {}))
            except ConnectionError:
                asked.append(HAD_ENOUGH)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

    with web_server(Handler, waits=True) as url:  # so that all is written down then
        yield url, asked


def serving_file(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return serving(lambda _: (status, raw), headers)


def usd(sheet: PriceSheet, key: str) -> Decimal | None:
    price = sheet.price(key)
    return None if price is None else price.usd


@pytest.fixture
def sheet_of(play_api: Callable[..., list[dict[str, Any]]]) -> Callable[..., PriceSheet]:
    """The sheet that is made of some products, one of which has a price."""

    def made(*offers: Offer, region: str = REGION) -> PriceSheet:
        play_api(products(*offers))
        sheet = live_sheet(OPTIONS, region, today=TODAY, price_files=NOWHERE)
        assert sheet.source.startswith("the Price List API on 2026-10-05")
        return sheet

    return made


# ------------------------------------------------------------------------------------------------------------- the whole of it


@pytest.mark.parametrize("region", ["eu-north-1", "us-east-1", "us-east-2", "il-central-1", "us-gov-west-1", "ca-west-1"])
@pytest.mark.parametrize("source", ["api", "file"])
def test_a_whole_offer_reads_as_the_bundled_sheet(region: str, source: str, play_api: Callable[..., list[dict[str, Any]]]) -> None:
    offers = whole_offer(region)
    play_api(products(*offers) if source == "api" else denied)
    with serving_file(price_file(offers)) as (address, asked):
        sheet = live_sheet(OPTIONS, region, today=TODAY, price_files=address)
    assert asked == ([] if source == "api" else [f"/{region}/index.json"])
    expected = {key: price for key, price in bundled_sheet(region).prices.items() if key != "cdc.glue_elastic_views_unit"}
    assert sheet.prices.keys() == expected.keys()
    for key, price in expected.items():
        live = sheet.prices[key]
        assert (live.usd, live.unit, live.free_monthly) == (price.usd, price.unit, price.free_monthly), key
        assert live.as_of == (price.as_of if key.startswith("aws_backup.") else "2026-10")
        # Not only equal: they are written into reports
        assert (str(live.usd), str(live.free_monthly)) == (str(price.usd), str(price.free_monthly))
    assert sheet.region == region


def test_one_filter_is_enough_and_every_page_is_read(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    requests = play_api(products(offer(RRU, "0.0000009345"), NextToken="more"), products(offer(WRU, "0.0000009700")))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert (usd(sheet, RRU), usd(sheet, WRU)) == (Decimal("0.0000009345"), Decimal("0.00000097"))
    region, first, second = requests
    assert region == {"region": "eu-central-1"}
    assert first == {
        "ServiceCode": "AmazonDynamoDB",
        "FormatVersion": "aws_v1",
        "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION}],
        "MaxResults": 100,
    }
    assert second == first | {"NextToken": "more"}


def test_the_stubbed_client_of_botocore_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = open_session(OPTIONS)
    monkeypatch.setattr(prices, "open_session", lambda _: aws)
    with Stubber(aws.pricing) as stubber:
        stubber.add_response("get_products", {"PriceList": [json.dumps(offer(RRU, "0.0000009345"))]})
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert usd(sheet, RRU) == Decimal("0.0000009345")


def test_the_source_tells_what_was_used(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(offer(RRU, "0.0000009345"))
    assert sheet.source == "the Price List API on 2026-10-05, AWS Backup's prices from the bundled list"
    assert sheet_of(offer(RRU, "1.5", region="eu-west-9"), region="eu-west-9").source == "the Price List API on 2026-10-05"


def test_a_key_that_is_missing_stays_missing(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(offer(RRU, "0.0000009345"))
    assert [key for key in sheet.prices if not key.startswith("aws_backup.")] == [RRU]
    assert sheet.prices["aws_backup.ddb.warm.gb_month"] == bundled_sheet(REGION).prices["aws_backup.ddb.warm.gb_month"]


def test_the_file_is_aws_s_own_unless_a_test_says_otherwise() -> None:
    assert PRICE_FILES == "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonDynamoDB/current"


# ---------------------------------------------------------------------------------------------------------------- the traps


def test_on_demand_and_provisioned_have_the_same_group(sheet_of: Callable[..., PriceSheet]) -> None:
    for offers in ((offer(RRU, "0.1"), offer(RCU, "0.2")), (offer(RCU, "0.2"), offer(RRU, "0.1"))):
        sheet = sheet_of(*offers)
        assert (usd(sheet, RRU), usd(sheet, RCU)) == (Decimal("0.1"), Decimal("0.2"))


def test_infrequent_access_and_replicated_rows_are_not_taken_for_standard(sheet_of: Callable[..., PriceSheet]) -> None:
    keys = [key for key in (*GROUPS, *VOLUMES) if ".ia." in key or "replicated" in key or "rwcu" in key]
    sheet = sheet_of(*(offer(key, "0.5") for key in keys))
    assert {key for key in sheet.prices if not key.startswith("aws_backup.")} == set(keys)


def test_products_without_group_are_passed_over(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(*besides(REGION), offer(RRU, "0.0000009345"))
    assert usd(sheet, RRU) == Decimal("0.0000009345")
    assert len([key for key in sheet.prices if not key.startswith("aws_backup.")]) == 1


@pytest.mark.parametrize("bands", [FREE_STORAGE, FREE_STORAGE[::-1]], ids=["free band first", "free band last"])
def test_the_free_band_is_no_price(bands: Bands, sheet_of: Callable[..., PriceSheet]) -> None:
    price = sheet_of(offer(STORAGE, bands)).prices[STORAGE]
    assert (price.usd, price.free_monthly) == (Decimal("0.369"), Decimal(25))


def test_bands_are_in_order_of_quantity_and_not_of_text(sheet_of: Callable[..., PriceSheet]) -> None:
    bands = (("100000", "Inf", "0.1"), ("0", "9000", "0"), ("9000", "100000", "0.2"))
    price = sheet_of(offer(RCU, bands)).prices[RCU]
    assert (price.usd, price.free_monthly) == (Decimal("0.2"), Decimal(9000))


@pytest.mark.parametrize("flat_first", [False, True])
def test_of_two_storage_products_the_one_with_the_free_band_counts(flat_first: bool, sheet_of: Callable[..., PriceSheet]) -> None:
    tiered = offer(STORAGE, FREE_STORAGE, sku="F3E2EDSYC6ZNW7XP", prefix="")
    plain = offer(STORAGE, "0.3690000000", sku="OTHER", prefix="USE1-")
    price = sheet_of(*((plain, tiered) if flat_first else (tiered, plain))).prices[STORAGE]
    assert (price.usd, price.free_monthly) == (Decimal("0.369"), Decimal(25))


def test_two_products_with_two_prices_are_not_known(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(offer(STORAGE, FREE_STORAGE, sku="A"), offer(STORAGE, "0.27", sku="B"), offer(RRU, "0.1"))
    assert usd(sheet, STORAGE) is None
    assert usd(sheet, RRU) == Decimal("0.1")


def test_the_usage_type_decides_nothing(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(offer(RRU, "0.1", usagetype="USE1-WriteRequestUnits"), offer(STORAGE, "0.2", usagetype=""))
    assert (usd(sheet, RRU), usd(sheet, WRU), usd(sheet, STORAGE)) == (Decimal("0.1"), None, Decimal("0.2"))


def test_products_of_another_region_are_passed_over(sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(
        offer(RRU, "0.1"), offer(WRU, "0.2", region="us-west-2", sku="W"), offer(RRU, "0.3", region="us-west-2", sku="R")
    )
    assert (usd(sheet, RRU), usd(sheet, WRU)) == (Decimal("0.1"), None)


@pytest.mark.parametrize("operation", ["", "DelegatedOperations"])
def test_the_kinesis_row_has_no_family_and_one_of_two_operations(operation: str, sheet_of: Callable[..., PriceSheet]) -> None:
    made = offer("cdc.kinesis_unit", "0.0000009074", operation=operation)
    assert "productFamily" not in made["product"]
    assert usd(sheet_of(made), "cdc.kinesis_unit") == Decimal("0.0000009074")
    del made["product"]["attributes"]["operation"]
    assert usd(sheet_of(made), "cdc.kinesis_unit") == Decimal("0.0000009074")


def test_a_price_in_another_unit_is_not_known(sheet_of: Callable[..., PriceSheet]) -> None:
    made = offer(STORAGE, "0.2")
    (term,) = made["terms"]["OnDemand"].values()
    next(iter(term["priceDimensions"].values()))["unit"] = "TB-Mo"
    assert usd(sheet_of(made, offer(RRU, "0.1")), STORAGE) is None


@pytest.mark.parametrize(
    "bands",
    [
        flat("0.0000000000"),
        flat(""),
        flat("NaN"),
        flat("sNaN"),
        flat("Infinity"),
        flat("-0.1"),
        flat("0,25"),
        flat("1e999999999"),
        (("0", "25", "0"), ("?", "Inf", "0.25")),
        (("0", "25", "?"), ("25", "Inf", "0.25")),
        (("0", "Inf", "0"), ("25", "Inf", "0.25")),
        (),
    ],
)
def test_what_is_no_price_is_not_known_and_never_free(bands: Bands, sheet_of: Callable[..., PriceSheet]) -> None:
    sheet = sheet_of(offer(STORAGE, bands), offer(RRU, "0.1"))
    assert usd(sheet, STORAGE) is None
    assert usd(sheet, RRU) == Decimal("0.1")


def test_a_price_in_another_currency_is_not_known(sheet_of: Callable[..., PriceSheet]) -> None:
    made = offer(STORAGE, "2.2")
    (term,) = made["terms"]["OnDemand"].values()
    next(iter(term["priceDimensions"].values()))["pricePerUnit"] = {"CNY": "2.2"}
    assert usd(sheet_of(made, offer(RRU, "0.1")), STORAGE) is None


def test_a_product_without_terms_has_no_price(sheet_of: Callable[..., PriceSheet]) -> None:
    made = offer(STORAGE, "0.2")
    del made["terms"]
    assert usd(sheet_of(made, offer(RRU, "0.1")), STORAGE) is None


def test_another_way_to_reserve_is_passed_over(sheet_of: Callable[..., PriceSheet]) -> None:
    made = with_reserved(offer(RCU, "0.00014"), "1yr", "0.3220000000", "0.0000280000")
    made = with_reserved(with_reserved(made, "1yr", "9", "9", purchase="All Upfront"), "5yr", "9", "9")
    sheet = sheet_of(made, with_reserved(offer("provisioned.ia.rcu_hour", "0.1"), "1yr", "9", "9"))
    assert (usd(sheet, "reserved.1yr.rcu_upfront"), usd(sheet, "reserved.1yr.rcu_hour")) == (Decimal("0.322"), Decimal("0.000028"))
    assert len([key for key in sheet.prices if key.startswith("reserved.")]) == 2


# ---------------------------------------------------------------------------------------------------------- the next source


def test_a_denied_call_leads_to_the_public_file(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    requests = play_api(denied)
    with serving_file(price_file([offer(RRU, "0.0000009345")])) as (address, asked):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert usd(sheet, RRU) == Decimal("0.0000009345")
    assert asked == [f"/{REGION}/index.json"]
    assert len(requests) == 2  # the session, and one call
    assert sheet.source == (
        "the public price file on 2026-10-05, AWS Backup's prices from the bundled list, "
        "because the Price List API said AccessDeniedException"
    )


def test_without_both_the_bundled_prices_are_used(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    sheet, bundled = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE), bundled_sheet(REGION)
    assert sheet.prices == bundled.prices
    assert sheet.source == (
        f"bundled list prices ({bundled.source}), because the Price List API said AccessDeniedException "
        f"and the public price file could not be reached ({NOWHERE} cannot be reached)"
    )


def test_a_region_without_any_prices_says_so(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(products())
    with serving_file(b"<Error/>", status=403) as (address, _):
        sheet = live_sheet(OPTIONS, "eu-west-9", today=TODAY, price_files=address)
    assert not sheet.prices
    assert sheet.region == "eu-west-9"
    assert sheet.source == (
        "no price sheet for this region, and no live prices, because the Price List API has no price of DynamoDB in eu-west-9 "
        "and the public price file is not there (HTTP 403)"
    )


def test_moto_has_no_price_list_api(moto: None) -> None:
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert "because the Price List API is not available here and the public" in sheet.source
    assert sheet.prices == bundled_sheet(REGION).prices


def test_prices_that_do_not_come_in_time_are_those_of_the_package(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    for source in ("_ask", "_fetch"):
        monkeypatch.setattr(prices, source, lambda *_: over.wait(20))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE, ends_at=time.monotonic() + 0.2)
    over.set()
    assert sheet.prices == bundled_sheet(REGION).prices
    late = "did not answer in time"
    assert sheet.source.endswith(f", because the Price List API {late} and the public price file {late}")


def test_without_the_internet_nothing_is_raised(hosts: list[str]) -> None:
    sheet = live_sheet(OPTIONS, "us-west-2", today=TODAY)
    assert set(hosts) == {"api.pricing.us-east-1.amazonaws.com", "pricing.us-east-1.amazonaws.com"}
    assert hosts.count("api.pricing.us-east-1.amazonaws.com") == 2
    assert "could not be asked (https://api.pricing.us-east-1.amazonaws.com cannot be reached)" in sheet.source
    assert "could not be reached (https://pricing.us-east-1.amazonaws.com cannot be reached)" in sheet.source


def test_without_credentials_the_public_file_is_asked(monkeypatch: pytest.MonkeyPatch, hosts: list[str]) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with serving_file(price_file([offer(RRU, "0.1")])) as (address, _):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert usd(sheet, RRU) == Decimal("0.1")
    assert sheet.source.endswith("because the Price List API could not be asked (no AWS credentials were found)")
    assert set(hosts) == {"127.0.0.1"}


def test_a_role_that_cannot_be_assumed_is_not_the_price_list_s_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: (403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")) as (sts, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts)
        options = AwsOptions(region=REGION, role_arn="arn:aws:iam::123456789012:role/auditor")
        sheet = live_sheet(options, REGION, today=TODAY, price_files=NOWHERE)
    assert "the Price List API could not be asked (the role cannot be assumed (AccessDenied))" in sheet.source


BROKEN_FILES = {
    "cut short": json.dumps(price_file([offer(RRU, "0.1")])).encode()[:-40],
    "the page of a captive portal": b"<html>Please sign in</html>",
    "empty": b"",
    "a list": b"[]",
    "an index": b'{"formatVersion": "v1.0", "regions": {}}',
    "not UTF-8": b'{"products": {"\xff": {}}, "terms": {}}',
    "nested without end": b'{"disclaimer":' + b"[" * 100_000,
    "a number for a price": json.dumps(price_file([offer(RRU, "0.1")])).replace('"0.1"', "0.1").encode(),
}


@pytest.mark.parametrize("body", BROKEN_FILES.values(), ids=BROKEN_FILES.keys())
def test_a_broken_file_is_no_file(body: bytes, play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    with serving_file(body) as (address, _):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert sheet.source.endswith("and the public price file gave an unreadable answer")
    assert sheet.prices == bundled_sheet(REGION).prices


def test_a_file_that_breaks_off_is_no_file(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    whole = json.dumps(price_file([offer(RRU, "0.1")])).encode()
    with serving_file(whole[:200], headers={"Content-Length": str(len(whole))}) as (address, _):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert "the public price file" in sheet.source.partition(" and ")[2]
    assert sheet.prices == bundled_sheet(REGION).prices


def test_a_chunk_that_breaks_off_is_no_file(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    with serving(lambda _: (200, b"ffff\r\n{}"), {"Transfer-Encoding": "chunked"}) as (address, _):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert "the public price file" in sheet.source.partition(" and ")[2]
    assert sheet.prices == bundled_sheet(REGION).prices


def test_a_huge_file_is_not_read_to_its_end(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    with serving_file(b" " * (8 * FILE_LIMIT_BYTES)) as (address, asked):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert asked == [f"/{REGION}/index.json", HAD_ENOUGH]
    assert sheet.source.endswith("and the public price file has more than 8,388,608 bytes")


def test_no_redirect_is_followed(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(denied)
    with serving_file(b"", status=302, headers={"Location": "/elsewhere"}) as (address, asked):
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=address)
    assert asked == [f"/{REGION}/index.json"]
    assert sheet.source.endswith("is not there (HTTP 302)")


def test_the_file_is_fetched_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch, play_api: Callable[..., list[dict[str, Any]]]
) -> None:
    play_api(denied)
    with serving_file(price_file([offer(RRU, "0.1")])) as (proxy, asked):
        monkeypatch.setenv("http_proxy", proxy)
        sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files="http://prices.test.invalid/current")
    assert asked == [f"http://prices.test.invalid/current/{REGION}/index.json"]
    assert usd(sheet, RRU) == Decimal("0.1")


def test_the_certificates_are_the_user_s(monkeypatch: pytest.MonkeyPatch, play_api: Callable[..., list[dict[str, Any]]]) -> None:
    verified: list[object] = []

    class Http:
        def __init__(self, verify: object, **_: object) -> None:
            verified.append(verify)

        def send(self, _: object) -> AWSResponse:
            return answer(status=404)

        def close(self) -> None: ...

    monkeypatch.setattr(prices, "URLLib3Session", Http)
    play_api(denied)
    live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/company.pem")
    live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert verified == [True, "/company.pem"]


BROKEN_ANSWERS = {
    "cut short": b'{"FormatVersion": "aws_v1", "PriceList": ["{\\"product\\": ',
    "without its member": b"{}",
    "an offer cut short": json.dumps({"PriceList": [json.dumps(offer(RRU, "0.1"))[:-9]]}).encode(),
    "no text": json.dumps({"PriceList": [offer(RRU, "0.1")]}).encode(),
    "no list": b'{"PriceList": 5}',
    "a lone surrogate": b'{"PriceList": ["\\"\\ud800\\""]}',
}


@pytest.mark.parametrize("body", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS.keys())
def test_a_broken_answer_is_no_answer(body: bytes, play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(lambda: answer(body))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert "because the Price List API gave an unreadable answer and" in sheet.source
    assert sheet.prices == bundled_sheet(REGION).prices


def test_a_list_that_is_null_has_no_prices(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(lambda: answer(b'{"PriceList": null}'))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert f"because the Price List API has no price of DynamoDB in {REGION} and" in sheet.source


def test_a_throttled_call_is_repeated_once(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    requests = play_api(lambda: error("ThrottlingException"))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert len(requests) == 3  # the session, and two calls
    assert "because the Price List API said ThrottlingException and" in sheet.source


def test_pages_that_go_round_in_a_circle_end(play_api: Callable[..., list[dict[str, Any]]]) -> None:
    play_api(products(offer(RRU, "0.1"), NextToken="again"))
    sheet = live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert "the Price List API gave an unreadable answer" in sheet.source


# ------------------------------------------------------------------------------------------------ another endpoint, and the guard


def asked_there(address: str, paths: Sequence[str], hosts: Sequence[str]) -> bool:
    return set(hosts) == {"127.0.0.1"} and set(paths) == {"/"} and address.startswith("http://127.0.0.1:")


PRODUCTS_BODY = json.dumps({"PriceList": [json.dumps(offer(RRU, "0.1"))]}).encode()


@pytest.mark.parametrize("body", [PRODUCTS_BODY, b"{}", b"<html>"], ids=["with prices", "without", "no API"])
@pytest.mark.parametrize("by", ["option", "variable", "variable of the service", "profile"])
def test_another_endpoint_is_asked_and_nobody_else(
    by: str, body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hosts: list[str]
) -> None:
    with serving(lambda _: (200, body)) as (address, paths), serving_file(price_file([offer(RRU, "0.7")])) as (files, fetched):
        options = AwsOptions(region=REGION, endpoint_url=address if by == "option" else None)
        if by == "variable":
            monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        elif by == "variable of the service":
            monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", address)
        elif by == "profile":
            path = tmp_path / "config"
            path.write_text(f"[default]\nendpoint_url = {address}\n")
            monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        sheet = live_sheet(options, REGION, today=TODAY, price_files=files)
        assert asked_there(address, paths, hosts)
    assert fetched == []
    if body == PRODUCTS_BODY:
        assert usd(sheet, RRU) == Decimal("0.1")
    else:
        assert sheet.prices == bundled_sheet(REGION).prices
        assert sheet.source.endswith("and the public price file was not asked for, as another endpoint stands in for AWS")


def test_the_variable_of_the_service_goes_before_the_option(monkeypatch: pytest.MonkeyPatch, hosts: list[str]) -> None:
    with serving(lambda _: (200, PRODUCTS_BODY)) as (address, paths), serving_file({}) as (other, unasked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", address)
        sheet = live_sheet(AwsOptions(region=REGION, endpoint_url=other), REGION, today=TODAY)
        assert asked_there(address, paths, hosts)
    assert unasked == []
    assert usd(sheet, RRU) == Decimal("0.1")


@pytest.mark.parametrize("by", ["option", "variable"])
def test_the_public_file_is_not_asked_for_also_where_prices_are_aws_s_own(
    by: str, monkeypatch: pytest.MonkeyPatch, hosts: list[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "https://api.pricing.us-east-1.amazonaws.com")
    if by == "variable":
        monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)
    with serving_file(price_file([offer(RRU, "0.7")])) as (files, fetched):
        options = AwsOptions(region=REGION, endpoint_url=NOWHERE if by == "option" else None)
        live_sheet(options, REGION, today=TODAY, price_files=files)
    assert fetched == []
    assert set(hosts) == {"api.pricing.us-east-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (AwsOptions(region=REGION, profile="nope"), {}),
        (AwsOptions(region=REGION, endpoint_url="localhost:8000"), {}),
        (
            AwsOptions(region=REGION, role_arn="arn:aws:iam::123456789012:role/auditor"),
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        ),
        (OPTIONS, {"AWS_ENDPOINT_URL_PRICING": "localhost:8000"}),
        (OPTIONS, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}),
    ],
)
def test_a_configuration_that_cannot_be_used_sends_nothing(
    options: AwsOptions, variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, hosts: list[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serving_file(price_file([offer(RRU, "0.7")])) as (files, fetched):
        sheet = live_sheet(options, REGION, today=TODAY, price_files=files)
    assert fetched == []
    assert set(hosts) <= {"127.0.0.1"}
    assert sheet.prices == bundled_sheet(REGION).prices
    assert sheet.source.startswith("bundled list prices (")


@pytest.mark.parametrize("region", ["eu north 1", "../eu-north-1", "evil.example/", "eu-north-1\n"])
def test_a_malformed_region_is_asked_for_nowhere(region: str, hosts: list[str]) -> None:
    with serving_file(price_file([offer(RRU, "0.7")])) as (files, fetched):
        sheet = live_sheet(OPTIONS, region, today=TODAY, price_files=files)
    assert (fetched, hosts, dict(sheet.prices)) == ([], [], {})
    assert "there is no AWS session (the AWS region is not written like eu-north-1)" in sheet.source


def test_the_guard_s_refusal_is_not_swallowed(monkeypatch: pytest.MonkeyPatch, hosts: list[str]) -> None:
    monkeypatch.setattr(guard, "ALLOWED", {service: names for service, names in guard.ALLOWED.items() if service != "pricing"})
    with pytest.raises(WriteRefused, match="pricing:GetProducts"):
        live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
    assert hosts == []


def test_a_refusal_while_the_session_is_opened_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: AwsOptions) -> Aws:
        raise WriteRefused("the read-only guard refused sts:GetSessionToken")

    monkeypatch.setattr(prices, "open_session", refused)
    with pytest.raises(WriteRefused):
        live_sheet(OPTIONS, REGION, today=TODAY, price_files=NOWHERE)
