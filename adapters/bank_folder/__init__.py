"""The bank by exchange of files: an outbox and an inbox, as gateways to banks (SFTP, EBICS) have them."""

from adapters.bank_folder.adapter import FolderBank, connect

__all__ = ["FolderBank", "connect"]
