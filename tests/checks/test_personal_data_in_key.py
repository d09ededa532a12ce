from typing import Any

import pytest

from stj_audit.checks.personal_data_in_key import personal_data_in_key
from stj_audit.facts import KeyShape, Unknown
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items

BY_EMAIL = an_index("by-email", ("email",))
ID = KeyShape(attribute="id", values=1_000)


def judged(*shapes: KeyShape, indexes: Any = (BY_EMAIL,), **items: Any) -> Result:
    return examined(personal_data_in_key, a_table(indexes=indexes), items=some_items(key_shapes=shapes, **items))


def emails(personal: int, values: int = 1_000) -> KeyShape:
    return KeyShape(attribute="email", values=values, emails=personal, personal=personal)


def test_finds_an_index_by_email() -> None:
    result = judged(ID, emails(990))
    [problem] = result.problems
    assert result.severity is Severity.LOW
    assert problem.message == '"email", a key of index by-email, has the form of an e-mail address in 99% of 1,000 values'
    assert (problem.index, problem.subject) == ("by-email", "email")
    assert problem.evidence == {"attribute": "email", "values": 1_000, "emails": 990, "phones": 0, "addresses": 0}
    assert problem.fix == ('look items up by a keyed hash of "email", and keep the value itself in an attribute that is no key')
    assert problem.migration.startswith("write the hash into every item")
    assert [good.message for good in result.goods] == ['no e-mail address, phone number or IP address in "id" of all 1,000 items']


@pytest.mark.parametrize(
    ("personal", "status"), [(500, Status.FOUND), (499, Status.PASSED), (1, Status.PASSED), (0, Status.PASSED)]
)
def test_half_of_the_values(personal: int, status: Status) -> None:
    result = judged(emails(personal), KeyShape(attribute="id", values=1_000, personal=1))
    assert result.status is status
    praised = [good.message for good in result.goods]
    assert praised == (['no e-mail address, phone number or IP address in "email" of all 1,000 items'] if not personal else [])


def test_the_kinds_are_named_by_their_number() -> None:
    shape = KeyShape(attribute="id", values=10, emails=2, phones=4, addresses=3, personal=9)
    [problem] = judged(shape, emails(0)).problems
    assert problem.message == (
        '"id", a key of the table, has the form of a phone number, an IP address or an e-mail address in 90% of 10 values'
    )
    assert problem.index is None
    assert problem.migration.startswith("create a table with the new key")


def test_an_attribute_is_told_once_with_all_its_places() -> None:
    indexes = (BY_EMAIL, an_index("by-status", ("status", "email")), an_index("local", ("id", "email"), kind="LSI"))
    result = judged(ID, emails(1_000), KeyShape(attribute="status", values=0), indexes=indexes)
    [problem] = result.problems
    assert problem.message.startswith('"email", a key of index by-email, index by-status and index local, has')


def test_without_values_there_is_nothing_to_say() -> None:
    assert judged(ID, emails(0, values=0)).goods[0].message.endswith('in "id" of all 1,000 items')
    assert judged(ID, emails(0, values=0)).status is Status.PASSED


def test_a_sample_is_called_so() -> None:
    assert judged(ID, emails(0), coverage="sample").goods[0].message == (
        'no e-mail address, phone number or IP address in "id" and "email" of a sample of 1,000 items'
    )


def test_what_was_not_looked_at_is_not_judged() -> None:
    assert judged(ID).reason == 'the values of key attribute "email" were not looked at'
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(personal_data_in_key, items=denied).unknowns == (denied,)
    assert examined(personal_data_in_key, items=some_items({}, coverage="sample")).reason == "the sample holds no item"


def test_an_empty_table_has_nothing_to_judge() -> None:
    result = examined(personal_data_in_key, items=some_items({}))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "the table has no items")


def test_forms_that_deceive_are_named() -> None:
    assert "version numbers such as 1.2.3.4 look like addresses" in personal_data_in_key.why
