"""What `pip install` gets."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_carries_templates_price_sheets_and_types(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {path.name for path in (ROOT / "reports/templates").iterdir()}
    assert {f"stj_audit/templates/{name}" for name in templates} <= names
    assert "stj_audit/py.typed" in names
    assert sum(name.startswith("stj_audit/cost/price_sheets/") for name in names) == 36
    assert not any(name.startswith("tests/") for name in names)
