"""
The colours of what cannot have a style sheet: mails and the pictures in them. They are those of the light theme of style.css.j2.

A mail has no dark theme of its own: programs that have one turn these around, which they can because every text has its ground beside it.
"""

LIGHT = {
    "bg": "#ffffff",
    "card": "#f6f8fa",
    "ink": "#1b1f24",
    "mute": "#57606a",
    "line": "#d5dbe1",
    "track": "#e4e8ec",
    "link": "#0b5cad",
    "ok": "#1a7431",
    "warn": "#7d5700",
    "bad": "#b42318",
    "high": "#a8450f",
    "low": "#0b5cad",
    "part0": "#0b5cad",
    "part1": "#b5501a",
    "part2": "#8a3ffc",
    "part3": "#4a760e",
    "part4": "#0f766e",
    "part5": "#626b79",
    "on-part": "#ffffff",
}
# What `digest.grade_tone`, `digest.severity_tone` and the tones of gates are called, as colours of LIGHT; white can be read on all of them.
TONES = {"mute": "mute", "critical": "bad", "medium": "warn", "info": "mute"}


def tone_color(tone: str) -> str:
    """ "#b42318" for "bad"; grey for a tone that is not known."""
    return LIGHT.get(TONES.get(tone, tone), LIGHT["mute"])


def mark_color(kind: str) -> str:
    """The colour of a mark of a chart by its kind, as charts.py names them."""
    return LIGHT[{"over-max": "bad", "over-warn": "warn", "in-bounds": "part0", "square": "ink"}.get(kind, kind)]
