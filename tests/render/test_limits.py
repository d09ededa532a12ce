from dataclasses import replace

import pytest

from stj_audit.render import render
from stj_audit.render.digest import near_limits
from stj_audit.report import Report, ScaleLimit
from tests.sample_report import sample_report


def report(*users: int) -> Report:
    limits = tuple(
        ScaleLimit(users=one, table="orders", index=None, check="table-quota-outgrown", code="SCL-04", what=f"limit {one}")
        for one in users
    )
    return replace(sample_report(), limits=limits)  # priced for up to 100,000 users


@pytest.mark.parametrize(
    ("users", "shown"),
    [
        ((5, 999_999, 1_000_000, 1_000_001), [5, 999_999, 1_000_000]),
        ((2_000_000, 3_000_000), [2_000_000]),
        (tuple(range(1, 20)), list(range(1, 11))),
        ((), []),
    ],
)
def test_what_is_far_is_left_to_the_run_file_but_not_the_first(users: tuple[int, ...], shown: list[int]) -> None:
    assert [limit.users for limit in near_limits(report(*users))] == shown


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_the_first_limit_is_told_and_how_many_are_not_shown(format_name: str) -> None:
    text = render(report(27_500, 5_000_000), format_name)
    assert "27,500 users" in text
    assert "limit 5000000" not in text
    assert "Limits that bind far above are in the run file: 2 in all." in text
    assert "Limits that bind far above" not in render(report(27_500), format_name)


def test_how_many_are_not_shown_is_no_row_of_the_table_in_markdown() -> None:
    # A table of GitHub's Markdown ends with an empty line: what follows without one is its next row
    lines = render(report(27_500, 5_000_000), "markdown").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("Limits that bind far above"))
    assert lines[place - 1] == ""


def test_the_terminal_tells_the_first() -> None:
    assert "The first limit binds at 27,500 users: limit 27500, in orders." in render(report(27_500, 5_000_000), "table")
    assert "limit binds" not in render(report(), "table")
