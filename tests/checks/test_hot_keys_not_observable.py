import shlex

import pytest

from stj_audit.checks.hot_keys_not_observable import hot_keys_not_observable
from stj_audit.facts import ContributorInsights, Encryption, InsightsSetting, Unknown
from stj_audit.results import Severity, Status
from tests.builders import a_table, an_index, examined, some_insights

INDEXED = a_table(indexes=(an_index("by-status"), an_index("local", kind="LSI")))


def test_finds_a_table_whose_hot_keys_nothing_names() -> None:
    result = examined(hot_keys_not_observable, contributor_insights=some_insights(status="DISABLED"))
    [problem] = result.problems
    assert result.severity is Severity.INFO
    assert problem.message == "Contributor Insights is off for the table: if a key gets too hot, nothing tells which"
    assert problem.evidence == {"off": 1, "resources": 1}
    assert problem.current == "Contributor Insights is on for 0 of 1 table or index"
    assert "key values then stand in CloudWatch in plain text: not where keys are personal or secret" in problem.migration


def test_the_table_and_its_indexes_are_turned_on_one_by_one() -> None:
    [problem] = examined(
        hot_keys_not_observable, INDEXED, contributor_insights=some_insights("by-status", status="FAILED")
    ).problems
    assert "off for the table and index by-status:" in problem.message
    table, index = map(shlex.split, problem.commands)
    mode = ["--contributor-insights-action", "ENABLE", "--contributor-insights-mode", "THROTTLED_KEYS"]
    begin = ["aws", "dynamodb", "update-contributor-insights", "--region", "eu-north-1", "--table-name", "orders"]
    assert table == [*begin, *mode]
    assert index == [*begin, "--index-name", "by-status", *mode]


def test_only_what_is_off_is_told() -> None:
    found = ContributorInsights(
        settings=(InsightsSetting(index=None, status="ENABLING"), InsightsSetting(index="by-status", status="DISABLED"))
    )
    [problem] = examined(hot_keys_not_observable, INDEXED, contributor_insights=found).problems
    assert problem.message.startswith("Contributor Insights is off for index by-status:")
    assert problem.current == "Contributor Insights is on for 1 of 2 tables and indexes"
    assert len(problem.commands) == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (a_table(), "Contributor Insights names the keys that are throttled, of the table"),
        (INDEXED, "Contributor Insights names the keys that are throttled, of the table and its 1 global secondary index"),
    ],
)
@pytest.mark.parametrize("mode", ["THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS", None])
def test_passes_in_either_mode(table: object, message: str, mode: str | None) -> None:
    found = some_insights(*(["by-status"] if table is INDEXED else []), mode=mode)
    result = examined(hot_keys_not_observable, INDEXED if table is INDEXED else None, contributor_insights=found)
    assert (result.status, [good.message for good in result.goods]) == (Status.PASSED, [message])


def test_keys_that_kms_encrypts_are_not_put_into_plain_text() -> None:
    table = a_table(encryption=Encryption(type="KMS"))
    result = examined(hot_keys_not_observable, table, contributor_insights=some_insights(status="DISABLED"))
    assert (result.status, result.reason) == (
        Status.NOT_APPLICABLE,
        "its keys are encrypted with a key of KMS, and Contributor Insights would show them in plain text",
    )
    assert examined(hot_keys_not_observable, table, contributor_insights=some_insights()).status is Status.PASSED


def test_does_not_judge_what_it_may_not_see() -> None:
    denied = Unknown(call="dynamodb:DescribeContributorInsights", reason="AccessDeniedException")
    assert examined(hot_keys_not_observable, contributor_insights=denied).unknowns == (denied,)


def test_tells_when_it_is_wrong() -> None:
    assert "keys are personal or secret" in hot_keys_not_observable.why
