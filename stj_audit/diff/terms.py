"""
Whether two runs were judged on the same terms: the size lines, and what the gate was held against. What differs for other terms alone is
neither better nor worse, and nothing is fixed by a higher line.
"""

from collections.abc import Iterator

from stj_audit.report import GateReport, Report
from stj_audit.wording import kilobytes

OF_LINES = frozenset({"item-over-warn-line", "unbounded-attribute"})
"""The checks that find something, or how bad it is, by the size lines."""
CATEGORY_OF_LINES = "table-structure"

Lines = tuple[int, int]
"""(--warn-item-size, --max-item-size), in bytes"""


def size_lines(report: Report) -> Lines | None:
    """Those that its items were held against; None where it read none: then nothing was found by them."""
    read = [table.items for table in report.tables if table.items is not None]
    return (read[0].over_warn.threshold_bytes, read[0].over_max.threshold_bytes) if read else None


def other_lines(old: Report, new: Report) -> str:
    """ "other size lines: 300.0 KB and 400.0 KB → 390.0 KB and 400.0 KB"; empty where they are the same, or one of them is not known."""
    before, after = size_lines(old), size_lines(new)
    if before is None or after is None or before == after:
        return ""
    return "other size lines: {} and {} → {} and {}".format(*map(kilobytes, (*before, *after)))


def is_design(report: Report) -> bool:
    return bool(report.audit.templates)


def other_terms(old: Report, new: Report) -> Iterator[tuple[str, str, str]]:
    """(option, before, after) of each term of the gate that is not the same in both."""
    before, after = old.gate, new.gate
    if before is None or after is None:
        return
    one, other = _terms(before), _terms(after)
    if (is_design(old) or is_design(new)) and None in (before.fail_item_size, after.fail_item_size):
        del one["--fail-item-size"]  # a design has no items: the line is told only where a declared one is above it
    yield from ((option, words, other[option]) for option, words in one.items() if words != other[option])


def _terms(gate: GateReport) -> dict[str, str]:
    return {
        "--fail-on": gate.fail_on,
        "--fail-item-size": "off" if gate.fail_item_size is None else kilobytes(gate.fail_item_size),
        "--inconclusive": gate.inconclusive,
        "--strict": "on" if gate.strict else "off",
    }


def gated_tables(report: Report) -> set[str]:
    """The tables that its gate was about, read or not."""
    missing = {row.table for row in report.not_checked if row.check is None and row.table is not None}
    return {table.name for table in report.tables} | missing
