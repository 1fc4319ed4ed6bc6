"""The code of the processes, found and read once for each worker.

The workflow sandbox runs the modules of a process anew for each case. Python would look for each file again, read and
unmarshal it, for every case; code is the same for all of them, and only what it makes must not be shared.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


class _ReadOnce(SourceFileLoader):
    """Keeps the code of its one module, and nothing of what running it made."""

    _code: CodeType | None = None

    def get_code(self, fullname: str) -> CodeType | None:
        if self._code is None:
            self._code = super().get_code(fullname)
        return self._code


class _FoundOnce(MetaPathFinder):
    """Finds the modules of one package where Python itself has found them first. A file that is changed afterwards is
    not seen until the process starts again."""

    def __init__(self, package: str) -> None:
        self.package = package
        self._known: dict[str, tuple[_ReadOnce, list[str] | None]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """None for what is not the package's, or is not a plain file of source."""
        if fullname != self.package and not fullname.startswith(f"{self.package}."):
            return None
        known = self._known.get(fullname)
        if known is None:
            found = PathFinder.find_spec(fullname, path, target)
            if found is None or found.origin is None or type(found.loader) is not SourceFileLoader:
                return found
            known = (_ReadOnce(fullname, found.origin), found.submodule_search_locations)
            self._known[fullname] = known
        loader, places = known
        spec = ModuleSpec(fullname, loader, origin=loader.path, is_package=places is not None)
        spec.has_location = True
        if places is not None:
            spec.submodule_search_locations = list(places)
        return spec


def read_once(package: str) -> None:
    """From now on every module of the package is looked for and read once in this process, however often it is run."""
    if not any(isinstance(each, _FoundOnce) and each.package == package for each in sys.meta_path):
        sys.meta_path.insert(0, _FoundOnce(package))
