"""A mail in Chromium, which draws what webmail draws: it fits, it asks for nothing but its picture, and axe-core has nothing against it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stj_audit.render.mail import PICTURE_CID, mail_body
from stj_audit.report import Report
from tests.engines.axe import Axe
from tests.engines.chromium import WIDEST, Browser
from tests.gated_report import hostile_gated_report
from tests.render.test_mail import whole_report

pytestmark = pytest.mark.browser

WIDTHS = (600, 360)
REPORTS: dict[str, Callable[[], Report]] = {"sample": whole_report, "hostile": lambda: hostile_gated_report(words_too=True)}
PREHEADER = "document.querySelector('[role=main] > div').getBoundingClientRect().height"
PICTURE = "(() => { const one = document.querySelector('img'); return [one.naturalWidth, one.clientWidth]; })()"


def saved(report: Report, folder: Path) -> Path:
    """The mail as a page, with its picture beside it."""
    body = mail_body(report, name="prod", link="https://example.invalid/report.html")
    (folder / "picture.png").write_bytes(body.picture or b"")
    path = folder / "mail.html"
    path.write_text(body.html.replace(f"cid:{PICTURE_CID}", "picture.png"), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_and_axe_finds_nothing(browser: Browser, axe: Axe, tmp_path: Path, name: str) -> None:
    path = saved(REPORTS[name](), tmp_path)
    for width in WIDTHS:
        browser.show(width=width, scheme="light")
        page = browser.open(path)
        assert set(page.requests) == {path.as_uri(), (tmp_path / "picture.png").as_uri()}
        assert page.console == ()
        assert browser.evaluate("window.innerWidth") == width
        assert browser.evaluate(WIDEST) <= width
        assert browser.evaluate(PREHEADER) == 0
        drawn, shown = browser.evaluate(PICTURE)
        assert drawn == 1200
        assert shown == min(560, width - 40)
        assert axe.violations(browser) == []
