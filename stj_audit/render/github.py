"""
The `github` format: workflow commands, which GitHub Actions shows as annotations of the run, and at the lines that they name.

GitHub shows ten of a kind for a step and drops the rest without a word: at most ten are written, the worst, and the last of them says how
many more there are. What makes the build fail is an error, what else is of medium severity or worse a warning, the rest a notice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stj_audit.render import digest, digest_gate, filters
from stj_audit.render.escape import TEXT_LENGTH, cut, cut_name, visible
from stj_audit.report import ELSEWHERE, NONE, OVER, Finding, ItemsVerdict, Report, SourceLine

MOST = 10  # annotations of one kind for a step, GitHub documentation, "Workflow commands"
TITLE_LENGTH = 200  # GitHub's API takes 255 characters
LEVELS = ("error", "warning", "notice")
WARNED_OF = digest.SEVERITIES[: digest.SEVERITIES.index("medium") + 1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """What is shown: `level` is one of LEVELS."""

    level: str
    title: str
    message: str
    source: SourceLine | None


def render_github(report: Report) -> str:
    """The report as workflow commands; where there is nothing to annotate, as a line that is none."""
    found = annotations(report)
    if len(found) > MOST:
        found = (*found[: MOST - 1], _and_more(found[MOST - 1 :]))
    if not found:
        return f"stj-audit: {_plain(digest_gate.headline(report))}, nothing to annotate\n"
    return "".join(f"{_command(one)}\n" for one in found)


def annotations(report: Report) -> tuple[Annotation, ...]:
    """All that there is to say, what makes the build fail first: oversized items, then findings."""
    found = [*_of_items(report), *(_of_finding(report, one) for one in digest_gate.worst_first(report))]
    if digest_gate.fails_because(report) and not any(one.level == "error" for one in found):
        found.append(_of_gate(report))
    return tuple(sorted(found, key=lambda one: LEVELS.index(one.level)))


def _of_items(report: Report) -> Iterator[Annotation]:
    for verdict in digest_gate.item_verdicts(report):
        if verdict.verdict != NONE:
            yield Annotation(
                level="error" if _counts(report, verdict) else "notice",
                title=f"{digest_gate.verdict_word(verdict)}: {cut_name(verdict.table)}",
                message=filters.sentence(f"{cut_name(verdict.table)}: {cut(verdict.sentence, TEXT_LENGTH)}"),
                source=digest_gate.source_of(report, verdict.table),
            )


def _counts(report: Report, verdict: ItemsVerdict) -> bool:
    over = verdict.verdict == OVER
    return over or (report.gate is not None and digest_gate.leaves_open(report.gate, verdict))


def _of_finding(report: Report, finding: Finding) -> Annotation:
    level = "warning" if finding.severity in WARNED_OF else "notice"
    place = digest_gate.place_of(finding)
    told = [f"{place}: {cut(finding.message, TEXT_LENGTH)}", f"fix: {cut(finding.fix, TEXT_LENGTH)}"]
    return Annotation(
        level="error" if digest_gate.fails(report, finding) else level,
        title=f"{finding.severity}: {place}: {finding.title}",
        message="\n".join(filters.sentence(line) for line in told),
        source=digest_gate.source_of(report, finding.table),
    )


def _of_gate(report: Report) -> Annotation:
    """For what no table's annotation shows: a grade, or what --strict counts."""
    reasons = "\n".join(filters.sentence(cut(reason, TEXT_LENGTH)) for reason in digest_gate.fails_because(report)[:MOST])
    return Annotation(level="error", title=digest_gate.headline(report), message=reasons, source=report.sources.get(ELSEWHERE))


def _and_more(rest: tuple[Annotation, ...]) -> Annotation:
    counts = [(sum(one.level == level for one in rest), level) for level in LEVELS]
    told = ", ".join(f"{count:,} {level}{'s' if count > 1 else ''}" for count, level in counts if count)
    message = f"and {len(rest):,} more ({told}): see the step summary or the report"
    return Annotation(level=rest[0].level, title="stj-audit", message=message, source=None)


def _command(one: Annotation) -> str:
    """One line. Properties and message are escaped as @actions/core does; what is empty is left out, as the runner would."""
    properties = {"title": cut(_plain(one.title), TITLE_LENGTH)}
    if one.source is not None:
        properties = {"file": _plain(one.source.path), "line": str(one.source.line), **properties}
    told = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items() if value)
    return f"::{one.level} {told}::{_escape_data(visible(one.message, keep=chr(10)))}"


def _plain(text: str) -> str:
    return visible(text).strip()


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
