"""The reference health system as files that a person can edit."""

from adapters.reference_files.dates import resolve_day
from adapters.reference_files.faults import FileFault, InvalidReferenceFilesError
from adapters.reference_files.hris import load_hris
from adapters.reference_files.loader import load
from adapters.reference_files.people import load_logins

__all__ = ["FileFault", "InvalidReferenceFilesError", "load", "load_hris", "load_logins", "resolve_day"]
