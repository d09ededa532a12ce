"""
What a check says: severities, categories, problems, and one `Result` for each check and table.

`Result` must exist: with only findings and skips, "passed" and "never looked" would be the same, and a grade could not tell them apart.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum

from stj_audit.facts import BillingMode, TableClass, Unknown

Evidence = int | float | str | None


class Severity(IntEnum):
    """How bad a problem is, ascending, so that severities compare."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """ "high": the word in options, reports and the run file."""
        return self.name.lower()


class Category(Enum):
    """The eight categories of the assessment: id in the run file, title in reports."""

    PRIMARY_KEY_DESIGN = ("primary-key-design", "Primary Key Design")
    GSI_COVERAGE = ("gsi-coverage", "GSI Coverage")
    GSI_PROJECTIONS = ("gsi-projections", "GSI Projections")
    TABLE_STRUCTURE = ("table-structure", "Table Structure")
    CAPACITY_PLANNING = ("capacity-planning", "Capacity Planning")
    BACKUP_STRATEGY = ("backup-strategy", "Backup Strategy")
    COST_OPTIMIZATION = ("cost-optimization", "Cost Optimization")
    SCALABILITY = ("scalability", "Scalability")

    @property
    def id(self) -> str:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveIndex:
    """The change "delete this index", which nobody reads."""

    index: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeIndex:
    """The change "read from `into` instead (None: the table itself), and delete this index"."""

    index: str
    into: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveTable:
    """The change "delete this table"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UseTableClass:
    """The change "move this table to another table class"."""

    table_class: TableClass


@dataclass(frozen=True, kw_only=True, slots=True)
class UseBillingMode:
    """
    The change "move this table, with its indexes, to the other capacity mode"; provisioned means with auto scaling at 70 %. `estimated`:
    by hourly sums, in which shorter peaks are not seen: an upper bound.
    """

    billing_mode: BillingMode
    estimated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NarrowIndex:
    """
    The change "let this index hold the keys and `attributes` only".

    `attributes` None: what its queries need is not known. Then the saving is an upper bound: it is taken that the index holds the keys
    only, that its queries find single items and read them from the table, and that no update changes a key of the index.
    """

    index: str
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WidenIndex:
    """The change "let this index hold `attributes` too", so that what its queries find need not be fetched from the table."""

    index: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitAttribute:
    """The change "move this attribute to a table of its own, with the same key"."""

    attribute: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressAttribute:
    """The change "store this attribute compressed". `estimated`: without declared patterns, by the mean item: an upper bound."""

    attribute: str
    estimated: bool = False


Change = (
    RemoveIndex
    | MergeIndex
    | RemoveTable
    | UseTableClass
    | UseBillingMode
    | NarrowIndex
    | WidenIndex
    | SplitAttribute
    | CompressAttribute
)


def is_bound(change: Change | None) -> bool:
    """Whether what the change saves is an upper bound: shown as such, and not held against the cost grade as if it were sure."""
    match change:
        case NarrowIndex(attributes=None) | CompressAttribute(estimated=True) | UseBillingMode(estimated=True):
            return True
        case _:
            return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """
    One defect, as a check yields it; the machinery stamps check, table and default severity on it.

    `message` is one sentence with the numbers; `fix` one that says what to do. `current`, `benefit` and `migration` fill the
    "What could be improved" section: the state found, what the fix gains, what the fix takes. `effort` is "minutes", "hours" or
    "days". `matters_from_users`: the user count from which it matters (None: already now). `subject` tells it from other problems that the
    same check finds in the same index: the name of a pattern or of an attribute, a kind of request. `commands` are of the AWS CLI;
    `template` is the same in CloudFormation, where the owner's template would undo them.
    """

    message: str
    fix: str
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    severity: Severity | None = None
    index: str | None = None
    subject: str = ""
    current: str = ""
    benefit: str = ""
    migration: str = ""
    effort: str = "hours"
    commands: tuple[str, ...] = ()
    template: str = ""
    change: Change | None = None
    matters_from_users: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Good:
    """Something that was looked at and is as it should be: one sentence with the evidence, for "What is good"."""

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotApplicable:
    """The check has nothing to look at in this table ("no index"). Not the same as unknown: it takes no part in the grade."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """
    N_max: from how many users on a limit of AWS, or one that was set for the table, binds, found or not found at the users that are judged.
    `what` names the limit with its number ("the 3,000 read units a second of one key value"). One that never binds, or of which nobody knows
    when, is not said.
    """

    what: str
    users: int
    index: str | None = None


Said = Problem | Good | NotApplicable | Unknown | Limit


class Status(StrEnum):
    """How a check ended for a table."""

    FOUND = "found"
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """
    One check. `find` is a generator over the facts it names in its parameters; `name` is the defect in kebab case
    ("pitr-off"), `code` its id in the catalogue ("BKP-01"), `needs` the facts it reads, `why` its documentation.
    """

    code: str
    name: str
    title: str
    category: Category
    severity: Severity
    find: Callable[..., Iterator[Said]]
    needs: tuple[str, ...]
    accepts_unknown: frozenset[str]
    why: str
    fix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """
    What one check says of one table. `problems` is non-empty exactly when `status` is FOUND; `unknowns` says what could not
    be looked at (also beside problems or passes, when the check saw only a part).
    """

    check: Check
    table: str
    status: Status
    problems: tuple[Problem, ...] = ()
    goods: tuple[Good, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    limits: tuple[Limit, ...] = ()
    reason: str = ""

    @property
    def severity(self) -> Severity | None:
        """The worst severity of its problems; None without any. A check counts once per table, however many indexes fail it."""
        found = (self.check.severity if problem.severity is None else problem.severity for problem in self.problems)
        return max(found, default=None)
