"""The rules of the house, for every check that there is."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from stj_audit.checks import CONTEXT, FACTS, Context, all_checks
from stj_audit.facts import TableFacts, Unknown
from stj_audit.results import Category, Check

HERE = Path(__file__).parent
CODE = re.compile(r"(KEY|COV|PRJ|STR|CAP|BKP|CST|SCL)-\d\d")
CATEGORIES = {
    "KEY": Category.PRIMARY_KEY_DESIGN,
    "COV": Category.GSI_COVERAGE,
    "PRJ": Category.GSI_PROJECTIONS,
    "STR": Category.TABLE_STRUCTURE,
    "CAP": Category.CAPACITY_PLANNING,
    "BKP": Category.BACKUP_STRATEGY,
    "CST": Category.COST_OPTIMIZATION,
    "SCL": Category.SCALABILITY,
}

every_check = pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.name)


def module_of(one: Check) -> str:
    return one.find.__module__.rpartition(".")[2]


def known_part(annotation: Any) -> frozenset[Any]:
    """The types in an annotation, without Unknown."""
    return frozenset(get_args(annotation) or (annotation,)) - {Unknown}


def test_there_are_checks_and_they_are_sorted_by_code() -> None:
    codes = [one.code for one in all_checks()]
    assert "BKP-01" in codes
    assert codes == sorted(codes)


def test_codes_and_names_are_unique() -> None:
    assert [code for code, times in Counter(one.code for one in all_checks()).items() if times > 1] == []
    assert [name for name, times in Counter(one.name for one in all_checks()).items() if times > 1] == []


@every_check
def test_the_file_is_named_like_the_check(one: Check) -> None:
    assert one.name == module_of(one).replace("_", "-")


@every_check
def test_the_code_tells_the_category(one: Check) -> None:
    assert CODE.fullmatch(one.code)
    assert one.category is CATEGORIES[one.code[:3]]


@every_check
def test_the_module_says_why_and_how_to_fix(one: Check) -> None:
    assert one.title
    assert one.why
    assert one.fix
    assert "Fix:" not in one.why


@every_check
def test_there_is_a_test_of_it(one: Check) -> None:
    assert (HERE / f"test_{module_of(one)}.py").is_file()


@every_check
def test_it_asks_only_for_what_there_is_and_by_its_type(one: Check) -> None:
    facts, context, asked = get_type_hints(TableFacts), get_type_hints(Context), get_type_hints(one.find)
    assert one.needs
    for name in one.needs:
        assert name in FACTS + CONTEXT
        if name in CONTEXT:
            assert asked[name] == context[name]
            continue
        assert known_part(asked[name]) == known_part(facts[name])
        # to accept Unknown for a fact that is always known would be dead code
        assert name not in one.accepts_unknown or Unknown in get_args(facts[name])
