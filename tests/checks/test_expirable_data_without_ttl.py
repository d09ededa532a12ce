import json
import shlex

import pytest

from stj_audit.checks.expirable_data_without_ttl import expirable_data_without_ttl
from stj_audit.facts import AttributeSizes, TimeToLive, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, examined, some_items

OFF = TimeToLive(enabled=False)
DENIED = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")


def an_attribute(name: str, *types: str, present: int = 900) -> AttributeSizes:
    return AttributeSizes(name=name, types=types or ("N",), present=present, total_bytes=9_000, max_bytes=10)


def judged(*attributes: AttributeSizes, coverage: str = "full") -> Result:
    return examined(
        expirable_data_without_ttl,
        a_table(name="sessions"),
        time_to_live=OFF,
        items=some_items(attributes=attributes, coverage=coverage),
    )


def test_finds_data_that_says_when_it_expires() -> None:
    result = judged(an_attribute("id", "S"), an_attribute("expires_at"))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == (
        'TTL is off, and "expires_at" is named like a time at which data expires (900 of all 1,000 items have "expires_at"), '
        "judged by the name alone"
    )
    assert problem.evidence == {
        "attribute": "expires_at",
        "types": "N",
        "items_with_attribute": 900,
        "items_read": 1_000,
        "coverage": "full",
    }
    assert problem.current == 'TTL is off; "expires_at" of type N'
    assert problem.migration.startswith("look at some values first")


@pytest.mark.parametrize(
    "name", ["ttl", "TTL", "expiresAt", "expires-at", "ExpiryDate", "valid_until", "delete_after", "time_to_live"]
)
def test_a_name_may_be_written_in_any_way(name: str) -> None:
    assert judged(an_attribute(name)).status is Status.FOUND


@pytest.mark.parametrize(
    "name", ["token_expires_at", "subscription_expires_at", "expires_in", "is_expired", "expiry_policy", "valid_from", "title"]
)
def test_other_names_say_something_else(name: str) -> None:
    assert judged(an_attribute(name)).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("types", "status"),
    [(("N",), Status.FOUND), (("S",), Status.FOUND), (("NULL", "S"), Status.FOUND), (("BOOL",), Status.NOT_APPLICABLE)],
)
def test_a_time_is_a_number_or_a_text(types: tuple[str, ...], status: Status) -> None:
    assert judged(an_attribute("expiry", *types)).status is status


def test_a_text_has_to_be_rewritten_before_ttl_can_use_it() -> None:
    [problem] = judged(an_attribute("valid_until", "S")).problems
    assert problem.fix.endswith("; it has to be rewritten as a Number of seconds since 1970 first")
    [look] = problem.commands
    assert shlex.split(look)[2] == "scan"


def test_of_several_the_number_is_proposed() -> None:
    [problem] = judged(an_attribute("expiry", "S"), an_attribute("ttl", present=10)).problems
    assert problem.message.startswith('TTL is off, and "expiry" and "ttl" are named like times at which data expires (10 of all')
    assert problem.evidence["attribute"] == "ttl"
    assert problem.fix == 'if the items may go after that time, let TTL delete them by "ttl"'
    assert problem.current == 'TTL is off; "expiry" and "ttl"'


def test_of_several_texts_the_first_is_proposed() -> None:
    [problem] = judged(an_attribute("expiry", "S", present=10), an_attribute("valid_until", "S")).problems
    assert problem.evidence["attribute"] == "expiry"
    assert problem.current == 'TTL is off; "expiry" and "valid_until"'
    assert problem.template == ""  # TTL ignores a text


@pytest.mark.parametrize("name", ["expires_at", "expires'at", 'expires,"at"', "expires $(at)\n"])
def test_commands_look_first_and_survive_any_name(name: str) -> None:
    [problem] = judged(an_attribute(name)).problems
    look, switch_on = (shlex.split(command) for command in problem.commands)
    where = ["--region", "eu-north-1", "--table-name", "sessions"]
    assert look[:7] == ["aws", "dynamodb", "scan", *where]
    assert json.loads(look[look.index("--expression-attribute-names") + 1]) == {"#ttl": name}
    assert switch_on[:8] == ["aws", "dynamodb", "update-time-to-live", *where, "--time-to-live-specification"]
    assert json.loads(switch_on[8]) == {"Enabled": True, "AttributeName": name}
    assert "\n" not in "".join((*problem.commands, problem.message))


def test_a_table_without_such_names_has_nothing_to_judge_and_is_not_praised() -> None:
    result = judged(an_attribute("id", "S"), coverage="sample")
    assert result.status is Status.NOT_APPLICABLE
    assert result.reason == "no attribute of a sample of 1,000 items is named like a time at which data expires"
    assert result.goods == ()


def test_names_that_were_not_counted_one_by_one_are_not_known() -> None:
    assert judged(an_attribute("id", "S"), an_attribute(OTHER_ATTRIBUTES)).status is Status.UNKNOWN
    assert judged(an_attribute("ttl"), an_attribute(OTHER_ATTRIBUTES)).status is Status.FOUND


def test_does_not_judge_what_is_not_known() -> None:
    ttl = Unknown(call="dynamodb:DescribeTimeToLive", reason="AccessDeniedException")
    items = some_items(attributes=(an_attribute("ttl"),))
    assert examined(expirable_data_without_ttl, time_to_live=ttl, items=items).unknowns == (ttl,)
    assert examined(expirable_data_without_ttl, time_to_live=OFF, items=DENIED).unknowns == (DENIED,)
    assert judged().reason == "the names of the attributes are not known"
    empty = some_items({}, coverage="sample")
    assert examined(expirable_data_without_ttl, time_to_live=OFF, items=empty).status is Status.UNKNOWN


def test_does_not_apply_with_ttl_or_without_items() -> None:
    on = TimeToLive(enabled=True, attribute="ttl")
    assert examined(expirable_data_without_ttl, time_to_live=on, items=DENIED).reason == "TTL is on"
    empty = examined(expirable_data_without_ttl, time_to_live=OFF, items=some_items({}))
    assert (empty.status, empty.reason) == (Status.NOT_APPLICABLE, "the table has no items that could expire")


def test_tells_when_it_is_wrong() -> None:
    assert "kept on purpose after that time (audit logs" in expirable_data_without_ttl.why
