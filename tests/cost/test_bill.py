"""What a change to a table saves, by re-pricing, and how bad it is to leave that unsaved. Prices of us-east-1."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stj_audit.cost.bill import TableBill, why_unknown
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.savings import Proposal, plan
from stj_audit.cost.workload import KINDS, Amount, Flow, Key
from stj_audit.results import (
    Change,
    MergeIndex,
    NarrowIndex,
    RemoveIndex,
    RemoveTable,
    Severity,
    UseBillingMode,
    UseTableClass,
)
from tests.builders import Quantities, a_line, a_table, a_workload, an_index

US_EAST = bundled_sheet("us-east-1")
INDEXED = a_table(indexes=(an_index("i"),))
DOLLAR_OF_WRITES = 1_600_000  # units
DOLLAR_OF_READS = 8_000_000
DOLLAR_OF_STORAGE = 4  # GB
IA = UseTableClass(table_class="STANDARD_INFREQUENT_ACCESS")


def a_bill(quantities: Quantities, **fields: Any) -> TableBill:
    return TableBill(workload=a_workload(INDEXED, quantities, **fields), users=None, prices=US_EAST)


def dollars(amount: str, rate: int) -> str:
    return str(Decimal(amount) * rate)


def saved(bill: TableBill, change: Change) -> Decimal | None:
    saving = bill.saving(change)
    return None if saving is None else round(saving, 4)


def test_removing_an_index_saves_its_lines() -> None:
    bill = a_bill({"storage": "4", ("i", "index-storage"): "8", ("i", "index-writes"): dollars("3.5", DOLLAR_OF_WRITES)})
    assert round(bill.monthly_usd, 2) == Decimal("6.50")
    assert saved(bill, RemoveIndex(index="i")) == Decimal("5.5")


def test_removing_a_table_saves_all_that_is_known() -> None:
    assert saved(a_bill({"storage": "4", "reads": None}), RemoveTable()) == 1


def test_on_demand_backups_outlive_the_table() -> None:
    assert saved(a_bill({"storage": "4", "backup": "30"}), RemoveTable()) == 1


def test_nothing_known_of_an_index_means_its_saving_is_not_known() -> None:
    assert saved(a_bill({"storage": "4", ("i", "index-reads"): None, ("i", "index-storage"): None}), RemoveIndex(index="i")) is None


def test_an_index_that_is_not_there_saves_nothing_that_could_be_told() -> None:
    for change in (
        RemoveIndex(index="x"),
        NarrowIndex(index="x"),
        MergeIndex(index="x", into=None),
        MergeIndex(index="i", into="x"),
    ):
        assert saved(a_bill({"storage": "4"}), change) is None


def test_the_reads_of_a_merged_index_are_done_elsewhere_and_still_cost() -> None:
    bill = a_bill(
        {
            "storage": "4",
            "reads": "0",
            ("i", "index-storage"): "4",
            ("i", "index-reads"): dollars("3", DOLLAR_OF_READS),
            ("i", "index-writes"): dollars("5", DOLLAR_OF_WRITES),
        }
    )
    assert saved(bill, MergeIndex(index="i", into=None)) == 6  # its dollar of storage and its writes
    assert saved(bill, RemoveIndex(index="i")) == 9


def test_reads_of_larger_items_take_more() -> None:
    bill = a_bill({"storage": "8", "reads": "0", ("i", "index-storage"): "4", ("i", "index-reads"): dollars("3", DOLLAR_OF_READS)})
    assert saved(bill, MergeIndex(index="i", into=None)) == 1 - 3  # items of twice the bytes: up to twice the units


def test_narrowing_an_index_saves_its_writes_and_storage_and_costs_a_second_read() -> None:
    bill = a_bill(
        {
            "reads": dollars("2", DOLLAR_OF_READS),
            ("i", "index-reads"): dollars("6", DOLLAR_OF_READS),
            ("i", "index-writes"): dollars("40", DOLLAR_OF_WRITES),
            ("i", "index-storage"): "20",
        }
    )
    assert saved(bill, NarrowIndex(index="i")) == 40 + 5 - 6


def test_narrowing_cannot_be_priced_while_a_line_of_the_index_is_unknown() -> None:
    assert saved(a_bill({("i", "index-writes"): "40", ("i", "index-reads"): None}), NarrowIndex(index="i")) is None
    assert saved(a_bill({"storage": "4"}), NarrowIndex(index="i")) is None


def test_infrequent_access_pays_when_storage_outweighs_requests() -> None:
    # 1,000 GB: 250 against 100; a million writes: 0.625 against 0.78
    assert saved(a_bill({"storage": "1000", "writes": "1000000"}), IA) == Decimal("149.845")


def test_infrequent_access_costs_more_when_requests_outweigh_storage() -> None:
    assert saved(a_bill({"storage": "1", "writes": "1000000000"}), IA) == Decimal("-154.85")


def test_another_class_cannot_be_priced_while_a_line_is_unknown() -> None:
    assert saved(a_bill({"storage": "4", "reads": None}), IA) is None


@pytest.mark.parametrize("component", ["pitr", "backup"])
def test_what_costs_the_same_in_both_classes_need_not_be_known(component: str) -> None:
    assert saved(a_bill({"storage": "1000", "writes": "1000000", component: None}), IA) == Decimal("149.845")


def test_on_demand_is_priced_by_what_was_consumed() -> None:
    consumed: dict[Key, Flow] = {
        (index, kind): Flow(units=Amount(today=Decimal(1_000_000))) for index in (None, "i") for kind in KINDS
    }
    capacity = {
        "capacity-reads": "73000",
        "capacity-writes": "73000",
        ("i", "index-capacity-reads"): "0",
        ("i", "index-capacity-writes"): "0",
    }
    bill = a_bill(capacity, flows=consumed)
    assert round(bill.monthly_usd, 2) == Decimal("56.94")  # 100 RCU: 9.49, 100 WCU: 47.45
    assert saved(bill, UseBillingMode(billing_mode="PAY_PER_REQUEST")) == Decimal("56.94") - Decimal("1.5")


def test_a_mode_that_the_table_has_already_is_no_change() -> None:
    assert saved(a_bill({"reads": "1"}), UseBillingMode(billing_mode="PAY_PER_REQUEST")) is None
    assert saved(a_bill({"capacity-reads": "1", "capacity-writes": "1"}), UseBillingMode(billing_mode="PROVISIONED")) is None


# ---------------------------------------------------------------------------------------------------- auto scaling, replayed


def steady(reads: int, writes: int, **fields: Any) -> TableBill:
    """Two days of the same load in each hour, `reads` and `writes` a second."""
    hours, hourly = 48, 3_600
    month = Decimal(730 * hourly)
    quantities: Quantities = {
        "reads": str(reads * month),
        "writes": str(writes * month),
        ("i", "index-reads"): "0",
        ("i", "index-writes"): "0",
    }
    series = {(None, "reads"): (reads * hourly,) * hours, (None, "writes"): (writes * hourly,) * hours}
    return a_bill(quantities, series=series, **fields)


def test_a_steady_load_costs_less_on_provisioned_capacity() -> None:
    bill = steady(70, 7)
    assert round(bill.monthly_usd, 2) == Decimal("34.49")  # 183.96 million reads: 22.995; 18.396 million writes: 11.4975
    # 100 RCU: 9.49; 10 WCU: 4.745; the idle index keeps a unit of each: 0.0949 + 0.4745; 16 alarms: 1.60
    assert saved(bill, UseBillingMode(billing_mode="PROVISIONED")) == Decimal("34.4925") - Decimal("16.4044")


def test_a_load_without_a_measured_shape_cannot_be_replayed() -> None:
    bill = a_bill({"reads": "1000", "writes": "1000", ("i", "index-reads"): "0", ("i", "index-writes"): "0"})
    assert saved(bill, UseBillingMode(billing_mode="PROVISIONED")) is None


# ------------------------------------------------------------------------------------------------------------- together


def planned(bill: TableBill, *changes: Change) -> list[Decimal]:
    return [round(step.saving_usd, 4) for step in plan([bill], [Proposal(place=0, change=change) for change in changes]).steps]


def test_savings_do_not_overlap() -> None:
    bill = a_bill({"storage": "4", ("i", "index-writes"): dollars("3", DOLLAR_OF_WRITES)})
    assert planned(bill, RemoveIndex(index="i"), RemoveIndex(index="i"), RemoveTable()) == [3, 1]
    assert bill.monthly_usd == 4


def test_a_change_that_costs_more_is_not_among_the_savings() -> None:
    assert planned(a_bill({"storage": "1", "writes": "1000000000"}), IA) == []


def test_what_is_sure_comes_before_what_is_only_bounded() -> None:
    bill = a_bill({"storage": "4", "reads": "0", ("i", "index-writes"): dollars("3", DOLLAR_OF_WRITES), ("i", "index-reads"): "0"})
    steps = plan([bill], [Proposal(place=0, change=NarrowIndex(index="i")), Proposal(place=0, change=RemoveTable())]).steps
    assert [(step.change, step.is_bound, round(step.saving_usd, 4)) for step in steps] == [("remove the table", False, Decimal(4))]


def test_the_plan_leaves_the_bills_of_the_changed_tables() -> None:
    bills = [a_bill({"storage": "4"}), a_bill({"storage": "40"})]
    found = plan(bills, [Proposal(place=1, change=RemoveTable(), finding="f")])
    assert [round(bill.monthly_usd, 2) for bill in found.bills] == [1, 0]
    assert (found.sure_usd, found.at_most_usd) == (Decimal(10), Decimal(10))
    assert found.steps[0].finding == "f"


@pytest.mark.parametrize(
    ("bill", "saving", "severity"),
    [
        ("1000", "250", Severity.HIGH),
        ("1000", "249.99", Severity.MEDIUM),
        ("1000", "100", Severity.MEDIUM),
        ("1000", "99.99", Severity.LOW),
        ("60", "50", Severity.HIGH),
        ("60", "49.99", Severity.MEDIUM),
        ("5", "5", Severity.MEDIUM),
        ("5", "4.99", Severity.LOW),
        ("0", "0", Severity.LOW),
    ],
)
def test_unsaved_money_is_as_bad_as_its_share_and_amount(bill: str, saving: str, severity: Severity) -> None:
    assert a_bill({"storage": dollars(bill, DOLLAR_OF_STORAGE)}).severity(Decimal(saving)) is severity


@pytest.mark.parametrize(
    ("component", "call"),
    [
        ("storage", "dynamodb:DescribeTable"),
        ("capacity-reads", "dynamodb:DescribeTable"),
        ("reads", "cloudwatch:GetMetricData"),
        ("pitr", "dynamodb:DescribeContinuousBackups"),
        ("backup", "dynamodb:ListBackups"),
    ],
)
def test_what_is_missing_of_a_bill_names_the_call_that_would_tell(component: str, call: str) -> None:
    unknown = why_unknown([replace(a_line(component, None), quantity=None, note="denied")], bundled_sheet("eu-north-1"))
    assert unknown is not None
    assert unknown.call == call
