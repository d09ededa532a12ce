from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.config import MAX_USERS
from stj_audit.cost.peaks import binds_from, first_users, peak_a_second, users_above
from stj_audit.cost.workload import Amount, Flow, Workload
from tests.cost.test_model import TABLE, pattern
from tests.cost.test_savings import workloads

SECONDS = 730 * 3_600


def workload(*, fixed: int = 0, each_user: Decimal | None = Decimal(SECONDS), today: int | None = None) -> Workload:
    """A month of so many read units: `each_user` of a whole month's seconds is a unit a second for each user."""
    [one] = workloads(TABLE)
    units = Amount(today=None if today is None else Decimal(today), fixed=Decimal(fixed), each_user=each_user)
    return replace(one, flows={(None, "reads"): Flow(units=units)})


def test_the_limit_binds_from_the_first_user_that_is_too_many() -> None:
    # 10 units a second at the peak of each user: 100 users take 1,000
    assert binds_from(workload(), (None, "reads"), 1_000, 10) == 101
    assert binds_from(workload(), (None, "reads"), 999, 10) == 100


def test_what_does_not_grow_never_binds_or_always() -> None:
    assert binds_from(workload(fixed=SECONDS, each_user=Decimal(0)), (None, "reads"), 10, 10) is None
    assert binds_from(workload(fixed=SECONDS, each_user=Decimal(0)), (None, "reads"), 9, 10) == 1


def test_nobody_knows_how_it_grows() -> None:
    assert binds_from(workload(each_user=None), (None, "reads"), 10, 10) is None


def test_a_limit_that_no_number_of_users_reaches() -> None:
    assert binds_from(workload(each_user=Decimal("0.000001")), (None, "reads"), MAX_USERS, 10) is None


def test_where_it_binds_today_no_user_count_is_told() -> None:
    now = workload(today=200 * SECONDS)
    assert users_above(now, (None, "reads"), 1_999, users=500, peak_factor=10) is None
    assert users_above(now, (None, "reads"), 2_000, users=500, peak_factor=10) == 201
    assert users_above(now, (None, "reads"), 2_000, users=None, peak_factor=10) is None


@given(
    st.sampled_from(["items = 3", "items = { share_of_users = 0.5 }", "items = { share_of_users = 0.5 }\nlimit = 5", ""]),
    st.sampled_from(["Query", "Scan"]),
    st.sampled_from(["items = 10", "items_per_user = 2"]),
    st.integers(1, 10**7),
)
def test_a_straight_line_gives_what_looking_at_every_number_gives(items: str, op: str, stored: str, limit: int) -> None:
    [one] = workloads(TABLE.replace("items = 10", stored) + pattern(op, items))

    def binds(users: int) -> bool:
        peak = peak_a_second(one, (None, "reads"), users, 10)
        return peak is not None and peak > Fraction(limit, 1_000)

    assert binds_from(one, (None, "reads"), Fraction(limit, 1_000), 10) == first_users(binds)


@pytest.mark.parametrize(("least", "expected"), [(1, 1), (2, 2), (77, 77), (MAX_USERS, MAX_USERS)])
def test_first_users(least: int, expected: int) -> None:
    assert first_users(lambda users: users >= least) == expected


def test_first_users_of_what_never_holds() -> None:
    assert first_users(lambda _: False) is None
