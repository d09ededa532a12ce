"""
Many hostile facts through every format: `python -m tests.render.fuzz_hostile 10000 1`, a number of facts and a seed.

Prints figures, and what is wrong; exits with 1 where anything is.
"""

import sys
import time
from collections import Counter

from stj_audit.render import FORMATS
from tests.checks.hostile_names import faults_of_names
from tests.render.hostile_texts import Texts, faults, hostile_report


def main(facts: int, seed: int) -> int:
    began, planted, reports, names = time.monotonic(), 0, 0, 0
    found: Counter[str] = Counter()
    while planted < facts:
        texts = Texts(seed * 1_000_003 + reports)
        found.update(faults(hostile_report(texts)))
        planted += texts.given
        reports += 1
    for number in range(max(facts // 100, 1)):
        found.update(faults_of_names(seed * 1_000_003 + number))
        names += 1
    for fault, times in found.most_common(40):
        print(f"{times} x {fault}")  # noqa: T201 - a command
    print(  # noqa: T201 - a command
        f"{planted:,} hostile facts in {reports} reports through {len(FORMATS)} formats, costs, comparison, gate and mail; commands and "
        f"configurations of {names} hostile tables; {sum(found.values())} faults; {time.monotonic() - began:.0f} s"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
