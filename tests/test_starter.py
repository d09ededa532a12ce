"""The starter file: what is measured is in it, what is not is left open, and it is a design as it is and filled in."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.config import Config, TableModel, parse_config
from stj_audit.cost.from_facts import misfit
from stj_audit.cost.model import price_model
from stj_audit.cost.prices import bundled_sheet
from stj_audit.design import Operation
from stj_audit.errors import AuditError
from stj_audit.facts import (
    MAX_ITEM_BYTES,
    AttributeSizes,
    AutoScaling,
    MissingTable,
    Pitr,
    Replica,
    ScalableTarget,
    TableFacts,
    Throughput,
    Unknown,
)
from stj_audit.items.limits import OTHER_ATTRIBUTES
from stj_audit.report import CostLine
from stj_audit.starter import MAX_ATTRIBUTES_SHOWN, NAMES, WIDTH, quoted, starter, toml_key
from tests.builders import (
    a_flow,
    a_sample,
    a_snapshot,
    a_table,
    an_index,
    keys,
    no_data,
    some_entries,
    some_items,
    some_keys,
    some_traffic,
    table_facts,
)

MARGIN = 15  # columns that a remark may go over the width of the prose
HOSTILE_NAMES = (
    'quote"and\\backslash',
    "line\nbreak\r\n[tables.evil]",
    "\x1b[31mred\x07\x00",
    "\u202eevil\u200b",
    "a.b",
    "# comment",
    "''' \"\"\"",
    "Ключ 🦉",
    "=",
    " ",
)
NOT_READ = Unknown(call="dynamodb:Scan", reason="not read: --scan none")
DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
NO_TRAFFIC = Unknown(call="cloudwatch:GetMetricData", reason="not available here")
WHEN = datetime(2025, 11, 10, 9, tzinfo=UTC)


def an_attribute(name: str, *, present: int = 1_000, mean_bytes: int = 10) -> AttributeSizes:
    return AttributeSizes(name=name, types=("S",), present=present, total_bytes=present * mean_bytes, max_bytes=mean_bytes)


def written(*tables: TableFacts, **options: Any) -> str:
    return starter(a_snapshot(*(tables or (table_facts(),))), **options)


def parsed(text: str) -> Config:
    return parse_config(tomllib.loads(text, parse_float=Decimal), origin="stj-audit.toml")


def declared(text: str, table: str = "orders") -> TableModel:
    return parsed(text).tables[table]


def filled_in(text: str, *, calls: str = "1.5") -> str:
    """The file as its owner leaves it: every pattern turned on, with its calls, and of each table how its items grow."""
    lines, in_pattern = [], False
    for line in text.splitlines():
        in_pattern = line.startswith("#[[") or (in_pattern and line.startswith("#") and not line.startswith("# "))
        turned_on = line[1:] if in_pattern or line.startswith("#items_per_user") else line
        lines.append(re.sub(r"^(calls|items_per_user) = *(?=#|$)", rf"\1 = {calls} ", turned_on))
    return "\n".join(lines)


def settings_that_are_off(text: str) -> list[tuple[int, str]]:
    """(line, what it is when it is turned on) of those outside patterns."""
    found, in_pattern = [], False
    for number, line in enumerate(text.splitlines()):
        in_pattern = line.startswith("#[[") or (in_pattern and bool(line))
        if line.startswith("#") and not re.match(r"#( |$)", line) and not in_pattern:
            found.append((number, line[1:]))
    return found


def lines_of(config: Config, *, users: int = 1_000) -> tuple[CostLine, ...]:
    [at] = price_model(config, prices=bundled_sheet("eu-north-1"), users=(users,)).projections
    return at.lines


def squeezed(text: str) -> str:
    """Without the spaces that align remarks."""
    return re.sub(r" {2,}#", "  #", text)


def comments(text: str) -> str:
    """The prose, as one line."""
    return " ".join(line.removeprefix("#").strip() for line in text.splitlines() if re.match(r"#( |$)", line))


# --------------------------------------------------------------------------------------------------------- any tables


def indexed() -> TableFacts:
    """A table with something of everything that can be declared, and of what cannot."""
    table = a_table(
        key=("customer_id", "order_id"),
        indexes=(
            an_index("by-status", ("status", "created_at"), projection="KEYS_ONLY"),
            an_index("by.mail", ("mail",), projection="INCLUDE", non_key_attributes=("name", "customer_id")),
            an_index("all of it", ("order_id",)),
            an_index("local", ("customer_id", "total"), kind="LSI"),
            an_index("many-keys", key_schema=keys("tenant", "day", "hour", hashes=2), projection="KEYS_ONLY"),
            an_index("includes-nothing", ("status",), projection="INCLUDE"),
        ),
    )
    names = ("customer_id", "order_id", "status", "created_at", "mail", "name", "total", "tenant", "day", "hour")
    return table_facts(
        table,
        items=some_items(
            attributes=tuple(an_attribute(name) for name in names),
            indexes=(some_entries("by-status", 250, 60), some_entries("by.mail", 1_000, 90), some_entries("all of it")),
            keys=(some_keys(100), some_keys(4, index="by-status", items=250)),
        ),
        traffic=some_traffic(
            indexes={"by-status": a_flow(), "by.mail": no_data()},
            calls={"GetItem": 3_000_000, "Query": 60_000, "PutItem": 900, "Scan": 1, "ExecuteStatement": 5},
        ),
    )


def provisioned() -> TableFacts:
    units = Throughput(read_units=10, write_units=5)
    table = a_table(
        name="a.provisioned-table",
        billing_mode="PROVISIONED",
        provisioned=units,
        indexes=(an_index(provisioned=units), an_index("unsaid", ("x",))),
    )
    target = ScalableTarget(index="by-status", dimension="write", min_units=5, max_units=1_000)
    return table_facts(table, auto_scaling=AutoScaling(targets=(target,)))


def unread() -> TableFacts:
    table = a_table(name="unread", item_count=None, size_bytes=None, indexes=(an_index(item_count=None, size_bytes=None),))
    return table_facts(table, items=NOT_READ, pitr=DENIED, traffic=NO_TRAFFIC, auto_scaling=DENIED)


def empty() -> TableFacts:
    table = a_table(name="empty", item_count=0, size_bytes=0, indexes=(an_index(item_count=0, size_bytes=0),))
    return table_facts(table, items=some_items({}, indexes=(some_entries("by-status", 0),), keys=(some_keys(0), some_keys(0))))


def hostile() -> TableFacts:
    first, second, *others = HOSTILE_NAMES
    table = a_table(
        key=(first, second),
        indexes=tuple(an_index(name, (name,), projection="INCLUDE", non_key_attributes=HOSTILE_NAMES[:2]) for name in others),
    )
    attributes = tuple(an_attribute(name) for name in HOSTILE_NAMES)
    return table_facts(table, items=some_items(attributes=attributes), pitr=Unknown(call="c\x1b[31m", reason="r\nr"))


EVERY_CALL = {operation: 1_000 + place for place, operation in enumerate(NAMES)}
TABLES = {
    "plain": table_facts(),
    "indexed": indexed(),
    "provisioned": provisioned(),
    "unread": unread(),
    "empty": empty(),
    "hostile": hostile(),
    "infrequent": table_facts(a_table(table_class="STANDARD_INFREQUENT_ACCESS")),
    "global": table_facts(a_table(replicas=(Replica(region="eu-west-1", status="ACTIVE"),))),
    "never called": table_facts(traffic=some_traffic(calls={})),
    "every operation": table_facts(a_table(key=("pk", "sk")), traffic=some_traffic(calls=EVERY_CALL)),
    "without a size": table_facts(a_table(item_count=5, size_bytes=0), items=NOT_READ),
    "too large": table_facts(items=some_items({MAX_ITEM_BYTES + 1: 3})),
}
each_table = pytest.mark.parametrize("facts", TABLES.values(), ids=TABLES.keys())


@each_table
@pytest.mark.parametrize("users_now", [None, 37])
def test_the_file_is_a_design_as_it_is_and_fits_its_table(facts: TableFacts, users_now: int | None) -> None:
    text = written(facts, users_now=users_now)
    model = declared(text, facts.table.name)
    assert misfit(facts, model) is None
    lines = lines_of(parsed(text))
    assert lines
    requests = [line for line in lines if line.component.removeprefix("index-") in ("reads", "writes")]
    assert all(line.quantity is None for line in requests), "nothing says yet what is requested"


@each_table
def test_filled_in_it_is_a_design_too(facts: TableFacts) -> None:
    text = filled_in(written(facts))
    model = declared(text, facts.table.name)
    assert misfit(facts, model) is None
    assert len(model.pattern) == len(re.findall(r"pattern\]\]$", text, re.MULTILINE)) > len(model.index)
    assert {pattern.index for pattern in model.pattern} == {None, *(index.name for index in model.index)}
    lines = lines_of(parsed(text))
    if model.item_bytes is not None:
        [storage] = [line for line in lines if line.component == "storage"]
        assert storage.quantity
        if model.billing_mode is None:
            assert all(line.quantity is not None for line in lines if line.component == "reads")


@each_table
def test_each_setting_that_is_off_may_be_turned_on(facts: TableFacts) -> None:
    text = written(facts)
    found = settings_that_are_off(text)
    assert {"users_table", "target", "scales"} <= {line.split(" =")[0] for _, line in found}
    for number, line in found:
        lines = text.splitlines()
        value = ' = "orders"  #' if line.startswith(("users_table", "region")) else " = 7  #"
        lines[number] = re.sub(r" =  +#", value, line)
        parsed("\n".join(lines))


def test_many_tables_make_one_file() -> None:
    text = written(*(replace(facts, table=replace(facts.table, name=name)) for name, facts in TABLES.items()))
    assert list(parsed(text).tables) == list(TABLES)
    assert set(parsed(filled_in(text)).tables) == set(TABLES)


@each_table
def test_it_is_pleasant_to_read(facts: TableFacts) -> None:
    text = written(facts)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n\n" not in text
    lines = text.split("\n")
    assert [line for line in lines if line != line.rstrip()] == []
    assert [line for line in lines if len(line) > WIDTH + MARGIN] == []
    assert all(character.isprintable() for line in lines for character in line)


def test_a_table_reads_like_this() -> None:
    facts = table_facts(
        a_table(key=("customer_id", "order_id"), indexes=(an_index(key=("status", "created_at"), projection="KEYS_ONLY"),)),
        items=some_items(
            attributes=(
                an_attribute("customer_id", mean_bytes=47),
                an_attribute("order_id", mean_bytes=40),
                an_attribute("lines", present=900, mean_bytes=880),
                an_attribute("status", present=250, mean_bytes=14),
                an_attribute("created_at", mean_bytes=30),
                an_attribute("debug-7351", present=1),
            ),
            indexes=(some_entries("by-status", 250, 131),),
            keys=(some_keys(100), some_keys(4, index="by-status", items=250)),
        ),
        traffic=some_traffic(
            indexes={"by-status": a_flow(read_units=Decimal(120))}, calls={"GetItem": 3_000, "PutItem": 30, "Query": 600}
        ),
    )
    assert (
        written(facts, users_now=50).partition("\n\n\n")[2]
        == """\
# ---- orders --------------------------------------------------------------------------------------
# All 1,000 items were read: 1,000 B on average, 1,000 B at most.

[tables.orders]
key = ["customer_id", "order_id"]
items_per_user = 20  # 1,000 items now, of 50 users
#items = 1_000       # in its place, where there are always as many as now
item_bytes = 1_000   # measured mean
pitr = true

# Bytes, names included: of a key where an item has it, of other attributes in a mean item.
[tables.orders.attributes]
customer_id = 47  # key
order_id = 40     # key
status = 14       # index key; in 25% of the items
created_at = 30   # index key
lines = 792       # in 90% of the items
# Left out: 1 name that under 1% of the items have, or only one: they may be data.

[[tables.orders.index]]
name = "by-status"
key = ["status", "created_at"]
projection = "KEYS_ONLY"
entry_bytes = 131  # measured mean; when left out, computed from the attributes
share = 0.25       # 250 of 1,000 items are in it

# Patterns of orders. What CloudWatch counted in 30 days, indexes included:
#     GetItem  3,000  100 a day     2 for each of 50 users
#     Query      600   20 a day   0.4 for each of 50 users
#     PutItem     30    1 a day  0.02 for each of 50 users

#[[tables.orders.pattern]]
#name = "read an item"
#op = "GetItem"
#key = ["customer_id", "order_id"]
#reads = []
#calls =  # of one user on a day

#[[tables.orders.pattern]]
#name = "read the items of a partition key"
#op = "Query"
#key = ["customer_id"]  # or ["customer_id", "order_id"]
#reads = []
#items = 10             # so many have the same key, on average
#calls =                # of one user on a day

#[[tables.orders.pattern]]
#name = "write an item"
#op = "PutItem"
#key = ["customer_id", "order_id"]
#replaces = false  # true: the items were there before
#calls =           # of one user on a day

# CloudWatch measured 120 read units in this index in 30 days.
#[[tables.orders.pattern]]
#name = "query by-status"
#op = "Query"
#index = "by-status"
#key = ["status"]  # or ["status", "created_at"]
#reads = []
#items = 62.5      # so many have the same key, on average
#calls =           # of one user on a day
"""
    )


# ---------------------------------------------------------------------------------------------------------------- TOML


@given(st.text(), st.text())
def test_any_text_comes_back(name: str, text: str) -> None:
    line = f"{toml_key(name)} = {quoted(text)}"
    assert tomllib.loads(line) == {name: text}
    assert all(character.isprintable() for character in line)


@pytest.mark.parametrize(
    ("name", "key"),
    [("orders", "orders"), ("Stj_Users-2", "Stj_Users-2"), ("a.b", '"a.b"'), ("", '""'), ("å", '"å"'), ("a\n", '"a\\u000a"')],
)
def test_a_key_is_bare_where_it_may_be(name: str, key: str) -> None:
    assert toml_key(name) == key


def test_half_a_character_makes_no_invalid_file() -> None:
    assert tomllib.loads(f"key = {quoted(chr(0xD800))}") == {"key": "\ufffd"}


def test_hostile_names_are_in_it_as_they_are() -> None:
    model = declared(filled_in(written(hostile())))
    assert model.key == HOSTILE_NAMES[:2]
    assert set(model.attributes) == set(HOSTILE_NAMES)
    assert [(index.name, index.key) for index in model.index] == [(name, (name,)) for name in HOSTILE_NAMES[2:]]
    assert set(parsed(written(hostile())).tables) == {"orders"}


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(names, st.lists(names, min_size=4, max_size=4, unique=True), names, st.integers(1, 10**9))
def test_any_names_make_a_valid_file(table: str, attributes: list[str], index: str, users: int) -> None:
    first, second, *included = attributes
    facts = table_facts(
        a_table(
            name=table, key=(first,), indexes=(an_index(index, (second, first), projection="INCLUDE", non_key_attributes=included),)
        ),
        items=some_items(attributes=tuple(an_attribute(name) for name in attributes)),
    )
    text = filled_in(written(facts, users_now=users))
    [(name, model)] = parsed(text).tables.items()
    assert (name, model.key, model.index[0].name) == (table, (first,), index)
    assert (model.index[0].key, list(model.index[0].attributes)) == ((second, first), included)
    assert set(model.attributes) == set(attributes)
    assert misfit(facts, model) is None


# ------------------------------------------------------------------------------------------------------- the model's own


def test_the_region_is_that_of_the_tables() -> None:
    assert parsed(written()).model.region == "eu-north-1"


def test_a_region_without_prices_is_left_open() -> None:
    text = starter(a_snapshot(table_facts(), region="ddblocal"))
    assert parsed(text).model.region is None
    assert "#region =" in text
    assert "no prices are known for ddblocal" in text


def test_target_and_scales_are_the_defaults_turned_off() -> None:
    text = written()
    assert "#target = 10_000" in text
    assert "#scales = [100, 1_000, 10_000, 50_000, 100_000]" in text
    assert parsed(re.sub(r"^#(?=target|scales)", "", text, flags=re.MULTILINE)).model == parsed(text).model


def counted_table(name: str, items: int) -> TableFacts:
    return table_facts(a_table(name=name), items=some_items({100: items} if items else {}))


def test_the_users_table_is_only_suggested() -> None:
    text = written(counted_table("Customers", 40), counted_table("old-users", 7), counted_table("orders", 100))
    assert parsed(text).model.users_table is None
    assert '#users_table = "Customers"' in text
    assert "40 now" in text
    assert "#items_per_user = 2.5  # either they grow with the users: so many for each, if Customers counts the users" in text
    assert declared(text).items_per_user is None
    assert declared(filled_in(text)).items_per_user == Decimal("2.5")


@pytest.mark.parametrize("word", ["users", "MyCustomers", "subscriber", "accounts-eu", "team_members"])
def test_words_that_suggest_a_users_table(word: str) -> None:
    assert f'#users_table = "{word}"' in written(counted_table(word, 3), counted_table("orders", 100))


def test_nothing_suggests_a_users_table() -> None:
    text = written(counted_table("orders", 100), counted_table("users", 0))
    assert re.search(r"^#users_table = +# ", text, re.MULTILINE)
    assert "#items = 100" in text
    assert re.search(r"^#items_per_user = +# ", text, re.MULTILINE)


def test_users_that_were_given_make_items_for_each() -> None:
    text = written(counted_table("users", 40), counted_table("orders", 100), users_now=30)
    assert parsed(text).model.users_now == 30
    assert declared(text).items_per_user == Decimal("3.333")
    assert declared(text, "users").items_per_user == Decimal("1.333")


def test_users_are_counted_in_the_table_that_is_declared() -> None:
    text = written(counted_table("people", 40), counted_table("orders", 100), users_table="people")
    assert (parsed(text).model.users_table, parsed(text).model.users_now) == ("people", None)
    assert declared(text).items_per_user == Decimal("2.5")
    assert declared(text, "people").items_per_user == 1


@pytest.mark.parametrize("people", [[], [counted_table("people", 0)]])
def test_a_users_table_that_tells_nothing_leaves_it_open(people: list[TableFacts]) -> None:
    text = written(*people, counted_table("orders", 100), users_table="people")
    assert parsed(text).model.users_table == "people"
    assert declared(text).items_per_user is None


def test_very_few_items_for_each_user_are_not_0() -> None:
    assert declared(written(counted_table("orders", 2), users_now=10**9)).items_per_user == Decimal("0.000000002")


# ------------------------------------------------------------------------------------------------------------ one table


def test_indexes_are_declared_as_they_are() -> None:
    model = declared(written(indexed()))
    assert model.key == ("customer_id", "order_id")
    assert [(one.name, one.key, one.projection, one.attributes, one.entry_bytes, one.share) for one in model.index] == [
        ("by-status", ("status", "created_at"), "KEYS_ONLY", (), 60, Decimal("0.25")),
        ("by.mail", ("mail",), "INCLUDE", ("name", "customer_id"), 90, 1),
        ("all of it", ("order_id",), "ALL", (), 1_000, 1),
        ("includes-nothing", ("status",), "KEYS_ONLY", (), 1_000, 1),
    ]


def test_what_cannot_be_declared_is_told() -> None:
    told = comments(written(indexed()))
    assert 'Local index "local" (key "customer_id", "total"; ALL; 1,000 entries of 1,000 B) cannot be declared' in told
    assert 'Index "many-keys" (key "tenant", "day", "hour"; KEYS_ONLY; 1,000 entries of 1,000 B) cannot be declared' in told
    assert "Its replicas in eu-west-1 cannot be declared" in comments(written(TABLES["global"]))


def test_an_index_that_no_item_is_in() -> None:
    facts = table_facts(a_table(indexes=(an_index(),)), items=some_items(indexes=(some_entries("by-status", 0),)))
    [index] = declared(written(facts)).index
    assert (index.share, index.entry_bytes) == (0, None)


def test_an_index_that_lags_behind_holds_every_item() -> None:
    facts = table_facts(a_table(indexes=(an_index(item_count=997),)), items=NOT_READ)
    [index] = declared(written(facts)).index
    assert index.share == 1


def test_provisioned_capacity_is_declared_as_it_is() -> None:
    text = written(provisioned())
    model = declared(text, "a.provisioned-table")
    assert (model.billing_mode, model.rcu, model.wcu) == ("PROVISIONED", 10, 5)
    assert [(index.rcu, index.wcu) for index in model.index] == [(10, 5), (None, None)]
    assert "wcu = 5  # auto scaling moves it from 5 to 1,000" in squeezed(text)
    assert text.count("auto scaling") == 1
    assert squeezed(text).count("#rcu =  # not known") == 1


def test_defaults_are_left_out_and_pitr_is_always_said() -> None:
    text = written(table_facts(pitr=Pitr(enabled=False)))
    assert "billing_mode" not in text
    assert "table_class" not in text
    assert "\npitr = false\n" in text
    assert declared(written(TABLES["infrequent"])).table_class == "STANDARD_INFREQUENT_ACCESS"


# ----------------------------------------------------------------------------------------------------------- attributes


def test_attributes_add_up_to_the_item_and_keys_are_told_where_they_are() -> None:
    facts = table_facts(
        a_table(indexes=(an_index(),)),
        items=some_items(
            {500: 1_000},
            attributes=(
                an_attribute("id", mean_bytes=20),
                an_attribute("status", present=100, mean_bytes=30),
                an_attribute("text", present=500, mean_bytes=900),
                an_attribute("flag", present=20, mean_bytes=6),
            ),
        ),
    )
    assert declared(written(facts)).attributes == {"id": 20, "status": 30, "text": 450, "flag": 1}


def many_attributes(number: int, **fields: Any) -> TableFacts:
    light = tuple(an_attribute(f"light{place:03}", mean_bytes=4) for place in range(number))
    heavy = tuple(an_attribute(f"heavy{place}", mean_bytes=300) for place in range(2))
    return table_facts(items=some_items(attributes=(*light, *heavy, an_attribute("id", mean_bytes=3)), **fields))


def test_the_heaviest_are_shown_and_the_others_counted() -> None:
    text = written(many_attributes(45))
    shown = list(declared(text).attributes)
    assert len(shown) == MAX_ATTRIBUTES_SHOWN
    assert shown[:3] == ["id", "heavy0", "heavy1"]
    assert "Left out: 8 lighter attributes (3% of the bytes)." in comments(text)


def test_names_beyond_those_that_are_counted_are_told() -> None:
    facts = table_facts(items=some_items(attributes=(an_attribute("id"), an_attribute(OTHER_ATTRIBUTES))))
    assert list(declared(written(facts)).attributes) == ["id"]
    assert "Left out: the names beyond the first 1,000." in comments(written(facts))


@pytest.mark.parametrize(
    ("items", "present", "shown"),
    [(1_000, 9, False), (1_000, 10, True), (150, 2, True), (60, 1, False), (60, 2, True), (11, 1, False), (3, 1, True)],
)
def test_a_name_that_next_to_no_item_has_may_be_data(items: int, present: int, shown: bool) -> None:
    rare = an_attribute("visits-of-jane@example.com", present=present)
    text = written(table_facts(items=some_items({100: items}, attributes=(an_attribute("id", present=items), rare))))
    assert ("jane" in text) is shown
    assert ("Left out: 1 name that under 1% of the items have, or only one" in comments(text)) is not shown


def test_keys_and_included_attributes_are_shown_however_rare() -> None:
    facts = table_facts(
        a_table(indexes=(an_index(key=("status", "never"), projection="INCLUDE", non_key_attributes=("note",)),)),
        items=some_items(
            attributes=(an_attribute("id"), an_attribute("status", present=1), an_attribute("note", present=1, mean_bytes=2_000))
        ),
    )
    text = written(facts)
    assert declared(text).attributes == {"id": 10, "status": 10, "note": 2}
    assert re.search("^#never = +# a key that no item has$", text, re.MULTILINE)


# ----------------------------------------------------------------------------------------------------------- not known


def test_what_is_not_known_is_told_and_nothing_is_0() -> None:
    text = written(unread())
    model = declared(text, "unread")
    assert (model.item_bytes, model.pitr, model.items, model.items_per_user, model.attributes) == (None, None, None, None, {})
    assert (model.index[0].entry_bytes, model.index[0].share) == (None, 1)
    told = comments(text)
    assert "How many items it has is not known." in told
    assert "The items were not read (dynamodb:Scan: not read: --scan none): their sizes are not known." in told
    assert "How often it is called is not known (cloudwatch:GetMetricData: not available here)." in told
    assert "#pitr = true" in text
    assert "not known (dynamodb:DescribeContinuousBackups: AccessDeniedException); off when left out" in text
    assert "attributes]" not in text
    assert not re.search(r"= 0\b", text.partition("schema = 1")[2])


def test_unread_items_have_the_sizes_that_describetable_tells() -> None:
    text = written(table_facts(a_table(item_count=3, size_bytes=1_001), items=NOT_READ))
    assert declared(text).item_bytes == 334
    told = comments(text)
    assert "3 items, as DescribeTable counts them" in told
    assert "(dynamodb:Scan: not read: --scan none): sizes of attributes are not known." in told


def test_an_engine_that_tells_no_sizes_is_not_taken_at_its_word() -> None:
    text = written(TABLES["without a size"])
    assert declared(text).item_bytes is None
    assert "#items = 5" in text


def test_an_empty_table_has_no_size() -> None:
    text = written(empty())
    model = declared(text, "empty")
    assert (model.item_bytes, model.items, model.index[0].entry_bytes, model.index[0].share) == (None, None, None, 1)
    assert "It is empty: there is nothing to measure yet." in comments(text)


def test_a_size_that_no_item_may_have_is_not_declared() -> None:
    text = written(TABLES["too large"])
    assert declared(text).item_bytes is None
    assert "measured 409,601, more than an item may have" in text


def test_tables_that_could_not_be_described_are_named() -> None:
    denied = Unknown(call="dynamodb:DescribeTable", reason="AccessDeniedException")
    missing = tuple(MissingTable(name=name, unknown=denied) for name in ("secret", "payroll\n[x]"))
    text = starter(a_snapshot(table_facts(), missing=missing))
    assert set(parsed(text).tables) == {"orders"}
    told = 'could not be described: "secret" and "payroll\\n[x]" (dynamodb:DescribeTable: AccessDeniedException).'
    assert told in comments(text)
    with pytest.raises(AuditError, match=r"none of the 2 tables could be described \(dynamodb:DescribeTable: AccessDenied"):
        starter(a_snapshot(missing=missing))
    with pytest.raises(AuditError, match="the table could not be described"):
        starter(a_snapshot(missing=missing[:1]))


# ------------------------------------------------------------------------------------------------------------- patterns


def patterns(facts: TableFacts, **options: Any) -> Iterator[tuple[Any, ...]]:
    for pattern in declared(filled_in(written(facts, **options))).pattern:
        yield (pattern.op, pattern.index, pattern.key)


def test_what_was_counted_is_to_be_explained() -> None:
    assert list(patterns(indexed())) == [
        ("GetItem", None, ("customer_id", "order_id")),
        ("Query", None, ("customer_id",)),
        ("Scan", None, ()),
        ("PutItem", None, ("customer_id", "order_id")),
        ("Query", "by-status", ("status",)),
        ("Query", "by.mail", ("mail",)),
        ("Query", "all of it", ("order_id",)),
        ("Query", "includes-nothing", ("status",)),
    ]
    told = written(indexed(), users_now=100)
    assert "#     GetItem           3,000,000  100,000 a day      1,000 for each of 100 users" in told
    assert "#     ExecuteStatement          5   0.1667 a day   0.001667 for each of 100 users" in told
    assert "Declare a statement of PartiQL as the operation that it amounts to." in comments(told)
    assert "CloudWatch measured 3,000,000 read units in this index in 30 days." in comments(told)
    assert comments(told).count("read units in this index") == 1, "no datapoint is no 0"


def test_where_nothing_was_counted_the_usual_is_suggested() -> None:
    usual = [("GetItem", None, ("id",)), ("UpdateItem", None, ("id",))]
    assert list(patterns(table_facts(traffic=NO_TRAFFIC))) == usual
    assert list(patterns(TABLES["never called"])) == usual
    assert "CloudWatch counted no call in 30 days." in comments(written(TABLES["never called"]))
    sorted_table = table_facts(a_table(key=("pk", "sk")), traffic=NO_TRAFFIC)
    assert [op for op, *_ in patterns(sorted_table)] == ["GetItem", "Query", "UpdateItem"]


def test_every_operation_has_a_pattern() -> None:
    found = list(patterns(TABLES["every operation"]))
    assert {op for op, *_ in found} == set(get_args(Operation))
    assert len(found) == len(NAMES)


def test_queries_without_a_sort_key_or_an_index_are_of_the_table() -> None:
    calls = some_traffic(calls={"Query": 5})
    assert list(patterns(table_facts(traffic=calls))) == [("Query", None, ("id",))]
    with_index = table_facts(a_table(indexes=(an_index(),)), traffic=calls)
    assert list(patterns(with_index)) == [("Query", "by-status", ("status",))]


@pytest.mark.parametrize(
    ("distinct", "users", "told"),
    [
        (3, 1_000, "333.3  # so many have the same key, on average; where they grow with the users, { share_of_users = 0.3333 }\n"),
        (3, None, "333.3  # so many have the same key, on average\n"),
        (3, 20, "333.3  # so many have the same key, on average\n"),  # 17 of each user: no share of the users
        (500, 1_000, "2  # so many have the same key, on average\n"),
        (None, 1_000, "1  # that one call finds\n"),
    ],
)
def test_a_query_finds_what_has_the_same_key(distinct: int | None, users: int | None, told: str) -> None:
    facts = table_facts(a_table(indexes=(an_index(),)), items=some_items(keys=(some_keys(distinct, index="by-status"),)))
    assert f"#items = {told}" in squeezed(written(facts, users_now=users))


def test_a_sample_has_all_items_of_a_key_of_the_table_and_some_of_one_of_an_index() -> None:
    calls = some_traffic(calls={"Query": 5})
    table, keys = a_table(key=("customer", "order")), (some_keys(3), some_keys(3, index="by-status"))
    own = squeezed(written(table_facts(table, items=a_sample(keys=keys), traffic=calls), users_now=1_000))
    assert "#items = 333.3  # so many have the same key, on average in a sample\n" in own
    indexed = a_table(key=("customer", "order"), indexes=(an_index(),))
    of_index = squeezed(written(table_facts(indexed, items=a_sample(keys=keys), traffic=calls), users_now=1_000))
    assert "#items = 1  # that one call finds\n" in of_index
    assert "A sample of it holds no item: there is nothing to measure yet." in comments(written(table_facts(items=a_sample({}))))
