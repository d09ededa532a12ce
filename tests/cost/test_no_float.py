"""Money is exact: the cost code knows no float."""

import ast
from pathlib import Path

import stj_audit.cost

SOURCES = sorted(Path(stj_audit.cost.__file__).parent.glob("*.py"))


def test_no_float_anywhere_in_the_cost_code() -> None:
    assert len(SOURCES) >= 5
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                assert node.id != "float", f"{path.name}:{node.lineno} names float"
            if isinstance(node, ast.Constant):
                assert not isinstance(node.value, float), f"{path.name}:{node.lineno} has a float literal"
