"""What `pip install` gets."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
FOLDS = """
from stj_audit.items.engine import ENGINE, new_fold
from tests.builders import a_table
one = new_fold(a_table(), hash_key=b"key")
print(ENGINE, one.add_page(b'{"Items":[{"id":{"S":"a"}}],"Count":1,"ScannedCount":1}').item_bytes)
"""


def built(folder: Path, **environment: str) -> tuple[Path, str]:
    """The wheel, and what was said while it was built."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    [archive] = folder.iterdir()
    return archive, done.stdout + done.stderr


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a release is made of, but for the wheels that are compiled."""

    wheel: Path
    source: Path


def released(root: Path, folder: Path) -> Release:
    """Both archives, built from the source in `root`."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    environment = {**os.environ, "STJ_AUDIT_BUILD": "pure", "SOURCE_DATE_EPOCH": "1764547200"}
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Release(wheel=wheel, source=source)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return released(ROOT, tmp_path_factory.mktemp("release"))


def names_in(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def scanner_in(wheel: Path) -> list[str]:
    return [name for name in names_in(wheel) if name.startswith("stj_audit/items/_scanner.") and name.endswith((".so", ".pyd"))]


def fold_of(wheel: Path, folder: Path) -> str:
    """What the fold of an unpacked wheel says of itself, and of one page."""
    zipfile.ZipFile(wheel).extractall(folder)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-P", "-c", FOLDS],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    return done.stdout.strip()


def test_the_wheel_carries_templates_price_sheets_and_types(release: Release) -> None:
    wheel = release.wheel
    names = names_in(wheel)
    templates = {path.name for path in (ROOT / "reports/templates").iterdir()}
    assert {f"stj_audit/templates/{name}" for name in templates} <= names
    assert "stj_audit/py.typed" in names
    assert {f"stj_audit/render/fonts/{name}" for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE")} <= names
    assert [name for name in names if name.endswith(".dist-info/licenses/stj_audit/render/fonts/LICENSE")]
    assert sum(name.startswith("stj_audit/cost/price_sheets/") for name in names) == 36
    assert not any(name.startswith("tests/") for name in names)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not scanner_in(wheel)


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_with_a_compiler_the_wheel_has_the_compiled_scanner(tmp_path: Path) -> None:
    wheel, _ = built(tmp_path / "built")
    assert not wheel.name.endswith("-none-any.whl")
    assert f"cp{sys.version_info.major}{sys.version_info.minor}" in wheel.name
    assert len(scanner_in(wheel)) == 1
    assert fold_of(wheel, tmp_path / "unpacked") == "compiled 3"


@pytest.mark.process
def test_without_a_compiler_it_says_so_in_one_line_and_counts_all_the_same(tmp_path: Path) -> None:
    wheel, said = built(tmp_path / "built", CC="false")
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not scanner_in(wheel)
    assert len([line for line in said.splitlines() if "could not be compiled" in line]) == 1
    assert len(said.splitlines()) == 2  # that, and where the wheel is
    assert fold_of(wheel, tmp_path / "unpacked") == "pure 3"


def test_what_is_compiled_from_is_in_the_source_archive(release: Release) -> None:
    with tarfile.open(release.source) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"hatch_build.py", "stj_audit/items/_scanner.pyx"} <= names
    assert {"stj_audit/render/fonts/DejaVuSans.ttf", "stj_audit/render/fonts/LICENSE", "reports/templates/mail.html.j2"} <= names
    assert not any(name.endswith((".so", ".pyd", "_scanner.c")) for name in names)


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="needs git, and a checkout of it")
def test_the_source_archive_is_what_git_has_and_no_more(release: Release) -> None:
    """Nothing that tools leave beside it: `make lock` and `make audit` make an environment of 100 MB there."""
    with tarfile.open(release.source) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert names == {*git("ls-files", "--cached", "--others", "--exclude-standard"), "PKG-INFO"}
    left_there = [".venv", ".venv-tools", ".venv-cluster", "dist/"]
    assert git("check-ignore", *left_there) == left_there


def git(*words: str) -> list[str]:
    """The lines that it prints."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_release_is_built_again_to_the_byte(release: Release, tmp_path: Path) -> None:
    """From the source archive, in another folder, whose files are as old as their unpacking."""
    with tarfile.open(release.source) as files:
        files.extractall(tmp_path, filter="data")
    [root] = tmp_path.iterdir()
    for path in root.rglob("*"):
        path.touch()
    again = released(root, tmp_path / "again")
    assert again.wheel.name == release.wheel.name
    assert again.wheel.read_bytes() == release.wheel.read_bytes()
    assert again.source.read_bytes() == release.source.read_bytes()
