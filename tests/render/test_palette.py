"""The colours of the HTML report have enough contrast: WCAG 2.2, 1.4.3 (text, 4.5) and 1.4.11 (marks, 3), computed."""

import re

import pytest

from stj_audit.render.templates import CHECKOUT

TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0

CSS = (CHECKOUT / "style.css.j2").read_text(encoding="utf-8")
PALETTES = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)]
THEMES = dict(zip(("light", "dark", "print"), PALETTES, strict=True))

TEXTS = [(ink, ground) for ink in ("ink", "mute", "link", "ok", "warn", "bad", "high", "low") for ground in ("bg", "card")]
ON_PARTS = [("on-part", f"part{number}") for number in range(6)]
MARKS = [(mark, "bg") for mark in ("part0", "part1", "part2", "part3", "part4", "part5", "warn", "bad")]


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXTS + ON_PARTS)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= TEXT_CONTRAST


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_can_be_seen(theme: str, mark: str, ground: str) -> None:
    assert contrast(THEMES[theme][mark], THEMES[theme][ground]) >= MARK_CONTRAST


def test_every_theme_has_every_colour() -> None:
    assert THEMES["light"].keys() == THEMES["dark"].keys() == THEMES["print"].keys()
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used == set(THEMES["light"])
