"""
The scanners: everything that is read from AWS, one file for each thing, and `take_snapshot`, which reads it all.

Only here are AWS's answers known; what leaves is `facts.Snapshot`. A call that fails for one table makes one fact Unknown. An audit stops
only when there is nothing to audit: no credentials, no answer, no table.
"""

from stj_audit.items.plan import ItemsPlan
from stj_audit.scanners.session import Aws, AwsOptions, open_session
from stj_audit.scanners.snapshot import take_snapshot

__all__ = ["Aws", "AwsOptions", "ItemsPlan", "open_session", "take_snapshot"]
