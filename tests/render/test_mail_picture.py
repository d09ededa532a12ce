"""The picture of a mail: the same everywhere, with every letter, and none where it cannot be drawn."""

import hashlib
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resvg_py import svg_to_bytes

from stj_audit.render import lettering, mail_picture
from stj_audit.render.lettering import CHARACTERS, FAMILY, FOLDER, FONT_FILES, INSTEAD, KEPT, drawable
from stj_audit.render.mail import PICTURE_CID, mail_body
from stj_audit.render.mail_picture import picture, picture_alt, picture_svg
from stj_audit.report import HistogramBar, Report
from tests.gated_report import hostile_gated_report
from tests.render.reading import DIFFERS, golden, invisible
from tests.sample_report import HOSTILE, PASSWORD, SUBSCRIBERS, sample_report

SVG = "{http://www.w3.org/2000/svg}"
HASH = """
import hashlib
from stj_audit.render.mail_picture import picture
from tests.sample_report import sample_report
print(hashlib.sha256(picture(sample_report())).hexdigest())
"""


def without_items(report: Report) -> Report:
    return replace(report, tables=tuple(replace(one, items=None) for one in report.tables))


def without_prices(report: Report) -> Report:
    bills = tuple(replace(one, monthly_usd=None, complete=False) for one in report.costs.projections)
    return replace(report, costs=replace(report.costs, projections=bills))


def renamed(report: Report, name: str) -> Report:
    tables = tuple(replace(one, name=name) if one.name == SUBSCRIBERS else one for one in report.tables)
    return replace(report, tables=tables)


def texts(svg: str | None) -> list[str]:
    assert svg is not None
    return [one.text or "" for one in ET.fromstring(svg).iter(f"{SVG}text")]


def size_of(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_golden() -> None:
    svg = picture_svg(sample_report()) or ""
    assert svg == golden("mail.svg", svg), DIFFERS


def test_it_is_a_png_for_screens_with_two_points_for_one() -> None:
    png = picture(sample_report())
    assert png is not None
    width, height = size_of(png)
    assert width == 1200
    assert 450 <= height <= 750
    assert len(png) < 120_000


@pytest.mark.process
def test_it_is_the_same_bytes_again_and_in_another_process(tmp_path: Path) -> None:
    first, second = picture(sample_report()), picture(sample_report())
    assert first is not None
    assert first == second
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7", "LANG": "C"}
    done = subprocess.run([sys.executable, "-c", HASH], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_without_resvg_there_is_no_picture_and_the_mail_does_not_ask_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = mail_body(sample_report())
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    without = mail_body(sample_report())
    assert with_it.picture is not None
    assert f'src="cid:{PICTURE_CID}"' in with_it.html
    assert without.picture is None
    assert (without.picture_alt, "cid:" in without.html, "<img" in without.html) == ("", False, False)
    numbers = re.findall(r"\$[\d.,]*\d", with_it.picture_alt)
    assert len(numbers) == len(sample_report().costs.projections)
    assert all(number in without.html for number in numbers)
    assert without.text == with_it.text


def test_what_is_not_known_is_left_out() -> None:
    assert any(one.startswith("Cost a month") for one in texts(picture_svg(without_items(sample_report()))))
    assert not any(one.startswith("Item sizes") for one in texts(picture_svg(without_items(sample_report()))))
    only_sizes = picture_svg(without_prices(sample_report()))
    assert f"Item sizes of {SUBSCRIBERS}" in texts(only_sizes)
    assert not any(one.startswith("Cost a month") for one in texts(only_sizes))
    nothing = without_items(without_prices(sample_report()))
    assert picture_svg(nothing) is None
    assert picture(nothing) is None
    assert picture_alt(nothing) == ""
    assert "<img" not in mail_body(nothing).html


LETTER, CAPITAL = 0.66, 0.8  # of the size: what a letter of DejaVu Sans Bold takes on average, and a little more
LONG_NAME = "PRODUCTION_ORDERS_EVENTS_ARCHIVE"


@pytest.mark.parametrize("known", [lambda one: one, without_items, without_prices], ids=["both", "costs", "sizes"])
def test_no_text_leaves_the_picture(known: Callable[[Report], Report]) -> None:
    svg = ET.fromstring(picture_svg(known(renamed(sample_report(), LONG_NAME))) or "")
    width = float(svg.attrib["viewBox"].split()[2])
    groups = list(svg.iter(f"{SVG}g"))
    assert groups
    for group in groups:
        left = float(group.attrib["transform"].removeprefix("translate(").split()[0])
        for one in group.iter(f"{SVG}text"):
            words = one.text or ""
            extent = float(one.attrib["font-size"]) * sum(CAPITAL if letter.isupper() else LETTER for letter in words)
            start = left + float(one.attrib["x"]) - extent * {"start": 0, "middle": 0.5, "end": 1}[one.attrib["text-anchor"]]
            assert start >= 0, words
            assert start + extent <= width, words


def test_a_sample_says_that_it_is_one() -> None:
    tables = tuple(one for one in sample_report().tables if one.name == PASSWORD)
    told = texts(picture_svg(replace(sample_report(), tables=tables)))
    assert "Read: a sample of 150 items" in told
    assert {"300 KB: act", "400 KB: limit"} <= set(told)


def test_the_table_with_the_largest_item_is_shown() -> None:
    tables = tuple(reversed(sample_report().tables))
    assert f"Item sizes of {SUBSCRIBERS}" in texts(picture_svg(replace(sample_report(), tables=tables)))


def test_an_empty_histogram_is_none() -> None:
    tables = tuple(
        replace(one, items=one.items and replace(one.items, histogram=(HistogramBar(le_bytes=64, count=0),)))
        for one in sample_report().tables
    )
    assert not any(one.startswith("Item sizes") for one in texts(picture_svg(replace(sample_report(), tables=tables))))


def test_very_many_user_counts_are_cut_and_the_target_stays() -> None:
    costs = sample_report().costs
    many = tuple(replace(costs.projections[0], users=10 * number) for number in range(1, 41))
    report = replace(
        sample_report(), costs=replace(costs, projections=many), audit=replace(sample_report().audit, target_users=390)
    )
    told = [one for one in texts(picture_svg(report)) if one.endswith(("users", "target")) and one[0].isdigit()]
    assert len(told) == mail_picture.MOST_BARS
    assert "390 users, target" in told


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_drawn_as_text(text: str) -> None:
    svg = picture_svg(renamed(sample_report(), text)) or ""
    assert not invisible(svg)
    assert {one.tag.removeprefix(SVG) for one in ET.fromstring(svg).iter()} <= {"svg", "g", "rect", "line", "text"}
    assert set("".join(texts(svg))) <= CHARACTERS


def test_a_hostile_report_has_a_picture() -> None:
    assert size_of(picture(hostile_gated_report(words_too=True)) or b"")[0] == 1200


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40))
def test_whatever_a_table_is_called(name: str) -> None:
    svg = picture_svg(renamed(sample_report(), name)) or ""
    assert set("".join(texts(svg))) <= CHARACTERS


# ------------------------------------------------------------------------------------------------------------- letters


def drawn(letters: str, weight: int = 400) -> bytes:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><text x="4" y="18" font-weight="{weight}">{letters}</text></svg>'
    fonts = [str(FOLDER / name) for name in FONT_FILES]
    return bytes(svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=fonts, font_family=FAMILY))


@pytest.mark.parametrize("weight", [400, 700])
def test_every_letter_that_is_kept_is_drawn(weight: int) -> None:
    nothing, missing = drawn(" ", weight), drawn("\u8868", weight)
    blank = {" ", "\u00a0", "\u00ad"}
    for letter in sorted(CHARACTERS - blank):
        assert drawn(f"&#{ord(letter)};", weight) not in {nothing, missing}, f"U+{ord(letter):04X} is not in the font"


def test_a_letter_that_is_not_kept_would_be_lost() -> None:
    assert drawn("\u8868") == drawn("\u05d0")
    assert drawable("a\u8868\u05d0b") == f"a{INSTEAD}{INSTEAD}b"


def test_without_its_fonts_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That is why they come with the package: nobody is told when they are missing."""
    whole = picture(sample_report())
    assert whole is not None
    monkeypatch.setattr(lettering, "FOLDER", tmp_path)
    assert len(picture(sample_report()) or b"") < len(whole) / 2


def test_how_they_were_made_is_written_beside_them() -> None:
    assert {"README.md", "LICENSE", *FONT_FILES} == {path.name for path in FOLDER.iterdir()}
    assert "Bitstream Vera Fonts Copyright" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "lettering import KEPT" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {ord("A"), 0xFF, 0x2264} <= {ord(one) for one in CHARACTERS}
    assert KEPT.isascii()
