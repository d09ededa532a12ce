from dataclasses import replace
from decimal import Decimal

import pytest

from stj_audit.checks.low_cardinality_index_key import low_cardinality_index_key
from stj_audit.config import Scale, TableModel
from stj_audit.cost.workload import Call
from stj_audit.design import Pattern
from stj_audit.facts import Flow, Traffic, Unknown
from stj_audit.results import Limit, Result, Severity, Status
from tests.builders import a_table, a_workload, an_index, examined, keys, some_items, some_keys, some_traffic

SECONDS = 30 * 86_400
GET = Pattern(name="get", op="GetItem", calls=1)
SCALE = Scale(target_users=10_000, users_now=1_000, peak_factor=10)
NO_METRICS = Unknown(call="cloudwatch:GetMetricData", reason="AccessDeniedException")


def a_second(reads: str | None, writes: str | None = "0") -> Traffic:
    """So many units in the mean second of the index."""

    def units(rate: str | None) -> Decimal | None:
        return None if rate is None else Decimal(rate) * SECONDS

    return some_traffic(indexes={"by-status": Flow(read_units=units(reads), write_units=units(writes))})


def judged(
    distinct: int | None = 4,
    top_share: str = "0.7",
    *,
    entries: int = 1_000,
    traffic: Traffic | Unknown = NO_METRICS,
    scale: Scale = SCALE,
    coverage: str = "full",
) -> Result:
    items = some_items(coverage=coverage, keys=(some_keys(distinct, index="by-status", items=entries, top_share=top_share),))
    return examined(low_cardinality_index_key, a_table(indexes=(an_index(),)), items=items, traffic=traffic, scale=scale)


@pytest.mark.parametrize(
    ("distinct", "top_share", "status"),
    [
        (20, "0.1", Status.FOUND),
        (21, "0.1", Status.PASSED),
        (900, "0.5", Status.FOUND),
        (900, "0.499", Status.PASSED),
        (None, "0.5", Status.FOUND),
        (None, "0.499", Status.PASSED),
    ],
)
def test_few_values_or_one_that_carries_half(distinct: int | None, top_share: str, status: Status) -> None:
    assert judged(distinct, top_share).status is status


def test_declared_patterns_say_it_better() -> None:
    called = replace(a_workload(), calls=(Call(pattern=GET, index=None),))
    items = some_items(keys=(some_keys(4, index="by-status", items=1_000, top_share="0.7"),))
    table = a_table(indexes=(an_index(),))
    given = {"items": items, "traffic": NO_METRICS, "declared": TableModel(pattern=(GET,))}
    assert examined(low_cardinality_index_key, table, workload=called, **given).status is Status.NOT_APPLICABLE
    # patterns that nobody counts calls of, because nobody knows how many users there are
    assert examined(low_cardinality_index_key, table, **given).status is Status.FOUND


def test_finds_the_number_of_users_at_which_the_value_is_full() -> None:
    # 1 read a second x peak 10 x 0.5 = 5 of 3,000 units with 1,000 users: full with 600,000
    [problem] = judged(4, "0.5", traffic=a_second("1")).problems
    assert problem.severity is Severity.INFO  # sixty times the target: worth knowing, no defect yet
    assert problem.matters_from_users == 600_000
    assert problem.evidence == {
        "distinct_values": 4,
        "top_share": 0.5,
        "entries": 1_000,
        "peak_share_of_one_partition_now": 0.001667,
        "max_users": 600_000,
    }
    assert problem.message == (
        '"status" has 4 values and the most frequent carries 50% of 1,000 entries; it reaches the limit of one partition '
        "at about 600,000 users"
    )


@pytest.mark.parametrize(("reads", "writes"), [("30", "0"), ("0", "10"), (None, "10"), ("30", "9.9"), ("29", "10")])
def test_twice_the_target_is_near(reads: str | None, writes: str) -> None:
    # 30 x 10 x 0.5 = 150 of 3,000 reads, and 10 x 10 x 0.5 = 50 of 1,000 writes, with 1,000 users: full with 20,000
    result = judged(4, "0.5", traffic=a_second(reads, writes))
    assert result.severity is Severity.HIGH
    assert result.problems[0].matters_from_users == 20_000


def test_beyond_twice_the_target_is_far_and_told_in_round_figures() -> None:
    result = judged(4, "0.5", traffic=a_second("29.9", "9.9"))
    assert result.problems[0].message.endswith("at about 20,000 users")
    assert result.severity is Severity.MEDIUM
    assert result.problems[0].matters_from_users == 20_066


@pytest.mark.parametrize(
    ("reads", "users_now", "told"),
    [
        ("29.9", 996, "at about 19,000 users"),  # 19,986
        ("420", 5, "at about 7 users"),  # 7.14
        ("500", 12, "at about 14 users"),  # 14.4
    ],
)
def test_tells_the_first_two_digits_of_the_users(reads: str, users_now: int, told: str) -> None:
    scale = Scale(target_users=10_000, users_now=users_now, peak_factor=10)
    assert judged(4, "0.5", traffic=a_second(reads), scale=scale).problems[0].message.endswith(told)


def test_metrics_of_no_time_are_no_measurement() -> None:
    traffic = some_traffic(indexes={"by-status": Flow(read_units=Decimal(1), write_units=Decimal(1))}, covered_days=Decimal(0))
    [problem] = judged(4, "0.5", traffic=traffic).problems
    assert problem.evidence["peak_share_of_one_partition_now"] is None
    assert problem.message.endswith("how many users that carries is not known, because its traffic is not")


@pytest.mark.parametrize(("reads", "users_max", "severity"), [("6", 100_000, Severity.INFO), ("6.01", 99_833, Severity.MEDIUM)])
def test_ten_times_the_target_is_ample(reads: str, users_max: int, severity: Severity) -> None:
    result = judged(4, "0.5", traffic=a_second(reads, "0"))
    assert result.problems[0].matters_from_users == users_max
    assert result.severity is severity


def test_a_value_that_is_full_today_matters_now() -> None:
    at = judged(4, "0.5", traffic=a_second("600"))
    assert at.severity is Severity.HIGH
    assert at.problems[0].matters_from_users is None
    assert "already has 100% of the load that one partition can take" in at.problems[0].message
    assert judged(4, "0.5", traffic=a_second("599")).problems[0].matters_from_users == 1_001


def test_a_value_that_is_full_today_is_found_without_the_number_of_users() -> None:
    unknown_users = Scale(users_now=None, peak_factor=10)
    assert judged(4, "0.5", traffic=a_second("600"), scale=unknown_users).severity is Severity.HIGH
    below = judged(4, "0.5", traffic=a_second("599"), scale=unknown_users)
    assert below.severity is Severity.MEDIUM
    assert "is not known, because today's number of users is not" in below.problems[0].message
    assert below.problems[0].matters_from_users is None


@pytest.mark.parametrize("traffic", [NO_METRICS, some_traffic(indexes={}), a_second(None, None), a_second("0", None)])
def test_is_medium_without_traffic_and_says_what_is_not_known(traffic: Traffic | Unknown) -> None:
    result = judged(traffic=traffic)
    assert result.severity is Severity.MEDIUM
    assert result.problems[0].message.endswith("how many users that carries is not known, because its traffic is not")
    assert result.problems[0].evidence["max_users"] is None


def test_an_index_without_load_is_medium() -> None:
    result = judged(traffic=a_second("0", "0"))
    assert result.severity is Severity.MEDIUM
    assert result.problems[0].message.endswith("no load was measured on it")


def test_passes_with_many_values_and_says_how_many() -> None:
    assert [good.message for good in judged(800, "0.02").goods] == [
        'index by-status spreads its load: "status" has 800 values and the most frequent carries 2% of 1,000 entries'
    ]
    assert [good.message for good in judged(None, "0.02", coverage="sample").goods] == [
        'index by-status spreads its load: "status" has more than 1,024 values and the most frequent carries up to 2% of '
        "1,000 entries in a sample"
    ]


@pytest.mark.parametrize(("top_share", "praised"), [("0.1", True), ("0.101", False)])
def test_a_value_that_carries_more_than_a_tenth_is_no_praise(top_share: str, praised: bool) -> None:
    result = judged(800, top_share)
    assert result.status is Status.PASSED
    assert bool(result.goods) is praised


@pytest.mark.parametrize(("entries", "status"), [(99, Status.NOT_APPLICABLE), (100, Status.FOUND)])
def test_fewer_than_a_hundred_entries_are_too_few_to_judge_by(entries: int, status: Status) -> None:
    assert judged(1, "1", entries=entries).status is status


def test_a_small_index_does_not_hide_that_another_was_judged() -> None:
    items = some_items(keys=(some_keys(2, index="small", items=50), some_keys(800, index="large")))
    result = examined(low_cardinality_index_key, a_table(indexes=(an_index("small"), an_index("large"))), items=items)
    assert result.status is Status.PASSED
    assert len(result.goods) == 1


def test_several_partition_key_attributes_are_judged_together() -> None:
    index = an_index("by-place", key_schema=keys("country", "city", hashes=2))
    items = some_items(keys=(some_keys(3, index="by-place", top_share="0.4"),))
    [problem] = examined(low_cardinality_index_key, a_table(indexes=(index,)), items=items).problems
    assert problem.message.startswith('"country" with "city" has 3 values and the most frequent ')


def test_does_not_judge_keys_that_were_not_counted() -> None:
    not_read = Unknown(call="dynamodb:Scan", reason="not asked for")
    table = a_table(indexes=(an_index(),))
    assert examined(low_cardinality_index_key, table, items=not_read).unknowns == (not_read,)
    assert examined(low_cardinality_index_key, table, items=some_items()).reason == (
        "the key values of index by-status were not counted"
    )


def test_a_table_without_global_index_has_nothing_to_judge() -> None:
    assert examined(low_cardinality_index_key).status is Status.NOT_APPLICABLE
    not_read = Unknown(call="dynamodb:Scan", reason="not asked for")
    assert examined(low_cardinality_index_key, items=not_read).reason == "no global secondary index"
    assert examined(low_cardinality_index_key, a_table(indexes=(an_index(kind="LSI"),))).status is Status.NOT_APPLICABLE


def test_tells_when_one_value_takes_all_that_it_can() -> None:
    [limit] = judged(4, "0.5", traffic=a_second("1")).limits
    what = '3,000 read or 1,000 write units a second of one value of "status"'
    assert limit == Limit(what=what, users=600_000, index="by-status")
    assert judged(4, "0.5").limits == ()  # without traffic nobody knows
