"""Key rings as files that only their owner may read."""

from adapters.key_files.files import KeyFiles, KeyFilesError, add_key, make_current, make_missing, new_ring
from adapters.key_files.settings import KeysFolder, KeyVariables, key_files

__all__ = [
    "KeyFiles",
    "KeyFilesError",
    "KeyVariables",
    "KeysFolder",
    "add_key",
    "key_files",
    "make_current",
    "make_missing",
    "new_ring",
]
