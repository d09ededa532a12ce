"""
A table as it is defined, whatever the language was: its properties by the names of AWS::DynamoDB::Table, and what else is said of it.

Values that are decided at deployment are `Unresolved`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stj_audit.declared.intrinsics import Unresolved
from stj_audit.facts import Language
from stj_audit.report import SourceLine


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """
    One table. `id` is the logical id, or Terraform's address; `properties` are those of AWS::DynamoDB::Table. `targets`, `policies` and
    `alarms` are those of the same file, in the words of their APIs; `scaling_unknown` and `alarms_unknown` are why these are not known.

    `unknown` is why nothing but the name is known of it, or why not even that it is made. `notes` are sentences for the reader.
    """

    id: str
    source: SourceLine
    language: Language
    properties: Mapping[str, Any]
    replicas: tuple[str, ...] = ()
    global_table_version: str | None = None
    targets: Sequence[Mapping[str, Any]] = ()
    policies: Sequence[Mapping[str, Any]] = ()
    scaling_unknown: Unresolved | None = None
    alarms: Sequence[Mapping[str, Any]] = ()
    alarms_unknown: Unresolved | None = None
    unknown: Unresolved | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name; the id where the name is given at deployment."""
        return str(self.properties["TableName"]) if self.is_named else self.id

    @property
    def is_named(self) -> bool:
        """Whether the name is known: YAML reads one of digits as a number."""
        name = self.properties.get("TableName")
        return isinstance(name, str | int) and name != ""
