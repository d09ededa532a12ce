from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stj_audit.checks.wrong_table_class import wrong_table_class
from stj_audit.config import Scale
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.workload import Amount, Flow, Workload
from stj_audit.facts import Table, Unknown
from stj_audit.results import Severity, Status, UseTableClass
from tests.builders import a_table, a_workload, an_index, examined

STANDARD = a_table()
IA = a_table(table_class="STANDARD_INFREQUENT_ACCESS")
TODAY = Scale(users_now=None)


def priced(table: Table, **quantities: str | None) -> Workload:
    """What is billed of a table today, by component ("storage", in GB-months)."""
    return a_workload(table, quantities)


def test_finds_a_table_that_mostly_stores() -> None:
    # 1,000 GB: 269.00 against 107.60; 10 million writes: 6.70 against 8.40
    lines = priced(STANDARD, storage="1000", writes="10000000")
    result = examined(wrong_table_class, STANDARD, workload=lines, scale=TODAY)
    [problem] = result.problems
    assert result.severity is Severity.HIGH
    assert problem.message == ("$160 a month less in the other table class: STANDARD $276, STANDARD_INFREQUENT_ACCESS $116 a month")
    assert problem.evidence == {
        "saving_usd_month": 159.7,
        "monthly_usd": 275.7,
        "monthly_usd_in_other_class": 116.0,
        "storage_usd_month": 269.0,
    }
    assert problem.change == UseTableClass(table_class="STANDARD_INFREQUENT_ACCESS")
    assert problem.commands == (
        "aws dynamodb update-table --region eu-north-1 --table-name orders --table-class STANDARD_INFREQUENT_ACCESS",
    )
    assert "reserved capacity" in problem.migration
    assert "twice in 30 days" in problem.migration


def test_finds_a_busy_table_in_the_class_for_storage() -> None:
    lines = priced(IA, storage="1", reads="1000000000")  # 168.11 against 134.77
    result = examined(wrong_table_class, IA, workload=lines)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM  # 20 % of the bill
    assert problem.change == UseTableClass(table_class="STANDARD")
    assert problem.evidence["saving_usd_month"] == 33.34


def test_says_at_how_many_users_the_bill_is() -> None:
    lines = priced(STANDARD, storage="1000")
    scale = Scale(users_now=50, target_users=10_000)
    [problem] = examined(wrong_table_class, STANDARD, workload=lines, scale=scale).problems
    assert problem.benefit == "$161 a month at 10,000 users, with the same latency and durability"


@pytest.mark.parametrize(("reads", "status"), [("188000000", Status.FOUND), ("188000001", Status.PASSED)])
def test_counts_from_five_dollars(reads: str, status: Status) -> None:
    # 70 GB save 70 x 0.1614 = 11.298; 188 million reads cost 188 x 0.0335 = 6.298 more: 5.00 to the last digit
    result = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="70", reads=reads))
    assert result.status is status
    if status is Status.FOUND:
        assert result.problems[0].evidence["saving_usd_month"] == 5.0


def test_passes_with_both_prices_and_praises_only_the_cheaper_class() -> None:
    cheaper = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="10", writes="10000000"), scale=TODAY)
    little = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="10"), scale=TODAY)
    assert [good.message for good in cheaper.goods] == [
        "STANDARD is the cheaper class: STANDARD $9.39, STANDARD_INFREQUENT_ACCESS $9.48 a month"
    ]
    assert (little.status, little.goods) == (Status.PASSED, ())  # $1.08 in the other class: not worth a word


def test_the_dearer_class_is_not_praised_for_a_few_cents() -> None:
    # 0.807 against 0.323 dollars
    result = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="3"), scale=TODAY)
    assert (result.status, result.goods) == (Status.PASSED, ())


def test_a_table_that_costs_nothing_has_no_wrong_class() -> None:
    result = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="0", writes="0", pitr="3"))
    assert (result.status, result.goods) == (Status.NOT_APPLICABLE, ())


@pytest.mark.parametrize("unknown", ["pitr", "backup"])
def test_backups_need_not_be_known(unknown: str) -> None:
    quantities: dict[str, str | None] = {"storage": "1000", unknown: None}
    lines = priced(STANDARD, **quantities)
    [problem] = examined(wrong_table_class, STANDARD, workload=lines, scale=TODAY).problems
    assert problem.evidence["saving_usd_month"] == 161.4
    assert problem.message == (
        "$161 a month less in the other table class: STANDARD $269, STANDARD_INFREQUENT_ACCESS $108 a month, "
        "without what is not known of its backups"
    )


def test_does_not_judge_half_a_bill() -> None:
    lines = priced(STANDARD, storage="1000", pitr=None, writes=None)
    assert examined(wrong_table_class, STANDARD, workload=lines).unknowns == (
        Unknown(call="cloudwatch:GetMetricData", reason="CloudWatch has no datapoint"),
    )


def unknown_of(table: Table, quantities: Mapping[str | tuple[str | None, str], str | None], **fields: Any) -> Unknown:
    known: dict[str | tuple[str | None, str], str | None] = {"pitr": None, **quantities}  # not this
    [unknown] = examined(wrong_table_class, table, workload=a_workload(table, known, **fields)).unknowns
    return unknown


def test_tells_which_call_would_have_told() -> None:
    indexed = a_table(indexes=(an_index("by-day"),))
    size = unknown_of(indexed, {("by-day", "index-storage"): None})
    assert size == Unknown(call="dynamodb:DescribeTable", reason="the size of index by-day is not known")
    capacity = unknown_of(STANDARD, {"capacity-reads": None, "capacity-writes": "1"})
    assert capacity == Unknown(call="dynamodb:DescribeTable", reason="the provisioned capacity is not known")
    flows = {(None, "writes"): Flow(units=Amount(today=None), basis="declared", note="not declared")}
    declared = unknown_of(STANDARD, {}, flows=flows)
    assert declared == Unknown(call="cloudwatch:GetMetricData", reason="writes of a user: not declared")


@pytest.mark.parametrize("writes", ["1000", None])
def test_does_not_judge_without_prices(writes: str | None) -> None:
    lines = priced(STANDARD, storage="1000", pitr=None, writes=writes)
    result = examined(wrong_table_class, STANDARD, workload=lines, region="ddblocal")
    assert result.unknowns == (Unknown(call="pricing:GetProducts", reason="no price is known in ddblocal"),)


def test_does_not_judge_without_a_price_of_the_other_class() -> None:
    sheet = bundled_sheet("eu-north-1")
    prices = replace(sheet, prices={key: price for key, price in sheet.prices.items() if ".ia." not in key})
    result = examined(wrong_table_class, STANDARD, workload=priced(STANDARD, storage="1000"), prices=prices)
    assert result.reason == "no price of STANDARD_INFREQUENT_ACCESS is known in eu-north-1"


def test_tells_where_list_prices_do_not_hold() -> None:
    assert "25 GB of storage that are free" in wrong_table_class.why
    assert "reserved capacity" in wrong_table_class.why
