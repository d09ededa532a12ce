import shlex

import pytest

from stj_audit.checks.count_quotas_near import count_quotas_near
from stj_audit.facts import Quotas, RegionTables, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined

DENIED = Unknown(call="servicequotas:ListServiceQuotas", reason="AccessDeniedException")


def judged(tables: int = 3, quotas: Quotas | Unknown | None = None, *, first: str = "orders", local: int = 0) -> Result:
    table = a_table(indexes=tuple(an_index(f"local-{place}", kind="LSI") for place in range(local)))
    return examined(count_quotas_near, table, region_tables=RegionTables(count=tables, first=first), quotas=quotas or Quotas())


def test_finds_a_region_that_is_nearly_full() -> None:
    result = judged(2_100)
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == "region eu-north-1 has 2,100 tables, and AWS's default quota is 2,500"
    assert problem.evidence == {"tables": 2_100, "quota": 2_500, "quota_is_default": True}
    assert problem.subject == "tables"
    assert shlex.split(problem.commands[0])[1:] == [
        *("service-quotas", "get-service-quota", "--region", "eu-north-1"),
        *("--service-code", "dynamodb", "--quota-code", "L-F98FE922"),
    ]


@pytest.mark.parametrize("quotas", [Quotas(), DENIED])
@pytest.mark.parametrize(("tables", "status"), [(1_999, Status.PASSED), (2_000, Status.FOUND), (2_500, Status.FOUND)])
def test_the_default_is_near_from_80_percent_on(tables: int, status: Status, quotas: Quotas | Unknown) -> None:
    assert judged(tables, quotas).status is status


@pytest.mark.parametrize(("tables", "status"), [(3_999, Status.PASSED), (4_000, Status.FOUND)])
def test_the_quota_of_the_account_comes_first(tables: int, status: Status) -> None:
    assert judged(tables, Quotas(tables=5_000)).status is status


def test_says_whose_quota_it_is() -> None:
    [problem] = judged(4_000, Quotas(tables=5_000)).problems
    assert problem.message == "region eu-north-1 has 4,000 tables, and the account's quota is 5,000"
    assert problem.evidence["quota_is_default"] is False
    [good] = judged(3).goods
    assert good.message == "region eu-north-1 has 3 of the 2,500 tables that AWS's default quota allows"
    [good] = judged(3, Quotas(tables=5_000)).goods
    assert good.message == "region eu-north-1 has 3 of the 5,000 tables that the account's quota allows"


@pytest.mark.parametrize("quotas", [Quotas(), DENIED])
def test_a_quota_that_was_raised_to_nobody_knows_what(quotas: Quotas | Unknown) -> None:
    result = judged(2_501, quotas)
    assert result.status is Status.UNKNOWN
    assert result.unknowns == (
        Unknown(call=DENIED.call, reason="there are 2,501 tables: the quota was raised, to what is not known"),
    )


def test_is_told_of_one_table_only() -> None:
    result = judged(2_400, first="devices")
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the tables of the region are told of devices")


@pytest.mark.parametrize(("local", "found"), [(3, False), (4, True), (5, False)])
def test_the_last_but_one_local_index_is_told_here_and_the_last_elsewhere(local: int, found: bool) -> None:
    result = judged(first="devices", local=local)
    assert (result.status is Status.FOUND) is found


def test_says_that_local_indexes_stay() -> None:
    [problem] = judged(local=4).problems
    assert problem.message == "4 local secondary indexes of the 5 that a table can have, and none can be added to it"
    assert problem.evidence == {"local_indexes": 4, "quota": 5}
    assert problem.subject == "local indexes"


def test_global_indexes_are_told_elsewhere() -> None:
    table = a_table(indexes=tuple(an_index(f"by-{place}") for place in range(20)))
    assert examined(count_quotas_near, table).status is Status.PASSED


def test_does_not_count_what_it_may_not_list() -> None:
    denied = Unknown(call="dynamodb:ListTables", reason="AccessDeniedException")
    assert examined(count_quotas_near, region_tables=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "will get no more queries" in count_quotas_near.why
