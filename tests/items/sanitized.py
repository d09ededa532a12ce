"""
A fuzzer with the scanner compiled for it by AddressSanitizer and UndefinedBehaviorSanitizer: what is undefined in C ends the process.

    python -m tests.items.sanitized fuzz_folds SECONDS [SEED]
    python -m tests.items.sanitized fuzz_guided -max_total_time=SECONDS CORPUS

compiles it, half a minute, and runs that fuzzer with these arguments. It needs gcc and the sanitizers of gcc; the second one, Atheris.
"""

import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# For the compiler alone: what is linked without a runtime takes the one that was loaded before, which is that of gcc or one with libFuzzer.
FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1", "-g1")
WITH_LIBFUZZER = "asan_with_fuzzer.so"  # Atheris brings it
# Takes the folder of a module that stands in for the installed one, and a fuzzer with its arguments
RUN = """
import runpy, sys
import stj_audit.items
stj_audit.items.__path__.insert(0, sys.argv[1])
from stj_audit.items import _scanner
print("scanner:", _scanner.__file__, flush=True)
del sys.argv[:2]
runpy.run_module(f"tests.items.{sys.argv[0]}", run_name="__main__", alter_sys=True)
"""


class SanitizersMissing(Exception):
    """Says what to install."""


def runtime_of_gcc() -> list[Path]:
    """Raises SanitizersMissing."""
    return [_library(name) for name in ("libasan.so", "libubsan.so")]


def runtime_with_libfuzzer() -> list[Path]:
    """Raises SanitizersMissing."""
    try:
        files = metadata.files("atheris") or []
    except metadata.PackageNotFoundError:
        raise SanitizersMissing(
            "install Atheris (dependency group `fuzz`; there are wheels for CPython on Linux x86-64, and none elsewhere)"
        ) from None
    return [Path(str(file.locate())) for file in files if file.name == WITH_LIBFUZZER]


def _library(name: str) -> Path:
    try:
        place = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        place = ""
    if not Path(place).is_absolute():  # it gives the mere name of what it has not
        raise SanitizersMissing("install gcc with its sanitizers (Debian: apt-get install gcc libc6-dev)")
    return Path(place)


def build(folder: Path) -> Path:
    """Compiles the scanner; gives the module."""
    command = [sys.executable, "hatch_build.py", str(folder), *FLAGS]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "CC": "gcc"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    [module] = folder.glob("stj_audit/items/_scanner*.so")
    return module


def environment(runtime: list[Path]) -> dict[str, str]:
    """In which Python has each object in a block of its own, so that what lies beside it is known, and gives back nothing at its end."""
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(map(str, runtime)),
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(ROOT),
    }


def command(module: Path, fuzzer: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, str(module.parent), fuzzer, *arguments]


def main(fuzzer: str, *arguments: str) -> int:
    try:
        runtime = runtime_of_gcc()
        if fuzzer == "fuzz_guided":
            runtime = runtime_with_libfuzzer()
    except SanitizersMissing as missing:
        sys.exit(str(missing))
    with tempfile.TemporaryDirectory() as folder:
        started = command(build(Path(folder)), fuzzer, *arguments)
        return subprocess.run(started, env=environment(runtime), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
