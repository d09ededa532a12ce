"""The summary of a step of GitHub Actions: Markdown that is appended to the file that GITHUB_STEP_SUMMARY names."""

from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"
MOST_BYTES = (
    1_000 * 1024
)  # GitHub drops a summary of more than 1,024 KB whole, without showing any of it; some room is left for others


def append(path: Path, text: str) -> str:
    """
    Append `text` to the summary, apart from what is there already.

    Answers with a sentence on why it was not written; empty where it was. It never raises: a summary is no reason for a build to fail.
    """
    try:
        there = path.stat().st_size if path.exists() else 0
        added = ("\n\n" if there else "") + text
        if there + len(added.encode()) > MOST_BYTES:
            return f"nothing was added to the step summary: with it, it would be over {MOST_BYTES // 1024:,} KB"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(added)
    except OSError as error:
        return f"the step summary {path} could not be written: {error.strerror}"
    return ""
