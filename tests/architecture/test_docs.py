"""The documentation holds: links lead somewhere, names exist, generated pages are current, settings are explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from pydantic import AliasChoices, AliasPath
from pydantic_settings import BaseSettings

from adapters.identity.ldap.environment import LdapVariables
from adapters.key_files import KeyVariables
from api.settings import GatewaySettings
from cli.commands.catalogue import as_markdown
from cli.stack import StackSettings
from cli.worker_settings import WorkerSettings
from domain.case_actions import ActionRefusal
from domain.tasks import IgnoredBecause
from workflows.messages.procure_to_pay import EventRecord
from workflows.showing import RUNBOOKS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "adapters").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
PROCESS = ROOT / "docs" / "processes" / "procure-to-pay.md"
SETTINGS: tuple[type[BaseSettings], ...] = (
    *(WorkerSettings, GatewaySettings, StackSettings),
    *(KeyVariables, LdapVariables),
)
CODE = ("activities", "adapters", "api", "cli", "domain", "workflows")


def prose(page: Path) -> str:
    """The page without its blocks of code, in which brackets mean other things."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def relative_links(page: Path) -> Iterator[tuple[Path, str]]:
    for match in LINK.finditer(prose(page)):
        target, _, anchor = match["target"].partition("#")
        if "://" not in match["target"]:
            yield (page.parent / unquote(target)).resolve() if target else page, anchor


def test_there_is_documentation_to_check() -> None:
    assert len(PAGES) > 20
    assert sum(1 for page in PAGES for _ in relative_links(page)) > 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target, anchor in relative_links(page):
        assert target.exists(), f"{page.name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to #{anchor}, which {target.name} does not have"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_are_named_exist(page: Path) -> None:
    """A page that says which test shows something is believed because of it."""
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`(tests/[\w/]+\.py)`", text):
        assert (ROOT / name).is_file(), f"{page.name} names {name}"
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, f"{page.name} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_that_is_named_exists(page: Path) -> None:
    names = "|".join(CODE)
    for name in re.findall(rf"`((?:{names})/[\w/.-]*)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


def test_the_readme_gives_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"make demo", "make test", "make up"} <= set(re.findall(r"make [a-z]+", readme))
    assert {
        name.removeprefix("make ") for name in re.findall(r"make (?:demo|test|up|bench|check)\b", readme)
    } <= targets


def test_the_catalogue_is_what_the_code_says() -> None:
    committed = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert committed == as_markdown(), "run: corridor catalogue > docs/catalogue.md"


def reasons() -> set[str]:
    """Every word with which a decision, an action, an event or a requisition is refused."""
    because = EventRecord.model_fields["because"].annotation
    events = {word for each in get_args(because) for word in get_args(each)}
    intake = set(re.findall(r'code="([a-z-]+)"', (ROOT / "domain" / "intake.py").read_text(encoding="utf-8")))
    assert events and intake
    return events | intake | set(get_args(ActionRefusal)) | set(get_args(IgnoredBecause))


def test_the_process_page_names_every_refusal() -> None:
    named = set(re.findall(r"`([a-z-]+)`", PROCESS.read_text(encoding="utf-8")))
    assert reasons() <= named


def variables_of(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        assert not isinstance(alias, AliasChoices | AliasPath), "teach this test about such aliases"
        yield alias or f"{prefix}{name}".upper()


def test_every_setting_is_explained() -> None:
    explained = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")))
    read = {variable for settings in SETTINGS for variable in variables_of(settings)}
    files = [ROOT / "worker.py", *(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))]
    named = {name for path in files for name in re.findall(r"CORRIDOR_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))}
    assert {"CORRIDOR_DATABASE_DSN", "TEMPORAL_ADDRESS"} <= read
    assert read | named <= explained


def test_runbooks_that_the_web_ui_names_exist() -> None:
    assert all((ROOT / path).is_file() for path in RUNBOOKS.values())
