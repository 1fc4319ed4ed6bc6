"""Invoices that are left in a folder. README.md says what is taken, when, and what becomes of it."""

from adapters.drop_folder.adapter import DropFolder

__all__ = ["DropFolder"]
