"""The examples on the page about the policy language are policy text that is read as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from adapters.policy_files.yaml_source import read_source
from domain.policy.documents import Edition, FacilityDocument

PAGE = Path(__file__).parents[2] / "docs" / "policy-language.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def parts_of(block: str, folder: Path) -> dict[str, Any]:
    path = folder / "block.yaml"
    path.write_text(block, "utf-8")
    source, faults = read_source(path)
    assert not faults
    return dict(source.content)


def read_part(key: str, content: Any) -> Any:
    """Read a part as that of an edition where it has one of the name, else as that of a facility's file."""
    annotation = (FacilityDocument.model_fields | Edition.model_fields)[key].annotation
    assert annotation is not None
    return TypeAdapter[Any](annotation).validate_python(content)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_example_is_read(number: int, tmp_path: Path) -> None:
    parts = parts_of(BLOCKS[number], tmp_path)
    assert parts
    for key, content in parts.items():
        assert read_part(key, content)


def test_every_table_has_an_example_and_is_listed() -> None:
    text = PAGE.read_text("utf-8")
    tables = [
        key
        for key, field in Edition.model_fields.items()
        if "hit_policy" in getattr(field.annotation, "model_fields", {})
    ]
    assert len(tables) == 9
    for key in tables:
        assert f"| `{key}` |" in text
    shown = {key for block in BLOCKS for key in re.findall(r"^([a-z_]+):", block, re.MULTILINE)}
    assert set(tables) - shown == {"tolerance_rules"}


def test_an_example_with_a_mistake_would_be_found(tmp_path: Path) -> None:
    broken = parts_of(BLOCKS[0].replace("escalate_after_hours: 24", "escalate_after_hours: 4"), tmp_path)
    with pytest.raises(ValidationError):
        read_part("levels", broken["levels"])
