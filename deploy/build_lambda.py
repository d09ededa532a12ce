"""
Builds the package for AWS Lambda, without the SAM CLI: `python deploy/build_lambda.py dist/stj-audit-lambda.zip`.

It has stj-audit and what that depends on, with the extra `email`, but boto3, which Lambda has. What is compiled comes from PyPI, for the
processor and the Python of the function, whatever machine this is; the scanner of items is compiled here where this machine is like the
function's, and left out elsewhere: then Python counts, the same, slower. The same input makes the same file, to the byte.
"""

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
PYTHON = (3, 13)  # of the runtime in template.yaml
MACHINES = {"arm64": ("aarch64", "arm64"), "x86_64": ("x86_64", "AMD64")}  # as Lambda calls it: as `uname -m` and others do
GLIBC = (
    "manylinux2014",
    "manylinux_2_17",
    "manylinux_2_28",
    "manylinux_2_34",
)  # what runs on Amazon Linux 2023, which has glibc 2.34
EXTRA = "email"
IN_LAMBDA = "boto3"
CONFIG = "stj-audit.toml"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file knows
MAX_UNPACKED_BYTES = 250 * 1024**2  # AWS Lambda developer guide, "Lambda quotas"
# What pip leaves behind of itself and of this machine, and what nobody imports
LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
SUFFIXES_LEFT_OUT = (".pyc", ".pyx")
FOLDERS_LEFT_OUT = frozenset({"__pycache__", "bin"})


def main() -> None:
    """One zip file, and what is in it in two lines."""
    given = _arguments()
    here = platform.machine()
    alike = sys.platform == "linux" and here in MACHINES[given.architecture] and sys.version_info[:2] == PYTHON
    if given.installed and not alike:
        print(f"warning: this is Python {platform.python_version()} on {here}: the package runs on the same only", file=sys.stderr)  # noqa: T201 - a script
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "package"
        folder.mkdir()
        _add_project(folder, compiled=alike or given.installed, isolated=not given.installed)
        wanted = _requirements(boto3=given.with_boto3)
        if given.installed:
            _add_installed(wanted, folder)
        else:
            _add_from_index(wanted, folder, given.architecture)
        if given.config is not None:
            shutil.copy(given.config, folder / CONFIG)
        unpacked = _write(folder, given.out)
        is_compiled = any((folder / "stj_audit/items").glob("_scanner.*.so"))
    packed = given.out.stat().st_size
    print(f"{given.out}: {packed / 1024**2:.1f} MB, {unpacked / 1024**2:.1f} MB unpacked")  # noqa: T201 - a script
    scanner = (
        "compiled" if is_compiled else "pure Python: build on Linux with Python 3.13 and the same processor for the compiled one"
    )
    print(f"scanner: {scanner}; boto3: {'in the package' if given.with_boto3 else 'that of Lambda'}")  # noqa: T201 - a script
    if unpacked > MAX_UNPACKED_BYTES:
        sys.exit(f"{given.out} is too large: Lambda takes {MAX_UNPACKED_BYTES / 1024**2:.0f} MB unpacked")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the package for AWS Lambda.")
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "dist/stj-audit-lambda.zip", metavar="OUT.zip")
    parser.add_argument("--architecture", choices=sorted(MACHINES), default="arm64", help="as in template.yaml (default: arm64)")
    parser.add_argument("--config", type=Path, metavar=CONFIG, help="put this configuration into the package")
    parser.add_argument("--with-boto3", action="store_true", help="put boto3 into it too, which makes it some 15 MB larger")
    parser.add_argument("--installed", action="store_true", help="take what is installed beside this Python, instead of PyPI's")
    given = parser.parse_args()
    if given.config is not None and not given.config.is_file():
        parser.error(f"{given.config} is no file")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    return given


def _add_project(folder: Path, *, compiled: bool, isolated: bool) -> None:
    """stj-audit itself, as `pip install` has it."""
    environment = dict(os.environ) if compiled else {**os.environ, "STJ_AUDIT_BUILD": "pure"}
    with tempfile.TemporaryDirectory() as wheels:
        _pip(
            "wheel",
            "--no-deps",
            *([] if isolated else ["--no-build-isolation"]),
            "--wheel-dir",
            wheels,
            str(ROOT),
            environment=environment,
        )
        [wheel] = Path(wheels).iterdir()
        with zipfile.ZipFile(wheel) as files:
            files.extractall(folder)


def _requirements(*, boto3: bool) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"].get(EXTRA, [])]
    return [one for one in wanted if boto3 or _name(one) != IN_LAMBDA]


def _add_from_index(wanted: Iterable[str], folder: Path, architecture: str) -> None:
    machine = MACHINES[architecture][0]
    platforms = [word for glibc in GLIBC for word in ("--platform", f"{glibc}_{machine}")]
    version = ".".join(map(str, PYTHON))
    _pip(
        *("install", "--target", str(folder), "--only-binary=:all:", "--no-compile", "--implementation=cp"),
        *(f"--python-version={version}", *platforms, *wanted),
    )


def _add_installed(wanted: Iterable[str], folder: Path) -> None:
    """Distributions as they lie beside this Python, and those that they need. An optional one that is not there is left out."""
    todo, seen = [_name(one) for one in wanted], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if any(_name(one) == name for one in wanted):
                sys.exit(f"{name} is not installed beside this Python")
            continue  # of another platform, say
        todo += [_name(one) for one in found.requires or () if "extra ==" not in one]
        for file in found.files or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.is_file():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / file)


def _name(requirement: str) -> str:
    """The name in a requirement, as all of them are compared."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def _write(folder: Path, out: Path) -> int:
    """The zip file, sorted, undated, with one mode for all; the bytes of what is in it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    unpacked = 0
    with zipfile.ZipFile(out, "w") as package:
        for name in filter(_is_wanted, names):
            content = (folder / name).read_bytes()
            unpacked += len(content)
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16  # the function's user is another one, and must be able to read it
            package.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return unpacked


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    is_pips = path.parent.name.endswith(".dist-info") and path.name in LEFT_OUT
    return not (is_pips or path.suffix in SUFFIXES_LEFT_OUT or FOLDERS_LEFT_OUT & set(path.parts[:-1]))


def _pip(*arguments: str, environment: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - pip itself
    if done.returncode:
        sys.exit(f"pip {arguments[0]} failed:\n{done.stderr.strip()}")


if __name__ == "__main__":
    main()
