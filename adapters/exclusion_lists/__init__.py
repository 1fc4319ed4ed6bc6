"""Exclusion lists from a watched folder (README.md)."""

from adapters.exclusion_lists.adapter import FolderExclusionLists

__all__ = ["FolderExclusionLists"]
