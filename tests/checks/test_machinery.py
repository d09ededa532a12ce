"""
Why a fake check: the machinery is tested on what a check can say, not on what one does say.

Fix: nothing is
broken.
"""

from collections.abc import Iterator

import pytest

from stj_audit.checks import check, examine
from stj_audit.checks.item_near_limit import item_near_limit
from stj_audit.checks.pitr_off import pitr_off
from stj_audit.config import Scale
from stj_audit.cost.bill import TableBill
from stj_audit.facts import Pitr, Table, Tags, Unknown
from stj_audit.results import Category, Check, Good, NotApplicable, Problem, Result, Said, Severity, Status
from tests.builders import a_context, a_table, examined, some_items

DENIED = Unknown(call="dynamodb:DescribeContinuousBackups", reason="AccessDeniedException")
NO_TAGS = Unknown(call="dynamodb:ListTagsOfResource", reason="AccessDeniedException")
PART = Unknown(call="cloudwatch:GetMetricData", reason="no datapoint")
DEFECT = Problem(message="it is broken", fix="mend it")


def saying(*words: Said) -> Check:
    @check("A fake", Category.BACKUP_STRATEGY, Severity.MEDIUM, code="BKP-99")
    def fake_defect(pitr: Pitr) -> Iterator[Said]:
        yield from words

    return fake_defect


def result_of(*words: Said) -> Result:
    return examine(saying(*words), a_context(a_table(name="orders")))


def test_a_check_is_made_from_its_function_and_its_module() -> None:
    one = saying()
    assert (one.code, one.name, one.title) == ("BKP-99", "fake-defect", "A fake")
    assert one.why == "Why a fake check: the machinery is tested on what a check can say, not on what one does say."
    assert one.fix == "nothing is broken."
    assert one.needs == ("pitr",)
    assert one.accepts_unknown == frozenset()


def test_found() -> None:
    result = result_of(DEFECT, Good(message="the rest is whole"))
    assert (result.status, result.table, result.reason) == (Status.FOUND, "orders", "")
    assert result.problems == (DEFECT,)
    assert result.goods == (Good(message="the rest is whole"),)
    assert result.severity is Severity.MEDIUM


def test_the_worst_problem_gives_the_severity() -> None:
    low = Problem(message="a little", fix="mend it", severity=Severity.LOW)
    high = Problem(message="a lot", fix="mend it", severity=Severity.HIGH)
    assert result_of(low).severity is Severity.LOW
    assert result_of(low, DEFECT).severity is Severity.MEDIUM
    assert result_of(low, high, DEFECT).severity is Severity.HIGH


def test_passed() -> None:
    result = result_of(Good(message="all is whole"))
    assert result.status is Status.PASSED
    assert result.goods == (Good(message="all is whole"),)
    assert result.severity is None


def test_a_check_that_says_nothing_passes() -> None:
    assert result_of().status is Status.PASSED


def test_not_applicable() -> None:
    result = result_of(NotApplicable(reason="no index"))
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no index")


def test_unknown_when_a_fact_is_missing_and_the_check_is_not_called() -> None:
    result = examine(saying(DEFECT), a_context(pitr=DENIED))
    assert (result.status, result.reason) == (Status.UNKNOWN, "AccessDeniedException")
    assert result.unknowns == (DENIED,)
    assert result.problems == ()


def test_partly_unknown_is_no_pass() -> None:
    result = result_of(Good(message="what was seen is whole"), PART)
    assert (result.status, result.reason) == (Status.UNKNOWN, "no datapoint")
    assert result.goods == (Good(message="what was seen is whole"),)


def test_partly_unknown_stays_beside_a_problem() -> None:
    result = result_of(DEFECT, PART)
    assert result.status is Status.FOUND
    assert result.unknowns == (PART,)


def test_unknown_goes_before_not_applicable() -> None:
    assert result_of(NotApplicable(reason="no index"), PART).status is Status.UNKNOWN


def test_a_check_may_accept_an_unknown() -> None:
    @check("A patient fake", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-98")
    def patient_fake(pitr: Pitr | Unknown, tags: Tags) -> Iterator[Said]:
        if isinstance(pitr, Unknown):
            yield Good(message=f"seen without: {pitr.reason}")

    assert patient_fake.accepts_unknown == {"pitr"}
    assert examine(patient_fake, a_context(pitr=DENIED)).goods == (Good(message="seen without: AccessDeniedException"),)
    assert examine(patient_fake, a_context(pitr=DENIED, tags=NO_TAGS)).unknowns == (NO_TAGS,)


def test_a_check_is_given_the_table_and_the_context_by_name() -> None:
    @check("A curious fake", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-97")
    def curious_fake(table: Table, scale: Scale, bill: TableBill) -> Iterator[Said]:
        yield Good(message=f"{table.name} {scale.target_users} {bill.workload.name}")

    result = examine(curious_fake, a_context(a_table(name="users"), scale=Scale(target_users=7)))
    assert result.goods == (Good(message="users 7 users"),)


def test_an_unknown_parameter_is_refused() -> None:
    def wrong_fake(pitrs: Pitr) -> Iterator[Said]:
        yield DEFECT

    with pytest.raises(TypeError, match="no fact is called 'pitrs'; there are table, pitr"):
        check("Wrong", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-96")(wrong_fake)


def test_an_exception_gets_a_note_that_names_check_and_table() -> None:
    @check("A broken fake", Category.BACKUP_STRATEGY, Severity.LOW, code="BKP-95")
    def broken_fake(pitr: Pitr) -> Iterator[Said]:
        yield Good(message="so far")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        examine(broken_fake, a_context(a_table(name="orders")))
    assert caught.value.__notes__ == ["in check broken-fake on table orders"]


# ---------------------------------------------------------------------------------------------------------- environments


@pytest.mark.parametrize(
    ("tags", "severity"),
    [
        ({"env": "dev"}, Severity.INFO),
        ({"Environment": "Test"}, Severity.INFO),
        ({"stage": "sandbox"}, Severity.INFO),
        ({"env": "production"}, Severity.HIGH),
        ({"env": "device"}, Severity.HIGH),
        ({"app": "dev"}, Severity.HIGH),
        ({}, Severity.HIGH),
    ],
)
def test_what_protects_from_loss_is_a_note_on_a_throw_away_table(tags: dict[str, str], severity: Severity) -> None:
    result = examined(pitr_off, pitr=Pitr(enabled=False), tags=Tags(values=tags))
    assert result.severity is severity


def test_tags_that_may_not_be_read_spare_nothing() -> None:
    assert examined(pitr_off, pitr=Pitr(enabled=False), tags=NO_TAGS).severity is Severity.HIGH


def test_other_problems_are_as_bad_there_as_anywhere() -> None:
    huge = some_items({399 * 1024: 1})
    for tags in ({"env": "dev"}, {}):
        assert examined(item_near_limit, items=huge, tags=Tags(values=tags)).severity is Severity.CRITICAL
