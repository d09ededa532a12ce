"""
The fault matrix: what can go wrong, and the tests that show how it ends. docs/faults.md is made from it (test_faults_page.py).

A test says which fault it shows: `@fault("the answer is cut short", "exit 1: ...", by="misbehaving server")`. A fault of the matrix that no
test shows makes that page fail, and so does a fault that is not in the matrix.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

TESTS = Path(__file__).parent

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """`what` goes wrong, how that `ends`, what it is brought about `by`, and the test that shows it."""

    what: str
    ends: str
    by: str
    test: str


def fault(what: str, ends: str, *, by: str) -> Callable[[Test], Test]:
    """Say what a test shows. Several may be said of one."""

    def decorate(test: Test) -> Test:
        path = Path(inspect.getsourcefile(test) or "").relative_to(TESTS.parent).as_posix()
        shown = Fault(what=what, ends=ends, by=by, test=f"{path}::{test.__name__}")
        test.__dict__.setdefault("faults", []).insert(0, shown)  # decorators are applied from below
        return test

    return decorate


def all_faults() -> Iterator[Fault]:
    """Of every test module that says so, by module and line."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "import fault\n" not in path.read_text(encoding="utf-8") and "import fault," not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))
        for one in vars(module).values():
            if inspect.isfunction(one) and one.__module__ == module.__name__:
                yield from one.__dict__.get("faults", ())
