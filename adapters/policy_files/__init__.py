"""Policies as files: the PolicyStore of one directory."""

from adapters.policy_files.store import FilePolicyStore, load_book

__all__ = ["FilePolicyStore", "load_book"]
