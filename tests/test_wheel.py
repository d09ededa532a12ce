"""What `pip install` gets."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDS = """
from stj_audit.items.engine import ENGINE, new_fold
from tests.builders import a_table
one = new_fold(a_table(), hash_key=b"key")
print(ENGINE, one.add_page(b'{"Items":[{"id":{"S":"a"}}],"ScannedCount":1}').item_bytes)
"""


def built(folder: Path, target: str = "wheel", **environment: str) -> tuple[Path, str]:
    """The archive, and what was said while it was built."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    [archive] = folder.iterdir()
    return archive, done.stdout + done.stderr


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


def test_the_wheel_carries_templates_price_sheets_and_types(tmp_path: Path) -> None:
    wheel, _ = built(tmp_path, STJ_AUDIT_BUILD="pure")
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


def test_what_is_compiled_from_is_in_the_source_archive(tmp_path: Path) -> None:
    archive, _ = built(tmp_path, target="sdist")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"hatch_build.py", "stj_audit/items/_scanner.pyx"} <= names
    assert {"stj_audit/render/fonts/DejaVuSans.ttf", "stj_audit/render/fonts/LICENSE", "reports/templates/mail.html.j2"} <= names
    assert not any(name.endswith((".so", ".pyd", "_scanner.c")) for name in names)
