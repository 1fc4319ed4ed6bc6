"""The code of a process is read once, and run for each case."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cli.process_code import read_once

PACKAGE = "some_processes"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a part that keeps something."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").write_text("")
    (tmp_path / PACKAGE / "case.py").write_text("seen = []\n")
    return tmp_path / PACKAGE


def loaded_anew() -> ModuleType:
    """As the sandbox does it: nothing is loaded yet."""
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    return importlib.import_module(f"{PACKAGE}.case")


def test_the_files_are_looked_at_once(folder: Path) -> None:
    read_once(PACKAGE)
    loaded_anew()
    shutil.rmtree(folder)
    again = loaded_anew()
    assert again.seen == []
    assert again.__file__ == str(folder / "case.py")
    assert sys.modules[PACKAGE].__path__ == [str(folder)]


def test_what_one_case_keeps_is_not_the_next_ones(folder: Path) -> None:
    read_once(PACKAGE)
    first = loaded_anew()
    first.seen.append("REQ-1")
    second = loaded_anew()
    assert first is not second and second.seen == []
    assert second.__file__ == str(folder / "case.py")


def test_asking_twice_adds_nothing_and_other_packages_are_let_alone(folder: Path) -> None:
    before = len(sys.meta_path)
    read_once(PACKAGE)
    read_once(PACKAGE)
    assert len(sys.meta_path) == before + 1
    for name in (f"{PACKAGE}_too", "decimal", f"{PACKAGE}.missing"):
        assert sys.meta_path[0].find_spec(name, [str(folder)]) is None
