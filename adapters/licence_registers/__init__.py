"""Licence registers: extracts of boards in a folder, or a primary-source service (README.md)."""

from adapters.licence_registers.connecting import RegisterSettingError, connect
from adapters.licence_registers.folder import FolderLicences
from adapters.licence_registers.service import LicenceService

__all__ = ["FolderLicences", "LicenceService", "RegisterSettingError", "connect"]
