"""
axe-core, Deque's checker of accessibility: run in a page that the browser shows.

Its licence (MPL-2.0) would allow shipping it, but half a megabyte of other people's script is no source of this project: it is fetched
from npm into the cache.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.engines import engine_missing
from tests.engines.chromium import Browser
from tests.engines.npm import NotFetched, npm_package

NPM_PACKAGE = "axe-core"
NPM_VERSION = "4.14.1"  # pinned: a newer one may know more rules, and fail a page that did not change
RUN = """const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(done, error => done({error: String(error)}));"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Axe:
    """The script, as text."""

    script: str

    def violations(self, browser: Browser) -> list[str]:
        """What axe has against the page as it is shown: "rule: where", one for each element. Closed details are not looked into."""
        browser.driver.execute_script(self.script)
        answer: dict[str, Any] = browser.driver.execute_async_script(RUN)
        assert "error" not in answer, answer["error"]
        assert len(answer["passes"]) > 0, "axe checked nothing"
        return [f"{one['id']}: {node['target']}" for one in answer["violations"] for node in one["nodes"]]


@pytest.fixture(scope="session")
def axe() -> Axe:
    """axe-core's script. Tests that use it are marked `browser`."""
    try:
        folder = npm_package(NPM_PACKAGE, NPM_VERSION)
    except NotFetched as missing:
        engine_missing("AXE-CORE", str(missing))
    return Axe(script=(folder / "axe.min.js").read_text(encoding="utf-8"))
