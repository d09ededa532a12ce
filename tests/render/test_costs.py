"""Costs alone, in every format of `stj-audit cost`."""

import csv
import dataclasses
import io
import itertools
import json
import os
import re
from decimal import Decimal

import pytest

from stj_audit.errors import ConfigError
from stj_audit.render.costs import FORMATS, render_costs
from stj_audit.render.costs_csv import HEAD, number_cell, text_cell
from stj_audit.report import Costs, CurrentCost
from tests.render.test_formats import GOLDEN, REWRITE, Reader, invisible, markdown_tables
from tests.sample_report import HOSTILE, hostile_report, sample_report

SUFFIX = {"table": "txt", "markdown": "md", "html": "html", "csv": "csv"}
MORE = (
    "grows with the square of the users: twice",
    "By access pattern",
    "What the fixes save together",
    "pays off",
    "Commitments",
    "Why not $3.78?",
    "Declared patterns against what was measured",
    "of the declared growth",
    "growing with their square",
)


def costs() -> Costs:
    return sample_report().costs


def bare() -> Costs:
    """Quantities without user counts, as `cost --usage` prices them, with something given away for free."""
    full = costs()
    free = dataclasses.replace(
        full.current.lines[0],
        table="",
        component="free-storage",
        quantity=Decimal(-25),
        unit="GB-month",
        unit_price_usd=Decimal("0.269"),
        monthly_usd=Decimal("-6.725"),
        per_user=False,
    )
    return Costs(
        prices=full.prices,
        free_tier=True,
        current=CurrentCost(monthly_usd=Decimal("1347.2"), lines=(*full.current.lines, free), complete=False),
        projections=(),
        assumptions=full.assumptions,
    )


def from_before() -> Costs:
    plain = dataclasses.replace(costs(), patterns=(), calibrations=(), naive=None, break_even=(), commitments=(), target_users=None)
    old = [dataclasses.replace(at, parts=None, savings=(), after_year_usd=None) for at in plain.projections]
    return dataclasses.replace(plain, projections=tuple(old))


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("format_name", SUFFIX)
def test_golden(format_name: str) -> None:
    """Rewritten with STJ_AUDIT_REWRITE_GOLDEN=1: look at the difference before you keep it."""
    path = GOLDEN / f"costs.{SUFFIX[format_name]}"
    text = render_costs(costs(), format_name)
    if os.environ.get(REWRITE) == "1":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{path.name} differs; rewrite it with {REWRITE}=1"


def test_an_unknown_format_is_a_configuration_error() -> None:
    assert tuple(FORMATS) == ("table", "markdown", "html", "json", "csv")
    with pytest.raises(ConfigError, match="'pdf' is no format for costs"):
        render_costs(costs(), "pdf")


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_what_drives_the_bill_is_there_where_it_is_known(format_name: str) -> None:
    full, old = (" ".join(render_costs(one, format_name).split()) for one in (costs(), from_before()))
    for words in MORE:
        assert words in full
        assert words not in old
    for text in (full, old):
        assert "stj_subscribers" in text
        assert "$1,390.93" in text
        assert "With the users of now: at least $0.95 a month." in text


def test_json_carries_all_of_it() -> None:
    answer = json.loads(render_costs(costs(), "json"))
    assert len(answer["costs"]["patterns"]) == 9
    assert answer["costs"]["naive"]["users"] == answer["costs"]["target_users"] == 10_000
    assert answer["costs"]["projections"][2]["savings"][2]["is_bound"] is True
    assert [one["name"] for one in answer["tables"]] == ["stj_subscribers", "stj_password", "stj_system"]


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_bare_quantities_have_no_user_counts(format_name: str) -> None:
    text = render_costs(bare(), format_name)
    assert "free-storage" in text or "free storage" in text
    assert "-$6.73" in text
    assert "1,347" in text
    for words in ("users make", "What it will cost", "What the fixes save"):
        assert words not in text


def test_lines_of_two_regions_are_two_rows() -> None:
    full = costs()
    target = full.projections[2]
    replicated = next(line for line in target.lines if line.region is not None)
    more = dataclasses.replace(replicated, region="us-east-1", monthly_usd=Decimal(7))
    at = dataclasses.replace(target, lines=(*target.lines, more))
    text = " ".join(render_costs(dataclasses.replace(full, projections=(at,)), "markdown").split())
    assert "| replicated-writes in eu-west-1 | $0.85 |" in text
    assert "| replicated-writes in us-east-1 | $7.00 |" in text


def test_long_lists_are_whole_because_there_is_no_run_file_to_look_into() -> None:
    full = costs()
    many = tuple(dataclasses.replace(full.patterns[0], pattern=f"pattern-{number}") for number in range(60))
    for format_name in ("table", "markdown", "html"):
        text = render_costs(dataclasses.replace(full, patterns=many), format_name)
        assert "pattern-59" in text
        assert "run file" not in text


def test_the_terminal_stays_narrow() -> None:
    assert max(map(len, render_costs(costs(), "table").splitlines())) <= 110
    assert max(map(len, render_costs(bare(), "table").splitlines())) <= 100


# ----------------------------------------------------------------------------------------------------------------- html


@pytest.mark.parametrize(
    "shown",
    [costs(), bare(), from_before(), hostile_report().costs, hostile_report(words_too=True).costs],
    ids=["sample", "bare", "before", "hostile", "all"],
)
def test_the_page_is_well_formed_and_needs_nothing(shown: Costs) -> None:
    text = render_costs(shown, "html")
    page = Reader(text)
    assert page.tangled == []
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "link", "form", "input", "object", "embed"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style", "href"}]
    for widths in page.rows:
        assert len(set(widths)) == 1, widths
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [one for _, attributes in page.tags for one in attributes.get("aria-labelledby", "").split()]
    assert set(labels) <= set(ids)
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in page.tags if tag == "th")
    assert "url(" not in text


# -------------------------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize("words_too", [False, True])
@pytest.mark.parametrize("format_name", FORMATS)
def test_hostile_text_is_harmless(format_name: str, words_too: bool) -> None:
    shown = hostile_report(words_too=words_too).costs
    for one in (shown, dataclasses.replace(shown, projections=())):
        text = render_costs(one, format_name)
        assert not invisible(text.replace("\r\n", "\n") if format_name == "csv" else text)
        text.encode("utf-8")
        assert text.endswith("\n")
        assert "red" in text, "hostile text must be in it, else this test shows nothing"
        if format_name in {"html", "markdown"}:
            assert "<script" not in text
            assert "<img" not in text
        if format_name == "markdown":
            for widths in markdown_tables(text):
                assert len(set(widths)) == 1, widths
            assert not re.search(r"<(?!!-- -->| \$)", text)


# ------------------------------------------------------------------------------------------------------------------ csv


def test_csv_has_a_row_for_each_line_and_user_count() -> None:
    full = costs()
    text = render_costs(full, "csv")
    wanted = "users,table,index,component,quantity,unit,unit_price_usd,monthly_usd,basis,growth,region,note"
    assert text.split("\r\n")[0] == wanted == ",".join(HEAD)
    assert "\n" not in text.replace("\r\n", "")
    rows = read_csv(text)
    assert len(rows) == sum(len(at.lines) for at in full.projections)
    for row, (users, line) in zip(rows, ((at.users, line) for at in full.projections for line in at.lines), strict=True):
        assert row["users"] == str(users)
        assert (row["table"], row["index"], row["component"], row["note"]) == (
            line.table,
            line.index or "",
            line.component,
            line.note,
        )
        for name in ("quantity", "unit_price_usd", "monthly_usd"):
            number = getattr(line, name)
            assert (Decimal(row[name]) if row[name] else None) == number
            assert re.fullmatch(r"(-?\d+(\.\d*[1-9])?)?", row[name])
    assert {row["growth"] for row in rows} == {"constant", "linear", "super-linear"}
    assert {row["region"] for row in rows} == {"eu-north-1", "eu-west-1"}
    assert rows[0]["unit_price_usd"] == "0.0000001345"


def test_csv_of_bare_quantities_has_no_user_count_and_keeps_negative_numbers() -> None:
    rows = read_csv(render_costs(bare(), "csv"))
    assert {row["users"] for row in rows} == {""}
    assert (rows[-1]["quantity"], rows[-1]["monthly_usd"], rows[-1]["growth"]) == ("-25", "-6.725", "constant")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_runs_no_formula(start: str) -> None:
    name = f'{start}HYPERLINK("http://example.invalid","a"),1'
    full = costs()
    line = dataclasses.replace(full.current.lines[0], table=name, index=name, note=name)
    shown = dataclasses.replace(full, projections=(dataclasses.replace(full.projections[0], lines=(line,)),))
    [row] = read_csv(render_costs(shown, "csv"))
    for cell in (row["table"], row["index"], row["note"]):
        assert cell.startswith("'")
        assert cell.endswith('HYPERLINK("http://example.invalid","a"),1')


def test_csv_cells() -> None:
    assert [text_cell(text) for text in ("", "a=1", "=1", "a\tb", "two\nlines")] == ["", "a=1", "'=1", "a\\tb", "two\\nlines"]
    numbers = (None, Decimal("3.04E+6"), Decimal("1.34500E-7"), Decimal("-0.50"), Decimal(0), Decimal("0.00"), Decimal(100))
    assert [number_cell(number) for number in numbers] == ["", "3040000", "0.0000001345", "-0.5", "0", "0", "100"]


@pytest.mark.parametrize("name", HOSTILE)
def test_csv_gives_back_any_name(name: str) -> None:
    full = costs()
    line = dataclasses.replace(full.current.lines[0], table=name)
    shown = dataclasses.replace(full, projections=(), current=dataclasses.replace(full.current, lines=(line,)))
    [row] = read_csv(render_costs(shown, "csv"))
    assert row["table"] == text_cell(name)
