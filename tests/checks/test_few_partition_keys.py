from decimal import Decimal

import pytest

from stj_audit.checks.few_partition_keys import few_partition_keys
from stj_audit.config import Scale
from stj_audit.facts import Flow, Table, Traffic, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_flow, a_table, examined, no_data, some_items, some_keys, some_traffic

NO_METRICS = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")
NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")
TENFOLD = Scale(target_users=10_000, users_now=1_000, peak_factor=10)


def peak_today(reads: str | None, writes: str | None = None) -> Traffic:
    """Traffic whose busiest second today, at peak factor 10, takes so many units."""

    def units(peak: str | None) -> Decimal | None:
        return None if peak is None else Decimal(peak) / 10 * 86_400 * 30

    return some_traffic(Flow(read_units=units(reads), write_units=units(writes)))


def with_sort_key(
    distinct: int | None, items: int = 1_000, coverage: str = "full", traffic: Traffic | Unknown = NO_METRICS
) -> Result:
    read = some_items({100: items} if items else {}, coverage=coverage, keys=(some_keys(distinct, items=items),))
    return examined(few_partition_keys, a_table(key=("kind", "id")), items=read, traffic=traffic)


def without_sort_key(
    item_count: int | None, traffic: Traffic | Unknown = NO_METRICS, scale: Scale = TENFOLD, table: Table | None = None
) -> Result:
    return examined(few_partition_keys, table or a_table(item_count=item_count), items=NOT_READ, traffic=traffic, scale=scale)


@pytest.mark.parametrize(
    ("distinct", "severity"), [(9, Severity.HIGH), (10, Severity.MEDIUM), (99, Severity.MEDIUM), (100, None), (None, None)]
)
def test_judges_by_the_number_of_values(distinct: int | None, severity: Severity | None) -> None:
    result = with_sort_key(distinct)
    assert result.severity is severity
    assert result.status is (Status.PASSED if severity is None else Status.FOUND)


def test_finds_few_values_and_says_that_the_traffic_is_not_known() -> None:
    [problem] = with_sort_key(12, items=5_000).problems
    assert problem.message == "only 12 partition key values for 5,000 items: the traffic that they have to carry is not known"
    assert problem.evidence == {"distinct_values": 12, "items": 5_000}
    assert "kind" in problem.current


def test_passes_with_many_values_and_says_how_many() -> None:
    assert [good.message for good in with_sort_key(100).goods] == ["100 different partition key values for 1,000 items"]
    assert [good.message for good in with_sort_key(None).goods] == [
        "more than 1,024 different partition key values for 1,000 items"
    ]


@pytest.mark.parametrize(("items", "status"), [(999, Status.NOT_APPLICABLE), (1_000, Status.FOUND)])
def test_fewer_than_a_thousand_items_are_too_few_to_judge_by(items: int, status: Status) -> None:
    assert with_sort_key(50, items=items).status is status


def test_a_sample_can_prove_many_values_but_not_few() -> None:
    assert with_sort_key(100, coverage="sample").status is Status.PASSED
    few = with_sort_key(99, coverage="sample")
    assert few.status is Status.UNKNOWN
    assert few.reason == "only a sample of the items was read"


def test_without_a_sort_key_each_item_is_a_value() -> None:
    assert [good.message for good in without_sort_key(100).goods] == ["100 different partition key values for 100 items"]
    assert [good.message for good in without_sort_key(99).goods] == ["each of the 99 items has a partition key value of its own"]


@pytest.mark.parametrize(("item_count", "status"), [(9, Status.FOUND), (10, Status.PASSED)])
def test_ten_items_are_no_longer_very_few(item_count: int, status: Status) -> None:
    assert without_sort_key(item_count, peak_today("300")).status is status


def test_the_items_read_count_more_than_the_stated_number_but_a_sample_does_not() -> None:
    full = examined(few_partition_keys, a_table(item_count=3), items=some_items({100: 100}), traffic=NO_METRICS)
    assert [good.message for good in full.goods] == ["100 different partition key values for 100 items"]
    sample = examined(few_partition_keys, a_table(item_count=5_000), items=some_items({100: 100}, coverage="sample"))
    assert [good.message for good in sample.goods] == ["5,000 different partition key values for 5,000 items"]


def test_a_quiet_configuration_table_is_no_defect() -> None:
    result = without_sort_key(3, peak_today("29.9"))
    assert result.status is Status.NOT_APPLICABLE  # no defect, and nothing to praise
    assert result.goods == ()
    assert result.reason == (
        "only 3 partition key values for 3 items, but the whole table peaks at 10% of what one value can take, with 10,000 users"
    )


def test_a_table_without_load_is_no_defect() -> None:
    assert "peaks at 0%" in without_sort_key(3, peak_today("0", "0")).reason


@pytest.mark.parametrize(("reads", "writes"), [("30", None), ("1", "10"), (None, "10")])
def test_a_tenth_of_a_partition_at_the_target_is_too_much(reads: str | None, writes: str | None) -> None:
    result = without_sort_key(3, peak_today(reads, writes))
    assert result.severity is Severity.HIGH
    [problem] = result.problems
    assert problem.evidence["peak_share_of_one_partition"] == 0.1
    assert problem.matters_from_users == 10_000


@pytest.mark.parametrize(("reads", "writes"), [("29.9999", None), ("1", "9.9999"), (None, "9.9999")])
def test_just_under_a_tenth_is_not(reads: str | None, writes: str | None) -> None:
    assert without_sort_key(3, peak_today(reads, writes)).status is Status.NOT_APPLICABLE


def test_a_load_that_is_there_today_matters_now() -> None:
    [problem] = without_sort_key(3, peak_today("300")).problems
    assert problem.matters_from_users is None
    assert problem.evidence["peak_share_of_one_partition"] == 1.0


def test_a_quiet_table_with_many_items_under_few_values_is_exempt_too() -> None:
    assert with_sort_key(5, traffic=peak_today("29.9")).status is Status.NOT_APPLICABLE
    assert with_sort_key(5, traffic=peak_today("30")).severity is Severity.HIGH


@pytest.mark.parametrize(("reads", "status"), [("299", Status.NOT_APPLICABLE), ("300", Status.FOUND)])
def test_is_judged_by_the_load_of_today_when_the_users_are_not_known(reads: str, status: Status) -> None:
    result = without_sort_key(3, peak_today(reads), Scale(users_now=None))
    assert result.status is status
    message = result.problems[0].message if result.problems else result.reason
    assert message.endswith("today, with an unknown number of users")


@pytest.mark.parametrize(("users_now", "status"), [(3, Status.NOT_APPLICABLE), (4, Status.FOUND)])
def test_a_young_table_with_a_value_for_each_user_is_not_judged(users_now: int, status: Status) -> None:
    scale = Scale(target_users=10_000, users_now=users_now)
    assert without_sort_key(3, some_traffic(a_flow()), scale).status is status


@pytest.mark.parametrize(
    ("item_count", "reason"),
    [
        (None, "DescribeTable does not state the item count"),
        (0, "DescribeTable states 0 items, which may not be up to date"),
    ],
)
def test_a_count_that_is_not_stated_or_zero_is_not_judged(item_count: int | None, reason: str) -> None:
    result = without_sort_key(item_count)
    assert (result.status, result.reason) == (Status.UNKNOWN, reason)
    assert result.unknowns[0].call == "dynamodb:DescribeTable"


def test_does_not_judge_a_small_table_without_traffic() -> None:
    assert without_sort_key(3, NO_METRICS).unknowns == (NO_METRICS,)
    empty = without_sort_key(3, some_traffic(no_data()))
    assert empty.unknowns == (Unknown(call="cloudwatch:GetMetricData", reason="no datapoint in 30 days"),)
    assert without_sort_key(3, some_traffic(a_flow(), covered_days=Decimal(0))).status is Status.UNKNOWN


def test_does_not_judge_a_sort_key_table_that_was_not_read() -> None:
    table = a_table(key=("kind", "id"))
    assert examined(few_partition_keys, table, items=NOT_READ).unknowns == (NOT_READ,)
    assert examined(few_partition_keys, table, items=some_items(keys=())).reason == "the partition key values were not counted"


def test_an_empty_table_has_nothing_to_judge() -> None:
    assert examined(few_partition_keys, items=some_items({})).status is Status.NOT_APPLICABLE
