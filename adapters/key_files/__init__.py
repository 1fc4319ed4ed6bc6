"""Key rings as files that only their owner may read."""

from adapters.key_files.files import KeyFiles, KeyFilesError, add_key, make_current, make_missing, new_ring

__all__ = ["KeyFiles", "KeyFilesError", "add_key", "make_current", "make_missing", "new_ring"]
