"""
Pictures of an HTML report, to look at: narrow and wide, light and dark, the whole page.

    python -m tests.render.screenshots REPORT.html OUTDIR           every width and scheme
    python -m tests.render.screenshots REPORT.html OUTDIR --top     the top of the page only, light: the README's picture
"""

import sys
from pathlib import Path

from tests.engines.chromium import Scheme, chromium

WIDTHS = (400, 1280)
TOP_SIZE = (1060, 1250)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def take(report: Path, folder: Path) -> list[Path]:
    """Write one PNG for each width and scheme into `folder`; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with chromium() as browser:
        browser.open(report)
        for width in WIDTHS:
            for scheme in SCHEMES:
                browser.show(width=width, scheme=scheme)
                path = folder / f"{report.stem}-{width}-{scheme}.png"
                path.write_bytes(browser.screenshot())
                paths.append(path)
    return paths


def take_top(report: Path, folder: Path) -> list[Path]:
    """Write the PNG that the README shows into `folder`; gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.stem}-light.png"
    with chromium() as browser:
        browser.open(report)
        browser.show(width=TOP_SIZE[0], height=TOP_SIZE[1], scheme="light")
        path.write_bytes(browser.screenshot(whole=False))
    return [path]


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--top"]):
        sys.exit(__doc__)
    for path in (take_top if sys.argv[3:] else take)(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{path}\n")
