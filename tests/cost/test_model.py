"""A declared design priced: the design of the assessment at every scale, each rule by hand-counted units, and what holds for any design."""

import tomllib
from collections.abc import Iterable
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.config import Config, load_config, parse_config
from stj_audit.cost.model import price_model
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.requests import collection_units
from stj_audit.cost.units import Consistency
from stj_audit.errors import ConfigError
from stj_audit.report import CostLine, Costs

SEED = Path(__file__).parent / "seed_design.toml"
SCALES = (100, 1_000, 10_000, 50_000, 100_000)
LEADERBOARD = "subscription-status-username-index"


def design(text: str) -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")


def priced(text: str, *, users: int = 1_000, region: str = "us-east-1", free_tier: bool = False) -> Costs:
    return price_model(design(text), prices=bundled_sheet(region), users=(users,), free_tier=free_tier)


def units(text: str, component: str, index: str | None = None, *, users: int = 1) -> Decimal | None:
    """The quantity of one line in a month of one day; 0 when there is no such line."""
    [at] = price_model(design("[model]\ndays = 1\n" + text), prices=bundled_sheet("us-east-1"), users=(users,)).projections
    found = [line.quantity for line in at.lines if (line.component, line.index) == (component, index)]
    assert len(found) <= 1
    return found[0] if found else Decimal(0)


def exact_sum(amounts: Iterable[Decimal | None]) -> Decimal:
    with localcontext(prec=60):
        return sum((amount for amount in amounts if amount is not None), Decimal(0))


def near(amount: Decimal | None, expected: str) -> bool:
    """Within 1 %."""
    return amount is not None and abs(amount / Decimal(expected) - 1) <= Decimal("0.01")


# ------------------------------------------------------------------------------------------------------- the assessment


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-east-1", ("2.06", "20.69", "218", "1348", "3337")),
        ("eu-north-1", ("2.21", "22.2", "234", "1447", "3583")),
    ],
)
def test_the_design_of_the_assessment_at_every_scale(region: str, expected: tuple[str, ...]) -> None:
    costs = price_model(load_config(SEED), prices=bundled_sheet(region), users=SCALES)
    assert [at.users for at in costs.projections] == list(SCALES)
    for at, amount in zip(costs.projections, expected, strict=True):
        assert at.complete
        assert near(at.monthly_usd, amount), (at.users, at.monthly_usd)
        assert {line.basis for line in at.lines} == {"declared"}


def test_the_leaderboard_grows_with_the_square_of_the_users_and_says_so() -> None:
    costs = price_model(load_config(SEED), prices=bundled_sheet("us-east-1"), users=SCALES)
    lines = [line for at in costs.projections for line in at.lines if (line.component, line.index) == ("index-reads", LEADERBOARD)]
    for line, amount in zip(lines[1:], ("0.13", "12.8", "320", "1282"), strict=True):
        assert near(line.monthly_usd, amount), line
        assert line.note == "grows with the square of the users, because each call reads more: 'leaderboard'"


def test_the_lines_of_the_assessment_at_10_000_users() -> None:
    [at] = price_model(load_config(SEED), prices=bundled_sheet("us-east-1"), users=(10_000,)).projections
    by_part = {(line.table, line.component, line.index): line for line in at.lines}

    def quantity(table: str, component: str, index: str | None = None) -> Decimal | None:
        return by_part[f"stj_{table}", component, index].quantity

    assert quantity("subscribers", "reads") == 30 * 30 * 10_000 * Decimal("6.5")
    assert quantity("subscribers", "writes") == 5 * 30 * 10_000 * 50
    assert quantity("subscribers", "index-writes", "phone-index") == 5 * 30 * 10_000 * 50
    assert quantity("subscribers", "index-writes", LEADERBOARD) == 30 * 10_000 * Decimal("0.1")  # two writes in 5 % of the calls
    assert near(exact_sum(line.monthly_usd for line in at.lines if "storage" in line.component), "0.508")
    assert near(exact_sum(line.monthly_usd for line in at.lines if line.component == "pitr"), "0.1036")


@pytest.mark.parametrize(("region", "amount"), [("us-east-1", "400"), ("eu-north-1", "429")])
def test_all_of_the_traffic_on_the_large_table(region: str, amount: str) -> None:
    indexes = "".join(f'[[tables.s.index]]\nname = "by-{name}"\nkey = ["{name}"]\n' for name in ("username", "email", "phone"))
    text = (
        '[tables.s]\nkey = ["id"]\nitems_per_user = 1\nitem_bytes = 51_200\n'
        + indexes
        + '[[tables.s.pattern]]\nname = "read"\nop = "GetItem"\ncalls = 100\n'
        + '[[tables.s.pattern]]\nname = "write"\nop = "UpdateItem"\nsets = ["data"]\ncalls = 10\n'
    )
    [at] = priced(text, users=10_000, region=region).projections
    assert near(at.monthly_usd, amount), at.monthly_usd


# ------------------------------------------------------------------------------------------------------------ the rules

TABLE = '[tables.t]\nkey = ["id"]\nitems = 10\nitem_bytes = 5_000\n'
INDEX = '[[tables.t.index]]\nname = "i"\nkey = ["status"]\nprojection = "INCLUDE"\nattributes = ["note"]\nentry_bytes = 1_500\n'


def pattern(op: str, more: str = "") -> str:
    return f'[[tables.t.pattern]]\nname = "p"\nop = "{op}"\ncalls = 1\n{more}\n'


@pytest.mark.parametrize(
    ("op", "more", "expected"),
    [
        ("GetItem", "", "1"),
        ("GetItem", "consistent = true", "2"),
        ("GetItem", "items = 0", "0.5"),
        ("BatchGetItem", "items = 10", "10"),
        ("TransactGetItems", "items = 2", "8"),
        ("Query", "items = 10", "6.5"),  # 50,000 bytes, rounded once
        ("Query", "items = 10\nlimit = 2", "1.5"),
        ("Query", "items = 0", "0.5"),
        ("Query", "items = 211", "129.5"),  # a page of 210 items (257 steps), and one of 1 (2 steps)
        ("Scan", "items = { per_user = 10 }\nconsistent = true", "13"),
        ("Scan", "", "6.5"),  # all ten
        ("Scan", "limit = 2", "1.5"),
        ("Query", "items = { share_of_users = 0.5 }", "0.5"),  # one user: 2,500 bytes
    ],
)
def test_reads(op: str, more: str, expected: str) -> None:
    assert units(TABLE + pattern(op, more), "reads") == Decimal(expected)


@pytest.mark.parametrize(
    ("op", "more", "table", "index"),
    [
        ("PutItem", "", "5", "2"),
        ("PutItem", 'replaces = true\nsets = ["other"]', "5", "0"),
        ("PutItem", 'replaces = true\nsets = ["note"]', "5", "2"),
        ("UpdateItem", 'sets = ["other"]', "5", "0"),
        ("UpdateItem", 'sets = ["note", "other"]', "5", "2"),
        ("UpdateItem", 'sets = ["status"]', "5", "4"),
        ("UpdateItem", 'sets = ["status"]\nkey_change = { i = 0.25 }', "5", "1"),
        ("UpdateItem", 'sets = ["status", "note"]\nkey_change = { i = 0.25 }', "5", "2.5"),
        ("DeleteItem", "", "5", "2"),
        ("BatchWriteItem", "items = 25", "125", "50"),
        ("TransactWriteItems", "items = 2", "20", "4"),
        ("TransactWriteItems", 'items = 2\nsets = ["note"]', "20", "4"),
    ],
)
def test_writes(op: str, more: str, table: str, index: str) -> None:
    text = TABLE + INDEX + pattern(op, more)
    assert units(text, "writes") == Decimal(table)
    assert units(text, "index-writes", "i") == Decimal(index)


def test_what_is_in_an_index_only_in_part_is_written_and_stored_in_part() -> None:
    text = TABLE + INDEX + "share = 0.25\n" + pattern("PutItem")
    assert units(text, "index-writes", "i") == Decimal("0.5")
    assert units(text, "index-storage", "i") == (Decimal("2.5") * 1_600 / 2**30).quantize(Decimal("0.000001"))


def test_an_entry_is_the_sum_of_the_attributes_that_it_holds() -> None:
    sizes = "[tables.t.attributes]\nid = 600\nstatus = 400\nnote = 100\nother = 9\n"
    text = TABLE + sizes + INDEX.replace("entry_bytes = 1_500\n", "") + pattern("PutItem")
    assert units(text, "index-writes", "i") == 2  # 1,100 bytes
    assert units(text.replace("note = 100\n", "note = 24\n"), "index-writes", "i") == 1


def test_provisioned_capacity_is_billed_by_the_hour_and_requests_are_not() -> None:
    text = TABLE.replace("items = 10", 'items = 10\nbilling_mode = "PROVISIONED"\nrcu = 10\nwcu = 2.5') + INDEX + pattern("GetItem")
    [at] = priced(text).projections
    assert {(line.component, line.index): line.quantity for line in at.lines if "storage" not in line.component} == {
        ("capacity-reads", None): Decimal(7_300),
        ("capacity-writes", None): Decimal(1_825),
        ("index-capacity-reads", "i"): None,
        ("index-capacity-writes", "i"): None,
    }
    assert not at.complete
    assert "`rcu` is not declared" in [line.note for line in at.lines]


def test_active_users_and_days() -> None:
    [at] = priced("[model]\nactive = 0.5\ndays = 20\n" + TABLE + pattern("GetItem")).projections
    assert [line.quantity for line in at.lines if line.component == "reads"] == [Decimal(20 * 500)]


def test_the_free_tier_comes_off_the_storage_of_tables_and_indexes_together() -> None:
    text = "[tables.t]\nkey = ['id']\nitems = 1_000_000\nitem_bytes = 40_000\n[[tables.t.index]]\nname = 'i'\nkey = ['x']\n"
    full, less = (priced(text, free_tier=free_tier).projections[0] for free_tier in (False, True))
    assert full.monthly_usd is not None
    assert less.monthly_usd == full.monthly_usd - Decimal("6.25")


def test_a_job_beside_what_users_do_stays_in_the_constant_part() -> None:
    job = pattern("GetItem", "calls_per_day = 1_000_000").replace("calls = 1\n", "")
    costs = price_model(design(TABLE + pattern("GetItem") + job), prices=bundled_sheet("us-east-1"), users=(1, 100))
    small, large = (at.parts for at in costs.projections[:2])
    assert small is not None
    assert large is not None
    assert large.constant_usd == small.constant_usd > 3  # 30 million reads of one unit
    assert abs(large.linear_usd / small.linear_usd - 100) < Decimal("0.01")


def test_a_scan_of_everything_grows_with_what_is_there() -> None:
    # 1 item of 5,000 bytes for a user: 10 users' 10 are 13 steps, 100 users' are 123
    text = TABLE.replace("items = 10", "items_per_user = 1") + pattern("Scan")
    at = priced(text, users=10).projections[0], priced(text, users=100).projections[0]
    units = [line.quantity for one in at for line in one.lines if line.component == "reads"]
    assert units == [10 * 30 * Decimal("6.5"), 100 * 30 * Decimal("61.5")]
    assert {one.parts.super_linear_usd > 0 for one in at if one.parts} == {True}
    assert "a Scan without `items` is taken to read everything that is there: p" in priced(text, users=10).assumptions


def test_a_scan_of_what_nobody_counted_is_not_known() -> None:
    [at] = priced(TABLE.replace("items = 10\n", "") + pattern("Scan"), users=10).projections
    [line] = [line for line in at.lines if line.component == "reads"]
    assert (line.quantity, line.note) == (None, "neither `items` nor `items_per_user` is declared")


def test_only_what_grows_twice_grows_with_the_square() -> None:
    both = pattern("Query", "items = { share_of_users = 1 }\ncalls_per_day = 1_000_000")
    costs = price_model(design(TABLE + both), prices=bundled_sheet("us-east-1"), users=(1, 2))
    first = costs.projections[0].parts
    assert first is not None
    assert (
        first.super_linear_usd < first.linear_usd / 1_000
    )  # the job's million calls read twice as much for twice the users, no more


def test_a_page_that_is_never_filled_does_not_grow_at_all() -> None:
    text = TABLE.replace("5_000", "10") + pattern("Query", "items = { share_of_users = 0.1 }")
    costs = price_model(design(text), prices=bundled_sheet("us-east-1"), users=(10, 200))
    assert [at.parts.super_linear_usd for at in costs.projections[:2] if at.parts is not None] == [0, 0]
    assert not any(line.note for at in costs.projections[:2] for line in at.lines)


def test_a_year_of_growth_of_items_that_are_fixed_is_shared_by_them() -> None:
    text = TABLE + 'growth = [{ attribute = "log", bytes = 1_000, per_user_day = 0.01 }]\n'
    [at] = [one for one in priced(text, users=1_000).projections if one.users == 1_000]
    assert at.monthly_usd is not None
    assert at.after_year_usd is not None
    # 1,000 users add 10,000 bytes a day to 10 items, 365,000 to each in a year
    grown = Decimal(10 * 365_000) / 2**30 * Decimal("0.25")
    assert abs(at.after_year_usd - at.monthly_usd - grown) < Decimal("0.000001")


def test_a_year_of_growth_makes_requests_without_patterns_larger_too() -> None:
    """As it does those of patterns that say the same."""
    grows = 'growth = [{ attribute = "log", bytes = 100, per_user_day = 1 }]\n'
    text = '[tables.t]\nkey = ["id"]\nitems_per_user = 1\nitem_bytes = 1_000\n' + grows
    [flat] = priced(text + "reads_per_user_day = 1\nwrites_per_user_day = 1\n").projections
    [told] = priced(text + pattern("GetItem") + pattern("PutItem")).projections
    # 1,000 items of 37,600 bytes with their overhead; 30,000 reads of 10 steps and writes of 37
    stored = Decimal(1_000 * 37_600) / 2**30 * Decimal("0.25")
    requests = 30_000 * (10 * Decimal("0.5") * Decimal("0.000000125") + 37 * Decimal("0.000000625"))
    assert flat.after_year_usd is not None
    assert abs(flat.after_year_usd - stored - requests) < Decimal("0.000001")
    assert flat.monthly_usd == told.monthly_usd
    assert flat.after_year_usd == told.after_year_usd


def test_the_target_is_among_what_is_priced() -> None:
    costs = price_model(design(TABLE + pattern("GetItem")), prices=bundled_sheet("us-east-1"), users=(100, 5_000), target_users=700)
    assert [at.users for at in costs.projections] == [100, 700, 5_000]
    assert costs.target_users == 700
    assert price_model(design(TABLE), prices=bundled_sheet("us-east-1"), users=(100, 5_000)).target_users == 5_000


def test_what_is_nothing_at_every_user_count_has_no_line() -> None:
    [at] = priced(TABLE + INDEX + pattern("GetItem")).projections
    assert {(line.component, line.index) for line in at.lines} == {("storage", None), ("index-storage", "i"), ("reads", None)}
    share = TABLE + pattern("Query", "items = { share_of_users = 0 }").replace("calls = 1", "calls_per_day = 0")
    assert {line.component for line in priced(share).projections[0].lines} == {"storage"}


# -------------------------------------------------------------------------------------------------------- what is not known


@pytest.mark.parametrize(
    ("text", "part", "note"),
    [
        ("[tables.t]\nitems = 1\n", ("storage", None), "`item_bytes` is not declared"),
        ("[tables.t]\nitem_bytes = 1\npitr = true\n", ("pitr", None), "neither `items` nor `items_per_user` is declared"),
        ("[tables.t]\nitems = 1\nitem_bytes = 9\n", ("reads", None), "no pattern is declared"),
        ("[tables.t]\nitems = 1\n" + pattern("GetItem"), ("reads", None), "`item_bytes` is not declared"),
        (TABLE + pattern("GetItem").replace("calls = 1", ""), ("reads", None), "`calls` of pattern 'p' is not declared"),
        (TABLE + INDEX + pattern("UpdateItem"), ("index-writes", "i"), "`sets` of pattern 'p' is not declared"),
        (
            TABLE + INDEX.replace("entry_bytes = 1_500", "") + pattern("PutItem"),
            ("index-storage", "i"),
            "`entry_bytes` is not declared, nor the sizes of id, note, status to compute it from",
        ),
    ],
)
def test_what_is_not_declared_is_not_known_and_never_0(text: str, part: tuple[str, str | None], note: str) -> None:
    [at] = priced(text).projections
    [line] = [line for line in at.lines if (line.component, line.index) == part]
    assert (line.quantity, line.monthly_usd, line.note) == (None, None, note)
    assert not at.complete


# ----------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE + pattern("GetItems"), ("GetItems", "tables.t.pattern[0]")),
        (TABLE + pattern("GetItem", "colour = 1"), ("colour", "tables.t.pattern[0]")),
        (TABLE + "items_per_user = 1\n", ("`items` and `items_per_user`", "tables.t")),
        (TABLE.replace("5_000", "'5KB'"), ("int", "tables.t.item_bytes")),
        (TABLE + pattern("Query", "items = { per_user = 1, share_of_users = 1 }"), ("one of", "tables.t.pattern[0].items")),
        (TABLE + pattern("Query", "items = { share_of_users = 1.5 }"), ("share_of_users", "1.5", "tables.t.pattern[0].items")),
        (TABLE + INDEX + pattern("Query", 'index = "i"\nconsistent = true'), ("consistently", "tables.t.pattern[0]")),
        (TABLE + INDEX + pattern("Query", 'index = "j"'), ("'j' is not declared", "tables.t.pattern[0]")),
        (TABLE + INDEX + pattern("UpdateItem", 'sets = ["x"]\nkey_change = { j = 1 }'), ("'j' is not declared",)),
        (TABLE + INDEX + pattern("Query", 'index = "i"\nkey = ["note"]'), ("note", "status", "tables.t.pattern[0]")),
        (TABLE + INDEX + pattern("Query", 'index = "i"\nreads = ["total"]'), ("'total'", "does not hold", "tables.t.pattern[0]")),
        (TABLE + pattern("UpdateItem", 'sets = ["id"]'), ("'id'", "cannot be changed", "tables.t.pattern[0]")),
        (TABLE + pattern("GetItem", 'index = "i"'), ("`index` is for Query and Scan", "tables.t.pattern[0]")),
        (TABLE + pattern("BatchWriteItem", "items = 26"), ("at most 25", "tables.t.pattern[0]")),
        (TABLE + "rcu = 5\n", ("PROVISIONED", "tables.t")),
        (TABLE + INDEX + INDEX, ("same name", "tables.t.index")),
        (TABLE + INDEX.replace('attributes = ["note"]\n', ""), ("INCLUDE", "tables.t.index[0]")),
        ("schema = 2\n" + TABLE, ("schema", "2")),
        ("[model]\nactive = 2\n" + TABLE, ("active", "model")),
        ("", ("nothing to price",)),
    ],
)
def test_a_mistake_is_told_with_the_file_and_the_place(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as told:
        priced(text)
    assert str(told.value).startswith("d.toml: ")
    assert told.value.exit_code == 2
    for word in words:
        assert word in str(told.value)


# ---------------------------------------------------------------------------------------------------- for any design

OPERATIONS = st.sampled_from(["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"])


@st.composite
def designs(draw: st.DrawFn) -> str:
    sized = draw(st.booleans())
    lines = ["[tables.t]", 'key = ["id"]', f"items_per_user = {draw(st.decimals(0, 50, places=2))}"]
    lines += [f"item_bytes = {draw(st.integers(1, 409_600))}"] if sized else []
    lines += ["pitr = true", INDEX + f"share = {draw(st.decimals(0, 1, places=2))}"]
    for _ in range(draw(st.integers(1, 4))):
        op = draw(OPERATIONS)
        lines.append(f'[[tables.t.pattern]]\nname = "p"\nop = "{op}"\ncalls = {draw(st.decimals(0, 100, places=3))}')
        if op == "Query":
            lines.append(f"items = {{ share_of_users = {draw(st.decimals(0, 1, places=2))} }}")
        if op == "UpdateItem":
            attribute = draw(st.sampled_from(["status", "note", "other"]))
            lines.append(f'sets = ["{attribute}"]')
    return "\n".join(lines)


@given(designs(), st.lists(st.integers(1, 10**9), min_size=2, max_size=3, unique=True).map(sorted))
def test_totals_are_the_sums_of_their_lines_and_grow_with_the_users(text: str, users: list[int]) -> None:
    costs = price_model(design(text), prices=bundled_sheet("eu-north-1"), users=users)
    before: dict[tuple[str, str | None], CostLine] = {}
    for at in costs.projections:
        known = [line.monthly_usd for line in at.lines if line.monthly_usd is not None]
        assert at.monthly_usd == (exact_sum(known) if known or not at.lines else None)  # nothing billed is known to be nothing
        assert at.complete == (len(known) == len(at.lines))
        now = {(line.component, line.index): line for line in at.lines}
        for part, line in before.items():
            assert (line.quantity is None) == (now[part].quantity is None)
            assert (line.quantity or 0) <= (now[part].quantity or 0)
        before = now


@given(st.decimals(0, 10**9, places=2), st.decimals(0, 10**6, places=2), st.integers(1, 409_600))
def test_reading_more_items_never_takes_fewer_units(items: Decimal, more: Decimal, size_bytes: int) -> None:
    fewer = collection_units(items, size_bytes, Consistency.STRONG)
    assert fewer <= collection_units(items + more, size_bytes, Consistency.STRONG)
    assert fewer >= items * size_bytes / 4096
