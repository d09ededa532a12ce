"""
Measure stj-audit against what people use otherwise, and print one table.

    python -m benchmarks [--small] [--write] [--list] [NAME...]
"""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tabulate import tabulate

from benchmarks.measuring import DEFAULT, SMALL, Measured, Skipped, made_up_keys
from benchmarks.rows import BENCHMARKS, Benchmark
from stj_audit.items import engine

RESULTS = Path(__file__).with_name("RESULTS.md")
COLUMNS = ("name", "what", "rival", "ours", "ratio", "floor", "at least", "aim", "holds")
WIDTHS = (None, 40, 16, 26, None, 20, None, None, None)
PACKAGES = ("stj-audit", "boto3", "botocore", "orjson", "click", "isal")
EXPLANATION = """\
`ratio` is the median of the ratios of the rounds: both ways run in turns in one process, so that what else the machine does hits both.
Where the sign is `<=` it is ours over theirs, and less is better. Each runs as people run it: the rival as a plain script, ours with
Python's garbage collector set as the command's is. `rival` and `ours` are medians. `floor` is what no design could go below. CPU is
processor time, wall is what a clock on the wall shows. The corpora are made up, and the same in every run: `flat` are items of 192 bytes
and ten attributes, `web` nested items of 50 KB, `mix` 70 % flat and the rest orders, sessions, documents and a few of the web items. The
table that is scanned has no indexes. Absolute figures are those of this one machine; ratios drift less.
"""


def main(arguments: Sequence[str]) -> int:
    """Gives the exit code: 1 when a row does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure stj-audit against what people use otherwise; some minutes in all."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; the beginning of a name is enough (default: all)")
    parser.add_argument("--small", action="store_true", help="less of everything: under a minute, and more noise")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--write", action="store_true", help=f"also write benchmarks/{RESULTS.name}; of all of them only")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if not any(one.name.startswith(name) for one in BENCHMARKS)]
    if unknown:
        parser.error(f"there is no benchmark named {' or '.join(unknown)}; --list shows them")
    if options.write and options.names:
        parser.error("the results are written of all benchmarks together: leave the names out")
    chosen = [one for one in BENCHMARKS if not options.names or any(one.name.startswith(name) for name in options.names)]
    if options.list:
        _print("\n".join(f"{one.name:12} {one.what}" for one in chosen))
        return 0
    measured = []
    with made_up_keys():
        for one in chosen:
            sys.stderr.write(f"{one.name} ... ")
            sys.stderr.flush()
            found = one.measure(SMALL if options.small else DEFAULT)
            sys.stderr.write(f"{'not measured' if isinstance(found, Skipped) else _ratio(found.ratio, one.unit)}\n")
            measured.append((one, found))
    rows = [row(one, found) for one, found in measured]
    _print(tabulate(rows, headers=COLUMNS, tablefmt="simple", disable_numparse=True, maxcolwidths=list(WIDTHS)))
    if options.write:
        RESULTS.write_text(results(rows, small=options.small, load=os.getloadavg()[1]), encoding="utf-8")
    return int(any(isinstance(found, Measured) and not one.bound.holds(found.ratio) for one, found in measured))


def row(benchmark: Benchmark, found: Measured | Skipped) -> tuple[str, ...]:
    """One row of the table, by `COLUMNS`."""
    bound = benchmark.bound
    sign = "<=" if bound.at_most else ">="
    wanted = (f"{sign} {_ratio(bound.least, benchmark.unit)}", f"{sign} {_ratio(bound.aim, benchmark.unit)}")
    if isinstance(found, Skipped):
        return (benchmark.name, benchmark.what, "", f"not measured: {found.why}", "", "", *wanted, "")
    holds = "no"
    if bound.holds(found.ratio):
        holds = "yes, the aim too" if bound.reaches_aim(found.ratio) else "yes"
    return (
        benchmark.name,
        benchmark.what,
        found.rival,
        f"{found.ours} ({found.note})" if found.note else found.ours,
        _ratio(found.ratio, benchmark.unit),
        found.floor or "",
        *wanted,
        holds,
    )


def results(rows: Sequence[tuple[str, ...]], *, small: bool, load: float = 0) -> str:
    """The text of RESULTS.md. `load` is how many processes wanted to run on average."""
    command = "python -m benchmarks --write" + (" --small" if small else "")
    table = tabulate(rows, headers=COLUMNS, tablefmt="github", disable_numparse=True)
    trust = [
        *(["It was a small run, with few rounds."] if small else []),
        *([f"The machine was busy with other work: a load of {load:.0f} on {_cores()} cores."] if load > _cores() + 1 else []),
    ]
    provisional = (
        f"**Provisional.** {' '.join(trust)} The figures are to be measured again before they are relied on.\n\n" if trust else ""
    )
    return f"""# How quick it is

Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}; `make bench` measures it on your machine.

{_machine()}

{provisional}{EXPLANATION}
{table}
"""


def _machine() -> str:
    versions = ", ".join(f"{name} {version}" for name in PACKAGES if (version := _version(name)) is not None)
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}, {_cores()} cores; "
        f"{platform.python_implementation()} {platform.python_version()}, {versions}; the fold in use is {engine.ENGINE}."
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "a processor that does not say its name"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _ratio(ratio: float, unit: str) -> str:
    return f"{ratio:.3g}{unit}"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
