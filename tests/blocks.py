"""Blocks of the documentation, run as they stand: found in their section, and started as a runner of GitHub starts a step."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.commands import KEYS
from tests.engines import engine_missing
from tests.engines.dynamodb_local import REGION, EngineUnavailable, create_plain_table, engine_folder, running_dynamodb_local

Finished = subprocess.CompletedProcess[str]


def blocks(text: str, section: str, language: str) -> list[str]:
    """The blocks of a language in the section of Markdown under that heading."""
    within = text.split(f"\n## {section}\n")[1].split("\n## ", maxsplit=1)[0]
    return re.findall(rf"```{language}\n(.*?)```", within, flags=re.DOTALL)


def run_step(script: str, *, cwd: Path, environment: dict[str, str]) -> Finished:
    """As GitHub's runner does with `shell: bash`."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stderr)  # noqa: T201 - pytest shows it with a failure
    return done


def environment_of_a_build(home: Path) -> dict[str, str]:
    """Nothing of ours, or of whoever runs the tests; and no compiler is waited for."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "LC_", "LANG", "SSL_", "XDG_"))}
    return kept | {"PATH": os.environ["PATH"], "HOME": str(home), "STJ_AUDIT_BUILD": "pure", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@contextmanager
def an_engine_with_orders() -> Iterator[dict[str, str]]:
    """What the environment has for an engine of its own that has one table, `orders`, with an item above the line."""
    try:
        folder = engine_folder()
    except EngineUnavailable as missing:
        engine_missing("DYNAMODB LOCAL", str(missing))
    with running_dynamodb_local(folder) as engine:
        client = engine.client()
        create_plain_table(client, "orders")
        client.put_item(TableName="orders", Item={"id": {"S": "a"}, "pad": {"S": "x" * 310_000}})
        yield KEYS | {"AWS_REGION": REGION, "STJ_AUDIT_ENDPOINT_URL": engine.endpoint_url}
