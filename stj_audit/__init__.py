"""Reads DynamoDB tables without touching them, and says how healthy they are, what they cost and what to do first."""

__version__ = "0.1.0"
