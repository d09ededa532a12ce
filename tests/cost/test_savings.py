"""What changes save of a declared design: the design of the assessment, each rule by hand, and what holds for any design."""

import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.config import Config, load_config, parse_config
from stj_audit.cost.bill import TableBill
from stj_audit.cost.from_model import declared_workload
from stj_audit.cost.lines import growth_parts, total
from stj_audit.cost.model import price_model
from stj_audit.cost.prices import bundled_sheet
from stj_audit.cost.projection import free_lines_of
from stj_audit.cost.savings import Proposal, in_words, plan, proposals, worthwhile
from stj_audit.cost.workload import Attribute, Workload
from stj_audit.results import (
    Change,
    CompressAttribute,
    MergeIndex,
    NarrowIndex,
    RemoveIndex,
    RemoveTable,
    SplitAttribute,
    UseBillingMode,
    UseTableClass,
    WidenIndex,
    is_bound,
)

pytestmark = pytest.mark.slow

US_EAST = bundled_sheet("us-east-1")
SEED = Path(__file__).parent / "seed_design.toml"
MILLION_WRITES, MILLION_READS = Decimal("0.625"), Decimal("0.125")


def design(text: str) -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="d.toml")


def workloads(text: str) -> list[Workload]:
    config = design(text)
    return [declared_workload(name, table, config.model) for name, table in config.tables.items()]


def a_bill(text: str, *, users: int = 1_000) -> TableBill:
    [workload] = workloads(text)
    return TableBill(workload=workload, users=users, prices=US_EAST)


TABLE = """
[model]
days = 1
[tables.t]
key = ["id"]
items_per_user = 1
item_bytes = 50_000
attributes = { id = 20, email = 30, status = 20, photo = 40_000 }
"""
BY_EMAIL = '[[tables.t.index]]\nname = "by-email"\nkey = ["email"]\n'
READ_EMAIL = (
    '[[tables.t.pattern]]\nname = "login"\nop = "Query"\nindex = "by-email"\nkey = ["email"]\nreads = ["status"]\ncalls = 1000\n'
)
WRITE_STATUS = '[[tables.t.pattern]]\nname = "touch"\nop = "UpdateItem"\nsets = ["status"]\ncalls = 1000\n'
WRITE_PHOTO = '[[tables.t.pattern]]\nname = "pose"\nop = "UpdateItem"\nsets = ["photo"]\ncalls = 1000\n'
READ_STATUS = '[[tables.t.pattern]]\nname = "show"\nop = "GetItem"\nkey = ["id"]\nreads = ["status"]\ncalls = 1000\n'


def found(bill: TableBill) -> list[Change]:
    return list(proposals(bill.workload))


# -------------------------------------------------------------------------------------------------------------- indexes


def test_an_index_is_narrowed_to_what_its_patterns_read() -> None:
    bill = a_bill(TABLE + BY_EMAIL + READ_EMAIL + WRITE_STATUS)
    change = NarrowIndex(index="by-email", attributes=("status",))
    assert change in found(bill)
    saving = bill.saving(change)
    # a million writes of 49 units become one of 1; a million queries of 6.5 units become one of 0.5; and some storage
    requests = 48 * MILLION_WRITES + 6 * MILLION_READS
    assert saving is not None
    assert requests < saving < requests + Decimal("0.02")


def test_an_index_whose_patterns_read_only_keys_holds_only_keys() -> None:
    text = TABLE + BY_EMAIL + READ_EMAIL.replace('reads = ["status"]', 'reads = ["id", "email"]') + WRITE_STATUS
    bill = a_bill(text)
    change = NarrowIndex(index="by-email", attributes=())
    assert change in found(bill)
    after = bill.after(change)
    assert after is not None
    [writes] = [line for line in after.lines if line.component == "index-writes"]
    assert writes.quantity == 0  # the status is not in it any more


def test_a_pattern_that_does_not_say_what_it_reads_leaves_its_index_alone() -> None:
    silent = READ_EMAIL.replace('reads = ["status"]\n', "")
    for text in (TABLE + BY_EMAIL + silent, TABLE + BY_EMAIL + READ_EMAIL + silent):
        assert not any(isinstance(change, NarrowIndex) for change in found(a_bill(text)))


def test_attributes_of_unknown_size_are_at_most_what_the_others_leave_of_the_item() -> None:
    bill = a_bill(TABLE.replace("status = 20, ", "") + BY_EMAIL + READ_EMAIL + WRITE_STATUS)
    saving = bill.saving(NarrowIndex(index="by-email", attributes=("status",)))
    # id and email have 50 bytes, all but the photo and these 9,950: an entry of 10,000 is 10 write units, and 1.5 read units
    requests = 39 * MILLION_WRITES + 5 * MILLION_READS
    assert saving is not None
    assert requests < saving < requests + Decimal("0.02")


def test_an_index_of_items_of_unknown_size_cannot_be_narrowed() -> None:
    bill = a_bill(TABLE.replace("item_bytes = 50_000\n", "") + BY_EMAIL + READ_EMAIL)
    assert bill.saving(NarrowIndex(index="by-email", attributes=("status",))) is None


def test_an_index_that_no_pattern_reads_is_removed() -> None:
    bill = a_bill(TABLE + BY_EMAIL + WRITE_STATUS)
    assert RemoveIndex(index="by-email") in found(bill)
    saving = bill.saving(RemoveIndex(index="by-email"))
    assert saving is not None
    assert 49 * MILLION_WRITES < saving < 49 * MILLION_WRITES + Decimal("0.02")


def test_without_patterns_nothing_is_said_of_what_is_read() -> None:
    text = TABLE + BY_EMAIL + "[tables.u]\nitems = 1\nitem_bytes = 5\n"
    assert [type(change) for change in proposals(workloads(text)[0])] == [UseTableClass]


LONGER = '[[tables.t.index]]\nname = "longer"\nkey = ["email", "status"]\n'


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        (BY_EMAIL + LONGER, ["by-email"]),
        (LONGER + BY_EMAIL, ["by-email"]),
        (BY_EMAIL + BY_EMAIL.replace("by-email", "twin"), ["by-email"]),  # the first of two alike
        (BY_EMAIL + LONGER + 'projection = "KEYS_ONLY"\n', []),  # holds less
        (BY_EMAIL + 'projection = "KEYS_ONLY"\n' + LONGER + 'projection = "INCLUDE"\nattributes = ["photo"]\n', ["by-email"]),
        (BY_EMAIL + LONGER + "share = 0.5\n", []),  # other items
        (BY_EMAIL.replace('["email"]', '["status"]') + LONGER, []),
    ],
)
def test_an_index_that_another_can_answer_for_is_merged(indexes: str, expected: list[str]) -> None:
    merged = [change for change in found(a_bill(TABLE + indexes)) if isinstance(change, MergeIndex)]
    assert [change.index for change in merged] == expected


def test_a_merged_index_moves_its_patterns() -> None:
    bill = a_bill(TABLE + BY_EMAIL + LONGER + READ_EMAIL + WRITE_PHOTO)
    after = bill.after(MergeIndex(index="by-email", into="longer"))
    assert after is not None
    assert {line.index: line.quantity for line in after.lines if line.component == "index-reads"} == {"longer": Decimal(6_500_000)}


def test_what_took_over_queries_is_narrowed_to_what_all_of_them_read() -> None:
    wider = LONGER + '[[tables.t.pattern]]\nname = "of"\nop = "Query"\nindex = "longer"\nreads = ["note"]\ncalls = 1000\n'
    bill = a_bill(
        TABLE.replace("status = 20", "status = 20, note = 50")
        + BY_EMAIL
        + READ_EMAIL.replace('"status"', '"extra"')
        + wider
        + WRITE_PHOTO
    )
    steps = plan([bill], [Proposal(place=0, change=change) for change in worthwhile(bill, proposals(bill.workload))]).steps
    assert [step.change for step in steps] == [
        "read from index longer instead of index by-email, and remove it",
        'project only the keys and "extra" and "note" in index longer',
        'move "photo" to a table of its own',
    ]


def test_an_index_that_needs_more_now_cannot_be_narrowed_to_less() -> None:
    bill = a_bill(TABLE + BY_EMAIL + READ_EMAIL + WRITE_STATUS)
    assert bill.saving(NarrowIndex(index="by-email", attributes=())) is None  # the status is read over it


def test_one_index_is_changed_once() -> None:
    bill = a_bill(TABLE + BY_EMAIL + READ_EMAIL + WRITE_STATUS)
    changes: list[Change] = [NarrowIndex(index="by-email", attributes=("status",)), MergeIndex(index="by-email", into=None)]
    assert len(plan([bill], [Proposal(place=0, change=change) for change in changes]).steps) == 1


def test_a_new_class_is_that_of_what_was_split_off_too() -> None:
    bill = a_bill(TABLE.replace("items_per_user = 1", "items = 10_000_000") + WRITE_STATUS)
    split = bill.after(SplitAttribute(attribute="photo"))
    assert split is not None
    moved = split.after(UseTableClass(table_class="STANDARD_INFREQUENT_ACCESS"))
    assert moved is not None
    assert {line.unit_price_usd for line in moved.lines if line.component == "storage"} == {Decimal("0.10")}
    assert moved.monthly_usd == total(moved.lines)


# ------------------------------------------------------------------------------------------------------------ attributes


def test_a_large_attribute_is_split_off_where_patterns_do_without_it() -> None:
    bill = a_bill(TABLE + READ_STATUS + WRITE_STATUS + WRITE_PHOTO)
    change = SplitAttribute(attribute="photo")
    assert change in found(bill)
    # before: reads 6.5, writes 49 + 49; after: reads 1.5 of 10,000 bytes, writes 10 of the status and 40 of the photo
    requests = 5 * MILLION_READS + (98 - 10 - 40) * MILLION_WRITES
    saving = bill.saving(change)
    assert saving is not None
    assert abs(saving - requests) < Decimal("0.01")


def test_a_pattern_that_needs_the_attribute_too_reads_and_writes_both_tables() -> None:
    both = WRITE_STATUS.replace('["status"]', '["status", "photo"]') + READ_STATUS.replace('["status"]', '["status", "photo"]')
    saving = a_bill(TABLE + both).saving(SplitAttribute(attribute="photo"))
    # before: reads 6.5, writes 49; after: reads 1.5 + 5, writes 10 + 40
    assert saving is not None
    assert abs(saving + MILLION_WRITES) < Decimal("0.01")


def test_indexes_that_hold_the_attribute_shrink_with_it() -> None:
    saving = a_bill(TABLE + BY_EMAIL + WRITE_STATUS).saving(SplitAttribute(attribute="photo"))
    assert saving is not None
    assert abs(saving - 2 * 39 * MILLION_WRITES) < Decimal("0.02")  # table and index from 49 units to 10 each


def test_a_key_stays_where_it_is() -> None:
    bill = a_bill(TABLE.replace("email = 30", "email = 30_000") + BY_EMAIL + WRITE_STATUS)
    assert SplitAttribute(attribute="email") not in found(bill)
    assert bill.saving(SplitAttribute(attribute="email")) is None


def test_small_attributes_stay() -> None:
    assert not any(isinstance(change, SplitAttribute) for change in found(a_bill(TABLE.replace("40_000", "1_000") + WRITE_STATUS)))


def compressible(text: str, to: str) -> TableBill:
    [workload] = workloads(text)
    sizes = {
        **workload.attributes,
        "photo": Attribute(mean_bytes=Decimal(40_005), present_bytes=Decimal(40_005), compresses_to=Decimal(to)),
    }
    return TableBill(workload=replace(workload, attributes=sizes), users=1_000, prices=US_EAST)


def test_a_compressed_attribute_is_smaller_by_what_was_measured() -> None:
    bill = compressible(TABLE + WRITE_STATUS, "0.25")
    assert CompressAttribute(attribute="photo") in found(bill)
    saving = bill.saving(CompressAttribute(attribute="photo"))
    # the name's five bytes stay: 40,000 bytes become 10,000, the item 20,000: 20 units instead of 49
    assert saving is not None
    assert abs(saving - 29 * MILLION_WRITES) < Decimal("0.01")


@pytest.mark.parametrize(("to", "told"), [("0.5", True), ("0.51", False)])
def test_what_hardly_shrinks_is_not_told_of(to: str, told: bool) -> None:
    assert (CompressAttribute(attribute="photo") in found(compressible(TABLE + WRITE_STATUS, to))) is told


def test_what_was_not_compressed_cannot_be_priced() -> None:
    assert a_bill(TABLE + WRITE_STATUS).saving(CompressAttribute(attribute="photo")) is None


# -------------------------------------------------------------------------------------------------------- the assessment


def test_the_design_of_the_assessment_could_cost_a_tenth_and_the_savings_add_up() -> None:
    costs = price_model(load_config(SEED), prices=US_EAST, users=(100, 1_000, 10_000, 50_000, 100_000))
    for at in costs.projections:
        assert at.monthly_usd is not None
        assert at.avoidable_usd == sum(step.saving_usd for step in at.savings)
        assert 0 < (at.avoidable_usd or 0) < at.monthly_usd
    at = next(one for one in costs.projections if one.users == 10_000)
    by_change = {step.change: step.saving_usd for step in at.savings}
    # of $218: three copies of 50 KB items, each 50 units for 1.5 million writes
    narrowed = [saving for change, saving in by_change.items() if change.startswith("project only the keys") and saving > 40]
    assert len(narrowed) == 3
    assert 'move "webhook_data" to a table of its own' in by_change
    assert at.monthly_usd is not None
    assert (at.monthly_usd - (at.avoidable_usd or 0)) < Decimal(60)


def test_the_leaderboard_is_told_apart_as_what_grows_with_the_square() -> None:
    costs = price_model(load_config(SEED), prices=US_EAST, users=(10_000, 100_000))
    small, large = (at.parts for at in costs.projections)
    assert small is not None
    assert large is not None
    assert abs(small.super_linear_usd / Decimal("12.8") - 1) < Decimal("0.01")
    assert abs(large.super_linear_usd / Decimal(1_282) - 1) < Decimal("0.01")
    assert abs(large.linear_usd / small.linear_usd - 10) < Decimal("0.001")
    for at, parts in zip(costs.projections, (small, large), strict=True):
        assert at.monthly_usd == parts.constant_usd + parts.linear_usd + parts.super_linear_usd


# ----------------------------------------------------------------------------------------------------------- any design


@st.composite
def designs(draw: st.DrawFn) -> str:
    lines = []
    for name in ("t", "u")[: draw(st.integers(1, 2))]:
        sizes = {attribute: draw(st.integers(1, 60_000)) for attribute in ("id", "a", "b", "c", "d")}
        lines += [f"[tables.{name}]", 'key = ["id"]', f"item_bytes = {sum(sizes.values())}"]
        lines += [draw(st.sampled_from(["items_per_user = 0.5", "items_per_user = 3", "items = 1000"]))]
        lines += [f"pitr = {draw(st.sampled_from(['true', 'false']))}"]
        lines += [f"attributes = {{ {', '.join(f'{key} = {size}' for key, size in sizes.items())} }}"]
        indexes = draw(st.lists(st.sampled_from(["a", "b"]), unique=True, max_size=2))
        for attribute in indexes:
            projection = draw(st.sampled_from(["ALL", "KEYS_ONLY", "INCLUDE"]))
            lines += [f'[[tables.{name}.index]]\nname = "by-{attribute}"\nkey = ["{attribute}"]\nprojection = "{projection}"']
            lines += ['attributes = ["c"]'] if projection == "INCLUDE" else []
            lines += [f"share = {draw(st.sampled_from(['1', '0.3']))}"]
        for place in range(draw(st.integers(0, 4))):
            lines.append(_pattern(draw, name, place, indexes))
    return "\n".join(lines)


def _pattern(draw: st.DrawFn, table: str, place: int, indexes: list[str]) -> str:
    op = draw(
        st.sampled_from(["GetItem", "Query", "Scan", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"])
    )
    words = [f'[[tables.{table}.pattern]]\nname = "p{place}"\nop = "{op}"']
    words += [draw(st.sampled_from(["calls = 0.01", "calls = 12", "calls_per_day = 24"]))]
    names = draw(st.lists(st.sampled_from(["c", "d"]), unique=True, max_size=2))
    listed = ", ".join(f'"{name}"' for name in names)
    if op in ("Query", "Scan"):
        words += [
            draw(st.sampled_from(["items = 3", "items = { share_of_users = 0.2 }", "items = { share_of_users = 1 }\nlimit = 50"]))
        ]
        by_index: bool = draw(st.booleans())
        if indexes and by_index:
            index = draw(st.sampled_from(indexes))
            words += [f'index = "by-{index}"']
            listed = '"id"'  # held by every index
    if op in ("GetItem", "Query", "Scan", "BatchGetItem") and names:
        words += [f"reads = [{listed}]"]
    if op in ("UpdateItem", "TransactWriteItems") and names:
        words += [f"sets = [{listed}]"]
    return "\n".join(words)


@given(designs(), st.sampled_from([1, 100, 10_000, 1_000_000]), st.booleans())
def test_savings_are_what_is_left_of_the_bill_and_never_more_than_it(text: str, users: int, free_tier: bool) -> None:
    bills = [TableBill(workload=workload, users=users, prices=US_EAST) for workload in workloads(text)]
    proposed = [
        Proposal(place=place, change=change)
        for place, bill in enumerate(bills)
        for change in worthwhile(bill, proposals(bill.workload))
    ]

    def whole(of: tuple[TableBill, ...]) -> Decimal:
        return sum((bill.monthly_usd for bill in of), Decimal(0)) + (total(free_lines_of(of)) if free_tier else 0)

    found = plan(bills, proposed, free_tier=free_tier)
    before, after = whole(tuple(bills)), whole(found.bills)
    assert all(step.saving_usd >= 0 for step in found.steps)
    assert sum((step.saving_usd for step in found.steps), Decimal(0)) == before - after
    assert 0 <= before - after <= before
    for bill in bills:
        parts = growth_parts(bill.priced_lines)
        assert bill.monthly_usd == total(bill.lines) == parts.constant_usd + parts.linear_usd + parts.super_linear_usd
        assert min(parts.constant_usd, parts.linear_usd, parts.super_linear_usd) >= 0


@given(designs(), st.sampled_from([100, 10_000]))
def test_the_saving_of_a_change_is_the_bill_less_the_bill_of_the_changed_table(text: str, users: int) -> None:
    for workload in workloads(text):
        bill = TableBill(workload=workload, users=users, prices=US_EAST)
        for change in proposals(workload):
            after = bill.after(change)
            if after is not None:
                assert bill.saving(change) == total(bill.lines) - total(after.lines)


@given(designs(), st.sampled_from([1, 10_000]))
def test_the_fast_amounts_are_those_of_the_lines_after_any_two_changes(text: str, users: int) -> None:
    for workload in workloads(text):
        bill = TableBill(workload=workload, users=users, prices=US_EAST)
        for first in proposals(workload):
            once = bill.after(first)
            if once is None:
                continue
            for second in proposals(workload):
                twice = once.after(second)
                if twice is not None:
                    assert [usd for _, _, usd in twice.costs] == [line.monthly_usd for line in twice.lines]


@given(designs(), st.lists(st.integers(1, 10**6), min_size=2, max_size=3, unique=True).map(sorted))
def test_a_projection_never_falls_as_the_users_grow(text: str, users: list[int]) -> None:
    for workload in workloads(text):
        amounts = [TableBill(workload=workload, users=count, prices=US_EAST).monthly_usd for count in users]
        assert amounts == sorted(amounts)


@pytest.mark.parametrize(
    ("change", "words", "bound"),
    [
        (RemoveTable(), "remove the table", False),
        (RemoveIndex(index="i"), "remove index i", False),
        (MergeIndex(index="i", into=None), "read from the table instead of index i, and remove it", False),
        (MergeIndex(index="i", into="j"), "read from index j instead of index i, and remove it", False),
        (NarrowIndex(index="i"), "project only the keys in index i", True),
        (NarrowIndex(index="i", attributes=()), "project only the keys in index i", False),
        (NarrowIndex(index="i", attributes=("a", "b")), 'project only the keys and "a" and "b" in index i', False),
        (WidenIndex(index="i", attributes=("a", "b")), 'project "a" and "b" too in index i', False),
        (SplitAttribute(attribute="a"), 'move "a" to a table of its own', False),
        (CompressAttribute(attribute="a"), 'store "a" compressed', False),
        (CompressAttribute(attribute="a", estimated=True), 'store "a" compressed', True),
        (UseTableClass(table_class="STANDARD"), "use table class STANDARD", False),
        (UseBillingMode(billing_mode="PROVISIONED"), "use provisioned capacity with auto scaling", False),
        (UseBillingMode(billing_mode="PROVISIONED", estimated=True), "use provisioned capacity with auto scaling", True),
        (UseBillingMode(billing_mode="PAY_PER_REQUEST"), "use on-demand capacity", False),
    ],
)
def test_every_change_in_words_and_whether_it_is_sure(change: Change, words: str, bound: bool) -> None:
    assert (in_words(change), is_bound(change)) == (words, bound)
