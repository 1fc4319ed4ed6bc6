"""Which register the configuration names."""

from __future__ import annotations

from pathlib import Path

import httpx
from pydantic import SecretStr

from adapters.licence_registers.folder import FolderLicences
from adapters.licence_registers.service import LicenceService
from domain.ports.credentials import LicenceRegister


class RegisterSettingError(Exception):
    """The setting names nothing that could be asked; the message says why."""


def connect(setting: str, client: httpx.AsyncClient, token: SecretStr | None = None) -> LicenceRegister:
    """A folder of extracts, or the https URL of a service. Names of people go there, so nothing but https is taken.

    Raises RegisterSettingError.
    """
    if setting.startswith("https://"):
        return LicenceService(setting, client, token)
    if "://" in setting:
        raise RegisterSettingError("CORRIDOR_LICENCE_REGISTER must be a folder or a URL that begins with https://")
    if not Path(setting).is_dir():
        raise RegisterSettingError(f"CORRIDOR_LICENCE_REGISTER: there is no folder '{setting}'")
    return FolderLicences(Path(setting))
