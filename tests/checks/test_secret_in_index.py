import pytest

from stj_audit.checks.secret_in_index import secret_in_index
from stj_audit.facts import AttributeSizes, ItemSizes, Unknown
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.results import Result, Severity, Status
from tests.builders import a_table, an_index, examined, some_items

NOT_READ = Unknown(call="dynamodb:Scan", reason="not asked for")


def with_attributes(*names: str, coverage: str = "full") -> ItemSizes:
    attributes = tuple(AttributeSizes(name=name, types=("S",), present=1_000, total_bytes=9_000, max_bytes=9) for name in names)
    return some_items(attributes=attributes, coverage=coverage)


def included(name: str) -> Result:
    index = an_index("by-status", projection="INCLUDE", non_key_attributes=("name", name))
    return examined(secret_in_index, a_table(indexes=(index,)), items=NOT_READ)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "user_password",
        "userPassword",
        "PASSWORD_HASH",
        "passwd",
        "pwd",
        "pin",
        "userPIN",
        "PINCode",
        "pin-code",
        "pincode",
        "pin2",
        "access_token",
        "OAuthToken",
        "refreshTokens",
        "client.secret",
        "otp",
        "OTPSecret",
        "ssn",
        "card_number",
        "cardNumber",
        "cardnumber",
        "cvv",
        "api_key",
        "apiKey",
        "APIKey",
        "apikey",
    ],
)
def test_finds_names_of_secrets(name: str) -> None:
    result = included(name)
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.evidence == {"attributes": f'"{name}"', "projection": "INCLUDE"}


@pytest.mark.parametrize(
    "name",
    [
        "shipping",
        "spinner",
        "cardinality",
        "pinned",
        "pinned_at",
        "opinion",
        "tokenizer",
        "secretary",
        "passport",
        "épin",
        "postcard_number",
        "card",
        "number_card",
        "key",
        "monkey",
        "token_expires_at",
        "tokenCount",
        "pin_attempts",
        "secret_arn",
        "card_number_last4",
        "",
    ],
)
def test_passes_names_that_only_look_like_it(name: str) -> None:
    assert included(name).status is Status.PASSED


def test_finds_what_an_index_of_whole_items_copies() -> None:
    table = a_table(name="passwords", indexes=(an_index("by-email", ("email",)),))
    [problem] = examined(secret_in_index, table, items=with_attributes("id", "email", "pincode", "otp", "name")).problems
    assert problem.message == 'copies "otp" and "pincode", secrets by their names (values were not looked at)'
    assert problem.fix == 'leave "otp" and "pincode" out of the index'
    assert problem.current == 'projection ALL puts "otp" and "pincode" into the index'
    assert problem.effort == "hours"


def test_a_key_cannot_be_left_out() -> None:
    index = an_index("by-token", ("token",), projection="KEYS_ONLY")
    [problem] = examined(secret_in_index, a_table(indexes=(index,)), items=NOT_READ).problems
    assert problem.message == 'copies "token", a secret by its name (values were not looked at)'
    assert problem.fix == 'store a keyed hash in place of "token", because a key cannot be left out'
    assert problem.effort == "days"


def test_every_index_copies_the_tables_key() -> None:
    index = an_index("by-user", ("user",), projection="KEYS_ONLY")
    [problem] = examined(secret_in_index, a_table(key=("session_token",), indexes=(index,)), items=NOT_READ).problems
    assert problem.evidence["attributes"] == '"session_token"'


def test_a_narrow_index_does_not_copy_other_attributes() -> None:
    index = an_index(projection="KEYS_ONLY")
    result = examined(secret_in_index, a_table(indexes=(index,)), items=with_attributes("id", "status", "password"))
    assert result.status is Status.PASSED
    assert [good.message for good in result.goods] == [
        "no index copies an attribute that is named like a secret (1 index looked at)"
    ]


def test_passes_whole_items_without_secrets() -> None:
    table = a_table(indexes=(an_index(), an_index("by-name", ("name",))))
    full = examined(secret_in_index, table, items=with_attributes("id", "status", "name"))
    assert [good.message for good in full.goods] == [
        "no index copies an attribute that is named like a secret (2 indexes looked at)"
    ]
    sample = examined(secret_in_index, table, items=with_attributes("id", "status", "name", coverage="sample"))
    assert [good.message for good in sample.goods] == [
        "no index copies an attribute that is named like a secret, as far as the items read show (2 indexes looked at)"
    ]


def test_does_not_praise_the_clean_ones_while_one_was_not_seen() -> None:
    table = a_table(indexes=(an_index("narrow", projection="KEYS_ONLY"), an_index("whole")))
    result = examined(secret_in_index, table, items=NOT_READ)
    assert (result.status, result.goods) == (Status.UNKNOWN, ())


def test_a_local_index_takes_a_new_table() -> None:
    index = an_index("local", ("user", "score"), kind="LSI", projection="INCLUDE", non_key_attributes=("pin",))
    [problem] = examined(secret_in_index, a_table(key=("user", "at"), indexes=(index,)), items=NOT_READ).problems
    assert problem.migration.startswith("a local secondary index is fixed when its table is made")
    assert problem.effort == "days"


def test_does_not_judge_whole_items_that_were_not_read() -> None:
    table = a_table(indexes=(an_index(),))
    assert examined(secret_in_index, table, items=NOT_READ).unknowns == (NOT_READ,)
    assert examined(secret_in_index, table, items=some_items()).reason == "the attributes that index by-status copies were not seen"
    many = examined(secret_in_index, table, items=with_attributes("id", OTHER_ATTRIBUTES))
    assert many.reason == "index by-status copies more attributes than are told apart by name"


def test_names_no_others_in_sentences_than_printable_ones() -> None:
    [problem] = included("a\npassword").problems
    assert problem.evidence["attributes"] == '"a\\npassword"'
    assert problem.commands == ()


def test_a_table_without_indexes_has_nothing_to_judge() -> None:
    assert examined(secret_in_index).status is Status.NOT_APPLICABLE
