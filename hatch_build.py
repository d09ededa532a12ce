"""
Compiles the scanner when the package is built or installed. Where that is not possible it is left out, and the pure fold counts instead:
the same, slower. STJ_AUDIT_BUILD=pure leaves it out on purpose.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
MODULE = "stj_audit.items._scanner"
FOLDER = "stj_audit/items"
SOURCE = f"{FOLDER}/_scanner.pyx"
OPTIMIZED = ["/O2"] if os.name == "nt" else ["-O3", "-g0"]


class ScannerHook(BuildHookInterface[Any]):
    """Puts the compiled scanner into a wheel; for an editable installation, beside its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        editable = version == "editable"
        built = None
        if os.environ.get("STJ_AUDIT_BUILD") != "pure":
            self._folder = tempfile.TemporaryDirectory()
            built = _compiled(Path(self._folder.name))
            if built is None:
                self.app.display_warning(
                    "stj-audit: the scanner could not be compiled (is there a C compiler?); the pure one is installed, which is slower"
                )
        if editable:  # what was compiled before may be of another source, or of another Python
            for stale in (*(ROOT / FOLDER).glob("_scanner*.so"), *(ROOT / FOLDER).glob("_scanner*.pyd")):
                stale.unlink()
        if built is None:
            return
        if editable:
            shutil.copy(built, ROOT / FOLDER / built.name)
        else:
            build_data["force_include"][str(built)] = f"{FOLDER}/{built.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - as hatchling calls it
        folder = getattr(self, "_folder", None)
        if folder is not None:
            folder.cleanup()


def _compiled(folder: Path) -> Path | None:
    """The compiled module in `folder`; None: it could not be compiled. In a process of its own, whose many lines nobody needs."""
    done = subprocess.run([sys.executable, __file__, str(folder)], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - this file itself
    built = [path for path in (folder / FOLDER).glob("_scanner.*") if path.suffix in (".so", ".pyd")]
    return built[0] if done.returncode == 0 and built else None


def _compile(folder: str, flags: list[str]) -> None:
    """`flags`: for the compiler, after the usual ones; a test gives those that find what is undefined in C."""
    from Cython.Build import cythonize  # noqa: PLC0415 - only where it is built
    from setuptools import Distribution, Extension  # noqa: PLC0415 - likewise

    extensions = cythonize([Extension(MODULE, [SOURCE], extra_compile_args=[*OPTIMIZED, *flags])], build_dir=folder, quiet=True)
    # Not setup(): it would read pyproject.toml, which is not written for it
    command = Distribution({"name": "scanner", "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = folder
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    _compile(sys.argv[1], sys.argv[2:])
