"""
The letters that pictures are written with: a part of DejaVu Sans that comes with the package, so that a picture is the same everywhere.

Where no font has a character, nothing is drawn and nobody is told. So what these fonts do not have is replaced before it is drawn.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
FAMILY = "DejaVu Sans"
FONT_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
INSTEAD = "\ufffd"  # a question mark in a black diamond

# What was kept of the fonts: fonts/README.md has the command. Latin-1, typographic marks, arrows, comparisons, and the shapes of reports.
KEPT = (
    "0020-007E,00A0-00FF,0131,0152-0153,2010-2015,2018-201E,2022,2026,2030,2039-203A,20AC,2190-2193,2212,2248,2260,2264-2265,"
    "25A0,25B2,25B6,25BC,25C0,25C6,25CB,25CF,2713,2717,FFFD"
)


def _characters(ranges: str) -> frozenset[str]:
    ends = [part.partition("-") for part in ranges.split(",")]
    return frozenset(chr(code) for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1))


CHARACTERS = _characters(KEPT)


def drawable(text: str) -> str:
    """`text` with INSTEAD for every character that would not be drawn."""
    return "".join(one if one in CHARACTERS else INSTEAD for one in text)
