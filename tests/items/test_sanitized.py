"""The scanner reads hostile bytes: a short run of both fuzzers with it compiled so that what is undefined in C ends the process."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines import engine_missing
from tests.items.sanitized import FLAGS, SanitizersMissing, build, command, environment, runtime_of_gcc, runtime_with_libfuzzer

pytestmark = pytest.mark.process

FOLDS_SECONDS = 15
GUIDED_RUNS = 1_000  # about ten seconds; a count, so that a busy machine tries as many
TIMEOUT_SECONDS = 300
FEWEST_BRANCHES = 500  # of the pure fold and what it calls; the first inputs alone reach 700
# Each as the scanner would do it: eight bytes at once where there are fewer, of a body that Python allocated; and a sum that is too large
FAULTY = """
#include <string.h>
unsigned long long overread(const unsigned char *body, int size) {
    unsigned long long word;
    memcpy(&word, body + size - 4, 8);
    return word;
}
unsigned long long overflow(const unsigned char *body, int size) { return body[0] + (2147483647 - size) + 2 * size; }
unsigned long long sound(const unsigned char *body, int size) { return body[size - 1]; }
"""
CALL = """
import ctypes, sys
print(ctypes.CDLL(sys.argv[1])[sys.argv[2]](b"x" * 1000, 1000))
"""


def runtime(of: Callable[[], list[Path]]) -> list[Path]:
    try:
        return of()
    except SanitizersMissing as missing:
        engine_missing("SANITIZERS", str(missing))


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module, compiled with sanitizers."""
    runtime(runtime_of_gcc)
    return build(tmp_path_factory.mktemp("sanitized"))


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with mistakes, compiled in the same way."""
    runtime(runtime_of_gcc)
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "faulty.c").write_text(FAULTY)
    subprocess.run(["gcc", *FLAGS, "-fPIC", "-c", "faulty.c", "-o", "faulty.o"], cwd=folder, check=True)
    subprocess.run(["gcc", "-shared", "faulty.o", "-o", "faulty.so"], cwd=folder, check=True)
    return folder / "faulty.so"


def run(command: list[str], runtime: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment(runtime),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("of", [runtime_of_gcc, runtime_with_libfuzzer])
def test_what_is_undefined_ends_the_process(faulty: Path, of: Callable[[], list[Path]]) -> None:
    sound, overread, overflow = (
        run([sys.executable, "-c", CALL, str(faulty), function], runtime(of)) for function in ("sound", "overread", "overflow")
    )
    assert (sound.returncode, sound.stdout) == (0, f"{ord('x')}\n")
    assert overread.returncode
    assert "ERROR: AddressSanitizer: " in overread.stderr
    assert "in overread " in overread.stderr
    assert overflow.returncode
    assert "runtime error: signed integer overflow" in overflow.stderr
    assert overread.stdout == overflow.stdout == ""


def test_folds_do_the_same_with_sanitizers(scanner: Path) -> None:
    started = command(scanner, "fuzz_folds", str(FOLDS_SECONDS), str(int(time.time())))
    done = run(started, runtime(runtime_of_gcc))
    said = f"{started}: {done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    assert f"scanner: {scanner}\n" in done.stdout, said
    counted = re.search(r"^(\d+) cases from seed .* scanned=(\d+)\)", done.stdout, re.MULTILINE)
    assert counted, said
    assert min(map(int, counted.groups())) > 0, said


def test_guided_inputs_do_the_same_with_sanitizers(scanner: Path, tmp_path: Path) -> None:
    started = command(scanner, "fuzz_guided", f"-runs={GUIDED_RUNS}", str(tmp_path / "corpus"))
    done = run(started, runtime(runtime_with_libfuzzer))
    found = [path.read_bytes() for path in tmp_path.glob("corpus.*-*")]  # an input that ended it
    said = f"{found}: {done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    assert f"scanner: {scanner}\n" in done.stdout, said
    [first] = re.findall(r"^#(\d+)\s+INITED cov: \d+ ft: (\d+)", done.stderr, re.MULTILINE)
    [last] = re.findall(r"^#(\d+)\s+DONE +cov: (\d+) ft: (\d+)", done.stderr, re.MULTILINE)
    assert int(last[0]) == GUIDED_RUNS > 2 * int(first[0]), said
    assert int(last[1]) > FEWEST_BRANCHES, said
    assert int(last[2]) > int(first[1]), said
