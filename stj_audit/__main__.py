"""Where the command begins, `stj-audit` or `python -m stj_audit`: with as little as possible before a Ctrl-C is listened to."""

import os
import signal
from types import FrameType
from typing import NoReturn


def main() -> NoReturn:
    """The command line; a Ctrl-C while it is imported, which is most of what `--help` takes, ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from stj_audit.cli import main as command  # noqa: PLC0415 - it is what takes the time

    command()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """As cli/interrupts.py would, which is imported later."""
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":
    main()
