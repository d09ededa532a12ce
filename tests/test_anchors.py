"""Lines of tables in files, held against Python's own reader of TOML."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stj_audit.anchors import in_any_file, in_config, root_folder, told_path

CONFIG = '''\
# [tables.orders] is a comment
schema = 1
[scan]
note = """
[tables.orders]
[model]
"""
list = [
  "[tables.orders]",
]

[model]
users_now = 5

  [ tables . "my.table" ]   # with blanks
items = 3
[[tables.'my.table'.pattern]]
op = "GetItem"
[tables.orders.attributes]
a = 1
[tables.orders]
items = 1
[tables]
dotted.items = 4
inline = { items = 3, attributes = { dotted_inside = 1 } }
'''


def lines(text: str, *tables: str, path: str = "stj-audit.toml") -> dict[str, int]:
    return {table: source.line for table, source in in_config(text, path, tables).items()}


def test_the_lines_of_a_configuration() -> None:
    tomllib.loads(CONFIG.replace("[tables]\n", "[tables.other]\n"))  # of its parts it is TOML
    assert lines(CONFIG, "my.table", "orders", "dotted", "inline", "dotted_inside", "nowhere") == {
        "": 12,
        "my.table": 15,
        "orders": 19,
        "dotted": 24,
        "inline": 25,
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends(end: str) -> None:
    assert lines(CONFIG.replace("\n", end), "orders")["orders"] == 19


def test_without_a_model_the_rest_is_at_the_first_line() -> None:
    assert lines("[tables.a]\n", "a", "b") == {"": 1, "a": 1}
    assert lines("", "a") == {"": 1}


def test_in_pyproject_it_is_below_its_section() -> None:
    text = "[tables.a]\n[tool.other.tables.a]\n[tool.stj-audit]\n[tool.stj-audit.tables.a]\n[tool.stj-audit.model]\n"
    assert lines(text, "a", path="sub/pyproject.toml") == {"": 5, "a": 4}
    assert lines(text, "a", path="own.toml") == {"": 1, "a": 1}


def test_a_table_of_several_regions_is_found_under_its_own_name_too() -> None:
    text = '[tables.orders]\n[tables."eu-north-1/users"]\n[tables.users]\n'
    assert lines(text, "eu-north-1/orders", "eu-north-1/users", "eu-west-1/users") == {
        "": 1,
        "eu-north-1/orders": 1,
        "eu-north-1/users": 2,
        "eu-west-1/users": 3,
    }


def test_what_is_no_toml_ends_it() -> None:
    assert lines('[tables.a]\nx = """\n[tables.b]\n', "a", "b") == {"": 1, "a": 1}


names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=8)


def _basic(text: str) -> str:
    """A string of TOML, in quotes."""
    return '"' + "".join(f"\\U{ord(one):08x}" if not one.isalnum() else one for one in text) + '"'


_NOISE = ["", "# [tables.x]", "  ", "#"]
_VALUES = ["1", '"[tables.x]"', '"""\n[tables.x]\n[model]\n"""', "'''\n[tables.x]'''", "[\n  1,\n  # [tables.x]\n]", "{ a = 1 }"]


@st.composite
def configurations(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """A configuration, and the line of each of its tables as it was written."""
    written: list[str] = []
    expected: dict[str, int] = {}
    for number, name in enumerate(draw(st.lists(names, max_size=6, unique=True))):
        written += draw(st.lists(st.sampled_from(_NOISE), max_size=3))
        blank = draw(st.sampled_from(["", " ", "\t"]))
        expected[name] = sum(part.count("\n") + 1 for part in written) + 1
        how = draw(st.sampled_from(["header", "below", "array"]))
        if how == "header":
            written.append(f"{blank}[tables.{blank}{_basic(name)}{blank}]")
        elif how == "below":
            written.append(f"[tables.{_basic(name)}.attributes]")
        else:
            written.append(f"{blank}[[tables.{_basic(name)}.index]] # c")
        for key in range(draw(st.integers(0, 3))):
            written.append(f"k{number}_{key} = {draw(st.sampled_from(_VALUES))}")
    return "\n".join(written) + draw(st.sampled_from(["", "\n"])), expected


@given(configurations())
def test_every_table_is_found_where_it_is(made: tuple[str, dict[str, int]]) -> None:
    text, expected = made
    assert set(tomllib.loads(text).get("tables", {})) == set(expected), "what was made is what was meant"
    assert lines(text, *expected, "x/y") == {"": 1, **expected}


# ---------------------------------------------------------------------------------------------------------- other files


def test_the_first_mention_as_a_whole_word() -> None:
    text = "# old-orders, orders2 my.orders orders.items\n  TableName: orders\nname = orders\n"
    found = in_any_file(text, "template.yaml", ["orders", "old-orders", "my.orders", "eu-north-1/orders", "or", "lost"])
    assert {table: source.line for table, source in found.items()} == {
        "": 1,
        "orders": 2,
        "old-orders": 1,
        "my.orders": 1,
        "eu-north-1/orders": 2,
    }
    assert {source.path for source in found.values()} == {"template.yaml"}


@pytest.mark.parametrize("line", ['"orders"', "'orders'", "orders,", "the table orders.", "arn:aws:dynamodb:::table/orders"])
def test_words_have_ends(line: str) -> None:
    assert in_any_file(f"\n{line}\n", "t", ["orders"])["orders"].line == 2


def test_lines_are_those_of_editors() -> None:
    assert in_any_file("a\u2028b\x0bc\norders", "t", ["orders"])["orders"].line == 2


# ---------------------------------------------------------------------------------------------------------------- paths


def test_paths_below_the_folder_are_relative_and_others_whole(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    (folder / "sub").mkdir(parents=True)
    assert told_path(folder / "sub" / "a.toml", folder) == "sub/a.toml"
    assert told_path(folder / "sub" / ".." / "a.toml", folder) == "a.toml"
    assert told_path(tmp_path / "a.toml", folder) == (tmp_path / "a.toml").resolve().as_posix()


def test_a_link_to_the_folder_is_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    assert told_path(tmp_path / "link" / "a.toml", folder) == "a.toml"


def test_in_a_job_of_github_paths_are_those_of_the_checkout(tmp_path: Path) -> None:
    inside = tmp_path / "repo" / "service"
    inside.mkdir(parents=True)
    assert root_folder({"GITHUB_WORKSPACE": str(tmp_path / "repo")}, inside) == tmp_path / "repo"
    assert root_folder({"GITHUB_WORKSPACE": str(tmp_path / "elsewhere")}, inside) == inside
    assert root_folder({}, inside) == inside
