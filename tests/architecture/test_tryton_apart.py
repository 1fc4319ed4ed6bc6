"""Tryton is GPL-3.0-or-later: it runs beside Corridor, and no line of it is loaded by Corridor."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("domain", "workflows", "activities", "adapters", "api", "cli", "bench", "chaos", "tests")
APART = ROOT / "extensions" / "tryton-external-id"


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return {module.partition(".")[0] for module in modules}


def test_nothing_of_it_is_imported() -> None:
    files = [ROOT / "worker.py", *(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    assert not [str(path) for path in files if imported(path) & {"trytond", "proteus", "external_id"}]


def test_it_is_in_no_environment_of_corridor() -> None:
    for name in ("lock.txt", "runtime.txt", "installer.txt"):
        assert "tryton" not in (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "tryton" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_its_own_environment_is_pinned_with_hashes_and_names_no_index() -> None:
    text = (ROOT / "requirements" / "tryton.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,]+\])?==(\S+) \\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9-]+(?:\[[a-z0-9,]+\])?==", text, re.MULTILINE)) > 30
    assert "trytond" in dict(pins)
    assert "://" not in text


def test_the_module_for_it_carries_its_licence() -> None:
    project = tomllib.loads((APART / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "GPL-3.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in (APART / "LICENSE").read_text(encoding="utf-8")
    for path in (APART / "external_id").glob("*.py"):
        assert "GPL-3.0-or-later" in path.read_text(encoding="utf-8")
