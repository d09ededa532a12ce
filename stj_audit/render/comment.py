"""
The `comment` format: Markdown that is short enough for a comment on a pull request, and for the summary of a step of GitHub Actions.

GitHub refuses a comment of more than 65,536 characters. What would be longer loses whole rows and whole sections, each with a sentence on how
much is missing, until it fits: nothing is cut in the middle.
"""

from stj_audit.render.templates import render_short_markdown
from stj_audit.report import Report

# GitHub's limit is in characters; in bytes it is on the safe side, and leaves room for what a bot adds.
MOST_BYTES = 60_000
# Rows of each list, and whether the commands are shown, from all that is of use to what always fits.
SIZES = ((50, True), (20, True), (20, False), (10, False), (5, False), (2, False), (0, False))


def render_comment(report: Report, *, most_bytes: int = MOST_BYTES) -> str:
    """The report as a comment of at most `most_bytes`, if that is 60,000 or more; else the shortest that there is, or one that fits."""
    for most, with_fixes in SIZES:
        text = render_short_markdown(report, most=most, with_fixes=with_fixes)
        if len(text.encode()) <= most_bytes:
            break
    return text
