"""
AWS's own engine: DynamoDB Local, found or fetched, and started once a session.

Its licence forbids shipping it, so it is never part of this project: it is taken from $STJ_AUDIT_DYNAMODB_LOCAL (a folder that has
DynamoDBLocal.jar), or else from the npm package in which AWS's Amplify publishes it.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.engines import engine_missing
from tests.engines.npm import NotFetched, npm_package

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FOLDER = "STJ_AUDIT_DYNAMODB_LOCAL"
NPM_PACKAGE = "amplify-dynamodb-simulator"
NPM_VERSION = "2.9.30"  # carries DynamoDB Local 1.25.1; pinned, so that every machine tests against the same engine
REGION = "eu-north-1"
START_SECONDS = 60
# The client compiler and the serial collector halve the start: 2.5 s instead of 5.
JVM_FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


class EngineUnavailable(Exception):
    """DynamoDB Local cannot be had here; the message says what to install."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DynamoDBLocal:
    """A running DynamoDB Local. It is shared by the whole session: name tables with `fresh_name`."""

    endpoint_url: str

    def client(self) -> "DynamoDBClient":
        """A new boto3 client with made-up keys, without retries."""
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=32)
        return session.client("dynamodb", endpoint_url=self.endpoint_url, config=config)


def fresh_name(prefix: str) -> str:
    """A table name that no other test uses: `prefix`, a hyphen and twelve hex digits."""
    return f"{prefix}-{uuid4().hex[:12]}"


def create_plain_table(client: "DynamoDBClient", name: str) -> None:
    """A table on demand with the key `id`, a string."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocal]:
    """DynamoDB Local, empty at the start of the session. Tests that use it are marked `dynamodb_local`."""
    try:
        folder = engine_folder()
    except EngineUnavailable as missing:
        engine_missing("DYNAMODB LOCAL", str(missing))
    with running_dynamodb_local(folder) as engine:
        yield engine


@contextmanager
def running_dynamodb_local(folder: Path | None = None) -> Iterator[DynamoDBLocal]:
    """
    Start DynamoDB Local in memory on a free port, and stop it at the end; also for use outside pytest.

    Raises EngineUnavailable when Java or the jar is missing, RuntimeError with the engine's own words when it does not start.
    """
    folder = folder or engine_folder()
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="stj-audit-dynamodb-local-") as scratch:
        command = (
            *("java", *JVM_FLAGS, f"-Djava.io.tmpdir={scratch}", f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}"),
            *("-jar", str(folder / "DynamoDBLocal.jar"), "-inMemory", "-disableTelemetry", "-sharedDb", "-port", str(port)),
        )
        log = Path(scratch) / "engine.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            engine = DynamoDBLocal(endpoint_url=f"http://127.0.0.1:{port}")
            _wait_until_it_answers(engine, process, log)
            yield engine
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def engine_folder() -> Path:
    """The folder of DynamoDBLocal.jar, fetched into the cache on first use. Raises EngineUnavailable."""
    if shutil.which("java") is None:
        raise EngineUnavailable("install Java 17 or newer (java is not on the PATH)")
    named = os.environ.get(FOLDER)
    if named:
        if not (Path(named) / "DynamoDBLocal.jar").is_file():
            raise EngineUnavailable(f"{FOLDER} points to a folder without DynamoDBLocal.jar")
        return Path(named)
    try:
        return npm_package(NPM_PACKAGE, NPM_VERSION) / "emulator"
    except NotFetched as missing:
        raise EngineUnavailable(f"{missing}, or point {FOLDER} to a folder that has DynamoDBLocal.jar") from missing


def _wait_until_it_answers(engine: DynamoDBLocal, process: subprocess.Popen[bytes], log: Path) -> None:
    client = engine.client()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
        else:
            client.close()
            return
    client.close()
    raise RuntimeError(f"DynamoDB Local did not start (it needs Java 17 or newer):\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
