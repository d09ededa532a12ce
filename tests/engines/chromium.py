"""A headless Chromium, driven over WebDriver: Debian's packages, and nothing from the network."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest

from tests.engines import engine_missing

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Scheme = Literal["light", "dark"]
WIDTHS = (360, 460, 768, 1280, 1600)  # pixels: phones, a tablet, screens
# For `evaluate`:
WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
OPEN_ALL = "(() => { document.querySelectorAll('details').forEach(one => { one.open = true; }); return true; })()"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What happened while a page was opened: the addresses it asked for, and the messages of its console."""

    requests: tuple[str, ...]
    console: tuple[str, ...]


class Browser:
    """A few words on top of Selenium's driver, `driver`."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path) -> Page:
        """Open a file by file:// and wait until it is loaded."""
        self._log("performance")
        self._log("browser")
        self.driver.get(path.absolute().as_uri())
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        # The browser's own start page may still be loading its icons.
        requests = [one["request"]["url"] for one in asked if not one["documentURL"].startswith("chrome:")]
        return Page(requests=tuple(requests), console=tuple(entry["message"] for entry in self._log("browser")))

    def show(self, *, width: int, scheme: Scheme, height: int = 900) -> None:
        """Set the size of the viewport and the colour scheme that the user prefers."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.driver.execute_script(f"return {expression}")

    def screenshot(self, *, whole: bool = True) -> bytes:
        """The whole page, or what is in the viewport, as PNG."""
        answer = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(self.command("Page.printToPDF", printBackground=False)["data"])

    def _log(self, name: str) -> list[Any]:
        return list(self.driver.get_log(name))


def installed() -> bool:
    return CHROMIUM.is_file() and DRIVER.is_file()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with an empty profile, closed at the end. The driver's path is given, so Selenium looks for none in the network."""
    from selenium import webdriver  # noqa: PLC0415 - every test run loads this file, few need Selenium
    from selenium.webdriver.chrome.options import Options  # noqa: PLC0415 - every test run loads this file, few need Selenium
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415 - every test run loads this file, few need Selenium

    with TemporaryDirectory(prefix="stj-audit-chromium-", ignore_cleanup_errors=True) as profile:
        options = Options()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(executable_path=str(DRIVER)))
        try:
            yield Browser(driver)
        finally:
            driver.quit()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole session."""
    if not installed():
        engine_missing("CHROMIUM", "apt-get install chromium chromium-driver")
    with chromium() as running:
        yield running
