"""What values of keys are taken for, and what they are not taken for."""

import pytest

from stj_audit.items.shapes import ADDRESS, EMAIL, JOINED, PHONE, ROUNDED, TIME, shape_of


@pytest.mark.parametrize(
    "text",
    [
        "2025-10",
        "2025-10-31",
        "20251031",
        "2010-01-01",
        "2039-12-31",
        "2025-10-31T14",
        "2025-10-31T14:05",
        "2025-10-31 14:05Z",
        "2025-10-31T14:05:00",
        "2025-10-31T14:05:00.000Z",
        "20251031T140500Z",
        "2025-10-31T14:05:00+02:00",
        "1262304000",
        "2208988740",
        "1760000040",
        "1760000040000",
        "1760000040.0",
    ],
)
def test_a_time_that_many_items_may_share(text: str) -> None:
    assert shape_of(text) == TIME | ROUNDED


@pytest.mark.parametrize(
    "text",
    [
        "2025-10-31T14:05:01Z",
        "2025-10-31t14:05:59",
        "2025-10-31T14:05:00.001Z",
        "2025-10-31T14:05:10.500+0200",
        "20251031T140501Z",
        "1760000041",
        "2208988799",
        "1760000040001",
        "1760000041000",
        "1760000040.5",
    ],
)
def test_a_moment(text: str) -> None:
    assert shape_of(text) == TIME


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "active", "42", "-1760000040", "202510", "2025", "20251331", "20251032", "2025-13", "2025-10-32"),
        *("1985-03-04", "2009-12-31", "2040-01-01", "1262303999", "2208988800", "176000004", "17600000401", "7300000037511"),
        *("1262303999999", "2208988800000", "1760000040000000", "x2025-10-31", "2025-10-31x", "2025-10-31T14:05:61"),
        *("f47ac10b-58cc-4372-a567-0e02b2c3d479", "20f7ac10-58cc-4372-a567-0e02b2c3d479", "\u0662\u0660\u0662\u0665-10-31"),
        *("a@b", "@example.com", "ada@", "a b@example.com", "ada@example.c", "ada@@example.com", "ada@.com", "a@b@example.com"),
        *("4700012345", "+123456", "+1234567890123456", "+", "555-123-456", "5551234567", "+47x00012345"),
        *("1.2.3", "256.1.1.1", "1.2.3.4.5", "01:23:45:67:89:ab", "12:30:45", "v1.2.3.4", "1:2"),
        *("a:b", "#a", "a#", "#", "a||", "|", "::", "arn:aws:s3:::bucket", "a-b", "a_b", "a/b", "a,b"),
    ],
)
def test_what_is_none_of_them(text: str) -> None:
    assert shape_of(text) == 0


@pytest.mark.parametrize("text", ["ada@example.com", "a.b+c@mail.example.co.uk", "ådå@exämple.no"])
def test_an_email_address(text: str) -> None:
    assert shape_of(text) == EMAIL


@pytest.mark.parametrize(
    "text",
    [
        *("+4700012345", "+1 (555) 123-4567", "+47 000 12 345", "+1234567", "+123456789012345"),
        *("555-123-4567", "(555) 123-4567", "(555)123-4567", "1-555-123-4567", "555.123.4567"),
    ],
)
def test_a_phone_number(text: str) -> None:
    assert shape_of(text) == PHONE


@pytest.mark.parametrize("text", ["1.2.3.4", "255.255.255.255", "fe80::1", "2001:db8:0:0:0:0:0:1", "FE80::"])
def test_an_ip_address(text: str) -> None:
    assert shape_of(text) == ADDRESS


@pytest.mark.parametrize(
    "text", ["USER#42", "a#b", "a|b", "a::b", "a#b#c", "#a#b", "2025-10-31#7", "a#\nb", "fe80::1::2", "fe8::1"]
)
def test_parts_joined_to_one_text(text: str) -> None:
    assert shape_of(text) == JOINED


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("USER#ada@example.com", JOINED | EMAIL),
        ("+4700012345|active", JOINED | PHONE),
        ("1.2.3.4#login", JOINED | ADDRESS),
        ("ada@example.com#+4700012345", JOINED | EMAIL | PHONE),
        ("#ada@example.com", EMAIL),
    ],
)
def test_a_part_may_be_personal(text: str, shape: int) -> None:
    assert shape_of(text) == shape
