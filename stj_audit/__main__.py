"""`python -m stj_audit`."""

from stj_audit.cli import main

main()
