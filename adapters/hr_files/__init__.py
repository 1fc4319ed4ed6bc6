"""HR files that are left in a folder. README.md says what is taken, when, and what becomes of it."""

from adapters.hr_files.folder import HrFolder

__all__ = ["HrFolder"]
