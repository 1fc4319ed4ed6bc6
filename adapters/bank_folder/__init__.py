"""The bank by exchange of files: an outbox and an inbox, as the gateways of banks have them (SFTP, EBICS, mock-bank)."""

from adapters.bank_folder.adapter import FolderBank, connect

__all__ = ["FolderBank", "connect"]
