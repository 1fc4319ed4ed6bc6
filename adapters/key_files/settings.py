"""The setting that names the folder of keys, for every process that has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from adapters.key_files.files import KeyFiles

KeysFolder = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
"""CORRIDOR_KEYS_DIR; unset and empty both mean that there are no keys."""


def key_files(folder: Path | None) -> KeyFiles | None:
    """The key files of that folder; None where none is configured."""
    return None if folder is None else KeyFiles(folder)
