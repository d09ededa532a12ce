"""No module makes sessions, clients or connections but those that are named here with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stj_audit

pytestmark = pytest.mark.slow

PACKAGE = Path(stj_audit.__file__).parent
# What talks to the network, starts processes or loads code by name. `botocore` alone is no way out: its exceptions are used everywhere.
WAYS_OUT = (
    *("aiohttp", "asyncio", "boto3", "botocore.awsrequest", "botocore.client", "botocore.credentials", "botocore.endpoint"),
    *(
        "botocore.httpsession",
        "botocore.session",
        "botocore.tokens",
        "ctypes",
        "ftplib",
        "http",
        "httpx",
        "imaplib",
        "importlib.import_module",
    ),
    *("multiprocessing", "os.system", "poplib", "pyspark", "requests", "runpy", "s3transfer", "smtplib", "socket", "socketserver"),
    *("ssl", "subprocess", "telnetlib", "urllib.request", "urllib3", "webbrowser", "xmlrpc"),
)
ALLOWED = {
    ("read_only.py", "botocore.session"),  # the one place that makes sessions, each with its walls
    ("scanners/session.py", "botocore.session"),  # a type
    ("scanners/session.py", "botocore.credentials"),  # to assume the role, through a guarded session
    # One GET of AWS's public price file, by botocore's HTTP client
    ("scanners/prices.py", "botocore.awsrequest"),
    ("scanners/prices.py", "botocore.httpsession"),
    ("scanners/prices.py", "urllib3"),  # the exceptions of that
    ("deliver/smtp.py", "smtplib"),  # mail, from and to the configured addresses
    ("deliver/smtp.py", "ssl"),
    ("deliver/connections.py", "smtplib"),  # what those connections are made by, so that they end by a deadline
    ("deliver/connections.py", "ssl"),
    ("deliver/connections.py", "socket"),  # a type, and the word for shutting one down
    # The demo fills an imitation of AWS in its own process, and answers for it
    ("demo.py", "boto3"),
    ("demo.py", "botocore.awsrequest"),
    ("items/pool.py", "multiprocessing"),  # processes that count
    ("items/cluster.py", "pyspark"),  # Spark that counts, where it is asked for
    ("items/cluster.py", "subprocess"),  # where what starts Spark writes to
    ("checks/__init__.py", "importlib.import_module"),  # every module beside it
}
# Not `resource`: boto3 alone has it, and only the demo may import boto3
MAKERS = frozenset({"Session", "client", "create_client", "get_session"})
MAKERS_ALLOWED = {
    ("read_only.py", "Session"),
    ("scanners/session.py", "create_client"),
    ("deliver/clients.py", "create_client"),
    ("demo.py", "Session"),
    ("demo.py", "client"),
    ("checks/__init__.py", "import_module"),
    ("items/lines.py", "import_module"),  # isal, by its name alone
}
BY_NAME = frozenset({"__import__", "eval", "exec", "import_module"})


def used(tree: ast.AST) -> Iterator[str]:
    """The ways out that a module imports, or reaches through an import such as `import botocore`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"] if node.value.id in ("botocore", "os", "urllib") else []
        else:
            continue
        yield from (way for way in WAYS_OUT for name in names if name == way or name.startswith(f"{way}."))


def made(tree: ast.AST) -> Iterator[str]:
    """What makes sessions and clients, and what loads or runs code by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKERS or name in BY_NAME:
                yield name


def annotations_left_out(tree: ast.Module) -> ast.Module:
    """Without what only type checkers read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    found = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    assert len(found) > 200
    return {name: annotations_left_out(ast.parse(path.read_text(encoding="utf-8"))) for name, path in found.items()}


def test_the_ways_out_are_those_that_are_named(trees: dict[str, ast.Module]) -> None:
    assert {(name, way) for name, tree in trees.items() for way in used(tree)} == ALLOWED


def test_sessions_and_clients_are_made_where_it_is_said(trees: dict[str, ast.Module]) -> None:
    assert {(name, maker) for name, tree in trees.items() for maker in made(tree)} == MAKERS_ALLOWED


def test_the_compiled_module_opens_nothing() -> None:
    imports = [line for line in (PACKAGE / "items/_scanner.pyx").read_text(encoding="utf-8").splitlines() if "import " in line]
    assert not [line for line in imports if any(way in line for way in (*WAYS_OUT, "posix"))]


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "from urllib import request",
        "import urllib.request as r",
        "from botocore.session import Session",
        "import botocore\nbotocore.session.get_session()",
        "def f():\n    import boto3",
    ],
)
def test_a_way_out_is_found(source: str) -> None:
    assert list(used(ast.parse(source)))


@pytest.mark.parametrize("source", ["session.create_client('s3')", "Session()", "x.client('dynamodb')", "__import__('socket')"])
def test_what_makes_a_client_is_found(source: str) -> None:
    assert list(made(ast.parse(source)))
