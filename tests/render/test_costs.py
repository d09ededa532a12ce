"""Costs alone, in every format of `stj-audit cost`."""

import csv
import dataclasses
import io
import itertools
import json
import re
from decimal import Decimal

import pytest

from stj_audit.errors import ConfigError
from stj_audit.render.costs import FORMATS, render_costs
from stj_audit.render.costs_csv import HEAD
from stj_audit.render.csv_cells import number_cell, text_cell
from stj_audit.render.page import wrapped_name
from stj_audit.report import CostLine, Costs, CurrentCost, GrowthParts
from tests.render.reading import DIFFERS, Reader, golden, invisible, markdown_tables
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
    "growing with their",
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
    text = render_costs(costs(), format_name)
    assert text == golden(f"costs.{SUFFIX[format_name]}", text), DIFFERS


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
    for shown in (costs(), from_before(), bare(), hostile_report().costs):
        assert max(map(len, render_costs(shown, "table").splitlines())) <= 100


# ------------------------------------------------------------------------------------------------------- one user count


def at_counts(*counts: int, factor: Decimal = Decimal(1)) -> Costs:
    """The sample at other user counts, its amounts multiplied."""
    full = costs()

    def times(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else amount * factor

    one = full.projections[2]
    lines = tuple(dataclasses.replace(line, monthly_usd=times(line.monthly_usd)) for line in one.lines)
    projections = [dataclasses.replace(one, users=users, lines=lines, monthly_usd=times(one.monthly_usd)) for users in counts]
    return dataclasses.replace(full, projections=tuple(projections))


def rows_of(text: str) -> list[list[str]]:
    return [re.split("  +", line.strip()) for line in text.splitlines()]


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_one_user_is_no_users(format_name: str) -> None:
    text = render_costs(at_counts(1, 10), format_name)
    assert re.search(r"\b1 user\b", text)
    assert not re.search(r"\b1 users\b", text)


@pytest.mark.parametrize(
    ("counts", "heads"),
    [
        ((1, 2, 3, 4, 5), [["1 user", "2", "3", "4", "5"]]),
        ((1, 2, 3, 4, 5, 6, 7), [["1 user", "2", "3", "4", "5"], ["6 users", "7"]]),
        (
            tuple(range(1, 12)),
            [["1 user", "2", "3", "4", "5"], ["6 users", "7", "8", "9", "10"], ["11 users"]],
        ),
    ],
)
def test_many_user_counts_are_tables_below_each_other(counts: tuple[int, ...], heads: list[list[str]]) -> None:
    text = render_costs(at_counts(*counts), "table")
    rows = rows_of(text)
    assert [row[2:] for row in rows if row[:2] == ["Table", "Component"]] == heads
    assert [row[0] for row in rows].count("Total") == len(heads)
    assert max(map(len, text.splitlines())) <= 100
    # Markdown and HTML have room, or scroll.
    assert render_costs(at_counts(*counts), "markdown").count("| Component ") == 1


def test_very_large_bills_are_in_as_many_tables_as_they_need() -> None:
    text = render_costs(at_counts(*range(1, 7), factor=Decimal(10**9)), "table")
    totals = [row[1:] for row in rows_of(text) if row[0] == "Total"]
    assert 1 < len(totals) < 6
    assert [cell for cells in totals for cell in cells] == ["≥ $90,456,900,000.00"] * 6
    assert max(map(len, text.splitlines())) <= 100


def test_numbers_are_never_broken_and_names_only_where_they_may_be() -> None:
    full = at_counts(100, 1_000, 10_000, 50_000, 100_000, factor=Decimal(1_000))
    pattern = dataclasses.replace(full.patterns[0], calls=Decimal(15_000_000_000), monthly_usd=Decimal("123456789.4"))
    text = render_costs(dataclasses.replace(full, patterns=(pattern,)), "table")
    assert re.search(r"(?<![\d,])15,000,000,000(?![\d,])", text)
    assert "$123,456,789" in text
    assert max(map(len, text.splitlines())) <= 100
    words = {word for line in text.splitlines() for word in line.split()}
    assert "username-index" in words
    assert not words & {"subscriptio", "subscripti", "n-status-username-index", "on-status-username-index"}


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("index-reads of email-index", 26, ["index-reads of email-index"]),
        ("index-reads of email-index", 20, ["index-reads of", "email-index"]),
        ("index-reads of by-status-and-username-index", 20, ["index-reads of", "by-status-and-", "username-index"]),
        ("replicated-writes in eu-west-1", 26, ["replicated-writes", "in eu-west-1"]),
        ("free-replicated-capacity-writes", 26, ["free-replicated-capacity-", "writes"]),
        ("orders_by_customer_and_day", 16, ["orders_by_", "customer_and_day"]),
        ("n" * 30, 16, ["n" * 16, "n" * 14]),
        ("", 16, [""]),
    ],
)
def test_names_are_broken_after_of_and_at_hyphens(name: str, width: int, lines: list[str]) -> None:
    assert wrapped_name(name, width) == lines


@pytest.mark.parametrize("format_name", ["table", "markdown"])
def test_under_the_total_is_what_a_user_costs_and_what_is_avoidable(format_name: str) -> None:
    full = costs()
    known = [dataclasses.replace(at, complete=True) for at in full.projections]
    sure = [dataclasses.replace(at, avoidable_at_most_usd=at.avoidable_usd) for at in known]
    for projections, user, avoidable in (
        (full.projections, "≥ $0.0085 ≥ $0.0086 ≥ $0.0090 ≥ $0.011 ≥ $0.014", "$0.38 to ≥ $0.39"),
        (known, "$0.0085 $0.0086 $0.0090 $0.011 $0.014", "$0.38 to $0.39"),
        (sure, "$0.0085 $0.0086 $0.0090 $0.011 $0.014", "$0.38 $3.84 $38.40 $192.00 $384.00"),
    ):
        text = render_costs(dataclasses.replace(full, projections=tuple(projections)), format_name)
        plain = " ".join(text.replace("|", " ").split())
        assert f" A user {user} " in plain
        wanted = avoidable if format_name == "markdown" or projections is sure else avoidable.partition(" to ")[0] + " to "
        assert f" Avoidable {wanted}" in plain
        titles = [row[0] for row in rows_of(text.replace("|", "  "))]
        assert titles.index("Total") + 1 == titles.index("A user") == titles.index("Avoidable") - 1
    never = [dataclasses.replace(at, avoidable_usd=None) for at in full.projections]
    assert "Avoidable" not in render_costs(dataclasses.replace(full, projections=tuple(never)), format_name)


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_how_the_bills_grow_is_marked_like_the_total_and_free_of_charge_is_apart(format_name: str) -> None:
    full = costs()
    parts = GrowthParts(
        constant_usd=Decimal("63.22"), linear_usd=Decimal(0), super_linear_usd=Decimal(5), free_usd=Decimal("-6.725")
    )
    at = [
        dataclasses.replace(one, parts=parts, complete=one.users > 100, monthly_usd=Decimal("61.5")) for one in full.projections[:2]
    ]
    text = render_costs(dataclasses.replace(full, projections=tuple(at)), format_name)
    plain = " ".join(re.sub(r"<[^> ][^>]*>|\|", " ", text).split())
    assert "growing with the users ≥ $0.00 $0.00" in plain
    assert "fixed ≥ $63.22 $63.22" in plain
    assert "free of charge ≤ -$6.73 -$6.73" in plain
    assert "Total ≥ $61.50 $61.50" in plain
    assert "≥ means at least, ≤ means at most: a part is not known." in plain


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_a_lower_bound_has_one_spelling_and_is_explained_where_it_is(format_name: str) -> None:
    full = costs()
    text = render_costs(full, format_name)
    assert text.count("≥ means at least: a part is not known.") == 1
    assert not re.search(r"\$[\d,.]*\+|or more|over \$|at least less", text)
    tiny = dataclasses.replace(full, current=dataclasses.replace(full.current, monthly_usd=Decimal("0.004")))
    assert "With the users of now: more than $0.00 a month." in " ".join(render_costs(tiny, format_name).split())
    known = [
        dataclasses.replace(at, complete=True, lines=tuple(line for line in at.lines if line.monthly_usd is not None))
        for at in full.projections
    ]
    whole = dataclasses.replace(
        full,
        projections=tuple(known),
        patterns=full.patterns[:-1],
        current=dataclasses.replace(full.current, complete=True, lines=known[0].lines),
    )
    text = render_costs(whole, format_name)
    assert "≥" not in text
    assert "not known is not" not in text


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_notes_under_savings_and_commitments_are_printed_where_they_apply(format_name: str) -> None:
    full = costs()
    notes = ("Rounded amounts may differ from the total by a cent.", "do not apply to the same units")
    assert not any(note in " ".join(render_costs(full, format_name).split()) for note in notes)
    at = full.projections[2]
    savings = tuple(dataclasses.replace(one, saving_usd=Decimal("1.004"), is_bound=False) for one in at.savings)
    reserved = dataclasses.replace(full.commitments[0], offer="reserved capacity, 1 year: 100 RCU")
    shown = dataclasses.replace(
        full, projections=(dataclasses.replace(at, savings=savings),), commitments=(*full.commitments, reserved)
    )
    text = " ".join(render_costs(shown, format_name).split())
    assert all(text.count(note) == 1 for note in notes)


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_two_estimates_that_agree_are_not_explained(format_name: str) -> None:
    full = costs()
    assert full.naive is not None
    near = dataclasses.replace(full.naive, naive_usd=Decimal("0.20"), real_usd=Decimal("0.20"))
    text = render_costs(dataclasses.replace(full, naive=near), format_name)
    assert "Why not" not in text
    assert "agree" not in text


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_patterns_are_those_of_tables_on_demand_and_pitr_is_an_abbreviation(format_name: str) -> None:
    text = " ".join(render_costs(costs(), format_name).split())
    assert "of tables on demand" in text
    assert "PITR of stj_system: not known whether PITR is on." in text
    assert "itr" not in text


# -------------------------------------------------------------------------------------------------------- bare quantities


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_bare_quantities_are_to_the_cent_and_priced_alike_in_every_format(format_name: str) -> None:
    full = bare()

    def line(component: str, unit: str, price: str, monthly: str) -> CostLine:
        return dataclasses.replace(
            full.current.lines[0],
            component=component,
            unit=unit,
            unit_price_usd=Decimal(price),
            monthly_usd=Decimal(monthly),
            quantity=Decimal(1_000),
        )

    lines = (
        line("storage", "GB-month", "0.25", "221.43"),
        line("capacity-reads", "RCU-hour", "0.000025", "0.004"),
        line("capacity-writes", "WCU-hour", "0.000128", "1347.2"),
        line("reads", "read request unit", "0.000000125", "1"),
        dataclasses.replace(full.current.lines[0], component="pitr", monthly_usd=None),
    )
    current = CurrentCost(monthly_usd=Decimal("1569.634"), lines=lines, complete=False)
    text = render_costs(dataclasses.replace(full, current=current), format_name).replace("&lt;", "<")
    wanted = ["$221.43", "< $0.01", "$1,347.20", "$1.00", "$1,569.63", "$0.000025 per RCU-hour", "$0.000128 per WCU-hour"]
    wanted += ["$0.125 per million", "≥ $1,569.63", "at least $1,569.63", "≥ means at least"]
    assert [words for words in wanted if words not in text] == []
    assert "per million RCU" not in text
    assert "$221<" not in text


def test_bare_quantities_of_which_nothing_is_known_have_no_bound() -> None:
    full = bare()
    unknown = dataclasses.replace(full.current.lines[0], monthly_usd=None, unit_price_usd=None)
    for format_name in ("table", "markdown", "html"):
        shown = dataclasses.replace(full, current=CurrentCost(monthly_usd=None, lines=(unknown,), complete=False))
        text = render_costs(shown, format_name)
        assert "What is not known is not in the total." in text
        assert "≥" not in text


def test_a_long_table_of_bare_quantities_stays_narrow() -> None:
    full = bare()
    line = dataclasses.replace(
        full.current.lines[0],
        table="n" * 300,
        component="free-replicated-capacity-writes",
        quantity=Decimal(10**15),
        unit="rWCU-hour",
        unit_price_usd=Decimal("0.0000000001"),
        monthly_usd=Decimal(10**13),
    )
    text = render_costs(dataclasses.replace(full, current=CurrentCost(monthly_usd=Decimal(10**13), lines=(line,))), "table")
    assert "1,000,000,000,000,000" in text
    assert "$10,000,000,000,000.00" in text
    assert max(map(len, text.splitlines())) <= 100


def test_nothing_is_a_plain_0_in_json() -> None:
    full = costs()
    line = dataclasses.replace(full.current.lines[0], monthly_usd=Decimal("0E-8"))
    at = dataclasses.replace(full.projections[0], lines=(line,), per_user_usd=Decimal("1.2E-10"))
    text = render_costs(dataclasses.replace(full, projections=(at,)), "json")
    assert "0E" not in text
    assert json.loads(text)["costs"]["projections"][0]["per_user_usd"] == pytest.approx(1.2e-10)


# ----------------------------------------------------------------------------------------------------------------- html


def test_rows_of_all_tables_are_set_apart_from_the_lines_of_the_last() -> None:
    text = render_costs(costs(), "html")
    body = text[text.index("<h2>Line by line</h2>") :]
    lines, sums = body.split('<tbody class="sums">')
    assert "Of the total" not in lines
    assert "stj_system" in lines
    sums = sums[: sums.index("</tbody>")]
    titles = re.findall(r'<th scope="row" class="(.*?)">(.*?)</th>', sums)
    assert titles == [
        ("line", "Of the total: growing with the users"),
        ("line", "Of the total: growing with their square"),
        ("line", "Total"),
        ("line", "After a year of the declared growth"),
    ]


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
