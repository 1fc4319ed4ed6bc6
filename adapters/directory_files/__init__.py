"""The people directory over a list of people, such as the reference health system's."""

from adapters.directory_files.directory import FileDirectory

__all__ = ["FileDirectory"]
