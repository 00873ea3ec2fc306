"""SECURITY.md promises nothing that no test holds: each test that it names is there, and it travels with the program."""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "appliance/SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_what_it_names_is_there(file: str, test: str) -> None:
    path = ROOT / "tests" / file
    if not test and not path.exists():
        path = ROOT / file  # a part of the page
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not test or test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_it_speaks_of_every_threat_and_is_found_from_where_people_read() -> None:
    for threat in (
        "stolen card",
        "one password",
        "curious technician",
        "hostile computer",
        "hostile caller",
        "hostile fax",
    ):
        assert threat in PAGE
    for more in ("Somebody who left", "rolled back", "What is not protected", "How to report"):
        assert more in PAGE
    assert (resources.files("appliance") / "SECURITY.md").is_file()
    for page in ("README.md", "ARCHITECTURE.md"):
        assert "(appliance/SECURITY.md)" in (ROOT / page).read_text(encoding="utf-8")
    assert '"SECURITY.md"' in (ROOT / "setup.py").read_text(encoding="utf-8")
