"""Where every process finds its keys: a folder of files, or variables of its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.key_files.files import KeyFiles, KeyFilesError
from adapters.key_files.wire import parsed
from domain.keys import KeyRing, KeyRingError, Purpose

KeysFolder = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
"""CORRIDOR_KEYS_DIR; unset and empty both mean that there are no files."""


class KeyVariables(BaseSettings):
    """Rings as JSON in the environment, for platforms that hand out secrets that way. A variable takes the place of
    the file of its purpose; it is read once, so that a rotation needs a restart.
    """

    model_config = SettingsConfigDict(env_prefix="CORRIDOR_", extra="ignore", hide_input_in_errors=True)

    payload_keys: SecretStr | None = None
    links_keys: SecretStr | None = None
    checkpoint_keys: SecretStr | None = None

    def rings(self) -> dict[Purpose, KeyRing]:
        """Raises KeyFilesError that names the variable and what is wrong with it, never a secret."""
        given: dict[Purpose, SecretStr | None] = {
            "payload": self.payload_keys,
            "links": self.links_keys,
            "checkpoint": self.checkpoint_keys,
        }
        return {purpose: _ring(purpose, secret) for purpose, secret in given.items() if secret is not None}


def _ring(purpose: Purpose, secret: SecretStr) -> KeyRing:
    try:
        return parsed(secret.get_secret_value())
    except KeyRingError as error:
        raise KeyFilesError(f"CORRIDOR_{purpose.upper()}_KEYS cannot be used: {error}") from None


def key_files(folder: Path | None) -> KeyFiles | None:
    """The keys of the environment and of that folder; None where neither has any. Raises KeyFilesError."""
    given = KeyVariables().rings()
    return None if folder is None and not given else KeyFiles(folder, given)
