"""Read a table of PAGES pages at URL, and print this process's memory in bytes: before the first page, and at its peak."""

import resource
import sys
from pathlib import Path

from benchmarks.scans import read_whole

_STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Where Linux tells it: getrusage's figure has in it what the process that started this one held."""
    if _STATUS.exists():
        (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(url: str, pages: int) -> None:
    before = peak_bytes()
    read_whole(url, pages)
    sys.stdout.write(f"{before} {peak_bytes()}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
