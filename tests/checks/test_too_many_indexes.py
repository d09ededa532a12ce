import pytest

from stj_audit.checks.too_many_indexes import too_many_indexes
from stj_audit.facts import Quotas, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined


def judged(global_count: int, local_count: int = 0, quotas: Quotas | Unknown | None = None) -> Result:
    indexes = (
        *(an_index(f"global-{place}") for place in range(global_count)),
        *(an_index(f"local-{place}", kind="LSI") for place in range(local_count)),
    )
    return examined(too_many_indexes, a_table(indexes=indexes), quotas=quotas or Quotas())


@pytest.mark.parametrize(
    ("global_count", "severity"),
    [(15, None), (16, Severity.MEDIUM), (19, Severity.MEDIUM), (20, Severity.HIGH), (21, Severity.MEDIUM)],
)
def test_judges_by_the_default_quota(global_count: int, severity: Severity | None) -> None:
    result = judged(global_count)
    assert result.severity is severity
    assert bool(result.goods) is (severity is None)


@pytest.mark.parametrize(
    ("global_count", "message"),
    [
        (16, "16 global secondary indexes: 4 left of the default quota of 20"),
        (20, "20 global secondary indexes: the default quota of 20 is used up"),
        (21, "21 global secondary indexes: more than the default quota of 20, so it was raised; to what is not known here"),
    ],
)
def test_says_what_is_left(global_count: int, message: str) -> None:
    [problem] = judged(global_count).problems
    assert problem.message == message
    assert problem.evidence == {"global_indexes": global_count, "quota": 20, "default_quota": 20}
    assert problem.commands == ("aws service-quotas list-service-quotas --region eu-north-1 --service-code dynamodb",)


def test_five_local_indexes_are_a_lesser_matter() -> None:
    result = judged(0, 5)
    assert result.severity is Severity.LOW
    assert result.goods == ()
    assert result.problems[0].evidence == {"local_indexes": 5, "quota": 5}


def test_both_quotas_are_told_apart() -> None:
    result = judged(20, 5)
    assert [problem.severity for problem in result.problems] == [Severity.HIGH, Severity.LOW]


def test_passes_with_room_and_says_how_much() -> None:
    result = judged(3, 3)
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "there is room for more indexes: 3 of 20 global and 3 of 5 local secondary indexes are used"
    ]


def test_local_indexes_near_their_quota_are_no_room() -> None:
    [good] = judged(3, 4).goods
    assert good.message == "there is room for more indexes: 3 of 20 global secondary indexes are used"


@pytest.mark.parametrize(
    ("global_count", "severity"), [(23, None), (24, Severity.MEDIUM), (29, Severity.MEDIUM), (30, Severity.HIGH)]
)
def test_judges_by_the_quota_of_the_account_where_it_is_known(global_count: int, severity: Severity | None) -> None:
    assert judged(global_count, quotas=Quotas(global_indexes=30)).severity is severity


def test_says_that_it_is_the_quota_of_the_account() -> None:
    [problem] = judged(24, quotas=Quotas(global_indexes=30)).problems
    assert problem.message == "24 global secondary indexes: 6 left of the account's quota of 30"
    assert problem.evidence == {"global_indexes": 24, "quota": 30, "default_quota": 20}


def test_a_quota_that_may_not_be_read_is_that_of_aws() -> None:
    denied = Unknown(call="servicequotas:ListServiceQuotas", reason="AccessDeniedException")
    assert judged(20, quotas=denied).problems == judged(20).problems


def test_a_table_without_indexes_has_nothing_to_judge() -> None:
    assert judged(0).status is Status.NOT_APPLICABLE
