"""What each ERP's adapter says of its quality: about every rule that the page names, a reason for what is exempt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "adapters" / "erp").glob("*/quality.yaml"))
_PAGE = (ROOT / "docs" / "adapters" / "writing-an-adapter.md").read_text(encoding="utf-8")
RULES = re.findall(r"^\| `([a-z-]+)` \|", _PAGE.partition("## 7. Quality")[2], re.MULTILINE)


def test_each_erp_has_one() -> None:
    folders = {path.parent for path in (ROOT / "adapters" / "erp").glob("*/adapter.py")}
    assert {path.parent for path in FILES} == folders
    assert len(RULES) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_rule_is_done_or_exempt_with_a_reason(path: Path) -> None:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(said) == RULES
    for rule, state in said.items():
        assert state == "done" or re.fullmatch(r"exempt: .{20,}", state, re.DOTALL), f"{rule}: {state}"
