"""Keys from the environment, beside or in place of files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.key_files import KeyFilesError, key_files, new_ring

RING = '{"current": "k1", "keys": {"k1": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}'
AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_without_folder_and_variables_there_are_no_keys() -> None:
    assert key_files(None) is None


def test_a_variable_stands_in_for_the_file_of_its_purpose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = new_ring(tmp_path, "links", AT)
    new_ring(tmp_path, "payload", AT)
    monkeypatch.setenv("CORRIDOR_PAYLOAD_KEYS", RING)
    keys = key_files(tmp_path)
    assert keys is not None
    assert (keys.payload().current, keys.links().current) == ("k1", kept.current)


def test_what_neither_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRIDOR_PAYLOAD_KEYS", RING)
    keys = key_files(None)
    assert keys is not None
    with pytest.raises(KeyFilesError, match="no ring of links keys"):
        keys.links()


def test_a_variable_that_cannot_be_used_is_named_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRIDOR_LINKS_KEYS", RING.replace("MDEy", "short"))
    with pytest.raises(KeyFilesError, match="CORRIDOR_LINKS_KEYS cannot be used") as error:
        key_files(None)
    assert "MzQ1" not in str(error.value)
