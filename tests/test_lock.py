"""What CI installs is pinned, hashed, and what the project asks for."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements/ci.txt").read_text(encoding="utf-8")
PYTHONS = ("3.11", "3.12", "3.13")
CI = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


def entries() -> Iterator[tuple[Requirement, list[str]]]:
    """Each pin with its hashes."""
    for entry in re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip()):
        pin, *hashes = re.split(r"\s*\\\n\s*", entry)
        yield Requirement(pin), hashes


def asked() -> set[str]:
    groups = PYPROJECT["dependency-groups"]
    named = [one for group in groups.values() for one in group if isinstance(one, str)]
    return {*PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"]["demo"], *named}


def test_every_package_has_one_version_and_hashes() -> None:
    found = list(entries())
    assert len(found) > 80
    for pin, hashes in found:
        assert re.fullmatch(r"==[^*,]+", str(pin.specifier)), pin
        assert hashes, pin
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), pin
    assert "//" not in LOCK  # from wherever the one who installs it takes packages


@pytest.mark.parametrize("python", PYTHONS)
def test_it_has_what_the_project_asks_for(python: str) -> None:
    """Where it does not: `make lock`."""
    here = {**CI, "python_version": python, "python_full_version": f"{python}.1"}
    pinned = {canonicalize_name(pin.name): pin.specifier for pin, _ in entries() if pin.marker is None or pin.marker.evaluate(here)}
    for wanted in map(Requirement, asked()):
        if wanted.marker is None or wanted.marker.evaluate(here):
            version = str(pinned[canonicalize_name(wanted.name)]).removeprefix("==")
            assert version in wanted.specifier, wanted
