from stj_audit.checks.item_over_warn_line import item_over_warn_line
from stj_audit.config import SizeLines
from stj_audit.facts import Unknown
from stj_audit.results import Severity, Status
from tests.builders import examined, some_items

KB = 1024


def test_counts_the_items_above_the_line() -> None:
    result = examined(item_over_warn_line, items=some_items({1_000: 997, 310 * KB: 2, 320 * KB + 1: 1}))
    [problem] = result.problems
    assert result.severity is Severity.MEDIUM
    assert problem.message == "3 items above 300.0 KB among all 1,000 items; the largest has 320.0 KB"
    assert problem.current == "3 items above 300.0 KB; each write of the largest takes 321 write units"
    assert problem.evidence == {
        "items_over": 3,
        "warn_bytes": 300 * KB,
        "largest_bytes": 320 * KB + 1,
        "items_read": 1_000,
        "coverage": "full",
    }


def test_an_item_on_the_line_is_not_above_it() -> None:
    on_it = examined(item_over_warn_line, items=some_items({300 * KB: 5}))
    above = examined(item_over_warn_line, items=some_items({300 * KB: 5, 300 * KB + 1: 1}))
    assert on_it.status is Status.PASSED
    assert [good.message for good in on_it.goods] == ["no item is above 300.0 KB, the warn line"]
    assert above.problems[0].evidence["items_over"] == 1


def test_judges_by_the_configured_line() -> None:
    lines = SizeLines(warn_bytes=999)
    assert examined(item_over_warn_line, size_lines=lines).problems[0].evidence["items_over"] == 1_000
    assert examined(item_over_warn_line, size_lines=SizeLines(warn_bytes=1_000)).status is Status.PASSED


def test_a_large_archive_is_left_alone_with_a_raised_line() -> None:
    archive = some_items({390 * KB: 10})
    assert examined(item_over_warn_line, items=archive, size_lines=SizeLines(warn_bytes=395 * KB)).status is Status.PASSED
    assert "as in an archive" in item_over_warn_line.why


def test_a_sample_can_find_but_not_pass() -> None:
    found = examined(item_over_warn_line, items=some_items({310 * KB: 2}, coverage="sample"))
    clean = examined(item_over_warn_line, items=some_items({1_000: 10}, coverage="sample"))
    assert found.problems[0].message.startswith("at least 2 items above 300.0 KB among a sample of 2 items")
    assert clean.status is Status.UNKNOWN
    assert clean.reason == "0 of a sample of 10 items are above 300.0 KB; only reading every item can exclude it"
    assert examined(item_over_warn_line, items=some_items({}, coverage="sample")).status is Status.UNKNOWN


def test_does_not_apply_to_an_empty_table() -> None:
    assert examined(item_over_warn_line, items=some_items({})).status is Status.NOT_APPLICABLE


def test_does_not_judge_items_that_were_not_read() -> None:
    denied = Unknown(call="dynamodb:Scan", reason="AccessDeniedException")
    assert examined(item_over_warn_line, items=denied).unknowns == (denied,)
