"""The version: in a file of its own, so that the pure middle need not import the package's front door."""

__version__ = "0.1.0"
