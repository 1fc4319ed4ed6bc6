"""Policy files that change while they are served: a sound change takes over, any other is refused and told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from adapters.policy_files.store import FilePolicyStore
from domain.facility import Facility
from domain.model import Value
from domain.policy.model import FrozenPolicy
from domain.policy.source import PolicyFault, PolicyFilesError

Signature = tuple[tuple[str, int, int, int], ...]
"""Name, size, time of change (ns) and inode of each policy file, in order: what differs when one was replaced."""


class PolicyRefusal(Value):
    """Why the files as they are now are not used. `since` is the instant (UTC) from which on they could not be."""

    faults: tuple[PolicyFault, ...]
    since: datetime

    @property
    def text(self) -> str:
        """A line per fault: the same for whoever reads the same files."""
        return "\n".join(str(fault) for fault in self.faults)


class WatchedPolicyStore:
    """A PolicyStore that follows its files. `look` reads them when they changed; answers come from memory.

    A change takes over only when `FilePolicyStore` accepts all of the files; until then the last good policy stays in
    force, and `refusal` says why. Files that still change from one look to the next are left alone: somebody is copying
    them. Only one thread may look at a time; others may ask meanwhile.

    Raises PolicyFilesError with every fault when it is made: without a good policy there is none to keep.
    """

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        self._directory, self._clock = directory, clock
        self._seen = self._judged = _signature(directory)
        self._current = FilePolicyStore(directory)
        self.loaded_at = clock()
        self.refusal: PolicyRefusal | None = None

    def facilities(self) -> tuple[Facility, ...]:
        return self._current.facilities()

    def categories(self, on: date) -> tuple[str, ...]:
        """The categories of goods that the rules know on a day; none before the first edition."""
        return self._current.categories(on)

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        return self._current.effective(facility, on)

    def look(self) -> None:
        """Read the files if they changed and then came to rest. Raises nothing that is wrong with them."""
        seen = _signature(self._directory)
        at_rest, self._seen = seen == self._seen, seen
        if not at_rest or seen == self._judged:
            return
        self._judged = seen
        try:
            self._current = FilePolicyStore(self._directory)
        except PolicyFilesError as error:
            self._refuse(error.faults)
        except Exception as error:  # whatever a file can do to its reader must not take the good policy away
            reason = f"the files cannot be read: {type(error).__name__}"
            self._refuse((PolicyFault(file=self._directory.name, reason=reason),))
        else:
            self.refusal, self.loaded_at = None, self._clock()

    def _refuse(self, faults: tuple[PolicyFault, ...]) -> None:
        since = self._clock() if self.refusal is None else self.refusal.since
        self.refusal = PolicyRefusal(faults=faults, since=since)


def _signature(directory: Path) -> Signature:
    return tuple(_mark(path) for path in sorted(directory.glob("*.yaml")))


def _mark(path: Path) -> tuple[str, int, int, int]:
    try:
        found = path.stat()
    except OSError:  # gone since it was listed, or unreadable: reading it says which
        return (path.name, -1, -1, -1)
    return (path.name, found.st_size, found.st_mtime_ns, found.st_ino)
