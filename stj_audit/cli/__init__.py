"""
The command line: a command is its options, one call, echo, exit code. What is imported late is imported late so that --help is quick.

Results go to stdout, everything else to stderr. Exit codes: 0 audited, 1 the audit failed, 2 wrong command line or configuration, 130
interrupted; 3 and 4 are those of the gate (see gate.py): found, and not known.
"""

from stj_audit.cli.entry import GARBAGE_AFTER, cli, main

__all__ = ["GARBAGE_AFTER", "cli", "main"]
