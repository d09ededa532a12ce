"""
Pictures of an HTML report, to look at: narrow and wide, light and dark, the whole page.

    python -m tests.render.screenshots REPORT.html OUTDIR
"""

import sys
from pathlib import Path

from tests.engines.chromium import Scheme, chromium

WIDTHS = (460, 1280)
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


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for path in take(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{path}\n")
