"""
AWS's list prices of one region, asked for when they are wanted live: GetProducts, else AWS's public price file, else the bundled sheet.

Sources: AWS Price List API reference, GetProducts; AWS Billing guide, "Getting price list files manually"; the attributes in the tables
below are those of the offer AmazonDynamoDB in its price files of 2022 to 2026.

A product is known by its group and operation, or by its volume type: never by its usage type, whose prefix is of a region in most regions
and missing in others, and whose end is the same for Standard and Infrequent Access. A price in another unit than the expected one, or two
products of one kind with two prices, is "not known": the key is left out, and nothing is ever 0 or filled up from another source.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar, cast

import msgspec
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies
from msgspec import Struct, field
from urllib3.exceptions import HTTPError

from stj_audit.aws_failures import FAILURES, BrokenAnswer, explain
from stj_audit.cost.prices import Price, PriceSheet, bundled_sheet
from stj_audit.endpoints import is_of_aws
from stj_audit.errors import AuditError, WriteRefused
from stj_audit.scanners.ending import OutOfTime
from stj_audit.scanners.failures import NOT_AVAILABLE, reason
from stj_audit.scanners.pages import pages
from stj_audit.scanners.session import Aws, AwsOptions, open_session
from stj_audit.scanners.threads import within

PRICE_FILES = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonDynamoDB/current"
FILE_LIMIT_BYTES = 8 * 1024**2  # us-east-1's is 43 kB
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
PAGE_SIZE = 100  # the most that GetProducts gives; a region has about thirty products

_Unit = tuple[tuple[str, ...], str]  # AWS's names of it, and ours
_RRU: _Unit = (("ReadRequestUnits",), "per RRU")
_WRU: _Unit = (("WriteRequestUnits",), "per WRU")
_RWRU: _Unit = (("ReplicatedWriteRequestUnits",), "per rWRU")
_RCU_HOUR: _Unit = (("ReadCapacityUnit-Hrs",), "per RCU-hour")
_WCU_HOUR: _Unit = (("WriteCapacityUnit-Hrs",), "per WCU-hour")
_RWCU_HOUR: _Unit = (("ReplicatedWriteCapacityUnit-Hrs",), "per rWCU-hour")
_READ_REQUEST: _Unit = (("Requests",), "per GetRecords read request")
_CDC_UNIT: _Unit = (("ChangeDataCaptureUnits",), "per CDC unit (1 KB)")
_GB_MONTH: _Unit = (("GB-Mo", "GB-Month"), "per GB-month")
_GB: _Unit = (("GB",), "per GB")
_GB_RESTORED: _Unit = (("GB",), "per GB restored")

_ON_DEMAND = "PayPerRequestThroughput"
_PROVISIONED = "CommittedThroughput"
# (group, operation) -> key in the sheet, and its unit. On demand and provisioned share their groups; vector search has none, and no key
_BY_GROUP: Mapping[tuple[str, str], tuple[str, _Unit]] = {
    ("DDB-ReadUnits", _ON_DEMAND): ("on_demand.standard.read_request_unit", _RRU),
    ("DDB-WriteUnits", _ON_DEMAND): ("on_demand.standard.write_request_unit", _WRU),
    ("DDB-ReplicatedWriteUnits", _ON_DEMAND): ("on_demand.standard.replicated_write_request_unit", _RWRU),
    ("DDB-ReadUnitsIA", _ON_DEMAND): ("on_demand.ia.read_request_unit", _RRU),
    ("DDB-WriteUnitsIA", _ON_DEMAND): ("on_demand.ia.write_request_unit", _WRU),
    ("DDB-ReplicatedWriteUnitsIA", _ON_DEMAND): ("on_demand.ia.replicated_write_request_unit", _RWRU),
    ("DDB-ReadUnits", _PROVISIONED): ("provisioned.standard.rcu_hour", _RCU_HOUR),
    ("DDB-WriteUnits", _PROVISIONED): ("provisioned.standard.wcu_hour", _WCU_HOUR),
    ("DDB-ReplicatedWriteUnits", _PROVISIONED): ("provisioned.standard.rwcu_hour", _RWCU_HOUR),
    ("DDB-ReadUnitsIA", _PROVISIONED): ("provisioned.ia.rcu_hour", _RCU_HOUR),
    ("DDB-WriteUnitsIA", _PROVISIONED): ("provisioned.ia.wcu_hour", _WCU_HOUR),
    ("DDB-ReplicatedWriteUnitsIA", _PROVISIONED): ("provisioned.ia.rwcu_hour", _RWCU_HOUR),
    ("DDB-StreamsReadRequests", "GetRecords"): ("streams.read_request", _READ_REQUEST),
    ("DDB-Kinesis", "DelegatedOperations"): ("cdc.kinesis_unit", _CDC_UNIT),
    ("DDB-Kinesis", ""): ("cdc.kinesis_unit", _CDC_UNIT),
}
# volumeType, of the products without a group
_BY_VOLUME_TYPE: Mapping[str, tuple[str, _Unit]] = {
    "Amazon DynamoDB - Indexed DataStore": ("storage.standard.gb_month", _GB_MONTH),
    "Amazon DynamoDB - Indexed DataStore - IA": ("storage.ia.gb_month", _GB_MONTH),
    "Amazon DynamoDB - Point-In-Time-Restore (PITR) Backup Storage": ("backup.pitr.gb_month", _GB_MONTH),
    "Amazon DynamoDB - On-Demand Backup Storage": ("backup.on_demand.gb_month", _GB_MONTH),
    "Amazon DynamoDB - Backup Restore Size": ("backup.restore.gb", _GB_RESTORED),
    "Amazon DynamoDB - Export Size": ("export.full.gb", _GB),
    "Amazon DynamoDB - Incremental Export": ("export.incremental.gb", _GB),
    "Amazon DynamoDB - Import Size": ("import.gb", _GB),
}
# A reserved unit has a fee, once, and a price of its hours: key of what is reserved -> part of the key, its unit
_RESERVED: Mapping[str, Mapping[str, _Unit]] = {
    "provisioned.standard.rcu_hour": {
        "rcu_upfront": (("Quantity",), "per RCU, once (sold in blocks of 100)"),
        "rcu_hour": (_RCU_HOUR[0], "per reserved RCU-hour"),
    },
    "provisioned.standard.wcu_hour": {
        "wcu_upfront": (("Quantity",), "per WCU, once (sold in blocks of 100)"),
        "wcu_hour": (_WCU_HOUR[0], "per reserved WCU-hour"),
    },
}
_RESERVED_FOR = ("1yr", "3yr")
_PURCHASE_OPTION = "Heavy Utilization"  # the only one that DynamoDB has: a part at once, the rest by the hour
# AWS Backup has an offer of its own: these are always those of the bundled sheet, with its dates
_NOT_IN_THE_OFFER = "aws_backup."

_T = TypeVar("_T")
_API = "the Price List API"
_FILE = "the public price file"
_UNREADABLE = "gave an unreadable answer"


class _Dimension(Struct, frozen=True, kw_only=True, rename="camel"):
    """A band of a price. An upfront fee has no range."""

    unit: str = ""
    begin_range: str = "0"
    end_range: str = "Inf"
    price_per_unit: dict[str, str] = field(default_factory=dict)


class _Term(Struct, frozen=True, kw_only=True, rename="camel"):
    price_dimensions: dict[str, _Dimension] = field(default_factory=dict)
    term_attributes: dict[str, str] = field(default_factory=dict)


class _Product(Struct, frozen=True, kw_only=True):
    attributes: dict[str, str] = field(default_factory=dict)


class _Terms(Struct, frozen=True, kw_only=True, rename="pascal"):
    on_demand: dict[str, _Term] = field(default_factory=dict)
    reserved: dict[str, _Term] = field(default_factory=dict)


class _Offer(Struct, frozen=True, kw_only=True):
    """A product with its terms, as GetProducts gives it: a text for each."""

    product: _Product
    terms: _Terms = field(default_factory=_Terms)


class _FileTerms(Struct, frozen=True, kw_only=True, rename="pascal"):
    on_demand: dict[str, dict[str, _Term]] = field(default_factory=dict)
    reserved: dict[str, dict[str, _Term]] = field(default_factory=dict)


class _PriceFile(Struct, frozen=True, kw_only=True):
    """Products and terms apart, both by SKU."""

    products: dict[str, _Product]
    terms: _FileTerms


class _NoAnswer(Exception):
    """A source gave nothing that can be read; `str()` continues a sentence that begins with its name."""


def live_sheet(
    options: AwsOptions, region: str, *, today: date, price_files: str = PRICE_FILES, ends_at: float | None = None
) -> PriceSheet:
    """
    The list prices of a region as they are today, or the bundled ones. `source` says which, and why the better ones could not be had.
    `ends_at`, on the clock of `time.monotonic`, is when they are no longer waited for.

    Raises WriteRefused, and nothing else: prices are no reason to stop an audit.
    """
    try:
        aws = within(ends_at, "there was one", open_session, replace(options, region=region))
    except WriteRefused:
        raise
    except AuditError as error:
        # A configuration that cannot be used may be one by which nothing is to be sent to AWS
        return _bundled(region, [f"there is no AWS session ({error})"])
    why_not: list[str] = []
    sources: tuple[tuple[str, Callable[[], Iterable[_Offer]]], ...] = (
        (_API, partial(_ask, aws)),
        (_FILE, partial(_fetch, aws, price_files)),
    )
    for name, offers in sources:
        try:
            prices = _prices(_in_time(offers, ends_at), region, as_of=f"{today:%Y-%m}")
        except _NoAnswer as error:
            why_not.append(f"{name} {error}")
            continue
        if prices:
            return _sheet(region, prices, f"{name} on {today.isoformat()}", why_not)
        why_not.append(f"{name} has no price of DynamoDB in {region}")
    return _bundled(region, why_not)


# ------------------------------------------------------------------------------------------------------------- the sheets


def _sheet(region: str, prices: Mapping[str, Price], source: str, why_not: Sequence[str]) -> PriceSheet:
    bundled = {key: price for key, price in bundled_sheet(region).prices.items() if key.startswith(_NOT_IN_THE_OFFER)}
    if bundled:
        source += ", AWS Backup's prices from the bundled list"
    return PriceSheet(region=region, source=_because(source, why_not), prices={**prices, **bundled})


def _bundled(region: str, why_not: Sequence[str]) -> PriceSheet:
    sheet = bundled_sheet(region)
    source = f"bundled list prices ({sheet.source})" if sheet.prices else f"{sheet.source}, and no live prices"
    return replace(sheet, source=_because(source, why_not))


def _because(source: str, why_not: Sequence[str]) -> str:
    return f"{source}, because {' and '.join(why_not)}" if why_not else source


# ------------------------------------------------------------------------------------------------------------ the sources


def _ask(aws: Aws) -> list[_Offer]:
    """GetProducts with one filter, which is enough for AWS to give one region's products."""
    try:
        listed = pages(
            "GetProducts",
            aws.pricing.get_products,
            ServiceCode="AmazonDynamoDB",
            FormatVersion="aws_v1",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": aws.region}],
            MaxResults=PAGE_SIZE,
        )
        texts = [text for page in listed for text in page.get("PriceList") or ()]
    except FAILURES as error:
        raise _NoAnswer(_in_words(error)) from error
    return [_decode(text, _Offer) for text in texts]


def _in_time(offers: Callable[[], Iterable[_Offer]], ends_at: float | None) -> Iterable[_Offer]:
    try:
        return within(ends_at, "there were prices", offers)
    except OutOfTime as error:
        raise _NoAnswer("did not answer in time") from error


def _in_words(error: BaseException) -> str:
    if isinstance(error, ClientError) and error.operation_name == "GetProducts":
        said = reason(error)
        return f"is {said}" if said == NOT_AVAILABLE else f"said {said}"
    if isinstance(error, (BrokenAnswer, ResponseParserError)):
        return _UNREADABLE
    return f"could not be asked ({explain(error)})"


def _fetch(aws: Aws, price_files: str) -> list[_Offer]:
    """The price file of the region, which needs neither credentials nor permission."""
    try:
        if aws.endpoint_url is not None or not is_of_aws(aws.pricing.meta.endpoint_url):
            raise _NoAnswer("was not asked for, as another endpoint stands in for AWS")
        body = _download(f"{price_files}/{aws.region}/index.json", aws.ca_bundle)
    except HTTPError as error:
        raise _NoAnswer(f"broke off ({type(error).__name__})") from error
    except FAILURES as error:
        raise _NoAnswer(f"could not be reached ({explain(error)})") from error
    file = _decode(body, _PriceFile)
    on_demand, reserved = file.terms.on_demand, file.terms.reserved
    return [
        _Offer(product=product, terms=_Terms(on_demand=on_demand.get(sku, {}), reserved=reserved.get(sku, {})))
        for sku, product in file.products.items()
    ]


def _download(url: str, ca_bundle: str | None) -> bytes:
    """By botocore's own HTTP client, for its proxies and certificates; it follows no redirect, and no more than the limit is read."""
    http = URLLib3Session(
        verify=cast("Any", ca_bundle or True),  # the stubs know neither a path nor two timeouts
        proxies=get_environ_proxies(url),
        timeout=cast("Any", (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)),
    )
    with closing(http):
        answer = http.send(AWSRequest(method="GET", url=url, stream_output=True).prepare())
        with closing(answer.raw):
            if answer.status_code != 200:
                raise _NoAnswer(f"is not there (HTTP {answer.status_code})")
            body: bytes = answer.raw.read(FILE_LIMIT_BYTES + 1)
    if len(body) > FILE_LIMIT_BYTES:
        raise _NoAnswer(f"has more than {FILE_LIMIT_BYTES:,} bytes")
    return body


def _decode(text: str | bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise _NoAnswer(_UNREADABLE) from error


# ------------------------------------------------------------------------------------------------------------- the prices


def _prices(offers: Iterable[_Offer], region: str, *, as_of: str) -> dict[str, Price]:
    """The prices by key; where products disagree, the key is left out."""
    found: dict[str, list[Price]] = defaultdict(list)
    for offer in offers:
        if offer.product.attributes.get("regionCode") == region:
            for key, price in _priced(offer, as_of):
                found[key].append(price)
    return {key: _with_free_band(same) for key, same in found.items() if len({price.usd for price in same}) == 1}


def _with_free_band(prices: Sequence[Price]) -> Price:
    """us-east-1 has its storage twice, once with the free band and once without. Of two bands, the smaller promises less."""
    return min(prices, key=lambda price: Decimal("Infinity") if price.free_monthly is None else price.free_monthly)


def _priced(offer: _Offer, as_of: str) -> Iterator[tuple[str, Price]]:
    kind = _kind(offer.product.attributes)
    if kind is None:
        return
    key, unit = kind
    for term in offer.terms.on_demand.values():
        if price := _price(term.price_dimensions.values(), unit, as_of):
            yield key, price
    if key in _RESERVED:
        yield from _reserved(offer.terms.reserved.values(), _RESERVED[key], as_of)


def _kind(attributes: Mapping[str, str]) -> tuple[str, _Unit] | None:
    if attributes.get("group"):
        return _BY_GROUP.get((attributes["group"], attributes.get("operation", "")))
    return _BY_VOLUME_TYPE.get(attributes.get("volumeType", ""))


def _reserved(terms: Iterable[_Term], parts: Mapping[str, _Unit], as_of: str) -> Iterator[tuple[str, Price]]:
    for term in terms:
        years = term.term_attributes.get("LeaseContractLength")
        if years not in _RESERVED_FOR or term.term_attributes.get("PurchaseOption") != _PURCHASE_OPTION:
            continue
        for part, unit in parts.items():
            if price := _price((one for one in term.price_dimensions.values() if one.unit in unit[0]), unit, as_of):
                yield f"reserved.{years}.{part}", price


def _price(dimensions: Iterable[_Dimension], unit: _Unit, as_of: str) -> Price | None:
    """The first band that costs something, in order of the quantity; a band of $0 before it is the free one. None: not known."""
    free: Decimal | None = None
    for _, end, usd in sorted(_bands(dimensions, unit) or ()):
        if usd:
            endless = free is not None and not free.is_finite()
            return None if endless else Price(usd=usd, unit=unit[1], as_of=as_of, free_monthly=free)
        free = end
    return None


def _bands(dimensions: Iterable[_Dimension], unit: _Unit) -> list[tuple[Decimal, Decimal, Decimal]] | None:
    """(from, to, US dollars) of each band; None when one of them cannot be read, as it may be the one that counts."""
    bands = []
    for one in dimensions:
        begin, end, usd = _number(one.begin_range), _number(one.end_range), _number(one.price_per_unit.get("USD", ""))
        if one.unit not in unit[0] or begin is None or end is None or usd is None or not usd.is_finite():
            return None
        bands.append((begin, end, usd))
    return bands


def _number(text: str) -> Decimal | None:
    """Exact, without the zeros that AWS fills up with ("0.2500000000"), so that it reads as in the bundled sheets."""
    try:
        number = Decimal(text).normalize() + 0  # + 0: 25, not 2.5E+1
    except ArithmeticError:
        return None
    return None if number.is_nan() or number < 0 else number
